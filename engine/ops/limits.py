"""The larger, the smaller, the limits: maximum, minimum, clamp."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import dtypes
from gradbook.autograd.inplace import assign, check_leaf
from gradbook.autograd.op import Elementwise, Op
from gradbook.errors import DTypeError
from gradbook.ops.arguments import as_tensor_like, tensor_of, write_out
from gradbook.ops.conversion import converted
from gradbook.ops.elementwise import binary, masked
from gradbook.tensor import Tensor, method

__all__ = [
    "clamp", "clamp_max", "clamp_min", "clip", "fmax", "fmin", "maximum", "minimum",
]  # fmt: skip

# -- the larger, the smaller, the limits -----------------------------------------------------------------------------


def real_only(name: str, ufunc: Any) -> Any:
    """An array function that refuses complex numbers, which NumPy would put in an order of its own."""

    def apply(a: Any, b: Any) -> Any:
        if a.dtype.kind == "c":
            raise DTypeError(f"{name} not implemented for complex tensors: they have no order")
        return ufunc(a, b)

    return apply


def _extreme(name: str, ufunc: Any, formula: str, wins: str) -> Elementwise:
    made = Elementwise(
        name,
        ufunc,
        "a b",
        formula=formula,
        grads={
            "a": rf"\bar y \, [a {wins} b] \text{{, halved at ties}}",
            "b": rf"\bar y \, [b {wins} a] \text{{, halved at ties}}",
        },
    )

    def share(grad: Any, mine: Any, other: Any) -> Any:
        half = masked(grad, mine == other) * 0.5
        return masked(grad, ~((mine < other) if wins == ">" else (mine > other))) - half

    made.grad("a")(lambda grad, a, b: share(grad, a, b))
    made.grad("b")(lambda grad, a, b: share(grad, b, a))
    return made


maximum_op = _extreme("maximum", real_only("maximum", np.maximum), r"y = \max(a, b)", ">")
minimum_op = _extreme("minimum", real_only("minimum", np.minimum), r"y = \min(a, b)", "<")
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
                f"{op.name}(): argument 'other' (position 2) must be Tensor, not {type(other).__name__}; "
                "use clamp for a number"
            )
        result: Tensor = public(input, other, out=out)
        return result

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
    low, high = (None if bound is None else x.dtype.type(bound) for bound in (min, max))
    return xp.clip(x, low, high).astype(x.dtype, copy=False)  # NumPy widens bfloat16


@clamp_op.grad("x")
def _(grad: Any, x: Any, min: Any, max: Any) -> Any:
    if min is None or max is None:
        return masked(grad, x <= max if min is None else x >= min)
    return masked(grad, (x >= min) & (x <= max))


clamp_tensor_op = Op(
    "clamp_tensor",
    "x min max",
    formula=r"y = \min(\max(x, \mathit{min}), \mathit{max})",
    node_name="ClampBackward1",
    grads={
        "x": r"\bar y \, [\mathit{min} \le x \le \mathit{max}]",
        "min": r"\bar y \, [x < \mathit{min}]",
        "max": r"\bar y \, [x > \mathit{max}]",
    },
)


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
    """Input limited to [min, max], numbers or Tensors; either may be left out (torch.clamp). input: (*) -> (*).

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
