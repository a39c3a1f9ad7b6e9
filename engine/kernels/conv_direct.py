"""Convolutions as they are written: sums over all taps, for every stride, padding, dilation and number of groups.

`correlate` is the convolution and its transpose, `sum_weight` the gradient of the weight.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gradbook.kernels.chain import Chain, Memory, bands, share
from gradbook.kernels.conv_sizes import Array, Axis, Phase, Sizes, phases
from gradbook.kernels.conv_tiles import pixel_tile, sum_parts, weight_tile
from gradbook.kernels.conv_weights import MOST, add_gather, add_spread
from gradbook.kernels.host import host
from gradbook.kernels.images import Images
from gradbook.kernels.program import Kernel, Program, aligned
from gradbook.kernels.tile import widest
from gradbook.kernels.transposing import fill, transpose

__all__ = ["PACKED", "Job", "WeightJob", "columns_of", "correlate", "in_pieces", "lanes", "near", "sum_weight"]

PACKED = 1  # the piece of a program's scratch memory that holds the weight
NEAR = 48 << 10  # floats of weight that are used again for every tile of rows: they lie in the second cache
MANY = 160  # rows that are computed together, so that a weight is worth its way from memory
DEEP = 768  # numbers of a tap that are summed before the next tile of rows
RUN = 256  # pixels that are summed before the gradient of the weight is touched


@dataclass(frozen=True)
class Task:
    """What convolutions and their gradients have in common. result: of the convolution, or its gradient."""

    program: Program
    sizes: Sizes
    source: Images
    result: Images

    def bands(self, axes: tuple[Axis, Axis], step: int = 1) -> list[range]:
        """The lines of the result as they are computed, `step` of them never apart."""
        source, result = self.source, self.result
        padded, first = axes[0].padded * axes[1].padded, source.layout == "nchw"
        turned = padded * source.channels if first or padded > source.area else 0
        floats = turned + (result.area * result.channels if first else 0)
        return bands(self.program, self.sizes.n, result.size[0], floats, pixels=result.size[1], step=step)

    def part(self, vertical: Axis, band: range) -> tuple[Axis, Images, Images]:
        """What some lines of the result need: (their axis, lines of the source, those of the result)."""
        axis, first = vertical.part(band.start, band.stop)
        return axis, self.source.rows(first, axis.length), self.result.rows(band.start, len(band))


@dataclass(frozen=True)
class Job(Task):
    """A convolution, or its transpose, that a program is to do.

    add: to what is in the result, in the place of a bias and without an activation.
    """

    name: str
    weight: Array
    bias: Array | None = None
    activation: str = ""
    transposed: bool = False
    add: bool = False

    @property
    def start(self) -> Array:
        """What the sums of each channel begin with."""
        return aligned((self.result.channels,)) if self.bias is None else self.bias

    @property
    def adds_in_place(self) -> bool:
        """Whether sums begin with what is in the result. With channels first they are added when they are turned."""
        return self.add and self.result.layout == "nhwc"

    def run(self, chain: Chain, together: int) -> None:
        """Let the program run a chain for blocks of images."""
        chain.add_to(self.program, self.name, self.sizes.n, together, flops=self.sizes.flops)


@dataclass(frozen=True)
class WeightJob(Task):
    """The gradient of a weight that a program is to compute. add: to what is in out."""

    out: Array
    add: bool = False

    def sum_parts(self, chain: Chain, together: int, sums: Memory, count: int) -> Array:
        """Let the program run a chain for blocks of images, then add what each thread summed. -> the `count` sums."""
        parts = chain.add_to(self.program, "conv2d_weight_grad", self.sizes.n, together, self.sizes.flops, sums=True)
        total = parts[0, sums.start :]
        self.program.add(Kernel("conv_weight_sum", sum_parts(), split=True), total, parts.shape[1], count, len(parts))
        return total

    def order(self, sums: Array) -> None:
        """Let the program put sums, (taps, channels in, channels out), into the order of the weight."""
        sizes, depth = self.sizes, self.sizes.channels // self.sizes.groups
        if sizes.groups == 1 < sizes.taps <= MOST:
            add_gather(self.program, "conv_weight_order", self.out, sums, 0, depth * sizes.outs, self.add)
            return
        if sizes.groups == sizes.taps == 1:
            share = lanes() if depth % lanes() == 0 else depth
            kernel = Kernel("conv_weight_order", transpose(add=self.add), depth // share)
            self.program.add(kernel, sums, self.out, share * sizes.outs, 0, share, 0, share,
                             np.arange(share) * sizes.outs, sizes.outs, np.arange(sizes.outs) * depth)  # fmt: skip
            return
        begins, places = np.arange(sizes.taps) * depth * sizes.outs, np.arange(sizes.outs) * depth * sizes.taps
        self.program.add(Kernel("conv_weight_order", transpose(add=self.add), depth), sums, self.out, sizes.outs, 0,
                         sizes.taps, 0, sizes.taps, begins, sizes.outs, places)  # fmt: skip


def correlate(job: Job) -> None:
    """Add the sums over taps that a convolution or its transpose is."""
    sizes, result = job.sizes, job.result
    axes = sizes.axes(job.transposed)
    kinds = list(phases(axes, result.size, sizes.kernel[1]))
    packed = pack_weight(job.program, sizes, job.weight, kinds, job.transposed)
    wanted = MANY if packed.size > NEAR else MANY // 4
    together = share(job.program, sizes.n, -(-wanted // result.area))
    chain = Chain()
    for band in chain.each(job.bands(axes)):
        correlate_band(job, chain, band, axes, packed.reshape(-1), together)
    job.run(chain, together)


def correlate_band(
    job: Job, chain: Chain, band: range, axes: tuple[Axis, Axis], packed: Array, together: int
) -> None:  # fmt: skip
    """The steps for some lines of the result."""
    sizes, start, (axis, image, result) = job.sizes, job.start, job.part(axes[0], band)
    channels, outs = image.channels, result.channels
    pixels, made = image.padded(chain, (axis, axes[1]), together), result.pixels(chain, together)
    depth, width = channels // sizes.groups, outs // sizes.groups
    first = 0  # of the phase's taps in the packed weight
    for phase in phases((axis, axes[1]), result.size, sizes.kernel[1]):
        rows = row_table(phase, together, pixels.unit, channels, made.unit, outs)
        taps, run = tap_table(phase, first, channels, depth, outs)
        for column, count, vectors in columns_of(width):
            for part, begins, ends in near(taps, run):
                tile = pixel_tile(vectors, job.adds_in_place or not begins, job.activation if ends else "")
                chain.step(
                    tile, pixels.place, packed[column:], start[column:], made.shifted(column), pixels.moved,
                    made.moved, len(phase.begins), rows, len(part), part, run, count, outs, sizes.groups, depth, width,
                    width, width)  # fmt: skip
        first += len(phase.taps)
    result.finish(chain, made, job.add)


def row_table(phase: Phase, together: int, from_unit: int, from_step: int, to_unit: int, to_step: int) -> Array:
    """(where a pixel's window begins, where the result goes) for the pixels of some images."""
    slots = np.arange(together)
    begins = np.add.outer(slots * from_unit, phase.begins * from_step)
    places = np.add.outer(slots * to_unit, phase.places * to_step)
    return np.stack([begins.ravel(), places.ravel()], 1)


def tap_table(phase: Phase, first: int, step: int, depth: int, pitch: int) -> tuple[Array, int]:
    """(offset in the image, offset in the packed weight) of taps that lie `run` numbers deep -> the table, run.

    step: elements of a pixel. Neighbours in a line of the window are one tap where nothing lies between them.
    """
    offsets, count = phase.taps[:, 0] * step, len(phase.taps)
    table = np.stack([offsets, (first + np.arange(count)) * depth * pitch], 1)
    line = count // phase.lines if phase.lines else 0
    if line > 1 and step == depth and (np.diff(offsets.reshape(-1, line)) == step).all():
        table, depth = table[::line], depth * line
    return in_pieces(table, depth, pitch)


def in_pieces(taps: Array, depth: int, pitch: int) -> tuple[Array, int]:
    """Taps that are too deep as several of equal depth -> the table, how deep they are."""
    pieces = next((m for m in range(1, depth + 1) if depth % m == 0 and depth // m <= DEEP), 1)
    depth //= pieces
    parts = np.arange(pieces)[:, None] * np.array([depth, depth * pitch])
    return np.ascontiguousarray((taps[:, None] + parts).reshape(-1, 2)), depth


def near(taps: Array, run: int) -> Iterator[tuple[Array, bool, bool]]:
    """Taps in parts whose weights stay in the cache: (part, whether it is the first, the last)."""
    most = max(1, NEAR // max(1, run * widest() * lanes()))
    starts = range(0, max(1, len(taps)), most)
    for start in starts:
        yield taps[start : start + most], start == 0, start == starts[-1]


def columns_of(width: int) -> Iterator[tuple[int, int, int]]:
    """Columns by tiles: (first, how many, vectors of a tile)."""
    most = widest() * lanes()
    whole = width // most * most
    if whole:
        yield 0, whole, widest()
    if width > whole:
        yield whole, width - whole, -(-(width - whole) // lanes())


@functools.cache
def lanes() -> int:
    """Numbers in a vector."""
    here = host()
    return 4 if here is None else here.lanes


def pack_weight(program: Program, sizes: Sizes, weight: Array, kinds: list[Phase], transposed: bool) -> Array:
    """Add what orders the weight as the tiles read it: (taps in the order of the phases, channels in, channels out)."""
    order = np.concatenate([phase.taps[:, 1] for phase in kinds])
    place = np.full(sizes.taps, sizes.taps, np.int64)
    place[order] = np.arange(len(order))
    place[place == sizes.taps] = np.arange(len(order), sizes.taps)  # those that nothing meets
    depth, width = sizes.channels // sizes.groups, sizes.outs // sizes.groups
    if sizes.groups == 1 < sizes.taps <= MOST:
        packed = program.scratch(weight.size, PACKED)[: weight.size]
        add_spread(
            program, "conv_weight", weight, packed, 0, depth * width, transposed, tuple(np.argsort(place).tolist())
        )
        return packed.reshape(sizes.taps, *(width, depth)[:: 1 if transposed else -1])
    if not transposed:
        packed = program.scratch(weight.size, PACKED)[: weight.size].reshape(sizes.taps, depth, sizes.outs)
        begins = np.arange(sizes.outs) * depth * sizes.taps
        places = np.add.outer(np.arange(depth) * sizes.outs, place * depth * sizes.outs).ravel()
        share = lanes() if sizes.outs % lanes() == 0 else sizes.outs
        program.add(Kernel("conv_weight", transpose(), sizes.outs // share), weight, packed, share * len(places), 0,
                    share, 0, share, begins, len(places), places)  # fmt: skip
        return packed
    if sizes.taps == sizes.groups == 1:
        return weight.reshape(1, sizes.outs, depth)
    packed = program.scratch(weight.size, PACKED)[: weight.size].reshape(sizes.taps, width, sizes.channels)
    begins, places = np.arange(depth) * sizes.taps, place * width * sizes.channels
    for group in range(sizes.groups):
        program.add(Kernel("conv_weight", transpose(), width), weight[group * width :],
                    packed.reshape(-1)[group * depth :], depth * sizes.taps, 0, sizes.channels, 0, depth, begins,
                    sizes.taps, places, onward=group < sizes.groups - 1)  # fmt: skip
    return packed


def sum_weight(job: WeightJob) -> None:
    """Add the sums over pixels: each thread its own, then all of them, then the order of the weight."""
    sizes, size, chain, axes = job.sizes, job.out.size, Chain(), job.sizes.axes(transposed=False)
    run = RUN if size <= NEAR * 4 else 4 * RUN
    together = share(job.program, sizes.n, run // job.result.area)
    sums = chain.memory(size + lanes())
    chain.once(fill(), sums, size)
    for band in chain.each(job.bands(axes)):
        sum_band(job, chain, band, axes, sums, together, run)
    job.order(job.sum_parts(chain, together, sums, size))


def sum_band(
    job: WeightJob, chain: Chain, band: range, axes: tuple[Axis, Axis], sums: Memory, together: int, pixels: int
) -> None:
    """The steps for some lines of the gradient of the result."""
    sizes, (axis, source, grad) = job.sizes, job.part(axes[0], band)
    depth, width = sizes.channels // sizes.groups, sizes.outs // sizes.groups
    image, grads = source.padded(chain, (axis, axes[1]), together), grad.as_pixels(chain, together)
    (phase,) = phases((axis, axes[1]), grad.size, sizes.kernel[1])
    taps, run = tap_table(phase, 0, sizes.channels, depth, sizes.outs)
    rows = row_table(phase, together, image.unit, sizes.channels, grads.unit, sizes.outs)
    line = grad.area if sizes.plain else grad.size[1]
    rows = np.ascontiguousarray(rows[::line])
    for column, count, vectors in columns_of(width):
        chain.step(
            weight_tile(vectors), image.place, grads.shifted(column), sums.shifted(column), image.moved, grads.moved,
            grad.area // line, rows, line, sizes.stride[1] * sizes.channels, sizes.outs, len(taps), taps, run, count,
            sizes.outs, sizes.groups, depth, width, width, max(1, pixels // line))  # fmt: skip
