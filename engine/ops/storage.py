"""The memory behind tensors: storages, tensors with given strides, and changing a tensor's size in place."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradbook import backends, dtypes
from gradbook.autograd import versions
from gradbook.device import device as device_type
from gradbook.device import of_array as device_of
from gradbook.errors import ShapeError
from gradbook.ops.arguments import array_dtype, shape_of
from gradbook.ops.creation import leaf, module_for
from gradbook.ops.strides import storage as memory_of
from gradbook.ops.strides import strided
from gradbook.tensor import Tensor, method

__all__ = ["TypedStorage", "UntypedStorage", "empty_permuted", "empty_strided", "is_storage", "resize_as_"]

# -- storages --------------------------------------------------------------------------------------------------------


class UntypedStorage:
    """The bytes of a tensor's memory, as torch.UntypedStorage; all views of the memory give the same bytes.

    UntypedStorage(n) has n bytes of its own. Differs: it cannot be resized; resize the tensor.
    """

    def __init__(self, size: int = 0, *, device: Any = None) -> None:
        self._bytes = np.zeros(size, np.uint8)

    @classmethod
    def _of(cls, array: Any) -> UntypedStorage:
        made = object.__new__(cls)
        made._bytes = memory_of(array)[0].view(np.uint8)
        return made

    def data_ptr(self) -> int:
        """Address of the first byte."""
        return Tensor._of(self._bytes).data_ptr()

    def nbytes(self) -> int:
        """Number of bytes."""
        return int(self._bytes.size)

    size = __len__ = nbytes

    @property
    def device(self) -> device_type:
        """Where the bytes live."""
        return device_of(self._bytes)

    @property
    def is_cuda(self) -> bool:
        """True on a GPU."""
        return self.device.type == "cuda"

    def element_size(self) -> int:
        """1: a byte."""
        return 1

    def tolist(self) -> list[int]:
        """The bytes as numbers."""
        return list(map(int, self._bytes))

    def clone(self) -> UntypedStorage:
        """A copy of the bytes."""
        return UntypedStorage._of(self._bytes.copy())

    def copy_(self, source: Any, non_blocking: bool = False) -> UntypedStorage:
        """Overwrite the bytes with those of another storage. Raises RuntimeError unless there are as many."""
        if source.nbytes() != self.nbytes():
            raise RuntimeError(f"size does not match: {self.nbytes()} bytes, but src has {source.nbytes()}")
        self._bytes[...] = source.untyped()._bytes
        versions.stamp(self._bytes)
        return self

    def fill_(self, value: int) -> UntypedStorage:
        """Set every byte."""
        self._bytes[...] = value
        versions.stamp(self._bytes)
        return self

    def resize_(self, size: int) -> UntypedStorage:
        """Keep the size. Raises RuntimeError for another one."""
        if size != self.nbytes():
            raise RuntimeError("Trying to resize storage that is not resizable; resize the tensor instead")
        return self

    def untyped(self) -> UntypedStorage:
        """Itself."""
        return self

    def __getitem__(self, index: Any) -> Any:
        found = self._bytes[index]
        return UntypedStorage._of(found) if isinstance(index, slice) else int(found)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._bytes[index] = value
        versions.stamp(self._bytes)

    def __iter__(self) -> Iterator[int]:
        return iter(self.tolist())

    def __repr__(self) -> str:
        rows = "".join(f" {value}\n" for value in self.tolist())
        return f"{rows}[gradbook.storage.UntypedStorage(device={self.device}) of size {self.nbytes()}]"


class TypedStorage:
    """A tensor's memory as a flat sequence of numbers, as torch.TypedStorage."""

    def __init__(self, size: int = 0, *, dtype: Any = None) -> None:
        self._flat = np.zeros(size, array_dtype(dtype) or dtypes._default._np)

    @classmethod
    def _of(cls, array: Any) -> TypedStorage:
        made = object.__new__(cls)
        made._flat = memory_of(array)[0].view(array.dtype)
        return made

    @property
    def dtype(self) -> dtypes.dtype:
        """Type of the elements."""
        return dtypes.of_array(self._flat)

    @property
    def device(self) -> device_type:
        """Where the elements live."""
        return device_of(self._flat)

    def data_ptr(self) -> int:
        """Address of the first element."""
        return Tensor._of(self._flat).data_ptr()

    def size(self) -> int:
        """Number of elements."""
        return int(self._flat.size)

    __len__ = size

    def nbytes(self) -> int:
        """Number of bytes."""
        return int(self._flat.nbytes)

    def element_size(self) -> int:
        """Bytes an element takes."""
        return int(self._flat.itemsize)

    def untyped(self) -> UntypedStorage:
        """The bytes."""
        return UntypedStorage._of(self._flat)

    def tolist(self) -> list[Any]:
        """The elements as Python numbers."""
        found: list[Any] = Tensor._of(self._flat).tolist()
        return found

    def __getitem__(self, index: Any) -> Any:
        found = Tensor._of(self._flat)[index]
        return TypedStorage._of(found._array) if isinstance(index, slice) else found.item()

    def __setitem__(self, index: Any, value: Any) -> None:
        self._flat[index] = value
        versions.stamp(self._flat)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def __repr__(self) -> str:
        rows = "".join(f" {value}\n" for value in self.tolist())
        about = f"dtype={self.dtype!r}, device={self.device}"
        return f"{rows}[gradbook.storage.TypedStorage({about}) of size {self.size()}]"


def is_storage(obj: Any) -> bool:
    """True for a storage, as torch.is_storage."""
    return isinstance(obj, (UntypedStorage, TypedStorage))


@method()
def untyped_storage(self: Tensor) -> UntypedStorage:
    """The bytes of the memory this tensor lies in."""
    return UntypedStorage._of(self._array)


@method()
def storage(self: Tensor) -> TypedStorage:
    """The memory this tensor lies in, as a flat sequence of its dtype."""
    return TypedStorage._of(self._array)


# -- tensors with given strides --------------------------------------------------------------------------------------


def _strided_empty(name: str, size: Any, stride: Any, xp: Any, kind: Any) -> Any:
    shape, steps = shape_of(name, (size,)), tuple(int(step) for step in stride)
    if len(shape) != len(steps):
        raise ShapeError(f"{name}: dimensionality of sizes ({len(shape)}) must match that of strides ({len(steps)})")
    if any(step < 0 for step in steps):
        raise ShapeError(f"{name}: strides must not be negative, got {list(steps)}")
    length = 0 if 0 in shape else 1 + sum((n - 1) * step for n, step in zip(shape, steps, strict=True))
    return strided(xp, xp.empty(length, kind), shape, steps, 0)


def empty_strided(
    size: Any, stride: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor with lengths and strides (in elements) as given, and whatever memory held, as torch.empty_strided.

    Raises RuntimeError where their numbers differ.
    """
    kind = array_dtype(dtype, "empty_strided") or dtypes._default._np
    return leaf(_strided_empty("empty_strided", size, stride, module_for(device), kind), device, requires_grad)


@method()
def new_empty_strided(
    self: Tensor, size: Any, stride: Any, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """As empty_strided, in this tensor's dtype and on its device."""
    where = self.device if device is None else device
    kind = array_dtype(dtype, "new_empty_strided") or self._array.dtype
    return leaf(_strided_empty("new_empty_strided", size, stride, module_for(where), kind), where, requires_grad)


def empty_permuted(
    size: Any, physical_layout: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of shape `size` whose axes lie in memory in the order `physical_layout` (torch.empty_permuted).

    Raises RuntimeError unless physical_layout is an order of the axes.
    """
    shape, order = shape_of("empty_permuted", (size,)), tuple(int(axis) for axis in physical_layout)
    if sorted(order) != list(range(len(shape))):
        raise ShapeError(f"empty_permuted: {list(order)} is no order of the axes of {list(shape)}")
    kind = array_dtype(dtype, "empty_permuted") or dtypes._default._np
    array = module_for(device).empty(tuple(shape[axis] for axis in order), kind)
    return leaf(array.transpose(tuple(np.argsort(order))), device, requires_grad)


# -- another size in place -------------------------------------------------------------------------------------------


@method()
def resize_(self: Tensor, *size: Any, memory_format: Any = None) -> Tensor:
    """Give this tensor another shape over its memory, which grows if it is too small (torch.Tensor.resize_).

    Raises RuntimeError if it requires grad. Differs: new elements are 0, and grown memory is no longer shared.
    """
    if self._node is not None:
        raise RuntimeError("cannot resize variables that require grad")
    shape = shape_of("resize_", size)
    if shape == self._array.shape:
        return self
    flat, begin = memory_of(self._array)
    xp, length = backends.xp_of(flat), math.prod(shape)
    if begin + length > flat.size:
        grown = xp.zeros(begin + length, flat.dtype)
        grown[: flat.size] = flat
        flat = grown
    steps = tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
    self._array, self._view = strided(xp, flat, shape, steps, begin), None
    return self


def resize_as_(input: Tensor, the_template: Tensor, *, memory_format: Any = None) -> Tensor:
    """Give `input` the shape of another tensor, as Tensor.resize_ (torch.resize_as_)."""
    resized: Tensor = input.resize_(tuple(the_template.shape))
    return resized


method("resize_as_")(resize_as_)


@method()
def resize(self: Tensor, *size: Any) -> Tensor:
    """As view, for the same number of elements. Raises RuntimeError for another (torch.Tensor.resize, deprecated)."""
    warnings.warn("non-inplace resize is deprecated", UserWarning, stacklevel=2)
    shape = shape_of("resize", size)
    if math.prod(shape) != self.numel():
        raise RuntimeError(
            f"requested resize to {'x'.join(map(str, shape))} ({math.prod(shape)} elements in total), but the given "
            f"tensor has {self.numel()} elements: resize keeps their number"
        )
    made: Tensor = self.contiguous().view(shape)
    return made


@method()
def resize_as(self: Tensor, tensor: Tensor) -> Tensor:
    """As resize, to the shape of another tensor (deprecated in PyTorch too)."""
    made: Tensor = self.resize(*tensor.shape)
    return made


@method()
def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """True if both are the same elements of the same memory, in the same order."""
    mine, other = self._array, tensor._array
    same = (mine.shape, mine.strides, mine.dtype) == (other.shape, other.strides, other.dtype)
    return same and self.data_ptr() == tensor.data_ptr()
