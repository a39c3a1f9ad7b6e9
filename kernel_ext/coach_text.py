"""What the coach says in a notebook: under a cell, and for `%coach`; to explore where a page can, else as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from gradbook.widgets import frontend

if TYPE_CHECKING:
    from gradbook.coach import Finding

__all__ = ["Told", "counted", "news", "show_lessons", "show_news"]

MORE = "%coach report tells all of it, %coach explain RULE why"
MOST = 5  # findings under a cell
OnMute = Callable[[str, bool], object]
Cells = Sequence[tuple[str, Sequence["Finding"]]]  # [('[7]', its findings)]


def show_news(findings: Sequence[Finding], label: str, seen: bool, theme: str, on_mute: OnMute | None = None) -> None:
    """Show what the coach found in a cell under it, unless it is seen there already, in a live view."""
    text = frontend.detect() == "text"
    if not findings or (seen and not text):
        return
    if text:
        print(news(findings, label))
        return
    from IPython.display import display

    from gradbook.widgets import CoachReport

    title = f"coach · {counted(findings)} in cell {label}"
    display(CoachReport(findings, theme, title=title, cell=label, text=news(findings, label), on_mute=on_mute))


def show_lessons(rules: Sequence[str]) -> None:
    """Teach rules."""
    from gradbook.widgets import CoachLesson

    if frontend.detect() == "text":
        print("\n\n".join(CoachLesson(rule).text for rule in rules))
        return
    from IPython.display import display

    display(*map(CoachLesson, rules))


def news(findings: Sequence[Finding], label: str) -> str:
    """The findings of one cell in short: what, where and the best fix of each, errors first."""
    lines = [f"coach · {counted(findings)} in cell {label} · {MORE}"]
    for finding in findings[:MOST]:
        lines.append(f"  {finding.headline}")
        lines += [f"      fix: {fix}" for fix in finding.fixes[:1]]
    if len(findings) > MOST:
        lines.append(f"  … {len(findings) - MOST} more")
    return "\n".join(lines)


class Told:
    """Everything that is open, as `%coach report` shows it; `cells` are [('[7]', its findings)]."""

    def __init__(self, cells: Cells, theme: str = "auto", on_mute: OnMute | None = None) -> None:
        self.cells, self.theme, self.on_mute = cells, theme, on_mute

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        if frontend.detect() == "text":
            return {"text/plain": repr(self)}
        from gradbook.coach.finding import worst_first
        from gradbook.widgets import CoachReport

        findings = worst_first(finding for _, found in self.cells for finding in found)
        title = f"coach · {counted(findings)} in this session"
        return CoachReport(findings, self.theme, title=title, text=repr(self), on_mute=self.on_mute)._repr_mimebundle_()

    def __repr__(self) -> str:
        parts = []
        for label, findings in self.cells:
            parts += [f"cell {label} · {counted(findings)}", *(str(finding) for finding in findings), ""]
        return "\n".join(parts).rstrip() or "The coach has nothing to say."


def counted(findings: Iterable[Finding]) -> str:
    """`2 errors, 1 warning`, or that there is nothing."""
    from gradbook.coach.finding import SEVERITIES

    counts = Counter(finding.severity for finding in findings)
    parts = [f"{counts[name]} {name}{'s' * (counts[name] != 1)}" for name in SEVERITIES if counts[name]]
    return ", ".join(parts) or "nothing to say"
