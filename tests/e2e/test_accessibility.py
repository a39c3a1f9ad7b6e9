"""Every view as a page from disk, with the network off: axe-core finds nothing serious in it, light or dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

import gradbook
from gradbook import nn, observe
from gradbook.observe.failure import explain
from gradbook.widgets import export_html
from gradbook.widgets.card import error_card
from gradbook.widgets.describe_timeline import still_timeline
from gradbook.widgets.export import page_with
from gradbook.widgets.graph_view import describe_still
from gradbook.widgets.walk_still import walk_still
from tests.e2e.axe import AXE, faults
from tests.e2e.lab import expect
from tests.widgets.sample import sample_run

pytestmark = pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: npm ci, in widgets/js")


def finished(path: Path) -> None:
    """The live view of a run that has ended."""
    export_html(sample_run(400), path)


def failed(path: Path) -> None:
    """The live view of a run that ended in an error."""
    export_html(sample_run(400, state="error"), path)


def graph(path: Path) -> None:
    """A graph alone."""
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
    message = describe_still(observe.Graph.of(model(gradbook.ones(4, 8)).sum()))
    path.write_text(page_with([(message.packed(), "")], "graph"), encoding="utf-8")


def walkthrough(path: Path) -> None:
    """A walkthrough of a matrix product and a mean, forward and backward."""
    x = gradbook.tensor([[1.0, 2.0, -1.0], [0.0, 1.0, 3.0]])
    w = gradbook.tensor([[0.5, -1.0], [1.0, 0.5], [-0.5, 1.0]], requires_grad=True)
    with observe.walk() as walk:
        loss = (x @ w).relu().mean()
        loss.backward()
    walk_still(walk).save(path)


def timeline(path: Path) -> None:
    """A timeline."""
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
    with observe.timeline({"model": model}) as t:
        for _ in range(3):
            model(gradbook.ones(4, 8)).sum().backward()
    still_timeline(t, "module", memory=True, cell="[3]").save(path)


def card(path: Path) -> None:
    """An error card."""
    weight = gradbook.ones(5, 3)
    try:
        gradbook.ones(4, 3) @ weight
    except RuntimeError as error:
        failure = explain(error)
        assert failure is not None
        error_card(failure).save(path)


def shown(chromium: BrowserContext, path: Path, scheme: str) -> Page:
    """The page, opened, in a light or a dark notebook."""
    page = chromium.new_page()
    page.emulate_media(color_scheme=scheme)
    page.goto(path.as_uri())
    expect(page.get_by_role("region").first).to_be_visible()
    if scheme == "dark":
        page.evaluate("document.body.style.background = '#111'")
    page.wait_for_timeout(300)  # drawn, and unfolded
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("make", [finished, failed, graph, timeline, card, walkthrough])
def test_nothing_serious_is_wrong(
    make: Callable[[Path], None], scheme: str, chromium: BrowserContext, foreign: list[str], tmp_path: Path
) -> None:
    path = tmp_path / f"{make.__name__}.html"
    make(path)
    page = shown(chromium, path, scheme)
    assert page.locator(".gb").get_attribute("data-gb-theme") == scheme
    assert faults(page) == []
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_is_wrong_in_a_timeline_that_is_used(
    scheme: str, chromium: BrowserContext, foreign: list[str], tmp_path: Path
) -> None:
    timeline(tmp_path / "timeline.html")
    page = shown(chromium, tmp_path / "timeline.html", scheme)
    page.get_by_role("group", name="By").get_by_role("button", name="line").click()
    page.get_by_role("treeitem").nth(2).click()
    page.get_by_role("searchbox").fill("sum")
    page.get_by_role("row").nth(1).click()
    page.wait_for_timeout(300)
    assert faults(page) == []
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_is_wrong_at_any_step_of_a_walkthrough(
    scheme: str, chromium: BrowserContext, foreign: list[str], tmp_path: Path
) -> None:
    walkthrough(tmp_path / "walk.html")
    page = shown(chromium, tmp_path / "walk.html", scheme)
    following = page.get_by_role("button", name="Next", exact=True)
    found = []
    while following.get_attribute("aria-disabled") != "true" and following.is_enabled():
        following.click()
        page.wait_for_timeout(200)
        found += faults(page)
    assert found == []
    page.close()


def test_the_checker_sees_what_is_wrong(chromium: BrowserContext) -> None:
    page = chromium.new_page()
    page.set_content('<main class="gb"><img src="data:,"><p style="color:#aaa;background:#fff">pale words</p></main>')
    found = faults(page)
    assert any("image-alt" in fault for fault in found)
    assert any("color-contrast" in fault for fault in found)
    page.close()
