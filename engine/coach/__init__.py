"""The coach: watches a training, says what is wrong with it, on which line, and how to mend it.

with gradbook.coach.watch() as report:
train()
for finding in report.findings:
print(finding)
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from gradbook import events
from gradbook.coach.coach import Coach
from gradbook.coach.explanation import Explanation, explain, listing, unknown
from gradbook.coach.finding import Finding, Fix, Report
from gradbook.coach.probe import probe
from gradbook.coach.rule import Rule
from gradbook.coach.rules import RULES

__all__ = ["RULES", "Coach", "Explanation", "Finding", "Fix", "Report", "Rule", "explain", "listing", "probe", "watch"]


@contextlib.contextmanager
def watch(*, mute: Iterable[str] = ()) -> Iterator[Report]:
    """Let the coach watch what runs inside. -> the report, which fills while it watches.

    mute: ids of rules that shall stay silent. An exception is a finding too, and goes on as it would. Raises ValueError
    for an id that is no rule's.
    """
    muted = set(mute)
    for rule in sorted(muted - set(RULES)):
        raise ValueError(f"coach.watch: {unknown(rule)}")
    coach = Coach(muted=muted)
    for outer in events.observers:
        if isinstance(outer, Coach) and outer.session is not None:  # `%coach on` watches the same cell
            outer.session.give_way(coach)
    coach.start()
    try:
        yield coach.report
    except BaseException as error:
        coach.finish(error)
        raise
    coach.finish()
