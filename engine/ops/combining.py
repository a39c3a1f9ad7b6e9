"""Combinations of vectors and matrices, and parts written into copies."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.errors import ShapeError
from gradbook.ops.gathering import index_select
from gradbook.ops.indexing import FULL
from gradbook.ops.joining import cat, stack
from gradbook.ops.shape import need_tensor, need_tensors, wrap_dim
from gradbook.ops.strides import as_strided, diagonal
from gradbook.ops.tiling import meshgrid
from gradbook.tensor import Tensor, method

__all__ = [
    "as_strided_scatter",
    "block_diag",
    "cartesian_prod",
    "combinations",
    "diagonal_scatter",
    "select_scatter",
]


def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix with the given ones along its diagonal, zeros elsewhere, as torch.block_diag."""
    found = need_tensors("block_diag", tensors)
    for i, x in enumerate(found):
        if x._array.ndim > 2:
            raise ShapeError(
                f"block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has {x._array.ndim} dimensions"
            )
    blocks = [x.reshape(1, -1) if x._array.ndim < 2 else x for x in found]
    columns = sum(x._array.shape[1] for x in blocks)
    rows, before = [], 0
    for x in blocks:
        height, width = x._array.shape
        xp = backends.xp_of(x._array)
        left, right = (Tensor._of(xp.zeros((height, n), x._array.dtype)) for n in (before, columns - before - width))
        rows.append(cat([left, x, right], 1))
        before += width
    if not rows:
        return Tensor._of(np.zeros((1, 0), np.float32))
    return cat(rows, 0)


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All combinations of the vectors' elements, one a row, as torch.cartesian_prod. (n,), (m,) -> (n·m, 2)."""
    found = need_tensors("cartesian_prod", tensors)
    for x in found:
        if x._array.ndim != 1:
            raise ShapeError(f"Expect a 1D vector, but got shape {list(x._array.shape)}")
    if len(found) == 1:
        return found[0]
    return stack([grid.reshape(-1) for grid in meshgrid(*found, indexing="ij")], 1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All choices of r elements of a vector, one a row, as torch.combinations."""
    if need_tensor("combinations", input)._array.ndim != 1:
        raise ShapeError(f"Expect a 1D vector, but got shape {list(input._array.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return Tensor._of(backends.xp_of(input._array).zeros((0,), input._array.dtype))
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    chosen = np.array(list(choose(range(input._array.size), r)), np.int64).reshape(-1, r)
    result: Tensor = index_select(input, 0, Tensor._of(chosen.reshape(-1))).reshape(chosen.shape)
    return result


def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy of input with src in place of one entry of an axis, as torch.select_scatter."""
    out: Tensor = need_tensor("select_scatter", input).clone()
    axis = wrap_dim(dim, input._array.ndim)
    expected = input._array.shape[:axis] + input._array.shape[axis + 1 :]
    if src._array.shape != expected:
        raise ShapeError(
            "expected src to have a size equal to the slice of self. src size = "
            f"{list(src._array.shape)}, slice size = {list(expected)}"
        )
    out[(FULL,) * axis + (index,)] = src
    return out


def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy of input with src as its diagonal, as torch.diagonal_scatter."""
    out: Tensor = need_tensor("diagonal_scatter", input).clone()
    place = diagonal(out, offset, dim1, dim2)
    if src._array.shape != place._array.shape:
        raise ShapeError(
            "expected src to have a size equal to the slice of self. src size = "
            f"{list(src._array.shape)}, slice size = {list(place._array.shape)}"
        )
    place[...] = src
    return out


def as_strided_scatter(input: Tensor, src: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """A copy of input with src in a strided view of it, as torch.as_strided_scatter."""
    out: Tensor = need_tensor("as_strided_scatter", input).clone()
    as_strided(out, size, stride, storage_offset)[...] = src
    return out


for _fn in (select_scatter, diagonal_scatter, as_strided_scatter):
    method(_fn.__name__)(_fn)
