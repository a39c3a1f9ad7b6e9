"""The first lesson, once, in the real thing."""

from __future__ import annotations

import re
import shutil
from importlib.resources import as_file, files

import nbformat

from tests.e2e.lab import STDERR, Lab, until


def test_the_first_lesson_runs_in_jupyterlab(lab: Lab) -> None:
    with as_file(files("gradbook.lessons") / "01_first_look.ipynb") as lesson:
        shutil.copyfile(lesson, lab.path)
    lab.open()
    lab.menu("Run", "Run All Cells")
    cells = nbformat.read(lab.path, as_version=4).cells
    last = max(index for index, cell in enumerate(cells) if cell.cell_type == "code")
    until(lambda: re.search(r"\[\d+\]", lab.cell(last).prompt), 150, "the lesson did not end")
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
