"""Activations, element by element: relu and its kin, gelu, silu, softplus, the hard ones; glu. (*) -> (*)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook import dtypes
from gradbook.autograd import casting
from gradbook.autograd.inplace import assign, check_leaf, inplace
from gradbook.autograd.op import Elementwise, Op
from gradbook.ops.arguments import axis, tensor_of
from gradbook.ops.conversion import converted
from gradbook.ops.elementwise import in_place, masked, wide
from gradbook.ops.limits import minimum_op
from gradbook.ops.special import erf_op, sigmoid_array, sigmoid_op
from gradbook.ops.transcendental import exp_op, tanh_op
from gradbook.tensor import Tensor, method

__all__ = [
    "celu", "celu_", "elu", "elu_", "gelu", "glu", "leaky_relu", "leaky_relu_", "logsigmoid", "mish", "prelu",
    "relu", "relu_", "rrelu", "selu", "selu_", "silu", "softplus", "softsign", "tanhshrink",
]  # fmt: skip


def widened(forward: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of a forward: 16-bit floats are computed in float32 and rounded once."""

    def run(xp: Any, x: Any, **params: Any) -> Any:
        if x.dtype.itemsize != 2 or x.dtype.kind not in "fV":
            return forward(xp, x, **params)
        result = forward(xp, x.astype(np.float32), **params)
        if isinstance(result, tuple):
            return tuple(part.astype(x.dtype) for part in result)
        return result.astype(x.dtype)

    return run


def floating(name: str, input: Tensor) -> Tensor:
    """The input. Raises NotImplementedError for integers and bools."""
    if tensor_of(name, input)._array.dtype.kind not in "fcV":
        raise NotImplementedError(f'"{name}_cpu" not implemented for {input.dtype!r}; write x.float()')
    return input


def apply(op: Op, input: Tensor, change: bool, **params: Any) -> Tensor:
    """The op's result, or the tensor itself changed in place (`inplace=True`)."""
    if change:
        check_leaf(input)
        return assign(input, op(input, **params))
    result: Tensor = op(input, **params)
    return result


# -- relu and its kin ------------------------------------------------------------------------------------------------


def _relu(x: Any) -> Any:
    if x.dtype.kind == "b":
        raise RuntimeError("Boolean inputs not supported for relu")
    return np.maximum(x, x.dtype.type(0))


relu_op = Elementwise("relu", _relu, "x", formula=r"y = \max(x, 0)", grads={"x": r"\bar y \, [y > 0]"})
relu_op.grad("x")(lambda grad, out: masked(grad, out > 0))

leaky_relu_op = Op(
    "leaky_relu", "x", formula=r"y = \begin{cases} x & x > 0 \\ \alpha x & \text{else} \end{cases}",
    grads={"x": r"\bar y \text{ where } x > 0 \text{, else } \alpha \bar y"},
)  # fmt: skip


@leaky_relu_op.forward
@widened
def _(xp: Any, x: Any, *, negative_slope: float) -> Any:
    slope = x.dtype.type(negative_slope)
    return xp.maximum(x, slope * x) if 0 <= slope <= 1 else xp.where(x > 0, x, slope * x)


@leaky_relu_op.grad("x")
def _(grad: Any, x: Any, negative_slope: float) -> Any:
    return masked(grad, x > 0) + masked(grad, ~(x > 0)) * negative_slope


elu_op = Op(
    "elu", "x", formula=r"y = \begin{cases} s \, x & x > 0 \\ s \, \alpha (e^{k x} - 1) & \text{else} \end{cases}",
    grads={"x": r"s \, \bar y \text{ where } x > 0 \text{, else } s \, \alpha k \, e^{k x} \bar y"},
)  # fmt: skip


@elu_op.forward
@widened
def _(xp: Any, x: Any, *, alpha: float, scale: float, input_scale: float) -> Any:
    zero = x.dtype.type(0)
    y = xp.maximum(x, zero) + alpha * xp.expm1(xp.minimum(x, zero) * input_scale)
    return y if scale == 1 else y * scale


@elu_op.grad("x")
def _(grad: Any, x: Any, alpha: float, scale: float, input_scale: float) -> Any:
    curve = exp_op(minimum_op(x, 0.0) * input_scale) * (alpha * input_scale * scale)
    straight = masked(grad, x > 0)
    return (straight if scale == 1 else straight * scale) + masked(grad * curve, ~(x > 0))


SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


@method("relu")
def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0), as torch.nn.functional.relu. (*) -> (*); the gradient passes where input > 0."""
    tensor_of("relu", input)
    return relu_(input) if inplace else relu_op.fast(input)


@method("relu_")
def relu_(input: Tensor) -> Tensor:
    """max(input, 0) in place."""
    return inplace(relu_op, input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Input where positive, else negative_slope * input."""
    return apply(leaky_relu_op, floating("leaky_relu", input), inplace, negative_slope=negative_slope)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Input where positive, else alpha * (exp(input) - 1)."""
    return apply(elu_op, floating("elu", input), inplace, alpha=alpha, scale=1, input_scale=1)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """Elu scaled so that mean 0 and variance 1 are kept (Klambauer et al., 2017)."""
    return apply(elu_op, floating("selu", input), inplace, alpha=SELU_ALPHA, scale=SELU_SCALE, input_scale=1)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Input where positive, else alpha * (exp(input / alpha) - 1). Raises RuntimeError for alpha 0."""
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return apply(elu_op, floating("celu", input), inplace, alpha=alpha, scale=1, input_scale=1 / alpha)


prelu_op = Elementwise(
    "prelu",
    wide(lambda a, b: np.where(a > 0, a, a * b)),
    "a b",
    formula=r"y = \begin{cases} a & a > 0 \\ b \, a & \text{else} \end{cases}",
    grads={"a": r"\bar y \text{ where } a > 0 \text{, else } b \bar y", "b": r"\bar y \, \min(a, 0)"},
)
prelu_op.grad("a")(lambda grad, a, b: masked(grad, a > 0) + masked(grad * b, ~(a > 0)))
prelu_op.grad("b")(lambda grad, a: grad * minimum_op(a, 0.0))


@method("prelu")
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """Input where positive, else weight * input; one weight, or one a channel (axis 1); else RuntimeError."""
    if casting.scopes:
        input, weight = casting.lower(input, weight)
    floating("prelu", input)
    channels = input.shape[1] if input.ndim >= 2 else 1
    if weight.numel() != 1:
        if input.ndim == 0:
            raise RuntimeError("Not allow zero-dim input tensor.")
        if weight.ndim != 1 or weight.numel() != channels:
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {weight.numel()} and "
                f"channel size = {channels}."
            )
        weight = weight.reshape((1, channels, *(1,) * (input.ndim - 2)))
    elif weight.ndim > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}")
    else:
        weight = weight.reshape(())
    result: Tensor = prelu_op.fast(input, weight)
    return result


def rrelu(
    input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """leaky_relu with a random slope an element while training, with the middle slope otherwise.

    Raises RuntimeError for lower > upper.
    """
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    slopes = floating("rrelu", input).detach().clone().uniform_(lower, upper)
    result: Tensor = prelu_op.fast(input, slopes)
    return assign(input, result) if inplace else result


# -- smooth ones -----------------------------------------------------------------------------------------------------

gelu_op = Op(
    "gelu", "x", extras="cdf", formula=r"y = x \, \Phi(x)", grads={"x": r"\bar y \, (\Phi(x) + x \, \varphi(x))"}
)
ROOT_HALF, ROOT_2_PI, CUBE = math.sqrt(0.5), math.sqrt(2 / math.pi), 0.044715


@gelu_op.forward
@widened
def _(xp: Any, x: Any) -> Any:
    cdf = erf_op._run(xp, x * x.dtype.type(ROOT_HALF))
    cdf = cdf * 0.5 + 0.5
    return x * cdf, cdf


@gelu_op.backward
def _(grad: Any, x: Any, cdf: Any) -> Any:
    slope = exp_op(x * x * -0.5)
    slope *= x * (1 / math.sqrt(2 * math.pi))
    slope += cdf
    return (grad * slope,)


gelu_op.differentiable(lambda x: x * (erf_op(x * ROOT_HALF) * 0.5 + 0.5))

gelu_tanh_op = Op(
    "gelu_tanh", "x", extras="t", formula=r"y = \tfrac12 x \left(1 + \tanh \sqrt{\tfrac2\pi} (x + 0.044715 x^3)\right)",
    node_name="GeluBackward0",
)  # fmt: skip


@gelu_tanh_op.forward
@widened
def _(xp: Any, x: Any) -> Any:
    t = xp.tanh((x + x * x * x * CUBE) * ROOT_2_PI)
    return (t + 1) * x * 0.5, t


@gelu_tanh_op.backward
def _(grad: Any, x: Any, t: Any) -> Any:
    slope = (1 - t * t) * x * (1 + x * x * (3 * CUBE))
    slope *= ROOT_2_PI
    slope += t + 1
    return (grad * slope * 0.5,)


gelu_tanh_op.differentiable(lambda x: (tanh_op((x + x * x * x * CUBE) * ROOT_2_PI) + 1) * x * 0.5)

silu_op = Op(
    "silu", "x", extras="s", formula=r"y = x \, \sigma(x)", grads={"x": r"\bar y \, \sigma(x) (1 + x (1 - \sigma(x)))"}
)


@silu_op.forward
@widened
def _(xp: Any, x: Any) -> Any:
    s = sigmoid_array(x)
    return x * s, s


silu_op.backward(lambda grad, x, s: (grad * (s * (x * (1 - s) + 1)),))
silu_op.differentiable(lambda x: x * sigmoid_op(x))

mish_op = Op(
    "mish",
    "x",
    formula=r"y = x \tanh(\ln(1 + e^x))",
    grads={"x": r"\bar y \, \left(t + x \, \sigma(x) (1 - t^2)\right)"},
)


def _log1p_exp(x: Any) -> Any:
    return np.maximum(x, x.dtype.type(0)) + np.log1p(np.exp(-np.absolute(x)))


@mish_op.forward
@widened
def _(xp: Any, x: Any) -> Any:
    return x * xp.tanh(_log1p_exp(x))


@mish_op.grad("x")
def _(grad: Any, x: Any) -> Any:
    t = tanh_op(softplus_op(x, beta=1, threshold=20))
    return grad * (t + x * sigmoid_op(x) * (1 - t * t))


softplus_op = Op(
    "softplus", "x", formula=r"y = \tfrac1\beta \ln(1 + e^{\beta x})", grads={"x": r"\bar y \, \sigma(\beta x)"}
)


@softplus_op.forward
@widened
def _(xp: Any, x: Any, *, beta: float, threshold: float) -> Any:
    z = x * x.dtype.type(beta)
    return xp.where(z > threshold, x, _log1p_exp(z) / x.dtype.type(beta))


@softplus_op.grad("x")
def _(grad: Any, x: Any, beta: float, threshold: float) -> Any:
    z = x * beta
    far = z > threshold
    return masked(grad, far) + masked(grad * sigmoid_op(z), ~far)


logsigmoid_op = Op(
    "logsigmoid",
    "x",
    formula=r"y = \ln \sigma(x)",
    grads={"x": r"\bar y \, \sigma(-x)"},
    node_name="LogSigmoidBackward0",
)
logsigmoid_op.forward(widened(lambda xp, x: -_log1p_exp(-x)))
logsigmoid_op.grad("x")(lambda grad, x: grad * sigmoid_op(-x))

softsign_op = Op(
    "softsign",
    "x",
    formula=r"y = \frac{x}{1 + |x|}",
    grads={"x": r"\frac{\bar y}{(1 + |x|)^2}"},
    node_name="DivBackward0",
)
softsign_op.forward(lambda xp, x: x / (xp.absolute(x) + x.dtype.type(1)))
softsign_op.grad("x")(lambda grad, x: grad / ((abs(x) + 1) * (abs(x) + 1)))

tanhshrink_op = Op(
    "tanhshrink", "x", formula=r"y = x - \tanh x", grads={"x": r"\bar y \tanh^2 x"}, node_name="SubBackward0"
)
tanhshrink_op.forward(widened(lambda xp, x: x - xp.tanh(x)))


@tanhshrink_op.grad("x")
def _(grad: Any, x: Any) -> Any:
    t = tanh_op(x)
    return grad * (t * t)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """Input times the share of a standard normal below it (Hendrycks & Gimpel, 2016), as torch.nn.functional.gelu.

    approximate="tanh" is GPT-2's formula. Raises RuntimeError for another word.
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f"approximate argument must be either none or tanh, not {approximate!r}.")
    result: Tensor = (gelu_op if approximate == "none" else gelu_tanh_op)(floating("gelu", input))
    return result


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """Input * sigmoid(input), also called swish."""
    return apply(silu_op, floating("silu", input), inplace)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """Input * tanh(softplus(input)) (Misra, 2019)."""
    return apply(mish_op, floating("mish", input), inplace)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(beta * input)) / beta: a smooth relu; input itself beyond the threshold."""
    result: Tensor = softplus_op(floating("softplus", input), beta=beta, threshold=threshold)
    return result


def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(input)) without underflow."""
    result: Tensor = logsigmoid_op(floating("logsigmoid", input))
    return result


def softsign(input: Tensor) -> Tensor:
    """Input / (1 + |input|)."""
    x = tensor_of("softsign", input)
    if x._array.dtype.kind == "c":
        composed: Tensor = x / (x.abs() + 1)
        return composed
    result: Tensor = softsign_op(converted(x, dtypes._default._np, None) if x._array.dtype.kind in "iub" else x)
    return result


def tanhshrink(input: Tensor) -> Tensor:
    """Input - tanh(input)."""
    if input._array.dtype.kind in "iuc":
        composed: Tensor = input - input.tanh()
        return composed
    result: Tensor = tanhshrink_op(floating("tanhshrink", input))
    return result


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half of `dim` times the sigmoid of the second (Dauphin et al., 2016). (…, 2n, …) -> (…, n, …).

    Raises RuntimeError for an odd length.
    """
    if input.ndim == 0:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    where = axis(dim, input.ndim)
    if input.shape[where] % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {where} is size {input.shape[where]}")
    first, second = floating("glu", input).chunk(2, where)
    result: Tensor = first * sigmoid_op.fast(second)
    return result


celu_, elu_, selu_ = in_place("celu_", celu), in_place("elu_", elu), in_place("selu_", selu)
leaky_relu_ = in_place("leaky_relu_", leaky_relu)
