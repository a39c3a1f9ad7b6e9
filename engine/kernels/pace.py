"""How many threads run a program: measured while it is used, alone and shared, and again from time to time.

With a neighbour on the cores one thread alone is faster, because all wait for the slowest.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

from gradbook.backends.threads import most_threads
from gradbook.kernels.program import Program
from gradbook.kernels.team import team

__all__ = ["Paced"]

QUICK = 60e-6  # programs that take less run alone
UNLOCKED = 30e-6  # programs that take longer let other threads run Python meanwhile
RUNS = 4  # of each kind in a comparison
PRICE = 0.02  # of all time at most goes into comparing again
SLOW = 1.3  # so many times what it was, several times on end, is a reason to compare again


class Paced:
    """A program that is run by as many threads as make it fastest, as measured while it is used.

    steps: a list that holds `run` of this; a program so quick that it always runs alone takes its place there.
    """

    def __init__(self, program: Program, steps: list[Callable[[], None]] | None = None) -> None:
        self.program, self.steps = program, steps
        self.threads = 1  # what is best
        self.level = 0.0  # seconds that it took when that was decided
        self.limit = 0
        self._left: list[int] = []  # runs that are still to be made for the comparison, from the last to the first
        self._times: dict[int, list[float]] = {}
        self._next, self._slow, self._known = 0.0, 0, False

    def run(self) -> None:
        """Run the program."""
        most = min(most_threads(), self.program.threads)
        if most != self.limit:
            self.limit, self.threads, self._known = most, 1, False
            self._compare(first=True)
        threads = self._left.pop() if self._left else self.threads
        start = time.perf_counter()
        if threads == 1:
            self.program.run(unlocked=self.level > UNLOCKED)
        else:
            team().run(self.program, threads, min(1e-3, self.level / 4))
        now = time.perf_counter()
        self._note(threads, now - start, now)

    def _note(self, threads: int, took: float, now: float) -> None:
        """What a run took: part of a comparison, or a sign that there should be one."""
        if self._times:
            self._times[threads].append(took)
            if self._known and took > 2 * self.level and threads != self.threads:  # no need to see that again
                self._left = [n for n in self._left if n != threads]
            if not self._left:
                self._decide(now)
            return
        self._slow = self._slow + 1 if took > SLOW * self.level else 0
        if self.limit > 1 and (now > self._next or self._slow >= RUNS):
            self._compare()

    def _compare(self, first: bool = False) -> None:
        """Plan runs with each number of threads, in turn."""
        counts = sorted({1, min(4, self.limit), self.limit})
        self._left = [1] * RUNS if first else (counts * (RUNS - 1 if self._known else RUNS))[::-1]
        self._times = {n: [] for n in (1,) if first} or {n: [] for n in counts}
        self._slow = 0

    def _decide(self, now: float) -> None:
        """The number of threads with the lowest median, unless one thread is as good."""
        times, self._times, self._left = self._times, {}, []
        if len(times) == 1 and not self._known:
            self._first(min(times[1]))
            return
        import statistics  # milliseconds, which one thread need not wait for

        medians = {n: statistics.median(found) for n, found in times.items() if found}
        best = min(medians, key=lambda n: (medians[n] * (1.0 if n == 1 else 1.05), n))
        extra = sum(t - medians[best] for n, found in times.items() for t in found if n != best)
        self.threads, self.level, self._known = best, medians[best], True
        self._next = now + max(0.1, extra / PRICE)

    def _first(self, took: float) -> None:
        """The first runs, all alone, are over."""
        self.threads, self.level, self._next = 1, took, float("inf")
        if took < QUICK:
            if self.steps is not None and self.run in self.steps:
                run = functools.partial(self.program.run, unlocked=True) if took > UNLOCKED else self.program.quick()
                self.steps[self.steps.index(self.run)] = run
        elif self.limit > 1:
            self._compare()
