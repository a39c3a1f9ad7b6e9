"""What PyTorch keeps under torch.utils."""

from __future__ import annotations

import importlib
from typing import Any

from gradbook.utils import data

__all__ = ["data"]


def __getattr__(name: str) -> Any:
    """A submodule is imported when it is named."""
    if name == "checkpoint":
        return importlib.import_module(f"gradbook.utils.{name}")
    raise AttributeError(f"module 'gradbook.utils' has no attribute {name!r}")
