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
