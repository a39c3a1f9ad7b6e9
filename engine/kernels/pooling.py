"""Pooling of two axes (one axis: two of which the first has length 1) and its gradients, float32.

The largest value of each window is kept with its place in the window, a byte: number i * kernel width + j, as the
operation itself keeps it. With channels innermost ("nhwc") that array has them innermost, too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradbook.kernels.conv_sizes import pair
from gradbook.kernels.images import Images, images, is_dense
from gradbook.kernels.pool_largest import slide, spread, spread_pairs
from gradbook.kernels.pool_means import mean, mean_grad
from gradbook.kernels.program import Kernel, Program, Unsupported

__all__ = ["avg_pool2d", "avg_pool2d_grad", "max_pool2d", "max_pool2d_grad"]

Array = np.ndarray[Any, Any]


def max_pool2d(
    program: Program,
    out: Array,
    which: Array,
    x: Array,
    kernel: Any,
    stride: Any,
    padding: Any = 0,
    dilation: Any = 1,
    *,
    layout: str = "nchw",
    activation: str = "",
) -> None:
    """Out = the largest value of each window, NaN if one is; which (uint8, as out) = its place in the window.

    x (n, c, h, w) -> (n, c, oh, ow), or with channels last; oh and ow are those of `out` (ceil_mode: one more).
    activation "relu": of what comes out. Raises Unsupported for other dtypes, gaps, windows of more than 255 numbers.
    """
    source, result = images("max_pool2d", layout, x, out)
    window = Window.of("max_pool2d", x.ndim, kernel, stride, padding, dilation)
    check("max_pool2d", window, source, result, x, out)
    check_places("max_pool2d", window, which, out)
    if activation not in ("", "relu"):
        raise Unsupported(f"max_pool2d: activation {activation!r}")
    if out.size:
        units = lines_or_maps(result)
        step = -2 if window.pairs(source, result) else window.step
        address = slide(layout, step, activation == "relu")
        words = window.words(source, result, source, result)
        program.add(Kernel("max_pool2d", address, units), source.array, result.array, which, out, *words, out)


def max_pool2d_grad(
    program: Program,
    out: Array,
    grad: Array,
    which: Array,
    kernel: Any,
    stride: Any,
    padding: Any = 0,
    dilation: Any = 1,
    *,
    pooled: Array | None = None,
    layout: str = "nchw",
) -> None:
    """Out = the gradient of max_pool2d's x: every window's goes to the place that `which` names.

    pooled: max_pool2d's result if it had activation "relu"; where it is not above 0 nothing goes back.
    grad as max_pool2d's out, out as its x. Raises Unsupported as max_pool2d.
    """
    source, result = images("max_pool2d_grad", layout, grad, out)
    window = Window.of("max_pool2d_grad", out.ndim, kernel, stride, padding, dilation)
    check("max_pool2d_grad", window, result, source, grad, out)
    check_places("max_pool2d_grad", window, which, grad)
    bound = grad if pooled is None else pooled
    if bound.shape != grad.shape or bound.dtype != np.float32 or (pooled is not None and not is_dense(bound, 0)):
        raise Unsupported(f"max_pool2d_grad: pooled {bound.dtype} {bound.shape}")
    if not out.size:
        return
    bounded = pooled is not None
    address = spread_pairs("max", bounded) if window.pairs(result, source) else spread(layout, bounded)
    words = window.words(result, source, source, result)
    units = images_or_maps(result)
    table = window.places()
    program.add(Kernel("max_pool2d_grad", address, units), source.array, result.array, which, bound, *words, table)


def avg_pool2d(
    program: Program,
    out: Array,
    x: Array,
    kernel: Any,
    stride: Any,
    padding: Any = 0,
    *,
    count_pad: bool = True,
    divisor: int | None = None,
    layout: str = "nchw",
) -> None:
    """Out = the mean of each window, as torch.nn.functional.avg_pool2d; of all of a map with its size as kernel.

    Shapes as max_pool2d. count_pad: padding counts as numbers. divisor: in the place of how many there are.
    Raises Unsupported for other dtypes and gaps.
    """
    source, result = images("avg_pool2d", layout, x, out)
    window = Window.of("avg_pool2d", x.ndim, kernel, stride, padding, 1)
    check("avg_pool2d", window, source, result, x, out)
    if out.size:
        window, source = window.in_one_line(source, result)
        step = -1 if window.kernel[1] > max(4, result.size[1]) else window.step
        step = -2 if window.pairs(source, result) else step
        words = window.words(source, result, source, result)
        divisors = window.divisors(source.size, result.size, count_pad, divisor)
        units = lines_or_maps(result)
        program.add(Kernel("avg_pool2d", mean(layout, step), units), source.array, result.array, out, out, *words,
                    divisors)  # fmt: skip


def avg_pool2d_grad(
    program: Program,
    out: Array,
    grad: Array,
    kernel: Any,
    stride: Any,
    padding: Any = 0,
    *,
    count_pad: bool = True,
    divisor: int | None = None,
    layout: str = "nchw",
) -> None:
    """Out = the gradient of avg_pool2d's x: every window's is shared among its numbers. Raises as avg_pool2d."""
    source, result = images("avg_pool2d_grad", layout, grad, out)
    window = Window.of("avg_pool2d_grad", out.ndim, kernel, stride, padding, 1)
    check("avg_pool2d_grad", window, result, source, grad, out)
    if out.size:
        window, result = window.in_one_line(result, source)
        address = spread_pairs("mean") if window.pairs(result, source) else mean_grad(layout)
        words = window.words(result, source, source, result)
        divisors = window.divisors(result.size, source.size, count_pad, divisor)
        units = images_or_maps(result)
        program.add(Kernel("avg_pool2d_grad", address, units), source.array, result.array, grad, grad, *words, divisors)


@dataclass(frozen=True)
class Window:
    """How windows lie on a map; pairs are (vertical, horizontal)."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]

    @classmethod
    def of(cls, name: str, axes: int, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Window:
        """From arguments; for arrays of 3 axes, of one axis. Raises Unsupported for numbers that make no windows."""
        values = []
        for value, without in ((kernel, 1), (stride, 1), (padding, 0), (dilation, 1)):
            if axes == 3:
                value = (without, value[0] if isinstance(value, (tuple, list)) else value)
            values.append(pair(value))
        made = cls(*values)
        if min(*made.kernel, *made.stride, *made.dilation) < 1 or min(made.padding) < 0:
            raise Unsupported(f"{name}: {made}")
        return made

    @property
    def step(self) -> int:
        """How far windows of a line are apart, if a kernel knows that; else 0."""
        return self.stride[1] if self.stride[1] in (1, 2) else 0

    def pairs(self, large: Images, small: Images) -> bool:
        """Whether windows are squares of 2 side by side in maps, none of which sticks out."""
        whole = all(2 * m <= n for n, m in zip(large.size, small.size, strict=True))
        return whole and large.layout == "nchw" and self == Window((2, 2), (2, 2), (0, 0), (1, 1))

    def in_one_line(self, large: Images, small: Images) -> tuple[Window, Images]:
        """The same for maps as one line, if each window is all of a map."""
        if small.size != (1, 1) or self.kernel != large.size or self.padding != (0, 0) or large.layout != "nchw":
            return self, large
        flat = large.array.reshape(*large.shape[:2], 1, large.area)
        return Window((1, large.area), (1, 1), (0, 0), (1, 1)), Images(flat, "nchw")

    def fits(self, size: tuple[int, int], out: tuple[int, int]) -> bool:
        """Whether so many windows begin on the map or the padding before it."""
        axes = zip(size, out, self.stride, self.padding, strict=True)
        return all(m == 0 or (m - 1) * s - p < n for n, m, s, p in axes)

    def words(self, large: Images, small: Images, source: Images, target: Images) -> list[int]:
        """The words between the arrays and the table. large: what windows lie on; small: one number a window."""

        def map_of(image: Images) -> int:
            return image.array.strides[1] // 4

        return [large.channels, source.unit, map_of(source), target.unit, map_of(target), *large.size, *small.size,
                *self.kernel, *self.stride, *self.padding, *self.dilation, large.channels]  # fmt: skip

    def places(self) -> Array:
        """How far down and right the numbers of a window are, (numbers, 2) int64."""
        lines, columns = (np.arange(k) * d for k, d in zip(self.kernel, self.dilation, strict=True))
        return np.stack(np.meshgrid(lines, columns, indexing="ij"), -1).reshape(-1, 2).astype(np.int64)

    def divisors(self, size: tuple[int, int], out: tuple[int, int], count_pad: bool, divisor: int | None) -> Array:
        """What each window's sum is divided by, (oh, ow) float32."""
        if divisor is not None:
            return np.full(out, divisor, np.float32)
        counts = []
        for n, m, k, s, p in zip(size, out, self.kernel, self.stride, self.padding, strict=True):
            start = np.arange(m) * s - p
            stop = np.minimum(start + k, n + p)
            if not count_pad:
                start, stop = np.maximum(start, 0), np.minimum(stop, n)
            counts.append(stop - start)
        return np.multiply.outer(*counts).astype(np.float32)


def check(name: str, window: Window, large: Images, small: Images, source: Array, out: Array) -> None:
    """Raise Unsupported for arrays that do not fit each other."""
    n, channels = large.shape[:2]
    if small.shape[:2] != (n, channels) or not window.fits(large.size, small.size):
        raise Unsupported(f"{name}: {small.shape} for {large.shape} with {window}")
    if np.may_share_memory(source, out):
        raise Unsupported(f"{name}: the result lies in the memory of an operand")


def check_places(name: str, window: Window, which: Array, like: Array) -> None:
    """Raise Unsupported if places cannot be kept in `which`."""
    if which.dtype != np.uint8 or which.shape != like.shape or not is_dense(which, 0):
        raise Unsupported(f"{name}: which {which.dtype} {which.shape}, not uint8 {like.shape}")
    if math.prod(window.kernel) > 255:
        raise Unsupported(f"{name}: a window of {math.prod(window.kernel)} numbers")


def lines_or_maps(image: Images) -> int:
    """Units of a kernel that writes windows: maps with channels first, else lines of windows."""
    return image.shape[0] * (image.channels if image.layout == "nchw" else image.size[0])


def images_or_maps(image: Images) -> int:
    """Units of a kernel that adds up what windows give: maps with channels first, else images."""
    return image.shape[0] * (image.channels if image.layout == "nchw" else 1)
