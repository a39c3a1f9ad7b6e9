"""Every program of ours: the coach says what its comments expect, of the right line, with the right fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradbook.coach import RULES
from tests.coach.cells import MARK, cells_of, split
from tests.coach.judge import expectations, judge, programs, run


@pytest.mark.parametrize("path", programs(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_program(path: Path) -> None:
    verdict = judge(path)
    assert verdict.good, f"expected {verdict.expected}, false alarms {verdict.false}, the report:\n{verdict.report}"


def correct() -> list[Path]:
    """Whole programs that are as they should be."""
    return [path for path in programs() if path.parent.name == "correct"]


def plain() -> list[Path]:
    """The programs that are not written in cells."""
    return [path for path in programs() if not MARK.search(path.read_text())]


@pytest.mark.parametrize("path", plain(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_program_in_a_notebook_with_each_statement_in_a_cell(path: Path) -> None:
    """What is only at the end of a cell is no fault yet; what is one is found in its cell, and mended there."""
    verdict = judge(path, cells=split(path.read_text()))
    assert verdict.good, f"expected {verdict.expected}, false alarms {verdict.false}, the report:\n{verdict.report}"


@pytest.mark.parametrize("path", correct(), ids=lambda path: path.stem)
def test_a_correct_program_may_run_again_in_its_notebook(path: Path) -> None:
    text = path.read_text()
    cells = cells_of(text) if MARK.search(text) else split(text)
    verdict = judge(path, cells=[*cells, *cells])
    assert verdict.good, f"false alarms {verdict.false}, the report:\n{verdict.report}"


def test_the_programs_name_rules_that_there_are() -> None:
    named = {each.rule for path in programs() for each in expectations(path.read_text())[0]}
    assert named <= set(RULES)


def test_the_judge_sees_a_false_alarm_a_silence_and_a_wrong_line() -> None:
    path = next(path for path in programs() if path.stem == "never_cleared")
    text = path.read_text()
    assert judge(path).good
    assert judge(path, text.replace("# coach:", "# nothing:")).false == ["missing-zero-grad"]
    moved = text.replace("  # coach:", "\n        pass  # coach:")
    assert judge(path, moved).found["missing-zero-grad"] == (True, False, True)
    mended = text.replace("loss.backward()", "optimizer.zero_grad(); loss.backward()")
    assert judge(path, mended).found["missing-zero-grad"][0] is False
    other = text.replace("fix: optimizer.zero_grad()", "fix: optimizer.something_else()")
    assert judge(path, other).found["missing-zero-grad"] == (True, True, False)


def faulty() -> list[Path]:
    """The programs with a fault that is said once."""
    return [path for path in programs() if len(expectations(path.read_text())[0]) == 1]


@pytest.mark.parametrize("path", faulty(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_fix_that_can_be_applied_mends_the_program(path: Path) -> None:
    """The first one that comes with its edits: the text still parses, and the rule has nothing more to say."""
    text = path.read_text()
    (expected,), _ = expectations(text)
    findings = [f for f in run(text, str(path)) if (f.rule, f.line) == (expected.rule, expected.line)]
    fix = next((fix for finding in findings for fix in finding.fixes if fix.edits), None)
    assert findings
    if fix is None:  # such as one that only the user can place
        return
    (mended,) = fix.applied().values()
    assert mended != text
    again = run(mended, f"{path.stem}, mended.py")
    assert [f for f in again if f.rule == expected.rule and f.severity != "hint"] == [], f"after {fix}:\n{again}"
