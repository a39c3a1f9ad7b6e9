"""What some operations show beside their formula: the windows of a convolution, the heads of an attention."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gradbook.observe.walkthrough.block import Block
from gradbook.observe.walkthrough.steps import Call, Value
from gradbook.observe.walkthrough.symbols import number
from gradbook.observe.walkthrough.windows import attention_weights, geometry, windows

__all__ = ["scenes"]

Blocks = Callable[[Block | None], dict[str, Any] | None]


def scenes(call: Call, block: Blocks, places: Mapping[int, int]) -> dict[str, Any]:
    """The optional keys of an operation: {"conv": …}, {"pool": …} or {"attention": …}; {} for most."""
    if not call.outputs:
        return {}
    if call.op in ("conv1d", "conv2d") or call.op.startswith(("max_pool", "avg_pool")):
        return _windows(call, places)
    if call.op == "scaled_dot_product_attention":
        return _attention(call, block, places)
    return {}


def _windows(call: Call, places: Mapping[int, int]) -> dict[str, Any]:
    found = windows(call)
    shape = geometry(call)
    if not found or shape is None:
        return {}
    kernel, stride, padding, dilation = (list(axis) for axis in shape)
    return {
        "conv" if call.op.startswith("conv") else "pool": {
            "x": _place(call.operands[0], places),
            "w": _place(call.operands[1], places) if len(call.operands) > 1 else None,
            "windows": found,
            "kernel": kernel,
            "stride": stride,
            "padding": padding,
            "dilation": dilation,
            "groups": int(call.params.get("groups") or 1),
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


def _place(value: Any, places: Mapping[int, int]) -> int | None:
    """The place of an operand among the values."""
    return places.get(value.id) if isinstance(value, Value) else None
