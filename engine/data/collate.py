"""Samples put together to a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from copy import copy
from typing import Any

import numpy as np

from gradbook import dtypes
from gradbook.ops.creation import as_tensor, tensor
from gradbook.ops.joining import stack
from gradbook.tensor import Tensor

__all__ = ["default_collate", "default_convert"]

REFUSED = "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"


def default_collate(batch: Sequence[Any]) -> Any:
    """A list of samples as one batch, as torch.utils.data.default_collate.

    Tensors and arrays are stacked, numbers become tensors (floats float64), strings stay a list, dicts and sequences
    are collated entry by entry. Raises TypeError for anything else, RuntimeError for sequences of different lengths.
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(list(batch), 0)
    if isinstance(first, np.ndarray):
        if first.dtype.kind in "SUO":
            raise TypeError(REFUSED.format(first.dtype))
        return default_collate([as_tensor(b) for b in batch])
    if isinstance(first, np.generic):
        return as_tensor(np.asarray(batch))
    if isinstance(first, float):
        return tensor(list(batch), dtype=dtypes.float64)
    if isinstance(first, int):
        return tensor(list(batch))
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        made = {key: default_collate([sample[key] for sample in batch]) for key in first}
        return _as(first, made)
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(default_collate(samples) for samples in zip(*batch, strict=True)))
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        columns = [default_collate(samples) for samples in zip(*batch, strict=True)]
        return columns if isinstance(first, tuple) else _as(first, columns)
    raise TypeError(REFUSED.format(type(first)))


def default_convert(data: Any) -> Any:
    """Arrays inside a sample as tensors, the rest as it is, as torch.utils.data.default_convert."""
    if isinstance(data, Tensor):
        return data
    if isinstance(data, (np.ndarray, np.generic)) and data.dtype.kind not in "SUO":
        return as_tensor(data)
    if isinstance(data, Mapping):
        return _as(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(default_convert(value) for value in data))
    if isinstance(data, tuple):
        return [default_convert(value) for value in data]
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _as(data, [default_convert(value) for value in data])
    return data


def _as(example: Any, made: Any) -> Any:
    """`made` in a container like `example`, where one can be had."""
    kind: Callable[..., Any] = type(example)
    if kind in (dict, list):
        return made
    try:
        if isinstance(example, MutableMapping):
            same: Any = copy(example)
            same.update(made)
            return same
        if isinstance(example, MutableSequence):
            same = copy(example)
            for i, value in enumerate(made):
                same[i] = value
            return same
        return kind(made)
    except TypeError:  # a container that is made from other arguments
        return made
