"""Arithmetic, element by element, with its operators: add … pow, clamp, maximum, lerp, addcmul; rounding."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import backends, dtypes
from gradbook.autograd import grad_mode, versions
from gradbook.autograd.inplace import assign, check_leaf, inplace
from gradbook.autograd.op import Elementwise, Op
from gradbook.autograd.promotion import dtype_error
from gradbook.errors import DTypeError
from gradbook.ops.arguments import as_tensor_like, tensor_of, write_out
from gradbook.ops.creation import converted
from gradbook.ops.elementwise import binary, masked, unary, wide, zeros_of
from gradbook.tensor import Tensor, method

__all__ = [
    "abs", "absolute", "add", "addcdiv", "addcmul", "ceil", "clamp", "clamp_max", "clamp_min", "clip", "div", "divide",
    "fix", "floor", "floor_divide", "fmax", "fmin", "fmod", "frac", "lerp", "maximum", "minimum", "mul", "multiply", "neg",
    "negative", "positive", "reciprocal", "remainder", "round", "rsub", "sgn", "sign", "square", "sub", "subtract",
    "true_divide", "trunc",
]  # fmt: skip


def _square(x: Any) -> Any:
    return np.square(x) if x.dtype.kind != "b" else x.astype(np.int64)


def _sign(x: Any) -> Any:
    return np.sign(x) if x.dtype.kind != "b" else x.copy()


def _absolute(x: Any) -> Any:
    no_bool("abs", x)
    return np.absolute(x)


# -- + - * / -------------------------------------------------------------------------------------------------------------

add_op = Elementwise("add", np.add, "a b", formula="y = a + b", grads={"a": r"\bar y", "b": r"\bar y"})
add_op.grad("a", "b")(lambda grad: grad)

sub_op = Elementwise("sub", np.subtract, "a b", formula="y = a - b", grads={"a": r"\bar y", "b": r"-\bar y"})
sub_op.grad("a")(lambda grad: grad)
sub_op.grad("b")(lambda grad: -grad)

mul_op = Elementwise("mul", np.multiply, "a b", formula=r"y = a \, b", grads={"a": r"\bar y \, b", "b": r"\bar y \, a"})
mul_op.grad("a")(lambda grad, b: grad * b.conj())
mul_op.grad("b")(lambda grad, a: grad * a.conj())

div_op = Elementwise(
    "div", np.true_divide, "a b", float_input=True,
    formula=r"y = \frac{a}{b}", grads={"a": r"\frac{\bar y}{b}", "b": r"-\bar y \, \frac{y}{b}"},
)  # fmt: skip
div_op.grad("a")(lambda grad, b: grad / b.conj())
div_op.grad("b")(lambda grad, b, out: -grad * (out / b).conj())

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
abs_op.grad("x")(lambda grad, x: grad * sign_op(x))

positive_op = Elementwise("positive", np.positive, "x", formula="y = x", grads={"x": r"\bar y"})
positive_op.grad("x")(lambda grad: grad)

neg = negative = unary(neg_op, "-x", aliases="negative __neg__")
square = unary(square_op, "x**2")
reciprocal = unary(reciprocal_op, "1 / x")
sign = unary(sign_op, "-1, 0 or 1")
sgn = sign
method("sgn")(sign_op.fast)
method("sgn_")(lambda self: inplace(sign_op, self))
abs = absolute = unary(abs_op, "|x|", aliases="absolute __abs__")
positive = unary(positive_op, "x", in_place=False, aliases="__pos__")


def _scaled(name: str, other: Any, alpha: Any, input: Any) -> Any:
    """Alpha * other. Raises RuntimeError for a float alpha among integers."""
    both = max(v.dtype._category for v in (input, other) if isinstance(v, Tensor))
    if isinstance(alpha, Tensor):
        alpha = alpha.item()
    if isinstance(alpha, float) and both < dtypes.FLOATING and not isinstance(other, float):
        raise DTypeError("For integral input tensors, argument alpha must not be a floating point number.")
    if isinstance(alpha, bool) and both != dtypes.BOOL:
        raise RuntimeError(f"{name}(): Boolean alpha only supported for Boolean results.")
    return mul_op.fast(other, alpha) if isinstance(other, Tensor) else other * alpha


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
    return sub_op.fast(other, input if alpha == 1 else _scaled("rsub", input, alpha, input))  # type: ignore[no-any-return]


@method("add_", "__iadd__")
def add_(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """Add alpha * other in place."""
    return inplace(add_op, self, other if alpha == 1 else _scaled("add_", other, alpha, self))


@method("sub_", "subtract_", "__isub__")
def sub_(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """Subtract alpha * other in place."""
    return inplace(sub_op, self, other if alpha == 1 else _scaled("sub_", other, alpha, self))


mul = multiply = binary(mul_op, "input * other", aliases="multiply", number_first=True)

# -- quotients that are whole, and what is left --------------------------------------------------------------------------


def no_bool(name: str, *arrays: Any) -> None:
    """Raise NotImplementedError for bools, where PyTorch has no kernel either."""
    for array in arrays:
        if array.dtype.kind == "b":
            raise dtype_error(name, array)


def _no_zero(b: Any) -> None:
    if b.dtype.kind in "iub" and not b.all():
        raise RuntimeError("ZeroDivisionError: an integer was divided by zero")


def _trunc_divide(a: Any, b: Any) -> Any:
    if a.dtype.kind in "iub":
        _no_zero(b)
        if a.dtype.kind == "b":
            a, b = a.astype(np.uint8), b.astype(np.uint8)
        return np.floor_divide(np.absolute(a), np.absolute(b)) * (np.sign(a) * np.sign(b))
    return np.trunc(a / b)


def _floor_divide(a: Any, b: Any) -> Any:
    no_bool("div_floor", a)
    _no_zero(b)
    return np.floor_divide(a, b)


def _remainder(a: Any, b: Any) -> Any:
    no_bool("remainder", a)
    _no_zero(b)
    return np.remainder(a, b)


def _fmod(a: Any, b: Any) -> Any:
    no_bool("fmod", a)
    _no_zero(b)
    return np.fmod(a, b)


div_trunc_op = Elementwise(
    "div_trunc",
    _trunc_divide,
    "a b",
    formula=r"y = \operatorname{trunc}\frac{a}{b}",
    grads={"a": "0", "b": "0"},
    node_name="DivBackward1",
)
div_trunc_op.grad("a", "b")(lambda grad: zeros_of(grad))

floor_divide_op = Elementwise(
    "floor_divide",
    wide(_floor_divide),
    "a b",
    formula=r"y = \lfloor a / b \rfloor",
    grads={"a": "0", "b": "0"},
    node_name="DivBackward1",
)
floor_divide_op.grad("a", "b")(lambda grad: zeros_of(grad))

remainder_op = Elementwise(
    "remainder", wide(_remainder), "a b", formula=r"y = a - b \lfloor a / b \rfloor",
    grads={"a": r"\bar y", "b": r"-\bar y \lfloor a / b \rfloor"},
)  # fmt: skip
remainder_op.grad("a")(lambda grad: grad)
remainder_op.grad("b")(lambda grad, a, b: -grad * floor_divide_op(a, b))

fmod_op = Elementwise(
    "fmod", wide(_fmod), "a b", formula=r"y = a - b \operatorname{trunc}(a / b)",
    grads={"a": r"\bar y", "b": r"-\bar y \operatorname{trunc}(a / b)"},
)  # fmt: skip
fmod_op.grad("a")(lambda grad: grad)
fmod_op.grad("b")(lambda grad, a, b: -grad * div_trunc_op(a, b))

_QUOTIENTS = {None: div_op, "trunc": div_trunc_op, "floor": floor_divide_op}


def _quotient(name: str, rounding_mode: Any) -> Elementwise:
    try:
        return _QUOTIENTS[rounding_mode]
    except (KeyError, TypeError):
        raise RuntimeError(
            f"{name} expected rounding_mode to be one of None, 'trunc', or 'floor' but found {rounding_mode!r}"
        ) from None


@method("div", "divide", "true_divide")
def div(input: Tensor, other: Any, *, rounding_mode: str | None = None, out: Tensor | None = None) -> Tensor:
    """Input / other, element by element; rounded down ("floor") or toward zero ("trunc") if asked (torch.div).

    Integers give the default float dtype unless rounded. Raises RuntimeError for another rounding_mode.
    """
    if not isinstance(other, Tensor):
        tensor_of("div", input)
    result: Tensor = _quotient("div", rounding_mode).fast(input, other)
    return write_out("div", result, out)


divide = true_divide = div


@method("div_", "divide_", "true_divide_")
def div_(self: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """Divide in place."""
    return inplace(_quotient("div_", rounding_mode), self, other)


floor_divide = binary(floor_divide_op, "input / other, rounded down", number_first=True)
remainder = binary(remainder_op, "What is left of input / other, with the sign of other", number_first=True)
fmod = binary(fmod_op, "What is left of input / other, with the sign of input")

# -- rounding ------------------------------------------------------------------------------------------------------------


def _rounding(name: str, ufunc: Any, formula: str) -> Elementwise:
    def keep_integers(x: Any) -> Any:
        if x.dtype.kind in "iu":
            return x.copy()
        no_bool(name, x)
        return ufunc(x)

    made = Elementwise(name, keep_integers, "x", formula=formula, grads={"x": "0"})
    made.grad("x")(lambda grad: zeros_of(grad))
    return made


floor_op = _rounding("floor", np.floor, r"y = \lfloor x \rfloor")
ceil_op = _rounding("ceil", np.ceil, r"y = \lceil x \rceil")
trunc_op = _rounding("trunc", np.trunc, r"y = \operatorname{trunc} x")
rint_op = _rounding("round", np.rint, r"y = \operatorname{round} x")
frac_op = Elementwise(
    "frac", wide(lambda x: x - np.trunc(x)), "x", formula=r"y = x - \operatorname{trunc} x", grads={"x": r"\bar y"}
)
frac_op.grad("x")(lambda grad: grad)

floor = unary(floor_op, "The next whole number below")
ceil = unary(ceil_op, "The next whole number above")
trunc = fix = unary(trunc_op, "Without the fraction", aliases="fix")
frac = unary(frac_op, "The fraction")

round_decimals_op = Op(
    "round_decimals",
    "x",
    formula=r"y = 10^{-d} \operatorname{round}(10^d x)",
    grads={"x": "0"},
    node_name="RoundBackward1",
)
round_decimals_op.grad("x")(lambda grad: zeros_of(grad))


@round_decimals_op.forward
def _(xp: Any, x: Any, *, decimals: int) -> Any:
    scale = 10.0 ** np.abs(decimals)
    return (xp.rint(x * scale) / scale if decimals > 0 else xp.rint(x / scale) * scale).astype(x.dtype)


@method("round")
def round(input: Tensor, *, decimals: int = 0, out: Tensor | None = None) -> Tensor:
    """The nearest whole number, ties to even; or to `decimals` places, as torch.round."""
    tensor_of("round", input)
    result: Tensor = rint_op.fast(input) if not decimals else round_decimals_op(input, decimals=decimals)
    return write_out("round", result, out)


@method()
def round_(self: Tensor, *, decimals: int = 0) -> Tensor:
    """Round in place."""
    return inplace(rint_op, self) if not decimals else inplace(round_decimals_op, self, decimals=decimals)


# -- the larger, the smaller, the limits ---------------------------------------------------------------------------------


def _extreme(name: str, ufunc: Any, formula: str, wins: str) -> Elementwise:
    made = Elementwise(
        name, ufunc, "a b", formula=formula,
        grads={"a": rf"\bar y \, [a {wins} b] \text{{, halved at ties}}", "b": rf"\bar y \, [b {wins} a] \text{{, halved at ties}}"},
    )  # fmt: skip

    def share(grad: Any, mine: Any, other: Any) -> Any:
        half = masked(grad, mine == other) * 0.5
        return masked(grad, ~((mine < other) if wins == ">" else (mine > other))) - half

    made.grad("a")(lambda grad, a, b: share(grad, a, b))
    made.grad("b")(lambda grad, a, b: share(grad, b, a))
    return made


maximum_op = _extreme("maximum", np.maximum, r"y = \max(a, b)", ">")
minimum_op = _extreme("minimum", np.minimum, r"y = \min(a, b)", "<")
fmax_op = Elementwise("fmax", np.fmax, "a b", formula=r"y = \max(a, b)")
fmax_op.grad("a")(lambda grad, a, b: masked(grad, (a >= b) | (b != b)))
fmax_op.grad("b")(lambda grad, a, b: masked(grad, ~((a >= b) | (b != b))))
fmin_op = Elementwise("fmin", np.fmin, "a b", formula=r"y = \min(a, b)")
fmin_op.grad("a")(lambda grad, a, b: masked(grad, (a <= b) | (b != b)))
fmin_op.grad("b")(lambda grad, a, b: masked(grad, ~((a <= b) | (b != b))))


def _pair(op: Elementwise, text: str) -> Any:
    public = binary(op, text, in_place=False)

    def strict(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
        if not isinstance(other, Tensor):
            raise TypeError(
                f"{op.name}(): argument 'other' (position 2) must be Tensor, not {type(other).__name__}; use clamp for a number"
            )
        return public(input, other, out=out)  # type: ignore[no-any-return]

    strict.__name__, strict.__doc__ = op.name, public.__doc__
    method(op.name)(strict)
    return strict


maximum = _pair(maximum_op, "The larger of two, nan if either is")
minimum = _pair(minimum_op, "The smaller of two, nan if either is")
fmax = _pair(fmax_op, "The larger of two, the other one if one is nan")
fmin = _pair(fmin_op, "The smaller of two, the other one if one is nan")

clamp_op = Op(
    "clamp",
    "x",
    formula=r"y = \min(\max(x, \mathit{min}), \mathit{max})",
    grads={"x": r"\bar y \, [\mathit{min} \le x \le \mathit{max}]"},
)


@clamp_op.forward
def _(xp: Any, x: Any, *, min: Any, max: Any) -> Any:
    y = x if min is None else xp.maximum(x, x.dtype.type(min))
    return y if max is None else xp.minimum(y, x.dtype.type(max))


@clamp_op.grad("x")
def _(grad: Any, x: Any, min: Any, max: Any) -> Any:
    if min is None or max is None:
        return masked(grad, x <= max if min is None else x >= min)
    return masked(grad, (x >= min) & (x <= max))


clamp_tensor_op = Op(
    "clamp_tensor", "x min max", formula=r"y = \min(\max(x, \mathit{min}), \mathit{max})", node_name="ClampBackward1",
    grads={"x": r"\bar y \, [\mathit{min} \le x \le \mathit{max}]", "min": r"\bar y \, [x < \mathit{min}]", "max": r"\bar y \, [x > \mathit{max}]"},
)  # fmt: skip


@clamp_tensor_op.forward
def _(xp: Any, x: Any, min: Any, max: Any) -> Any:
    y = x if min is None else xp.maximum(x, min)
    return y if max is None else xp.minimum(y, max)


@clamp_tensor_op.grad("x")
def _(grad: Any, x: Any, min: Any, max: Any) -> Any:
    inside = x == x if min is None else x >= min
    return masked(grad, inside if max is None else inside & (x <= max))


@clamp_tensor_op.grad("min")
def _(grad: Any, x: Any, min: Any, max: Any) -> Any:
    return masked(grad, x < min if max is None else (x < min) & (min < max))


@clamp_tensor_op.grad("max")
def _(grad: Any, x: Any, min: Any, max: Any) -> Any:
    return masked(grad, x > max if min is None else (x > max) | (max < min))


def _limits(name: str, input: Tensor, min: Any, max: Any) -> tuple[Op, tuple[Any, ...], dict[str, Any]]:
    tensor_of(name, input)
    if min is None and max is None:
        raise RuntimeError(f"torch.{name}: At least one of 'min' or 'max' must not be None; give a number or a Tensor")
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        bounds = [None if b is None else as_tensor_like(b, input) for b in (min, max)]
        return clamp_tensor_op, (input, *bounds), {}
    for bound in (min, max):
        if bound is not None and not isinstance(bound, (int, float, np.number)):
            raise TypeError(f"{name}(): limits must be numbers or Tensors, not {type(bound).__name__}")
    if input._array.dtype.kind in "iub" and (isinstance(min, float) or isinstance(max, float)):
        input = converted(input, dtypes._default._np, None)
    return clamp_op, (input,), {"min": min, "max": max}


@method("clamp", "clip")
def clamp(input: Tensor, min: Any = None, max: Any = None, *, out: Tensor | None = None) -> Tensor:
    """Input limited to [min, max], numbers or Tensors; either may be left out (torch.clamp). input: (*) -> (*)

    Raises RuntimeError if both are None. Where it is cut off, the gradient is zero.
    """
    op, operands, params = _limits("clamp", input, min, max)
    return write_out("clamp", op(*operands, **params), out)


clip = clamp


@method("clamp_", "clip_")
def clamp_(self: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Limit to [min, max] in place."""
    op, operands, params = _limits("clamp_", self, min, max)
    check_leaf(self)
    return assign(self, op(*operands, **params))


@method("clamp_min")
def clamp_min(input: Tensor, min: Any, *, out: Tensor | None = None) -> Tensor:
    """input, at least min."""
    return clamp(input, min=min, out=out)


@method("clamp_max")
def clamp_max(input: Tensor, max: Any, *, out: Tensor | None = None) -> Tensor:
    """input, at most max."""
    return clamp(input, max=max, out=out)


method("clamp_min_")(lambda self, min: clamp_(self, min=min))
method("clamp_max_")(lambda self, max: clamp_(self, max=max))

# -- of three ------------------------------------------------------------------------------------------------------------

lerp_op = Op(
    "lerp", "start end weight", formula=r"y = a + w (b - a)",
    grads={"start": r"\bar y \, (1 - w)", "end": r"\bar y \, w", "weight": r"\bar y \, (b - a)"},
)  # fmt: skip
lerp_op.forward(lambda xp, start, end, weight: start + weight * (end - start))
lerp_op.grad("start")(lambda grad, weight: grad * (1 - weight))
lerp_op.grad("end")(lambda grad, weight: grad * weight)
lerp_op.grad("weight")(lambda grad, start, end: grad * (end - start))

addcmul_op = Op(
    "addcmul", "input tensor1 tensor2", formula=r"y = x + v \, a \, b",
    grads={"input": r"\bar y", "tensor1": r"v \, \bar y \, b", "tensor2": r"v \, \bar y \, a"},
)  # fmt: skip
addcmul_op.forward(lambda xp, input, tensor1, tensor2, *, value: input + value * tensor1 * tensor2)
addcmul_op.grad("input")(lambda grad: grad)
addcmul_op.grad("tensor1")(lambda grad, tensor2, value: grad * tensor2 * value)
addcmul_op.grad("tensor2")(lambda grad, tensor1, value: grad * tensor1 * value)

addcdiv_op = Op(
    "addcdiv", "input tensor1 tensor2", formula=r"y = x + v \, \frac{a}{b}",
    grads={"input": r"\bar y", "tensor1": r"v \, \frac{\bar y}{b}", "tensor2": r"-v \, \bar y \, \frac{a}{b^2}"},
)  # fmt: skip
addcdiv_op.forward(lambda xp, input, tensor1, tensor2, *, value: input + value * tensor1 / tensor2)
addcdiv_op.grad("input")(lambda grad: grad)
addcdiv_op.grad("tensor1")(lambda grad, tensor2, value: grad * value / tensor2)
addcdiv_op.grad("tensor2")(lambda grad, tensor1, tensor2, value: -grad * value * tensor1 / (tensor2 * tensor2))


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
            "Integer division with addcdiv is no longer supported; use (input + value * trunc(tensor1 / tensor2)) instead"
        )
    return write_out("addcdiv", addcdiv_op(input, tensor1, tensor2, value=value), out)


def _quiet(*tensors: Any) -> bool:
    """True if nothing needs to be recorded: the change can be made in the array itself."""
    return not grad_mode.state.enabled or not any(isinstance(t, Tensor) and t._node is not None for t in tensors)


def _moved(self: Tensor, change: Any) -> Tensor:
    array = self._array
    if change.dtype == array.dtype and change.shape == array.shape:
        array += change
        versions.stamp(array)
        return self
    return inplace(add_op, self, Tensor._of(backends.as_array(change, array)))


@method()
def lerp_(self: Tensor, end: Tensor, weight: Any) -> Tensor:
    """Move toward `end` by `weight` in place."""
    if _quiet(self, end, weight):
        return _moved(self, (end._array - self._array) * (weight._array if isinstance(weight, Tensor) else weight))
    return inplace(lerp_op, self, end, weight)


@method()
def addcmul_(self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """Add value * tensor1 * tensor2 in place."""
    if _quiet(self, tensor1, tensor2):
        change = tensor1._array * tensor2._array
        return _moved(self, change if value == 1 else change * value)
    return inplace(addcmul_op, self, tensor1, tensor2, value=value)


@method()
def addcdiv_(self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """Add value * tensor1 / tensor2 in place."""
    if _quiet(self, tensor1, tensor2):
        change = tensor1._array / tensor2._array
        return _moved(self, change if value == 1 else change * value)
    return inplace(addcdiv_op, self, tensor1, tensor2, value=value)


# -- operators -----------------------------------------------------------------------------------------------------------


def _reflected(op: Elementwise) -> Any:
    fast = op.fast
    return lambda self, other: fast(other, self)


for _op, _name in {
    add_op: "add",
    sub_op: "sub",
    mul_op: "mul",
    div_op: "truediv",
    floor_divide_op: "floordiv",
    remainder_op: "mod",
}.items():
    method(f"__{_name}__")(_op.fast)
    method(f"__r{_name}__")(_reflected(_op) if _op not in (add_op, mul_op) else _op.fast)

method("__rdiv__")(_reflected(div_op))
method("__imul__")(lambda self, other: inplace(mul_op, self, other))
method("__itruediv__")(lambda self, other: inplace(div_op, self, other))
method("__ifloordiv__")(lambda self, other: inplace(floor_divide_op, self, other))
method("__imod__")(lambda self, other: inplace(remainder_op, self, other))
