"""Convolutions of each channel by itself (as many groups as channels): no products of matrices, but of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.kernels import jit
from gradbook.kernels.chain import Chain, Memory, share
from gradbook.kernels.conv_direct import Job, WeightJob, columns_of, lanes, pack_weight, row_table
from gradbook.kernels.conv_sizes import Array, Axis, Sizes, phases
from gradbook.kernels.conv_tiles import Tiles, in_blocks, in_rows
from gradbook.kernels.emit import LONG
from gradbook.kernels.tile import cover
from gradbook.kernels.transposing import fill

__all__ = ["depthwise", "depthwise_weight", "is_depthwise"]

PIXEL_WORDS = (
    "image", "weight", "bias", "out", "image_unit", "out_unit", "rows", "row_table", "taps", "tap_table", "columns",
)  # fmt: skip
WEIGHT_WORDS = (
    "image", "grad", "sums", "image_unit", "grad_unit", "lines", "line_table", "line", "image_step", "grad_step",
    "taps", "tap_table", "columns",
)  # fmt: skip
TOGETHER = 256  # pixels, at least, of the images of a block
TAPS = (9, 3, 1)  # taps that are summed at once


def is_depthwise(sizes: Sizes) -> bool:
    """Whether every channel is convolved by itself into one."""
    return sizes.groups == sizes.channels == sizes.outs > 1


def depthwise(job: Job) -> None:
    """Add the convolution or its transpose."""
    sizes, axes, chain = job.sizes, job.sizes.axes(job.transposed), Chain()
    kinds = list(phases(axes, job.result.size, sizes.kernel[1]))
    packed = pack_weight(job.program, sizes, job.weight, kinds, transposed=False)
    together = share(job.program, sizes.n, TOGETHER // job.result.area)
    for band in chain.each(job.bands(axes)):
        depthwise_band(job, chain, band, axes, packed.reshape(-1), together)
    job.run(chain, together)


def depthwise_band(
    job: Job, chain: Chain, band: range, axes: tuple[Axis, Axis], packed: Array, together: int
) -> None:  # fmt: skip
    """The steps for some lines of the result."""
    channels, start, (axis, source, result) = job.sizes.channels, job.start, job.part(axes[0], band)
    image, made = source.padded(chain, (axis, axes[1]), together), result.pixels(chain, together)
    first = 0
    for phase in phases((axis, axes[1]), result.size, job.sizes.kernel[1]):
        rows = row_table(phase, together, image.unit, channels, made.unit, channels)
        count = len(phase.taps)
        taps = np.stack([phase.taps[:, 0] * channels, (first + np.arange(count)) * channels], 1)
        for column, columns, vectors in columns_of(channels):
            chain.step(
                channel_tile(vectors, job.activation, job.adds_in_place), image.shifted(column),
                packed[column:], start[column:], made.shifted(column), image.moved, made.moved,
                len(phase.begins), rows, count, taps, columns)  # fmt: skip
        first += count
    result.finish(chain, made, job.add)


@jit.kept
def channel_tile(vectors: int, activation: str, accumulate: bool = False) -> int:
    """The address of the kernel out[row] = bias (accumulate: out) + sum over taps of image[row + tap] * weight[tap]."""
    tiles = ChannelTiles("conv_channels", PIXEL_WORDS, vectors)
    tiles.activation, tiles.accumulate = activation, accumulate
    tiles.emit()
    return tiles.build.address()


class ChannelTiles(Tiles):
    """The kernel of `channel_tile` while it is written."""

    activation = ""
    accumulate = False

    def emit(self) -> None:
        """Columns, rows."""
        build, word = self.build, self.word
        rows = build.ir.mul(word["rows"], build.ir.sub(build.stop, build.start))
        image0 = build.at(word["image"], build.ir.mul(build.start, word["image_unit"]))
        out0 = build.at(word["out"], build.ir.mul(build.start, word["out_unit"]))
        with build.loop(LONG(0), word["columns"], self.width, name="column") as column:
            image, weight, bias, out = (build.at(p, column) for p in (image0, word["weight"], word["bias"], out0))
            mask = self.mask(column)
            cover(build, LONG(0), rows, self.vectors,
                  lambda row, count: self.tile(row, count, image, weight, bias, out, mask))  # fmt: skip

    def tile(self, row: Any, count: int, image: Any, weight: Any, bias: Any, out: Any, mask: Any) -> None:
        """Some rows through all taps."""
        build = self.build
        pairs = [self.entry("row_table", build.ir.add(row, LONG(i))) for i in range(count)]
        starts = [build.at(image, a) for a, _ in pairs]
        places = [build.at(out, place) for _, place in pairs]
        begin = [v for place in places for v in self.read(place if self.accumulate else bias, mask)]
        with build.loop_with(LONG(0), self.word["taps"], begin, name="tap") as (tap, sums, after):
            offset, where = self.entry("tap_table", tap)
            factors = self.read(build.at(weight, where), mask)
            made = []
            for start, before in zip(starts, in_rows(sums, count), strict=True):
                pixel = self.read(build.at(start, offset), mask)
                made += [build.fma(*three) for three in zip(pixel, factors, before, strict=True)]
            after[:] = made
        for values, place in zip(in_rows(after, count), places, strict=True):
            if self.activation == "relu":
                values = [build.maximum(value, build.constant(0.0, value)) for value in values]
            self.write(values, place, mask)


def depthwise_weight(job: WeightJob) -> None:
    """Add the gradient of the weight."""
    sizes, size, chain, axes = job.sizes, job.out.size, Chain(), job.sizes.axes(transposed=False)
    together = share(job.program, sizes.n, TOGETHER // job.result.area)
    sums = chain.memory(size + lanes())
    chain.once(fill(), sums, size)
    for band in chain.each(job.bands(axes)):
        depthwise_sums(job, chain, band, axes, sums, together)
    job.order(job.sum_parts(chain, together, sums, size))


def depthwise_sums(
    job: WeightJob, chain: Chain, band: range, axes: tuple[Axis, Axis], sums: Memory, together: int
) -> None:
    """The steps for some lines of the gradient of the result."""
    sizes, channels, (axis, source, grad) = job.sizes, job.sizes.channels, job.part(axes[0], band)
    image, grads = source.padded(chain, (axis, axes[1]), together), grad.as_pixels(chain, together)
    (phase,) = phases((axis, axes[1]), grad.size, sizes.kernel[1])
    line = grad.size[1]
    rows = np.ascontiguousarray(row_table(phase, together, image.unit, channels, grads.unit, channels)[::line])
    taps = np.stack([phase.taps[:, 0] * channels, np.arange(sizes.taps) * channels], 1)
    chain.step(
        tap_sums(), image.place, grads.place, sums, image.moved, grads.moved, grad.size[0], rows, line,
        sizes.stride[1] * channels, channels, sizes.taps, taps, channels)  # fmt: skip


@jit.kept
def tap_sums() -> int:
    """The address of the kernel sums[tap] += sum over pixels of image[pixel + tap] * grad[pixel]."""
    tiles = TapSums("conv_tap_sums", WEIGHT_WORDS, 1)
    tiles.emit()
    return tiles.build.address()


class TapSums(Tiles):
    """The kernel of `tap_sums` while it is written."""

    def emit(self) -> None:
        """Columns, taps."""
        build, word = self.build, self.word
        lines = build.ir.mul(word["lines"], build.ir.sub(build.stop, build.start))
        image0 = build.at(word["image"], build.ir.mul(build.start, word["image_unit"]))
        grad0 = build.at(word["grad"], build.ir.mul(build.start, word["grad_unit"]))
        with build.loop(LONG(0), word["columns"], self.width, name="column") as column:
            image, grad, sums = (build.at(p, column) for p in (image0, grad0, word["sums"]))
            mask = self.mask(column)
            in_blocks(build, word["taps"], TAPS,
                      lambda tap, count: self.taps(tap, count, lines, image, grad, sums, mask))  # fmt: skip

    def taps(self, tap: Any, count: int, lines: Any, image: Any, grad: Any, sums: Any, mask: Any) -> None:
        """Some taps through all pixels."""
        build, word = self.build, self.word
        pairs = [self.entry("tap_table", build.ir.add(tap, LONG(i))) for i in range(count)]
        places = [build.at(sums, where) for _, where in pairs]
        begin = [build.load_masked(place, LONG(0), mask) for place in places]
        with build.loop_with(LONG(0), lines, begin, name="line") as (line, before, after):
            offset, where = self.entry("line_table", line)
            pixels, grads = build.at(image, offset), build.at(grad, where)
            starts = [build.at(pixels, a) for a, _ in pairs]
            with build.loop_with(LONG(0), word["line"], before, name="pixel") as (x, totals, then):
                at = build.ir.mul(x, word["image_step"])
                one = build.load_masked(grads, build.ir.mul(x, word["grad_step"]), mask)
                then[:] = [build.fma(build.load_masked(start, at, mask), one, total)
                           for start, total in zip(starts, totals, strict=True)]  # fmt: skip
            after[:] = then
        for place, total in zip(places, after, strict=True):
            build.store_masked(total, place, LONG(0), mask)
