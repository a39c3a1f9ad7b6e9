"""One node's value and gradient for the browser: pictures, histograms, a few numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.widgets.wire import Message, finite, plain

if TYPE_CHECKING:
    from gradbook.observe import Detail

__all__ = ["describe_detail"]


def describe_detail(index: int, detail: Detail, message: Message) -> dict[str, Any]:
    """One node's value and gradient in pictures; `index` is its place in the graph."""
    return {
        "node": index,
        "step": int(detail.step),
        "thumb": _thumb(detail.thumb, message),
        "shape": [int(dim) for dim in detail.full_shape],
        "mean": finite(detail.mean),
        "std": finite(detail.std),
        "lo": finite(detail.hist_lo),
        "hi": finite(detail.hist_hi),
        "hist": message.floats(detail.hist_counts),
        "grad": _grad(detail, message),
        "saved": [[plain(name), int(size)] for name, size in detail.saved],
    }


def _thumb(thumb: np.ndarray, message: Message) -> dict[str, int] | None:
    if not thumb.size:
        return None
    return {"rows": int(thumb.shape[0]), "cols": int(thumb.shape[1]), "buf": message.floats(thumb)}


def _grad(detail: Detail, message: Message) -> dict[str, Any] | None:
    if detail.grad_counts is None:
        return None
    return {
        "hist": message.floats(detail.grad_counts),
        "lo": finite(detail.grad_lo),
        "hi": finite(detail.grad_hi),
        "mean": finite(detail.grad_mean),
        "std": finite(detail.grad_std),
    }
