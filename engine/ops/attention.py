"""Scaled dot product attention as one op."""

from __future__ import annotations

import math
from contextvars import ContextVar
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.autograd import casting
from gradbook.autograd.op import Op
from gradbook.errors import AutogradError, DTypeError, ShapeError
from gradbook.ops.mistakes import check_same_dtype, mistake, need_tensor
from gradbook.tensor import Tensor

__all__ = ["scaled_dot_product_attention"]

allowed: ContextVar[bool] = ContextVar("allowed", default=True)  # nn.attention.sdpa_kernel turns it off

attention_op = Op(
    "scaled_dot_product_attention", "query key value mask", extras="weights", promote=False,
    node_name="ScaledDotProductAttentionBackward0",
    formula=r"y = \operatorname{softmax}\left(s \, Q K^\top + M\right) V",
    grads={
        "query": r"\bar Q = s \, \bar S K",
        "key": r"\bar K = s \, \bar S^\top Q",
        "value": r"\bar V = P^\top \bar y",
    },
    flops=lambda q, k, v, m, out: 4 * math.prod(out) * k[-2],
)  # fmt: skip


@attention_op.forward
def _(xp: Any, query: Any, key: Any, value: Any, mask: Any, *, scale: float, causal: bool) -> Any:
    scores = xp.matmul(query * query.dtype.type(scale), key.swapaxes(-1, -2))
    if causal:
        length, width = scores.shape[-2:]
        scores += xp.triu(xp.full((length, width), -np.inf, scores.dtype), 1)
    if mask is not None:
        if mask.dtype.kind == "b":
            scores = xp.where(mask, scores, scores.dtype.type(-np.inf))
        else:
            scores = scores + mask
    top = scores.max(axis=-1, keepdims=True)
    scores -= xp.where(top == -np.inf, 0, top)
    xp.exp(scores, out=scores)
    total = scores.sum(axis=-1, keepdims=True)
    scores /= xp.where(total == 0, 1, total)  # a row that may look at nothing gives zeros
    return xp.matmul(scores, value), scores


@attention_op.backward
def _(
    grad: Any, query: Any, key: Any, value: Any, mask: Any, weights: Any, needs: Any, scale: float, causal: bool
) -> Any:
    if isinstance(grad, Tensor):
        from gradbook.ops.norm_rows import through

        return through(
            lambda q, k, v, m: plain_attention(q, k, v, m, scale, causal), grad, (query, key, value, mask), needs
        )
    xp = backends.xp_of(grad)
    dv = xp.matmul(weights.swapaxes(-1, -2), grad) if needs[2] else None
    if not (needs[0] or needs[1] or needs[3]):
        return None, None, dv, None
    inner = xp.matmul(grad, value.swapaxes(-1, -2))
    inner -= (inner * weights).sum(axis=-1, keepdims=True)
    inner *= weights
    step = grad.dtype.type(scale)
    dq = xp.matmul(inner, key) * step if needs[0] else None
    dk = xp.matmul(inner.swapaxes(-1, -2), query) * step if needs[1] else None
    return dq, dk, dv, (inner if needs[3] else None)


def plain_attention(query: Tensor, key: Tensor, value: Tensor, mask: Any, scale: float, causal: bool) -> Tensor:
    """Attention in terms of other ops."""
    made: Tensor = attention_weights(query, key, mask, scale, causal) @ value
    return made


def attention_weights(query: Tensor, key: Tensor, mask: Any, scale: float, causal: bool) -> Tensor:
    """softmax(scale * query keyᵀ + mask), in terms of other ops; rows that may look at nothing are zeros."""
    scores = (query * scale) @ key.transpose(-1, -2)
    array = scores._array
    xp = backends.xp_of(array)
    hidden: Any = None
    if causal:
        hidden = xp.triu(xp.ones(array.shape[-2:], bool), 1)
    if mask is not None and mask._array.dtype.kind == "b":
        hidden = ~mask._array if hidden is None else hidden | ~mask._array
    elif mask is not None:
        scores = scores + mask
    if hidden is not None:
        scores = scores.masked_fill(Tensor._of(hidden), -math.inf)
    weights: Tensor = scores.softmax(-1)
    empty = (scores._array == -np.inf).all(axis=-1, keepdims=True)
    return weights.masked_fill(Tensor._of(empty), 0.0) if empty.any() else weights


def grouped(op: str, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """Keys and values repeated so that there is a head of theirs for each of the query's."""
    heads, ours = query.shape[-3], max(1, key.shape[-3])
    if heads % ours or heads % max(1, value.shape[-3]):
        words = "Number of heads in key and value must divide the number of heads in query"
        raise mistake(ShapeError, op, words, query=query, key=key, value=value)
    return key.repeat_interleave(heads // ours, -3), value.repeat_interleave(heads // ours, -3)


def check_mask(op: str, mask: Tensor, scores: tuple[int, ...]) -> None:
    """Raise ShapeError unless a mask can be broadcast to the scores (*, l, s)."""
    for i, (size, wanted) in enumerate(zip(reversed(mask.shape), reversed(scores), strict=False), 1):
        if size not in (1, wanted) and wanted != 1:
            words = (
                f"The size of tensor a ({wanted}) must match the size of tensor b ({size}) at non-singleton dimension "
                f"{len(scores) - i}"
            )
            fix = f"a mask of shape {tuple(scores[-2:])}: one row a query, one column a key"
            raise mistake(ShapeError, op, words, "", fix, attn_mask=mask)


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(scale * query keyᵀ + mask) value, as torch.nn.functional.scaled_dot_product_attention.

    query (*, l, e), key (*, s, e), value (*, s, d) -> (*, l, d). attn_mask (l, s) broadcast: bool True may look, or
    numbers
    to add; scale: 1 / sqrt(e). Raises ShapeError where sizes do not fit, DTypeError where dtypes differ.
    Differs: attn_mask and is_causal=True together always raise; PyTorch's fused CPU kernel takes both.
    """
    query, key, value = casting.lower(query, key, value) if casting.scopes else (query, key, value)
    op = "scaled_dot_product_attention"
    for i, (name, x) in enumerate((("query", query), ("key", key), ("value", value)), 1):
        need_tensor(op, x, name, i)
    if not query.dtype == key.dtype == value.dtype:
        words = (
            "Expected query, key, and value to have the same dtype, but got query.dtype: {0} and key or "
            "value: {1} instead."
        )
        check_same_dtype(op, words, query=query, key=key, value=value)
    if min(query.ndim, key.ndim, value.ndim) < 2:
        words = "Expected query, key, and value to all be at least 2 dimensional"
        raise mistake(ShapeError, op, words, query=query, key=key, value=value)
    if enable_gqa and query.ndim > 2:
        key, value = grouped(op, query, key, value)
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        words = (
            f"The size of query (last axis {query.shape[-1]}), key ({tuple(key.shape[-2:])}) and value "
            f"({tuple(value.shape[-2:])}) must fit"
        )
        fix = "query and key share the last axis, key and value the one before"
        raise mistake(ShapeError, op, words, "", fix, query=query, key=key, value=value)
    if is_causal and attn_mask is not None:
        raise mistake(
            ShapeError, op, "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True"
        )
    if attn_mask is not None and attn_mask._array.dtype.kind != "b" and attn_mask.dtype != query.dtype:
        if not attn_mask.dtype.is_floating_point:
            words = "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
            raise mistake(DTypeError, op, f"{words}{attn_mask.dtype} and query.dtype: {query.dtype} instead.")
        attn_mask = attn_mask.to(query.dtype)
    if attn_mask is not None:
        check_mask(op, attn_mask, (*query.shape[:-1], key.shape[-2]))
    if not allowed.get():
        words = "No viable backend for scaled_dot_product_attention was found"
        fix = "allow SDPBackend.MATH in sdpa_kernel(...)"
        raise mistake(AutogradError, op, words, "every kernel that runs here is turned off", fix)
    step = 1 / math.sqrt(max(1, query.shape[-1])) if scale is None else float(scale)
    if dropout_p > 0:
        from gradbook.ops.dropout import dropout

        made: Tensor = dropout(attention_weights(query, key, attn_mask, step, is_causal), dropout_p) @ value
        return made
    return attend(query, key, value, attn_mask, step, is_causal)


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Any, scale: float, causal: bool) -> Tensor:
    """The op itself; half precision is summed in float32 and rounded once."""
    if query.itemsize != 2:
        made: Tensor = attention_op(query, key, value, mask, scale=scale, causal=causal)
        return made
    wide = [x.float() if isinstance(x, Tensor) and x.itemsize == 2 else x for x in (query, key, value, mask)]
    half: Tensor = attention_op(*wide, scale=scale, causal=causal).to(query.dtype)
    return half
