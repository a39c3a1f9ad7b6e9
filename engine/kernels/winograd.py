"""Winograd's convolutions for windows of 3 x 3, stride 1 and enough channels: F(4x4, 3x3) and F(2x2, 3x3).

They need 4 and 2.25 times fewer multiplications. Tiles of 2 round no more than the direct sum (its largest error is
about 1e-6 of the largest result), tiles of 4 about ten times more: at most ERRORS, to which the tests hold them. A
number that is not finite reaches all of its tile.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np

from gradbook.kernels.chain import Chain, Memory, share
from gradbook.kernels.conv_direct import Job, WeightJob, columns_of, in_pieces, lanes, near
from gradbook.kernels.conv_sizes import Array, Axis, Sizes
from gradbook.kernels.conv_tiles import pixel_tile, weight_tile
from gradbook.kernels.conv_weights import add_gather, add_spread
from gradbook.kernels.images import Images, Pixels
from gradbook.kernels.program import aligned
from gradbook.kernels.transposing import fill
from gradbook.kernels.winograd_tiles import transform

__all__ = [
    "ERRORS", "FACTORS", "FEW", "LINE", "Grid", "before_of", "best", "is_large", "order_of", "tiles_of", "winograd",
    "winograd_weight",
]  # fmt: skip

ERRORS = {2: 2e-6, 4: 2e-5}  # with up to 512 channels of normal numbers
FEW, MANY = 32, 128  # tiles computed at once: their planes stay in the second cache; the weight is worth its way there
FACTORS = 2  # the piece of a program's scratch memory that holds the transformed weight
LINE = 16  # between planes, so that equal places in them do not share a set of the cache

# cycles, measured with vectors of 16 numbers; what is compared is much the same with narrower ones
PRODUCTS = 30.0  # multiplications a cycle
TRANSFORM = 0.4  # a number of a transformed tile
WEIGHT = 0.5  # a number of the transformed weight
DIRECT = 5.0  # the nine numbers of a weight that are only put into another order
GAIN = 0.85  # of the direct sum's time, at most
CHANNELS = 16
LARGE = 1 << 20  # numbers of a transformed weight that do not fit into the second cache
ALL = 6 << 20  # numbers of all transformed tiles that are kept at once, at most


def best(sizes: Sizes, *, transposed: bool = False) -> int:
    """The size of tiles with which the convolution is likely to be fastest: 4, 2, or 0 for the direct sum."""
    usual = sizes.kernel == (3, 3) and sizes.stride == sizes.dilation == (1, 1) and sizes.groups == 1
    if not usual or max(sizes.padding) > 2 or min(sizes.channels, sizes.outs) < CHANNELS:
        return 0
    shape = sizes.size if transposed else sizes.out
    times = {m: time(sizes, shape, m) for m in (4, 2)}
    fastest = min(times, key=times.__getitem__)
    return fastest if times[fastest] < GAIN * (9 * sizes.n * math.prod(shape) / PRODUCTS + DIRECT) else 0


def time(sizes: Sizes, shape: tuple[int, int], m: int) -> float:
    """Cycles for each pair of a channel of the image and one of the result, in tiles of m x m."""
    tiles, transforms = tiles_of(sizes, shape, m), TRANSFORM * (1 / sizes.channels + 1 / sizes.outs)
    return (m + 2) ** 2 * (tiles / PRODUCTS + tiles * transforms + WEIGHT)


def tiles_of(sizes: Sizes, shape: tuple[int, int], m: int) -> int:
    """Tiles of m x m of all images of a shape."""
    return sizes.n * math.prod(-(-n // m) for n in shape)


def is_large(sizes: Sizes, m: int, *, transposed: bool = False) -> bool:
    """Whether the weight is large and the tiles are few, so that large_winograd is faster."""
    shape, outer = (sizes.size, sizes.channels) if transposed else (sizes.out, sizes.outs)
    weight = (m + 2) ** 2 * sizes.channels * sizes.outs
    tiles = (m + 2) ** 2 * tiles_of(sizes, shape, m) * (sizes.channels + sizes.outs)
    return weight > LARGE and tiles <= ALL and outer % lanes() == 0


class Grid:
    """How tiles of m x m lie on images of a size."""

    def __init__(self, size: tuple[int, int], together: int, m: int, most: int) -> None:
        self.m, self.size, self.together = m, size, together
        self.lines, self.columns = (-(-length // m) for length in size)
        self.tiles = self.lines * self.columns
        parts = -(-self.tiles // most) if together == 1 else 1
        ends = [self.tiles * i // parts for i in range(parts + 1)]
        self.blocks = list(itertools.pairwise(ends))
        self.most = max(stop - start for start, stop in self.blocks) * self.together

    def axes(self, before: tuple[int, int], lengths: tuple[int, int], border: int) -> tuple[Axis, Axis]:
        """Axes of images with what lies before, and as much after them as whole tiles and a border need."""
        vertical, horizontal = (
            Axis(start, length, count * self.m + border - start - length, ())
            for start, length, count in zip(before, lengths, (self.lines, self.columns), strict=True)
        )
        return vertical, horizontal

    def table(self, block: tuple[int, int], pixels: Pixels, width: int, channels: int) -> Array:
        """(offset of its first pixel, rows, columns that exist) of the tiles of a block, `width` pixels to a line."""
        y, x = np.divmod(np.arange(*block), self.columns)
        y, x = y * self.m, x * self.m
        offsets = np.add.outer(np.arange(self.together) * pixels.unit, (y * width + x) * channels).ravel()
        rest = [np.tile(np.minimum(self.m, n - at), self.together) for n, at in zip(self.size, (y, x), strict=True)]
        return np.stack([offsets, *rest], 1)


class Tiling(NamedTuple):
    """How the tiles of all images are computed: bands of lines, images of a block, tiles of a block at most."""

    bands: list[range]
    together: int
    most: int

    @classmethod
    def of(cls, job: Job | WeightJob, shape: tuple[int, int], m: int, transposed: bool) -> Tiling:
        """For a job whose tiles lie on images of this shape."""
        sizes = job.sizes
        most = FEW if (m + 2) ** 2 * sizes.channels * sizes.outs <= LARGE else MANY
        found = job.bands(sizes.axes(transposed), m)
        tiles = math.prod(-(-n // m) for n in shape)
        return cls(found, share(job.program, sizes.n, most // tiles) if len(found) == 1 else 1, most)

    def part(
        self, band: range, source: Images, result: Images, before: tuple[int, int], m: int
    ) -> tuple[Grid, Images, Images, tuple[int, int]]:
        """(the tiles of a band, the lines of source and result that they lie on, what lies before those)."""
        lines = -(-len(band) // m) * m + 2
        first = max(0, band.start - before[0])
        count = min(source.size[0], band.start - before[0] + lines) - first
        grid = Grid((len(band), result.size[1]), self.together, m, self.most)
        start = (max(0, before[0] - band.start), before[1])
        return grid, source.rows(first, count), result.rows(band.start, len(band)), start


def winograd(job: Job, m: int) -> None:
    """Add a convolution or its transpose in tiles of m x m."""
    program, inner, outer, planes = job.program, job.source.channels, job.result.channels, (m + 2) ** 2
    step = inner * outer + LINE
    factors = program.scratch(planes * step, FACTORS)
    add_spread(program, "winograd_weight", job.weight, factors, m, step, job.transposed, order_of(job))
    chain, tiling = Chain(), Tiling.of(job, job.result.size, m, job.transposed)
    for band in chain.each(tiling.bands):
        winograd_band(job, chain, tiling, band, factors, m)
    job.run(chain, tiling.together)


def order_of(job: Job) -> tuple[int, ...]:
    """The numbers of the window in the order in which they meet the image."""
    return tuple(range(9))[:: -1 if job.transposed else 1]


def before_of(job: Job) -> tuple[int, int]:
    """How much 0 lies above the source, and to its left."""
    top, left = job.sizes.padding
    return (2 - top, 2 - left) if job.transposed else (top, left)


def winograd_band(job: Job, chain: Chain, tiling: Tiling, band: range, factors: Array, m: int) -> None:
    """The steps for some lines of the result."""
    start, planes = job.start, (m + 2) ** 2
    inner, outer = job.source.channels, job.result.channels
    grid, source, result, before = tiling.part(band, job.source, job.result, before_of(job), m)
    axes = grid.axes(before, source.size, 2)
    image, made = source.padded(chain, axes, grid.together), result.pixels(chain, grid.together)
    image_planes, result_planes = Planes(chain, grid, m, inner), Planes(chain, grid, m, outer)
    nothing, width = aligned((outer,)), axes[1].padded
    for block in grid.blocks:
        count = block[1] - block[0]
        image_planes.fill(chain, "image", image, grid.table(block, image, width, inner), count, width)
        rows = np.arange(count * grid.together)[:, None] * np.array([inner, outer])
        taps, run = in_pieces(np.zeros((1, 2), np.int64), inner, outer)
        for column, columns, vectors in columns_of(outer):
            for part, begins, _ in near(taps, run):
                chain.step(
                    pixel_tile(vectors, not begins), image_planes.place, factors[column:], nothing,
                    result_planes.place.shifted(column), 0, 0, count, rows, len(part), part, run, columns, outer,
                    planes, image_planes.step, inner * outer + LINE, result_planes.step, 0)  # fmt: skip
        chain.step(
            transform("result", m, job.activation, job.adds_in_place), result_planes.place, made.place, start,
            grid.table(block, made, result.size[1], outer), 0, made.moved, 0, count, outer, outer,
            result.size[1] * outer, result_planes.step, 0)  # fmt: skip
    result.finish(chain, made, job.add)


class Planes:
    """Memory for the transformed tiles of a block."""

    def __init__(self, chain: Chain, grid: Grid, m: int, channels: int) -> None:
        self.channels, self.m = channels, m
        self.step = grid.most * channels + LINE
        self.place: Memory = chain.memory((m + 2) ** 2 * self.step)

    def fill(self, chain: Chain, kind: str, pixels: Pixels, table: Array, count: int, width: int) -> None:
        """Transform pixels, `width` to a line, into the planes."""
        chain.step(transform(kind, self.m), pixels.place, self.place, table, table, pixels.moved, 0, 0, count,
                   self.channels, self.channels, width * self.channels, 0, self.step)  # fmt: skip


def winograd_weight(job: WeightJob, m: int) -> None:
    """Add the gradient of the weight in tiles of m x m."""
    inner, outer, planes = job.sizes.channels, job.sizes.outs, (m + 2) ** 2
    chain, tiling, step = Chain(), Tiling.of(job, job.result.size, m, transposed=False), inner * outer + LINE
    sums = chain.memory(planes * step)
    chain.once(fill(), sums, planes * step)
    for band in chain.each(tiling.bands):
        winograd_sums(job, chain, tiling, band, sums, m)
    total = job.sum_parts(chain, tiling.together, sums, planes * step)
    add_gather(job.program, "winograd_weight_grad", job.out, total, m, step, job.add)


def winograd_sums(job: WeightJob, chain: Chain, tiling: Tiling, band: range, sums: Memory, m: int) -> None:
    """The steps for some lines of the gradient of the result."""
    inner, outer, planes = job.sizes.channels, job.sizes.outs, (m + 2) ** 2
    grid, source, grad, before = tiling.part(band, job.source, job.result, job.sizes.padding, m)
    axes, own = grid.axes(before, source.size, 2), grid.axes((0, 0), grad.size, 0)
    image, grads = source.padded(chain, axes, grid.together), grad.padded(chain, own, grid.together)
    left, right = Planes(chain, grid, m, inner), Planes(chain, grid, m, outer)
    for block in grid.blocks:
        count = block[1] - block[0]
        left.fill(chain, "image", image, grid.table(block, image, axes[1].padded, inner), count, axes[1].padded)
        right.fill(chain, "grad", grads, grid.table(block, grads, own[1].padded, outer), count, own[1].padded)
        lines = np.arange(grid.together)[:, None] * np.array([count * inner, count * outer])
        for column, columns, vectors in columns_of(outer):
            chain.step(
                weight_tile(vectors), left.place, right.place.shifted(column), sums.shifted(column), 0, 0, 1, lines,
                count, inner, outer, 1, np.zeros(2, np.int64), inner, columns, outer, planes, left.step, right.step,
                inner * outer + LINE, grid.together)  # fmt: skip
