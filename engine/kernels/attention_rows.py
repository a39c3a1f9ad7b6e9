"""What attention is written in: heads, blocks of rows, transposed keys, passes over a few rows of weights at a time.

A head's unit is gone about by tiles of rows: their products with all keys, then what is done along the rows, several
rows at once so that their sums do not wait for each other. A causal tile stops at the vector with its last row's key;
what lies beyond is filled with zeros.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from gradbook.kernels.emit import LONG, KernelBuilder
from gradbook.kernels.packing import transpose
from gradbook.kernels.tile import A, B, cover, masks_are_free, multiply, widest

__all__ = ["Heads", "Width"]


class Width(NamedTuple):
    """What is known of a length along vectors: whether it has whole panels, vectors left over, a last one in part."""

    wide: bool
    rest: int
    partial: bool


class Heads:
    """The code of a kernel called with (thread, threads), which share the units of all heads.

    Words by name: addresses and numbers, in the order of `names`; OFFSETS has a row of `offsets` numbers a head.
    """

    names: tuple[str, ...]
    per_head: tuple[str, ...]  # arrays that have an offset for each head, in elements

    def __init__(self, name: str, causal: bool) -> None:
        self.build = KernelBuilder(name)
        self.causal, self.lanes = causal, self.build.lanes
        self.panel = widest() * self.lanes
        self.queries, self.keys = self.number("queries"), self.number("keys")

    def number(self, name: str) -> Any:
        """A number of run time."""
        return self.build.word(self.names.index(name))

    def pointer(self, name: str) -> Any:
        """An array's address."""
        return self.build.pointer(self.names.index(name))

    def units(self, body: Callable[[Any, Any, Any], None]) -> str:
        """Write body(head, first row, row after the last) for this thread's units. -> the kernel's IR"""
        build, blocks = self.build, self.number("blocks")
        thread, count = build.start, build.ir.mul(self.number("heads"), blocks)
        threads = build.smaller_index(build.stop, self.number("most"))  # others have no memory, and no units
        size = self.number("rows")
        self.memory = build.at(self.pointer("memory"), build.ir.mul(thread, self.number("room")))
        start = build.ir.sdiv(build.ir.mul(count, thread), threads)
        stop = build.ir.sdiv(build.ir.mul(count, build.ir.add(thread, LONG(1))), threads)
        stop = build.smaller_index(stop, count)
        with build.loop(start, stop, name="unit") as unit:
            head = build.ir.sdiv(unit, blocks)
            first = build.ir.mul(build.ir.sub(unit, build.ir.mul(head, blocks)), size)
            self.of_head(head)
            body(head, first, build.smaller_index(self.queries, build.ir.add(first, size)))
        return build.text()

    def of_head(self, head: Any) -> None:
        """Find where each array of a head begins: `self.at[name]`."""
        build, offsets = self.build, self.pointer("offsets")
        line = build.ir.mul(head, LONG(len(self.per_head)))
        self.at: dict[str, Any] = {}
        for i, name in enumerate(self.per_head):
            offset = build.load(offsets, build.ir.add(line, LONG(i)), LONG)
            self.at[name] = build.at(self.pointer(name), offset)

    def row(self, name: str, row: Any) -> Any:
        """Where a row of a head's array begins."""
        return self.build.at(self.at[name], self.build.ir.mul(row, self.number(f"{name}_row")))

    def weights(self, base: Any, row: Any) -> Any:
        """Where a row of weights begins."""
        return self.build.at(base, self.build.ir.mul(row, self.keys))

    # -- keys or values, transposed ----------------------------------------------------------------------------------

    def transposed(self, name: str, size: Any, stop: Any) -> Any:
        """A head's rows before `stop`, of `size` numbers, as the right factor whose columns are rows. -> its memory

        Panels of columns, then vectors of what is left; each number of a row leads to the next line of a panel.
        """
        build, lanes = self.build, self.lanes
        deep = self.deep(size)
        last = build.ir.sub(self.keys, LONG(1))
        with build.loop(LONG(0), stop, lanes, name="keys") as key:
            rows = [build.smaller_index(build.ir.add(key, LONG(i)), last) for i in range(lanes)]
            lines = [self.row(name, row) for row in rows]
            first = build.ir.mul(build.ir.sdiv(key, LONG(self.panel)), LONG(self.panel))
            whole = build.ir.icmp_signed("<=", build.ir.add(first, LONG(self.panel)), self.keys)
            begin = build.ir.select(whole, first, key)
            to = build.ir.add(build.ir.mul(begin, deep), build.ir.sub(key, begin))
            step = build.ir.select(whole, LONG(self.panel), LONG(lanes))
            with build.loop(LONG(0), size, lanes, name="square") as e:
                mask = build.mask(build.ir.sub(size, e))
                for i, column in enumerate(transpose(build, [build.load_masked(line, e, mask) for line in lines])):
                    place = build.ir.mul(build.ir.add(e, LONG(i)), step)
                    build.store(column, self.memory, build.ir.add(to, place))
        return self.memory

    def deep(self, size: Any) -> Any:
        """Lines of a transposed panel: whole vectors."""
        return self.build.ir.and_(self.build.ir.add(size, LONG(self.lanes - 1)), LONG(-self.lanes))

    def scores(self, a: A, size: Any, limit: Any, base: Any, row: Any, rows: int) -> None:
        """A tile's products with the transposed rows before `limit`, into rows of `base`."""
        build = self.build
        deep, whole = self.deep(size), build.ir.mul(build.ir.sdiv(self.keys, LONG(self.panel)), LONG(self.panel))
        lines = [self.weights(base, build.ir.add(row, LONG(i))) for i in range(rows)]

        def panel(at: Any, vectors: int, mask: Any) -> None:
            b = B(build.at(self.memory, build.ir.mul(at, deep)), LONG(vectors * self.lanes))
            sums = multiply(build, rows, vectors, size, a, b)
            for line, values in zip(lines, sums, strict=True):
                for j, value in enumerate(values):
                    place = build.ir.add(at, LONG(j * self.lanes))
                    self.store(value, line, place, mask if j == vectors - 1 else None)

        with build.loop(LONG(0), build.smaller_index(whole, limit), self.panel, name="panel") as at:
            panel(at, widest(), None)
        with build.loop(whole, limit, self.lanes, name="rest") as at:
            panel(at, 1, build.mask(build.ir.sub(self.keys, at)))

    # -- along rows --------------------------------------------------------------------------------------------------

    def limit(self, row: Any, rows: int) -> Any:
        """The keys that a tile of rows looks at: all, or as many whole vectors as its last row needs."""
        if not self.causal:
            return self.keys
        build, end = self.build, self.build.ir.add(row, LONG(rows))
        up = build.ir.and_(build.ir.add(end, LONG(self.lanes - 1)), LONG(-self.lanes))
        return build.smaller_index(self.keys, up)

    def along(self, limit: Any, body: Callable[[Any, Any, list[Any]], list[Any]], first: Any = ()) -> list[Any]:
        """Values carried along columns [0, limit): body(column, mask or None, values) -> the next ones."""
        build = self.build
        whole = build.ir.and_(limit, LONG(-self.lanes))
        if masks_are_free():
            with build.loop_with(LONG(0), limit, list(first), self.lanes, name="column") as (at, now, after):
                after[:] = body(at, build.mask(build.ir.sub(limit, at)), now)
            return after
        with build.loop_with(LONG(0), whole, list(first), self.lanes, name="column") as (at, now, after):
            after[:] = body(at, None, now)
        with build.loop_with(whole, limit, after, self.lanes, name="rest") as (at, now, last):  # at most once
            last[:] = body(at, build.mask(build.ir.sub(limit, at)), now)
        return last

    def load(self, base: Any, at: Any, mask: Any, other: float = 0.0) -> Any:
        """A vector of a row; `other` beyond its end."""
        return self.build.load_vector(base, at) if mask is None else self.build.load_masked(base, at, mask, other)

    def store(self, value: Any, base: Any, at: Any, mask: Any) -> None:
        """Store a vector of a row, as far as the row goes."""
        if mask is None:
            self.build.store(value, base, at)
        else:
            self.build.store_masked(value, base, at, mask)

    def clear(self, lines: list[Any], limit: Any) -> None:
        """Zeros in rows from `limit`, which begins a vector, to the end."""
        if not self.causal:
            return
        build, zero = self.build, self.build.constant(0.0, self.build.vector())
        whole = build.ir.and_(self.keys, LONG(-self.lanes))
        with build.loop(limit, whole, self.lanes, name="clear") as at:
            for line in lines:
                build.store(zero, line, at)
        begin = build.larger_index(limit, whole)
        with build.loop(begin, self.keys, self.lanes, name="clear") as at:  # at most once
            for line in lines:
                self.store(zero, line, at, build.mask(build.ir.sub(self.keys, at)))

    # -- products into rows ------------------------------------------------------------------------------------------

    def into(
        self, name: str, width: Width, size: Any, row: Any, rows: int, depth: Any, a: A, source: tuple[Any, Any],
        keep: Any = None,
    ) -> None:  # fmt: skip
        """Rows [row, row + rows) of an array, `size` numbers each: a product of `a` with the rows at `source`.

        source: (address, from row to row). keep: whether they are added to what is there, a bit.
        """
        build, (right, step) = self.build, source
        lines = [self.row(name, build.ir.add(row, LONG(i))) for i in range(rows)]

        def panel(at: Any, vectors: int, mask: Any) -> None:
            places = [build.ir.add(at, LONG(j * self.lanes)) for j in range(vectors)]
            masks = [*[None] * (vectors - 1), mask]
            start = None
            if keep is not None:
                start = self.before(keep, lines, places, masks)
            sums = multiply(build, rows, vectors, depth, a, B(build.at(right, at), step, mask), start=start)
            for line, values in zip(lines, sums, strict=True):
                for place, value, own in zip(places, values, masks, strict=True):
                    self.store(value, line, place, own)

        begin: Any = LONG(0)
        if width.wide:
            begin = build.ir.mul(build.ir.sdiv(size, LONG(self.panel)), LONG(self.panel))
            with build.loop(LONG(0), begin, self.panel, name="panel") as at:
                panel(at, widest(), None)
        if width.rest:
            last = build.ir.add(begin, LONG((width.rest - 1) * self.lanes))
            panel(begin, width.rest, build.mask(build.ir.sub(size, last)) if width.partial else None)

    def before(self, keep: Any, lines: list[Any], places: list[Any], masks: list[Any]) -> list[list[Any]]:
        """What is there, or zeros."""
        build = self.build
        zero = build.constant(0.0, build.vector())
        start_block = build.ir.block
        with build.ir.if_then(keep):
            found = [[self.load(line, at, m) for at, m in zip(places, masks, strict=True)] for line in lines]
            loaded = build.ir.block
        result = []
        for values in found:
            phis = []
            for value in values:
                phi = build.ir.phi(value.type)
                phi.add_incoming(zero, start_block)
                phi.add_incoming(value, loaded)
                phis.append(phi)
            result.append(phis)
        return result

    def tiles(self, first: Any, stop: Any, tile: Callable[[Any, int], None]) -> None:
        """Tiles of rows."""
        cover(self.build, first, stop, widest(), tile)


def width_of(size: int, lanes: int) -> Width:
    """What a kernel is made for, of a length."""
    panel = widest() * lanes
    rest = -(-(size % panel) // lanes)
    return Width(size >= panel, rest, bool(size % lanes))
