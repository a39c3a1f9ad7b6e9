"""What the coach says in a notebook, as text: under a cell, and for `%coach`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gradbook.widgets import frontend

if TYPE_CHECKING:
    from gradbook.coach import Finding

__all__ = ["Told", "counted", "news", "show_news"]

MORE = "%coach report tells all of it, %coach explain RULE why"
MOST = 5  # findings under a cell
SEVERITIES = ("error", "warning", "hint")
Cells = Sequence[tuple[str, Sequence["Finding"]]]  # [('[7]', its findings)]


def show_news(findings: Sequence[Finding], label: str, seen: bool, theme: str) -> None:
    """Show what the coach found in a cell under it, unless it is seen there already, in a live view."""
    if findings and not (seen and frontend.detect() != "text"):
        print(news(findings, label))


def news(findings: Sequence[Finding], label: str) -> str:
    """The findings of one cell in short: what, where and the best fix of each, errors first."""
    lines = [f"coach · {counted(findings)} in cell {label} · {MORE}"]
    for finding in findings[:MOST]:
        lines.append(f"  {headed(finding)}")
        lines += [f"      fix: {fix}" for fix in finding.fixes[:1]]
    if len(findings) > MOST:
        lines.append(f"  … {len(findings) - MOST} more")
    return "\n".join(lines)


def headed(finding: Finding) -> str:
    """A finding in one line."""
    at = f" · {finding.place}: {finding.source}" if finding.line else ""
    return f"{finding.severity}: {finding.message} [{finding.rule}]{at}"


class Told:
    """Everything that is open, as `%coach report` shows it; `cells` are [('[7]', its findings)]."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells

    def __repr__(self) -> str:
        parts = []
        for label, findings in self.cells:
            parts += [f"cell {label} · {counted(findings)}", *(str(finding) for finding in findings), ""]
        return "\n".join(parts).rstrip() or "The coach has nothing to say."


def counted(findings: Iterable[Finding]) -> str:
    """`2 errors, 1 warning`, or that there is nothing."""
    counts = Counter(finding.severity for finding in findings)
    parts = [f"{counts[name]} {name}{'s' * (counts[name] != 1)}" for name in SEVERITIES if counts[name]]
    return ", ".join(parts) or "nothing to say"
