"""Losses of two arrays alike, number by number: squared, absolute, Huber, cross entropy of logits; with the gradient.

A unit is a block of numbers, whose sum is kept; the sums are added in order. smooth_l1_loss is huber / beta.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradbook.kernels import jit
from gradbook.kernels.emit import FLOAT, LONG, KernelBuilder
from gradbook.kernels.program import Kernel, Unsupported
from gradbook.kernels.rows import BLOCK, Part, add_total, apart, float_vector, sweep, zeros
from gradbook.kernels.transcendental import exp, log1p

__all__ = ["KINDS", "pair_loss", "pair_loss_grad"]

X, TARGET, OUT, DX, COUNT, UPSTREAM, DIVISOR, DELTA = range(8)


def mse(build: KernelBuilder, x: Any, target: Any, _: Any) -> tuple[Any, Any]:
    """(x - t)²; 2 (x - t)."""
    d = build.sub(x, target)
    return build.mul(d, d), build.add(d, d)


def l1(build: KernelBuilder, x: Any, target: Any, _: Any) -> tuple[Any, Any]:
    """|x - t|; its sign, 0 at 0."""
    d = build.sub(x, target)
    one, zero = build.constant(1.0, d), build.constant(0.0, d)
    sign = build.intrinsic("copysign", one, d)
    return build.intrinsic("fabs", d), build.ir.select(build.ir.fcmp_ordered("!=", d, zero), sign, d)


def huber(build: KernelBuilder, x: Any, target: Any, delta: Any) -> tuple[Any, Any]:
    """d² / 2, or delta (|d| - delta / 2) from |d| = delta on; d between -delta and delta."""
    d, half = build.sub(x, target), build.constant(0.5, x)
    size = build.intrinsic("fabs", d)
    near = build.ir.fcmp_ordered("<", size, delta)
    far = build.mul(delta, build.sub(size, build.mul(half, delta)))
    value = build.ir.select(near, build.mul(build.mul(half, d), d), far)
    return value, build.maximum(build.minimum(d, delta), build.ir.fneg(delta))


def bce_with_logits(build: KernelBuilder, x: Any, target: Any, _: Any) -> tuple[Any, Any]:
    """(1 - t) x + log(1 + e^-x); sigmoid(x) - t. Below 0 the same is -t x + log(1 + e^x), which loses no digits."""
    one, zero = build.constant(1.0, x), build.constant(0.0, x)
    small = exp(build, build.ir.fneg(build.intrinsic("fabs", x)))  # 0 .. 1
    above = build.add(one, small)
    positive = build.ir.fcmp_ordered(">=", x, zero)
    slope = build.ir.select(positive, build.ir.fsub(one, target), build.ir.fneg(target))
    value = build.fma(slope, x, log1p(build, small))
    sigmoid = build.div(build.ir.select(positive, one, small), above)
    return value, build.ir.fsub(sigmoid, target)


KINDS = {"mse": mse, "l1": l1, "huber": huber, "bce_with_logits": bce_with_logits}


@jit.kept
def loss_kernel(kind: str, each: bool, value: bool, grad: bool) -> int:
    """words: as named above. Unit: a block. each: the losses themselves are wanted, not their sum."""
    build = KernelBuilder(f"{kind}_loss")
    count, delta = build.word(COUNT), build.splat(build.word(DELTA, FLOAT))
    factor = None
    if grad and not each:
        upstream = build.load(build.pointer(UPSTREAM), LONG(0))
        factor = build.splat(build.div(upstream, build.load(build.pointer(DIVISOR), LONG(0))))
    with build.loop(build.start, build.stop, name="block") as block:
        first = build.ir.mul(block, LONG(BLOCK))
        left = build.ir.sub(count, first)
        size = build.ir.select(build.ir.icmp_signed("<", left, LONG(BLOCK)), left, LONG(BLOCK))
        x, target, out, dx, upstream = (
            build.at(build.pointer(i), first if i != OUT or each else block) for i in (X, TARGET, OUT, DX, UPSTREAM)
        )

        def body(part: Part, sums: list[Any], at: Any = (x, target, out, dx, upstream)) -> list[Any]:
            x, target, out, dx, upstream = at
            loss, slope = KINDS[kind](build, part.load(x), part.load(target), delta)
            if grad:
                part.store(build.mul(slope, part.load(upstream) if factor is None else factor), dx)
            if value and each:
                part.store(loss, out)
            return [build.add(sums[0], part.keep(loss))] if sums else []

        sums = sweep(build, size, body, zeros(build) if value and not each else (), unroll=2)
        if sums:
            build.store(build.total(sums[0]), out, LONG(0))
    return build.address()


ONE = np.ones(1, np.float32)


def pair_loss(
    program: Any, out: Any, x: Any, target: Any, kind: str, *, dx: Any = None, reduction: str = "mean",
    upstream: Any = ONE, delta: float = 1.0,
) -> None:  # fmt: skip
    """out = the loss of x and target, of one shape and contiguous; dx, if given, its gradient times upstream.

    kind: as KINDS. out and upstream: like x for reduction "none", else one number. dx may be x or target. Raises
    Unsupported.
    """
    size, each = check(x, target, dx, kind, reduction), reduction == "none"
    float_vector(out, size if each else 1, "out")
    if each:
        apart(out, x, target)
    if dx is not None:
        float_vector(upstream, size if each else 1, "upstream")
    blocks = -(-size // BLOCK)
    parts = out if each else np.empty(blocks, np.float32)
    divisor = np.array([size], np.float32) if reduction == "mean" else ONE
    kernel = Kernel(f"{kind}_loss", loss_kernel(kind, each, True, dx is not None), blocks, flops=4 * size)
    program.add(kernel, x, target, parts, x if dx is None else dx, size, upstream, divisor, float(delta))
    if not each:
        add_total(program, out, parts, divisor)


def pair_loss_grad(
    program: Any, dx: Any, grad: Any, x: Any, target: Any, kind: str, *, reduction: str = "mean", delta: float = 1.0
) -> None:
    """dx = the gradient of pair_loss times grad: like x for reduction "none", else one number. Raises Unsupported."""
    size, each = check(x, target, dx, kind, reduction), reduction == "none"
    float_vector(grad, size if each else 1, "grad")
    divisor = np.array([size], np.float32) if reduction == "mean" else ONE
    kernel = Kernel(f"{kind}_loss_grad", loss_kernel(kind, each, False, True), -(-size // BLOCK), flops=3 * size)
    program.add(kernel, x, target, x, dx, size, grad, divisor, float(delta))


def check(x: Any, target: Any, dx: Any, kind: str, reduction: str) -> int:
    """How many numbers there are. Raises Unsupported."""
    if kind not in KINDS or reduction not in ("none", "mean", "sum"):
        raise Unsupported(f"no loss {kind} with reduction {reduction}")
    if not isinstance(x, np.ndarray) or not x.size or getattr(target, "shape", None) != x.shape:
        raise Unsupported(f"{kind}: {getattr(x, 'shape', None)} and {getattr(target, 'shape', None)}")
    for name, array in (("x", x), ("target", target), ("dx", dx)):
        if array is not None:
            float_vector(array, x.size, name)
    if dx is not None:
        apart(dx, x, target)
    return int(math.prod(x.shape))
