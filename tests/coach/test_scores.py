"""The table of the coach: what it counts, where it fails; and what leaving a rule out shows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.coach import ablation
from tests.coach.__main__ import main
from tests.coach.judge import Expected, Verdict, judge, programs
from tests.coach.scores import FLOORS, README, below, in_readme, scores, summary, table

ALL = (True, True, True)


def verdict(rule: str, found: tuple[bool, bool, bool] | None, false: tuple[str, ...] = ()) -> Verdict:
    made = Verdict("program", [Expected(rule, 1, "")] if found else [], {rule: found} if found else {})
    made.false = list(false)
    return made


def test_each_share_is_of_what_it_says() -> None:
    found = scores([
        verdict("a", ALL), verdict("a", (True, False, True)), verdict("a", (False, False, False), ("b",)),
        verdict("c", None), verdict("c", None, ("a",)),
    ])  # fmt: skip
    assert found["a"].shares == {"recall": 2 / 3, "precision": 2 / 3, "right line": 0.5, "right fix": 1.0}
    assert found["b"].shares["precision"] == 0.0
    assert found["all"].shares["precision"] == 0.5


def test_what_is_below_its_floor_is_named() -> None:
    good = [verdict("a", ALL)] * 100
    assert below(good) == []
    assert below([*good, *[verdict("a", (False, False, False))] * 4]) == ["recall is 0.962, at least 0.97 is wanted"]
    assert below([*good, *[verdict("c", None, ("a",))] * 2]) == ["precision is 0.980, at least 0.99 is wanted"]
    worse = {line.partition(" is ")[0] for line in below([verdict("a", (True, False, False), ("b",))])}
    assert worse == set(FLOORS) - {"recall"}


def test_the_table_has_a_row_for_each_rule_and_one_for_all() -> None:
    lines = table([verdict("a", ALL), verdict("b", (False, False, False)), verdict("c", None)]).splitlines()
    assert lines[2:] == [
        "| `a` | 1 | 1.00 | 1.00 | 1.00 | 1.00 |",
        "| `b` | 1 | 0.00 | 1.00 | – | – |",
        "| **all** | 2 | 0.50 | 1.00 | 1.00 | 1.00 |",
        "",
        "Of 1 correct programs it leaves 1 alone.",
    ]


def test_the_readme_keeps_all_that_is_round_the_table() -> None:
    text = "before <!-- coach: begin -->\nold\n<!-- coach: end --> after"
    own = [verdict("a", ALL)]
    made = in_readme(text, own, {"our own": own})
    assert made.startswith("before <!-- coach: begin -->\n\n| programs |")
    assert made.endswith("leaves 0 alone.\n\n</details>\n\n<!-- coach: end --> after")
    assert in_readme(made, own, {"our own": own}) == made
    assert in_readme(README.read_text(encoding="utf-8"), [], {}).count("| **all** |") == 1


def test_the_summary_has_a_row_for_each_group_of_programs() -> None:
    groups = {"one": [verdict("a", ALL), verdict("c", None)], "two": [verdict("c", None, ("a",))]}
    assert summary(groups).splitlines()[2:] == [
        "| one | 1 | 1.00 | 1.00 | 1.00 | 1.00 | 1 of 1 |",
        "| two | 0 | – | 0.00 | – | – | 0 of 1 |",
    ]


def test_without_a_rule_its_programs_are_not_found_and_what_others_find_is() -> None:
    chosen = [path for path in programs() if path.stem in ("never_cleared", "softmax_in_forward")]
    verdicts = [judge(path) for path in chosen]
    adds = ablation.added(chosen, verdicts)
    assert (adds["missing-zero-grad"].found, adds["missing-zero-grad"].alone) == (1, 1)
    assert adds["nan-origin"].found == 0
    assert sum(each.found for each in adds.values()) == len(chosen)


def test_rules_cost_what_they_do() -> None:
    found = ablation.costs()
    assert all(0 <= heard < 0.01 for heard, close in found.values())
    assert found["missing-zero-grad"][0] > 0
    assert found["softmax-before-cross-entropy"][0] == 0.0
    assert found["softmax-before-cross-entropy"][1] > 0


def test_the_command_fails_below_the_floors(capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    assert main(["never_cleared", "--table"]) == 0
    assert "| `missing-zero-grad` |" in capsys.readouterr().out
    monkeypatch.setitem(FLOORS, "recall", 1.01)
    assert main(["never_cleared", "--table"]) == 1
    assert capsys.readouterr().err == "tests.coach: recall is 1.000, at least 1.01 is wanted\n"


@pytest.mark.parametrize(("mark", "right"), [("coach-line", True), ("noted", False)])
def test_a_line_that_the_author_takes_for_as_good_is_right(mark: str, right: bool) -> None:
    path = next(path for path in programs() if path.stem == "never_cleared")
    lines = path.read_text(encoding="utf-8").splitlines()
    number = next(i for i, line in enumerate(lines) if "# coach:" in line)
    code, _, expected = lines[number].partition("# coach:")
    lines[number] = f"{code}# {mark}: missing-zero-grad"
    lines.append(f"pass  # coach:{expected}")
    assert judge(path, "\n".join(lines)).found["missing-zero-grad"][1] is right
