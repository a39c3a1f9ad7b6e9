"""The largest and the smallest: max, min, amax, argmax; results with two names; picking along an axis."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradbook import backends, events
from gradbook.autograd.op import Op
from gradbook.ops.arguments import axes, axis, tensor_of, write_out
from gradbook.ops.conversion import converted
from gradbook.ops.elementwise import masked
from gradbook.ops.limits import maximum, minimum
from gradbook.ops.reduction import spread, sum_op
from gradbook.tensor import Tensor, method

__all__ = [
    "amax", "amin", "aminmax", "argmax", "argmin", "max", "min",
]  # fmt: skip

# -- results with two names ------------------------------------------------------------------------------------------


class _Named:
    """How a named result prints: one field a line, as torch.return_types do."""

    __slots__ = ()
    _fields: tuple[str, ...]

    def __repr__(self) -> str:
        fields = ",\n".join(f"{name}={getattr(self, name)!r}" for name in self._fields)
        return f"gradbook.return_types.{type(self).__name__}(\n{fields})"


def _pair_type(name: str, fields: tuple[str, str]) -> Any:
    made: Any = NamedTuple(name, [(field, Tensor) for field in fields])  # type: ignore[misc]
    return type(
        name, (_Named, made), {"__slots__": (), "__doc__": f"What {name} returns: {fields[0]} and {fields[1]}."}
    )


Pair: dict[str, Any] = {
    name: _pair_type(name, ("values", "indices"))
    for name in ("cummax", "cummin", "kthvalue", "max", "median", "min", "mode", "nanmedian", "sort", "topk")
}
MinMax = _pair_type("aminmax", ("min", "max"))
Parts = _pair_type("frexp", ("mantissa", "exponent"))


def pair_out(name: str, pair: Any, out: Any) -> Any:
    """A pair of results, written into a pair of tensors if there is one."""
    if out is None:
        return pair
    return type(pair)(*(write_out(name, value, place) for value, place in zip(pair, out, strict=True)))


# -- picking along an axis, and the reverse --------------------------------------------------------------------------

take_op = Op("take_along", "x", formula=r"y_k = x_{i_k}", grads={"x": r"\bar x_{i_k} \mathrel{+}= \bar y_k"})
put_op = Op("put_along", "x", formula=r"y_{i_k} \mathrel{+}= x_k", grads={"x": r"\bar x_k = \bar y_{i_k}"})


@take_op.forward
def _(xp: Any, x: Any, *, index: Any, dim: int, add: Any = False, dropped: Any = False) -> Any:
    if not x.ndim:
        return x.copy()
    found = xp.take_along_axis(x, index, dim)
    return found.reshape((*found.shape[:dim], *found.shape[dim + 1 :])) if dropped else found  # that axis has length 1


@take_op.grad("x")
def _(grad: Any, x_shape: Any, index: Any, dim: int, add: Any, dropped: Any) -> Any:
    length = x_shape[dim] if x_shape else 1
    return put_op(grad, index=index, dim=dim, length=length, add=add, dropped=dropped)


@put_op.forward
def _(xp: Any, x: Any, *, index: Any, dim: int, length: int, add: Any = False, dropped: Any = False) -> Any:
    if dropped:
        x = x.reshape((*x.shape[:dim], 1, *x.shape[dim:]))
    if not x.ndim:
        return x.copy()
    made = xp.zeros((*x.shape[:dim], length, *x.shape[dim + 1 :]), x.dtype)
    if add:
        grid = list(xp.ogrid[tuple(slice(n) for n in x.shape)])
        grid[dim] = index
        xp.add.at(made, tuple(grid), x)
    else:
        xp.put_along_axis(made, index, x, dim)
    return made


@put_op.grad("x")
def _(grad: Any, index: Any, dim: int, add: Any, dropped: Any) -> Any:
    return take_op(grad, index=index, dim=dim, add=add, dropped=dropped)


def selected(name: str, x: Tensor, index: Any, dim: int, keepdim: bool) -> Any:
    """(values, indices) of one element an axis; index has length 1 on that axis."""
    if x._array.ndim and not keepdim:
        values = take_op(x, index=index, dim=dim, dropped=True)
        index = index.reshape(values._array.shape)
    else:
        values = take_op(x, index=index, dim=dim)
    return Pair[name](values, Tensor._of(backends.as_array(index, x._array)))


# -- extremes --------------------------------------------------------------------------------------------------------


def _extreme_op(name: str, best: str) -> Op:
    made = Op(name, "x", formula=rf"y = \{best}_i x_i", grads={"x": r"\bar y \, [x_i = y] \text{, shared among ties}"})

    @made.forward
    def _(xp: Any, x: Any, *, dim: Any, keepdim: Any) -> Any:
        return getattr(x, best)(axis=dim, keepdims=keepdim)

    @made.grad("x")
    def _(grad: Any, x: Any, out: Any, x_shape: Any, dim: Any, keepdim: Any) -> Any:
        top = spread(out, x_shape, dim, keepdim)
        hits = (x == top) | ((x != x) & (top != top))
        share = _count(hits, dim, grad)
        return masked(spread(grad, x_shape, dim, keepdim) / share, hits)

    return made


def _count(hits: Any, dim: Any, grad: Any) -> Any:
    """How many hits there are, kept as an axis, in the dtype of the gradient."""
    number = converted(hits, grad._array.dtype, None) if isinstance(hits, Tensor) else hits.astype(grad.dtype)
    return sum_op(number, dim=dim, keepdim=True)


amax_op, amin_op = _extreme_op("amax", "max"), _extreme_op("amin", "min")


def nothing(name: str, input: Tensor, dim: Any) -> None:
    """Raise if there is nothing to choose from: RuntimeError over all axes, IndexError along an empty one."""
    array = input._array
    if array.size:
        return
    if dim is None:
        kind = IndexError if name in ("argmax", "argmin") else RuntimeError
        raise kind(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with "
            "the 'dim' argument."
        )
    for d in dim:
        if array.ndim and not array.shape[d]:
            raise IndexError(f"{name}(): Expected reduction dim {d} to have non-zero size.")


def _reduced(op: Op, input: Tensor, dim: Any, keepdim: bool, out: Tensor | None) -> Tensor:
    found = axes(dim, tensor_of(op.name, input)._array.ndim)
    nothing(op.name, input, found)
    return write_out(op.name, op(input, dim=found, keepdim=keepdim), out)


@method("amax")
def amax(input: Tensor, dim: Any = (), keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The largest element over all axes or those in `dim`; ties share the gradient (torch.amax)."""
    return _reduced(amax_op, input, dim, keepdim, out)


@method("amin")
def amin(input: Tensor, dim: Any = (), keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The smallest element over all axes or those in `dim`; ties share the gradient (torch.amin)."""
    return _reduced(amin_op, input, dim, keepdim, out)


@method("aminmax")
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False, out: Any = None) -> Any:
    """(min, max) over all axes or one, as torch.aminmax."""
    where = () if dim is None else dim
    return pair_out("aminmax", MinMax(amin(input, where, keepdim), amax(input, where, keepdim)), out)


def _arg(name: str, input: Tensor, dim: Any, keepdim: bool, out: Tensor | None) -> Tensor:
    array = tensor_of(name, input)._array
    if array.dtype.kind == "b":
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for 'Bool'; write x.int().{name}()")
    where = None if dim is None else axis(dim, array.ndim)
    nothing(name, input, None if where is None else (where,))
    return write_out(name, Tensor._of(events.finding(_place, array, name=name, dim=where, keepdim=keepdim)), out)


def _place(array: Any, *, name: str, dim: int | None, keepdim: bool) -> Any:
    """Where the largest or smallest is ("argmax", "argmin"), over all or along an axis."""
    if array.ndim == 0:
        found = np.asarray(0)
    elif dim is None:
        found = getattr(array, name)()
        if keepdim:
            found = np.asarray(found).reshape((1,) * array.ndim)
    else:
        found = getattr(array, name)(axis=dim, keepdims=keepdim)
    return backends.as_array(found, array).astype(np.int64)


@method("argmax")
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Where the largest element is: in the flattened tensor, or along `dim` (torch.argmax). -> int64."""
    return _arg("argmax", input, dim, keepdim, out)


@method("argmin")
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Where the smallest element is: in the flattened tensor, or along `dim` (torch.argmin). -> int64."""
    return _arg("argmin", input, dim, keepdim, out)


def _either(name: str, input: Tensor, dim: Any, keepdim: bool, other: Any, out: Any) -> Any:
    tensor_of(name, input)
    other = dim if isinstance(dim, Tensor) else other
    if other is not None:
        return (maximum if name == "max" else minimum)(input, other, out=out)
    if dim is None:
        return _reduced(amax_op if name == "max" else amin_op, input, None, False, out)
    where = axis(dim, input._array.ndim)
    nothing(name, input, (where,))
    index = events.finding(_place, input._array, name="arg" + name, dim=where, keepdim=True)
    return pair_out(name, selected(name, input, index, where, keepdim), out)


@method("max")
def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None, out: Any = None) -> Any:
    """The largest element; with `dim` (values, indices) on an axis; with a second tensor the larger (torch.max)."""
    return _either("max", input, dim, keepdim, other, out)


@method("min")
def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None, out: Any = None) -> Any:
    """The smallest element; with `dim` (values, indices) on an axis; with a second tensor the smaller (torch.min)."""
    return _either("min", input, dim, keepdim, other, out)
