"""Views that walk memory their own way: diagonals, sliding windows, as_strided; and the triangles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradbook.autograd import versions
from gradbook.autograd.inplace import inplace
from gradbook.autograd.op import Op
from gradbook.errors import ShapeError
from gradbook.ops.arguments import with_out
from gradbook.ops.shape import need_tensor, wrap_dim
from gradbook.tensor import Tensor, method

__all__ = ["as_strided", "diag", "diag_embed", "diagflat", "diagonal", "tril", "triu"]


def strided(xp: Any, memory: Any, shape: tuple[int, ...], steps: tuple[int, ...], offset: int) -> Any:
    """A writable view of flat, contiguous `memory`: strides and offset in elements. Its base is `memory`."""
    size = memory.itemsize
    if xp is not np:
        return xp.lib.stride_tricks.as_strided(memory[offset:], shape, tuple(s * size for s in steps))
    raw = memory.view(np.uint8)  # any dtype has a buffer this way
    return np.ndarray(shape, memory.dtype, raw, offset * size, tuple(s * size for s in steps))


def storage(array: Any) -> tuple[Any, int]:
    """The flat memory that an array lies in, and where in it the array begins (elements)."""
    whole = versions.owner(array)
    order = "K" if whole.flags.f_contiguous and not whole.flags.c_contiguous else "C"
    flat = whole.ravel(order)
    if flat.dtype != array.dtype:  # the memory was made for another dtype: view(dtype)
        flat = flat.view(array.dtype)
    if isinstance(array, np.ndarray):
        begin = array.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    else:
        begin = array.data.ptr - whole.data.ptr
    return flat, begin // array.itemsize


def positions(shape: tuple[int, ...], steps: tuple[int, ...], offset: int) -> Any:
    """Where in memory each element of a strided view lies. -> int64 array of `shape`."""
    place = np.full(shape, offset, np.int64)
    for axis, (length, step) in enumerate(zip(shape, steps, strict=True)):
        place += (np.arange(length) * step).reshape((-1,) + (1,) * (len(shape) - axis - 1))
    return place


# -- as_strided ----------------------------------------------------------------------------------------------------

as_strided_op = Op("as_strided", "x", view=True, formula=r"y_{i_1 \dots} = m_{o + \sum_k s_k i_k}")


@as_strided_op.forward
def _(xp: Any, x: Any, *, size: Any, stride: Any, storage_offset: int, own: Any) -> Any:
    if tuple(step // x.itemsize for step in x.strides) != own[0]:  # a gradient, laid out in another way
        x = xp.ascontiguousarray(x)
    flat, begin = storage(x)
    return strided(xp, flat, size, stride, begin - own[1] + storage_offset)


@as_strided_op.grad("x")
def _(grad: Any, x_shape: Any, size: Any, stride: Any, storage_offset: int, own: Any) -> Any:
    from gradbook.ops.indexing import index_grad_op, index_op

    steps, begin = own
    mine, theirs = positions(x_shape, steps, begin), positions(size, stride, storage_offset)
    length = int(max(mine.max(initial=-1), theirs.max(initial=-1))) + 1
    times = np.bincount(mine.ravel(), minlength=length)  # an expanded x sees an element several times
    memory = index_grad_op(grad, theirs, dims=(0,), shape=(length,))
    back = index_op(memory, mine, dims=(0,))
    shared = times[mine]
    return back if (shared == 1).all() else back / shared.astype(np.float64)


def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """A view of the tensor's memory with any lengths and strides (in elements), as torch.as_strided.

    Raises RuntimeError where the view would leave the memory, or size and stride differ in length.
    """
    array = need_tensor("as_strided", input)._array
    shape, steps = tuple(int(n) for n in size), tuple(int(n) for n in stride)
    if len(shape) != len(steps):
        raise ShapeError(f"mismatch in length of strides and shape: size {list(shape)}, stride {list(steps)}")
    if any(s < 0 for s in steps):
        raise ShapeError(f"as_strided: Negative strides are not supported at the moment, got strides: {list(steps)}")
    flat, begin = storage(array)
    offset = begin if storage_offset is None else int(storage_offset)
    last = offset + sum((n - 1) * s for n, s in zip(shape, steps, strict=True))
    if 0 not in shape and not 0 <= offset <= last < flat.size:
        raise ShapeError(
            f"setStorage: sizes {list(shape)}, strides {list(steps)}, storage offset {offset} are out of bounds for "
            f"storage of size {flat.size}"
        )
    own = (tuple(s // array.itemsize for s in array.strides), begin)
    result: Tensor = as_strided_op(input, size=shape, stride=steps, storage_offset=offset, own=own)
    return result


method("as_strided")(as_strided)


def in_memory_of(root: Tensor, view: Tensor, only_step: bool = False) -> Any:
    """The view that lies where `view` lies, made from its root in one step; or that step: (op, params)."""
    array = view._array
    steps = tuple(s // array.itemsize for s in array.strides)
    own = (tuple(s // root._array.itemsize for s in root._array.strides), storage(root._array)[1])
    params = {"size": array.shape, "stride": steps, "storage_offset": storage(array)[1], "own": own}
    return (as_strided_op, params) if only_step else as_strided_op.run((root,), params)


@method("storage_offset")
def _storage_offset(self: Tensor) -> int:
    """Elements between the beginning of the memory and the first element of the tensor."""
    return int(storage(self._array)[1])


# -- sliding windows -----------------------------------------------------------------------------------------------

unfold_op = Op("unfold", "x", view=True, formula=r"y_{\dots i \dots k} = x_{\dots (i s + k) \dots}")


@unfold_op.forward
def _(xp: Any, x: Any, *, dimension: int, size: int, step: int) -> Any:
    if x.ndim == 0:
        return x.reshape(1)[:size]
    windows = np.lib.stride_tricks.sliding_window_view if xp is np else xp.lib.stride_tricks.sliding_window_view
    if xp is not np or not x.size or not size:
        seen = windows(x, size, dimension) if size else xp.zeros((*_windows(x.shape, dimension, 0, 1), 0), x.dtype)
        return seen[(slice(None),) * dimension + (slice(None, None, step),)]
    flat, begin = storage(x)
    steps = [s // x.itemsize for s in x.strides]
    shape = _windows(x.shape, dimension, size, step)
    own = steps[dimension]
    steps[dimension] *= step
    return strided(xp, flat, (*shape, size), (*steps, own), begin)


def _windows(shape: tuple[int, ...], dimension: int, size: int, step: int) -> tuple[int, ...]:
    return (*shape[:dimension], (shape[dimension] - size) // step + 1, *shape[dimension + 1 :])


unfold_grad_op = Op("unfold_grad", "grad", node_name="UnfoldBackwardBackward0")


@unfold_grad_op.forward
def _(xp: Any, grad: Any, *, shape: Any, dimension: int, size: int, step: int) -> Any:
    back = xp.zeros(shape, grad.dtype)
    if not shape:
        return grad.sum().astype(grad.dtype)
    count = grad.shape[dimension]
    place: list[Any] = [slice(None)] * len(shape)
    for k in range(size):
        place[dimension] = slice(k, k + (count - 1) * step + 1, step)
        back[tuple(place)] += grad[..., k]
    return back


@unfold_op.grad("x")
def _(grad: Any, x_shape: Any, dimension: int, size: int, step: int) -> Any:
    return unfold_grad_op(grad, shape=x_shape, dimension=dimension, size=size, step=step)


@unfold_grad_op.grad("grad")
def _(grad: Any, dimension: int, size: int, step: int) -> Any:
    return unfold_op(grad, dimension=dimension, size=size, step=step)


@method("unfold")
def _unfold(self: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Windows of `size` elements, `step` apart, along an axis, as torch.Tensor.unfold: a view.

    (.., n, ..) -> (.., (n - size) // step + 1, .., size). Raises RuntimeError for a window longer than the axis.
    """
    axis = wrap_dim(dimension, self._array.ndim)
    length = self._array.shape[axis] if self._array.ndim else 1
    if size < 0:
        raise ShapeError(f"size is {size} but must be >= 0")
    if size > length:
        raise ShapeError(f"maximum size for tensor at dimension {axis} is {length} but size is {size}")
    if step <= 0:
        raise ShapeError(f"step is {step} but must be > 0")
    result: Tensor = unfold_op(self, dimension=axis, size=int(size), step=int(step))
    return result


# -- diagonals -----------------------------------------------------------------------------------------------------

diagonal_op = Op(
    "diagonal", "x", view=True, formula=r"y_i = x_{i,\, i + k}", grads={"x": r"\operatorname{diag}(\bar y)"}
)


@diagonal_op.forward
def _(xp: Any, x: Any, *, offset: int, dim1: int, dim2: int) -> Any:
    found = x.diagonal(offset, dim1, dim2)
    if xp is np and x.flags.writeable:
        found.flags.writeable = True
    return found


diagonal_grad_op = Op("diagonal_grad", "grad", node_name="DiagonalBackwardBackward0")


@diagonal_grad_op.forward
def _(xp: Any, grad: Any, *, shape: Any, offset: int, dim1: int, dim2: int) -> Any:
    back = xp.zeros(shape, grad.dtype)
    part = back.diagonal(offset, dim1, dim2)
    if xp is np:
        part.flags.writeable = True
    part[...] = grad
    return back


@diagonal_op.grad("x")
def _(grad: Any, x_shape: Any, offset: int, dim1: int, dim2: int) -> Any:
    return diagonal_grad_op(grad, shape=x_shape, offset=offset, dim1=dim1, dim2=dim2)


@diagonal_grad_op.grad("grad")
def _(grad: Any, offset: int, dim1: int, dim2: int) -> Any:
    return diagonal_op(grad, offset=offset, dim1=dim1, dim2=dim2)


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of two axes as a new last axis, as torch.diagonal: a view. Raises RuntimeError for equal axes."""
    ndim = need_tensor("diagonal", input)._array.ndim
    a, b = wrap_dim(dim1, ndim), wrap_dim(dim2, ndim)
    if a == b:
        raise ShapeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    result: Tensor = diagonal_op(input, offset=int(offset), dim1=a, dim2=b)
    return result


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices with the last axis of `input` as their diagonals, as torch.diag_embed. (.., n) -> (.., n, n)."""
    shape = need_tensor("diag_embed", input)._array.shape
    a, b = wrap_dim(dim1, len(shape) + 1), wrap_dim(dim2, len(shape) + 1)
    if a == b:
        raise ShapeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    if not shape:
        raise dim_one_missing()
    length = shape[-1] + abs(offset)
    wanted = list(shape[:-1])
    for axis in sorted((a, b)):
        wanted.insert(axis, length)
    result: Tensor = diagonal_grad_op(input, shape=tuple(wanted), offset=int(offset), dim1=a, dim2=b)
    return result


def dim_one_missing() -> IndexError:
    """The error for a 0-d tensor where an axis is needed."""
    return IndexError("Dimension specified as -1 but tensor has no dimensions")


@with_out
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A vector as a diagonal matrix, or the diagonal of a matrix, as torch.diag.

    Raises RuntimeError for other tensors.
    """
    ndim = need_tensor("diag", input)._array.ndim
    if ndim == 1:
        return diag_embed(input, diagonal)
    if ndim == 2:
        result: Tensor = _diagonal(input, diagonal).clone()
        return result
    raise ShapeError(f"diag(): Supports 1D or 2D tensors. Got {ndim}D")


_diagonal = diagonal


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """All elements as the diagonal of a matrix, as torch.diagflat."""
    return diag_embed(need_tensor("diagflat", input).reshape(-1), offset)


# -- triangles -----------------------------------------------------------------------------------------------------

tril_op = Op(
    "tril", "x", formula=r"y_{ij} = x_{ij} [j \le i + k]", grads={"x": r"\bar y_{ij} [j \le i + k]"}
)  # fmt: skip
tril_op.forward(lambda xp, x, *, diagonal: _triangle(xp.tril, xp, x, diagonal))
tril_op.grad("x")(lambda grad, diagonal: tril_op(grad, diagonal=diagonal))

triu_op = Op(
    "triu", "x", formula=r"y_{ij} = x_{ij} [j \ge i + k]", grads={"x": r"\bar y_{ij} [j \ge i + k]"}
)  # fmt: skip
triu_op.forward(lambda xp, x, *, diagonal: _triangle(xp.triu, xp, x, diagonal))
triu_op.grad("x")(lambda grad, diagonal: triu_op(grad, diagonal=diagonal))


def _triangle(keep: Any, xp: Any, x: Any, diagonal: int) -> Any:
    return keep(x, diagonal).astype(x.dtype, copy=False)


def _matrix(name: str, input: Tensor) -> Tensor:
    if need_tensor(name, input)._array.ndim < 2:
        raise ShapeError(f"{name}: input tensor must have at least 2 dimensions, but it is {tuple(input.shape)}")
    return input


@with_out
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle of the last two axes, zeros above, as torch.tril. Raises RuntimeError for fewer axes."""
    result: Tensor = tril_op(_matrix("tril", input), diagonal=int(diagonal))
    return result


@with_out
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle of the last two axes, zeros below, as torch.triu. Raises RuntimeError for fewer axes."""
    result: Tensor = triu_op(_matrix("triu", input), diagonal=int(diagonal))
    return result


_fn: Any  # functions of several signatures
for _name, _fn in {
    "diagonal": diagonal, "diag_embed": diag_embed, "diag": diag, "diagflat": diagflat, "tril": tril, "triu": triu,
}.items():  # fmt: skip
    method(_name)(_fn)


@method("tril_")
def _tril_(self: Tensor, diagonal: int = 0) -> Tensor:
    """Zeros above the diagonal, in place."""
    return inplace(tril_op, _matrix("tril_", self), diagonal=int(diagonal))


@method("triu_")
def _triu_(self: Tensor, diagonal: int = 0) -> Tensor:
    """Zeros below the diagonal, in place."""
    return inplace(triu_op, _matrix("triu_", self), diagonal=int(diagonal))


@method("fill_diagonal_")
def _fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """Set the main diagonal, in place; wrap: again below the last row of a tall matrix (torch.Tensor.fill_diagonal_).

    (n, m), or an axis length for all of more axes. Raises RuntimeError for fewer than 2 axes or unequal lengths.
    """
    shape = self._array.shape
    if len(shape) < 2:
        raise RuntimeError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    index = np.arange(min(shape))
    rows = np.arange(shape[0])
    if len(shape) == 2 and wrap and shape[0] > shape[1]:
        rows = rows[rows % (shape[1] + 1) < shape[1]]
        self[rows, rows % (shape[1] + 1)] = fill_value
    else:
        self[(index,) * len(shape)] = fill_value
    return self


@method("as_strided_")
def _as_strided_(self: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """Let this tensor be the view that as_strided gives, in place. Raises RuntimeError if it requires grad."""
    if self._node is not None:
        raise RuntimeError("as_strided_: a tensor that requires grad cannot change its strides; use as_strided")
    self._array = as_strided(self, size, stride, storage_offset)._array
    return self
