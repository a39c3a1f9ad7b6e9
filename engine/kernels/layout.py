"""How the arrays of a product lie in memory: vectors as matrices, a batch merged into rows, offsets of the rest."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradbook.kernels.program import Unsupported

__all__ = ["Layout", "layout_of"]

Shaped = tuple[tuple[int, ...], tuple[int, ...]]
OUT, A, B, START = range(4)


class Layout(NamedTuple):
    """Products out = a @ b + start of one size. Strides are counted in elements, one for each of the four arrays."""

    rows: int
    columns: int
    depth: int
    row: tuple[int, ...]  # from one row to the next
    column: tuple[int, ...]
    batch: tuple[tuple[int, tuple[int, ...]], ...]  # length and strides of each leading axis

    def transposed(self) -> Layout:
        """The same products as out.T = b.T @ a.T."""
        row, column = ((s[OUT], s[B], s[A], s[START]) for s in (self.column, self.row))
        batch = tuple((length, (s[OUT], s[B], s[A], s[START])) for length, s in self.batch)
        return Layout(self.columns, self.rows, self.depth, row, column, batch)

    def merged(self) -> Layout:
        """Leading axes along which b stays the same are more rows, where out, a and start allow it."""
        rows, row, batch = self.rows, self.row, list(self.batch)
        while batch and not batch[-1][1][B]:
            length, step = batch[-1]
            if rows == 1:
                row = (step[OUT], step[A], row[B], step[START])
            elif any(step[i] != rows * row[i] for i in (OUT, A, START)):
                break
            rows *= length
            batch.pop()
        return Layout(rows, self.columns, self.depth, row, self.column, tuple(batch))

    def offsets(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Where each matrix of the batch starts, in elements: (matrices, 4)."""
        found = np.zeros((1, 4), np.int64)
        for length, step in self.batch:
            found = (found[:, None] + np.arange(length)[:, None] * np.array(step, np.int64)).reshape(-1, 4)
        return found


def layout_of(out: Shaped, a: Shaped, b: Shaped, start: Shaped | None, size: int) -> Layout:
    """How out = a @ b + start lies; leading axes are broadcast to those of out, vectors are as in numpy.matmul.

    Each array is given as (shape, strides), strides in bytes; size: bytes of a number. Raises ValueError where shapes
    do not fit, Unsupported for numbers (arrays without axes), and strides that are not whole elements.
    """
    if not a[0] or not b[0]:
        raise Unsupported("a product of a number")
    shapes = f"matmul: {a[0]} @ {b[0]} into {out[0]}"
    start = out if start is None else start
    ends = (len(out[0]), len(start[0]))
    if len(b[0]) == 1:
        b, out, start = (_with_axis(x, len(x[0])) for x in (b, out, start))
    if len(a[0]) == 1:
        a, out, start = (_with_axis(x, at) for x, at in ((a, 0), (out, len(out[0]) - 1), (start, len(start[0]) - 1)))
    (*lead, rows, columns), depth = out[0], a[0][-1]
    four = [_broadcast(x, tuple(lead)) for x in (out, a, b, start)]
    if a[0][-2] != rows or b[0][-2:] != (depth, columns) or start[0] != out[0] or None in four or ends[0] != ends[1]:
        raise ValueError(shapes)
    strides = [tuple(stride // size for stride in x) for x in four if x is not None]
    if any(stride % size for x in four if x is not None for stride in x):
        raise Unsupported(f"{shapes}: a stride that is not a whole number of elements")
    by_axis = zip(*(x[:-2] for x in strides), strict=True)
    batch = tuple((length, step) for length, step in zip(lead, by_axis, strict=True) if length != 1)
    row, column = (tuple(x[axis] for x in strides) for axis in (-2, -1))
    return Layout(rows, columns, depth, row, column, batch)


def _with_axis(x: Shaped, at: int) -> Shaped:
    shape, strides = x
    return (*shape[:at], 1, *shape[at:]), (*strides[:at], 0, *strides[at:])


def _broadcast(x: Shaped, lead: tuple[int, ...]) -> tuple[int, ...] | None:
    """The strides of matrices whose leading axes are broadcast to `lead`; None if they cannot be."""
    shape, strides = x[0][:-2], x[1]
    new = len(lead) - len(shape)
    if new < 0 or any(length not in (1, wanted) for length, wanted in zip(shape, lead[new:], strict=True)):
        return None
    stretched = (0 if length == 1 else stride for length, stride in zip(shape, strides, strict=False))
    return (*[0] * new, *stretched, *strides[-2:])
