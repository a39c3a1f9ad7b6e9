"""torch.backends.mps: Apple's GPUs are not used."""

from __future__ import annotations

__all__ = ["is_available", "is_built"]


def is_built() -> bool:
    """False: there is no device 'mps'."""
    return False


def is_available() -> bool:
    """False: there is no device 'mps'."""
    return False
