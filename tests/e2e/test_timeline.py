"""%%timeline in JupyterLab, and as a page opened from disk: by role and name, and by keys alone."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import BrowserContext, Locator, Page

import gradbook
from gradbook import nn, observe, optim
from gradbook.widgets.describe_timeline import still_timeline
from tests.e2e.lab import Lab, expect, until

SETUP = """\
%load_ext gradbook
import gradbook
from gradbook import nn, optim
model = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 10))
opt = optim.SGD(model.parameters(), lr=0.1)
x, y = gradbook.randn(64, 32), gradbook.randint(0, 10, (64,))"""
TIMED = """\
%%timeline --by module
for _ in range(20):
    loss = nn.functional.cross_entropy(model(x), y)
    opt.zero_grad(); loss.backward(); opt.step()"""


def page_of(folder: Path) -> Path:
    model = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 10))
    opt = optim.SGD(model.parameters(), lr=0.1)
    x, y = gradbook.randn(64, 32), gradbook.randint(0, 10, (64,))
    with observe.timeline({"model": model}) as t:
        for _ in range(20):
            loss = nn.functional.cross_entropy(model(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
    return still_timeline(t, "op", cell="[2]").save(folder / "timeline.html")


def block(region: Locator, name: str) -> Locator:
    """A block of the icicle, by how its name begins."""
    return region.get_by_role("treeitem", name=name).first


def opened(chromium: BrowserContext, path: Path, width: int = 900) -> tuple[Page, Locator]:
    page = chromium.new_page()
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(path.as_uri())
    region = page.get_by_role("region", name="Timeline")
    expect(region).to_be_visible()
    return page, region


def test_a_timed_cell_in_jupyterlab(lab: Lab) -> None:
    setup, timed = lab.notebook(SETUP, TIMED)
    setup.run().wait_done()
    timed.run().wait_done()
    region = timed.box.get_by_role("region", name="Timeline")
    expect(region).to_be_visible()
    expect(region).to_contain_text("20 backward passes · 20 optimizer steps")
    expect(region).to_contain_text("more, taken out")
    expect(timed.box.get_by_role("region", name="Live view")).to_have_count(0)
    expect(block(region, "0 (Linear), forward")).to_be_visible()
    region.get_by_role("group", name="By").get_by_role("button", name="line").click()
    expect(region.get_by_role("grid", name="Table by line")).to_contain_text(
        "[2]:3  loss = nn.functional.cross_entropy"
    )
    expect(region.get_by_role("tree", name="time by line")).to_be_visible()
    assert timed.error == ""


def test_a_page_from_disk_is_clicked_through(chromium: BrowserContext, foreign: list[str], tmp_path: Path) -> None:
    page, region = opened(chromium, page_of(tmp_path))
    table = region.get_by_role("grid", name="Table by op")
    expect(block(region, "linear, forward")).to_be_visible()
    table.get_by_role("row").filter(has_text="relu").click()
    expect(block(region, "relu, forward")).to_have_attribute("aria-selected", "true")
    expect(region.get_by_role("status")).to_contain_text("20 calls")
    block(region, "linear, forward").click()
    expect(block(region, "relu, forward")).to_have_count(0)
    region.get_by_role("button", name="Show all").click()
    expect(block(region, "relu, forward")).to_be_visible()
    region.get_by_role("button", name="calls").click()
    expect(table.get_by_role("columnheader", name="calls")).to_have_attribute("aria-sort", "descending")
    expect(table.get_by_role("row").nth(1)).to_contain_text("linear")
    region.get_by_role("combobox", name="Width shows").select_option("memory at the peak")
    expect(region.get_by_role("img", name="bytes held over time")).to_be_visible()
    region.get_by_role("searchbox", name="Find in timeline").fill("cross")
    expect(table.get_by_role("row")).to_have_count(2)
    page.close()


def test_a_page_from_disk_is_walked_by_keys_alone(chromium: BrowserContext, foreign: list[str], tmp_path: Path) -> None:
    page, region = opened(chromium, page_of(tmp_path), 500)
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('role')") == "treeitem":
            break
    page.keyboard.press("ArrowDown")
    focused = page.locator(":focus")
    expect(focused).to_have_attribute("aria-level", "2")
    name = focused.get_attribute("aria-label")
    page.keyboard.press("ArrowRight")
    expect(focused).not_to_have_attribute("aria-label", name or "")
    page.keyboard.press("ArrowLeft")
    expect(focused).to_have_attribute("aria-label", name or "")
    page.keyboard.press("Enter")
    expect(region.get_by_role("button", name="Show all")).to_be_enabled()
    until(lambda: (focused.bounding_box() or {"width": 0})["width"] > 400, why="the block did not fill the width")
    page.keyboard.press("Escape")
    expect(region.get_by_role("button", name="Show all")).to_be_disabled()
    page.keyboard.press("Tab")  # the first head of the table; then its rows
    while page.evaluate("document.activeElement.tagName") != "TR":
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.locator("tr:focus")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("/")
    expect(region.get_by_role("searchbox")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= 500
    page.close()
