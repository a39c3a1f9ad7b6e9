"""What PyTorch code asks of any tensor, and old names: attributes with one answer here, and methods that say so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook import backends, formats
from gradbook.autograd import grad_mode, versions
from gradbook.autograd.inplace import check_leaf
from gradbook.ops.arguments import tensor_of
from gradbook.ops.elementwise import describe
from gradbook.tensor import Tensor, method

__all__ = ["dequantize", "detach", "get_device", "is_conj", "is_neg", "is_same_size", "is_signed"]

# -- attributes ------------------------------------------------------------------------------------------------------

ABSENT = (  # kinds of tensor that gradbook does not make
    "is_distributed is_ipu is_maia is_mkldnn is_mps is_mtia is_nested is_quantized is_sparse is_sparse_csr is_vulkan "
    "is_xla is_xpu volatile"
).split()


def always(name: str, value: Any, text: str) -> None:
    """Make an attribute with one value for every tensor."""

    def answer(self: Tensor) -> Any:
        return value

    describe(answer, name, text)
    setattr(Tensor, name, property(answer))


for _name in ABSENT:
    always(_name, False, "False: gradbook makes no such tensor.")
always("layout", formats.strided, "torch.strided: elements lie at regular steps.")
always("name", None, "None.")


def attribute(fn: Callable[[Tensor], Any]) -> Callable[[Tensor], Any]:
    """Decorator: a property of Tensor under the function's name."""
    setattr(Tensor, fn.__name__, property(fn))
    return fn


@attribute
def is_cpu(self: Tensor) -> bool:
    """True in the computer's own memory."""
    return backends.device_of(self._array)[0] == "cpu"


@attribute
def is_meta(self: Tensor) -> bool:
    """True for a tensor without elements, of the device "meta"."""
    return self.device.type == "meta"


@attribute
def output_nr(self: Tensor) -> int:
    """Which of the outputs of its grad_fn this is."""
    node = self._node
    index = node.params.get("index", 0) if node is not None and node.op.name == "pick" and node.params else 0
    return int(index)


@attribute
def grad_dtype(self: Tensor) -> Any:
    """The dtype of the gradient: that of the tensor."""
    return self.dtype


# -- questions -------------------------------------------------------------------------------------------------------


@method()
def get_device(self: Tensor) -> int:
    """The number of the GPU; -1 in the computer's own memory."""
    kind, index = backends.device_of(self._array)
    return -1 if kind == "cpu" else int(index or 0)


@method()
def const_data_ptr(self: Tensor) -> int:
    """Address of the first element."""
    return self.data_ptr()


@method("is_same_size")
def is_same_size(input: Tensor, other: Tensor) -> bool:
    """True for equal shapes, as torch.is_same_size."""
    return bool(input._array.shape == other._array.shape)


@method()
def dim_order(self: Tensor, ambiguity_check: Any = False) -> tuple[int, ...]:
    """The axes from the one with the longest stride to the shortest."""
    steps = self._array.strides
    return tuple(sorted(range(len(steps)), key=lambda axis: -steps[axis]))


@method()
def dense_dim(self: Tensor) -> int:
    """Number of axes: all are dense."""
    return self.dim()


@method()
def sparse_dim(self: Tensor) -> int:
    """0: none is sparse."""
    return 0


@method()
def to_dense(self: Tensor, dtype: Any = None, *, masked_grad: bool | None = None) -> Tensor:
    """This tensor, which is dense, in `dtype` if there is one."""
    made: Tensor = self if dtype is None else self.to(dtype)
    return made


@method("to_sparse", "to_sparse_coo")
def to_sparse(self: Tensor, *args: Any, **named: Any) -> Tensor:
    """What is not 0, by indices and values: a sparse tensor (torch.Tensor.to_sparse)."""
    from gradbook import sparse

    return sparse.to_sparse(self, *args, **named)


@method()
def sparse_mask(self: Tensor, mask: Any) -> Tensor:
    """The elements at the indices of a sparse tensor, as a sparse tensor (torch.Tensor.sparse_mask)."""
    from gradbook import sparse

    return sparse.sparse_mask(self, mask)


@method()
def dequantize(self: Tensor) -> Tensor:
    """This tensor in float32: it is not quantised (torch.Tensor.dequantize)."""
    made: Tensor = self.float()
    return made


@method()
def storage_type(self: Tensor) -> Any:
    """The class of its storage."""
    return type(self.storage())


@method()
def record_stream(self: Tensor, stream: Any) -> None:
    """Nothing: memory is kept as long as somebody refers to it."""


# -- as another class, or by Python functions ------------------------------------------------------------------------


@method()
def new(self: Tensor, *args: Any, device: Any = None) -> Tensor:
    """A tensor of this dtype: new(2, 3) and new(torch.Size) have that shape, new(data) copies; an old name."""
    from gradbook.tensor import Size

    shaped = all(isinstance(arg, int) for arg in args) or isinstance(args[0], Size)
    made: Tensor = self.new_empty(*(args or (0,))) if shaped else self.new_tensor(args[0])
    return made


@method()
def as_subclass(self: Tensor, cls: type[Tensor]) -> Tensor:
    """The same memory and history as a tensor of a subclass (torch.Tensor.as_subclass)."""
    if not isinstance(cls, type) or not issubclass(cls, Tensor):
        raise RuntimeError(f"cls must be a type that inherits from Tensor, got {cls!r}")
    return cls._of(self._array, self._node)


def _elementwise(self: Tensor, name: str, fn: Callable[..., Any], *others: Tensor) -> Tensor:
    if self._node is not None or (grad_mode.state.enabled and any(o._node is not None for o in others)):
        raise RuntimeError(f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead.")
    check_leaf(self)
    array = backends.cpu.asarray(self._array)
    arrays = [np.broadcast_to(backends.cpu.asarray(o._array), array.shape) for o in others]
    items = zip(*(a.ravel().tolist() for a in (array, *arrays)), strict=True)
    result = np.array([fn(*values) for values in items], array.dtype).reshape(array.shape)
    self._array[...] = backends.like(result, self._array)
    versions.stamp(self._array)
    return self


@method()
def apply_(self: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """Replace each element by `callable(element)`: slow, as torch.Tensor.apply_. Raises RuntimeError with grad."""
    return _elementwise(self, "apply_", callable)


@method()
def map_(self: Tensor, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
    """Replace each element by `callable(element, element of tensor)`, as torch.Tensor.map_."""
    return _elementwise(self, "map_", callable, tensor)


@method()
def map2_(self: Tensor, x: Tensor, y: Tensor, callable: Callable[[Any, Any, Any], Any]) -> Tensor:
    """Replace each element by `callable(element, of x, of y)`."""
    return _elementwise(self, "map2_", callable, x, y)


@method()
def module_load(self: Tensor, other: Tensor, assign: bool = False) -> Tensor:
    """What load_state_dict puts in this tensor's place: `other`, detached, or its values copied here."""
    made: Tensor = other.detach() if assign else self.detach().copy_(other).detach()
    return made


# -- what PyTorch has for other tensors, or no longer ----------------------------------------------------------------

REMOVED = {
    "eig": "use linalg.eig", "lstsq": "use linalg.lstsq", "solve": "use linalg.solve", "symeig": "use linalg.eigh",
    "reinforce": "use distributions",
}  # fmt: skip
QUANTISED = "int_repr q_per_channel_axis q_per_channel_scales q_per_channel_zero_points q_scale q_zero_point qscheme"
SPARSE = "ccol_indices coalesce col_indices crow_indices indices is_coalesced row_indices values"


def refusing(name: str, error: type[Exception], words: str) -> None:
    """Make a method that raises, saying why."""

    def refuse(self: Tensor, *args: Any, **named: Any) -> Any:
        raise error(words)

    describe(refuse, name, f"Raises {error.__name__}: {words}")
    method(name)(refuse)


for _name, _instead in REMOVED.items():
    refusing(_name, RuntimeError, f"{_name}() was removed from PyTorch; {_instead}")
for _name in QUANTISED.split():
    refusing(_name, NotImplementedError, f"{_name}() is for quantised tensors; this one is not")
for _name in SPARSE.split():
    refusing(_name, RuntimeError, f"{_name} expected sparse coordinate tensor layout but got Strided")
for _name in ("ipu", "mtia", "xpu"):
    refusing(_name, RuntimeError, f"gradbook has no {_name} device; use 'cpu' or 'cuda'")

# -- methods that are functions too ----------------------------------------------------------------------------------


def function_of(name: str) -> Callable[[Tensor], Any]:
    """The function that calls a method of its argument."""

    def call(input: Tensor) -> Any:
        return getattr(tensor_of(name, input), name)()

    describe(call, name, f"As Tensor.{name} (torch.{name}).")
    return call


detach, is_conj, is_neg, is_signed = map(function_of, ("detach", "is_conj", "is_neg", "is_signed"))
