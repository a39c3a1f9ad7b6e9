"""Images sampled at the places of a grid: affine_grid, grid_sample."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.autograd import casting
from gradbook.errors import ShapeError
from gradbook.ops.mistakes import mistake
from gradbook.tensor import Tensor

__all__ = ["affine_grid", "grid_sample"]


CORNERS = (
    "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
    "align_corners=True if the old behavior is desired. See the documentation of grid_sample for details."
)


def affine_grid(theta: Tensor, size: Any, align_corners: bool | None = None) -> Tensor:
    """Where an affine map takes each pixel, as torch.nn.functional.affine_grid: (n, 2, 3) -> (n, h, w, 2)."""
    if align_corners is None:
        warnings.warn(CORNERS, stacklevel=2)
    lengths = tuple(size)[2:]
    if not theta.dtype.is_floating_point:
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    if theta.ndim != 3 or tuple(theta.shape[1:]) != (len(lengths), len(lengths) + 1):
        raise ValueError(
            f"Expected a batch of affine matrices of shape Nx{len(lengths)}x{len(lengths) + 1} for size "
            f"{tuple(size)}. Got "
            f"{tuple(theta.shape)}."
        )
    axes = []
    for n in lengths:
        line = np.linspace(-1, 1, n) if n > 1 else np.zeros(1)
        axes.append(line if align_corners else line * (n - 1) / n)
    grid = np.stack([*reversed(np.meshgrid(*axes, indexing="ij")), np.ones(lengths)], -1).reshape(-1, len(lengths) + 1)
    base = Tensor._of(backends.like(grid.astype(theta._array.dtype), theta._array))
    y: Tensor = (base @ theta.transpose(1, 2)).reshape(theta.shape[0], *lengths, len(lengths))
    return y


def grid_sample(
    input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Tensor:
    """The input at the places of a grid in -1..1, as torch.nn.functional.grid_sample.

    input (n, c, h, w), grid (n, h', w', 2) of (x, y) -> (n, c, h', w'); also with a depth axis. mode: bilinear,
    nearest or
    bicubic (images only); padding_mode: zeros, border or reflection.
    """
    if casting.scopes:
        input, grid = casting.full(input, grid)
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        )
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
            f"'{padding_mode}'"
        )
    rank = input.ndim - 2
    if rank not in (2, 3) or grid.ndim != rank + 2 or grid.shape[-1] != rank or grid.shape[0] != input.shape[0]:
        words = (
            "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got "
            f"input with sizes {list(input.shape)} and grid with sizes {list(grid.shape)}"
        )
        raise mistake(ShapeError, "grid_sample", words, input=input, grid=grid)
    if align_corners is None:
        warnings.warn(CORNERS, stacklevel=2)
    align = bool(align_corners)
    places = []
    for axis in range(rank):
        n = input.shape[2 + axis]
        at = grid[..., rank - 1 - axis]
        at = (at + 1) * ((n - 1) / 2) if align else ((at + 1) * n - 1) / 2
        places.append(at if mode == "bicubic" else edged(at, n, padding_mode, align))
    return sampled(input, places, mode, padding_mode, align)


def edged(at: Tensor, n: int, padding_mode: str, align: bool) -> Tensor:
    """Places outside brought inside, as padding_mode says."""
    if padding_mode == "zeros":
        return at
    if padding_mode == "reflection":
        low, span = (0.0, float(n - 1)) if align else (-0.5, float(n))
        if span == 0:
            return at * 0
        away = (at - low).abs()
        turns = (away.detach() / span).floor()
        rest = away - turns * span
        odd = Tensor._of(turns._array % 2 == 1)
        at = (span - rest).where(odd, rest) + low
    made: Tensor = at.clamp(0, n - 1)
    return made


def sampled(input: Tensor, places: list[Tensor], mode: str, padding_mode: str, align: bool) -> Tensor:
    """A weighted sum of the pixels around each place."""
    lengths = input.shape[2:]
    choices: list[list[tuple[Any, Any]]] = []  # an axis: (index array, weight Tensor or None)
    for at in places:
        array = at._array
        if mode == "nearest":
            choices.append([(np.rint(array).astype(np.int64), None)])
            continue
        low = np.floor(array)
        part = at - Tensor._of(low)
        base = low.astype(np.int64)
        if mode == "bilinear":
            choices.append([(base, 1 - part), (base + 1, part)])
        else:
            choices.append([(base + k, cubic_weight((part - k).abs())) for k in (-1, 0, 1, 2)])
    total: Any = None
    flat = input.flatten(2)
    batch = np.arange(input.shape[0]).reshape(-1, *(1,) * (places[0].ndim - 1))
    lead = Tensor._of(np.broadcast_to(batch, places[0].shape).copy())
    for combination in product_of(choices):
        index, inside, weight = corner(combination, lengths, mode, padding_mode, align, places[0]._array.dtype)
        picked = flat.transpose(1, 2)[lead, Tensor._of(index)].movedim(-1, 1)
        if inside is not None:
            weight = inside if weight is None else weight * inside
        part_sum = picked if weight is None else picked * weight.unsqueeze(1)
        total = part_sum if total is None else total + part_sum
    if mode == "nearest" and places[0].requires_grad:  # flat between two pixels: the grid's gradient is 0, not None
        nowhere = Tensor._of(np.zeros_like(places[0]._array, bool))
        for at in places:
            total = total + at.where(nowhere, 0.0).unsqueeze(1)
    made: Tensor = total
    return made


def product_of(choices: Any) -> Any:
    """Every combination of one choice an axis."""
    return itertools.product(*choices)


def corner(
    combination: Any, lengths: Any, mode: str, padding_mode: str, align: bool, dtype: Any
) -> tuple[Any, Any, Any]:
    """One pixel a place: its flat index, 1 where it is inside (None: everywhere), and its weight."""
    index: Any = 0
    inside: Any = None
    weight: Any = None
    for (at, part), n in zip(combination, lengths, strict=True):
        if mode == "bicubic" and padding_mode != "zeros":
            at = edged(Tensor._of(at.astype(np.float64)), n, padding_mode, align)._array.round().astype(np.int64)
        elif padding_mode == "zeros":
            ok = (at >= 0) & (at < n)
            inside = ok if inside is None else inside & ok
        index = index * n + np.clip(at, 0, n - 1)
        if part is not None:
            weight = part if weight is None else weight * part
    return index, (None if inside is None else Tensor._of(inside.astype(dtype))), weight


def cubic_weight(d: Tensor) -> Tensor:
    """Cubic convolution with a = -0.75 at distance d."""
    near = (d * 1.25 - 2.25) * d * d + 1
    far = ((d * -0.75 + 3.75) * d - 6) * d + 3
    made: Tensor = near.where(Tensor._of(d._array <= 1), far)
    return made
