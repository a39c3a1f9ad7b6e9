"""When the coach looks closely: at the first turns, at evaluations, then now and then, within a share of the time."""

from __future__ import annotations

__all__ = ["EARLY", "GRACE", "SHARE", "Attention"]

EARLY = 4  # turns that are always watched
SHARE = 0.03  # of the time that close looks may cost, in the long run
GRACE = 0.1  # seconds beyond that which they may cost at the beginning
EVALUATIONS = 3  # evaluations that are watched whatever they cost
PAUSE = 0.2  # seconds between two later looks at least
MOST = 4_000  # operations of one look
LATER = frozenset((6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024))  # short runs have a history


class Attention:
    """Keeps account of what close looks cost. Times in seconds."""

    def __init__(self) -> None:
        self.cost = self._begun = self._last = 0.0
        self._evaluations = 0

    def begin(self, now: float) -> None:
        """The watch begins."""
        self._begun = self._last = now

    def spent(self, seconds: float, ops: int = 0) -> bool:
        """A look has cost so much, and seen so many operations in its turn. -> whether it has to end here."""
        self.cost += seconds
        return ops >= MOST

    def affordable(self, now: float) -> bool:
        """Whether there is time for another look."""
        return self.cost < GRACE + SHARE * (now - self._begun)

    def stays(self, steps: int, now: float, fresh: bool) -> bool:
        """A turn has ended. -> whether the next one is watched too. fresh: an optimizer has stepped only once."""
        self._last = now
        return steps < EARLY or fresh

    def due(self, steps: int, now: float) -> bool:
        """Whether to look closely from here on, after so many steps."""
        return (steps in LATER or now - self._last > PAUSE) and self.affordable(now)

    def evaluation(self, now: float) -> bool:
        """An evaluation begins. -> whether it is watched."""
        self._evaluations += 1
        return self._evaluations <= EVALUATIONS or self.affordable(now)
