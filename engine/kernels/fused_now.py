"""Choices, sums and copies outside a program, by the kernels that formulas are compiled to: of any shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradbook.kernels.expression import Expression, inputs
from gradbook.kernels.now import F32, Array, made_of, run
from gradbook.kernels.pointwise import pointwise
from gradbook.kernels.program import Program, Unsupported
from gradbook.kernels.reduction import sum_to

__all__ = ["kernels"]

BOOL = np.dtype(bool)


def checked(*arrays: Any, mask: Any = None) -> None:
    """Raise Unsupported unless the arrays are of float32, and the mask is one of truth values."""
    if any(type(array) is not np.ndarray or array.dtype is not F32 for array in arrays):
        raise Unsupported("not an array of float32")
    if mask is not None and (type(mask) is not np.ndarray or mask.dtype is not BOOL):
        raise Unsupported("not a mask")


# -- one of two by a mask ----------------------------------------------------------------------------------------------


def where(xp: Any, condition: Array, input: Array, other: Array) -> Array:
    """As the forward of where."""
    checked(input, other, mask=condition)
    shape = condition.shape
    if not (input.shape == shape or not input.ndim) or not (other.shape == shape or not other.ndim):
        shape = np.broadcast_shapes(shape, input.shape, other.shape)
    return chosen(shape, (condition, input, other))


def masked_fill(xp: Any, x: Array, mask: Array, value: Array) -> Array:
    """As the forward of masked_fill."""
    checked(x, value, mask=mask)
    return chosen(x.shape if x.shape == mask.shape else np.broadcast_shapes(x.shape, mask.shape), (mask, value, x))


def where_input(grad: Array, condition: Array) -> Array:
    """As the rule of where for what is taken where the condition holds."""
    return masked(grad, condition, False)


def where_other(grad: Array, condition: Array) -> Array:
    """As the rule of where for what is taken elsewhere."""
    return masked(grad, condition, True)


def masked(grad: Array, condition: Array, outside: bool) -> Array:
    """The gradient where the condition holds, or outside of that, and zeros."""
    checked(grad, mask=condition)
    shape = grad.shape if grad.shape == condition.shape else np.broadcast_shapes(grad.shape, condition.shape)
    return chosen(shape, (condition, grad), outside)


def chosen(shape: Sequence[int], given: tuple[Array, ...], *settings: Any) -> Array:
    """A new array that is chosen from others."""
    made = made_of(shape)
    run(add_chosen, (made,), given, settings)
    return made


def add_chosen(program: Program, made: Array, mask: Array, a: Array, *rest: Any) -> None:
    """made = mask ? a : b. rest: b; or whether it is the other way round, b being 0."""
    choose: Any = np.where  # of expressions
    if isinstance(rest[0], np.ndarray):
        condition, x, y = inputs(BOOL, F32, F32)
        pointwise(program, [(choose(condition, x, y), made)], [mask, a, rest[0]])
        return
    condition, x = inputs(BOOL, F32)
    zero = np.float32(0)
    made_by = choose(condition, zero, x) if rest[0] else choose(condition, x, zero)
    pointwise(program, [(made_by, made)], [mask, a])


# -- sums and copies ---------------------------------------------------------------------------------------------------


def sum(xp: Any, x: Array, *, dim: Any = None, keepdim: Any = False) -> Array:
    """As the forward of sum."""
    checked(x)
    kept = tuple(1 if dim is None or axis in dim else n for axis, n in enumerate(x.shape))
    made = np.empty(kept, F32)
    run(add_sum, (made,), (x,), (dim,))
    if keepdim:
        return made
    return made.reshape([n for axis, n in enumerate(x.shape) if not (dim is None or axis in dim)])


def summed(x: Array, axes: tuple[int, ...]) -> Array:
    """A sum over axes that stay, with length 1."""
    return sum(np, x, dim=axes, keepdim=True)


def add_sum(program: Program, made: Array, x: Array, dim: Any) -> None:
    """made = x summed over the axes that have length 1 in it."""
    sum_to(program, only(), [x], made)


def copied(x: Array) -> Array:
    """A copy in index order, of numbers that are repeated along an axis: others NumPy copies as fast."""
    checked(x)
    if 0 not in x.strides:
        raise Unsupported("nothing is repeated")
    made = made_of(x.shape)
    run(add_copy, (made,), (x,))
    return made


def add_copy(program: Program, made: Array, x: Array) -> None:
    """made = x."""
    pointwise(program, [(only(), made)], [x])


def only() -> Expression:
    """The only input itself."""
    return inputs(F32)[0]


def kernels() -> dict[str, Callable[..., Any]]:
    """By the names of operations and rules."""
    return {
        "where": where, "where.input": where_input, "where.other": where_other, "masked_fill": masked_fill,
        "sum": sum, "summed": summed, "copied": copied,
    }  # fmt: skip
