"""The numbers of a tensor at one moment: all of them where they are few, evenly chosen rows and columns where many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.backends import cpu

__all__ = ["KEPT", "Block"]

KEPT = 4096  # elements up to which a tensor is kept whole
ROWS, COLUMNS, FACETS = 28, 28, 4  # what is kept of larger ones
TAIL = 2  # of rows that are not all shown, the last ones are


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """A tensor as matrices: `values` is [facets, rows, columns], and which facets, rows and columns these are.

    The last two axes are rows and columns, a vector is one row, a scalar one number; the axes before them are facets.
    `whole`: every element is there.
    """

    shape: tuple[int, ...]
    values: np.ndarray
    rows: tuple[int, ...]
    cols: tuple[int, ...]
    facets: tuple[tuple[int, ...], ...]
    whole: bool

    @classmethod
    def of(cls, array: Any) -> Block:
        """A copy of an array's numbers, on the host: all of them up to 4,096, a sample of more."""
        array = backends.all_samples(array)
        return _take(array, None if array.size <= KEPT else (ROWS, COLUMNS, FACETS))

    @classmethod
    def unknown(cls, shape: tuple[int, ...]) -> Block:
        """A tensor of this shape whose numbers nobody saw."""
        return cls(shape, np.zeros((0, 0, 0), np.float32), (), (), (), False)

    @property
    def known(self) -> bool:
        """Whether any number is there."""
        return self.values.size > 0 or 0 in self.shape

    def shown(self, rows: int, cols: int, facets: int) -> Block:
        """The same with at most so many rows, columns and facets: the first ones and the last two."""
        r, c, f = chosen(len(self.rows), rows), chosen(len(self.cols), cols), chosen(len(self.facets), facets)
        if len(r) == len(self.rows) and len(c) == len(self.cols) and len(f) == len(self.facets):
            return self
        return Block(
            self.shape, self.values[np.ix_(f, r, c)], tuple(self.rows[i] for i in r), tuple(self.cols[i] for i in c),
            tuple(self.facets[i] for i in f), False,
        )  # fmt: skip

    @property
    def array(self) -> np.ndarray:
        """The tensor itself. Raises ValueError where only a sample of it was kept."""
        if not self.whole:
            raise ValueError(f"only a sample of this tensor of shape {self.shape} was kept: see rows, cols and facets")
        return self.values.reshape(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the numbers."""
        return self.values.nbytes

    def at(self, index: Sequence[int]) -> float | None:
        """The number at an index of the tensor; None where it was not kept."""
        facet, row, col = tuple(index[:-2]), index[-2] if len(index) > 1 else 0, index[-1] if index else 0
        if facet not in self.facets or row not in self.rows or col not in self.cols:
            return None
        found: float = self.values[self.facets.index(facet), self.rows.index(row), self.cols.index(col)].item()
        return found


def chosen(count: int, limit: int) -> list[int]:
    """Indices of at most `limit` of `count` things: the first ones and the last two."""
    if count <= limit:
        return list(range(count))
    tail = min(TAIL, limit - 1)
    return [*range(limit - tail), *range(count - tail, count)]


def _take(array: Any, limits: tuple[int, int, int] | None) -> Block:
    shape = tuple(int(n) for n in array.shape)
    rows, cols, lead = (shape[-2] if len(shape) > 1 else 1), (shape[-1] if shape else 1), shape[:-2]
    if not shape:
        return Block((), _host(array).copy().reshape(1, 1, 1), (0,), (0,), ((),), True)
    if limits is None:
        values = _host(array).copy().reshape(-1 if lead else 1, rows, cols) if array.size else np.zeros((0, rows, cols))
        facets = tuple(np.ndindex(*lead)) if array.size else ()
        return Block(shape, values, tuple(range(rows)), tuple(range(cols)), facets, True)
    r, c = chosen(rows, limits[0]), chosen(cols, limits[1])
    facets = tuple(_facets(lead, limits[2]))
    picked = []
    for facet in facets:
        part = array[facet] if lead else array
        picked.append(_host(part[np.ix_(r, c)] if len(shape) > 1 else part[np.asarray(c)].reshape(1, -1)))
    return Block(shape, np.stack(picked), tuple(r), tuple(c), facets, False)


def _facets(lead: tuple[int, ...], limit: int) -> list[tuple[int, ...]]:
    """Indices into the leading axes, evenly the first and the last; one empty index where there are none."""
    count = int(np.prod(lead, dtype=np.int64)) if lead else 1
    return [tuple(int(i) for i in np.unravel_index(k, lead)) if lead else () for k in chosen(count, limit)]


def _host(array: Any) -> np.ndarray:
    """On the host, in a dtype that NumPy itself has."""
    found: np.ndarray = cpu.asarray(array)
    return found.astype(np.float32) if found.dtype.kind == "V" else found
