"""The gradients of layer norm, RMS norm and group norm.

For a row of h = (x - mean) · invstd and g = grad · weight: dx = invstd (g - mean g - h mean(g h)), without mean g where
nothing was centered. The sums over rows, for weight and bias, are made beside it, block by block (columns.py).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradbook.kernels import jit
from gradbook.kernels.columns import add_blocks, block_rows, blocks_of, column_sum, range_of
from gradbook.kernels.emit import FLOAT, LONG, KernelBuilder
from gradbook.kernels.program import Kernel, Unsupported
from gradbook.kernels.rows import Part, apart, float_vector, grain_of, rows_like, rows_of, sweep, zeros

__all__ = ["group_norm_grad", "layer_norm_grad", "rms_norm_grad"]


class Form(NamedTuple):
    """What a kernel is made for."""

    centered: bool
    hat: bool  # the normalised rows were kept; else x, invstd and (if centered) mean
    weighted: bool
    dx: bool
    dw: bool
    db: bool


GRAD, SOURCE, MEAN, INVSTD, WEIGHT, DX, DW, DB, M, D, GRAD_STEP, SOURCE_STEP, DX_STEP, ROWS = range(14)
ABREAST = 2  # rows at a time: more keep too many streams of memory going


@jit.kept
def grad_kernel(form: Form) -> int:
    """words: as named above. Unit: a block of rows, whose sums are a row of DW and of DB."""
    build = KernelBuilder("row_norm_grad")
    code = NormGrad(build, form)
    with build.loop(build.start, build.stop, name="block") as block:
        code.emit(block)
    return build.address()


class NormGrad:
    """The code of one block of rows."""

    def __init__(self, build: KernelBuilder, form: Form) -> None:
        self.build, self.form = build, form
        self.d = build.word(D)
        self.size = build.ir.sitofp(self.d, FLOAT)
        self.weight = build.pointer(WEIGHT)

    def place(self, base: int, step: int, index: Any) -> Any:
        """Where row `index` of an argument starts."""
        return self.build.at(self.build.pointer(base), self.build.ir.mul(index, self.build.word(step)))

    def emit(self, block: Any) -> None:
        """Block number `block`."""
        build, form = self.build, self.form
        first, stop = range_of(build, block, build.word(ROWS), build.word(M))
        self.totals = [self.place(base, D, block) for base, wanted in ((DW, form.dw), (DB, form.db)) if wanted]
        sweep(build, self.d, self.clear)
        many = build.ir.and_(build.ir.sub(stop, first), LONG(-ABREAST))
        middle = build.ir.add(first, many)
        with build.loop(first, middle, ABREAST, name="rows") as row:
            self.rows([build.ir.add(row, LONG(k)) for k in range(ABREAST)])
        with build.loop(middle, stop, name="row") as row:
            self.rows([row])

    def clear(self, part: Part, _: list[Any]) -> list[Any]:
        """Begin the sums over rows with zeros."""
        for place in self.totals:
            part.store(zeros(self.build)[0], place)
        return []

    def rows(self, indices: list[Any]) -> None:
        """A few rows side by side."""
        build, form = self.build, self.form
        self.grads = [self.place(GRAD, GRAD_STEP, i) for i in indices]
        self.sources = [self.place(SOURCE, SOURCE_STEP, i) for i in indices]
        self.factors = [build.splat(build.load(build.pointer(INVSTD), i)) for i in indices]
        shifted = form.centered and not form.hat
        self.shifts = [build.splat(build.load(build.pointer(MEAN), i)) if shifted else None for i in indices]
        each = 1 + form.centered if form.dx else 0
        sums = sweep(build, self.d, self.summed, zeros(build, each * len(indices)), unroll=1)
        if not form.dx:
            return
        means = [build.splat(build.div(build.total(total), self.size)) for total in sums]
        places = [self.place(DX, DX_STEP, i) for i in indices]

        def finished(part: Part, _: list[Any]) -> list[Any]:
            weight = part.load(self.weight) if form.weighted else None
            for k, place in enumerate(places):
                g, hat = self.both(part, k)
                g = g if weight is None else build.mul(g, weight)
                if form.centered:
                    g = build.sub(g, means[each * k + 1])
                part.store(build.mul(build.sub(g, build.mul(hat, means[each * k])), self.factors[k]), place)
            return []

        sweep(build, self.d, finished)

    def both(self, part: Part, k: int) -> tuple[Any, Any]:
        """A part of the gradient and of the normalised row."""
        build = self.build
        g, x = part.load(self.grads[k]), part.load(self.sources[k])
        if self.form.hat:
            return g, x
        x = x if self.shifts[k] is None else build.sub(x, self.shifts[k])
        return g, build.mul(x, self.factors[k])

    def summed(self, part: Part, sums: list[Any]) -> list[Any]:
        """Add a part to the rows' sums (g h, then g if centered) and to those over rows."""
        build, form = self.build, self.form
        weight = part.load(self.weight) if form.weighted else None
        totals = [part.load(place) for place in self.totals]
        found: list[Any] = []
        each = len(sums) // len(self.grads)
        for k in range(len(self.grads)):
            g, hat = self.both(part, k)
            if form.dw:
                totals[0] = build.fma(g, hat, totals[0])
            if form.db:
                totals[-1] = build.add(g, totals[-1])
            g = g if weight is None else build.mul(g, weight)
            if form.dx:
                found.append(build.fma(g, hat, sums[each * k]))
            if form.dx and form.centered:
                found.append(build.add(g, sums[each * k + 1]))
        for place, total in zip(self.totals, totals, strict=True):
            part.store(total, place)
        return found


def layer_norm_grad(
    program: Any, grad: Any, invstd: Any, *, hat: Any = None, x: Any = None, mean: Any = None, weight: Any = None,
    dx: Any = None, dw: Any = None, db: Any = None, rank: int = 1,
) -> None:  # fmt: skip
    """The gradients that are given arrays, from grad, invstd (m,) and either hat (m, d) or x and mean (m,).

    dx may be grad, hat or x. Raises Unsupported.
    """
    _grad(program, grad, (hat, x, mean), invstd, weight, (dx, dw, db), rank, True)


def rms_norm_grad(
    program: Any, grad: Any, x: Any, invrms: Any, *, weight: Any = None, dx: Any = None, dw: Any = None, rank: int = 1
) -> None:
    """The gradients of RMS norm that are given arrays; dx may be grad or x. Raises Unsupported."""
    _grad(program, grad, (None, x, None), invrms, weight, (dx, dw, None), rank, False)


def _grad(
    program: Any, grad: Any, kept: Any, invstd: Any, weight: Any, results: Any, rank: int, centered: bool
) -> None:
    (hat, x, mean), (dx, dw, db) = kept, results
    rows = rows_of(grad, "grad", rank=rank)
    source = rows_like(x, rows, "x", rank) if hat is None else rows_like(hat, rows, "hat")
    placed = rows if dx is None else rows_like(dx, rows, "dx", rank)
    float_vector(invstd, rows.m, "invstd")
    if centered and hat is None:
        float_vector(mean, rows.m, "mean")
    for name, vector in (("weight", weight), ("dw", dw), ("db", db)):
        if vector is not None:
            float_vector(vector, rows.d, name)
    if not grad.size:
        raise Unsupported("an empty array")
    if dx is not None:
        apart(dx, grad, source.array)
    form = Form(centered, hat is not None, weight is not None, dx is not None, dw is not None, db is not None)
    blocks = blocks_of(rows.m, rows.d)
    parts = {
        i: (np.empty((blocks, rows.d), np.float32) if blocks > 1 else out)
        for i, out in enumerate((dw, db))
        if out is not None
    }
    program.add(
        Kernel("row_norm_grad", grad_kernel(form), blocks, flops=12 * grad.size),
        grad, source.array, invstd if mean is None else mean, invstd, invstd if weight is None else weight,
        placed.array, parts.get(0, invstd), parts.get(1, invstd), rows.m, rows.d, rows.step, source.step, placed.step,
        block_rows(rows.m, rows.d),
    )  # fmt: skip
    for i, out in enumerate((dw, db)):
        if out is not None and blocks > 1:
            add_blocks(program, out, parts[i])


# -- group norm ------------------------------------------------------------------------------------------------------

G_GRAD, G_SOURCE, G_MEAN, G_INVSTD, G_WEIGHT, G_DX, G_DOTS, G_SUMS, G_GROUPS, G_CHANNELS, G_LENGTH = range(11)


@jit.kept
def group_kernel(hat: bool, weighted: bool, dx: bool) -> int:
    """words: as named above. Unit: a group of a sample. Into dots and sums (n, c): Σ grad h, Σ grad of each channel."""
    build = KernelBuilder("group_norm_grad")
    code = GroupGrad(build, hat, weighted)
    with build.loop(build.start, build.stop, name="group") as group:
        code.sums(group)
        if dx:
            code.finish()
    return build.address()


class GroupGrad:
    """The code of one group: `sums` first, then `finish`."""

    def __init__(self, build: KernelBuilder, hat: bool, weighted: bool) -> None:
        self.build, self.hat, self.weighted = build, hat, weighted
        self.channels, self.length = build.word(G_CHANNELS), build.word(G_LENGTH)  # of a group, of a channel
        self.size = build.ir.sitofp(build.ir.mul(self.channels, self.length), FLOAT)

    def sums(self, group: Any) -> None:
        """Each channel's sums, and from them the group's means."""
        build = self.build
        self.factor = build.splat(build.load(build.pointer(G_INVSTD), group))
        self.shift = None if self.hat else build.splat(build.load(build.pointer(G_MEAN), group))
        self.own = build.ir.mul(build.ir.srem(group, build.word(G_GROUPS)), self.channels)  # first channel
        self.first = build.ir.mul(group, self.channels)
        with build.loop_with(0, self.channels, [build.constant(0.0)] * 2, name="channel") as (k, now, after):
            places = self.places(k, G_GRAD, G_SOURCE)

            def summed(part: Part, sums: list[Any]) -> list[Any]:
                g, h = self.both(part, places)
                return [build.fma(g, h, sums[0]), build.add(g, sums[1])]

            found = [build.total(total) for total in sweep(build, self.length, summed, zeros(build, 2))]
            for base, total in zip((G_DOTS, G_SUMS), found, strict=True):
                build.store(total, build.pointer(base), build.ir.add(self.first, k))
            after[:] = [build.fma(self.scale(k), total, before) for total, before in zip(found, now, strict=True)]
        self.along, self.mean = (build.splat(build.div(total, self.size)) for total in after)

    def finish(self) -> None:
        """The gradient of the group."""
        build = self.build
        with build.loop(0, self.channels, name="channel") as k:
            *places, target = self.places(k, G_GRAD, G_SOURCE, G_DX)
            weight = build.splat(self.scale(k))

            def finished(part: Part, _: list[Any]) -> list[Any]:
                g, h = self.both(part, places)
                moved = build.sub(build.mul(g, weight), build.fma(h, self.along, self.mean))
                part.store(build.mul(moved, self.factor), target)
                return []

            sweep(build, self.length, finished)

    def places(self, k: Any, *bases: int) -> list[Any]:
        """Where channel k of the group starts in arguments."""
        offset = self.build.ir.mul(self.build.ir.add(self.first, k), self.length)
        return [self.build.at(self.build.pointer(base), offset) for base in bases]

    def both(self, part: Part, places: list[Any]) -> tuple[Any, Any]:
        """A part of the gradient and of the normalised group."""
        g, h = (part.load(place) for place in places)
        if self.shift is None:
            return g, h
        return g, self.build.mul(self.build.sub(h, self.shift), self.factor)

    def scale(self, k: Any) -> Any:
        """The weight of channel k of the group."""
        build = self.build
        return build.load(build.pointer(G_WEIGHT), build.ir.add(self.own, k)) if self.weighted else build.constant(1.0)


def group_norm_grad(
    program: Any, grad: Any, groups: int, invstd: Any, *, hat: Any = None, x: Any = None, mean: Any = None,
    weight: Any = None, dx: Any = None, dw: Any = None, db: Any = None,
) -> None:  # fmt: skip
    """The gradients of group norm that are given arrays; grad (n, c, *), invstd and mean (n groups,), dw and db (c,).

    dx may be grad or x. Raises Unsupported.
    """
    source = x if hat is None else hat
    arrays = [array for array in (grad, source, dx) if array is not None]
    if not all(array.flags.c_contiguous and array.size == grad.size for array in arrays) or not grad.size:
        raise Unsupported("group_norm: arrays must be contiguous and alike, and not empty")
    n, c = grad.shape[:2]
    for array in arrays:
        rows_of(array, "group_norm")
    for name, vector, size in (("weight", weight, c), ("dw", dw, c), ("db", db, c), ("invstd", invstd, n * groups)):
        if vector is not None:
            float_vector(vector, size, name)
    if hat is None:
        float_vector(mean, n * groups, "mean")
    dots, sums = np.empty((2, n, c), np.float32)
    size = grad.size // (n * groups)
    program.add(
        Kernel("group_norm_grad", group_kernel(hat is not None, weight is not None, dx is not None), n * groups,
               grain_of(size), flops=12 * grad.size),
        grad, source, invstd if mean is None else mean, invstd, invstd if weight is None else weight,
        grad if dx is None else dx, dots, sums, groups, c // groups, size * groups // c,
    )  # fmt: skip
    for out, parts in ((dw, dots), (db, sums)):
        if out is not None:
            column_sum(program, out.reshape(-1), parts)
