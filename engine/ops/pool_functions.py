"""The pooling functions of PyTorch: max, average, power average, adaptive, and the way back."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.autograd import casting
from gradbook.errors import ShapeError
from gradbook.ops.conv import numbers
from gradbook.ops.creation import fixed
from gradbook.ops.mistakes import mistake, need_tensor
from gradbook.ops.pooling import avg_pool, max_pool
from gradbook.tensor import Tensor

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d", "adaptive_max_pool2d",
    "adaptive_max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d", "lp_pool1d", "lp_pool2d", "lp_pool3d",
    "max_pool1d",
    "max_pool1d_with_indices", "max_pool2d", "max_pool2d_with_indices", "max_pool3d", "max_pool3d_with_indices",
    "max_unpool1d", "max_unpool2d", "max_unpool3d",
]  # fmt: skip


def max_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Largest value of each window, as torch.nn.functional.max_pool1d: (n, c, l) or without n.

    Stride None: kernel_size.

    return_indices: also where it was, as index in the flattened map. Raises ShapeError where no window fits.
    """
    return max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """max_pool1d with return_indices."""
    return max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Largest value of each window, as torch.nn.functional.max_pool2d: (n, c, h, w) or without n.

    Stride None: kernel_size.

    return_indices: also where it was, as index in the flattened map. Raises ShapeError where no window fits.
    """
    return max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """max_pool2d with return_indices."""
    return max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Largest value of each window, as torch.nn.functional.max_pool3d: (n, c, d, h, w) or without n.

    Stride None: kernel_size.

    return_indices: also where it was, as index in the flattened map. Raises ShapeError where no window fits.
    """
    if casting.scopes:
        (input,) = casting.full(input)
    return max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """max_pool3d with return_indices."""
    return max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode, True)


def avg_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """Mean of each window, as torch.nn.functional.avg_pool1d: (n, c, l) or without n; stride None: kernel_size.

    Raises ShapeError where no window fits.
    """
    y: Tensor = avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)
    return y


def avg_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """Mean of each window, as torch.nn.functional.avg_pool2d: (n, c, h, w) or without n; stride None: kernel_size.

    Raises ShapeError where no window fits.
    """
    y: Tensor = avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return y


def avg_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """Mean of each window, as torch.nn.functional.avg_pool3d: (n, c, d, h, w) or without n; stride None: kernel_size.

    Raises ShapeError where no window fits.
    """
    if casting.scopes:
        (input,) = casting.full(input)
    y: Tensor = avg_pool(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return y


# -- power average -------------------------------------------


def lp_pool(rank: int, input: Tensor, norm_type: float, kernel_size: Any, stride: Any, ceil_mode: bool) -> Tensor:
    """(sum of x^p over each window)^(1/p)."""
    kernel = numbers(kernel_size, rank, "kernel_size")
    mean = avg_pool(rank, input**norm_type, kernel, stride, 0, ceil_mode, True, None)
    made: Tensor = (mean.sign() * mean.abs().relu()) * math.prod(kernel)
    return made ** (1.0 / norm_type)


def lp_pool1d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """p-norm of each window, as torch.nn.functional.lp_pool1d."""
    return lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """p-norm of each window, as torch.nn.functional.lp_pool2d."""
    return lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """p-norm of each window, as torch.nn.functional.lp_pool3d."""
    return lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)


# -- adaptive: as many windows as asked for -------------------------------------------


def spans(length: int, count: int) -> list[tuple[int, int]]:
    """Where each of `count` windows over `length` values starts and stops."""
    return [(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]


def adaptive_sizes(op: str, rank: int, input: Any, output_size: Any) -> tuple[Tensor, tuple[int, ...]]:
    """The input and how many windows each axis gets; None keeps the axis."""
    x = need_tensor(op, input)
    if x.ndim not in (rank + 1, rank + 2):
        if x.ndim <= rank and rank > 1 and isinstance(output_size, (tuple, list)):
            raise ValueError(f"Input dimension should be at least {rank + 1}: {op} got {list(x.shape)}")
        words = f"{op}(): Expected {rank + 1}D or {rank + 2}D tensor, but got {list(x.shape)}"
        raise mistake(ShapeError, op, words, input=x)
    given = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * rank
    if len(given) != rank:
        raise mistake(ShapeError, op, f"{op}(): output_size must have {rank} elements, got {given}")
    sizes = tuple(int(n) if m is None else int(m) for n, m in zip(x.shape[x.ndim - rank :], given, strict=True))
    if any(m < 0 for m in sizes):
        raise mistake(
            ShapeError,
            op,
            f"{op}(): elements of output_size must be greater than or equal to 0 but received {list(sizes)}",
        )
    return x, sizes


def even(x: Tensor, sizes: tuple[int, ...]) -> tuple[int, ...] | None:
    """The kernel if equal windows without overlap do it."""
    lengths = x.shape[x.ndim - len(sizes) :]
    if all(m > 0 and n % m == 0 for n, m in zip(lengths, sizes, strict=True)):
        return tuple(n // m for n, m in zip(lengths, sizes, strict=True))
    return None


def adaptive_avg(rank: int, input: Any, output_size: Any) -> Tensor:
    """Means of windows that cover each axis evenly."""
    x, sizes = adaptive_sizes(f"adaptive_avg_pool{rank}d", rank, input, output_size)
    if all(m == 1 for m in sizes):
        made: Tensor = x.mean(tuple(range(x.ndim - rank, x.ndim)), keepdim=True)
        return made
    kernel = even(x, sizes)
    if kernel is not None:
        pooled: Tensor = avg_pool(rank, x, kernel, kernel, 0, False, True, None)
        return pooled
    xp = backends.xp_of(x._array)
    for axis, count in zip(range(x.ndim - rank, x.ndim), sizes, strict=True):
        length = x.shape[axis]
        mean = np.zeros((length, count), x._array.dtype)
        for i, (start, stop) in enumerate(spans(length, count)):
            mean[start:stop, i] = 1 / (stop - start)
        x = (x.movedim(axis, -1) @ fixed(xp.asarray(mean))).movedim(-1, axis)
    return x


def adaptive_max(rank: int, input: Any, output_size: Any, return_indices: bool) -> Any:
    """Largest values of windows that cover each axis evenly, and where they were."""
    x, sizes = adaptive_sizes(f"adaptive_max_pool{rank}d", rank, input, output_size)
    if all(m == 1 for m in sizes) and x.numel():
        largest, places = x.flatten(-rank).max(-1)
        shape = x.shape[: x.ndim - rank] + sizes
        return (largest.reshape(shape), places.reshape(shape)) if return_indices else largest.reshape(shape)
    kernel = even(x, sizes)
    if kernel is not None:
        return max_pool(rank, x, kernel, kernel, 0, 1, False, return_indices)
    array = x._array
    xp = backends.xp_of(array)
    lengths = array.shape[array.ndim - rank :]
    lead = array.shape[: array.ndim - rank]
    flat = xp.zeros((*lead, *sizes), np.int64)
    places = xp.arange(math.prod(lengths)).reshape(lengths)
    axes = [list(enumerate(spans(n, m))) for n, m in zip(lengths, sizes, strict=True)]
    for cell in itertools.product(*axes):
        here = tuple(slice(*span) for _, span in cell)
        best = array[(..., *here)].reshape(*lead, -1).argmax(axis=-1)
        flat[(..., *(i for i, _ in cell))] = places[here].reshape(-1)[best]
    indices = Tensor._of(flat)
    y = x.flatten(x.ndim - rank).gather(-1, indices.flatten(x.ndim - rank)).reshape(flat.shape)
    return (y, indices) if return_indices else y


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """Mean of each of output_size windows an axis, as torch.nn.functional.adaptive_avg_pool1d."""
    return adaptive_avg(1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Mean of each of output_size windows an axis, as torch.nn.functional.adaptive_avg_pool2d."""
    return adaptive_avg(2, input, output_size)


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """Mean of each of output_size windows an axis, as torch.nn.functional.adaptive_avg_pool3d."""
    if casting.scopes:
        (input,) = casting.full(input)
    return adaptive_avg(3, input, output_size)


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Largest value of each of output_size windows an axis, as torch.nn.functional.adaptive_max_pool1d."""
    return adaptive_max(1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Largest value of each of output_size windows an axis, as torch.nn.functional.adaptive_max_pool2d."""
    return adaptive_max(2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Largest value of each of output_size windows an axis, as torch.nn.functional.adaptive_max_pool3d."""
    if casting.scopes:
        (input,) = casting.full(input)
    return adaptive_max(3, input, output_size, return_indices)


# -- the way back from max pooling -------------------------------------------


def unpool(
    rank: int, input: Any, indices: Any, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> Tensor:
    """Values at their indices, zeros elsewhere."""
    op = f"max_unpool{rank}d"
    x = need_tensor(op, input)
    if indices.shape != x.shape:
        words = (
            f"Expected shape of indices to be same as that of the input tensor ({list(x.shape)}) but got "
            f"indices tensor with shape: {list(indices.shape)}"
        )
        raise mistake(ShapeError, op, words)
    kernel = numbers(kernel_size, rank, "kernel_size")
    steps = kernel if stride is None else numbers(stride, rank, "stride")
    padding = numbers(padding, rank, "padding")
    lengths = x.shape[x.ndim - rank :]
    default = tuple((n - 1) * s - 2 * p + k for n, s, p, k in zip(lengths, steps, padding, kernel, strict=True))
    sizes = default if output_size is None else tuple(output_size)[-rank:]
    for got, fit, step in zip(sizes, default, steps, strict=True):
        if not fit - step < got < fit + step:
            raise ValueError(
                f'invalid output_size "{tuple(sizes)}" (dim 0 must be between {fit - step} and {fit + step})'
            )
    lead = tuple(x.shape[: x.ndim - rank])
    xp = backends.xp_of(x._array)
    blank = Tensor._of(xp.zeros((*lead, math.prod(sizes)), x._array.dtype))
    made: Tensor = blank.scatter(-1, indices.flatten(x.ndim - rank), x.flatten(x.ndim - rank)).reshape(*lead, *sizes)
    return made


def max_unpool1d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Undo max_pool1d: values at their indices, zeros elsewhere, as torch.nn.functional.max_unpool1d."""
    return unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Undo max_pool2d: values at their indices, zeros elsewhere, as torch.nn.functional.max_unpool2d."""
    return unpool(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Undo max_pool3d: values at their indices, zeros elsewhere, as torch.nn.functional.max_unpool3d."""
    return unpool(3, input, indices, kernel_size, stride, padding, output_size)
