"""%%walk in JupyterLab: stepped through by keys, predicted, saved, and after an error."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import BrowserContext, Locator, Page

from tests.e2e.lab import Cell, Lab, expect, until

SETUP = """\
%load_ext gradbook
import gradbook
import gradbook.nn.functional as F
x = gradbook.tensor([[1.0, 2.0, -1.0], [0.0, 1.0, 3.0]])
W = gradbook.tensor([[0.5, -1.0], [1.0, 0.5], [-0.5, 1.0]], requires_grad=True)"""
LESSON = """\
%%walk --predict W.grad.zeros --save lesson.html
z = x @ W
h = F.relu(z)  # predict: h
loss = h.mean()
loss.backward()"""
FAILING = """\
%%walk
z = x @ W
h = z @ W
loss = h.mean()"""


def region(scope: Locator | Page) -> Locator:
    return scope.get_by_role("region", name="Walkthrough")


def step_of(scope: Locator | Page) -> str:
    return region(scope).get_by_role("heading").first.inner_text()


def answer(scope: Locator | Page, *numbers: str) -> None:
    """Type a prediction and check it, by keys alone."""
    predict = region(scope).get_by_role("group", name="Predict")
    box = predict.get_by_role("textbox").first
    box.focus()
    for number in numbers:
        box.page.keyboard.type(number)
        box.page.keyboard.press("Tab")
    box.page.keyboard.press("Enter")
    expect(predict).to_contain_text("Right")


def test_a_cell_is_stepped_through_predicted_and_saved(lab: Lab, chromium: BrowserContext) -> None:
    setup, lesson = lab.notebook(SETUP, LESSON)
    setup.run().wait_done()
    lesson.run().wait_done()
    expect(region(lesson.box).get_by_role("heading").first).to_have_text(re.compile(r"^Step 1 of \d+$"))
    expect(lesson.output).to_contain_text("wrote lesson.html")
    expect(lesson.box.get_by_role("region", name="Live view")).to_have_count(0)

    region(lesson.box).get_by_role("button", name="Next", exact=True).focus()
    lab.page.keyboard.press("ArrowRight")
    until(lambda: step_of(lesson.box).startswith("Step 2 of"), 10, "the second step did not come")
    assert lab.page.locator(".jp-Notebook .jp-Cell").count() == 2  # the keys stayed in the view
    answer(lesson.box, "3", "0", "0", "3.5")
    region(lesson.box).get_by_role("button", name="Next", exact=True).focus()
    lab.page.keyboard.press("End")
    until(lambda: re.fullmatch(r"Step (\d+) of \1", step_of(lesson.box)), 10, "the last step did not come")

    page = chromium.new_page()
    chromium.set_offline(True)
    try:
        page.goto((lab.server.root / "lesson.html").as_uri())
        expect(region(page)).to_be_visible()
        region(page).get_by_role("button", name="Next", exact=True).click()
        until(lambda: step_of(page).startswith("Step 2 of"), 10, "the saved page did not step")
        answer(page, "3", "0", "0", "3.5")
    finally:
        chromium.set_offline(False)
        page.close()


def test_a_cell_that_raises_is_walked_up_to_its_line(lab: Lab) -> None:
    setup, failing = lab.notebook(SETUP, FAILING)
    setup.run().wait_done()
    failing.run().wait_done()
    expect(region(failing.box)).to_be_visible()
    assert "ShapeError" in failing.error
    region(failing.box).get_by_role("button", name="Last", exact=True).click()
    expect(region(failing.box)).to_contain_text("ShapeError")
    assert outputs_above(failing) > 0


def outputs_above(cell: Cell) -> int:
    """How far the walkthrough stands below the traceback."""
    red, view = cell.box.locator(".jp-RenderedText[data-mime-type*=stderr]").first, region(cell.box)
    first, second = red.bounding_box(), view.bounding_box()
    assert first is not None
    assert second is not None
    return int(second["y"] - first["y"])


def test_a_reloaded_page_and_a_saved_notebook_still_show_it(lab: Lab, tmp_path: Path) -> None:
    setup, lesson = lab.notebook(SETUP, LESSON.replace(" --save lesson.html", ""))
    setup.run().wait_done()
    lesson.run().wait_done()
    expect(region(lesson.box)).to_be_visible()
    text = lab.save().read_text(encoding="utf-8")
    assert "walkthrough of cell [" in text
    assert "data:image/svg+xml;base64," in text
    lab.reload()
    expect(region(lab.cell(1).box)).to_be_visible()
