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

__all__ = ["collate", "default_collate", "default_collate_fn_map", "default_convert"]

Table = dict[Any, Callable[..., Any]]

REFUSED = "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"


def default_collate(batch: Sequence[Any]) -> Any:
    """A list of samples as one batch, as torch.utils.data.default_collate.

    Tensors and arrays are stacked, numbers become tensors (floats float64), strings stay a list, dicts and sequences
    are collated entry by entry. Raises TypeError for anything else, RuntimeError for sequences of different lengths.
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


def collate(batch: Sequence[Any], *, collate_fn_map: Table | None = None) -> Any:
    """As default_collate, with a table of its own: type -> function(batch, *, collate_fn_map) -> what becomes of it.

    As torch.utils.data._utils.collate.collate; a type that is not in the table is looked for by isinstance.
    """
    first = batch[0]
    rule = _rule(type(first), first, collate_fn_map or {})
    if rule is not None:
        return rule(batch, collate_fn_map=collate_fn_map)

    def deeper(samples: Sequence[Any]) -> Any:
        return collate(samples, collate_fn_map=collate_fn_map)

    if isinstance(first, Mapping):
        return _as(first, {key: deeper([sample[key] for sample in batch]) for key in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(deeper(samples) for samples in zip(*batch, strict=True)))
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        columns = [deeper(samples) for samples in zip(*batch, strict=True)]
        return columns if isinstance(first, tuple) else _as(first, columns)
    raise TypeError(REFUSED.format(type(first)))


def _rule(kind: type, first: Any, table: Table) -> Callable[..., Any] | None:
    if kind in table:
        return table[kind]
    return next((table[known] for known in table if isinstance(first, known)), None)


def _tensors(batch: Any, *, collate_fn_map: Table | None = None) -> Any:
    return stack(list(batch), 0)


def _arrays(batch: Any, *, collate_fn_map: Table | None = None) -> Any:
    if batch[0].dtype.kind in "SUO":
        raise TypeError(REFUSED.format(batch[0].dtype))
    return collate([as_tensor(array) for array in batch], collate_fn_map=collate_fn_map)


def _array_scalars(batch: Any, *, collate_fn_map: Table | None = None) -> Any:
    return as_tensor(np.asarray(batch))


def _floats(batch: Any, *, collate_fn_map: Table | None = None) -> Any:
    return tensor(list(batch), dtype=dtypes.float64)


def _ints(batch: Any, *, collate_fn_map: Table | None = None) -> Any:
    return tensor(list(batch))


def _as_they_are(batch: Any, *, collate_fn_map: Table | None = None) -> Any:
    return batch


default_collate_fn_map: Table = {
    Tensor: _tensors,
    np.ndarray: _arrays,
    (np.bool_, np.number, np.object_): _array_scalars,
    float: _floats,
    int: _ints,
    str: _as_they_are,
    bytes: _as_they_are,
}


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
