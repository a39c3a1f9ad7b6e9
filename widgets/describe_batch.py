"""What a recorded step was given, for the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradbook.widgets.wire import Message

if TYPE_CHECKING:
    from gradbook.observe.batch import Batch

__all__ = ["describe_batch"]


def describe_batch(batch: Batch, message: Message) -> dict[str, Any]:
    """{"index", "total", "inputs": [[node, shape, first label, buffer of counts or null], ...]}."""
    return {
        "index": batch.number,
        "total": batch.total,
        "inputs": [
            [given.node, [int(size) for size in given.shape], int(given.first), _counts(given.labels, message)]
            for given in batch.inputs
        ],
    }


def _counts(labels: Any, message: Message) -> int | None:
    return None if labels is None else message.floats(labels)
