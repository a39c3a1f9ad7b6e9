"""How a fused kernel is written: loops over strided arrays, a vector of elements at a time, stores and sums.

The words of a kernel: its lengths, then of each input, output and sum its address and strides. One body serves whole
vectors and the last, partial one: only its loads and stores differ, behind a branch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir

from gradbook.kernels.emit import BIT, BYTE, LONG, POINTER, VOID, KernelBuilder, suffix
from gradbook.kernels.evaluate import evaluate, stored, type_of
from gradbook.kernels.expression import Expression

__all__ = ["SPLAT", "STRIDED", "VECTOR", "Form", "Walker"]

VECTOR, SPLAT, STRIDED = "vector", "splat", "strided"  # along the inner loop: neighbours, one number, or neither


class Form(NamedTuple):
    """What a fused kernel is specialised on, beside its expressions; all else are words.

    kept, reduced: loops outside the inner one. A unit is (kept index, block of reduced rows, chunk of the inner loop).
    upright: the inner loop is kept, too, and sums are those of its elements over the rows of a unit.
    """

    dtypes: tuple[np.dtype[Any], ...]  # of the inputs
    kinds: tuple[str, ...]  # of inputs, then outputs, then sums: VECTOR, SPLAT or STRIDED
    kept: int = 0
    reduced: int = 0
    chunked: bool = True  # False: the inner loop is one chunk
    blocked: bool = True  # False: a unit holds all rows
    unroll: int = 1  # vectors in a step
    upright: bool = False
    accumulate: bool = False  # sums are added to what is there


class Walker:
    """The words of a fused kernel, and what is done with one vector of elements."""

    def __init__(self, form: Form, stores: tuple[Expression, ...], sums: tuple[Expression, ...]) -> None:
        self.form, self.stores, self.sums = form, stores, sums
        self.build = KernelBuilder("fused")
        self.lanes = self.build.lanes * form.unroll
        self._next = 0
        self.length = self._word()  # of the inner loop
        self.chunk = self._word()
        self.chunks, self.rows, self.rows_a_unit, self.blocks = (self._word() for _ in range(4))
        self.kept = [self._word() for _ in range(form.kept)]
        self.reduced = [self._word() for _ in range(form.reduced)]
        plain = len(form.kinds) - len(sums)
        self.arrays = [self._array(kind, form.kept + form.reduced) for kind in form.kinds[:plain]]
        self.totals = [self._array(kind, form.kept + 1) for kind in form.kinds[plain:]]  # the last stride: of a block
        self.ones = ir.Constant(self.build.vector(BIT, self.lanes), [1] * self.lanes)

    def _word(self, kind: Any = LONG) -> Any:
        self._next += 1
        return self.build.word(self._next - 1, kind)

    def _array(self, kind: str, loops: int) -> tuple[Any, Any, list[Any], str]:
        """(address, bytes from element to element, bytes a turn of each outer loop, kind)."""
        base = self._word(POINTER)
        step = self._word() if kind == STRIDED else None
        return base, step, [self._word() for _ in range(loops)], kind

    # -- places --------------------------------------------------------------------------------------------------

    def moved(self, bases: list[Any], first: int, indices: list[Any]) -> list[Any]:
        """The addresses after turns of the outer loops from number `first` on."""
        made = []
        for base, (_, _, strides, _) in zip(bases, self.arrays, strict=True):
            made.append(self._moved(base, strides[first : first + len(indices)], indices))
        return made

    def _moved(self, place: Any, strides: list[Any], indices: list[Any]) -> Any:
        for index, stride in zip(indices, strides, strict=True):
            place = self.build.ir.gep(place, [self.build.ir.mul(index, stride)], source_etype=BYTE)
        return place

    def indices(self, linear: Any, lengths: list[Any]) -> list[Any]:
        """The index of each loop, of the number of a turn of all of them."""
        found: list[Any] = []
        for length in reversed(lengths[1:]):
            found.insert(0, self.build.ir.srem(linear, length))
            linear = self.build.ir.sdiv(linear, length)
        return [linear, *found] if lengths else []

    def following(self, indices: list[Any], lengths: list[Any]) -> list[Any]:
        """The indices of the next turn."""
        made = list(indices)
        build, carry = self.build, LONG(1)
        for i in range(len(indices) - 1, -1, -1):
            grown = build.ir.add(indices[i], carry)
            if not i:
                made[0] = grown
                break
            over = build.ir.icmp_signed("==", grown, lengths[i])
            made[i] = build.ir.select(over, LONG(0), grown)
            carry = build.ir.zext(over, LONG)
        return made

    # -- one vector ----------------------------------------------------------------------------------------------

    @contextmanager
    def _whole_or_part(self, left: Any) -> Iterator[tuple[Any, Any, Any]]:
        """Blocks for a whole vector and for `left` elements of one: gives (whole, part, after)."""
        append = self.build.function.append_basic_block
        whole, part, after = append("whole"), append("part"), append("after")
        self.build.ir.cbranch(self.build.ir.icmp_signed(">=", left, LONG(self.lanes)), whole, part)
        yield whole, part, after
        self.build.ir.position_at_end(after)

    def vector(self, bases: list[Any], i: Any, stop: Any) -> list[Any]:
        """Compute elements from i on, store them; -> the vectors to be summed, 0 from `stop` on."""
        build, form = self.build, self.form
        left = build.ir.sub(stop, i)
        loaded, mask = self._loads(bases, i, left)
        roots = (*self.stores, *self.sums)
        made = evaluate(build, roots, loaded.__getitem__, self.lanes)
        ready = [stored(build, one, root.dtype) for one, root in zip(made, self.stores, strict=False)]
        if ready:
            self._writes(ready, bases[len(form.dtypes) :], i, left, mask)
        terms = made[len(self.stores) :]
        return [build.ir.select(mask, term, build.constant(0, term)) for term in terms]

    def _loads(self, bases: list[Any], i: Any, left: Any) -> tuple[list[Any], Any]:
        """The inputs' vectors, and which lanes are there."""
        build, form = self.build, self.form
        plain = [n for n in range(len(form.dtypes)) if form.kinds[n] == VECTOR]
        types = {n: type_of(form.dtypes[n]) for n in range(len(form.dtypes))}
        with self._whole_or_part(left) as (whole, part, after):
            build.ir.position_at_end(whole)
            full = [build.load_vector(bases[n], i, types[n], self.lanes) for n in plain]
            build.ir.branch(after)
            build.ir.position_at_end(part)
            some = build.mask(left, self.lanes)
            partial = [build.load_masked(bases[n], i, some, 0, types[n]) for n in plain]
            build.ir.branch(after)
        mask = self._either(self.ones, whole, some, part)
        found = {n: self._either(a, whole, b, part) for n, a, b in zip(plain, full, partial, strict=True)}
        for n in range(len(form.dtypes)):
            if form.kinds[n] == SPLAT:
                found[n] = build.splat(build.load(bases[n], LONG(0), types[n]), self.lanes)
            elif form.kinds[n] == STRIDED:
                found[n] = self._gather(self._places(bases[n], self.arrays[n][1], i), mask, types[n])
        return [self._read(found[n], dtype) for n, dtype in enumerate(form.dtypes)], mask

    def _read(self, vector: Any, dtype: np.dtype[Any]) -> Any:
        if dtype.kind != "b":
            return vector
        return self.build.ir.icmp_signed("!=", vector, self.build.constant(0, vector))

    def _either(self, a: Any, from_a: Any, b: Any, from_b: Any) -> Any:
        made = self.build.ir.phi(a.type)
        made.add_incoming(a, from_a)
        made.add_incoming(b, from_b)
        return made

    def _writes(self, ready: list[Any], bases: list[Any], i: Any, left: Any, mask: Any) -> None:
        build, first = self.build, len(self.form.dtypes)
        kinds = self.form.kinds[first : first + len(ready)]
        for n, value in enumerate(ready):
            if kinds[n] == STRIDED:
                self._scatter(value, self._places(bases[n], self.arrays[first + n][1], i), mask)
        if STRIDED in kinds and len(set(kinds)) == 1:
            return
        with self._whole_or_part(left) as (whole, part, after):
            for block in (whole, part):
                build.ir.position_at_end(block)
                for n, value in enumerate(ready):
                    if kinds[n] == VECTOR and block is whole:
                        build.store(value, bases[n], i)
                    elif kinds[n] == VECTOR:
                        build.store_masked(value, bases[n], i, mask)
                build.ir.branch(after)

    def _places(self, base: Any, step: Any, i: Any) -> Any:
        """The addresses of the elements from i on, `step` bytes apart."""
        build = self.build
        order = ir.Constant(build.vector(LONG, self.lanes), list(range(self.lanes)))
        start = build.ir.add(build.ir.ptrtoint(base, LONG), build.ir.mul(i, step))
        steps = build.ir.mul(order, build.splat(step, self.lanes))
        return build.ir.inttoptr(build.ir.add(build.splat(start, self.lanes), steps), build.vector(POINTER, self.lanes))

    def _gather(self, places: Any, mask: Any, kind: Any) -> Any:
        build = self.build
        vector = build.vector(kind, self.lanes)
        name = f"llvm.masked.gather.{suffix(vector)}.v{self.lanes}p0"
        return build.call(name, vector, places, mask, build.constant(0, vector))

    def _scatter(self, value: Any, places: Any, mask: Any) -> None:
        name = f"llvm.masked.scatter.{suffix(value.type)}.v{self.lanes}p0"
        self.build.call(name, VOID, value, places, mask)

    # -- sums ----------------------------------------------------------------------------------------------------

    def zeros(self) -> list[Any]:
        """Vectors to add to, one a sum."""
        return [self.build.constant(0, self.build.vector(type_of(one.dtype), self.lanes)) for one in self.sums]

    def plus(self, a: Any, b: Any, one: Expression) -> Any:
        """The sum of two vectors or numbers."""
        return self.build.ir.fadd(a, b) if one.dtype.kind == "f" else self.build.ir.add(a, b)

    def write_totals(self, indices: list[Any], values: list[Any]) -> None:
        """Store each sum's vector, added up, at (kept indices, block)."""
        for (base, _, strides, _), one, vector in zip(self.totals, self.sums, values, strict=True):
            place = self._moved(base, strides, indices)
            total = self.build.fold(vector, lambda a, b, one=one: self.plus(a, b, one))
            if self.form.accumulate:
                total = self.plus(self.build.load(place, LONG(0), type_of(one.dtype)), total, one)
            self.build.store(total, place, LONG(0))

    def write_vectors(self, indices: list[Any], values: list[Any], i: Any, mask: Any) -> None:
        """Store each sum's vector from element i on, at (kept indices, block)."""
        for (base, step, strides, kind), one, vector in zip(self.totals, self.sums, values, strict=True):
            place, number = self._moved(base, strides, indices), type_of(one.dtype)
            places = self._places(place, step, i) if kind == STRIDED else None
            if self.form.accumulate and kind == STRIDED:
                vector = self.plus(self._gather(places, mask, number), vector, one)
            elif self.form.accumulate:
                vector = self.plus(self.build.load_masked(place, i, mask, 0, number), vector, one)
            if kind == STRIDED:
                self._scatter(vector, places, mask)
            else:
                self.build.store_masked(vector, place, i, mask)
