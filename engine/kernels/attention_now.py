"""Attention outside a program: forward and rule as eager operations call them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.kernels import softmax as rows
from gradbook.kernels.gemm import matmul
from gradbook.kernels.now import F32, Array, made_of, run, whole
from gradbook.kernels.program import Program, Unsupported

__all__ = ["kernels"]

ndarray = np.ndarray


def attention(
    xp: Any, query: Array, key: Array, value: Array, mask: Any, *, scale: float, causal: bool
) -> tuple[Array, Array]:
    """As the forward of scaled_dot_product_attention without a mask: the result and the weights."""
    if mask is not None or not query.shape[:-2] == key.shape[:-2] == value.shape[:-2]:
        raise Unsupported("attention with a mask, or heads that are shared")
    if not all(type(x) is ndarray and x.dtype is F32 for x in (query, key, value)):
        raise Unsupported("not float32")
    y = made_of((*query.shape[:-1], value.shape[-1]))
    weights = made_of((*query.shape[:-1], key.shape[-2]))
    run(add_attention, (y, weights), (query, key, value), (scale, causal))
    return y, weights


def add_attention(
    program: Program, y: Array, weights: Array, query: Array, key: Array, value: Array, scale: float, causal: bool
) -> None:
    """The scores, their softmax, and the product of that with the values."""
    hidden = None
    if causal:
        length, width = weights.shape[-2:]
        hidden = np.broadcast_to(np.triu(np.full((length, width), -np.inf, F32), 1), weights.shape)
    matmul(program, weights, query, key.swapaxes(-1, -2), start=hidden, alpha=scale)
    rows.softmax(program, weights, weights)
    matmul(program, y, weights, value)


def attention_rule(
    grad: Array, query: Array, key: Array, value: Array, mask: Any, weights: Array, needs: Any, scale: float,
    causal: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """As the rule of scaled_dot_product_attention without a mask."""
    if mask is not None or not all(needs[:3]):
        raise Unsupported("attention with a mask")
    grad, weights = whole(grad, weights)
    if not all(type(x) is ndarray and x.dtype is F32 for x in (query, key, value)):
        raise Unsupported("not float32")
    made = [made_of(x.shape) for x in (query, key, value)]
    inner = made_of(weights.shape)
    run(add_attention_grad, (*made, inner), (grad, query, key, value, weights), (scale,))
    return (*made, None)


def add_attention_grad(
    program: Program, dq: Array, dk: Array, dv: Array, inner: Array, grad: Array, query: Array, key: Array,
    value: Array, weights: Array, scale: float,
) -> None:  # fmt: skip
    """Back through the product with the values, the softmax, and the scores."""
    matmul(program, dv, weights.swapaxes(-1, -2), grad)
    matmul(program, inner, grad, value.swapaxes(-1, -2))
    rows.softmax_grad(program, inner, inner, weights)
    matmul(program, dq, inner, key, alpha=scale)
    matmul(program, dk, inner.swapaxes(-1, -2), query, alpha=scale)


def kernels() -> dict[str, Callable[..., Any]]:
    """By the names of operations and rules."""
    return {
        "scaled_dot_product_attention": attention, "scaled_dot_product_attention.backward": attention_rule,
    }  # fmt: skip
