"""Convolutions with channels first and few channels in the result: a vector holds neighbouring pixels of one map.

With channels innermost most of a vector would be empty there. Stride 1, few groups. The weight is read as it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.kernels import jit
from gradbook.kernels.chain import Chain, Memory
from gradbook.kernels.conv_direct import Job, WeightJob, lanes
from gradbook.kernels.conv_sizes import Array, Axis, Sizes
from gradbook.kernels.conv_tiles import in_blocks, in_rows
from gradbook.kernels.emit import LONG, KernelBuilder
from gradbook.kernels.images import Images
from gradbook.kernels.program import Kernel
from gradbook.kernels.tile import heights, widest
from gradbook.kernels.transposing import fill, lines

__all__ = ["fits_maps", "fits_maps_weight", "map_convolution", "map_weight"]

MAP_WORDS = (
    "image", "weight", "bias", "out", "out_unit", "vectors", "vector_table", "line_table", "depth", "image_step",
    "weight_step", "weight_row", "out_row", "outs",
)  # fmt: skip
SUM_WORDS = (
    "image", "grad", "sums", "grad_unit", "vectors", "vector_table", "taps", "tap_table", "grad_row", "sums_row",
    "outs",
)  # fmt: skip
POINTERS = {"image", "weight", "bias", "out", "vector_table", "line_table", "grad", "sums", "tap_table"}
BETTER = 1.1  # times more of a vector must be used than with channels innermost
GROUPS = 64  # at most: each is a step of its own
MOST = 1 << 16  # sums of vectors: beyond that they leave the cache


def fits_maps(sizes: Sizes, source: Images, result: Images, *, transposed: bool) -> bool:
    """Whether the convolution or its transpose can be computed so, and is likely to be faster."""
    first = result.layout == "nchw" and source.layout == "nchw"
    plain = sizes.groups <= GROUPS and sizes.stride == (1, 1)
    reach = (d * (k - 1) for d, k in zip(sizes.dilation, sizes.kernel, strict=True))
    inside = not transposed or all(p <= r for p, r in zip(sizes.padding, reach, strict=True))
    return first and plain and inside and is_narrow(result.channels // sizes.groups, result.size[1])


def fits_maps_weight(sizes: Sizes, source: Images, grad: Images) -> bool:
    """Whether the gradient of the weight can be computed so, and is likely to be faster."""
    size = sizes.outs * sizes.channels * sizes.taps * lanes()
    return sizes.groups == 1 and fits_maps(sizes, source, grad, transposed=False) and size <= MOST


def is_narrow(channels: int, width: int) -> bool:
    """Whether more of a vector is used by pixels of a line than by channels."""
    across, inner = (n / (-(-n // lanes()) * lanes()) for n in (width, channels))
    return across * min(1, channels / 4) > BETTER * inner


class Maps(KernelBuilder):
    """A kernel of this file while it is written."""

    def __init__(self, name: str, words: tuple[str, ...]) -> None:
        super().__init__(name)
        self.named: dict[str, Any] = {
            name: self.pointer(i) if name in POINTERS else self.word(i) for i, name in enumerate(words)
        }

    def entry(self, table: str, index: Any, length: int) -> list[Any]:
        """A row of a table."""
        first = self.ir.mul(index, LONG(length))
        return [self.load(self.named[table], self.ir.add(first, LONG(i)), LONG) for i in range(length)]

    def apart(self, base: Any, row: str, first: Any, count: int) -> list[Any]:
        """Addresses of rows [first, first + count)."""
        return [self.at(base, self.ir.mul(self.named[row], self.ir.add(first, LONG(i)))) for i in range(count)]


# -- the convolution and its transpose -------------------------------------------------------------------------------


def map_convolution(job: Job) -> None:
    """Add a convolution or its transpose that `fits_maps`."""
    chain, axes = Chain(), job.sizes.axes(job.transposed)
    for band in chain.each(job.bands(axes)):
        map_band(job, chain, band, axes)
    job.run(chain, 1)


def map_band(job: Job, chain: Chain, band: range, whole: tuple[Axis, Axis]) -> None:
    """The steps for some lines of the result."""
    sizes, (axis, source, result) = job.sizes, job.part(whole[0], band)
    axes = (axis, whole[1])
    image = padded_maps(chain, source, axes)
    pitch, plane = axes[1].padded, axes[0].padded * axes[1].padded
    (kh, kw), taps = sizes.kernel, sizes.taps
    depth, width = source.channels // sizes.groups, result.channels // sizes.groups
    inner, rows = np.arange(depth), np.arange(kh)
    offsets = np.add.outer(rows * sizes.dilation[0] * pitch, inner * plane)
    if job.transposed:
        weights = np.add.outer((kh - 1 - rows) * kw + kw - 1, inner * width * taps)
    else:
        weights = np.add.outer(rows * kw, inner * taps)
    table = np.stack([offsets.ravel(), weights.ravel()], 1)
    vectors = with_lines(vector_table(result.size, pitch), axes[0], sizes, depth, pitch)
    for group in range(sizes.groups):
        first = group * width
        chain.step(
            map_tile(job.activation, job.add), image.shifted(group * depth * plane),
            job.weight[group * sizes.outs // sizes.groups :], job.start[first:], result.array[:, first:], result.unit,
            len(vectors), vectors, table, kw, sizes.dilation[1], -1 if job.transposed else 1,
            taps if job.transposed else depth * taps, result.array.strides[1] // 4, width)  # fmt: skip


def padded_maps(chain: Chain, source: Images, axes: tuple[Axis, Axis]) -> Memory:
    """The maps of an image with 0 around them, and as much after the last as a vector may read."""
    vertical, horizontal = axes
    plane = vertical.padded * horizontal.padded
    place = chain.memory(source.channels * plane + lanes())
    (chain.step if chain.several else chain.once)(fill(), place, place.size)
    y = np.arange(vertical.length)
    maps = np.arange(source.channels)
    begins = np.add.outer(maps * (source.array.strides[1] // 4), y * horizontal.length).ravel()
    ends = np.add.outer(maps * plane, (y + vertical.before) * horizontal.padded + horizontal.before).ravel()
    chain.step(lines(), source.array, place, source.unit, 0, 0, 0, len(begins), begins, horizontal.length, ends)
    return place


def vector_table(size: tuple[int, int], pitch: int) -> Array:
    """(offset in a padded map, in the result, lanes) of the vectors that cover a result."""
    x = np.arange(0, size[1], lanes())
    y = np.arange(size[0])
    counts = np.tile(np.minimum(lanes(), size[1] - x), size[0])
    return np.stack([np.add.outer(y * pitch, x).ravel(), np.add.outer(y * size[1], x).ravel(), counts], 1)


def with_lines(vectors: Array, axis: Axis, sizes: Sizes, channels: int, pitch: int) -> Array:
    """The table with (first line, stop) of the windows' lines that are not all 0, for the vectors of each block."""
    ends, start = np.zeros((len(vectors), 2), np.int64), 0
    for size in blocks():
        while start + size <= len(vectors):
            y = vectors[start : start + size, 0] // pitch
            first = -(-(axis.before - y.max()) // sizes.dilation[0])
            stop = -(-(axis.before + axis.length - y.min()) // sizes.dilation[0])
            ends[start] = np.clip([first, stop], 0, sizes.kernel[0]) * channels
            start += size
    return np.concatenate([vectors, ends], 1)


def blocks() -> tuple[int, ...]:
    """How many vectors are computed at once: as many as there are, then of what is left."""
    return (4, 2, 1) if widest() == 4 else (2, 1)


@jit.kept
def map_tile(activation: str, accumulate: bool) -> int:
    """The address of the kernel out[o] = bias[o] + sum over lines of windows, depth numbers each.

    accumulate: out[o] in the place of bias[o].
    """
    build = Maps("conv_maps", MAP_WORDS)
    word = build.named
    with build.loop(build.start, build.stop, name="image") as unit:
        out = build.at(word["out"], build.ir.mul(unit, word["out_unit"]))

        def block(vector: Any, vectors: int) -> None:
            tables = [build.entry("vector_table", build.ir.add(vector, LONG(v)), 5) for v in range(vectors)]
            how = (activation, accumulate)
            in_blocks(build, word["outs"], heights(widest()),
                      lambda first, count: map_sums(build, first, count, tables, out, *how))  # fmt: skip

        in_blocks(build, word["vectors"], blocks(), block)
    return build.address()


def map_sums(
    build: Maps, first: Any, count: int, tables: list[list[Any]], out: Any, activation: str, accumulate: bool
) -> None:
    """Some maps of the result in some vectors."""
    word, vectors = build.named, len(tables)
    places, masks = build.apart(out, "out_row", first, count), [build.mask(table[2]) for table in tables]
    if accumulate:
        begin = [build.load_masked(p, table[1], m) for p in places for table, m in zip(tables, masks, strict=True)]
    else:
        bias = [build.splat(build.load(word["bias"], build.ir.add(first, LONG(i)))) for i in range(count)]
        begin = [value for value in bias for _ in range(vectors)]
    rows = build.apart(word["weight"], "weight_row", first, count)
    starts = [build.at(word["image"], table[0]) for table in tables]
    with build.loop_with(tables[0][3], tables[0][4], begin, name="line") as (line, before, after):
        offset, where = build.entry("line_table", line, 2)
        pixels, factors = [build.at(p, offset) for p in starts], [build.at(p, where) for p in rows]
        with build.loop_with(LONG(0), word["depth"], before, name="k") as (k, sums, then):
            right = [build.load_vector(p, build.ir.mul(k, word["image_step"])) for p in pixels]
            made = []
            for p, values in zip(factors, in_rows(sums, count), strict=True):
                left = build.splat(build.load(p, build.ir.mul(k, word["weight_step"])))
                made += [build.fma(left, b, value) for b, value in zip(right, values, strict=True)]
            then[:] = made
        after[:] = then
    for place, values in zip(places, in_rows(after, count), strict=True):
        for value, table, mask in zip(values, tables, masks, strict=True):
            if activation == "relu":
                value = build.maximum(value, build.constant(0.0, value))
            build.store_masked(value, place, table[1], mask)


# -- the gradient of the weight --------------------------------------------------------------------------------------


def map_weight(job: WeightJob) -> None:
    """Add the gradient of the weight that `fits_maps_weight`: sums stay vectors until all pixels are in them."""
    chain, axes, out = Chain(), job.sizes.axes(transposed=False), job.out
    sums = chain.memory(out.size * lanes())
    chain.once(fill(), sums, sums.size)
    for band in chain.each(job.bands(axes)):
        map_sums_band(job, chain, band, axes, sums)
    total = job.sum_parts(chain, 1, sums, sums.size)
    job.program.add(Kernel("conv_weight_lanes", lane_totals(job.add), out.size, 16), total, out)


def map_sums_band(job: WeightJob, chain: Chain, band: range, whole: tuple[Axis, Axis], sums: Memory) -> None:
    """The steps for some lines of the gradient of the result."""
    sizes, (axis, source, grad) = job.sizes, job.part(whole[0], band)
    axes = (axis, whole[1])
    image = padded_maps(chain, source, axes)
    pitch, plane = axes[1].padded, axes[0].padded * axes[1].padded
    down, right = (np.arange(k) * d for k, d in zip(sizes.kernel, sizes.dilation, strict=True))
    window = np.add.outer(down * pitch, right)
    taps = np.add.outer(np.arange(sizes.channels) * plane, window.ravel()).ravel()
    vectors = vector_table(grad.size, pitch)
    chain.step(
        map_products(), image, grad.array, sums, grad.unit, len(vectors), vectors, len(taps), taps,
        grad.array.strides[1] // 4, len(taps) * lanes(), sizes.outs)  # fmt: skip


@jit.kept
def map_products() -> int:
    """The address of the kernel sums[o, tap] += image[pixel + tap] * grad[o, pixel], over the vectors of pixels."""
    build = Maps("conv_map_products", SUM_WORDS)
    word = build.named
    with build.loop(build.start, build.stop, name="image") as unit:
        grad = build.at(word["grad"], build.ir.mul(unit, word["grad_unit"]))

        def block(tap: Any, taps: int) -> None:
            in_blocks(build, word["outs"], heights(widest()),
                      lambda first, count: products(build, first, count, tap, taps, grad))  # fmt: skip

        in_blocks(build, word["taps"], blocks(), block)
    return build.address()


def products(build: Maps, first: Any, count: int, tap: Any, taps: int, grad: Any) -> None:
    """Some maps of the gradient with some taps."""
    word = build.named
    offsets = [build.entry("tap_table", build.ir.add(tap, LONG(t)), 1)[0] for t in range(taps)]
    starts = [build.at(word["image"], offset) for offset in offsets]
    places = [build.at(row, build.ir.mul(build.ir.add(tap, LONG(t)), LONG(build.lanes)))
              for row in build.apart(word["sums"], "sums_row", first, count) for t in range(taps)]  # fmt: skip
    grads = build.apart(grad, "grad_row", first, count)
    begin = [build.load_vector(place, LONG(0)) for place in places]
    with build.loop_with(LONG(0), word["vectors"], begin, name="vector") as (vector, sums, after):
        start, where, length = build.entry("vector_table", vector, 3)
        mask = build.mask(length)
        pixels = [build.load_masked(image, start, mask) for image in starts]
        made = []
        for row, values in zip(grads, in_rows(sums, count), strict=True):
            one = build.load_masked(row, where, mask)
            made += [build.fma(one, pixel, value) for pixel, value in zip(pixels, values, strict=True)]
        after[:] = made
    for place, value in zip(places, after, strict=True):
        build.store(value, place, LONG(0))


@jit.kept
def lane_totals(add: bool) -> int:
    """The address of the kernel out[i] = the sum of vector i; add: out[i] += it."""
    build = KernelBuilder("lane_totals")
    vectors, out = build.pointer(0), build.pointer(1)
    with build.loop(build.start, build.stop) as i:
        total = build.total(build.load_vector(vectors, build.ir.mul(i, LONG(build.lanes))))
        build.store(build.add(build.load(out, i), total) if add else total, out, i)
    return build.address()
