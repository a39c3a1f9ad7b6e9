"""Arrays of images as kernels read them, channels first ("nchw") or innermost ("nhwc"), and the way between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradbook.kernels.chain import Chain, Memory
from gradbook.kernels.conv_sizes import Axis
from gradbook.kernels.program import Unsupported
from gradbook.kernels.transposing import fill, lines, transpose

__all__ = ["Images", "Pixels", "images", "is_dense"]

Array = np.ndarray[Any, Any]
LAYOUTS = ("nchw", "nhwc")


@dataclass(frozen=True)
class Pixels:
    """Images with channels innermost and nothing between their pixels.

    unit: elements from one image to the next. place: an array of all images, or memory for one block of them.
    """

    place: Array | Memory
    unit: int

    @property
    def moved(self) -> int:
        """How far the place moves with the number of the first image: not at all where the memory is used again."""
        return self.unit if isinstance(self.place, np.ndarray) else 0

    def shifted(self, elements: int) -> Array | Memory:
        """The place from an element of its first pixel on."""
        return self.place.shifted(elements) if isinstance(self.place, Memory) else self.place[0, 0, 0, elements:]


@dataclass(frozen=True)
class Images:
    """Images, (n, c, h, w) or (n, h, w, c)."""

    array: Array
    layout: str

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(n, c, h, w), whatever the layout."""
        n, a, b, c = self.array.shape
        return (n, a, b, c) if self.layout == "nchw" else (n, c, a, b)

    @property
    def channels(self) -> int:
        """How many channels."""
        return self.shape[1]

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.shape[2:]

    @property
    def area(self) -> int:
        """Pixels of an image."""
        return math.prod(self.size)

    @property
    def unit(self) -> int:
        """Elements from one image to the next."""
        return self.array.strides[0] // self.array.itemsize

    def rows(self, first: int, count: int) -> Images:
        """Some lines of each image."""
        part = slice(first, first + count)
        return Images(self.array[:, :, part] if self.layout == "nchw" else self.array[:, part], self.layout)

    def padded(self, chain: Chain, axes: tuple[Axis, Axis], together: int) -> Pixels:
        """The images of a block as pixels with 0 around them; the array itself where it is that already."""
        vertical, horizontal = axes
        around = vertical.padded * horizontal.padded > self.area
        if self.layout == "nhwc" and not around:
            return Pixels(self.array, self.unit)
        unit = vertical.padded * horizontal.padded * self.channels
        place = chain.memory(unit * together)
        if around:
            (chain.step if chain.several else chain.once)(fill(), place, place.size)
        rows = (np.arange(vertical.length) + vertical.before) * horizontal.padded + horizontal.before
        if self.layout == "nhwc":
            line = self.size[1] * self.channels
            begins = np.arange(self.size[0]) * line
            chain.step(lines(), self.array, place, self.unit, 0, 0, unit, self.size[0], begins, line,
                       rows * self.channels)  # fmt: skip
        else:
            pixels = np.add.outer(rows, np.arange(horizontal.length)).ravel() * self.channels
            chain.step(transpose(), self.array, place, self.unit, 0, 0, unit, self.channels, self._maps(),
                       self.area, pixels)  # fmt: skip
        return Pixels(place, unit)

    def as_pixels(self, chain: Chain, together: int) -> Pixels:
        """The images of a block as pixels with nothing around them."""
        whole = tuple(Axis(0, length, 0, ()) for length in self.size)
        return self.padded(chain, (whole[0], whole[1]), together)

    def pixels(self, chain: Chain, together: int) -> Pixels:
        """Where the pixels of the result go: the array itself, or memory from which `finish` takes them."""
        if self.layout == "nhwc":
            return Pixels(self.array, self.unit)
        unit = self.area * self.channels
        return Pixels(chain.memory(unit * together), unit)

    def finish(self, chain: Chain, made: Pixels, add: bool = False) -> None:
        """Put the pixels that were made into the array, or add them to it, where they are not there already."""
        if self.layout == "nchw":
            begins = np.arange(self.area) * self.channels
            chain.step(
                transpose(columns_first=True, add=add), made.place, self.array, made.moved, made.unit - made.moved,
                self.unit, 0, self.area, begins, self.channels, self._maps())  # fmt: skip

    def _maps(self) -> Array:
        """Where the maps of an image with channels first begin."""
        return np.arange(self.channels) * (self.array.strides[1] // self.array.itemsize)


def images(name: str, layout: str, *arrays: Array) -> list[Images]:
    """Arrays of 3 or 4 axes as images; with 3 axes, of height 1.

    Raises Unsupported for another dtype than float32, gaps between the numbers of a map or of an image's pixels.
    """
    if layout not in LAYOUTS:
        raise Unsupported(f"{name}: layout {layout!r}")
    found = []
    for array in arrays:
        if array.dtype != np.float32 or array.ndim not in (3, 4):
            raise Unsupported(f"{name}: {array.dtype} of {array.ndim} axes")
        if array.ndim == 3:
            array = array[:, :, None] if layout == "nchw" else array[:, None]
        dense = 2 if layout == "nchw" else 1
        if not is_dense(array, dense) or any(s < 0 or s % array.itemsize for s in array.strides):
            raise Unsupported(f"{name}: strides {array.strides} of {array.shape} in layout {layout}")
        found.append(Images(array, layout))
    return found


def is_dense(array: Array, first: int) -> bool:
    """Whether the axes from `first` on lie side by side, the last one innermost."""
    if not array.size:
        return True
    expected = array.itemsize
    for length, stride in zip(reversed(array.shape[first:]), reversed(array.strides[first:]), strict=True):
        if length > 1 and stride != expected:
            return False
        expected *= length
    return True
