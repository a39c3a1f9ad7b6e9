"""erf and its kin, logit, sigmoid, element by element.

erf, erfc: W. J. Cody, Math. Comp. 23 (1969); erfinv: M. Giles, GPU Computing Gems (2012), polished by two Newton steps.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradbook import dtypes
from gradbook.autograd.inplace import assign
from gradbook.autograd.op import Elementwise, Op
from gradbook.ops.arguments import tensor_of, write_out
from gradbook.ops.conversion import converted
from gradbook.ops.elementwise import masked, unary, wide
from gradbook.ops.transcendental import exp_op
from gradbook.tensor import Tensor, method

__all__ = [
    "erf", "erfc", "erfinv", "logit", "sigmoid",
]  # fmt: skip

SQRT_PI = math.sqrt(math.pi)

# -- sigmoid and logit -----------------------------------------------------------------------------------------------


@wide
def sigmoid_array(x: Any) -> Any:
    """1 / (1 + exp(-x)); exp may overflow to inf, whose reciprocal is the 0 we want."""
    y = np.exp(-x)
    y += 1
    return np.reciprocal(y)


sigmoid_op = Elementwise(
    "sigmoid",
    sigmoid_array,
    "x",
    float_input=True,
    formula=r"y = \frac{1}{1 + e^{-x}}",
    grads={"x": r"\bar y \, y (1 - y)"},
)
sigmoid_op.grad("x")(lambda grad, out: grad * (out - out * out).conj())
sigmoid = unary(sigmoid_op, "1 / (1 + exp(-x)): from 0 to 1")

logit_op = Op("logit", "x", formula=r"y = \ln \frac{x}{1 - x}", grads={"x": r"\frac{\bar y}{x (1 - x)}"})


@logit_op.forward
def _(xp: Any, x: Any, *, eps: Any) -> Any:
    z = x if eps is None else xp.clip(x, x.dtype.type(eps), x.dtype.type(1 - eps))
    return xp.log(z / (x.dtype.type(1) - z)).astype(x.dtype, copy=False)


@logit_op.grad("x")
def _(grad: Any, x: Any, eps: Any) -> Any:
    slope = grad / (x * (1 - x))
    return slope if eps is None else masked(slope, (x >= eps) & (x <= 1 - eps))


@method("logit")
def logit(input: Tensor, eps: float | None = None, *, out: Tensor | None = None) -> Tensor:
    """log(x / (1 - x)), the inverse of sigmoid; eps keeps x away from 0 and 1 (torch.logit). (*) -> (*)."""
    x = converted(input, dtypes._default._np, None) if tensor_of("logit", input)._array.dtype.kind in "iub" else input
    return write_out("logit", logit_op(x, eps=eps), out)


@method()
def logit_(self: Tensor, eps: float | None = None) -> Tensor:
    """As logit, in place."""
    return assign(self, logit(self, eps))


# -- erf -------------------------------------------------------------------------------------------------------------

# Cody's rational approximations on |x| <= 0.46875, up to 4, and beyond
_P1 = (
    3.16112374387056560e00,
    1.13864154151050156e02,
    3.77485237685302021e02,
    3.20937758913846947e03,
    1.85777706184603153e-1,
)
_Q1 = (2.36012909523441209e01, 2.44024637934444173e02, 1.28261652607737228e03, 2.84423683343917062e03)
_P2 = (
    5.64188496988670089e-1,
    8.88314979438837594e00,
    6.61191906371416295e01,
    2.98635138197400131e02,
    8.81952221241769090e02,
    1.71204761263407058e03,
    2.05107837782607147e03,
    1.23033935479799725e03,
    2.15311535474403846e-8,
)
_Q2 = (
    1.57449261107098347e01,
    1.17693950891312499e02,
    5.37181101862009858e02,
    1.62138957456669019e03,
    3.29079923573345963e03,
    4.36261909014324716e03,
    3.43936767414372164e03,
    1.23033935480374942e03,
)
_P3 = (
    3.05326634961232344e-1,
    3.60344899949804439e-1,
    1.25781726111229246e-1,
    1.60837851487422766e-2,
    6.58749161529837803e-4,
    1.63153871373020978e-2,
)
_Q3 = (
    2.56852019228982242e00,
    1.87295284992346725e00,
    5.27905102951428412e-1,
    6.05183413124413191e-2,
    2.33520497626869185e-3,
)


def _near(square: Any) -> Any:
    """erf(x) / x on |x| <= 0.46875."""
    top, bottom = _P1[4] * square, square
    for p, q in zip(_P1[:3], _Q1[:3], strict=True):
        top, bottom = (top + p) * square, (bottom + q) * square
    return (top + _P1[3]) / (bottom + _Q1[3])


def _middle(y: Any) -> Any:
    """exp(y**2) erfc(y) on 0.46875 .. 4."""
    top, bottom = _P2[8] * y, y
    for p, q in zip(_P2[:7], _Q2[:7], strict=True):
        top, bottom = (top + p) * y, (bottom + q) * y
    return (top + _P2[7]) / (bottom + _Q2[7])


def _far(y: Any) -> Any:
    """exp(y**2) erfc(y) beyond 4."""
    square = 1 / (y * y)
    top, bottom = _P3[5] * square, square
    for p, q in zip(_P3[:4], _Q3[:4], strict=True):
        top, bottom = (top + p) * square, (bottom + q) * square
    result = square * (top + _P3[4]) / (bottom + _Q3[4])
    return (1 / SQRT_PI - result) / y


def _exp_square(y: Any) -> Any:
    """exp(-y**2) without losing digits of y**2."""
    coarse = np.trunc(y * 16) / 16
    return np.exp(-coarse * coarse) * np.exp(-(y - coarse) * (y + coarse))


def _erfc_positive(y: Any) -> Any:
    clipped = np.minimum(y, 30.0)
    scaled = np.where(y <= 4.0, _middle(np.minimum(clipped, 4.0)), _far(np.maximum(clipped, 4.0)))
    return _exp_square(clipped) * scaled


# float32: the rational approximation that Eigen uses, odd over even in x; 4 units in the last place
_ERF32_TOP = (
    -2.72614225801306e-10,
    2.77068142495902e-08,
    -2.10102402082508e-06,
    -5.69250639462346e-05,
    -7.34990630326855e-04,
    -2.95459980854025e-03,
    -1.60960333262415e-02,
)
_ERF32_BOTTOM = (
    -1.45660718464996e-05,
    -2.13374055278905e-04,
    -1.68282697438203e-03,
    -7.37332916720468e-03,
    -1.42647390514189e-02,
)


def _erf32(x: Any) -> Any:
    """Erf in float32; beyond 4 it is 1."""
    x = np.clip(x, np.float32(-4.0), np.float32(4.0))
    square = x * x
    top = np.float32(_ERF32_TOP[0]) * square
    for p in _ERF32_TOP[1:-1]:
        top += np.float32(p)
        top *= square
    top += np.float32(_ERF32_TOP[-1])
    bottom = np.float32(_ERF32_BOTTOM[0]) * square
    for q in _ERF32_BOTTOM[1:-1]:
        bottom += np.float32(q)
        bottom *= square
    bottom += np.float32(_ERF32_BOTTOM[-1])
    top *= x
    top /= bottom
    return top


def erf_array(x: Any) -> Any:
    """Erf of a float array, in its dtype."""
    if x.dtype.itemsize < 8:
        if type(x) is not np.ndarray and hasattr(x, "named"):  # an expression: its kernels have an erf of their own
            return x.named("erf")
        result = _erf32(x.astype(np.float32, copy=False))
        return result if x.dtype == np.float32 else result.astype(x.dtype)
    y = np.absolute(x)
    near = x * _near(np.minimum(y, 0.46875) ** 2)
    return np.where(y <= 0.46875, near, np.copysign(1 - _erfc_positive(np.maximum(y, 0.46875)), x))


def erfc_array(x: Any) -> Any:
    """1 - erf of a float array, in its dtype, exact where it is tiny."""
    kind, x = x.dtype, x.astype(np.float64)
    y = np.absolute(x)
    near = 1 - x * _near(np.minimum(y, 0.46875) ** 2)
    tail = _erfc_positive(np.maximum(y, 0.46875))
    return np.where(y <= 0.46875, near, np.where(x > 0, tail, 2 - tail)).astype(kind)


def _polynomial(w: Any, coefficients: tuple[float, ...]) -> Any:
    total = np.full_like(w, coefficients[0])
    for c in coefficients[1:]:
        total = total * w + c
    return total


_GILES_NEAR = (
    2.81022636e-08,
    3.43273939e-07,
    -3.5233877e-06,
    -4.39150654e-06,
    0.00021858087,
    -0.00125372503,
    -0.00417768164,
    0.246640727,
    1.50140941,
)
_GILES_FAR = (
    -0.000200214257,
    0.000100950558,
    0.00134934322,
    -0.00367342844,
    0.00573950773,
    -0.0076224613,
    0.00943887047,
    1.00167406,
    2.83297682,
)


def erfinv_array(x: Any) -> Any:
    """The inverse of erf of a float array, in its dtype."""
    kind, x = x.dtype, x.astype(np.float64)
    inside = np.abs(x) < 1
    z = np.where(inside, x, 0.0)
    w = -np.log1p(-z * z)
    y = z * np.where(w < 5, _polynomial(w - 2.5, _GILES_NEAR), _polynomial(np.sqrt(np.maximum(w, 5)) - 3, _GILES_FAR))
    for _ in range(2):  # Newton on the smaller of erf and erfc, so that nothing cancels
        error = np.where(np.abs(y) < 0.5, erf_array(y) - z, np.sign(y) * ((1 - np.abs(z)) - erfc_array(np.abs(y))))
        y = y - error * (0.5 * SQRT_PI) * np.exp(y * y)
    ends = np.where(np.abs(x) == 1, np.copysign(np.inf, x), np.nan)
    return np.where(inside, y, ends).astype(kind)


erf_op = Elementwise(
    "erf", wide(erf_array), "x", float_input=True, formula=r"y = \frac{2}{\sqrt\pi} \int_0^x e^{-t^2} dt",
    grads={"x": r"\bar y \, \tfrac{2}{\sqrt\pi} e^{-x^2}"},
)  # fmt: skip
erf_op.grad("x")(lambda grad, x: grad * exp_op(-(x * x)) * (2 / SQRT_PI))
erfc_op = Elementwise(
    "erfc",
    wide(erfc_array),
    "x",
    float_input=True,
    formula=r"y = 1 - \operatorname{erf} x",
    grads={"x": r"-\bar y \, \tfrac{2}{\sqrt\pi} e^{-x^2}"},
)
erfc_op.grad("x")(lambda grad, x: grad * exp_op(-(x * x)) * (-2 / SQRT_PI))
erfinv_op = Elementwise(
    "erfinv",
    wide(erfinv_array),
    "x",
    float_input=True,
    formula=r"\operatorname{erf} y = x",
    grads={"x": r"\bar y \, \tfrac{\sqrt\pi}{2} e^{y^2}"},
)
erfinv_op.grad("x")(lambda grad, out: grad * exp_op(out * out) * (SQRT_PI / 2))

erf = unary(erf_op, "The error function")
erfc = unary(erfc_op, "1 - erf(x), exact where it is tiny")
erfinv = unary(erfinv_op, "The inverse of erf; inf at 1, nan outside")
