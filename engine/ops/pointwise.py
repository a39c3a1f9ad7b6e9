"""Arithmetic, element by element, with its operators: add … pow, clamp, maximum, lerp, addcmul; rounding."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import dtypes
from gradbook.autograd.inplace import check_overlap, inplace
from gradbook.autograd.op import Elementwise, Op
from gradbook.errors import DTypeError
from gradbook.ops.arguments import tensor_of, write_out
from gradbook.ops.elementwise import binary, masked, no_bool, reflected, unary, zeros_of
from gradbook.tensor import Tensor, method

__all__ = [
    "abs", "absolute", "add", "addcdiv", "addcmul", "lerp", "mul", "multiply", "neg", "negative", "positive",
    "reciprocal", "rsub", "sgn", "sign", "square", "sub", "subtract",
]  # fmt: skip


def _square(x: Any) -> Any:
    return np.square(x) if x.dtype.kind != "b" else x.astype(np.int64)


def _sign(x: Any) -> Any:
    return np.sign(x) if x.dtype.kind != "b" else x.copy()


def _absolute(x: Any) -> Any:
    no_bool("abs", x)
    return np.absolute(x)


# -- + - * / ---------------------------------------------------------------------------------------------------------

add_op = Elementwise("add", np.add, "a b", formula="y = a + b", grads={"a": r"\bar y", "b": r"\bar y"})
add_op.grad("a", "b")(lambda grad: grad)

sub_op = Elementwise("sub", np.subtract, "a b", formula="y = a - b", grads={"a": r"\bar y", "b": r"-\bar y"})
sub_op.grad("a")(lambda grad: grad)
sub_op.grad("b")(lambda grad: -grad)

mul_op = Elementwise("mul", np.multiply, "a b", formula=r"y = a \, b", grads={"a": r"\bar y \, b", "b": r"\bar y \, a"})
# asking the dtype costs less than conj(), which makes a scalar of a 0-d array besides
mul_op.grad("a")(lambda grad, b: grad * (b if b.dtype is dtypes.F32 else b.conj()))
mul_op.grad("b")(lambda grad, a: grad * (a if a.dtype is dtypes.F32 else a.conj()))

div_op = Elementwise(
    "div", np.true_divide, "a b", float_input=True,
    formula=r"y = \frac{a}{b}", grads={"a": r"\frac{\bar y}{b}", "b": r"-\bar y \, \frac{y}{b}"},
)  # fmt: skip
div_op.grad("a")(lambda grad, b: grad / b.conj())
div_op.grad("b")(lambda grad, a, b: -grad * (a / b / b).conj())  # not of `out`: y = a / b; y += 1 is common

neg_op = Elementwise("neg", np.negative, "x", formula="y = -x", grads={"x": r"-\bar y"})
neg_op.grad("x")(lambda grad: -grad)

square_op = Elementwise(
    "square", _square, "x", formula="y = x^2", grads={"x": r"2 x \, \bar y"}, node_name="PowBackward0"
)
square_op.grad("x")(lambda grad, x: grad * (x + x).conj())

reciprocal_op = Elementwise(
    "reciprocal", np.reciprocal, "x", float_input=True, formula=r"y = \frac1x", grads={"x": r"-\bar y \, y^2"}
)
reciprocal_op.grad("x")(lambda grad, out: -grad * (out * out).conj())

sign_op = Elementwise("sign", _sign, "x", formula=r"y = \operatorname{sign} x", grads={"x": "0"})
sign_op.grad("x")(lambda grad: zeros_of(grad))

abs_op = Elementwise("abs", _absolute, "x", formula="y = |x|", grads={"x": r"\bar y \, \operatorname{sign} x"})
abs_op.grad("x")(lambda grad, x: grad * direction(x))

sgn_op = Elementwise(
    "sgn", _sign, "x", formula=r"y = \frac{x}{|x|}",
    grads={"x": r"\frac{\bar y - y \, \Re(\bar y \, \overline y)}{|x|}"},
)  # fmt: skip
sgn_op.grad("x")(lambda grad, x, out: masked((grad - out * (grad * out.conj()).real) / abs_op(x), x != 0))

positive_op = Elementwise("positive", np.positive, "x", formula="y = x", grads={"x": r"\bar y"})
positive_op.grad("x")(lambda grad: grad)

neg = negative = unary(neg_op, "-x", aliases="negative __neg__")
square = unary(square_op, "x**2")
reciprocal = unary(reciprocal_op, "1 / x")
sign = unary(sign_op, "-1, 0 or 1")
method("sgn_")(lambda self: inplace(_sign_of(self), self))
abs = absolute = unary(abs_op, "|x|", aliases="absolute __abs__")
positive = unary(positive_op, "x", in_place=False, aliases="__pos__")


def _sign_of(x: Any) -> Elementwise:
    array = x._array if isinstance(x, Tensor) else x
    return sgn_op if array.dtype.kind == "c" else sign_op


def direction(x: Any) -> Any:
    """X / |x| of an array or Tensor, 0 where it is 0: the sign of real numbers."""
    return _sign_of(x)(x)


@method("sgn")
def sgn(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sign, or x / |x| of complex numbers, as torch.sgn."""
    return write_out("sgn", _sign_of(tensor_of("sgn", input)).fast(input), out)


def _scaled(name: str, other: Any, alpha: Any, input: Any) -> Any:
    """Alpha * other. Raises RuntimeError for a float alpha among integers."""
    both = max(v.dtype._category for v in (input, other) if isinstance(v, Tensor))
    if isinstance(alpha, Tensor):
        alpha = alpha.item()
    if isinstance(alpha, float) and both < dtypes.FLOATING and not isinstance(other, float):
        raise DTypeError("For integral input tensors, argument alpha must not be a floating point number.")
    if isinstance(alpha, bool) and both != dtypes.BOOL:
        raise RuntimeError(f"{name}(): Boolean alpha only supported for Boolean results.")
    if not isinstance(other, Tensor):
        return other * alpha
    if other._array.dtype.kind == "b" and input._array.dtype.kind != "b":
        other = other.to(input.dtype)  # before it is scaled: alpha is a number of the result's kind
    return mul_op.fast(other, alpha)


@method("add")
def add(input: Tensor, other: Any, *, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """Input + alpha * other, element by element with broadcasting, as torch.add.

    Raises RuntimeError if the shapes do not broadcast, TypeError if input is no Tensor.
    """
    if not isinstance(other, Tensor):
        tensor_of("add", input)
    result: Tensor = add_op.fast(input, other if alpha == 1 else _scaled("add", other, alpha, input))
    return write_out("add", result, out)


@method("sub", "subtract")
def sub(input: Tensor, other: Any, *, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """Input - alpha * other, element by element with broadcasting, as torch.sub."""
    if not isinstance(other, Tensor):
        tensor_of("sub", input)
    result: Tensor = sub_op.fast(input, other if alpha == 1 else _scaled("sub", other, alpha, input))
    return write_out("sub", result, out)


subtract = sub


def rsub(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """Other - alpha * input, as torch.rsub."""
    tensor_of("rsub", input)
    result: Tensor = sub_op.fast(other, input if alpha == 1 else _scaled("rsub", input, alpha, input))
    return result


@method("add_", "__iadd__")
def add_(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """Add alpha * other in place."""
    return inplace(add_op, self, other if alpha == 1 else _apart("add_", other, alpha, self))


@method("sub_", "subtract_", "__isub__")
def sub_(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """Subtract alpha * other in place."""
    return inplace(sub_op, self, other if alpha == 1 else _apart("sub_", other, alpha, self))


def _apart(name: str, other: Any, alpha: Any, target: Tensor) -> Any:
    if isinstance(other, Tensor):
        check_overlap(target._array, other._array)
    return _scaled(name, other, alpha, target)


mul = multiply = binary(mul_op, "input * other", aliases="multiply", number_first=True)

# -- of three --------------------------------------------------------------------------------------------------------

lerp_op = Op(
    "lerp", "start end weight", formula=r"y = a + w (b - a)",
    grads={"start": r"\bar y \, (1 - w)", "end": r"\bar y \, w", "weight": r"\bar y \, (b - a)"},
)  # fmt: skip
lerp_op.forward(lambda xp, start, end, weight: start + weight * (end - start))
lerp_op.grad("start")(lambda grad, weight: grad * (1 - weight).conj())
lerp_op.grad("end")(lambda grad, weight: grad * weight.conj())
lerp_op.grad("weight")(lambda grad, start, end: grad * (end - start).conj())

addcmul_op = Op(
    "addcmul", "input tensor1 tensor2", formula=r"y = x + v \, a \, b",
    grads={"input": r"\bar y", "tensor1": r"v \, \bar y \, b", "tensor2": r"v \, \bar y \, a"},
)  # fmt: skip
addcmul_op.forward(lambda xp, input, tensor1, tensor2, *, value: input + scaled_by(tensor1 * tensor2, value))
addcmul_op.grad("input")(lambda grad: grad)
addcmul_op.grad("tensor1")(lambda grad, tensor2, value: scaled_by(grad * tensor2.conj(), value.conjugate()))
addcmul_op.grad("tensor2")(lambda grad, tensor1, value: scaled_by(grad * tensor1.conj(), value.conjugate()))

addcdiv_op = Op(
    "addcdiv", "input tensor1 tensor2", formula=r"y = x + v \, \frac{a}{b}",
    grads={"input": r"\bar y", "tensor1": r"v \, \frac{\bar y}{b}", "tensor2": r"-v \, \bar y \, \frac{a}{b^2}"},
)  # fmt: skip
addcdiv_op.forward(lambda xp, input, tensor1, tensor2, *, value: input + scaled_by(tensor1, value) / tensor2)
addcdiv_op.grad("input")(lambda grad: grad)
addcdiv_op.grad("tensor1")(lambda grad, tensor2, value: scaled_by(grad, value.conjugate()) / tensor2.conj())


@addcdiv_op.grad("tensor2")
def _(grad: Any, tensor1: Any, tensor2: Any, value: Any) -> Any:
    return -scaled_by(grad, value.conjugate()) * (tensor1 / (tensor2 * tensor2)).conj()


def scaled_by(x: Any, value: Any) -> Any:
    """An array or Tensor times a number, in its own dtype."""
    if value == 1:
        return x
    return x * (value if isinstance(x, Tensor) or x.dtype.kind not in "fcV" else x.dtype.type(value))


@method("lerp")
def lerp(input: Tensor, end: Tensor, weight: Any, *, out: Tensor | None = None) -> Tensor:
    """Input + weight * (end - input), as torch.lerp; weight is a number or a Tensor."""
    if input.dtype is not end.dtype:
        raise DTypeError(f"expected dtype {input.dtype!r} for `end` but got dtype {end.dtype!r}")
    return write_out("lerp", lerp_op(input, end, weight), out)


@method("addcmul")
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1, out: Tensor | None = None) -> Tensor:
    """Input + value * tensor1 * tensor2, as torch.addcmul."""
    return write_out("addcmul", addcmul_op(input, tensor1, tensor2, value=value), out)


@method("addcdiv")
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1, out: Tensor | None = None) -> Tensor:
    """Input + value * tensor1 / tensor2, as torch.addcdiv. Raises RuntimeError for integers only."""
    if all(t._array.dtype.kind in "iub" for t in (input, tensor1, tensor2)):
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported; use input + value * (tensor1 // tensor2)"
        )
    return write_out("addcdiv", addcdiv_op(input, tensor1, tensor2, value=value), out)


@method()
def lerp_(self: Tensor, end: Tensor, weight: Any) -> Tensor:
    """Move toward `end` by `weight` in place."""
    return inplace(lerp_op, self, end, weight)


@method()
def addcmul_(self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """Add value * tensor1 * tensor2 in place."""
    return inplace(addcmul_op, self, tensor1, tensor2, value=value)


@method()
def addcdiv_(self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """Add value * tensor1 / tensor2 in place."""
    return inplace(addcdiv_op, self, tensor1, tensor2, value=value)


# -- operators -------------------------------------------------------------------------------------------------------

for _op, _name in {add_op: "add", sub_op: "sub", mul_op: "mul", div_op: "truediv"}.items():
    method(f"__{_name}__")(_op.fast)
    method(f"__r{_name}__")(reflected(_op) if _op in (sub_op, div_op) else _op.fast)  # a + b is b + a

method("__rdiv__")(reflected(div_op))
method("__imul__")(lambda self, other: inplace(mul_op, self, other))
method("__itruediv__")(lambda self, other: inplace(div_op, self, other))
