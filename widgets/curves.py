"""Arithmetic on curves that every picture needs: smoothing, and which moments to keep."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["ema", "evenly"]

Array = npt.NDArray[Any]
BLOCK = 256  # points smoothed at once; smoothing**-BLOCK must stay far from overflow


def ema(values: Array, smoothing: float) -> Array:
    """Exponential moving average, bias-corrected at the start; what is not finite is skipped. (n,) -> (n,) float64.

    Raises ValueError unless 0 <= smoothing < 1.
    """
    if not 0 <= smoothing < 1:
        raise ValueError(f"ema: smoothing is {smoothing}; it must lie in [0, 1)")
    known = np.isfinite(values)
    clean = np.asarray(values, np.float64)[known]
    smoothed = np.empty(len(clean))
    if smoothing < 0.1:  # a block would underflow; so short a memory needs no speed
        smoothed[:] = clean
    else:
        mean = 0.0
        powers = smoothing ** np.arange(1, BLOCK + 1)
        for start in range(0, len(clean), BLOCK):
            block = clean[start : start + BLOCK]
            scale = powers[: len(block)]
            smoothed[start : start + len(block)] = scale * (mean + (1 - smoothing) * np.cumsum(block / scale))
            mean = smoothed[start + len(block) - 1]
        age = np.arange(1, len(clean) + 1)
        smoothed /= 1 - smoothing**age
    last_known = np.cumsum(known) - 1
    return np.where(last_known >= 0, smoothed[np.maximum(last_known, 0)], np.nan) if len(clean) else values * np.nan


def evenly(count: int, at_most: int) -> Array:
    """Indices of at most `at_most` of `count` items, evenly spread; the last one is always among them."""
    if count <= at_most:
        return np.arange(count)
    return np.unique(np.linspace(count - 1, 0, max(at_most, 1)).round().astype(np.int64))
