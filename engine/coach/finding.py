"""What the coach says: a finding with its line, its evidence and its fixes; a report of all findings of a watch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradbook.observe.failure.text import Edit, apply, source_of
from gradbook.observe.source import cell_label, place_text

__all__ = ["SEVERITIES", "Finding", "Fix", "Report", "worst_first"]

SEVERITIES = ("error", "warning", "hint")


class Fix(str):
    """A line of code that can be pasted; `edits` put it into the source by themselves, `why` says what it does.

    A fix is its line: `str(fix)`. One without edits is to be written by the user, as `why` says where.
    """

    __slots__ = ("edits", "why")
    edits: tuple[Edit, ...]
    why: str

    def __new__(cls, code: str, edits: Sequence[Edit] = (), why: str = "") -> Fix:
        """-> a fix of this code."""
        made = super().__new__(cls, code)
        made.edits, made.why = tuple(edits), why
        return made

    def applied(self) -> dict[str, str]:
        """The whole text of each file that it changes, with the change in it; nothing is written."""
        files = {edit.file for edit in self.edits}
        return {f: apply(source_of(f).text, tuple(e for e in self.edits if e.file == f)) for f in sorted(files)}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a program, said once.

    severity: 'error' (it cannot do what it is meant to, or raised), 'warning' (almost surely wrong) or 'hint'.
    line: of the user's code that must change, in `file` (a cell's code has its cell's file name). evidence: what
    convinced the rule, by name, in words and numbers. nodes: names of what to light up in the graph. step: the training
    step at which it was found, 0 before the first.
    """

    rule: str
    severity: str
    message: str
    file: str = ""
    line: int = 0
    evidence: dict[str, Any] = field(default_factory=dict)
    nodes: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()
    step: int = 0

    @property
    def place(self) -> str:
        """`cell [6] line 9` or `train.py line 9`; '' where no line is to blame."""
        return place_text(cell_label(self.file), self.line) if self.line else ""

    @property
    def source(self) -> str:
        """The text of the line, stripped."""
        lines = source_of(self.file).lines if self.line else []
        return lines[self.line - 1].strip() if self.line <= len(lines) and self.line else ""

    @property
    def headline(self) -> str:
        """What is wrong, and where, in one line."""
        at = f" · {self.place}: {self.source}" if self.line else ""
        return f"{self.severity}: {self.message} [{self.rule}]{at}"

    def __str__(self) -> str:
        rows = [self.headline]
        rows += [f"    {name}: {value}" for name, value in self.evidence.items()]
        rows += [f"    fix: {fix}" + (f"    # {fix.why}" if fix.why else "") for fix in self.fixes]
        return "\n".join(rows)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Errors, then warnings, then hints; each kind in its order."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


class Report:
    """The findings of one watch, in the order of their severity, then of their discovery. Grows while it watches.

    muted: ids of rules that shall be silent; the set itself, which several reports may share: what a rule has said
    goes as soon as it is muted. rules: how many look.
    """

    def __init__(self, muted: set[str] | None = None, rules: int = 0) -> None:
        self._findings: list[Finding] = []
        self.muted: set[str] = set() if muted is None else muted
        self.rules = rules
        self.watched = 0  # backward passes and optimizer steps that were seen
        self.raised: Finding | None = None  # what the exception is that ended it

    @property
    def findings(self) -> list[Finding]:
        """All findings of rules that are not muted, errors first."""
        heard = [finding for finding in tuple(self._findings) if finding.rule not in self.muted]
        return worst_first(heard)

    @property
    def version(self) -> int:
        """A number that grows with each finding."""
        return len(self._findings)

    def has(self, finding: Finding) -> bool:
        """Whether the same rule has spoken of the same line."""
        return any((f.rule, f.file, f.line) == (finding.rule, finding.file, finding.line) for f in self._findings)

    def since(self, version: int) -> list[Finding]:
        """What was found since it had that version, in the order of discovery."""
        return self._findings[version:]

    def add(self, finding: Finding) -> bool:
        """Take a finding. -> False if the same rule has already spoken of this line."""
        if self.has(finding):
            return False
        self._findings.append(finding)
        return True

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __str__(self) -> str:
        return "\n".join(map(str, self.findings)) or "The coach has nothing to say."

    def __repr__(self) -> str:
        return f"<Report: {len(self)} finding{'s' * (len(self) != 1)}>"
