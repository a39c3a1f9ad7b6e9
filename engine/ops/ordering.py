"""The largest, the smallest, the middle, the order: max, argmax, amax, sort, topk, kthvalue, median, mode, quantile."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from gradbook import backends, dtypes
from gradbook.autograd.op import Op
from gradbook.ops.arguments import axes, axis, one_of, tensor_of, write_out
from gradbook.ops.creation import converted
from gradbook.ops.elementwise import masked
from gradbook.ops.pointwise import maximum, minimum
from gradbook.ops.reduction import spread, sum_op
from gradbook.tensor import Tensor, method

__all__ = [
    "amax", "amin", "aminmax", "argmax", "argmin", "argsort", "kthvalue", "max", "median", "min", "mode", "msort",
    "nanmedian", "nanquantile", "quantile", "sort", "topk",
]  # fmt: skip

# -- results with two names ----------------------------------------------------------------------------------------------


class _Named:
    """How a named result prints: one field a line, as torch.return_types do."""

    __slots__ = ()
    _fields: tuple[str, ...]

    def __repr__(self) -> str:
        fields = ",\n".join(f"{name}={getattr(self, name)!r}" for name in self._fields)
        return f"gradbook.return_types.{type(self).__name__}(\n{fields})"


def _pair_type(name: str, fields: tuple[str, str]) -> Any:
    made: Any = NamedTuple(name, [(field, Tensor) for field in fields])  # type: ignore[misc]
    return type(
        name, (_Named, made), {"__slots__": (), "__doc__": f"What {name} returns: {fields[0]} and {fields[1]}."}
    )


Pair: dict[str, Any] = {
    name: _pair_type(name, ("values", "indices"))
    for name in ("cummax", "cummin", "kthvalue", "max", "median", "min", "mode", "nanmedian", "sort", "topk")
}
MinMax = _pair_type("aminmax", ("min", "max"))


def pair_out(name: str, pair: Any, out: Any) -> Any:
    """A pair of results, written into a pair of tensors if there is one."""
    if out is None:
        return pair
    return type(pair)(*(write_out(name, value, place) for value, place in zip(pair, out, strict=True)))


# -- picking along an axis, and the reverse ------------------------------------------------------------------------------

take_op = Op("take_along", "x", formula=r"y_k = x_{i_k}", grads={"x": r"\bar x_{i_k} \mathrel{+}= \bar y_k"})
put_op = Op("put_along", "x", formula=r"y_{i_k} \mathrel{+}= x_k", grads={"x": r"\bar x_k = \bar y_{i_k}"})


@take_op.forward
def _(xp: Any, x: Any, *, index: Any, dim: int, add: Any = False) -> Any:
    return xp.take_along_axis(x, index, dim) if x.ndim else x.copy()


@take_op.grad("x")
def _(grad: Any, x_shape: Any, index: Any, dim: int, add: Any) -> Any:
    return put_op(grad, index=index, dim=dim, length=x_shape[dim] if x_shape else 1, add=add)


@put_op.forward
def _(xp: Any, x: Any, *, index: Any, dim: int, length: int, add: Any = False) -> Any:
    if not x.ndim:
        return x.copy()
    made = xp.zeros((*x.shape[:dim], length, *x.shape[dim + 1 :]), x.dtype)
    if add:
        grid = list(xp.ogrid[tuple(slice(n) for n in x.shape)])
        grid[dim] = index
        xp.add.at(made, tuple(grid), x)
    else:
        xp.put_along_axis(made, index, x, dim)
    return made


@put_op.grad("x")
def _(grad: Any, index: Any, dim: int, add: Any) -> Any:
    return take_op(grad, index=index, dim=dim, add=add)


def selected(name: str, x: Tensor, index: Any, dim: int, keepdim: bool) -> Any:
    """(values, indices) of one element an axis; index has length 1 on that axis."""
    values = take_op(x, index=index, dim=dim)
    if x._array.ndim and not keepdim:
        values, index = values.squeeze(dim), index.squeeze(dim)
    return Pair[name](values, Tensor._of(backends.as_array(index, x._array)))


# -- extremes ------------------------------------------------------------------------------------------------------------


def _extreme_op(name: str, best: str) -> Op:
    made = Op(name, "x", formula=rf"y = \{best}_i x_i", grads={"x": r"\bar y \, [x_i = y] \text{, shared among ties}"})

    @made.forward
    def _(xp: Any, x: Any, *, dim: Any, keepdim: Any) -> Any:
        return getattr(x, best)(axis=dim, keepdims=keepdim)

    @made.grad("x")
    def _(grad: Any, x: Any, out: Any, x_shape: Any, dim: Any, keepdim: Any) -> Any:
        top = spread(out, x_shape, dim, keepdim)
        hits = (x == top) | ((x != x) & (top != top))
        share = _count(hits, dim, grad)
        return masked(spread(grad, x_shape, dim, keepdim) / share, hits)

    return made


def _count(hits: Any, dim: Any, grad: Any) -> Any:
    """How many hits there are, kept as an axis, in the dtype of the gradient."""
    number = converted(hits, grad._array.dtype, None) if isinstance(hits, Tensor) else hits.astype(grad.dtype)
    return sum_op(number, dim=dim, keepdim=True)


amax_op, amin_op = _extreme_op("amax", "max"), _extreme_op("amin", "min")


def _nothing(name: str, input: Tensor, dim: Any) -> None:
    array = input._array
    if array.size:
        return
    if dim is None:
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the "
            "'dim' argument."
        )
    for d in dim:
        if array.ndim and not array.shape[d]:
            raise IndexError(f"{name}(): Expected reduction dim {d} to have non-zero size.")


def _reduced(op: Op, input: Tensor, dim: Any, keepdim: bool, out: Tensor | None) -> Tensor:
    found = axes(dim, tensor_of(op.name, input)._array.ndim)
    _nothing(op.name, input, found)
    return write_out(op.name, op(input, dim=found, keepdim=keepdim), out)


@method("amax")
def amax(input: Tensor, dim: Any = (), keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The largest element over all axes or those in `dim`; ties share the gradient (torch.amax)."""
    return _reduced(amax_op, input, dim, keepdim, out)


@method("amin")
def amin(input: Tensor, dim: Any = (), keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The smallest element over all axes or those in `dim`; ties share the gradient (torch.amin)."""
    return _reduced(amin_op, input, dim, keepdim, out)


@method("aminmax")
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False, out: Any = None) -> Any:
    """(min, max) over all axes or one, as torch.aminmax."""
    where = () if dim is None else dim
    return pair_out("aminmax", MinMax(amin(input, where, keepdim), amax(input, where, keepdim)), out)


def _arg(name: str, input: Tensor, dim: Any, keepdim: bool, out: Tensor | None) -> Tensor:
    array = tensor_of(name, input)._array
    if array.dtype.kind == "b":
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for 'Bool'; write x.int().{name}()")
    where = None if dim is None else axis(dim, array.ndim)
    _nothing(name, input, None if where is None else (where,))
    if array.ndim == 0:
        found = np.asarray(0)
    elif where is None:
        found = getattr(array, name)()
        if keepdim:
            found = np.asarray(found).reshape((1,) * array.ndim)
    else:
        found = getattr(array, name)(axis=where, keepdims=keepdim)
    return write_out(name, Tensor._of(backends.as_array(found, array).astype(np.int64)), out)


@method("argmax")
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Where the largest element is: in the flattened tensor, or along `dim` (torch.argmax). -> int64"""
    return _arg("argmax", input, dim, keepdim, out)


@method("argmin")
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Where the smallest element is: in the flattened tensor, or along `dim` (torch.argmin). -> int64"""
    return _arg("argmin", input, dim, keepdim, out)


def _either(name: str, input: Tensor, dim: Any, keepdim: bool, other: Any, out: Any) -> Any:
    tensor_of(name, input)
    other = dim if isinstance(dim, Tensor) else other
    if other is not None:
        return (maximum if name == "max" else minimum)(input, other, out=out)
    if dim is None:
        return _reduced(amax_op if name == "max" else amin_op, input, None, False, out)
    where = axis(dim, input._array.ndim)
    _nothing(name, input, (where,))
    array = input._array
    index = getattr(array, "arg" + name)(axis=where, keepdims=True) if array.ndim else np.zeros((), np.int64)
    return pair_out(name, selected(name, input, index, where, keepdim), out)


@method("max")
def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None, out: Any = None) -> Any:
    """The largest element; with `dim` (values, indices) along an axis; with a second tensor the larger of two (torch.max)."""
    return _either("max", input, dim, keepdim, other, out)


@method("min")
def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None, out: Any = None) -> Any:
    """The smallest element; with `dim` (values, indices) along an axis; with a second tensor the smaller of two (torch.min)."""
    return _either("min", input, dim, keepdim, other, out)


# -- order ---------------------------------------------------------------------------------------------------------------


def order(array: Any, dim: int, descending: bool) -> Any:
    """The stable order along an axis, nan last (first if descending). -> int64 indices"""
    if not array.ndim:
        return np.zeros((), np.int64)
    if array.dtype == dtypes.BF16:
        array = array.astype(np.float32)
    xp = backends.xp_of(array)
    if not descending:
        return xp.argsort(array, axis=dim, kind="stable")
    backward = xp.argsort(xp.flip(array, dim), axis=dim, kind="stable")  # equal ones keep their order this way
    return xp.flip(array.shape[dim] - 1 - backward, dim)


def sort(
    input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False, *, out: Any = None, **named: Any
) -> Any:
    """Sorted along `dim`, and where each came from, as torch.sort; always stable. -> (values, indices)"""
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
    """The indices that sort along `dim`, as torch.argsort. -> int64"""
    return sort(input.detach(), dim, descending).indices  # type: ignore[no-any-return]


@method("topk")
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True, *, out: Any = None) -> Any:
    """The k largest (or smallest) along `dim`, best first, as torch.topk. -> (values, indices)

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
    first = (*(slice(None),) * where, slice(0, k))
    xp = backends.xp_of(array)
    if xp is np and 0 < k < length // 8 and length > 256 and array.dtype.kind == "f" and not np.isnan(array).any():
        near = np.argpartition(-array if largest else array, k - 1, axis=where)[first]
        near = np.sort(near, axis=where)  # in the order of places, so that equal ones keep it
        index = np.take_along_axis(near, order(np.take_along_axis(array, near, where), where, largest), where)
    else:
        index = order(array, where, largest)[first]
    return pair_out("topk", Pair["topk"](take_op(input, index=index, dim=where), Tensor._of(index)), out)


@method("kthvalue")
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Any:
    """The k-th smallest along `dim`, counted from 1, as torch.kthvalue. -> (values, indices)"""
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
    if not array.ndim:
        return np.zeros((), np.int64)
    xp = backends.xp_of(array)
    places = order(array, dim, False)
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
    _nothing(name, input, (where,))
    return pair_out(name, selected(name, input, _median_index(input._array, where, ignore), where, keepdim), out)


def full_nan(input: Tensor) -> Tensor:
    """A 0-d nan in the dtype of `input`."""
    made: Tensor = Tensor._of(np.asarray(math.nan).astype(input._array.dtype))
    return made


@method("median")
def median(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The lower median; with `dim` (values, indices) along an axis, as torch.median."""
    return _median("median", input, dim, keepdim, out)


@method("nanmedian")
def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The lower median of what is not nan; with `dim` (values, indices) along an axis."""
    return _median("nanmedian", input, dim, keepdim, out)


@method("mode")
def mode(input: Tensor, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Any:
    """The most frequent value along `dim`, the smallest of those, and its last place (torch.mode). -> (values, indices)"""
    array = tensor_of("mode", input)._array
    where = axis(dim, array.ndim)
    _nothing("mode", input, (where,))
    if not array.ndim:
        return pair_out("mode", selected("mode", input, np.zeros((), np.int64), where, keepdim), out)
    rows = np.moveaxis(backends.cpu.asarray(array), where, -1)
    found = np.empty(rows.shape[:-1], np.int64)
    for place in np.ndindex(found.shape):
        values, counts = np.unique(rows[place], return_counts=True)
        found[place] = np.nonzero(rows[place] == values[counts.argmax()])[0][-1]
    index = backends.like(np.expand_dims(found, where), array)
    return pair_out("mode", selected("mode", input, index, where, keepdim), out)


# -- quantiles -----------------------------------------------------------------------------------------------------------

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
    result = _ranked(x, ranks.reshape(-1), where, interpolation, ignore_nan)  # (q, *rest)
    if keepdim:
        result = (
            result.reshape((ranks.size, *((1,) * rank_shape)))
            if dim is None or not rank_shape
            else result.unsqueeze(where + 1)
        )
    return write_out(name, result.reshape(tuple(result.shape)[1:]) if not ranks.ndim else result, out)


def _ranked(x: Tensor, ranks: Any, dim: int, way: str, ignore_nan: bool) -> Tensor:
    from gradbook.ops.joining import stack

    array = x._array
    xp = backends.xp_of(array)
    places = order(array, dim, False)
    bad = (array != array).sum(axis=dim, keepdims=True)
    length = xp.maximum(array.shape[dim] - bad, 1) if ignore_nan else array.shape[dim] + 0 * bad
    parts = []
    for rank in ranks.tolist():
        place = rank * (length - 1.0)
        if not ignore_nan:
            place = xp.where(bad > 0, array.shape[dim] - 1.0, place)
        low, high = _neighbours(xp, place, way)
        picked = [take_op(x, index=xp.take_along_axis(places, end, dim), dim=dim) for end in (low, high)]
        share = (place - low if way == "linear" else 0.5 * (low != high)).astype(array.dtype)
        value = (
            picked[0]
            if way in ("lower", "higher", "nearest")
            else picked[0] + (picked[1] - picked[0]) * Tensor._of(share)
        )
        parts.append(value.squeeze(dim))
    return stack(parts)  # type: ignore[no-any-return]


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
    """The value below which the share q lies, over all axes or along `dim`, as torch.quantile. -> (*) or (len(q), *)"""
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
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, True, out)
