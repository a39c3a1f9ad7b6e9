"""The losses of a training as curves: one for each place that calls backward, bounded in memory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gradbook.coach.rule import Shared
from gradbook.observe.source import Where

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach

__all__ = ["Curve", "Curves"]

MOST = 512  # values of a curve; of a longer one every second is dropped, and so on
GROWTH = 100.0  # a loss that is so many times what it was at its lowest diverges


class Curve:
    """The losses of one place. `values` holds every `every`-th of `count`, all of them finite."""

    def __init__(self, where: Where | None) -> None:
        self.where = where
        self.values: list[float] = []
        self.count = 0
        self.every = 1
        self.lowest = self.highest = self.last = math.nan
        self.bad = 0  # the number of its first value that is not finite, 0 if there is none

    def add(self, value: float) -> None:
        """The next loss."""
        self.count += 1
        if value - value != 0:
            self.bad = self.bad or self.count
            return
        self.last = value
        if not value >= self.lowest:
            self.lowest = value
        if not value <= self.highest:
            self.highest = value
        if (self.count - 1) % self.every == 0:
            self.values.append(value)
            if len(self.values) >= MOST:
                del self.values[1::2]
                self.every *= 2

    @property
    def first(self) -> float:
        """The first loss, NaN if it was not finite."""
        return self.values[0] if self.values else math.nan

    def grew(self) -> bool:
        """Whether it diverges: its last finite values run away from its lowest."""
        recent = self.values[-20:]
        low = min(map(abs, recent), default=0.0)
        return len(recent) > 1 and abs(recent[-1]) > GROWTH * max(low, 1e-6) and self.last >= recent[-1]


class Curves(Shared):
    """The curves of a watch; the coach itself adds each loss, at rest too."""

    id = "curves"

    def __init__(self, coach: Coach) -> None:
        super().__init__(coach)
        self.curves: dict[tuple[int, int], Curve] = {}

    def fell(self, share: float = 0.5) -> bool:
        """Whether a loss has come down to this share of its first value."""
        return any(curve.last < share * curve.first for curve in self.curves.values())

    def curve(self, where: Where | None) -> Curve:
        """That of a place."""
        key = (id(where[0]), where[1]) if where is not None else (0, 0)
        known = self.curves.get(key)
        if known is None:
            known = self.curves[key] = Curve(where)  # which keeps the code object, so that its id stays its own
        return known
