"""To whole numbers: floor, ceil, trunc, round; and the fraction."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.autograd.inplace import inplace
from gradbook.autograd.op import Elementwise, Op
from gradbook.ops.arguments import tensor_of, write_out
from gradbook.ops.elementwise import no_bool, unary, wide, zeros_of
from gradbook.tensor import Tensor, method

__all__ = [
    "ceil", "fix", "floor", "frac", "round", "trunc",
]  # fmt: skip

# -- rounding --------------------------------------------------------------------------------------------------------


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
