"""NumPy holds the data. `kernels` names ops that have a native kernel here: name -> forward(xp, *arrays, **params)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.backends import native

kernels: dict[str, Callable[..., Any]] = {"optimizer_step": native.optimizer_step}


def asarray(value: Any, dtype: Any = None, index: int | None = None) -> Any:
    """A NumPy array, copied from the GPU if it lives there."""
    if not isinstance(value, np.ndarray) and hasattr(value, "get"):
        value = value.get()
    return np.asarray(value, dtype)


def synchronize() -> None:
    """Nothing to wait for: NumPy returns when it is done."""


def get_cpu_capability() -> str:
    """The widest vector instructions NumPy found here: "AVX512", "AVX2" or "DEFAULT"."""
    found = np.show_config(mode="dicts").get("SIMD Extensions", {})
    names = " ".join([*found.get("baseline", ()), *found.get("found", ())])
    if "AVX512" in names or "X86_V4" in names:
        return "AVX512"
    return "AVX2" if "AVX2" in names or "X86_V3" in names else "DEFAULT"
