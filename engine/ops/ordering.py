"""The largest, the smallest, the middle, the order: max, argmax, amax, sort, topk, kthvalue, median, mode, quantile."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradbook import backends, dtypes, events
from gradbook.autograd import casting
from gradbook.ops.arguments import axis, one_of, tensor_of, write_out
from gradbook.ops.extremes import Pair, nothing, pair_out, selected, take_op
from gradbook.tensor import Tensor, method

__all__ = [
    "argsort", "kthvalue", "median", "mode", "msort", "nanmedian", "nanquantile", "quantile", "sort", "topk",
]  # fmt: skip

# -- order -----------------------------------------------------------------------------------------------------------


def order(array: Any, dim: int, descending: bool) -> Any:
    """The stable order along an axis, nan last (first if descending). -> int64 indices."""
    return events.finding(ordered, array, dim=dim, descending=descending)


def ordered(array: Any, *, dim: int, descending: bool) -> Any:
    """The stable order along an axis, nan last (first if descending). -> int64 indices."""
    if not array.ndim:
        return np.zeros((), np.int64)
    if array.dtype == dtypes.BF16:
        array = array.astype(np.float32)
    xp = backends.xp_of(array)
    if not descending:
        return xp.argsort(array, axis=dim, kind="stable")
    backward = xp.argsort(xp.flip(array, dim), axis=dim, kind="stable")  # equal ones keep their order this way
    return xp.flip(array.shape[dim] - 1 - backward, dim)


def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False, *, out: Any = None) -> Any:
    """Sorted along `dim`, and where each came from, as torch.sort; always stable. -> (values, indices)."""
    where = axis(dim, tensor_of("sort", input)._array.ndim)
    index = order(input._array, where, descending)
    return pair_out(
        "sort",
        Pair["sort"](
            take_op(input, index=index, dim=where), Tensor._of(np.asarray(index) if not input.ndim else index)
        ),
        out,
    )


method("sort")(sort)


def msort(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Sorted along the first axis."""
    return write_out("msort", sort(input, 0).values, out)


method("msort")(msort)


@method("argsort")
def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The indices that sort along `dim`, as torch.argsort. -> int64."""
    result: Tensor = sort(input.detach(), dim, descending).indices
    return result


@method("topk")
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True, *, out: Any = None) -> Any:
    """The k largest (or smallest) along `dim`, best first, as torch.topk. -> (values, indices).

    Raises RuntimeError if k is more than there are.
    """
    array = tensor_of("topk", input)._array
    where = axis(dim, array.ndim)
    length = array.shape[where] if array.ndim else 1
    if not 0 <= k <= length:
        raise RuntimeError(f"selected index k out of range: k is {k}, but dimension {where} has length {length}")
    if not array.ndim:
        index = np.zeros((), np.int64)
        return pair_out("topk", Pair["topk"](take_op(input, index=index, dim=0), Tensor._of(index)), out)
    index = events.finding(_best, array, k=k, dim=where, largest=largest)
    return pair_out("topk", Pair["topk"](take_op(input, index=index, dim=where), Tensor._of(index)), out)


def _best(array: Any, *, k: int, dim: int, largest: bool) -> Any:
    """The indices of the k largest or smallest along an axis, best first."""
    first = (*(slice(None),) * dim, slice(0, k))
    length = array.shape[dim]
    few = 0 < k < length // 8 and length > 256 and array.dtype.kind == "f"
    if few and backends.xp_of(array) is np and not np.isnan(array).any():
        near = np.argpartition(-array if largest else array, k - 1, axis=dim)[first]
        near = np.sort(near, axis=dim)  # in the order of places, so that equal ones keep it
        among = ordered(np.take_along_axis(array, near, dim), dim=dim, descending=largest)
        return np.take_along_axis(near, among, dim)
    return ordered(array, dim=dim, descending=largest)[first]


@method("kthvalue")
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Any:
    """The k-th smallest along `dim`, counted from 1, as torch.kthvalue. -> (values, indices)."""
    array = tensor_of("kthvalue", input)._array
    where = axis(dim, array.ndim)
    length = array.shape[where] if array.ndim else 1
    if not 1 <= k <= length:
        raise RuntimeError(
            f"kthvalue(): selected number k out of range for dimension {where}: k is {k}, its length {length}"
        )
    index = order(array, where, False)
    if array.ndim:
        index = index[(*(slice(None),) * where, slice(k - 1, k))]
    return pair_out("kthvalue", selected("kthvalue", input, index, where, keepdim), out)


def _median_index(array: Any, dim: int, ignore_nan: bool) -> Any:
    """Where the lower median is; the first nan wins unless ignored."""
    return events.finding(_middle, array, dim=dim, ignore_nan=ignore_nan)


def _middle(array: Any, *, dim: int, ignore_nan: bool) -> Any:
    """Where the lower median is; the first nan wins unless ignored."""
    if not array.ndim:
        return np.zeros((), np.int64)
    xp = backends.xp_of(array)
    places = ordered(array, dim=dim, descending=False)
    bad = (array != array).sum(axis=dim, keepdims=True)
    length = array.shape[dim]
    if ignore_nan:
        place = xp.maximum((length - bad - 1) // 2, 0)
    else:
        place = xp.where(bad > 0, length - bad, (length - 1) // 2)
    return xp.take_along_axis(places, place, dim)


def _median(name: str, input: Tensor, dim: int | None, keepdim: bool, out: Any) -> Any:
    ignore = name == "nanmedian"
    if dim is None:
        flat = tensor_of(name, input).reshape(-1)
        if not flat._array.size:
            return full_nan(input)
        index = _median_index(flat._array, 0, ignore)
        return write_out(name, selected(name, flat, index, 0, False).values, out)
    where = axis(dim, input._array.ndim)
    nothing(name, input, (where,))
    return pair_out(name, selected(name, input, _median_index(input._array, where, ignore), where, keepdim), out)


def full_nan(input: Tensor) -> Tensor:
    """A 0-d nan in the dtype of `input`."""
    made: Tensor = Tensor._of(np.asarray(math.nan).astype(input._array.dtype))
    return made


@method("median")
def median(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The lower median; with `dim` (values, indices) along an axis, as torch.median.

    Differs: its input may be changed before backward, which needs the index only.
    """
    return _median("median", input, dim, keepdim, out)


@method("nanmedian")
def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The lower median of what is not nan; with `dim` (values, indices) along an axis."""
    return _median("nanmedian", input, dim, keepdim, out)


@method("mode")
def mode(input: Tensor, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Any:
    """The most frequent value along `dim`, the smallest of those, its last place (torch.mode). -> (values, indices)."""
    array = tensor_of("mode", input)._array
    where = axis(dim, array.ndim)
    nothing("mode", input, (where,))
    if not array.ndim:
        return pair_out("mode", selected("mode", input, np.zeros((), np.int64), where, keepdim), out)
    index = events.finding(_most_frequent, array, dim=where)
    return pair_out("mode", selected("mode", input, index, where, keepdim), out)


def _most_frequent(array: Any, *, dim: int) -> Any:
    """The last place of the most frequent value along an axis, which stays."""
    rows = np.moveaxis(backends.cpu.asarray(array), dim, -1)
    found = np.empty(rows.shape[:-1], np.int64)
    for place in np.ndindex(found.shape):
        values, counts = np.unique(rows[place], return_counts=True)
        found[place] = np.nonzero(rows[place] == values[counts.argmax()])[0][-1]
    return backends.like(np.expand_dims(found, dim), array)


# -- quantiles -------------------------------------------------------------------------------------------------------

_WAYS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(
    name: str,
    input: Tensor,
    q: Any,
    dim: int | None,
    keepdim: bool,
    interpolation: str,
    ignore_nan: bool,
    out: Tensor | None,
) -> Tensor:
    tensor_of(name, input)
    if input.dtype._name not in ("float32", "float64"):
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype, but got {input.dtype!r}")
    if isinstance(q, Tensor) and q.dtype is not input.dtype:
        raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
    one_of(name, interpolation, _WAYS)
    ranks = np.asarray(q._array if isinstance(q, Tensor) else q, np.float64)
    if ranks.ndim > 1:
        raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
    if not ((ranks >= 0) & (ranks <= 1)).all():
        raise RuntimeError(f"{name}() q values must be in the range [0, 1]")
    if not input._array.size:
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    where = 0 if dim is None else axis(dim, input._array.ndim)
    rank_shape = input._array.ndim
    x = input.reshape(-1) if dim is None or not rank_shape else input
    given = q.reshape(-1) if isinstance(q, Tensor) and q._node is not None else None
    result = _ranked(x, ranks.reshape(-1), where, interpolation, ignore_nan, given)  # (q, *rest)
    if keepdim:
        result = (
            result.reshape((ranks.size, *((1,) * rank_shape)))
            if dim is None or not rank_shape
            else result.unsqueeze(where + 1)
        )
    return write_out(name, result.reshape(tuple(result.shape)[1:]) if not ranks.ndim else result, out)


def _ranked(x: Tensor, ranks: Any, dim: int, way: str, ignore_nan: bool, q: Tensor | None) -> Tensor:
    from gradbook.ops.joining import stack

    array = x._array
    xp = backends.xp_of(array)
    places = order(array, dim, False)
    bad = (array != array).sum(axis=dim, keepdims=True)
    length = xp.maximum(array.shape[dim] - bad, 1) if ignore_nan else array.shape[dim] + 0 * bad
    parts = []
    for i, rank in enumerate(ranks.tolist()):
        place = rank * (length - 1.0)
        if not ignore_nan:
            place = xp.where(bad > 0, array.shape[dim] - 1.0, place)
        low, high = _neighbours(xp, place, way)
        picked = [take_op(x, index=xp.take_along_axis(places, end, dim), dim=dim) for end in (low, high)]
        share = Tensor._of((place - low if way == "linear" else 0.5 * (low != high)).astype(array.dtype))
        if q is not None and way == "linear":  # the same share, with a gradient to q
            share = q[i] * Tensor._of((length - 1.0).astype(array.dtype)) - Tensor._of(low.astype(array.dtype))
        value = picked[0] if way in ("lower", "higher", "nearest") else picked[0] + (picked[1] - picked[0]) * share
        parts.append(value.squeeze(dim))
    return stack(parts)


def _neighbours(xp: Any, place: Any, way: str) -> tuple[Any, Any]:
    low, high = xp.floor(place).astype(np.int64), xp.ceil(place).astype(np.int64)
    if way == "lower":
        return low, low
    if way == "higher":
        return high, high
    if way == "nearest":
        near = xp.rint(place).astype(np.int64)
        return near, near
    return low, high


@method("quantile")
def quantile(
    input: Tensor,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:
    """The value below which the share q lies, overall or along `dim`, as torch.quantile. -> (*) or (len(q), *)."""
    if casting.scopes:
        (input,) = casting.full(input)
    return _quantile("quantile", input, q, dim, keepdim, interpolation, False, out)


@method("nanquantile")
def nanquantile(
    input: Tensor,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:
    """As quantile, leaving nan out."""
    if casting.scopes:
        (input,) = casting.full(input)
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, True, out)
