"""Many elements to one: sum, mean, prod, variance, norms, logsumexp, any and all. (*) -> axes in `dim` removed.

Differs: of an input with permuted axes the result (of cumsum, softmax, stack and masked_fill too) keeps NumPy's order
of strides; PyTorch's is often contiguous.
"""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from gradbook import backends, dtypes
from gradbook.autograd import casting
from gradbook.autograd.op import Op
from gradbook.errors import DTypeError, ShapeError
from gradbook.ops.arguments import array_dtype, axes, axis, shape_of, tensor_of, write_out
from gradbook.ops.conversion import converted
from gradbook.ops.elementwise import masked
from gradbook.tensor import Tensor, method

__all__ = [
    "all", "any", "count_nonzero", "mean", "nanmean", "nansum", "prod", "sum",
]  # fmt: skip

# -- spreading a gradient over what was reduced ----------------------------------------------------------------------


def spread(value: Any, shape: Any, dim: Any, keepdim: Any) -> Any:
    """What a reduction gave (or its gradient), broadcast to the shape it was given. (array or Tensor) -> the same."""
    if not keepdim and value.ndim != len(shape):
        value = value.reshape(kept_shape(shape, dim))
    if isinstance(value, Tensor):
        return value.expand(tuple(shape))
    return backends.xp_of(value).broadcast_to(value, shape)


def kept_shape(shape: Any, dim: Any) -> tuple[int, ...]:
    """`shape` with length 1 on the reduced axes."""
    return tuple(1 if dim is None or i in dim else n for i, n in enumerate(shape))


def count_of(shape: Any, dim: Any) -> int:
    """How many elements each result stands for."""
    return math.prod(n for i, n in enumerate(shape) if dim is None or i in dim)


# -- sum and mean ----------------------------------------------------------------------------------------------------

sum_op = Op("sum", "x", formula=r"y = \sum_i x_i", grads={"x": r"\bar y"})
mean_op = Op("mean", "x", formula=r"y = \frac1n \sum_i x_i", grads={"x": r"\frac{\bar y}{n}"})


@sum_op.forward
def _(xp: Any, x: Any, *, dim: Any = None, keepdim: Any = False) -> Any:
    if x.dtype.itemsize == 2 and x.dtype.kind in "fV":
        return x.astype(np.float32).sum(axis=dim, keepdims=keepdim).astype(x.dtype)
    if x.dtype.kind in "iu":
        return x.sum(axis=dim, keepdims=keepdim, dtype=x.dtype)  # NumPy would widen small ones
    return x.sum(axis=dim, keepdims=keepdim)


@sum_op.grad("x")
def _(grad: Any, x_shape: Any, dim: Any, keepdim: Any) -> Any:
    return spread(grad, x_shape, dim, keepdim)


@mean_op.forward
def _(xp: Any, x: Any, *, dim: Any = None, keepdim: Any = False) -> Any:
    total = sum_op._run(xp, x, dim=dim, keepdim=keepdim)
    return (total / max(count_of(x.shape, dim), 0) if x.size else total * math.nan).astype(x.dtype)


@mean_op.grad("x")
def _(grad: Any, x_shape: Any, dim: Any, keepdim: Any) -> Any:
    return spread(grad / max(count_of(x_shape, dim), 1), x_shape, dim, keepdim)


def summable(input: Tensor, dtype: Any, name: str, out: Any = None) -> Tensor:
    """The input in the dtype it is summed in: the one asked for, that of `out`, int64 for integers, else its own."""
    tensor_of(name, input)
    wanted = array_dtype(dtype, name)
    if wanted is None and isinstance(out, Tensor):
        wanted = out._array.dtype
    if wanted is None:
        if input._array.dtype.kind not in "iub":
            return input
        wanted = dtypes.I64
    return converted(input, wanted, None)


@method("sum")
def sum(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None
) -> Tensor:
    """The sum over all axes or those in `dim`, as torch.sum. Bools and integers give int64.

    Raises IndexError for an axis that is not there.
    """
    x = summable(input, dtype, "sum", out)
    result: Tensor = sum_op(x, dim=axes(dim, x._array.ndim), keepdim=keepdim)
    return write_out("sum", result, out)


@method("mean")
def mean(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None
) -> Tensor:
    """The mean over all axes or those in `dim`, as torch.mean. Raises RuntimeError for integers without dtype=."""
    x = _averaged(input, dtype, "mean")
    result: Tensor = mean_op(x, dim=axes(dim, x._array.ndim), keepdim=keepdim)
    return write_out("mean", result, out)


def _averaged(input: Tensor, dtype: Any, name: str) -> Tensor:
    tensor_of(name, input)
    wanted = array_dtype(dtype, name)
    x = input if wanted is None else converted(input, wanted, None)
    if x._array.dtype.kind in "iub":
        raise DTypeError(
            f"{name}(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
            f"Got: {input.dtype!r}; write x.float().{name}()"
        )
    return x


@method("nansum")
def nansum(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None
) -> Tensor:
    """The sum of what is not nan, as torch.nansum."""
    x = summable(input, dtype, "nansum")
    clean = masked(x, x == x) if x._array.dtype.kind in "fV" else x
    return sum(clean, dim, keepdim, dtype=x.dtype, out=out)


@method("nanmean")
def nanmean(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None
) -> Tensor:
    """The mean of what is not nan, as torch.nanmean."""
    x = _averaged(input, dtype, "nanmean")
    return write_out("nanmean", nansum(x, dim, keepdim) / sum(x == x, dim, keepdim), out)


@method("count_nonzero")
def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    """How many elements are not 0. -> int64."""
    return sum(input != 0, dim)


# -- products --------------------------------------------------------------------------------------------------------

prod_op = Op("prod", "x", formula=r"y = \prod_i x_i", grads={"x": r"\bar y \prod_{j \ne i} x_j"})


@prod_op.forward
def _(xp: Any, x: Any, *, dim: Any = None, keepdim: Any = False) -> Any:
    return x.prod(axis=dim, keepdims=keepdim).astype(x.dtype)


@prod_op.grad("x")
def _(grad: Any, x: Any, out: Any, dim: Any, keepdim: Any) -> Any:
    shape = tuple(x.shape)
    if isinstance(x, Tensor) or (x == 0).any():
        return spread(grad, shape, dim, keepdim) * _others(x, dim).conj()
    return spread(grad * out.conj(), shape, dim, keepdim) / x.conj()


def _others(x: Any, dim: Any) -> Any:
    """For each element the product of the others on its axis (of all, dim None); zeros need no division."""
    from gradbook.ops.scan import cumprod_op

    flat = x.reshape(-1) if dim is None else x
    where = 0 if dim is None else dim[0]
    if flat.ndim == 0 or flat.shape[where] == 0:
        return flat * 0 + 1
    ones = flat[_slices(where, 0, 1)] * 0 + 1
    before = joined([ones, flat[_slices(where, 0, -1)]], where)
    after = joined([flat[_slices(where, 1, None)], ones], where)
    result = cumprod_op(before, dim=where, reverse=False) * cumprod_op(after, dim=where, reverse=True)
    return result.reshape(tuple(x.shape))


def joined(parts: list[Any], dim: int) -> Any:
    """Arrays or Tensors one after the other along an axis."""
    if not isinstance(parts[0], Tensor):
        return backends.xp_of(parts[0]).concatenate(parts, dim)
    from gradbook.ops.joining import cat

    return cat(parts, dim)


def _slices(where: int, start: int | None, stop: int | None) -> Any:
    return (*(slice(None),) * where, slice(start, stop))


@method("prod")
def prod(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None
) -> Tensor:
    """The product of all elements or along one axis, as torch.prod. Bools and integers give int64."""
    if casting.scopes:
        (input,) = casting.full(input)
    x = summable(input, dtype, "prod", out)
    found = None if dim is None else axes(axis(dim, x._array.ndim), x._array.ndim)
    return write_out("prod", prod_op(x, dim=found, keepdim=keepdim), out)


# -- truth -----------------------------------------------------------------------------------------------------------


def _truth(name: str, input: Tensor, dim: Any, keepdim: bool, out: Tensor | None) -> Tensor:
    array = tensor_of(name, input)._array
    found = axes(dim, array.ndim)
    hits = array if array.dtype.kind == "b" else array != 0
    result = getattr(hits, name)(axis=found, keepdims=keepdim)
    wanted = np.uint8 if array.dtype == np.uint8 else np.bool_
    return write_out(name, Tensor._of(backends.as_array(result, array).astype(wanted)), out)


@method("any")
def any(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """True if an element is not 0, over all axes or those in `dim` (torch.any)."""
    return _truth("any", input, dim, keepdim, out)


@method("all")
def all(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """True if no element is 0, over all axes or those in `dim` (torch.all)."""
    return _truth("all", input, dim, keepdim, out)


@method()
def sum_to_size(self: Tensor, *size: Any) -> Tensor:
    """Summed over the axes along which `size` would have to be expanded to this shape (torch.Tensor.sum_to_size).

    Raises RuntimeError unless it could be.
    """
    shape, mine = shape_of("sum_to_size", size), self._array.shape
    lead = len(mine) - len(shape)
    if lead < 0 or builtins.any(n not in (1, m) for n, m in zip(shape, mine[lead:], strict=True)):
        raise ShapeError(f"size {{{list(shape)}}} is not expandable to size {{{list(mine)}}}.")
    over = (*builtins.range(lead), *(i + lead for i, n in enumerate(shape) if n == 1 != mine[i + lead]))
    if not shape:
        return sum(self)
    return sum(self, over, True).reshape(shape) if over else self
