"""What a loader hands out: its data set, its targets as far as they are plain tensors, and the order of its samples."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.coach.samples import numbers_of

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach
    from gradbook.coach.record import Value

__all__ = ["dataset_of", "grouped", "in_order", "targets_of", "tensors_of", "whole_of"]

FEW = 4  # samples of each class on average at least, for labels to be classes
SHARE = 0.1  # of the changes that a random order has


def dataset_of(loader: Any) -> Any:
    """The data set of a loader, or of the sampler that stands for one that is gone."""
    while loader is not None and not hasattr(loader, "dataset"):
        inner = getattr(loader, "sampler", None)
        if inner is None:
            return getattr(loader, "data_source", None)
        loader = inner
    return getattr(loader, "dataset", None)


def tensors_of(loader: Any) -> tuple[Any, ...]:
    """The tensors of a TensorDataset, also under Subsets; () for any other data set."""
    dataset = dataset_of(loader)
    while hasattr(dataset, "indices") and hasattr(dataset, "dataset"):
        dataset = dataset.dataset
    found = getattr(dataset, "tensors", ())
    return tuple(x for x in found if hasattr(x, "_array")) if isinstance(found, tuple | list) else ()


def whole_of(coach: Coach, loader: weakref.ref[Any] | None, value: Value) -> Value:
    """The tensor of a loader's data set that a batch without a history was taken from; the batch, if there is none."""
    whole = loader() if loader is not None else None
    if whole is None or value.maker is not None or value.where is not None:
        return value
    for tensor in tensors_of(whole):
        if tensor._array.shape[1:] == value.shape[1:] and tensor._array.dtype == value.dtype:
            return coach.tape.value(tensor)
    return value


def targets_of(loader: Any) -> Any:
    """The labels of all samples in the order of the data set, one a sample; None where they cannot be read."""
    dataset, indices = dataset_of(loader), None
    if hasattr(dataset, "indices") and hasattr(dataset, "dataset"):
        dataset, indices = dataset.dataset, list(dataset.indices)
    tensors = getattr(dataset, "tensors", None)
    found = tensors[-1] if isinstance(tensors, tuple | list) and len(tensors) > 1 else None
    for name in ("targets", "labels", "y"):
        found = getattr(dataset, name, None) if found is None else found
    array = getattr(found, "_array", found)
    try:
        array = numbers_of(array).squeeze()
        return array[indices] if indices is not None else array
    except (ValueError, IndexError, TypeError):  # a user's own data set: its attributes may be anything
        return None


def in_order(loader: Any) -> bool:
    """Whether it takes the samples of a data set as they stand there, 0, 1, 2, ..., in each epoch."""
    while type(loader).__name__ == "BatchSampler" or hasattr(loader, "dataset"):
        loader = loader.sampler
    return type(loader).__name__ == "SequentialSampler"


def grouped(labels: Any) -> int:
    """The number of classes whose samples stand together, as in sorted data; 0 where the classes are mixed."""
    if labels is None or labels.ndim != 1 or len(labels) < 2 * FEW or labels.dtype.kind not in "iufb":
        return 0
    kinds, counts = np.unique(labels, return_counts=True)
    if len(kinds) < 2 or len(kinds) * FEW > len(labels):
        return 0
    changes = int((labels[1:] != labels[:-1]).sum())
    mixed = (len(labels) - 1) * (1 - float(((counts / len(labels)) ** 2).sum()))
    return len(kinds) if changes < SHARE * mixed or changes == len(kinds) - 1 else 0
