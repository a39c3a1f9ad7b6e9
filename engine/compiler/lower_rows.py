"""Rows with native kernels: softmax along any axis and its gradient; layer, group and RMS norm; losses of classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.compiler.instruction import Instruction
from gradbook.compiler.lower import Array, native
from gradbook.kernels.cross_entropy import cross_entropy, cross_entropy_grad, cross_entropy_kept
from gradbook.kernels.likelihood import nll, nll_grad
from gradbook.kernels.moving import copy
from gradbook.kernels.program import Program, Unsupported
from gradbook.kernels.row_norm import group_norm, layer_norm, rms_norm
from gradbook.kernels.row_norm_grad import group_norm_grad, layer_norm_grad, rms_norm_grad
from gradbook.kernels.softmax import log_softmax, log_softmax_grad, softmax, softmax_grad

__all__ = ["dense", "memory"]


def memory(program: Program, shape: Any, which: int) -> Any:
    """Scratch memory as an array: piece number `which`."""
    size = int(np.prod(shape, dtype=np.int64))
    return program.scratch(size, which)[:size].reshape(shape)


def dense(program: Program, array: Any, which: int) -> Any:
    """An array to be read whose numbers lie in index order: a copy, in piece `which`, where they do not."""
    if array is None or array.flags.c_contiguous:
        return array
    packed = memory(program, array.shape, which)
    copy(program, packed, array)
    return packed


def row(array: Any) -> Any:
    """An array's numbers as one row, the same memory. Raises Unsupported where they lie in another order."""
    if array is None:
        return None
    if not array.flags.c_contiguous:
        raise Unsupported("numbers that do not lie in index order")
    return array.reshape(-1)


# -- softmax ---------------------------------------------------------------------------------------------------------


def along(program: Program, out: Any, given: list[Any], dim: int, kernel: Callable[..., None]) -> None:
    """Add a kernel that works along last axes, along any axis: on copies where that is another one."""
    if not out.ndim or out.dtype != np.float32:
        raise Unsupported("a softmax of one number, or of other numbers than float32")
    moved = [np.moveaxis(array, dim, -1) for array in given]
    read = [dense(program, array, which) for which, array in enumerate(moved, 1)]
    target = np.moveaxis(out, dim, -1)
    if target.flags.c_contiguous:
        kernel(program, target, *read)
        return
    made = memory(program, target.shape, len(given) + 1)
    kernel(program, made, *read)
    copy(program, target, made)


def add_softmax(name: str, forward: Callable[..., None], backward: Callable[..., None]) -> None:
    """Note the kernels of softmax or log_softmax."""

    @native("op", name)
    def _(program: Program, each: Instruction, array: Array) -> None:
        along(program, array(each.outputs[0]), [array(each.inputs[0])], each.params["dim"], forward)

    @native("rule", f"{name}.x")
    def _(program: Program, each: Instruction, array: Array) -> None:
        grad, out, dim = (array(operand) for operand in each.inputs)
        along(program, array(each.outputs[0]), [grad, out], dim, backward)


add_softmax("softmax", softmax, softmax_grad)
add_softmax("log_softmax", log_softmax, log_softmax_grad)


# -- norms -----------------------------------------------------------------------------------------------------------


@native("op", "layer_norm")
def _(program: Program, each: Instruction, array: Array) -> None:
    x, weight, bias = (array(operand) for operand in each.inputs)
    y, *extras = (array(out) for out in each.outputs)
    hat, invstd = extras or (None, None)
    options = {"weight": row(weight), "bias": row(bias), "rank": each.params["rank"], "eps": each.params["eps"]}
    layer_norm(program, y, x, **options, hat=hat, invstd=row(invstd))


@native("rule", "layer_norm")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, _, weight, hat, invstd, _, rank, _ = (array(operand) for operand in each.inputs)
    dx, dw, db = (array(out) for out in each.outputs)
    options = {"weight": row(weight), "dx": dx, "dw": row(dw), "db": row(db), "rank": rank}
    layer_norm_grad(program, grad, row(invstd), hat=hat, **options)


@native("op", "group_norm")
def _(program: Program, each: Instruction, array: Array) -> None:
    x, weight, bias = (array(operand) for operand in each.inputs)
    y, *extras = (array(out) for out in each.outputs)
    hat, invstd = extras or (None, None)
    group_norm(
        program, y, dense(program, x, 1), each.params["groups"], weight=weight, bias=bias, eps=each.params["eps"],
        hat=hat, invstd=row(invstd),
    )  # fmt: skip


@native("rule", "group_norm")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, _, weight, hat, invstd, _, groups, _ = (array(operand) for operand in each.inputs)
    dx, dw, db = (array(out) for out in each.outputs)
    grad = dense(program, grad, 1)
    group_norm_grad(program, grad, groups, row(invstd), hat=hat, weight=weight, dx=dx, dw=dw, db=db)


@native("op", "rms_norm")
def _(program: Program, each: Instruction, array: Array) -> None:
    x, weight = (array(operand) for operand in each.inputs)
    y, *extras = (array(out) for out in each.outputs)
    invrms = row(extras[0]) if extras else None
    options = {"weight": row(weight), "rank": each.params["rank"], "eps": each.params["eps"]}
    rms_norm(program, y, dense(program, x, 1), **options, invrms=invrms)


@native("rule", "rms_norm")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, x, weight, invrms, _, rank, _ = (array(operand) for operand in each.inputs)
    dx, dw = (array(out) for out in each.outputs)
    grad, x = dense(program, grad, 1), dense(program, x, 2)
    rms_norm_grad(program, grad, x, row(invrms), weight=row(weight), dx=dx, dw=row(dw), rank=rank)


# -- losses of classes -----------------------------------------------------------------------------------------------


def need_classes(target: Any) -> None:
    """Raise Unsupported for probabilities, and for classes that nobody could look at before."""
    if target.dtype != np.int64 or target.block.kind == "temporary":
        raise Unsupported("targets that are probabilities, or that nobody could look at before")


def row_shape(x: Any) -> tuple[int, int]:
    """How many rows of how many scores (c,), (n, c) or (n, c, *) has."""
    classes = x.shape[0] if x.ndim == 1 else x.shape[1]
    return x.size // max(1, classes), classes


def score_rows(program: Program, x: Any, which: int) -> Any:
    """Scores (c,), (n, c) or (n, c, *) as rows of classes, a copy where they lie otherwise."""
    if x.ndim < 3:
        return x.reshape(1, -1) if x.ndim == 1 else x
    return dense(program, np.moveaxis(x, 1, -1), which).reshape(row_shape(x))


@native("op", "cross_entropy")
def _(program: Program, each: Instruction, array: Array) -> None:
    need_classes(each.inputs[1])
    x, target, weight = (array(operand) for operand in each.inputs)
    out, *extras = (array(o) for o in each.outputs)  # extras: the softmax, the rows' shares
    options = dict(weight=weight, **each.params)
    x, target, out = score_rows(program, x, 1), row(target), row(out)
    if extras:
        p, share = extras
        cross_entropy_kept(program, out, p, share, x, target, **options)
    else:
        cross_entropy(program, out, x, target, **options)


@native("rule", "cross_entropy")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, _, target, weight, p, share, needs, _, ignore, smoothing = (array(operand) for operand in each.inputs)
    if target.dtype.kind != "i" or needs[1]:
        raise Unsupported("targets that are probabilities")
    dx = array(each.outputs[0])
    options = {"weight": weight, "ignore_index": ignore, "label_smoothing": smoothing}
    rows = dx.reshape(p.shape) if dx.ndim < 3 else memory(program, p.shape, 1)
    cross_entropy_grad(program, rows, row(dense(program, grad, 2)), row(target), p, share, **options)
    if dx.ndim > 2:
        spread = np.moveaxis(dx, 1, -1)
        copy(program, spread, rows.reshape(spread.shape))


@native("op", "nll_loss")
def _(program: Program, each: Instruction, array: Array) -> None:
    need_classes(each.inputs[1])
    x, target, weight = (array(operand) for operand in each.inputs)
    nll(program, row(array(each.outputs[0])), dense(program, x, 1), row(target), weight=weight, **each.params)


@native("rule", "nll_loss.input")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, target, weight, _, reduction, ignore = (array(operand) for operand in each.inputs)
    options = {"weight": weight, "reduction": reduction, "ignore_index": ignore}
    grad, dx = row(dense(program, grad, 1)), array(each.outputs[0])
    made = dx if dx.flags.c_contiguous else memory(program, dx.shape, 2)
    nll_grad(program, made, grad, row(target), **options)
    if made is not dx:
        copy(program, dx, made)
