"""Batch norm, forward and backward, for channels first (n, c, *) and channels last; with ReLU and a sum if asked for.

Channels first, a channel is a unit: its planes are gone over while they are in the cache. Channels last, or with one
number a channel, the kernels of batch_norm_rows.py go over blocks of rows.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from gradbook.kernels import batch_norm_rows as by_rows
from gradbook.kernels import jit
from gradbook.kernels.batch_norm_rows import Form, GradForm, affine, finish_statistics, gradient_factors, masked
from gradbook.kernels.emit import FLOAT, KernelBuilder
from gradbook.kernels.program import Kernel, Unsupported
from gradbook.kernels.rows import Part, apart, float_vector, sweep, zeros

__all__ = ["batch_norm", "batch_norm_grad"]

# words of the forward kernel, and of the backward one
F = {name: i for i, name in enumerate(
    "x y weight bias running_mean running_var mean invstd residual n c length eps momentum".split()
)}  # fmt: skip
B = {name: i for i, name in enumerate("grad x weight mean invstd y dx dw db dres n c length".split())}


def over_planes(build: KernelBuilder, channel: Any, word: dict[str, int], body: Any, first: Any = ()) -> list[Any]:
    """Go over a channel's planes: values = body(part, values, offset); offset: where the part's plane starts."""
    n, c, length = (build.word(word[name]) for name in ("n", "c", "length"))
    with build.loop_with(0, n, list(first), name="image") as (image, values, after):
        offset = build.ir.mul(build.ir.add(build.ir.mul(image, c), channel), length)
        zero = zeros(build, len(values))
        sums = sweep(build, length, lambda part, now: body(part, now, offset), zero)
        after[:] = [build.add(a, b) for a, b in zip(values, sums, strict=True)]
    return after


def count_of(build: KernelBuilder, word: dict[str, int]) -> Any:
    """How many numbers a channel has, as a float."""
    return build.ir.sitofp(build.ir.mul(build.word(word["n"]), build.word(word["length"])), FLOAT)


@jit.kept
def forward_kernel(form: Form) -> int:
    """words: as F. Unit: a channel."""
    build = KernelBuilder("batch_norm")
    x, y, residual = (build.pointer(F[name]) for name in ("x", "y", "residual"))
    with build.loop(build.start, build.stop, name="channel") as channel:
        if form.training:
            mean, var = statistics(build, channel, x)
        else:
            mean, var = (build.load(build.pointer(F[name]), channel) for name in ("running_mean", "running_var"))
        scale, bias = finish_statistics(build, form, F, channel, mean, var, count_of(build, F))
        wide = [None if value is None else build.splat(value) for value in (mean, scale, bias)]

        def apply(part: Part, _: list[Any], offset: Any, wide: Any = tuple(wide)) -> list[Any]:
            value = affine(build, part.load(build.at(x, offset)), *wide)
            if form.residual:
                value = build.add(value, part.load(build.at(residual, offset)))
            if form.relu:
                value = build.maximum(value, build.constant(0.0, value))
            part.store(value, build.at(y, offset))
            return []

        over_planes(build, channel, F, apply)
    return build.address()


def statistics(build: KernelBuilder, channel: Any, x: Any) -> tuple[Any, Any]:
    """(mean, variance) of a channel."""

    def summed(part: Part, sums: list[Any], offset: Any) -> list[Any]:
        return [build.add(sums[0], part.load(build.at(x, offset)))]

    def squared(part: Part, sums: list[Any], offset: Any) -> list[Any]:
        value = part.keep(build.sub(part.load(build.at(x, offset)), shift))
        return [build.fma(value, value, sums[0])]

    count = count_of(build, F)
    (total,) = over_planes(build, channel, F, summed, zeros(build))
    mean = build.div(build.total(total), count)
    shift = build.splat(mean)
    (total,) = over_planes(build, channel, F, squared, zeros(build))
    return mean, build.div(build.total(total), count)


@jit.kept
def backward_kernel(form: GradForm) -> int:
    """words: as B. Unit: a channel."""
    build = KernelBuilder("batch_norm_grad")
    code = ChannelGrad(build, form)
    with build.loop(build.start, build.stop, name="channel") as channel:
        code.emit(channel)
    return build.address()


class ChannelGrad:
    """The code of one channel's backward."""

    def __init__(self, build: KernelBuilder, form: GradForm) -> None:
        self.build, self.form = build, form

    def emit(self, channel: Any) -> None:
        """The sums first, then the gradient."""
        build, form = self.build, self.form
        mean, invstd = (build.load(build.pointer(B[name]), channel) for name in ("mean", "invstd"))
        self.shift = build.splat(mean)
        total, dot = (build.total(v) for v in over_planes(build, channel, B, self.summed, zeros(build, 2)))
        weight = build.load(build.pointer(B["weight"]), channel) if form.weighted else None
        if form.dw:
            build.store(build.mul(dot, invstd), build.pointer(B["dw"]), channel)
        if form.db:
            build.store(total, build.pointer(B["db"]), channel)
        factors = gradient_factors(build, form, total, dot, invstd, weight, count_of(build, B))
        self.factors = [None if value is None else build.splat(value) for value in factors]
        if form.dx or form.dres:
            over_planes(build, channel, B, self.finished)

    def load(self, part: Part, name: str, offset: Any) -> Any:
        """A part of an argument's plane."""
        return part.load(self.build.at(self.build.pointer(B[name]), offset))

    def grad(self, part: Part, offset: Any) -> Any:
        """The gradient, 0 where ReLU gave 0."""
        grad = self.load(part, "grad", offset)
        return masked(self.build, grad, self.load(part, "y", offset)) if self.form.relu else grad

    def summed(self, part: Part, sums: list[Any], offset: Any) -> list[Any]:
        """Σ grad and Σ grad (x - mean)."""
        build, g = self.build, self.grad(part, offset)
        centered = build.sub(self.load(part, "x", offset), self.shift)
        return [build.add(sums[0], g), build.fma(g, centered, sums[1])]

    def finished(self, part: Part, _: list[Any], offset: Any) -> list[Any]:
        """Write the gradient of x, and of what was added."""
        build, form, g = self.build, self.form, self.grad(part, offset)
        scale, slope, less = self.factors
        x = build.sub(self.load(part, "x", offset), self.shift) if form.dx and form.training else None
        if form.dres:
            part.store(g, build.at(build.pointer(B["dres"]), offset))
        if form.dx:
            value = build.mul(g, scale)
            if x is not None:
                value = build.fma(x, slope, build.sub(value, less))
            part.store(value, build.at(build.pointer(B["dx"]), offset))
        return []


# -- the arrays ------------------------------------------------------------------------------------------------------


class Layout(NamedTuple):
    """How an array (n, c, *) lies in memory."""

    n: int
    c: int
    length: int  # numbers in a plane
    last: bool  # channels last: rows of c numbers


def layout_of(x: Any) -> Layout:
    """Raises Unsupported where it is neither contiguous nor channels last."""
    if not isinstance(x, np.ndarray) or x.dtype != np.float32 or x.ndim < 2 or not x.size:
        raise Unsupported(f"batch_norm of {getattr(x, 'dtype', type(x).__name__)} {getattr(x, 'shape', '')}")
    n, c, length = x.shape[0], x.shape[1], math.prod(x.shape[2:])
    if length > 1 and x.flags.c_contiguous:
        return Layout(n, c, length, False)
    last = x.transpose(0, *range(2, x.ndim), 1)
    if last.flags.c_contiguous:
        return Layout(n, c, length, True)
    raise Unsupported("batch_norm: neither contiguous nor channels last")


def alike(layout: Layout, x: Any, *arrays: Any) -> None:
    """Raise Unsupported unless all arrays that are given lie as x does."""
    for array in arrays:
        if array is not None and (array.shape != x.shape or layout_of(array) != layout):
            raise Unsupported(f"batch_norm: an array {array.shape} that does not lie as x, {x.shape}")


def vectors(c: int, **named: Any) -> None:
    """Raise Unsupported unless all that are given are vectors of the channels."""
    for name, vector in named.items():
        if vector is not None:
            float_vector(vector, c, name)


def batch_norm(
    program: Any, y: Any, x: Any, *, weight: Any = None, bias: Any = None, running_mean: Any = None,
    running_var: Any = None, training: bool, momentum: Any = 0.1, eps: float = 1e-5, mean: Any = None,
    invstd: Any = None, relu: bool = False, residual: Any = None,
) -> None:  # fmt: skip
    """y = x (n, c, *) normalised by channel, times weight, plus bias; + residual, then ReLU, where asked for.

    training: by the batch's statistics, towards which the running ones move in place; else by the running ones.
    mean, invstd (c,): written, if given. momentum: a number, or an array of one float32 that may change between runs.
    y may be x. Raises Unsupported.
    """
    layout = layout_of(x)
    alike(layout, x, y, residual)
    apart(y, x, residual)
    c = layout.c
    vectors(c, weight=weight, bias=bias, running_mean=running_mean, running_var=running_var, mean=mean, invstd=invstd)
    running = running_mean is not None and running_var is not None
    if not (training or running):
        raise Unsupported("batch_norm: no statistics")
    mean, invstd = (np.empty(c, np.float32) if vector is None else vector for vector in (mean, invstd))
    if not isinstance(momentum, np.ndarray):
        momentum = np.array([momentum], np.float32)
    form = Form(training, weight is not None, bias is not None, running, relu, residual is not None)
    given = dict(
        x=x, y=y, weight=weight, bias=bias, running_mean=running_mean, running_var=running_var, mean=mean,
        invstd=invstd, residual=residual, n=layout.n, c=c, length=layout.length, eps=float(eps), momentum=momentum,
    )  # fmt: skip
    given = {name: mean if value is None else value for name, value in given.items()}  # not looked at
    if layout.last:
        by_rows.forward(program, form, layout.n * layout.length, given)
        return
    kernel = Kernel("batch_norm", forward_kernel(form), c, flops=8 * x.size)
    program.add(kernel, *(given[name] for name in F))


def batch_norm_grad(
    program: Any, grad: Any, x: Any, mean: Any, invstd: Any, *, weight: Any = None, training: bool, dx: Any = None,
    dw: Any = None, db: Any = None, y: Any = None, dres: Any = None,
) -> None:  # fmt: skip
    """The gradients that are given arrays. y: the result, where ReLU followed; dres: that of the residual.

    dx may be grad or x, dres may be grad unless dx is. Raises Unsupported.
    """
    layout = layout_of(x)
    alike(layout, x, grad, dx, y, dres)
    for out in (dx, dres):
        if out is not None:
            apart(out, grad, x, y)
    if dres is not None and dx is not None:
        if dres.ctypes.data == dx.ctypes.data:
            raise Unsupported("batch_norm: dx and dres are one array")
        apart(dres, dx)
    c = layout.c
    vectors(c, weight=weight, mean=mean, invstd=invstd, dw=dw, db=db)
    form = GradForm(
        training, weight is not None, y is not None, *(out is not None for out in (dx, dw, db, dres))
    )  # fmt: skip
    given = dict(grad=grad, x=x, weight=weight, mean=mean, invstd=invstd, y=y, dx=dx, dw=dw, db=db, dres=dres)
    given = {name: mean if value is None else value for name, value in given.items()}  # not looked at
    if layout.last:
        by_rows.backward(program, form, layout.n * layout.length, c, given)
        return
    kernel = Kernel("batch_norm_grad", backward_kernel(form), c, flops=12 * x.size)
    program.add(kernel, *(given[name] for name in B if name in given), layout.n, c, layout.length)
