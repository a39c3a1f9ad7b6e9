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
from gradbook.kernels.fused import SPLAT, STRIDED, VECTOR, Form
from gradbook.kernels.fused_loops import kernel_address
from gradbook.kernels.host import host
from gradbook.kernels.program import Kernel, Program, Unsupported
from gradbook.kernels.strided import broadcast_strides, check_overlap, loops

__all__ = ["CHUNK", "pointwise"]

SIMPLE, LONG = 6, 24  # weights of expressions, of which steps of several vectors are made
HEAVY = 16  # weight from which on units are made smaller
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
    work = weight(expressions)
    rows, chunk, rows_a_unit = int(np.prod(outer, dtype=np.int64)), *shares(length, work)
    chunks = -(-length // chunk)
    everything = [*inputs, *arrays]
    form = Form(
        dtypes=tuple(array.dtype for array in inputs),
        kinds=tuple(
            kind_of(length, steps[-1], array.itemsize) for steps, array in zip(nest.strides, everything, strict=True)
        ),
        reduced=len(outer),
        chunked=chunks > 1 and len(outer) > 0,
        unroll=vectors(work, length, light=1),
    )
    words: list[Any] = [length, chunk, chunks, rows, rows_a_unit, 0, *outer]
    for array, steps, kind in zip(everything, nest.strides, form.kinds, strict=True):
        words += [array, *((steps[-1],) if kind == STRIDED else ()), *steps[:-1]]
    units = chunks * -(-rows // rows_a_unit)
    flops = work * arrays[0].size
    program.add(Kernel("pointwise", kernel_address(expressions, (), form), units, flops=flops), *words)


def shares(length: int, work: int) -> tuple[int, int]:
    """(elements of a chunk of the inner loop, rows of a unit); the fewer, the more work an element is."""
    most = max(CHUNK // 16, CHUNK // max(1, work // HEAVY) & -256)
    return (most, 1) if length >= most else (max(1, length), max(1, most // max(1, length)))


def vectors(work: int, length: int, light: int) -> int:
    """How many vectors a step of the inner loop takes: `light` for simple expressions, 4 for long ones.

    In a long one each operation waits for the one before; four at once keep the processor busy, if there is room.
    """
    here = host()
    if here is None or length < 8 * here.lanes:
        return 1
    return light if work <= SIMPLE else 4 if work >= LONG else 1


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
