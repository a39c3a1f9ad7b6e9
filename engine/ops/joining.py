"""Tensors put together and taken apart: cat, stack, split, chunk, unbind and their kin."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.autograd.op import MultiOp, Op
from gradbook.autograd.views import MULTI_OUTPUT, add_view
from gradbook.errors import Card, ShapeError
from gradbook.ops.arguments import with_out, write_out
from gradbook.ops.indexing import slice_op
from gradbook.ops.shape import need_tensor, need_tensors, reshape_op, wrap_dim
from gradbook.tensor import Tensor, dim_error, method

__all__ = [
    "cat", "chunk", "column_stack", "concat", "concatenate", "dsplit", "dstack", "hsplit", "hstack", "narrow",
    "narrow_copy", "row_stack", "split", "split_with_sizes", "stack", "tensor_split", "unbind", "unsafe_chunk",
    "unsafe_split", "unsafe_split_with_sizes", "vsplit", "vstack",
]  # fmt: skip

cat_op = Op(
    "cat", "tensors", variadic=True, formula=r"y = [x_1 \mid x_2 \mid \dots]",
    grads={"tensors": r"\text{the part of } \bar y \text{ that came from } x_i"},
)  # fmt: skip
cat_op.forward(
    lambda xp, *arrays, dim, lengths: xp.concatenate(
        arrays if None not in lengths else [a for a, n in zip(arrays, lengths, strict=True) if n is not None], dim
    )
)


@cat_op.backward
def _(grad: Any, needs: Any, dim: int, lengths: tuple[int | None, ...]) -> list[Any]:
    found: list[Any] = []
    begin = 0
    for needed, length in zip(needs, lengths, strict=True):
        end = begin + (length or 0)
        index = (slice(None),) * dim + (slice(begin, end),)
        found.append(None if not needed or length is None else part_of(grad, index))
        begin = end
    return found


stack_op = Op(
    "stack", "tensors", variadic=True, formula=r"y_i = x_i", grads={"tensors": r"\bar y_i"}
)  # fmt: skip
stack_op.forward(
    lambda xp, *arrays, dim: xp.stack(arrays, dim) if dim or xp is not np else np.concatenate([a[None] for a in arrays])
)


@stack_op.backward
def _(grad: Any, needs: Any, dim: int) -> list[Any]:
    before = (slice(None),) * dim
    return [part_of(grad, (*before, i)) if needed else None for i, needed in enumerate(needs)]


def part_of(grad: Any, index: tuple[Any, ...]) -> Any:
    """A part of a gradient, as a view. (array or Tensor) -> the same."""
    return grad[(*index, ...)] if type(grad) is np.ndarray else slice_op(grad, index=index)


class Parts(MultiOp):
    """An op whose outputs are views of its operand: each remembers the slice that it is."""

    def run(self, operands: Sequence[Any], params: dict[str, Any]) -> Any:
        """Forward, node, and the way back to the base for in-place changes."""
        outs = super().run(operands, params)
        base = operands[0]
        if not isinstance(base, Tensor):
            return self._run(backends.xp_of(base), base, **params)
        for out, index in zip(outs, self.indices(base._array.shape, params), strict=True):
            add_view(out, base, (slice_op, {"index": index}), MULTI_OUTPUT)
        return outs

    def indices(self, shape: tuple[int, ...], params: dict[str, Any]) -> list[Any]:
        """The slice that each output is."""
        raise NotImplementedError(f"{self.name} does not say which slices it makes")


class Split(Parts):
    """Consecutive parts along an axis."""

    def indices(self, shape: tuple[int, ...], params: dict[str, Any]) -> list[Any]:
        """The slice that each output is."""
        before, bounds = (slice(None),) * params["dim"], params["bounds"]
        return [(*before, slice(a, b)) for a, b in bounds]


class Unbind(Parts):
    """The entries along an axis, without it."""

    def indices(self, shape: tuple[int, ...], params: dict[str, Any]) -> list[Any]:
        """The slice that each output is."""
        before = (slice(None),) * params["dim"]
        return [(*before, i) for i in range(shape[params["dim"]])]


split_op = Split(
    "split", "x", formula=r"x = [y_1 \mid y_2 \mid \dots]", grads={"x": r"[\bar y_1 \mid \bar y_2 \mid \dots]"}
)


@split_op.forward
def _(xp: Any, x: Any, *, dim: int, bounds: Any) -> tuple[Any, ...]:
    before = (slice(None),) * dim
    return tuple([x[(*before, slice(a, b))] for a, b in bounds])


@split_op.backward
def _(grad: Any, x_shape: Any, dim: int, bounds: Any) -> tuple[Any]:
    example = next(g for g in grad if g is not None)
    parts = [
        nothing(example, (*x_shape[:dim], b - a, *x_shape[dim + 1 :])) if g is None else g
        for g, (a, b) in zip(grad, bounds, strict=True)
    ]
    return (cat_op(*parts, dim=dim, lengths=tuple(b - a for a, b in bounds)),)


unbind_op = Unbind("unbind", "x", formula=r"y_i = x_i", grads={"x": r"(\bar y_1, \bar y_2, \dots)"})


@unbind_op.forward
def _(xp: Any, x: Any, *, dim: int) -> tuple[Any, ...]:
    before = (slice(None),) * dim
    return tuple([x[(*before, i, ...)] for i in range(x.shape[dim])])


@unbind_op.backward
def _(grad: Any, x_shape: Any, dim: int) -> tuple[Any]:
    example = next(g for g in grad if g is not None)
    shape = (*x_shape[:dim], *x_shape[dim + 1 :])
    return (stack_op(*[nothing(example, shape) if g is None else g for g in grad], dim=dim),)


def nothing(example: Any, shape: tuple[int, ...]) -> Any:
    """Zeros for an output that no gradient reached, of the kind of `example`: an array, or a Tensor."""
    array = example._array if isinstance(example, Tensor) else example
    zeros = backends.xp_of(array).zeros(shape, array.dtype)
    return Tensor._of(zeros) if isinstance(example, Tensor) else zeros


# -- together ------------------------------------------------------------------------------------------------------


def cat(tensors: Sequence[Tensor], dim: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Tensors joined along an existing axis, as torch.cat. (a, n), (b, n) -> (a + b, n) for dim 0.

    dtypes are promoted. Raises RuntimeError where the other axes differ, ValueError for an empty list.
    """
    found = need_tensors("cat", tensors)
    if not found:
        raise ValueError("cat(): expected a non-empty list of Tensors")
    arrays = [x._array for x in found]
    model = next((a for a in arrays if a.shape != (0,)), arrays[0])  # PyTorch skips empty vectors whatever their shape
    axis = wrap_dim(dim, model.ndim)
    if model.ndim and model.shape != (0,) and all([array.shape == model.shape for array in arrays]):
        lengths: list[int | None] = [model.shape[axis]] * len(arrays)
    else:
        lengths = lengths_of(arrays, model, axis)
    result = cat_op(*found, dim=axis, lengths=tuple(lengths))
    return result if out is None else write_out("cat", result, out)


def lengths_of(arrays: Sequence[Any], model: Any, axis: int) -> list[int | None]:
    """How long each is along the axis; None for an empty vector. Raises RuntimeError for what cannot be joined."""
    lengths: list[int | None] = []
    for i, array in enumerate(arrays):
        if array.ndim == 0:
            raise ShapeError(
                f"zero-dimensional tensor (at position {i}) cannot be concatenated; use stack, or unsqueeze(0)"
            )
        if array.shape == (0,) and model.ndim != 1:
            lengths.append(None)
            continue
        if array.ndim != model.ndim:
            raise ShapeError(
                f"Tensors must have same number of dimensions: got {model.ndim} and {array.ndim}: "
                f"tensor 0 is {tuple(model.shape)}, tensor {i} is {tuple(array.shape)}"
            )
        for k, (a, b) in enumerate(zip(model.shape, array.shape, strict=True)):
            if a != b and k != axis:
                raise cat_error(axis, k, i, model.shape, array.shape)
        lengths.append(array.shape[axis])
    return lengths


def cat_error(dim: int, axis: int, position: int, a: tuple[int, ...], b: tuple[int, ...]) -> ShapeError:
    """Why two tensors cannot be joined, naming the axis."""
    text = (
        f"Sizes of tensors must match except in dimension {dim}. Expected size {a[axis]} but got "
        f"size {b[axis]} for tensor "
        f"number {position} in the list. In dimension {axis} tensor 0, {tuple(a)}, and tensor "
        f"{position}, {tuple(b)}, differ"
    )
    fixes = []
    if [n for i, n in enumerate(a) if i != axis] == [n for i, n in enumerate(b) if i != axis]:
        fixes = [f"cat(..., dim={axis})"]
        text += f" (did you mean dim={axis}?)"
    operands = [{"name": "tensors[0]", "shape": tuple(a)}, {"name": f"tensors[{position}]", "shape": tuple(b)}]
    return ShapeError(text, card=Card(op="cat", operands=operands, explanation=text, fixes=fixes))


def concat(tensors: Sequence[Tensor], dim: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Tensors joined along an existing axis: cat under another name."""
    return cat(tensors, dim, out=out)


concatenate = concat


def stack(tensors: Sequence[Tensor], dim: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Tensors of one shape joined along a new axis, as torch.stack. k × (n,) -> (k, n) for dim 0.

    Raises RuntimeError where shapes differ, or for an empty list.
    """
    found = need_tensors("stack", tensors)
    if not found:
        raise RuntimeError("stack expects a non-empty TensorList")
    shape = found[0]._array.shape
    for i, x in enumerate(found):
        if x._array.shape != shape:
            text = (
                f"stack expects each tensor to be equal size, but got {list(shape)} at entry 0 and "
                f"{list(x._array.shape)} "
                f"at entry {i}"
            )
            operands = [{"name": "tensors[0]", "shape": shape}, {"name": f"tensors[{i}]", "shape": x._array.shape}]
            raise ShapeError(text, card=Card(op="stack", operands=operands, explanation=text))
    result = stack_op(*found, dim=wrap_dim(dim, len(shape) + 1))
    return result if out is None else write_out("stack", result, out)


def _at_least(x: Tensor, ndim: int) -> Tensor:
    shape = x._array.shape
    if len(shape) >= ndim:
        return x
    wanted = (1,) * (ndim - len(shape)) + tuple(shape)
    if ndim == 3 and shape:
        wanted = (*shape, 1) if len(shape) == 2 else (1, shape[0], 1)
    result: Tensor = reshape_op(x, shape=wanted)
    return result


def _joined(name: str, tensors: Any, ndim: int, dim: int) -> Tensor:
    found = [_at_least(x, ndim) for x in need_tensors(name, tensors)]
    if not found:
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    return cat(found, dim if found[0]._array.ndim > dim else 0)


def hstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """Tensors side by side: along axis 1, vectors along axis 0, as torch.hstack."""
    result = _joined("hstack", tensors, 1, 1)
    return result if out is None else write_out("hstack", result, out)


def vstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """Tensors as rows one below the other, as torch.vstack. (n,), (n,) -> (2, n)."""
    result = _joined("vstack", tensors, 2, 0)
    return result if out is None else write_out("vstack", result, out)


row_stack = vstack


def dstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """Tensors one behind the other along axis 2, as torch.dstack. (n,), (n,) -> (1, n, 2)."""
    result = _joined("dstack", tensors, 3, 2)
    return result if out is None else write_out("dstack", result, out)


def column_stack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """Vectors as the columns of a matrix, matrices side by side, as torch.column_stack."""
    found = need_tensors("column_stack", tensors)
    columns = [reshape_op(x, shape=(x._array.size, 1)) if x._array.ndim <= 1 else x for x in found]
    return hstack(columns, out=out)


# -- apart ---------------------------------------------------------------------------------------------------------


def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of consecutive parts: of one size (the last may be smaller), or of the sizes listed, as torch.split.

    Raises RuntimeError where the sizes listed do not add up to the length of the axis.
    """
    shape = need_tensor("split", tensor, argument="tensor")._array.shape
    if not shape:
        raise ShapeError("split expects at least a 1-dimensional tensor")
    axis = wrap_dim(dim, len(shape))
    length = shape[axis]
    if isinstance(split_size_or_sections, (list, tuple)):
        return _split_sizes(tensor, [operator.index(n) for n in split_size_or_sections], axis, length)
    size = operator.index(split_size_or_sections)
    if size < 0:
        raise ShapeError(f"split expects split_size be non-negative, but got split_size={size}")
    if size == 0:
        if length:
            raise ShapeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {length}")
        size = 1
    bounds = tuple((i, min(i + size, length)) for i in range(0, max(length, 1), size))
    result: tuple[Tensor, ...] = split_op(tensor, dim=axis, bounds=bounds)
    return result


def _split_sizes(tensor: Tensor, parts: list[int], axis: int, length: int) -> tuple[Tensor, ...]:
    if sum(parts) != length or any(n < 0 for n in parts):
        raise ShapeError(
            f"split_with_sizes expects split_sizes to sum exactly to {length} (input tensor's size at "
            f"dimension {axis}), "
            f"but got split_sizes={parts}"
        )
    ends = [sum(parts[: i + 1]) for i in range(len(parts))]
    result: tuple[Tensor, ...] = split_op(
        tensor, dim=axis, bounds=tuple((e - n, e) for e, n in zip(ends, parts, strict=True))
    )
    return result


def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Views of consecutive parts of the sizes listed, as torch.split_with_sizes."""
    return split(input, list(split_sizes), dim)


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` views of consecutive parts, all but the last of one size, as torch.chunk."""
    shape = need_tensor("chunk", input)._array.shape
    if not shape:
        raise ShapeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    axis = wrap_dim(dim, len(shape))
    length = shape[axis]
    if not length:
        result: tuple[Tensor, ...] = split_op(input, dim=axis, bounds=((0, 0),) * chunks)
        return result
    return split(input, math.ceil(length / chunks), axis)


def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of parts of nearly equal size, or between the indices listed, as torch.tensor_split."""
    shape = need_tensor("tensor_split", input)._array.shape
    if not shape:
        raise ShapeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    axis = wrap_dim(dim, len(shape))
    length = shape[axis]
    where = indices_or_sections.tolist() if isinstance(indices_or_sections, Tensor) else indices_or_sections
    if isinstance(where, int):
        if where <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {where}")
        small, more = divmod(length, where)
        cuts = [i * small + min(i, more) for i in range(where + 1)]
    else:
        cuts = [0, *[slice(operator.index(i)).indices(length)[1] for i in where], length]
    bounds = tuple((a, max(a, b)) for a, b in itertools.pairwise(cuts))
    result: tuple[Tensor, ...] = split_op(input, dim=axis, bounds=bounds)
    return result


def _even(name: str, input: Tensor, where: Any, dim: int, least: int) -> tuple[Tensor, ...]:
    ndim = need_tensor(name, input)._array.ndim
    if ndim < least:
        raise ShapeError(
            f"torch.{name} requires a tensor with at least {least} dimension{'s' * (least > 1)}, but got a tensor with "
            f"{ndim} dimensions!"
        )
    if isinstance(where, int) and (where <= 0 or input._array.shape[dim] % where):
        raise ShapeError(
            f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension "
            f"{input._array.shape[dim]} is not divisible by the split_size {where}!"
        )
    return tensor_split(input, where, dim)


def hsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Parts side by side (axis 1; axis 0 of a vector), as torch.hsplit."""
    return _even("hsplit", input, indices_or_sections, 0 if need_tensor("hsplit", input)._array.ndim == 1 else 1, 1)


def vsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Parts one below the other (axis 0), as torch.vsplit."""
    return _even("vsplit", input, indices_or_sections, 0, 2)


def dsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Parts one behind the other (axis 2), as torch.dsplit."""
    return _even("dsplit", input, indices_or_sections, 2, 3)


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of the entries along an axis, as torch.unbind. (k, n) -> k × (n,). Raises IndexError for a 0-d tensor."""
    array = need_tensor("unbind", input)._array
    if array.ndim == 0:
        raise (
            dim_error(dim, 0)
            if dim not in (0, -1)
            else IndexError("Dimension specified as 0 but tensor has no dimensions")
        )
    result: tuple[Tensor, ...] = unbind_op(input, dim=wrap_dim(dim, array.ndim))
    return result


def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """A view of `length` entries from `start` on along an axis, as torch.narrow. Raises RuntimeError beyond the end."""
    shape = need_tensor("narrow", input)._array.shape
    if not shape:
        raise ShapeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise ShapeError("narrow(): length must be non-negative.")
    if isinstance(start, Tensor) and (start._array.ndim or start._array.dtype.kind not in "iu"):
        raise RuntimeError("start must be an 0-dim integral Tensor.")
    axis, begin = wrap_dim(dim, len(shape)), int(start)
    size = shape[axis]
    if not -size <= begin <= size:
        raise IndexError(f"start out of range (expected to be in range of [{-size}, {size}], but got {begin})")
    begin = begin + size if begin < 0 else begin
    if begin + length > size:
        raise ShapeError(f"start ({begin}) + length ({length}) exceeds dimension size ({size}).")
    result: Tensor = slice_op(input, index=(slice(None),) * axis + (slice(begin, begin + length),))
    return result


@with_out
def narrow_copy(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """As narrow, in memory of its own."""
    result: Tensor = narrow(input, dim, start, length).clone()
    return result


unsafe_chunk, unsafe_split, unsafe_split_with_sizes = chunk, split, split_with_sizes

for _fn in (
    split_with_sizes, chunk, tensor_split, hsplit, vsplit, dsplit, unbind, narrow, narrow_copy,
):  # fmt: skip
    method(_fn.__name__)(_fn)
method("unsafe_chunk")(chunk)
method("unsafe_split")(split)
method("unsafe_split_with_sizes")(split_with_sizes)


@method("split")
def _split(self: Tensor, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of consecutive parts, as torch.Tensor.split."""
    return split(self, split_size, dim)
