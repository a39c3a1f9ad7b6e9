"""Panels of a right factor, copied into a small buffer in the order in which the micro-kernel reads them.

A panel is packed where its columns lie apart (a transposed weight), or where rows far from each other would miss the
caches. It is cut into parts as wide as a tile; in each, row after row follows. Lanes beyond the last column hold
numbers nobody uses; memory beyond it is not read.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from gradbook.kernels.emit import LONG, POINTER, KernelBuilder, width_of

__all__ = ["AS_IT_IS", "COPIED", "GATHERED", "TRANSPOSED", "Buffer", "Packed", "Panel", "pack", "transpose"]

AS_IT_IS, COPIED, TRANSPOSED, GATHERED = range(4)  # how a panel is read
LINE = 64  # bytes
AHEAD = 16  # rows that are asked for before they are copied: far rows of a large matrix are not near by themselves
SECTION = 16  # bytes: shuffles within sections of a vector are cheap, those across them less so


class Panel(NamedTuple):
    """Numbers of run time: element (k, c) of a panel is at source + k * step + c * column."""

    source: Any
    step: Any
    column: Any
    depth: Any
    columns: Any


class Buffer(NamedTuple):
    """Memory for `deep` rows of a panel's parts, each `vectors` vectors of type `kind` wide; deep: whole vectors."""

    address: Any
    deep: int
    vectors: int
    kind: Any

    @property
    def width(self) -> int:
        """Columns of a part."""
        return int(self.vectors * self.kind.count)


class Packed(NamedTuple):
    """Where a panel is after packing: row k of part p at address + k * step + p * part."""

    address: Any
    step: Any
    part: Any


def pack(build: KernelBuilder, way: Any, panel: Panel, buffer: Buffer) -> Packed:
    """Write the packing of a panel into a buffer, in one of four ways that `way` names at run time."""
    end = build.function.append_basic_block("packed")
    incoming = [(build.ir.block, panel.source, panel.step, LONG(buffer.width))]
    switch = build.ir.switch(way, end)
    for number, write in ((COPIED, _copy), (TRANSPOSED, _transpose), (GATHERED, _gather)):
        block = build.function.append_basic_block("pack")
        switch.add_case(LONG(number), block)
        build.ir.position_at_end(block)
        write(build, panel, buffer)
        incoming.append((build.ir.block, buffer.address, LONG(buffer.width), LONG(buffer.deep * buffer.width)))
        build.ir.branch(end)
    build.ir.position_at_end(end)
    found = Packed(build.ir.phi(POINTER), build.ir.phi(LONG), build.ir.phi(LONG))
    for block, address, step, part in incoming:
        found.address.add_incoming(address, block)
        found.step.add_incoming(step, block)
        found.part.add_incoming(part, block)
    return found


def _place(build: KernelBuilder, buffer: Buffer, column: Any) -> Any:
    """Where in the buffer row 0 of a column is."""
    part = build.ir.sdiv(column, LONG(buffer.width))
    return build.ir.add(column, build.ir.mul(part, LONG((buffer.deep - 1) * buffer.width)))


def _copy(build: KernelBuilder, panel: Panel, buffer: Buffer) -> None:
    """Columns that lie side by side."""
    kind, lanes, line = buffer.kind, buffer.kind.count, LINE // width_of(buffer.kind.element)
    with build.loop(LONG(0), panel.columns, buffer.width, name="part") as first:
        left, to = build.ir.sub(panel.columns, first), _place(build, buffer, first)
        masks = [build.mask(build.ir.sub(left, LONG(j * lanes)), lanes) for j in range(buffer.vectors)]

        def rows(whole: bool, first: Any = first, to: Any = to, masks: Any = masks) -> None:
            with build.loop(LONG(0), panel.depth, name="copy") as k:
                row = build.ir.add(build.ir.mul(k, panel.step), first)
                into = build.ir.add(to, build.ir.mul(k, LONG(buffer.width)))
                soon = build.ir.add(row, build.ir.mul(panel.step, LONG(AHEAD)))
                for j in range(0, buffer.width, line):
                    build.prefetch(build.ir.gep(panel.source, [build.ir.add(soon, LONG(j))], source_etype=kind.element))
                for j, mask in enumerate(masks):
                    at = build.ir.add(row, LONG(j * lanes))
                    if whole:
                        value = build.load_vector(panel.source, at, kind.element, lanes)
                    else:
                        value = build.load_masked(panel.source, at, mask, kind=kind.element)
                    build.store(value, buffer.address, build.ir.add(into, LONG(j * lanes)))

        with build.ir.if_else(build.ir.icmp_signed(">=", left, LONG(buffer.width))) as (whole, partial):
            with whole:
                rows(True)
            with partial:
                rows(False)


def _transpose(build: KernelBuilder, panel: Panel, buffer: Buffer) -> None:
    """Columns whose numbers lie side by side along k; the last is read again in the place of those beyond it.

    The buffer is written up to a whole number of vectors along k.
    """
    kind, lanes, last = buffer.kind, buffer.kind.count, build.ir.sub(panel.columns, LONG(1))
    with build.loop(LONG(0), panel.columns, lanes, name="vector") as first:
        to, bases = _place(build, buffer, first), []
        for c in range(lanes):
            there = build.smaller_index(build.ir.add(first, LONG(c)), last)
            bases.append(build.at(panel.source, build.ir.mul(there, panel.column), kind.element))

        def square(k: Any, loads: list[Any], to: Any = to) -> None:
            place = build.ir.add(to, build.ir.mul(k, LONG(buffer.width)))
            for i, row in enumerate(transpose(build, loads)):
                build.store(row, buffer.address, build.ir.add(place, LONG(i * buffer.width)))

        whole = build.ir.and_(panel.depth, LONG(-lanes))
        with build.loop(LONG(0), whole, lanes, name="transpose") as k:
            square(k, [build.load_vector(base, k, kind.element, lanes) for base in bases])
        with build.ir.if_then(build.ir.icmp_signed("<", whole, panel.depth)):
            mask = build.mask(build.ir.sub(panel.depth, whole), lanes)
            square(whole, [build.load_masked(base, whole, mask, kind=kind.element) for base in bases])


def _gather(build: KernelBuilder, panel: Panel, buffer: Buffer) -> None:
    """Numbers that lie anywhere, one by one: slow."""
    with build.loop(LONG(0), panel.columns, name="column") as c:
        to, column = _place(build, buffer, c), build.ir.mul(c, panel.column)
        with build.loop(LONG(0), panel.depth, name="gather") as k:
            value = build.load(panel.source, build.ir.add(build.ir.mul(k, panel.step), column), buffer.kind.element)
            build.store(value, buffer.address, build.ir.add(to, build.ir.mul(k, LONG(buffer.width))))


def transpose(build: KernelBuilder, rows: list[Any]) -> list[Any]:
    """The columns of a square of numbers whose rows are these vectors."""
    lanes = rows[0].type.count
    section = min(lanes, SECTION // width_of(rows[0].type.element))
    count = lanes // section
    for _ in range(section.bit_length() - 1):  # transpose within sections: rows i of a group with rows i + section / 2
        rows = [
            joined
            for first in range(0, lanes, section)
            for i in range(first, first + section // 2)
            for joined in _interleave(build, rows[i], rows[i + section // 2], section)
        ]
    columns: list[Any] = [None] * lanes
    for i in range(section):
        for place, column in enumerate(_transpose_sections(build, rows[i::section], section)):
            columns[place * section + i] = column
    assert count == len(rows[::section])
    return columns


def _interleave(build: KernelBuilder, a: Any, b: Any, section: int) -> tuple[Any, Any]:
    """Within each section: a0 b0 a1 b1 of its lower half, and the same of its upper half."""
    lanes = a.type.count
    masks: tuple[list[int], list[int]] = ([], [])
    for first in range(0, lanes, section):
        for i in range(section // 2):
            for half, mask in enumerate(masks):
                place = first + half * (section // 2) + i
                mask += [place, lanes + place]
    return build.shuffle(a, b, masks[0]), build.shuffle(a, b, masks[1])


def _transpose_sections(build: KernelBuilder, rows: list[Any], section: int) -> list[Any]:
    """The same with whole sections in the place of numbers, 1, 2 or 4 to a vector."""

    def pick(a: Any, b: Any, *sections: int) -> Any:
        return build.shuffle(a, b, [s * section + i for s in sections for i in range(section)])

    if len(rows) == 1:
        return rows
    if len(rows) == 2:
        return [pick(*rows, 0, 2), pick(*rows, 1, 3)]
    lower, upper = (
        [pick(rows[i], rows[i + 1], *sections) for i in (0, 2)] for sections in ((0, 1, 4, 5), (2, 3, 6, 7))
    )
    return [pick(*half, *sections) for half in (lower, upper) for sections in ((0, 2, 4, 6), (1, 3, 5, 7))]
