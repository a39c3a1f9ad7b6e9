"""The loops of fused kernels: over units, rows and elements, with sums along them (level) or across them (upright)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gradbook.kernels import jit
from gradbook.kernels.emit import LONG, KernelBuilder
from gradbook.kernels.expression import Expression
from gradbook.kernels.fused import Form, Walker

__all__ = ["kernel_address"]


def kernel_address(stores: tuple[Expression, ...], sums: tuple[Expression, ...], form: Form) -> int:
    """Where the compiled kernel of these stores and sums is."""
    key = (tuple(one.key for one in stores), tuple(one.key for one in sums), form)
    found = _addresses.get(key)
    if found is None:
        write = upright_kernel if form.upright else level_kernel
        names = " ".join(one.key.hex() for one in (*stores, *sums))
        found = jit.address_of(f"fused {len(sums)} {names} {form}", lambda: write(stores, sums, form).text())
        _addresses[key] = found
    return found


_addresses: dict[Any, int] = {}


def level_kernel(stores: tuple[Expression, ...], sums: tuple[Expression, ...], form: Form) -> KernelBuilder:
    """One unit after another: some rows, or a chunk of one; sums over all elements of a unit."""
    walker = Walker(form, stores, sums)
    build, bases = walker.build, [array[0] for array in walker.arrays]
    if not form.reduced and not sums:  # one row: neighbouring units are one stretch of it
        first = build.ir.mul(build.start, walker.chunk)
        stretch(walker, bases, first, smaller(build, build.ir.mul(build.stop, walker.chunk), walker.length), [])
        return build
    with build.loop(build.start, build.stop, name="unit") as unit:
        kept, block = unit, unit if form.blocked else LONG(0)
        if form.kept and form.blocked:
            kept, block = build.ir.sdiv(unit, walker.blocks), build.ir.srem(unit, walker.blocks)
        outer = walker.indices(kept, walker.kept)
        row, first, last = block, LONG(0), walker.length
        if form.chunked:
            row = build.ir.sdiv(block, walker.chunks)
            first = build.ir.mul(build.ir.srem(block, walker.chunks), walker.chunk)
            last = smaller(build, build.ir.add(first, walker.chunk), walker.length)
        made = over_rows(walker, walker.moved(bases, 0, outer), row, first, last, walker.zeros())
        walker.write_totals([*outer, block], made)
    return build


def over_rows(walker: Walker, bases: list[Any], block: Any, first: Any, last: Any, sums: list[Any]) -> list[Any]:
    """The rows of a block, elements [first, last) of each. -> the sums."""
    if not walker.form.reduced:
        return stretch(walker, bases, first, last, sums)
    with rows_of(walker, block, sums) as (indices, carried, after):
        places = walker.moved(bases, walker.form.kept, indices)
        after[:] = stretch(walker, places, first, last, carried)
    return after


@contextmanager
def rows_of(walker: Walker, block: Any, sums: list[Any]) -> Iterator[tuple[list[Any], list[Any], list[Any]]]:
    """The rows of a block one after another: gives (indices of a row, sums so far, list for the sums after it)."""
    build = walker.build
    top = build.ir.mul(block, walker.rows_a_unit)
    end = smaller(build, build.ir.add(top, walker.rows_a_unit), walker.rows)
    indices = walker.indices(top, walker.reduced)
    count, result = len(indices), list(sums)
    with build.loop_with(top, end, [*indices, *sums], name="row") as (_, carried, after):
        yield carried[:count], carried[count:], result
        after[:] = [*walker.following(carried[:count], walker.reduced), *result]
    result[:] = after[count:]


def upright_kernel(stores: tuple[Expression, ...], sums: tuple[Expression, ...], form: Form) -> KernelBuilder:
    """Units of (kept index, block of rows, a vector of the inner loop), whose elements are summed over the rows."""
    walker = Walker(form, stores, sums)
    build, bases = walker.build, [array[0] for array in walker.arrays]
    with build.loop(build.start, build.stop, name="unit") as unit:
        part, above = build.ir.srem(unit, walker.chunks), build.ir.sdiv(unit, walker.chunks)
        kept, block = above, above if form.blocked else LONG(0)
        if form.kept and form.blocked:
            kept, block = build.ir.sdiv(above, walker.blocks), build.ir.srem(above, walker.blocks)
        outer, first = walker.indices(kept, walker.kept), build.ir.mul(part, LONG(walker.lanes))
        around = walker.moved(bases, 0, outer)
        with rows_of(walker, block, walker.zeros()) as (indices, carried, after):
            terms = walker.vector(walker.moved(around, form.kept, indices), first, walker.length)
            after[:] = [walker.plus(a, b, one) for a, b, one in zip(carried, terms, sums, strict=True)]
        mask = build.mask(smaller(build, build.ir.sub(walker.length, first), LONG(walker.lanes)), walker.lanes)
        walker.write_vectors([*outer, block], after, first, mask)
    return build


def stretch(walker: Walker, bases: list[Any], first: Any, last: Any, sums: list[Any]) -> list[Any]:
    """Elements [first, last) of the inner loop. -> the sums."""
    build = walker.build
    with build.loop_with(first, last, sums, step=walker.lanes, name="element") as (i, carried, after):
        terms = walker.vector(bases, i, last)
        after[:] = [walker.plus(a, b, one) for a, b, one in zip(carried, terms, walker.sums, strict=True)]
    return after


def smaller(build: KernelBuilder, a: Any, b: Any) -> Any:
    """The smaller of two integers."""
    return build.ir.select(build.ir.icmp_signed("<", a, b), a, b)
