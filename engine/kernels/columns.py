"""Sums down the columns of (m, d): what the gradients of biases and of norms' weights are.

Rows are taken in blocks, at most BLOCKS of them however many threads there are, and the blocks' sums are then added in
order: the result does not depend on the number of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.kernels import jit
from gradbook.kernels.emit import KernelBuilder
from gradbook.kernels.program import Kernel
from gradbook.kernels.rows import Part, abreast, float_vector, rows_of

__all__ = ["add_blocks", "block_rows", "blocks_of", "column_sum"]

BLOCKS, LEAST = 32, 4096  # blocks at most; numbers in one at least


def block_rows(m: int, d: int) -> int:
    """How many rows of d numbers make a block."""
    rows = max(-(-m // BLOCKS), -(-LEAST // max(1, d)))
    return max(4, -(-rows // 4) * 4)


def blocks_of(m: int, d: int) -> int:
    """How many blocks (m, d) has."""
    return -(-m // block_rows(m, d))


def range_of(build: KernelBuilder, block: Any, rows: Any, m: Any) -> tuple[Any, Any]:
    """The rows of a block: (first, the one after its last)."""
    first = build.ir.mul(block, rows)
    stop = build.ir.add(first, rows)
    return first, build.ir.select(build.ir.icmp_signed("<", stop, m), stop, m)


@jit.kept
def sum_kernel() -> int:
    """words: x, out, m, d, step of x, rows of a block. Unit: a block, whose sums are a row of out."""
    build = KernelBuilder("column_sum")
    x, out = build.pointer(0), build.pointer(1)
    m, d, step, rows = (build.word(i) for i in (2, 3, 4, 5))
    with build.loop(build.start, build.stop, name="block") as block:
        first, stop = range_of(build, block, rows, m)
        place = build.at(out, build.ir.mul(block, d))

        def body(parts: list[Part], first: Any = first, stop: Any = stop, place: Any = place) -> None:
            zero = [build.constant(0.0, build.vector())] * len(parts)
            with build.loop_with(first, stop, zero, name="row") as (row, sums, after):
                source = build.at(x, build.ir.mul(row, step))
                after[:] = [build.add(total, part.load(source)) for total, part in zip(sums, parts, strict=True)]
            for part, total in zip(parts, after, strict=True):
                part.store(total, place)

        abreast(build, d, body, 8)
    return build.address()


def column_sum(program: Any, out: Any, x: Any) -> None:
    """out = x summed over all its axes but the last: (*, d) -> (d,). Raises Unsupported."""
    source = rows_of(x)
    float_vector(out, source.d, "out")
    if not out.size:
        return
    blocks, rows = blocks_of(source.m, source.d), block_rows(source.m, source.d)
    parts = out if blocks <= 1 else np.empty((blocks, source.d), np.float32)
    kernel = Kernel("column_sum", sum_kernel(), max(1, blocks), flops=x.size)
    program.add(kernel, x if x.size else out, parts, source.m, source.d, source.step, rows)
    if blocks > 1:
        add_blocks(program, out, parts)


def add_blocks(program: Any, out: Any, parts: Any) -> None:
    """out (d,) = the sum of blocks' sums (blocks, d)."""
    blocks, d = parts.shape
    kernel = Kernel("column_sum", sum_kernel(), flops=parts.size)
    program.add(kernel, parts, out, blocks, d, d, blocks)
