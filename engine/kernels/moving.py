"""Numbers moved: copies into another order of axes, other dtypes, dropout's mask.

A copy is brought to one of three forms: lines that are adjacent on both sides; squares that are turned in registers,
where another axis is adjacent in the source than in the result; and numbers one by one.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from gradbook.kernels import jit
from gradbook.kernels.emit import BYTE, DOUBLE, FLOAT, INT, LONG, KernelBuilder
from gradbook.kernels.host import host
from gradbook.kernels.program import Kernel, Unsupported
from gradbook.kernels.rows import BLOCK, Part, abreast, apart, grain_of, sweep
from gradbook.kernels.transposing import turned

__all__ = ["cast", "copy", "drop"]

# -- copies: kernels ---------------------------------------------------------------------------------------------------

X, OUT, X_TABLE, OUT_TABLE, ROWS, COLUMNS, X_STEP, OUT_STEP = range(8)


def start_of(build: KernelBuilder, base: int, table: int, unit: Any) -> Any:
    """Where a unit starts in an argument."""
    return build.at(build.pointer(base), build.load(build.pointer(table), unit, LONG))


@jit.kept
def line_kernel() -> int:
    """out[i] = x[i], i < COLUMNS, from where the tables say. Unit: a line."""
    build = KernelBuilder("copy")
    with build.loop(build.start, build.stop, name="line") as unit:
        source, target = start_of(build, X, X_TABLE, unit), start_of(build, OUT, OUT_TABLE, unit)

        def body(parts: list[Part], source: Any = source, target: Any = target) -> None:
            values = [part.load(source) for part in parts]
            for part, value in zip(parts, values, strict=True):
                part.store(value, target)

        abreast(build, build.word(COLUMNS), body, 2)
    return build.address()


@jit.kept
def single_kernel() -> int:
    """out[i OUT_STEP] = x[i X_STEP], i < COLUMNS. Unit: a line."""
    build = KernelBuilder("copy_single")
    with build.loop(build.start, build.stop, name="line") as unit:
        source, target = start_of(build, X, X_TABLE, unit), start_of(build, OUT, OUT_TABLE, unit)
        with build.loop(0, build.word(COLUMNS)) as i:
            value = build.load(source, build.ir.mul(i, build.word(X_STEP)))
            build.store(value, target, build.ir.mul(i, build.word(OUT_STEP)))
    return build.address()


@jit.kept
def turn_kernel() -> int:
    """out[j OUT_STEP + i] = x[i X_STEP + j], i < ROWS, j < COLUMNS. Unit: as many j as a vector has lanes."""
    build = KernelBuilder("copy_turned")
    rows, columns, lanes = build.word(ROWS), build.word(COLUMNS), build.lanes
    across = build.ir.sdiv(build.ir.add(columns, LONG(lanes - 1)), LONG(lanes))
    with build.loop(build.start, build.stop, name="unit") as unit:
        outer, column = build.ir.sdiv(unit, across), build.ir.mul(build.ir.srem(unit, across), LONG(lanes))
        source = build.at(start_of(build, X, X_TABLE, outer), column)
        far = build.ir.mul(column, build.word(OUT_STEP))
        target = build.at(start_of(build, OUT, OUT_TABLE, outer), far)
        right = build.ir.sub(columns, column)
        with build.loop(0, rows, lanes, name="row") as row:
            left = build.ir.sub(rows, row)
            inside = [build.ir.icmp_signed(">=", x, LONG(lanes)) for x in (left, right)]
            with build.ir.if_else(build.ir.and_(*inside), likely=True) as (whole, part):
                with whole:
                    square(build, source, target, row, None)
                with part:
                    square(build, source, target, row, (left, right))
    return build.address()


def square(build: KernelBuilder, source: Any, target: Any, row: Any, ends: Any) -> None:
    """Turn lanes x lanes numbers; ends: (rows, columns) that are left where there are fewer."""
    steps = build.word(X_STEP), build.word(OUT_STEP)
    begin, end = build.at(source, build.ir.mul(row, steps[0])), build.at(target, row)
    masks = None if ends is None else [build.mask(count) for count in ends]

    def line(base: Any, index: int, step: Any) -> Any:
        return build.at(base, build.ir.mul(LONG(index), step))

    read = []
    for i in range(build.lanes):
        if masks is None:
            read.append(build.load_vector(line(begin, i, steps[0]), LONG(0)))
        else:  # a row beyond the end is not read: no lane is on
            mask = build.ir.and_(masks[1], build.splat(build.ir.icmp_signed("<", LONG(i), ends[0])))
            read.append(build.load_masked(line(begin, i, steps[0]), LONG(0), mask))
    for j, vector in enumerate(turned(build, read)):
        place = line(end, j, steps[1])
        if masks is None:
            build.store(vector, place, LONG(0))
        else:
            mask = build.ir.and_(masks[0], build.splat(build.ir.icmp_signed("<", LONG(j), ends[1])))
            build.store_masked(vector, place, LONG(0), mask)


NARROW = 6  # a square with fewer lines than this is moved number by number

# -- copies: arrays ----------------------------------------------------------------------------------------------------


class Axis(NamedTuple):
    """An axis of both arrays: its length, and from one number to the next in the result and in the source."""

    n: int
    out: int
    x: int


def axes_of(out: Any, x: Any) -> list[Axis]:
    """The axes from the widest step in `out` to the narrowest, those that follow each other in both taken as one."""
    width = out.itemsize
    steps = zip(out.shape, out.strides, x.strides, strict=True)
    found = [Axis(n, a // width, b // width) for n, a, b in steps if n > 1]
    merged: list[Axis] = []
    for axis in sorted(found, key=lambda axis: -axis.out):
        last = merged[-1] if merged else None
        if last and last.out == axis.n * axis.out and last.x == axis.n * axis.x:
            merged[-1] = Axis(last.n * axis.n, axis.out, axis.x)
        else:
            merged.append(axis)
    return merged


def table(axes: list[Axis], of_out: bool) -> np.ndarray[Any, Any]:
    """Where each combination of the axes' indices starts."""
    found = np.zeros(1, np.int64)
    for axis in axes:
        found = (found[:, None] + np.arange(axis.n) * (axis.out if of_out else axis.x)).reshape(-1)
    return found


def copy(program: Any, out: Any, x: Any) -> None:
    """out[...] = x, of one shape and float32, in any order of memory: transposes, NCHW <-> NHWC, slices, broadcasts.

    Raises Unsupported for negative strides and for arrays that share memory.
    """
    for name, array in (("x", x), ("out", out)):
        if not isinstance(array, np.ndarray) or array.dtype != np.float32 or array.shape != out.shape:
            raise Unsupported(f"copy: {name} is {getattr(array, 'dtype', None)} {getattr(array, 'shape', None)}")
        if any(stride < 0 or stride % 4 for stride in array.strides) and array.size:
            raise Unsupported(f"copy: {name} goes backwards, or between numbers")
    if not out.size:
        return
    if np.may_share_memory(out, x) and np.shares_memory(out, x):
        raise Unsupported("copy: the result shares memory with the source")
    axes = axes_of(out, x)
    if any(axis.out == 0 for axis in axes):
        raise Unsupported("copy: numbers of the result lie on each other")
    add_copy(program, out, x, axes)


def add_copy(program: Any, out: Any, x: Any, axes: list[Axis]) -> None:
    """The kernels of a copy along the axes."""
    last = axes.pop() if axes else Axis(1, 1, 1)
    if last.out == last.x == 1 and not axes:
        axes, last, rest = [Axis(last.n // BLOCK, BLOCK, BLOCK)], Axis(BLOCK, 1, 1), last.n % BLOCK
        if rest:
            start = np.array([axes[0].n * BLOCK])
            program.add(Kernel("copy", line_kernel()), x, out, start, start, 1, rest, 1, 1)
        if not axes[0].n:
            return
    other = next((axis for axis in axes if axis.x == 1), None) if last.out == 1 and last.x != 1 else None
    if other is not None:
        axes.remove(other)
        if min(last.n, other.n) <= NARROW:
            axes.append(min(last, other))
            last, other = max(last, other), None
    starts = table(axes, False), table(axes, True)
    if other is not None:
        here = host()
        units = len(starts[0]) * -(-other.n // (here.lanes if here else 4))
        kernel = Kernel("copy_turned", turn_kernel(), units, grain_of(16 * last.n))
        program.add(kernel, x, out, *starts, last.n, other.n, last.x, other.out)
        return
    single = last.out != 1 or last.x != 1
    kernel = Kernel("copy", single_kernel() if single else line_kernel(), len(starts[0]), grain_of(last.n))
    program.add(kernel, x, out, *starts, 1, last.n, last.x, last.out)


# -- dtypes and dropout ------------------------------------------------------------------------------------------------

KINDS = {np.dtype(np.float32): FLOAT, np.dtype(np.float64): DOUBLE, np.dtype(np.int64): LONG, np.dtype(np.int32): INT,
         np.dtype(bool): BYTE}  # fmt: skip


def by_blocks(build: KernelBuilder, count: Any, body: Any) -> None:
    """body(part, first) for the numbers of each unit, a block that starts at `first`; a block beyond them has none."""
    with build.loop(build.start, build.stop, name="block") as block:
        first = build.ir.mul(block, LONG(BLOCK))
        left = build.ir.sub(count, first)
        size = build.ir.select(build.ir.icmp_signed("<", left, LONG(BLOCK)), left, LONG(BLOCK))
        sweep(build, size, lambda part, _: body(part, first) or [])


@jit.kept
def cast_kernel(source: Any, target: Any) -> int:
    """words: x, out, how many. Unit: a block."""
    build = KernelBuilder("cast")

    def body(part: Part, first: Any) -> None:
        value = part.load(build.at(build.pointer(0), first, source), 0, source)
        part.store(converted(build, value, source, target), build.at(build.pointer(1), first, target))

    by_blocks(build, build.word(2), body)
    return build.address()


def converted(build: KernelBuilder, value: Any, source: Any, target: Any) -> Any:
    """A vector in another type, as C converts: towards zero, and to 1 from all that is not 0."""
    wide, ir_ = build.vector(target), build.ir
    whole = isinstance(source, type(INT))
    if target == BYTE:
        zero = build.constant(0 if whole else 0.0, value)
        some = ir_.icmp_signed("!=", value, zero) if whole else ir_.fcmp_unordered("!=", value, zero)
        return ir_.zext(some, wide)
    if whole:
        return ir_.uitofp(value, wide) if source == BYTE else ir_.sitofp(value, wide)
    if isinstance(target, type(INT)):
        return ir_.fptosi(value, wide)
    return ir_.fpext(value, wide) if target == DOUBLE else ir_.fptrunc(value, wide)


def cast(program: Any, out: Any, x: Any) -> None:
    """out = x in another dtype: float32 to or from float64, int64, int32, bool; contiguous and of one size.

    Numbers that the other type has none for become what the processor makes of them, as in NumPy. Raises Unsupported.
    """
    kinds = [KINDS.get(array.dtype) for array in (x, out)]
    if None in kinds or kinds[0] == kinds[1] or FLOAT not in kinds:
        raise Unsupported(f"cast: {x.dtype} to {out.dtype}")
    if x.size != out.size or not (x.flags.c_contiguous and out.flags.c_contiguous):
        raise Unsupported("cast: arrays must be contiguous and of one size")
    apart(out, x)
    if x.size:
        program.add(Kernel("cast", cast_kernel(*kinds), -(-x.size // BLOCK), flops=x.size), x, out, x.size)


@jit.kept
def drop_kernel(kind: Any) -> int:
    """words: x, mask, out, how many, scale. Unit: a block."""
    build = KernelBuilder("drop")
    scale = build.splat(build.word(4, FLOAT))

    def body(part: Part, first: Any) -> None:
        mask = part.load(build.at(build.pointer(1), first, kind), 0, kind)
        factor = mask if kind == FLOAT else build.mul(build.ir.uitofp(mask, build.vector()), scale)
        x = part.load(build.at(build.pointer(0), first))
        part.store(build.mul(x, factor), build.at(build.pointer(2), first))

    by_blocks(build, build.word(3), body)
    return build.address()


def drop(program: Any, out: Any, x: Any, mask: Any, scale: float = 1.0) -> None:
    """out = x mask scale, with a mask of bool; x mask, with one of float32. All contiguous; out may be x.

    The gradient of dropout is the same of the gradient. Raises Unsupported.
    """
    if mask.dtype not in (np.dtype(bool), np.dtype(np.float32)) or x.dtype != np.float32 or out.dtype != np.float32:
        raise Unsupported(f"drop: {x.dtype}, mask {mask.dtype}, out {out.dtype}")
    arrays = (out, x, mask)
    if len({array.size for array in arrays}) > 1 or not all(array.flags.c_contiguous for array in arrays):
        raise Unsupported("drop: arrays must be contiguous and of one size")
    apart(out, x, mask)
    if x.size:
        kernel = Kernel("drop", drop_kernel(KINDS[mask.dtype]), -(-x.size // BLOCK), flops=x.size)
        program.add(kernel, x, mask, out, math.prod(x.shape), float(scale))
