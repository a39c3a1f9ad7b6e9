"""Tensor: an array, and what autograd knows of it. Methods that compute live with their op family in ops/."""

from __future__ import annotations

import operator
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np

from gradbook import backends, device, dtypes, events, formats, layout
from gradbook.autograd import grad_mode, versions
from gradbook.autograd.node import HookDict, LeafNode, Node, RemovableHandle, leaf_hooks, shown

__all__ = ["Size", "Tensor", "method"]

Function = TypeVar("Function", bound=Callable[..., Any])


class Size(tuple[int, ...]):
    """A shape, as torch.Size: a tuple that knows numel()."""

    __module__ = "gradbook"
    __slots__ = ()

    def numel(self) -> int:
        """The product of the lengths."""
        product = 1
        for length in self:
            product *= length
        return product

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return Size(found) if isinstance(index, slice) else found

    def __new__(cls, lengths: Iterable[Any] = ()) -> Size:
        found = []
        for i, length in enumerate(lengths):
            try:
                found.append(operator.index(length))
            except TypeError:
                kind = type(length).__name__
                raise TypeError(f"gradbook.Size() takes an iterable of 'int' (item {i} is '{kind}')") from None
        return super().__new__(cls, found)

    def __add__(self, other: Any) -> Any:
        return Size(super().__add__(tuple(other)))

    def __radd__(self, other: Any) -> Any:
        return Size(tuple(other) + tuple(self))

    def __mul__(self, times: Any) -> Any:
        return Size(super().__mul__(times))

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return f"gradbook.Size({list(self)})"


new_size = tuple.__new__  # a Size of lengths that are whole numbers already


class Tensor:
    """A multi-dimensional array that autograd can follow, as torch.Tensor.

    Make one with gradbook.tensor, zeros, randn, from_numpy …; Tensor(3, 4) has that shape, Tensor(data) copies.
    """

    __module__ = "gradbook"  # where it is public, and how its type shows
    __slots__ = ("__dict__", "__weakref__", "_array", "_grad", "_node", "_view")

    _array: Any
    _grad: Tensor | None
    _node: Node | None
    _view: tuple[Tensor, tuple[Any, ...], int, int] | None  # root, ops, in step since, kind: see views.py
    __array_priority__ = 1000  # NumPy leaves mixed arithmetic to us

    def __new__(cls, *data: Any, device: Any = None) -> Any:
        made = super().__new__(cls)
        made._grad = made._node = made._view = None
        if len(data) == 1 and isinstance(data[0], Tensor):
            made._array = data[0]._array
        elif len(data) == 1 and not isinstance(data[0], int):
            shape = tuple(data[0]) if isinstance(data[0], Size) else None
            default = dtypes._default._np
            made._array = np.zeros(shape, default) if shape is not None else np.array(data[0], default)
        else:
            made._array = np.zeros(data or (0,), dtypes._default._np)
        return made

    @classmethod
    def _of(cls, array: Any, node: Node | None = None) -> Self:
        """A tensor around an array, without a copy."""
        made = object.__new__(cls)
        made._array, made._grad, made._node, made._view = array, None, node, None
        return made

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.__module__.startswith("gradbook."):
            from gradbook import overrides

            overrides.install()

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """What a subclass does with a call that one of its tensors is an argument of: run it, keep the subclass."""
        from gradbook import overrides

        return overrides.default_torch_function(cls, func, types, args, kwargs)

    def as_subclass(self, cls: Any) -> Any:
        """This tensor as one of a subclass of Tensor: the same memory and history (torch.Tensor.as_subclass)."""
        if not (isinstance(cls, type) and issubclass(cls, Tensor)):
            raise TypeError(f"as_subclass(): expected a subclass of Tensor, got {cls!r}")
        made = cls._of(self._array)
        if self._node is not None:
            from gradbook.autograd.rules import alias

            seen = alias.run((self,), {})
            made._node = seen._node
        made._view = self._view
        return made

    @classmethod
    def _make_subclass(cls, data: Tensor, require_grad: bool = False, **_: Any) -> Self:
        """A leaf of this class around the memory of `data`."""
        made = cls._of(data._array)
        if require_grad:
            made.requires_grad_()
        return made

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...
        def __getitem__(self, index: Any) -> Any: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...
        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __eq__(self, other: Any) -> Tensor: ...  # type: ignore[override]  # element by element, unlike object's
        def __ne__(self, other: Any) -> Tensor: ...  # type: ignore[override]  # likewise
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __invert__(self) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...

    # -- what it is ------------------------------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """Lengths of the axes."""
        return new_size(Size, self._array.shape)

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the length of axis `dim`. Raises IndexError for an axis that is not there."""
        if dim is None:
            return new_size(Size, self._array.shape)
        try:
            return self._array.shape[dim]
        except IndexError:
            raise dim_error(dim, self._array.ndim) from None

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return int(self._array.ndim)

    def dim(self) -> int:
        """Number of axes."""
        return int(self._array.ndim)

    def numel(self) -> int:
        """Number of elements."""
        return int(self._array.size)

    nelement = numel
    ndimension = dim

    @property
    def dtype(self) -> dtypes.dtype:
        """Type of the elements."""
        return dtypes.of_array(self._array)

    @property
    def device(self) -> device.device:
        """Where the elements live."""
        return device.of_array(self._array)

    @property
    def is_cuda(self) -> bool:
        """True on a GPU."""
        return backends.device_of(self._array)[0] == "cuda"

    @property
    def itemsize(self) -> int:
        """Bytes an element takes."""
        return int(self._array.itemsize)

    def element_size(self) -> int:
        """Bytes an element takes."""
        return int(self._array.itemsize)

    @property
    def nbytes(self) -> int:
        """Bytes all elements take."""
        return int(self._array.nbytes)

    def stride(self, dim: int | None = None) -> Any:
        """Elements (not bytes) from one index to the next, of all axes or of one."""
        strides = layout.strides_of(self._array)
        if dim is None:
            return strides
        if not -len(strides) <= dim < len(strides):
            raise dim_error(dim, len(strides))
        return strides[dim]

    def is_contiguous(self, memory_format: Any = formats.contiguous_format) -> bool:
        """True if elements lie in memory in index order, or in that of a memory format."""
        return layout.lies_in(self._array, memory_format)

    def data_ptr(self) -> int:
        """Address of the first element."""
        if isinstance(self._array, np.ndarray):
            return int(self._array.__array_interface__["data"][0])
        return int(self._array.data.ptr)

    def is_floating_point(self) -> bool:
        """True for float16, bfloat16, float32 and float64."""
        return self.dtype.is_floating_point

    def is_complex(self) -> bool:
        """True for complex64 and complex128."""
        return self.dtype.is_complex

    def is_signed(self) -> bool:
        """True unless bool or unsigned."""
        return self.dtype.is_signed

    # -- autograd ----------------------------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """True if backward brings a gradient here."""
        return self._node is not None or (
            versions.rebased > 0 and self._view is not None and self._view[0].requires_grad
        )

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Say whether autograd shall follow this leaf. Raises RuntimeError for a non-leaf or an integer dtype."""
        if not self.is_leaf:
            if requires_grad:
                return self
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in "
                "a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
            )
        if not requires_grad:
            self._node = None
        elif self._node is None or self._node.tensor is nobody:
            if not self.dtype.is_floating_point and not self.dtype.is_complex:
                raise RuntimeError("only Tensors of floating point and complex dtype can require gradients")
            if "_inference" in self.__dict__ and not grad_mode.state.inference:
                raise RuntimeError(
                    "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed."
                )
            self._node = leaf_node(self)
        if events.mode:
            events.emit(events.mode, "asks", self, requires_grad)
        return self

    def _renew(self) -> None:
        from gradbook.autograd.views import renew

        renew(self)

    @property
    def is_leaf(self) -> bool:
        """True if the user made it, not an op that autograd recorded."""
        if versions.rebased and self._view is not None:
            self._renew()
        return self._node is None or self._node.tensor is not None

    @property
    def grad_fn(self) -> Node | None:
        """The node that made this tensor; None for a leaf."""
        if versions.rebased and self._view is not None:
            self._renew()
        node = self._node
        if node is None or node.tensor is not None:
            return None
        return shown(node)

    @property
    def grad(self) -> Tensor | None:
        """The gradient accumulated by backward, or None (with a warning for a non-leaf, which is given none)."""
        if self._grad is None and self._node is not None and self._node.tensor is None and not self.retains_grad:
            warnings.warn(
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. It is None: backward() "
                "gives gradients to leaves. Use .retain_grad() on the non-leaf Tensor if you want its own; if you "
                "meant a leaf, access that instead.",
                UserWarning,
                stacklevel=2,
            )
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(
                    f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}"
                )
            if value is self:
                raise RuntimeError("can't assign Variable as its own grad")
            if value._array.shape != self._array.shape:
                raise RuntimeError(
                    f"assigned grad has data of a different size: the tensor is {tuple(self.shape)}, the grad "
                    f"{tuple(value.shape)}"
                )
            if value._array.dtype != self._array.dtype:
                raise RuntimeError(
                    f"assigned grad has data of a different type: {value.dtype} for a {self.dtype} tensor"
                )
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def data(self) -> Tensor:
        """The same memory, unknown to autograd."""
        made: Tensor = Tensor._of(versions.apart(self._array))
        if events.cut:
            events.emit(events.cut, "data", self, made)
        return made

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        new = versions.apart(value._array)
        versions.carry(self._array, new)
        self._array = new
        if self._node is not None and self._node.tensor is not None:
            self._node.shape, self._node.dtype = new.shape, new.dtype

    def detach(self) -> Tensor:
        """The same memory, outside the graph."""
        made: Tensor = Tensor._of(self._array)
        if "_inference" in self.__dict__:
            made.__dict__["_inference"] = self.__dict__["_inference"]
        if events.cut:
            events.emit(events.cut, "detach", self, made)
        return made

    def detach_(self) -> Tensor:
        """Take this tensor out of the graph. Raises RuntimeError for a view."""
        if self._view is not None:
            raise RuntimeError("Can't detach views in-place. Use detach() instead.")
        self._node = None
        if events.cut:
            events.emit(events.cut, "detach", self, self)
        return self

    def retain_grad(self) -> None:
        """Keep `.grad` of this non-leaf too: after its hooks, and as it is after changes in place, as PyTorch does.

        Raises RuntimeError if it does not require grad.
        """
        if self._node is None:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self.is_leaf or self.retains_grad:
            return
        me = weakref.ref(self)

        def keep(grad: Tensor) -> None:
            tensor = me()
            if tensor is not None:
                kept = grad if grad._node is not None else grad.detach().clone()
                tensor._grad = kept if tensor._grad is None else tensor._grad + kept

        self.__dict__["_retains_grad"] = self._node.add_hook(keep, last=True)

    @property
    def retains_grad(self) -> bool:
        """True for a non-leaf after retain_grad()."""
        return "_retains_grad" in self.__dict__

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """`hook(grad)` is called when the gradient is known and may replace it. -> handle with remove()."""
        if self._node is None:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        return self._node.add_hook(hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> RemovableHandle:
        """`hook(tensor)` is called after `.grad` of this leaf was added to. -> handle with remove()."""
        if not self.is_leaf or self._node is None:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        leaf_hooks[:] = [True]
        hooks: HookDict = self.__dict__.setdefault("_post_accumulate_hooks", HookDict())
        return hooks.add(hook)

    @property
    def _version(self) -> int:
        if "_inference" in self.__dict__:
            raise RuntimeError("Inference tensors do not track version counter.")
        return versions.count(self._array)

    def _is_view(self) -> bool:
        return self._view is not None

    @property
    def _base(self) -> Tensor | None:
        return self._view[0] if self._view is not None else None

    def is_inference(self) -> bool:
        """True for a tensor made in inference mode."""
        return "_inference" in self.__dict__

    # -- out of it ---------------------------------------------------------------------------------------------------

    def item(self) -> Any:
        """The only element as a Python number. Raises RuntimeError if there is not exactly one."""
        if events.read:
            events.emit(events.read, self)
        if self._array.size != 1:
            raise RuntimeError(
                f"a Tensor with {self._array.size} elements cannot be converted to Scalar: its shape is "
                f"{tuple(self._array.shape)}; reduce it first (.mean(), .sum()) or use .tolist()"
            )
        return self._array.item() if self._array.dtype != dtypes.BF16 else float(self._array.reshape(()))

    def tolist(self) -> Any:
        """The elements as nested Python lists."""
        if events.read:
            events.emit(events.read, self)
        array = backends.cpu.asarray(self._array)
        return (array.astype(np.float32) if array.dtype == dtypes.BF16 else array).tolist()

    def numpy(self, *, force: bool = False) -> Any:
        """The elements as a NumPy array, sharing memory. Raises RuntimeError if it requires grad or is on a GPU.

        Differs: bfloat16 gives an array of ml_dtypes.bfloat16; PyTorch raises TypeError.
        """
        if not force:
            if self._node is not None:
                raise RuntimeError(
                    "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
                )
            if not isinstance(self._array, np.ndarray) and not backends.is_batched(self._array):
                raise TypeError(
                    "can't convert cuda:0 device type tensor to numpy. "
                    "Use Tensor.cpu() to copy the tensor to host memory first."
                )
        if events.read:
            events.emit(events.read, self)
        array = backends.cpu.asarray(self._array)
        return array.view() if array is self._array else array  # its shape and flags are the user's own to change

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        array = self.numpy()
        if dtype is not None and array.dtype != dtype:
            return array.astype(dtype)
        return array.copy() if copy else array

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """What a NumPy function made of this tensor, as a tensor again."""
        from gradbook.ops.creation import from_numpy

        return from_numpy(np.asarray(array))

    def __len__(self) -> int:
        if self._array.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return int(self._array.shape[0])

    def __iter__(self) -> Iterator[Any]:
        if self._array.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __bool__(self) -> bool:
        if self._array.size != 1:
            if self._array.size == 0:
                raise RuntimeError("Boolean value of Tensor with no values is ambiguous")
            raise RuntimeError("Boolean value of Tensor with more than one value is ambiguous")
        if events.read:
            events.emit(events.read, self)
        return bool(self._array.item())

    def _number(self) -> Any:
        if self._array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return self.item()

    def __float__(self) -> float:
        return float(self._number())

    def __int__(self) -> int:
        return int(self._number())

    def __complex__(self) -> complex:
        return complex(self._number())

    def __index__(self) -> int:
        value = self.item()
        if not isinstance(value, (int, bool)):
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(value)

    def __contains__(self, element: Any) -> bool:
        if not isinstance(element, (Tensor, bool, int, float, complex, np.generic)):
            kind = type(element)
            raise RuntimeError(f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {kind}.")
        return bool((self == element).any().item())

    def __delitem__(self, index: Any) -> None:
        raise TypeError("Tensor does not support deleting items")

    def __hash__(self) -> int:
        return id(self)

    def __format__(self, spec: str) -> str:
        if self._array.ndim == 0 and (spec or not self.requires_grad):
            return format(self.item(), spec)
        return object.__format__(self, spec)

    def __repr__(self) -> str:
        if events.read:
            events.emit(events.read, self)
        from gradbook.printing import tensor_text

        return tensor_text(self)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *vars(type(self))})

    # -- copies ------------------------------------------------------------------------------------------------------

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) in memo:
            return memo[id(self)]
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol. "
                "If you were attempting to deepcopy a module, a weight was computed in forward; detach() it first."
            )
        made = type(self)._of(copy_in_storage(self._array, memo))
        memo[id(self)] = made
        if self._node is not None:
            made._node = leaf_node(made)
        if self._grad is not None:
            made._grad = self._grad.__deepcopy__(memo)
        hidden = ("_post_accumulate_hooks", "_retains_grad")
        made.__dict__.update({name: value for name, value in self.__dict__.items() if name not in hidden})
        return made

    def __reduce_ex__(self, protocol: Any) -> Any:
        return rebuild, (
            type(self),
            backends.cpu.asarray(self._array),
            self.requires_grad,
            str(self.device),
            dict(self.__dict__),
        )


def copy_in_storage(array: Any, memo: dict[Any, Any]) -> Any:
    """A copy of an array inside a copy of the memory that it is part of, made once for all that share the memory."""
    from gradbook.ops.strides import storage, strided

    whole = versions.owner(array)
    if whole is array or type(array) is not np.ndarray or not (whole.flags.c_contiguous or whole.flags.f_contiguous):
        if id(array) not in memo.setdefault("gradbook storage", {}):
            memo["gradbook storage"][id(array)] = (array, layout.same_layout(array))
        return memo["gradbook storage"][id(array)][1]
    copies = memo.setdefault("gradbook storage", {})
    if id(whole) not in copies:
        copies[id(whole)] = (whole, whole.copy(order="K"))
    steps = tuple(step // array.itemsize for step in array.strides)
    flat, _ = storage(copies[id(whole)][1].view(array.dtype))
    return strided(np, flat, array.shape, steps, storage(array)[1])


def rebuild(kind: Any, array: Any, requires_grad: bool, where: str, attributes: dict[str, Any]) -> Any:
    """Undo Tensor.__reduce_ex__."""
    made = kind._of(device.place(array, where))
    if requires_grad:
        made._node = leaf_node(made)
    made.__dict__.update(attributes)
    if "_post_accumulate_hooks" in attributes:
        leaf_hooks[:] = [True]
    return made


def leaf_node(tensor: Tensor) -> Node:
    """The node that accumulates into a leaf. It holds the leaf weakly: no cycle, nothing kept alive."""
    from gradbook.autograd.engine import accumulate

    node = LeafNode()
    node.op, node.params, node.edges, node.saved, node.origin = accumulate, None, (), (), None
    node.shape, node.dtype, node.seq = tensor._array.shape, tensor._array.dtype, next(versions.sequence)
    node.tensor = weakref.ref(tensor)
    return node


def mute_leaf(tensor: Tensor) -> Node:
    """The node of a view made under no_grad: it requires grad like its base, and what flows to it is lost."""
    node = leaf_node(tensor)
    node.tensor = nobody
    return node


def nobody() -> None:
    """The leaf that a mute node accumulates into."""


def dim_error(dim: int, ndim: int) -> IndexError:
    """The error for an axis that is not there, in PyTorch's words."""
    low, high = (-ndim, ndim - 1) if ndim else (-1, 0)
    return IndexError(f"Dimension out of range (expected to be in range of [{low}, {high}], but got {dim})")


def method(*names: str) -> Callable[[Function], Function]:
    """Decorator: make a function a method of Tensor, under its own name or the names given."""

    def attach(fn: Function) -> Function:
        for name in names or (fn.__name__,):
            setattr(Tensor, name, fn)
        return fn

    return attach
