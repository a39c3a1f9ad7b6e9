"""What one step was given: sizes of its inputs, and how often each label came; statistics of values stand elsewhere."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradbook import backends
from gradbook.backends import cpu

__all__ = ["Batch", "BatchInput", "count_labels"]

CLASSES = 1000  # labels told apart
AT_MOST = 1 << 16  # labels counted in one step; of more an even sample


class BatchInput(NamedTuple):
    """One input of a step: its node, its shape in this step (the last batch of a pass may be smaller), its labels.

    `labels[i]` is how often the whole number `first` + i came; None for inputs that are no labels.
    """

    node: int
    shape: tuple[int, ...]
    first: int = 0
    labels: np.ndarray | None = None


class Batch(NamedTuple):
    """The inputs of one step, and which `number` of its loader's pass it was, from 0; None where no loader gave it."""

    inputs: tuple[BatchInput, ...] = ()
    number: int | None = None
    total: int | None = None


def count_labels(array: Any) -> tuple[int, np.ndarray] | None:
    """How often each whole number comes -> (the smallest, int64 counts); None unless they are labels.

    Labels are integers or booleans of at most 1,000 kinds, in a list, or a column of one; pixels of an image are none.
    """
    array = backends.all_samples(array)
    if array.dtype.kind not in "biu" or not array.size or array.ndim > 2 or (array.ndim == 2 and array.shape[1] != 1):
        return None
    flat = array.reshape(-1)[:: max(1, -(-array.size // AT_MOST))]
    values = cpu.asarray(flat).astype(np.int64)
    first, last = int(values.min()), int(values.max())
    return (first, np.bincount(values - first)) if last - first < CLASSES else None
