"""Losses of regression and of yes-or-no questions.

Squared, absolute, Huber, cross entropy of two classes, Poisson, Gauss.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.autograd import casting
from gradbook.autograd.op import Op
from gradbook.errors import ShapeError
from gradbook.ops.cross_entropy import reduction_of
from gradbook.ops.mistakes import foreign, mistake, need_tensor
from gradbook.tensor import Tensor

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "gaussian_nll_loss", "huber_loss", "kl_div", "l1_loss",
    "mse_loss", "poisson_nll_loss", "smooth_l1_loss",
]  # fmt: skip


def reduce_array(values: Any, reduction: str) -> Any:
    """An array of losses as asked."""
    if reduction == "none":
        return values
    return values.sum() if reduction == "sum" else values.mean()


def reduce(values: Tensor, reduction: str) -> Tensor:
    """A tensor of losses as asked."""
    if reduction == "none":
        return values
    made: Tensor = values.sum() if reduction == "sum" else values.mean()
    return made


def share(grad: Any, shape: Any, reduction: str) -> Any:
    """The gradient of each loss before it was reduced."""
    return grad / max(1, math.prod(shape)) if reduction == "mean" else grad


def alike(op: str, input: Any, target: Any) -> tuple[Any, Any]:
    """Both operands, broadcast; a warning where their sizes differ, for it is mostly a mistake."""
    need_tensor(op, input)
    need_tensor(op, target, "target", 2)
    if input._array.shape == target._array.shape:
        return input, target
    warnings.warn(
        f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). This "
        "will likely lead to "
        "incorrect results due to broadcasting. Please ensure they have the same size: compare (n, 1) "
        "with (n, 1), as in "
        "target.unsqueeze(1) or input.squeeze(1).",
        stacklevel=3,
    )
    try:
        np.broadcast_shapes(input._array.shape, target._array.shape)
    except ValueError:
        from gradbook.autograd.promotion import broadcast_error

        raise broadcast_error(op, input._array.shape, target._array.shape) from None
    return input, target


# -- squared and absolute differences -------------------------------------------

mse_op = Op(
    "mse_loss", "input target", node_name="MseLossBackward0", formula=r"y = \operatorname{mean} (x - t)^2",
    grads={"input": r"\bar x = \tfrac2n \bar y (x - t)", "target": r"\bar t = -\tfrac2n \bar y (x - t)"},
)  # fmt: skip


@mse_op.forward
def _(xp: Any, x: Any, target: Any, *, reduction: str) -> Any:
    difference = x - target
    if reduction != "none" and xp is np and difference.dtype.kind == "f" and difference.dtype.itemsize > 2:
        flat = difference.reshape(-1)
        total = flat @ flat
        return (
            total
            if reduction == "sum"
            else total / flat.dtype.type(max(1, flat.size))
            if flat.size
            else total * math.nan
        )
    return reduce_array(difference * difference, reduction)


def _size(a: Any, b: Any) -> tuple[int, ...]:
    return np.broadcast_shapes(tuple(a.shape), tuple(b.shape))


@mse_op.grad("input")
def _(grad: Any, input: Any, target: Any, reduction: str) -> Any:
    return (input - target) * (share(grad, _size(input, target), reduction) * 2)


@mse_op.grad("target")
def _(grad: Any, input: Any, target: Any, reduction: str) -> Any:
    return (target - input) * (share(grad, _size(input, target), reduction) * 2)


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """(input - target)², as torch.nn.functional.mse_loss; reduction: none, mean or sum."""
    if casting.scopes:
        input, target = casting.full(input, target)
    how = reduction_of(reduction, size_average, reduce)
    input, target = alike("mse_loss", input, target)
    if weight is not None:
        return weighted(mse_op(input, target, reduction="none"), weight, how)
    loss: Tensor = mse_op(input, target, reduction=how)
    return loss


def weighted(values: Tensor, weight: Tensor, reduction: str) -> Tensor:
    """Losses times weights; the mean is weighted too."""
    if weight.shape != values.shape:
        raise ValueError("Inputs and weight must have the same size.")
    values = values * weight
    if reduction == "mean":
        made: Tensor = values.sum() / weight.sum()
        return made
    return reduce(values, reduction)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """|input - target|, as torch.nn.functional.l1_loss; reduction: none, mean or sum."""
    if casting.scopes:
        input, target = casting.full(input, target)
    how = reduction_of(reduction, size_average, reduce)
    input, target = alike("l1_loss", input, target)
    values = (input - target).abs()
    return _reduced(values, how) if weight is None else weighted(values, weight, how)


_reduced = reduce  # the functions below have an argument of that name

huber_op = Op(
    "huber_loss", "input target", node_name="HuberLossBackward0",
    formula=r"y = \operatorname{mean} \begin{cases} \tfrac12 d^2 & |d| < \delta \\ \delta (|d| - \tfrac12 "
    r"\delta) & \text{else} \end{cases}",
    grads={"input": r"\bar x = \tfrac1n \bar y \operatorname{clip}(x - t, -\delta, \delta)"},
)  # fmt: skip


@huber_op.forward
def _(xp: Any, x: Any, target: Any, *, reduction: str, delta: float) -> Any:
    d = abs(x - target)
    return reduce_array(
        xp.where(d < delta, 0.5 * d * d, delta * (d - 0.5 * delta)).astype(d.dtype, copy=False), reduction
    )


@huber_op.grad("input")
def _(grad: Any, input: Any, target: Any, reduction: str, delta: float) -> Any:
    return share(grad, _size(input, target), reduction) * clip(input - target, delta)


@huber_op.grad("target")
def _(grad: Any, input: Any, target: Any, reduction: str, delta: float) -> Any:
    return share(grad, _size(input, target), reduction) * clip(target - input, delta)


def clip(x: Any, limit: float) -> Any:
    """x between -limit and limit, of an array or a Tensor."""
    return x.clamp(-limit, limit) if isinstance(x, Tensor) else x.clip(-limit, limit)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """Squared near zero, absolute beyond delta, as torch.nn.functional.huber_loss."""
    if casting.scopes:
        input, target = casting.full(input, target)
    how = reduction_of(reduction)
    input, target = alike("huber_loss", input, target)
    if delta <= 0:
        raise mistake(ShapeError, "huber_loss", "huber_loss does not support non-positive values for delta.")
    if weight is not None:
        return weighted(huber_op(input, target, reduction="none", delta=delta), weight, how)
    loss: Tensor = huber_op(input, target, reduction=how, delta=delta)
    return loss


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """huber_loss / beta, as torch.nn.functional.smooth_l1_loss; beta 0 is l1_loss. Raises RuntimeError for beta < 0."""
    if casting.scopes:
        input, target = casting.full(input, target)
    how = reduction_of(reduction, size_average, reduce)
    if beta < 0:
        raise mistake(ShapeError, "smooth_l1_loss", "smooth_l1_loss does not support negative values for beta.")
    input, target = alike("smooth_l1_loss", input, target)
    if beta == 0:
        return _reduced((input - target).abs(), how)
    loss: Tensor = huber_op(input, target, reduction=how, delta=beta) / beta
    return loss


# -- two classes -------------------------------------------

logits_op = Op(
    "binary_cross_entropy_with_logits", "input target pos_weight", node_name="BinaryCrossEntropyWithLogitsBackward0",
    formula=r"y = \operatorname{mean} \left(-t \log \sigma(x) - (1 - t) \log(1 - \sigma(x))\right)",
    grads={"input": r"\bar x = \tfrac1n \bar y \, (\sigma(x) - t)"},
)  # fmt: skip


def softplus_array(xp: Any, x: Any) -> Any:
    """log(1 + exp(x)) without overflow."""
    return xp.maximum(x, 0) + xp.log1p(xp.exp(-abs(x)))


@logits_op.forward
def _(xp: Any, x: Any, target: Any, pos_weight: Any, *, reduction: str) -> Any:
    soft = softplus_array(xp, -x)
    if pos_weight is not None:
        soft = soft * (1 + (pos_weight - 1) * target)
    return reduce_array((1 - target) * x + soft, reduction)


@logits_op.grad("input")
def _(grad: Any, input: Any, target: Any, pos_weight: Any, reduction: str) -> Any:
    each = share(grad, _size(input, target), reduction)
    if pos_weight is None:
        return (sigmoid(input) - target) * each
    return ((1 - target) - (1 + (pos_weight - 1) * target) * sigmoid(-input)) * each


@logits_op.grad("target")
def _(grad: Any, input: Any, target: Any, pos_weight: Any, reduction: str) -> Any:
    each = share(grad, _size(input, target), reduction)
    if pos_weight is None:
        return -input * each
    soft = softplus(-input) if isinstance(input, Tensor) else softplus_array(backends.xp_of(input), -input)
    return ((pos_weight - 1) * soft - input) * each


def softplus(x: Tensor) -> Tensor:
    """log(1 + exp(x)) of a Tensor."""
    made: Tensor = x.clamp(min=0) + (-x.abs()).exp().log1p()
    return made


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)) of an array or a Tensor."""
    if isinstance(x, Tensor):
        return x.sigmoid()
    xp = backends.xp_of(x)
    small = xp.exp(-abs(x))
    return xp.where(x >= 0, 1, small) / (1 + small)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """-log of the probability that sigmoid(input) gives target in 0..1, as torch's function of that name.

    pos_weight: how much more a yes counts. Raises ValueError unless input and target have one shape.
    """
    if casting.scopes:
        input, target, weight = casting.full(input, target, weight)
    how = reduction_of(reduction, size_average, reduce)
    need_tensor("binary_cross_entropy_with_logits", input)
    need_tensor("binary_cross_entropy_with_logits", target, "target", 2)
    if target.shape != input.shape:
        hint = " Did you mean target.unsqueeze(1), or input.squeeze(1)?" if target.numel() == input.numel() else ""
        raise ValueError(f"Target size ({target.shape}) must be the same as input size ({input.shape}).{hint}")
    if weight is None:
        loss: Tensor = logits_op(input, target, pos_weight, reduction=how)
        return loss
    return _reduced(logits_op(input, target, pos_weight, reduction="none") * weight, how)


bce_op = Op(
    "binary_cross_entropy", "input target", promote=False, node_name="BinaryCrossEntropyBackward0",
    formula=r"y = \operatorname{mean} \left(-t \log x - (1 - t) \log(1 - x)\right)",
    grads={"input": r"\bar x = \tfrac1n \bar y \, \frac{x - t}{x (1 - x)}"},
)  # fmt: skip


@bce_op.forward
def _(xp: Any, x: Any, target: Any) -> Any:
    with np.errstate(divide="ignore"):
        yes, no = xp.maximum(xp.log(x), -100), xp.maximum(xp.log1p(-x), -100)
    return (target - 1) * no - target * yes


@bce_op.grad("input")
def _(grad: Any, input: Any, target: Any) -> Any:
    spread = input * (1 - input)
    floor = spread.clamp(min=1e-12) if isinstance(spread, Tensor) else spread.clip(1e-12, None)
    return grad * (input - target) / floor


@bce_op.grad("target")
def _(grad: Any, input: Any, target: Any) -> Any:
    if isinstance(input, Tensor):
        return grad * ((1 - input).log().clamp(min=-100) - input.log().clamp(min=-100))
    xp = backends.xp_of(input)
    with np.errstate(divide="ignore"):
        return grad * (xp.maximum(xp.log1p(-input), -100) - xp.maximum(xp.log(input), -100))


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """-log of the probability `input` in 0..1 of `target`, as torch.nn.functional.binary_cross_entropy.

    Raises ValueError unless both have one shape, RuntimeError for an input outside 0..1.
    """
    if casting.scopes:
        input, target, weight = casting.full(input, target, weight)
    how = reduction_of(reduction, size_average, reduce)
    need_tensor("binary_cross_entropy", input)
    need_tensor("binary_cross_entropy", target, "target", 2)
    if target.shape != input.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is "
            "deprecated. Please "
            "ensure they have the same size."
        )
    if input.dtype != target.dtype:
        from gradbook.errors import DTypeError
        from gradbook.ops.mistakes import check_same_dtype

        check_same_dtype("binary_cross_entropy", "Found dtype {1} but expected {0}", input=input, target=target)
        raise mistake(DTypeError, "binary_cross_entropy", "input and target differ in dtype")
    array = input._array
    if array.size and not (array.min() >= 0 and array.max() <= 1):
        words = "all elements of input should be between 0 and 1"
        fix = "use binary_cross_entropy_with_logits (BCEWithLogitsLoss) on scores, or sigmoid before this loss"
        raise foreign(RuntimeError, "binary_cross_entropy", words, "", fix, input=input, target=target)
    values = bce_op(input, target)
    return _reduced(values if weight is None else values * weight, how)


# -- distributions -------------------------------------------


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """target * (log target - input), as torch.nn.functional.kl_div: input holds log probabilities.

    reduction: none, mean, sum, or batchmean (sum / n, the mathematical definition).
    """
    if casting.scopes:
        input, target = casting.full(input, target)
    if reduction == "mean" and size_average is None and reduce is None:
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size. "
            "'batchmean' divides only "
            "by the batch size, and aligns with the KL div math definition. 'mean' will be changed to "
            "behave the same as "
            "'batchmean' in the next major release.",
            stacklevel=2,
        )
    batch = reduction == "batchmean"
    how = "sum" if batch else reduction_of(reduction, size_average, reduce)
    values = target.exp() * (target - input) if log_target else target.xlogy(target) - target * input
    loss = _reduced(values, how)
    return loss / input.shape[0] if batch and input.ndim else loss


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """-log of a Poisson probability of `target` (without its constant unless full), as torch's poisson_nll_loss."""
    if casting.scopes:
        input, target = casting.full(input, target)
    how = reduction_of(reduction, size_average, reduce)
    values = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + (target * (2 * math.pi)).log() * 0.5
        values = values + stirling.masked_fill(target <= 1, 0)
    return _reduced(values, how)


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """-log of a normal density with mean `input` and variance `var`, as torch's gaussian_nll_loss.

    Raises ValueError for a negative variance or one whose shape does not fit.
    """
    if not isinstance(var, Tensor):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = Tensor._of(backends.like(np.full((), var, input._array.dtype), input._array))
    elif bool((var._array < 0).any()):
        raise ValueError("var has negative entry/entries")
    if var.ndim and var.shape != input.shape:
        if tuple(input.shape[:-1]) == tuple(var.shape):
            var = var.unsqueeze(-1)
        elif var.ndim != input.ndim or any(v not in (1, n) for v, n in zip(var.shape, input.shape, strict=True)):
            raise ValueError("var is of incorrect size")
    how = reduction_of(reduction)
    floor = var + (var.detach().clamp(min=eps) - var.detach())
    values = (floor.log() + (input - target) ** 2 / floor) * 0.5
    if full:
        values = values + 0.5 * math.log(2 * math.pi)
    return _reduced(values, how)
