"""torch.backends.mkl: MKL is not used; NumPy's own libraries are."""

from __future__ import annotations

__all__ = ["is_available"]


def is_available() -> bool:
    """False: NumPy computes."""
    return False
