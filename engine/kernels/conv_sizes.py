"""The arithmetic of convolutions: their sizes, and which number of the image meets which number of the weight.

Along an axis, a convolution and its transpose (the gradient of the image) are sums of the same kind: a value at a
place is the sum over taps of weight[tap] * source[begin of the place + offset of the tap]. A convolution has one kind
of place; its transpose has `stride` kinds, each with its own taps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from gradbook.kernels.program import Unsupported

__all__ = ["Axis", "Kind", "Phase", "Sizes", "forward_axis", "phases", "transposed_axis"]

Array = np.ndarray[Any, Any]


class Kind(NamedTuple):
    """Places of an axis that have the same taps: places[i] begins at source begins[i]; taps are (which, offset)."""

    places: range
    begins: range
    taps: tuple[tuple[int, int], ...]  # by offset, ascending


class Axis(NamedTuple):
    """One axis: how much 0 lies before and after the source, and its kinds of places."""

    before: int
    length: int
    after: int
    kinds: tuple[Kind, ...]

    @property
    def padded(self) -> int:
        """The length of the source with what lies around it."""
        return self.before + self.length + self.after

    def part(self, start: int, stop: int) -> tuple[Axis, int]:
        """The axis of the places [start, stop) alone, and where the source that it needs begins."""
        kinds = []
        for kind in self.kinds:
            inside = [i for i, place in enumerate(kind.places) if start <= place < stop]
            chosen = slice(inside[0], inside[-1] + 1) if inside else slice(0, 0)
            kinds.append(Kind(kind.places[chosen], kind.begins[chosen], kind.taps))
        full = [kind for kind in kinds if kind.taps and kind.places]
        low = min((kind.begins[0] + kind.taps[0][1] for kind in full), default=self.before)
        high = max((kind.begins[-1] + kind.taps[-1][1] + 1 for kind in full), default=self.before)
        first, last = (min(max(edge - self.before, 0), self.length) for edge in (low, high))
        before = min(max(self.before - low, 0), high - low)
        moved = (Kind(moved_by(k.places, start), moved_by(k.begins, low), k.taps) for k in kinds)
        return Axis(before, last - first, high - low - before - (last - first), tuple(moved)), first


def moved_by(numbers: range, distance: int) -> range:
    """The numbers less a distance."""
    return range(numbers.start - distance, numbers.stop - distance, numbers.step)


def forward_axis(length: int, out: int, kernel: int, stride: int, padding: int, dilation: int) -> Axis:
    """The axis of a convolution: from `length` to `out` values."""
    after = max(0, (out - 1) * stride + (kernel - 1) * dilation - padding - (length - 1))
    taps = tuple((k, k * dilation) for k in range(kernel))
    return Axis(padding, length, after, (Kind(range(out), range(0, out * stride, stride), taps),))


def transposed_axis(length: int, out: int, kernel: int, stride: int, padding: int, dilation: int) -> Axis:
    """The axis of its transpose: from `out` values to `length`."""
    found: list[Kind] = []
    for first in range(min(stride, length)):
        places = range(first, length, stride)
        taps = [(k, (first + padding - k * dilation) // stride) for k in range(kernel)
                if (first + padding - k * dilation) % stride == 0]  # fmt: skip
        found.append(Kind(places, range(len(places)), tuple(sorted(taps, key=lambda tap: tap[1]))))
    lows = [kind.taps[0][1] for kind in found if kind.taps]
    highs = [kind.taps[-1][1] + len(kind.places) - 1 for kind in found if kind.taps]
    before, after = max(0, -min(lows, default=0)), max(0, max(highs, default=0) - (out - 1))
    shifted = (Kind(k.places, range(before, before + len(k.places)), k.taps) for k in found)
    return Axis(before, out, after, tuple(shifted))


class Sizes(NamedTuple):
    """A convolution over two axes. Values of axes are pairs (vertical, horizontal)."""

    n: int
    channels: int
    size: tuple[int, int]
    outs: int
    out: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int

    @classmethod
    def of(cls, name: str, x: Any, weight: Any, out: Any, stride: Any, padding: Any, dilation: Any, groups: int
           ) -> Sizes:  # fmt: skip
        """From shapes with channels first. Raises Unsupported if they do not fit."""
        stride, padding, dilation = (pair(value) for value in (stride, padding, dilation))
        n, channels, *size = x
        outs, depth, *kernel = weight
        if groups < 1 or depth * groups != channels or outs % groups or min(stride) < 1 or min(dilation) < 1:
            raise Unsupported(f"{name}: channels {channels}, weight {tuple(weight)}, groups {groups}")
        made = [(m + 2 * p - d * (k - 1) - 1) // s + 1
                for m, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True)]  # fmt: skip
        if min(padding) < 0 or tuple(out) != (n, outs, *made):
            raise Unsupported(f"{name}: {tuple(x)} and {tuple(weight)} give {(n, outs, *made)}, not {tuple(out)}")
        return cls(n, channels, (size[0], size[1]), outs, (made[0], made[1]), (kernel[0], kernel[1]),
                   stride, padding, dilation, groups)  # fmt: skip

    @property
    def taps(self) -> int:
        """Numbers of a window in one channel."""
        return math.prod(self.kernel)

    @property
    def flops(self) -> int:
        """Multiplications and additions."""
        return 2 * self.n * self.outs * math.prod(self.out) * (self.channels // self.groups) * self.taps

    @property
    def plain(self) -> bool:
        """Whether the window is one number, and every number is met once."""
        return self.taps == 1 and self.stride == (1, 1) and self.padding == (0, 0)

    def axes(self, transposed: bool) -> tuple[Axis, Axis]:
        """The vertical and the horizontal axis."""
        make = transposed_axis if transposed else forward_axis
        vertical, horizontal = (
            make(*axis)
            for axis in zip(self.size, self.out, self.kernel, self.stride, self.padding, self.dilation, strict=True)
        )
        return vertical, horizontal


def pair(value: Any) -> tuple[int, int]:
    """One number for both axes, or one for each."""
    return (int(value[0]), int(value[1])) if isinstance(value, (tuple, list)) else (int(value), int(value))


class Phase(NamedTuple):
    """The kinds of both axes together: tables of rows and taps, in elements of a padded source and of the result."""

    begins: Array  # where places begin in the source, in pixels of the padded source
    places: Array  # where they are in the result, in pixels
    taps: Array  # (taps, 2): offset in pixels of the padded source, which number of the window
    lines: int  # taps come in so many lines of neighbours


def phases(axes: tuple[Axis, Axis], result: tuple[int, int], width: int) -> Iterator[Phase]:
    """Every pair of kinds. result: height and width of what is made; width: of the window."""
    vertical, horizontal = axes
    for rows in vertical.kinds:
        for columns in horizontal.kinds:
            begins = np.add.outer(np.array(rows.begins) * horizontal.padded, np.array(columns.begins)).ravel()
            places = np.add.outer(np.array(rows.places) * result[1], np.array(columns.places)).ravel()
            taps = [(a * horizontal.padded + b, i * width + j) for i, a in rows.taps for j, b in columns.taps]
            yield Phase(begins, places, np.array(taps, np.int64).reshape(-1, 2), len(rows.taps))
