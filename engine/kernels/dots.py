"""Products whose factors both lie along k, as dot products: x @ weight.T with few rows, a matrix times a vector.

There packing b would cost more than the product. A tile of rows x columns keeps a vector of sums for each pair; in the
end the lanes of each are added up, by halves. A panel is as many columns as a vector has lanes.
"""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

from gradbook.kernels.emit import LONG, KernelBuilder
from gradbook.kernels.panels import PanelKernel, kernel_of
from gradbook.kernels.tile import widest

__all__ = ["COLUMNS", "address", "heights", "sums_of"]

COLUMNS = 4  # of a tile


@functools.cache
def address(double: bool = False) -> int:
    """Where the kernel for float32 or float64 is."""
    return kernel_of("dots", double, lambda: Dots("dots", double))


def heights() -> tuple[int, ...]:
    """Rows of the tiles: 16 vectors of sums, or 8 where there are 16 registers; fewer rows take more steps at once."""
    return (4, 2, 1) if widest() == 4 else (2, 1)


class Dots(PanelKernel):
    """The kernel while it is written."""

    def panel(self, matrix: Any, index: Any, first: Any, last: Any) -> None:
        """Rows [first, last) of one panel."""
        build, words = self.build, self.words
        column = build.ir.mul(index, LONG(build.lanes))
        place = self.place(matrix, column)
        columns = build.smaller_index(build.ir.sub(words.columns, column), LONG(build.lanes))
        with build.loop(LONG(0), columns, COLUMNS, name="column") as c:
            following = first
            for rows in heights():
                end = build.ir.sub(last, LONG(rows - 1))
                with build.loop_with(following, end, [following], rows, "row") as (row, _, after):
                    self.tile(place, row, rows, c, build.ir.sub(columns, c))
                    after[:] = [build.ir.add(row, LONG(rows))]
                (following,) = after
        self.finish(place, column, columns, first, last)

    def tile(self, place: SimpleNamespace, row: Any, rows: int, column: Any, left: Any) -> None:
        """The sums of some rows of a and, at most, COLUMNS columns of b, of which so many are left; stored."""
        build, words = self.build, self.words
        numbers = [build.ir.add(row, LONG(i)) for i in range(rows)]
        lines = [build.at(place.a, build.ir.mul(number, words.a_row), self.element) for number in numbers]
        last = build.ir.sub(left, LONG(1))
        for c in range(COLUMNS):  # the last is read again in the place of those beyond it
            there = build.ir.add(column, build.smaller_index(LONG(c), last))
            lines.append(build.at(place.b, build.ir.mul(there, words.b_column), self.element))
        totals = sums_of(build, self.along(lines, rows, heights()[0] // rows))
        mask = build.mask(left, COLUMNS)
        for i, number in enumerate(numbers):
            self.store(place, number, column, part(build, totals, i * COLUMNS), mask)

    def along(self, lines: list[Any], rows: int, count: int) -> list[Any]:
        """A vector of sums for each pair of a row and a column: `count` vectors at a time, then one, then the rest."""
        build, depth, lanes = self.build, self.words.depth, self.build.lanes
        zeros = [build.constant(0.0, self.kind)] * (rows * COLUMNS)
        sums, done = zeros, LONG(0)
        ahead = build.ir.mul(self.words.b_column, LONG(COLUMNS))  # the same place of the columns that come next
        for many in dict.fromkeys((count, 1)):
            end = build.ir.sub(depth, LONG(many * lanes - 1))
            carried = [done, *sums, *zeros * (many - 1)]
            with build.loop_with(done, end, carried, many * lanes, "k") as (k, (_, *values), after):
                after[:] = [build.ir.add(k, LONG(many * lanes))]
                for i in range(many):
                    at = build.ir.add(k, LONG(i * lanes))
                    if rows == 1:
                        for line in lines[1:]:
                            build.prefetch(self.far(line, build.ir.add(at, ahead)))
                    loads = [build.load_vector(line, at, self.element) for line in lines]
                    after += self.step(values[i * len(sums) : (i + 1) * len(sums)], loads, rows)
            done, *values = after
            groups = [values[i : i + len(sums)] for i in range(0, len(values), len(sums))]
            sums = [functools.reduce(build.add, same) for same in zip(*groups, strict=True)]

        def rest() -> list[Any]:
            mask = build.mask(build.ir.sub(depth, done))
            return self.step(sums, [build.load_masked(line, done, mask, kind=self.element) for line in lines], rows)

        return self.either(build.ir.icmp_signed("<", done, depth), rest, sums)

    def step(self, sums: list[Any], loads: list[Any], rows: int) -> list[Any]:
        """Each row's vector times each column's, added to their sums."""
        left, right = loads[:rows], loads[rows:]
        return [self.build.fma(left[i // COLUMNS], right[i % COLUMNS], value) for i, value in enumerate(sums)]

    def store(self, place: SimpleNamespace, row: Any, column: Any, value: Any, mask: Any) -> None:
        """Store a row of a tile."""
        build, words = self.build, self.words
        begin = [build.constant(0.0, value.type)]
        for array, base, at in (
            (words.start, place.start, build.ir.add(build.ir.mul(row, words.start_row), column)),
            (words.bias, place.bias, column),
        ):

            def added(base: Any = base, at: Any = at, begin: Any = begin) -> list[Any]:
                return [build.add(begin[0], build.load_masked(base, at, mask, kind=self.element))]

            begin = self.either(self.exists(array), added, begin)
        value = build.fma(build.splat(words.alpha, COLUMNS), value, begin[0])
        relu, zero = build.ir.icmp_signed("!=", words.relu, LONG(0)), build.constant(0.0, value.type)
        below = build.ir.and_(build.ir.fcmp_ordered("<", value, zero), build.splat(relu, COLUMNS))
        value = build.ir.select(below, zero, value)
        build.store_masked(value, place.out, build.ir.add(build.ir.mul(row, words.out_row), column), mask)


def sums_of(build: KernelBuilder, vectors: list[Any]) -> list[Any]:
    """The sum over the lanes of each vector, by halves: number i of the results, taken together, is that of vector i.

    The number of vectors is a power of two; fewer than lanes give one short vector.
    """
    lanes = vectors[0].type.count
    return [_sums(build, vectors[i : i + lanes]) for i in range(0, len(vectors), lanes)]


def _sums(build: KernelBuilder, vectors: list[Any]) -> Any:
    size = vectors[0].type.count  # lanes that belong to one sum
    while size > 1:
        half, middle, lanes = size // 2, max(1, len(vectors) // 2), vectors[0].type.count
        firsts = [block + vector for block in range(0, lanes, size) for vector in (0, lanes)[: len(vectors)]]
        lower = [first + i for first in firsts for i in range(half)]
        upper = [lane + half for lane in lower]
        pairs = [(vectors[i], vectors[(i + middle) % len(vectors)]) for i in range(middle)]
        vectors = [build.add(build.shuffle(*pair, lower), build.shuffle(*pair, upper)) for pair in pairs]
        size = half
    return vectors[0]


def part(build: KernelBuilder, vectors: list[Any], first: int) -> Any:
    """Numbers [first, first + COLUMNS) of vectors in a row."""
    size = vectors[0].type.count
    if size >= COLUMNS:
        which, first = divmod(first, size)
        return build.shuffle(vectors[which], vectors[which], list(range(first, first + COLUMNS)))
    return build.shuffle(vectors[first // size], vectors[first // size + 1], list(range(COLUMNS)))
