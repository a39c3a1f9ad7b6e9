"""The micro-kernel of every product: a tile of C in registers, C[i, :] += sum over k of A[i, k] * B[k, :].

One number of A is spread over a vector, vectors of B are loaded, and rows x vectors accumulators stay in registers all
the while. Other kernels (convolution, attention, recurrent cells) are written around it:

    rows, vectors = heights(4)[0], 4
    sums = multiply(build, rows, vectors, depth, A(address, row, step), B(address, step))
    for i, row in enumerate(sums):                     # sums[i][j]: the vector of row i, columns j * lanes ...
        for j, value in enumerate(row):
            build.store(value, out, ...)

All strides are numbers of run time, counted in elements; A may be transposed (row 1, step = its leading length). B's
columns lie side by side. Sums go through k in order, one fused multiplication and addition each, so that a result
depends neither on the tile that it was computed in nor on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from gradbook.kernels.emit import BYTE, LONG, KernelBuilder, width_of
from gradbook.kernels.host import host

__all__ = ["A", "B", "cover", "heights", "masks_are_free", "multiply", "widest"]

Sums = list[list[Any]]
GROUP = 4  # rows that share one pointer: x86 addresses reach 0, 1, 2 strides from it, and 3 by a second register


class A(NamedTuple):
    """The left factor: element (i, k) lies at address + (i * row + k * step) elements.

    rows: in the place of address and row, the addresses of the tile's rows, wherever they are.
    """

    address: Any
    row: Any
    step: Any
    rows: tuple[Any, ...] = ()


class B(NamedTuple):
    """The right factor: vector j of step k lies at address + k * step + j * lanes elements.

    mask: the lanes of the last vector that exist (see KernelBuilder.mask); the others are not read. None: all do.
    """

    address: Any
    step: Any
    mask: Any = None


def widest() -> int:
    """The number of vectors of the best tile on this machine: 4 where there are 32 registers, 2 where there are 16."""
    here = host()
    return 4 if here is None or here.registers >= 32 else 2


def masks_are_free() -> bool:
    """Whether reading and writing some lanes of a vector costs no more than all of them."""
    here = host()
    return here is not None and here.isa == "avx512"


def heights(vectors: int) -> tuple[int, ...]:
    """Rows of the tiles that are this many vectors wide: the best first, then smaller ones for what is left over.

    The accumulators of the best, a row of B and a number of A fill the registers.
    """
    if widest() == 4:
        return {1: (12, 4, 2, 1), 2: (12, 4, 2, 1), 3: (8, 4, 2, 1), 4: (6, 4, 2, 1)}[vectors]
    return {1: (12, 4, 2, 1), 2: (6, 4, 2, 1), 3: (4, 2, 1), 4: (2, 1)}[vectors]


def cover(build: KernelBuilder, start: Any, stop: Any, vectors: int, tile: Callable[[Any, int], None]) -> None:
    """Write `tile(first row, number of rows)` for rows [start, stop): as many of the best tiles as fit, then others."""
    following = start
    for height in heights(vectors):
        end = build.ir.sub(stop, LONG(height - 1))
        with build.loop_with(following, end, [following], height, "rows") as (i, _, after):
            tile(i, height)
            after[:] = [build.ir.add(i, LONG(height), flags=["nsw"])]
        (following,) = after


def multiply(
    build: KernelBuilder, rows: int, vectors: int, depth: Any, a: A, b: B, *, start: Sums | None = None,
    kind: Any = None,
) -> Sums:  # fmt: skip
    """Write the loop over k in range(depth). -> sums[i][j], the vector j of row i.

    depth: i64, may be 0. start: what the sums begin with, zeros by default. kind: their type; else that of start, or
    vectors of float32.
    """
    kind = kind or (start[0][0].type if start else build.vector())
    zero = build.constant(0.0, kind)
    begin = [value for row in start for value in row] if start else [zero] * (rows * vectors)
    size = width_of(kind.element)
    a_rows = _row_addresses(build, a, rows, size)
    a_step, b_step = (build.ir.mul(step, LONG(size)) for step in (a.step, b.step))
    pointers = [*a_rows.bases, b.address]
    with build.loop_with(LONG(0), depth, pointers + begin, name="k") as (_, values, after):
        *bases, row_of_b = values[: len(pointers)]
        sums = values[len(pointers) :]
        right = _vectors_of(build, row_of_b, vectors, kind, b.mask)
        for i in range(rows):
            number = build.ir.load(a_rows.address(build, bases, i), typ=kind.element, align=size)
            left = build.splat(number, kind.count)
            for j in range(vectors):
                sums[i * vectors + j] = build.fma(left, right[j], sums[i * vectors + j])
        moved = [build.ir.gep(base, [a_step], source_etype=BYTE) for base in bases]
        after[:] = [*moved, build.ir.gep(row_of_b, [b_step], source_etype=BYTE), *sums]
    flat = after[len(pointers) :]
    return [flat[i * vectors : (i + 1) * vectors] for i in range(rows)]


def _vectors_of(build: KernelBuilder, address: Any, vectors: int, kind: Any, mask: Any) -> list[Any]:
    element, lanes = kind.element, kind.count
    found = [build.load_vector(address, LONG(j * lanes), element, lanes) for j in range(vectors - (mask is not None))]
    if mask is not None:
        found.append(build.load_masked(address, LONG((vectors - 1) * lanes), mask, kind=element))
    return found


class _RowAddresses(NamedTuple):
    """Pointers that walk along k, and how far (in bytes) each row of a tile is from one of them."""

    bases: list[Any]
    offsets: list[Any]

    def address(self, build: KernelBuilder, bases: list[Any], i: int) -> Any:
        """Row i, given where the pointers are now."""
        if not self.offsets:
            return bases[i]
        base, offset = bases[i // GROUP], self.offsets[i % GROUP]
        return build.ir.gep(base, [offset], source_etype=BYTE)


def _row_addresses(build: KernelBuilder, a: A, rows: int, size: int) -> _RowAddresses:
    if a.rows:
        return _RowAddresses(list(a.rows), [])
    stride = build.ir.mul(a.row, LONG(size))
    bases = [build.ir.gep(a.address, [build.ir.mul(stride, LONG(i))], source_etype=BYTE) for i in range(0, rows, GROUP)]
    return _RowAddresses(bases, [build.ir.mul(stride, LONG(i)) for i in range(min(rows, GROUP))])
