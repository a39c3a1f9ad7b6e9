"""Negative log likelihood of classes, and its gradient: one number picked for each place, and set in the gradient.

Scores are seen as (outer, classes, inner), targets as (outer, inner): a matrix has inner = 1. A class out of range
makes its loss NaN and reads nothing: callers who want an IndexError look first.
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

__all__ = ["nll", "nll_grad"]

X, TARGET, OUT, CLASSES, INNER, IGNORE, WEIGHT, TOTALS, UPSTREAM = range(9)  # words; X is the gradient in its kernel


def places(build: KernelBuilder, o: Any, weighted: bool, move: Any) -> None:
    """move(number of the place, where its class's score is, its share, whether it counts) for each place of `o`."""
    classes, inner, ignore = (build.word(i) for i in (CLASSES, INNER, IGNORE))
    weight = build.pointer(WEIGHT) if weighted else None
    with build.loop(0, inner, name="place") as i:
        place = build.ir.add(build.ir.mul(o, inner), i)
        t = build.load(build.pointer(TARGET), place, LONG)
        share, safe = share_of(build, t, ignore, classes, weight)
        row = build.ir.add(build.ir.mul(o, classes), safe)
        move(place, build.ir.add(build.ir.mul(row, inner), i), share, build.ir.icmp_signed("!=", t, ignore))


@jit.kept
def loss_kernel(weighted: bool) -> int:
    """out[o, i] = -share · x[o, target[o, i], i], 0 where the target is ignored. Unit: an o."""
    build = KernelBuilder("nll")

    def move(place: Any, where: Any, share: Any, counts: Any) -> None:
        loss = build.mul(build.ir.fneg(share), build.load(build.pointer(X), where))
        build.store(build.ir.select(counts, loss, build.constant(0.0)), build.pointer(OUT), place)

    with build.loop(build.start, build.stop, name="row") as o:
        places(build, o, weighted, move)
    return build.address()


@jit.kept
def grad_kernel(weighted: bool, each: bool, clear: bool) -> int:
    """dx[o, target[o, i], i] = -share · upstream / total; clear: 0 elsewhere. each: a place has its own upstream."""
    build = KernelBuilder("nll_grad")
    dx, upstream = build.pointer(X), build.pointer(UPSTREAM)
    total = build.load(build.pointer(TOTALS), LONG(0))
    one, none = build.constant(1.0), build.constant(0.0)
    total = build.ir.select(build.ir.fcmp_ordered("==", total, none), one, total)
    size = build.ir.mul(build.word(CLASSES), build.word(INNER))

    def move(place: Any, where: Any, share: Any, counts: Any) -> None:
        own = build.div(build.load(upstream, place if each else LONG(0)), total)
        with build.ir.if_then(counts, likely=True):
            build.store(build.mul(build.ir.fneg(share), own), dx, where)

    with build.loop(build.start, build.stop, name="row") as o:
        if clear:
            row = build.at(dx, build.ir.mul(o, size))

            def each_part(part: Part, _: list[Any], row: Any = row) -> list[Any]:
                part.store(zeros(build)[0], row)
                return []

            sweep(build, size, each_part)
        places(build, o, weighted, move)
    return build.address()


def nll(
    program: Any, out: Any, x: Any, target: Any, *, weight: Any = None, reduction: str = "mean",
    ignore_index: int = -100,
) -> None:  # fmt: skip
    """out = the loss of log probabilities x (c,), (n, c) or (n, c, *d) and classes target int64 (), (n,) or (n, *d).

    out: like target for reduction "none", else one number. Raises Unsupported.
    """
    outer, classes, inner = seen(x, target, weight, reduction)
    count, each = target.size, reduction == "none"
    float_vector(out, count if each else 1, "out")
    apart(out, x)
    losses = out if each else np.empty(count, np.float32)
    kernel = Kernel("nll", loss_kernel(weight is not None), outer, grain_of(inner), flops=count)
    program.add(kernel, x, target, losses, classes, inner, ignore_index, x if weight is None else weight)
    if not each:
        totals = counted(program, target, classes, weight, ignore_index) if reduction == "mean" else ONE
        add_total(program, out, losses, totals[:1])


def nll_grad(
    program: Any, dx: Any, grad: Any, target: Any, *, weight: Any = None, reduction: str = "mean",
    ignore_index: int = -100, clear: bool = True,
) -> None:  # fmt: skip
    """dx, like x, = the gradient of `nll` times grad: like target for reduction "none", else one number.

    clear: dx is set to 0 elsewhere; else it holds zeros already. Raises Unsupported.
    """
    outer, classes, inner = seen(dx, target, weight, reduction)
    each = reduction == "none"
    float_vector(grad, target.size if each else 1, "grad")
    apart(dx, grad, weight)
    totals = counted(program, target, classes, weight, ignore_index) if reduction == "mean" else ONE
    address = grad_kernel(weight is not None, each, clear)
    kernel = Kernel("nll_grad", address, outer, grain_of(classes * inner), flops=dx.size if clear else target.size)
    program.add(kernel, dx, target, dx, classes, inner, ignore_index, dx if weight is None else weight, totals, grad)


def counted(program: Any, target: Any, classes: int, weight: Any, ignore_index: int) -> Any:
    """Where the sum of the places' shares will be."""
    totals = np.zeros(2, np.float32)
    kernel = Kernel("nll_count", count_kernel(weight is not None), alone=True)
    program.add(kernel, target, target.size, ignore_index, target if weight is None else weight, classes, totals)
    return totals


def seen(x: Any, target: Any, weight: Any, reduction: str) -> tuple[int, int, int]:
    """(outer, classes, inner). Raises Unsupported."""
    float_vector(x, x.size, "x")
    if reduction not in REDUCTIONS or not x.size or not x.ndim:
        raise Unsupported(f"likelihood of {x.shape}, {reduction}")
    outer, classes = (1, x.shape[0]) if x.ndim == 1 else x.shape[:2]
    inner = math.prod(x.shape[2:])
    float_vector(target, outer * inner, "target", np.int64)
    if weight is not None:
        float_vector(weight, classes, "weight")
    return outer, classes, inner
