"""The GPU, as torch.cuda: how many there are and which, their memory, streams and random numbers. CuPy answers.

Where there is none, whatever only asks answers so (False, 0, nothing), and whatever needs one raises NoGPUError, which
is PyTorch's AssertionError too, and says what to do.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from gradbook.backends import cuda as backend
from gradbook.cuda.memory import (
    OutOfMemoryError,
    empty_cache,
    max_memory_allocated,
    max_memory_cached,
    max_memory_reserved,
    mem_get_info,
    memory_allocated,
    memory_cached,
    memory_reserved,
    memory_stats,
    memory_summary,
    reset_max_memory_allocated,
    reset_max_memory_cached,
    reset_peak_memory_stats,
    set_per_process_memory_fraction,
)
from gradbook.cuda.random import (
    get_rng_state,
    get_rng_state_all,
    initial_seed,
    manual_seed,
    manual_seed_all,
    seed,
    seed_all,
    set_rng_state,
    set_rng_state_all,
)
from gradbook.cuda.streams import Event, Stream, StreamContext, current_stream, default_stream, set_stream, stream
from gradbook.device import device as device_type

__all__ = [
    "Event", "OutOfMemoryError", "Stream", "StreamContext", "can_device_access_peer", "current_device",
    "current_stream", "default_stream", "device", "device_count", "device_of", "empty_cache", "get_arch_list",
    "get_device_capability", "get_device_name", "get_device_properties", "get_rng_state", "get_rng_state_all",
    "get_sync_debug_mode", "init", "initial_seed", "ipc_collect", "is_available", "is_bf16_supported",
    "is_current_stream_capturing", "is_initialized", "is_tf32_supported", "manual_seed", "manual_seed_all",
    "max_memory_allocated", "max_memory_cached", "max_memory_reserved", "mem_get_info", "memory_allocated",
    "memory_cached", "memory_reserved", "memory_stats", "memory_summary", "reset_max_memory_allocated",
    "reset_max_memory_cached", "reset_peak_memory_stats", "seed", "seed_all", "set_device",
    "set_per_process_memory_fraction", "set_rng_state", "set_rng_state_all", "set_stream", "stream", "synchronize",
]  # fmt: skip

has_half = True
has_magma = False


@dataclass(frozen=True)
class DeviceProperties:
    """What a GPU is, as the object that torch.cuda.get_device_properties gives. total_memory in bytes."""

    name: str
    major: int
    minor: int
    total_memory: int
    multi_processor_count: int
    warp_size: int = 32
    is_integrated: int = 0
    is_multi_gpu_board: int = 0


def is_available() -> bool:
    """True if a GPU can be used."""
    return device_count() > 0


def device_count() -> int:
    """How many GPUs can be used."""
    return backend.device_count()


_initialized = False  # PyTorch's own note of it; nothing is set up before it is used


def is_initialized() -> bool:
    """True if there is a GPU: CuPy starts it at its first use."""
    return is_available()


def init() -> None:
    """Nothing to start. Raises NoGPUError where there is no GPU."""
    backend.require()


def index_of(where: Any = None) -> int:
    """The number of a GPU, from a device, "cuda:1", 1, or None for the current one. Raises ValueError for a CPU."""
    if where is None:
        return current_device()
    chosen = device_type(where)
    if chosen.type != "cuda":
        raise ValueError(f"Expected a cuda device, but got: {chosen}")
    return current_device() if chosen.index is None else chosen.index


def current_device() -> int:
    """The number of the current GPU. Raises NoGPUError where there is none."""
    backend.require()
    return int(backend.xp().cuda.runtime.getDevice())


def set_device(device: Any) -> None:
    """Make a GPU the current one; nothing for a negative number. Raises NoGPUError where there is none."""
    if isinstance(device, int) and device < 0:
        return
    backend.require()
    backend.xp().cuda.Device(index_of(device)).use()


def get_device_properties(device: Any = None) -> DeviceProperties:
    """What a GPU is. Raises NoGPUError where there is none."""
    backend.require()
    found = backend.xp().cuda.runtime.getDeviceProperties(index_of(device))
    name = found["name"]
    return DeviceProperties(
        name.decode() if isinstance(name, bytes) else name,
        int(found["major"]),
        int(found["minor"]),
        int(found["totalGlobalMem"]),
        int(found["multiProcessorCount"]),
        int(found["warpSize"]),
        int(found["integrated"]),
        int(found["isMultiGpuBoard"]),
    )


def get_device_name(device: Any = None) -> str:
    """The name of a GPU. Raises NoGPUError where there is none."""
    return get_device_properties(device).name


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """Its compute capability -> (major, minor). Raises NoGPUError where there is none."""
    found = get_device_properties(device)
    return found.major, found.minor


def get_arch_list() -> list[str]:
    """[]: kernels are compiled for the GPU at hand, as it is found."""
    return []


def can_device_access_peer(device: Any, peer_device: Any) -> bool:
    """True if one GPU can read the memory of another. Raises NoGPUError where there is none."""
    backend.require()
    return bool(backend.xp().cuda.runtime.deviceCanAccessPeer(index_of(device), index_of(peer_device)))


def synchronize(device: Any = None) -> None:
    """Wait until a GPU has done all that was asked of it. Differs: without a GPU there is nothing to wait for."""
    if is_available():
        backend.xp().cuda.Device(index_of(device)).synchronize()


def ipc_collect() -> None:
    """Nothing to collect: memory is not shared between processes."""


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False: CuPy has no bfloat16."""
    return False


def is_tf32_supported() -> bool:
    """True on an Ampere GPU or a later one."""
    return is_available() and get_device_capability()[0] >= 8


def is_current_stream_capturing() -> bool:
    """False: CUDA graphs are not captured here."""
    return False


def get_sync_debug_mode() -> int:
    """0: a wait for the GPU is not reported."""
    return 0


class device:
    """The current GPU for a block, `with torch.cuda.device(1):`; nothing for a negative number or None."""

    def __init__(self, device: Any) -> None:
        self.idx = -1 if device is None else device if isinstance(device, int) else index_of(device)
        self.prev_idx = -1

    def __enter__(self) -> None:
        if self.idx >= 0:
            self.prev_idx = current_device()
            set_device(self.idx)

    def __exit__(self, *exc: object) -> None:
        if self.idx >= 0:
            set_device(self.prev_idx)


class device_of(device):
    """The GPU of a tensor as the current one for a block; nothing for a tensor on the CPU."""

    def __init__(self, obj: Any) -> None:
        super().__init__(obj.device.index if obj.is_cuda else -1)


def __getattr__(name: str) -> Any:
    """`torch.cuda.amp` and the other submodules, imported when they are named; FloatTensor and its kin."""
    if name in ("amp", "memory", "nccl", "nvtx", "random", "streams"):
        return importlib.import_module(f"gradbook.cuda.{name}")
    if name.endswith("Tensor"):
        from gradbook.cuda.types import tensor_type

        return tensor_type(name)
    raise AttributeError(f"module 'gradbook.cuda' has no attribute {name!r}")
