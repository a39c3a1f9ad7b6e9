"""Rivals timed side by side, block by block (A B A B …), on a machine that others use too.

Blocks in which other processes took more than an eighth of a core are thrown away and measured again. With one thread
the clock is the process's own CPU time, which stands still while another process has the core: every block counts.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

__all__ = ["Timing", "side_by_side"]

FOREIGN = 0.12  # cores that other processes may take in a block
SETTLE = 0.03  # seconds between blocks: threads that spin after their work go to sleep
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class Timing(NamedTuple):
    """Seconds of one call: the median of the clean blocks, half the distance of their quartiles, the least of all."""

    median: float
    spread: float
    least: float
    clean: int
    blocks: int


class Block(NamedTuple):
    """Seconds a call in one block, and the cores that other processes took meanwhile."""

    seconds: float
    foreign: float


def side_by_side(
    rivals: dict[str, Callable[[], object]], *, cpu: bool, seconds: float = 0.2, rounds: int = 9, budget: float = 60.0
) -> dict[str, Timing]:
    """Time them in turns until each has `rounds` clean blocks or the budget (seconds, of all) is spent.

    cpu: the clock is the process's CPU time. A rival without a clean block is given by its quickest third, clean = 0.
    """
    calls = {name: calls_in(work, seconds) for name, work in rivals.items()}
    found: dict[str, list[Block]] = {name: [] for name in rivals}
    began = time.perf_counter()
    while True:
        for name, work in rivals.items():
            time.sleep(min(SETTLE, seconds / 4))
            work()
            found[name].append(block(work, calls[name], cpu))
        least = min(sum(each.foreign <= FOREIGN for each in blocks) for blocks in found.values())
        if least >= rounds or time.perf_counter() - began > budget:
            return {name: summary(blocks) for name, blocks in found.items()}


def calls_in(work: Callable[[], object], seconds: float) -> int:
    """How many calls take about so long. The first ones warm up: compiled functions record their second."""
    best = float("inf")
    for _ in range(5):
        work()
    for _ in range(3):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return max(1, round(seconds / max(best, 1e-7)))


def block(work: Callable[[], object], calls: int, cpu: bool) -> Block:
    """Call it so often, timed."""
    clock = time.process_time if cpu else time.perf_counter
    busy, own, wall, began = machine_seconds(), own_seconds(), time.perf_counter(), clock()
    for _ in range(calls):
        work()
    took, wall = clock() - began, time.perf_counter() - wall
    foreign = (machine_seconds() - busy) - (own_seconds() - own)
    return Block(took / calls, 0.0 if cpu else max(0.0, foreign) / wall)


def summary(blocks: list[Block]) -> Timing:
    """The clean blocks as one Timing."""
    every = sorted(each.seconds for each in blocks)
    clean = sorted(each.seconds for each in blocks if each.foreign <= FOREIGN)
    used = clean or every[: max(1, len(every) // 3)]
    quartiles = statistics.quantiles(used, n=4) if len(used) > 1 else [used[0]] * 3
    return Timing(statistics.median(used), (quartiles[2] - quartiles[0]) / 2, every[0], len(clean), len(blocks))


def machine_seconds() -> float:
    """Seconds that all cores were busy so far; 0 where the system does not tell."""
    try:
        with Path("/proc/stat").open() as file:
            counts = [int(word) for word in file.readline().split()[1:9]]
    except OSError:
        return 0.0
    user, nice, system, _, _, interrupt, soft, stolen = counts
    return (user + nice + system + interrupt + soft + stolen) / TICKS


def own_seconds() -> float:
    """Seconds of that which this process and its children took."""
    return sum(os.times()[:4])
