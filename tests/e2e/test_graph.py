"""The graph panel as users meet it: overlays, filters, paths, neighbourhoods, loops; in JupyterLab and from disk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page

import gradbook
from gradbook import nn, observe
from gradbook.observe.run import forget_runs
from gradbook.widgets import export_html
from tests.e2e.lab import Lab, LiveView, expect
from tests.e2e.programs import SETUP, training


class Net(nn.Module):
    """Two layers, with a way around the second."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(4, 8), nn.Linear(8, 8)
        self.last = nn.Linear(8, 1)

    def forward(self, x: gradbook.Tensor) -> gradbook.Tensor:
        h = gradbook.relu(self.first(x))
        return self.last(h + gradbook.tanh(self.second(h)))


def trained(bad: bool = False) -> observe.Run:
    """A short training; a `bad` one takes the logarithm of 0."""
    model, x = Net(), gradbook.ones(16, 4)
    opt = gradbook.optim.SGD(model.parameters(), lr=0.01)
    with observe.start_run() as run:
        for _ in range(4):
            y = model(x)
            loss = gradbook.log(y * 0).mean() if bad else (y**2).mean()
            opt.zero_grad()
            loss.backward()
            opt.step()
    return run


def unrolled() -> observe.Run:
    """One step of an RNN over 300 steps, written as a loop."""
    w = gradbook.full((2, 2), 0.1).requires_grad_()
    with observe.start_run() as run:
        h = gradbook.ones(1, 2)
        for _ in range(300):
            h = gradbook.tanh(h @ w)
        h.sum().backward()
    return run


@pytest.fixture
def page(chromium: BrowserContext, foreign: list[str]) -> Iterator[Page]:
    """A page that fails its test when a script of it fails."""
    page, wrong = chromium.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    page.close()
    forget_runs()
    assert wrong == []


def panel(page: Page, run: observe.Run, path: Path) -> Locator:
    """The graph of a run, on a page opened from disk."""
    page.goto(export_html(run, path).as_uri())
    return LiveView(page).wait().panel("Computation graph")


def item(graph: Locator, name: str) -> Locator:
    """The box whose name begins so."""
    return graph.get_by_role("treeitem", name=re.compile("^" + re.escape(name))).first


def legend(graph: Locator) -> Locator:
    """The legend below the graph."""
    return graph.get_by_role("group", name="Legend")


def words(graph: Locator) -> Locator:
    """What the strip below the graph says is lit."""
    return graph.locator(".strip").get_by_role("status")


def test_one_click_or_key_chooses_what_the_graph_says(page: Page, tmp_path: Path) -> None:
    graph = panel(page, trained(), tmp_path / "run.html")
    expect(graph.get_by_role("radio", name="|grad|")).to_be_checked()
    expect(legend(graph)).to_contain_text("vanishing")
    for name, says in (("value", "deviation"), ("dead", "exactly 0"), ("time", "backward"), ("memory", "outputs"),
                       ("saved", "kept for backward"), ("dtype", "float32"), ("device", "cpu")):  # fmt: skip
        graph.get_by_role("radio", name=name).click()
        expect(legend(graph)).to_contain_text(says)
    expect(item(graph, "first (")).to_have_attribute("aria-description", "device cpu")
    item(graph, "first (").focus()
    page.keyboard.press("5")
    expect(graph.get_by_role("radio", name="memory")).to_be_checked()
    expect(item(graph, "first (")).to_have_attribute("aria-description", "output 512\u2009B")  # 16 × 8 float32
    expect(graph.locator("svg.drawing")).to_contain_text("512\u2009B")


def test_filters_find_and_lead_from_one_match_to_the_next(page: Page, tmp_path: Path) -> None:
    graph = panel(page, trained(bad=True), tmp_path / "run.html")
    field = graph.get_by_role("searchbox", name="Find in graph")
    field.fill("op:linear")
    expect(graph.locator(".found")).to_have_text("3")
    graph.get_by_role("button", name="Next match").click()
    expect(graph.locator(".found")).to_have_text("1 of 3")
    expect(item(graph, "first (")).to_have_attribute("aria-selected", "true")
    graph.get_by_role("button", name="Previous match").click()
    expect(item(graph, "last (")).to_have_attribute("aria-selected", "true")
    field.fill("")
    field.press("ArrowDown")  # into the filters
    broken = graph.get_by_role("group", name="Filters").get_by_role("button", name="has NaN")
    expect(broken).to_be_focused()
    page.keyboard.press("Enter")
    expect(field).to_have_value("nan")
    expect(broken).to_have_attribute("aria-pressed", "true")
    expect(broken).to_be_focused()
    field.press("Enter")
    expect(graph.locator(".found")).to_contain_text("1 of")
    expect(graph.get_by_role("treeitem", selected=True)).to_be_visible()
    field.press("Escape")
    expect(field).to_have_value("")


def test_a_path_is_lit_by_mouse_and_by_keys(page: Page, tmp_path: Path) -> None:
    graph = panel(page, trained(), tmp_path / "run.html")
    item(graph, "first (").click()
    item(graph, "last (").click(modifiers=["Shift"])
    expect(words(graph)).to_contain_text(re.compile(r"→ .*: 6 ops, shortest way 3 edges"))
    assert graph.locator("path.s-brand").count() >= 1
    expect(item(graph, "second (")).to_have_attribute("aria-description", re.compile("^lit"))
    graph.get_by_role("button", name="Clear trail").click()
    expect(item(graph, "second (")).not_to_have_attribute("aria-description", re.compile("^lit"))
    item(graph, "second (").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Home")
    page.keyboard.press("p")
    expect(words(graph)).to_contain_text("→")
    page.keyboard.press("Escape")
    expect(graph.get_by_role("button", name="Clear trail")).to_have_count(0)
    graph.get_by_role("button", name="Path to…").click()
    expect(words(graph)).to_contain_text("choose a box")
    item(graph, "last (").click()
    expect(words(graph)).to_contain_text("→")


def test_a_neighbourhood_is_shown_alone_until_escape_twice(page: Page, tmp_path: Path) -> None:
    graph = panel(page, trained(), tmp_path / "run.html")
    graph.get_by_role("button", name="Expand all").click()
    whole = graph.get_by_role("treeitem").count()
    item(graph, "last (").focus()
    page.keyboard.press("n")
    expect(words(graph)).to_contain_text("2 steps around")
    expect(item(graph, "first (")).to_have_count(0)
    graph.get_by_role("button", name="More steps").click()
    graph.get_by_role("button", name="More steps").click()
    expect(item(graph, "first (")).to_be_visible()
    item(graph, "last (").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(graph.get_by_role("treeitem")).to_have_count(whole)


def test_a_loop_is_one_box_until_it_is_opened_and_the_painters_agree(page: Page, tmp_path: Path) -> None:
    graph = panel(page, unrolled(), tmp_path / "run.html")
    drawing = graph.locator("svg.drawing")
    loop = graph.get_by_role("treeitem", name=re.compile("×300"))
    expect(loop).to_have_attribute("aria-expanded", "false")
    expect(drawing).to_be_visible()
    before = loop.locator("rect.ring").bounding_box()
    loop.focus()
    page.keyboard.press("Space")
    expect(item(graph, "1 … 100")).to_be_visible()
    graph.get_by_role("button", name="Expand all").click()
    expect(drawing).to_have_count(0)  # 600 boxes: a canvas
    opened = graph.get_by_role("treeitem", name=re.compile("×300"))
    after = opened.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(after["y"] - before["y"]) <= 30  # the header of the group that it has become
    first = item(graph, "h (matmul").or_(item(graph, "mm (op")).or_(item(graph, "matmul (op")).first
    drawn = first.bounding_box()
    graph.get_by_role("button", name="Collapse all").click()
    expect(drawing).to_be_visible()
    again = loop.locator("rect.ring").bounding_box()
    assert drawn is not None
    assert again is not None
    assert abs(again["y"] - before["y"]) < 1


def test_it_works_in_jupyterlab_too(lab: Lab) -> None:
    setup, cell = lab.notebook(SETUP, training(40, pause=0.01))
    setup.run().wait_done()
    cell.run().wait_done()
    graph = cell.view.wait().panel("Computation graph")
    graph.get_by_role("radio", name="memory").click()
    expect(legend(graph)).to_contain_text("outputs")
    graph.get_by_role("button", name="Expand all").click()
    boxes = graph.get_by_role("treeitem", name=re.compile("Linear"))
    boxes.first.click()
    boxes.last.click(modifiers=["Shift"])
    expect(words(graph)).to_contain_text("shortest way")
    boxes.first.focus()
    lab.page.keyboard.press("8")
    expect(legend(graph)).to_contain_text("cpu")
    lab.page.keyboard.press("/")
    lab.page.keyboard.type("op:relu")
    expect(graph.locator(".found")).to_have_text("1")
    lab.page.keyboard.press("Enter")
    expect(graph.get_by_role("treeitem", selected=True)).to_have_accessible_name(re.compile("relu|ReLU"))
