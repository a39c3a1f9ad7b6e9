"""How a batch is made of what a sampler asks for: the same in the main process and in a worker."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from gradbook import backends
from gradbook.tensor import Tensor
from gradbook.utils.data.collate import default_collate
from gradbook.utils.data.dataset import Subset, TensorDataset

__all__ = ["fetcher"]

Fetch = Callable[[Any], Any]


def fetcher(dataset: Any, iterable: bool, batched: bool, collate: Callable[[Any], Any], drop_last: bool) -> Fetch:
    """What makes a batch: indices (or an index, or how many samples of a stream) -> batch.

    That of a stream raises StopIteration when nothing is left.
    """
    if iterable:
        return _Stream(dataset, batched, collate, drop_last)
    if not batched:
        return lambda index: collate(dataset[index])
    whole = whole_batches(dataset) if collate is default_collate else None
    if whole is not None:
        return whole
    several = getattr(dataset, "__getitems__", None)
    if several:
        return lambda indices: collate(several(indices))
    return lambda indices: collate([dataset[i] for i in indices])


class _Stream:
    """Batches of an iterable data set, one after the other."""

    def __init__(self, dataset: Any, batched: bool, collate: Callable[[Any], Any], drop_last: bool) -> None:
        self.samples = iter(dataset)
        self.batched, self.collate, self.drop_last = batched, collate, drop_last
        self.ended = False

    def __call__(self, indices: Any) -> Any:
        if self.ended:
            raise StopIteration
        if not self.batched:
            return self.collate(next(self.samples))
        batch = list(itertools.islice(self.samples, len(indices)))
        self.ended = len(batch) < len(indices)
        if not batch or (self.ended and self.drop_last):
            raise StopIteration
        return self.collate(batch)


def whole_batches(dataset: Any) -> Fetch | None:
    """How to take a batch out of plain tensors with one indexing an array; None where samples must come singly."""
    if type(dataset) is Subset:
        inner = whole_batches(dataset.dataset)
        if inner is None:
            return None
        chosen = dataset.indices
        return lambda indices: inner([chosen[i] for i in indices])
    if type(dataset).__getitem__ is not getattr(TensorDataset, "__getitem__", None) or hasattr(dataset, "__getitems__"):
        return None
    if any(type(tensor) is not Tensor or tensor._node is not None for tensor in dataset.tensors):
        return None
    arrays = [tensor._array for tensor in dataset.tensors]

    def batch(indices: list[int]) -> list[Tensor]:
        found = []
        for array in arrays:
            xp = backends.xp_of(array)
            found.append(Tensor._of(array.take(xp.asarray(indices), 0)))
        return found

    return batch
