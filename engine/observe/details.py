"""Small pictures of big arrays: part of the values, a histogram, a few statistics. NaN-safe, any device."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from gradbook import backends
from gradbook.backends import cpu

__all__ = ["BINS", "SHOWN", "Detail", "Excerpt", "describe", "detail_of", "excerpt_of", "histogram", "merged", "sample",
           "statistics", "thumbnail"]  # fmt: skip

BINS = 32
ROWS, COLUMNS = 64, 120
AT_MOST = 1 << 16  # elements looked at; larger arrays are sampled evenly
SHOWN = 1 << 14  # elements of an excerpt at most
SIDE = 64  # pixels of an image's longer side in an excerpt


class Excerpt(NamedTuple):
    """Part of an array, all axes kept: element i along axis a of `values` is element i * every[a] of the whole."""

    values: np.ndarray
    every: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Detail:
    """One node at one step, in numbers.

    `thumb` float32[<=64, <=120] shows its value, and so does `excerpt` with all its axes; value and gradient have a
    histogram (32 counts from lo to hi), mean and deviation, the fraction of zeros, and how many of the elements looked
    at are not finite; `saved` is what it kept for backward, as (name, bytes).
    """

    step: int
    thumb: np.ndarray
    full_shape: tuple[int, ...]
    hist_counts: np.ndarray
    hist_lo: float
    hist_hi: float
    mean: float
    std: float
    grad_thumb: np.ndarray | None = None
    grad_counts: np.ndarray | None = None
    grad_lo: float = float("nan")
    grad_hi: float = float("nan")
    grad_mean: float = float("nan")
    grad_std: float = float("nan")
    saved: tuple[tuple[str, int], ...] = ()
    excerpt: Excerpt | None = None
    zeros: float = float("nan")
    bad: int = 0
    grad_excerpt: Excerpt | None = None
    grad_zeros: float = float("nan")
    grad_bad: int = 0

    @property
    def statistics(self) -> tuple[float, float, float, float, float]:
        """Of the value, as `statistics` gives them."""
        return self.mean, self.std, self.hist_lo, self.hist_hi, self.zeros


def sample(array: Any, at_most: int = AT_MOST) -> np.ndarray:
    """An even sample of an array's elements -> float32[n] on the host, n <= at_most; complex numbers by magnitude."""
    array = backends.all_samples(array)
    size = array.size
    flat = array.reshape(-1)
    if size > at_most:
        flat = flat[:: -(-size // at_most)]
    found: np.ndarray = cpu.asarray(flat)
    if found.dtype == np.float32:
        return found
    with np.errstate(all="ignore"):
        return (abs(found) if found.dtype.kind == "c" else found).astype(np.float32)


@np.errstate(all="ignore")
def statistics(values: np.ndarray) -> tuple[float, float, float, float, float]:
    """(mean, deviation, smallest, largest, fraction of zeros) of a sample.

    All are of the finite values alone, except that the mean is NaN where any value is not finite; all NaN if empty.
    """
    n = values.size
    if not n:
        return (np.nan,) * 5
    total = float(np.dot(values, values))
    if total - total != 0:  # NaN or infinity inside, or values too large to square in float32
        return _careful(values)
    # the ufuncs themselves: a recorded step asks this of every small array, and values.mean() takes thrice the time
    mean = float(np.add.reduce(values) / n)
    low, high = float(np.minimum.reduce(values)), float(np.maximum.reduce(values))
    return mean, max(total / n - mean * mean, 0.0) ** 0.5, low, high, 1.0 - np.count_nonzero(values) / n


def _careful(values: np.ndarray) -> tuple[float, float, float, float, float]:
    finite = values[np.isfinite(values)].astype(np.float64)
    zeros = 1.0 - np.count_nonzero(values) / values.size
    if not finite.size:
        return np.nan, np.nan, np.nan, np.nan, zeros
    mean = float(finite.mean()) if finite.size == values.size else np.nan
    return mean, float(finite.std()), float(finite.min()), float(finite.max()), zeros


@np.errstate(all="ignore")
def histogram(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """How many finite values lie in each of 32 equal bins from low to high -> float32[32]."""
    if not high > low or not values.size:
        counts = np.zeros(BINS, np.float32)
        counts[BINS // 2] = np.count_nonzero(np.isfinite(values))
        return counts
    scaled = (values - np.float32(low)) * np.float32(BINS / (high - low))
    if not np.isfinite(scaled[0]) or not np.isfinite(scaled.sum()):
        scaled = scaled[np.isfinite(scaled)]
    index = np.minimum(np.maximum(scaled, 0), BINS - 1).astype(np.intp)
    return np.bincount(index, minlength=BINS).astype(np.float32)


@np.errstate(all="ignore")
def excerpt_of(array: Any, at_most: int = SHOWN) -> Excerpt:
    """Values to be drawn -> an Excerpt of `at_most` elements or fewer, float32, a copy on the host.

    The last two axes are picked evenly down to 64 by 120 (images of a batch to 64 pixels a side, rows and columns
    alike), the axes before them from their beginning; a list is picked evenly. Nothing is averaged.
    """
    shape = array.shape
    every = [1] * array.ndim
    if array.ndim == 1:
        every[0] = max(1, -(-shape[0] // at_most))
    elif array.ndim >= 2:
        every[-2:] = _pixels(shape, at_most)
    keep = list(shape)
    if array.ndim > 2:
        room = at_most // max(1, -(-shape[-2] // every[-2]) * -(-shape[-1] // every[-1]))
        for axis in range(array.ndim - 3, -1, -1):
            keep[axis] = min(shape[axis], max(1, room))
            room //= max(1, keep[axis])
    part = array[tuple(slice(0, stop, step) for stop, step in zip(keep, every, strict=True))]
    if part.dtype.kind == "c":
        part = abs(part)
    return Excerpt(np.array(cpu.asarray(part), dtype=np.float32, order="C"), tuple(every))


def _pixels(shape: tuple[int, ...], at_most: int) -> tuple[int, int]:
    """How far apart the rows and the columns of a picture lie."""
    rows, columns = shape[-2:]
    down, along = max(1, -(-rows // ROWS)), max(1, -(-columns // COLUMNS))
    if len(shape) > 3 or (len(shape) == 3 and shape[0] in (1, 3)):
        down = along = max(1, -(-max(rows, columns) // SIDE))
    while -(-rows // down) * -(-columns // along) > at_most:
        down, along = down + 1, along + 1
    return down, along


@np.errstate(all="ignore")
def thumbnail(array: Any) -> np.ndarray:
    """The values as a picture -> float32[rows <= 64, columns <= 120], evenly picked, never averaged.

    Small kernels (o, i, 3, 3) are laid out as an o-by-i mosaic; an image batch shows its first example's channels.
    """
    picture = _flatten(array)
    rows, columns = picture.shape
    picture = picture[:: max(1, -(-rows // ROWS)), :: max(1, -(-columns // COLUMNS))]
    if picture.dtype.kind == "c":
        picture = abs(picture)
    return np.ascontiguousarray(cpu.asarray(picture), dtype=np.float32)


def _flatten(array: Any) -> Any:
    """Two axes out of any number of them."""
    while array.ndim > 4:
        array = array[0]
    if array.ndim == 4 and 0 in array.shape:
        return array.reshape(0, 0)
    if array.ndim == 4 and max(array.shape[2:]) <= 7:
        o, i, h, w = array.shape
        return array.transpose(0, 2, 1, 3).reshape(o * h, i * w)
    if array.ndim == 4:
        return _mosaic(array[0])
    if array.ndim == 3:
        return array[0] if len(array) else array.reshape(0, 0)
    return array.reshape(1, -1) if array.ndim < 2 else array


def _mosaic(images: Any) -> Any:
    """Channels side by side: (c, h, w) -> (rows * h, columns * w), as many columns as fit the picture."""
    channels, height, width = images.shape
    columns = max(1, min(channels, COLUMNS // width, round((channels * height / width) ** 0.5) or 1))
    rows = channels // columns
    images = images[: rows * columns].reshape(rows, columns, height, width)
    return images.transpose(0, 2, 1, 3).reshape(rows * height, columns * width)


def describe(array: Any, step: int, saved: tuple[tuple[str, int], ...] = ()) -> Detail:
    """A Detail of one value, without a gradient yet; under vmap of all samples together."""
    array = backends.all_samples(array)
    return replace(detail_of(excerpt_of(array), sample(array), tuple(array.shape), step), saved=saved)


def detail_of(excerpt: Excerpt, values: np.ndarray, shape: tuple[int, ...], step: int) -> Detail:
    """A Detail of what was kept of an array of this shape: an excerpt and an even sample of its elements."""
    mean, std, low, high, zeros = statistics(values)
    bad = 0 if mean == mean else int(values.size - np.count_nonzero(np.isfinite(values)))
    return Detail(step, thumbnail(excerpt.values), shape, histogram(values, low, high), low, high, mean, std,
                  excerpt=excerpt, zeros=zeros, bad=bad)  # fmt: skip


def merged(value: Detail, grad: Detail) -> Detail:
    """The Detail of a value with that of its gradient."""
    return replace(value, grad_thumb=grad.thumb, grad_counts=grad.hist_counts, grad_lo=grad.hist_lo,
                   grad_hi=grad.hist_hi, grad_mean=grad.mean, grad_std=grad.std, grad_excerpt=grad.excerpt,
                   grad_zeros=grad.zeros, grad_bad=grad.bad)  # fmt: skip
