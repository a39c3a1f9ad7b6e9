"""One op over a list of tensors, as torch._foreach_*: lists of tensors in, a tuple of tensors out.

With a trailing underscore the first list is changed, and given back. Each tensor goes through the op of that name, so
gradients flow. `functions` holds them by name; they are reached as gradbook._foreach_add and so on.
Differs: the forms that PyTorch has no derivative for (_foreach_addcmul and _foreach_addcdiv with a tensor of scalars)
have one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradbook.autograd.inplace import assign, check_leaf
from gradbook.ops.elementwise import describe
from gradbook.ops.vector_norm import vector_norm
from gradbook.tensor import Tensor

__all__ = ["functions"]

Each = Callable[..., Tensor]
Spread = Callable[..., tuple[list[Tensor], list[tuple[Any, ...]]]]
functions: dict[str, Callable[..., Any]] = {}

UNARY = (
    "abs acos asin atan ceil cos cosh erf erfc exp expm1 floor frac lgamma log log10 log1p log2 neg reciprocal round "
    "rsqrt sigmoid sign sin sinh sqrt tan tanh trunc"
).split()
BINARY = "add clamp_max clamp_min div mul pow sub".split()


def tensor_list(name: str, value: Any, like: Sequence[Any] | None = None) -> list[Tensor]:
    """The tensors of a list or tuple. Raises TypeError for anything else, RuntimeError for none, or another count."""
    if not isinstance(value, (list, tuple)) or not all(isinstance(part, Tensor) for part in value):
        kinds = sorted({type(part).__name__ for part in value}) if isinstance(value, (list, tuple)) else None
        given = f"elements of type {', '.join(kinds)}" if kinds else type(value).__name__
        raise TypeError(f"{name}(): expected a tuple or list of Tensors, got {given}")
    if not value:
        raise RuntimeError("Tensor list must have at least one tensor.")
    if like is not None and len(value) != len(like):
        raise RuntimeError(
            f"Tensor lists must have the same number of tensors, got {len(like)} and {len(value)} ({name})"
        )
    return list(value)


def operands(name: str, value: Any, count: int, whole: bool = True) -> list[Any]:
    """One operand a tensor: of a list of tensors or numbers, or the same number (or 0-d tensor) for all.

    whole: a tensor of one axis is refused; else it holds one number for each. Raises RuntimeError for another count.
    """
    if isinstance(value, Tensor):
        if whole and value.ndim:
            kind = RuntimeError if name in ("_foreach_add", "_foreach_mul", "_foreach_div") else TypeError
            raise kind(f"scalar tensor expected to be 0 dim but it has {value.ndim} dimensions ({name})")
        value = [value] * count if not value.ndim else value.tolist()
    elif isinstance(value, (list, tuple)):
        if value and isinstance(value[0], Tensor):
            return tensor_list(name, value, [None] * count)
    elif isinstance(value, (bool, int, float, complex)):
        value = [value] * count
    else:
        raise TypeError(f"{name}(): expected a number, a Tensor or a list of them, got {type(value).__name__}")
    if len(value) != count:
        raise RuntimeError(f"Tensor list must have same number of elements as scalar list. ({name})")
    return list(value)


def changed(each: Each) -> Each:
    """The in-place form of an op that has no method for it: the result is written back."""

    def change(self: Tensor, *rest: Any) -> Tensor:
        check_leaf(self)
        return assign(self, each(self, *rest))

    return change


def both(name: str, each: Each, spread: Spread, change: Each | None = None) -> None:
    """Make `_foreach_<name>` and `_foreach_<name>_`: `spread` sorts the arguments of a call by tensor."""
    label = "_foreach_" + name
    change = change or changed(each)

    def apply(*args: Any, **named: Any) -> tuple[Tensor, ...]:
        tensors, rest = spread(label, *args, **named)
        return tuple(each(x, *more) for x, more in zip(tensors, rest, strict=True))

    def apply_(self: Sequence[Tensor], *args: Any, **named: Any) -> Sequence[Tensor]:
        tensors, rest = spread(label, self, *args, **named)
        for x, more in zip(tensors, rest, strict=True):
            change(x, *more)
        return self

    describe(apply, label, f"{name} of each tensor of a list, as torch.{label}. -> tuple of Tensors")
    describe(apply_, label + "_", f"{name} of each tensor of a list, in place, as torch.{label}_. -> the list")
    functions[label], functions[label + "_"] = apply, apply_


def spread_one(label: str, self: Any) -> tuple[list[Tensor], list[tuple[Any, ...]]]:
    """(tensors) -> no further operands."""
    tensors = tensor_list(label, self)
    return tensors, [()] * len(tensors)


def spread_two(label: str, self: Any, other: Any, *, alpha: Any = None) -> tuple[list[Tensor], list[tuple[Any, ...]]]:
    """(tensors, others), and alpha for add and sub of lists."""
    tensors = tensor_list(label, self)
    others = operands(label, other, len(tensors))
    if alpha is None:
        return tensors, [(o,) for o in others]
    if label not in ("_foreach_add", "_foreach_sub") or not isinstance(others[0], Tensor):
        raise TypeError(f"{label}(): alpha goes with add and sub of tensors only")
    return tensors, [(o * alpha,) for o in others]


def spread_lerp(
    label: str, self: Any, tensors1: Any, weight: Any = None, **named: Any
) -> tuple[list[Tensor], list[tuple[Any, ...]]]:
    """(tensors, ends, weights)."""
    tensors = tensor_list(label, self)
    ends = tensor_list(label, tensors1, tensors)
    weights = operands(label, named.get("weights", weight), len(tensors))
    return tensors, list(zip(ends, weights, strict=True))


def spread_three(
    label: str, self: Any, tensor1: Any, tensor2: Any, scalars: Any = 1, *, value: Any = None
) -> tuple[list[Tensor], list[tuple[Any, ...]]]:
    """(tensors, firsts, seconds, one value or one each)."""
    tensors = tensor_list(label, self)
    first, second = tensor_list(label, tensor1, tensors), tensor_list(label, tensor2, tensors)
    values = operands(label, scalars if value is None else value, len(tensors), whole=False)
    return tensors, list(zip(first, second, values, strict=True))


def bounded(limit: str) -> Each:
    """Maximum or minimum, of a tensor and another, or of a tensor and a number."""
    pair, number = getattr(Tensor, limit), getattr(Tensor, "clamp_min" if limit == "maximum" else "clamp_max")
    return lambda x, other: pair(x, other) if isinstance(other, Tensor) else number(x, other)


def with_value(name: str) -> Each:
    """A method whose `value` comes last and by position."""
    method = getattr(Tensor, name)
    return lambda x, a, b, value: method(x, a, b, value=value)


methods = vars(Tensor)
for _name in UNARY:
    both(_name, methods[_name], spread_one, methods[_name + "_"])
for _name in BINARY:
    both(_name, methods[_name], spread_two, methods[_name + "_"])
for _name in ("maximum", "minimum"):
    both(_name, bounded(_name), spread_two)
both("lerp", methods["lerp"], spread_lerp, methods["lerp_"])
for _name in ("addcdiv", "addcmul"):
    both(_name, with_value(_name), spread_three, with_value(_name + "_"))


# -- of one form only ------------------------------------------------------------------------------------------------


def only(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: the function is found under its own name."""
    functions[fn.__name__] = fn
    return fn


_pow = functions["_foreach_pow"]


@only
def _foreach_pow(self: Any, exponent: Any) -> tuple[Tensor, ...]:
    """pow of each tensor of a list, or of one number to each of a list, as torch._foreach_pow. -> tuple of Tensors."""
    if isinstance(self, (int, float, complex)):
        return tuple(self**power for power in tensor_list("_foreach_pow", exponent))
    result: tuple[Tensor, ...] = _pow(self, exponent)
    return result


@only
def _foreach_zero_(self: Sequence[Tensor]) -> Sequence[Tensor]:
    """Fill each tensor of a list with zeros, as torch._foreach_zero_. -> the list."""
    for x in tensor_list("_foreach_zero_", self):
        x.zero_()
    return self


@only
def _foreach_copy_(self: Sequence[Tensor], src: Sequence[Tensor], non_blocking: bool = False) -> Sequence[Tensor]:
    """Copy each tensor of `src` into that of `self`, as torch._foreach_copy_. -> the list."""
    targets = tensor_list("_foreach_copy_", self)
    for x, value in zip(targets, tensor_list("_foreach_copy_", src, targets), strict=True):
        x.copy_(value)
    return self


@only
def _foreach_clone(self: Sequence[Tensor], *, memory_format: Any = None) -> tuple[Tensor, ...]:
    """A copy of each tensor of a list, as torch._foreach_clone."""
    return tuple(x.clone() for x in tensor_list("_foreach_clone", self))


@only
def _foreach_max(self: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The largest element of each tensor of a list, as torch._foreach_max."""
    return tuple(x.max() for x in tensor_list("_foreach_max", self))


@only
def _foreach_norm(self: Sequence[Tensor], ord: float = 2, dtype: Any = None) -> tuple[Tensor, ...]:
    """The vector norm of each tensor of a list, as torch._foreach_norm."""
    return tuple(vector_norm(x, ord, dtype=dtype) for x in tensor_list("_foreach_norm", self))


@only
def _foreach_powsum(self: Sequence[Tensor], ord: float = 2, dtype: Any = None) -> tuple[Tensor, ...]:
    """The sum of |x|**ord over each tensor of a list, as torch._foreach_powsum."""
    return tuple(x.abs().pow(ord).sum(dtype=dtype) for x in tensor_list("_foreach_powsum", self))


@only
def _foreach_mm(self: Sequence[Tensor], mat2: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The matrix product of the tensors of two lists, pair by pair, as torch._foreach_mm."""
    first = tensor_list("_foreach_mm", self)
    return tuple(a.mm(b) for a, b in zip(first, tensor_list("_foreach_mm", mat2, first), strict=True))
