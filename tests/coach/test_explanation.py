"""Every rule can be explained, by a program that runs and shows what the rule says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

import gradbook
from gradbook.coach import RULES, explain
from tests.coach.judge import ROOT, judge

EXAMPLES = ROOT / "engine" / "coach" / "examples"


@pytest.mark.parametrize("rule", RULES)
def test_the_example_of_a_rule_shows_its_fault_and_no_other(rule: str) -> None:
    if rule == "device-mismatch" and not gradbook.cuda.is_available():
        pytest.skip("needs a GPU")
    text = (EXAMPLES / f"{rule.replace('-', '_')}.py").read_text()
    verdict = judge(Path(f"{rule}.py"), text)  # what stands inside the package is not the user's code
    assert [each.rule for each in verdict.expected] == [rule]
    assert verdict.good, f"expected {verdict.expected}, false alarms {verdict.false}, the report:\n{verdict.report}"


@pytest.mark.parametrize("rule", RULES)
def test_an_explanation_is_short_and_says_which_line(rule: str) -> None:
    lesson = explain(rule)
    rows = lesson.example.splitlines()
    assert lesson.idea
    assert 1 <= lesson.line <= len(rows) <= 20
    assert "coach" not in lesson.example
    assert rows[lesson.line - 1].strip() in lesson.text


def test_no_example_is_without_a_rule() -> None:
    assert {path.stem.replace("_", "-") for path in EXAMPLES.glob("*.py")} == set(RULES)


def test_a_rule_that_there_is_not_is_told_with_those_like_it() -> None:
    with pytest.raises(ValueError, match="no rule is called 'missing-zerograd'; do you mean missing-zero-grad"):
        explain("missing-zerograd")
