"""Negative log likelihood: the mean of -x_t over rows, and its gradient, which is 0 but for one number a row.

A class out of range makes its row NaN and reads nothing: callers who want an IndexError look first.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradbook.kernels import jit
from gradbook.kernels.cross_entropy import ONE, REDUCTIONS, count_kernel, share_of
from gradbook.kernels.emit import LONG, KernelBuilder
from gradbook.kernels.program import Kernel, Unsupported
from gradbook.kernels.rows import Part, add_total, apart, float_vector, grain_of, sweep, zeros

__all__ = ["nll_loss", "nll_loss_grad"]

TARGET, WEIGHT, TOTALS, CLASSES, SPOTS, IGNORE, PLACE, GRAD, X, X_SAMPLE, X_CLASS, X_SPOT = range(12)


@jit.kept
def loss_kernel(weighted: bool) -> int:
    """words: as named above; PLACE is where losses go. Unit: a row, which is a spot of a sample."""
    build = KernelBuilder("nll_loss")
    weight = build.pointer(WEIGHT) if weighted else None
    spots, ignore = build.word(SPOTS), build.word(IGNORE)
    with build.loop(build.start, build.stop, name="row") as row:
        sample, spot = build.ir.sdiv(row, spots), build.ir.srem(row, spots)
        t = build.load(build.pointer(TARGET), row, LONG)
        share, safe = share_of(build, t, ignore, build.word(CLASSES), weight)
        at = LONG(0)
        for index, step in ((sample, X_SAMPLE), (safe, X_CLASS), (spot, X_SPOT)):
            at = build.ir.add(at, build.ir.mul(index, build.word(step)))
        loss = build.ir.fneg(build.mul(share, build.load(build.pointer(X), at)))
        counts = build.ir.icmp_signed("!=", t, ignore)
        build.store(build.ir.select(counts, loss, build.constant(0.0)), build.pointer(PLACE), row)
    return build.address()


@jit.kept
def grad_kernel(weighted: bool, scalar: bool, mean: bool) -> int:
    """words: as named above; PLACE is where the gradient goes. Unit: a sample."""
    build = KernelBuilder("nll_loss_grad")
    weight = build.pointer(WEIGHT) if weighted else None
    spots, classes, ignore = build.word(SPOTS), build.word(CLASSES), build.word(IGNORE)
    size = build.ir.mul(spots, classes)
    with build.loop(build.start, build.stop, name="sample") as sample:
        place = build.at(build.pointer(PLACE), build.ir.mul(sample, size))

        def clear(part: Part, _: list[Any], place: Any = place) -> list[Any]:
            part.store(zeros(build)[0], place)
            return []

        sweep(build, size, clear)
        with build.loop(0, spots, name="spot") as spot:
            row = build.ir.add(build.ir.mul(sample, spots), spot)
            t = build.load(build.pointer(TARGET), row, LONG)
            share, safe = share_of(build, t, ignore, classes, weight)
            if mean:
                share = build.div(share, total_of(build))
            own = build.mul(share, build.load(build.pointer(GRAD), LONG(0) if scalar else row))
            counts = build.ir.icmp_signed("!=", t, ignore)
            own = build.ir.select(counts, build.ir.fneg(own), build.constant(0.0))
            build.store(own, place, build.ir.add(build.ir.mul(safe, spots), spot))
    return build.address()


def total_of(build: KernelBuilder) -> Any:
    """The sum of all shares; 1 where no row counts, whose gradient is 0."""
    total = build.load(build.pointer(TOTALS), LONG(0))
    nothing = build.ir.fcmp_ordered("==", total, build.constant(0.0))
    return build.ir.select(nothing, build.constant(1.0), total)


def nll_loss(
    program: Any, out: Any, x: Any, target: Any, *, weight: Any = None, reduction: str = "mean",
    ignore_index: int = -100,
) -> None:  # fmt: skip
    """out = the loss of log probabilities x (c,), (n, c) or (n, c, *) in any order, and classes target int64.

    out: like target for reduction "none", else one number. Raises Unsupported.
    """
    x, target, (n, classes, spots) = checked(x, target, weight, reduction)
    float_vector(out, n * spots if reduction == "none" else 1, "out")
    apart(out, x)
    losses = out if reduction == "none" else np.empty(n * spots, np.float32)
    totals = counted(program, target, classes, weight, ignore_index) if reduction == "mean" else ONE
    steps = [step // x.itemsize for step in x.strides]
    kernel = Kernel("nll_loss", loss_kernel(weight is not None), n * spots, 64, flops=2 * n * spots)
    program.add(kernel, target, target if weight is None else weight, totals, classes, spots, ignore_index, losses,
                losses, x, *steps)  # fmt: skip
    if reduction != "none":
        add_total(program, out, losses, totals[:1])


def nll_loss_grad(
    program: Any, dx: Any, grad: Any, target: Any, *, weight: Any = None, reduction: str = "mean",
    ignore_index: int = -100,
) -> None:  # fmt: skip
    """dx, in index order, = the gradient of nll_loss times grad: like target for reduction "none", else one number.

    Raises Unsupported.
    """
    if not dx.flags.c_contiguous:
        raise Unsupported("nll_loss: the gradient does not lie in index order")
    made, target, (n, classes, spots) = checked(dx, target, weight, reduction)
    scalar = reduction != "none"
    float_vector(grad, 1 if scalar else n * spots, "grad")
    apart(dx, grad)
    totals = counted(program, target, classes, weight, ignore_index) if reduction == "mean" else ONE
    address = grad_kernel(weight is not None, scalar, reduction == "mean")
    kernel = Kernel("nll_loss_grad", address, n, grain_of(classes * spots), flops=dx.size)
    program.add(kernel, target, target if weight is None else weight, totals, classes, spots, ignore_index, made, grad)


def checked(x: Any, target: Any, weight: Any, reduction: str) -> tuple[Any, Any, tuple[int, int, int]]:
    """x as (n, c, spots), the classes as one row, and those lengths. Raises Unsupported."""
    if reduction not in REDUCTIONS or x.dtype != np.float32 or not x.size:
        raise Unsupported(f"nll_loss of {x.dtype} {x.shape}, {reduction}")
    if x.ndim == 1:
        x = x.reshape(1, -1)
    n, classes, spots = x.shape[0], x.shape[1], math.prod(x.shape[2:])
    flat = x.reshape(n, classes, spots)
    if not np.may_share_memory(flat, x) or any(step < 0 or step % 4 for step in flat.strides):
        raise Unsupported("nll_loss: numbers that are scattered")
    float_vector(target, n * spots, "target", np.int64)
    if weight is not None:
        float_vector(weight, classes, "weight")
    return flat, target, (n, classes, spots)


def counted(program: Any, target: Any, classes: int, weight: Any, ignore_index: int) -> Any:
    """Two numbers that a kernel added here sets: the sum of the rows' shares, and that of all weights."""
    totals = np.zeros(2, np.float32)
    kernel = Kernel("nll_loss_count", count_kernel(weight is not None), alone=True)
    program.add(kernel, target, target.size, ignore_index, target if weight is None else weight, classes, totals)
    return totals
