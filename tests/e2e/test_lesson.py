"""The lessons, once, in the real thing."""

from __future__ import annotations

import re
import shutil
from importlib.resources import as_file, files

import nbformat

from tests.e2e.lab import STDERR, Lab, expect, until


def run_all(lab: Lab, name: str) -> list[tuple[str, str]]:
    """Open a lesson and run all its cells. -> kind and source of each cell."""
    with as_file(files("gradbook.lessons") / name) as lesson:
        shutil.copyfile(lesson, lab.path)
    lab.open()
    lab.menu("Run", "Run All Cells")
    return [(cell.cell_type, cell.source) for cell in nbformat.read(lab.path, as_version=4).cells]


def wait_for_the_end(lab: Lab, kinds: list[tuple[str, str]]) -> None:
    """Return when the last cell of code has run."""
    last = max(index for index, (kind, _) in enumerate(kinds) if kind == "code")
    until(lambda: re.search(r"\[\d+\]", lab.cell(last).prompt), 150, "the lesson did not end")


def test_the_first_lesson_runs_in_jupyterlab(lab: Lab) -> None:
    wait_for_the_end(lab, run_all(lab, "01_first_look.ipynb"))
    errors = lab.page.locator(STDERR)
    assert errors.count() == 0, errors.all_inner_texts()
    views = lab.page.get_by_role("region", name="Live view")
    assert views.count() >= 3
    for index in range(views.count()):
        views.nth(index).scroll_into_view_if_needed()  # what nobody sees is not drawn
        status = views.nth(index).get_by_role("status").first
        until(lambda status=status: "finished" in (status.text_content() or ""), 10, "a view has not finished")
    accuracies = re.findall(r"test accuracy:? ([\d.]+) ?%", lab.page.locator(".jp-Notebook").inner_text())
    assert accuracies
    assert float(accuracies[-1]) >= 97.0


def index_of(cells: list[tuple[str, str]], text: str) -> int:
    """Position of the first cell of code that contains a text."""
    return next(index for index, (kind, source) in enumerate(cells) if kind == "code" and text in source)


def test_the_second_lesson_asks_and_knows_the_answer(lab: Lab) -> None:
    cells = run_all(lab, "02_backprop_by_hand.ipynb")
    wait_for_the_end(lab, cells)
    assert lab.page.locator(STDERR).count() == 0
    neuron = lab.cell(index_of(cells, "--predict n,x1.grad,w1.grad")).box
    walk = neuron.get_by_role("region", name="Walkthrough")
    walk.scroll_into_view_if_needed()
    expect(walk).to_contain_text("of 11")
    walk.get_by_role("button", name="Next").focus()
    for _ in range(3):
        lab.page.keyboard.press("ArrowRight")
    expect(walk).to_contain_text("What will n be?")
    walk.get_by_role("textbox").first.fill("0")
    walk.get_by_role("button", name="Check").click()
    expect(walk).to_contain_text("1 of 1 right")


def test_the_third_lesson_stops_where_the_nan_is_born(lab: Lab) -> None:
    cells = run_all(lab, "03_debug_a_network.ipynb")
    caught = lab.cell(index_of(cells, "%breakpoint nan"))
    caught.view.wait(120).region.scroll_into_view_if_needed()  # what nobody sees is not drawn
    expect(caught.view.button("Stop")).to_be_enabled(timeout=60_000)
    until(lambda: "stopped at breakpoint" in caught.view.text, 10, caught.view.text)
    caught.view.button("Stop").click()
    wait_for_the_end(lab, cells)
    reader = lab.cell(index_of(cells, "nn.Conv2d(1, 8, kernel_size=3)\n"))
    card = reader.box.get_by_role("region", name="Error: hidden takes 512 numbers per row and got 288")
    expect(card).to_contain_text("self.hidden = nn.Linear(288, 32)")
    story = lab.cell(index_of(cells, "%breakpoint why logs"))
    expect(story.output).to_contain_text("log of 0")
