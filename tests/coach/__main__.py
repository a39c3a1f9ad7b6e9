"""The table of the coach's rules on our own programs: `python -m tests.coach [NAME ...]`."""

from __future__ import annotations

import sys
from collections import Counter

from tests.coach.judge import Verdict, judge, programs


def table(verdicts: list[Verdict]) -> str:
    """Markdown: one row a rule, the sum last."""
    expected, spoke, lines, fixes, false = (
        Counter[str](),
        Counter[str](),
        Counter[str](),
        Counter[str](),
        Counter[str](),
    )
    for verdict in verdicts:
        false.update(verdict.false)
        for rule, (said, line, fix) in verdict.found.items():
            expected[rule] += 1
            spoke[rule] += said
            lines[rule] += said and line
            fixes[rule] += said and fix
    rows = ["| rule | programs | recall | false alarms | right line | right fix |", "|---|---:|---:|---:|---:|---:|"]
    for rule in sorted(expected | false):
        rows.append(row(f"`{rule}`", expected[rule], spoke[rule], false[rule], lines[rule], fixes[rule]))
    total = [sum(counter.values()) for counter in (expected, spoke, false, lines, fixes)]
    rows.append(row("**all**", total[0], total[1], total[2], total[3], total[4]))
    right = sum(not verdict.expected for verdict in verdicts)
    rows.append(f"\n{right} correct programs, {sum(not v.expected and not v.false for v in verdicts)} of them silent; ")
    rows[-1] += f"precision {share(total[1], total[1] + total[2])}."
    return "\n".join(rows)


def row(name: str, expected: int, spoke: int, false: int, lines: int, fixes: int) -> str:
    """One row of the table."""
    return (
        f"| {name} | {expected} | {share(spoke, expected)} | {false} | {share(lines, spoke)} | {share(fixes, spoke)} |"
    )


def share(part: int, whole: int) -> str:
    """`0.97`, or a dash."""
    return f"{part / whole:.2f}" if whole else "–"


if __name__ == "__main__":
    chosen = [path for path in programs() if not sys.argv[1:] or any(word in str(path) for word in sys.argv[1:])]
    found = [judge(path) for path in chosen]
    for verdict in found:
        if not verdict.good:
            print(f"--- {verdict.name}: expected {verdict.expected}, false {verdict.false}\n{verdict.report}")
    print(table(found))
