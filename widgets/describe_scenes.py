"""What some operations show beside their formula: the windows of a convolution, the heads of an attention."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gradbook.observe.walkthrough.block import Block
from gradbook.observe.walkthrough.steps import Call, Value
from gradbook.observe.walkthrough.symbols import number
from gradbook.observe.walkthrough.windows import attention_weights, windows

__all__ = ["scenes"]

PRODUCTS = ("matmul", "mm", "bmm")
Blocks = Callable[[Block | None], dict[str, Any] | None]


def scenes(call: Call, block: Blocks, places: Mapping[int, int]) -> dict[str, Any]:
    """The optional keys of an operation: {"conv": …}, {"pool": …} or {"attention": …}; {} for most."""
    if not call.outputs:
        return {}
    if call.op in ("conv1d", "conv2d") or call.op.startswith(("max_pool", "avg_pool")):
        return _windows(call, places)
    if call.op == "scaled_dot_product_attention":
        return _attention(call, block, places)
    if call.op in PRODUCTS:
        return _by_hand(call, block, places)
    return {}


def _windows(call: Call, places: Mapping[int, int]) -> dict[str, Any]:
    found = windows(call)
    if not found:
        return {}
    return {
        "conv" if call.op.startswith("conv") else "pool": {
            "x": _place(call.operands[0], places),
            "w": _place(call.operands[1], places) if len(call.operands) > 1 else None,
            "windows": found,
        }
    }


def _attention(call: Call, block: Blocks, places: Mapping[int, int]) -> dict[str, Any]:
    found = attention_weights(call)
    if found is None:
        return {}
    query = call.operands[0]
    heads = int(query.shape[-3]) if isinstance(query, Value) and len(query.shape) > 2 else 1
    return {
        "attention": {
            "q": _place(call.operands[0], places),
            "k": _place(call.operands[1], places),
            "v": _place(call.operands[2], places),
            "out": places.get(call.output.id),
            "scores": block(found[0]),
            "weights": block(found[1]),
            "heads": heads,
            "scale": number(float(call.params["scale"])),
            "causal": bool(call.params.get("causal")),
        }
    }


def _by_hand(call: Call, block: Blocks, places: Mapping[int, int]) -> dict[str, Any]:
    """`(q @ k.T / s).softmax(-1) @ v`, written out: the weights are an operand of the last product."""
    weights = call.operands[0]
    made = weights.source if isinstance(weights, Value) else None
    while made is not None and made.op in ("dropout", "to"):
        made = _source(made.operands[0])
    if made is None or made.op != "softmax" or not made.outputs:
        return {}
    scores = made.operands[0]
    product, scale = _source(scores), ""
    while product is not None and product.op in ("div", "mul", "masked_fill", "add", "where"):
        factor = product.operands[1] if len(product.operands) > 1 else None
        if product.op in ("div", "mul") and not isinstance(factor, Value) and factor is not None:
            scale = f"1/{number(factor)}" if product.op == "div" else number(factor)
        product = _source(product.operands[1 if product.op == "where" else 0])
    if product is None or product.op not in PRODUCTS or not isinstance(scores, Value):
        return {}
    keys = product.operands[1]
    turned = _source(keys)
    if turned is not None and turned.op in ("transpose", "t", "permute"):
        keys = turned.operands[0]
    return {
        "attention": {
            "q": _place(product.operands[0], places),
            "k": _place(keys, places),
            "v": _place(call.operands[1], places),
            "out": places.get(call.output.id),
            "scores": block(scores.block),
            "weights": block(made.output.block),
            "heads": int(scores.shape[-3]) if len(scores.shape) > 2 else 1,
            "scale": scale,
            "causal": False,
        }
    }


def _source(value: Any) -> Call | None:
    """The operation that a value is of."""
    return value.source if isinstance(value, Value) else None


def _place(value: Any, places: Mapping[int, int]) -> int | None:
    """The place of an operand among the values."""
    return places.get(value.id) if isinstance(value, Value) else None
