"""One node's value and gradient for the browser: an excerpt with all its axes, a histogram, a few numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.widgets.wire import Message, finite, plain

if TYPE_CHECKING:
    from gradbook.observe.details import Detail, Excerpt

__all__ = ["describe_detail"]


def describe_detail(index: int, detail: Detail, message: Message) -> dict[str, Any]:
    """One node's value and gradient; `index` is its place in the graph. Arrays go into the buffers of `message`."""
    grad = None
    if detail.grad_counts is not None:
        numbers = (detail.grad_mean, detail.grad_std, detail.grad_lo, detail.grad_hi, detail.grad_zeros)
        picture = _picture(detail.grad_excerpt, detail.grad_thumb, message)
        grad = {"picture": picture, "hist": message.floats(detail.grad_counts), **_numbers(numbers, detail.grad_bad)}
    numbers = (detail.mean, detail.std, detail.hist_lo, detail.hist_hi, detail.zeros)
    picture = _picture(detail.excerpt, detail.thumb, message)
    return {
        "node": index,
        "step": int(detail.step),
        "shape": [int(dim) for dim in detail.full_shape],
        "value": {"picture": picture, "hist": message.floats(detail.hist_counts), **_numbers(numbers, detail.bad)},
        "grad": grad,
        "saved": [[plain(name), int(size)] for name, size in detail.saved],
    }


def _numbers(numbers: tuple[float, ...], bad: int) -> dict[str, Any]:
    return {**dict(zip(("mean", "std", "lo", "hi", "zeros"), map(finite, numbers), strict=True)), "bad": int(bad)}


def _picture(excerpt: Excerpt | None, thumb: np.ndarray | None, message: Message) -> dict[str, Any] | None:
    """The values; where the excerpt was not kept, the two-dimensional picture of them."""
    values, every = (thumb, None) if excerpt is None else excerpt
    if values is None or not values.size:
        return None
    return {"shape": list(values.shape), "every": list(every or [1] * values.ndim), "buf": message.floats(values)}
