"""The slider under the loss goes back through the recorded steps, with a kernel, without one, and in a saved page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator

from gradbook.widgets.numbers import number
from tests.e2e.lab import Cell, Lab, LiveView, expect, until
from tests.e2e.programs import SETUP

RECORD = """\
%%watch --level full --every 1
seen = {}
for step in range(1, STEPS + 1):
    h = model(x)
    if 20 <= step < 30: h = h.tanh()
    loss = ((h - y) ** 2).mean()
    opt.zero_grad(); loss.backward()
    w = model[0].weight.detach(); seen[step] = [loss.item(), w.mean().item(), w.min().item(), w.max().item()]
    opt.step()
    time.sleep(PAUSE)
"""
TELL = "import json; print(json.dumps(seen))"


def recording(steps: int, pause: float = 0.01) -> str:
    return RECORD.replace("STEPS", str(steps)).replace("PAUSE", str(pause))


def go_to(view: LiveView, step: int) -> Locator:
    """Move the slider, as a mouse would."""
    slider = view.slider("Step to show")
    slider.fill(str(step))
    return slider


def value_shown(view: LiveView) -> str:
    """What a screen reader is told of the inspector's picture."""
    return (
        view.panel("Inspector").get_by_role("img", name=re.compile(r"^value \S+ at step")).get_attribute("aria-label")
        or ""
    )


def shown_step(view: LiveView) -> int:
    """The step whose value the inspector shows."""
    match = re.search(r"at step ([\d,]+)", value_shown(view))
    return int(match[1].replace(",", "")) if match else -1


def agrees(view: LiveView, seen: dict[int, list[float]], step: int | None = None) -> bool:
    """Whether the inspector shows the weight that the loop itself had at a step (at the one it names)."""
    label = value_shown(view)
    at = shown_step(view)
    if at not in seen or at != (step or at):
        return False
    mean, low, high = map(number, seen[at][1:])
    return label == f"value 8×4 at step {at}, mean {mean}, from {low} to {high}"


def inspect(view: LiveView, name: str = "0.weight") -> None:
    """Open the inspector on a row of the gradients."""
    view.panel("Gradients").get_by_role("option", name=name).click()
    expect(view.panel("Inspector").get_by_role("img", name=re.compile(r"^value \S+ at step"))).to_be_visible()


def ran(lab: Lab, steps: int = 60, pause: float = 0.01) -> tuple[Cell, dict[int, list[float]]]:
    """A finished recording. -> its cell, and what the loop itself has written down."""
    setup, cell, tell = lab.notebook(SETUP, recording(steps, pause), TELL)
    setup.run().wait_done()
    cell.run().wait_done()
    cell.view.wait_state("finished")
    seen = {int(step): values for step, values in json.loads(tell.run().wait_done().printed).items()}
    return cell, seen


def test_the_keyboard_goes_back_and_the_inspector_shows_what_the_loop_had(lab: Lab) -> None:
    cell, seen = ran(lab)
    view = cell.view
    inspect(view)
    slider = view.slider("Step to show")
    slider.focus()
    for _ in range(15):
        lab.page.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", "step 45")
    until(lambda: agrees(view, seen, 45), 10, "the value of step 45 did not come")
    lab.page.keyboard.press("Home")
    until(lambda: agrees(view, seen, 1), 10, "the value of step 1 did not come")
    lab.page.keyboard.press("Escape")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("newest step, 60"))
    until(lambda: agrees(view, seen, 60), 10, "the newest value did not come back")


def test_it_goes_back_while_the_cell_runs_and_live_returns(lab: Lab) -> None:
    setup, cell = lab.notebook(SETUP, recording(3_000, 0.02))
    setup.run().wait_done()
    cell.run().view.wait().wait_step(40)
    view = cell.view
    inspect(view)
    go_to(view, 10)
    until(lambda: shown_step(view) == 10, 10, "step 10 did not come")
    before = view.step
    view.wait_step(before + 20)
    assert shown_step(view) == 10, "it stays while the run goes on"
    assert cell.running
    view.button("live").click()
    until(lambda: shown_step(view) > before, 10, "live did not return")
    view.button("Stop").click()
    cell.wait_done()


def test_a_graph_that_changed_is_drawn_with_its_changes(lab: Lab) -> None:
    cell, _ = ran(lab)
    view = cell.view
    graph = view.panel("Computation graph")
    tanh = graph.get_by_role("treeitem", name=re.compile("tanh"))
    expect(tanh).to_have_count(0)
    go_to(view, 20)
    expect(tanh).to_have_count(1)
    expect(graph.get_by_text("+1 since step 19")).to_be_visible()
    expect(tanh).to_have_accessible_description(re.compile("new"))
    go_to(view, 25)
    expect(graph.get_by_text("the newest graph: −1")).to_be_visible()
    go_to(view, 30)
    expect(tanh).to_have_count(0)
    expect(graph.get_by_text("−1 since step 29")).to_be_visible()


def test_it_goes_back_without_a_kernel(lab: Lab) -> None:
    cell, seen = ran(lab)
    view = cell.view
    inspect(view)
    lab.restart_kernel()
    view.wait_state("disconnected")
    walks_through_what_is_kept(view, seen)


def walks_through_what_is_kept(view: LiveView, seen: dict[int, list[float]]) -> None:
    """Without a kernel the nearest of the steps that came with the page is shown, and Page keys go to the next."""
    slider = go_to(view, 17)
    until(lambda: abs(shown_step(view) - 17) <= 3 and agrees(view, seen), 10, "no step near 17 is kept")
    kept = shown_step(view)
    slider.press("PageUp")
    until(lambda: 0 < shown_step(view) < kept and agrees(view, seen), 10, "no step before it is kept")
    slider.press("Home")
    until(lambda: agrees(view, seen, 1), 10, "the first step is always kept")


def test_an_exported_page_goes_back_with_the_network_off(
    lab: Lab, chromium: BrowserContext, foreign: list[str], tmp_path: Path
) -> None:
    page_file = tmp_path / "run.html"
    save = f"from gradbook.widgets import export_html\nexport_html(torch.observe.runs()[-1], {str(page_file)!r})"
    setup, cell, tell, export = lab.notebook(SETUP, recording(60), TELL, save)
    for each in (setup, cell, tell, export):
        each.run().wait_done()
    seen = {int(step): values for step, values in json.loads(tell.printed).items()}
    page = chromium.new_page()
    chromium.set_offline(True)
    try:
        page.goto(page_file.as_uri())
        view = LiveView(page).wait()
        inspect(view)
        walks_through_what_is_kept(view, seen)
        graph = view.panel("Computation graph")
        go_to(view, 25)
        expect(graph.get_by_role("treeitem", name=re.compile("tanh"))).to_have_count(1)
    finally:
        chromium.set_offline(False)
        page.close()


@pytest.mark.parametrize("kind", ["runs", "graphs", "checkpoints"])
def test_a_difference_is_a_view_that_can_be_walked_through(lab: Lab, kind: str) -> None:
    commands = {
        "runs": "%runs compare first second",
        "graphs": "%graph model(x).sum() --diff 'model(x).tanh().sum()'",
        "checkpoints": "torch.save(model.state_dict(), 'a.pt'); opt.step(); torch.save(model.state_dict(), 'b.pt')\n"
        "%runs compare a.pt b.pt",
    }
    first = recording(12, 0).replace("full", "full first", 1).replace("--level full first", "first --level full")
    second = first.replace("first", "second", 1).replace("20 <= step < 30", "True")
    setup, one, two, cell = lab.notebook(SETUP, first, second, commands[kind])
    for each in (setup, one, two):
        each.run().wait_done()
    cell.run().wait_done()
    region = cell.box.get_by_role("region", name="Differences")
    expect(region).to_be_visible()
    if kind == "checkpoints":
        table = region.get_by_role("table", name="tensors")
        expect(table.get_by_role("row", name=re.compile(r"changed\s*0\.weight"))).to_be_visible()
        return
    table = region.get_by_role("table", name="graph")
    row = table.get_by_role("button", name=re.compile("tanh"))
    row.first.focus()
    lab.page.keyboard.press("Enter")
    expect(table.locator("tr[aria-current]")).to_have_count(1)
    graph = region.get_by_role("region", name="Computation graph")
    expect(graph.get_by_role("treeitem", name=re.compile("tanh")).first).to_be_visible()
    if kind == "runs":
        facts = region.get_by_role("table", name="Both sides")
        expect(facts.get_by_role("row", name=re.compile("^steps"))).to_be_visible()
        expect(region.get_by_role("region", name="Loss curves")).to_be_visible()
