"""The derivative of a function known at some places only, by differences between neighbours."""

from __future__ import annotations

from typing import Any

from gradbook import dtypes
from gradbook.errors import ShapeError
from gradbook.ops.arguments import axes, tensor_of
from gradbook.ops.joining import cat
from gradbook.tensor import Tensor

__all__ = ["gradient"]


def gradient(input: Tensor, *, spacing: Any = None, dim: Any = None, edge_order: int = 1) -> tuple[Tensor, ...]:
    """The slope of a sampled function along each axis, as torch.gradient. -> one tensor an axis, of the input's shape.

    spacing: the distance of samples, one number (1) or one an axis; or one tensor of places an axis.
    dim: the axes; None: all. edge_order: 1 or 2, how exact the ends are. Raises RuntimeError for an axis that is too
    short, for uint8 and bool, and where the spacings are not one an axis.
    """
    x = tensor_of("gradient", input)
    if x.dtype is dtypes.uint8:
        raise RuntimeError("gradient does not support uint8 input; use .float()")
    if edge_order not in (1, 2):
        raise RuntimeError(f"gradient only supports edge_order=1 and edge_order=2, not {edge_order}")
    dims = tuple(range(x.ndim)) if dim is None else axes(dim, x.ndim) or ()
    spacing = 1 if spacing is None else spacing
    if isinstance(spacing, Tensor):
        if spacing.ndim:
            raise TypeError("gradient(): argument 'spacing' must be a number, or a sequence of numbers or of tensors")
        spacing = spacing.item()
    steps = tuple(spacing) if isinstance(spacing, (tuple, list)) else (spacing,) * len(dims)
    if len(steps) != len(dims):
        raise RuntimeError(
            "gradient expected spacing to be unspecified, a scalar, or a list of as many spacings as there are axes: "
            f"{len(dims)}, but got {len(steps)}"
        )
    for d in dims:
        if x.shape[d] < edge_order + 1:
            raise ShapeError(
                f"gradient expected each dimension size to be at least edge_order+1, but axis {d} has {x.shape[d]}"
            )
    return tuple(_slope(x.movedim(d, -1), step, edge_order).movedim(-1, d) for d, step in zip(dims, steps, strict=True))


def _slope(x: Tensor, step: Any, edge_order: int) -> Tensor:
    """Along the last axis."""
    if isinstance(step, Tensor):
        return _uneven(x, step, edge_order)
    middle = (x[..., 2:] - x[..., :-2]) / (2 * step)
    if edge_order == 1:
        first, last = (x[..., 1:2] - x[..., :1]) / step, (x[..., -1:] - x[..., -2:-1]) / step
    else:
        first = (-1.5 * x[..., :1] + 2 * x[..., 1:2] - 0.5 * x[..., 2:3]) / step
        last = (1.5 * x[..., -1:] - 2 * x[..., -2:-1] + 0.5 * x[..., -3:-2]) / step
    return cat([first, middle, last], -1)


def _uneven(x: Tensor, places: Tensor, edge_order: int) -> Tensor:
    """With samples at `places`: the slope of the parabola through three of them, or of the line through two ends."""
    if places.ndim != 1 or places.shape[0] != x.shape[-1]:
        raise ShapeError(
            f"gradient: expected {x.shape[-1]} places for an axis of {x.shape[-1]}, but got {places.shape}"
        )
    gaps = places[1:] - places[:-1]
    a, b = gaps[:-1], gaps[1:]
    left, here, right = x[..., :-2], x[..., 1:-1], x[..., 2:]
    middle = -b / (a * (a + b)) * left + (b - a) / (a * b) * here + a / (b * (a + b)) * right
    if edge_order == 1:
        first, last = (x[..., 1:2] - x[..., :1]) / gaps[0], (x[..., -1:] - x[..., -2:-1]) / gaps[-1]
    else:
        p, q = gaps[0], gaps[1]
        first = -(2 * p + q) / (p * (p + q)) * x[..., :1] + (p + q) / (p * q) * x[..., 1:2]
        first = first - p / (q * (p + q)) * x[..., 2:3]
        p, q = gaps[-2], gaps[-1]
        last = q / (p * (p + q)) * x[..., -3:-2] - (p + q) / (p * q) * x[..., -2:-1]
        last = last + (2 * q + p) / (q * (p + q)) * x[..., -1:]
    return cat([first, middle, last], -1)
