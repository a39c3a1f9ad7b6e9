"""Numbers of an array, on a GPU or not: all of them, or a few where all would take too long."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["numbers_of", "sample"]


def numbers_of(array: Any) -> Any:
    """An array in the memory of NumPy: itself, or a copy of what lies on a GPU."""
    return np.asarray(array.get() if hasattr(array, "get") else array)


def sample(array: Any, at_most: int) -> Any:
    """At most so many elements of an array, evenly spread, in one row; a view where it can be one."""
    flat = array.reshape(-1) if hasattr(array, "reshape") else np.asarray(array).reshape(-1)
    return numbers_of(flat[:: max(1, flat.size // at_most)][:at_most])
