"""Convolution and pooling window by window; attention head by head."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.observe.walkthrough.block import Block
from gradbook.observe.walkthrough.steps import Call, Value

__all__ = ["attention_weights", "columns", "convolved_back", "geometry", "window_of", "windows"]

WINDOWS = 64  # shown of one convolution


def geometry(call: Call) -> tuple[tuple[int, ...], ...] | None:
    """(kernel, stride, padding before, dilation) of a convolution or pooling, one number an axis; None of other ops."""
    params = call.params
    if call.op.startswith("conv") and len(call.operands) > 1 and isinstance(call.operands[1], Value):
        kernel: Any = call.operands[1].shape[2:]
    else:
        kernel = params.get("kernel")
    rank = len(call.output.shape) - 2
    if kernel is None or rank < 1 or call.op.startswith("conv_transpose"):
        return None

    def axes(value: Any, default: int) -> tuple[int, ...]:
        if value is None:
            return (default,) * rank
        if isinstance(value, int | np.integer):
            return (int(value),) * rank
        return tuple(int(v[0] if isinstance(v, tuple | list) else v) for v in value)[-rank:]

    return (
        axes(kernel, 1),
        axes(params.get("stride"), 1),
        axes(params.get("padding"), 0),
        axes(params.get("dilation"), 1),
    )


def window_of(call: Call, array: Any, entry: tuple[int, ...]) -> Any:
    """The elements under the kernel for one output entry -> (channels, *kernel), zeros outside; None if unknown."""
    shape = geometry(call)
    if shape is None:
        return None
    kernel, stride, padding, dilation = shape
    groups = int(call.params.get("groups") or 1)
    channels = array.shape[1] // groups
    group = entry[1] // max(1, call.output.shape[1] // groups)
    image = array[entry[0], group * channels : (group + 1) * channels]
    out = np.zeros((channels, *kernel), array.dtype)
    for at in np.ndindex(*kernel):
        place = tuple(o * s - p + k * d for o, s, p, k, d in zip(entry[2:], stride, padding, at, dilation, strict=True))
        if all(0 <= i < n for i, n in zip(place, array.shape[2:], strict=True)):
            out[(slice(None), *at)] = image[(slice(None), *place)]
    return out


def columns(call: Call, array: Any) -> Any:
    """The windows of a convolution as rows: (entries of one output channel, channels * kernel); None if unknown."""
    n, _, *places = call.output.shape
    found = [window_of(call, array, (i, 0, *place)) for i in range(n) for place in np.ndindex(*places)]
    return None if not found or found[0] is None else np.stack([window.reshape(-1) for window in found])


def convolved_back(call: Call, grad: Any, weight: Any, shape: tuple[int, ...]) -> Any:
    """Each input element collects the incoming numbers of the windows it was in, times its kernel weight there."""
    found = geometry(call)
    if found is None:
        return None
    kernel, stride, padding, dilation = found
    out = np.zeros(shape, np.result_type(grad, weight))
    for place in np.ndindex(*grad.shape[2:]):
        part = np.einsum("no,oc...->nc...", grad[(slice(None), slice(None), *place)], weight)
        for at in np.ndindex(*kernel):
            here = tuple(o * s - p + k * d for o, s, p, k, d in zip(place, stride, padding, at, dilation, strict=True))
            if all(0 <= i < n for i, n in zip(here, shape[2:], strict=True)):
                out[(slice(None), slice(None), *here)] += part[(slice(None), slice(None), *at)]
    return out


def windows(call: Call) -> list[dict[str, Any]]:
    """Which rows and columns each output entry of a 2-D (1-D: columns) window op looks at; ends may lie outside."""
    shape = geometry(call)
    if shape is None or len(call.output.shape) not in (3, 4):
        return []
    kernel, stride, padding, dilation = ((0,) * (2 - len(axis)) + axis if len(axis) < 2 else axis for axis in shape)
    height, width = ((1, *call.output.shape)[-2:]) if len(call.output.shape) == 3 else call.output.shape[-2:]
    found: list[dict[str, Any]] = []
    for i, j in np.ndindex(height, width):
        if len(found) == WINDOWS:
            break
        top, left = i * stride[0] - padding[0], j * stride[1] - padding[1]
        rows = [top, top + max(0, (kernel[0] - 1)) * max(1, dilation[0]) + 1] if len(call.output.shape) == 4 else [0, 1]
        cols = [left, left + (kernel[1] - 1) * max(1, dilation[1]) + 1]
        entry = (0, 0, i, j) if len(call.output.shape) == 4 else (0, 0, j)
        made = {"out": [0, 0, i, j], "rows": rows, "cols": cols}
        found.append(made | _sum_of(call, entry))
    return found


def _sum_of(call: Call, entry: tuple[int, ...]) -> dict[str, Any]:
    """The products that one window adds up (or what it takes the largest or the mean of), and the result."""
    from gradbook.observe.walkthrough.equations import spelled
    from gradbook.observe.walkthrough.symbols import number, plain

    result, x = call.output.block.at(entry), call.operands[0]
    if result is None or not isinstance(x, Value) or not x.block.whole:
        return {}
    found: dict[str, Any] = {"result": float(result)}
    seen = window_of(call, x.block.array, entry)
    weight = call.operands[1] if len(call.operands) > 1 else None
    if seen is not None and isinstance(weight, Value) and weight.block.whole:
        terms = zip(seen.reshape(-1), weight.block.array[entry[1]].reshape(-1), strict=True)
        return found | {"text": plain(spelled([(a, b) for a, b in terms if a != 0]))}
    if call.op.startswith(("max_pool", "avg_pool")) and seen is not None:
        word = "max" if call.op.startswith("max") else "mean"
        return found | {"text": f"{word}({', '.join(number(v) for v in seen[0].reshape(-1)[:9])})"}
    return found


def attention_weights(call: Call) -> tuple[Block, Block] | None:
    """(scores, weights) of scaled_dot_product_attention, (*, l, s), from what was kept; None where that is not all."""
    query, key, mask = call.operands[0], call.operands[1], (*call.operands, None, None)[3]
    if not (isinstance(query, Value) and isinstance(key, Value) and query.block.whole and key.block.whole):
        return None
    scores = (query.block.array * call.params["scale"]) @ key.block.array.swapaxes(-1, -2)
    if call.params.get("causal"):
        scores = np.where(np.triu(np.ones(scores.shape[-2:], bool), 1), -np.inf, scores)
    if isinstance(mask, Value):
        if not mask.block.whole:
            return None
        seen = mask.block.array
        scores = np.where(seen, scores, -np.inf) if seen.dtype.kind == "b" else scores + seen
    top = scores.max(axis=-1, keepdims=True)
    powers = np.exp(scores - np.where(top == -np.inf, 0, top))
    total = powers.sum(axis=-1, keepdims=True)
    return Block.of(scores), Block.of(powers / np.where(total == 0, 1, total))
