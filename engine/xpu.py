"""torch.xpu: Intel's GPUs are not used. Whatever only asks answers so: False, 0, nothing."""

from __future__ import annotations

from typing import Any

__all__ = [
    "device_count",
    "empty_cache",
    "is_available",
    "manual_seed",
    "manual_seed_all",
    "memory_allocated",
    "seed",
    "synchronize",
]


def is_available() -> bool:
    """False: there is no device 'xpu'."""
    return False


def device_count() -> int:
    """0: there is no device 'xpu'."""
    return 0


def manual_seed(seed: int) -> None:
    """Nothing to seed."""


def seed() -> None:
    """Nothing to seed."""


def empty_cache() -> None:
    """Nothing to give back."""


def synchronize(device: Any = None) -> None:
    """Nothing to wait for."""


def manual_seed_all(seed: int) -> None:
    """Nothing to seed."""


def memory_allocated(device: Any = None) -> int:
    """0: there is no device 'xpu'."""
    return 0
