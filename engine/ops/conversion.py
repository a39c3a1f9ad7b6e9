"""The same numbers elsewhere: clone, to and its kin, other dtypes and devices, filling in place."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from gradbook import backends, dtypes, events
from gradbook.autograd import grad_mode, layers, versions
from gradbook.autograd.inplace import (
    assign,
    changed,
    check_inplace,
    check_overlap,
    check_writable,
    overwrite,
    same_place,
)
from gradbook.autograd.op import Elementwise, Op
from gradbook.device import device as device_type
from gradbook.device import place
from gradbook.errors import ShapeError
from gradbook.formats import contiguous_format, preserve_format
from gradbook.layout import check_rank, empty_in, lies_in, same_layout
from gradbook.ops.arguments import array_dtype
from gradbook.ops.creation import array_from, leaf, zeros
from gradbook.ops.like import full_like
from gradbook.tensor import Tensor, method

__all__ = [
    "BFloat16Tensor", "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor", "HalfTensor",
    "IntTensor", "LongTensor", "ShortTensor", "clone", "fill", "set_default_tensor_type",
]  # fmt: skip

# -- copies ----------------------------------------------------------------------------------------------------------


clone_op = Elementwise("clone", same_layout, "x", formula="y = x", grads={"x": r"\bar y"})
clone_op.grad("x")(lambda grad: grad)

to_op = Op(
    "to", "x", formula=r"y = \mathrm{cast}(x)", grads={"x": r"\mathrm{cast}(\bar y)"}, node_name="ToCopyBackward0"
)


@to_op.forward
def _(xp: Any, x: Any, *, dtype: Any, device: Any, source: Any) -> Any:
    if dtype is not None and x.dtype != dtype:
        if x.dtype.kind == "c" and dtype.kind != "c":
            x = x.real
        x = x.astype(dtype)
    return x if device is None else place(x, device)


@to_op.grad("x")
def _(grad: Any, source: Any) -> Any:
    if source is None:
        return grad  # the walk casts
    return (
        grad.to(device=source)
        if isinstance(grad, Tensor)
        else place(np.asarray(grad) if np.isscalar(grad) else grad, source)
    )


@method("clone")
def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy in new memory, laid out alike or in a memory format; gradients flow through it (torch.clone)."""
    made: Tensor = clone_op.fast(input)
    return made if memory_format in (None, preserve_format) else _relaid(made, memory_format)


@method("contiguous")
def contiguous(self: Tensor, memory_format: Any = contiguous_format) -> Tensor:
    """This tensor if it lies in memory in index order, or in that of a memory format; else a copy that does."""
    if memory_format is preserve_format:
        raise RuntimeError("preserve memory format is unsupported by the contiguous operator")
    if memory_format is contiguous_format and self._array.flags.c_contiguous:
        return self
    check_rank(self._array.ndim, memory_format)
    return self if lies_in(self._array, memory_format) else _relaid(clone_op.fast(self), memory_format)


def _relaid(made: Tensor, wanted: Any) -> Tensor:
    """A new tensor whose memory nobody has seen yet, laid out in a memory format."""
    if not lies_in(made._array, wanted):
        xp = backends.xp_of(made._array)
        new = empty_in(xp, made._array.shape, made._array.dtype, wanted)
        new[...] = made._array
        made._array = new
    return made


@method("to")
def to(
    self: Tensor, *args: Any, dtype: Any = None, device: Any = None, non_blocking: bool = False, copy: bool = False,
    memory_format: Any = None, other: Any = None,
) -> Tensor:  # fmt: skip
    """This tensor in another dtype or on another device; itself if nothing changes (torch.Tensor.to).

    to(dtype), to(device), to(device, dtype), to(other tensor). Gradients flow back in the old dtype, to the old device.
    """
    for arg in args:
        if isinstance(arg, Tensor):
            other = arg
        elif isinstance(arg, (dtypes.dtype, type)):
            dtype = arg
        elif isinstance(arg, (str, device_type)) or (isinstance(arg, int) and not isinstance(arg, bool)):
            device = arg
        elif isinstance(arg, bool):
            continue  # non_blocking, copy: nothing here waits
        elif arg is not None:
            raise TypeError(f"to() received an invalid combination of arguments - got ({type(arg).__name__})")
    if other is not None:
        dtype, device = other.dtype, other.device
    made = converted(self, array_dtype(dtype, "to"), device, copy)
    if memory_format is None or memory_format is preserve_format:
        return made
    return contiguous(made, memory_format)


def converted(tensor: Tensor, wanted: Any, where: Any, copy: bool = False) -> Tensor:
    """A tensor in a NumPy dtype and on a device; itself if neither changes and no copy is asked for."""
    target = None
    if where is not None:
        target, here = device_type(where), tensor.device
        if target.type == here.type and (target.index is None or target.index == here.index):
            target = None
    if target is None and (wanted is None or wanted == tensor._array.dtype):
        return clone_op.fast(tensor) if copy else tensor
    made: Tensor = to_op(tensor, dtype=wanted, device=target, source=None if target is None else tensor.device)
    return made


def _conversion(name: str, kind: dtypes.dtype) -> None:
    def convert(self: Tensor, memory_format: Any = None) -> Tensor:
        return converted(self, kind._np, None)

    convert.__name__ = name
    convert.__doc__ = f"This tensor as {kind._name}; itself if it is one."
    method(name)(convert)


for _name, _kind in {
    "float": dtypes.float32, "double": dtypes.float64, "half": dtypes.float16, "bfloat16": dtypes.bfloat16,
    "int": dtypes.int32, "long": dtypes.int64, "short": dtypes.int16, "char": dtypes.int8, "byte": dtypes.uint8,
    "bool": dtypes.bool_, "cfloat": dtypes.complex64, "cdouble": dtypes.complex128,
}.items():  # fmt: skip
    _conversion(_name, _kind)


@method()
def cpu(self: Tensor, memory_format: Any = None) -> Tensor:
    """This tensor in the computer's own memory."""
    return converted(self, None, "cpu")


@method()
def cuda(self: Tensor, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> Tensor:
    """This tensor on a GPU. Raises DeviceError or MissingExtraError if there is none."""
    return converted(self, None, "cuda" if device is None else device)


@method()
def pin_memory(self: Tensor, device: Any = None) -> Tensor:
    """This tensor: gradbook copies to a GPU without pinned memory. Differs: nothing is pinned."""
    return self


@method()
def is_pinned(self: Tensor, device: Any = None) -> bool:
    """False: gradbook pins no memory."""
    return False


@method()
def type_as(self: Tensor, other: Tensor) -> Tensor:
    """This tensor in the dtype and on the device of another."""
    return converted(self, other._array.dtype, other.device)


_LEGACY = {
    "FloatTensor": "float32", "DoubleTensor": "float64", "HalfTensor": "float16", "BFloat16Tensor": "bfloat16",
    "ByteTensor": "uint8", "CharTensor": "int8", "ShortTensor": "int16", "IntTensor": "int32", "LongTensor": "int64",
    "BoolTensor": "bool",
}  # fmt: skip


@method("type")
def type_(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The name of this tensor's type, such as "gradbook.FloatTensor", or the tensor in another dtype."""
    if dtype is None:
        names = {kind: name for name, kind in _LEGACY.items()}
        where = "cuda." if self.is_cuda else ""
        return f"gradbook.{where}{names.get(self.dtype._name, self.dtype._name)}"
    if isinstance(dtype, str):
        last = dtype.rpartition(".")[2]
        if last not in _LEGACY:
            raise ValueError(f"invalid type: {dtype!r}")
        dtype = dtypes.by_name(_LEGACY[last])
    return converted(self, array_dtype(getattr(dtype, "tensor_dtype", dtype), "type"), None)


class _LegacyType(type):
    tensor_dtype: dtypes.dtype

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor) and instance.dtype is cls.tensor_dtype

    def __call__(cls, *data: Any) -> Tensor:
        if len(data) == 1 and isinstance(data[0], (list, tuple, np.ndarray, Tensor)):
            return leaf(array_from(data[0], cls.tensor_dtype._np))
        return zeros(*data or (0,), dtype=cls.tensor_dtype)


def _legacy(name: str) -> Any:
    kind = dtypes.by_name(_LEGACY[name])
    about = f"{kind._name} tensors: a constructor, and for isinstance (torch.{name})."
    return _LegacyType(name, (), {"tensor_dtype": kind, "__doc__": about})


FloatTensor, DoubleTensor, HalfTensor = _legacy("FloatTensor"), _legacy("DoubleTensor"), _legacy("HalfTensor")
BFloat16Tensor, BoolTensor, ByteTensor = _legacy("BFloat16Tensor"), _legacy("BoolTensor"), _legacy("ByteTensor")
CharTensor, ShortTensor, IntTensor = _legacy("CharTensor"), _legacy("ShortTensor"), _legacy("IntTensor")
LongTensor = _legacy("LongTensor")


def set_default_tensor_type(t: Any) -> None:
    """Let new floating point tensors be of this type, such as FloatTensor or its name (torch.set_default_tensor_type).

    Raises TypeError for what is no type of floating point tensors, and for those of a GPU.
    """
    name = t if isinstance(t, str) else getattr(t, "__name__", repr(t))
    last = name.rpartition(".")[2]
    if (isinstance(t, str) or hasattr(t, "tensor_dtype")) and last in _LEGACY and ".cuda." not in name:
        warnings.warn(
            "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use torch.set_default_dtype() "
            "and torch.set_default_device() as alternatives.",
            UserWarning,
            stacklevel=2,
        )
        return dtypes.set_default_dtype(dtypes.by_name(_LEGACY[last]))
    raise TypeError(
        f"set_default_tensor_type: {name} is not available as the default type, which is a floating-point type of the "
        "CPU, such as gradbook.FloatTensor. For a GPU, call set_default_device('cuda')"
    )


# -- filling in place ------------------------------------------------------------------------------------------------


def fill(input: Tensor, value: Any) -> Tensor:
    """A tensor like `input`, every element `value` (torch.fill)."""
    if not isinstance(value, Tensor):
        made = full_like(input, value)
        return made if input._node is None else made + input * 0
    if value.ndim:
        raise RuntimeError(f"fill only supports 0-dimension value tensor but got tensor with {value.ndim} dimensions.")
    result: Tensor = clone_op.fast(input).copy_(value)
    return result


@method()
def fill_(self: Tensor, value: Any) -> Tensor:
    """Set every element to `value`."""
    if isinstance(value, Tensor):
        if value.ndim:
            raise RuntimeError(
                f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim} dimensions."
            )
        if value.requires_grad or events.write:  # who listens is told what it was
            return copy_(self, value)
        value = value._array
    return overwrite(self, value, "Fill")


@method()
def zero_(self: Tensor) -> Tensor:
    """Set every element to zero."""
    return overwrite(self, 0, "Zero")


copy_op = Op(
    "copy", "target source", promote=False, node_name="CopyBackwards",
    formula=r"y = \text{source, spread to the shape of target}", grads={"target": "0", "source": r"\bar y"},
)  # fmt: skip
copy_op.grad("target")(lambda grad: grad * 0)
copy_op.grad("source")(lambda grad: grad)


@copy_op.forward
def _(xp: Any, target: Any, source: Any) -> Any:
    if source.dtype.kind == "c" != target.dtype.kind:
        source = source.real
    with np.errstate(invalid="ignore", over="ignore"):
        return xp.broadcast_to(source, target.shape).astype(target.dtype)


@method()
def copy_(self: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Overwrite with the values of `src`, broadcast and cast; gradients flow to `src` (torch.Tensor.copy_)."""
    if not isinstance(src, Tensor):
        raise TypeError(f"copy_(): argument 'other' (position 1) must be Tensor, not {type(src).__name__}")
    if versions.followed:
        layers.refuse_tangent(src)
    source = src
    check_writable(self)
    array, new = self._array, source._array
    if new.ndim > array.ndim:
        raise ShapeError(f"output with shape {list(array.shape)} doesn't match the broadcast shape {list(new.shape)}")
    if src.device.type != self.device.type:
        source = converted(src, None, self.device)
    try:
        recorded = grad_mode.state.enabled and (source.requires_grad or self.requires_grad)
        if recorded:
            check_inplace(self)
            check_overlap(array, new)
        if recorded or events.write:
            return assign(self, copy_op(self, source))
        new = source._array
        if not same_place(array, new):
            check_overlap(array, new)
        with np.errstate(invalid="ignore", over="ignore"):
            array[...] = new.real if new.dtype.kind == "c" != array.dtype.kind else new
    except ValueError:
        raise _copy_error(self, src) from None
    changed(self)
    return self


@method()
def set_(self: Tensor, source: Tensor | None = None) -> Tensor:
    """Share the memory, shape and strides of `source` (none: no elements), as torch.Tensor.set_."""
    if source is None:
        source = Tensor._of(backends.xp_of(self._array).empty(0, self._array.dtype))
    if not isinstance(source, Tensor):
        raise TypeError(f"set_(): expected a Tensor, got {type(source).__name__}")
    if source._array.dtype != self._array.dtype:
        raise RuntimeError(f"Could not set tensor of type {source.dtype!r} to a tensor of type {self.dtype!r}")
    check_inplace(self)
    count = self._version
    self._array = versions.apart(source._array)
    versions.stamp(self._array, count + 1)
    return self


def _copy_error(target: Tensor, source: Tensor) -> Exception:
    from gradbook.autograd.promotion import broadcast_error

    return broadcast_error("copy_", tuple(target.shape), tuple(source.shape))
