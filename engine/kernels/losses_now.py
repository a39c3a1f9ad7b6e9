"""Losses outside a program: forwards and rules as eager operations call them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.kernels import likelihood
from gradbook.kernels.losses import pair_loss, pair_loss_grad
from gradbook.kernels.now import F32, LARGEST, Array, made_of, run, whole
from gradbook.kernels.program import Program, Unsupported

__all__ = ["kernels"]


# -- of two arrays alike -----------------------------------------------------------------------------------------------


def pair(kind: str, x: Array, target: Array, reduction: str, *more: tuple[str, Any]) -> Array:
    """A loss of two arrays of one shape."""
    x, target = whole(x, target)
    out = np.empty(x.shape if reduction == "none" else 1, F32)
    run(pair_loss, (out,), (x, target), (kind,), (("reduction", reduction), *more))
    return out if reduction == "none" else out.reshape(())


def pair_rule(kind: str, grad: Array, x: Array, target: Array, reduction: str, *more: tuple[str, Any]) -> Array:
    """Its rule for the first of them."""
    grad, x, target = whole(np.asarray(grad), x, target)
    dx = made_of(x.shape)
    run(pair_loss_grad, (dx,), (grad.reshape(-1), x, target), (kind,), (("reduction", reduction), *more))
    return dx


def mse(xp: Any, x: Array, target: Array, *, reduction: str) -> Array:
    """As the forward of mse_loss, for arrays of one shape."""
    return pair("mse", x, target, reduction)


def mse_rule(grad: Array, x: Array, target: Array, reduction: str) -> Array:
    """As the rule of mse_loss for its input."""
    return pair_rule("mse", grad, x, target, reduction)


def huber(xp: Any, x: Array, target: Array, *, reduction: str, delta: float) -> Array:
    """As the forward of huber_loss, for arrays of one shape."""
    return pair("huber", x, target, reduction, ("delta", delta))


def huber_rule(grad: Array, x: Array, target: Array, reduction: str, delta: float) -> Array:
    """As the rule of huber_loss for its input."""
    return pair_rule("huber", grad, x, target, reduction, ("delta", delta))


def logits(xp: Any, x: Array, target: Array, pos_weight: Any, *, reduction: str) -> Array:
    """As the forward of binary_cross_entropy_with_logits, where a yes counts as much as a no."""
    if pos_weight is not None:
        raise Unsupported("a weight of one of the classes")
    return pair("bce_with_logits", x, target, reduction)


def logits_rule(grad: Array, x: Array, target: Array, pos_weight: Any, reduction: str) -> Array:
    """As the rule of binary_cross_entropy_with_logits for its input."""
    if pos_weight is not None:
        raise Unsupported("a weight of one of the classes")
    return pair_rule("bce_with_logits", grad, x, target, reduction)


# -- of classes --------------------------------------------------------------------------------------------------------


def classes_of(target: Any) -> Array:
    """Classes as kernels read them. Raises Unsupported for other targets."""
    if type(target) is not np.ndarray or target.dtype != np.int64:
        raise Unsupported("targets that are not classes")
    return target if target.flags.c_contiguous else np.ascontiguousarray(target)


def nll(xp: Any, x: Array, target: Array, weight: Any, *, reduction: str, ignore_index: int) -> Array:
    """As the forward of nll_loss."""
    (x, weight), target = whole(x, weight), classes_of(target)
    out = np.empty(target.shape if reduction == "none" else (), F32)
    given = (x, target) if weight is None else (x, target, weight)
    run(add_nll, (out,), given, (reduction, ignore_index))
    return out


def add_nll(program: Program, out: Array, x: Array, target: Array, *rest: Any) -> None:
    """nll with its optional weight among the arrays."""
    *weight, reduction, ignore = rest
    likelihood.nll(
        program, out, x, target, weight=weight[0] if weight else None, reduction=reduction, ignore_index=ignore
    )  # fmt: skip


def nll_rule(grad: Array, target: Array, weight: Any, shape: Any, reduction: str, ignore_index: int) -> Array:
    """As the rule of nll_loss."""
    (grad, weight), target = whole(np.asarray(grad), weight), classes_of(target)
    large = math.prod(shape) > LARGEST  # the C library clears much memory faster
    made = np.zeros(shape, F32) if large else np.empty(shape, F32)
    given = (grad, target) if weight is None else (grad, target, weight)
    run(add_nll_grad, (made,), given, (shape, reduction, ignore_index, not large))
    return made


def add_nll_grad(program: Program, dx: Array, grad: Array, target: Array, *rest: Any) -> None:
    """nll_grad with its optional weight among the arrays."""
    *weight, _, reduction, ignore, clear = rest
    likelihood.nll_grad(
        program, dx, grad, target, weight=weight[0] if weight else None, reduction=reduction, ignore_index=ignore,
        clear=clear,
    )  # fmt: skip


def kernels() -> dict[str, Callable[..., Any]]:
    """By the names of operations and rules."""
    return {
        "mse_loss": mse, "mse_loss.input": mse_rule, "huber_loss": huber, "huber_loss.input": huber_rule,
        "binary_cross_entropy_with_logits": logits, "binary_cross_entropy_with_logits.input": logits_rule,
        "nll_loss": nll, "nll_loss.input": nll_rule,
    }  # fmt: skip
