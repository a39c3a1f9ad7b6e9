"""Powers, roots, exponentials, logarithms, trigonometry, element by element."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradbook import dtypes
from gradbook.autograd.inplace import assign, inplace
from gradbook.autograd.op import Elementwise, Op
from gradbook.errors import DTypeError
from gradbook.ops.arguments import tensor_of, write_out
from gradbook.ops.conversion import converted
from gradbook.ops.elementwise import binary, masked, no_bool, unary, where_op, wide, zeros_of
from gradbook.ops.pointwise import mul_op, reciprocal_op, square_op
from gradbook.ops.shape import need_tensor
from gradbook.tensor import Tensor, method

__all__ = [
    "acos",
    "acosh",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "copysign",
    "cos",
    "cosh",
    "deg2rad",
    "exp",
    "exp2",
    "expm1",
    "float_power",
    "hypot",
    "ldexp",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logaddexp2",
    "pow",
    "rad2deg",
    "rsqrt",
    "sin",
    "sinc",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "xlogy",
]  # fmt: skip


def _declare(name: str, ufunc: Any, formula: str, grad: str, rule: Any) -> Elementwise:
    made = Elementwise(name, ufunc, "x", float_input=True, formula=formula, grads={"x": grad})
    made.grad("x")(rule)
    return made


# -- exponentials and logarithms -------------------------------------------------------------------------------------

LN2, LN10 = math.log(2.0), math.log(10.0)

exp_op = _declare("exp", np.exp, "y = e^x", r"\bar y \, y", lambda grad, out: grad * out.conj())
exp2_op = _declare("exp2", np.exp2, "y = 2^x", r"\bar y \, y \ln 2", lambda grad, out: grad * out.conj() * LN2)
expm1_op = _declare("expm1", np.expm1, "y = e^x - 1", r"\bar y \, (y + 1)", lambda grad, out: grad * (out.conj() + 1))
log_op = _declare("log", np.log, r"y = \ln x", r"\frac{\bar y}{x}", lambda grad, x: grad / x.conj())
log1p_op = _declare(
    "log1p", np.log1p, r"y = \ln(1 + x)", r"\frac{\bar y}{1 + x}", lambda grad, x: grad / (x.conj() + 1)
)
log2_op = _declare("log2", np.log2, r"y = \log_2 x", r"\frac{\bar y}{x \ln 2}", lambda grad, x: grad / (x.conj() * LN2))
log10_op = _declare(
    "log10", np.log10, r"y = \log_{10} x", r"\frac{\bar y}{x \ln 10}", lambda grad, x: grad / (x.conj() * LN10)
)

exp = unary(exp_op, "e**x")
exp2 = unary(exp2_op, "2**x")
expm1 = unary(expm1_op, "e**x - 1, exact near 0")
log = unary(log_op, "The natural logarithm; nan below 0")
log1p = unary(log1p_op, "log(1 + x), exact near 0")
log2 = unary(log2_op, "The logarithm to base 2")
log10 = unary(log10_op, "The logarithm to base 10")

# -- roots -----------------------------------------------------------------------------------------------------------

sqrt_op = _declare("sqrt", np.sqrt, r"y = \sqrt x", r"\frac{\bar y}{2 y}", lambda grad, out: grad / (out + out).conj())
rsqrt_op = _declare(
    "rsqrt", wide(lambda x: 1 / np.sqrt(x)), r"y = \frac{1}{\sqrt x}", r"-\tfrac12 \bar y \, y^3",
    lambda grad, out: grad * (out * out * out * -0.5).conj(),
)  # fmt: skip

sqrt = unary(sqrt_op, "The square root; nan below 0")
rsqrt = unary(rsqrt_op, "1 / sqrt(x)")

# -- trigonometry ----------------------------------------------------------------------------------------------------

sin_op = _declare("sin", np.sin, r"y = \sin x", r"\bar y \cos x", lambda grad, x: grad * cos_op(x).conj())
cos_op: Elementwise = _declare(
    "cos", np.cos, r"y = \cos x", r"-\bar y \sin x", lambda grad, x: -grad * sin_op(x).conj()
)
tan_op = _declare("tan", np.tan, r"y = \tan x", r"\bar y \, (1 + y^2)", lambda grad, out: grad * (out * out + 1).conj())
asin_op = _declare(
    "asin",
    np.arcsin,
    r"y = \arcsin x",
    r"\frac{\bar y}{\sqrt{1 - x^2}}",
    lambda grad, x: grad * rsqrt_op(1 - x * x).conj(),
)
acos_op = _declare(
    "acos",
    np.arccos,
    r"y = \arccos x",
    r"-\frac{\bar y}{\sqrt{1 - x^2}}",
    lambda grad, x: -grad * rsqrt_op(1 - x * x).conj(),
)
atan_op = _declare(
    "atan", np.arctan, r"y = \arctan x", r"\frac{\bar y}{1 + x^2}", lambda grad, x: grad / (x * x + 1).conj()
)
sinh_op = _declare("sinh", np.sinh, r"y = \sinh x", r"\bar y \cosh x", lambda grad, x: grad * cosh_op(x).conj())
cosh_op: Elementwise = _declare(
    "cosh", np.cosh, r"y = \cosh x", r"\bar y \sinh x", lambda grad, x: grad * sinh_op(x).conj()
)
tanh_op = _declare(
    "tanh", np.tanh, r"y = \tanh x", r"\bar y \, (1 - y^2)", lambda grad, out: grad - grad * (out * out).conj()
)
asinh_op = _declare(
    "asinh",
    np.arcsinh,
    r"y = \operatorname{arsinh} x",
    r"\frac{\bar y}{\sqrt{x^2 + 1}}",
    lambda grad, x: grad * rsqrt_op(x * x + 1).conj(),
)
acosh_op = _declare(
    "acosh", np.arccosh, r"y = \operatorname{arcosh} x", r"\frac{\bar y}{\sqrt{x^2 - 1}}",
    lambda grad, x: grad * (rsqrt_op(x - 1) * rsqrt_op(x + 1)).conj(),
)  # fmt: skip
atanh_op = _declare(
    "atanh",
    np.arctanh,
    r"y = \operatorname{artanh} x",
    r"\frac{\bar y}{1 - x^2}",
    lambda grad, x: grad / (1 - x * x).conj(),
)
deg2rad_op = _declare(
    "deg2rad", np.deg2rad, r"y = \frac{\pi}{180} x", r"\frac{\pi}{180} \bar y", lambda grad: grad * (math.pi / 180)
)
rad2deg_op = _declare(
    "rad2deg", np.rad2deg, r"y = \frac{180}{\pi} x", r"\frac{180}{\pi} \bar y", lambda grad: grad * (180 / math.pi)
)

sin = unary(sin_op, "The sine of x in radians")
cos = unary(cos_op, "The cosine of x in radians")
tan = unary(tan_op, "The tangent of x in radians")
asin = arcsin = unary(asin_op, "The angle whose sine is x", aliases="arcsin")
acos = arccos = unary(acos_op, "The angle whose cosine is x", aliases="arccos")
atan = arctan = unary(atan_op, "The angle whose tangent is x", aliases="arctan")
sinh = unary(sinh_op, "The hyperbolic sine")
cosh = unary(cosh_op, "The hyperbolic cosine")
tanh = unary(tanh_op, "The hyperbolic tangent")
asinh = arcsinh = unary(asinh_op, "The inverse of sinh", aliases="arcsinh")
acosh = arccosh = unary(acosh_op, "The inverse of cosh", aliases="arccosh")
atanh = arctanh = unary(atanh_op, "The inverse of tanh", aliases="arctanh")
deg2rad = unary(deg2rad_op, "Degrees to radians")
rad2deg = unary(rad2deg_op, "Radians to degrees")

sinc_op = _declare(
    "sinc",
    wide(lambda x: np.sinc(x).astype(x.dtype)),
    r"y = \frac{\sin \pi x}{\pi x}",
    r"\bar y \, \frac{\cos \pi x - y}{x}",
    lambda grad, x: grad * _sinc_slope(x).conj(),
)
sinc = unary(sinc_op, "sin(pi x) / (pi x), 1 at 0")


def _sinc_slope(x: Any) -> Any:
    safe = where_op(x == 0, x * 0 + 1, x) if isinstance(x, Tensor) else np.where(x == 0, x.dtype.type(1), x)
    pi_x = safe * math.pi
    return masked((pi_x * cos_op(pi_x) - sin_op(pi_x)) / (pi_x * safe), x != 0)


# -- of two ----------------------------------------------------------------------------------------------------------

atan2_op = Elementwise(
    "atan2", np.arctan2, "a b", float_input=True, formula=r"y = \operatorname{atan2}(a, b)",
    grads={"a": r"\bar y \, \frac{b}{a^2 + b^2}", "b": r"-\bar y \, \frac{a}{a^2 + b^2}"},
)  # fmt: skip
atan2_op.grad("a")(lambda grad, a, b: grad * b / (a * a + b * b))
atan2_op.grad("b")(lambda grad, a, b: -grad * a / (a * a + b * b))

hypot_op = Elementwise(
    "hypot",
    np.hypot,
    "a b",
    formula=r"y = \sqrt{a^2 + b^2}",
    grads={"a": r"\bar y \, \frac{a}{y}", "b": r"\bar y \, \frac{b}{y}"},
)
hypot_op.grad("a")(lambda grad, a, out: grad * (a / out))
hypot_op.grad("b")(lambda grad, b, out: grad * (b / out))


def _logaddexp(a: Any, b: Any) -> Any:
    if a.dtype.kind != "c":
        return np.logaddexp(a, b)
    larger = a.real >= b.real
    top, low = np.where(larger, a, b), np.where(larger, b, a)
    return top + np.log1p(np.exp(low - top))


logaddexp_op = Elementwise(
    "logaddexp",
    _logaddexp,
    "a b",
    formula=r"y = \ln(e^a + e^b)",
    grads={"a": r"\bar y \, e^{a - y}", "b": r"\bar y \, e^{b - y}"},
)
logaddexp_op.grad("a")(lambda grad, a, b: grad * exp_op(a - logaddexp_op(a, b)).conj())
logaddexp_op.grad("b")(lambda grad, a, b: grad * exp_op(b - logaddexp_op(a, b)).conj())

logaddexp2_op = Elementwise(
    "logaddexp2",
    np.logaddexp2,
    "a b",
    formula=r"y = \log_2(2^a + 2^b)",
    grads={"a": r"\bar y \, 2^{a - y}", "b": r"\bar y \, 2^{b - y}"},
)
logaddexp2_op.grad("a")(lambda grad, a, out: grad * exp2_op(a - out))
logaddexp2_op.grad("b")(lambda grad, b, out: grad * exp2_op(b - out))

copysign_op = Elementwise(
    "copysign",
    np.copysign,
    "a b",
    float_input=True,
    formula=r"y = |a| \operatorname{sign} b",
    grads={"a": r"\bar y \, \frac{y}{a}", "b": "0"},
)
copysign_op.grad("a")(lambda grad, a, out: masked(grad * (out / a), a != 0))
copysign_op.grad("b")(lambda grad: zeros_of(grad))


def _xlogy(a: Any, b: Any) -> Any:
    return np.where((a == 0) & ~np.isnan(b), a.dtype.type(0), a * np.log(b))


xlogy_op = Elementwise(
    "xlogy",
    wide(_xlogy),
    "a b",
    float_input=True,
    formula=r"y = a \ln b",
    grads={"a": r"\bar y \ln b", "b": r"\bar y \, \frac{a}{b}"},
)
xlogy_op.grad("a")(lambda grad, a, b: grad * masked(log_op(b), ~((a == 0) & (b <= 0))))
xlogy_op.grad("b")(lambda grad, a, b: grad * a / b)

atan2 = arctan2 = binary(atan2_op, "The angle of the point (other, input)", aliases="arctan2", tensors=True)
hypot = binary(hypot_op, "sqrt(input**2 + other**2)", tensors=True)
logaddexp = binary(logaddexp_op, "log(exp(input) + exp(other))", in_place=False, tensors=True)
logaddexp2 = binary(logaddexp2_op, "log2(2**input + 2**other)", in_place=False, tensors=True)
copysign = binary(copysign_op, "|input| with the sign of other")
xlogy = binary(xlogy_op, "input * log(other), 0 where input is 0", number_first=True)


@method("ldexp")
def ldexp(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Input * 2**other, as torch.ldexp."""
    need_tensor("ldexp", input)
    return write_out("ldexp", input * pow(2.0, need_tensor("ldexp", other, 2, "other")), out)


method("ldexp_")(lambda self, other: inplace(mul_op, self, pow(2.0, need_tensor("ldexp_", other, 1, "other"))))

# -- powers ----------------------------------------------------------------------------------------------------------


def _power(a: Any, b: Any) -> Any:
    no_bool("pow", a)
    if b.dtype.kind in "iu" and (b < 0).any():  # whole numbers: 0 unless the base is 1 or -1
        if not b.ndim and not getattr(b, "from_tensor", False):
            raise RuntimeError("Integers to negative integer powers are not allowed.")
        positive = np.power(a, np.where(b < 0, 0, b))
        small = np.where(a == 1, 1, np.where(a == -1, np.where(b % 2 == 0, 1, -1), 0))
        return np.where(b < 0, small, positive).astype(a.dtype)
    return np.power(a, b)


pow_op = Elementwise(
    "pow",
    _power,
    "a b",
    formula="y = a^b",
    grads={"a": r"\bar y \, b \, a^{b - 1}", "b": r"\bar y \, y \ln a"},
    node_name="PowBackward1",
)
pow_op.grad("a")(lambda grad, a, b: grad * masked(b * pow_op(a, b - 1), b != 0).conj())
pow_op.grad("b")(lambda grad, a, b, out: grad * masked((out * log_op(a)).conj(), ~((a == 0) & _not_negative(b))))


def _not_negative(b: Any) -> Any:
    return (
        b.real if b.dtype in (dtypes.complex64, dtypes.complex128) or getattr(b.dtype, "kind", "") == "c" else b
    ) >= 0


power_op = Op("power", "x", formula="y = x^n", grads={"x": r"\bar y \, n \, x^{n - 1}"}, node_name="PowBackward0")


@power_op.forward
def _(xp: Any, x: Any, *, exponent: Any) -> Any:
    if exponent == 3:
        return x * x * x
    return (x**exponent).astype(x.dtype, copy=False)


@power_op.grad("x")
def _(grad: Any, x: Any, exponent: Any) -> Any:
    if exponent == 0:
        return zeros_of(grad)
    if exponent == 1:
        return grad
    lower = square_op(x) if exponent == 3 else power_op(x, exponent=exponent - 1)
    return grad * (lower * exponent).conj()


def _raised(input: Any, exponent: Any) -> Tensor:  # noqa: C901 (one question a line)
    """Input ** exponent by the op that is fastest for these."""
    if isinstance(exponent, Tensor):
        result: Tensor = pow_op.fast(input, exponent)
        return result
    if isinstance(exponent, np.generic):
        exponent = exponent.item()
    if not isinstance(exponent, (int, float, complex)):
        raise TypeError(f"pow(): argument 'exponent' must be Tensor or Number, not {type(exponent).__name__}")
    kind = input._array.dtype.kind
    if isinstance(exponent, complex):
        if kind != "c":
            real = dtypes._default if kind in "iub" else input.dtype
            input = converted(input, real.to_complex()._np, None)
    elif kind in "iub":
        if isinstance(exponent, float):
            input = converted(input, dtypes._default._np, None)
        elif exponent < 0:
            raise RuntimeError("Integers to negative integer powers are not allowed; make the base a float first")
        elif kind == "b" and not isinstance(exponent, bool):
            input = converted(input, dtypes.I64, None)
    if exponent == 2:
        result = square_op.fast(input)
    elif exponent == 0.5 and input._array.dtype.kind in "fcV":
        result = sqrt_op.fast(input)
    elif exponent == -1 and input._array.dtype.kind in "fcV":
        result = reciprocal_op.fast(input)
    else:
        result = power_op(input, exponent=exponent)
    return result


def pow(input: Any, exponent: Any, *, out: Tensor | None = None) -> Tensor:
    """Input ** exponent, element by element; either may be a number (torch.pow). (*) -> (*).

    Raises RuntimeError for integers to a negative whole power.
    """
    if not isinstance(input, Tensor):
        if not isinstance(exponent, Tensor):
            tensor_of("pow", input)
        return write_out("pow", pow_op.fast(input, exponent), out)
    return write_out("pow", _raised(input, exponent), out)


@method("pow", "__pow__")
def _pow(self: Tensor, exponent: Any) -> Tensor:
    """This tensor to a power, as torch.Tensor.pow."""
    return _raised(self, exponent)


@method("__rpow__")
def _rpow(self: Tensor, base: Any) -> Tensor:
    """The number `base` to the power of each element; of integers, 0 for a negative one unless base is 1 or -1."""
    if self._array.ndim or self._array.dtype.kind not in "iu":
        result: Tensor = pow_op.fast(base, self)
        return result
    result = pow_op.fast(base, self.reshape(1)).reshape(())  # a 0-d exponent is taken for a number, and refused
    return result


@method("pow_", "__ipow__")
def pow_(self: Tensor, exponent: Any) -> Tensor:
    """Raise to a power in place."""
    if isinstance(exponent, Tensor):
        return inplace(pow_op, self, exponent)
    if exponent == 2:
        return inplace(square_op, self)
    if isinstance(exponent, float) and self._array.dtype.kind in "iub":
        raise RuntimeError(f"result type {dtypes._default!r} can't be cast to the desired output type {self.dtype!r}")
    if exponent == 0.5 and self._array.dtype.kind == "f":
        return inplace(sqrt_op, self)
    return inplace(power_op, self, exponent=exponent)


@method("float_power")
def float_power(input: Any, exponent: Any, *, out: Tensor | None = None) -> Tensor:
    """Input ** exponent in float64, as torch.float_power."""

    def widened(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        return converted(value, np.dtype(np.complex128) if value.is_complex() else dtypes.F64, None)

    base = widened(input)
    power = widened(exponent) if isinstance(exponent, (Tensor, complex)) else float(exponent)
    return pow(base, power, out=out)


@method()
def float_power_(self: Tensor, exponent: Any) -> Tensor:
    """Raise to a power in place. Raises RuntimeError unless this is the dtype of float_power's result."""
    result = float_power(self, exponent)
    if result.dtype != self.dtype:
        raise DTypeError(
            f"the base given to float_power_ has dtype {self.dtype!r} but the operation's result requires dtype "
            f"{result.dtype!r}; use float_power"
        )
    return assign(self, result)
