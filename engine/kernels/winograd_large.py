"""Winograd's convolutions where the weight is large and the tiles are few.

The transformed weight would not fit into the cache, and it would be used for a few tiles only. So all tiles are
transformed first; then, for some channels of the result at a time, a block of the weight is transformed, multiplied
while it is in the cache, and forgotten. The gradient of the weight is transformed back block by block likewise.
"""

from __future__ import annotations

import numpy as np

from gradbook.kernels.chain import Chain, share
from gradbook.kernels.conv_direct import PACKED, Job, WeightJob, lanes
from gradbook.kernels.conv_sizes import Array, Axis
from gradbook.kernels.conv_tiles import pixel_tile, weight_tile
from gradbook.kernels.conv_weights import gather, spread
from gradbook.kernels.images import Images, Pixels
from gradbook.kernels.program import Program, aligned
from gradbook.kernels.tile import widest
from gradbook.kernels.winograd import FACTORS, FEW, LINE, Grid, before_of, order_of, tiles_of
from gradbook.kernels.winograd_tiles import transform

__all__ = ["large_winograd", "large_winograd_weight"]

DEEP = 64  # channels of the image that are multiplied at once: their block of the weight stays in the second cache
TILES = 96  # tiles that are multiplied at once
ROWS = 24  # channels of the image in a block of the weight's gradient: four of the best tiles


def vectors_of(program: Program, columns: int) -> int:
    """Vectors of columns in a block: as many as the best tile has, but not so many that a thread has no block."""
    fitting = [v for v in (4, 3, 2, 1) if v <= widest() and columns % (v * lanes()) == 0]
    return next((v for v in fitting if columns // (v * lanes()) >= program.threads), fitting[-1])


class AllTiles:
    """The transformed tiles of all images in a program's memory, `width` channels at a time.

    Number k of tile t lies in plane k, line t of each block of channels.
    """

    def __init__(self, job: Job | WeightJob, m: int, channels: int, width: int, memory: Array) -> None:
        self.job, self.m, self.count = job, m, tiles_of(job.sizes, job.result.size, m)
        self.step = self.count * width + LINE
        self.blocks: list[tuple[range, Array]] = []  # (channels, where they are)
        for first in range(0, channels, width):
            place, memory = memory[: (m + 2) ** 2 * self.step], memory[(m + 2) ** 2 * self.step :]
            self.blocks.append((range(first, min(channels, first + width)), place))
        self.rest = memory

    def fill(self, kind: str, source: Images, before: tuple[int, int], border: int) -> None:
        """Let the program transform images with `before` and a border around them."""
        program, n, size, chain = self.job.program, self.job.sizes.n, self.job.result.size, Chain()
        tiles, channels = self.count // n, source.channels
        together = share(program, n, FEW // tiles)
        grid = Grid(size, together, self.m, tiles)
        axes: tuple[Axis, Axis] = grid.axes(before, source.size, border)
        pixels, line = source.padded(chain, axes, together), axes[1].padded
        table = grid.table((0, tiles), pixels, line, channels)
        for part, place in self.blocks:
            width = len(part)
            chain.step(transform(kind, self.m), pixels.shifted(part.start), place, table, table, pixels.moved,
                       tiles * width, 0, tiles, width, channels, line * channels, 0, self.step)  # fmt: skip
        chain.add_to(program, f"winograd_{kind}", n, together)


def memory_of(job: Job | WeightJob, m: int, *kinds: tuple[int, int]) -> Array:
    """The program's memory for tiles of images with so many (channels, of which so many are together)."""
    count = tiles_of(job.sizes, job.result.size, m)
    floats = sum(-(-channels // width) * (count * width + LINE) for channels, width in kinds)
    return job.program.scratch((m + 2) ** 2 * floats, FACTORS)


def large_winograd(job: Job, m: int) -> None:
    """Add a convolution or its transpose in tiles of m x m."""
    program, n, inner, outer = job.program, job.sizes.n, job.source.channels, job.result.channels
    image = AllTiles(job, m, inner, DEEP, memory_of(job, m, (inner, DEEP)))
    image.fill("image", job.source, before_of(job), 2)
    area = job.result.area
    first = job.result.layout == "nchw"
    place = program.scratch(n * area * outer, PACKED)[: n * area * outer].reshape(n, 1, area, outer)
    made = Pixels(place, area * outer) if first else job.result.pixels(Chain(), n)
    width = vectors_of(program, outer) * lanes()
    chain, tiles = Chain(), image.count
    grid = Grid(job.result.size, n, m, tiles)
    table = grid.table((0, grid.tiles), made, job.result.size[1], outer)
    parts = -(-tiles // TILES)
    for part in chain.each([range(tiles * i // parts, tiles * (i + 1) // parts) for i in range(parts)]):
        multiply_columns(job, chain, image, made, table[part.start : part.stop], part.start, width)
    chain.add_to(program, job.name, outer // width, 1, flops=job.sizes.flops)
    if first:
        chain = Chain()
        job.result.finish(chain, made, job.add)
        chain.add_to(program, "winograd_turn", n, 1)


def multiply_columns(
    job: Job, chain: Chain, image: AllTiles, made: Pixels, table: Array, first: int, width: int
) -> None:
    """The steps for some tiles, from number `first` on, of `width` channels of the result, which are a unit."""
    m, planes, outer, count = image.m, (image.m + 2) ** 2, job.result.channels, len(table)
    depth_step, column_step = (outer * 9, 9) if job.transposed else (9, job.source.channels * 9)
    block, line = DEEP * width + LINE, count * width + LINE
    factors, sums, nothing = chain.memory(planes * block), chain.memory(planes * line), aligned((width,))
    weight, taps, into = job.weight.reshape(-1), np.zeros(2, np.int64), spread(m, job.transposed, order_of(job))
    for part, place in image.blocks:
        at, run = part.start, len(part)
        rows = np.arange(count)[:, None] * [run, width]
        chain.step(into, weight[at * depth_step :], factors, width * column_step, 0, run, width, depth_step,
                   column_step, width, block)  # fmt: skip
        chain.step(
            pixel_tile(width // lanes(), at > 0), place[first * run :], factors, nothing, sums, 0, 0, count, rows, 1,
            taps, run, width, width, planes, image.step, block, line, 0)  # fmt: skip
    line_step = job.result.size[1] * outer
    chain.step(
        transform("result", m, job.activation, job.adds_in_place), sums, made.shifted(0), job.start, table, 0, width,
        width, count, width, outer, line_step, line, 0)  # fmt: skip


def large_winograd_weight(job: WeightJob, m: int) -> None:
    """Add the gradient of the weight in tiles of m x m."""
    program, inner, outer, planes = job.program, job.sizes.channels, job.sizes.outs, (m + 2) ** 2
    width = vectors_of(program, outer) * lanes()
    image = AllTiles(job, m, inner, ROWS, memory_of(job, m, (inner, ROWS), (outer, width)))
    grad = AllTiles(job, m, outer, width, image.rest)
    image.fill("image", job.source, job.sizes.padding, 2)
    grad.fill("grad", job.result, (0, 0), 0)
    chain, block = Chain(), ROWS * width + LINE
    sums, taps, lines = chain.memory(planes * block), np.zeros(2, np.int64), np.zeros(2, np.int64)
    for part, place in image.blocks:
        at, rows = part.start, len(part)
        chain.step(
            weight_tile(width // lanes(), accumulate=False), place, grad.blocks[0][1], sums, 0, planes * grad.step, 1,
            lines, image.count, rows, width, 1, taps, rows, width, width, planes, image.step, grad.step, block,
            1)  # fmt: skip
        chain.step(gather(m, job.add), job.out.reshape(-1)[at * 9 :], sums, width * inner * 9, 0, rows, width, 9,
                   inner * 9, width, block)  # fmt: skip
    chain.add_to(program, "conv2d_weight_grad", outer // width, 1, flops=job.sizes.flops)
