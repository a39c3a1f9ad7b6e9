"""Sums of expressions, over all axes or some, by the same kernel that writes other expressions of those inputs.

A sum is cut into blocks by the shapes alone; what the blocks give is summed by the next kernel in the same way. So the
result is the same for any number of threads, and its rounding errors grow with the length of a block, not of the array.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from gradbook.kernels.evaluate import weight
from gradbook.kernels.expression import INPUT, Expression, constant, node
from gradbook.kernels.fused import STRIDED, VECTOR, Form
from gradbook.kernels.fused_loops import kernel_address
from gradbook.kernels.host import host
from gradbook.kernels.pointwise import check, kind_of, pointwise, vectors
from gradbook.kernels.program import Kernel, Program, Unsupported, aligned
from gradbook.kernels.strided import Loops, broadcast_strides, check_overlap, loops

__all__ = ["fused", "sum_to"]

BLOCK = 4096  # elements that a unit sums along the inner loop
ROWS = 256  # rows that a unit sums across
Array = np.ndarray[Any, Any]
Pair = tuple[Expression, Array]


def sum_to(
    program: Program, expression: Expression, inputs: Sequence[Array], out: Array, *, accumulate: bool = False
) -> None:
    """Write the sum of an expression into `out`, whose shape says over which axes: those that are 1 there, or missing.

    accumulate: add it to what is there. Raises Unsupported as `pointwise` does, and for sums of truth values.
    """
    fused(program, [], [(expression, out)], inputs, accumulate=accumulate)


def fused(
    program: Program, stores: Sequence[Pair], sums: Sequence[Pair], inputs: Sequence[Array], *, accumulate: bool = False
) -> None:
    """Write `stores` as `pointwise` does and `sums` as `sum_to` does, by one pass over the inputs.

    The stores have the common shape of all; the sums are over the same axes.
    """
    sized = Sum(stores, sums, inputs, accumulate)
    if not sized.axes:
        pointwise(program, [*stores, *(sized.alone(i) for i in range(len(sums)))], sized.with_totals())
    elif sized.size:
        sized.add(program)
    elif not accumulate:
        for expression, out in sums:
            pointwise(program, [(constant(0, expression.dtype), out)], [])


class Sum:
    """Sums that are taken together: checked, cut into loops and blocks, added to a program."""

    def __init__(self, stores: Sequence[Pair], sums: Sequence[Pair], inputs: Sequence[Array], accumulate: bool) -> None:
        self.stores, self.sums, self.inputs, self.accumulate = tuple(stores), tuple(sums), list(inputs), accumulate
        self.totals = [array for _, array in sums]
        self.given = [*inputs, *(array for _, array in stores)]
        check([one for one, _ in (*stores, *sums)], inputs, [array for _, array in (*stores, *sums)])
        try:
            self.shape = np.broadcast_shapes(*(array.shape for array in (*self.given, *self.totals)))
        except ValueError as error:
            raise Unsupported(str(error)) from None
        self.size = math.prod(self.shape)
        self.axes = self._axes()
        if not self.axes:
            self.totals = [array.reshape(self.shape) for array in self.totals]  # axes of length 1 may lack
        if self.axes and self.size:
            self._check()

    def _axes(self) -> list[int]:
        """The axes that are summed. Raises Unsupported unless they are the same for all sums."""
        found = []
        for _, total in self.sums:
            lengths = (1,) * (len(self.shape) - total.ndim) + total.shape
            found.append([axis for axis, (a, b) in enumerate(zip(lengths, self.shape, strict=True)) if a != b])
        if any(axes != found[0] for axes in found):
            raise Unsupported("sums of one kernel must be over the same axes")
        return found[0] if found else []

    def _check(self) -> None:
        if any(one.dtype.kind == "b" for one, _ in self.sums):
            raise Unsupported("a sum of truth values; cast them first")
        if any(array.shape != self.shape for _, array in self.stores):
            raise Unsupported("what is stored beside a sum must have the shape of all that is summed")
        check_overlap([array for _, array in self.stores], self.inputs)
        for i, total in enumerate(self.totals):
            check_overlap([total], [])
            if any(np.may_share_memory(total, other) for other in (*self.given, *self.totals[:i])):
                raise Unsupported("a sum shares memory with another array")

    # -- no axis to sum over -------------------------------------------------------------------------------------

    def with_totals(self) -> list[Array]:
        """The inputs, and the arrays of the sums where they are added to."""
        return [*self.inputs, *(self.totals if self.accumulate else [])]

    def alone(self, i: int) -> Pair:
        """Sum number i where there is nothing to sum: (expression, array)."""
        expression, total = self.sums[i][0], self.totals[i]
        if not self.accumulate:
            return expression, total
        made: Any = node(INPUT, (), expression.dtype, len(self.inputs) + i)
        return made + expression, total

    # -- loops ---------------------------------------------------------------------------------------------------

    def add(self, program: Program) -> None:
        """Add the kernel, and those that sum what its blocks give."""
        strides = [broadcast_strides(array, self.shape) for array in (*self.given, *self.totals)]
        kept = [axis for axis in range(len(self.shape)) if axis not in self.axes]
        lead = max(range(len(self.given)), key=lambda i: (self.given[i].size, -i), default=0)
        outer, inner = (
            loops([self.shape[axis] for axis in axes], [[one[axis] for axis in axes] for one in strides], lead)
            for axes in (kept, self.axes)
        )
        here = host()
        lanes = here.lanes if here else 1
        short = math.prod(inner.shape) < lanes <= outer.shape[-1]
        upright = short or self._neighbours(outer) > self._neighbours(inner)
        Cut(self, outer, inner, upright, lanes).add(program)

    def _neighbours(self, nest: Loops) -> tuple[int, int]:
        """How many arrays the innermost loop reads in order, and its length."""
        if nest.shape[-1] == 1:
            return -1, 1
        alike = sum(one[-1] == array.itemsize for one, array in zip(nest.strides, self.given, strict=False))
        return alike, nest.shape[-1]


def abreast(length: int) -> int:
    """How many vectors of a row are summed at once over the rows: the more, the longer the stretches of memory read."""
    here = host()
    for count in (16, 8):
        if here and count <= here.registers // 2:
            step = count * here.lanes
            if not length % step or length >= 4 * step:
                return count
    return 4


class Cut:
    """One kernel of sums: its loops (kept ones, rows, the inner one), its units, its words."""

    def __init__(self, whole: Sum, outer: Loops, inner: Loops, upright: bool, lanes: int) -> None:
        self.whole, self.upright = whole, upright
        around, last = (outer.shape[:-1], outer) if upright else (outer.shape, inner)
        self.kept = around if math.prod(around) > 1 else ()
        self.rows = inner.shape if upright else inner.shape[:-1]
        self.length, self.steps = last.shape[-1], [one[-1] for one in last.strides]
        self.kept_strides = [one[: len(self.kept)] for one in outer.strides]
        self.row_strides = [one[: len(self.rows)] for one in inner.strides]
        work = weight(tuple(one for one, _ in (*whole.stores, *whole.sums)))
        self.unroll = vectors(work, self.length, light=abreast(self.length) if upright else 4)
        count = math.prod(self.rows)
        if upright:
            self.chunk, self.rows_a_unit = lanes * self.unroll, min(count, ROWS)
        elif self.length >= BLOCK:
            self.chunk, self.rows_a_unit = BLOCK, 1
        else:
            self.chunk, self.rows_a_unit = self.length, min(count, BLOCK // self.length)
        self.chunks = -(-self.length // self.chunk)
        self.blocks = -(-count // self.rows_a_unit) * (1 if upright else self.chunks)
        self.lengths = [self.length, self.chunk, self.chunks, count, self.rows_a_unit, self.blocks]

    def add(self, program: Program) -> None:
        """Add the kernel, and those for what its blocks give, if there are several."""
        whole = self.whole
        words: list[Any] = [*self.lengths, *self.kept, *self.rows]
        kinds = []
        for i, array in enumerate(whole.given):
            kind = kind_of(self.length, self.steps[i], array.itemsize)
            kinds.append(kind)
            step = [self.steps[i]] if kind == STRIDED else []
            words += [array, *step, *self.kept_strides[i], *self.row_strides[i]]
        parts = [self._parts(array.dtype) for array in whole.totals] if self.blocks > 1 else []
        for i, array in enumerate(whole.totals):
            kind, more = self._total(parts[i] if parts else array, len(whole.given) + i)
            kinds.append(kind)
            words += more
        form = Form(
            tuple(array.dtype for array in whole.inputs), tuple(kinds), len(self.kept), len(self.rows),
            self.chunks > 1, self.blocks > 1, self.unroll, self.upright, whole.accumulate and not parts,
        )  # fmt: skip
        stores, sums = (tuple(one for one, _ in pairs) for pairs in (whole.stores, whole.sums))
        units = math.prod(self.kept) * self.blocks * (self.chunks if self.upright else 1)
        work = (weight(stores + sums) + len(sums)) * whole.size
        program.add(Kernel("sum", kernel_address(stores, sums, form), units, flops=work), *words)
        for i, part in enumerate(parts):
            leaf = node(INPUT, (), part.dtype, 0)
            sum_to(program, leaf, [part], self._seen(len(whole.given) + i), accumulate=whole.accumulate)

    def _parts(self, dtype: Any) -> Array:
        """An array for what the blocks give: (kept ..., blocks), and the inner loop's elements if they are kept."""
        return aligned((*self.kept, self.blocks, *((self.length,) if self.upright else ())), dtype)

    def _total(self, array: Array, which: int) -> tuple[str, list[Any]]:
        """How a kernel reaches a sum: (kind, words)."""
        if self.blocks > 1:
            return VECTOR, [array, *array.strides[: len(self.kept) + 1]]
        kind = kind_of(self.length, self.steps[which], array.itemsize) if self.upright else VECTOR
        step = [self.steps[which]] if kind == STRIDED else []
        return kind, [array, *step, *self.kept_strides[which], 0]

    def _seen(self, which: int) -> Array:
        """The array of a sum in the shape of `_parts`, with one block."""
        array = self.whole.totals[which - len(self.whole.given)]
        own = ((self.length,), (self.steps[which],)) if self.upright else ((), ())
        strides = (*self.kept_strides[which], 0, *own[1])
        seen: Array = as_strided(array, (*self.kept, 1, *own[0]), strides)
        return seen
