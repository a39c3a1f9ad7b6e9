"""How an element-wise op becomes public: its function, methods and in-place methods; and masks without branches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook import backends, dtypes
from gradbook.autograd.inplace import inplace
from gradbook.autograd.op import Elementwise, Op
from gradbook.autograd.promotion import dtype_error
from gradbook.ops.arguments import tensor_of, write_out
from gradbook.tensor import Tensor, method

_WORDS = {2: np.int16, 4: np.int32, 8: np.int64}
_BF16, _F32 = dtypes.BF16, dtypes.F32


def unary(op: Elementwise, text: str, *, in_place: bool = True, aliases: str = "") -> Callable[..., Tensor]:
    """The public function of an op of one operand; also makes it `x.name()` and `x.name_()`."""
    fast, name = op.fast, op.name

    def call(input: Tensor, *, out: Tensor | None = None) -> Tensor:
        given: Any = input  # whatever a caller hands in
        if not isinstance(given, Tensor):
            tensor_of(name, given)
        result: Tensor = fast(input)
        return result if out is None else write_out(name, result, out)

    def change(self: Tensor) -> Tensor:
        return inplace(op, self)

    describe(call, name, f"{text}, element by element (torch.{name}). input: (*) -> (*)")
    describe(change, name + "_", f"As {name}, in this tensor's own memory.")
    _attach(fast, change if in_place else None, name, *aliases.split())
    return call


def binary(
    op: Elementwise,
    text: str,
    *,
    in_place: bool = True,
    aliases: str = "",
    number_first: bool = False,
    tensors: bool = False,
) -> Callable[..., Tensor]:
    """The public function of an op of two operands; also makes it `x.name(other)` and `x.name_(other)`.

    number_first: a number may stand before a Tensor. tensors: neither may be a number.
    """
    fast, name = op.fast, op.name

    def call(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
        given: Any = input  # whatever a caller hands in
        if not isinstance(given, Tensor) and not (number_first and isinstance(other, Tensor)):
            tensor_of(name, given)
        if tensors and not isinstance(other, Tensor):
            tensor_of(name, other, "other")
        result: Tensor = fast(input, other)
        return result if out is None else write_out(name, result, out)

    def apply(self: Tensor, other: Any) -> Tensor:
        if tensors and not isinstance(other, Tensor):
            tensor_of(name, other, "other")
        result: Tensor = fast(self, other)
        return result

    def change(self: Tensor, other: Any) -> Tensor:
        return inplace(op, self, other)

    describe(
        call, name, f"{text}, element by element with broadcasting (torch.{name}). input, other: broadcastable -> (*)"
    )
    describe(apply, name, call.__doc__ or "")
    describe(change, name + "_", f"As {name}, in this tensor's own memory.")
    _attach(apply, change if in_place else None, name, *aliases.split())
    return call


def _attach(apply: Callable[..., Any], change: Callable[..., Any] | None, *names: str) -> None:
    for name in names:
        operator = name.startswith("__")
        method(name)(apply)
        if change is not None and not operator:
            method(name + "_")(change)
        elif change is not None and name in _CHANGING:
            method("__i" + name[2:])(change)


_CHANGING = ("__and__", "__or__", "__xor__", "__lshift__", "__rshift__")


def describe(fn: Callable[..., Any], name: str, text: str) -> None:
    """Give a function made in a loop the name and docstring it is known by."""
    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = text


def wide(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: bfloat16 is computed in float32 and rounded once; other dtypes pass through."""

    def run(x: Any, *rest: Any) -> Any:
        if x.dtype is not _BF16:
            return fn(x, *rest)
        result = fn(x.astype(_F32), *(r.astype(_F32) if getattr(r, "dtype", None) == _BF16 else r for r in rest))
        return result.astype(_BF16) if result.dtype == _F32 else result

    return run


def masked(value: Any, mask: Any) -> Any:
    """`value` where mask is true, exactly 0 elsewhere, whatever stood there. (arrays or Tensors) -> the same.

    On contiguous arrays a bitwise and: np.where branches, and is ten times slower on a random mask.
    """
    if isinstance(value, Tensor) or isinstance(mask, Tensor):
        return where_op(mask, value, 0.0)
    if type(value) is np.ndarray and type(mask) is np.ndarray and value.shape == mask.shape and value.ndim:
        word = _WORDS.get(value.itemsize)
        if word is not None and value.dtype.kind in "fV" and value.flags.c_contiguous and mask.flags.c_contiguous:
            keep = np.negative(mask.view(np.int8)).astype(word)  # all ones, or zero
            return np.bitwise_and(value.view(word), keep, out=keep).view(value.dtype)
    return backends.xp_of(value, mask).where(mask, value, np.zeros((), value.dtype)[()])


def no_bool(name: str, *arrays: Any) -> None:
    """Raise NotImplementedError for bools, where PyTorch has no kernel either."""
    for array in arrays:
        if array.dtype.kind == "b":
            raise dtype_error(name, array)


def zeros_of(value: Any) -> Any:
    """Zeros like an array or Tensor: the gradient of what is flat."""
    if isinstance(value, Tensor):
        return Tensor._of(backends.xp_of(value._array).zeros_like(value._array))
    return backends.xp_of(value).zeros_like(value)


def _beside(value: Any, other: Any) -> Any:
    """A number in the dtype of the array it stands beside."""
    return value if hasattr(value, "dtype") or not hasattr(other, "dtype") else other.dtype.type(value)


where_op = Op(
    "where",
    "condition input other",
    promote=False,
    formula=r"y = \begin{cases} a & c \\ b & \text{else} \end{cases}",
    grads={"input": r"\bar y \, [c]", "other": r"\bar y \, [\lnot c]"},
)
where_op.forward(lambda xp, condition, input, other: xp.where(condition, _beside(input, other), _beside(other, input)))
where_op.grad("input")(lambda grad, condition: masked(grad, condition))
where_op.grad("other")(lambda grad, condition: masked(grad, ~condition))


def reflected(op: Elementwise) -> Callable[..., Any]:
    """The method behind `number - tensor`: the operands change places."""
    fast = op.fast
    return lambda self, other: fast(other, self)


def in_place(name: str, fn: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The function that changes its input, of one that does so if asked (`inplace=True`)."""

    def change(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return fn(input, *args, inplace=True, **kwargs)

    describe(change, name, f"As {name[:-1]}, in place.")
    return change
