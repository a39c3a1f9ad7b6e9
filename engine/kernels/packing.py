"""Panels of a right factor, copied side by side into a small buffer: rows of `vectors` vectors, one for each k.

A panel is packed where its columns lie apart (a transposed weight), or where rows far from each other would miss the
caches. Lanes beyond the last column hold numbers nobody uses; memory beyond it is not read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradbook.kernels.emit import LONG, POINTER, KernelBuilder, width_of

__all__ = ["AS_IT_IS", "COPIED", "GATHERED", "TRANSPOSED", "Packed", "Panel", "pack", "transpose"]

AS_IT_IS, COPIED, TRANSPOSED, GATHERED = range(4)  # how a panel is read
SECTION = 16  # bytes: shuffles within sections of a vector are cheap, those across them less so


@dataclass(frozen=True)
class Panel:
    """Numbers of run time: element (k, c) of a panel is at source + k * step + c * column."""

    source: Any
    step: Any
    column: Any
    depth: Any
    columns: Any
    vectors: Any


@dataclass(frozen=True)
class Packed:
    """Where a panel is after packing: row k at address + k * step."""

    address: Any
    step: Any


def pack(build: KernelBuilder, way: Any, panel: Panel, buffer: Any, kind: Any) -> Packed:
    """Write the packing of a panel into a buffer, in one of four ways that `way` names at run time."""
    width = build.ir.mul(panel.vectors, LONG(kind.count))
    end = build.function.append_basic_block("packed")
    incoming = [(build.ir.block, panel.source, panel.step)]
    switch = build.ir.switch(way, end)
    for number, write in ((COPIED, _copy), (TRANSPOSED, _transpose), (GATHERED, _gather)):
        block = build.function.append_basic_block("pack")
        switch.add_case(LONG(number), block)
        build.ir.position_at_end(block)
        write(build, panel, width, buffer, kind)
        incoming.append((build.ir.block, buffer, width))
        build.ir.branch(end)
    build.ir.position_at_end(end)
    address, step = build.ir.phi(POINTER), build.ir.phi(LONG)
    for block, where, stride in incoming:
        address.add_incoming(where, block)
        step.add_incoming(stride, block)
    return Packed(address, step)


def _copy(build: KernelBuilder, panel: Panel, width: Any, buffer: Any, kind: Any) -> None:
    """Columns that lie side by side."""
    with build.loop(LONG(0), panel.depth, name="copy") as k:
        row, to = build.ir.mul(k, panel.step), build.ir.mul(k, width)
        with build.loop(LONG(0), panel.columns, kind.count, name="vector") as c:
            mask = build.mask(build.ir.sub(panel.columns, c), kind.count)
            value = build.load_masked(panel.source, build.ir.add(row, c), mask, kind=kind.element)
            build.store(value, buffer, build.ir.add(to, c))


def _transpose(build: KernelBuilder, panel: Panel, width: Any, buffer: Any, kind: Any) -> None:
    """Columns whose numbers lie side by side along k; the last is read again in the place of those beyond it.

    The buffer is written up to a whole number of vectors along k.
    """
    lanes, last = kind.count, build.ir.sub(panel.columns, LONG(1))
    with build.loop(LONG(0), panel.columns, lanes, name="vector") as first:
        bases = []
        for c in range(lanes):
            there = build.ir.add(first, LONG(c))
            there = build.ir.select(build.ir.icmp_signed("<", there, last), there, last)
            bases.append(build.at(panel.source, build.ir.mul(there, panel.column), kind.element))
        with build.loop(LONG(0), panel.depth, lanes, name="transpose") as k:
            mask = build.mask(build.ir.sub(panel.depth, k), lanes)
            rows = [build.load_masked(base, k, mask, kind=kind.element) for base in bases]
            to = build.ir.add(build.ir.mul(k, width), first)
            for i, row in enumerate(transpose(build, rows)):
                build.store(row, buffer, build.ir.add(to, build.ir.mul(width, LONG(i))))


def _gather(build: KernelBuilder, panel: Panel, width: Any, buffer: Any, kind: Any) -> None:
    """Numbers that lie anywhere, one by one: slow."""
    zero = build.constant(0.0, kind)
    with build.loop(LONG(0), panel.depth, name="gather") as k:
        to, row = build.ir.mul(k, width), build.ir.mul(k, panel.step)
        with build.loop(LONG(0), panel.columns, kind.count, name="vector") as c:
            build.store(zero, buffer, build.ir.add(to, c))
        with build.loop(LONG(0), panel.columns, name="column") as c:
            place = build.ir.add(row, build.ir.mul(c, panel.column))
            build.store(build.load(panel.source, place, kind.element), buffer, build.ir.add(to, c))


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
