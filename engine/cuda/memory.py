"""Memory of the GPU, as torch.cuda.memory: CuPy's pool answers. In bytes; 0 where there is no GPU."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from gradbook.backends import cuda as backend
from gradbook.errors import GradbookError

__all__ = [
    "OutOfMemoryError", "empty_cache", "max_memory_allocated", "max_memory_cached", "max_memory_reserved",
    "mem_get_info", "memory_allocated", "memory_cached", "memory_reserved", "memory_stats", "memory_summary",
    "reset_max_memory_allocated", "reset_max_memory_cached", "reset_peak_memory_stats",
    "set_per_process_memory_fraction",
]  # fmt: skip


class OutOfMemoryError(GradbookError, RuntimeError):
    """No memory left on a device, as torch.OutOfMemoryError."""


def _pool(device: Any) -> Any:
    """CuPy's memory pool of a GPU, or None where there is none."""
    from gradbook import cuda

    if not cuda.is_available():
        return None
    cupy = backend.xp()
    with cupy.cuda.Device(cuda.index_of(device)):
        return cupy.get_default_memory_pool()


def empty_cache() -> None:
    """Give back what the pool keeps and nobody uses."""
    pool = _pool(None)
    if pool is not None:
        pool.free_all_blocks()


def memory_allocated(device: Any = None) -> int:
    """Bytes that arrays take."""
    pool = _pool(device)
    return 0 if pool is None else int(pool.used_bytes())


def memory_reserved(device: Any = None) -> int:
    """Bytes that the pool holds, in use or not."""
    pool = _pool(device)
    return 0 if pool is None else int(pool.total_bytes())


def max_memory_allocated(device: Any = None) -> int:
    """Differs: CuPy's pool keeps no peak; what it holds now is the nearest bound from above."""
    return memory_reserved(device)


def max_memory_reserved(device: Any = None) -> int:
    """Differs: CuPy's pool keeps no peak; this is what it holds now."""
    return memory_reserved(device)


memory_cached, max_memory_cached = memory_reserved, max_memory_reserved


def reset_peak_memory_stats(device: Any = None) -> None:
    """Let go of what is not in use, so that max_memory_allocated starts from what is."""
    empty_cache()


reset_max_memory_allocated = reset_max_memory_cached = reset_peak_memory_stats


def memory_stats(device: Any = None) -> OrderedDict[str, int]:
    """The current figures under PyTorch's keys; empty where there is no GPU."""
    if _pool(device) is None:
        return OrderedDict()
    used, held = memory_allocated(device), memory_reserved(device)
    return OrderedDict([("allocated_bytes.all.current", used), ("reserved_bytes.all.current", held)])


def memory_summary(device: Any = None, abbreviated: bool = False) -> str:
    """The current figures as text."""
    return f"allocated {memory_allocated(device):,} bytes, reserved {memory_reserved(device):,} bytes"


def mem_get_info(device: Any = None) -> tuple[int, int]:
    """-> (free, total) bytes of a GPU. Raises NoGPUError where there is none."""
    from gradbook import cuda

    backend.require()
    cupy = backend.xp()
    with cupy.cuda.Device(cuda.index_of(device)):
        free, total = cupy.cuda.runtime.memGetInfo()
    return int(free), int(total)


def set_per_process_memory_fraction(fraction: float, device: Any = None) -> None:
    """Let the pool take that part of a GPU's memory at most. Raises NoGPUError where there is none."""
    total = mem_get_info(device)[1]
    if not 0 <= fraction <= 1:
        raise ValueError(f"Invalid fraction value: {fraction}. Allowed range: 0~1")
    _pool(device).set_limit(size=int(total * fraction))
