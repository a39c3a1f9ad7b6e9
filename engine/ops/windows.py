"""Sliding windows over the last axes of an array: views where windows are read, sums where they are written back.

Arrays in, arrays out; NumPy or CuPy. Axes of an input are (batch, channels, *spatial).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from gradbook.ops import workspace

Ints = Sequence[int]


def out_lengths(lengths: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints) -> tuple[int, ...]:
    """How many windows fit on each axis."""
    return tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(lengths, kernel, stride, padding, dilation, strict=True)
    )


def pad_spatial(xp: Any, x: Any, padding: Ints, value: float = 0, channels_last: bool = False) -> Any:
    """(n, c, *s) with `padding` values on both ends of every spatial axis; channels_last: -> (n, *s, c), contiguous."""
    rank = len(padding)
    if channels_last:
        x = x.transpose(0, *range(2, 2 + rank), 1)
    first = 1 if channels_last else 2
    if not any(padding):
        return xp.ascontiguousarray(x)
    shape = list(x.shape)
    inside: list[slice] = [slice(None)] * x.ndim
    for i, p in enumerate(padding):
        inside[first + i] = slice(p, p + shape[first + i])
        shape[first + i] += 2 * p
    out = workspace.empty(xp, shape, x.dtype)
    out.fill(value)
    out[tuple(inside)] = x
    return out


def windows(xp: Any, x: Any, kernel: Ints, out: Ints, stride: Ints, dilation: Ints, order: str) -> Any:
    """A view of every window of x. order "nckl" -> (n, c, *kernel, *out); "nclk" -> (n, c, *out, *kernel).

    "nlkc": x is (n, *s, c) -> (n, *out, *kernel, c).
    """
    rank = len(kernel)
    if order == "nlkc":
        step = x.strides[1 : 1 + rank]
    else:
        step = x.strides[2 : 2 + rank]
    over = tuple(b * s for b, s in zip(step, stride, strict=True))
    within = tuple(b * d for b, d in zip(step, dilation, strict=True))
    kernel, out = tuple(kernel), tuple(out)
    if order == "nckl":
        shape, strides = (*x.shape[:2], *kernel, *out), (*x.strides[:2], *within, *over)
    elif order == "nclk":
        shape, strides = (*x.shape[:2], *out, *kernel), (*x.strides[:2], *over, *within)
    else:
        shape = (x.shape[0], *out, *kernel, x.shape[-1])
        strides = (x.strides[0], *over, *within, x.strides[-1])
    return xp.lib.stride_tricks.as_strided(x, shape, strides)


def offsets(kernel: Ints) -> Any:
    """Every position inside a kernel."""
    return itertools.product(*map(range, kernel))


def reach(at: Ints, out: Ints, stride: Ints, dilation: Ints) -> tuple[slice, ...]:
    """The spatial slices that position `at` of the kernel touches as the window slides."""
    return tuple(slice(i * d, i * d + (n - 1) * s + 1, s) for i, n, s, d in zip(at, out, stride, dilation, strict=True))


def _zeros(xp: Any, shape: Any, dtype: Any) -> Any:
    return xp.zeros(shape, dtype)


def scatter(
    xp: Any,
    parts: Any,
    lengths: Ints,
    kernel: Ints,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    channels_last: bool = False,
) -> Any:
    """Undo `windows`: add every window's values where they were read.

    parts: (n, c, *kernel, *out) -> (n, c, *lengths); channels_last: (n, *out, *kernel, c) -> (n, c, *lengths).
    """
    rank = len(kernel)
    if channels_last:
        n, c, out = parts.shape[0], parts.shape[-1], parts.shape[1 : 1 + rank]
        padded = [m + 2 * p for m, p in zip(lengths, padding, strict=True)]
        total = workspace.zeros(xp, (n, *padded, c), parts.dtype)
        for at in offsets(kernel):
            total[(slice(None), *reach(at, out, stride, dilation))] += parts[(slice(None),) * (1 + rank) + at]
        inside = (slice(None), *(slice(p, p + m) for m, p in zip(lengths, padding, strict=True)))
        return xp.ascontiguousarray(total[inside].transpose(0, rank + 1, *range(1, rank + 1)))
    n, c, out = parts.shape[0], parts.shape[1], parts.shape[2 + rank :]
    padded = [m + 2 * p for m, p in zip(lengths, padding, strict=True)]
    total = (workspace.zeros if any(padding) else _zeros)(xp, (n, c, *padded), parts.dtype)
    lead = (slice(None), slice(None))
    for at in offsets(kernel):
        total[(*lead, *reach(at, out, stride, dilation))] += parts[(*lead, *at)]
    if not any(padding):
        return total
    return xp.ascontiguousarray(total[(*lead, *(slice(p, p + m) for m, p in zip(lengths, padding, strict=True)))])
