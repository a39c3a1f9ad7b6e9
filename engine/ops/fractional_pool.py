"""Fractional max pooling (B. Graham, arXiv:1412.6071): windows whose places are drawn once a channel.

Where the maxima lie is found on arrays; the values are gathered, so gradients of every order are those of gather.
"""

from __future__ import annotations

import math
from typing import Any

from gradbook import backends
from gradbook.errors import ShapeError
from gradbook.ops.random import rand
from gradbook.ops.shape import need_tensor
from gradbook.tensor import Tensor

__all__ = [
    "fractional_max_pool2d", "fractional_max_pool2d_with_indices", "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
]  # fmt: skip


def _lengths(name: str, value: Any, rank: int) -> tuple[Any, ...]:
    found = tuple(value) if isinstance(value, (tuple, list)) else (value,) * rank
    if len(found) != rank:
        raise ValueError(f"{name} must either be a single number or a tuple of {rank}, got {value!r}")
    return found


def _starts(xp: Any, draw: Any, length: int, out: int, kernel: int) -> Any:
    """Where each window of an axis begins. draw: (n, c) in [0, 1) -> int64 (n, c, out)."""
    last = length - kernel
    if out == 1:
        return xp.full((*draw.shape, 1), last, "i8")
    step = draw.dtype.type(last / (out - 1))
    places = xp.arange(out - 1).astype(draw.dtype) + draw[..., None]
    begin = (places * step).astype("i8") - (draw[..., None] * step).astype("i8")
    return xp.concatenate([begin, xp.full((*draw.shape, 1), last, "i8")], -1)


def _window_index(xp: Any, starts: list[Any], kernel: tuple[int, ...], lengths: tuple[int, ...]) -> Any:
    """The flat index of every element of every window. -> int64 (n, c, *out, prod(kernel))."""
    rank, index = len(kernel), 0
    for axis, (begin, k, length) in enumerate(zip(starts, kernel, lengths, strict=True)):
        places = begin[..., None] + xp.arange(k)  # (n, c, out, k)
        shape = [1] * (2 * rank)
        shape[axis], shape[rank + axis] = begin.shape[-1], k
        index = index * length + places.reshape(*begin.shape[:2], *shape)
    return index.reshape(*index.shape[: 2 + rank], math.prod(kernel))  # type: ignore[attr-defined]  # an array by now


def _pool(
    name: str, rank: int, input: Tensor, kernel_size: Any, output_size: Any, output_ratio: Any, samples: Tensor | None
) -> tuple[Tensor, Tensor]:
    x = need_tensor(name, input)
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    if x.ndim not in (rank + 1, rank + 2):
        raise ShapeError(f"{name}: Expected {rank + 1}D or {rank + 2}D tensor, but got: {list(x.shape)}")
    kernel, lengths = _lengths("kernel_size", kernel_size, rank), tuple(x.shape[-rank:])
    if output_size is None:
        ratios = _lengths("output_ratio", output_ratio, rank)
        output_size = [int(n * ratio) for n, ratio in zip(lengths, ratios, strict=True)]
    out = _lengths("output_size", output_size, rank)
    for n, k, m in zip(lengths, kernel, out, strict=True):
        if k + m - 1 > n:
            raise ShapeError(f"{name}: kernel size {k} and output size {m} are too large for an input of {n}")
    full = x if x.ndim == rank + 2 else x.unsqueeze(0)
    batch, channels = full.shape[:2]
    draws = (samples if samples is not None else rand(batch, channels, rank, dtype=x.dtype, device=x.device))._array
    draws = draws[:batch]
    xp = backends.xp_of(x._array)
    order = (1, 0) if rank == 2 else (0, 1, 2)  # PyTorch draws the width of images first
    starts = [_starts(xp, draws[..., i], n, m, k) for i, n, m, k in zip(order, lengths, out, kernel, strict=True)]
    index = _window_index(xp, starts, kernel, lengths)
    flat = full._array.reshape(batch, channels, 1, math.prod(lengths))
    windows = xp.take_along_axis(flat, index.reshape(batch, channels, 1, math.prod(index.shape[2:])), -1)
    windows = windows.reshape(index.shape)
    chosen = xp.take_along_axis(index, windows.argmax(-1)[..., None], -1)[..., 0]
    indices = Tensor._of(chosen)
    places = indices.reshape(batch, channels, math.prod(chosen.shape[2:]))
    values = full.reshape(batch, channels, math.prod(lengths)).gather(2, places).reshape(indices.shape)
    return (values, indices) if x.ndim == rank + 2 else (values.squeeze(0), indices.squeeze(0))


def fractional_max_pool2d_with_indices(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """(values, indices) of fractional_max_pool2d."""
    return _pool("fractional_max_pool2d", 2, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool3d_with_indices(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """(values, indices) of fractional_max_pool3d."""
    return _pool("fractional_max_pool3d", 3, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool2d(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """The largest value of windows at random places, as torch.nn.functional.fractional_max_pool2d.

    (n, c, h, w) or (c, h, w) -> (..., *output_size), with int64 indices into h * w if return_indices.
    Raises ValueError without a size or a ratio, ShapeError where the windows do not fit.
    """
    pair = fractional_max_pool2d_with_indices(
        input, kernel_size, output_size, output_ratio, _random_samples=_random_samples
    )
    return pair if return_indices else pair[0]


def fractional_max_pool3d(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """The largest value of boxes at random places, as torch.nn.functional.fractional_max_pool3d.

    (n, c, d, h, w) or (c, d, h, w) -> (..., *output_size), with int64 indices if return_indices. Raises as in 2-D.
    """
    pair = fractional_max_pool3d_with_indices(
        input, kernel_size, output_size, output_ratio, _random_samples=_random_samples
    )
    return pair if return_indices else pair[0]
