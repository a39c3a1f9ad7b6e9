"""Numbers picked along an axis by index, numbers added where an index says, and running sums along an axis.

Sums are taken in the order of the indices, and of the axis, one number after the other: as NumPy has them, bit for bit.
Arrays are seen as (outer, n, inner): what lies before the axis, the axis, what lies behind it.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from gradbook.kernels import jit
from gradbook.kernels.emit import LONG, KernelBuilder
from gradbook.kernels.host import host
from gradbook.kernels.program import Kernel, Unsupported
from gradbook.kernels.rows import Part, apart, grain_of, sweep, zeros

__all__ = ["cumsum", "gather", "pick", "pick_grad", "scatter_add"]

ABREAST = 4  # rows whose running sums are taken at once; of eight, a page apart, the cache keeps no two lines
VECTORS = 4  # of columns, the same


class Along(NamedTuple):
    """An array as (outer, n, inner)."""

    outer: int
    n: int
    inner: int


def along(array: Any, dim: int, name: str, dtype: Any = np.float32) -> Along:
    """How an array is seen. Raises Unsupported for other dtypes and for numbers that are not adjacent."""
    if not isinstance(array, np.ndarray) or array.dtype != dtype or not array.flags.c_contiguous:
        raise Unsupported(f"{name}: {getattr(array, 'dtype', type(array).__name__)}, or not contiguous")
    if not 0 <= dim < array.ndim:
        raise Unsupported(f"{name}: no axis {dim} of {array.shape}")
    return Along(math.prod(array.shape[:dim]), array.shape[dim], math.prod(array.shape[dim + 1 :]))


# -- picking and adding by index ---------------------------------------------------------------------------------------

TABLE, INDEX, MOVED, N, M, INNER, BEFORE, ROWS = range(8)  # the words: (outer, n, inner), then (outer', m, inner) twice
COPIED, CLEARED, AS_IT_IS = "copied", "cleared", "as it is"  # a table before numbers are added to it


@jit.kept
def gather_kernel() -> int:
    """moved[o, j, i] = table[o, index[o, j, i], i]; NaN where the index is out of range. Unit: an o."""
    build = KernelBuilder("gather")

    def move(table: Any, where: Any, inside: Any, place: Any) -> None:
        value = build.load(table, where)
        build.store(build.ir.select(inside, value, build.constant(math.nan)), place, LONG(0))

    with build.loop(build.start, build.stop, name="row") as o:
        by_index(build, o, move)
    return build.address()


@jit.kept
def scatter_kernel(first: str) -> int:
    """table[o, index[o, j, i], i] += moved[o, j, i], j by j; nothing where the index is out of range. Unit: an o.

    first: what becomes of the table's rows before that, of all of them; ROWS of them have numbers to be added.
    """
    build = KernelBuilder("scatter_add")
    size = build.ir.mul(build.word(N), build.word(INNER))

    def start(row: Any, before: Any) -> None:
        def each(part: Part, _: list[Any]) -> list[Any]:
            part.store(zeros(build)[0] if before is None else part.load(before), row)
            return []

        sweep(build, size, each)

    def move(table: Any, where: Any, inside: Any, place: Any) -> None:
        with build.ir.if_then(inside, likely=True):
            build.store(build.add(build.load(table, where), build.load(place, LONG(0))), table, where)

    with build.loop(build.start, build.stop, name="row") as o:
        row = build.at(build.pointer(TABLE), build.ir.mul(o, size))
        if first == COPIED:
            start(row, build.at(build.pointer(BEFORE), build.ir.mul(o, size)))
        elif first == CLEARED:
            start(row, None)
        with build.ir.if_then(build.ir.icmp_signed("<", o, build.word(ROWS))):
            by_index(build, o, move)
    return build.address()


def by_index(build: KernelBuilder, o: Any, move: Any) -> None:
    """move(table, where in it, whether the index is in range, place) for each number of `o` that is moved."""
    n, m, inner = build.word(N), build.word(M), build.word(INNER)
    table = build.at(build.pointer(TABLE), build.ir.mul(o, build.ir.mul(n, inner)))
    first = build.ir.mul(o, build.ir.mul(m, inner))
    with build.loop(0, m, name="j") as j, build.loop(0, inner) as i:
        place = build.ir.add(build.ir.add(first, build.ir.mul(j, inner)), i)
        index = build.load(build.pointer(INDEX), place, LONG)
        index = build.ir.select(build.ir.icmp_signed("<", index, LONG(0)), build.ir.add(index, n), index)
        inside = build.ir.icmp_unsigned("<", index, n)
        where = build.ir.add(build.ir.mul(build.ir.select(inside, index, LONG(0)), inner), i)
        move(table, where, inside, build.at(build.pointer(MOVED), place))


def gather(program: Any, out: Any, x: Any, index: Any, dim: int) -> None:
    """out[o, j, i] = x[o, index[o, j, i], i]: index (*) of int64 along the axis `dim` of x -> out (*).

    Indices below 0 count from the end; one out of range gives NaN: callers who want an error look first. Along the
    first axis the index may be shorter than x. Raises Unsupported.
    """
    source, moved = fitting(x, index, dim), along(out, dim, "out")
    if out.shape != index.shape or out is x:
        raise Unsupported(f"gather: out {out.shape}, index {index.shape}")
    apart(out, x)
    if out.size:
        kernel = Kernel("gather", gather_kernel(), moved.outer, grain_of(moved.n * moved.inner), flops=out.size)
        program.add(kernel, x, index, out, source.n, moved.n, moved.inner)


def scatter_add(
    program: Any, out: Any, index: Any, src: Any, dim: int, before: Any = None, clear: bool = False
) -> None:
    """out[o, index[o, j, i], i] += src[o, j, i], in the order of j: what meets at one place is added one by one.

    before: out is a copy of it first. clear: zeros first. Shapes and indices as in `gather`; what is out of range is
    left out. Raises Unsupported.
    """
    target, moved = fitting(out, index, dim), along(src, dim, "src")
    if src.shape != index.shape:
        raise Unsupported(f"scatter_add: src {src.shape}, index {index.shape}")
    apart(out, src, before)
    first = AS_IT_IS if before is None else COPIED
    if clear:
        first = CLEARED
    elif before is not None and (along(before, dim, "before") != target or before is out):
        raise Unsupported(f"scatter_add: before {before.shape}, out {out.shape}")
    units = moved.outer if first == AS_IT_IS else target.outer
    kernel = Kernel("scatter_add", scatter_kernel(first), units, grain_of(moved.n * moved.inner), flops=src.size)
    words = (target.n, moved.n, moved.inner, out if before is None else before, moved.outer)
    if src.size:
        program.add(kernel, out, index, src, *words)
    elif first != AS_IT_IS:
        raise Unsupported("scatter_add: nothing is added")


def fitting(x: Any, index: Any, dim: int) -> Along:
    """How `x` is seen, if `index` names places in it. Raises Unsupported."""
    seen = along(x, dim, "x")
    along(index, dim, "index", np.int64)
    a, b = x.shape, index.shape
    alike = len(a) == len(b) and a[dim + 1 :] == b[dim + 1 :] and (not dim or (a[1:dim] == b[1:dim] and b[0] <= a[0]))
    if not alike or not x.size:
        raise Unsupported(f"x {a}, index {b} along axis {dim}")
    return seen


# -- whole entries of an axis ------------------------------------------------------------------------------------------


@jit.kept
def pick_kernel(wide: bool) -> int:
    """moved[o, j] = table[o, index[j]], rows of `inner`; NaN where the index is out of range. Unit: an o."""
    build = KernelBuilder("pick")

    def move(part: Part | None, table: Any, place: Any, inside: Any) -> None:
        if part is None:
            value = build.ir.select(inside, build.load(table, LONG(0)), build.constant(math.nan))
            build.store(value, place, LONG(0))
        else:
            part.store(build.ir.select(inside, part.load(table), build.constant(math.nan, build.vector())), place)

    with build.loop(build.start, build.stop, name="row") as o:
        by_entry(build, o, wide, move)
    return build.address()


@jit.kept
def pick_grad_kernel(wide: bool, clear: bool) -> int:
    """table[o, index[j]] += moved[o, j], j by j; clear: from zeros. Unit: an o."""
    build = KernelBuilder("pick_grad")
    size = build.ir.mul(build.word(N), build.word(INNER))

    def move(part: Part | None, table: Any, place: Any, inside: Any) -> None:
        with build.ir.if_then(inside, likely=True):
            if part is None:
                value = build.add(build.load(table, LONG(0)), build.load(place, LONG(0)))
                build.store(value, table, LONG(0))
            else:
                part.store(build.add(part.load(table), part.load(place)), table)

    with build.loop(build.start, build.stop, name="row") as o:
        if clear:
            row = build.at(build.pointer(TABLE), build.ir.mul(o, size))

            def nought(part: Part, _: list[Any], row: Any = row) -> list[Any]:
                part.store(zeros(build)[0], row)
                return []

            sweep(build, size, nought)
        by_entry(build, o, wide, move)
    return build.address()


def by_entry(build: KernelBuilder, o: Any, wide: bool, move: Any) -> None:
    """move(part of a row or None, row of the table, row that is moved, whether the index is in range) for each index.

    wide: rows are longer than one number.
    """
    n, m, inner = build.word(N), build.word(M), build.word(INNER)
    table = build.at(build.pointer(TABLE), build.ir.mul(o, build.ir.mul(n, inner)))
    moved = build.at(build.pointer(MOVED), build.ir.mul(o, build.ir.mul(m, inner)))
    with build.loop(0, m, name="j") as j:
        index = build.load(build.pointer(INDEX), j, LONG)
        index = build.ir.select(build.ir.icmp_signed("<", index, LONG(0)), build.ir.add(index, n), index)
        inside = build.ir.icmp_unsigned("<", index, n)
        row = build.at(table, build.ir.mul(build.ir.select(inside, index, LONG(0)), inner))
        place = build.at(moved, build.ir.mul(j, inner))

        def body(part: Part, _: list[Any], at: Any = (row, place, inside)) -> list[Any]:
            move(part, *at)
            return []

        if wide:
            sweep(build, inner, body)
        else:
            move(None, row, place, inside)


def pick(program: Any, out: Any, x: Any, index: Any, dim: int) -> None:
    """out = x's entries along the axis `dim` that index, int64 of any shape, names: x (a, n, b) -> out (a, *index, b).

    Indices below 0 count from the end; one out of range gives NaN: callers who want an error look first. Raises
    Unsupported.
    """
    seen = entries(x, index, out, dim)
    apart(out, x)
    if out is x:
        raise Unsupported("pick: out is x")
    if out.size:
        kernel = Kernel("pick", pick_kernel(seen.inner > 1), seen.outer, grain_of(index.size * seen.inner))
        program.add(kernel, x, index, out, seen.n, index.size, seen.inner)


def pick_grad(program: Any, dx: Any, grad: Any, index: Any, dim: int, clear: bool = True) -> None:
    """dx = zeros, then grad added to the entries it came from, one after the other. Shapes as x and out of `pick`.

    clear: else dx holds zeros already. What is out of range is left out. Raises Unsupported.
    """
    seen = entries(dx, index, grad, dim)
    apart(dx, grad)
    address = pick_grad_kernel(seen.inner > 1, clear)
    kernel = Kernel("pick_grad", address, seen.outer, grain_of(index.size * seen.inner), flops=grad.size)
    program.add(kernel, dx, index, grad, seen.n, index.size, seen.inner)


def entries(x: Any, index: Any, moved: Any, dim: int) -> Along:
    """How `x` is seen, if `moved` has the shape of its entries that `index` names. Raises Unsupported."""
    seen = along(x, dim, "x")
    along(moved, 0, "moved")
    if not isinstance(index, np.ndarray) or index.dtype != np.int64 or not index.flags.c_contiguous:
        raise Unsupported(f"index: {getattr(index, 'dtype', None)}, or not contiguous")
    if not x.size or not moved.size or moved.shape != (*x.shape[:dim], *index.shape, *x.shape[dim + 1 :]):
        raise Unsupported(f"x {x.shape}, index {index.shape} along axis {dim}, entries {moved.shape}")
    return seen


# -- running sums ------------------------------------------------------------------------------------------------------

X, OUT, COUNT, LENGTH, WIDTH = range(5)


@jit.kept
def row_kernel(reverse: bool) -> int:
    """out[o, k] = x[o, 0] + ... + x[o, k]; words: x, out, rows, n. Unit: ABREAST rows."""
    build = KernelBuilder("cumsum")
    n = build.word(LENGTH)

    def sums(rows: list[Any]) -> None:
        firsts = [build.ir.mul(row, n) for row in rows]
        places = [(build.at(build.pointer(X), first), build.at(build.pointer(OUT), first)) for first in firsts]
        with build.loop_with(0, n, [build.constant(-0.0)] * len(rows)) as (k, totals, after):  # -0.0 leaves -0.0 alone
            at = build.ir.sub(build.ir.sub(n, LONG(1)), k) if reverse else k
            after[:] = [build.add(total, build.load(x, at)) for total, (x, _) in zip(totals, places, strict=True)]
            for total, (_, out) in zip(after, places, strict=True):
                build.store(total, out, at)

    with build.loop(build.start, build.stop, name="unit") as unit:
        first = build.ir.mul(unit, LONG(ABREAST))
        last = build.smaller_index(build.ir.add(first, LONG(ABREAST)), build.word(COUNT))
        many = build.ir.icmp_signed("==", build.ir.sub(last, first), LONG(ABREAST))
        with build.ir.if_else(many, likely=True) as (whole, part):
            with whole:
                sums([build.ir.add(first, LONG(k)) for k in range(ABREAST)])
            with part, build.loop(first, last, name="row") as row:
                sums([row])
    return build.address()


@jit.kept
def column_kernel(reverse: bool) -> int:
    """out[o, k, i] = x[o, 0, i] + ... + x[o, k, i]; words: x, out, units of an o, n, inner. Unit: some columns."""
    build = KernelBuilder("cumsum_columns")
    n, inner, across, lanes = build.word(LENGTH), build.word(WIDTH), build.word(COUNT), build.lanes
    low = build.constant(-0.0, build.vector())
    with build.loop(build.start, build.stop, name="unit") as unit:
        column = build.ir.mul(build.ir.srem(unit, across), LONG(VECTORS * lanes))
        first = build.ir.add(build.ir.mul(build.ir.sdiv(unit, across), build.ir.mul(n, inner)), column)
        x, out = build.at(build.pointer(X), first), build.at(build.pointer(OUT), first)
        left = build.ir.sub(inner, column)

        def down(parts: list[Part], x: Any = x, out: Any = out) -> None:
            with build.loop_with(0, n, [low] * len(parts), name="k") as (k, totals, after):
                at = build.ir.mul(build.ir.sub(build.ir.sub(n, LONG(1)), k) if reverse else k, inner)
                source, target = build.at(x, at), build.at(out, at)
                values = [part.load(source) for part in parts]
                after[:] = [build.add(total, value) for total, value in zip(totals, values, strict=True)]
                for part, total in zip(parts, after, strict=True):
                    part.store(total, target)

        with build.ir.if_else(build.ir.icmp_signed(">=", left, LONG(VECTORS * lanes)), likely=True) as (whole, part):
            with whole:
                down([Part(build, LONG(k * lanes)) for k in range(VECTORS)])
            with part, build.loop(0, left, lanes, name="vector") as i:
                down([Part(build, i, build.mask(build.ir.sub(left, i)))])
    return build.address()


def cumsum(program: Any, out: Any, x: Any, dim: int, reverse: bool = False) -> None:
    """Running sums of x along an axis; reverse: from the end. Raises Unsupported."""
    seen = along(x, dim, "x")
    if along(out, dim, "out") != seen:
        raise Unsupported(f"cumsum: out {out.shape} of x {x.shape}")
    apart(out, x)
    if not x.size:
        return
    outer, n, inner = seen
    if inner == 1:
        kernel = Kernel("cumsum", row_kernel(reverse), -(-outer // ABREAST), grain_of(ABREAST * n), flops=x.size)
        program.add(kernel, x, out, outer, n)
        return
    here = host()
    width = VECTORS * (here.lanes if here else 4)
    across = -(-inner // width)
    kernel = Kernel("cumsum", column_kernel(reverse), outer * across, grain_of(width * n), flops=x.size)
    program.add(kernel, x, out, across, n, inner)
