"""Copies that change the order of axes: squares of an array turned in registers, lines copied, memory filled with 0.

Where lines begin is read from tables, so one kernel serves padding, gaps and any order of lines.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from gradbook.kernels import jit
from gradbook.kernels.emit import INT, LONG, KernelBuilder

__all__ = ["fill", "lines", "transpose"]

# the words of `transpose` and of `lines`; a unit moves source and target by *_unit from the array's start,
# and by *_step from where the first unit of the call is (memory that is used again for every block of units)
WORDS = ("source", "target", "source_unit", "source_step", "target_unit", "target_step",
         "rows", "row_table", "columns", "column_table")  # fmt: skip


@jit.kept
def transpose(columns_first: bool = False, add: bool = False) -> int:
    """The address of the kernel target[column_table[j] + i] = source[row_table[i] + j].

    Squares are turned row by row, or with columns_first column by column: best along the lines that are far apart.
    add: to what is there.
    """
    build = KernelBuilder("transpose")
    word = words_of(build)
    axes = ["columns", "rows"] if columns_first else ["rows", "columns"]
    with (
        build.loop(build.start, build.stop, name="unit") as unit,
        build.loop(build.long(0), word[axes[0]], build.lanes, name=axes[0]) as outer,
        build.loop(build.long(0), word[axes[1]], build.lanes, name=axes[1]) as inner,
    ):
        source, target = places(build, word, unit)
        row, column = (inner, outer) if columns_first else (outer, inner)
        ends = build.ir.sub(word["rows"], row), build.ir.sub(word["columns"], column)
        inside = [build.ir.icmp_signed(">=", x, build.long(build.lanes)) for x in ends]
        with build.ir.if_else(build.ir.and_(*inside)) as (whole, part):
            with whole:
                square(build, word, source, target, row, column, None, add)
            with part:
                square(build, word, source, target, row, column, ends, add)
    return build.address()


def words_of(build: KernelBuilder) -> dict[str, Any]:
    """The words of a kernel of this file by name."""
    pointers = {"source", "target", "row_table", "column_table"}
    return {name: build.pointer(i) if name in pointers else build.word(i) for i, name in enumerate(WORDS)}


def places(build: KernelBuilder, word: dict[str, Any], unit: Any) -> list[Any]:
    """Where a unit's source and target begin."""
    since, made = build.ir.sub(unit, build.start), []
    for name in ("source", "target"):
        far = build.ir.mul(unit, word[f"{name}_unit"])
        near = build.ir.mul(since, word[f"{name}_step"])
        made.append(build.at(word[name], build.ir.add(far, near)))
    return made


def square(
    build: KernelBuilder,
    word: dict[str, Any],
    source: Any,
    target: Any,
    row: Any,
    column: Any,
    ends: Any,
    add: bool,
) -> None:
    """Turn one square of lanes x lanes; `ends`: (rows, columns) that are left where it is not whole."""
    lanes = build.lanes
    rows_mask = columns_mask = None
    if ends is not None:
        rows_mask, columns_mask = build.mask(ends[0]), build.mask(ends[1])

    def start(table: str, index: Any, count: str) -> Any:
        if ends is not None:  # beyond the end: the last line again
            last = build.ir.sub(word[count], build.long(1))
            index = build.ir.select(build.ir.icmp_signed("<", last, index), last, index)
        return build.load(word[table], index, LONG)

    read = []
    for i in range(lanes):
        at = build.ir.add(start("row_table", build.ir.add(row, build.long(i)), "rows"), column)
        whole = columns_mask is None
        read.append(build.load_vector(source, at) if whole else build.load_masked(source, at, columns_mask))
    for j, vector in enumerate(turned(build, read)):
        where = build.ir.add(column, build.long(j))
        at = build.ir.add(start("column_table", where, "columns"), row)
        if ends is None:
            build.store(build.add(build.load_vector(target, at), vector) if add else vector, target, at)
        else:
            bit = build.ir.icmp_signed("<", build.long(j), ends[1])
            mask = build.ir.and_(rows_mask, build.splat(bit))
            vector = build.add(build.load_masked(target, at, mask), vector) if add else vector
            build.store_masked(vector, target, at, mask)


def turned(build: KernelBuilder, rows: list[Any]) -> list[Any]:
    """The columns of a square of vectors: numbers change places by 1, 2, 4, ... until all have."""
    lanes, step = len(rows), 1
    rows = list(rows)
    while step < lanes:
        low = [i if not i & step else lanes + i - step for i in range(lanes)]
        high = [lanes + i if i & step else i + step for i in range(lanes)]
        for i in range(lanes):
            if not i & step:
                a, b = rows[i], rows[i + step]
                rows[i], rows[i + step] = (
                    build.ir.shuffle_vector(a, b, ir.Constant(ir.VectorType(INT, lanes), order))
                    for order in (low, high)
                )
        step *= 2
    return rows


def order_of(places: list[int]) -> Any:
    """The constant that a shuffle takes."""
    return ir.Constant(ir.VectorType(INT, len(places)), places)


@jit.kept
def lines() -> int:
    """The address of the kernel target[column_table[i] + j] = source[row_table[i] + j]: lines of `columns` numbers."""
    build = KernelBuilder("lines")
    word = words_of(build)
    with build.loop(build.start, build.stop, name="unit") as unit:
        source, target = places(build, word, unit)
        with build.loop(build.long(0), word["rows"], name="row") as row:
            begin = build.at(source, build.load(word["row_table"], row, LONG))
            end = build.at(target, build.load(word["column_table"], row, LONG))
            with build.loop(build.long(0), word["columns"], build.lanes, name="j") as j:
                mask = build.mask(build.ir.sub(word["columns"], j))
                build.store_masked(build.load_masked(begin, j, mask), end, j, mask)
    return build.address()


@jit.kept
def fill() -> int:
    """The address of the kernel target[:count] = 0; its units are not used."""
    build = KernelBuilder("fill")
    target, count = build.pointer(0), build.word(1)
    zero = build.constant(0.0, build.vector())
    with build.loop(build.long(0), count, build.lanes) as i:
        build.store_masked(zero, target, i, build.mask(build.ir.sub(count, i)))
    return build.address()
