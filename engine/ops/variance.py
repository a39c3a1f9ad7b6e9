"""Variance and standard deviation, with their means."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradbook.autograd.op import Op
from gradbook.errors import DTypeError
from gradbook.ops.arguments import axes, tensor_of, with_out, write_out
from gradbook.ops.elementwise import masked
from gradbook.ops.reduction import count_of, kept_shape, mean, mean_op
from gradbook.tensor import Tensor, method

__all__ = [
    "std", "std_mean", "var", "var_mean",
]  # fmt: skip

# -- variance --------------------------------------------------------------------------------------------------------

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
    degrees = max(count_of(x_shape, dim) - correction, 0)
    return beside(grad, x_shape, dim, keepdim) * from_mean(x, dim) * (2.0 / degrees if degrees else math.nan)


@std_op.forward
def _(xp: Any, x: Any, *, dim: Any, keepdim: Any, correction: Any) -> Any:
    return xp.sqrt(_variance(x, dim, keepdim, correction))


@std_op.grad("x")
def _(grad: Any, x: Any, out: Any, x_shape: Any, dim: Any, keepdim: Any, correction: Any) -> Any:
    degrees = max(count_of(x_shape, dim) - correction, 0)
    slope = masked(grad / out, out != 0)
    return beside(slope, x_shape, dim, keepdim) * from_mean(x, dim) * (1.0 / degrees if degrees else math.nan)


def from_mean(x: Any, dim: Any) -> Any:
    """How far each number is from the mean over the axes. (array or Tensor) -> the same."""
    if type(x) is np.ndarray and x.dtype.kind == "f" and x.dtype.itemsize >= 4 and x.size:
        return x - x.sum(axis=dim, keepdims=True) / count_of(x.shape, dim)
    return x - mean_op(x, dim=dim, keepdim=True)


def beside(value: Any, shape: Any, dim: Any, keepdim: Any) -> Any:
    """What a reduction gave, in a shape that broadcasts to what it was given. (array or Tensor) -> the same."""
    return value if keepdim or value.ndim == len(shape) else value.reshape(kept_shape(shape, dim))


def _spread_of(op: Op, input: Tensor, given: tuple[Any, ...], named: dict[str, Any]) -> Tensor:
    name = op.name
    tensor_of(name, input)
    unbiased, dim, keepdim = named.pop("unbiased", None), named.pop("dim", None), named.pop("keepdim", False)
    out, correction = named.pop("out", None), named.pop("correction", 1)
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
@with_out
def var(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The variance: var(input, dim=None, *, correction=1, keepdim=False), as torch.var; correction=0 divides by n.

    Also var(input, unbiased) and var(input, dim, unbiased, keepdim). Raises RuntimeError for integers.
    """
    return _spread_of(var_op, input, args, kwargs)


@method("std")
@with_out
def std(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The standard deviation: std(input, dim=None, *, correction=1, keepdim=False), as torch.std.

    Also std(input, unbiased) and std(input, dim, unbiased, keepdim). Raises RuntimeError for integers.
    """
    return _spread_of(std_op, input, args, kwargs)


def _with_mean(op: Op, input: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Tensor, Tensor]:
    dim = kwargs.get("dim", args[0] if args and not isinstance(args[0], bool) else None)
    keepdim = kwargs.get("keepdim", args[2] if len(args) > 2 else False)
    return _spread_of(op, input, args, dict(kwargs)), mean(input, dim, keepdim)


@with_out
def var_mean(input: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """(variance, mean), with the arguments of var."""
    return _with_mean(var_op, input, args, kwargs)


@with_out
def std_mean(input: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """(standard deviation, mean), with the arguments of std."""
    return _with_mean(std_op, input, args, kwargs)
