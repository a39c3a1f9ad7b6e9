"""Picking by index, its gradients and running sums outside a program: forwards as eager operations call them.

They give NumPy's bits: when a kernel is taken makes no difference.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.kernels import embedding as tables
from gradbook.kernels import indexed
from gradbook.kernels.now import F32, LARGEST, Array, made_of, run, whole
from gradbook.kernels.program import Program, Unsupported

__all__ = ["kernels"]

LONG = np.dtype(np.int64)


def places(index: Any) -> Array:
    """Indices as kernels read them. Raises Unsupported for other types than int64."""
    if type(index) is not np.ndarray or index.dtype is not LONG or not index.size:
        raise Unsupported("an index that is not of int64")
    return index if index.flags.c_contiguous else np.ascontiguousarray(index)


# -- along an axis -----------------------------------------------------------------------------------------------------


def gather(xp: Any, x: Array, index: Array, *, dim: int) -> Array:
    """As the forward of gather."""
    index = places(index)
    made = made_of(index.shape)
    run(indexed.gather, (made,), (x, index), (dim,))
    return made


def gather_grad(xp: Any, grad: Array, index: Array, *, dim: int, shape: Any) -> Array:
    """As the forward of gather_grad."""
    (grad,), index = whole(grad), places(index)
    large = math.prod(shape) > LARGEST  # the C library clears much memory faster
    made = np.zeros(shape, F32) if large else np.empty(shape, F32)
    run(add_gather_grad, (made,), (index, grad), (dim, shape, not large))
    return made


def add_gather_grad(
    program: Program, made: Array, index: Array, grad: Array, dim: int, shape: Any, clear: bool
) -> None:
    """gather_grad for an array of some shape."""
    indexed.scatter_add(program, made, index, grad, dim, clear=clear)


def take_along(xp: Any, x: Array, *, index: Array, dim: int, add: Any = False, dropped: Any = False) -> Array:
    """As the forward of take_along."""
    index = places(index)
    made = made_of(index.shape)
    run(indexed.gather, (made,), (x, index), (dim,))
    return made.reshape((*index.shape[:dim], *index.shape[dim + 1 :])) if dropped else made


def put_along(
    xp: Any, x: Array, *, index: Array, dim: int, length: int, add: Any = False, dropped: Any = False
) -> Array:
    """As the forward of put_along."""
    grad = x.reshape(index.shape) if dropped else x
    return gather_grad(xp, grad, index, dim=dim, shape=(*index.shape[:dim], length, *index.shape[dim + 1 :]))


def scatter_add(xp: Any, x: Array, index: Array, src: Array, *, dim: int) -> Array:
    """As the forward of scatter_add."""
    (x, src), index = whole(x, src), places(index)
    made = made_of(x.shape)
    run(add_scattered, (made,), (x, index, src), (dim,))
    return made


def add_scattered(program: Program, made: Array, x: Array, index: Array, src: Array, dim: int) -> None:
    """x with numbers added to it."""
    indexed.scatter_add(program, made, index, src, dim, x)


def cumsum(xp: Any, x: Array, *, dim: int, reverse: bool = False) -> Array:
    """As the forward of cumsum."""
    made = made_of(x.shape)
    run(indexed.cumsum, (made,), (x,), (dim, reverse))
    return made


# -- whole entries of an axis ------------------------------------------------------------------------------------------


def rows_of(x: Array) -> Array:
    """An array as a table: its first axis, and all the others as one. Raises Unsupported."""
    if x.ndim < 2 or not x.size or not x.flags.c_contiguous:
        raise Unsupported("not a table")
    return x if x.ndim == 2 else x.reshape(len(x), -1)


def index(xp: Any, x: Array, *indices: Array, dims: Any) -> Array:
    """As the forward of index: entries of one axis."""
    if len(indices) != 1:
        raise Unsupported("several indices")
    return index_select(xp, x, indices[0], dim=dims[0])


def index_select(xp: Any, x: Array, index: Array, *, dim: int) -> Array:
    """As the forward of index_select."""
    index = places(index)
    if dim or x.ndim < 2:
        (x,) = whole(x)
        made = made_of((*x.shape[:dim], *index.shape, *x.shape[dim + 1 :]))
        run(indexed.pick, (made,), (x, index), (dim,))
        return made
    table = rows_of(x)
    made = made_of((*index.shape, *x.shape[1:]))
    run(add_taken, (made.reshape(*index.shape, table.shape[1]),), (table, index))
    return made


def add_taken(program: Program, made: Array, table: Array, index: Array) -> None:
    """Rows of a table, by indices that may count from the end."""
    tables.embedding(program, made, table, index, wrap=True)


def index_grad(xp: Any, grad: Array, *indices: Array, dims: Any, shape: Any) -> Array:
    """As the forward of index_grad."""
    if len(indices) != 1:
        raise Unsupported("several indices")
    (grad,), index, dim = whole(grad), places(indices[0]), dims[0]
    if dim or len(shape) < 2:
        large = math.prod(shape) > LARGEST
        made = np.zeros(shape, F32) if large else np.empty(shape, F32)
        run(add_picked_grad, (made,), (grad, index), (dim, tuple(shape), not large))
        return made
    made = made_of(shape)
    table = rows_of(made)
    run(add_put, (table,), (grad.reshape(*index.shape, table.shape[1]), index), (len(table),))
    return made


def add_picked_grad(
    program: Program, made: Array, grad: Array, index: Array, dim: int, shape: Any, clear: bool
) -> None:
    """pick_grad for an array of some shape: that of the gradient does not tell how long the axis is."""
    indexed.pick_grad(program, made, grad, index, dim, clear)


def add_put(program: Program, made: Array, grad: Array, index: Array, rows: int) -> None:
    """The gradient of a table of so many rows, of which some were taken."""
    tables.embedding_grad(program, made, grad, index, wrap=True)


def kernels() -> dict[str, Callable[..., Any]]:
    """By the names of operations and rules."""
    return {
        "gather": gather, "gather_grad": gather_grad, "scatter_add": scatter_add, "cumsum": cumsum,
        "take_along": take_along, "put_along": put_along,
        "index": index, "index_select": index_select, "index_grad": index_grad,
    }  # fmt: skip
