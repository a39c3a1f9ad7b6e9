"""Products with few rows, or few steps of k: a vector times a matrix, an outer product. They are as fast as memory is.

Whole rows of b are read, and of out written, one after the other, as memory likes it: a tile is some rows of out and
some steps of k, and goes over all columns of a panel; out itself holds the sums between two blocks of k.
"""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

from gradbook.kernels.emit import LONG
from gradbook.kernels.panels import PanelKernel, kernel_of
from gradbook.kernels.tile import widest

__all__ = ["address", "tiles"]


@functools.cache
def address(double: bool = False) -> int:
    """Where the kernel for float32 or float64 is."""
    return kernel_of("thin", double, lambda: Thin("thin", double))


def tiles() -> tuple[tuple[int, int], ...]:
    """(rows, steps of k): the numbers of a take half of the registers."""
    return ((4, 4), (2, 8), (1, 8)) if widest() == 4 else ((4, 2), (2, 4), (1, 8))


class Thin(PanelKernel):
    """The kernel while it is written. There is a bias or a start, not both: see `begin`."""

    def panel(self, matrix: Any, index: Any, first: Any, last: Any) -> None:
        """Rows [first, last) of one panel; panels are as wide as each other, in whole vectors."""
        build, words, lanes = self.build, self.words, self.build.lanes
        wide = build.ir.add(words.columns, build.ir.sub(build.ir.mul(words.panels, LONG(lanes)), LONG(1)))
        wide = build.ir.mul(build.ir.sdiv(wide, build.ir.mul(words.panels, LONG(lanes))), LONG(lanes))
        column = build.ir.mul(index, wide)
        place = self.place(matrix, column)
        left = build.larger_index(build.ir.sub(words.columns, column), LONG(0))  # none for a panel that is one too many
        place.columns = build.smaller_index(left, wide)
        following = first
        for rows, steps in tiles():
            end = build.ir.sub(last, LONG(rows - 1))
            with build.loop_with(following, end, [following], rows, "row") as (row, _, after):
                self.rows(place, row, rows, steps)
                after[:] = [build.ir.add(row, LONG(rows))]
            (following,) = after
        self.finish(place, column, place.columns, first, last)

    def rows(self, place: SimpleNamespace, row: Any, rows: int, steps: int) -> None:
        """Some rows: as many steps of k at once as there may be, then half as many, and so on."""
        build, depth = self.build, self.words.depth
        done: Any = LONG(0)
        for many in (n for n in (8, 4, 2, 1) if n <= steps):
            end = build.ir.sub(depth, LONG(many - 1))
            with build.loop_with(done, end, [done], many, "k") as (k, _, after):
                self.sweep(place, row, rows, k, many)
                after[:] = [build.ir.add(k, LONG(many))]
            (done,) = after
        with build.ir.if_then(build.ir.icmp_signed("==", depth, LONG(0))):
            self.sweep(place, row, rows, LONG(0), 0)

    def sweep(self, place: SimpleNamespace, row: Any, rows: int, k: Any, steps: int) -> None:
        """All columns of a panel, for some rows and some steps of k."""
        build, words, numbers = self.build, self.words, range(rows)
        lines = [build.ir.add(row, LONG(i)) for i in numbers]
        alpha, soon = build.splat(words.alpha), build.ir.mul(words.b_step, LONG(steps))  # what the next steps read
        left = [[self.number(place, line, build.ir.add(k, LONG(j)), alpha) for j in range(steps)] for line in lines]
        right = [self.far(place.b, build.ir.mul(build.ir.add(k, LONG(j)), words.b_step)) for j in range(steps)]
        out = [self.far(place.out, build.ir.mul(line, words.out_row)) for line in lines]
        is_last = build.ir.icmp_signed(">=", build.ir.add(k, LONG(max(steps, 1))), words.depth)
        relu = build.ir.and_(is_last, build.ir.icmp_signed("!=", words.relu, LONG(0)))
        least = build.ir.select(relu, build.constant(0.0, self.element), build.constant(float("-inf"), self.element))
        given, begin = self.begin(place, lines, out, build.ir.icmp_signed("==", k, LONG(0)))

        def column(c: Any, mask: Any, add: bool) -> None:
            b = [self.load(line, c, mask) for line in right]
            if rows == 1 and steps > 1 and mask is None:
                for line in right:
                    build.prefetch(self.far(line, build.ir.add(c, soon)))
            for i in numbers:
                value = self.load(begin[i], c, mask) if add else build.constant(0.0, self.kind)
                for x, y in zip(left[i], b, strict=True):
                    value = build.fma(x, y, value)
                floor = build.splat(least)
                value = build.ir.select(build.ir.fcmp_ordered("<", value, floor), floor, value)
                build.store(value, out[i], c) if mask is None else build.store_masked(value, out[i], c, mask)

        with build.ir.if_else(given) as (some, none):
            for add, branch in ((True, some), (False, none)):
                with branch:
                    self.columns(place.columns, functools.partial(column, add=add))

    def columns(self, count: Any, write: Any) -> None:
        """Write `write(column, mask)` for each vector of columns, the last of which may not be whole."""
        build = self.build
        whole = build.ir.and_(count, LONG(-build.lanes))
        with build.loop(LONG(0), whole, build.lanes, name="column") as c:
            write(c, None)
        with build.ir.if_then(build.ir.icmp_signed("<", whole, count)):
            write(whole, build.mask(build.ir.sub(count, whole)))

    def begin(self, place: SimpleNamespace, lines: list[Any], out: list[Any], is_first: Any) -> tuple[Any, list[Any]]:
        """(whether there is anything that the sums begin with, where it is for each row)."""
        build, words, found = self.build, self.words, []
        has_start, has_bias = self.exists(words.start), self.exists(words.bias)
        for line, before in zip(lines, out, strict=True):
            start = self.far(place.start, build.ir.mul(line, words.start_row))
            first = build.ir.select(has_start, start, place.bias)
            found.append(build.ir.select(is_first, first, before))
        given = build.ir.or_(build.ir.not_(is_first), build.ir.or_(has_start, has_bias))
        return given, found

    def number(self, place: SimpleNamespace, line: Any, k: Any, alpha: Any) -> Any:
        """A number of a, times alpha, in all lanes."""
        build, words = self.build, self.words
        at = build.ir.add(build.ir.mul(line, words.a_row), build.ir.mul(k, words.a_step))
        return build.mul(build.splat(build.load(place.a, at, self.element)), alpha)

    def load(self, base: Any, at: Any, mask: Any) -> Any:
        """A vector, or the lanes of it that there are."""
        if mask is None:
            return self.build.load_vector(base, at, self.element)
        return self.build.load_masked(base, at, mask, kind=self.element)
