"""Bessel and Airy functions, element by element. Only i0, i0e, i1 and i1e have gradients, as in PyTorch.

Differs: values are SciPy's; PyTorch's bessel_j0, j1, y0, y1 and airy_ai are off by up to 1e-6 in float64.
"""

from __future__ import annotations

import math
from typing import Any

from gradbook import backends
from gradbook.autograd.op import Elementwise
from gradbook.ops.elementwise import unary, where_op
from gradbook.ops.pointwise import sign_op
from gradbook.ops.rare import rare_array, rare_unary

__all__ = [
    "airy_ai", "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "i0", "i0e", "i1", "i1e", "modified_bessel_i0",
    "modified_bessel_i1", "modified_bessel_k0", "modified_bessel_k1", "scaled_modified_bessel_k0",
    "scaled_modified_bessel_k1", "spherical_bessel_j0",
]  # fmt: skip

# -- with gradients --------------------------------------------------------------------------------------------------


def _over(y: Any, x: Any) -> Any:
    """Y / x, and 1/2 where x is 0: what i1 and i1e tend to there."""
    zero = x == 0
    return where_op(zero, 0.5, y / where_op(zero, 1.0, x))


i0e_op: Elementwise
i1_op: Elementwise
i1e_op: Elementwise

i0_op = Elementwise(
    "i0", rare_array("i0", half=True), "x", float_input=True, formula="y = I_0(x)", grads={"x": r"\bar y \, I_1(x)"}
)
i0_op.grad("x")(lambda grad, x: grad * i1_op(x))
i0 = unary(i0_op, "The modified Bessel function of the first kind and order 0")

i0e_op, i0e = rare_unary(
    "i0e", r"y = e^{-|x|} I_0(x)", "exp(-|x|) i0(x)", array=rare_array("i0e", half=True), node="SpecialI0EBackward0",
    rule=lambda grad, x, out: grad * (i1e_op(x) - sign_op(x) * out),
    grad=r"\bar y \, (e^{-|x|} I_1(x) - \operatorname{sign}(x) \, y)",
)  # fmt: skip
i1_op, i1 = rare_unary(
    "i1", "y = I_1(x)", "The modified Bessel function of the first kind and order 1", array=rare_array("i1", half=True),
    rule=lambda grad, x, out: grad * (i0_op(x) - _over(out, x)),
    grad=r"\bar y \, (I_0(x) - y / x)",
)  # fmt: skip
i1e_op, i1e = rare_unary(
    "i1e", r"y = e^{-|x|} I_1(x)", "exp(-|x|) i1(x)", array=rare_array("i1e", half=True), node="SpecialI1EBackward0",
    rule=lambda grad, x, out: grad * (i0e_op(x) - sign_op(x) * out - _over(out, x)),
    grad=r"\bar y \, (e^{-|x|} I_0(x) - (\operatorname{sign}(x) + 1 / x) \, y)",
)  # fmt: skip

# -- without ---------------------------------------------------------------------------------------------------------


def _spherical_j0(x: Any) -> Any:
    if x.dtype.kind != "f" or x.dtype.itemsize < 4:
        raise TypeError("spherical_bessel_j0")
    return backends.xp_of(x).sinc(x / math.pi)


_TABLE = {  # torch's name: (SciPy's name, formula, text)
    "airy_ai": ("airy", r"y = \operatorname{Ai}(x)", "The Airy function Ai"),
    "bessel_j0": ("j0", "y = J_0(x)", "The Bessel function of the first kind and order 0"),
    "bessel_j1": ("j1", "y = J_1(x)", "The Bessel function of the first kind and order 1"),
    "bessel_y0": ("y0", "y = Y_0(x)", "The Bessel function of the second kind and order 0"),
    "bessel_y1": ("y1", "y = Y_1(x)", "The Bessel function of the second kind and order 1"),
    "modified_bessel_i0": ("i0", "y = I_0(x)", "The modified Bessel function of the first kind and order 0"),
    "modified_bessel_i1": ("i1", "y = I_1(x)", "The modified Bessel function of the first kind and order 1"),
    "modified_bessel_k0": ("k0", "y = K_0(x)", "The modified Bessel function of the second kind and order 0"),
    "modified_bessel_k1": ("k1", "y = K_1(x)", "The modified Bessel function of the second kind and order 1"),
    "scaled_modified_bessel_k0": ("k0e", "y = e^x K_0(x)", "exp(x) modified_bessel_k0(x)"),
    "scaled_modified_bessel_k1": ("k1e", "y = e^x K_1(x)", "exp(x) modified_bessel_k1(x)"),
}
_functions = {
    name: rare_unary(name, formula, text, array=rare_array(scipy, name))[1]
    for name, (scipy, formula, text) in _TABLE.items()
}
airy_ai = _functions["airy_ai"]
bessel_j0, bessel_j1 = _functions["bessel_j0"], _functions["bessel_j1"]
bessel_y0, bessel_y1 = _functions["bessel_y0"], _functions["bessel_y1"]
modified_bessel_i0, modified_bessel_i1 = _functions["modified_bessel_i0"], _functions["modified_bessel_i1"]
modified_bessel_k0, modified_bessel_k1 = _functions["modified_bessel_k0"], _functions["modified_bessel_k1"]
scaled_modified_bessel_k0 = _functions["scaled_modified_bessel_k0"]
scaled_modified_bessel_k1 = _functions["scaled_modified_bessel_k1"]
spherical_bessel_j0 = rare_unary(
    "spherical_bessel_j0", r"y = \frac{\sin x}{x}", "The spherical Bessel function of order 0", array=_spherical_j0
)[1]
