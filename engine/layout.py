"""How elements lie in memory: memory formats and layouts as PyTorch names them, and strides as it shows them."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = [
    "channels_last", "channels_last_3d", "contiguous_format", "layout", "memory_format", "preserve_format", "strided",
]  # fmt: skip


class memory_format:
    """An order of the axes in memory, as torch.memory_format: `gradbook.channels_last` is one."""

    __slots__ = ("_name", "_order")

    def __init__(self, name: str, order: tuple[int, ...] | None = None) -> None:
        self._name, self._order = name, order

    def __repr__(self) -> str:
        return f"gradbook.{self._name}"

    def __reduce__(self) -> str:
        return self._name


class layout:
    """How elements are stored, as torch.layout. Differs: `gradbook.strided` is the only one that tensors have."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"gradbook.{self._name}"

    def __reduce__(self) -> str:
        return self._name


contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last", (0, 2, 3, 1))
channels_last_3d = memory_format("channels_last_3d", (0, 2, 3, 4, 1))
strided = layout("strided")


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
    if wanted is preserve_format or wanted._order is None:
        raise RuntimeError(f"is_contiguous: {wanted!r} is no order of axes; ask for contiguous_format or channels_last")
    return array.ndim == len(wanted._order) and bool(array.transpose(wanted._order).flags.c_contiguous)


def empty_in(xp: Any, shape: tuple[int, ...], dtype: Any, wanted: memory_format | None, like: Any = None) -> Any:
    """An empty array of a shape whose axes lie in memory in the order of a format, or (preserve) in that of `like`.

    Raises RuntimeError where the format has another number of axes.
    """
    if wanted is None or wanted._order is None:
        plain = wanted is contiguous_format or like is None or 0 in like.strides
        return xp.empty(shape, dtype) if plain else xp.empty_like(like, dtype)
    if len(shape) != len(wanted._order):
        raise RuntimeError(f"required rank {len(wanted._order)} tensor to use {wanted._name} format")
    order = wanted._order
    whole = xp.empty(tuple(shape[axis] for axis in order), dtype)
    return whole.transpose(tuple(order.index(axis) for axis in range(len(order))))


def same_layout(array: Any) -> Any:
    """A copy whose axes lie in memory in the order they have in `array`, without its gaps and repetitions."""
    if 0 not in array.strides:
        return array.copy(order="K")
    copy = np.empty_like(array, order="C") if isinstance(array, np.ndarray) else array.copy(order="C")
    copy[...] = array
    return copy
