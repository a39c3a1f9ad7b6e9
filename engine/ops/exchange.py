"""Memory shared with other libraries: buffers and DLPack, both ways and without a copy."""

from __future__ import annotations

import enum
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.autograd import versions
from gradbook.ops.arguments import array_dtype
from gradbook.tensor import Tensor, method

__all__ = ["DLDeviceType", "from_dlpack", "frombuffer", "to_dlpack"]


class DLDeviceType(enum.IntEnum):
    """Kinds of device as DLPack numbers them."""

    kDLCPU = 1
    kDLCUDA = 2


def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A 1-D tensor over the memory of an object with a buffer (bytes, bytearray, array.array …), as torch.frombuffer.

    Raises ValueError for an empty buffer, or a count, offset or dtype that does not fit it.
    """
    kind = array_dtype(dtype, "frombuffer")
    raw = np.frombuffer(buffer, np.uint8) if memoryview(buffer).nbytes else np.empty(0, np.uint8)
    length = raw.nbytes
    if not length or not count:
        raise ValueError(f"both buffer length ({length}) and count ({count}) must not be 0")
    if not 0 <= offset < length:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length ({length} bytes) minus 1"
        )
    if count < 0:
        if (length - offset) % kind.itemsize:
            raise ValueError(
                f"buffer length ({length - offset} bytes) after offset ({offset} bytes) must be a multiple of element "
                f"size ({kind.itemsize})"
            )
        count = (length - offset) // kind.itemsize
    if offset + count * kind.itemsize > length:
        raise ValueError(
            f"requested buffer length ({count} * {kind.itemsize} bytes) after offset ({offset} bytes) must not be "
            f"greater than actual buffer length ({length} bytes)"
        )
    made: Tensor = Tensor._of(np.frombuffer(buffer, np.uint8, count * kind.itemsize, offset).view(kind))
    if requires_grad:
        made.requires_grad_()
    return made


# -- DLPack ----------------------------------------------------------------------------------------------------------


@method("__dlpack__")
def _dlpack(
    self: Tensor, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
) -> Any:
    """A DLPack capsule of this tensor's memory. Raises BufferError if it requires grad, or its dtype has no code."""
    if self.requires_grad:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if not isinstance(self._array, np.ndarray):
        return self._array.__dlpack__(stream=stream, max_version=max_version, dl_device=dl_device, copy=copy)
    return self._array.__dlpack__(max_version=max_version, dl_device=dl_device, copy=copy)


@method("__dlpack_device__")
def _dlpack_device(self: Tensor) -> tuple[DLDeviceType, int]:
    """(kind of device, its number), as DLPack numbers them."""
    kind, index = backends.device_of(self._array)
    return (DLDeviceType.kDLCPU if kind == "cpu" else DLDeviceType.kDLCUDA), int(index or 0)


class Capsule:
    """A bare DLPack capsule, to be taken once, as NumPy wants to be handed it."""

    def __init__(self, capsule: Any) -> None:
        self.capsule = capsule

    def __dlpack__(self, **_: Any) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0


def to_dlpack(tensor: Tensor) -> Any:
    """A DLPack capsule of a tensor's memory, which can be taken once, as torch.utils.dlpack.to_dlpack."""
    return tensor.__dlpack__()


def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor over the memory of another library's array, or of a DLPack capsule, as torch.from_dlpack.

    Raises TypeError for an object without `__dlpack__`, BufferError for memory that cannot be shared.
    """
    if type(ext_tensor).__name__ == "PyCapsule":
        ext_tensor = Capsule(ext_tensor)
    if not hasattr(ext_tensor, "__dlpack__"):
        raise TypeError(f"from_dlpack(): {type(ext_tensor).__name__} has no __dlpack__ method")
    if ext_tensor.__dlpack_device__()[0] == DLDeviceType.kDLCUDA:
        array = backends.of_device("cuda").xp().from_dlpack(ext_tensor)
    else:
        array = np.from_dlpack(ext_tensor)
        if not array.flags.writeable and not _read_only(ext_tensor):  # a capsule of the first version cannot say
            array = versions.apart(array, writable=True)
    made: Tensor = Tensor._of(array)
    if copy:
        made = made.clone()
    result: Tensor = made if device is None else made.to(device)
    return result


def _read_only(source: Any) -> bool:
    return isinstance(source, np.ndarray) and not source.flags.writeable
