"""The view moves while the cell runs, and leaves alone what the cell shows itself."""

from __future__ import annotations

import re

from tests.e2e.lab import Lab, expect, until
from tests.e2e.programs import LONG, SETUP, training


def test_the_first_frame_comes_while_the_cell_runs(lab: Lab) -> None:
    setup, cell = lab.notebook(SETUP, training(LONG))
    setup.run().wait_done()
    cell.run()
    cell.view.wait(10)
    expect(cell.view.panel("Loss curves").get_by_role("img").first).to_be_visible()
    cell.view.wait_state("running")
    assert cell.view.loss is not None
    assert cell.running


def test_the_loss_moves(lab: Lab) -> None:
    setup, cell = lab.notebook(SETUP, training(LONG))
    setup.run().wait_done()
    cell.run().view.wait()
    first = until(lambda: cell.view.loss)
    later = until(lambda: (loss := cell.view.loss) and loss[2] >= first[2] + 50 and loss, 20, "50 more steps")
    assert first[0] == later[0] == "loss"
    assert later[1] < first[1]
    assert cell.running


def test_the_last_frame_arrives(lab: Lab) -> None:
    setup, cell = lab.notebook(SETUP, training(120, pause=0.005, after="print(f'{loss.item():.3f}')"))
    setup.run().wait_done()
    cell.run().wait_done()
    cell.view.wait_state("finished")
    assert cell.view.step == 120
    assert cell.view.loss[1] == float(cell.printed)


def test_a_loop_without_a_rest_ends_and_is_shown_whole(lab: Lab) -> None:
    setup, cell, after = lab.notebook(SETUP, training(3_000, pause=0), "print('still here')")
    setup.run().wait_done()
    cell.run().wait_done(60)
    cell.view.wait_state("finished")
    assert cell.view.step == 3_000
    assert after.run().wait_done().printed.strip() == "still here"


def test_what_the_cell_prints_stays(lab: Lab) -> None:
    program = "print('before')\n" + training(60, inside="print('step', step)", after="print('after')")
    setup, cell = lab.notebook(SETUP, program)
    setup.run().wait_done()
    cell.run().view.wait()
    cell.wait_done()
    cell.view.wait_state("finished")
    assert cell.printed.split("\n") == ["before", *(f"step {step}" for step in range(60)), "after", ""]


def test_the_graph_and_the_gradients_are_shown(lab: Lab) -> None:
    setup, cell = lab.notebook(SETUP, training(60))
    setup.run().wait_done()
    cell.run().wait_done()
    picture = cell.view.panel("Computation graph").get_by_role("img").first
    expect(picture).to_have_attribute("aria-label", re.compile(r"graph with \d+ nodes"))
    gradients = cell.view.panel("Gradients")
    for name in ("0.weight", "0.bias", "2.weight", "2.bias"):
        expect(gradients.get_by_role("option", name=name)).to_be_visible()


def test_running_a_cell_again_uses_its_view_again(lab: Lab) -> None:
    setup, cell = lab.notebook(SETUP, training(40))
    setup.run().wait_done()
    for _ in range(2):
        cell.run().wait_done()
        cell.view.wait_state("finished")
        expect(cell.view.region).to_have_count(1)
        assert cell.view.step == 40


def test_a_cell_that_raises_shows_its_error_and_the_view_says_so(lab: Lab) -> None:
    program = training(LONG, inside="if step == 30: torch.zeros(2, 3) @ torch.zeros(4, 5)")
    setup, cell, after = lab.notebook(SETUP, program, "print('next')")
    setup.run().wait_done()
    cell.run().wait_done()
    cell.view.wait_state("error")
    assert "(2, 3)" in cell.error
    assert "Error" in cell.view.text or "error" in cell.view.text
    assert after.run().wait_done().printed.strip() == "next"


def test_names_are_text_and_never_markup(lab: Lab) -> None:
    bad = "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 1'>"
    setup, cell = lab.notebook(
        SETUP + f"bad = {bad!r}\nclass Odd(nn.Linear): pass\nOdd.__name__ = bad\n"
        "model = nn.Sequential(); model.add_module(bad.replace('.', '_'), Odd(4, 1))\n"
        "opt = torch.optim.SGD(model.parameters(), lr=0.01)",
        training(60, inside="torch.log(bad, float(step))"),
    )
    assert setup.run().wait_done().error == ""
    assert cell.run().wait_done().error == ""
    cell.view.wait_state("finished")
    expect(cell.view.region.get_by_text("<script>", exact=False).first).to_be_attached()
    assert lab.page.evaluate("window.pwned") is None
    assert cell.view.region.locator("script").count() == 0


def test_a_figure_being_drawn_is_not_lost_to_a_message_of_a_view(lab: Lab) -> None:
    drawing = "import matplotlib.pyplot as plt\nplt.plot([1, 2]); print('drawn'); time.sleep(3)"
    setup, cell, plot = lab.notebook(SETUP, training(60), drawing)
    setup.run().wait_done()
    cell.run().wait_done()
    cell.view.wait_state("finished")
    plot.run()
    until(lambda: "drawn" in plot.printed, 10, "the cell did not draw")
    nodes = cell.view.panel("Computation graph").get_by_role("treeitem")
    for index in range(3):
        nodes.nth(index).press("Enter")  # each asks the kernel about its node
    assert plot.running
    plot.wait_done()
    expect(plot.output.locator("img")).to_be_visible()
