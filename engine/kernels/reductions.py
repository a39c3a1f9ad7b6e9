"""Reductions of rows to one number: sum, mean, variance, largest and smallest with their places."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradbook.kernels import jit
from gradbook.kernels.emit import FLOAT, INT, LONG, KernelBuilder
from gradbook.kernels.program import Kernel, Unsupported
from gradbook.kernels.rows import BLOCK, Part, Rows, add_total, float_vector, grain_of, rows_of, sweep, zeros

__all__ = ["row_extreme", "row_mean", "row_sum", "row_var"]

FAR = 2**31 - 1  # no place in a row


@jit.kept
def sum_kernel() -> int:
    """words: x, out, d, step, divisor, rows of numbers in all. Unit: a row; the last one may be shorter."""
    build = KernelBuilder("row_sum")
    x, out, d, step = build.pointer(0), build.pointer(1), build.word(2), build.word(3)
    divisor, numbers = build.word(4, FLOAT), build.word(5)
    with build.loop(build.start, build.stop, name="row") as row:
        first = build.ir.mul(row, step)
        source = build.at(x, first)
        left = build.ir.sub(numbers, first)
        size = build.ir.select(build.ir.icmp_signed("<", left, d), left, d)
        build.store(build.div(total_of(build, source, size), divisor), out, row)
    return build.address()


def total_of(build: KernelBuilder, source: Any, d: Any) -> Any:
    """The sum of a row."""
    (sums,) = sweep(build, d, lambda part, sums: [build.add(sums[0], part.load(source))], zeros(build))
    return build.total(sums)


def row_sum(program: Any, out: Any, x: Any, rank: int = 1) -> None:
    """out = x summed over its last `rank` axes. Raises Unsupported."""
    _sum(program, out, x, rank, 1.0)


def row_mean(program: Any, out: Any, x: Any, rank: int = 1) -> None:
    """out = x's mean over its last `rank` axes. Raises Unsupported."""
    _sum(program, out, x, rank, float(max(1, math.prod(x.shape[x.ndim - rank :]))))


def _sum(program: Any, out: Any, x: Any, rank: int, divisor: float) -> None:
    rows = whole(x, out, rank)
    blocks = -(-rows.d // BLOCK)
    if rows.m == 1 and blocks > 1:  # one long row: by blocks
        parts = np.empty(blocks, np.float32)
        kernel = Kernel("row_sum", sum_kernel(), blocks, flops=rows.d)
        program.add(kernel, x, parts, BLOCK, BLOCK, 1.0, rows.d)
        add_total(program, out, parts, np.array([divisor], np.float32))
        return
    numbers = rows.m * max(rows.d, rows.step)  # every row has d
    kernel = Kernel("row_sum", sum_kernel(), rows.m, grain_of(rows.d), flops=x.size)
    program.add(kernel, x, out, rows.d, rows.step, divisor, numbers)


def whole(x: Any, out: Any, rank: int) -> Rows:
    """The rows of x, one for each number of out. Raises Unsupported, also for nothing."""
    rows = rows_of(x, rank=rank)
    if out is not None:
        float_vector(out, rows.m, "out")
    if not x.size:
        raise Unsupported("an empty array")
    return rows


@jit.kept
def var_kernel(root: bool) -> int:
    """words: x, out, d, step, correction. Unit: a row."""
    build = KernelBuilder("row_var")
    x, out, d, step, correction = build.pointer(0), build.pointer(1), build.word(2), build.word(3), build.word(4, FLOAT)
    size = build.ir.sitofp(d, FLOAT)
    freedom = build.intrinsic("maximum", build.sub(size, correction), build.constant(0.0))
    with build.loop(build.start, build.stop, name="row") as row:
        source = build.at(x, build.ir.mul(row, step))
        mean = build.splat(build.div(total_of(build, source, d), size))

        def squared(part: Part, sums: list[Any], source: Any = source, mean: Any = mean) -> list[Any]:
            value = part.keep(build.sub(part.load(source), mean))
            return [build.fma(value, value, sums[0])]

        (sums,) = sweep(build, d, squared, zeros(build))
        var = build.div(build.total(sums), freedom)
        build.store(build.intrinsic("sqrt", var) if root else var, out, row)
    return build.address()


def row_var(program: Any, out: Any, x: Any, *, correction: float = 1, root: bool = False, rank: int = 1) -> None:
    """out = x's variance over its last `rank` axes, or its root, divided by how many less correction.

    Raises Unsupported.
    """
    rows = whole(x, out, rank)
    kernel = Kernel("row_var", var_kernel(root), rows.m, grain_of(rows.d), flops=4 * x.size)
    program.add(kernel, x, out, rows.d, rows.step, float(correction))


@jit.kept
def extreme_kernel(largest: bool, values: bool, places: bool) -> int:
    """words: x, values, places, d, step. Unit: a row. NaN wins; of equal ones, the first."""
    build = KernelBuilder("row_largest" if largest else "row_smallest")
    x, d, step = build.pointer(0), build.word(3), build.word(4)
    join, worst = (build.maximum, -math.inf) if largest else (build.minimum, math.inf)
    with build.loop(build.start, build.stop, name="row") as row:
        source = build.at(x, build.ir.mul(row, step))
        best = best_of(build, source, d, join, worst)
        if values:
            build.store(best, build.pointer(1), row)
        if places:
            build.store(place_of(build, source, d, best), build.pointer(2), row)
    return build.address()


def best_of(build: KernelBuilder, source: Any, d: Any, join: Any, worst: float) -> Any:
    """The largest or smallest of a row; `worst` is neither."""
    start = [build.constant(worst, build.vector())]
    (found,) = sweep(build, d, lambda part, best: [join(best[0], part.load(source, worst))], start, join)
    return build.fold(found, join)


def place_of(build: KernelBuilder, source: Any, d: Any, best: Any) -> Any:
    """Where `best` is first in a row; where the first NaN is, if it is NaN."""
    wide = build.splat(best)
    lost = build.ir.fcmp_unordered("uno", wide, wide)
    far = build.constant(FAR, build.vector(INT))

    def least(a: Any, b: Any) -> Any:
        return build.ir.select(build.ir.icmp_signed("<", a, b), a, b)

    def looked(part: Part, found: list[Any]) -> list[Any]:
        value = part.load(source)
        hit = build.ir.fcmp_ordered("==", value, wide)
        hit = build.ir.or_(hit, build.ir.and_(lost, build.ir.fcmp_unordered("uno", value, value)))
        if part.mask is not None:
            hit = build.ir.and_(hit, part.mask)
        here = build.ir.add(build.splat(build.ir.trunc(part.index, INT)), build.order())
        return [least(found[0], build.ir.select(hit, here, far))]

    (found,) = sweep(build, d, looked, [far], least)
    return build.ir.sext(build.fold(found, least), LONG)


def row_extreme(
    program: Any, x: Any, *, values: Any = None, places: Any = None, largest: bool = True, rank: int = 1
) -> None:
    """The largest or smallest of x over its last `rank` axes, as numpy.max and argmax: NaN, and the first, win.

    values: float32, places: int64; those that are given are written. Raises Unsupported.
    """
    rows = whole(x, values, rank)
    if places is not None:
        float_vector(places, rows.m, "places", np.int64)
    if rows.d >= FAR:
        raise Unsupported("rows of 2³¹ numbers")
    address = extreme_kernel(largest, values is not None, places is not None)
    kernel = Kernel("row_extreme", address, rows.m, grain_of(rows.d), flops=x.size)
    program.add(kernel, x, x if values is None else values, x if places is None else places, rows.d, rows.step)
