"""Attention of several heads, with all the options of PyTorch's multi_head_attention_forward."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import gradbook
from gradbook import backends
from gradbook.errors import ShapeError
from gradbook.ops.attention import attention_weights, scaled_dot_product_attention
from gradbook.ops.dropout import dropout
from gradbook.ops.linear import linear
from gradbook.ops.mistakes import mistake
from gradbook.tensor import Tensor

__all__ = ["multi_head_attention_forward"]


def as_float_mask(mask: Tensor | None, name: str, like: Tensor) -> Tensor | None:
    """A mask to add: True becomes -inf. Raises AssertionError for a mask of integers."""
    if mask is None:
        return None
    if mask._array.dtype.kind == "b":
        array = np.where(backends.cpu.asarray(mask._array), -np.inf, 0.0).astype(like._array.dtype)
        made: Tensor = Tensor._of(backends.like(array, like._array))
        return made
    if not mask.dtype.is_floating_point:
        raise AssertionError(f"only bool and floating types of {name} are supported")
    return mask


def projected(query: Tensor, key: Tensor, value: Tensor, packed: Any, bias: Any, apart: Any) -> tuple[Tensor, ...]:
    """Queries, keys and values of all heads: by one packed weight or by three."""
    size = query.shape[-1]
    if apart is not None:
        parts = (None,) * 3 if bias is None else bias.chunk(3)
        return tuple(linear(x, w, b) for x, w, b in zip((query, key, value), apart, parts, strict=True))
    if query is key and key is value:
        whole = linear(query, packed, bias)
        return tuple(whole[..., i * size : (i + 1) * size] for i in range(3))
    weights = packed.chunk(3)
    parts = (None,) * 3 if bias is None else bias.chunk(3)
    return tuple(linear(x, w, b) for x, w, b in zip((query, key, value), weights, parts, strict=True))


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(l, n, e) -> (n, heads, l, e / heads)"""
    length, batch, size = x.shape
    made: Tensor = x.reshape(length, batch, heads, size // heads).permute(1, 2, 0, 3)
    return made


def append_one(x: Tensor, row: Tensor) -> Tensor:
    """One more place at the end of a sequence (l, n, e)."""
    made: Tensor = gradbook.cat([x, row.expand(1, x.shape[1], x.shape[2])])
    return made


def joined_mask(mask: Any, padding: Any, batch: int, heads: int) -> Any:
    """attn_mask and key_padding_mask in one, broadcast over (n, heads, l, s)."""
    if mask is not None:
        mask = mask.unsqueeze(0).unsqueeze(0) if mask.ndim == 2 else mask.reshape(batch, heads, *mask.shape[1:])
    if padding is None:
        return mask
    padding = padding.reshape(batch, 1, 1, padding.shape[-1])
    return padding if mask is None else mask + padding


def check_masks(query: Tensor, key: Tensor, mask: Any, padding: Any, heads: int) -> None:
    """Raise what PyTorch raises for masks that do not fit."""
    length, batch = query.shape[0], query.shape[1]
    width = key.shape[0]
    if mask is not None:
        wanted = (length, width) if mask.ndim == 2 else (batch * heads, length, width)
        if tuple(mask.shape) != wanted:
            words = f"The shape of the {mask.ndim}D attn_mask is {tuple(mask.shape)}, but should be {wanted}."
            raise mistake(ShapeError, "multi_head_attention", words)
    if padding is not None and tuple(padding.shape) != (batch, width):
        words = f"expecting key_padding_mask shape of {(batch, width)}, but got {tuple(padding.shape)}"
        raise AssertionError(words)


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Attention of num_heads heads, as torch.nn.functional.multi_head_attention_forward (Vaswani et al., 2017).

    query (l, n, e), key and value (s, n, e), or all without n -> (l, n, e) and the weights (n, l, s) if need_weights.
    """
    batched = query.ndim == 3
    if not batched:
        same_key, same_value = key is query, value is key
        query = query.unsqueeze(1)
        key = query if same_key else key.unsqueeze(1)
        value = key if same_value else value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    if query.shape[-1] != embed_dim_to_check:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim_to_check}, but got {query.shape[-1]}")
    if is_causal and attn_mask is None:
        raise mistake(ShapeError, "multi_head_attention", "Need attn_mask if specifying the is_causal hint.")
    if key.shape[:2] != value.shape[:2]:
        raise AssertionError(f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}")
    check_masks(query, key, attn_mask, key_padding_mask, num_heads)
    hinted = is_causal and key_padding_mask is None and not need_weights  # then the hint stands for the mask
    mask, padding = (
        None if hinted else as_float_mask(attn_mask, "attn_mask", query),
        as_float_mask(key_padding_mask, "key_padding_mask", query),
    )
    apart = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else None
    q, k, v = projected(query, key, value, in_proj_weight, in_proj_bias, apart)
    extra = 0
    if bias_k is not None and bias_v is not None:
        k, v, extra = append_one(k, bias_k), append_one(v, bias_v), extra + 1
    batch, length = query.shape[1], query.shape[0]
    q, k, v = (split_heads(x, num_heads) for x in (q, k, v))
    if static_k is not None:
        k = static_k.reshape(batch, num_heads, *static_k.shape[1:])
    if static_v is not None:
        v = static_v.reshape(batch, num_heads, *static_v.shape[1:])
    if add_zero_attn:
        zero = gradbook.zeros((batch, num_heads, 1, k.shape[-1]), dtype=k.dtype, device=k.device)
        k, v, extra = gradbook.cat([k, zero], 2), gradbook.cat([v, zero], 2), extra + 1
    if extra:
        mask = None if mask is None else gradbook.nn.functional.pad(mask, (0, extra))
        padding = None if padding is None else gradbook.nn.functional.pad(padding, (0, extra))
    both = joined_mask(mask, padding, batch, num_heads)
    chance = dropout_p if training else 0.0
    weights = None
    if need_weights:
        weights = attention_weights(q, k, both, 1 / math.sqrt(q.shape[-1]), False)
        y = (dropout(weights, chance) if chance else weights) @ v
        weights = weights.mean(1) if average_attn_weights else weights
    else:
        y = scaled_dot_product_attention(q, k, v, both, chance, hinted)
    y = linear(y.permute(2, 0, 1, 3).reshape(length, batch, embed_dim_to_check), out_proj_weight, out_proj_bias)
    if batched:
        return y, weights
    return y.squeeze(1), None if weights is None else weights.squeeze(0)
