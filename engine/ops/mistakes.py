"""Errors of heavy ops: PyTorch's words first, then the operands, what is wrong and what to do.

The same facts as data.
"""

from __future__ import annotations

from typing import Any, TypeVar

from gradbook import dtypes, events
from gradbook.errors import Card, DTypeError, GradbookError, ShapeError
from gradbook.tensor import Tensor

E = TypeVar("E", bound=GradbookError)
X = TypeVar("X", bound=Exception)


def mistake(kind: type[E], op: str, words: str, why: str = "", *fixes: str, **operands: Any) -> E:
    """An exception of `kind`: "<words>. <why>. Fix: <fix>", with a card that names the operands."""
    parts = [words.rstrip(".")]
    shown = [f"{name} is {describe(value)}" for name, value in operands.items() if isinstance(value, Tensor)]
    if shown:
        parts.append(f"{op}: " + ", ".join(shown))
    if why:
        parts.append(why)
    if fixes:
        parts.append("Fix: " + "; or ".join(fixes))
    card = Card(
        op=op,
        operands=[facts(name, value) for name, value in operands.items() if isinstance(value, Tensor)],
        module_path=events.module_path(),
        explanation=why or words,
        fixes=list(fixes),
    )
    return kind(". ".join(parts), card=card)


def foreign(kind: type[X], op: str, words: str, why: str = "", *fixes: str, **operands: Any) -> X:
    """As mistake, where PyTorch raises an exception that is none of ours.

    ValueError, IndexError, NotImplementedError.
    """
    made = mistake(ShapeError, op, words, why, *fixes, **operands)
    error = kind(str(made))
    error.card = made.card  # type: ignore[attr-defined]
    return error


def describe(tensor: Tensor) -> str:
    """Shape and dtype in a few characters."""
    return f"{tuple(tensor.shape)} {tensor.dtype._name}"


def facts(name: str, tensor: Tensor) -> dict[str, Any]:
    """An operand for an error card."""
    return {"name": name, "shape": tuple(tensor.shape), "dtype": tensor.dtype._name, "device": str(tensor.device)}


SCALAR_NAMES = {
    "bool": "Bool", "uint8": "Byte", "int8": "Char", "int16": "Short", "int32": "Int", "int64": "Long",
    "float16": "Half", "bfloat16": "BFloat16", "float32": "Float", "float64": "Double",
    "complex64": "ComplexFloat", "complex128": "ComplexDouble",
}  # fmt: skip


def scalar_name(dtype: dtypes.dtype) -> str:
    """What PyTorch calls a dtype in its messages: Float, Double, Long."""
    return SCALAR_NAMES.get(dtype._name, dtype._name)


def check_same_dtype(op: str, words: str, **operands: Any) -> None:
    """Raise DTypeError unless all operands that are tensors have one dtype; `words` may hold {0} and {1}."""
    given = {name: value for name, value in operands.items() if value is not None}
    names = list(given)
    first = given[names[0]]
    for name in names[1:]:
        other = given[name]
        if other._array.dtype != first._array.dtype:
            a, b = first.dtype, other.dtype
            integers = not (a.is_floating_point or a.is_complex)
            fix = f"{names[0]}.to({b!r})" if integers or a.itemsize >= b.itemsize else f"{name}.to({a!r})"
            raise mistake(
                DTypeError, op, words.format(scalar_name(a), scalar_name(b)), "", f"convert one: {fix}", **given
            )


def need_tensor(op: str, value: Any, name: str = "input", position: int = 1) -> Tensor:
    """The value, if it is a Tensor. Raises TypeError in PyTorch's words otherwise."""
    if isinstance(value, Tensor):
        return value
    raise TypeError(
        f"{op}(): argument '{name}' (position {position}) must be Tensor, not {type(value).__name__}; "
        "make one with gradbook.tensor(...)"
    )


__all__ = ["ShapeError", "check_same_dtype", "describe", "facts", "foreign", "mistake", "need_tensor", "scalar_name"]
