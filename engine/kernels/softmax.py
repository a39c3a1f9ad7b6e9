"""softmax and log_softmax along the last axis, forward and backward."""

from __future__ import annotations

import math
from typing import Any

from gradbook.kernels import jit
from gradbook.kernels.emit import KernelBuilder
from gradbook.kernels.program import Kernel
from gradbook.kernels.rows import (
    Part,
    apart,
    grain_of,
    held,
    joined,
    larger,
    peak,
    rows_like,
    rows_of,
    sweep,
    vectors_of,
    zeros,
)
from gradbook.kernels.transcendental import exp, log

__all__ = ["log_softmax", "log_softmax_grad", "softmax", "softmax_grad"]


@jit.kept
def forward_kernel(is_log: bool, vectors: int) -> int:
    """words: x, out, d, step of x, step of out. vectors: as `vectors_of`."""
    build = KernelBuilder("log_softmax" if is_log else "softmax")
    x, out = build.pointer(0), build.pointer(1)
    d, x_step, out_step = (build.word(i) for i in (2, 3, 4))
    parts = held(build, d, vectors) if vectors else []
    with build.loop(build.start, build.stop, name="row") as row:
        source, target = build.at(x, build.ir.mul(row, x_step)), build.at(out, build.ir.mul(row, out_step))
        (held_row if vectors else swept_row)(build, source, target, parts or d, is_log)
    return build.address()


def held_row(build: KernelBuilder, source: Any, target: Any, parts: list[Part], is_log: bool) -> None:
    """One row that fits in registers."""
    values = [part.load(source, -math.inf) for part in parts]
    top = larger(build)
    shift = build.splat(build.fold(joined(build, values, 1, top)[0], top))
    shifted = [build.sub(value, shift) for value in values]
    raised = [exp(build, value) for value in shifted]
    total = build.total(joined(build, raised, 1, None)[0])
    if is_log:
        lower = log(build, build.splat(total))
        results = [build.sub(value, lower) for value in shifted]
    else:
        scale = build.splat(build.div(build.constant(1.0), total))
        results = [build.mul(value, scale) for value in raised]
    for part, value in zip(parts, results, strict=True):
        part.store(value, target)


def swept_row(build: KernelBuilder, source: Any, target: Any, d: Any, is_log: bool) -> None:
    """One row of any length."""
    shift = build.splat(peak(build, source, d))

    def raised(part: Part, sums: list[Any]) -> list[Any]:
        value = exp(build, build.sub(part.load(source, -math.inf), shift))
        if not is_log:
            part.store(value, target)
        return [build.add(sums[0], value)]

    (sums,) = sweep(build, d, raised, zeros(build))
    total = build.total(sums)
    wide = build.splat(total)
    factor = log(build, wide) if is_log else build.div(build.constant(1.0, wide), wide)

    def finished(part: Part, _: list[Any]) -> list[Any]:
        if is_log:
            part.store(build.sub(build.sub(part.load(source), shift), factor), target)
        else:
            part.store(build.mul(part.load(target), factor), target)
        return []

    sweep(build, d, finished)


@jit.kept
def backward_kernel(is_log: bool) -> int:
    """words: grad, y, dx, d, steps of the three."""
    build = KernelBuilder("log_softmax_grad" if is_log else "softmax_grad")
    bases = [build.pointer(i) for i in range(3)]
    d, steps = build.word(3), [build.word(i) for i in (4, 5, 6)]
    with build.loop(build.start, build.stop, name="row") as row:
        grad, y, dx = (build.at(b, build.ir.mul(row, s)) for b, s in zip(bases, steps, strict=True))

        def summed(part: Part, sums: list[Any]) -> list[Any]:
            g = part.load(grad)
            return [build.add(sums[0], g) if is_log else build.fma(g, part.load(y), sums[0])]

        (sums,) = sweep(build, d, summed, zeros(build))
        total = build.splat(build.total(sums))

        def finished(part: Part, _: list[Any]) -> list[Any]:
            g, own = part.load(grad), part.load(y)
            if is_log:
                part.store(build.sub(g, build.mul(exp(build, own), total)), dx)
            else:
                part.store(build.mul(own, build.sub(g, total)), dx)
            return []

        sweep(build, d, finished)
    return build.address()


def softmax(program: Any, out: Any, x: Any) -> None:
    """out = softmax of x along its last axis: (*, d) -> the same; out may be x. Raises Unsupported."""
    _forward(program, out, x, False)


def log_softmax(program: Any, out: Any, x: Any) -> None:
    """out = log softmax of x along its last axis: (*, d) -> the same; out may not be x. Raises Unsupported."""
    _forward(program, out, x, True)


def softmax_grad(program: Any, dx: Any, grad: Any, out: Any) -> None:
    """dx = out (grad - sum of grad out); dx may be grad. Raises Unsupported."""
    _backward(program, dx, grad, out, False)


def log_softmax_grad(program: Any, dx: Any, grad: Any, out: Any) -> None:
    """dx = grad - e^out (sum of grad); dx may be grad. Raises Unsupported."""
    _backward(program, dx, grad, out, True)


def _forward(program: Any, out: Any, x: Any, is_log: bool) -> None:
    source = rows_of(x)
    target = rows_like(out, source, "out")
    apart(out, x)
    if x.size:
        kernel = Kernel(
            "softmax", forward_kernel(is_log, vectors_of(source.d)), source.m, grain_of(source.d), flops=8 * x.size
        )
        program.add(kernel, x, out, source.d, source.step, target.step)


def _backward(program: Any, dx: Any, grad: Any, out: Any, is_log: bool) -> None:
    source = rows_of(grad, "grad")
    own, target = rows_like(out, source, "out"), rows_like(dx, source, "dx")
    apart(dx, grad, out)
    if grad.size:
        kernel = Kernel("softmax_grad", backward_kernel(is_log), source.m, grain_of(source.d), flops=4 * grad.size)
        program.add(kernel, grad, out, dx, source.d, source.step, own.step, target.step)
