"""Arrays of any strides as few loops: axes of length 1 left out, axes that follow each other in memory made one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.exceptions import TooHardError

from gradbook.kernels.program import Unsupported

__all__ = ["Loops", "broadcast_strides", "check_overlap", "loops"]

WORK = 1000  # candidates looked at to tell whether arrays share memory


class Loops(NamedTuple):
    """Nested loops, the innermost last: lengths, and for each array how many bytes a turn of each is."""

    shape: tuple[int, ...]
    strides: tuple[tuple[int, ...], ...]  # of each array, one a loop


def broadcast_strides(array: np.ndarray[Any, Any], shape: tuple[int, ...]) -> tuple[int, ...]:
    """An array's strides over a shape that it broadcasts to: 0 along axes that it lacks. Raises Unsupported if not."""
    missing = len(shape) - array.ndim
    if missing < 0:
        raise Unsupported(f"an array of shape {array.shape} does not fit {shape}")
    found = [0] * missing
    for length, stride, wanted in zip(array.shape, array.strides, shape[missing:], strict=True):
        if length not in (1, wanted):
            raise Unsupported(f"an array of shape {array.shape} does not fit {shape}")
        found.append(stride if length != 1 else 0)
    return tuple(found)


def loops(shape: Sequence[int], strides: Sequence[Sequence[int]], lead: int = 0) -> Loops:
    """The loops over `shape`, sorted by the strides of array `lead`, and merged wherever that holds for all arrays."""
    axes = [(length, tuple(one[i] for one in strides)) for i, length in enumerate(shape) if length != 1]
    if strides:  # stable: equal strides stay in their order
        axes.sort(key=lambda axis: (-abs(axis[1][lead]), -sum(map(abs, axis[1]))))
    merged: list[tuple[int, tuple[int, ...]]] = []
    for length, steps in axes:
        if merged and all(a == b * length for a, b in zip(merged[-1][1], steps, strict=True)):
            merged[-1] = (merged[-1][0] * length, steps)
        else:
            merged.append((length, steps))
    if not merged:
        merged = [(1, (0,) * len(strides))]
    return Loops(tuple(axis[0] for axis in merged), tuple(zip(*(axis[1] for axis in merged), strict=True)))


def check_overlap(outs: Sequence[np.ndarray[Any, Any]], inputs: Sequence[np.ndarray[Any, Any]]) -> None:
    """Raise Unsupported if an output shares memory with another array, unless it is that array, element for element."""
    for i, out in enumerate(outs):
        if not out.flags.writeable:
            raise Unsupported("an output is read-only")
        if any(stride == 0 for stride, length in zip(out.strides, out.shape, strict=True) if length > 1):
            raise Unsupported("an output is broadcast")
        for other in (*outs[i + 1 :], *inputs):
            if meet(out, other) and not (_same(out, other) and not _among(other, outs[i + 1 :])):
                raise Unsupported("an output shares memory with another array")


def meet(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    """Whether two arrays share memory, or might: columns of the same rows do not."""
    if not np.may_share_memory(a, b):
        return False
    try:
        return bool(np.shares_memory(a, b, max_work=WORK))  # type: ignore[arg-type]  # any number will do
    except TooHardError:
        return True


def _same(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    place = a.__array_interface__["data"][0] == b.__array_interface__["data"][0]
    return place and a.shape == b.shape and a.strides == b.strides and a.itemsize == b.itemsize


def _among(array: Any, arrays: Sequence[Any]) -> bool:
    return any(array is one for one in arrays)
