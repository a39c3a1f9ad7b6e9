"""How good the coach is, on our own programs and on those of others, and what it must not fall below."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.coach.judge import ROOT, Verdict

__all__ = ["FLOORS", "OTHERS", "README", "Score", "below", "in_readme", "scores", "summary", "table"]

FLOORS = {"recall": 0.97, "precision": 0.99, "right line": 0.97, "right fix": 0.95}
OTHERS = {"recall": 0.96, "precision": 0.98, "right line": 0.93, "right fix": 0.96}  # on programs of others
README = ROOT / "README.md"
BEGIN, END = "<!-- coach: begin -->", "<!-- coach: end -->"


@dataclass
class Score:
    """What came of the programs that expect a rule. `lines` and `fixes` are of those in which it spoke."""

    programs: int = 0
    spoke: int = 0
    lines: int = 0
    fixes: int = 0
    false: int = 0  # alarms that nothing was wrong with

    @property
    def shares(self) -> dict[str, float]:
        """Recall, precision, right line, right fix, 0 to 1; 1 where there is nothing to count."""
        parts = {
            "recall": (self.spoke, self.programs),
            "precision": (self.spoke, self.spoke + self.false),
            "right line": (self.lines, self.spoke),
            "right fix": (self.fixes, self.spoke),
        }
        return {name: part / whole if whole else 1.0 for name, (part, whole) in parts.items()}


def scores(verdicts: list[Verdict]) -> dict[str, Score]:
    """By rule, and "all"."""
    found: dict[str, Score] = {}
    for verdict in verdicts:
        for rule, (said, line, fix) in verdict.found.items():
            for score in (found.setdefault(rule, Score()), found.setdefault("all", Score())):
                score.programs += 1
                score.spoke += said
                score.lines += said and line
                score.fixes += said and fix
        for rule, count in Counter(verdict.false).items():
            found.setdefault(rule, Score()).false += count
            found.setdefault("all", Score()).false += count
    return found


def table(verdicts: list[Verdict]) -> str:
    """Markdown: one row a rule, the sum last."""
    found = scores(verdicts)
    rows = ["| rule | programs | recall | precision | right line | right fix |", "|---|---:|---:|---:|---:|---:|"]
    rows += [_row(f"`{rule}`", found[rule]) for rule in sorted(found) if rule != "all"]
    rows.append(_row("**all**", found.get("all", Score())))
    correct = [verdict for verdict in verdicts if not verdict.expected]
    silent = sum(not verdict.false for verdict in correct)
    return "\n".join(rows) + f"\n\nOf {len(correct)} correct programs it leaves {silent} alone."


def summary(groups: dict[str, list[Verdict]]) -> str:
    """Markdown: one row a group of programs."""
    rows = ["| programs | faults | recall | precision | right line | right fix | correct ones left alone |"]
    rows.append("|---|---:|---:|---:|---:|---:|---:|")
    for name, verdicts in groups.items():
        correct = [verdict for verdict in verdicts if not verdict.expected]
        silent = sum(not verdict.false for verdict in correct)
        rows.append(f"{_row(name, scores(verdicts).get('all', Score()))} {silent} of {len(correct)} |")
    return "\n".join(rows)


def _row(name: str, score: Score) -> str:
    shares = [f"{value:.2f}" for value in score.shares.values()]
    if not score.programs:
        shares[0] = "–"
    if not score.spoke:
        shares[2:] = ["–", "–"]
    return f"| {name} | {score.programs} | {' | '.join(shares)} |"


def below(verdicts: list[Verdict], floors: dict[str, float] = FLOORS) -> list[str]:
    """What is below its floor, in words."""
    whole = scores(verdicts).get("all", Score())
    return [
        f"{name} is {value:.3f}, at least {floors[name]:.2f} is wanted"
        for name, value in whole.shares.items() if value < floors[name]
    ]  # fmt: skip


def in_readme(text: str, own: list[Verdict], groups: dict[str, list[Verdict]]) -> str:
    """The README with the tables of the coach made anew: the groups, then our own programs by rule."""
    before, rest = text.split(BEGIN)
    by_rule = f"<details><summary>Our own, by rule</summary>\n\n{table(own)}\n\n</details>"
    return f"{before}{BEGIN}\n\n{summary(groups)}\n\n{by_rule}\n\n{END}{rest.split(END)[1]}"


def write_readme(own: list[Verdict], groups: dict[str, list[Verdict]], path: Path = README) -> None:
    """Put the tables into the README."""
    path.write_text(in_readme(path.read_text(encoding="utf-8"), own, groups), encoding="utf-8")
