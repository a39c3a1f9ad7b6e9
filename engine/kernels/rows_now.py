"""Softmax, norms, losses and embeddings outside a program: what eager operations run, in one thread.

`forwards()` has the forwards by the names of the operations, `gradients()` their rules for arrays, each with the
arguments of the operation's own. They raise Unsupported for arrays that kernels cannot be given: the caller then
computes as it would without kernels.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradbook.kernels import batch_norm as batches
from gradbook.kernels import cross_entropy as entropy
from gradbook.kernels import embedding as tables
from gradbook.kernels import losses, row_norm, row_norm_grad
from gradbook.kernels import softmax as scores
from gradbook.kernels.images_now import made_of
from gradbook.kernels.program import Program, Unsupported, address_of

__all__ = ["forwards", "gradients"]

Array = np.ndarray[Any, Any]
Maybe = Array | None
FLOAT, INDEX = np.dtype(np.float32), (np.dtype(np.int64), np.dtype(np.int32))
PLANS = 512  # that a thread keeps
SMALL = 16384  # numbers up to which malloc is as good as memory used before
LONG_WORK = 100_000  # floating-point operations from which on other threads may run Python meanwhile


class Plan:
    """A program for arrays of certain shapes: `add(program, **arrays, **settings)`, None standing for itself."""

    def __init__(self, add: Callable[..., None], arrays: Mapping[str, Maybe], settings: dict[str, Any]) -> None:
        self.program = Program(threads=1)
        self.words: list[list[tuple[memoryview, int]]] = []  # where the address of each array goes
        stand_ins = {
            name: None if array is None else np.empty(array.shape, array.dtype) for name, array in arrays.items()
        }
        places = [self.program.place(array) for array in stand_ins.values() if array is not None]
        add(self.program, **stand_ins, **settings)
        for place in places:
            self.words.append([(memoryview(packed), i) for packed, i, _ in place.uses])  # type: ignore[arg-type]
        self.unlocked = self.program.flops > LONG_WORK

    def run(self, addresses: list[int]) -> None:
        """Run on arrays that lie there."""
        for uses, address in zip(self.words, addresses, strict=True):
            for words, i in uses:
                words[i] = address
        self.program.run(unlocked=self.unlocked)


class Own(threading.local):
    """The plans of a thread, whose words are those of one run."""

    def __init__(self) -> None:
        self.plans: dict[Any, Plan] = {}


own = Own()


def run(add: Callable[..., None], arrays: Mapping[str, Maybe], **settings: Any) -> None:
    """add(program, **arrays, **settings) and run it; a plan is kept for arrays of these shapes."""
    key: list[Any] = [add, *settings.values()]
    addresses = []
    for array in arrays.values():
        if array is None:
            key.append(None)
            continue
        dtype = array.dtype
        if dtype is not FLOAT:
            key.append(dtype)
            if dtype not in INDEX:
                raise Unsupported(f"{dtype}, not float32")
        if not array.flags.c_contiguous or not array.size:
            raise Unsupported("not contiguous, or empty")
        key.append(array.shape)
        addresses.append(address_of(array))
    plans, which = own.plans, tuple(key)
    plan = plans.get(which)
    if plan is None:
        if len(plans) >= PLANS:
            plans.clear()
        plan = plans[which] = Plan(add, arrays, settings)
    plan.run(addresses)


def empty(shape: tuple[int, ...], like: Array) -> Array:
    """A new array for a result; a large one in memory that was used before."""
    return made_of(shape, like) if like.size > SMALL else np.empty(shape, FLOAT)


def empty_like(array: Array) -> Array:
    """A new contiguous array for a result of that shape."""
    return empty(array.shape, array)


def last_axis(x: Array, dim: int) -> None:
    """Raise Unsupported unless dim is the last axis."""
    if not x.ndim or dim not in (-1, x.ndim - 1):
        raise Unsupported("not along the last axis")


# -- softmax -----------------------------------------------------------------------------------------------------------


def softmax(xp: Any, x: Array, *, dim: int) -> Array:
    """As the op's forward."""
    last_axis(x, dim)
    out = empty_like(x)
    run(scores.softmax, {"out": out, "x": x})
    return out


def log_softmax(xp: Any, x: Array, *, dim: int) -> Array:
    """As the op's forward."""
    last_axis(x, dim)
    out = empty_like(x)
    run(scores.log_softmax, {"out": out, "x": x})
    return out


def softmax_grad(grad: Array, out: Array, dim: int) -> Array:
    """As the op's rule."""
    last_axis(out, dim)
    dx = empty_like(out)
    run(scores.softmax_grad, {"dx": dx, "grad": grad, "out": out})
    return dx


def log_softmax_grad(grad: Array, out: Array, dim: int) -> Array:
    """As the op's rule."""
    last_axis(out, dim)
    dx = empty_like(out)
    run(scores.log_softmax_grad, {"dx": dx, "grad": grad, "out": out})
    return dx


# -- cross entropy -----------------------------------------------------------------------------------------------------


def cross_entropy(
    xp: Any, x: Array, target: Array, weight: Maybe, *, reduction: str, ignore_index: int, label_smoothing: float
) -> tuple[Array, Array, Array]:
    """As the op's forward, for scores (n, c) and classes (n,): the loss, the softmax, each row's share."""
    if x.ndim != 2 or target.dtype != np.int64:
        raise Unsupported("scores (n, c) and classes only")
    p = empty_like(x)
    out, share = np.empty(target.shape if reduction == "none" else (), FLOAT), np.empty(len(x), FLOAT)
    arrays = {"out": out, "p": p, "share": share, "x": x, "target": target, "weight": weight}
    options = {"reduction": reduction, "ignore_index": ignore_index, "label_smoothing": label_smoothing}
    run(entropy.cross_entropy_kept, arrays, **options)
    return out, p, share


def cross_entropy_grad(
    grad: Array, input: Array, target: Array, weight: Maybe, p: Array, share: Array, needs: Any, reduction: str,
    ignore_index: int, label_smoothing: float,
) -> tuple[Maybe, None, None]:  # fmt: skip
    """As the op's rule."""
    if input.ndim != 2 or target.dtype != np.int64 or needs[1]:
        raise Unsupported("scores (n, c) and classes only")
    if not needs[0]:
        return None, None, None
    dx = empty_like(p)
    arrays = {"dx": dx, "grad": grad, "target": target, "p": p, "share": share, "weight": weight}
    run(entropy.cross_entropy_grad, arrays, label_smoothing=label_smoothing)
    return dx, None, None


# -- norms -------------------------------------------------------------------------------------------------------------


def rows_shape(x: Array, rank: int) -> tuple[int, int]:
    """(how many rows, how long) where the last `rank` axes are normalised."""
    return math.prod(x.shape[: x.ndim - rank]), math.prod(x.shape[x.ndim - rank :])


def layer_norm(xp: Any, x: Array, weight: Maybe, bias: Maybe, *, rank: int, eps: float) -> tuple[Array, Array, Array]:
    """As the op's forward: the result, the normalised rows (m, d), and 1 / their deviations (m, 1)."""
    m, d = rows_shape(x, rank)
    y, hat, invstd = empty_like(x), empty((m, d), x), np.empty((m, 1), FLOAT)
    arrays = {"y": y, "x": x, "weight": weight, "bias": bias, "hat": hat, "invstd": invstd}
    run(row_norm.layer_norm, arrays, rank=rank, eps=eps)
    return y, hat, invstd


def layer_norm_grad(
    grad: Array, input: Array, weight: Maybe, hat: Array, invstd: Array, needs: Any, rank: int, eps: float
) -> tuple[Maybe, Maybe, Maybe]:
    """As the op's rule."""
    shape = grad.shape[grad.ndim - rank :]
    dx, dw, db = wanted(needs, (grad.shape, shape, shape), grad)
    arrays = {"grad": grad, "invstd": invstd, "hat": hat, "weight": weight, "dx": dx, "dw": dw, "db": db}
    run(row_norm_grad.layer_norm_grad, arrays, rank=rank)
    return dx, dw, db


def rms_norm(xp: Any, x: Array, weight: Maybe, *, rank: int, eps: float) -> tuple[Array, Array]:
    """As the op's forward: the result, and 1 / the rows' root mean squares (m, 1)."""
    y, invrms = empty_like(x), np.empty((rows_shape(x, rank)[0], 1), FLOAT)
    run(row_norm.rms_norm, {"y": y, "x": x, "weight": weight, "invrms": invrms}, rank=rank, eps=eps)
    return y, invrms


def rms_norm_grad(
    grad: Array, input: Array, weight: Maybe, invrms: Array, needs: Any, rank: int, eps: float
) -> tuple[Maybe, Maybe]:
    """As the op's rule."""
    dx, dw = wanted(needs, (grad.shape, grad.shape[grad.ndim - rank :]), grad)
    arrays = {"grad": grad, "x": input, "invrms": invrms, "weight": weight, "dx": dx, "dw": dw}
    run(row_norm_grad.rms_norm_grad, arrays, rank=rank)
    return dx, dw


def group_norm(xp: Any, x: Array, weight: Maybe, bias: Maybe, *, groups: int, eps: float) -> tuple[Array, Array, Array]:
    """As the op's forward: the result, the normalised groups (n groups, d), and 1 / their deviations."""
    m = x.shape[0] * groups
    y, hat, invstd = empty_like(x), empty((m, x.size // max(1, m)), x), np.empty((m, 1), FLOAT)
    arrays = {"y": y, "x": x, "weight": weight, "bias": bias, "hat": hat, "invstd": invstd}
    run(row_norm.group_norm, arrays, groups=groups, eps=eps)
    return y, hat, invstd


def group_norm_grad(
    grad: Array, input: Array, weight: Maybe, hat: Array, invstd: Array, needs: Any, groups: int, eps: float
) -> tuple[Maybe, Maybe, Maybe]:
    """As the op's rule."""
    dx, dw, db = wanted(needs, (grad.shape, (grad.shape[1],), (grad.shape[1],)), grad)
    arrays = {"grad": grad, "invstd": invstd, "hat": hat, "weight": weight, "dx": dx, "dw": dw, "db": db}
    run(row_norm_grad.group_norm_grad, arrays, groups=groups)
    return dx, dw, db


def wanted(needs: Any, shapes: Any, like: Array) -> list[Maybe]:
    """New arrays for the gradients that are needed. Raises Unsupported where none is."""
    made = [empty(shape, like) if need else None for need, shape in zip(needs, shapes, strict=False)]
    if not any(array is not None for array in made):
        raise Unsupported("no gradient is wanted")
    return made


def batch_norm(
    xp: Any, x: Array, weight: Maybe, bias: Maybe, running_mean: Maybe, running_var: Maybe, *, training: bool,
    momentum: float, eps: float,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """As the op's forward: the result, the means, and 1 / the deviations; the running statistics move in place."""
    y, (mean, invstd) = empty_like(x), np.empty((2, x.shape[1]), FLOAT)
    arrays = {"y": y, "x": x, "weight": weight, "bias": bias, "running_mean": running_mean, "running_var": running_var,
              "momentum": np.array([momentum], FLOAT), "mean": mean, "invstd": invstd}  # fmt: skip
    run(batches.batch_norm, arrays, training=training, eps=eps)
    return y, mean, invstd


def batch_norm_grad(
    grad: Array, input: Array, weight: Maybe, mean: Array, invstd: Array, needs: Any, training: bool, eps: float
) -> tuple[Maybe, Maybe, Maybe, None, None]:
    """As the op's rule."""
    dx, dw, db = wanted(needs[:3], (input.shape, mean.shape, mean.shape), grad)
    arrays = {"grad": grad, "x": input, "mean": mean, "invstd": invstd, "weight": weight, "dx": dx, "dw": dw, "db": db}
    run(batches.batch_norm_grad, arrays, training=training)
    return dx, dw, db, None, None


# -- embeddings and losses of pairs ------------------------------------------------------------------------------------


def embedding(xp: Any, weight: Array, *, index: Array, padding_idx: int = -1, scale: bool = False) -> Array:
    """As the op's forward; negative indices are refused, as the function before it does."""
    out = empty((*index.shape, weight.shape[1]), weight)
    if not tables.in_range(index, len(weight)):
        raise Unsupported("an index is out of range")
    run(tables.embedding, {"out": out, "weight": weight, "index": index})
    return out


def embedding_backward(xp: Any, grad: Array, *, index: Array, rows: int, padding_idx: int, scale: bool) -> Array:
    """As the forward of the op that embedding's rule is."""
    dweight = empty((rows, grad.shape[-1]), grad)
    arrays = {"dweight": dweight, "grad": grad, "index": index}
    run(tables.embedding_grad, arrays, padding_idx=padding_idx, scale=scale)
    return dweight


def pair(kind: str) -> Callable[..., Array]:
    """The forward of a loss of two arrays."""

    def forward(xp: Any, x: Array, target: Array, *more: Any, reduction: str, delta: float = 1.0) -> Array:
        if any(array is not None for array in more):
            raise Unsupported("weights")
        out = np.empty(x.shape if reduction == "none" else (), FLOAT)
        run(losses.pair_loss, {"out": out, "x": x, "target": target}, kind=kind, reduction=reduction, delta=delta)
        return out

    return forward


def pair_grad(kind: str) -> Callable[..., Array]:
    """The rule for the input of such a loss."""

    def rule(
        grad: Array, input: Array, target: Array, reduction: str, delta: float = 1.0, pos_weight: Maybe = None
    ) -> Array:
        if pos_weight is not None:
            raise Unsupported("weights")
        dx = empty_like(input)
        arrays = {"dx": dx, "grad": grad, "x": input, "target": target}
        run(losses.pair_loss_grad, arrays, kind=kind, reduction=reduction, delta=delta)
        return dx

    return rule


PAIRS = {"mse_loss": "mse", "huber_loss": "huber", "binary_cross_entropy_with_logits": "bce_with_logits"}


def forwards() -> dict[str, Callable[..., Any]]:
    """Forwards by the names of the operations."""
    made = (softmax, log_softmax, cross_entropy, layer_norm, rms_norm, group_norm, batch_norm, embedding,
            embedding_backward)  # fmt: skip
    return {**{forward.__name__: forward for forward in made}, **{name: pair(kind) for name, kind in PAIRS.items()}}


def gradients() -> dict[str, Callable[..., Any]]:
    """The operations' rules, for arrays, by their names; those of PAIRS are for the input alone."""
    made = (softmax_grad, log_softmax_grad, cross_entropy_grad, layer_norm_grad, rms_norm_grad, group_norm_grad,
            batch_norm_grad)  # fmt: skip
    found = {rule.__name__.removesuffix("_grad"): rule for rule in made}
    return {**found, **{name: pair_grad(kind) for name, kind in PAIRS.items()}}
