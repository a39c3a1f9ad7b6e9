"""New tensors like another one: of its shape, dtype, device and order in memory, or of its kind in another shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.formats import preserve_format
from gradbook.layout import empty_in
from gradbook.ops.arguments import array_dtype, shape_given, shape_of
from gradbook.ops.creation import array_from, leaf, module_for
from gradbook.tensor import Tensor, method

__all__ = ["empty_like", "full_like", "ones_like", "zeros_like"]


def _kind_of(name: str, input: Tensor, dtype: Any, device: Any, shape: Any) -> tuple[Any, Any, Any, Any]:
    where = input.device if device is None else device
    return module_for(where), shape, array_dtype(dtype, name) or input._array.dtype, where


def made_like(
    name: str, input: Tensor, dtype: Any, device: Any, memory_format: Any, fill: Any = None
) -> tuple[Any, Any]:
    """(an array of the shape and order in memory of `input`, filled with a number if one is given; the device)."""
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    xp, shape, kind, where = _kind_of(name, input, dtype, device, input._array.shape)
    keep = memory_format is None or memory_format is preserve_format
    if fill == 0 and fill is not None and keep and input._array.flags.c_contiguous:
        return xp.zeros(shape, kind), where  # memory that is zero already
    array = empty_in(xp, shape, kind, preserve_format if keep else memory_format, input._array)
    if fill is not None:
        array[...] = np.asarray(fill).astype(kind) if isinstance(fill, int) else fill  # too large an int wraps around
    return array, where


def zeros_like(
    input: Tensor, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
    memory_format: Any = None, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Zeros of the shape, dtype, device and order in memory of `input`, as torch.zeros_like."""
    return leaf(*made_like("zeros_like", input, dtype, device, memory_format, 0), requires_grad)


def ones_like(
    input: Tensor, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
    memory_format: Any = None, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Ones of the shape, dtype, device and order in memory of `input`, as torch.ones_like."""
    return leaf(*made_like("ones_like", input, dtype, device, memory_format, 1), requires_grad)


def empty_like(
    input: Tensor, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
    memory_format: Any = None, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """An uninitialised tensor of the shape, dtype, device and order in memory of `input`, as torch.empty_like."""
    return leaf(*made_like("empty_like", input, dtype, device, memory_format), requires_grad)


def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, memory_format: Any = None, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """One number in the shape, dtype, device and order in memory of `input`, as torch.full_like."""
    value = fill_value.item() if isinstance(fill_value, Tensor) else fill_value
    return leaf(*made_like("full_like", input, dtype, device, memory_format, value), requires_grad)


def relaid(made: Tensor, input: Tensor, memory_format: Any) -> Tensor:
    """A new tensor whose memory nobody has seen yet, in the order of `input` or in a memory format."""
    keep = memory_format is None or memory_format is preserve_format
    if keep and input._array.flags.c_contiguous:
        return made
    old = made._array
    made._array, _ = made_like("relaid", input, made.dtype, made.device, memory_format)
    made._array[...] = old
    return made


@method()
def new_tensor(
    self: Tensor, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A copy of `data` in the dtype and on the device of this tensor, as torch.Tensor.new_tensor."""
    array = array_from(data, array_dtype(dtype) or (data.dtype._np if isinstance(data, Tensor) else self._array.dtype))
    return leaf(array, self.device if device is None else device, requires_grad)


@method()
def new_zeros(
    self: Tensor, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **named: Any
) -> Tensor:
    """Zeros of shape `size`, in this tensor's dtype and on its device."""
    xp, shape, kind, where = _kind_of("new_zeros", self, dtype, device, shape_given("new_zeros", size, named))
    return leaf(xp.zeros(shape, kind), where, requires_grad)


@method()
def new_ones(
    self: Tensor, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **named: Any
) -> Tensor:
    """Ones of shape `size`, in this tensor's dtype and on its device."""
    xp, shape, kind, where = _kind_of("new_ones", self, dtype, device, shape_given("new_ones", size, named))
    return leaf(xp.ones(shape, kind), where, requires_grad)


@method()
def new_empty(
    self: Tensor, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **named: Any
) -> Tensor:
    """An uninitialised tensor of shape `size`, in this tensor's dtype and on its device."""
    xp, shape, kind, where = _kind_of("new_empty", self, dtype, device, shape_given("new_empty", size, named))
    return leaf(xp.empty(shape, kind), where, requires_grad)


@method()
def new_full(
    self: Tensor,
    size: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    layout: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """One number in shape `size`, in this tensor's dtype and on its device."""
    xp, shape, kind, where = _kind_of("new_full", self, dtype, device, shape_of("new_full", (size,)))
    return leaf(xp.full(shape, fill_value, kind), where, requires_grad)
