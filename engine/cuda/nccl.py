"""NCCL, as torch.cuda.nccl: not used here."""

from __future__ import annotations

from typing import Any

__all__ = ["is_available", "version"]


def is_available(tensors: Any = None) -> bool:
    """False: gradients are not exchanged between GPUs."""
    return False


def version() -> tuple[int, ...]:
    """(): there is none."""
    return ()
