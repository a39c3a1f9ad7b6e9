"""The gamma family, element by element: Stirling's series after shifting the argument up, reflected below 0.

The incomplete gamma functions and Hurwitz' zeta are SciPy's.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradbook import dtypes
from gradbook.autograd.inplace import assign
from gradbook.autograd.op import Elementwise, Op
from gradbook.ops.arguments import write_out
from gradbook.ops.conversion import converted
from gradbook.ops.elementwise import binary, unary, wide
from gradbook.ops.rare import never, rare_array, rare_binary
from gradbook.ops.transcendental import exp_op, log_op
from gradbook.tensor import Tensor, method

__all__ = [
    "digamma", "igamma", "igammac", "lgamma", "mvlgamma", "polygamma", "zeta",
]  # fmt: skip

# -- the gamma family ------------------------------------------------------------------------------------------------

_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
_SHIFT = 12


def _lgamma_positive(x: Any) -> Any:
    low = x < _SHIFT
    z, product = np.where(low, x, _SHIFT), np.ones_like(x)
    for i in range(_SHIFT):
        product = product * (z + i)
    big = np.where(low, x + _SHIFT, x)
    series = np.zeros_like(x)
    for n, b in reversed(list(enumerate(_BERNOULLI, 1))):
        series = series / (big * big) + b / (2 * n * (2 * n - 1))
    value = (big - 0.5) * np.log(big) - big + 0.5 * math.log(2 * math.pi) + series / big
    return value - np.where(low, np.log(product), 0.0)


def lgamma_array(x: Any) -> Any:
    """Log |gamma(x)| of a float array, in its dtype."""
    kind, x = x.dtype, x.astype(np.float64)
    below = x < 0.5
    value = _lgamma_positive(np.where(below, 1 - x, x))
    mirrored = math.log(math.pi) - np.log(np.abs(np.sin(math.pi * (x - np.floor(x))))) - value
    result = np.where(below, mirrored, value)
    close = np.abs(x - 1) < 0.02
    if close.any():
        result = np.where(close, _near_one(x - 1), result)
    close = np.abs(x - 2) < 0.02
    if close.any():
        result = np.where(close, _near_one(x - 2) + np.log1p(x - 2), result)
    return np.where(np.isinf(x) | ((x <= 0) & (x == np.floor(x))), np.inf, result).astype(kind)


_ZETA = (
    1.6449340668482264,
    1.2020569031595943,
    1.0823232337111382,
    1.0369277551433699,
    1.0173430619844491,
    1.0083492773819228,
    1.0040773561979443,
    1.0020083928260822,
    1.0009945751278181,
)


def _near_one(d: Any) -> Any:
    total = np.zeros_like(d)
    for k, zeta in reversed(list(enumerate(_ZETA, 2))):
        total = total * d + (-1) ** k * zeta / k
    return d * (d * total - 0.5772156649015329)


def polygamma_array(x: Any, n: int) -> Any:
    """The n-th derivative of digamma of a float array, in its dtype; n = 0 is digamma itself."""
    kind, x = x.dtype, x.astype(np.float64)
    below = x < 0.5 if n == 0 else np.zeros_like(x, bool)
    z = np.where(below, 1 - x, x)
    sign, fact = (-1) ** (n + 1), math.factorial(n)
    lead = math.ceil(max(0, _SHIFT - float(np.nanmin(np.where(np.isfinite(z), z, _SHIFT))))) if x.size else 0
    shifts = min(max(lead, _SHIFT), 200)
    total = np.zeros_like(x)
    for i in range(shifts):
        total = total + (-1.0 / (z + i) if n == 0 else sign * fact / (z + i) ** (n + 1))
    big = z + shifts
    if n == 0:
        total = total + np.log(big) - 0.5 / big
        for k, b in enumerate(_BERNOULLI, 1):
            total = total - b / (2 * k * big ** (2 * k))
        mirrored = total - math.pi / np.tan(math.pi * (x - np.floor(x)))
        total = np.where(below, mirrored, total)
        total = np.where(x == 0, np.copysign(np.inf, -x), np.where((x < 0) & (x == np.floor(x)), np.nan, total))
        return np.where(x == np.inf, np.inf, total).astype(kind)
    total = total + sign * (math.factorial(n - 1) / big**n + fact / (2 * big ** (n + 1)))
    for k, b in enumerate(_BERNOULLI, 1):
        total = total + sign * b * math.factorial(2 * k + n - 1) / (math.factorial(2 * k) * big ** (2 * k + n))
    return total.astype(kind)


lgamma_op = Elementwise(
    "lgamma",
    wide(lgamma_array),
    "x",
    float_input=True,
    formula=r"y = \ln |\Gamma(x)|",
    grads={"x": r"\bar y \, \psi(x)"},
)
lgamma_op.grad("x")(lambda grad, x: grad * digamma_op(x))
digamma_op: Elementwise = Elementwise(
    "digamma",
    wide(lambda x: polygamma_array(x, 0)),
    "x",
    float_input=True,
    formula=r"y = \psi(x)",
    grads={"x": r"\bar y \, \psi_1(x)"},
)
digamma_op.grad("x")(lambda grad, x: grad * polygamma_op(x, n=1))
polygamma_op: Op = Op("polygamma", "x", formula=r"y = \psi_n(x)", grads={"x": r"\bar y \, \psi_{n+1}(x)"})
polygamma_op.forward(lambda xp, x, *, n: polygamma_array(x, n))
polygamma_op.grad("x")(lambda grad, x, n: grad * polygamma_op(x, n=n + 1))

lgamma = unary(lgamma_op, "log(|gamma(x)|)")
digamma = unary(digamma_op, "The derivative of lgamma")


def polygamma(n: int, input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The n-th derivative of digamma, as torch.polygamma. Raises NotImplementedError for negative n."""
    if n < 0:
        raise NotImplementedError("polygamma(n, x) does not support negative n.")
    x = converted(input, dtypes._default._np, None) if input._array.dtype.kind in "iub" else input
    return write_out("polygamma", digamma_op.fast(x) if n == 0 else polygamma_op(x, n=n), out)


method("polygamma")(lambda self, n: polygamma(n, self))
method("polygamma_")(lambda self, n: assign(self, polygamma(n, self)))


@method("mvlgamma")
def mvlgamma(input: Tensor, p: int, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension p, as torch.mvlgamma."""
    total = lgamma(input) + 0.25 * p * (p - 1) * math.log(math.pi)
    for i in range(1, p):
        total = total + lgamma(input - i * 0.5)
    return write_out("mvlgamma", total, out)


method("mvlgamma_")(lambda self, p: assign(self, mvlgamma(self.clone(), p)))


# -- incomplete gamma and zeta ---------------------------------------------------------------------------------------


def _gamma_density(a: Any, x: Any) -> Any:
    """x**(a - 1) exp(-x) / gamma(a): the slope of igamma in x."""
    return exp_op((a - 1) * log_op(x) - x - lgamma_op(a))


def _incomplete(name: str, scipy: str, sign: int, formula: str) -> Elementwise:
    made = Elementwise(
        name, rare_array(scipy, name, half=True), "a x", formula=formula,
        grads={"x": (r"-" if sign < 0 else "") + r"\bar y \, \frac{x^{a-1} e^{-x}}{\Gamma(a)}"},
    )  # fmt: skip
    made.grad("a")(never(f"{name}: input"))
    made.grad("x")(lambda grad, a, x: grad * _gamma_density(a, x) * sign)
    return made


igamma_op = _incomplete("igamma", "gammainc", 1, r"y = \frac{1}{\Gamma(a)} \int_0^x t^{a-1} e^{-t} dt")
igammac_op = _incomplete("igammac", "gammaincc", -1, r"y = \frac{1}{\Gamma(a)} \int_x^\infty t^{a-1} e^{-t} dt")
igamma = binary(igamma_op, "The lower incomplete gamma function of order input, regularised", tensors=True)
igammac = binary(igammac_op, "The upper incomplete gamma function of order input, regularised", tensors=True)

zeta_op: Elementwise
zeta_op, zeta = rare_binary(
    "zeta", r"y = \sum_{k=0}^\infty \frac{1}{(k + b)^a}", "Hurwitz' zeta function",
    rules={"a": never("zeta"), "b": lambda grad, a, b: grad * -a * zeta_op(a + 1, b)},
    grads={"b": r"-\bar y \, a \, \zeta(a + 1, b)"},
)  # fmt: skip
