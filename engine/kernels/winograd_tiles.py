"""The transforms of Winograd's convolutions of 3 x 3: F(2x2, 3x3) and F(4x4, 3x3) (Lavin & Gray, 2016).

A tile of m x m results needs (m+2) x (m+2) numbers of the image. Both image and weight are transformed so that the
convolution becomes (m+2)^2 products, each of which is a matrix product over channels; the results are transformed
back. The gradient of the weight goes the same way in the other direction. The points are 0, 1, -1, (2, -2,) infinity.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook.kernels import jit
from gradbook.kernels.emit import LONG, KernelBuilder

__all__ = ["WEIGHTS", "transform"]

WORDS = (
    "source", "target", "bias", "table", "source_unit", "target_unit", "bias_unit", "tiles", "channels", "pixel",
    "line", "source_plane", "target_plane",
)  # fmt: skip
POINTERS = {"source", "target", "bias", "table"}

# the matrix of the weight, (m + 2) x 3
WEIGHTS: dict[int, tuple[tuple[float, float, float], ...]] = {
    2: ((1, 0, 0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0, 0, 1)),
    4: ((1 / 4, 0, 0), (-1 / 6, -1 / 6, -1 / 6), (-1 / 6, 1 / 6, -1 / 6), (1 / 24, 1 / 12, 1 / 6),
        (1 / 24, -1 / 12, 1 / 6), (0, 0, 1)),
}  # fmt: skip

Line = Callable[[Any, list[Any]], list[Any]]


@jit.kept
def transform(kind: str, m: int, activation: str = "", accumulate: bool = False) -> int:
    """The address of the kernel that transforms every tile along both axes.

    kind: "image" and "grad" read pixels and write planes, "result" reads planes, adds the bias and writes pixels
    (accumulate: adds to them). Number k of a tile lies in plane k, tile after tile.
    table: (offset of the tile's first pixel, rows, columns of it that exist) of the tiles of some units.
    pixel, line: from a pixel to the next, and to the one below. The weight's transforms are in conv_weights.py.
    """
    tiles = Transform(kind, m, activation, accumulate)
    tiles.emit()
    return tiles.build.address()


class Transform:
    """The kernel of `transform` while it is written."""

    def __init__(self, kind: str, m: int, activation: str, accumulate: bool) -> None:
        self.build = build = KernelBuilder(f"winograd_{kind}")
        self.kind, self.m, self.activation, self.accumulate = kind, m, activation, accumulate
        self.word: dict[str, Any] = {
            name: build.pointer(i) if name in POINTERS else build.word(i) for i, name in enumerate(WORDS)
        }
        a = m + 2
        lines: dict[str, tuple[int, Line]] = {
            "image": (a, image_2 if m == 2 else image_4),
            "grad": (m, grad_2 if m == 2 else grad_4),
            "result": (a, result_2 if m == 2 else result_4),
        }
        self.size, self.along = lines[kind]

    def emit(self) -> None:
        """Tiles, channels."""
        build, word = self.build, self.word
        ir = build.ir
        total = ir.mul(word["tiles"], ir.sub(build.stop, build.start))
        source = build.at(word["source"], ir.mul(build.start, word["source_unit"]))
        target = build.at(word["target"], ir.mul(build.start, word["target_unit"]))
        bias = build.at(word["bias"], ir.mul(build.start, word["bias_unit"]))
        with build.loop(LONG(0), total, name="tile") as tile:
            flat, entry = ir.mul(tile, word["channels"]), ir.mul(tile, LONG(3))
            offset = build.load(word["table"], entry, LONG)
            begin = build.at(source, flat if self.kind == "result" else offset)
            into = build.at(target, offset if self.kind == "result" else flat)
            with build.loop(LONG(0), word["channels"], build.lanes, name="c") as c:
                mask = build.mask(ir.sub(word["channels"], c))
                grid = self.read(build.at(begin, c), mask)
                grid = [self.along(build, line) for line in grid]
                columns = [self.along(build, [line[j] for line in grid]) for j in range(len(grid[0]))]
                grid = [[column[i] for column in columns] for i in range(len(columns[0]))]
                self.write(grid, build.at(into, c), entry, build.at(bias, c), mask)

    def place(self, base: Any, i: int, j: int, width: int, plane: str | None) -> Any:
        """Where number (i, j) of a tile lies: in its plane or at its pixel."""
        build, word = self.build, self.word
        if plane is not None:
            return build.at(base, build.ir.mul(word[plane], LONG(i * width + j)))
        down, right = build.ir.mul(word["line"], LONG(i)), build.ir.mul(word["pixel"], LONG(j))
        return build.at(base, build.ir.add(down, right))

    def read(self, base: Any, mask: Any) -> list[list[Any]]:
        """All numbers of a tile."""
        plane = None if self.kind in ("image", "grad") else "source_plane"
        size = range(self.size)
        return [[self.build.load_masked(self.place(base, i, j, self.size, plane), LONG(0), mask) for j in size]
                for i in size]  # fmt: skip

    def write(self, grid: list[list[Any]], base: Any, entry: Any, bias: Any, mask: Any) -> None:
        """All numbers of a transformed tile; of a result, those that exist."""
        build, word, ir = self.build, self.word, self.build.ir
        plane, width = None if self.kind == "result" else "target_plane", len(grid[0])
        if plane is not None:
            for i, line in enumerate(grid):
                for j, value in enumerate(line):
                    build.store_masked(value, self.place(base, i, j, width, plane), LONG(0), mask)
            return
        bias = build.load_masked(bias, LONG(0), mask)
        rows, columns = (build.load(word["table"], ir.add(entry, LONG(k)), LONG) for k in (1, 2))
        whole = ir.and_(*(ir.icmp_signed("<=", LONG(self.m), x) for x in (rows, columns)))
        finished = [[self.finished(value, bias) for value in line] for line in grid]
        with ir.if_else(whole) as (every, some):
            for branch, conditional in ((every, False), (some, True)):
                with branch:
                    self.write_pixels(finished, base, (rows, columns) if conditional else None, mask)

    def finished(self, value: Any, bias: Any) -> Any:
        """A result with its bias, after the activation."""
        value = self.build.add(value, bias)
        return self.build.maximum(value, self.build.constant(0.0, value)) if self.activation == "relu" else value

    def write_pixels(self, grid: list[list[Any]], base: Any, limits: Any, mask: Any) -> None:
        """Results to their pixels; limits: (rows, columns) that exist."""
        ir = self.build.ir
        for i, line in enumerate(grid):
            for j, value in enumerate(line):
                at = self.place(base, i, j, len(line), None)
                if limits is None:
                    self.put(value, at, mask)
                    continue
                there = ir.and_(*(ir.icmp_signed("<", LONG(k), limit) for k, limit in zip((i, j), limits, strict=True)))
                with ir.if_then(there):
                    self.put(value, at, mask)

    def put(self, value: Any, at: Any, mask: Any) -> None:
        """A result to its pixel, or added to it."""
        if self.accumulate:
            value = self.build.add(self.build.load_masked(at, LONG(0), mask), value)
        self.build.store_masked(value, at, LONG(0), mask)


def scaled(build: KernelBuilder, x: Any, factor: float, plus: Any = None) -> Any:
    """X * factor, or x * factor + plus rounded once."""
    constant = build.constant(factor, x)
    return build.mul(x, constant) if plus is None else build.fma(x, constant, plus)


def combined(build: KernelBuilder, matrix: tuple[tuple[float, ...], ...], x: list[Any]) -> list[Any]:
    """Matrix @ x, term by term."""
    made = []
    for row in matrix:
        total: Any = None
        for factor, value in zip(row, x, strict=True):
            if factor:
                total = scaled(build, value, factor, total)
        made.append(total)
    return made


def image_2(build: KernelBuilder, d: list[Any]) -> list[Any]:
    """4 numbers of the image."""
    return [build.sub(d[0], d[2]), build.add(d[1], d[2]), build.sub(d[2], d[1]), build.sub(d[1], d[3])]


def result_2(build: KernelBuilder, m: list[Any]) -> list[Any]:
    """4 products -> 2 results."""
    return [build.add(build.add(m[0], m[1]), m[2]), build.sub(build.sub(m[1], m[2]), m[3])]


def grad_2(build: KernelBuilder, g: list[Any]) -> list[Any]:
    """2 gradients of results, the transpose of `result_2`."""
    zero = build.constant(0.0, g[0])
    return [g[0], build.add(g[0], g[1]), build.sub(g[0], g[1]), build.sub(zero, g[1])]


def image_4(build: KernelBuilder, d: list[Any]) -> list[Any]:
    """6 numbers of the image: rows (4 0 -5 0 1 0), (0 -4 -4 1 1 0), (0 4 -4 -1 1 0), (0 -2 -1 2 1 0), ..."""
    even, odd = scaled(build, d[2], -4.0, d[4]), scaled(build, d[1], -4.0, d[3])
    even2, odd2 = build.sub(d[4], d[2]), scaled(build, build.sub(d[3], d[1]), 2.0)
    return [
        scaled(build, d[0], 4.0, scaled(build, d[2], -5.0, d[4])),
        build.add(even, odd), build.sub(even, odd), build.add(even2, odd2), build.sub(even2, odd2),
        scaled(build, d[1], 4.0, scaled(build, d[3], -5.0, d[5])),
    ]  # fmt: skip


def result_4(build: KernelBuilder, m: list[Any]) -> list[Any]:
    """6 products -> 4 results: rows (1 1 1 1 1 0), (0 1 -1 2 -2 0), (0 1 1 4 4 0), (0 1 -1 8 -8 1)."""
    sum1, sub1, sum2, sub2 = (f(m[i], m[i + 1]) for i in (1, 3) for f in (build.add, build.sub))
    return [
        build.add(build.add(m[0], sum1), sum2), scaled(build, sub2, 2.0, sub1), scaled(build, sum2, 4.0, sum1),
        build.add(scaled(build, sub2, 8.0, sub1), m[5]),
    ]  # fmt: skip


def grad_4(build: KernelBuilder, g: list[Any]) -> list[Any]:
    """4 gradients of results, the transpose of `result_4`."""
    even, odd = build.add(g[0], g[2]), build.add(g[1], g[3])
    even2, odd2 = scaled(build, g[2], 4.0, g[0]), scaled(build, scaled(build, g[3], 4.0, g[1]), 2.0)
    return [g[0], build.add(even, odd), build.sub(even, odd), build.add(even2, odd2), build.sub(even2, odd2), g[3]]
