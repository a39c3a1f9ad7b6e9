"""Attention outside a program: forward and rule as eager operations call them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.kernels import attention as rows
from gradbook.kernels.now import F32, Array, made_of, run
from gradbook.kernels.program import Program, Unsupported

__all__ = ["kernels"]

ndarray = np.ndarray


def leading(*arrays: Any) -> tuple[int, ...]:
    """The leading axes of the result. Raises Unsupported for other types than float32."""
    if not all(type(x) is ndarray and x.dtype is F32 for x in arrays):
        raise Unsupported("not float32")
    return np.broadcast_shapes(*(x.shape[:-2] for x in arrays))


def attention(
    xp: Any, query: Array, key: Array, value: Array, mask: Any, *, scale: float, causal: bool
) -> tuple[Array, Array]:
    """As the forward of scaled_dot_product_attention: the result and the weights."""
    lead = leading(query, key, value)
    y, weights = made_of((*lead, query.shape[-2], value.shape[-1])), made_of((*lead, query.shape[-2], key.shape[-2]))
    given = (query, key, value) if mask is None else (query, key, value, mask)
    kind = None if mask is None else mask.dtype.char
    run(add_attention, (y, weights), given, (scale, causal, kind))
    return y, weights


def add_attention(program: Program, y: Array, weights: Array, *given: Any) -> None:
    """The kernels of the forward; given: operands, scale, causal, the mask's type, of which the kernel depends."""
    *operands, scale, causal, _ = given
    rows.attention(program, y, weights, *operands, scale=scale, causal=causal)


def attention_rule(
    grad: Array, query: Array, key: Array, value: Array, mask: Any, weights: Array, needs: Any, scale: float,
    causal: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """As the rule of scaled_dot_product_attention, but for the gradient of a mask."""
    lead = leading(query, key, value)
    if needs[3] or grad.shape[:-2] != lead or type(grad) is not ndarray or grad.dtype is not F32:
        raise Unsupported("the gradient of a mask")
    wanted = tuple(map(bool, needs[:3]))
    operands = (query, key, value)
    made = [made_of((*lead, *x.shape[-2:])) for x, need in zip(operands, wanted, strict=True) if need]
    run(add_attention_grad, tuple(made), (grad, *operands, weights), (wanted, scale, causal))
    left = iter(made)
    return (*(next(left) if need else None for need in wanted), None)


def add_attention_grad(program: Program, *given: Any) -> None:
    """The kernels of the rule; given: the gradients that are wanted, arrays, which are wanted, scale, causal."""
    *arrays, wanted, scale, causal = given
    count = sum(wanted)
    left = iter(arrays[:count])
    dq, dk, dv = (next(left) if need else None for need in wanted)
    rows.attention_grad(program, dq, dk, dv, *arrays[count:], scale=scale, causal=causal)


def kernels() -> dict[str, Callable[..., Any]]:
    """By the names of operations and rules."""
    return {
        "scaled_dot_product_attention": attention, "scaled_dot_product_attention.backward": attention_rule,
    }  # fmt: skip
