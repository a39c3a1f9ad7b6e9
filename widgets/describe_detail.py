"""One node's value and gradient for the browser: an excerpt with all its axes, a histogram, a few numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.observe.details import Excerpt, excerpt_of
from gradbook.widgets.wire import Message, finite, plain

if TYPE_CHECKING:
    from gradbook.observe import Detail, Run

__all__ = ["choose_details", "describe_detail"]

ROOM = 72_000  # bytes of the values of a graph's nodes in the last snapshot, beside those looked at
WORDS = 600  # of them for the numbers and histograms of one node
LEAST = 32  # elements shown of a value
WHOLE = 2  # nodes looked at, whose pictures stay as they are


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


def choose_details(run: Run) -> dict[int, Detail]:
    """Values of the last recorded step for a page that no kernel answers -> Details by node id.

    Of the nodes looked at all that is known, of the others as much as fits.
    """
    looked = {node: run.look(node) for node in sorted(run.wanted)[:WHOLE]}
    chosen = {node: detail for node, detail in looked.items() if detail is not None}
    if run.graph is None:
        return chosen
    others = [node.id for node in run.graph.nodes if node.id not in chosen]
    others = others[-(ROOM // (WORDS + 8 * LEAST)) :]  # of many those next to the loss
    share = (ROOM // max(len(others), 1) - WORDS) // 8
    found = ((node, run.look(node)) for node in others)
    return chosen | {node: _smaller(detail, share) for node, detail in found if detail is not None}


def _smaller(detail: Detail, at_most: int) -> Detail:
    """The same Detail with fewer elements to be drawn."""
    grad = detail.grad_excerpt
    return replace(
        detail,
        excerpt=_thinned(detail.excerpt or Excerpt(detail.thumb, (1, 1)), at_most),
        grad_excerpt=None if grad is None else _thinned(grad, at_most),
    )


def _thinned(excerpt: Excerpt, at_most: int) -> Excerpt:
    values, every = excerpt_of(excerpt.values, at_most)
    return Excerpt(values, tuple(a * b for a, b in zip(every, excerpt.every, strict=True)))
