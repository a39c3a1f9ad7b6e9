"""NumPy holds the data. `kernels` names ops that have a native kernel here: name -> forward(xp, *arrays, **params)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

kernels: dict[str, Callable[..., Any]] = {}


def asarray(value: Any, dtype: Any = None, index: int | None = None) -> Any:
    """A NumPy array, copied from the GPU if it lives there."""
    if not isinstance(value, np.ndarray) and hasattr(value, "get"):
        value = value.get()
    return np.asarray(value, dtype)


def synchronize() -> None:
    """Nothing to wait for: NumPy returns when it is done."""
