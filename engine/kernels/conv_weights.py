"""The weight of a convolution, (out, in, height, width), in the order in which tiles read it, and its gradient back.

    factors[k, depth, column] = number k of the weight's window, or of its Winograd transform

Vectors go along the columns; for the convolution these are the channels of the result, for its transpose those of the
image. The numbers of as many windows as a vector has lanes are turned in registers, so that the weight is read once,
where it lies.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir

from gradbook.kernels import jit
from gradbook.kernels.emit import BIT, LONG, KernelBuilder
from gradbook.kernels.host import host
from gradbook.kernels.program import Kernel, Program
from gradbook.kernels.transposing import turned
from gradbook.kernels.winograd_tiles import WEIGHTS, combined

__all__ = ["MOST", "add_gather", "add_spread", "gather", "spread"]

Array = np.ndarray[Any, Any]
LINE, AHEAD = 16, 64  # numbers of a cache line; how far ahead lines are asked for
NINE, MOST = 9, 64  # numbers of a window: of 3 x 3, and of the largest for which there is a kernel

# a unit moves both by *_unit; steps are from one depth, or column, to the next
WORDS = (
    "weight", "factors", "weight_unit", "factors_unit", "depths", "columns", "depth_step", "column_step", "pitch",
    "plane",
)  # fmt: skip


def add_spread(
    program: Program, name: str, weight: Array, factors: Array, m: int, plane: int, transposed: bool,
    order: tuple[int, ...],
) -> None:  # fmt: skip
    """Let the program put a whole weight into factors: columns side by side, `plane` from one number to the next."""
    outs, inner, taps = weight.shape[0], weight.shape[1], len(order)
    if transposed:  # a unit: a channel of the result
        program.add(Kernel(name, spread(m, True, order), outs), weight, factors, inner * taps, inner, 1, inner,
                    inner * taps, taps, inner, plane)  # fmt: skip
        return
    columns = lanes_of(outs)
    program.add(Kernel(name, spread(m, False, order), outs // columns), weight, factors, columns * inner * taps,
                columns, inner, columns, taps, inner * taps, outs, plane)  # fmt: skip


def add_gather(program: Program, name: str, out: Array, factors: Array, m: int, plane: int, add: bool) -> None:
    """Let the program put the sums over tiles of m x m (0: over pixels) back into the order of the weight."""
    outs, inner, taps = out.shape[0], out.shape[1], int(np.prod(out.shape[2:]))
    columns = lanes_of(outs)
    program.add(Kernel(name, gather(m, add, taps), outs // columns), out, factors, columns * inner * taps, columns,
                inner, columns, taps, inner * taps, outs, plane)  # fmt: skip


def lanes_of(columns: int) -> int:
    """How many columns a unit has: a vector of them, or all."""
    here = host()
    lanes = 4 if here is None else here.lanes
    return lanes if columns % lanes == 0 else columns


@jit.kept
def spread(m: int, transposed: bool, order: tuple[int, ...]) -> int:
    """The address of the kernel that puts the weight, transformed for tiles of m x m (0: as it is), into `factors`.

    order: which number of the window comes first, second, ... of all of them.
    """
    build, word = start("conv_spread")
    loops = ("depths", "columns") if transposed else ("columns", "depths")  # the inner one along what is adjacent
    with (
        build.loop(build.start, build.stop, name="unit") as unit,
        build.loop(LONG(0), word[loops[0]], build.lanes if loops[0] == "columns" else 1) as outer,
        build.loop(LONG(0), word[loops[1]], build.lanes if loops[1] == "columns" else 1) as inner,
    ):
        depth, column = (outer, inner) if transposed else (inner, outer)
        weight, factors = bases(build, word, unit)
        last = build.ir.sub(word["columns"], build.ir.add(column, LONG(1)))  # in the place of those beyond it
        base = build.at(weight, build.ir.mul(column, word["column_step"]))
        base = build.at(base, build.ir.mul(depth, word["depth_step"]))
        rows = [build.at(base, build.ir.mul(build.smaller_index(LONG(i), last), word["column_step"]))
                for i in range(build.lanes)]  # fmt: skip
        ask_ahead(build, base, rows, word, transposed, len(order))
        taps = windows(build, rows, len(order))
        made = [taps[k] for k in order]
        made = transformed(build, made, WEIGHTS[m]) if m else made
        place = build.at(build.at(factors, column), build.ir.mul(depth, word["pitch"]))
        mask = build.mask(build.ir.sub(word["columns"], column))
        for k, value in enumerate(made):
            build.store_masked(value, place, build.ir.mul(word["plane"], LONG(k)), mask)
    return build.address()


def ask_ahead(
    build: KernelBuilder, base: Any, rows: list[Any], word: dict[str, Any], transposed: bool, taps: int
) -> None:  # fmt: skip
    """Prefetch what is read soon: the weight comes from far, in lines that are short or many."""
    if transposed:
        following = build.at(base, word["depth_step"])
        for first in range(0, build.lanes * taps, LINE):
            build.prefetch(build.at(following, LONG(first)))
        return
    for row in rows:
        build.prefetch(build.at(row, LONG(AHEAD)))


@jit.kept
def gather(m: int, add: bool, taps: int = NINE) -> int:
    """The address of the kernel that transforms `factors`, sums over tiles of m x m, into the weight's gradient.

    m = 0: they are the gradient, in another order. add: to what is there. taps: numbers of a window.
    """
    build, word = start("conv_gather")
    count = (m + 2) ** 2 if m else taps
    with (
        build.loop(build.start, build.stop, name="unit") as unit,
        build.loop(LONG(0), word["columns"], build.lanes, name="column") as column,
        build.loop(LONG(0), word["depths"], name="depth") as depth,
    ):
        weight, factors = bases(build, word, unit)
        left = build.ir.sub(word["columns"], column)
        mask = build.mask(left)
        place = build.at(build.at(factors, column), build.ir.mul(depth, word["pitch"]))
        sums = [build.load_masked(place, build.ir.mul(word["plane"], LONG(k)), mask) for k in range(count)]
        sums = transformed(build, sums, tuple(zip(*WEIGHTS[m], strict=True))) if m else sums
        target = build.at(weight, build.ir.mul(column, word["column_step"]))
        target = build.at(target, build.ir.mul(depth, word["depth_step"]))
        put(build, sums, target, word["column_step"], left, add)
    return build.address()


def start(name: str) -> tuple[KernelBuilder, dict[str, Any]]:
    """A kernel of this file, and its words by name."""
    build = KernelBuilder(name)
    pointers = ("weight", "factors")
    return build, {name: build.pointer(i) if name in pointers else build.word(i) for i, name in enumerate(WORDS)}


def bases(build: KernelBuilder, word: dict[str, Any], unit: Any) -> list[Any]:
    """Where a unit's weight and factors begin."""
    return [build.at(word[name], build.ir.mul(unit, word[f"{name}_unit"])) for name in ("weight", "factors")]


def windows(build: KernelBuilder, rows: list[Any], taps: int) -> list[Any]:
    """The numbers of the windows at these addresses: a vector for each number, a lane for each window."""
    made: list[Any] = []
    for first in range(0, taps, build.lanes):
        count = min(taps - first, build.lanes)
        there = taps_mask(build, count)
        read = [build.load_masked(row, LONG(first), there) for row in rows]
        made += turned(build, read)[:count]
    return made


def put(build: KernelBuilder, taps: list[Any], target: Any, step: Any, left: Any, add: bool) -> None:
    """Write vectors of such numbers to windows that are `step` numbers apart, of which `left` exist."""
    for first in range(0, len(taps), build.lanes):
        part = taps[first : first + build.lanes]
        rows = turned(build, part + [build.constant(0.0, part[0])] * (build.lanes - len(part)))
        for i, row in enumerate(rows):
            exists = build.splat(build.ir.icmp_signed("<", LONG(i), left))
            there = build.ir.and_(taps_mask(build, len(part)), exists)
            place = build.at(target, build.ir.mul(step, LONG(i)))
            build.prefetch(build.at(place, LONG(AHEAD)))
            value = build.add(build.load_masked(place, LONG(first), there), row) if add else row
            build.store_masked(value, place, LONG(first), there)


def taps_mask(build: KernelBuilder, count: int) -> Any:
    """The first lanes."""
    return ir.Constant(ir.VectorType(BIT, build.lanes), [i < count for i in range(build.lanes)])


def transformed(build: KernelBuilder, numbers: list[Any], matrix: tuple[tuple[float, ...], ...]) -> list[Any]:
    """Matrix @ square @ matrix.T of a square given row by row, in vectors."""
    size = len(matrix[0])
    lines = [combined(build, matrix, numbers[i * size : (i + 1) * size]) for i in range(size)]
    made = [combined(build, matrix, [line[j] for line in lines]) for j in range(len(matrix))]
    return [column[i] for i in range(len(matrix)) for column in made]
