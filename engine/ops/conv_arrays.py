"""Convolutions of plain arrays, NumPy or CuPy: windows laid side by side and one matrix product."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from gradbook.ops import workspace
from gradbook.ops.windows import offsets, out_lengths, pad_spatial, reach, scatter, windows


def layout(x: tuple[int, ...], w: tuple[int, ...], out: Sequence[int], groups: int) -> str:
    """Which way to unfold: "depth" one channel a group, "first" windows along rows, "last" channels innermost."""
    if groups > 1:
        return "depth" if w[1] == 1 and w[0] == groups else "first"
    if all(k == 1 for k in w[2:]):
        return "first"
    return "last" if w[1] * w[-1] > out[-1] else "first"  # the longer runs are copied faster


def unfold(xp: Any, x: Any, how: str, w: Any, out: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    """Windows side by side: "first" (n, groups, c/groups * k, l), "last" (n * l, k * c), "depth" the padded input."""
    kernel = w[2:]
    if how == "last":
        seen = windows(xp, pad_spatial(xp, x, padding, channels_last=True), kernel, out, stride, dilation, "nlkc")
        return workspace.copied(xp, seen, (x.shape[0] * math.prod(out), math.prod(kernel) * x.shape[1]))
    padded = pad_spatial(xp, x, padding)
    if how == "depth":
        return padded
    shape = (x.shape[0], groups, w[1] * math.prod(kernel), math.prod(out))
    if max(kernel) == 1 and padded.shape[2:] == tuple(out):  # kernels of 1 that touch everything
        return padded.reshape(shape)
    return workspace.copied(xp, windows(xp, padded, kernel, out, stride, dilation, "nckl"), shape)


def weight_last(xp: Any, w: Any) -> Any:
    """(o, c, *k) -> (k * c, o), the matrix for channels innermost."""
    return xp.ascontiguousarray(w.transpose(*range(2, w.ndim), 1, 0)).reshape(-1, w.shape[0])


def convolve(xp: Any, x: Any, w: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> tuple[Any, Any]:
    """(n, c, *s), (o, c / groups, *k) -> (n, o, *out), and the unfolded windows."""
    n, o = x.shape[0], w.shape[0]
    out = out_lengths(x.shape[2:], w.shape[2:], stride, padding, dilation)
    how = layout(x.shape, w.shape, out, groups)
    cols = unfold(xp, x, how, w.shape, out, stride, padding, dilation, groups)
    if how == "last":
        y = workspace.empty(xp, (len(cols), o), x.dtype)
        y = xp.matmul(cols, weight_last(xp, w), out=y).reshape(n, *out, o)
        y = xp.ascontiguousarray(y.transpose(0, y.ndim - 1, *range(1, y.ndim - 1)))
    elif how == "depth":
        y = xp.zeros((n, o, *out), x.dtype)
        spread = (slice(None), *(None,) * len(out))
        for at in offsets(w.shape[2:]):
            y += cols[(..., *reach(at, out, stride, dilation))] * w[(slice(None), 0, *at)][spread]
    else:
        y = xp.matmul(w.reshape(groups, o // groups, w[0].size), cols).reshape(n, o, *out)
    return y, cols


def input_grad(xp: Any, g: Any, w: Any, lengths: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    """The transpose of convolve in x: (n, o, *out), (o, c / groups, *k) -> (n, c, *lengths)."""
    n, o, out, kernel = g.shape[0], g.shape[1], g.shape[2:], w.shape[2:]
    c = w.shape[1] * groups
    if groups == 1 and c >= 12 and all(s == 1 for s in stride) and max(kernel) > 1:
        reverse = (slice(None), slice(None), *(slice(None, None, -1),) * len(kernel))
        turned = w[reverse].transpose(1, 0, *range(2, w.ndim))
        around = tuple(d * (k - 1) - p for k, p, d in zip(kernel, padding, dilation, strict=True))
        if all(a >= 0 for a in around) and out_lengths(out, kernel, stride, around, dilation) == tuple(lengths):
            return convolve(xp, g, turned, stride, around, dilation, 1)[0]
    if layout((n, c, *lengths), w.shape, out, groups) == "depth":
        total = xp.zeros((n, c, *(m + 2 * p for m, p in zip(lengths, padding, strict=True))), g.dtype)
        spread = (slice(None), *(None,) * len(out))
        for at in offsets(kernel):
            total[(..., *reach(at, out, stride, dilation))] += g * w[(slice(None), 0, *at)][spread]
        inside = tuple(slice(p, p + m) for m, p in zip(lengths, padding, strict=True))
        return xp.ascontiguousarray(total[(..., *inside)])
    if groups == 1 and c >= 32 and max(kernel) > 1:
        flat = g.transpose(0, *range(2, g.ndim), 1).reshape(-1, o)
        parts = (flat @ weight_last(xp, w).T).reshape(n, *out, *kernel, c)
        return scatter(xp, parts, lengths, kernel, stride, padding, dilation, channels_last=True)
    turned = w.reshape(groups, o // groups, w[0].size).swapaxes(1, 2)
    if max(kernel) == 1 and tuple(lengths) == tuple(out) and not any(padding):
        return xp.matmul(turned, g.reshape(n, groups, o // groups, math.prod(out))).reshape(n, c, *lengths)
    flat = g.reshape(n, groups, o // groups, math.prod(out))
    parts = workspace.empty(xp, (n, groups, turned.shape[1], flat.shape[3]), g.dtype)
    xp.matmul(turned, flat, out=parts)
    return scatter(xp, parts.reshape(n, c, *kernel, *out), lengths, kernel, stride, padding, dilation)


def weight_grad(
    xp: Any, x: Any, g: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, groups: int, cols: Any = None
) -> Any:
    """The transpose of convolve in w: (n, c, *s), (n, o, *out) -> (o, c / groups, *kernel)."""
    n, o, out = g.shape[0], g.shape[1], g.shape[2:]
    shape = (o, x.shape[1] // groups, *kernel)
    how = layout(x.shape, shape, out, groups)
    if cols is None:
        cols = unfold(xp, x, how, shape, out, stride, padding, dilation, groups)
    if how == "last":
        flat = g.transpose(0, *range(2, g.ndim), 1).reshape(-1, o)
        made = (flat.T @ cols).reshape(o, *kernel, x.shape[1])
        return xp.ascontiguousarray(made.transpose(0, made.ndim - 1, *range(1, made.ndim - 1)))
    if how == "depth":
        made = xp.empty(shape, g.dtype)
        for at in offsets(kernel):
            touched = cols[(..., *reach(at, out, stride, dilation))]
            made[(slice(None), 0, *at)] = (touched * g).sum(axis=(0, *range(2, g.ndim)))
        return made
    flat = g.reshape(n, groups, o // groups, math.prod(out))
    return xp.matmul(flat, cols.swapaxes(-1, -2)).sum(axis=0).reshape(shape)


def wide(array: Any) -> Any:
    """Half precision is computed in single."""
    return (
        array.astype("float32")
        if array is not None and array.dtype.itemsize == 2 and array.dtype.kind in "fV"
        else array
    )


def add_bias(y: Any, b: Any) -> Any:
    """y plus one number a channel, in place."""
    if b is not None:
        y += b.reshape(-1, *(1,) * (y.ndim - 2))
    return y
