"""Operations on shapes alone: what comes out is zeros of the right shape, dtype and layout, seldom computed.

Zeros that nobody writes to cost address space and no memory, and the operations that take long (products, convolutions,
attention, everything elementwise) only say what shape they would give. All others run, on zeros.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradbook import backends, events
from gradbook.autograd.layers import Layer, state
from gradbook.autograd.op import Elementwise, registry, wrap
from gradbook.observe.source import Where
from gradbook.tensor import Tensor

__all__ = ["Dry", "OutOfTime", "Ran", "is_pointwise_name", "zeros_like"]

LARGEST = 1 << 31  # bytes that are reserved for one array of zeros; beyond, all its elements are one
MOST_ELEMENTS = 100_000_000  # that an operation without a rule may touch
PRODUCTS = {"mm", "bmm", "matmul", "mv", "dot"}
PURE = {
    "alias", "clone", "maximum", "minimum", "square", "sign", "abs", "rsqrt", "pow", "sigmoid", "erf", "relu", "lt",
    "le", "gt", "ge", "isnan", "isinf", "isfinite", "logical_not", "logical_and", "logical_or", "floor", "ceil",
    "round", "remainder", "floor_divide", "logaddexp", "prelu", "gelu", "silu", "softplus", "dropout", "where",
}  # fmt: skip


class OutOfTime(BaseException):
    """A trial has taken longer than it may. No `except Exception` of the user's shall catch it."""


@dataclass(slots=True)
class Ran:
    """One operation that ran: its operands and its result, which are small whatever their shapes."""

    op: str
    operands: tuple[Any, ...]
    params: dict[str, Any]
    output: Any
    where: Where | None
    path: str
    module: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the (first) result."""
        out = self.output[0] if isinstance(self.output, tuple) and self.output else self.output
        return tuple(out.shape) if isinstance(out, Tensor) else ()


class Dry(Layer):
    """Writes down every operation called inside; with `shapes`, most of them are not computed. Raises OutOfTime."""

    def __init__(self, shapes: bool, seconds: float, operations: int = 20_000) -> None:
        self.shapes, self.left, self.until = shapes, operations, time.monotonic() + seconds
        self.ran: list[Ran] = []

    def on_module(self, phase: str, module: Any, value: Any) -> None:
        """Listening is enough: while somebody does, the engine knows which module runs."""

    def call(self, op: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Run, or only measure, one operation."""
        self.left -= 1
        if self.left < 0 or time.monotonic() > self.until:
            raise OutOfTime
        before, state.stack = state.stack, self.outside
        try:
            out = self._result(op, operands, params)
        finally:
            state.stack = before
        stack = events.module_stack()
        path, module = stack[-1] if stack else ("", None)
        if state.walk is None:  # the rules of a backward pass are no steps of the program
            self.ran.append(Ran(op.name, operands, params, out, events.user_frame(2), path, module))
        return out

    def _result(self, op: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
        shape = shape_of(op, operands, params) if self.shapes else None
        if shape is None:
            if not op.view and sum(o.numel() for o in operands if isinstance(o, Tensor)) > MOST_ELEMENTS:
                raise OutOfTime
            return op.run(operands, params)
        tensors = [operand for operand in operands if isinstance(operand, Tensor)]
        dtype = tensors[0]._array.dtype
        if is_pointwise(op):
            tiny = [wrap(o._array[(slice(0, 1),) * o.ndim], None, np) if isinstance(o, Tensor) else o for o in operands]
            dtype = op.run(tuple(tiny), params)._array.dtype if all(t.numel() for t in tensors) else dtype
        like = next((t._array for t in tensors if tuple(t.shape) == shape and is_pointwise(op)), None)
        return wrap(blank(shape, dtype, backends.xp_of(tensors[0]._array), like), None, np)


def is_pointwise_name(name: str) -> bool:
    """True for the name of an operation that gives each element on its own."""
    return name in registry and is_pointwise(registry[name])


def is_pointwise(op: Any) -> bool:
    """True for an operation that gives each element on its own."""
    ufunc = getattr(op, "ufunc", None)
    plain = isinstance(op, Elementwise) and isinstance(ufunc, np.ufunc) and ufunc.signature is None
    return plain or op.name in PURE


def shape_of(op: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> tuple[int, ...] | None:
    """The shape an operation would give; None where it has to be run to know, also to hear what it objects to."""
    shapes = [tuple(o.shape) for o in operands if isinstance(o, Tensor)]
    if not shapes or op.multi or op.custom:
        return None
    if is_pointwise(op) and op.name != "dropout":
        try:
            return np.broadcast_shapes(*shapes)
        except ValueError:
            return None
    if op.name == "linear":
        return (*shapes[0][:-1], shapes[1][0])
    if op.name in PRODUCTS:
        return _product(shapes[0], shapes[1])
    if op.name.startswith("conv") and op.name[-1] == "d":
        return _convolution(op.name, shapes[0], shapes[1], params)
    if op.name == "scaled_dot_product_attention":
        return None if op.extras else (*shapes[0][:-1], shapes[2][-1])
    return None


def _product(a: Sequence[int], b: Sequence[int]) -> tuple[int, ...] | None:
    rows, columns = tuple(a[-2:-1]), tuple(b[-1:]) if len(b) > 1 else ()
    try:
        return (*np.broadcast_shapes(tuple(a[:-2]), tuple(b[:-2])), *rows, *columns)
    except ValueError:
        return None


def _convolution(name: str, x: Sequence[int], weight: Sequence[int], params: dict[str, Any]) -> tuple[int, ...] | None:
    try:
        stride, padding, dilation = params["stride"], params["padding"], params["dilation"]
    except KeyError:
        return None
    if name.startswith("conv_transpose"):
        extra = params.get("output_padding", (0,) * len(stride))
        sides = zip(x[2:], weight[2:], stride, padding, dilation, extra, strict=True)
        spatial = [(n - 1) * s - 2 * p + d * (k - 1) + e + 1 for n, k, s, p, d, e in sides]
        return (x[0], weight[1] * params.get("groups", 1), *spatial)
    steps = zip(x[2:], weight[2:], stride, padding, dilation, strict=True)
    return (x[0], weight[0], *((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in steps))


def blank(shape: tuple[int, ...], dtype: Any, xp: Any = np, like: Any = None) -> Any:
    """Zeros, laid out as `like` is where that is given."""
    size = int(np.prod(shape, dtype=object)) * np.dtype(dtype).itemsize
    if size > LARGEST:
        return xp.lib.stride_tricks.as_strided(xp.zeros(1, dtype), shape, (0,) * len(shape))
    if like is not None and like.shape == shape and not like.flags.c_contiguous:
        return xp.zeros_like(like, dtype=dtype)
    return xp.zeros(shape, dtype)


def zeros_like(array: Any) -> Any:
    """Zeros of an array's shape, dtype and strides."""
    xp = backends.xp_of(array)
    if array.flags.c_contiguous or not array.size or array.size * array.itemsize > LARGEST:
        return blank(tuple(array.shape), array.dtype, xp)
    if any(stride < 0 for stride in array.strides):
        return blank(tuple(array.shape), array.dtype, xp)
    last = sum((n - 1) * s for n, s in zip(array.shape, array.strides, strict=True)) // array.itemsize
    memory = xp.zeros(last + 1, array.dtype)
    return xp.lib.stride_tricks.as_strided(memory, array.shape, array.strides)
