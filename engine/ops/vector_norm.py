"""The size of vectors: p-norms, distances, and logsumexp, the smooth maximum."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradbook import dtypes
from gradbook.autograd.inplace import assign
from gradbook.autograd.op import Op
from gradbook.errors import DTypeError
from gradbook.ops.arguments import array_dtype, axes, axis, one_of, tensor_of, write_out
from gradbook.ops.conversion import converted
from gradbook.ops.elementwise import masked, zeros_of
from gradbook.ops.linalg import conj
from gradbook.ops.pointwise import direction
from gradbook.ops.reduction import spread, sum
from gradbook.ops.transcendental import exp_op
from gradbook.tensor import Tensor, method

__all__ = [
    "dist", "logsumexp", "norm", "renorm", "vector_norm",
]  # fmt: skip

# -- logsumexp and norms ---------------------------------------------------------------------------------------------

logsumexp_op = Op("logsumexp", "x", formula=r"y = \ln \sum_i e^{x_i}", grads={"x": r"\bar y \, e^{x_i - y}"})


@logsumexp_op.forward
def _(xp: Any, x: Any, *, dim: Any, keepdim: Any) -> Any:
    if not x.size:
        return xp.log(xp.exp(x).sum(axis=dim, keepdims=keepdim))
    top = x.real.max(axis=dim, keepdims=True)
    top = xp.where(xp.isfinite(top), top, top.dtype.type(0))
    total = xp.log(xp.exp(x - top).sum(axis=dim, keepdims=True)) + top
    return (
        total if keepdim else total.reshape([n for i, n in enumerate(x.shape) if dim is not None and i not in dim])
    ).astype(x.dtype)


@logsumexp_op.grad("x")
def _(grad: Any, x: Any, out: Any, x_shape: Any, dim: Any, keepdim: Any) -> Any:
    return spread(grad, x_shape, dim, keepdim) * conj(exp_op(x - spread(out, x_shape, dim, keepdim)))


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
    """(sum |x|**ord)**(1/ord) over all axes or those in `dim`, as torch.linalg.vector_norm; ord may be ±inf or 0."""
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
    if x.dtype.itemsize == 2:
        x32 = xp.absolute(x.astype(np.float32))
        return ((x32**p).sum(axis=dim, keepdims=keepdim) ** (1.0 / p)).astype(x.dtype)
    return ((xp.absolute(x) ** p).sum(axis=dim, keepdims=keepdim) ** (1.0 / p)).astype(x.real.dtype)


@power_norm_op.grad("x")
def _(grad: Any, x: Any, out: Any, x_shape: Any, dim: Any, keepdim: Any, p: Any) -> Any:
    size = abs(x)
    if p < 1:
        slope = direction(x) * masked(size ** (p - 1), x != 0)
    elif p < 2:
        slope = direction(x) * size ** (p - 1)
    else:
        slope = x * size ** (p - 2)
    share = masked(grad / out ** (p - 1), out != 0)
    return spread(share, x_shape, dim, keepdim) * slope


def norm(
    input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, out: Tensor | None = None, dtype: Any = None
) -> Tensor:
    """The norm over all axes or those in `dim`, as torch.norm: p is a number, inf, "fro" or "nuc".

    Differs: its second gradient at 0 is 0, where PyTorch's is nan.
    """
    tensor_of("norm", input)
    if isinstance(p, str):
        if one_of("norm", p, ("fro", "nuc")) == "nuc":
            from gradbook import linalg

            axes = (-2, -1) if dim is None else dim
            return write_out("norm", linalg.matrix_norm(input, "nuc", axes, keepdim), out)
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


@method("renorm")
def renorm(input: Tensor, p: Any, dim: int, maxnorm: Any, *, out: Tensor | None = None) -> Tensor:
    """The slices along `dim`, scaled down to a p-norm of `maxnorm` where theirs is larger, as torch.renorm.

    (..., n, ...) -> the same. Raises RuntimeError for fewer than 2 axes, p <= 0 or maxnorm < 0.
    """
    if tensor_of("renorm", input).ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {input.ndim} dimensions")
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    kept = axis(dim, input.ndim)
    size = vector_norm(input, p, tuple(i for i in range(input.ndim) if i != kept), True)
    factor = (maxnorm / (size + 1e-7)).where(size > maxnorm, 1.0)
    return write_out("renorm", input * factor.to(input.dtype), out)


method("renorm_")(lambda self, p, dim, maxnorm: assign(self, renorm(self.clone(), p, dim, maxnorm)))
