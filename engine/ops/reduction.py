"""Many elements to one: sum, mean, prod, variance, norms, logsumexp, any and all. (*) -> axes in `dim` removed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradbook import backends, dtypes
from gradbook.autograd.op import Op
from gradbook.errors import DTypeError
from gradbook.ops.arguments import array_dtype, axes, axis, one_of, tensor_of, write_out
from gradbook.ops.creation import converted
from gradbook.ops.elementwise import masked, zeros_of
from gradbook.ops.pointwise import sign_op
from gradbook.ops.transcendental import exp_op
from gradbook.tensor import Tensor, method

__all__ = [
    "all", "any", "count_nonzero", "dist", "logsumexp", "mean", "nanmean", "nansum", "norm", "prod", "std", "std_mean",
    "sum", "var", "var_mean", "vector_norm",
]  # fmt: skip

# -- spreading a gradient over what was reduced --------------------------------------------------------------------------


def spread(value: Any, shape: Any, dim: Any, keepdim: Any) -> Any:
    """What a reduction gave (or its gradient), broadcast to the shape it was given. (array or Tensor) -> the same"""
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


# -- sum and mean --------------------------------------------------------------------------------------------------------

sum_op = Op("sum", "x", formula=r"y = \sum_i x_i", grads={"x": r"\bar y"})
mean_op = Op("mean", "x", formula=r"y = \frac1n \sum_i x_i", grads={"x": r"\frac{\bar y}{n}"})


@sum_op.forward
def _(xp: Any, x: Any, *, dim: Any = None, keepdim: Any = False) -> Any:
    if x.dtype is dtypes.BF16:
        return x.astype(np.float32).sum(axis=dim, keepdims=keepdim).astype(x.dtype)
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


def summable(input: Tensor, dtype: Any, name: str) -> Tensor:
    """The input in the dtype it is summed in: the one asked for, int64 for bools and integers, else its own."""
    tensor_of(name, input)
    wanted = array_dtype(dtype, name)
    if wanted is None:
        if input._array.dtype.kind not in "iub":
            return input
        wanted = dtypes.I64
    return converted(input, wanted, None)


@method("sum")
def sum(
    input: Tensor,
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: Any = None,
    out: Tensor | None = None,
    axis: Any = None,
) -> Tensor:
    """The sum over all axes or those in `dim`, as torch.sum. Bools and integers give int64.

    Raises IndexError for an axis that is not there.
    """
    x = summable(input, dtype, "sum")
    result: Tensor = sum_op(x, dim=axes(dim if axis is None else axis, x._array.ndim), keepdim=keepdim)
    return write_out("sum", result, out)


@method("mean")
def mean(
    input: Tensor,
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: Any = None,
    out: Tensor | None = None,
    axis: Any = None,
) -> Tensor:
    """The mean over all axes or those in `dim`, as torch.mean. Raises RuntimeError for integers without dtype=."""
    x = _averaged(input, dtype, "mean")
    result: Tensor = mean_op(x, dim=axes(dim if axis is None else axis, x._array.ndim), keepdim=keepdim)
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
    return sum(clean, dim, keepdim, out=out)


@method("nanmean")
def nanmean(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None
) -> Tensor:
    """The mean of what is not nan, as torch.nanmean."""
    x = _averaged(input, dtype, "nanmean")
    return write_out("nanmean", nansum(x, dim, keepdim) / sum(x == x, dim, keepdim), out)


@method("count_nonzero")
def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    """How many elements are not 0. -> int64"""
    return sum(input != 0, dim)


# -- products ------------------------------------------------------------------------------------------------------------

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
    x = summable(input, dtype, "prod")
    found = None if dim is None else axes(axis(dim, x._array.ndim), x._array.ndim)
    return write_out("prod", prod_op(x, dim=found, keepdim=keepdim), out)


# -- variance ------------------------------------------------------------------------------------------------------------

var_op = Op(
    "var", "x", formula=r"y = \frac{1}{n - c} \sum_i (x_i - \mu)^2", grads={"x": r"\frac{2 \bar y}{n - c} (x_i - \mu)"}
)
std_op = Op(
    "std",
    "x",
    formula=r"y = \sqrt{\frac{1}{n - c} \sum_i (x_i - \mu)^2}",
    grads={"x": r"\frac{\bar y}{(n - c) \, y} (x_i - \mu)"},
)


def _variance(x: Any, dim: Any, keepdim: Any, correction: Any) -> Any:
    if x.dtype.kind == "c":
        return _variance(x.real, dim, keepdim, correction) + _variance(x.imag, dim, keepdim, correction)
    kind = x.dtype
    if kind.itemsize == 2:
        x = x.astype(np.float32)
    count = count_of(x.shape, dim)
    if not x.size:
        return x.sum(axis=dim, keepdims=keepdim).astype(kind) * kind.type(math.nan)
    far = x - x.sum(axis=dim, keepdims=True) / count
    total = (far * far).sum(axis=dim, keepdims=keepdim)
    degrees = max(count - correction, 0)
    return (total / degrees if degrees else total * math.inf if count > 1 else total * math.nan).astype(kind)


@var_op.forward
def _(xp: Any, x: Any, *, dim: Any, keepdim: Any, correction: Any) -> Any:
    return _variance(x, dim, keepdim, correction)


@var_op.grad("x")
def _(grad: Any, x: Any, x_shape: Any, dim: Any, keepdim: Any, correction: Any) -> Any:
    far = x - mean_op(x, dim=dim, keepdim=True)
    degrees = max(count_of(x_shape, dim) - correction, 0)
    return spread(grad, x_shape, dim, keepdim) * far * (2.0 / degrees if degrees else math.nan)


@std_op.forward
def _(xp: Any, x: Any, *, dim: Any, keepdim: Any, correction: Any) -> Any:
    return xp.sqrt(_variance(x, dim, keepdim, correction))


@std_op.grad("x")
def _(grad: Any, x: Any, out: Any, x_shape: Any, dim: Any, keepdim: Any, correction: Any) -> Any:
    degrees = max(count_of(x_shape, dim) - correction, 0)
    slope = masked(grad / out, out != 0)
    far = x - mean_op(x, dim=dim, keepdim=True)
    return spread(slope, x_shape, dim, keepdim) * far * (1.0 / degrees if degrees else math.nan)


def _spread_of(op: Op, input: Tensor, given: tuple[Any, ...], named: dict[str, Any]) -> Tensor:
    name = op.name
    tensor_of(name, input)
    unbiased, dim, keepdim = named.pop("unbiased", None), named.pop("dim", None), named.pop("keepdim", False)
    dim, out, correction = named.pop("axis", dim), named.pop("out", None), named.pop("correction", 1)
    if named:
        raise TypeError(f"{name}() got an unexpected keyword argument '{next(iter(named))}'")
    rest = list(given)
    if rest and isinstance(rest[0], bool):
        unbiased = rest.pop(0)
    elif rest:
        dim = rest.pop(0)
        if rest and unbiased is None:
            unbiased = rest.pop(0)
    if rest:
        keepdim = rest.pop(0)
    if unbiased is not None:
        correction = 1 if unbiased else 0
    if input._array.dtype.kind in "iub":
        raise DTypeError(
            f"std and var only support floating point and complex dtypes, but got {input.dtype!r}; write x.float()"
        )
    params = {
        "dim": axes(dim, input._array.ndim),
        "keepdim": keepdim,
        "correction": 1 if correction is None else correction,
    }
    return write_out(name, op(input, **params), out)


@method("var")
def var(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The variance: var(input, dim=None, *, correction=1, keepdim=False), as torch.var; correction=0 divides by n.

    Also var(input, unbiased) and var(input, dim, unbiased, keepdim). Raises RuntimeError for integers.
    """
    return _spread_of(var_op, input, args, kwargs)


@method("std")
def std(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The standard deviation: std(input, dim=None, *, correction=1, keepdim=False), as torch.std.

    Also std(input, unbiased) and std(input, dim, unbiased, keepdim). Raises RuntimeError for integers.
    """
    return _spread_of(std_op, input, args, kwargs)


def _with_mean(op: Op, input: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Tensor, Tensor]:
    dim = kwargs.get("dim", args[0] if args and not isinstance(args[0], bool) else None)
    keepdim = kwargs.get("keepdim", args[2] if len(args) > 2 else False)
    return _spread_of(op, input, args, dict(kwargs)), mean(input, dim, keepdim)


def var_mean(input: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """(variance, mean), with the arguments of var."""
    return _with_mean(var_op, input, args, kwargs)


def std_mean(input: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """(standard deviation, mean), with the arguments of std."""
    return _with_mean(std_op, input, args, kwargs)


# -- logsumexp and norms -------------------------------------------------------------------------------------------------

logsumexp_op = Op("logsumexp", "x", formula=r"y = \ln \sum_i e^{x_i}", grads={"x": r"\bar y \, e^{x_i - y}"})


@logsumexp_op.forward
def _(xp: Any, x: Any, *, dim: Any, keepdim: Any) -> Any:
    if not x.size:
        return xp.log(xp.exp(x).sum(axis=dim, keepdims=keepdim))
    top = x.max(axis=dim, keepdims=True)
    top = xp.where(xp.isfinite(top), top, top.dtype.type(0))
    total = xp.log(xp.exp(x - top).sum(axis=dim, keepdims=True)) + top
    return (
        total if keepdim else total.reshape([n for i, n in enumerate(x.shape) if dim is not None and i not in dim])
    ).astype(x.dtype)


@logsumexp_op.grad("x")
def _(grad: Any, x: Any, out: Any, x_shape: Any, dim: Any, keepdim: Any) -> Any:
    return spread(grad, x_shape, dim, keepdim) * exp_op(x - spread(out, x_shape, dim, keepdim))


@method("logsumexp")
def logsumexp(input: Tensor, dim: Any, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """log(sum(exp(input))) without overflow, as torch.logsumexp."""
    x = converted(input, dtypes._default._np, None) if input._array.dtype.kind in "iub" else input
    return write_out("logsumexp", logsumexp_op(x, dim=axes(dim, x._array.ndim), keepdim=keepdim), out)


norm_op = Op(
    "norm",
    "x",
    formula=r"y = \sqrt{\sum_i |x_i|^2}",
    grads={"x": r"\bar y \, \frac{x_i}{y}"},
    node_name="LinalgVectorNormBackward0",
)


@norm_op.forward
def _(xp: Any, x: Any, *, dim: Any, keepdim: Any) -> Any:
    if x.dtype.kind == "c":
        return xp.sqrt((x.real * x.real + x.imag * x.imag).sum(axis=dim, keepdims=keepdim))
    if x.dtype.itemsize == 2:
        x32 = x.astype(np.float32)
        return xp.sqrt((x32 * x32).sum(axis=dim, keepdims=keepdim)).astype(x.dtype)
    return xp.sqrt((x * x).sum(axis=dim, keepdims=keepdim))


@norm_op.grad("x")
def _(grad: Any, x: Any, out: Any, x_shape: Any, dim: Any, keepdim: Any) -> Any:
    slope = masked(grad / out, out != 0)
    return spread(slope, x_shape, dim, keepdim) * x


def vector_norm(
    x: Tensor, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None
) -> Tensor:
    """(sum |x|**ord)**(1/ord) over all axes or those in `dim`, as torch.linalg.vector_norm; ord may be inf, -inf or 0."""
    tensor_of("vector_norm", x)
    if dtype is not None:
        x = converted(x, array_dtype(dtype), None)
    if x._array.dtype.kind in "iub":
        raise DTypeError(f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {x.dtype!r}")
    found = axes(dim, x._array.ndim)
    if ord == 2:
        result: Tensor = norm_op(x, dim=found, keepdim=keepdim)
    elif ord == math.inf:
        result = x.abs().amax(found or (), keepdim)
    elif ord == -math.inf:
        result = x.abs().amin(found or (), keepdim)
    elif ord == 0:
        result = support_op(x, dim=found, keepdim=keepdim)
    elif ord == 1:
        result = sum(x.abs(), found, keepdim)
    else:
        result = power_norm_op(x, dim=found, keepdim=keepdim, p=ord)
    return write_out("vector_norm", result, out)


support_op = Op(
    "support", "x", formula=r"y = \sum_i [x_i \ne 0]", grads={"x": "0"}, node_name="LinalgVectorNormBackward0"
)
support_op.forward(lambda xp, x, *, dim, keepdim: (x != 0).sum(axis=dim, keepdims=keepdim).astype(x.real.dtype))
support_op.grad("x")(lambda grad, x_shape, dim, keepdim: spread(zeros_of(grad), x_shape, dim, keepdim))

power_norm_op = Op(
    "power_norm", "x", formula=r"y = \left(\sum_i |x_i|^p\right)^{1/p}",
    grads={"x": r"\bar y \, x_i \frac{|x_i|^{p-2}}{y^{p-1}}"}, node_name="LinalgVectorNormBackward0",
)  # fmt: skip


@power_norm_op.forward
def _(xp: Any, x: Any, *, dim: Any, keepdim: Any, p: Any) -> Any:
    return ((xp.absolute(x) ** p).sum(axis=dim, keepdims=keepdim) ** (1.0 / p)).astype(x.real.dtype)


@power_norm_op.grad("x")
def _(grad: Any, x: Any, out: Any, x_shape: Any, dim: Any, keepdim: Any, p: Any) -> Any:
    size = abs(x)
    if p < 1:
        slope = sign_op(x) * masked(size ** (p - 1), x != 0)
    elif p < 2:
        slope = sign_op(x) * size ** (p - 1)
    else:
        slope = x * size ** (p - 2)
    share = masked(grad / out ** (p - 1), out != 0)
    return spread(share, x_shape, dim, keepdim) * slope


def norm(
    input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, out: Tensor | None = None, dtype: Any = None
) -> Tensor:
    """The norm over all axes or those in `dim`, as torch.norm: p is a number, inf, "fro" or "nuc"."""
    tensor_of("norm", input)
    if isinstance(p, str):
        if one_of("norm", p, ("fro", "nuc")) == "nuc":
            from gradbook import linalg

            return write_out(
                "norm", linalg.matrix_norm(input, "nuc", *(() if dim is None else (dim,)), keepdim=keepdim), out
            )
        p = 2
    x = input if dtype is None else converted(input, array_dtype(dtype), None)
    if dim is None and keepdim is False and x._array.ndim == 0:
        return write_out("norm", vector_norm(x, 2 if p is None else p), out)
    return write_out("norm", vector_norm(x, 2 if p is None else p, dim, keepdim), out)


@method("norm")
def _norm(self: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Tensor:
    """The norm over all axes or those in `dim`, as torch.Tensor.norm."""
    return norm(self, p, dim, keepdim, dtype=dtype)


@method("dist")
def dist(input: Tensor, other: Tensor, p: Any = 2) -> Tensor:
    """The p-norm of input - other, as torch.dist."""
    return vector_norm(input - other, p)


# -- truth ---------------------------------------------------------------------------------------------------------------


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
