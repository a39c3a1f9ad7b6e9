"""What a rule teaches: its idea, when it speaks, a short program with the fault, and how to mend it."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from importlib import resources

from gradbook.coach.rules import RULES

__all__ = ["Explanation", "explain", "listing", "unknown"]

MARK = re.compile(r"\s*# coach: (?P<rule>[a-z-]+)(?:; fix: (?P<fix>.*))?$")
ASIDE = re.compile(r"\s*# coach-also: [a-z, -]+$")


@dataclass(frozen=True)
class Explanation:
    """A rule, as a lesson. `example` is a program that runs as it stands and has the fault in `line`, counted from 1.

    fix: what mends that line, '' where that needs more than a piece of code. threshold: what convinces the rule, and
    why so much of it.
    """

    rule: str
    severity: str
    idea: str
    threshold: str
    example: str
    line: int
    fix: str

    @property
    def text(self) -> str:
        """The whole lesson, as plain text."""
        lines = [f"{self.rule} ({self.severity})", f"  {self.idea}"]
        if self.threshold:
            lines.append(f"  What convinces it: {self.threshold}.")
        rows = self.example.splitlines()
        lines += ["", *(f"  {'>' if n == self.line else ' '} {n:2}  {row}".rstrip() for n, row in enumerate(rows, 1))]
        if self.fix:
            lines += ["", f"  What mends line {self.line}: {self.fix}"]
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text


def explain(rule: str) -> Explanation:
    """The lesson of a rule. Raises ValueError for an id that is no rule's, naming those that are like it."""
    kind = RULES.get(rule)
    if kind is None:
        raise ValueError(f"coach.explain: {unknown(rule)}")
    marked = resources.files("gradbook.coach").joinpath("examples", f"{rule.replace('-', '_')}.py").read_text("utf-8")
    rows, line, fix = [], 0, ""
    for number, row in enumerate(marked.rstrip().splitlines(), 1):
        if found := MARK.search(row):
            line, fix = number, found["fix"] or ""
        rows.append(ASIDE.sub("", MARK.sub("", row)))
    return Explanation(rule, kind.severity, sentence(kind.idea), kind.threshold.removeprefix("none: "),
                       "\n".join(rows) + "\n", line, fix)  # fmt: skip


def unknown(rule: str) -> str:
    """What is wrong with an id that is no rule's: those that are like it, or all."""
    like = difflib.get_close_matches(rule, RULES, 3, 0.5)
    hint = f"do you mean {', '.join(like)}?" if like else f"the rules are {', '.join(RULES)}"
    return f"no rule is called {rule!r}; {hint}"


def listing() -> str:
    """All rules, a line each, in the order of the alphabet: id, severity, idea."""
    width = max(map(len, RULES))
    return "\n".join(f"{rule:<{width}}  {kind.severity:<7}  {kind.idea}" for rule, kind in sorted(RULES.items()))


def sentence(text: str) -> str:
    """With a full stop, and a capital letter if it begins with a word."""
    word = re.match(r"[a-z]+(?= )", text)
    return (text[:1].upper() + text[1:] if word else text) + "." * (not text.endswith("."))
