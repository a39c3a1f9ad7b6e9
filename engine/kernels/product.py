"""Products around the micro-kernel: b is read where it is, or packed panel by panel, BLOCK steps of k at a time.

Columns of `out` lie side by side; everything else may have any strides, 0 too. A panel is at most `widest()` vectors.
However the work is divided, the same sums are formed.
"""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

from gradbook.kernels import packing
from gradbook.kernels.emit import LONG
from gradbook.kernels.panels import PanelKernel
from gradbook.kernels.tile import A, B, Sums, cover, multiply, widest

__all__ = ["BLOCK", "address"]

BLOCK = 256  # steps of k that are packed at once: 64 KB of panel at most


@functools.cache
def address(double: bool = False, scaled: bool = False) -> int:
    """Where the kernel for float32 or float64 is; scaled: the one that reads `alpha`, which is 1 otherwise."""
    return Product(double, scaled).address()


class Product(PanelKernel):
    """The kernel while it is written."""

    def __init__(self, double: bool, scaled: bool) -> None:
        super().__init__("product", double)
        self.scaled = scaled
        self.buffer = self.build.scratch(BLOCK * widest() * self.build.lanes, self.element)

    def panel(self, matrix: Any, index: Any, first: Any, last: Any) -> None:
        """Rows [first, last) of one panel: blocks of k, for each b packed if it is to be, then the rows."""
        build, words, place = self.build, self.words, self.columns(matrix, index)
        depth = build.larger_index(words.depth, LONG(1))  # one block at least
        with build.loop(LONG(0), depth, words.block, "block") as k:
            place.depth = build.smaller_index(build.ir.sub(words.depth, k), words.block)
            place.is_first = build.ir.icmp_signed("==", k, LONG(0))
            place.is_last = build.ir.icmp_signed(">=", build.ir.add(k, words.block), words.depth)
            place.left = self.far(place.a, build.ir.mul(k, words.a_step))
            source = self.far(place.b, build.ir.mul(k, words.b_step))
            panel = packing.Panel(source, words.b_step, words.b_column, place.depth, place.columns, place.vectors)
            place.right = packing.pack(build, words.packing, panel, self.buffer, self.kind)
            for vectors in range(1, widest() + 1):
                with build.ir.if_then(build.ir.icmp_signed("==", place.vectors, LONG(vectors))):
                    cover(build, first, last, vectors, Tiles(self, place, vectors).tile)

    def columns(self, matrix: Any, index: Any) -> SimpleNamespace:
        """A panel's columns, divided among panels as evenly as whole vectors allow, and its addresses."""
        build, words, lanes = self.build, self.words, LONG(self.build.lanes)
        vectors = build.ir.sdiv(build.ir.add(words.columns, build.ir.sub(lanes, LONG(1))), lanes)
        each = build.ir.sdiv(vectors, words.panels)
        more = build.ir.sub(vectors, build.ir.mul(each, words.panels))
        begin = build.ir.add(build.ir.mul(index, each), build.smaller_index(index, more))
        column = build.ir.mul(begin, lanes)
        place = self.place(matrix, column)
        place.vectors = build.ir.add(each, build.ir.zext(build.ir.icmp_signed("<", index, more), LONG))
        place.columns = build.smaller_index(build.ir.sub(words.columns, column), build.ir.mul(place.vectors, lanes))
        return place


class Tiles:
    """The tiles of a panel that is `vectors` wide; of the last vector only the columns there are."""

    def __init__(self, product: Product, place: SimpleNamespace, vectors: int) -> None:
        self.product, self.place, self.vectors = product, place, vectors
        self.build, self.words, self.kind = product.build, product.words, product.kind
        self.mask = self.build.mask(self.build.ir.sub(place.columns, LONG((vectors - 1) * self.build.lanes)))

    def tile(self, row: Any, rows: int) -> None:
        """One tile: what it starts with, the sums, and what becomes of them."""
        build, words, place, scaled = self.build, self.words, self.place, self.product.scaled
        a = A(build.at(place.left, build.ir.mul(row, words.a_row), self.kind.element), words.a_row, words.a_step)
        b = B(place.right.address, place.right.step, self.mask)
        start = None if scaled else self.lines(self.start(row, rows))
        sums = multiply(build, rows, self.vectors, place.depth, a, b, start=start, kind=self.kind)
        flat = [value for line in sums for value in line]
        if scaled:
            alpha = build.splat(words.alpha)
            flat = [build.fma(alpha, x, y) for x, y in zip(flat, self.start(row, rows), strict=True)]
        relu = build.ir.and_(place.is_last, build.ir.icmp_signed("!=", words.relu, LONG(0)))
        flat = self.product.either(relu, lambda: [self.positive(x) for x in flat], flat)
        for i, line in enumerate(self.lines(flat)):
            self.store_row(line, build.ir.mul(build.ir.add(row, LONG(i)), words.out_row))

    def lines(self, values: list[Any]) -> Sums:
        """Values one after the other, as rows."""
        return [values[i : i + self.vectors] for i in range(0, len(values), self.vectors)]

    def start(self, row: Any, rows: int) -> list[Any]:
        """What the sums start with: those of earlier blocks of k, else `start` and the bias if there are any."""
        build, words, place, product = self.build, self.words, self.place, self.product
        base = build.ir.select(place.is_first, place.start, place.out)
        stride = build.ir.select(place.is_first, words.start_row, words.out_row)

        def loaded() -> list[Any]:
            places = [build.ir.mul(build.ir.add(row, LONG(i)), stride) for i in range(rows)]
            return [value for at in places for value in self.load_row(base, at)]

        given = build.ir.or_(build.ir.not_(place.is_first), product.exists(words.start))
        sums = product.either(given, loaded, [build.constant(0.0, self.kind)] * (rows * self.vectors))

        def with_bias() -> list[Any]:
            return [build.add(x, y) for x, y in zip(sums, self.load_row(place.bias, LONG(0)) * rows, strict=True)]

        return product.either(build.ir.and_(place.is_first, product.exists(words.bias)), with_bias, sums)

    def positive(self, x: Any) -> Any:
        """The larger of x and 0; NaN stays."""
        zero = self.build.constant(0.0, self.kind)
        return self.build.ir.select(self.build.ir.fcmp_ordered("<", x, zero), zero, x)

    def load_row(self, base: Any, at: Any) -> list[Any]:
        """The vectors of one row."""
        build, whole = self.build, self.vectors - 1
        places = [build.ir.add(at, LONG(j * build.lanes)) for j in range(self.vectors)]
        found = [build.load_vector(base, place, self.kind.element) for place in places[:whole]]
        return [*found, build.load_masked(base, places[whole], self.mask, kind=self.kind.element)]

    def store_row(self, line: list[Any], at: Any) -> None:
        """Store a row of the tile."""
        build, out, (*whole, last) = self.build, self.place.out, line
        for j, value in enumerate(whole):
            build.store(value, out, build.ir.add(at, LONG(j * build.lanes)))
        build.store_masked(last, out, build.ir.add(at, LONG(len(whole) * build.lanes)), self.mask)
