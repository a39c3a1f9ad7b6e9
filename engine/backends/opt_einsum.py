"""torch.backends.opt_einsum: NumPy finds the order of a product of three and more itself."""

from __future__ import annotations

__all__ = ["enabled", "is_available", "strategy"]

enabled = False
strategy: str | None = None


def is_available() -> bool:
    """False: the package opt_einsum is not used."""
    return False
