"""Rows of a table by index, and the table's gradient; whether indices are in range.

The gradient is summed for each row of the table in the order of the indices: they are counted and sorted first, so that
threads share the table's rows and the result does not depend on them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradbook.kernels import jit
from gradbook.kernels.emit import FLOAT, INT, LONG, KernelBuilder
from gradbook.kernels.program import Kernel, Unsupported, call
from gradbook.kernels.rows import Part, abreast, apart, grain_of, rows_of, sweep, zeros

__all__ = ["embedding", "embedding_grad", "in_range"]

KINDS = {np.dtype(np.int32): INT, np.dtype(np.int64): LONG}


def index_at(build: KernelBuilder, base: Any, i: Any, kind: Any, wrapped: Any = None) -> Any:
    """Index number i, as 64 bits. wrapped: how many rows there are, where an index below 0 counts from the end."""
    value = build.load(base, i, kind)
    value = value if kind == LONG else build.ir.sext(value, LONG)
    if wrapped is None:
        return value
    return build.ir.select(build.ir.icmp_signed("<", value, LONG(0)), build.ir.add(value, wrapped), value)


# -- indices -----------------------------------------------------------------------------------------------------------


@jit.kept
def range_kernel(kind: Any) -> int:
    """words: indices, how many, rows, an index that is let through, found. found = how many are out of range."""
    build = KernelBuilder("in_range")
    indices, rows, ignore = build.pointer(0), build.word(2), build.word(3)
    wide = build.vector(LONG)
    limit, same = build.splat(rows), build.splat(ignore)

    def counted(part: Part, found: list[Any]) -> list[Any]:
        value = part.load(indices, 0, kind)
        value = value if kind == LONG else build.ir.sext(value, wide)
        bad = build.ir.icmp_unsigned(">=", value, limit)
        bad = build.ir.and_(bad, build.ir.icmp_signed("!=", value, same))
        return [build.ir.add(found[0], part.keep(build.ir.zext(bad, wide), 0))]

    (found,) = sweep(build, build.word(1), counted, [build.constant(0, wide)], build.ir.add)
    build.store(build.fold(found, build.ir.add), build.pointer(4), LONG(0))
    return build.address()


def in_range(indices: Any, rows: int, ignore: int | None = None) -> bool:
    """Whether all indices (int32 or int64, contiguous) are in [0, rows), or `ignore`. Raises Unsupported."""
    kind = kind_of(indices)
    if not indices.size:
        return True
    found = np.zeros(1, np.int64)
    call(range_kernel(kind), 0, 1, indices, indices.size, rows, 0 if ignore is None else ignore, found)
    return not found[0]


def kind_of(indices: Any) -> Any:
    """The type of indices. Raises Unsupported for others than contiguous int32 or int64."""
    if not isinstance(indices, np.ndarray) or indices.dtype not in KINDS or not indices.flags.c_contiguous:
        raise Unsupported(f"indices: {getattr(indices, 'dtype', type(indices).__name__)}, or not contiguous")
    return KINDS[indices.dtype]


# -- forward -----------------------------------------------------------------------------------------------------------


@jit.kept
def gather_kernel(kind: Any, wrap: bool = False) -> int:
    """words: table, indices, out, d, steps of table and out, rows. Unit: an index. Out of range gives NaN."""
    build = KernelBuilder("embedding")
    table, indices, out = (build.pointer(i) for i in range(3))
    d, table_step, out_step, rows = (build.word(i) for i in (3, 4, 5, 6))
    with build.loop(build.start, build.stop, name="row") as i:
        index = index_at(build, indices, i, kind, rows if wrap else None)
        target = build.at(out, build.ir.mul(i, out_step))
        source = build.at(table, build.ir.mul(index, table_step))

        def copy(parts: list[Part], source: Any = source, target: Any = target) -> None:
            values = [part.load(source) for part in parts]
            for part, value in zip(parts, values, strict=True):
                part.store(value, target)

        def lose(part: Part, _: list[Any], target: Any = target) -> list[Any]:
            part.store(build.constant(math.nan, build.vector(FLOAT)), target)
            return []

        with build.ir.if_else(build.ir.icmp_unsigned("<", index, rows), likely=True) as (inside, outside):
            with inside:
                abreast(build, d, copy)
            with outside:
                sweep(build, d, lose)
    return build.address()


def embedding(program: Any, out: Any, weight: Any, index: Any, *, wrap: bool = False) -> None:
    """out = weight[index]: weight (rows, d), index (*) of int32 or int64 -> out (*, d).

    An index out of range reads nothing and gives NaN: callers who want an IndexError ask `in_range` first. wrap: those
    below 0 count from the end. Raises Unsupported.
    """
    kind, table, target = kind_of(index), rows_of(weight, "weight"), rows_of(out, "out")
    if weight.ndim != 2 or out.shape != (*index.shape, table.d):
        raise Unsupported(f"embedding: out {out.shape} of weight {weight.shape} at {index.shape}")
    apart(out, weight)
    if out.size:
        base = weight if weight.size else out
        kernel = Kernel("embedding", gather_kernel(kind, wrap), target.m, grain_of(table.d))
        program.add(kernel, base, index, out, table.d, table.step, target.step, table.m)


# -- backward ----------------------------------------------------------------------------------------------------------


@jit.kept
def sort_kernel(kind: Any, wrap: bool = False) -> int:
    """words: indices, how many, rows, padding, ends, order. Counts and sorts: ends[r] is where row r's places end."""
    build = KernelBuilder("embedding_sort")
    indices, count, rows, padding = build.pointer(0), build.word(1), build.word(2), build.word(3)
    ends, order = build.pointer(4), build.pointer(5)
    with build.loop(0, rows) as r:
        build.store(LONG(0), ends, r)

    def each(body: Any) -> None:
        with build.loop(0, count) as i:
            index = index_at(build, indices, i, kind, rows if wrap else None)
            counts = build.ir.icmp_signed("!=", index, padding)
            counts = build.ir.and_(counts, build.ir.icmp_unsigned("<", index, rows))
            with build.ir.if_then(counts, likely=True):
                body(i, index)

    def counted(_: Any, index: Any) -> None:
        build.store(build.ir.add(build.load(ends, index, LONG), LONG(1)), ends, index)

    def placed(i: Any, index: Any) -> None:
        where = build.load(ends, index, LONG)
        build.store(i, order, where)
        build.store(build.ir.add(where, LONG(1)), ends, index)

    each(counted)
    with build.loop_with(0, rows, [LONG(0)]) as (r, (before,), after):
        after[0] = build.ir.add(before, build.load(ends, r, LONG))
        build.store(before, ends, r)
    each(placed)
    return build.address()


@jit.kept
def scatter_kernel(scale: bool) -> int:
    """words: grad, ends, order, out, d, steps of grad and out. Unit: a row of the table."""
    build = KernelBuilder("embedding_grad")
    grad, ends, order, out = (build.pointer(i) for i in range(4))
    d, grad_step, out_step = (build.word(i) for i in (4, 5, 6))
    with build.loop(build.start, build.stop, name="row") as r:
        some = build.ir.icmp_signed(">", r, LONG(0))
        before = build.ir.select(some, build.ir.sub(r, LONG(1)), LONG(0))
        first = build.ir.select(some, build.load(ends, before, LONG), LONG(0))
        last = build.load(ends, r, LONG)
        target = build.at(out, build.ir.mul(r, out_step))
        count = build.splat(build.ir.sitofp(build.ir.sub(last, first), FLOAT))

        def body(parts: list[Part], first: Any = first, last: Any = last, place: Any = (target, count)) -> None:
            with build.loop_with(first, last, zeros(build, len(parts)), name="place") as (i, sums, after):
                source = build.at(grad, build.ir.mul(build.load(order, i, LONG), grad_step))
                after[:] = [build.add(total, part.load(source)) for total, part in zip(sums, parts, strict=True)]
            for part, total in zip(parts, after, strict=True):
                if scale:
                    none = build.ir.fcmp_ordered("==", place[1], zeros(build)[0])
                    total = build.ir.select(none, total, build.div(total, place[1]))
                part.store(total, place[0])

        abreast(build, d, body)
    return build.address()


def embedding_grad(
    program: Any, dweight: Any, grad: Any, index: Any, *, padding_idx: int = -1, scale: bool = False, wrap: bool = False
) -> None:
    """dweight (rows, d) = the sum of grad (*, d) over the places of each row in index (*), 0 where there are none.

    padding_idx: a row that gets none. scale: divided by how many there were. An index out of range is left out. wrap:
    those below 0 count from the end. Raises Unsupported.
    """
    kind, source, target = kind_of(index), rows_of(grad, "grad"), rows_of(dweight, "dweight")
    if dweight.ndim != 2 or grad.shape != (*index.shape, target.d):
        raise Unsupported(f"embedding: grad {grad.shape} of index {index.shape}, table {dweight.shape}")
    apart(dweight, grad)
    if not dweight.size:
        return
    ends, order = np.zeros(target.m, np.int64), np.zeros(max(1, index.size), np.int64)
    base = index if index.size else order
    sort = Kernel("embedding_sort", sort_kernel(kind, wrap), alone=True)
    program.add(sort, base, index.size, target.m, padding_idx, ends, order)
    kernel = Kernel("embedding_grad", scatter_kernel(scale), target.m, grain_of(target.d), flops=grad.size)
    source_of = grad if grad.size else dweight
    program.add(kernel, source_of, ends, order, dweight, target.d, source.step, target.step)
