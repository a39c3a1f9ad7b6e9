"""How elements lie in memory: strides as PyTorch shows them, and arrays laid out in a memory format."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.formats import channels_last, channels_last_3d, contiguous_format, memory_format, preserve_format

__all__ = ["check_rank", "empty_in", "lies_in", "same_layout", "strides_of"]

ORDERS = {channels_last: (0, 2, 3, 1), channels_last_3d: (0, 2, 3, 4, 1)}


def strides_of(array: Any) -> tuple[int, ...]:
    """Strides in elements. Where a length of 1 or 0 leaves them open, what PyTorch says rather than NumPy."""
    size, shape = array.itemsize, array.shape
    if 0 in shape:
        found, step = [], 1
        for length in reversed(shape):
            found.append(step)
            step *= max(length, 1)
        return tuple(reversed(found))
    steps = [step // size for step in array.strides]
    for axis in range(len(shape) - 1, -1, -1):
        if shape[axis] == 1 and steps[axis] == 0:
            steps[axis] = shape[axis + 1] * steps[axis + 1] if axis + 1 < len(shape) else 1
    return tuple(steps)


def lies_in(array: Any, wanted: memory_format | None) -> bool:
    """True if the elements of an array lie in memory in the order of a format, without gaps."""
    if wanted is None or wanted is contiguous_format:
        return bool(array.flags.c_contiguous)
    if wanted is preserve_format:
        raise RuntimeError(f"is_contiguous: {wanted!r} is no order of axes; ask for contiguous_format or channels_last")
    order = ORDERS[wanted]
    return array.ndim == len(order) and bool(array.transpose(order).flags.c_contiguous)


def check_rank(ndim: int, wanted: memory_format | None) -> None:
    """Raise RuntimeError where a memory format has another number of axes."""
    order = ORDERS.get(wanted) if wanted is not None else None
    if order is not None and ndim != len(order):
        raise RuntimeError(f"required rank {len(order)} tensor to use {wanted.name} format")  # type: ignore[union-attr]


def empty_in(xp: Any, shape: tuple[int, ...], dtype: Any, wanted: memory_format | None, like: Any = None) -> Any:
    """An empty array of a shape whose axes lie in memory in the order of a format, or (preserve) in that of `like`.

    Raises RuntimeError where the format has another number of axes.
    """
    order = ORDERS.get(wanted) if wanted is not None else None
    if order is None:
        plain = wanted is contiguous_format or like is None or 0 in like.strides
        return xp.empty(shape, dtype) if plain else xp.empty_like(like, dtype)
    check_rank(len(shape), wanted)
    whole = xp.empty(tuple(shape[axis] for axis in order), dtype)
    return whole.transpose(tuple(order.index(axis) for axis in range(len(order))))


def same_layout(array: Any) -> Any:
    """A copy whose axes lie in memory in the order they have in `array`, without its gaps and repetitions."""
    if 0 not in array.strides:
        return array.copy(order="K")
    copy = np.empty_like(array, order="C") if isinstance(array, np.ndarray) else array.copy(order="C")
    copy[...] = array
    return copy
