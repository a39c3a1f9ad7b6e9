"""Activations of straight lines: hardtanh, relu6, hardsigmoid, hardswish, threshold, shrinking. (*) -> (*)."""

from __future__ import annotations

from typing import Any

from gradbook.autograd.op import Op
from gradbook.ops.activation import apply, floating, widened
from gradbook.ops.arguments import tensor_of
from gradbook.ops.elementwise import in_place, masked
from gradbook.tensor import Tensor, method

__all__ = [
    "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "hardtanh_", "relu6", "softshrink", "threshold",
    "threshold_",
]  # fmt: skip

# -- hard ones -------------------------------------------------------------------------------------------------------

hardtanh_op = Op("hardtanh", "x", formula=r"y = \min(\max(x, a), b)", grads={"x": r"\bar y \, [a < x < b]"})
hardtanh_op.forward(lambda xp, x, *, low, high: xp.minimum(xp.maximum(x, x.dtype.type(low)), x.dtype.type(high)))
hardtanh_op.grad("x")(lambda grad, x, low, high: masked(grad, (x > low) & (x < high)))

hardsigmoid_op = Op(
    "hardsigmoid", "x", formula=r"y = \tfrac16 \min(\max(x + 3, 0), 6)", grads={"x": r"\tfrac16 \bar y \, [-3 < x < 3]"}
)
hardsigmoid_op.forward(widened(lambda xp, x: xp.minimum(xp.maximum(x + 3, 0), 6) / 6))
hardsigmoid_op.grad("x")(lambda grad, x: masked(grad, (x > -3) & (x < 3)) / 6)

hardswish_op = Op(
    "hardswish",
    "x",
    formula=r"y = \tfrac16 x \min(\max(x + 3, 0), 6)",
    grads={"x": r"\bar y \, (\tfrac{x}{3} + \tfrac12) \text{ inside}"},
)
hardswish_op.forward(widened(lambda xp, x: x * xp.minimum(xp.maximum(x + 3, 0), 6) / 6))


@hardswish_op.grad("x")
def _(grad: Any, x: Any) -> Any:
    return masked(grad, x >= 3) + masked(grad * (x / 3 + 0.5), (x > -3) & (x < 3))


threshold_op = Op(
    "threshold",
    "x",
    formula=r"y = \begin{cases} x & x > t \\ v & \text{else} \end{cases}",
    grads={"x": r"\bar y \, [x > t]"},
)
threshold_op.forward(lambda xp, x, *, threshold, value: xp.where(x > threshold, x, x.dtype.type(value)))
threshold_op.grad("x")(lambda grad, x, threshold: masked(grad, x > threshold))

softshrink_op = Op(
    "softshrink",
    "x",
    formula=r"y = \operatorname{sign}(x) \max(|x| - \lambda, 0)",
    grads={"x": r"\bar y \, [|x| > \lambda]"},
)
hardshrink_op = Op("hardshrink", "x", formula=r"y = x \, [|x| > \lambda]", grads={"x": r"\bar y \, [|x| > \lambda]"})
hardshrink_op.forward(lambda xp, x, *, lambd: masked(x, (x > lambd) | (x < -lambd) | (x != x)))
hardshrink_op.grad("x")(lambda grad, x, lambd: masked(grad, (x > lambd) | (x < -lambd)))


@softshrink_op.forward
def _(xp: Any, x: Any, *, lambd: float) -> Any:
    limit, zero = x.dtype.type(lambd), x.dtype.type(0)
    return xp.maximum(x - limit, zero) + xp.minimum(x + limit, zero)


softshrink_op.grad("x")(lambda grad, x, lambd: masked(grad, (x > lambd) | (x < -lambd)))


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """Input limited to [min_val, max_val]; no gradient at the limits. Raises ValueError if min_val > max_val."""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    if tensor_of("hardtanh", input)._array.dtype.kind == "b":
        raise RuntimeError("Bool inputs not supported for hardtanh")
    return apply(hardtanh_op, input, inplace, low=min_val, high=max_val)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(input, 0), 6)."""
    return hardtanh(input, 0.0, 6.0, inplace)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """relu6(input + 3) / 6: sigmoid from straight lines."""
    return apply(hardsigmoid_op, floating("hardsigmoid", input), inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """Input * relu6(input + 3) / 6: silu from straight lines (Howard et al., 2019)."""
    return apply(hardswish_op, floating("hardswish", input), inplace)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """Input where above the threshold, else value."""
    return apply(threshold_op, tensor_of("threshold", input), inplace, threshold=threshold, value=value)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Input moved toward 0 by lambd, 0 within. Raises RuntimeError for a negative lambd."""
    if lambd < 0:
        raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd}.")
    result: Tensor = softshrink_op(floating("softshrink", input), lambd=lambd)
    return result


@method("hardshrink")
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Input where farther from 0 than lambd, else 0."""
    result: Tensor = hardshrink_op(floating("hardshrink", input), lambd=lambd)
    return result


hardtanh_, threshold_ = in_place("hardtanh_", hardtanh), in_place("threshold_", threshold)
