"""A curve that never grows too big: every step appended, every spike kept, four megabytes at most."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["POINTS", "RING", "Fresh", "Series", "thin"]

POINTS = 1 << 17  # stored points; 8 bytes each: 1 MiB
RING = 1 << 14  # raw points a reader may lag behind before it gets the decimated curve instead
BATCH = 128  # points that wait in a list before they are stored together

_Pair = tuple[int, float, int, float]  # step and value of the lowest, step and value of the highest point


class Fresh(NamedTuple):
    """What a reader has not seen yet: `steps` uint32[k], `values` float32[k]; `reset` says they replace all it has."""

    total: int
    steps: np.ndarray
    values: np.ndarray
    reset: bool


class _Head(NamedTuple):
    """All that a reader looks at, published as one.

    Of `steps` and `values` the first `n` count; `pair` are the extremes of the open bucket; `total` points are in all
    these, and `tail` holds the newest ones: step, value, step, value …
    """

    steps: np.ndarray
    values: np.ndarray
    n: int
    pair: _Pair | None
    total: int
    tail: list[float]


class Series:
    """An append-only curve of (step, value), bounded in memory.

    The first 131,072 points are kept as they are; then each bucket of neighbours keeps its smallest and its largest
    point in the order they came, so that a spike survives any number of points. A NaN takes the place of the smallest.
    One thread appends, any number of threads read, without a lock: what readers look at is published as one tuple.
    """

    def __init__(self, name: str, role: str = "train") -> None:
        self.name = name
        self.role = role
        self._width = 1  # raw points behind each stored pair, once decimated
        self._filled = 0  # raw points in the open bucket
        self._ring = np.zeros(256, np.uint32), np.zeros(256, np.float32)
        self._tail: list[float] = []
        self._head = _Head(np.zeros(256, np.uint32), np.zeros(256, np.float32), 0, None, 0, self._tail)

    def append(self, step: int, value: float) -> None:
        """Add one point; only ever from one thread."""
        tail = self._tail  # a list, because in a training loop each array touched is a cache miss
        tail.append(step)
        tail.append(value)
        if len(tail) >= 2 * BATCH:
            self._store()

    def __len__(self) -> int:
        """Points appended ever."""
        head = self._head
        return head.total + len(head.tail) // 2

    @property
    def steps(self) -> np.ndarray:
        """Steps of the kept points -> uint32[n]."""
        return self.snapshot()[0]

    @property
    def values(self) -> np.ndarray:
        """Values of the kept points -> float32[n]."""
        return self.snapshot()[1]

    @property
    def last(self) -> tuple[int, float] | None:
        """The newest point, or None."""
        tail = self._head.tail
        whole = len(tail) // 2 * 2  # of a point that is just being added, only the step may be there
        steps, values = _points(tail[whole - 2 : whole]) if whole else self.since(max(len(self) - 1, 0))[1:3]
        return (int(steps[-1]), float(values[-1])) if len(steps) else None

    @property
    def nbytes(self) -> int:
        """Memory held, in bytes."""
        return 8 * (len(self._head.steps) + len(self._ring[0])) + 80 * BATCH

    def snapshot(self) -> tuple[np.ndarray, np.ndarray]:
        """The whole curve as far as it is kept -> (steps uint32[n], values float32[n]), its newest point included."""
        head = self._head
        steps, values = _points(head.tail)
        stored_steps, stored_values = head.steps[: head.n], head.values[: head.n]
        if head.pair is None:
            return np.concatenate((stored_steps, steps)), np.concatenate((stored_values, values))
        first_step, first, second_step, second = _in_order(head.pair)
        pair_steps, pair_values = np.array((first_step, second_step), np.uint32), np.array((first, second), np.float32)
        newest = self._from_ring(head.total - 1, head.total) if not len(steps) else None
        if newest is not None and newest[0][-1] > second_step:
            steps, values = newest
        return np.concatenate((stored_steps, pair_steps, steps)), np.concatenate((stored_values, pair_values, values))

    def since(self, seen: int) -> Fresh:
        """The points appended after the first `seen` ones, raw; the whole decimated curve if they are too old."""
        head = self._head
        steps, values = _points(head.tail)
        total = head.total + len(steps)
        if seen >= head.total:
            new = seen - head.total
            return Fresh(total, steps[new:], values[new:], False)
        older = self._from_ring(seen, head.total)
        if older is not None:
            return Fresh(total, np.concatenate((older[0], steps)), np.concatenate((older[1], values)), False)
        total = len(self)
        return Fresh(total, *self.snapshot(), True)

    def _from_ring(self, start: int, end: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Raw points number `start` to `end`, None if they are overwritten already or may be just now."""
        steps, values = self._ring
        slots = np.arange(start, end) & (len(steps) - 1)
        found = steps[slots], values[slots]
        return found if self._head.total + BATCH - start <= len(steps) else None

    def _store(self) -> None:
        """Move the waiting points into the ring and the store."""
        head = self._head
        new_steps, new_values = _points(self._tail)
        count = len(new_steps)
        self._to_ring(new_steps, new_values, head.total)
        steps, values, n, pair = head[:4]
        at = 0
        while at < count:
            if self._width == 1:
                room = min(count - at, len(values) - n)
                steps[n : n + room], values[n : n + room] = new_steps[at : at + room], new_values[at : at + room]
                n, at = n + room, at + room
            else:
                pair = _widen(pair, int(new_steps[at]), float(new_values[at]))
                at += 1
                self._filled += 1
                if self._filled == self._width:
                    steps[n], values[n], steps[n + 1], values[n + 1] = _in_order(pair)
                    n, pair, self._filled = n + 2, None, 0
            if n == len(values):
                steps, values, n = self._make_room(steps, values)
        self._tail = []
        self._head = _Head(steps, values, n, pair, head.total + count, self._tail)

    def _to_ring(self, new_steps: np.ndarray, new_values: np.ndarray, total: int) -> None:
        steps, values = self._ring
        if total + len(new_steps) + BATCH > len(steps) and len(steps) < RING:
            grown = np.zeros(4 * len(steps), np.uint32), np.zeros(4 * len(steps), np.float32)
            grown[0][: len(steps)], grown[1][: len(steps)] = steps, values  # it has not wrapped around yet
            steps, values = self._ring = grown
        slots = np.arange(total, total + len(new_steps)) & (len(steps) - 1)
        steps[slots], values[slots] = new_steps, new_values

    def _make_room(self, steps: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
        """Twice the room, or, at the bound, each four neighbours become their extremes -> (steps, values, n)."""
        n = len(values)
        if n >= POINTS:
            steps, values = _extremes(steps, values)
            self._width = 4 if self._width == 1 else self._width * 2
        kept, size = len(values), max(n, 2 * len(values))
        more_steps, more_values = np.zeros(size, np.uint32), np.zeros(size, np.float32)
        more_steps[:kept], more_values[:kept] = steps, values
        return more_steps, more_values, kept


@np.errstate(all="ignore")
def _points(tail: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """[step, value, step, value …] -> (uint32[k], float32[k]); a step whose value is still to come does not count."""
    tail = tail[: len(tail) // 2 * 2]
    return np.array(tail[::2], np.uint32), np.array(tail[1::2], np.float32)


def _widen(pair: _Pair | None, step: int, value: float) -> _Pair:
    """The extremes of a bucket and one newer point; a NaN is the lowest of all, and the first one stays."""
    if pair is None:
        return step, value, step, value
    low_step, low, high_step, high = pair
    if value != value:
        return (step, value, high_step, high) if low == low else pair
    if value > high or high != high or (value == high and low_step == high_step):
        return (low_step, low, step, value)
    return (step, value, high_step, high) if value < low else pair


def _in_order(pair: _Pair) -> _Pair:
    """(lowest, highest) -> (first, second)."""
    return pair if pair[0] <= pair[2] else (pair[2], pair[3], pair[0], pair[1])


def _extremes(steps: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each four neighbours the lowest and the highest, in order: (4k,), (4k,) -> (2k,), (2k,)."""
    groups = values.reshape(-1, 4)
    bad = np.isnan(groups)
    low = np.where(bad.any(1), bad.argmax(1), np.where(bad, np.inf, groups).argmin(1))
    high = np.where(bad, -np.inf, groups).argmax(1)
    same = low == high
    low, high = np.where(same, 0, low), np.where(same, 3, high)
    order = np.sort(np.stack((low, high), 1), 1)
    index = (order + 4 * np.arange(len(groups))[:, None]).ravel()
    return steps[index], values[index]


def thin(steps: np.ndarray, values: np.ndarray, at_most: int) -> tuple[np.ndarray, np.ndarray]:
    """At most `at_most` points of a curve, the extremes of each bucket kept: (n,), (n,) -> (m,), (m,), m <= at_most.

    Raises ValueError if `at_most` is less than 4.
    """
    if at_most < 4:
        raise ValueError(f"thin: at_most is {at_most}; a curve needs at least 4 points")
    while len(values) > at_most:
        whole = len(values) // 4 * 4
        kept_steps, kept_values = _extremes(steps[:whole], values[:whole])
        steps, values = np.concatenate((kept_steps, steps[whole:])), np.concatenate((kept_values, values[whole:]))
    return steps, values
