"""Softmax, cross entropy and embedding outside a program: forwards and rules as eager operations call them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.backends import native
from gradbook.kernels import cross_entropy as losses
from gradbook.kernels import embedding as tables
from gradbook.kernels import softmax as rows
from gradbook.kernels.now import F32, Array, made_of, run, whole
from gradbook.kernels.program import Program, Unsupported

__all__ = ["kernels"]


# -- softmax -----------------------------------------------------------------------------------------------------------


def along_rows(x: Array, dim: int) -> None:
    """Raise Unsupported unless `dim` is the last axis of an array that lies as its indices do."""
    if dim != x.ndim - 1 or not x.flags.c_contiguous:
        raise Unsupported("a softmax along another axis than the last")


def softmax(xp: Any, x: Array, *, dim: int) -> Array:
    """As the forward of softmax, along the last axis."""
    along_rows(x, dim)
    y = made_of(x.shape)
    run(rows.softmax, (y,), (x,))
    return y


def log_softmax(xp: Any, x: Array, *, dim: int) -> Array:
    """As the forward of log_softmax, along the last axis."""
    along_rows(x, dim)
    y = made_of(x.shape)
    run(rows.log_softmax, (y,), (x,))
    return y


def softmax_rule(grad: Array, out: Array, dim: int) -> Array:
    """As the rule of softmax."""
    along_rows(out, dim)
    return _rule(rows.softmax_grad, grad, out)


def log_softmax_rule(grad: Array, out: Array, dim: int) -> Array:
    """As the rule of log_softmax."""
    along_rows(out, dim)
    return _rule(rows.log_softmax_grad, grad, out)


def _rule(add: Callable[..., None], grad: Array, out: Array) -> Array:
    grad, out = whole(grad, out)
    dx = made_of(out.shape)
    run(add, (dx,), (grad, out))
    return dx


# -- cross entropy -----------------------------------------------------------------------------------------------------


def classes_of(target: Any) -> Array:
    """Classes as one row of int64. Raises Unsupported for other targets."""
    if type(target) is not np.ndarray or target.dtype != np.int64:
        raise Unsupported("targets that are not classes")
    flat: Array = np.ascontiguousarray(target).reshape(-1)
    return flat


def score_rows(x: Array) -> Array:
    """Scores (c,), (n, c) or (n, c, *) as rows of classes. Raises Unsupported for others than float32."""
    if x.ndim > 2:
        x = np.moveaxis(x, 1, -1)
    (made,) = whole(x)
    rows: Array = made.reshape(-1, made.shape[-1])
    return rows


def cross_entropy(
    xp: Any, x: Array, target: Array, weight: Any, *, reduction: str, ignore_index: int, label_smoothing: float
) -> tuple[Array, Array, Array]:
    """As the forward of cross_entropy: the loss, the softmax, how much each row counts."""
    x, classes = score_rows(x), classes_of(target)
    (weight,) = whole(weight)
    n = x.shape[0]
    out = np.empty(n if reduction == "none" else 1, F32)
    p, share = made_of(x.shape), np.empty(n, F32)
    given = (x, classes) if weight is None else (x, classes, weight)
    run(add_cross_entropy, (out, p, share), given, (reduction, ignore_index, label_smoothing))
    return out.reshape(target.shape if reduction == "none" else ()), p, share


def add_cross_entropy(
    program: Program, out: Array, p: Array, share: Array, x: Array, target: Array, *rest: Any
) -> None:
    """cross_entropy_kept with its optional weight among the arrays."""
    *weight, reduction, ignore_index, smoothing = rest
    losses.cross_entropy_kept(
        program, out, p, share, x, target, weight=weight[0] if weight else None, reduction=reduction,
        ignore_index=ignore_index, label_smoothing=smoothing,
    )  # fmt: skip


def cross_entropy_rule(
    grad: Array, x: Array, target: Array, weight: Any, p: Array, share: Array, needs: Any, reduction: str,
    ignore_index: int, label_smoothing: float,
) -> tuple[Any, ...]:  # fmt: skip
    """As the rule of cross_entropy."""
    if not needs[0] or (p.size < SMALL and not native.state.known):
        raise Unsupported("little to do")
    (p,), classes = whole(p), classes_of(target)
    grad, share, weight = whole(np.asarray(grad), share, weight)
    dx = made_of(p.shape)
    given = (grad.reshape(-1), classes, p, share)
    run(add_cross_entropy_grad, (dx,), given if weight is None else (*given, weight), (label_smoothing,))
    return classes_back(dx, x.shape), None, None


def classes_back(rows: Array, shape: tuple[int, ...]) -> Array:
    """Rows of classes, one for each place, as scores (n, c, *places) or (c,)."""
    if len(shape) < 3:
        return rows.reshape(shape)
    return np.moveaxis(rows.reshape(shape[0], *shape[2:], shape[1]), -1, 1)


def add_cross_entropy_grad(
    program: Program, dx: Array, grad: Array, target: Array, p: Array, share: Array, *rest: Any
) -> None:
    """cross_entropy_grad with its optional weight among the arrays."""
    *weight, smoothing = rest
    losses.cross_entropy_grad(
        program, dx, grad, target, p, share, weight=weight[0] if weight else None, label_smoothing=smoothing
    )  # fmt: skip


# -- embedding ---------------------------------------------------------------------------------------------------------


def places(index: Any) -> Array:
    """Row numbers that kernels can read. Raises Unsupported for others."""
    if type(index) is not np.ndarray or index.dtype != np.int64 or not index.size or not index.ndim:
        raise Unsupported("rows that are not numbered by int64")
    dense: Array = np.ascontiguousarray(index)
    return dense


def embedding(xp: Any, weight: Array, *, index: Array, padding_idx: int = -1, scale: bool = False) -> Array:
    """As the forward of embedding, for numbers that are in range."""
    (weight,), index = whole(weight), places(index)
    out = made_of((*index.shape, weight.shape[1]))
    run(tables.embedding, (out,), (weight, index))
    return out


def embedding_grad(xp: Any, grad: Array, *, index: Array, rows: int, padding_idx: int, scale: bool) -> Array:
    """As the forward of embedding_backward."""
    (grad,), index = whole(grad), places(index)
    made = made_of((rows, grad.shape[-1]))
    run(add_embedding_grad, (made,), (grad, index), (rows, padding_idx, scale))
    return made


def add_embedding_grad(
    program: Program, made: Array, grad: Array, index: Array, rows: int, padding_idx: int, scale: bool
) -> None:
    """embedding_grad for a table of so many rows."""
    tables.embedding_grad(program, made, grad, index, padding_idx=padding_idx, scale=scale)


SMALL = 0 if native.EVER else 200  # scores below which NumPy is as fast


def kernels() -> dict[str, Callable[..., Any]]:
    """By the names of operations and rules."""
    return {
        "softmax": softmax, "softmax.x": softmax_rule, "log_softmax": log_softmax, "log_softmax.x": log_softmax_rule,
        "embedding": embedding, "embedding_backward": embedding_grad,
        "cross_entropy": cross_entropy, "cross_entropy.backward": cross_entropy_rule,
    }  # fmt: skip
