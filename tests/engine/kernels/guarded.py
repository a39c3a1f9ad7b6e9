"""Arrays whose memory ends, or starts, at a page that may not be touched: one element too far kills the process."""

from __future__ import annotations

import ctypes
import mmap
import sys
from typing import Any

import numpy as np
import pytest

__all__ = ["guarded", "read_only"]

PROT_NONE, PROT_READ = 0, 1  # the same numbers on Linux and macOS
PAGE = mmap.PAGESIZE
NO_GUARDS = "this system has no mprotect"


def guarded(array: Any, dtype: Any = None, *, at: str = "end") -> np.ndarray[Any, Any]:
    """A contiguous copy of `array` that ends right before a forbidden page; at="start": that starts right after one.

    Skips the test where the system cannot forbid pages.
    """
    source = np.ascontiguousarray(array, dtype)
    size = -(-source.nbytes // PAGE) * PAGE  # between the forbidden pages
    memory = mmap.mmap(-1, PAGE + size + PAGE)
    address = np.frombuffer(memory, np.uint8).ctypes.data
    protect(address, PAGE, PROT_NONE)
    protect(address + PAGE + size, PAGE, PROT_NONE)
    start = PAGE if at == "start" else PAGE + size - source.nbytes
    copy = np.frombuffer(memory, source.dtype, source.size, start).reshape(np.shape(array))
    copy[...] = source.reshape(copy.shape)
    return copy


def read_only(array: Any, dtype: Any = None) -> np.ndarray[Any, Any]:
    """A guarded copy that may be read but not written: a kernel that writes its input dies."""
    copy = guarded(array, dtype)
    start = copy.ctypes.data // PAGE * PAGE
    protect(start, copy.ctypes.data + copy.nbytes - start, PROT_READ)
    return copy


def protect(address: int, size: int, protection: int) -> None:
    """Set what may be done with whole pages. Skips the test where that cannot be."""
    if sys.platform == "win32":
        pytest.skip(NO_GUARDS)
    mprotect = ctypes.CDLL(None, use_errno=True).mprotect
    mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    if mprotect(address, size, protection):
        pytest.skip(f"{NO_GUARDS}: error {ctypes.get_errno()}")
