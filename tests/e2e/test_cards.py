"""The error card under a failing cell, and on an exported page without a kernel."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from playwright.sync_api import BrowserContext, Locator

from gradbook.widgets import notebook_to_html
from tests.e2e.lab import STDERR, Cell, Lab, expect

SETUP = """\
%load_ext gradbook
import gradbook as torch
from gradbook import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 16, 5)
        self.fc1 = nn.Linear(256, 10)

    def forward(self, x):
        x = self.conv(x).relu().flatten(1)
        return self.fc1(x)

model = Net()
x, y = torch.randn(8, 1, 9, 9), torch.randint(0, 10, (8,))"""
FAILING = """\
loss = nn.functional.cross_entropy(model(x), y)
loss.backward()"""
TITLE = "Error: fc1 takes 256 numbers per row and got 400."


def failed(lab: Lab) -> tuple[Cell, Locator]:
    """A cell that has failed, and the card under it."""
    setup, cell = lab.notebook(SETUP, FAILING)
    setup.run().wait_done()
    cell.run().wait_done()
    card = cell.box.get_by_role("region", name=TITLE)
    expect(card).to_be_visible(timeout=20_000)
    return cell, card


def test_a_failing_cell_ends_in_a_card(lab: Lab) -> None:
    cell, card = failed(lab)
    expect(card.get_by_role("heading", name="fc1 takes 256 numbers per row and got 400.")).to_be_visible()
    expect(card.get_by_role("group", name="code, cell [1] line 13")).to_contain_text("return self.fc1(x)")
    operands = card.get_by_role("img", name="x is 8 by 400 float32; fc1.weight.T is 256 by 10 float32")
    expect(operands).to_contain_text("400 = 16 × 5 × 5")
    expect(card.get_by_role("img", name="failed at fc1")).to_be_visible()
    expect(card.get_by_role("listitem").first).to_contain_text("self.fc1 = nn.Linear(400, 10)")
    expect(card.get_by_role("listitem").first).to_contain_text("✓ then (8, 10), loss ()")
    traceback = cell.box.locator(STDERR).first
    expect(traceback).to_contain_text("ShapeError")
    expect(traceback).not_to_contain_text("linear.py")
    assert traceback.bounding_box()["y"] < card.bounding_box()["y"]


def test_the_live_view_leads_to_the_card(lab: Lab) -> None:
    loop = """\
weight = torch.ones(1, requires_grad=True)
for step in range(3):
    loss = (weight * 2).sum()
    loss.backward()
    if step == 2:
        model(x)"""
    setup, cell = lab.notebook(SETUP, loop)
    setup.run().wait_done()
    cell.run().wait_done()
    card = cell.box.get_by_role("region", name=TITLE)
    expect(card).to_be_visible(timeout=20_000)
    cell.view.wait_state("error")
    button = cell.view.button("Show error card")
    button.click()
    expect(card).to_be_focused()
    expect(card).to_be_in_viewport()


def test_no_button_leads_to_a_card_that_is_not_there(lab: Lab) -> None:
    loop = "weight = torch.ones(1, requires_grad=True)\n(weight * 2).sum().backward()\n1 / 0"
    setup, cell = lab.notebook(SETUP, loop)
    setup.run().wait_done()
    cell.run().wait_done()
    cell.view.wait_state("error")
    expect(cell.view.region.get_by_role("region", name="Coach")).to_contain_text("ZeroDivisionError")
    expect(cell.view.button("Show error card")).to_have_count(0)


def test_a_fix_is_copied_as_it_can_be_pasted(lab: Lab, chromium: BrowserContext) -> None:
    chromium.grant_permissions(["clipboard-read", "clipboard-write"], origin=lab.server.url)
    _, card = failed(lab)
    button = card.get_by_role("button", name="Copy fix 1")
    button.click()
    expect(button).to_have_text("Copied")
    assert lab.page.evaluate("navigator.clipboard.readText()") == "self.fc1 = nn.Linear(400, 10)"
    expect(button).to_have_text("Copy")


def test_the_traceback_unfolds_by_key(lab: Lab) -> None:
    _, card = failed(lab)
    summary = card.get_by_text("show traceback")
    told = card.get_by_role("group", name="traceback")
    expect(told).to_be_hidden()
    summary.focus()
    lab.page.keyboard.press("Enter")
    expect(told).to_contain_text("nn/modules/linear.py")
    expect(told).to_contain_text("cell [1] line 13")
    expect(summary).to_contain_text("2 frames of yours")


def test_a_narrow_card_has_one_column(lab: Lab) -> None:
    _, card = failed(lab)
    code, operands = card.locator(".ec"), card.locator(".eo")
    wide = lab.page.viewport_size
    assert wide is not None
    lab.page.set_viewport_size({"width": 760, "height": 900})
    expect(card).to_be_visible()
    lab.page.wait_for_function("box => box.clientWidth < 720", arg=card.element_handle())
    assert operands.bounding_box()["y"] > code.bounding_box()["y"] + code.bounding_box()["height"] - 2
    assert lab.page.evaluate("box => box.scrollWidth <= box.clientWidth", card.element_handle())


def test_an_exported_page_has_the_card_without_a_kernel(
    chromium: BrowserContext, foreign: list[str], tmp_path: Path
) -> None:
    cells = [nbformat.v4.new_code_cell(text) for text in (SETUP, FAILING)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(notebook, timeout=60, allow_errors=True, kernel_name="python3")
    client.execute(env={**os.environ, "GRADBOOK_EMBED_RUNS": "1"})
    kinds = [output.output_type for output in notebook.cells[1].outputs]
    assert kinds == ["error", "display_data"]
    page_file = notebook_to_html(notebook, tmp_path / "card.html")
    page = chromium.new_page()
    page.goto(page_file.as_uri())
    card = page.get_by_role("region", name=TITLE)
    expect(card).to_be_visible()
    expect(card.get_by_role("listitem").first).to_contain_text("self.fc1 = nn.Linear(400, 10)")
    card.get_by_text("show traceback").click()
    expect(card.get_by_role("group", name="traceback")).to_be_visible()
    page.close()
