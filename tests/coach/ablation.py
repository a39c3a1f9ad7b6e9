"""What each rule adds, and what it costs: `python -m tests.coach --ablate`.

What it adds is counted by running our own programs again without it, all in which it speaks. What it costs is measured
on the medium MLP of the benchmarks: in a step that is heard, and in one that is looked at closely.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradbook
from gradbook.coach import RULES
from gradbook.coach.coach import Coach
from tests.benchmarks.bench_coach import mlp, training
from tests.coach.judge import Verdict, judge

__all__ = ["Added", "added", "costs", "table"]

WARM = 5  # turns that are not counted
TURNS = 40
Costs = dict[str, tuple[float, float]]  # by rule: seconds in a heard step, more in one that is looked at


@dataclass
class Added:
    """What a rule adds on some programs: faults that it finds, those among them of which nobody else says a word."""

    found: int = 0
    alone: int = 0
    false: int = 0  # false alarms that go with it
    held: int = 0  # false alarms that come without it: others leave those lines to it


def added(programs: list[Path], verdicts: list[Verdict]) -> dict[str, Added]:
    """By rule. verdicts: of these programs, with all rules."""
    result = {rule: Added() for rule in RULES}
    for path, whole in zip(programs, verdicts, strict=True):
        for rule in whole.spoke:
            without = judge(path, mute=[rule])
            mine = result[rule]
            if whole.found.get(rule, (False,))[0]:
                mine.found += 1
                mine.alone += not without.loud
            mine.false += len(set(whole.false) - set(without.false))
            mine.held += len(set(without.false) - set(whole.false))
    return result


class Stopwatch:
    """A coach whose hooks are timed one by one."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self.coach = Coach()
        self._own = min(self._empty() for _ in range(200))  # what timing itself takes
        self.coach.start()
        for hooks in self.coach.panel._hooks.values():
            hooks[:] = [(who, self._timed(who.id, method)) for who, method in hooks]
        self.coach.attention.stays = lambda *_: True  # type: ignore[method-assign]  # look at all of them

    def _empty(self) -> float:
        began = time.perf_counter()
        return time.perf_counter() - began

    def _timed(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> None:
            began = time.perf_counter()
            method(*args)
            self.spent[name] += time.perf_counter() - began - self._own

        return call

    def steps(self, step: Callable[[], Any], count: int) -> dict[str, float]:
        """Run so many steps. -> seconds of a step by rule, the median."""
        found: defaultdict[str, list[float]] = defaultdict(list)
        for _ in range(count):
            self.spent.clear()
            step()
            for name, seconds in self.spent.items():
                found[name].append(seconds)
        return {name: statistics.median(each + [0.0] * (count - len(each))) for name, each in found.items()}

    def open_eyes(self) -> None:
        """From here on hear each step, and look at none."""
        self.coach._listen(False)
        attention = self.coach.attention
        attention.wakes(10**9)
        attention.affordable = lambda: False  # type: ignore[method-assign]  # at none of them


def costs() -> Costs:
    """Seconds by rule, and by what several of them share, on the medium MLP with one thread."""
    before = gradbook.get_num_threads()
    gradbook.set_num_threads(1)
    watch = Stopwatch()
    try:
        step = training(mlp)
        watch.steps(step, WARM)
        close = watch.steps(step, TURNS)
        watch.open_eyes()
        watch.steps(step, WARM)
        heard = watch.steps(step, 5 * TURNS)
    finally:
        watch.coach.finish()
        gradbook.set_num_threads(before)
    return {name: (heard.get(name, 0.0), close.get(name, 0.0)) for name in {*heard, *close}}


def table(programs: list[Path], verdicts: list[Verdict]) -> str:
    """Markdown: one row a rule, then what they share, then the sum."""
    adds, prices = added(programs, verdicts), costs()
    expected = sum(len(verdict.found) for verdict in verdicts)
    rows = [
        "| rule | finds | only it | recall without it | false alarms of it | held back by it | a heard step | a look |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    total = sum(each.found for each in adds.values())
    for rule, each in adds.items():
        less = f"{(total - each.found) / expected:.3f}" if expected else "–"
        cells = [f"`{rule}`", each.found, each.alone, less, each.false, each.held, *price(prices.get(rule))]
        rows.append(f"| {' | '.join(map(str, cells))} |")
    for name in sorted(set(prices) - set(adds)):
        rows.append(f"| shared: {name} | | | | | | {' | '.join(price(prices[name]))} |")
    whole = (sum(heard for heard, _ in prices.values()), sum(close for _, close in prices.values()))
    rows.append(f"| **all** | {total} | | {total / max(expected, 1):.3f} | | | {' | '.join(price(whole))} |")
    return "\n".join(rows)


def price(seconds: tuple[float, float] | None) -> tuple[str, str]:
    """`350 ns`, `12.1 µs`."""
    heard, close = seconds or (0.0, 0.0)
    return (f"{1e9 * heard:.0f} ns" if heard > 0 else "0"), (f"{1e6 * close:.1f} µs" if close > 0 else "0")
