"""Every notebook runs from top to bottom without a front end, and says what it promises."""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from gradbook.kernel_ext.headless import execute

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
LESSONS = sorted(FOLDER.glob("*.ipynb"))


def accuracies(printed: str) -> list[float]:
    """Each accuracy that a lesson printed, in percent."""
    return [float(found) for found in re.findall(r"test accuracy:? ([\d.]+) ?%", printed)]


def pictures(notebook: Any, kind: str) -> int:
    """How many outputs say in their text that they are of this kind."""
    texts = [
        output.get("data", {}).get("text/plain", "") for cell in notebook.cells for output in cell.get("outputs", [])
    ]
    return sum(text.startswith(kind) for text in texts)


def reads_digits(printed: str, notebook: Any) -> None:
    """The last network reads at least 97 % of the digits."""
    assert accuracies(printed)[-1] >= 97.0


def agrees(printed: str, notebook: Any) -> None:
    """The student's engine, after the solutions, is ours; what is unwritten before is said to be."""
    assert printed.count("not written yet") == 3
    assert printed.count("right") == 5
    (apart,) = re.findall(r"at most ([\d.e+-]+) apart", printed)
    assert float(apart) < 1e-6
    assert pictures(notebook, "walkthrough of") == 6


def mends(printed: str, notebook: Any) -> None:
    """Each patient is ill in the way it should be, and well after its mend; the two that raise say why."""
    healthy, reader, halves, whole, whisper, loud, dead, calm, book, mended = accuracies(printed)
    assert min(healthy, reader, loud, mended) > 90
    assert whole > halves + 3
    assert max(whisper, dead, book) < 15
    assert calm > 95
    assert "features: None" in printed
    assert "second 0\n" in printed
    raised = [output for cell in notebook.cells for output in cell.get("outputs", []) if output.output_type == "error"]
    assert [output.ename for output in raised] == ["ShapeError", "BreakpointHit"]
    assert "0 * -inf" in raised[1].evalue
    assert pictures(notebook, "Inf born: log of 0") == 1


PROMISES: dict[str, Callable[[str, Any], None]] = {
    "01_first_look.ipynb": reads_digits,
    "02_backprop_by_hand.ipynb": agrees,
    "03_debug_a_network.ipynb": mends,
}


FOUND: dict[str, list[tuple[str, str]]] = {  # (line that must change, rule): what the coach says beside hints
    "01_first_look.ipynb": [],
    "02_backprop_by_hand.ipynb": [],
    "03_debug_a_network.ipynb": [  # each of its patients
        ("self.hidden = nn.Linear(8 * 8 * 8, 32)", "shape-mismatch"),
        ("h = h.detach()", "detached-graph"),
        ("whisper = tower(nn.Sigmoid)", "vanishing-gradients"),
        ("fit(dead, torch.optim.SGD(dead.parameters(), lr=3.0))", "dead-relu"),
        ("return -(F.one_hot(labels, 10) * torch.log(likely)).sum(dim=1).mean()", "nan-origin"),
        ("loss = ((line(x) - y) ** 2).mean()", "silent-broadcast"),
    ],
}
LISTED = """\
for _label, _found in get_ipython().run_line_magic("coach", "report").cells:
    for _finding in _found:
        if _finding.severity != "hint":
            print("coach:", repr((_finding.source, _finding.rule)))"""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_it_runs_and_keeps_its_promise(lesson: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "jupyter"))  # nobody has muted anything
    node = nbformat.read(lesson, as_version=4)
    node.cells.append(nbformat.v4.new_code_cell(LISTED))
    copy = tmp_path / lesson.name
    nbformat.write(node, copy)
    started = time.perf_counter()
    notebook, _ = execute(copy, timeout=120)
    seconds = time.perf_counter() - started
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output for output in outputs if output.get("name") == "stderr"] == []
    printed = "".join(output.text for output in outputs if output.get("name") == "stdout")
    PROMISES[lesson.name](printed, notebook)
    assert [ast.literal_eval(line) for line in re.findall(r"^coach: (.*)$", printed, re.MULTILINE)] == FOUND[
        lesson.name
    ]
    print(f"{lesson.name}: {seconds:.1f} s")


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_it_is_committed_without_outputs(lesson: Path) -> None:
    notebook = nbformat.read(lesson, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert [cell.source for cell in code if cell.outputs or cell.execution_count] == []
    assert "widgets" not in notebook.metadata


def test_every_lesson_promises_something() -> None:
    assert [path.name for path in LESSONS] == sorted(PROMISES)
