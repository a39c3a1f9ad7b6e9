"""How the arrays of a product lie in memory: vectors as matrices, a batch merged into rows, offsets of the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gradbook.kernels.program import Unsupported

__all__ = ["Layout", "layout_of"]

Array = np.ndarray[Any, Any]
OUT, A, B, START = range(4)


@dataclass(frozen=True)
class Layout:
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


def layout_of(out: Array, a: Array, b: Array, start: Array | None) -> Layout:
    """How out = a @ b + start lies; leading axes are broadcast to those of out, vectors are as in numpy.matmul.

    Raises ValueError where shapes do not fit, Unsupported for numbers, and elements or rows that lie on each other.
    """
    if not a.ndim or not b.ndim:
        raise Unsupported("a product of a number")
    shapes = f"matmul: {a.shape} @ {b.shape} into {out.shape}"
    start = out if start is None else start
    if b.ndim == 1:
        b, out, start = b[:, None], out[..., None], start[..., None]
    if a.ndim == 1:
        a, out, start = a[None], out[..., None, :], start[..., None, :]
    lead, size = out.shape[:-2], out.itemsize
    if a.shape[-1] != b.shape[-2] or out.shape[-2:] != (a.shape[-2], b.shape[-1]) or start.shape != out.shape:
        raise ValueError(shapes)
    four = [out, *(np.broadcast_to(x, (*lead, *x.shape[-2:])) for x in (a, b)), start]
    strides = [tuple(stride // size for stride in x.strides) for x in four]
    if any(stride % size for x in four for stride in x.strides):
        raise Unsupported(f"{shapes}: a stride that is not a whole number of elements")
    by_axis = list(zip(*(s[:-2] for s in strides), strict=True))
    batch = tuple((length, step) for length, step in zip(lead, by_axis, strict=True) if length != 1)
    row, column = (tuple(s[axis] for s in strides) for axis in (-2, -1))
    return Layout(a.shape[-2], b.shape[-1], a.shape[-1], row, column, batch)
