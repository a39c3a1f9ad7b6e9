"""The same elements again, or in another order: repeat, tile, flip, roll, rot90, meshgrid."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from gradbook import backends, dtypes
from gradbook.autograd.op import Op
from gradbook.autograd.rules import sum_to
from gradbook.errors import ShapeError
from gradbook.ops.shape import given, need_tensor, need_tensors, reshape_op, sizes, transpose, wrap_dim, wrap_dims
from gradbook.tensor import Tensor, method

__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "flip", "fliplr", "flipud", "meshgrid", "repeat_interleave", "roll",
    "rot90", "tile",
]  # fmt: skip

repeat_op = Op(
    "repeat", "x", formula=r"y_{i n + j} = x_j", grads={"x": r"\textstyle\sum_i \bar y_{i n + j}"}
)  # fmt: skip
repeat_op.forward(lambda xp, x, *, repeats: xp.tile(x, repeats) if repeats else x.copy())


@repeat_op.grad("x")
def _(grad: Any, x_shape: Any, repeats: tuple[int, ...]) -> Any:
    full = (1,) * (len(repeats) - len(x_shape)) + tuple(x_shape)
    apart = [n for pair in zip(repeats, full, strict=True) for n in pair]
    once = [n for length in full for n in (1, length)]
    return reshape_op(sum_to(reshape_op(grad, shape=tuple(apart)), tuple(once)), shape=x_shape)


flip_op = Op("flip", "x", formula=r"y_i = x_{n - 1 - i}", grads={"x": r"\bar y_{n - 1 - i}"})
flip_op.forward(lambda xp, x, *, dims: xp.flip(x, dims).copy() if x.ndim and dims else x.copy())
flip_op.grad("x")(lambda grad, dims: flip_op(grad, dims=dims))

roll_op = Op("roll", "x", formula=r"y_i = x_{(i - s) \bmod n}", grads={"x": r"\bar y_{(i + s) \bmod n}"})
roll_op.forward(lambda xp, x, *, shifts, dims: xp.roll(x, shifts, dims if dims else None) if x.size else x.copy())
roll_op.grad("x")(lambda grad, shifts, dims: roll_op(grad, shifts=tuple(-s for s in shifts), dims=dims))


@method("repeat")
def _repeat(self: Tensor, *repeats: Any, **named: Any) -> Tensor:
    """The tensor again and again along each axis, copied, as torch.Tensor.repeat; new axes come first.

    (a, b) repeated (2, 3) -> (2a, 3b). Raises RuntimeError for fewer numbers than axes.
    """
    times = sizes("repeat", given("repeat", "repeats", repeats, named))
    if len(times) < self._array.ndim:
        raise ShapeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: got "
            f"{len(times)} numbers for a tensor of shape {tuple(self.shape)}"
        )
    if any(n < 0 for n in times):
        raise ShapeError(f"Trying to create tensor with negative dimension: repeat{times}")
    result: Tensor = repeat_op(self, repeats=times)
    return result


def tile(input: Tensor, dims: Sequence[int]) -> Tensor:
    """The tensor again and again along the last axes, as torch.tile: missing numbers are 1."""
    times = sizes("tile", (dims,))
    ndim = need_tensor("tile", input)._array.ndim
    result: Tensor = input.repeat((1,) * (ndim - len(times)) + times)
    return result


@method("tile")
def _tile(self: Tensor, *dims: Any, **named: Any) -> Tensor:
    """The tensor again and again, as torch.Tensor.tile."""
    return tile(self, sizes("tile", given("tile", "dims", dims, named)))


def repeat_interleave(
    input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each entry `repeats` times in a row along an axis (None: of all elements), as torch.repeat_interleave.

    repeats: a number, or one a entry. Raises RuntimeError where their number does not fit.
    """
    from gradbook.ops.gathering import index_select

    need_tensor("repeat_interleave", input)
    if repeats is None:
        repeats, input = input, _counting(input)
    if dim is None:
        input, dim = reshape_op(input, shape=(input._array.size,)), 0
    elif input._array.ndim == 0:
        input = reshape_op(input, shape=(1,))
    axis = wrap_dim(dim, input._array.ndim)
    length = input._array.shape[axis]
    xp = backends.xp_of(input._array)
    times = repeats._array if isinstance(repeats, Tensor) else xp.asarray(repeats)
    if times.dtype.kind not in "iu" or times.dtype.itemsize < 4:
        raise RuntimeError(f"repeats has to be Long or Int tensor, not {dtypes.of_array(times)!r}")
    if times.ndim > 1:
        raise ShapeError(f"repeats must be 0-dim or 1-dim tensor, but it is {times.ndim}-dim")
    if times.size != 1 and times.size != length:
        raise ShapeError(
            "repeats must have the same size as input along dim, but got repeats.size(0) = "
            f"{times.size} and input.size({axis}) = {length}"
        )
    if (times < 0).any():
        raise RuntimeError("repeats can not be negative")
    index = xp.repeat(xp.arange(length), times if times.size != 1 else int(times.reshape(-1)[0]))
    if output_size is not None and output_size != index.size:
        raise ShapeError(
            f"allocated size does not match required size: output_size is {output_size}, needed are {index.size}"
        )
    return index_select(input, axis, Tensor._of(index))


def _counting(repeats: Tensor) -> Tensor:
    made: Tensor = Tensor._of(backends.xp_of(repeats._array).arange(repeats._array.size))
    return made


method("repeat_interleave")(repeat_interleave)


# -- order ---------------------------------------------------------------------------------------------------------


def flip(input: Tensor, dims: Any) -> Tensor:
    """The entries in reverse order along the axes `dims`, copied, as torch.flip."""
    result: Tensor = flip_op(input, dims=wrap_dims(dims, need_tensor("flip", input)._array.ndim))
    return result


@method("flip")
def _flip(self: Tensor, *dims: Any, **named: Any) -> Tensor:
    """The entries in reverse order along axes, as torch.Tensor.flip."""
    return flip(self, sizes("flip", given("flip", "dims", dims, named)))


def fliplr(input: Tensor) -> Tensor:
    """Columns in reverse order, as torch.fliplr. Raises RuntimeError for fewer than two axes."""
    if need_tensor("fliplr", input)._array.ndim < 2:
        raise ShapeError("Input must be >= 2-d.")
    return flip(input, (1,))


def flipud(input: Tensor) -> Tensor:
    """Rows in reverse order, as torch.flipud. Raises RuntimeError for a 0-d tensor."""
    if need_tensor("flipud", input)._array.ndim < 1:
        raise ShapeError("Input must be >= 1-d.")
    return flip(input, (0,))


def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """Entries shifted around the end of axes (of all elements in a row without `dims`), as torch.roll."""
    by = (
        (operator.index(shifts),) if not isinstance(shifts, (tuple, list)) else tuple(operator.index(s) for s in shifts)
    )
    ndim = need_tensor("roll", input)._array.ndim
    if not by:
        raise RuntimeError("`shifts` required")
    along = () if dims is None else tuple(wrap_dim(d, ndim) for d in ((dims,) if isinstance(dims, int) else dims))
    if len(by) != (len(along) or 1):
        raise ShapeError(f"shifts and dimensions must align. shifts: {len(by)}, dims:{len(along)}")
    if along and not ndim:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    result: Tensor = roll_op(input, shifts=by, dims=along) if ndim else input.clone()
    return result


def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """The plane of two axes turned by k quarter turns, from the first towards the second, as torch.rot90."""
    ndim = need_tensor("rot90", input)._array.ndim
    if len(dims) != 2:
        raise ShapeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if ndim < 2:
        raise ShapeError(f"expected total dims >= 2, but got total dims = {ndim}")
    a, b = (wrap_dim(d, ndim) for d in dims)
    if a == b:
        raise ShapeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    turns = k % 4
    if turns == 1:
        return transpose(flip_op(input, dims=(b,)), a, b)
    result: Tensor
    if turns == 2:
        result = flip_op(input, dims=(a, b))
    elif turns == 3:
        result = flip_op(transpose(input, a, b), dims=(b,))
    else:
        result = input.clone()
    return result


for _fn in (fliplr, flipud, rot90):
    method(_fn.__name__)(_fn)


@method("roll")
def _roll(self: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """Entries shifted around the end, as torch.Tensor.roll."""
    return roll(self, shifts, dims)


# -- grids and ranks -----------------------------------------------------------------------------------------------


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Coordinate grids of vectors, as torch.meshgrid: views. (n,), (m,) -> 2 × (n, m), or (m, n) for indexing "xy".

    Raises RuntimeError for tensors of more than one axis, or another indexing. Differs: no warning without `indexing`.
    """
    given = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
    found = need_tensors("meshgrid", given)
    if not found:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    if indexing not in (None, "ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for x in found:
        if x._array.ndim > 1:
            raise ShapeError(f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {tuple(x.shape)}")
        if x._array.dtype != found[0]._array.dtype:
            raise RuntimeError("torch.meshgrid expects all tensors to have the same dtype")
    swapped = indexing == "xy" and len(found) > 1
    if swapped:
        found[0], found[1] = found[1], found[0]
    shape = tuple(x._array.size for x in found)
    grids = []
    for i, x in enumerate(found):
        column = reshape_op(x, shape=(1,) * i + (x._array.size,) + (1,) * (len(found) - i - 1))
        grids.append(column.expand(shape))
    if swapped:
        grids[0], grids[1] = grids[1], grids[0]
    return tuple(grids)


def _ranked(name: str, tensors: tuple[Any, ...], ndim: int) -> Any:
    from gradbook.ops.joining import _at_least

    if len(tensors) == 1 and isinstance(tensors[0], Tensor):
        return _at_least(tensors[0], ndim)
    given = tensors[0] if len(tensors) == 1 else tensors
    return tuple(_at_least(x, ndim) for x in need_tensors(name, given))


def atleast_1d(*tensors: Any) -> Any:
    """0-d tensors as vectors of one element, others as they are, as torch.atleast_1d."""
    return _ranked("atleast_1d", tensors, 1)


def atleast_2d(*tensors: Any) -> Any:
    """Tensors with at least two axes, new ones first, as torch.atleast_2d."""
    return _ranked("atleast_2d", tensors, 2)


def atleast_3d(*tensors: Any) -> Any:
    """Tensors with at least three axes, as torch.atleast_3d. (n,) -> (1, n, 1), (a, b) -> (a, b, 1)."""
    return _ranked("atleast_3d", tensors, 3)
