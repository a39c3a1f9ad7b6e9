"""Every view by the keyboard alone, from disk: the focus is never lost, and full screen is left everywhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page

from tests.e2e.lab import expect
from tests.e2e.screens import SCREENS, shown

NO_FULL_SCREEN = "Object.defineProperty(document, 'fullscreenEnabled', { value: false })"


def opened(chromium: BrowserContext, folder: Path, name: str) -> Page:
    """A screen, untouched."""
    SCREENS[name][0](folder / "page.html")
    return shown(chromium, folder / "page.html", "light", 900)


def tab_to(page: Page, wanted: Locator, most: int = 60, key: str = "Tab") -> None:
    """Go there as a user without a mouse does."""
    for _ in range(most):
        page.keyboard.press(key)
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{most} times {key} and not there")


@pytest.mark.parametrize("leave", ["Escape", "button"])
def test_the_inspector_keeps_the_focus_and_gives_it_back(
    leave: str, chromium: BrowserContext, foreign: list[str], tmp_path: Path
) -> None:
    page = opened(chromium, tmp_path, "live node")
    relu = page.get_by_role("treeitem", name="1 (ReLU")
    tab_to(page, page.locator('[role=treeitem][tabindex="0"]').first)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("treeitem", name="0 (Linear")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(relu).to_be_focused()
    page.keyboard.press("Enter")
    inspector = page.get_by_role("region", name="Inspector")
    expect(inspector.get_by_role("heading", name="1", exact=True)).to_be_visible()
    tab_to(page, inspector.get_by_role("button", name="linear").first)
    page.keyboard.press("Enter")  # along the edge: the link itself goes away
    expect(inspector.get_by_role("heading", name="0", exact=True)).to_be_visible()
    assert inspector.evaluate("element => element.contains(document.activeElement)"), "the focus was lost on the way"
    if leave == "button":
        tab_to(page, inspector.get_by_role("button", name="Close inspector"), key="Shift+Tab")
        page.keyboard.press("Enter")
    else:
        page.keyboard.press("Escape")
    expect(inspector).to_be_hidden()
    expect(relu).to_be_focused()
    page.close()


def test_a_row_of_the_gradients_has_the_focus_again(
    chromium: BrowserContext, foreign: list[str], tmp_path: Path
) -> None:
    page = opened(chromium, tmp_path, "live finished")
    row = page.get_by_role("region", name="Gradients").locator('[tabindex="0"]').last
    tab_to(page, row)
    page.keyboard.press("Enter")
    inspector = page.get_by_role("region", name="Inspector")
    tab_to(page, inspector.get_by_role("button", name="Close inspector"))
    page.keyboard.press("Escape")
    expect(inspector).to_be_hidden()
    expect(row).to_be_focused()
    page.close()


def test_differences_are_gone_through(chromium: BrowserContext, foreign: list[str], tmp_path: Path) -> None:
    page = opened(chromium, tmp_path, "diff runs")
    row = page.get_by_role("button", name="1 (tanh)")
    tab_to(page, row)
    page.keyboard.press("Enter")
    expect(page.get_by_role("row").filter(has=row)).to_have_attribute("aria-current", "true")
    expect(page.get_by_role("treeitem", name=re.compile(r"^1 \(Tanh"))).to_have_attribute("aria-selected", "true")
    expect(row).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Find in graph")).to_be_focused()
    page.keyboard.type("f/")
    expect(page.get_by_role("searchbox", name="Find in graph")).to_have_value("f/")
    page.close()


@pytest.mark.parametrize("name", ["live finished", "graph", "diff runs", "timeline"])
def test_a_view_that_covers_the_page_is_left_by_escape(
    name: str, chromium: BrowserContext, foreign: list[str], tmp_path: Path
) -> None:
    page = opened(chromium, tmp_path, name)
    page.evaluate(NO_FULL_SCREEN)
    view = page.locator(".gb")
    page.keyboard.press("Tab")
    page.keyboard.press("f")
    expect(view).to_have_class(re.compile(r"\bfull\b"))
    assert view.bounding_box() == {"x": 0, "y": 0, "width": 900, "height": 1000}
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Escape")
    expect(view).not_to_have_class(re.compile(r"\bfull\b"))
    page.close()


def test_presenter_mode_ends_when_the_page_is_uncovered(
    chromium: BrowserContext, foreign: list[str], tmp_path: Path
) -> None:
    page = opened(chromium, tmp_path, "walk")
    page.evaluate(NO_FULL_SCREEN)
    page.get_by_role("button", name="Next", exact=True).focus()
    page.keyboard.press("p")
    leave = page.get_by_role("button", name="Leave presenter")
    expect(leave).to_be_visible()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Escape")
    expect(leave).to_have_count(0)
    expect(page.locator(".gb")).not_to_have_class(re.compile(r"\b(full|presenting)\b"))
    page.close()


def test_forced_colours_show_what_is_chosen(chromium: BrowserContext, foreign: list[str], tmp_path: Path) -> None:
    page = opened(chromium, tmp_path, "live inspector")
    page.emulate_media(forced_colors="active")
    SCREENS["live inspector"][1](page)
    row = page.get_by_role("region", name="Gradients").get_by_role("option", selected=True)
    ground, line = row.evaluate("e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).outlineStyle]")
    assert ground.endswith(", 0)"), "its fill would hide the numbers that are drawn below it"
    assert line == "solid"
    overlay = page.get_by_role("radio", checked=True).first
    assert "underline" in overlay.evaluate("element => getComputedStyle(element).textDecorationLine")
    page.close()
