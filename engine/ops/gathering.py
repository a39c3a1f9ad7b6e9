"""Elements picked out or written by index along one axis: gather, scatter, index_select, take, masks, nonzero."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import backends, dtypes
from gradbook.autograd.op import Op
from gradbook.errors import DTypeError, ShapeError
from gradbook.ops.arguments import with_out, write_out
from gradbook.ops.indexing import FULL, add_at, index_grad_op, index_op, slice_op, whole
from gradbook.ops.shape import expand_op, need_tensor, reshape_op, wrap_dim
from gradbook.tensor import Tensor, method

__all__ = [
    "argwhere", "gather", "index_add", "index_copy", "index_fill", "index_select", "masked_fill", "masked_scatter",
    "masked_select", "nonzero", "put", "scatter", "scatter_add", "take", "take_along_dim",
]  # fmt: skip


# -- along one axis ----------------------------------------------------------------------------------------------------


def along(xp: Any, index: Any, dim: int) -> tuple[Any, ...]:
    """The NumPy index of gather and scatter: `index` along `dim`, its own place along every other axis."""
    ndim = index.ndim
    if not ndim:
        return (index,)
    grid = [xp.arange(n).reshape((-1,) + (1,) * (ndim - i - 1)) for i, n in enumerate(index.shape)]
    grid[dim] = index
    return tuple(grid)


gather_op = Op(
    "gather", "x index", promote=False, formula=r"y_{ij} = x_{i,\, \mathrm{index}_{ij}}",
    grads={"x": r"\bar x_{ik} = \textstyle\sum_{j:\, \mathrm{index}_{ij} = k} \bar y_{ij}"},
)  # fmt: skip
gather_grad_op = Op("gather_grad", "grad index", promote=False, node_name="GatherBackwardBackward0")
scatter_op = Op(
    "scatter", "x index src", promote=False, formula=r"y = x, \quad y_{i,\, \mathrm{index}_{ij}} = s_{ij}",
    grads={"x": r"\bar y, \; 0 \text{ where written}", "src": r"\bar y_{i,\, \mathrm{index}_{ij}}"},
)  # fmt: skip
scatter_add_op = Op(
    "scatter_add", "x index src", promote=False, formula=r"y = x, \quad y_{i,\, \mathrm{index}_{ij}} \mathrel{+}= "
r"s_{ij}",
    grads={"x": r"\bar y", "src": r"\bar y_{i,\, \mathrm{index}_{ij}}"},
)  # fmt: skip


@gather_op.forward
def _(xp: Any, x: Any, index: Any, *, dim: int) -> Any:
    if not index.size:
        return xp.empty(index.shape, x.dtype)
    if not x.ndim:
        return x.reshape(1)[index.reshape(-1)].reshape(index.shape)
    if index.ndim == 0:
        return x[index]
    cut = x[tuple(FULL if i == dim else slice(n) for i, n in enumerate(index.shape))]
    return xp.take_along_axis(cut, index, dim)


@gather_grad_op.forward
def _(xp: Any, grad: Any, index: Any, *, dim: int, shape: Any) -> Any:
    return added(xp, xp.zeros(shape, grad.dtype), index, grad, dim)


def added(xp: Any, out: Any, index: Any, src: Any, dim: int) -> Any:
    """`src` added to `out` at `index` along `dim`. -> out, or a new array."""
    if not index.size:
        return out
    if index.ndim == 0:
        index, src = index.reshape(1), src.reshape(1)
    shape = out.shape
    flat = out.reshape(1) if not shape else out
    return add_at(xp, flat, range(flat.ndim), along(xp, index, dim), src).reshape(shape)


gather_op.grad("x")(lambda grad, index, x_shape, dim: gather_grad_op(grad, index, dim=dim, shape=x_shape))
gather_grad_op.grad("grad")(lambda grad, index, dim: gather_op(grad, index, dim=dim))


@scatter_op.forward
def _(xp: Any, x: Any, index: Any, src: Any, *, dim: int) -> Any:
    out = xp.array(x)  # a gradient may be a scalar
    if index.size:
        flat = out.reshape(1) if not out.ndim else out
        at = index.reshape(1) if not index.ndim else index
        flat[along(xp, at, dim)] = src.reshape(at.shape) if src.ndim == 0 and at.size == 1 else src
    return out


@scatter_op.grad("x")
def _(grad: Any, index: Any, dim: int) -> Any:
    array = grad._array if isinstance(grad, Tensor) else grad
    return scatter_op(grad, index, backends.xp_of(array).zeros((), array.dtype), dim=dim)


@scatter_op.grad("src")
def _(grad: Any, index: Any, dim: int) -> Any:
    return gather_op(grad, index, dim=dim)


scatter_add_op.forward(lambda xp, x, index, src, *, dim: added(xp, xp.array(x), index, src, dim))
scatter_add_op.grad("x")(lambda grad: grad)
scatter_add_op.grad("src")(lambda grad, index, dim: gather_op(grad, index, dim=dim))


INTEGERS = (np.dtype(np.int64), np.dtype(np.int32))


def _wide(index: Tensor) -> Tensor:
    """An index as int64."""
    return index if index._array.dtype == np.int64 else Tensor._of(index._array.astype(np.int64))


def check_index(name: str, index: Any, kinds: tuple[Any, ...] = INTEGERS) -> Any:
    """The array of an index tensor. Raises RuntimeError unless it is int64 or int32."""
    array = need_tensor(name, index, 3, "index")._array
    if array.dtype not in kinds and array.size:
        raise DTypeError(f"{name}(): Expected dtype int64 for index, but it is {dtypes.of_array(array)!r}; use .long()")
    return array


def in_bounds(array: Any, dim: int, length: int, negative: bool = False, error: type[Exception] = RuntimeError) -> None:
    """Raise unless all entries of an index array lie on an axis of `length`."""
    if not negative and type(array) is np.ndarray and array.dtype.itemsize == 8 and array.size:
        if array.view(np.uint64).max() < length:
            return  # as unsigned numbers those below 0 are large
    low = -length if negative else 0
    if array.size and (array.max() >= length or array.min() < low):
        wrong = int(array.max() if array.max() >= length else array.min())
        raise error(f"index {wrong} is out of bounds for dimension {dim} with size {length}")


def check_gather(name: str, x: Tensor, dim: int, index: Any, src: Any = None) -> int:
    """The axis, after everything gather and scatter ask of shapes. Raises RuntimeError or IndexError."""
    shape = x._array.shape
    axis = wrap_dim(dim, len(shape))
    array = check_index(name, index)
    if (array.ndim or 1) != (len(shape) or 1) and array.size:
        raise ShapeError(
            "Index tensor must have the same number of dimensions as input tensor: index is "
            f"{tuple(array.shape)}, input "
            f"is {tuple(shape)}"
        )
    for i, n in enumerate(array.shape):
        if array.size and shape and i != axis and n > shape[i]:
            raise ShapeError(
                f"Size does not match at dimension {i} expected index {list(array.shape)} to be no larger than self "
                f"{list(shape)} apart from dimension {axis}"
            )
    if src is not None and array.size:
        theirs = src._array.shape
        if len(theirs) != array.ndim:
            raise ShapeError("Index tensor must have the same number of dimensions as src tensor")
        if any(n > m for n, m in zip(array.shape, theirs, strict=True)):
            raise ShapeError(
                f"Expected index {list(array.shape)} to be no larger than self {list(shape)} apart from "
                f"dimension {axis} and to "
                f"be no larger size than src {list(theirs)}"
            )
    in_bounds(array, axis, shape[axis] if shape else 1)
    return axis


def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False, out: Tensor | None = None) -> Tensor:
    """Picks along an axis: y[i, j] = input[i, index[i, j]] for dim 1, as torch.gather. -> the shape of index.

    Raises RuntimeError where index is no int64 tensor, has other axes, or names an entry that is not there.
    """
    axis, index = check_gather("gather", need_tensor("gather", input), dim, index), _wide(index)
    result = gather_op(input, index, dim=axis)
    return result if out is None else write_out("gather", result, out)


def _cut(src: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The part of `src` that an index of `shape` reads."""
    if src._array.shape == shape or not shape:
        return src
    result: Tensor = slice_op(src, index=tuple(slice(n) for n in shape))
    return result


def _source(name: str, input: Tensor, index: Tensor, src: Tensor) -> Tensor:
    if src._array.dtype != input._array.dtype:
        raise DTypeError(
            f"{name}(): Expected self.dtype to be equal to src.dtype, got {input.dtype!r} and {src.dtype!r}"
        )
    return _cut(src, index._array.shape) if index._array.size else src


def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """A copy of input with y[i, index[i, j]] = src[i, j] for dim 1, as torch.scatter; src may be a number.

    reduce: "add" or "multiply" instead of replacing. Raises RuntimeError as gather, and for a src of another dtype.
    """
    given = src if src is not None else value
    tensor = isinstance(given, Tensor)
    axis = check_gather("scatter", need_tensor("scatter", input), dim, index, given if tensor else None)
    index = _wide(index)
    if tensor:
        part = _source("scatter", input, index, given)
    else:
        array = input._array
        part = Tensor._of(backends.xp_of(array).full(index._array.shape, given).astype(array.dtype))
    if not index._array.size:
        result = input.clone()
    elif reduce == "add":
        result = scatter_add_op(input, index, part, dim=axis)
    elif reduce == "multiply":
        from gradbook.ops.scattering import scatter_reduce

        result = scatter_reduce(input, axis, index, part, "prod")
    elif reduce is None:
        result = scatter_op(input, index, part, dim=axis)
    else:
        raise RuntimeError(f"reduce argument must be either add or multiply, got {reduce!r}")
    return result if out is None else write_out("scatter", result, out)


@with_out
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of input with src[i, j] added to y[i, index[i, j]] for dim 1, as torch.scatter_add."""
    need_tensor("scatter_add", input)
    axis = check_gather("scatter_add", input, dim, index, need_tensor("scatter_add", src, 4, "src"))
    index = _wide(index)
    part = _source("scatter_add", input, index, src)
    result: Tensor = scatter_add_op(input, index, part, dim=axis) if index._array.size else input.clone()
    return result


@with_out
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """Picks along an axis with broadcasting, as torch.take_along_dim; negative indices count from the end."""
    need_tensor("take_along_dim", input)
    array = check_index("take_along_dim", indices)
    if dim is None:
        input, indices, dim = reshape_op(input, shape=(-1,)), reshape_op(indices, shape=(-1,)), 0
        array = indices._array
    axis = wrap_dim(dim, input._array.ndim)
    if array.ndim != input._array.ndim:
        raise ShapeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{input._array.ndim} dimensions for input, and {array.ndim} dimensions for indices"
        )
    shape = list(input._array.shape)
    length, shape[axis] = shape[axis], 1
    other = list(array.shape)
    other[axis] = 1
    try:
        common = list(np.broadcast_shapes(shape, other))
    except ValueError:
        raise ShapeError(
            f"take_along_dim: {tuple(input.shape)} and {tuple(array.shape)} do not broadcast apart from axis {axis}"
        ) from None
    in_bounds(array, axis, length, negative=True)
    mine, theirs = list(common), list(common)
    mine[axis], theirs[axis] = length, array.shape[axis]
    xp = backends.xp_of(array)
    index = Tensor._of(xp.broadcast_to(xp.where(array < 0, array + length, array), theirs))
    result: Tensor = gather_op(expand_op(input, size=tuple(mine)), index, dim=axis)
    return result


# -- whole entries of an axis --------------------------------------------------------------------------------------

index_select_op = Op(
    "index_select", "x index", promote=False, formula=r"y_j = x_{i_j}",
    grads={"x": r"\bar x_i = \textstyle\sum_{j:\, i_j = "
r"i} "
r"\bar "
r"y_j"}
)  # fmt: skip
index_add_op = Op(
    "index_add", "x index source", promote=False, formula=r"y = x, \quad y_{i_j} \mathrel{+}= \alpha s_j",
    grads={"x": r"\bar y", "source": r"\alpha \, \bar y_{i_j}"},
)  # fmt: skip
index_copy_op = Op(
    "index_copy", "x index source", promote=False, formula=r"y = x, \quad y_{i_j} = s_j",
    grads={"x": r"\bar y, \; 0 \text{ where written}", "source": r"\bar y_{i_j}"},
)  # fmt: skip

index_select_op.forward(
    lambda xp, x, index, *, dim: xp.take(x, index, dim) if x.ndim else x.copy().reshape(index.shape and x.shape)
)


@index_select_op.grad("x")
def _(grad: Any, index: Any, x_shape: Any, dim: int) -> Any:
    if not x_shape:
        return grad
    return index_grad_op(grad, index, dims=(dim,), shape=x_shape)


@index_add_op.forward
def _(xp: Any, x: Any, index: Any, source: Any, *, dim: int, alpha: Any) -> Any:
    scaled = source if alpha == 1 else source * xp.asarray(alpha).astype(source.dtype)
    if not x.ndim:
        return x + scaled.reshape(-1).sum().astype(x.dtype)
    return add_at(xp, xp.array(x), (dim,), (index,), scaled)


index_add_op.grad("x")(lambda grad: grad)


@index_add_op.grad("source")
def _(grad: Any, index: Any, source_shape: Any, dim: int, alpha: Any) -> Any:
    back = reshape_op(_taken(grad, index, dim), shape=source_shape)
    return back if alpha == 1 else back * alpha


@index_copy_op.forward
def _(xp: Any, x: Any, index: Any, source: Any, *, dim: int) -> Any:
    out = xp.array(x)  # a gradient may be a scalar
    if not x.ndim:
        out[...] = source.reshape(-1)[-1] if source.size else out
    else:
        out[whole(x.ndim, (dim,), (index,))] = source
    return out


@index_copy_op.grad("x")
def _(grad: Any, index: Any, dim: int) -> Any:
    array = grad._array if isinstance(grad, Tensor) else grad
    return index_copy_op(grad, index, backends.xp_of(array).zeros((1,) * array.ndim, array.dtype), dim=dim)


@index_copy_op.grad("source")
def _(grad: Any, index: Any, source_shape: Any, dim: int) -> Any:
    return reshape_op(_taken(grad, index, dim), shape=source_shape)


def _taken(grad: Any, index: Any, dim: int) -> Any:
    return index_op(grad, index, dims=(dim,)) if grad.ndim else grad


def _vector(name: str, input: Tensor, dim: int, index: Any, source: Any = None) -> tuple[int, Any]:
    """(axis, index tensor) of the index_* functions. Raises IndexError or RuntimeError for what does not fit."""
    need_tensor(name, input)
    array = check_index(name, index)
    if array.ndim > 1:
        raise IndexError(f"{name}(): Index is supposed to be a vector, but it is {tuple(array.shape)}")
    shape = input._array.shape
    axis = wrap_dim(dim, len(shape))
    in_bounds(
        array,
        axis,
        shape[axis] if shape else 1,
        error=IndexError if name in ("index_select", "index_copy") else RuntimeError,
    )
    if source is not None:
        if source._array.dtype != input._array.dtype:
            raise DTypeError(
                f"{name}(): self and source expected to have the same dtype, but got {input.dtype!r} and "
                f"{source.dtype!r}"
            )
        wanted = list(shape)
        if shape:
            wanted[axis] = array.size
        number = name == "index_copy" and not source._array.ndim and not shape[1:]  # which takes a number there
        if source._array.shape != tuple(wanted) and not number:
            kind = IndexError if name == "index_copy" else RuntimeError
            raise kind(
                f"{name}(): source must have the shape {wanted} (input {list(shape)} with {array.size} "
                "entries along dimension "
                f"{axis}), but it is {list(source._array.shape)}"
            )
    return axis, index if array.ndim else Tensor._of(array.reshape(1))


def index_select(input: Tensor, dim: int, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The entries of an axis that a vector names, copied, as torch.index_select. (n, d), (k,) -> (k, d) for dim 0."""
    axis, places = _vector("index_select", input, dim, index)
    result = index_select_op(input, places, dim=axis)
    return result if out is None else write_out("index_select", result, out)


@with_out
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """A copy of input with alpha · source added to the entries that a vector names, as torch.index_add."""
    axis, places = _vector("index_add", input, dim, index, need_tensor("index_add", source, 4, "source"))
    result: Tensor = index_add_op(input, places, source, dim=axis, alpha=alpha)
    return result


@with_out
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy of input with source in the entries that a vector names, as torch.index_copy."""
    axis, places = _vector("index_copy", input, dim, index, need_tensor("index_copy", source, 4, "source"))
    result: Tensor = index_copy_op(input, places, source, dim=axis)
    return result


def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy of input with one value in the entries that a vector names, as torch.index_fill."""
    axis, places = _vector("index_fill", input, dim, index)
    places = Tensor._of(backends.xp_of(input._array).unique(places._array))  # each entry is filled once
    array, xp = input._array, backends.xp_of(input._array)
    if isinstance(value, Tensor):
        if value._array.ndim:
            raise ShapeError(
                "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                f"{value._array.ndim} dimension(s)."
            )
        filler = value.to(input.dtype) if value._array.dtype != array.dtype else value
    else:
        filler = Tensor._of(xp.asarray(value).astype(array.dtype))
    shape = list(array.shape)
    if shape:
        shape[axis] = places._array.size
    result: Tensor = index_copy_op(input, places, expand_op(filler, size=tuple(shape)), dim=axis)
    return result


@with_out
def take(input: Tensor, index: Tensor) -> Tensor:
    """Elements by their place in reading order, as torch.take. -> the shape of index; negative places from the end."""
    need_tensor("take", input)
    array = check_index("take", index)
    if input._array.size == 0 and array.size:
        raise IndexError("take(): tried to take from an empty tensor")
    if array.size and (array.max() >= input._array.size or array.min() < -input._array.size):
        raise IndexError(
            f"out of range: tried to access index {int(array.max())} on a tensor of {input._array.size} elements."
        )
    result: Tensor = index_op(reshape_op(input, shape=(input._array.size,)), index, dims=(0,))
    return result


def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of input with elements of source at places in reading order, as torch.put."""
    from gradbook.ops.indexing import index_put_op

    array = check_index("put", index)
    if array.size != source._array.size:
        raise ShapeError(
            "put_(): Expected source and index to have the same number of elements, but got "
            f"{source._array.size} and {array.size}"
        )
    if array.size and (array.max() >= input._array.size or array.min() < -input._array.size):
        raise IndexError(f"out of range: index {int(array.max())} on a tensor of {input._array.size} elements")
    if input._array.dtype != source._array.dtype:
        raise DTypeError(
            f"put_(): self and source expected to have the same dtype, but got {input.dtype!r} and {source.dtype!r}"
        )
    flat = reshape_op(input, shape=(input._array.size,))
    out = index_put_op(flat, reshape_op(source, shape=array.shape), index, dims=(0,), accumulate=bool(accumulate))
    result: Tensor = reshape_op(out, shape=input._array.shape)
    return result


# -- masks ---------------------------------------------------------------------------------------------------------

masked_fill_op = Op(
    "masked_fill", "x mask value", promote=False, formula=r"y_i = m_i \, ? \, v : x_i",
    grads={"x": r"\bar y_i (1 - m_i)", "value": r"\textstyle\sum_i \bar y_i m_i"},
)  # fmt: skip
masked_fill_op.forward(lambda xp, x, mask, value: xp.where(mask, value, x))


@masked_fill_op.grad("x")
def _(grad: Any, mask: Any) -> Any:
    array = grad._array if isinstance(grad, Tensor) else grad
    return masked_fill_op(grad, mask, backends.xp_of(array).zeros((), array.dtype))


@masked_fill_op.grad("value")
def _(grad: Any, mask: Any) -> Any:
    array = mask._array if isinstance(mask, Tensor) else mask
    bare = grad._array if isinstance(grad, Tensor) else grad
    return masked_fill_op(grad, ~array, backends.xp_of(bare).zeros((), bare.dtype))


def _mask(name: str, mask: Any) -> Any:
    array = need_tensor(name, mask, 2, "mask")._array
    if array.dtype.kind != "b":
        raise DTypeError(
            f"{name} only supports boolean masks, but got mask with dtype {dtypes.of_array(array)!r}; "
            "compare, or use .bool()"
        )
    return array


def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """Input with `value` where mask is true, as torch.masked_fill; both are broadcast. (n, m), (n, 1) -> (n, m).

    Raises RuntimeError for a mask that is not bool.
    """
    array, xp = need_tensor("masked_fill", input)._array, backends.xp_of(input._array)
    found = _mask("masked_fill", mask)
    if isinstance(value, Tensor):
        if value._array.ndim:
            raise ShapeError(
                "masked_fill only supports a 0-dimensional value tensor, but got tensor with "
                f"{value._array.ndim} dimension(s)."
            )
        if value.is_complex() and array.dtype.kind in "fViu" and value._array.imag:
            raise DTypeError(f"value cannot be converted to type {input.dtype!r} without overflow: {value.item()}")
        value = value.to(input.dtype) if value._array.dtype != array.dtype else value
    else:
        if (isinstance(value, complex) and array.dtype.kind != "c") or (
            isinstance(value, float) and array.dtype.kind in "iub"
        ):
            raise DTypeError(f"value cannot be converted to type {input.dtype!r} without overflow: {value}")
        from gradbook.ops.creation import leaf

        value = leaf(xp.asarray(np.asarray(value).astype(array.dtype)))._array
    try:
        np.broadcast_shapes(array.shape, found.shape)
    except ValueError:
        from gradbook.autograd.promotion import broadcast_error

        raise broadcast_error("masked_fill", array.shape, found.shape) from None
    result: Tensor = masked_fill_op(input, mask, value)
    return result


def masked_select(input: Tensor, mask: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements where mask is true, as a vector, as torch.masked_select; both are broadcast."""
    from gradbook.ops.shape import broadcast_tensors

    _mask("masked_select", mask)
    x, m = broadcast_tensors(need_tensor("masked_select", input), mask)
    result = x.reshape(1)[m.reshape(1)] if not x._array.ndim else x[m]
    return result if out is None else write_out("masked_select", result, out)


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """Input with consecutive elements of source where mask is true, as torch.masked_scatter."""
    from gradbook.ops.indexing import index_put_op
    from gradbook.ops.shape import broadcast_tensors

    _mask("masked_scatter", mask)
    x, m = broadcast_tensors(need_tensor("masked_scatter", input), mask)
    if source._array.dtype != x._array.dtype:
        raise DTypeError(
            f"masked_scatter: expected self and source to have same dtypes but got {x.dtype!r} and {source.dtype!r}"
        )
    flat, places = reshape_op(x, shape=(x._array.size,)), m._array.reshape(-1).nonzero()[0]
    if source._array.size < places.size:
        raise ShapeError(f"masked_scatter: source has {source._array.size} elements, the mask needs {places.size}")
    part = slice_op(reshape_op(source, shape=(source._array.size,)), index=(slice(places.size),))
    result: Tensor = reshape_op(index_put_op(flat, part, Tensor._of(places), dims=(0,)), shape=x._array.shape)
    return result


@with_out
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """Where the elements are not zero, as torch.nonzero. -> int64 (k, ndim), or one (k,) an axis if as_tuple."""
    array = need_tensor("nonzero", input)._array
    xp = backends.xp_of(array)
    if as_tuple:
        return tuple(Tensor._of(found) for found in (array if array.ndim else array.reshape(1)).nonzero())
    if array.ndim == 0:
        return Tensor._of(xp.zeros((int(bool(array)), 0), np.int64))
    return Tensor._of(xp.stack(array.nonzero(), 1))


def argwhere(input: Tensor) -> Tensor:
    """Where the elements are not zero, one place a row, as torch.argwhere. -> int64 (k, ndim)."""
    found: Tensor = nonzero(input)
    return found


for _fn in (
    gather, scatter, scatter_add, take_along_dim, index_select, index_add, index_copy, index_fill, take, put,
    masked_fill,
    masked_select, masked_scatter, nonzero, argwhere,
):  # fmt: skip
    method(_fn.__name__)(_fn)


def _changed(fn: Any) -> Any:
    from gradbook.autograd.inplace import assign, check_apart, check_leaf

    def change(self: Tensor, *args: Any, **named: Any) -> Tensor:
        check_leaf(self)
        for value in (*args, *named.values()):
            if isinstance(value, Tensor):
                check_apart(self._array, value._array)
        return assign(self, fn(self, *args, **named))

    change.__doc__ = f"As {fn.__name__}, in place. Raises RuntimeError for a leaf that requires grad."
    return change


for _fn in (scatter, scatter_add, index_add, index_copy, index_fill, put, masked_fill, masked_scatter):
    method(f"{_fn.__name__}_")(_changed(_fn))
