"""How many bytes a computation holds, moment by moment, and who made them: from when arrays begin and end to live."""

from __future__ import annotations

import time
import weakref
from typing import Any

from gradbook.observe.raw import memory_of

__all__ = ["Curve", "Held"]

clock = time.perf_counter
LOG_MOST = 50_000  # changes kept before they are summed up


class _Life(weakref.ref[Any]):
    """A weak reference to an array's memory, with who made it and whether backward needs it."""

    __slots__ = ("key", "nbytes", "saved", "site")
    key: int
    nbytes: int
    saved: bool
    site: int


class Held:
    """Counts the bytes of arrays from when they are seen until they are freed, by the number of who made them.

    `peak`: most bytes at once; `at_peak()`: who held them then. Nothing is kept alive. Costs about a microsecond an
    array.
    """

    def __init__(self) -> None:
        self.live = self.peak = 0
        self.spent = 0.0  # seconds, on arrays that ended
        self._lives: dict[int, _Life] = {}
        self._log: list[tuple[int, int]] = []  # (who, change) since `_base`
        self._base: dict[int, int] = {}  # bytes by who, where the log begins
        self._peak_in_log = 0  # as many entries of the log were there at the peak
        self._at_peak: dict[int, int] | None = None  # told, once the log has forgotten it

    def know(self, array: Any) -> None:
        """An array that an op takes: if nobody made it here, what shows its memory later is not new."""
        root = memory_of(array)
        life = self._lives.get(id(root))
        if life is None or life() is not root:
            self._begin(root, -1, 0)

    def see(self, array: Any, site: int) -> int:
        """An array that somebody made. -> the bytes that are new with it: 0 for a view, or one seen before."""
        root = memory_of(array)
        return root.nbytes if self._begin(root, site, root.nbytes) is not None else 0

    def keep(self, array: Any, site: int) -> int:
        """An array that backward will need. -> the bytes that are kept for backward only since now."""
        root = memory_of(array)
        life = self._lives.get(id(root))
        if life is None or life() is not root:
            life = self._begin(root, site, 0)  # the user's own, such as a batch: kept, but made by nobody here
            if life is None:
                return 0
        if life.saved:
            return 0
        life.saved = True
        return int(root.nbytes)

    def at_peak(self) -> dict[int, int]:
        """Bytes by who made them, at the moment when most were held."""
        if self._at_peak is not None:
            return self._at_peak
        return _summed(self._base, self._log[: self._peak_in_log])

    def close(self) -> None:
        """Stop counting; what was found stays."""
        self._lives.clear()

    def _begin(self, root: Any, site: int, nbytes: int) -> _Life | None:
        key = id(root)
        known = self._lives.get(key)
        if known is not None and known() is root:
            return None
        try:
            life = _Life(root, self._end)
        except TypeError:  # what cannot be referenced weakly cannot be counted
            return None
        life.key, life.site, life.nbytes, life.saved = key, site, nbytes, False
        self._lives[key] = life
        if nbytes:
            self._log.append((site, nbytes))
            self.live += nbytes
            if self.live > self.peak:
                self.peak, self._peak_in_log, self._at_peak = self.live, len(self._log), None
            if len(self._log) > LOG_MOST:
                self._sum_up()
        return life

    def _end(self, life: _Life) -> None:
        began = clock()
        if self._lives.get(life.key) is life:
            del self._lives[life.key]
        if life.nbytes:
            self.live -= life.nbytes
            self._log.append((life.site, -life.nbytes))
        self.spent += clock() - began

    def _sum_up(self) -> None:
        if self._at_peak is None:
            self._at_peak = _summed(self._base, self._log[: self._peak_in_log])
        self._base = _summed(self._base, self._log)
        self._log.clear()
        self._peak_in_log = 0


def _summed(base: dict[int, int], changes: list[tuple[int, int]]) -> dict[int, int]:
    found = dict(base)
    for site, change in changes:
        found[site] = found.get(site, 0) + change
    return {site: nbytes for site, nbytes in found.items() if nbytes}


class Curve:
    """A value over time in at most 2,048 points; when they are full, of each two neighbours the larger stays."""

    MOST = 2048

    def __init__(self) -> None:
        self.points: list[tuple[float, float]] = []
        self._every = 1
        self._waiting = 0
        self._largest = (0.0, -1.0)

    def add(self, when: float, value: float) -> None:
        """One more point."""
        if value > self._largest[1]:
            self._largest = (when, value)
        self._waiting += 1
        if self._waiting < self._every:
            return
        self.points.append(self._largest)
        self._waiting, self._largest = 0, (0.0, -1.0)
        if len(self.points) >= self.MOST:
            pairs = zip(self.points[::2], self.points[1::2], strict=False)
            self.points = [max(pair, key=lambda point: point[1]) for pair in pairs]
            self._every *= 2

    def close(self) -> list[tuple[float, float]]:
        """All points, also those that wait."""
        return [*self.points, self._largest] if self._waiting else list(self.points)
