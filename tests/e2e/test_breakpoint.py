"""Breakpoints in JupyterLab: the cell stops at the operation, the view says where, and goes on as it is told."""

from __future__ import annotations

import json

import pytest

from tests.e2e.lab import Cell, Lab, expect, until
from tests.e2e.programs import SETUP

STOPPING = """\
done = []
for step in range(40):
    out = model(x)
    if step == 5: out = out - 3
    h = torch.log(out.clamp(min=1e-3) if step != 5 else out)
    loss = ((h - y) ** 2).mean()
    opt.zero_grad(); loss.backward()
    opt.step()
    done.append(step); time.sleep(0.01)
"""
ASK = """\
import json
print(json.dumps([_gb.op, list(_gb.inputs[0].shape), len(_gb.inputs), _gb.line.line, _gb.line.source, len(done),
                  bool((_gb.inputs[0] < 0).any()), bool(_gb.output.isnan().any())]))
"""


def stopped(lab: Lab, condition: str = "nan", body: str = STOPPING) -> tuple[Cell, Cell]:
    """A cell held at a breakpoint that was set in the cell before. -> the cell, and one to ask in."""
    setup, set_, cell, ask = lab.notebook(SETUP, f"%breakpoint {condition}", body, ASK)
    setup.run().wait_done()
    set_.run().wait_done()
    assert "breakpoint 1" in set_.printed
    cell.run().view.wait()
    expect(cell.view.button("Continue")).to_be_enabled(timeout=20_000)
    return cell, ask


def test_nan_stops_on_its_line_and_the_operands_are_in_hand(lab: Lab) -> None:
    cell, ask = stopped(lab)
    assert "stopped at breakpoint · cell [3] line 5 · NaN" in cell.view.text
    said = cell.view.region.get_by_role("region", name="Coach").inner_text()
    assert "h = torch.log(" in said
    assert "a negative number has no logarithm" in said
    expect(cell.view.panel("Inspector")).to_contain_text("log")
    assert cell.running
    cell.view.button("Stop").click()
    cell.wait_done()
    assert cell.error == ""
    op, shape, operands, line, source, steps, negative, bad = json.loads(ask.run().wait_done().printed)
    assert (op, shape, operands, line, steps) == ("log", [64, 1], 1, 5, 5)
    assert source.startswith("h = torch.log(")
    assert negative
    assert bad


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_continue_and_step_op(lab: Lab, by: str) -> None:
    cell, _ = stopped(lab, "op:sub in loss")

    def press(name: str) -> None:
        button = cell.view.button(name)
        if by == "mouse":
            button.click()
        else:
            button.focus()
            lab.page.keyboard.press("c" if name == "Continue" else "s")

    assert "op sub" in cell.view.text
    press("Step op")
    until(lambda: "· step ·" in cell.view.text, 10, "one more operation was not computed")
    expect(cell.view.panel("Inspector")).to_contain_text("square")
    press("Continue")
    until(lambda: "op sub" in cell.view.text, 10, "it did not stop at the next step's")
    cell.view.button("Stop").click()
    cell.wait_done()
    cell.view.wait_state("stopped")
    assert cell.error == ""


def test_the_values_of_other_nodes_can_be_looked_at_while_stopped(lab: Lab) -> None:
    cell, _ = stopped(lab)
    cell.view.panel("Computation graph").get_by_role("treeitem", name="1 (ReLU").click()
    inspector = cell.view.panel("Inspector")
    expect(inspector).to_contain_text("64×8 · step 5")
    cell.view.button("Stop").click()
    cell.wait_done()


def test_interrupt_ends_a_cell_that_is_held(lab: Lab) -> None:
    cell, _ = stopped(lab)
    lab.menu("Kernel", "Interrupt Kernel")
    cell.wait_done(10)
    cell.view.wait_state("stopped", "error")
    assert "KeyboardInterrupt" in cell.error


def test_a_cell_whose_view_is_taken_away_does_not_wait_for_ever(lab: Lab) -> None:
    cell, ask = stopped(lab)
    lab.page.keyboard.press("Escape")
    cell.box.locator(".jp-InputPrompt").first.click()
    lab.menu("Edit", "Clear Cell Output")
    cell.wait_done(30)
    assert "BreakpointHit" in cell.error
    assert "nobody looks at the view any longer" in cell.error
    assert json.loads(ask.run().wait_done().printed)[0] == "log", "the operands are still in hand"


def test_on_the_older_kernel_too(lab: Lab, older_kernel: str) -> None:
    setup, set_, cell, _ = lab.notebook(SETUP, "%breakpoint nan", STOPPING, ASK, kernel=older_kernel)
    setup.run().wait_done()
    set_.run().wait_done()
    cell.run().view.wait()
    expect(cell.view.button("Continue")).to_be_enabled(timeout=20_000)
    cell.view.button("Continue").click()
    cell.wait_done()
    assert cell.error == ""


def test_pdb_opens_in_the_cell_at_the_line(lab: Lab) -> None:
    setup, set_, cell, ask = lab.notebook(SETUP, "%breakpoint nan --how pdb", STOPPING, ASK)
    setup.run().wait_done()
    set_.run().wait_done()
    cell.run()
    prompt = cell.box.locator(".jp-Stdin-input:enabled")
    for line, answer in (("p _gb.op, step", "('log', 5)"), ("p tuple(out.shape)", "(64, 1)"), ("c", "")):
        expect(prompt).to_have_count(1, timeout=20_000)
        prompt.fill(line)
        prompt.press("Enter")
        until(lambda answer=answer: answer in cell.printed, 10, f"{line} was not answered")
        lab.page.wait_for_timeout(300)  # the old prompt leaves after the new one has come
    cell.wait_done()
    assert "h = torch.log(" in cell.printed
    assert cell.error == ""
    assert json.loads(ask.run().wait_done().printed)[5] == 40, "the loop went on to its end"


def test_raising_ends_the_cell_with_the_graph_up_to_there(lab: Lab) -> None:
    setup, set_, cell, ask = lab.notebook(SETUP, "%breakpoint nan --how raise", STOPPING, ASK)
    setup.run().wait_done()
    set_.run().wait_done()
    cell.run().wait_done()
    cell.view.wait_state("error")
    assert "BreakpointHit" in cell.error
    assert "a negative number has no logarithm" in cell.error
    graph = cell.view.panel("Computation graph")
    expect(graph.get_by_role("treeitem", name="h (log")).to_have_count(1)
    expect(graph.get_by_role("treeitem", name="loss (mean")).to_have_count(0)
    assert json.loads(ask.run().wait_done().printed)[0] == "log"


BIG = """\
turn = torch.eye(4)
net = nn.Linear(4, 4); opt = torch.optim.SGD(net.parameters(), lr=0.0)
for step in range(4):
    h = net(x)
    for i in range(1250):
        h = torch.tanh(h @ turn + 0.01) * 1.01
        if step >= 2 and i == 600:
            born = torch.log(h - 5)
            h = born
    deep = h.mean()
    opt.zero_grad(); deep.backward(); opt.step()
"""


def test_where_a_nan_was_born_among_five_thousand_nodes(lab: Lab) -> None:
    setup, cell, why = lab.notebook(SETUP, BIG, "%breakpoint why")
    setup.run().wait_done()
    cell.run().view.wait()
    cell.wait_done(90)
    cell.view.wait_state("finished")
    row = cell.view.region.get_by_role("region", name="Coach")
    expect(row).to_contain_text("NaN born")
    expect(row).to_contain_text("log of -")
    expect(row).to_contain_text("line 8")
    cell.view.button("Show where").click()
    inspector = cell.view.panel("Inspector")
    expect(inspector).to_contain_text("born = torch.log(h - 5)")
    expect(cell.view.panel("Computation graph")).to_contain_text("NaN: from where it was born to the loss")
    why.run().wait_done(60)
    expect(why.box.get_by_role("region", name="Graph", exact=True)).to_be_visible()
    expect(why.box.get_by_role("region", name="Coach")).to_contain_text("log of -")
