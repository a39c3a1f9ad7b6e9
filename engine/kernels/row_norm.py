"""Layer norm, RMS norm and group norm: rows brought to mean 0 and size 1, and the gradients of that."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradbook.kernels import jit
from gradbook.kernels.emit import FLOAT, KernelBuilder
from gradbook.kernels.program import Kernel, Unsupported
from gradbook.kernels.rows import (
    Part,
    Rows,
    apart,
    float_vector,
    grain_of,
    held,
    joined,
    rows_like,
    rows_of,
    sweep,
    vectors_of,
    zeros,
)

__all__ = ["group_norm", "layer_norm", "rms_norm"]


class Form(NamedTuple):
    """What a forward kernel is made for."""

    centered: bool  # layer and group norm; not RMS norm
    weighted: bool
    biased: bool
    keep: str  # "": nothing but what `invstd` asks for, "hat": the normalised rows, "mean"
    channels: bool  # weight and bias are numbers a stretch of the row, not vectors along it
    vectors: int  # as vectors_of


X, Y, WEIGHT, BIAS, KEPT, INVSTD, D, X_STEP, Y_STEP, KEPT_STEP, EPS, GROUPS, STRETCHES, STRETCH = range(14)


@jit.kept
def forward_kernel(form: Form) -> int:
    """words: as named above. Unit: a row."""
    build = KernelBuilder("row_norm")
    row = NormRow(build, form)
    with build.loop(build.start, build.stop, name="row") as index:
        row.emit(index)
    return build.address()


class NormRow:
    """The code of one row's forward."""

    def __init__(self, build: KernelBuilder, form: Form) -> None:
        self.build, self.form = build, form
        self.d = build.word(D)
        self.size = build.ir.sitofp(self.d, FLOAT)
        self.weight, self.bias = build.pointer(WEIGHT), build.pointer(BIAS)
        self.parts = held(build, self.d, form.vectors) if form.vectors else []

    def place(self, base: int, step: int, index: Any) -> Any:
        """Where row `index` of an argument starts."""
        return self.build.at(self.build.pointer(base), self.build.ir.mul(index, self.build.word(step)))

    def emit(self, index: Any) -> None:
        """Row `index`."""
        build, form = self.build, self.form
        self.source, self.target = self.place(X, X_STEP, index), self.place(Y, Y_STEP, index)
        self.hat = self.place(KEPT, KEPT_STEP, index) if form.keep == "hat" else None
        values = [part.load(self.source) for part in self.parts]
        mean = self.mean(values) if form.centered else None
        self.shift = None if mean is None else build.splat(mean)
        values = [part.keep(self.moved(value)) for part, value in zip(self.parts, values, strict=True)]
        invstd = self.invstd(values)
        self.factor = build.splat(invstd)
        build.store(invstd, build.pointer(INVSTD), index)
        if form.keep == "mean":
            build.store(mean, build.pointer(KEPT), index)
        if form.channels:
            self.write_stretches(index)
        elif self.parts:
            for part, value in zip(self.parts, values, strict=True):
                self.write(part, value, self.along(part, self.weight), self.along(part, self.bias))
        else:
            sweep(build, self.d, self.swept)

    def mean(self, values: list[Any]) -> Any:
        """The mean of the row."""
        build = self.build
        if values:
            (sums,) = joined(build, values, 1, None)
        else:
            (sums,) = sweep(build, self.d, lambda p, v: [build.add(v[0], p.load(self.source))], zeros(build))
        return build.div(build.total(sums), self.size)

    def moved(self, value: Any) -> Any:
        """Without the mean."""
        return value if self.shift is None else self.build.sub(value, self.shift)

    def invstd(self, values: list[Any]) -> Any:
        """1 / root of the mean square."""
        build = self.build

        def squared(part: Part, sums: list[Any]) -> list[Any]:
            value = part.keep(self.moved(part.load(self.source)))
            return [build.fma(value, value, sums[0])]

        if values:
            (sums,) = joined(build, [build.mul(value, value) for value in values], 1, None)
        else:
            (sums,) = sweep(build, self.d, squared, zeros(build))
        var = build.div(build.total(sums), self.size)
        return build.div(build.constant(1.0), build.intrinsic("sqrt", build.add(var, build.word(EPS, FLOAT))))

    def along(self, part: Part, vector: Any) -> Any:
        """The part of a weight or bias."""
        return part.load(vector) if (self.form.weighted if vector is self.weight else self.form.biased) else None

    def swept(self, part: Part, _: list[Any]) -> list[Any]:
        """A part of a row that was not held."""
        value = self.moved(part.load(self.source))
        self.write(part, value, self.along(part, self.weight), self.along(part, self.bias))
        return []

    def write(self, part: Part, value: Any, weight: Any, bias: Any) -> None:
        """Store the normalised part, and what follows from it."""
        build = self.build
        value = build.mul(value, self.factor)
        if self.hat is not None:
            part.store(value, self.hat)
        if weight is not None and bias is not None:
            value = build.fma(value, weight, bias)
        elif weight is not None or bias is not None:
            value = build.mul(value, weight) if bias is None else build.add(value, bias)
        part.store(value, self.target)

    def write_stretches(self, index: Any) -> None:
        """A row whose weight and bias are one number a stretch: a channel's."""
        build, form = self.build, self.form
        count, length = build.word(STRETCHES), build.word(STRETCH)
        first = build.ir.mul(build.ir.srem(index, build.word(GROUPS)), count)
        whole = (self.source, self.target, self.hat)
        with build.loop(0, count, name="channel") as k:
            offset, channel = build.ir.mul(k, length), build.ir.add(first, k)
            self.source, self.target, self.hat = (None if p is None else build.at(p, offset) for p in whole)
            weight = build.splat(build.load(self.weight, channel)) if form.weighted else None
            bias = build.splat(build.load(self.bias, channel)) if form.biased else None

            def body(part: Part, _: list[Any]) -> list[Any]:
                self.write(part, self.moved(part.load(self.source)), weight, bias)
                return []

            sweep(build, length, body)


def layer_norm(
    program: Any, y: Any, x: Any, *, weight: Any = None, bias: Any = None, rank: int = 1, eps: float = 1e-5,
    hat: Any = None, mean: Any = None, invstd: Any = None,
) -> None:  # fmt: skip
    """y = x normalised over its last `rank` axes, times weight, plus bias; y may be x. Raises Unsupported.

    hat (m, d), or mean (m,), and invstd (m,): written, if given, for the gradient.
    """
    _forward(program, y, x, (weight, bias), (hat, mean, invstd), eps, rank, True)


def rms_norm(
    program: Any, y: Any, x: Any, *, weight: Any = None, rank: int = 1, eps: float, invrms: Any = None
) -> None:
    """y = x / root mean square over its last `rank` axes, times weight; y may be x. invrms (m,). Raises Unsupported."""
    _forward(program, y, x, (weight, None), (None, None, invrms), eps, rank, False)


def group_norm(
    program: Any, y: Any, x: Any, groups: int, *, weight: Any = None, bias: Any = None, eps: float = 1e-5,
    hat: Any = None, mean: Any = None, invstd: Any = None,
) -> None:  # fmt: skip
    """y = x (n, c, *) with each group of channels normalised, times weight (c,), plus bias (c,).

    hat (n groups, d), or mean (n groups,), and invstd (n groups,): written, if given. Raises Unsupported.
    """
    if not (x.flags.c_contiguous and y.flags.c_contiguous) or x.ndim < 2 or groups < 1 or x.shape[1] % groups:
        raise Unsupported("group_norm: arrays must be contiguous, (n, c, *), and groups divide c")
    if x.shape != y.shape:
        raise Unsupported(f"group_norm: y is {y.shape}, not {x.shape}")
    channels = x.shape[1]
    shape = (x.shape[0] * groups, x.size // max(1, x.shape[0] * groups))
    _forward(program, y.reshape(shape), x.reshape(shape), (weight, bias), (hat, mean, invstd), eps, 1, True,
             (groups, channels // groups))  # fmt: skip


def _forward(
    program: Any, y: Any, x: Any, affine: Any, kept: Any, eps: float, rank: int, centered: bool, groups: Any = None
) -> None:
    (weight, bias), (hat, mean, invstd) = affine, kept
    source = rows_of(x, "x", rank=rank)
    target = rows_like(y, source, "y", rank)
    if not x.size:
        raise Unsupported("an empty array")
    apart(y, x)
    many, each = groups or (1, 1)
    for name, vector in (("weight", weight), ("bias", bias)):
        if vector is not None:
            float_vector(vector, many * each if groups else source.d, name)
    keep = "hat" if hat is not None else "mean" if mean is not None else ""
    saved: Rows | None = rows_like(hat, source, "hat") if hat is not None else None
    if mean is not None:
        float_vector(mean, source.m, "mean")
    invstd = np.empty(source.m, np.float32) if invstd is None else float_vector(invstd, source.m, "invstd")
    vectors = 0 if groups else vectors_of(source.d)
    form = Form(centered, weight is not None, bias is not None, keep, bool(groups), vectors)
    program.add(
        Kernel("row_norm", forward_kernel(form), source.m, grain_of(source.d), flops=8 * x.size),
        x, y, x if weight is None else weight, x if bias is None else bias,
        hat if hat is not None else mean if mean is not None else invstd, invstd,
        source.d, source.step, target.step, saved.step if saved else 0, float(eps), many, each, source.d // each,
    )  # fmt: skip
