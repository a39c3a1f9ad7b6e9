"""Arithmetic on curves that every picture needs: smoothing, and which moments to keep."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Spike", "auto_smoothing", "ema", "evenly", "spikes_of"]

Array = npt.NDArray[Any]
CHOICES = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
WARM_UP = 30  # points before a spike can be told
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


def auto_smoothing(points: int) -> float:
    """The EMA factor for a run of so many points: a window of about a twenty-fifth, so that a short run is not flat."""
    return max((beta for beta in CHOICES if 1 / (1 - beta) <= max(1, points / 25)), default=0.0)


class Spike(NamedTuple):
    """Where a curve jumped, and by which factor over its level."""

    step: float
    value: float
    factor: float


def spikes_of(steps: Array, values: Array) -> list[Spike]:
    """Jumps above the running level by a factor of at least 2 and 6 mean deviations, on the log scale; largest first.

    The same rule as the live view's.
    """
    found: list[Spike] = []
    inside = False
    centre = spread = 0.0
    seen = 0
    known = np.isfinite(values) & (values > 0)
    for step, value in zip(steps[known].tolist(), values[known].tolist(), strict=True):
        x = math.log(value)
        centre = x if seen == 0 else centre
        seen += 1
        excess = x - centre
        limit = max(math.log(2), 6 * spread)
        if inside:
            if value > found[-1].value:
                found[-1] = Spike(step, value, max(found[-1].factor, math.exp(excess)))
            inside = excess >= limit / 2
        elif seen > WARM_UP and excess > limit:
            found.append(Spike(step, value, math.exp(excess)))
            inside = True
        rate = 0.005 if inside else 0.05
        centre += rate * excess
        if not inside:
            spread += rate * (abs(excess) - spread)
    return sorted(found, key=lambda spike: -spike.factor)
