"""Normalisation outside a program: forwards and rules as eager operations call them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.kernels import batch_norm as batches
from gradbook.kernels import row_norm, row_norm_grad
from gradbook.kernels.now import F32, Array, made_of, run, whole
from gradbook.kernels.program import Program, Unsupported

__all__ = ["kernels"]


def present(**arrays: Any) -> tuple[tuple[str, ...], tuple[Array, ...]]:
    """The names of arrays that are there, and those; as they are written to or read in order, they must be dense."""
    names = tuple([name for name, array in arrays.items() if array is not None])
    return names, tuple([arrays[name] for name in names])


def dense(*arrays: Any) -> None:
    """Raise Unsupported unless all are float32 and lie as their indices do; None is passed over."""
    for array in arrays:
        if array is not None and not (type(array) is np.ndarray and array.dtype is F32 and array.flags.c_contiguous):
            raise Unsupported("an array that is not dense float32")


# -- batch norm --------------------------------------------------------------------------------------------------------


def batch_norm(
    xp: Any, x: Array, weight: Any, bias: Any, running_mean: Any, running_var: Any, *, training: bool, momentum: float,
    eps: float,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """As the forward of batch_norm: the result, the mean, 1 / the standard deviation."""
    if training and (running_mean is None) != (running_var is None):
        raise Unsupported("one running statistic")
    dense(x, running_mean, running_var)
    weight, bias = whole(weight, bias)
    names, rest = present(weight=weight, bias=bias, running_mean=running_mean, running_var=running_var)
    y, mean, invstd = made_of(x.shape), np.empty(x.shape[1], F32), np.empty(x.shape[1], F32)
    step = np.array([momentum], F32)  # an array: it may be another each time, and the plan the same
    run(add_batch_norm, (y, mean, invstd), (x, step, *rest), (names, training, eps))
    return y, mean, invstd


def add_batch_norm(
    program: Program, y: Array, mean: Array, invstd: Array, x: Array, momentum: Array, *rest: Any
) -> None:
    """batch_norm with its optional arrays in a row."""
    *arrays, names, training, eps = rest
    optional = dict(zip(names, arrays, strict=True))
    batches.batch_norm(
        program, y, x, **optional, training=training, momentum=momentum, eps=eps, mean=mean, invstd=invstd
    )  # fmt: skip


def batch_norm_rule(
    grad: Array, x: Array, weight: Any, mean: Array, invstd: Array, needs: Any, training: bool, eps: float
) -> tuple[Any, ...]:
    """As the rule of batch_norm."""
    dense(x)
    grad, weight, mean, invstd = whole(grad, weight, mean, invstd)
    made, outs = wanted(needs, x.shape, x.shape[1:2], x.shape[1:2])
    given = (grad, x, mean, invstd) if weight is None else (grad, x, mean, invstd, weight)
    run(add_batch_norm_grad, outs, given, (tuple(needs[:3]), training))
    return (*made, None, None)


def add_batch_norm_grad(program: Program, *rest: Any) -> None:
    """batch_norm_grad with its results in a row."""
    *arrays, needs, training = rest
    outs, (grad, x, mean, invstd, *weight) = named_outs(arrays, needs)
    batches.batch_norm_grad(
        program, grad, x, mean, invstd, weight=weight[0] if weight else None, training=training, **outs
    )  # fmt: skip


def wanted(needs: Any, *shapes: Any) -> tuple[list[Any], tuple[Array, ...]]:
    """New arrays for the gradients that are asked for, None for others; and those arrays alone."""
    made = [made_of(shape) if need else None for need, shape in zip(needs, shapes, strict=False)]
    return made, tuple([array for array in made if array is not None])


def named_outs(arrays: list[Array], needs: tuple[bool, ...]) -> tuple[dict[str, Array], list[Array]]:
    """The results that are asked for, by name, and the other arrays."""
    names = [name for name, need in zip(("dx", "dw", "db"), needs, strict=False) if need]
    return dict(zip(names, arrays, strict=False)), arrays[len(names) :]


# -- rows --------------------------------------------------------------------------------------------------------------


def rows(shape: tuple[int, ...], rank: int) -> tuple[int, int]:
    """How many rows an array has whose last `rank` axes make one, and how long they are."""
    lead = len(shape) - rank
    return math.prod(shape[:lead]), math.prod(shape[lead:])


def layer_norm(xp: Any, x: Array, weight: Any, bias: Any, *, rank: int, eps: float) -> tuple[Array, Array, Array]:
    """As the forward of layer_norm: the result, the normalised rows, 1 / their standard deviations."""
    x, weight, bias = whole(x, weight, bias)
    m, d = rows(x.shape, rank)
    names, rest = present(weight=weight, bias=bias)
    y, hat, invstd = made_of(x.shape), made_of((m, d)), np.empty((m, 1), F32)
    run(add_row_norm, (y, hat, invstd), (x, *rest), (row_norm.layer_norm, names, ("rank", rank), eps))
    return y, hat, invstd


def group_norm(xp: Any, x: Array, weight: Any, bias: Any, *, groups: int, eps: float) -> tuple[Array, Array, Array]:
    """As the forward of group_norm: the result, the normalised rows, 1 / their standard deviations."""
    dense(x)
    weight, bias = whole(weight, bias)
    m = x.shape[0] * groups
    names, rest = present(weight=weight, bias=bias)
    y, hat, invstd = made_of(x.shape), made_of((m, x.size // m)), np.empty((m, 1), F32)
    run(add_row_norm, (y, hat, invstd), (x, *rest), (row_norm.group_norm, names, ("groups", groups), eps))
    return y, hat, invstd


def add_row_norm(program: Program, y: Array, hat: Array, invstd: Array, x: Array, *rest: Any) -> None:
    """layer_norm or group_norm with their optional arrays in a row."""
    *arrays, add, names, (setting, value), eps = rest
    optional = dict(zip(names, arrays, strict=True))
    add(program, y, x, **{setting: value}, **optional, eps=eps, hat=hat, invstd=invstd)


def layer_norm_rule(
    grad: Array, x: Array, weight: Any, hat: Array, invstd: Array, needs: Any, rank: int, eps: float
) -> tuple[Any, ...]:
    """As the rule of layer_norm."""
    grad, weight, hat, invstd = whole(grad, weight, hat, invstd)
    shape = grad.shape[grad.ndim - rank :]
    made, outs = wanted(needs, grad.shape, shape, shape)
    given = (grad, hat, invstd) if weight is None else (grad, hat, invstd, weight)
    run(add_layer_norm_grad, outs, given, (tuple(needs), rank))
    return tuple(made)


def add_layer_norm_grad(program: Program, *rest: Any) -> None:
    """layer_norm_grad with its results in a row."""
    *arrays, needs, rank = rest
    outs, (grad, hat, invstd, *weight) = named_outs(arrays, needs)
    row_norm_grad.layer_norm_grad(
        program, grad, invstd, hat=hat, weight=weight[0] if weight else None, rank=rank, **outs
    )  # fmt: skip


def group_norm_rule(
    grad: Array, x: Array, weight: Any, hat: Array, invstd: Array, needs: Any, groups: int, eps: float
) -> tuple[Any, ...]:
    """As the rule of group_norm."""
    dense(x)
    grad, weight, hat, invstd = whole(grad, weight, hat, invstd)
    made, outs = wanted(needs, grad.shape, grad.shape[1:2], grad.shape[1:2])
    given = (grad, hat, invstd) if weight is None else (grad, hat, invstd, weight)
    run(add_group_norm_grad, outs, given, (tuple(needs), groups))
    return tuple(made)


def add_group_norm_grad(program: Program, *rest: Any) -> None:
    """group_norm_grad with its results in a row."""
    *arrays, needs, groups = rest
    outs, (grad, hat, invstd, *weight) = named_outs(arrays, needs)
    row_norm_grad.group_norm_grad(
        program, grad, groups, invstd, hat=hat, weight=weight[0] if weight else None, **outs
    )  # fmt: skip


def rms_norm(xp: Any, x: Array, weight: Any, *, rank: int, eps: float) -> tuple[Array, Array]:
    """As the forward of rms_norm: the result, 1 / the roots of the mean squares."""
    x, weight = whole(x, weight)
    y, invrms = made_of(x.shape), np.empty((rows(x.shape, rank)[0], 1), F32)
    run(add_rms_norm, (y, invrms), (x,) if weight is None else (x, weight), (rank, eps))
    return y, invrms


def add_rms_norm(program: Program, y: Array, invrms: Array, x: Array, *rest: Any) -> None:
    """rms_norm with its optional weight among the arrays."""
    *weight, rank, eps = rest
    row_norm.rms_norm(program, y, x, weight=weight[0] if weight else None, rank=rank, eps=eps, invrms=invrms)


def rms_norm_rule(
    grad: Array, x: Array, weight: Any, invrms: Array, needs: Any, rank: int, eps: float
) -> tuple[Any, ...]:
    """As the rule of rms_norm."""
    grad, x, weight, invrms = whole(grad, x, weight, invrms)
    made, outs = wanted(needs, grad.shape, grad.shape[grad.ndim - rank :])
    run(add_rms_norm_grad, outs, (grad, x, invrms) if weight is None else (grad, x, invrms, weight), (
        tuple(needs), rank))  # fmt: skip
    return tuple(made)


def add_rms_norm_grad(program: Program, *rest: Any) -> None:
    """rms_norm_grad with its results in a row."""
    *arrays, needs, rank = rest
    outs, (grad, x, invrms, *weight) = named_outs(arrays, needs)
    row_norm_grad.rms_norm_grad(program, grad, x, invrms, weight=weight[0] if weight else None, rank=rank, **outs)


def kernels() -> dict[str, Callable[..., Any]]:
    """By the names of operations and rules."""
    return {
        "batch_norm": batch_norm, "batch_norm.backward": batch_norm_rule,
        "layer_norm": layer_norm, "layer_norm.backward": layer_norm_rule,
        "group_norm": group_norm, "group_norm.backward": group_norm_rule,
        "rms_norm": rms_norm, "rms_norm.backward": rms_norm_rule,
    }  # fmt: skip
