"""What every benchmark gives back: rows; and how two rivals are timed fairly."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

__all__ = ["Row", "interleaved", "milliseconds", "show"]

ROUNDS = 9
ROUND_SECONDS = 0.15


class Row(NamedTuple):
    """One measured number, as text; `bar` is what we hold ourselves to, or nothing."""

    name: str
    value: str
    bar: str = ""
    note: str = ""


def interleaved(rivals: dict[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """Time functions in turns (A B A B …), so that what else the machine does meets all of them alike.

    -> seconds a call of each: the median of the rounds, each round long enough to trust the clock.
    """
    calls = {}
    for name, work in rivals.items():
        work()  # warm
        started = time.perf_counter()
        work()
        calls[name] = max(1, round(ROUND_SECONDS / max(time.perf_counter() - started, 1e-7)))
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(rounds):
        for name, work in rivals.items():
            started = time.perf_counter()
            for _ in range(calls[name]):
                work()
            seconds[name].append((time.perf_counter() - started) / calls[name])
    return {name: statistics.median(values) for name, values in seconds.items()}


def milliseconds(seconds: float) -> str:
    """`0.00123` -> `1.23 ms`; below a tenth in microseconds."""
    return f"{seconds * 1e6:,.1f} µs" if seconds < 1e-4 else f"{seconds * 1e3:,.2f} ms"


def show(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table, aligned for a terminal too."""
    table = [Row("what", "measured", "bar", "note"), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(4)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in table
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
