"""Products around the micro-kernel: b is read where it is, or packed panel by panel, BLOCK steps of k at a time.

Columns of `out` lie side by side; everything else may have any strides, 0 too. A panel is as wide as its packed block
of 64 KB allows, one tile or several (see `span`); for each tile's rows all of its parts are multiplied in turn.
However the work is divided, the same sums are formed.
"""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

from gradbook.kernels.emit import FLOAT, LONG, KernelBuilder, width_of
from gradbook.kernels.packing import AS_IT_IS, COPIED, Buffer, Panel, pack
from gradbook.kernels.panels import PanelKernel, kernel_of
from gradbook.kernels.tile import A, B, Sums, cover, masks_are_free, multiply, widest

__all__ = ["BLOCK", "address", "span"]

BLOCK = 256  # steps of k that are packed at once
ROOM = 1 << 16  # bytes on the stack for them


@functools.cache
def address(double: bool = False, scaled: bool = False) -> int:
    """Where the kernel for float32 or float64 is; scaled: the one that reads `alpha`, which is 1 otherwise."""
    return kernel_of("product", double, lambda: Product(double, scaled), f"scaled={scaled}")


@functools.cache
def span() -> int:
    """How many of the widest tiles a panel may have: 1 with AVX-512, 4 otherwise."""
    vector = KernelBuilder("span").lanes * width_of(FLOAT)  # bytes
    return max(1, ROOM // (BLOCK * widest() * vector))


class Product(PanelKernel):
    """The kernel while it is written."""

    def __init__(self, double: bool, scaled: bool) -> None:
        super().__init__("product", double)
        self.scaled, self.span = scaled, span()
        size = BLOCK * widest() * self.build.lanes * self.span
        self.buffer = Buffer(self.build.scratch(size, self.element), BLOCK, widest(), self.kind)

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
            panel = Panel(source, words.b_step, words.b_column, place.depth, place.columns)
            place.right = pack(build, self.way(place.columns), panel, self.buffer)
            self.parts(place, first, last)
        self.finish(place, place.column, place.columns, first, last)

    def way(self, columns: Any) -> Any:
        """How b is packed; where masks are dear, also if its last vector is not whole."""
        build, words = self.build, self.words
        if masks_are_free():
            return words.packing
        partial = build.ir.icmp_signed("!=", build.ir.and_(columns, LONG(build.lanes - 1)), LONG(0))
        as_it_is = build.ir.icmp_signed("==", words.packing, LONG(AS_IT_IS))
        return build.ir.select(build.ir.and_(partial, as_it_is), LONG(COPIED), words.packing)

    def parts(self, place: SimpleNamespace, first: Any, last: Any) -> None:
        """Write the rows of all parts of a panel: whole ones, then what is left of the columns."""
        build, width = self.build, self.buffer.width
        done: Any = LONG(0)
        if not masks_are_free():
            whole = build.ir.sdiv(place.columns, LONG(width))
            done = build.ir.mul(whole, LONG(width))

            def tiles(row: Any, rows: int) -> None:
                with build.loop(LONG(0), whole, name="part") as part:
                    Tiles(self, place, widest(), part, False).tile(row, rows)

            cover(build, first, last, widest(), tiles)
        left = build.ir.sub(place.columns, done)
        vectors = build.ir.sdiv(build.ir.add(left, LONG(build.lanes - 1)), LONG(build.lanes))
        for count in range(1, widest() + 1):
            with build.ir.if_then(build.ir.icmp_signed("==", vectors, LONG(count))):
                tile = Tiles(self, place, count, build.ir.sdiv(done, LONG(width)), True).tile
                cover(build, first, last, count, tile)

    def columns(self, matrix: Any, index: Any) -> SimpleNamespace:
        """A panel's columns, divided among panels as evenly as whole vectors (or parts) allow, and its addresses."""
        build, words = self.build, self.words
        group = LONG(self.build.lanes if self.span == 1 else self.buffer.width)
        groups = build.ir.sdiv(build.ir.add(words.columns, build.ir.sub(group, LONG(1))), group)
        each = build.ir.sdiv(groups, words.panels)
        more = build.ir.sub(groups, build.ir.mul(each, words.panels))
        begin = build.ir.add(build.ir.mul(index, each), build.smaller_index(index, more))
        column = build.ir.mul(begin, group)
        place = self.place(matrix, column)
        place.column = column
        count = build.ir.add(each, build.ir.zext(build.ir.icmp_signed("<", index, more), LONG))
        place.columns = build.smaller_index(build.ir.sub(words.columns, column), build.ir.mul(count, group))
        return place


class Tiles:
    """The tiles of one part of a panel, `vectors` wide; masked: of the last vector there are only some columns."""

    def __init__(self, product: Product, place: SimpleNamespace, vectors: int, part: Any, masked: bool) -> None:
        self.product, self.place, self.vectors = product, place, vectors
        self.build, self.words, self.kind = product.build, product.words, product.kind
        build, self.column = self.build, self.build.ir.mul(part, LONG(product.buffer.width))
        left = build.ir.sub(place.columns, self.column)
        self.mask = build.mask(build.ir.sub(left, LONG((vectors - 1) * build.lanes))) if masked else None
        right = self.product.far(place.right.address, build.ir.mul(part, place.right.part))
        self.right = B(right, place.right.step, self.mask if masks_are_free() else None)

    def tile(self, row: Any, rows: int) -> None:
        """One tile: what it starts with, the sums, and what becomes of them."""
        build, words, place, scaled = self.build, self.words, self.place, self.product.scaled
        a = A(build.at(place.left, build.ir.mul(row, words.a_row), self.kind.element), words.a_row, words.a_step)
        start = None if scaled else self.lines(self.start(row, rows))
        sums = multiply(build, rows, self.vectors, place.depth, a, self.right, start=start, kind=self.kind)
        flat = [value for line in sums for value in line]
        if scaled:
            alpha = build.splat(words.alpha)
            flat = [build.fma(alpha, x, y) for x, y in zip(flat, self.start(row, rows), strict=True)]
        relu = build.ir.and_(place.is_last, build.ir.icmp_signed("!=", words.relu, LONG(0)))
        flat = self.product.either(relu, lambda: [self.positive(x) for x in flat], flat)
        for i, line in enumerate(self.lines(flat)):
            at = build.ir.mul(build.ir.add(row, LONG(i)), words.out_row)
            self.store_row(line, build.ir.add(at, self.column))

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
            return [value for at in places for value in self.load_row(base, build.ir.add(at, self.column))]

        given = build.ir.or_(build.ir.not_(place.is_first), product.exists(words.start))
        sums = product.either(given, loaded, [build.constant(0.0, self.kind)] * (rows * self.vectors))

        def with_bias() -> list[Any]:
            return [build.add(x, y) for x, y in zip(sums, self.load_row(place.bias, self.column) * rows, strict=True)]

        return product.either(build.ir.and_(place.is_first, product.exists(words.bias)), with_bias, sums)

    def positive(self, x: Any) -> Any:
        """The larger of x and 0; NaN stays."""
        zero = self.build.constant(0.0, self.kind)
        return self.build.ir.select(self.build.ir.fcmp_ordered("<", x, zero), zero, x)

    def load_row(self, base: Any, at: Any) -> list[Any]:
        """The vectors of one row."""
        build, element = self.build, self.kind.element
        *places, last = [build.ir.add(at, LONG(j * build.lanes)) for j in range(self.vectors)]
        found = [build.load_vector(base, place, element) for place in places]
        if self.mask is None:
            return [*found, build.load_vector(base, last, element)]
        return [*found, build.load_masked(base, last, self.mask, kind=element)]

    def store_row(self, line: list[Any], at: Any) -> None:
        """Store a row of the tile."""
        build, out = self.build, self.place.out
        for j, value in enumerate(line):
            place = build.ir.add(at, LONG(j * build.lanes))
            if self.mask is not None and j == self.vectors - 1:
                build.store_masked(value, out, place, self.mask)
            else:
                build.store(value, out, place)
