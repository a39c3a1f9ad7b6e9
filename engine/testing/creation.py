"""make_tensor: a tensor with random elements in a range, to test with."""

from __future__ import annotations

from typing import Any

import gradbook
from gradbook.tensor import Tensor

__all__ = ["make_tensor"]


def _bounds(dtype: Any, low: float | None, high: float | None) -> tuple[float, float]:
    """Where the elements lie: [-9, 9] for floats, [-9, 10) for integers, as far as the dtype reaches."""
    if dtype is gradbook.bool:
        return 0, 2
    whole = not (dtype.is_floating_point or dtype.is_complex)
    least = 0 if whole and not dtype.is_signed else -9
    lowest, highest = (float(low) if low is not None else least), (float(high) if high is not None else 9 + whole)
    if whole:
        limits = gradbook.iinfo(dtype)
        return max(lowest, limits.min), min(highest, limits.max)
    return lowest, highest


def make_tensor(
    *shape: Any,
    dtype: Any,
    device: Any = "cpu",
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A tensor with elements drawn evenly from [low, high), as torch.testing.make_tensor.

    shape: numbers or one sequence. low, high: by dtype unless given, [-9, 9] or [-9, 10) for integers. noncontiguous:
    every other element of something larger. exclude_zero: zeros become the smallest step. Raises ValueError if
    low > high, or a complex or floating dtype is asked for and low == high.
    """
    sizes = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], list | tuple) else shape
    lowest, highest = _bounds(dtype, low, high)
    whole = not (dtype.is_floating_point or dtype.is_complex)
    if lowest > highest or (whole and lowest == highest):
        raise ValueError(f"make_tensor: low must be below high, but got [{lowest}, {highest})")
    wide = (*sizes[:-1], 2 * sizes[-1]) if noncontiguous and sizes else sizes
    if whole:
        made = gradbook.randint(int(lowest), int(highest), wide, dtype=gradbook.int64).to(dtype)
    elif dtype.is_complex:
        part = gradbook.float32 if dtype is gradbook.complex64 else gradbook.float64
        real, imag = (gradbook.rand(wide, dtype=part) * (highest - lowest) + lowest for _ in "ab")
        made = gradbook.complex(real, imag)
    else:
        made = (gradbook.rand(wide, dtype=gradbook.float64) * (highest - lowest) + lowest).to(dtype)
    if exclude_zero:
        made[made == 0] = 1 if whole else gradbook.finfo(dtype).tiny
    made = made.to(device)
    if noncontiguous and sizes:
        made = made[..., ::2]
    result: Tensor = made.requires_grad_(requires_grad)
    return result
