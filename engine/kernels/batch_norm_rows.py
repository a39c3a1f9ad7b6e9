"""Batch norm of rows (m, c), as channels last and flat features lie; and what both layouts share.

Statistics are made block by block (columns.py), each block's around its own mean, and joined in order.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradbook.kernels import jit
from gradbook.kernels.columns import block_rows, blocks_of, range_of
from gradbook.kernels.emit import FLOAT, LONG, KernelBuilder
from gradbook.kernels.program import Kernel
from gradbook.kernels.rows import Part, abreast, sweep, zeros

__all__ = ["Form", "GradForm", "affine", "backward", "finish_statistics", "forward", "gradient_factors", "masked"]


class Form(NamedTuple):
    """What a forward kernel is made for."""

    training: bool
    weighted: bool
    biased: bool
    running: bool  # there are running statistics
    relu: bool
    residual: bool


class GradForm(NamedTuple):
    """What a backward kernel is made for."""

    training: bool
    weighted: bool
    relu: bool
    dx: bool
    dw: bool
    db: bool
    dres: bool


# -- what both layouts share: of numbers or of vectors -----------------------------------------------------------------


def finish_statistics(
    build: KernelBuilder, form: Form, word: dict[str, int], channel: Any, mean: Any, var: Any, count: Any
) -> tuple[Any, Any]:
    """Write mean and invstd, move the running statistics. channel: an index, or a Part. -> (scale, bias or None)."""

    def load(name: str) -> Any:
        base = build.pointer(word[name])
        return channel.load(base) if isinstance(channel, Part) else build.load(base, channel)

    def store(value: Any, name: str) -> None:
        base = build.pointer(word[name])
        if isinstance(channel, Part):
            channel.store(value, base)
        else:
            build.store(value, base, channel)

    eps, one = like(build, build.word(word["eps"], FLOAT), mean), build.constant(1.0, mean)
    invstd = build.div(one, build.intrinsic("sqrt", build.add(var, eps)))
    store(mean, "mean")
    store(invstd, "invstd")
    if form.training and form.running:
        momentum = like(build, build.load(build.pointer(word["momentum"]), LONG(0)), mean)
        less = build.intrinsic("maximum", build.sub(count, build.constant(1.0)), build.constant(1.0))
        unbiased = build.mul(var, like(build, build.div(count, less), mean))
        for name, value in (("running_mean", mean), ("running_var", unbiased)):
            old = load(name)
            store(build.fma(momentum, build.sub(value, old), old), name)
    scale = build.mul(invstd, load("weight")) if form.weighted else invstd
    return scale, load("bias") if form.biased else None


def like(build: KernelBuilder, number: Any, example: Any) -> Any:
    """A number as it is, or in all lanes where `example` is a vector."""
    return number if example.type == FLOAT else build.splat(number)


def affine(build: KernelBuilder, x: Any, mean: Any, scale: Any, bias: Any) -> Any:
    """(x - mean) scale + bias."""
    centered = build.sub(x, mean)
    return build.mul(centered, scale) if bias is None else build.fma(centered, scale, bias)


def masked(build: KernelBuilder, grad: Any, y: Any) -> Any:
    """The gradient through ReLU, whose result was y."""
    return build.ir.select(build.ir.fcmp_ordered("<=", y, build.constant(0.0, y)), build.constant(0.0, y), grad)


def gradient_factors(
    build: KernelBuilder, form: GradForm, total: Any, dot: Any, invstd: Any, weight: Any, count: Any
) -> list[Any]:
    """dx = scale grad + slope (x - mean) - less: [scale, slope, less], the last two None outside of training."""
    scale = invstd if weight is None else build.mul(invstd, weight)
    if not form.training:
        return [scale, None, None]
    share = build.div(scale, count)
    slope = build.mul(build.mul(share, build.mul(invstd, invstd)), dot)
    return [scale, build.ir.fneg(slope), build.mul(share, total)]


# -- forward -----------------------------------------------------------------------------------------------------------

F = {name: i for i, name in enumerate(
    "x y weight bias running_mean running_var mean invstd residual m c rows blocks eps momentum means squares".split()
)}  # fmt: skip


@jit.kept
def statistics_kernel() -> int:
    """words: as F. Unit: a block of rows, whose mean and squares around it are a row of means and of squares."""
    build = KernelBuilder("batch_norm_statistics")
    x, c = build.pointer(F["x"]), build.word(F["c"])
    with build.loop(build.start, build.stop, name="block") as block:
        first, stop = range_of(build, block, build.word(F["rows"]), build.word(F["m"]))
        count = build.splat(build.ir.sitofp(build.ir.sub(stop, first), FLOAT))
        own = build.ir.mul(block, c)
        means, squares = (build.at(build.pointer(F[name]), own) for name in ("means", "squares"))

        def body(
            parts: list[Part], first: Any = first, stop: Any = stop, count: Any = count, places: Any = (means, squares)
        ) -> None:
            with build.loop_with(first, stop, zeros(build, len(parts)), name="row") as (row, sums, after):
                source = build.at(x, build.ir.mul(row, c))
                after[:] = [build.add(total, part.load(source)) for total, part in zip(sums, parts, strict=True)]
            mean = [build.div(total, count) for total in after]
            with build.loop_with(first, stop, zeros(build, len(parts)), name="row") as (row, sums, after):
                source = build.at(x, build.ir.mul(row, c))
                centered = [build.sub(part.load(source), value) for part, value in zip(parts, mean, strict=True)]
                after[:] = [build.fma(value, value, total) for value, total in zip(centered, sums, strict=True)]
            for part, value, total in zip(parts, mean, after, strict=True):
                part.store(value, places[0])
                part.store(total, places[1])

        abreast(build, c, body)
    return build.address()


@jit.kept
def join_kernel(form: Form) -> int:
    """words: as F. Joins the blocks' statistics, or takes the running ones; the scale goes into the first of means."""
    build = KernelBuilder("batch_norm_join")
    c, m, rows = (build.word(F[name]) for name in ("c", "m", "rows"))
    means, squares = build.pointer(F["means"]), build.pointer(F["squares"])
    count = build.ir.sitofp(m, FLOAT)

    def joined(part: Part, _: list[Any]) -> list[Any]:
        if form.training:
            mean, var = join_blocks(build, part, (means, squares), (c, m, rows), count)
        else:
            mean, var = (part.load(build.pointer(F[name])) for name in ("running_mean", "running_var"))
        scale, _bias = finish_statistics(build, form, F, part, mean, var, count)
        part.store(scale, means)
        return []

    sweep(build, c, joined)
    return build.address()


def join_blocks(build: KernelBuilder, part: Part, places: Any, sizes: Any, count: Any) -> tuple[Any, Any]:
    """(mean, variance) of a part of the channels from those of the blocks."""
    (means, squares), (c, m, rows) = places, sizes
    blocks = build.word(F["blocks"])
    wide = build.splat(count)

    def weight_of(block: Any) -> Any:
        first, stop = range_of(build, block, rows, m)
        return build.splat(build.ir.sitofp(build.ir.sub(stop, first), FLOAT))

    with build.loop_with(0, blocks, zeros(build), name="block") as (block, (total,), after):
        value = part.load(build.at(means, build.ir.mul(block, c)))
        after[0] = build.fma(value, weight_of(block), total)
    mean = build.div(after[0], wide)
    with build.loop_with(0, blocks, zeros(build), name="block") as (block, (total,), after):
        own = build.ir.mul(block, c)
        away = build.sub(part.load(build.at(means, own)), mean)
        inside = build.add(total, part.load(build.at(squares, own)))
        after[0] = build.fma(build.mul(away, away), weight_of(block), inside)
    return mean, build.div(after[0], wide)


@jit.kept
def apply_kernel(form: Form) -> int:
    """words: as F. Unit: a block of rows."""
    build = KernelBuilder("batch_norm_apply")
    c = build.word(F["c"])
    pointers = {name: build.pointer(F[name]) for name in ("x", "y", "residual", "mean", "means", "bias")}
    with build.loop(build.start, build.stop, name="block") as block:
        first, stop = range_of(build, block, build.word(F["rows"]), build.word(F["m"]))

        def body(parts: list[Part], first: Any = first, stop: Any = stop) -> None:
            vectors = [
                (part.load(pointers["mean"]), part.load(pointers["means"]),
                 part.load(pointers["bias"]) if form.biased else None)
                for part in parts
            ]  # fmt: skip
            with build.loop(first, stop, name="row") as row:
                source, target, more = (
                    build.at(pointers[name], build.ir.mul(row, c)) for name in ("x", "y", "residual")
                )
                for part, own in zip(parts, vectors, strict=True):
                    value = affine(build, part.load(source), *own)
                    value = build.add(value, part.load(more)) if form.residual else value
                    value = build.maximum(value, build.constant(0.0, value)) if form.relu else value
                    part.store(value, target)

        abreast(build, c, body)
    return build.address()


def forward(program: Any, form: Form, m: int, given: dict[str, Any]) -> None:
    """Add the kernels of a forward over m rows; `given` are the words by name, and unused ones stand for others."""
    c, blocks = given["c"], blocks_of(m, given["c"])
    means, squares = np.empty((2, blocks, c), np.float32)
    more = dict(m=m, rows=block_rows(m, c), blocks=blocks, means=means, squares=squares)
    words = [{**given, **more}[name] for name in F]
    if form.training:
        program.add(Kernel("batch_norm_statistics", statistics_kernel(), blocks, flops=4 * m * c), *words)
    program.add(Kernel("batch_norm_join", join_kernel(form), alone=True), *words)
    program.add(Kernel("batch_norm_apply", apply_kernel(form), blocks, flops=3 * m * c), *words)


# -- backward ----------------------------------------------------------------------------------------------------------

B = {name: i for i, name in enumerate(
    "grad x weight mean invstd y dx dw db dres m c rows blocks totals dots".split()
)}  # fmt: skip


def grad_of(build: KernelBuilder, form: GradForm, part: Part, offset: Any) -> Any:
    """A part of a row's gradient, 0 where ReLU gave 0."""
    grad = part.load(build.at(build.pointer(B["grad"]), offset))
    return masked(build, grad, part.load(build.at(build.pointer(B["y"]), offset))) if form.relu else grad


@jit.kept
def sums_kernel(form: GradForm) -> int:
    """words: as B. Unit: a block of rows, whose Σ grad and Σ grad (x - mean) are a row of totals and of dots."""
    build = KernelBuilder("batch_norm_sums")
    x, mean, c = build.pointer(B["x"]), build.pointer(B["mean"]), build.word(B["c"])
    with build.loop(build.start, build.stop, name="block") as block:
        first, stop = range_of(build, block, build.word(B["rows"]), build.word(B["m"]))
        own = build.ir.mul(block, c)
        places = [build.at(build.pointer(B[name]), own) for name in ("totals", "dots")]

        def body(parts: list[Part], first: Any = first, stop: Any = stop, places: Any = tuple(places)) -> None:
            shifts = [part.load(mean) for part in parts]
            with build.loop_with(first, stop, zeros(build, 2 * len(parts)), name="row") as (row, sums, after):
                offset = build.ir.mul(row, c)
                for k, (part, shift) in enumerate(zip(parts, shifts, strict=True)):
                    g = grad_of(build, form, part, offset)
                    centered = build.sub(part.load(build.at(x, offset)), shift)
                    after[2 * k : 2 * k + 2] = [build.add(sums[2 * k], g), build.fma(g, centered, sums[2 * k + 1])]
            for i, total in enumerate(after):
                parts[i // 2].store(total, places[i % 2])

        abreast(build, c, body)
    return build.address()


@jit.kept
def factors_kernel(form: GradForm) -> int:
    """words: as B. Joins the blocks' sums; slope and less go into the first of dots and of totals."""
    build = KernelBuilder("batch_norm_factors")
    c = build.word(B["c"])
    bases = [build.pointer(B[name]) for name in ("totals", "dots")]
    count = build.splat(build.ir.sitofp(build.word(B["m"]), FLOAT))

    def joined(part: Part, _: list[Any]) -> list[Any]:
        with build.loop_with(0, build.word(B["blocks"]), zeros(build, 2), name="block") as (block, sums, after):
            places = [build.at(base, build.ir.mul(block, c)) for base in bases]
            after[:] = [build.add(total, part.load(place)) for total, place in zip(sums, places, strict=True)]
        total, dot = after
        invstd = part.load(build.pointer(B["invstd"]))
        if form.dw:
            part.store(build.mul(dot, invstd), build.pointer(B["dw"]))
        if form.db:
            part.store(total, build.pointer(B["db"]))
        weight = part.load(build.pointer(B["weight"])) if form.weighted else None
        _scale, slope, less = gradient_factors(build, form, total, dot, invstd, weight, count)
        if form.training:
            part.store(less, bases[0])
            part.store(slope, bases[1])
        return []

    sweep(build, c, joined)
    return build.address()


@jit.kept
def grad_kernel(form: GradForm) -> int:
    """words: as B. Unit: a block of rows."""
    build = KernelBuilder("batch_norm_grad_rows")
    c = build.word(B["c"])
    with build.loop(build.start, build.stop, name="block") as block:
        first, stop = range_of(build, block, build.word(B["rows"]), build.word(B["m"]))

        def body(parts: list[Part], first: Any = first, stop: Any = stop) -> None:
            own = [factors_of(build, form, part) for part in parts]
            with build.loop(first, stop, name="row") as row:
                offset = build.ir.mul(row, c)
                for part, (scale, slope, less, shift) in zip(parts, own, strict=True):
                    g = grad_of(build, form, part, offset)
                    value = build.mul(g, scale)
                    if form.training:
                        x = build.sub(part.load(build.at(build.pointer(B["x"]), offset)), shift)
                        value = build.fma(x, slope, build.sub(value, less))
                    if form.dres:
                        part.store(g, build.at(build.pointer(B["dres"]), offset))
                    if form.dx:
                        part.store(value, build.at(build.pointer(B["dx"]), offset))

        abreast(build, c, body, 2)
    return build.address()


def factors_of(build: KernelBuilder, form: GradForm, part: Part) -> list[Any]:
    """scale, slope, less and mean of a part of the channels."""
    scale = part.load(build.pointer(B["invstd"]))
    scale = build.mul(scale, part.load(build.pointer(B["weight"]))) if form.weighted else scale
    return [scale, *(part.load(build.pointer(B[name])) for name in ("dots", "totals", "mean"))]


def backward(program: Any, form: GradForm, m: int, c: int, given: dict[str, Any]) -> None:
    """Add the kernels of a backward over m rows; `given` as in `forward`."""
    blocks = blocks_of(m, c)
    totals, dots = np.empty((2, blocks, c), np.float32)
    more = dict(m=m, c=c, rows=block_rows(m, c), blocks=blocks, totals=totals, dots=dots)
    words = [{**given, **more}[name] for name in B]
    program.add(Kernel("batch_norm_sums", sums_kernel(form), blocks, flops=4 * m * c), *words)
    program.add(Kernel("batch_norm_factors", factors_kernel(form), alone=True), *words)
    if form.dx or form.dres:
        program.add(Kernel("batch_norm_grad", grad_kernel(form), blocks, flops=5 * m * c), *words)
