"""A curve that never grows too big: every step appended, every spike kept, four megabytes at most."""

from __future__ import annotations

from array import array
from typing import NamedTuple

import numpy as np

POINTS = 1 << 17  # stored points; 8 bytes each: 1 MiB
RING = 1 << 14  # raw points a reader may lag behind before it gets the decimated curve instead

_Pair = tuple[int, float, int, float]  # step and value of the lowest, step and value of the highest point


class Fresh(NamedTuple):
    """What a reader has not seen yet: `steps` uint32[k], `values` float32[k]; `reset` says they replace all it has."""

    total: int
    steps: np.ndarray
    values: np.ndarray
    reset: bool


class Series:
    """An append-only curve of (step, value), bounded in memory.

    The first 131,072 points are kept as they are; then each bucket of neighbours keeps its smallest and its largest
    point in the order they came, so that a spike survives any number of points. A NaN takes the place of the smallest.
    One thread appends, any number of threads read, without a lock: each append publishes one consistent tuple.
    """

    def __init__(self, name: str, role: str = "train") -> None:
        self.name = name
        self.role = role
        self._width = 1  # raw points behind each stored pair, once decimated
        self._filled = 0  # raw points in the open bucket
        self._ring_steps = array("I", bytes(4 * 256))
        self._ring_values = array("f", bytes(4 * 256))
        # what readers see: stored steps, stored values, how many of them count, open bucket, points appended ever
        self._head: tuple[array[int], array[float], int, _Pair | None, int] = (
            array("I", bytes(4 * 256)),
            array("f", bytes(4 * 256)),
            0,
            None,
            0,
        )

    def append(self, step: int, value: float) -> None:
        """Add one point; only ever from one thread."""
        steps, values, n, pair, total = self._head
        ring = self._ring_values
        if total == len(ring) and total < RING:
            self._grow_ring()
            ring = self._ring_values
        slot = total & (len(ring) - 1)
        self._ring_steps[slot] = step
        ring[slot] = value
        if self._width > 1:
            self._append_bucket(step, ring[slot])
            return
        if n == len(values):
            steps, values, n = self._make_room(steps, values)
            if self._width > 1:
                self._head = (steps, values, n, None, total)
                self._append_bucket(step, ring[slot])
                return
        steps[n] = step
        values[n] = value
        self._head = (steps, values, n + 1, pair, total + 1)

    def __len__(self) -> int:
        """Points appended ever."""
        return self._head[4]

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
        total = self._head[4]
        if not total:
            return None
        slot = (total - 1) & (len(self._ring_values) - 1)
        return self._ring_steps[slot], self._ring_values[slot]

    @property
    def nbytes(self) -> int:
        """Memory held, in bytes."""
        return 8 * (len(self._head[0]) + len(self._ring_steps))

    def snapshot(self) -> tuple[np.ndarray, np.ndarray]:
        """The whole curve as far as it is kept -> (steps uint32[n], values float32[n]), its newest point included."""
        steps, values, n, pair, _ = self._head
        last = self.last
        out_steps = np.frombuffer(steps, np.uint32)[:n]
        out_values = np.frombuffer(values, np.float32)[:n]
        if pair is None:
            return out_steps.copy(), out_values.copy()
        pair = _in_order(pair)
        tail_steps, tail_values = [pair[0], pair[2]], [pair[1], pair[3]]
        if last is not None and last[0] > pair[2]:
            tail_steps.append(last[0])
            tail_values.append(last[1])
        return (
            np.concatenate((out_steps, np.array(tail_steps, np.uint32))),
            np.concatenate((out_values, np.array(tail_values, np.float32))),
        )

    def since(self, seen: int) -> Fresh:
        """The points appended after the first `seen` ones, raw; the whole decimated curve if they are too old."""
        total = self._head[4]
        if seen >= total:
            return Fresh(total, np.empty(0, np.uint32), np.empty(0, np.float32), False)
        ring_steps, ring_values = self._ring_steps, self._ring_values
        size = len(ring_values)
        if total - seen < size:
            slots = np.arange(seen, total) & (size - 1)
            steps = np.frombuffer(ring_steps, np.uint32)[slots]
            values = np.frombuffer(ring_values, np.float32)[slots]
            if self._head[4] - seen < size:  # the writer has not lapped us while we copied
                return Fresh(total, steps, values, False)
        total = self._head[4]
        steps, values = self.snapshot()
        return Fresh(total, steps, values, True)

    def _grow_ring(self) -> None:
        steps, values = array("I", self._ring_steps), array("f", self._ring_values)
        steps.extend(steps)
        values.extend(values)
        self._ring_steps = steps  # steps first: a reader that takes the shorter values only looks at the first half
        self._ring_values = values

    def _make_room(self, steps: array[int], values: array[float]) -> tuple[array[int], array[float], int]:
        """Twice the room, or, at the bound, each four neighbours become their extremes -> (steps, values, n)."""
        n = len(values)
        if n < POINTS:
            room = bytes(4 * n)
            return array("I", steps.tobytes() + room), array("f", values.tobytes() + room), n
        kept_steps, kept_values = _extremes(np.frombuffer(steps, np.uint32), np.frombuffer(values, np.float32))
        self._width = 4 if self._width == 1 else self._width * 2
        room = bytes(4 * (n - len(kept_values)))
        return array("I", kept_steps.tobytes() + room), array("f", kept_values.tobytes() + room), len(kept_values)

    def _append_bucket(self, step: int, value: float) -> None:
        steps, values, n, pair, total = self._head
        pair = (step, value, step, value) if pair is None else _widen(pair, step, value)
        self._filled += 1
        if self._filled == self._width:
            self._filled = 0
            steps[n], values[n], steps[n + 1], values[n + 1] = _in_order(pair)
            n, pair = n + 2, None
            if n == len(values):
                steps, values, n = self._make_room(steps, values)
        self._head = (steps, values, n, pair, total + 1)


def _widen(pair: _Pair, step: int, value: float) -> _Pair:
    """The extremes of a bucket and one newer point; a NaN is the lowest of all, and the first one stays."""
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
