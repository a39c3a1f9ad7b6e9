"""The normal distribution function and its kin, and x log y, element by element (torch.special)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradbook.ops.arguments import tensor_of, write_out
from gradbook.ops.comparison import where
from gradbook.ops.elementwise import masked, wide
from gradbook.ops.rare import rare_binary, rare_unary
from gradbook.ops.special import SQRT_PI, erfc
from gradbook.ops.transcendental import exp_op, log1p_op, xlogy
from gradbook.tensor import Tensor

__all__ = ["entr", "erfcx", "log_ndtr", "ndtr", "ndtri", "xlog1py"]


def ndtr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The share of a standard normal below x, element by element (torch.special.ndtr). (*) -> (*)."""
    return write_out("ndtr", erfc(tensor_of("ndtr", input) * -math.sqrt(0.5)) * 0.5, out)


def entr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """-x log(x), 0 at 0, -inf below, element by element (torch.special.entr). (*) -> (*)."""
    return write_out("entr", where(tensor_of("entr", input) >= 0, -xlogy(input, input), -math.inf), out)


erfcx_op, erfcx = rare_unary(
    "erfcx", r"y = e^{x^2} \operatorname{erfc}(x)", "exp(x**2) erfc(x)",
    rule=lambda grad, x, out: grad * (out * x * 2 - 2 / SQRT_PI), grad=r"\bar y \, (2 x y - \tfrac{2}{\sqrt\pi})",
)  # fmt: skip
log_ndtr_op, log_ndtr = rare_unary(
    "log_ndtr", r"y = \ln \Phi(x)", "The logarithm of ndtr, exact far below 0",
    rule=lambda grad, x: grad * math.sqrt(2 / math.pi) / erfcx_op(x * -math.sqrt(0.5)),
    grad=r"\bar y \, \frac{\sqrt{2 / \pi}}{\operatorname{erfcx}(-x / \sqrt 2)}",
)  # fmt: skip
ndtri_op, ndtri = rare_unary(
    "ndtri", r"\Phi(y) = x", "The inverse of ndtr",
    rule=lambda grad, out: grad * exp_op(out * out * 0.5) * math.sqrt(2 * math.pi),
    grad=r"\bar y \, \sqrt{2\pi} \, e^{y^2 / 2}",
)  # fmt: skip


def _xlog1py(a: Any, b: Any) -> Any:
    if a.dtype.kind not in "fV":
        raise TypeError("xlog1py")
    return np.where((a == 0) & ~np.isnan(b), a.dtype.type(0), a * np.log1p(b))


xlog1py_op, xlog1py = rare_binary(
    "xlog1py", r"y = a \ln(1 + b)", "input * log1p(other), 0 where input is 0", array=wide(_xlog1py),
    rules={
        "a": lambda grad, a, b: grad * masked(log1p_op(b), ~((a == 0) & (b <= -1))),
        "b": lambda grad, a, b: grad * a / (b + 1),
    },
    grads={"a": r"\bar y \ln(1 + b)", "b": r"\bar y \, \frac{a}{1 + b}"}, node="SpecialXlog1PyBackward0",
)  # fmt: skip
