"""The register tiles of convolutions with channels innermost.

A tap is a run of numbers that lie side by side in the image (its channels, or those of a whole row of a window) and
meets as many rows of the weight. Where pixels and taps lie is read from tables, so one kernel serves every stride,
padding and dilation, gradients of the image included.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook.kernels import jit
from gradbook.kernels.emit import LONG, KernelBuilder
from gradbook.kernels.tile import A, B, cover, multiply

__all__ = ["Tiles", "in_blocks", "in_rows", "pixel_tile", "sum_parts", "weight_tile"]

PIXEL_WORDS = (
    "image", "weight", "bias", "out", "image_unit", "out_unit", "rows", "row_table", "taps", "tap_table", "run",
    "columns", "pitch", "groups", "image_group", "weight_group", "out_group", "bias_group",
)  # fmt: skip
WEIGHT_WORDS = (
    "image", "grad", "sums", "image_unit", "grad_unit", "lines", "line_table", "line", "image_step", "grad_step",
    "taps", "tap_table", "run", "columns", "pitch", "groups", "image_group", "grad_group", "sums_group",
    "together",
)  # fmt: skip
POINTERS = {"image", "weight", "bias", "out", "grad", "sums", "row_table", "tap_table", "line_table"}


class Tiles:
    """What both kernels share: their words, their columns in vectors of which the last one may be short."""

    def __init__(self, name: str, words: tuple[str, ...], vectors: int) -> None:
        self.build = build = KernelBuilder(name)
        self.vectors, self.width = vectors, vectors * build.lanes
        self.word: dict[str, Any] = {
            name: build.pointer(i) if name in POINTERS else build.word(i) for i, name in enumerate(words)
        }

    def entry(self, table: str, index: Any) -> tuple[Any, Any]:
        """Row `index` of a table of pairs."""
        first = self.build.ir.mul(index, LONG(2))
        second = self.build.ir.add(first, LONG(1))
        return self.build.load(self.word[table], first, LONG), self.build.load(self.word[table], second, LONG)

    def mask(self, column: Any) -> Any:
        """The lanes that the last of the vectors from `column` on has."""
        build = self.build
        last = build.ir.add(column, LONG(self.width - build.lanes))
        return build.mask(build.ir.sub(self.word["columns"], last))

    def read(self, place: Any, mask: Any) -> list[Any]:
        """The vectors at an address."""
        build = self.build
        whole = [build.load_vector(place, LONG(v * build.lanes)) for v in range(self.vectors - 1)]
        return [*whole, build.load_masked(place, LONG((self.vectors - 1) * build.lanes), mask)]

    def write(self, values: list[Any], place: Any, mask: Any) -> None:
        """Vectors to an address."""
        build = self.build
        for v, value in enumerate(values[:-1]):
            build.store(value, place, LONG(v * build.lanes))
        build.store_masked(values[-1], place, LONG((self.vectors - 1) * build.lanes), mask)


@jit.kept
def pixel_tile(vectors: int, accumulate: bool = False, activation: str = "") -> int:
    """The address of the kernel out[row] = bias + sum over taps of image[row + tap] @ weight[tap].

    Units are images: `rows` belong to one, and the table has those of as many as are given at once. image and out are
    moved by *_unit times the first unit. accumulate: out is added to in the place of bias. activation: "relu" or none.
    """
    tiles = PixelTiles("conv_pixels", PIXEL_WORDS, vectors)
    tiles.accumulate, tiles.activation = accumulate, activation
    tiles.emit()
    return tiles.build.address()


class PixelTiles(Tiles):
    """The kernel of `pixel_tile` while it is written."""

    accumulate = False
    activation = ""

    def emit(self) -> None:
        """Groups, columns, rows."""
        build, word = self.build, self.word
        rows = build.ir.mul(word["rows"], build.ir.sub(build.stop, build.start))
        image0 = build.at(word["image"], build.ir.mul(build.start, word["image_unit"]))
        out0 = build.at(word["out"], build.ir.mul(build.start, word["out_unit"]))
        with build.loop(LONG(0), word["groups"], name="group") as group:
            image = build.at(image0, build.ir.mul(group, word["image_group"]))
            weight0 = build.at(word["weight"], build.ir.mul(group, word["weight_group"]))
            bias0 = build.at(word["bias"], build.ir.mul(group, word["bias_group"]))
            out1 = build.at(out0, build.ir.mul(group, word["out_group"]))
            with build.loop(LONG(0), word["columns"], self.width, name="column") as column:
                bias, out = build.at(bias0, column), build.at(out1, column)
                weight, mask = build.at(weight0, column), self.mask(column)
                cover(build, LONG(0), rows, self.vectors,
                      lambda row, count: self.tile(row, count, image, weight, bias, out, mask))  # fmt: skip

    def tile(self, row: Any, count: int, image: Any, weight: Any, bias: Any, out: Any, mask: Any) -> None:
        """Some rows: their sums from the bias, or what is there, through all taps, to memory."""
        build = self.build
        pairs = [self.entry("row_table", build.ir.add(row, LONG(i))) for i in range(count)]
        starts, places = [build.at(image, a) for a, _ in pairs], [build.at(out, b) for _, b in pairs]
        begin = [v for place in places for v in self.read(place if self.accumulate else bias, mask)]
        with build.loop_with(LONG(0), self.word["taps"], begin, name="tap") as (tap, sums, after):
            offset, where = self.entry("tap_table", tap)
            pixels = A(None, None, LONG(1), rows=tuple(build.at(start, offset) for start in starts))
            lines = B(build.at(weight, where), self.word["pitch"], mask)
            made = multiply(build, count, self.vectors, self.word["run"], pixels, lines, start=in_rows(sums, count))
            after[:] = [value for row_ in made for value in row_]
        for values, place in zip(in_rows(after, count), places, strict=True):
            if self.activation == "relu":
                values = [build.maximum(value, build.constant(0.0, value)) for value in values]
            self.write(values, place, mask)


def in_rows(values: list[Any], count: int) -> list[list[Any]]:
    """A flat list as `count` rows."""
    length = len(values) // count
    return [values[i * length : (i + 1) * length] for i in range(count)]


def in_blocks(build: KernelBuilder, stop: Any, sizes: tuple[int, ...], body: Callable[[Any, int], None]) -> None:
    """Write body(first, how many) for range(stop): as many of the first size as fit, then of the next, ... 1."""
    first: Any = LONG(0)
    for size in sizes:
        with build.loop_with(first, build.ir.sub(stop, LONG(size - 1)), [first], size) as (i, _, after):
            body(i, size)
            after[:] = [build.ir.add(i, LONG(size))]
        (first,) = after


@jit.kept
def weight_tile(vectors: int, accumulate: bool = True) -> int:
    """The address of the kernel sums[tap, k] += sum over pixels of image[pixel + tap + k] * grad[pixel].

    Pixels are given as lines of `line` pixels, `lines` a unit; `together` lines are summed before sums is touched.
    accumulate: else sums[tap, k] = what `together` lines, all there are, give.
    """
    tiles = WeightTiles("conv_weights", WEIGHT_WORDS, vectors)
    tiles.accumulate = accumulate
    tiles.emit()
    return tiles.build.address()


class WeightTiles(Tiles):
    """The kernel of `weight_tile` while it is written."""

    accumulate = True

    def emit(self) -> None:
        """Blocks of lines, groups, columns."""
        build, word, ir = self.build, self.word, self.build.ir
        total = ir.mul(word["lines"], ir.sub(build.stop, build.start))
        image0 = build.at(word["image"], ir.mul(build.start, word["image_unit"]))
        grad0 = build.at(word["grad"], ir.mul(build.start, word["grad_unit"]))
        blocks = ir.sdiv(ir.add(total, ir.sub(word["together"], LONG(1))), word["together"])
        with build.loop(LONG(0), blocks, name="block") as block:
            first = ir.mul(block, word["together"])
            end = ir.add(first, word["together"])
            end = ir.select(ir.icmp_signed("<", total, end), total, end)
            with build.loop(LONG(0), word["groups"], name="group") as group:
                image = build.at(image0, ir.mul(group, word["image_group"]))
                grad1 = build.at(grad0, ir.mul(group, word["grad_group"]))
                sums0 = build.at(word["sums"], ir.mul(group, word["sums_group"]))
                with build.loop(LONG(0), word["columns"], self.width, name="column") as column:
                    grad, sums = build.at(grad1, column), build.at(sums0, column)
                    self.taps((first, end), image, grad, sums, self.mask(column))

    def taps(self, lines: tuple[Any, Any], image: Any, grad: Any, sums: Any, mask: Any) -> None:
        """All taps of some columns, a tile of rows at a time."""
        build = self.build
        with build.loop(LONG(0), self.word["taps"], name="tap") as tap:
            offset, where = self.entry("tap_table", tap)
            begin, into = build.at(image, offset), build.at(sums, where)
            cover(build, LONG(0), self.word["run"], self.vectors,
                  lambda row, count: self.tile(row, count, lines, begin, grad, into, mask))  # fmt: skip

    def tile(self, row: Any, count: int, lines: tuple[Any, Any], image: Any, grad: Any, sums: Any, mask: Any) -> None:
        """Some rows of sums through the pixels of some lines."""
        build, word = self.build, self.word
        places = [build.at(sums, build.ir.mul(word["pitch"], build.ir.add(row, LONG(i)))) for i in range(count)]
        zeros = [build.constant(0.0, build.vector())] * self.vectors
        begin = [value for place in places for value in (self.read(place, mask) if self.accumulate else zeros)]
        image = build.at(image, row)
        with build.loop_with(*lines, begin, name="line") as (line, before, after):
            offset, where = self.entry("line_table", line)
            pixels = A(build.at(image, offset), LONG(1), word["image_step"])
            grads = B(build.at(grad, where), word["grad_step"], mask)
            made = multiply(build, count, self.vectors, word["line"], pixels, grads, start=in_rows(before, count))
            after[:] = [value for row_ in made for value in row_]
        for values, place in zip(in_rows(after, count), places, strict=True):
            self.write(values, place, mask)


@jit.kept
def sum_parts() -> int:
    """The address of the kernel that adds what each share summed to what the first one did; shared by threads."""
    build = KernelBuilder("sum_parts")
    base, stride, count, parts = build.pointer(0), build.word(1), build.word(2), build.word(3)
    ir, thread, threads = build.ir, build.start, build.stop
    blocks = ir.sdiv(ir.add(count, LONG(build.lanes - 1)), LONG(build.lanes))
    first = ir.sdiv(ir.mul(blocks, thread), threads)
    end = ir.sdiv(ir.mul(blocks, ir.add(thread, LONG(1))), threads)
    with build.loop(first, end, name="block") as block:
        at = ir.mul(block, LONG(build.lanes))
        with build.loop_with(LONG(1), parts, [build.load_vector(base, at)], name="part") as (t, (total,), after):
            other = build.load_vector(base, ir.add(at, ir.mul(t, stride)))
            after[:] = [build.add(total, other)]
        build.store(after[0], base, at)
    return build.address()


@jit.kept
def channel_sums(layout: str, add: bool) -> int:
    """The address of the kernel that sums a channel, or with channels innermost a vector of them, over all pixels.

    add: to what is in the result.
    """
    build = KernelBuilder("channel_sums")
    grad, out = build.pointer(0), build.pointer(1)
    n, unit, step, area, channels = (build.word(i) for i in range(2, 7))
    ir, zero = build.ir, build.constant(0.0, build.vector())
    inner = layout == "nhwc"
    with build.loop(build.start, build.stop, name="channel") as channel:
        begin = build.at(grad, ir.mul(channel, step))
        mask = build.mask(ir.sub(channels, ir.mul(channel, LONG(build.lanes)))) if inner else None
        with build.loop_with(LONG(0), n, [zero] * 4, name="image") as (image, sums, after):
            map_ = build.at(begin, ir.mul(image, unit))
            stride = 4 if inner else 4 * build.lanes
            after[:] = four_sums(build, map_, area, channels if inner else None, mask, sums, stride)
        total = build.add(build.add(after[0], after[1]), build.add(after[2], after[3]))
        if inner:
            at = ir.mul(channel, LONG(build.lanes))
            total = build.add(build.load_masked(out, at, mask), total) if add else total
            build.store_masked(total, out, at, mask)
        else:
            total = build.total(total)
            build.store(build.add(build.load(out, channel), total) if add else total, out, channel)
    return build.address()


def four_sums(
    build: KernelBuilder, start: Any, area: Any, pitch: Any, mask: Any, sums: list[Any], by: Any
) -> list[Any]:
    """Sums over one image, four at a time: of its pixels `pitch` apart, or of the numbers of one map (pitch None)."""
    with build.loop_with(LONG(0), area, sums, by, name="pixel") as (i, before, after):
        for j in range(4):
            at = build.ir.add(i, LONG(j if pitch is not None else j * build.lanes))
            if pitch is None:
                here = build.mask(build.ir.sub(area, at))
            else:
                inside = build.ir.icmp_signed("<", at, area)
                here, at = build.ir.and_(mask, build.splat(inside)), build.ir.mul(at, pitch)
            after[j] = build.add(before[j], build.load_masked(start, at, here))
    return after
