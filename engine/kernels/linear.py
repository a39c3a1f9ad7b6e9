"""The linear layer y = activation(x @ weight.T + bias) and its gradients; weight lies as PyTorch's, (out, in).

All leading axes of x are one batch. `accumulate` adds to what is in `out`: a gradient that came before.
"""

from __future__ import annotations

import math

import numpy as np

from gradbook.kernels.gemm import Array, matmul
from gradbook.kernels.program import Program, Unsupported

__all__ = ["linear", "linear_bias_grad", "linear_input_grad", "linear_weight_grad", "rows_of"]


def linear(
    program: Program, out: Array, x: Array, weight: Array, bias: Array | None = None, *, activation: str = ""
) -> None:
    """Add out = activation(x @ weight.T + bias): x (.., in), weight (out, in), bias (out,) -> (.., out).

    activation: "" or "relu". Raises Unsupported, and ValueError where shapes do not fit, as matmul.
    """
    _need_matrix(weight)
    matmul(program, out, x, weight.T, bias=bias, activation=activation)


def linear_input_grad(program: Program, out: Array, grad: Array, weight: Array, *, accumulate: bool = False) -> None:
    """Add out = grad @ weight, the gradient of x: grad (.., out) -> (.., in). Raises as matmul."""
    _need_matrix(weight)
    matmul(program, out, grad, weight, accumulate=accumulate)


def linear_weight_grad(program: Program, out: Array, grad: Array, x: Array, *, accumulate: bool = False) -> None:
    """Add out = the sum over leading axes of grad and x: grad (.., out), x (.., in) -> (out, in). Raises as matmul."""
    _need_matrix(out)
    if grad.shape[:-1] != x.shape[:-1]:
        raise ValueError(f"linear: a gradient of {grad.shape} for an input of {x.shape}")
    matmul(program, out, rows_of(grad).T, rows_of(x), accumulate=accumulate)


def linear_bias_grad(program: Program, out: Array, grad: Array, *, accumulate: bool = False) -> None:
    """Add out = grad summed over its leading axes: (.., out) -> (out,). Raises as matmul."""
    rows = rows_of(grad)
    ones = np.broadcast_to(np.ones(1, grad.dtype), rows.shape[:1])
    matmul(program, out, ones, rows, accumulate=accumulate)


def _need_matrix(weight: Array) -> None:
    if weight.ndim != 2:
        raise Unsupported(f"a linear layer whose weight is {weight.shape}")


def rows_of(x: Array) -> Array:
    """(.., n) -> (rows, n) of the same memory. Raises Unsupported where the leading axes do not lie in one row."""
    rows = x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
    if x.size and not np.may_share_memory(rows, x):
        raise Unsupported(f"a gradient of {x.shape} whose leading axes do not follow each other")
    return rows
