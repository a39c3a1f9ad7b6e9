"""What is done with all gradients at once: their norm, clipping by it, zeros."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradbook.kernels import jit
from gradbook.kernels.emit import DOUBLE, FLOAT, LONG, POINTER, KernelBuilder
from gradbook.kernels.optimizers import HEAD, chunk_rows
from gradbook.kernels.program import Kernel
from gradbook.kernels.rows import Part, sweep, zeros

__all__ = ["clip_grad_norm", "grad_norm", "scale", "zero"]

ROW = 2  # words of a chunk: its address, and how many numbers it has


def chunk(build: KernelBuilder, unit: Any) -> tuple[Any, Any]:
    """(where a chunk is, how many numbers it has)."""
    first = build.ir.add(build.ir.mul(unit, LONG(ROW)), LONG(HEAD))
    place = build.ir.load(build.at(build.words, first, LONG), typ=POINTER)
    return place, build.load(build.words, build.ir.add(first, LONG(1)), LONG)


@jit.kept
def squares_kernel() -> int:
    """words: sums (float64), -, chunks. sums[unit] = the sum of a chunk's squares."""
    build = KernelBuilder("squares")
    with build.loop(build.start, build.stop, name="chunk") as unit:
        place, count = chunk(build, unit)

        def summed(part: Part, sums: list[Any], place: Any = place) -> list[Any]:
            value = part.load(place)
            return [build.fma(value, value, sums[0])]

        (sums,) = sweep(build, count, summed, zeros(build))
        build.store(build.ir.fpext(build.total(sums), DOUBLE), build.pointer(0), unit)
    return build.address()


@jit.kept
def norm_kernel() -> int:
    """words: sums (float64), how many, norm, factor, largest norm (float64). factor = min(1, largest / norm)."""
    build = KernelBuilder("norm")
    with build.loop_with(0, build.word(1), [build.constant(0.0, DOUBLE)]) as (i, (total,), after):
        after[0] = build.ir.fadd(total, build.load(build.pointer(0), i, DOUBLE))
    norm = build.ir.fptrunc(build.intrinsic("sqrt", after[0]), FLOAT)
    build.store(norm, build.pointer(2), LONG(0))
    largest = build.ir.fptrunc(build.load(build.pointer(4), LONG(0), DOUBLE), FLOAT)
    factor = build.div(largest, build.add(norm, build.constant(1e-6)))
    build.store(build.minimum(factor, build.constant(1.0)), build.pointer(3), LONG(0))
    return build.address()


@jit.kept
def scale_kernel() -> int:
    """words: factor, -, chunks. Nothing is touched where the factor is 1."""
    build = KernelBuilder("scale")
    factor = build.load(build.pointer(0), LONG(0))
    same = build.ir.fcmp_ordered("==", factor, build.constant(1.0))
    wide = build.splat(factor)
    with build.loop(build.ir.select(same, build.stop, build.start), build.stop, name="chunk") as unit:
        place, count = chunk(build, unit)

        def body(part: Part, _: list[Any], place: Any = place) -> list[Any]:
            part.store(build.mul(part.load(place), wide), place)
            return []

        sweep(build, count, body)
    return build.address()


@jit.kept
def zero_kernel() -> int:
    """words: -, -, chunks."""
    build = KernelBuilder("zero")
    with build.loop(build.start, build.stop, name="chunk") as unit:
        place, count = chunk(build, unit)

        def body(part: Part, _: list[Any], place: Any = place) -> list[Any]:
            part.store(zeros(build)[0], place)
            return []

        sweep(build, count, body)
    return build.address()


def grad_norm(program: Any, norm: Any, grads: Sequence[Any], *, max_norm: Any = None, factor: Any = None) -> None:
    """norm = √ of the sum of all squares: one float32 number, which does not depend on the number of threads.

    factor, if given: one float32 number, min(1, max_norm / (norm + 1e-6)); max_norm: one float64 number, which may be
    changed between runs. Raises Unsupported.
    """
    words = chunk_rows([list(grads)], ["grad"])
    sums = np.zeros(max(1, len(words) // ROW))
    size = sum(grad.size for grad in grads)
    if words:
        program.add(Kernel("squares", squares_kernel(), len(words) // ROW, flops=2 * size), sums, sums, *words)
    limit = np.ones(1) if max_norm is None else max_norm
    unused = np.empty(1, np.float32) if factor is None else factor
    program.add(Kernel("norm", norm_kernel(), alone=True), sums, len(words) // ROW, norm, unused, limit)


def clip_grad_norm(program: Any, norm: Any, grads: Sequence[Any], max_norm: Any) -> None:
    """norm = that of all gradients, which are then scaled so that it is at most max_norm. As `grad_norm`."""
    factor = np.ones(1, np.float32)
    grad_norm(program, norm, grads, max_norm=max_norm, factor=factor)
    scale(program, grads, factor)


def scale(program: Any, arrays: Sequence[Any], factor: Any) -> None:
    """Multiply arrays by factor, one float32 number. Raises Unsupported."""
    words = chunk_rows([list(arrays)], ["array"])
    if words:
        size = sum(array.size for array in arrays)
        program.add(Kernel("scale", scale_kernel(), len(words) // ROW, flops=size), factor, factor, *words)


def zero(program: Any, arrays: Sequence[Any]) -> None:
    """Fill arrays with zeros. Raises Unsupported."""
    words = chunk_rows([list(arrays)], ["array"])
    if words:
        program.add(Kernel("zero", zero_kernel(), len(words) // ROW), 0, 0, *words)
