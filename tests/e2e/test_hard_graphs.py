"""Hard graphs as pages from disk: each is there soon, can be unfolded and searched, and no name becomes markup."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from gradbook import observe
from gradbook.observe.run import forget_runs
from gradbook.widgets import export_html
from tests.e2e.lab import LiveView, expect
from tests.widgets.hard_graphs import NAMES, PROGRAMS

SECONDS = 20  # it takes one; a page that hangs never comes


@pytest.fixture
def page(chromium: BrowserContext, foreign: list[str]) -> Iterator[Page]:
    """A page that fails its test when a script of it fails or a dialog opens."""
    page, wrong = chromium.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
    yield page
    page.close()
    forget_runs()
    assert wrong == []


def opened(page: Page, path: Path) -> LiveView:
    began = time.monotonic()
    page.goto(path.as_uri())
    view = LiveView(page).wait(SECONDS)
    assert time.monotonic() - began < SECONDS
    return view


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_shown_unfolded_and_searched(name: str, page: Page, tmp_path: Path) -> None:
    with observe.start_run() as run:
        PROGRAMS[name]().backward()
    view = opened(page, export_html(run, tmp_path / "run.html"))
    assert run.graph is not None
    graph = view.panel("Computation graph")
    picture = graph.get_by_role("img", name=f"graph with {len(run.graph.nodes)} node")
    expect(picture.first).to_be_attached()
    if name == "no operation":
        expect(graph.get_by_text("Nothing to draw: no operation made this tensor.")).to_be_visible()
        expect(view.button("Expand all")).to_have_count(0)  # nothing to act on
        return
    began = time.monotonic()
    for button in ("Expand all", "Fit graph", "Collapse all"):
        view.button(button).click()
    find = graph.get_by_role("searchbox", name="Find in graph")
    find.fill("a")
    find.press("Enter")
    find.press("Escape")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert time.monotonic() - began < SECONDS


def test_hostile_names_stay_text(page: Page, tmp_path: Path) -> None:
    with observe.start_run(NAMES[0]) as run:
        PROGRAMS["ResNet-50"]().backward()
        for name in NAMES:
            observe.log(name, 1.0)
    old = run.picture
    assert old.graph is not None
    nodes = []
    for i, node in enumerate(old.graph.nodes):
        name = NAMES[i % len(NAMES)]
        nodes.append(replace(node, name=name, source=name, cell=name, line=i))
    graph = replace(old.graph, nodes=tuple(nodes))
    run.picture = old._replace(graph=graph, version=old.version + 1)
    view = opened(page, export_html(run, tmp_path / "run.html"))
    view.button("Expand all").click()
    items = view.panel("Computation graph").get_by_role("treeitem")
    expect(items.first).to_be_attached()
    for item in range(min(items.count(), 12)):
        items.nth(item).dispatch_event("click")
    page.wait_for_timeout(300)
    assert page.locator("img[src='x'], .gb script, main > style").count() == 0
