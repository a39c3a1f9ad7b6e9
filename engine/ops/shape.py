"""Shapes: the same elements seen with other axes. Views wherever NumPy can make one."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradbook import dtypes
from gradbook.autograd import grad_mode, versions
from gradbook.autograd.inplace import check_inplace
from gradbook.autograd.op import Op
from gradbook.errors import Card, ShapeError
from gradbook.ops.arguments import no_others
from gradbook.tensor import Size, Tensor, dim_error, method

__all__ = [
    "adjoint", "broadcast_shapes", "broadcast_tensors", "broadcast_to", "flatten",
    "moveaxis", "movedim", "permute", "ravel", "reshape", "squeeze", "swapaxes", "swapdims", "t", "transpose",
    "unflatten", "unsqueeze", "view_as",
]  # fmt: skip


# -- arguments -----------------------------------------------------------------------------------------------------


def need_tensor(name: str, value: Any, position: int = 1, argument: str = "input") -> Tensor:
    """The value, if it is a Tensor. Raises TypeError in PyTorch's words otherwise."""
    if isinstance(value, Tensor):
        return value
    raise TypeError(f"{name}(): argument '{argument}' (position {position}) must be Tensor, not {type(value).__name__}")


def need_tensors(name: str, values: Any) -> list[Tensor]:
    """A sequence of tensors as a list. Raises TypeError for anything else, RuntimeError for an empty one."""
    if isinstance(values, Tensor) or not isinstance(values, Sequence):
        kind = type(values).__name__
        raise TypeError(f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not {kind}")
    found = list(values)
    for i, value in enumerate(found):
        if not isinstance(value, Tensor):
            raise TypeError(
                f"{name}(): expected Tensor as element {i} in argument 0, but got {type(value).__name__}; "
                "make it one first: gradbook.tensor(...)"
            )
    return found


def wrap_dim(dim: int, ndim: int) -> int:
    """An axis counted from 0. Raises IndexError for one that is not there (a 0-d tensor has axis 0 and -1)."""
    try:
        dim = operator.index(dim)
    except TypeError:
        raise TypeError(f"dim must be int, not {type(dim).__name__}") from None
    limit = ndim or 1
    if not -limit <= dim < limit:
        raise dim_error(dim, ndim)
    return dim + limit if dim < 0 else dim


def wrap_dims(dims: Any, ndim: int) -> tuple[int, ...]:
    """Several axes counted from 0. Raises RuntimeError if one comes twice."""
    found = tuple(wrap_dim(d, ndim) for d in ((dims,) if isinstance(dims, int) else dims))
    if len(set(found)) != len(found):
        twice = next(d for d in found if found.count(d) > 1)
        raise ShapeError(f"dim {twice} appears multiple times in the list of dims")
    return found


def sizes(name: str, args: tuple[Any, ...]) -> tuple[int, ...]:
    """Lengths given as `f(2, 3)` or `f((2, 3))`. Raises TypeError unless all are whole numbers."""
    if len(args) == 1 and isinstance(args[0], (tuple, list)):
        args = tuple(args[0])
    try:
        return tuple([operator.index(a) for a in args])
    except TypeError:
        kinds = ", ".join(type(a).__name__ for a in args)
        raise TypeError(f"{name}(): argument 'size' must be tuple of ints, but got ({kinds})") from None


def infer_shape(shape: tuple[int, ...], count: int) -> tuple[int, ...]:
    """A shape whose -1 is filled in. Raises RuntimeError if it cannot hold `count` elements."""
    product, unknown = 1, -1
    for i, length in enumerate(shape):
        if length == -1:
            if unknown >= 0:
                raise ShapeError("only one dimension can be inferred")
            unknown = i
        elif length < 0:
            raise ShapeError(f"invalid shape dimension {length} at index {i} of shape {list(shape)}")
        else:
            product *= length
    if unknown < 0:
        if product == count:
            return shape
    elif product == 0:
        if count == 0:
            raise ShapeError(
                f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified "
                "dimension size -1 "
                "can be any value and is ambiguous"
            )
    elif count % product == 0:
        return (*shape[:unknown], count // product, *shape[unknown + 1 :])
    text = f"shape '{list(shape)}' is invalid for input of size {count}: " + (
        f"it holds {product} elements" if unknown < 0 else f"{count} is not a multiple of {product}"
    )
    raise ShapeError(text, card=Card(op="reshape", explanation=text))


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that all shapes broadcast to, as torch.broadcast_shapes. Raises RuntimeError if they do not."""
    whole = [(s,) if isinstance(s, int) else tuple(s) for s in shapes]
    try:
        return Size(np.broadcast_shapes(*whole))
    except ValueError:
        raise ShapeError(
            "Shape mismatch: objects cannot be broadcast to a single shape: " + ", ".join(str(list(s)) for s in whole)
        ) from None


# -- ops -----------------------------------------------------------------------------------------------------------

view_op = Op("view", "x", view=True, formula=r"y_{i} = x_{i'}", grads={"x": r"\bar y \text{ in the shape of } x"})


@view_op.forward
def _(xp: Any, x: Any, *, shape: tuple[int, ...]) -> Any:
    return x.reshape(shape)


view_op.grad("x")(lambda grad, x_shape: reshape_op(grad, shape=x_shape))

reshape_op: Op = Op(
    "reshape", "x", view=True, node_name="ViewBackward0",
    formula=r"y_{i} = x_{i'}", grads={"x": r"\bar y \text{ in the shape of } x"},
)  # fmt: skip
reshape_op.forward(lambda xp, x, *, shape: x.reshape(shape))
reshape_op.grad("x")(lambda grad, x_shape: reshape_op(grad, shape=x_shape))

squeeze_op = Op("squeeze", "x", view=True, formula=r"y = x \text{ without axes of length } 1")
squeeze_op.forward(lambda xp, x, *, dim: x.reshape(tuple(n for i, n in enumerate(x.shape) if n != 1 or i not in dim)))
squeeze_op.grad("x")(lambda grad, x_shape: reshape_op(grad, shape=x_shape))

unsqueeze_op = Op("unsqueeze", "x", view=True, formula=r"y = x \text{ with a new axis of length } 1")
unsqueeze_op.forward(lambda xp, x, *, dim: xp.expand_dims(x, dim))
unsqueeze_op.grad("x")(lambda grad, x_shape: reshape_op(grad, shape=x_shape))

expand_op = Op(
    "expand", "x", view=True, formula=r"y_{ij} = x_{j}", grads={"x": r"\textstyle\sum_i \bar y_{ij}"}
)  # fmt: skip


@expand_op.forward
def _(xp: Any, x: Any, *, size: tuple[int, ...]) -> Any:
    seen = xp.broadcast_to(x, size)
    if xp is np and x.flags.writeable:
        seen.flags.writeable = True  # what is written to one place is seen at all of its repetitions
    return seen


expand_op.grad("x")(lambda grad: grad)  # the walk sums what was broadcast

transpose_op = Op("transpose", "x", view=True, formula=r"y = x^\top", grads={"x": r"\bar y^\top"})
transpose_op.forward(lambda xp, x, *, dim0, dim1: x.swapaxes(dim0, dim1) if x.ndim else x.view())
transpose_op.grad("x")(lambda grad, dim0, dim1: transpose_op(grad, dim0=dim0, dim1=dim1))

t_op = Op("t", "x", view=True, formula=r"y = x^\top", grads={"x": r"\bar y^\top"})
t_op.forward(lambda xp, x: x.T)
t_op.grad("x")(lambda grad: t_op(grad))

permute_op = Op(
    "permute", "x", view=True, formula=r"y_{i_{p_1} \dots i_{p_n}} = x_{i_1 \dots i_n}",
    grads={"x": r"\bar y \text{ with the axes back in order}"},
)  # fmt: skip
permute_op.forward(lambda xp, x, *, dims: x.transpose(dims))
permute_op.grad("x")(lambda grad, dims: permute_op(grad, dims=tuple(sorted(range(len(dims)), key=dims.__getitem__))))


# -- one shape for another -----------------------------------------------------------------------------------------


def reshape(input: Tensor, shape: Sequence[int]) -> Tensor:
    """The same elements in another shape: a view where strides allow it, else a copy, as torch.reshape.

    (any) -> shape; one length may be -1. Raises RuntimeError if the shape cannot hold the elements.
    """
    need_tensor("reshape", input)
    result: Tensor = reshape_op(input, shape=infer_shape(sizes("reshape", (shape,)), input._array.size))
    return result


def given(name: str, word: str, values: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """What *values or the keyword argument `word` give. Raises TypeError for neither, and for other keywords."""
    if named:
        no_others(name, named, word)
        return values or (named[word],)
    if not values:
        raise TypeError(f'{name}() missing 1 required positional arguments: "{word}"')
    return values


@method("reshape")
def _reshape(self: Tensor, *shape: Any, **named: Any) -> Tensor:
    """The same elements in another shape, as torch.Tensor.reshape. Raises RuntimeError if it cannot hold them."""
    result: Tensor = reshape_op(
        self, shape=infer_shape(sizes("reshape", given("reshape", "shape", shape, named)), self._array.size)
    )
    return result


@method("reshape_as")
def _reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """The same elements in the shape of `other`."""
    result: Tensor = reshape_op(self, shape=infer_shape(tuple(other._array.shape), self._array.size))
    return result


@method("view")
def _view(self: Tensor, *shape: Any, **named: Any) -> Tensor:
    """The same memory in another shape or another dtype, as torch.Tensor.view.

    Raises RuntimeError where strides forbid a view, or the shape cannot hold the elements.
    """
    if shape and isinstance(shape[0], dtypes.dtype):
        return view_dtype(self, shape[0])
    if "dtype" in named:
        return view_dtype(self, *given("view", "dtype", shape, named))
    array = self._array
    wanted = infer_shape(sizes("view", given("view", "size", shape, named)), array.size)
    if (
        not array.flags.c_contiguous
        and array.size
        and versions.owner(array.reshape(wanted)) is not versions.owner(array)
    ):
        raise ShapeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            f"contiguous subspaces). Use .reshape(...) instead. The tensor is {tuple(array.shape)} with strides "
            f"{self.stride()}, the view asked for is {wanted}."
        )
    result: Tensor = view_op(self, shape=wanted)
    return result


def view_as(input: Tensor, other: Tensor) -> Tensor:
    """A view in the shape of `other`. Raises RuntimeError where strides forbid it."""
    result: Tensor = input.view(tuple(other._array.shape))
    return result


method("view_as")(view_as)


def view_dtype(input: Tensor, dtype: dtypes.dtype) -> Tensor:
    """The same bytes read as another dtype; not differentiable. Raises RuntimeError if the last axis does not fit."""
    array, wanted = input._array, dtype._np
    old, new = array.itemsize, wanted.itemsize
    if old != new:
        if array.ndim == 0:
            raise ShapeError(f"self.dim() cannot be 0 to view {input.dtype!r} as {dtype!r} (different element sizes)")
        if array.strides[-1] != old:
            raise ShapeError(
                f"self.stride(-1) must be 1 to view {input.dtype!r} as {dtype!r} (different element sizes)"
            )
        if new > old and array.shape[-1] % (new // old):
            raise ShapeError(
                f"self.size(-1) must be divisible by {new // old} to view {input.dtype!r} as {dtype!r} (different "
                f"element sizes), but got {array.shape[-1]}"
            )
    made: Tensor = Tensor._of(array.view(wanted))
    return made


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Axes start_dim to end_dim made one, as torch.flatten. (a, b, c) -> (a·b·c) by default.

    Raises RuntimeError if start_dim comes after end_dim.
    """
    shape = need_tensor("flatten", input)._array.shape
    start, end = wrap_dim(start_dim, len(shape)), wrap_dim(end_dim, len(shape))
    if start > end:
        raise ShapeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if start == end and shape:
        return input
    result: Tensor = reshape_op(input, shape=(*shape[:start], _product(shape[start : end + 1]), *shape[end + 1 :]))
    return result


def ravel(input: Tensor) -> Tensor:
    """All elements along one axis, as torch.ravel."""
    result: Tensor = reshape_op(need_tensor("ravel", input), shape=(input._array.size,))
    return result


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Axis `dim` split into several of the given lengths, one of which may be -1, as torch.unflatten."""
    shape = need_tensor("unflatten", input)._array.shape
    axis = wrap_dim(dim, len(shape))
    if not shape:
        raise ShapeError("unflatten: the tensor has no axes to split")
    if not len(sizes):
        raise ShapeError("unflatten: sizes must be non-empty")
    try:
        inner = infer_shape(tuple(operator.index(s) for s in sizes), shape[axis])
    except ShapeError as error:
        raise ShapeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {axis} "
            f"({shape[axis]}) in the "
            "input tensor"
        ) from error
    result: Tensor = reshape_op(input, shape=(*shape[:axis], *inner, *shape[axis + 1 :]))
    return result


def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """The tensor without its axes of length 1 (all, or those in `dim`), as torch.squeeze."""
    ndim = need_tensor("squeeze", input)._array.ndim
    axes = tuple(range(ndim)) if dim is None else wrap_dims(dim, ndim)
    result: Tensor = squeeze_op(input, dim=axes)
    return result


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """The tensor with a new axis of length 1 before `dim`, as torch.unsqueeze. (a, b) -> (1, a, b) for dim 0."""
    result: Tensor = unsqueeze_op(input, dim=wrap_dim(dim, need_tensor("unsqueeze", input)._array.ndim + 1))
    return result


method("flatten")(flatten)
method("ravel")(ravel)
method("squeeze")(squeeze)
method("unsqueeze")(unsqueeze)


@method("unflatten")
def _unflatten(self: Tensor, dim: int, sizes: Any, *more: int) -> Tensor:
    """Axis `dim` split into several, as torch.Tensor.unflatten."""
    return unflatten(self, dim, (sizes, *more) if isinstance(sizes, int) else sizes)


def _reseen(self: Tensor, fn: Any, args: Any, named: Any) -> Tensor:
    """The tensor takes on the array, history and view path of a view of itself."""
    if self._node is not None and grad_mode.state.enabled:
        check_inplace(self)
    with grad_mode.enable_grad():  # made under no_grad it is still the same tensor, seen in another shape
        seen = fn(self, *args, **named)
    self._array = seen._array
    if self._node is not None and self._node.tensor is not None:
        self._node.shape = self._array.shape
    else:
        self._node = seen._node
    if self._view is not None:
        self._view = seen._view
    elif seen._view is not None:
        self.__dict__["_reseen"] = True  # views of it find their place by memory from now on
        versions.watch_ops(1)
    versions.stamp(self._array)
    return self


_fn: Any  # functions of several signatures, here and in the loops below
for _name, _fn in {"squeeze_": squeeze, "unsqueeze_": unsqueeze}.items():

    def _inplace(self: Tensor, *args: Any, _fn: Any = _fn, **named: Any) -> Tensor:
        """The tensor itself gets the new shape."""
        return _reseen(self, _fn, args, named)

    method(_name)(_inplace)


# -- broadcasting --------------------------------------------------------------------------------------------------


@method("expand")
def _expand(self: Tensor, *size: Any, implicit: bool = False, **named: Any) -> Tensor:
    """The tensor repeated without a copy along axes of length 1 and new leading axes, as torch.Tensor.expand.

    -1 keeps a length. Raises RuntimeError where a length is neither 1 nor the one asked for.
    """
    wanted = sizes("expand", given("expand", "size", size, named))
    shape = self._array.shape
    lead = len(wanted) - len(shape)
    if lead < 0:
        raise ShapeError(
            f"expand({list(shape)}, size={list(wanted)}): the number of sizes provided ({len(wanted)}) "
            "must be greater or "
            f"equal to the number of dimensions in the tensor ({len(shape)})"
        )
    full = []
    for i, length in enumerate(wanted):
        own = shape[i - lead] if i >= lead else None
        if length == -1:
            if own is None:
                raise ShapeError(
                    f"The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension {i}"
                )
            length = own
        elif length < 0:
            raise ShapeError(f"expand: negative size {length} for dimension {i}; only -1 (keep) is allowed")
        elif own is not None and own not in (1, length):
            raise ShapeError(
                f"The expanded size of the tensor ({length}) must match the existing size ({own}) at non-singleton "
                f"dimension {i}.  Target sizes: {list(wanted)}.  Tensor sizes: {list(shape)}"
            )
        full.append(length)
    result: Tensor = expand_op(self, size=tuple(full))
    return result


@method("expand_as")
def _expand_as(self: Tensor, other: Tensor) -> Tensor:
    """The tensor expanded to the shape of `other`."""
    result: Tensor = self.expand(tuple(other._array.shape))
    return result


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """A view of `input` broadcast to `size`, as torch.broadcast_to. Raises RuntimeError if it does not broadcast."""
    result: Tensor = need_tensor("broadcast_to", input).expand(size)
    return result


method("broadcast_to")(broadcast_to)


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """All tensors expanded to their common shape, as torch.broadcast_tensors. Raises RuntimeError if there is none."""
    found = need_tensors(
        "broadcast_tensors", tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
    )
    try:
        shape = np.broadcast_shapes(*[x._array.shape for x in found])
    except ValueError:
        from gradbook.autograd.promotion import broadcast_error

        first = found[0]._array.shape
        for x in found[1:]:
            try:
                first = np.broadcast_shapes(first, x._array.shape)
            except ValueError:
                raise broadcast_error("broadcast_tensors", first, x._array.shape) from None
        raise
    return tuple(x.expand(shape) for x in found)


# -- axes in another order -----------------------------------------------------------------------------------------


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two axes swapped, as torch.transpose: a view."""
    ndim = need_tensor("transpose", input)._array.ndim
    result: Tensor = transpose_op(input, dim0=wrap_dim(dim0, ndim), dim1=wrap_dim(dim1, ndim))
    return result


def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """Two axes swapped: transpose under NumPy's name."""
    return transpose(input, axis0, axis1)


def swapdims(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two axes swapped: transpose under another name."""
    return transpose(input, dim0, dim1)


def t(input: Tensor) -> Tensor:
    """The transpose of a matrix, as torch.t; a vector stays. Raises RuntimeError for more than two axes."""
    ndim = need_tensor("t", input)._array.ndim
    if ndim > 2:
        raise ShapeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {ndim}D; use .mT or .transpose(-1, -2)"
        )
    result: Tensor = t_op(input)
    return result


def permute(input: Tensor, dims: Sequence[int]) -> Tensor:
    """Axes in the order `dims`, as torch.permute: a view. Raises RuntimeError unless each axis comes once."""
    ndim = need_tensor("permute", input)._array.ndim
    wanted = sizes("permute", (dims,))
    if len(wanted) != ndim:
        raise ShapeError(
            "permute: number of dimensions in the tensor input does not match the length of the desired ordering of "
            f"dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(wanted)}"
        )
    order = tuple(wrap_dim(d, ndim) for d in wanted)
    if len(set(order)) != ndim:
        raise ShapeError(f"permute(): duplicate dims are not allowed: {list(wanted)}")
    result: Tensor = permute_op(input, dims=order)
    return result


@method("permute")
def _permute(self: Tensor, *dims: Any, **named: Any) -> Tensor:
    """Axes in another order, as torch.Tensor.permute: a view."""
    return permute(self, sizes("permute", given("permute", "dims", dims, named)))


def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Axes `source` moved to the places `destination`, the others in order, as torch.movedim."""
    ndim = need_tensor("movedim", input)._array.ndim
    source = (source,) if isinstance(source, int) else tuple(source)
    destination = (destination,) if isinstance(destination, int) else tuple(destination)
    if len(source) != len(destination):
        raise ShapeError(
            f"movedim: Invalid source or destination dims: source ({list(source)} dims) should contain "
            "the same number of "
            f"dims as destination ({list(destination)} dims)"
        )
    taken, placed = wrap_dims(source, ndim), wrap_dims(destination, ndim)
    order = [i for i in range(ndim) if i not in taken]
    for place, axis in sorted(zip(placed, taken, strict=True)):
        order.insert(place, axis)
    result: Tensor = permute_op(input, dims=tuple(order[:ndim]))
    return result


moveaxis = movedim


def adjoint(input: Tensor) -> Tensor:
    """The conjugate transpose of the last two axes, as torch.adjoint."""
    flipped = transpose(input, -2, -1)
    return flipped.conj() if input.is_complex() else flipped


for _name, _fn in {
    "transpose": transpose, "swapaxes": swapaxes, "swapdims": swapdims, "t": t, "movedim": movedim, "moveaxis": movedim,
    "adjoint": adjoint,
}.items():  # fmt: skip
    method(_name)(_fn)


def _reversed(self: Tensor) -> Tensor:
    """The axes in reverse order."""
    result: Tensor = permute_op(self, dims=tuple(range(self._array.ndim))[::-1])
    return result


def _matrices(self: Tensor) -> Tensor:
    """The last two axes swapped. Raises RuntimeError for fewer than two."""
    if self._array.ndim == 0:
        return self
    if self._array.ndim < 2:
        raise ShapeError(
            f"tensor.mT is only supported on matrices or batches of matrices. Got {self._array.ndim}-D tensor."
        )
    return transpose(self, -2, -1)


def _conjugate(self: Tensor) -> Tensor:
    """The conjugate transpose of a matrix or a batch of matrices. Raises RuntimeError for other tensors."""
    if self._array.ndim not in (0, 2):
        raise ShapeError(f"tensor.H is only supported on matrices (2-D tensors). Got {self._array.ndim}-D tensor.")
    return adjoint(self) if self._array.ndim else self


Tensor.T = property(_reversed)  # type: ignore[attr-defined]
Tensor.mT = property(_matrices)  # type: ignore[attr-defined]
Tensor.H = property(_conjugate)  # type: ignore[attr-defined]
Tensor.mH = property(lambda self: adjoint(_matrices(self).mT) if self._array.ndim < 2 else adjoint(self))  # type: ignore[attr-defined]


for _name, _fn in {
    "transpose_": transpose, "t_": t, "swapaxes_": swapaxes, "swapdims_": swapdims,
}.items():  # fmt: skip

    def _inplace(self: Tensor, *args: Any, _fn: Any = _fn, **named: Any) -> Tensor:
        """The tensor itself gets its axes in the new order."""
        return _reseen(self, _fn, args, named)

    method(_name)(_inplace)


def _product(lengths: Sequence[int]) -> int:
    product = 1
    for length in lengths:
        product *= length
    return product
