"""Fused element-by-element kernels: any number of expressions of broadcast, strided arrays, in one pass.

For x, y = inputs(np.float32, np.float32), pointwise(program, [(np.tanh(x * y), out)], [a, b]) adds the kernel that
writes tanh(a * b) into out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradbook.kernels.evaluate import weight
from gradbook.kernels.expression import INPUT, Expression, walk
from gradbook.kernels.fused import SPLAT, STRIDED, VECTOR, Form, Walker
from gradbook.kernels.program import Kernel, Program, Unsupported
from gradbook.kernels.strided import broadcast_strides, check_overlap, loops

__all__ = ["CHUNK", "pointwise"]

CHUNK = 8192  # elements of a unit, about: large beside what a unit costs, small enough to share
Array = np.ndarray[Any, Any]
Store = tuple[Expression, Array]


def pointwise(program: Program, outs: Sequence[Store], inputs: Sequence[Array]) -> None:
    """Write expressions of `inputs` (input i of an expression is inputs[i]) into arrays, by one kernel.

    outs: (expression, array) pairs, the arrays all of one shape, to which the inputs broadcast; any strides. An output
    may be one of the inputs itself. Raises Unsupported for other overlaps, shapes or dtypes.
    """
    expressions, arrays = tuple(pair[0] for pair in outs), [pair[1] for pair in outs]
    check(expressions, inputs, arrays)
    shape = arrays[0].shape
    if any(array.shape != shape for array in arrays):
        raise Unsupported("outputs of one kernel must have one shape")
    strides = [broadcast_strides(array, shape) for array in (*inputs, *arrays)]
    if not arrays[0].size:
        return
    check_overlap(arrays, inputs)
    nest = loops(shape, strides, lead=len(inputs))
    *outer, length = nest.shape
    rows, chunk, rows_a_unit = int(np.prod(outer, dtype=np.int64)), *shares(length)
    chunks = -(-length // chunk)
    everything = [*inputs, *arrays]
    form = Form(
        dtypes=tuple(array.dtype for array in inputs),
        kinds=tuple(
            kind_of(length, steps[-1], array.itemsize) for steps, array in zip(nest.strides, everything, strict=True)
        ),
        reduced=len(outer),
        chunked=chunks > 1,
    )
    words: list[Any] = [length, chunk, chunks, rows, rows_a_unit, 0, *outer]
    for array, steps, kind in zip(everything, nest.strides, form.kinds, strict=True):
        words += [array, *((steps[-1],) if kind == STRIDED else ()), *steps[:-1]]
    units = chunks * -(-rows // rows_a_unit)
    work = weight(expressions) * arrays[0].size
    program.add(Kernel("pointwise", address(expressions, form), units, flops=work), *words)


def shares(length: int) -> tuple[int, int]:
    """(elements of a chunk of the inner loop, rows of a unit)."""
    return (CHUNK, 1) if length >= CHUNK else (max(1, length), max(1, CHUNK // max(1, length)))


def kind_of(length: int, stride: int, itemsize: int) -> str:
    """How an array is read along the inner loop."""
    return VECTOR if stride == itemsize or length == 1 else SPLAT if not stride else STRIDED


def check(expressions: Sequence[Expression], inputs: Sequence[Array], outs: Sequence[Array]) -> None:
    """Raise Unsupported unless the arrays have the dtypes that the expressions expect."""
    if not outs or not all(isinstance(array, np.ndarray) for array in (*inputs, *outs)):
        raise Unsupported("a kernel needs an output, and arrays")
    for expression, out in zip(expressions, outs, strict=True):
        if out.dtype != expression.dtype:
            raise Unsupported(f"an output of dtype {out.dtype} for an expression of {expression.dtype}")
    for leaf in walk(tuple(expressions)):
        if leaf.name == INPUT and (leaf.value >= len(inputs) or inputs[leaf.value].dtype != leaf.dtype):
            raise Unsupported(f"input {leaf.value} must be an array of {leaf.dtype}")


def address(expressions: tuple[Expression, ...], form: Form) -> int:
    """Where the compiled kernel of these expressions is."""
    key = (tuple(expression.key for expression in expressions), form)
    found = _addresses.get(key)
    if found is None:
        found = _addresses[key] = pointwise_kernel(expressions, form).address()
    return found


_addresses: dict[Any, int] = {}


def pointwise_kernel(stores: tuple[Expression, ...], form: Form) -> Any:
    """One unit after another: some rows, or a chunk of one."""
    walker = Walker(form, stores, ())
    build = walker.build
    bases = [array[0] for array in walker.arrays]
    if not form.reduced:  # one row: neighbouring units are one stretch of it
        first = build.ir.mul(build.start, walker.chunk)
        last = smaller(build, build.ir.mul(build.stop, walker.chunk), walker.length)
        stretch(walker, bases, first, last, [])
        return build
    with build.loop(build.start, build.stop, name="unit") as unit:
        block, first, last = unit, build.long(0), walker.length
        if form.chunked:
            block = build.ir.sdiv(unit, walker.chunks)
            first = build.ir.mul(build.ir.srem(unit, walker.chunks), walker.chunk)
            last = smaller(build, build.ir.add(first, walker.chunk), walker.length)
        over_rows(walker, bases, block, first, last, [])
    return build


def over_rows(walker: Walker, bases: list[Any], block: Any, first: Any, last: Any, sums: list[Any]) -> list[Any]:
    """The rows of a block, elements [first, last) of each. -> the sums."""
    build = walker.build
    top = build.ir.mul(block, walker.rows_a_unit)
    end = smaller(build, build.ir.add(top, walker.rows_a_unit), walker.rows)
    indices = walker.indices(top, walker.reduced)
    count = len(indices)
    with build.loop_with(top, end, [*indices, *sums], name="row") as (_, carried, after):
        places = walker.moved(bases, walker.form.kept, carried[:count])
        made = stretch(walker, places, first, last, carried[count:])
        after[:] = [*walker.following(carried[:count], walker.reduced), *made]
    return list(after[count:])


def stretch(walker: Walker, bases: list[Any], first: Any, last: Any, sums: list[Any]) -> list[Any]:
    """Elements [first, last) of the inner loop. -> the sums."""
    build = walker.build
    with build.loop_with(first, last, sums, step=walker.lanes, name="element") as (i, carried, after):
        terms = walker.vector(bases, i, last)
        after[:] = [walker.plus(a, b, one) for a, b, one in zip(carried, terms, walker.sums, strict=True)]
    return after


def smaller(build: Any, a: Any, b: Any) -> Any:
    """The smaller of two integers."""
    return build.ir.select(build.ir.icmp_signed("<", a, b), a, b)
