"""Quotients that are whole, and what is left: div with rounding, floor_divide, remainder, fmod."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.autograd.inplace import inplace
from gradbook.autograd.op import Elementwise
from gradbook.ops.arguments import tensor_of, write_out
from gradbook.ops.elementwise import binary, no_bool, reflected, wide, zeros_of
from gradbook.ops.pointwise import div_op
from gradbook.tensor import Tensor, method

__all__ = [
    "div", "divide", "floor_divide", "fmod", "remainder", "true_divide",
]  # fmt: skip

# -- quotients that are whole, and what is left ----------------------------------------------------------------------


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


# -- operators -------------------------------------------------------------------------------------------------------

for _op, _name in {floor_divide_op: "floordiv", remainder_op: "mod"}.items():
    method(f"__{_name}__")(_op.fast)
    method(f"__r{_name}__")(reflected(_op))

method("__ifloordiv__")(lambda self, other: inplace(floor_divide_op, self, other))
method("__imod__")(lambda self, other: inplace(remainder_op, self, other))
