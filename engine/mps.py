"""torch.mps: Apple's GPUs are not used. Whatever only asks answers so: False, 0, nothing."""

from __future__ import annotations

from typing import Any

__all__ = [
    "current_allocated_memory",
    "device_count",
    "driver_allocated_memory",
    "empty_cache",
    "is_available",
    "manual_seed",
    "seed",
    "synchronize",
]


def is_available() -> bool:
    """False: there is no device 'mps'."""
    return False


def device_count() -> int:
    """0: there is no device 'mps'."""
    return 0


def manual_seed(seed: int) -> None:
    """Nothing to seed."""


def seed() -> None:
    """Nothing to seed."""


def empty_cache() -> None:
    """Nothing to give back."""


def synchronize(device: Any = None) -> None:
    """Nothing to wait for."""


def current_allocated_memory() -> int:
    """0: there is no device 'mps'."""
    return 0


def driver_allocated_memory() -> int:
    """0: there is no device 'mps'."""
    return 0
