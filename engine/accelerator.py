"""torch.accelerator: the GPU under whatever name it has. Here that is "cuda", through CuPy, or nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from gradbook import cuda
from gradbook.device import device

__all__ = [
    "current_accelerator", "current_device_idx", "current_device_index", "current_stream", "device_count",
    "device_index", "empty_cache", "is_available", "max_memory_allocated", "max_memory_reserved",
    "memory_allocated", "memory_reserved", "memory_stats", "reset_peak_memory_stats", "set_device_idx",
    "set_device_index", "set_stream", "synchronize",
]  # fmt: skip

is_available, device_count = cuda.is_available, cuda.device_count
current_stream, set_stream = cuda.current_stream, cuda.set_stream
current_device_index = current_device_idx = cuda.current_device
set_device_index = set_device_idx = cuda.set_device
empty_cache, synchronize, memory_stats = cuda.empty_cache, cuda.synchronize, cuda.memory_stats
memory_allocated, memory_reserved = cuda.memory_allocated, cuda.memory_reserved
max_memory_allocated, max_memory_reserved = cuda.max_memory_allocated, cuda.max_memory_reserved
reset_peak_memory_stats = cuda.reset_peak_memory_stats


def current_accelerator(check_available: bool = False) -> device | None:
    """device("cuda") where there is a GPU, None otherwise."""
    return device("cuda") if is_available() else None


@contextlib.contextmanager
def device_index(device: int | None) -> Iterator[None]:
    """The GPU of that number as the current one for a block; nothing for None."""
    with cuda.device(device):
        yield


def get_memory_info(device: Any = None) -> tuple[int, int]:
    """-> (free, total) bytes of the GPU. Raises NoGPUError where there is none."""
    return cuda.mem_get_info(device)
