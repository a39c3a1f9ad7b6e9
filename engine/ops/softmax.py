"""softmax, log_softmax, softmin: what turns scores into probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.autograd.op import Op
from gradbook.ops.arguments import array_dtype, axis, tensor_of, write_out
from gradbook.ops.conversion import converted
from gradbook.ops.reduction import sum_op
from gradbook.ops.transcendental import exp_op
from gradbook.tensor import Tensor, method

__all__ = ["log_softmax", "softmax"]

softmax_op = Op(
    "softmax",
    "x",
    formula=r"y_i = \frac{e^{x_i}}{\sum_j e^{x_j}}",
    grads={"x": r"y_i \left(\bar y_i - \sum_j \bar y_j y_j\right)"},
)
log_softmax_op = Op(
    "log_softmax", "x", formula=r"y_i = x_i - \ln \sum_j e^{x_j}", grads={"x": r"\bar y_i - e^{y_i} \sum_j \bar y_j"}
)


@softmax_op.forward
def _(xp: Any, x: Any, *, dim: int) -> Any:
    if not x.ndim or not x.size:
        return xp.ones_like(x)
    kind = x.dtype
    source = x.astype(np.float32) if kind.itemsize == 2 else x
    y = source - source.max(axis=dim, keepdims=True)
    xp.exp(y, out=y)
    y /= y.sum(axis=dim, keepdims=True)
    return y.astype(kind, copy=False)


@softmax_op.grad("x")
def _(grad: Any, out: Any, dim: int) -> Any:
    weighted = grad * out
    return weighted - out * sum_op(weighted, dim=(dim,) if out.ndim else None, keepdim=True)


@log_softmax_op.forward
def _(xp: Any, x: Any, *, dim: int) -> Any:
    if not x.ndim or not x.size:
        return xp.zeros_like(x)
    kind = x.dtype
    source = x.astype(np.float32) if kind.itemsize == 2 else x
    y = source - source.max(axis=dim, keepdims=True)
    y -= xp.log(xp.exp(y).sum(axis=dim, keepdims=True))
    return y.astype(kind, copy=False)


@log_softmax_op.grad("x")
def _(grad: Any, out: Any, dim: int) -> Any:
    return grad - exp_op(out) * sum_op(grad, dim=(dim,) if out.ndim else None, keepdim=True)


def _scores(name: str, input: Tensor, dim: Any, dtype: Any) -> tuple[Tensor, int]:
    x = tensor_of(name, input)
    if dtype is not None:
        x = converted(x, array_dtype(dtype), None)
    if x._array.dtype.kind not in "fcV":
        raise NotImplementedError(f'"{name}_lastdim_kernel_impl" not implemented for {x.dtype!r}; write x.float()')
    return x, axis(dim, x._array.ndim)


@method("softmax")
def softmax(input: Tensor, dim: int, dtype: Any = None, *, out: Tensor | None = None) -> Tensor:
    """exp(input) / sum(exp(input)) along `dim`, without overflow: summing to 1 (torch.softmax). (*) -> (*)."""
    x, where = _scores("softmax", input, dim, dtype)
    return write_out("softmax", softmax_op(x, dim=where), out)


@method("log_softmax")
def log_softmax(input: Tensor, dim: int, dtype: Any = None, *, out: Tensor | None = None) -> Tensor:
    """log(softmax(input)) along `dim`, exact where softmax is tiny (torch.log_softmax). (*) -> (*)."""
    x, where = _scores("log_softmax", input, dim, dtype)
    return write_out("log_softmax", log_softmax_op(x, dim=where), out)
