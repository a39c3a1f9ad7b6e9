"""What is in a tensor, and how often: unique, bincount, histc, isin. No gradients."""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np

from gradbook import backends
from gradbook.errors import ShapeError
from gradbook.ops.arguments import axis, tensor_of, with_out, write_out
from gradbook.tensor import Tensor, method

__all__ = ["bincount", "histc", "histogram", "histogramdd", "isin", "unique", "unique_consecutive"]


def _back(array: Any, example: Tensor) -> Tensor:
    made: Tensor = Tensor._of(
        backends.like(np.ascontiguousarray(array) if np.ndim(array) else np.asarray(array), example._array)
    )
    return made


@method("unique")
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The different elements (or slices along `dim`) in order, as torch.unique; with where each went and how often.

    -> values, or (values, inverse, counts) as asked. Sorted whatever `sorted` says.
    """
    array = backends.cpu.asarray(tensor_of("unique", input)._array)
    where = None if dim is None else axis(dim, array.ndim)
    values, inverse, counts = np.unique(array, return_inverse=True, return_counts=True, axis=where, equal_nan=False)
    inverse = inverse.reshape(array.shape if where is None else (array.shape[where],))
    return _answer(input, values, inverse, counts, return_inverse, return_counts)


def _answer(input: Tensor, values: Any, inverse: Any, counts: Any, with_inverse: bool, with_counts: bool) -> Any:
    found = [_back(values, input)]
    if with_inverse:
        found.append(_back(inverse.astype(np.int64), input))
    if with_counts:
        found.append(_back(counts.astype(np.int64), input))
    return found[0] if len(found) == 1 else tuple(found)


@method("unique_consecutive")
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """Equal neighbours made one, as torch.unique_consecutive. -> values, or (values, inverse, counts) as asked."""
    array = backends.cpu.asarray(tensor_of("unique_consecutive", input)._array)
    where = 0 if dim is None else axis(dim, array.ndim)
    rows = array.reshape(-1) if dim is None else np.moveaxis(array, where, 0)
    if len(rows):
        changed = (rows[1:] != rows[:-1]).any(axis=tuple(range(1, rows.ndim)))
        starts = np.concatenate([[0], np.nonzero(changed)[0] + 1])
    else:
        starts = np.zeros(0, np.int64)
    inverse = np.repeat(np.arange(len(starts)), np.diff([*starts, len(rows)]))
    values = rows[starts] if dim is None else np.moveaxis(rows[starts], 0, where)
    inverse = inverse.reshape(array.shape) if dim is None else inverse
    return _answer(input, values, inverse, np.diff([*starts, len(rows)]), return_inverse, return_counts)


@method("bincount")
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each of 0, 1, 2, … occurs, or the sum of its weights, as torch.bincount. (n,) -> (max + 1,).

    Raises RuntimeError for negative numbers or anything but a vector of integers.
    """
    array = backends.cpu.asarray(tensor_of("bincount", input)._array)
    if array.dtype.kind not in "iu":
        raise NotImplementedError(f'"bincount_cpu" not implemented for {input.dtype!r}')
    if array.ndim != 1 or (array.size and array.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if weights is None:
        return _back(np.bincount(array, minlength=minlength).astype(np.int64), input)
    if weights.shape != input.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    kind = np.float32 if weights._array.dtype == np.float32 else np.float64
    return _back(np.bincount(array, backends.cpu.asarray(weights._array), minlength).astype(kind), input)


@method("histc")
def histc(input: Tensor, bins: int = 100, min: Any = 0, max: Any = 0, *, out: Tensor | None = None) -> Tensor:
    """How many elements fall into each of `bins` equal bins, as torch.histc; min = max = 0 takes the data's range."""
    array = backends.cpu.asarray(tensor_of("histc", input)._array)
    if bins <= 0:
        raise RuntimeError(f"torch.histc(): bins must be > 0, but got {bins}")
    low, high = float(min), float(max)
    if low == high and array.size:
        low, high = float(array.min()), float(array.max())
    if low == high:
        low, high = low - 1, high + 1
    if not (np.isfinite(low) and np.isfinite(high)):
        raise RuntimeError(f"torch.histc: range of [{low}, {high}] is not finite")
    if low > high:
        raise RuntimeError("torch.histc: max must be larger than min")
    inside = array[(array >= low) & (array <= high)].astype(np.float64)
    index = np.minimum(((inside - low) * bins / (high - low)).astype(np.int64), bins - 1)
    return write_out("histc", _back(np.bincount(index, minlength=bins).astype(array.dtype), input), out)


class Histogram(NamedTuple):
    """Counts, and the edges of the bins."""

    hist: Tensor
    bin_edges: Tensor


@method("histogram")
@with_out
def histogram(
    input: Tensor, bins: Any = 100, *, range: Any = None, weight: Tensor | None = None, density: bool = False
) -> Histogram:
    """(counts, edges) of a histogram, as torch.histogram; bins is a number or the edges."""
    array = backends.cpu.asarray(tensor_of("histogram", input)._array).reshape(-1)
    edges = backends.cpu.asarray(bins._array) if isinstance(bins, Tensor) else bins
    weights = None if weight is None else backends.cpu.asarray(weight._array).reshape(-1)
    counts, limits = np.histogram(array, edges, range, density=density, weights=weights)
    return Histogram(_back(counts.astype(array.dtype), input), _back(limits.astype(array.dtype), input))


class HistogramDD(NamedTuple):
    """Counts, and the edges of the bins along each axis."""

    hist: Tensor
    bin_edges: tuple[Tensor, ...]


def histogramdd(
    input: Tensor, bins: Any, *, range: Any = None, weight: Tensor | None = None, density: bool = False
) -> HistogramDD:
    """A histogram of points, as torch.histogramdd. (.., d) -> counts with d axes, and d tensors of edges.

    bins: how many, one number or one an axis; or one tensor of edges an axis. range: (low, high) of each axis in a row.
    weight: (..), the dtype of input. density: over the volume of bins, adding up to 1.
    Raises RuntimeError where these do not fit the points, NotImplementedError for integers.
    """
    x = tensor_of("histogramdd", input)
    if x.ndim < 2:
        raise ShapeError(f"histogramdd: input tensor should have at least 2 dimensions, not {x.ndim}")
    points = backends.cpu.asarray(x._array)
    if points.dtype not in (np.float32, np.float64):
        raise NotImplementedError(f'"histogramdd" not implemented for {x.dtype!r}; use .float()')
    axes = points.shape[-1]
    counts = list(bins) if isinstance(bins, (tuple, list)) else [bins] * axes
    if len(counts) != axes or isinstance(bins, Tensor):
        raise RuntimeError(f"histogramdd: The size of bins must be equal to the innermost dimension: {axes}")
    if weight is not None and weight._array.shape != points.shape[:-1]:
        raise ShapeError(f"histogramdd: weight must have the shape {list(points.shape[:-1])}, not {list(weight.shape)}")
    flat = points.reshape(-1, axes)
    limits = _limits(flat, range, axes)
    edges = [_edges(count, *limits[i], points.dtype, i) for i, count in enumerate(counts)]
    weights = None if weight is None else backends.cpu.asarray(weight._array).reshape(-1)
    hist = _counted(flat, edges, weights)
    if density:
        volume = functools.reduce(np.multiply.outer, [np.diff(part) for part in edges])
        hist = hist / hist.sum() / volume
    return HistogramDD(_back(hist.astype(points.dtype), x), tuple(_back(part, x) for part in edges))


def _counted(points: Any, edges: list[Any], weights: Any) -> Any:
    """How many of the points (n, d), or what weight, fall into each bin; those outside all edges fall into none."""
    shape = tuple(len(part) - 1 for part in edges)
    inside = np.ones(len(points), bool)
    where = np.zeros(len(points), np.int64)
    for values, part, bins in zip(points.T, edges, shape, strict=True):
        inside &= (values >= part[0]) & (values <= part[-1])
        where = where * bins + np.minimum(_upper_bound(part, values) - 1, bins - 1)
    kept = None if weights is None else weights[inside]
    return np.bincount(where[inside], kept, math.prod(shape)).reshape(shape)


def _upper_bound(edges: Any, values: Any) -> Any:
    """As searchsorted(side="right"), by PyTorch's steps: so edges that are not sorted give what they give there."""
    first, count = np.zeros(len(values), np.int64), np.full(len(values), len(edges))
    while count.any():
        step = count // 2
        right = (count > 0) & (values >= edges[np.minimum(first + step, len(edges) - 1)])
        first = np.where(right, first + step + 1, first)
        count = np.where(right, count - step - 1, step)
    return first


def _limits(points: Any, range: Any, axes: int) -> list[tuple[float, float]]:
    """Where the bins of each axis begin and end."""
    if range is not None:
        if len(range) != 2 * axes:
            raise RuntimeError(f"histogramdd: range should have {2 * axes} elements, but got {len(range)}")
        found = list(zip(range[::2], range[1::2], strict=True))
    elif len(points):
        found = list(zip(points.min(axis=0), points.max(axis=0), strict=True))
    else:
        found = [(0.0, 1.0)] * axes
    for i, (low, high) in enumerate(found):
        if low > high:
            raise RuntimeError(
                f"histogramdd: min should not exceed max, but got min {low} max {high} for dimension {i}"
            )
    return [(low - 0.5, high + 0.5) if low == high else (low, high) for low, high in found]


def _edges(count: Any, low: Any, high: Any, dtype: Any, position: int) -> Any:
    if isinstance(count, Tensor):
        return backends.cpu.asarray(count._array).astype(dtype)
    if count <= 0:
        raise RuntimeError(f"histogramdd: bins must be > 0, but got {count} for dimension {position}")
    return np.linspace(low, high, count + 1, dtype=dtype)


@with_out
def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """True for each element that occurs in test_elements, as torch.isin."""
    example = elements if isinstance(elements, Tensor) else test_elements
    a, b = (
        backends.cpu.asarray(v._array) if isinstance(v, Tensor) else np.asarray(v) for v in (elements, test_elements)
    )
    return _back(np.isin(a, b, invert=invert), example)
