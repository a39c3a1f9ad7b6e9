"""CuPy holds the data. Imported only when a GPU is asked for. Also torch.backends.cuda, with its switches."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.backends.sdp import *  # noqa: F403 (torch.backends.cuda's own names)
from gradbook.errors import DeviceError, NoGPUError

kernels: dict[str, Callable[..., Any]] = {}


def is_array(value: Any) -> bool:
    """True for a CuPy array."""
    cupy = sys.modules.get("cupy")
    return cupy is not None and isinstance(value, cupy.ndarray)


def xp() -> Any:
    """The cupy module. Raises NoGPUError, a MissingExtraError, if it is not installed."""
    try:
        import cupy
    except ImportError as error:
        raise NoGPUError("device 'cuda' needs CuPy: pip install 'gradbook[cuda]'; or use device 'cpu'") from error
    return cupy


def device_count() -> int:
    """How many GPUs can be used; 0 without CuPy or a driver."""
    try:
        return int(xp().cuda.runtime.getDeviceCount())
    except ImportError:
        return 0
    except Exception as error:  # CuPy's own error types; no driver is not a failure here
        if "CUDARuntimeError" not in type(error).__name__:
            raise
        return 0


def is_built() -> bool:
    """True if CuPy is installed, as torch.backends.cuda.is_built: whether or not there is a GPU."""
    try:
        xp()
    except ImportError:
        return False
    return True


def require() -> None:
    """Raise NoGPUError, with the mend, unless a GPU can be used."""
    xp()
    if device_count() == 0:
        raise NoGPUError("device 'cuda': CuPy is installed, but no NVIDIA GPU or driver was found; use device 'cpu'")


def asarray(value: Any, dtype: Any = None, index: int | None = None) -> Any:
    """A CuPy array on GPU `index`, or on the current one, copied from the CPU if it lives there."""
    require()
    cupy = xp()
    with cupy.cuda.Device(index):
        if isinstance(value, np.ndarray) and value.dtype not in _SUPPORTED:
            raise DeviceError(f"device 'cuda': CuPy has no dtype {value.dtype}; convert it to float32 first")
        return cupy.asarray(value, dtype)


def synchronize() -> None:
    """Wait until the GPU has done all that was asked of it."""
    xp().cuda.Device().synchronize()


_SUPPORTED = {
    np.dtype(name) for name in "bool uint8 int8 int16 int32 int64 float16 float32 float64 complex64 complex128".split()
}
