"""scatter_reduce and index_reduce: many values meet at one place, and one reduction of them stays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.autograd.inplace import assign, check_leaf
from gradbook.autograd.op import Op
from gradbook.errors import ShapeError
from gradbook.ops.arguments import with_out, write_out
from gradbook.ops.decomposition import bare
from gradbook.ops.gathering import (
    _source,
    along,
    check_gather,
    gather_op,
    in_bounds,
    scatter_add_op,
    scatter_op,
)  # fmt: skip
from gradbook.ops.shape import expand_op, need_tensor, reshape_op, wrap_dim
from gradbook.tensor import Tensor, method

__all__ = ["bucketize", "index_reduce", "scatter_reduce", "searchsorted"]

scatter_extreme_op = Op(
    "scatter_extreme", "x index src", promote=False, node_name="ScatterReduceBackward0",
    formula=r"y_k = \max(x_k, \max_{j:\, i_j = k} s_j)",
)  # fmt: skip


@scatter_extreme_op.forward
def _(xp: Any, x: Any, index: Any, src: Any, *, dim: int, largest: bool, include_self: bool) -> Any:
    out = x.copy().reshape(x.shape or (1,))
    at = along(xp, index, dim)
    if not include_self:
        kind = out.dtype.kind
        low, high = (
            (-np.inf, np.inf)
            if kind in "fV"
            else (False, True)
            if kind == "b"
            else (np.iinfo(out.dtype).min, np.iinfo(out.dtype).max)
        )
        out[at] = low if largest else high
    (xp.maximum if largest else xp.minimum).at(out, at, src)
    return out.reshape(x.shape)


@scatter_extreme_op.backward
def _(grad: Any, x: Any, index: Any, src: Any, out: Any, dim: int, include_self: bool, needs: Any) -> list[Any]:
    xp, i = backends.xp_of(bare(grad)), bare(index)
    y = gather_op(bare(out), i, dim=dim)
    mine = (bare(x) == bare(out)).astype(bare(grad).dtype)
    if not include_self:
        mine = scatter_op(mine, i, xp.zeros((), mine.dtype), dim=dim)
    theirs = (bare(src) == y).astype(mine.dtype)
    times = scatter_add_op(mine, i, theirs, dim=dim)
    share = grad / xp.maximum(times, 1)  # equal extremes share the gradient
    return [share * mine if needs[0] else None, None, gather_op(share, index, dim=dim) * theirs if needs[2] else None]


scatter_prod_op = Op(
    "scatter_prod", "x index src", promote=False, node_name="ScatterReduceBackward0",
    formula=r"y_k = x_k \textstyle\prod_{j:\, i_j = k} s_j",
)  # fmt: skip


@scatter_prod_op.forward
def _(xp: Any, x: Any, index: Any, src: Any, *, dim: int) -> Any:
    out = x.copy().reshape(x.shape or (1,))
    at = along(xp, index, dim)
    if out.dtype.kind == "b":
        xp.logical_and.at(out, at, src)
    else:
        xp.multiply.at(out, at, src)
    return out.reshape(x.shape)


@scatter_prod_op.backward
def _(grad: Any, x: Any, index: Any, src: Any, dim: int, needs: Any) -> list[Any]:
    xp = backends.xp_of(src._array if isinstance(src, Tensor) else src)

    def ones(v: Any) -> Any:
        return xp.ones(v.shape, (v._array if isinstance(v, Tensor) else v).dtype)

    mine = grad * scatter_prod_op(ones(x), index, src, dim=dim) if needs[0] else None
    if not needs[2]:
        return [mine, None, None]
    # the product of the others, without dividing by what may be zero: zeros are counted and left out
    zero = src == 0
    flags = zero._array if isinstance(zero, Tensor) else zero
    raw = flags.astype(ones(src).dtype)
    bare = index._array if isinstance(index, Tensor) else index
    count = gather_op(scatter_add_op(xp.zeros(tuple(x.shape), raw.dtype), bare, raw, dim=dim), bare, dim=dim)
    safe = src * (1 - raw) + raw
    rest = gather_op(scatter_prod_op(x, index, safe, dim=dim), index, dim=dim) / safe
    alone = (count == 0) | ((count == 1) & flags)
    return [mine, None, gather_op(grad, index, dim=dim) * rest * alone.astype(raw.dtype)]


@with_out
def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Src reduced into a copy of input at index along an axis, as torch.scatter_reduce.

    reduce: "sum", "prod", "mean", "amax" or "amin"; include_self: whether what stood there counts. Raises RuntimeError
    as gather does.
    """
    need_tensor("scatter_reduce", input)
    axis = check_gather("scatter_reduce", input, dim, index, need_tensor("scatter_reduce", src, 4, "src"))
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    if not index._array.size:
        result: Tensor = input.clone()
        return result
    return _reduced(input, axis, index, _source("scatter_reduce", input, index, src), reduce, include_self)


def _reduced(x: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, include_self: bool) -> Tensor:
    array = x._array
    xp = backends.xp_of(array)
    if reduce in ("amax", "amin"):
        result: Tensor = scatter_extreme_op(x, index, src, dim=dim, largest=reduce == "amax", include_self=include_self)
        return result
    start = x
    if not include_self:
        empty = xp.asarray(1 if reduce == "prod" else 0, array.dtype)
        start = scatter_op(x, index, empty, dim=dim)
    if reduce == "prod":
        result = scatter_prod_op(start, index, src, dim=dim)
        return result
    total: Tensor = scatter_add_op(start, index, src, dim=dim)
    if reduce == "sum":
        return total
    count = scatter_add_op(
        xp.full(array.shape, int(include_self), array.dtype),
        index._array,
        xp.ones(index._array.shape, array.dtype),
        dim=dim,
    )
    count = xp.maximum(count, 1)
    if array.dtype.kind in "iub":
        return Tensor._of(backends.as_array(total._array // count, array).astype(array.dtype))
    result = total / Tensor._of(count)
    return result


@with_out
def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Source reduced into the entries of an axis that a vector names.

    As torch.index_reduce ("prod", "mean", "amax", "amin").
    """
    shape = need_tensor("index_reduce", input)._array.shape
    axis = wrap_dim(dim, len(shape))
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    in_bounds(index._array, axis, shape[axis] if shape else 1)
    if shape and not source._array.ndim:
        raise ShapeError(f"index_reduce(): source is a number, but the input is {tuple(shape)}; give it that many axes")
    if not index._array.size:
        result: Tensor = input.clone()
        return result
    if not shape:
        return _reduced(input, 0, index, reshape_op(source, shape=index._array.shape), reduce, include_self)
    column = reshape_op(index, shape=(1,) * axis + (index._array.size,) + (1,) * (len(shape) - axis - 1))
    return _reduced(input, axis, expand_op(column, size=source._array.shape), source, reduce, include_self)


method("scatter_reduce")(scatter_reduce)
method("index_reduce")(index_reduce)


@method("scatter_reduce_")
def _scatter_reduce_(self: Tensor, *args: Any, **named: Any) -> Tensor:
    """As scatter_reduce, in place."""
    check_leaf(self)
    return assign(self, scatter_reduce(self, *args, **named))


@method("index_reduce_")
def _index_reduce_(self: Tensor, *args: Any, **named: Any) -> Tensor:
    """As index_reduce, in place."""
    check_leaf(self)
    return assign(self, index_reduce(self, *args, **named))


# -- searching -----------------------------------------------------------------------------------------------------


def searchsorted(
    sorted_sequence: Tensor, input: Any, *, out_int32: bool = False, right: bool = False, side: str | None = None,
    out: Tensor | None = None, sorter: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Where values would be inserted into sorted vectors (the last axis), as torch.searchsorted. -> the shape of input.

    right / side="right": after equal elements. Raises RuntimeError where the leading axes differ.
    """
    line = need_tensor("searchsorted", sorted_sequence, 1, "sorted_sequence")._array
    xp = backends.xp_of(line)
    values = input._array if isinstance(input, Tensor) else xp.asarray(input)
    if side not in (None, "left", "right"):
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True"
        )
    if sorter is not None:
        line = xp.take_along_axis(line, sorter._array, -1)
    where = "right" if right or side == "right" else "left"
    if line.ndim == 1:
        found = xp.searchsorted(line, values, where)
    else:
        if values.shape[:-1] != line.shape[:-1]:
            raise RuntimeError(
                "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions "
                "of boundaries tensor "
                f"and input value tensor must match, but we got boundaries tensor {list(line.shape)} and "
                "input value tensor "
                f"{list(values.shape)}"
            )
        count = math.prod(line.shape[:-1])
        rows = zip(line.reshape(count, line.shape[-1]), values.reshape(count, values.shape[-1]), strict=True)
        parts = [xp.searchsorted(row, wanted, where) for row, wanted in rows]
        found = xp.stack(parts).reshape(values.shape) if parts else xp.zeros(values.shape, np.int64)
    result: Tensor = Tensor._of(xp.asarray(found).astype(np.int32 if out_int32 else np.int64))
    return write_out("searchsorted", result, out)


def bucketize(
    input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False, out: Tensor | None = None
) -> Tensor:
    """The bucket between sorted boundaries that each value falls into, as torch.bucketize. -> the shape of input."""
    if need_tensor("bucketize", boundaries, 2, "boundaries")._array.ndim != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries._array.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)


method("bucketize")(bucketize)
