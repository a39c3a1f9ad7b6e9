"""What PyTorch keeps under torch.utils."""

from __future__ import annotations

import importlib
from typing import Any

from gradbook.utils import data

__all__ = ["data"]

# Submodules that cost nothing until they are named, as `gradbook.utils.dlpack`.
_LAZY = [
    "checkpoint",
    "dlpack",
]


def __getattr__(name: str) -> Any:
    """A lazy submodule is there by name, and imported then."""
    if name in _LAZY:
        return importlib.import_module(f"gradbook.utils.{name}")
    raise AttributeError(f"module 'gradbook.utils' has no attribute {name!r}")
