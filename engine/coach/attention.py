"""How much the coach attends to: everything of the first turns, then now and then; between, it rests.

Three degrees. Closely, every operation is looked at: at the first turns, at evaluations, later when there is time for
it. Awake, backward passes, steps and cleared gradients are told to the rules: the first steps, then a few in a row,
again and again. At rest, steps are counted and losses written down, and nothing else is done.
"""

from __future__ import annotations

import math

from gradbook.observe.source import Where

__all__ = ["EARLY", "FIRST", "GRACE", "PREPARED", "REST", "SHARE", "WINDOW", "Attention"]

EARLY = 4  # turns that are always watched closely
SHARE = 0.02  # of the time that close looks may cost, in the long run
GRACE = 0.1  # seconds beyond that which they may cost at the beginning
EVALUATIONS = 3  # evaluations that are watched whatever they cost
DENSE = 4  # steps to an evaluation: where they follow each other faster, only some of them are watched
PAUSE = 0.4  # seconds between two later looks at least
FAR = 0.005  # seconds of one part of a look at most
MOST = 4_000  # operations of one look
OFTEN, MANY = 128, 30_000  # runs of a line before the training that are looked at; of all such lines, that are counted
PREPARED = 3  # looks so long at what a program does before it trains
LATER = (6, 8, 12, 16, 24, 32, 64, 128, 256, 512, 1024)  # short runs have a history
FIRST = 40  # steps that are heard before the first rest
WINDOW = 8  # steps in a row that are heard between two rests: most habits show in three
NEWS = 8  # optimizers whose first steps are heard so
REST = 120  # steps of a rest
NAP = 0.1  # seconds that it is to last at most: of steps that take long more are heard


class Attention:
    """Keeps account of what looking costs. Times in seconds.

    Its clock is the training's own: of each step no more counts than twice what the quickest of its like took, so that
    on a busy machine it looks no more often than on an idle one.
    """

    def __init__(self, now: float) -> None:
        self.cost = self.time = self._last = 0.0
        self._beat = now
        self._quickest = self._usual = math.inf  # the shortest step of this window, of the one before
        self._evaluations = self._news = self._next = self._again = 0
        self._lines: dict[tuple[int, int], int] = {}  # how often each has run before the training
        self.resting = False  # steps are counted, and told to no rule
        self._left = FIRST  # steps of this window, or of this rest

    # -- close looks -------------------------------------------------------------------------------------------------

    def spent(self, seconds: float) -> None:
        """A part of a look has cost so much. Where it is far more than usual, another process had the machine."""
        self.cost += min(seconds, FAR)

    def begins(self) -> None:
        """The first backward pass: what looking at the preparation has cost is no part of the training's account."""
        self.cost = 0.0
        self._lines.clear()

    def affordable(self) -> bool:
        """Whether there is time for another look."""
        return self.cost < GRACE + SHARE * self.time

    def stays(self, steps: int, fresh: bool) -> bool:
        """A turn has ended. -> whether the next one is watched too. fresh: an optimizer has stepped only once."""
        self._last = self.time
        return steps < EARLY or fresh

    def due(self, steps: int) -> bool:
        """Whether to look closely from here on, after so many steps."""
        if steps < EARLY:  # the look before it was too long to come to its end
            return True
        reached = self._next
        while self._next < len(LATER) and steps >= LATER[self._next]:
            self._next += 1
        return (self._next > reached or self.time - self._last > PAUSE) and self.affordable()

    def evaluation(self, steps: int) -> bool:
        """What may be an evaluation begins, after so many steps. -> whether it is watched."""
        self._evaluations += 1
        if self._evaluations <= EVALUATIONS:
            return True
        dense = self._evaluations * DENSE > steps
        often = dense and self._evaluations not in LATER and self.time - self._last < PAUSE
        return not often and self.affordable()

    def knows(self, where: Where | None) -> bool:
        """Whether a line that prepares data, an element at a time, has been seen often enough."""
        key = (id(where[0]), where[1]) if where is not None else (0, 0)
        count = self._lines[key] = self._lines.get(key, 0) + 1
        self._again += count > OFTEN
        return count > OFTEN

    @property
    def bored(self) -> bool:
        """Whether there was far too much of that."""
        return self._again >= MANY

    # -- rests -------------------------------------------------------------------------------------------------------

    def beat(self, now: float) -> bool:
        """A step is over. -> whether a rest begins here, or ends."""
        took, self._beat = now - self._beat, now
        self.time += min(took, 2 * self._usual)
        self._left -= 1
        if not self.resting:
            self._quickest = min(self._quickest, took)
        if self._left > 0:
            return False
        if self.resting:
            self.wakes()
        else:
            self.resting, self._usual = True, self._quickest
            self._left = max(1, min(REST, round(NAP / max(self._usual, 1e-9))))
        return True

    def wakes(self, steps: int = WINDOW) -> None:
        """So many steps are heard from here on."""
        self.resting, self._left, self._quickest = False, steps, math.inf

    def news(self) -> None:
        """There is something new: an optimizer has taken its first step."""
        self._news += 1
        self.wakes(FIRST if self._news <= NEWS else WINDOW)
