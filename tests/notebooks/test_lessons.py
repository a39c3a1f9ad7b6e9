"""Every notebook runs from top to bottom without a front end, and says what it promises."""

from __future__ import annotations

import re
import time
from pathlib import Path

import nbformat
import pytest

from gradbook.kernel_ext.headless import execute

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
LESSONS = sorted(FOLDER.glob("*.ipynb"))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_it_runs_and_keeps_its_promise(lesson: Path) -> None:
    started = time.perf_counter()
    notebook, _ = execute(lesson, timeout=120)
    seconds = time.perf_counter() - started
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output for output in outputs if output.get("name") == "stderr"] == []
    printed = "".join(output.text for output in outputs if output.get("name") == "stdout")
    accuracies = [float(found) for found in re.findall(r"test accuracy:? ([\d.]+) ?%", printed)]
    assert accuracies, printed
    assert accuracies[-1] >= 97.0
    print(f"{lesson.name}: {seconds:.1f} s, test accuracy {accuracies[-1]} %")


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_it_is_committed_without_outputs(lesson: Path) -> None:
    notebook = nbformat.read(lesson, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert [cell.source for cell in code if cell.outputs or cell.execution_count] == []
    assert "widgets" not in notebook.metadata


def test_there_is_a_lesson() -> None:
    assert [path.name for path in LESSONS][:1] == ["01_first_look.ipynb"]
