"""Tensors out of lists whose elements are tensors themselves: each has one element and counts as a number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any

import numpy as np

from gradbook import dtypes
from gradbook.tensor import Tensor

__all__ = ["array_of_elements", "has_tensors", "tensors_in"]


def array_of_elements(data: Any, wanted: Any) -> Any:
    """Nested lists of one-element tensors and numbers as an array, of the dtype wanted or the one all promote to.

    How deep the lists are is read off the first element, as in torch.tensor. Raises ValueError for a tensor of more
    elements and for lists of other lengths than the first ones, TypeError for fractions where integers are wanted.
    """
    shape: list[int] = []
    first = data
    while isinstance(first, list | tuple):
        shape.append(len(first))
        first = first[0]
    values = list(_elements(data, shape, 0))
    dtype = wanted or reduce(dtypes.promote_types, {_dtype_of(value) for value in values})._np
    array = np.empty(len(values), dtype)
    try:
        for i, value in enumerate(values):
            array[i] = _number(value, dtype) if isinstance(value, Tensor) else value
    except OverflowError as error:
        raise RuntimeError(f"value cannot be converted to type {dtype} without overflow: {error}") from None
    return array.reshape(shape)


def has_tensors(data: Any) -> bool:
    """True if there is a tensor anywhere in nested lists."""
    return isinstance(data, Tensor) or (isinstance(data, list | tuple) and any(map(has_tensors, data)))


def tensors_in(data: Any) -> Iterator[Tensor]:
    """The tensors in nested lists."""
    if isinstance(data, Tensor):
        yield data
    elif isinstance(data, list | tuple):
        for part in data:
            yield from tensors_in(part)


def _elements(data: Any, shape: Sequence[int], dim: int) -> Iterator[Any]:
    if dim == len(shape):
        if isinstance(data, list | tuple):
            raise TypeError(f"must be real number, not {type(data).__name__}: the lists before it end one level higher")
        yield data
        return
    if not isinstance(data, list | tuple | np.ndarray) and not (isinstance(data, Tensor) and data.ndim):
        raise TypeError(f"not a sequence at dim {dim}: {type(data).__name__}, where there were lists before")
    if len(data) != shape[dim]:
        raise ValueError(f"expected sequence of length {shape[dim]} at dim {dim} (got {len(data)})")
    for part in data:
        yield from _elements(part, shape, dim + 1)


def _dtype_of(value: Any) -> dtypes.dtype:
    if isinstance(value, Tensor):
        return value.dtype
    if isinstance(value, bool | int):
        return dtypes.by_name("bool" if isinstance(value, bool) else "int64")
    if isinstance(value, float | complex) and not isinstance(value, np.generic):
        return dtypes._default if isinstance(value, float) else dtypes._default.to_complex()
    return dtypes.of_array(np.asarray(value))


def _number(value: Tensor, dtype: Any) -> Any:
    """The number in a tensor of one element, for an array of this dtype."""
    array = value._array
    if array.size == 1 and (dtype.kind not in "iu" or array.dtype.kind in "iub"):
        number = array.item()
        if not isinstance(number, complex) or dtype.kind == "c":
            return number
        if number.imag:
            raise RuntimeError(f"value cannot be converted to type {dtype} without overflow: {number}")
        return number.real
    what = f"not one of shape {tuple(value.shape)}, {value.dtype}. To join tensors, use stack() or cat()"
    if dtype.kind in "iu":
        raise TypeError(f"only integer tensors of a single element can be converted to an index, {what}")
    raise ValueError(f"only one element tensors can be converted to Python scalars, {what}")
