"""Where samples that differ become the same: which values of a turn are equal for all samples of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.coach.record import Op, Turn, Value
from gradbook.coach.rule import Shared
from gradbook.coach.samples import numbers_of

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach

__all__ = ["Sameness", "all_alike"]

FEW = 4  # samples
SPOTS, WIDTH = 4, 64  # rows and columns that are looked at first
ROUNDING = 1e-6  # of the largest number: rows that differ by less are the same
BOUNDED = frozenset(("tanh", "sigmoid", "softmax", "hardtanh", "softsign", "hardsigmoid"))  # numbers of about 1
MOST = 4096  # values of a turn that are walked back


class Sameness(Shared):
    """What is known of the values of this turn; asked for in `turned`."""

    id = "sameness"
    hears = ("operation", "turned")

    def __init__(self, coach: Coach) -> None:
        super().__init__(coach)
        self._alike: dict[int, tuple[Value, bool]] = {}
        self._old: dict[int, tuple[Value, bool]] = {}
        self.resting = False  # nothing is looked at any longer: samples that differ have led to results that do

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        """An operation has run: are its result, and what it was given from outside, the same for all samples?"""
        if self._old:
            self._old = {}
        if self.resting:
            return
        for value in (*op.inputs, *op.outputs):
            if value.kind != "parameter" and id(value) not in self._alike and value.shape and value.shape[0] >= FEW:
                tensor = value.tensor
                if tensor is not None:
                    self._alike[id(value)] = value, all_alike(tensor._array, float(value.op in BOUNDED))

    def turned(self, turn: Turn) -> None:
        """A turn has ended: the rules ask next."""
        self._old, self._alike = self._alike, {}

    def of(self, value: Value) -> bool | None:
        """Whether all samples have the same there; None where there are no samples."""
        known = self._old.get(id(value)) or self._alike.get(id(value))
        return known[1] if known is not None and known[0] is value else None

    def lost_at(self, value: Value) -> Op | None:
        """The operation that was given samples that differ and gave what is the same for all, on the way to a value."""
        if not self.of(value):
            return None
        rows, waiting = value.shape[0], [value]
        seen: set[int] = set()
        while waiting and len(seen) < MOST:
            maker = waiting.pop().maker
            if maker is None or id(maker) in seen:
                continue
            seen.add(id(maker))
            if any(self.of(x) is False and x.shape[0] == rows for x in maker.inputs):
                return maker
            waiting.extend(maker.inputs)
        return None


def all_alike(array: Any, usual: float = 0.0) -> bool:
    """Whether all rows of an array are the same, rounding aside: of its largest number, or of a usual one."""
    array = numbers_of(array)
    flat = array.reshape(len(array), -1)
    one, other = flat[0, :WIDTH], flat[len(flat) // 2, :WIDTH]
    if not one.size or ((one != other).any() and not _alike(flat[:: max(1, len(flat) // SPOTS), :WIDTH], usual)):
        return False  # which most are, at first sight
    return _alike(flat, usual)


def _alike(rows: Any, usual: float) -> bool:
    if rows.dtype.kind not in "fc":
        return bool((rows == rows[:1]).all())
    with np.errstate(all="ignore"):
        apart, size = np.abs(rows - rows[:1]).max(), np.maximum(np.abs(rows).max(), usual)
        return bool(apart <= ROUNDING * size)  # False for what is not a number
