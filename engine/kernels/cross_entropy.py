"""Cross entropy of scores and classes: the loss and its gradient in one pass over each row, or one after the other.

The loss of a row is share · (log Σ e^x - x_t), share being its class's weight or 0 where it is ignored; label smoothing
s takes (1 - s) of that and s / c of what all classes together would give. A class out of range makes its row NaN and
reads nothing: callers who want an IndexError look first.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from gradbook.kernels import jit
from gradbook.kernels.emit import DOUBLE, FLOAT, LONG, KernelBuilder
from gradbook.kernels.program import Kernel, Unsupported
from gradbook.kernels.rows import (
    Part,
    add_total,
    apart,
    float_vector,
    grain_of,
    held,
    joined,
    larger,
    log_number,
    peak,
    rows_like,
    rows_of,
    sweep,
    vectors_of,
    zeros,
)
from gradbook.kernels.transcendental import exp

__all__ = ["cross_entropy", "cross_entropy_grad", "cross_entropy_kept"]

REDUCTIONS = ("none", "mean", "sum")


class Form(NamedTuple):
    """What a kernel is made for."""

    vectors: int  # as vectors_of
    weighted: bool
    smooth: bool
    reduction: str
    result: str  # "loss" alone, with the gradient ("grad"), or with the softmax and the shares ("kept")


@jit.kept
def count_kernel(weighted: bool) -> int:
    """words: target, rows, ignored class, weight, classes, totals. totals = (sum of shares, sum of weights)."""
    build = KernelBuilder("cross_entropy_count")
    target, weight, totals = (build.pointer(i) for i in (0, 3, 5))
    rows, ignore, classes = (build.word(i) for i in (1, 2, 4))
    if weighted:
        share, every = weights_counted(build, target, rows, ignore, weight, classes)
    else:
        kind = build.vector(LONG)
        one, none = build.constant(1, kind), build.constant(0, kind)

        def counted(part: Part, found: list[Any]) -> list[Any]:
            lane = build.ir.icmp_signed("!=", part.load(target, 0, LONG), build.splat(ignore))
            return [build.ir.add(found[0], part.keep(build.ir.select(lane, one, none), 0))]

        (found,) = sweep(build, rows, counted, [none], build.ir.add)
        share = build.ir.sitofp(build.fold(found, build.ir.add), FLOAT)
        every = build.ir.sitofp(classes, FLOAT)
    build.store(share, totals, LONG(0))
    build.store(every, totals, LONG(1))
    return build.address()


def weights_counted(build: KernelBuilder, target: Any, rows: Any, ignore: Any, weight: Any, classes: Any) -> Any:
    """(the sum of the rows' shares, the sum of all weights), summed as doubles."""
    zero = build.constant(0.0, DOUBLE)
    with build.loop_with(0, rows, [zero]) as (i, (total,), after):
        share, _ = share_of(build, build.load(target, i, LONG), ignore, classes, weight)
        after[0] = build.ir.fadd(total, build.ir.fpext(share, DOUBLE))
    with build.loop_with(0, classes, [zero]) as (i, (total,), every):
        every[0] = build.ir.fadd(total, build.ir.fpext(build.load(weight, i), DOUBLE))
    return tuple(build.ir.fptrunc(value, FLOAT) for value in (after[0], every[0]))


def share_of(build: KernelBuilder, t: Any, ignore: Any, classes: Any, weight: Any) -> tuple[Any, Any]:
    """(how much a row of class t counts: NaN for a class that is not there; a class to index with)."""
    inside = build.ir.icmp_unsigned("<", t, classes)
    safe = build.ir.select(inside, t, LONG(0))
    own = build.constant(1.0) if weight is None else build.load(weight, safe)
    share = build.ir.select(inside, own, build.constant(math.nan))
    return build.ir.select(build.ir.icmp_signed("!=", t, ignore), share, build.constant(0.0)), safe


# words of the row kernel
X, TARGET, LOSSES, RESULT, SHARES, CLASSES, X_STEP, RESULT_STEP, IGNORE, TOTALS, WEIGHT, SMOOTHING, UPSTREAM = range(13)


@jit.kept
def row_kernel(form: Form) -> int:
    """The loss of each row, and what `form` asks for beside it."""
    build = KernelBuilder(f"cross_entropy_{form.result}")
    row = LossRow(build, form)
    with build.loop(build.start, build.stop, name="row") as index:
        row.emit(index)
    return build.address()


class LossRow:
    """The code for one row."""

    def __init__(self, build: KernelBuilder, form: Form) -> None:
        self.build, self.form = build, form
        self.classes = build.word(CLASSES)
        self.weight = build.pointer(WEIGHT) if form.weighted else None
        self.parts = held(build, self.classes, form.vectors) if form.vectors else []
        self.smoothing = build.word(SMOOTHING, FLOAT) if form.smooth else None
        count = build.ir.sitofp(self.classes, FLOAT)
        self.each = build.div(self.smoothing, count) if form.smooth else None  # of the smooth part, a class
        totals = build.pointer(TOTALS)
        self.total, self.every = build.load(totals, LONG(0)), build.load(totals, LONG(1))

    def emit(self, index: Any) -> None:
        """Row `index`, from first to last."""
        build, form = self.build, self.form
        source = build.at(build.pointer(X), build.ir.mul(index, build.word(X_STEP)))
        self.place = build.at(build.pointer(RESULT), build.ir.mul(index, build.word(RESULT_STEP)))
        t = build.load(build.pointer(TARGET), index, LONG)
        share, safe = share_of(build, t, build.word(IGNORE), self.classes, self.weight)
        own = build.load(source, safe)
        top, total, along, values = self.raised(source)
        low = log_number(build, total)
        loss = build.mul(share, build.add(low, build.sub(top, own)))
        if form.smooth:
            smooth = build.sub(build.mul(self.every, low), along)
            loss = build.add(self.hard(loss), build.mul(smooth, self.each))
        counts = build.ir.icmp_signed("!=", t, build.word(IGNORE))
        loss = build.ir.select(counts, loss, build.constant(0.0))
        build.store(loss, build.pointer(LOSSES), index)
        if form.result == "kept":
            self.keep(index, share, total, values)
        elif form.result == "grad":
            self.finish(index, share, counts, safe, total, values)

    def raised(self, source: Any) -> tuple[Any, Any, Any, list[Any]]:
        """(the largest score, Σ e^(x - largest), Σ weight (x - largest), the e^... that are held)."""
        build, smooth = self.build, self.form.smooth

        def terms(part: Part, x: Any) -> list[Any]:
            shifted = build.sub(x, shift)
            value = exp(build, shifted)
            if not self.parts and self.form.result != "loss":
                part.store(value, self.place)
            if not smooth:
                return [value]
            if self.weight is not None:
                shifted = build.mul(shifted, part.load(self.weight))
            return [value, part.keep(shifted)]

        def swept(part: Part, sums: list[Any]) -> list[Any]:
            found = terms(part, part.load(source, -math.inf))
            return [build.add(a, b) for a, b in zip(sums, found, strict=True)]

        values: list[Any] = []
        if self.parts:
            scores = [part.load(source, -math.inf) for part in self.parts]
            top = build.fold(joined(build, scores, 1, larger(build))[0], larger(build))
            shift = build.splat(top)
            sets = [terms(part, x) for part, x in zip(self.parts, scores, strict=True)]
            values = [found[0] for found in sets]
            sums = joined(build, [x for found in sets for x in found], 1 + smooth, None)
        else:
            top = peak(build, source, self.classes)
            shift = build.splat(top)
            sums = sweep(build, self.classes, swept, zeros(build, 1 + smooth))
        return top, build.total(sums[0]), build.total(sums[1]) if smooth else None, values

    def hard(self, value: Any) -> Any:
        """The part of a value that belongs to the row's own class."""
        if self.smoothing is None:
            return value
        return self.build.mul(value, self.build.sub(self.build.constant(1.0), self.smoothing))

    def scale(self, index: Any) -> Any:
        """What a row's gradient is multiplied with: the loss's own gradient, divided as a mean is."""
        build = self.build
        upstream = build.load(build.pointer(UPSTREAM), index if self.form.reduction == "none" else LONG(0))
        return build.div(upstream, self.counted()) if self.form.reduction == "mean" else upstream

    def counted(self) -> Any:
        """The sum of shares, 1 where that is 0."""
        none = self.build.ir.fcmp_ordered("==", self.total, self.build.constant(0.0))
        return self.build.ir.select(none, self.build.constant(1.0), self.total)

    def keep(self, index: Any, share: Any, total: Any, values: list[Any]) -> None:
        """Write the softmax and the share for a backward to come."""
        build = self.build
        factor = build.splat(build.div(build.constant(1.0), total))
        self.write(values, lambda part, value: build.mul(value, factor))
        share = build.div(share, self.counted()) if self.form.reduction == "mean" else share
        build.store(share, build.pointer(SHARES), index)

    def finish(self, index: Any, share: Any, counts: Any, safe: Any, total: Any, values: list[Any]) -> None:
        """Write the row's gradient."""
        build, scale = self.build, self.scale(index)
        own = build.mul(self.hard(share), scale)
        rest = None
        if self.each is not None:
            rest = build.ir.select(counts, build.mul(self.each, scale), build.constant(0.0))
        self.write(values, gradient(build, own, rest, self.every, safe, self.weight, total))

    def write(self, values: list[Any], make: Any) -> None:
        """Store make(part, e^(x - largest)) all along the row."""
        if self.parts:
            for part, value in zip(self.parts, values, strict=True):
                part.store(make(part, value), self.place)
            return

        def body(part: Part, _: list[Any]) -> list[Any]:
            part.store(make(part, part.load(self.place)), self.place)
            return []

        sweep(self.build, self.classes, body)


def gradient(build: KernelBuilder, own: Any, rest: Any, every: Any, target: Any, weight: Any, total: Any = None) -> Any:
    """A function (part, p · total) -> p (own + rest · every) - rest · weight - own in the target's lane."""
    factor = own if rest is None else build.add(own, build.mul(rest, every))
    factor = build.splat(factor if total is None else build.div(factor, total))
    wide_own = build.splat(own)
    wide_rest = None if rest is None else build.splat(rest)

    def made(part: Part, value: Any) -> Any:
        value = build.mul(value, factor)
        if wide_rest is not None:
            value = build.sub(value, wide_rest if weight is None else build.mul(wide_rest, part.load(weight)))
        lower = build.ir.select(part.lane(target), wide_own, build.constant(0.0, wide_own))
        return build.sub(value, lower)

    return made


@jit.kept
def grad_kernel(weighted: bool, smooth: bool, scalar: bool) -> int:
    """words: p, dx, target, shares, grad, classes, steps of p and dx, weight, smoothing, ignored class, rows."""
    build = KernelBuilder("cross_entropy_grad")
    p, dx, target, shares, grad = (build.pointer(i) for i in range(5))
    classes, p_step, dx_step, ignore = (build.word(i) for i in (5, 6, 7, 10))
    weight, smoothing = build.pointer(8) if weighted else None, build.word(9, FLOAT)
    hard, each = build.sub(build.constant(1.0), smoothing), build.div(smoothing, build.ir.sitofp(classes, FLOAT))
    every, unit = build.ir.sitofp(classes, FLOAT), None
    if weighted and smooth:
        every = weights_counted(build, target, LONG(0), LONG(0), weight, classes)[1]
        unit = undivided(build, (target, shares, weight), (build.word(11), classes, ignore))
    with build.loop(build.start, build.stop, name="row") as row:
        source, place = build.at(p, build.ir.mul(row, p_step)), build.at(dx, build.ir.mul(row, dx_step))
        t = build.load(target, row, LONG)
        upstream, share = build.load(grad, LONG(0) if scalar else row), build.load(shares, row)
        own, rest = build.mul(share, upstream), None
        if smooth:
            one = share
            if unit is not None:  # also where the class has weight 0, and with it the share
                own_weight, zero = share_of(build, t, ignore, classes, weight)[0], build.constant(0.0)
                counts = build.ir.fcmp_unordered("!=", share, zero)
                counts = build.ir.or_(counts, build.ir.fcmp_ordered("==", own_weight, zero))
                counts = build.ir.and_(counts, build.ir.icmp_signed("!=", t, ignore))
                one = build.ir.select(counts, unit, zero)
            own, rest = build.mul(own, hard), build.mul(build.mul(one, upstream), each)
        make = gradient(build, own, rest, every, t, weight)

        def body(part: Part, _: list[Any], source: Any = source, place: Any = place, make: Any = make) -> list[Any]:
            part.store(make(part, part.load(source)), place)
            return []

        sweep(build, classes, body)
    return build.address()


def undivided(build: KernelBuilder, arrays: tuple[Any, ...], sizes: tuple[Any, ...]) -> Any:
    """What reduction made of a share of 1: found in the first row that has a weight; 1 where none has."""
    (target, shares, weight), (rows, classes, ignore) = arrays, sizes
    zero = build.constant(0.0)
    with build.loop_with(0, rows, [zero]) as (i, (found,), after):
        t = build.load(target, i, LONG)
        own, _ = share_of(build, t, ignore, classes, weight)
        ratio = build.div(build.load(shares, i), own)
        tells = build.ir.and_(
            build.ir.fcmp_unordered("!=", own, zero), build.ir.fcmp_ordered("==", found, zero)
        )  # fmt: skip
        after[0] = build.ir.select(tells, ratio, found)
    none = build.ir.fcmp_ordered("==", after[0], zero)
    return build.ir.select(none, build.constant(1.0), after[0])


ONE = np.ones(1, np.float32)


def cross_entropy(
    program: Any, out: Any, x: Any, target: Any, *, dx: Any = None, weight: Any = None, reduction: str = "mean",
    ignore_index: int = -100, label_smoothing: float = 0.0, upstream: Any = ONE,
) -> None:  # fmt: skip
    """out = the loss of scores x (n, c) and classes target int64 (n,); dx, if given, its gradient times upstream.

    out: (n,) for reduction "none", else one number; upstream likewise. dx may be x. Raises Unsupported.
    """
    form = ("loss" if dx is None else "grad", weight, reduction, ignore_index, label_smoothing)
    _add(program, out, x, target, dx, None, form, upstream)


def cross_entropy_kept(
    program: Any, out: Any, p: Any, share: Any, x: Any, target: Any, *, weight: Any = None, reduction: str = "mean",
    ignore_index: int = -100, label_smoothing: float = 0.0,
) -> None:  # fmt: skip
    """The loss, with what cross_entropy_grad needs: p (n, c), the softmax, and share (n,). Raises Unsupported."""
    _add(program, out, x, target, p, share, ("kept", weight, reduction, ignore_index, label_smoothing), ONE)


def _add(
    program: Any, out: Any, x: Any, target: Any, result: Any, shares: Any, form: tuple[Any, ...], upstream: Any
) -> None:
    kind, weight, reduction, ignore_index, smoothing = form
    scores = rows_of(x)
    if x.ndim != 2 or reduction not in REDUCTIONS or not x.size:
        raise Unsupported(f"cross entropy of scores {x.shape}, {reduction}")
    n, c, step = scores.m, scores.d, scores.step
    float_vector(target, n, "target", np.int64)
    float_vector(out, n if reduction == "none" else 1, "out")
    if kind == "grad":
        float_vector(upstream, n if reduction == "none" else 1, "upstream")
    if weight is not None:
        float_vector(weight, c, "weight")
    placed = scores if result is None else rows_like(result, scores, "the result")
    if result is not None:
        apart(result, x)
    totals = np.zeros(2, np.float32)
    counting = Kernel("cross_entropy_count", count_kernel(weight is not None), alone=True)
    program.add(counting, target, n, ignore_index, target if weight is None else weight, c, totals)
    losses = out if reduction == "none" else np.empty(n, np.float32)
    made = Form(vectors_of(c), weight is not None, smoothing != 0, reduction, kind)
    program.add(
        Kernel("cross_entropy", row_kernel(made), n, grain_of(c), flops=10 * n * c),
        x, target, losses, placed.array, totals if shares is None else shares, c, step, placed.step, ignore_index,
        totals, totals if weight is None else weight, float(smoothing), upstream,
    )  # fmt: skip
    if reduction != "none":
        add_total(program, out, losses, totals[:1] if reduction == "mean" else ONE)


def cross_entropy_grad(
    program: Any, dx: Any, grad: Any, target: Any, p: Any, share: Any, *, weight: Any = None, ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> None:  # fmt: skip
    """dx (n, c) from what cross_entropy_kept kept; grad: one number, or (n,) for reduction "none"; dx may be p.

    Raises Unsupported.
    """
    rows = rows_of(p, "p")
    placed = rows_like(dx, rows, "dx")
    float_vector(target, rows.m, "target", np.int64)
    float_vector(share, rows.m, "share")
    float_vector(grad, grad.size, "grad")
    if grad.size not in (1, rows.m) or not p.size:
        raise Unsupported(f"grad: {grad.size} numbers")
    if weight is not None:
        float_vector(weight, rows.d, "weight")
    apart(dx, p)
    address = grad_kernel(weight is not None, label_smoothing != 0, grad.size == 1)
    program.add(
        Kernel("cross_entropy_grad", address, rows.m, grain_of(rows.d), flops=3 * p.size),
        p, dx, target, share, grad, rows.d, rows.step, placed.step, share if weight is None else weight,
        float(label_smoothing), ignore_index, rows.m,
    )  # fmt: skip
