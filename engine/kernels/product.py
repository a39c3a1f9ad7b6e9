"""One kernel for all products of matrices: out = max(alpha * a @ b + start + bias, floor), in batches.

Columns of `out` lie side by side; everything else may have any strides, 0 too. A unit is `height` rows of one panel
of columns, a panel at most `widest()` vectors; units are numbered rows first, then panels, then matrices of the batch.
b is read where it is, or packed panel by panel (packing.py) into a buffer on the stack, BLOCK steps of k at a time.
However the work is divided, the same sums are formed.
"""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

from gradbook.kernels import packing
from gradbook.kernels.emit import DOUBLE, FLOAT, LONG, POINTER, KernelBuilder
from gradbook.kernels.tile import A, B, Sums, cover, multiply, widest

__all__ = ["BLOCK", "WORDS", "address"]

BLOCK = 256  # steps of k that are packed at once: 64 KB of panel at most
POINTERS = (
    "out", "a", "b",
    "start",  # what is added to, or null
    "bias",  # or null
    "offsets",  # of out, a, b and start: 4 numbers for each matrix of the batch
)  # fmt: skip
NUMBERS = (
    "rows", "columns", "depth",
    "out_row", "a_row", "a_step", "b_step", "b_column", "start_row",  # strides, in elements; step: along k
    "packing",  # one of packing.WAYS
    "block",  # steps of k at a time, at most BLOCK if b is packed
    "panels", "heights", "height",  # heights: units in a panel
    "relu",  # 0 or 1
)  # fmt: skip
WORDS = (*POINTERS, *NUMBERS, "alpha")


@functools.cache
def address(double: bool = False, scaled: bool = False) -> int:
    """Where the kernel for float32 or float64 is; scaled: the one that reads `alpha`, which is 1 otherwise."""
    return Product(double, scaled).address()


class Product:
    """The kernel while it is written. `words` has an attribute for each name in WORDS."""

    def __init__(self, double: bool, scaled: bool) -> None:
        self.scaled, self.element = scaled, DOUBLE if double else FLOAT
        self.build = build = KernelBuilder("product", unroll=False)
        build.lanes //= 2 if double else 1
        self.kind = build.vector(self.element)
        kinds = {name: POINTER for name in POINTERS} | {"alpha": self.element}
        self.words = SimpleNamespace(**{name: build.word(i, kinds.get(name, LONG)) for i, name in enumerate(WORDS)})
        self.buffer = build.scratch(BLOCK * widest() * build.lanes, self.element)

    def address(self) -> int:
        """Write all of it, and compile it."""
        build, words = self.build, self.words
        up = build.ir.add(build.stop, build.ir.sub(words.heights, LONG(1)))
        with build.loop(build.ir.sdiv(build.start, words.heights), build.ir.sdiv(up, words.heights), name="panel") as i:
            before = build.ir.mul(i, words.heights)
            first, last = build.ir.sub(build.start, before), build.ir.sub(build.stop, before)
            first = build.ir.mul(self.larger(first, LONG(0)), words.height)
            self.panel(i, first, self.smaller(build.ir.mul(last, words.height), words.rows))
        return build.address()

    def panel(self, index: Any, first: Any, last: Any) -> None:
        """Rows [first, last) of one panel: blocks of k, for each b packed if it is to be, then the rows."""
        build, words, place = self.build, self.words, self.place(index)
        depth = self.larger(words.depth, LONG(1))  # one block at least
        with build.loop(LONG(0), depth, words.block, "block") as k:
            place.depth = self.smaller(build.ir.sub(words.depth, k), words.block)
            place.is_first = build.ir.icmp_signed("==", k, LONG(0))
            place.is_last = build.ir.icmp_signed(">=", build.ir.add(k, words.block), words.depth)
            place.left = build.at(place.a, build.ir.mul(k, words.a_step), self.element)
            source = build.at(place.b, build.ir.mul(k, words.b_step), self.element)
            panel = packing.Panel(source, words.b_step, words.b_column, place.depth, place.columns, place.vectors)
            place.right = packing.pack(build, words.packing, panel, self.buffer, self.kind)
            for vectors in range(1, widest() + 1):
                with build.ir.if_then(build.ir.icmp_signed("==", place.vectors, LONG(vectors))):
                    cover(build, first, last, vectors, Tiles(self, place, vectors).tile)

    def place(self, index: Any) -> SimpleNamespace:
        """Where a panel is: its matrix, its columns, divided as evenly as whole vectors allow, and its addresses."""
        build, words = self.build, self.words
        matrix = build.ir.sdiv(index, words.panels)
        panel = build.ir.sub(index, build.ir.mul(matrix, words.panels))
        vectors = build.ir.sdiv(build.ir.add(words.columns, LONG(build.lanes - 1)), LONG(build.lanes))
        each = build.ir.sdiv(vectors, words.panels)
        more = build.ir.sub(vectors, build.ir.mul(each, words.panels))
        begin = build.ir.add(build.ir.mul(panel, each), self.smaller(panel, more))
        vectors = build.ir.add(each, build.ir.zext(build.ir.icmp_signed("<", panel, more), LONG))
        column = build.ir.mul(begin, LONG(build.lanes))
        matrix = build.ir.mul(matrix, LONG(4))
        offsets = [build.load(words.offsets, build.ir.add(matrix, LONG(i)), LONG) for i in range(4)]
        steps = (column, LONG(0), build.ir.mul(column, words.b_column), column)
        addresses = {
            name: build.ir.gep(getattr(words, name), [build.ir.add(offset, step)], source_etype=self.element)
            for name, offset, step in zip(("out", "a", "b", "start"), offsets, steps, strict=True)
        }
        bias = build.ir.gep(words.bias, [column], source_etype=self.element)
        rest = build.ir.sub(words.columns, column)
        columns = self.smaller(rest, build.ir.mul(vectors, LONG(build.lanes)))
        return SimpleNamespace(**addresses, bias=bias, vectors=vectors, columns=columns)

    def smaller(self, a: Any, b: Any) -> Any:
        """The smaller of two indices."""
        return self.build.ir.select(self.build.ir.icmp_signed("<", a, b), a, b)

    def larger(self, a: Any, b: Any) -> Any:
        """The larger of two indices."""
        return self.build.ir.select(self.build.ir.icmp_signed("<", a, b), b, a)


class Tiles:
    """The tiles of a panel that is `vectors` wide; of the last vector only the columns there are."""

    def __init__(self, product: Product, place: SimpleNamespace, vectors: int) -> None:
        self.build, self.words, self.kind = product.build, product.words, product.kind
        self.place, self.vectors, self.scaled = place, vectors, product.scaled
        self.mask = self.build.mask(self.build.ir.sub(place.columns, LONG((vectors - 1) * self.build.lanes)))

    def tile(self, row: Any, rows: int) -> None:
        """One tile: what it starts with, the sums, and what becomes of them."""
        build, words, place = self.build, self.words, self.place
        a = A(build.at(place.left, build.ir.mul(row, words.a_row), self.kind.element), words.a_row, words.a_step)
        b = B(place.right.address, place.right.step, self.mask)
        start = None if self.scaled else self.start(row, rows)
        sums = multiply(build, rows, self.vectors, place.depth, a, b, start=start, kind=self.kind)
        if self.scaled:
            alpha = build.splat(words.alpha)
            pairs = zip(sums, self.start(row, rows), strict=True)
            sums = [[build.fma(alpha, x, y) for x, y in zip(*pair, strict=True)] for pair in pairs]
        relu = build.ir.and_(place.is_last, build.ir.icmp_signed("!=", words.relu, LONG(0)))
        sums = self.either(relu, lambda: [[self.positive(x) for x in line] for line in sums], sums)
        for i, line in enumerate(sums):
            at = build.ir.mul(build.ir.add(row, LONG(i)), words.out_row)
            for j, value in enumerate(line):
                self.store(value, build.ir.add(at, LONG(j * build.lanes)), j)

    def start(self, row: Any, rows: int) -> Sums:
        """What the sums start with: those of earlier blocks of k, else `start` and the bias if there are any."""
        build, words, place = self.build, self.words, self.place
        base = build.ir.select(place.is_first, place.start, place.out)
        stride = build.ir.select(place.is_first, words.start_row, words.out_row)
        zeros = [build.constant(0.0, self.kind)] * self.vectors

        def loaded() -> Sums:
            places = [build.ir.mul(build.ir.add(row, LONG(i)), stride) for i in range(rows)]
            return [self.load_row(base, at) for at in places]

        def with_bias() -> Sums:
            bias = self.load_row(place.bias, LONG(0))
            return [[build.add(x, y) for x, y in zip(line, bias, strict=True)] for line in sums]

        given = build.ir.or_(build.ir.not_(place.is_first), self.exists(words.start))
        sums = self.either(given, loaded, [zeros] * rows)
        return self.either(build.ir.and_(place.is_first, self.exists(words.bias)), with_bias, sums)

    def exists(self, pointer: Any) -> Any:
        """Whether an array was given."""
        return self.build.ir.icmp_unsigned("!=", pointer, POINTER(None))

    def positive(self, x: Any) -> Any:
        """The larger of x and 0; NaN stays."""
        zero = self.build.constant(0.0, self.kind)
        return self.build.ir.select(self.build.ir.fcmp_ordered("<", x, zero), zero, x)

    def either(self, condition: Any, write: Any, otherwise: Sums) -> Sums:
        """What `write()` gives where the condition holds, else `otherwise`."""
        before = self.build.ir.block
        with self.build.ir.if_then(condition):
            written, after = write(), self.build.ir.block
        joined: Sums = []
        for one, other in zip(written, otherwise, strict=True):
            joined.append([self.build.ir.phi(self.kind) for _ in one])
            for phi, x, y in zip(joined[-1], one, other, strict=True):
                phi.add_incoming(x, after)
                phi.add_incoming(y, before)
        return joined

    def load_row(self, base: Any, at: Any) -> list[Any]:
        """The vectors of one row."""
        build, whole = self.build, self.vectors - 1
        places = [build.ir.add(at, LONG(j * build.lanes)) for j in range(self.vectors)]
        found = [build.load_vector(base, place, self.kind.element) for place in places[:whole]]
        return [*found, build.load_masked(base, places[whole], self.mask, kind=self.kind.element)]

    def store(self, value: Any, at: Any, j: int) -> None:
        """Vector j of a row of out."""
        if j == self.vectors - 1:
            self.build.store_masked(value, self.place.out, at, self.mask)
        else:
            self.build.store(value, self.place.out, at)
