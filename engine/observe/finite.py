"""Whether numbers are finite, cheaply; and where and how many are not. Any device; whole numbers always are."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import backends
from gradbook.backends import cpu

__all__ = ["FINITE", "INF", "NAN", "entries", "is_finite", "nonfinite", "norm", "state", "worst"]

NAN, INF = 1, 2  # bits of `state`
FINITE = 0
_every, _isfinite = np.logical_and.reduce, np.isfinite


def is_finite(value: Any) -> bool:
    """Whether an array, or a number, has neither NaN nor infinity in it.

    One pass without an addition: as fast as a dot product of an array with itself, but never wrong about large numbers,
    silent, and without a copy of a transposed array. On a GPU it waits for the array.
    """
    if type(value) is np.ndarray:
        return value.dtype.kind not in "fcV" or bool(_every(_isfinite(value), axis=None))
    if isinstance(value, float | complex):
        return value - value == 0
    value = backends.all_samples(value)  # of vmap's samples, if any is bad the operation is
    if not backends.is_array(value) or value.dtype.kind not in "fcV":
        return True
    return bool(backends.xp_of(value).isfinite(value).all())


def state(value: Any) -> int:
    """0 where everything is finite, else NAN and INF added up."""
    if is_finite(value):
        return FINITE
    if not backends.is_array(value):
        return NAN if value != value else INF
    value = backends.all_samples(value)
    xp = backends.xp_of(value)
    return NAN * bool(xp.isnan(value).any()) + INF * bool(xp.isinf(value).any())


def nonfinite(value: Any, bits: int = NAN | INF) -> Any:
    """bool array: where it is NaN, infinite, or either, as `bits` say."""
    xp = backends.xp_of(value)
    if bits == NAN:
        return xp.isnan(value)
    return xp.isinf(value) if bits == INF else ~xp.isfinite(value)


def entries(mask: Any, at_most: int = 5) -> tuple[int, list[tuple[int, ...]]]:
    """How many elements of a mask are true, and the places of the first ones."""
    flat = mask.reshape(-1)
    count = int(flat.sum())
    found: list[tuple[int, ...]] = []
    if count:
        places = cpu.asarray(flat.nonzero()[0][:at_most])
        found = [tuple(int(i) for i in np.unravel_index(int(place), mask.shape)) for place in places]
    return count, found


def worst(array: Any) -> tuple[int, int, list[tuple[int, ...]]]:
    """(`state`, how many elements are NaN, or infinite where none is NaN, the places of the first of them)."""
    bits = state(array)
    return bits, *entries(nonfinite(array, NAN if bits & NAN else INF))


def norm(array: Any) -> float:
    """The square root of the sum of squares, in single precision at least."""
    array = backends.all_samples(array)
    if array.dtype.itemsize <= 2 or array.dtype.kind not in "fc":
        array = array.astype(np.float32)
    flat = array.reshape(-1)
    with np.errstate(all="ignore"):
        found: float = float(abs(backends.xp_of(flat).vdot(flat, flat))) ** 0.5
    if found == float("inf") and is_finite(array):  # too large to square
        largest: float = float(abs(flat).max())
        found = largest * norm(flat / largest)
    return found
