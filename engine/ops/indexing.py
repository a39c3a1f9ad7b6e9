"""x[index] and x[index] = value. Integers, slices, None and ... make views; masks and integer tensors copy.

An index is taken apart in PyTorch's order: first everything that makes a view, then the tensors together.
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradbook import backends, dtypes, events
from gradbook.autograd import grad_mode, layers, versions
from gradbook.autograd.inplace import assign, changed, check_apart, check_leaf, check_overlap, same_place
from gradbook.autograd.op import Op
from gradbook.errors import Card, ShapeError
from gradbook.ops.arguments import with_out
from gradbook.ops.shape import expand_op, need_tensor, reshape_op
from gradbook.tensor import Tensor, method

__all__ = ["index_put", "select", "slice_scatter"]

FULL, ndarray, UNSIGNED = slice(None), np.ndarray, np.dtype(np.uint64)

# -- ops -----------------------------------------------------------------------------------------------------------

slice_op = Op(
    "slice",
    "x",
    view=True,
    formula=r"y = x[\text{start}:\text{stop}]",
    grads={"x": r"\bar y \text{ there, 0 elsewhere}"},
)
slice_op.forward(lambda xp, x, *, index: x[(*index, ...)])
slice_op.grad("x")(lambda grad, x_shape, index: slice_grad_op(grad, index=index, shape=x_shape))

select_op = Op("select", "x", view=True, formula="y = x_i", grads={"x": r"\bar y \text{ at } i \text{, 0 elsewhere}"})
select_op.forward(lambda xp, x, *, index: x[(*index, ...)])
select_op.grad("x")(lambda grad, x_shape, index: slice_grad_op(grad, index=index, shape=x_shape))

slice_grad_op: Op = Op("slice_grad", "grad", node_name="SliceBackwardBackward0")


@slice_grad_op.forward
def _(xp: Any, grad: Any, *, index: Any, shape: Any) -> Any:
    back = xp.zeros(shape, grad.dtype)
    back[(*index, ...)] = grad
    return back


slice_grad_op.grad("grad")(lambda grad, index: slice_op(grad, index=index))


class IndexOp(Op):
    """An op whose operands after the first ones are integer arrays: they are kept, and have no gradient."""

    custom = True

    def _record(self, edges: list[Any], arrays: list[Any], result: Any, extras: Any, params: dict[str, Any]) -> Any:
        node = super()._record(edges, arrays, result, extras, params)
        first = 2 if self is index_put_op else 1
        node.saved = (None,) * first + tuple(arrays[first:])
        return node


index_op = IndexOp(
    "index", "x indices", variadic=True, promote=False, formula=r"y_j = x_{i_j}",
    grads={"x": r"\bar x_i = \textstyle\sum_{j:\, i_j = i} \bar y_j"},
)  # fmt: skip
index_grad_op = IndexOp(
    "index_grad", "grad indices", variadic=True, promote=False, node_name="IndexBackwardBackward0",
    formula=r"y_i = \textstyle\sum_{j:\, i_j = i} x_j",
)  # fmt: skip
index_put_op = IndexOp(
    "index_put", "x value indices", variadic=True, promote=False, formula=r"y = x, \quad y_{i_j} = v_j",
    grads={"x": r"\bar y, \; 0 \text{ at } i_j", "value": r"\bar y_{i_j}"},
)  # fmt: skip


def whole(ndim: int, dims: Sequence[int], indices: Sequence[Any]) -> tuple[Any, ...]:
    """The NumPy index with `indices` at the axes `dims` and everything along the others."""
    found: list[Any] = [FULL] * ndim
    for axis, index in zip(dims, indices, strict=True):
        found[axis] = index
    return tuple(found)


@index_op.forward
def _(xp: Any, x: Any, *indices: Any, dims: Any) -> Any:
    if len(indices) == 1:
        return xp.take(x, indices[0], dims[0])
    return x[whole(x.ndim, dims, indices)]


@index_grad_op.forward
def _(xp: Any, grad: Any, *indices: Any, dims: Any, shape: Any) -> Any:
    return add_at(xp, xp.zeros(shape, grad.dtype), dims, indices, grad)


@index_put_op.forward
def _(xp: Any, x: Any, value: Any, *indices: Any, dims: Any, accumulate: bool = False) -> Any:
    out = x.copy()
    if accumulate:
        index = whole(x.ndim, dims, indices)
        wanted = xp.empty(x.shape, np.bool_)[index].shape
        return add_at(xp, out, dims, indices, xp.broadcast_to(value, wanted))
    out[whole(x.ndim, dims, indices)] = value
    return out


def _index_backward(node: Any, g: Any, create_graph: bool) -> list[Any]:
    none = [None] * (len(node.edges) - 1)
    dims = node.params["dims"]
    return [index_grad_op(g, *node.saved[1:], dims=dims, shape=node.edges[0].shape), *none]


def _index_grad_backward(node: Any, g: Any, create_graph: bool) -> list[Any]:
    return [index_op(g, *node.saved[1:], dims=node.params["dims"]), *[None] * (len(node.edges) - 1)]


def _index_put_backward(node: Any, g: Any, create_graph: bool) -> list[Any]:
    indices, dims = node.saved[2:], node.params["dims"]
    x_grad = value_grad = None
    if node.edges[0] is not None:
        array = g._array if isinstance(g, Tensor) else g
        zero = backends.xp_of(array).zeros((), array.dtype)
        x_grad = g if node.params.get("accumulate") else index_put_op(g, zero, *indices, dims=dims)
    if node.edges[1] is not None:
        value_grad = index_op(g, *indices, dims=dims)
    return [x_grad, value_grad, *[None] * len(indices)]


index_op.backward_node = _index_backward  # type: ignore[attr-defined]
index_grad_op.backward_node = _index_grad_backward  # type: ignore[attr-defined]
index_put_op.backward_node = _index_put_backward  # type: ignore[attr-defined]


def add_at(xp: Any, out: Any, dims: Sequence[int], indices: Sequence[Any], values: Any) -> Any:
    """Add `values` to the places of `out` that `indices` name along `dims`; a place named twice gets both. -> out."""
    if xp is not np or not values.size:
        if values.size:
            xp.add.at(out, whole(out.ndim, dims, indices), values)
        return out
    if out.dtype.kind in "fV" and out.dtype.itemsize < 4:  # sums of many small parts need the room
        return add_at(xp, out.astype(np.float32), dims, indices, values.astype(np.float32)).astype(out.dtype)
    # one flat address an element: NumPy adds at 1-D addresses ten times faster than at others
    steps = [1] * out.ndim
    for axis in range(out.ndim - 2, -1, -1):
        steps[axis] = steps[axis + 1] * out.shape[axis + 1]
    index = [
        np.where(i < 0, i + out.shape[axis], i) if i.dtype.kind == "i" and i.size and i.min() < 0 else i
        for axis, i in zip(dims, indices, strict=True)
    ]
    if len(index) == out.ndim:
        place = sum(i * s for i, s in zip(index, steps, strict=True))
    elif len(index) == 1 and dims[0] == 0:
        rest = out.size // out.shape[0] if out.shape[0] else 0
        place = np.asarray(index[0])[..., None] * rest + np.arange(rest)
    else:
        place = np.arange(out.size).reshape(out.shape)[whole(out.ndim, dims, index)]
    flat = out.reshape(-1)
    np.add.at(flat, np.broadcast_to(place.reshape(-1), (values.size,)), np.ascontiguousarray(values).reshape(-1))
    return flat.reshape(out.shape)


# -- taking an index apart -------------------------------------------------------------------------------------------


def is_basic(part: Any) -> bool:
    """True for what makes a view: a number (not a truth value), a slice, None, an ellipsis."""
    kind = type(part)
    return kind is int or kind is slice or part is None or part is Ellipsis


def basic_part(part: Any) -> Any:
    """An index part with numbers for 0-d integer tensors and NumPy integers; sequences and arrays as arrays."""
    if is_basic(part):
        return _plain_slice(part) if type(part) is slice else part
    if isinstance(part, Tensor):
        array = part._array
        if array.ndim == 0 and array.dtype.kind in "iu" and array.dtype != np.uint8:
            return int(array)
        return array
    if isinstance(part, (bool, np.bool_)):
        return np.asarray(bool(part))
    if backends.is_array(part):
        return int(part) if part.ndim == 0 and part.dtype.kind in "iu" else part
    if isinstance(part, (list, tuple, range)):
        return _list_index(part)
    if isinstance(part, str):
        raise TypeError(f"a tensor is indexed by numbers, slices, None, ... and tensors, not by the string {part!r}")
    try:
        return operator.index(part)
    except TypeError:
        raise IndexError(
            "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got "
            f"{type(part).__name__})"
        ) from None


def _plain_slice(part: slice) -> slice:
    if part.step is not None and operator.index(part.step) <= 0:
        raise ValueError("step must be greater than zero")
    if any(isinstance(v, (Tensor, np.integer)) for v in (part.start, part.stop, part.step)):
        return slice(*[None if v is None else operator.index(v) for v in (part.start, part.stop, part.step)])
    return part


def _list_index(part: Sequence[Any]) -> Any:
    items = [p._array if isinstance(p, Tensor) else p for p in part]
    if any(isinstance(p, float) for p in items):
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    try:
        array = np.asarray(items) if items else np.zeros((0,), np.int64)
    except ValueError as error:
        raise ValueError(f"an index list must be a rectangle of integers or truth values: {error}") from None
    if array.dtype.kind not in "biu":
        raise IndexError(f"tensors used as indices must be long, int, byte or bool tensors, not {array.dtype}")
    return array.astype(np.int64) if array.dtype.kind != "b" else array


def as_tuple(index: Any) -> tuple[Any, ...]:
    """The parts of an index: PyTorch takes a short list that holds sequences, slices, None or tensors for a tuple."""
    if isinstance(index, tuple):
        return index
    if isinstance(index, list) and len(index) < 32 and any(map(_makes_a_tuple, index)):
        warnings.warn(
            "A list of sequences, slices or tensors as an index is taken for a tuple: write x[tuple(index)], or "
            "x[gradbook.tensor(index)] for one index of several dimensions.",
            UserWarning,
            stacklevel=4,
        )
        return tuple(index)
    return (index,)


def _makes_a_tuple(part: Any) -> bool:
    return part is None or part is Ellipsis or isinstance(part, (slice, list, tuple, range, Tensor, np.ndarray))


def consumed(part: Any) -> int:
    """How many axes of the tensor an index part uses up."""
    if part is None or part is Ellipsis:
        return 0
    if (backends.is_array(part) and part.dtype.kind in "b") or getattr(part, "dtype", None) == np.uint8:
        return int(part.ndim)
    return 1


def take_apart(shape: tuple[int, ...], index: Any) -> tuple[tuple[Any, ...], list[tuple[int, Any]], bool]:
    """(the view's index, [(axis of the view, integer or mask array)], only whole numbers?) Raises IndexError."""
    parts = [basic_part(p) for p in as_tuple(index)]
    used = sum(consumed(p) for p in parts)
    while sum(p is Ellipsis for p in parts) > 1 and parts[-1] is Ellipsis:
        parts.pop()
    if sum(p is Ellipsis for p in parts) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    if used > len(shape):
        if not shape and all(type(p) is int for p in parts):
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in "
                "C++ to convert a "
                "0-dim tensor to a number"
            )
        raise IndexError(f"too many indices for tensor of dimension {len(shape)}")
    view: list[Any] = []
    arrays: list[tuple[int, Any]] = []
    axis = place = 0  # of the tensor, of the view
    numbers = True
    for part in parts:
        if part is Ellipsis:
            skipped = len(shape) - used
            view += [FULL] * skipped
            axis, place, numbers = axis + skipped, place + skipped, False
        elif part is None:
            view.append(None)
            place, numbers = place + 1, False
        elif type(part) is int:
            _check_bounds(part, axis, shape[axis])
            view.append(part)
            axis += 1
        elif type(part) is slice:
            view.append(part)
            axis, place, numbers = axis + 1, place + 1, False
        else:
            axis, place = _array_part(part, shape, axis, place, view, arrays)
            numbers = False
    return tuple(view), arrays, numbers


def _array_part(part: Any, shape: Any, axis: int, place: int, view: list[Any], arrays: Any) -> tuple[int, int]:
    """An integer or mask array of an index: axes of the tensor and of the view after it."""
    if part.dtype.kind == "b" or part.dtype == np.uint8:
        if part.dtype == np.uint8:
            warnings.warn(
                "indexing with dtype gradbook.uint8 is deprecated: it is taken for a mask. Use gradbook.bool for a "
                "mask, gradbook.int64 for positions.",
                UserWarning,
                stacklevel=5,
            )
        if part.ndim == 0:
            view.append(None)  # a truth value alone: a new axis of length 1 or 0
            arrays.append((place, backends.xp_of(part).arange(1 if part else 0)))
            return axis, place + 1
        if tuple(part.shape) != tuple(shape[axis : axis + part.ndim]):
            bad = next(i for i, (a, b) in enumerate(zip(part.shape, shape[axis:], strict=False)) if a != b)
            text = (
                f"The shape of the mask {list(part.shape)} at index {bad} does not match the shape of the "
                "indexed tensor "
                f"{list(shape)} at index {axis + bad}"
            )
            raise IndexError(text)
        for i, found in enumerate(part.nonzero()):
            arrays.append((place + i, found))
        view += [FULL] * part.ndim
        return axis + part.ndim, place + part.ndim
    if part.dtype not in (np.int64, np.int32):
        raise IndexError(f"tensors used as indices must be long, int, byte or bool tensors, not {part.dtype}")
    if part.size and (part.max() >= shape[axis] or part.min() < -shape[axis]):
        wrong = part.max() if part.max() >= shape[axis] else part.min()
        _check_bounds(int(wrong), axis, shape[axis])
    view.append(FULL)
    arrays.append((place, part))
    return axis + 1, place + 1


def _check_bounds(i: int, axis: int, length: int) -> None:
    if not -length <= i < length:
        text = f"index {i} is out of bounds for dimension {axis} with size {length}" + (
            f"; the last entry is {length - 1}, or -1" if length else "; that axis is empty"
        )
        raise IndexError(text)


def _together(arrays: list[tuple[int, Any]]) -> None:
    """Raise IndexError unless index arrays broadcast."""
    try:
        np.broadcast_shapes(*[a.shape for _, a in arrays])
    except ValueError:
        raise IndexError(
            "shape mismatch: indexing tensors could not be broadcast together with shapes "
            + ", ".join(str(list(a.shape)) for _, a in arrays)
        ) from None


def trivial(view: tuple[Any, ...]) -> bool:
    """True if a view index changes nothing."""
    return all(type(p) is slice and p == FULL for p in view)


# -- x[index] ------------------------------------------------------------------------------------------------------


@method("__getitem__")
def _getitem(self: Tensor, index: Any) -> Tensor:
    """x[index], as torch: a view for integers, slices, None and ...; a copy where tensors or lists are in it."""
    if type(index) is int:
        shape = self._array.shape
        if not shape or not -shape[0] <= index < shape[0]:
            take_apart(shape, index)
        result: Tensor = select_op(self, index=(index,))
        return result
    if isinstance(index, Tensor) and names_entries(self._array, index._array):
        result = index_op(self, index, dims=(0,))
        return result
    view, arrays, numbers = take_apart(self._array.shape, index)
    if not arrays:
        result = (select_op if numbers and view else slice_op)(self, index=view)
        return result
    part = self if trivial(view) else slice_op(self, index=view)
    _together(arrays)
    xp = backends.xp_of(self._array)
    result = index_op(part, *[Tensor._of(xp.asarray(a)) for _, a in arrays], dims=tuple(axis for axis, _ in arrays))
    return result


def names_entries(x: Any, index: Any) -> bool:
    """Whether an index is a vector of int64, or has more axes, all within the first axis of x: the common case."""
    if type(x) is not ndarray or type(index) is not ndarray or index.dtype is not dtypes.I64:
        return False
    if not index.ndim or not x.ndim:
        return False
    return not index.size or bool(index.view(UNSIGNED).max() < x.shape[0])  # those below 0 are large then


def select(input: Tensor, dim: int, index: Any) -> Tensor:
    """The entry `index` along an axis, without that axis, as torch.select: a view. Raises IndexError beyond the end."""
    from gradbook.ops.shape import wrap_dim

    shape = need_tensor("select", input)._array.shape
    if not shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    axis, i = wrap_dim(dim, len(shape)), operator.index(index)
    if not -shape[axis] <= i < shape[axis]:
        raise IndexError(f"select(): index {i} out of range for tensor of size {list(shape)} at dimension {axis}")
    result: Tensor = select_op(input, index=(FULL,) * axis + (i,))
    return result


method("select")(select)


# -- x[index] = value ------------------------------------------------------------------------------------------------


@method("__setitem__")
def _setitem(self: Tensor, index: Any, value: Any) -> None:
    """x[index] = value: value is broadcast and cast; gradients flow to it, and no longer to what it replaced."""
    view, arrays, _ = take_apart(self._array.shape, index)
    xp = backends.xp_of(self._array)
    new = value if isinstance(value, Tensor) else _constant(value, self._array, xp)
    if versions.followed:
        layers.refuse_tangent(new)
    root = self if self._view is None else self._view[0]
    followed = new.requires_grad or self._node is not None or root._node is not None
    if not (followed and grad_mode.state.enabled) and not events.op:
        _write(xp, self, view, arrays, new._array)
        return
    part = self if not view or trivial(view) else slice_op(self, index=view)
    if arrays:
        _together(arrays)
        indices, dims = [xp.asarray(a) for _, a in arrays], tuple(axis for axis, _ in arrays)
        wanted = xp.broadcast_to(xp.empty((), np.bool_), part._array.shape)[
            whole(part._array.ndim, dims, indices)
        ].shape
        check_apart(part._array, new._array)
        placed = _cast(_fitted(new, wanted), part)
        assign(part, index_put_op(part, placed, *[Tensor._of(a) for a in indices], dims=dims))
    else:
        part.copy_(_fitted(new, part._array.shape))


def _constant(value: Any, array: Any, xp: Any) -> Tensor:
    """A number, list or array as a tensor for assignment. Raises TypeError for anything else."""
    if isinstance(value, (bool, int, float, complex, np.generic)):
        if isinstance(value, complex) and array.dtype.kind != "c":
            raise RuntimeError("value cannot be converted to type without overflow: it is complex, the tensor is real")
        with np.errstate(invalid="ignore"):
            return Tensor._of(xp.asarray(np.asarray(value).astype(array.dtype)))
    if backends.is_array(value) and backends.device_of(value) == backends.device_of(array):
        return Tensor._of(value)
    raise TypeError(
        f"can't assign a {type(value).__name__} to a {dtypes.of_array(array)!r} tensor; make it a tensor first"
    )


def _write(xp: Any, target: Tensor, view: tuple[Any, ...], arrays: list[tuple[int, Any]], new: Any) -> None:
    part = target._array[(*view, ...)]
    if new.shape != part.shape:
        check_overlap(part)
    if arrays:
        _together(arrays)
        part_index = whole(part.ndim, [axis for axis, _ in arrays], [xp.asarray(a) for _, a in arrays])
        wanted = xp.broadcast_to(xp.empty((), np.bool_), part.shape)[part_index].shape
    else:
        part_index, wanted = (Ellipsis,), part.shape
    if new.shape != wanted:
        new = _stripped(new, wanted)
    if arrays:
        check_apart(part, new)
    elif new.shape == part.shape and not same_place(part, new):
        check_overlap(part, new)
    with np.errstate(invalid="ignore", over="ignore"):
        part[part_index] = new.real if new.dtype.kind == "c" != part.dtype.kind else new
    changed(target)


def _stripped(new: Any, wanted: tuple[int, ...]) -> Any:
    """An array without the leading axes of length 1 that its destination has not.

    Raises RuntimeError if it does not fit.
    """
    shape = new.shape
    while len(shape) > len(wanted) and shape[0] == 1:
        shape = shape[1:]
    lead = len(wanted) - len(shape)
    if lead < 0 or any(n not in (1, m) for n, m in zip(shape, wanted[lead:], strict=True)):
        text = (
            f"shape mismatch: value tensor of shape {list(new.shape)} cannot be broadcast to indexing result of shape "
            f"{list(wanted)}"
        )
        raise ShapeError(text, card=Card(op="index_put", explanation=text))
    return new.reshape(shape)


def _fitted(new: Tensor, wanted: tuple[int, ...]) -> Tensor:
    """A value broadcast to where it shall be written, followed by autograd."""
    if new._array.shape == wanted:
        return new
    shape = _stripped(new._array, wanted).shape
    if shape != new._array.shape:
        new = reshape_op(new, shape=shape)
    result: Tensor = expand_op(new, size=tuple(wanted))
    return result


def _cast(new: Tensor, target: Tensor) -> Tensor:
    return new if new._array.dtype == target._array.dtype else new.to(target.dtype)


# -- index_put -----------------------------------------------------------------------------------------------------


def index_put(input: Tensor, indices: Sequence[Any], values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of `input` with `values` at the places that `indices` (one tensor an axis) name, as torch.index_put.

    accumulate=True adds instead, several times where an index repeats. Raises IndexError beyond the end.
    """
    need_tensor("index_put", input)
    if input._array.dtype != values._array.dtype:
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {input.dtype!r} for the destination and "
            f"{values.dtype!r} for the source."
        )
    parts = tuple(FULL if i is None else i for i in indices)
    view, arrays, _ = take_apart(input._array.shape, parts)
    if not trivial(view):
        input = slice_op(input, index=view)
    _together(arrays)
    xp = backends.xp_of(input._array)
    dims, found = tuple(axis for axis, _ in arrays), [xp.asarray(a) for _, a in arrays]
    wanted = xp.broadcast_to(xp.empty((), np.bool_), input._array.shape)[whole(input._array.ndim, dims, found)].shape
    places = [Tensor._of(a) for a in found]
    result: Tensor = index_put_op(input, _fitted(values, wanted), *places, dims=dims, accumulate=bool(accumulate))
    return result


method("index_put")(index_put)


@method("index_put_")
def _index_put_(self: Tensor, indices: Sequence[Any], values: Tensor, accumulate: bool = False) -> Tensor:
    """As index_put, in place."""
    check_leaf(self)
    result = index_put(self, indices, values, accumulate)
    check_apart(self._array, values._array)
    return assign(self, result)


@with_out
def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """A copy of `input` with `src` in a slice of an axis, as torch.slice_scatter."""
    out: Tensor = need_tensor("slice_scatter", input).clone()
    out[(FULL,) * (dim % max(input._array.ndim, 1)) + (slice(start, end, step),)] = src
    return out


method("slice_scatter")(slice_scatter)
