"""The linear layer y = x Wᵀ + b as one op, and its bilinear cousin."""

from __future__ import annotations

import math
from typing import Any

from gradbook.autograd import casting
from gradbook.autograd.op import Op
from gradbook.errors import DTypeError, ShapeError
from gradbook.ops.cross_entropy import cross_entropy
from gradbook.ops.mistakes import check_same_dtype, foreign, mistake, need_tensor, scalar_name
from gradbook.tensor import Tensor

__all__ = ["bilinear", "linear"]

linear_op = Op(
    "linear", "input weight bias", promote=False, node_name="AddmmBackward0",
    formula=r"y = x W^\top + b",
    grads={"input": r"\bar x = \bar y \, W", "weight": r"\bar W = \bar y^\top x", "bias": r"\bar b = \sum_n \bar y_n"},
    flops=lambda x, w, b, out: 2 * math.prod(out) * w[-1],
)  # fmt: skip


@linear_op.forward
def _(xp: Any, x: Any, weight: Any, bias: Any) -> Any:
    if x.ndim > 2:  # one big product is faster than many small ones
        y = (x.reshape(-1, x.shape[-1]) @ weight.T).reshape(*x.shape[:-1], weight.shape[0])
    else:
        y = x @ weight.T
    if bias is not None:
        y += bias
    return y


@linear_op.grad("input")
def _(grad: Any, weight: Any) -> Any:
    weight = weight.conj()  # itself where it is real
    if len(grad.shape) > 2:
        return (grad.reshape(-1, grad.shape[-1]) @ weight).reshape(*grad.shape[:-1], weight.shape[1])
    return grad @ weight


@linear_op.grad("weight")
def _(grad: Any, input: Any) -> Any:
    input = input.conj()
    if len(grad.shape) == 2:
        return grad.T @ input
    return grad.reshape(-1, grad.shape[-1]).T @ input.reshape(-1, input.shape[-1])


@linear_op.grad("bias")
def _(grad: Any) -> Any:
    if len(grad.shape) < 2:
        return grad
    rows = grad.reshape(-1, grad.shape[-1])
    if not isinstance(rows, Tensor) and rows.dtype.itemsize == 2:  # whose own sum would stop growing
        return rows.astype("float32").sum(0).astype(rows.dtype)
    return rows.sum(0)


@linear_op.together
def _(grad: Any, input: Any, weight: Any, needs: Any) -> Any:
    of_input, of_weight, of_bias = (rule.fn for rule in linear_op.rules)
    return (
        of_input(grad, weight) if needs[0] else None,
        of_weight(grad, input) if needs[1] else None,
        of_bias(grad) if needs[2] else None,
    )


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y = input @ weight.T + bias, as torch.nn.functional.linear.

    input (*, in), weight (out, in) or (in,), bias (out,) or None -> (*, out). Raises ShapeError where they do not fit,
    DTypeError where dtypes differ.
    """
    if casting.scopes:
        input, weight, bias = casting.lower(input, weight, bias)
    try:
        x, w = input._array, weight._array
    except AttributeError:
        need_tensor("linear", input)
        need_tensor("linear", weight, "weight", 2)
        raise
    if w.ndim != 2 or x.ndim == 0 or x.shape[-1] != w.shape[1] or x.dtype is not w.dtype or x.dtype.kind != "f":
        return odd_linear(input, weight, bias)
    if bias is not None and (bias._array.dtype is not w.dtype or bias._array.shape != w.shape[:1]):
        return odd_linear(input, weight, bias)
    y: Tensor = linear_op.fast(input, weight, bias)
    return y


def odd_linear(input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """linear, where it is no plain case: say what does not fit, or compose it."""
    words = "mat1 and mat2 must have the same dtype, but got {0} and {1}"
    check_same_dtype("linear", words, input=input, weight=weight, bias=bias)
    if input.ndim == 0:
        raise mistake(ShapeError, "linear", "linear: the input has no axes", "", "input.reshape(1, -1)", input=input)
    if weight.ndim not in (1, 2):
        raise mistake(ShapeError, "linear", "linear: weight must have 1 or 2 axes", weight=weight)
    if input.shape[-1] != weight.shape[-1]:
        raise width_error(input, weight)
    if bias is not None and weight.ndim == 2 and bias.ndim and bias.shape[-1] not in (1, weight.shape[0]):
        words = f"The expanded size of the tensor ({weight.shape[0]}) must match the existing size ({bias.shape[-1]})"
        raise mistake(ShapeError, "linear", words, "", "a bias of one number a row of weight", bias=bias, weight=weight)
    y: Tensor = input @ (weight.t() if weight.ndim == 2 else weight)
    return y if bias is None else y + bias


def width_error(input: Tensor, weight: Tensor) -> Exception:
    """The input's last axis is not in_features: what PyTorch says, and what is likely meant."""
    features = weight.shape[-1]
    rows = input.numel() // max(1, input.shape[-1])
    transposed = f"{features}x{weight.shape[0]}" if weight.ndim == 2 else f"{features}"
    fixes = []
    if input.ndim > 2 and math.prod(input.shape[1:]) == features:
        fixes.append("flatten all axes but the first before this layer: nn.Flatten() or x.flatten(1)")
    elif input.ndim > 1 and math.prod(input.shape) == features:
        fixes.append("flatten the input: x.flatten()")
    if input.ndim >= 2 and input.shape[-2] == features:
        fixes.append("transpose the last two axes: x.transpose(-1, -2)")
    fixes.append(f"build the layer with in_features={input.shape[-1]}")
    words = f"mat1 and mat2 shapes cannot be multiplied ({rows}x{input.shape[-1]} and {transposed})"
    why = f"The last axis of input is {input.shape[-1]}, but weight wants in_features={features}"
    return mistake(ShapeError, "linear", words, why, *fixes, input=input, weight=weight)


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y_k = input1ᵀ W_k input2 + b_k, as torch.nn.functional.bilinear.

    input1 (*, in1), input2 (*, in2), weight (out, in1, in2) -> (*, out). Raises ShapeError where they do not fit.
    """
    if input1.shape[:-1] != input2.shape[:-1]:
        words = "bilinear(): input batch dimensions do not match"
        raise mistake(ShapeError, "bilinear", words, input1=input1, input2=input2)
    if input1.shape[-1] != weight.shape[1] or input2.shape[-1] != weight.shape[2]:
        words = f"bilinear(): input sizes do not match weight size: got {input1.shape[-1]} and {input2.shape[-1]}"
        raise mistake(ShapeError, "bilinear", words, input1=input1, input2=input2, weight=weight)
    if input1.dtype != input2.dtype:
        words = (
            f"All tensors must have the same dtype, got input1: {scalar_name(input1.dtype)}, input2: "
            f"{scalar_name(input2.dtype)}"
        )
        raise mistake(DTypeError, "bilinear", words)
    out, n1, n2 = weight.shape
    rows = input1.reshape(-1, n1)
    left = (rows @ weight.permute(1, 0, 2).reshape(n1, out * n2)).reshape(-1, out, n2)
    y: Tensor = (left * input2.reshape(-1, 1, n2)).sum(-1).reshape(*input1.shape[:-1], out)
    return y if bias is None else y + bias


def linear_cross_entropy(
    input: Tensor, linear_weight: Tensor, target: Tensor, *, linear_bias: Tensor | None = None,
    weight: Tensor | None = None, reduction: str = "mean", ignore_index: int | None = None,
    label_smoothing: float = 0.0, options: Any = None,
) -> Tensor:  # fmt: skip
    """cross_entropy(linear(input, linear_weight, linear_bias), target), as torch.nn.functional.linear_cross_entropy.

    input (n, k) or (k,), linear_weight (c, *d, k), linear_bias (c, *d), target as cross_entropy of scores (n, c, *d).
    Raises ShapeError where they do not fit. Differs: `options` is accepted, the scores are computed in one piece.
    """
    op, shape = "linear_cross_entropy", linear_weight.shape[:-1]
    if input.ndim not in (1, 2):
        words = f"expected input with dimensionality 1 or 2, got {input.ndim}"
        raise mistake(ShapeError, op, words, input=input)
    if input.shape[-1] != linear_weight.shape[-1]:
        words = (
            "expected equal input and linear_weight last dimensions (in_features), got "
            f"{input.shape[-1]} and {linear_weight.shape[-1]}, respectively"
        )
        raise mistake(ShapeError, op, words, input=input, linear_weight=linear_weight)
    if input.ndim == 1 and len(shape) > 1:
        words = (
            f"K-dimensional loss defined by linear_weight shape {tuple(linear_weight.shape)} requires batched input, "
            f"(N, {input.shape[-1]}), got unbatched input with shape {tuple(input.shape)}"
        )
        raise mistake(ShapeError, op, words, input=input)
    if not 0.0 <= label_smoothing <= 1.0:
        raise mistake(ShapeError, op, f"expected label_smoothing to be in range [0, 1], got {label_smoothing}")
    if ignore_index is not None and target.is_floating_point():
        raise mistake(ShapeError, op, "ignore_index cannot be specified when target contains probabilities")
    if weight is not None and tuple(weight.shape) != (shape[0],):
        raise mistake(ShapeError, op, f"expected weight shape to be ({shape[0]},), got {tuple(weight.shape)}")
    if input.ndim == 2 and target.ndim and target.shape[0] != input.shape[0]:
        words = f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({target.shape[0]})."
        raise foreign(ValueError, op, words, "", "one target a row of input", input=input, target=target)
    flat = linear_weight.reshape(-1, linear_weight.shape[-1])
    scores = linear(input, flat, None if linear_bias is None else linear_bias.reshape(-1))
    ignored = -100 if ignore_index is None else ignore_index
    return cross_entropy(
        scores.reshape(*input.shape[:-1], *shape), target, weight, ignore_index=ignored, reduction=reduction,
        label_smoothing=label_smoothing,
    )  # fmt: skip
