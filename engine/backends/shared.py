"""Memory that several processes see: files without a name, mapped.

A block lives as long as somebody maps it or holds its descriptor, and no name of it exists anywhere: nothing is left
behind, however a process ends, and the size of /dev/shm does not matter. Descriptors travel over sockets.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.autograd import versions

__all__ = ["CAN_SHARE", "Block", "block_of", "memory_file", "shared_copy"]

CAN_SHARE = sys.platform != "win32"  # descriptors travel between processes on POSIX only


def memory_file(*contents: Any, size: int = 0) -> int:
    """A descriptor of nameless memory that holds the contents (bytes-like), or `size` zero bytes."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("gradbook")
    else:  # as multiprocessing.heap does where there is no memfd: a file that nobody can find
        fd, name = tempfile.mkstemp(prefix="gradbook-")
        os.unlink(name)
    try:
        for content in contents:
            rest = memoryview(content).cast("B")
            while rest:
                rest = rest[os.write(fd, rest) :]
        if size:
            os.ftruncate(fd, size)
    except BaseException:
        os.close(fd)
        raise
    return fd


class Block:
    """Mapped memory of `size` bytes behind a descriptor; NumPy sees it as uint8 (size,). Unmapped when nobody uses it.

    fd: belongs to the block from now on; None once it is closed. The mapping stays, so that a thousand blocks that are
    kept cost no descriptors. Raises OSError, and leaves the descriptor alone, if memory cannot be mapped.
    """

    def __init__(self, fd: int, size: int) -> None:
        self.fd: int | None = None
        self.size, self.address = size, 0
        self.address = _map(fd, size)
        self.fd = fd
        self.__array_interface__ = {"shape": (size,), "typestr": "|u1", "data": (self.address, False), "version": 3}

    def close(self, close: Callable[[int], None] = os.close) -> None:
        """Let go of the descriptor, not of the memory."""
        fd, self.fd = self.fd, None
        if fd is not None:
            close(fd)

    def __del__(self) -> None:
        self.close()
        if self.address:
            self._unmap(self.address, self.size)

    @staticmethod
    def _unmap(address: int, size: int) -> None:
        _libc.munmap(address, size)


def block_of(array: Any) -> Block | None:
    """The block that an array lies in, or None."""
    base = array
    while base is not None and not isinstance(base, Block):
        if isinstance(base, memoryview):
            base = base.obj
        else:
            base = base.array if isinstance(base, versions.Apart) else getattr(base, "base", None)
    return base


def shared_copy(array: Any) -> Callable[[Any], Any]:
    """Copy the memory of `array` to a block. -> a function: a view of `array`, or itself -> the same place there."""
    low, high = np.lib.array_utils.byte_bounds(array)
    size = high - low
    block = Block(memory_file(size=size), size)
    fresh = np.asarray(block)
    fresh[:] = np.asarray(_Bytes(low, size))

    def same_place(view: Any) -> Any:
        offset = view.__array_interface__["data"][0] - low if view.size else 0
        return np.ndarray(view.shape, view.dtype, fresh, offset, view.strides)

    return same_place


class _Bytes:
    """Memory that is there, as bytes."""

    def __init__(self, address: int, size: int) -> None:
        self.__array_interface__ = {"shape": (size,), "typestr": "|u1", "data": (address, True), "version": 3}


_libc: Any = None


def _map(fd: int, size: int) -> int:
    """Map a descriptor. mmap.mmap would keep a second descriptor open (until Python 3.13), so libc is asked."""
    global _libc
    if _libc is None:
        _libc = ctypes.CDLL(None, use_errno=True)
        _libc.mmap.restype = ctypes.c_void_p
        _libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
        _libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    address: int | None = _libc.mmap(None, size, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_SHARED, fd, 0)
    if address is None or address == ctypes.c_void_p(-1).value:
        error = ctypes.get_errno()
        raise OSError(error, f"cannot map {size} bytes of shared memory: {os.strerror(error)}")
    return address
