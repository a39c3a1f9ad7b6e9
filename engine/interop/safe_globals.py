"""Which names a pickle may refer to, and what stands behind each: functions of ours that only put data together."""

from __future__ import annotations

import inspect
import re
import sys
from collections import Counter, OrderedDict, defaultdict
from typing import Any

import ml_dtypes
import numpy as np

from gradbook import dtypes, formats, serialization
from gradbook.device import device
from gradbook.dtypes import bfloat16
from gradbook.errors import UnsafeFileError
from gradbook.interop.torch_names import REBUILD, STORAGE_DTYPES, STORAGE_NAMES
from gradbook.tensor import Size, Tensor, leaf_node

__all__ = ["Memory", "allowed", "module_part"]

_ARRAY_TYPE = re.compile(r"[<>|=]?([biufc]\d{1,2}|[SU]\d{1,9}|[mM]8(\[\w+\])?|\?|b1)")


class Memory:
    """The flat memory of a storage as it was read: a one-dimensional array."""

    def __init__(self, flat: Any) -> None:
        self.flat = flat


# -- what puts tensors together ------------------------------------------------------------------------------------


def rebuild_tensor(
    memory: Memory,
    offset: int,
    size: Any,
    stride: Any,
    needs_grad: bool = False,
    hooks: Any = None,
    metadata: Any = None,
) -> Tensor:
    """A view of a memory. Raises ValueError where it would leave that memory."""
    return _view(memory, offset, size, stride, needs_grad, metadata)


def rebuild_tensor_v3(
    memory: Memory,
    offset: int,
    size: Any,
    stride: Any,
    needs_grad: bool,
    hooks: Any,
    dtype: dtypes.dtype,
    metadata: Any = None,
) -> Tensor:
    """A view of an untyped memory as elements of `dtype`."""
    if not isinstance(memory, Memory) or not isinstance(dtype, dtypes.dtype):
        raise ValueError("a tensor that is no view of a storage")
    return _view(Memory(memory.flat.view(dtype._np)), offset, size, stride, needs_grad, metadata)


def _view(memory: Memory, offset: Any, size: Any, stride: Any, needs_grad: bool, metadata: Any) -> Tensor:
    from gradbook.ops.strides import strided

    if not isinstance(memory, Memory) or not isinstance(size, (tuple, list)) or not isinstance(stride, (tuple, list)):
        raise ValueError("a tensor that is no view of a storage")
    flat = _lazy_bits(memory.flat, metadata) if metadata else memory.flat  # the memory: a view may stand for far more
    shape, steps, offset = tuple(map(int, size)), tuple(map(int, stride)), int(offset)  # of NumPy they would wrap
    if len(shape) != len(steps) or min((offset, *shape, *steps), default=0) < 0:
        raise ValueError(f"a tensor with size {shape}, stride {steps}, offset {offset}")
    if 0 in shape:
        array = np.empty(shape, flat.dtype)
    else:
        last = offset + sum((n - 1) * step for n, step in zip(shape, steps, strict=True))
        if last >= flat.size:
            raise ValueError(f"a tensor of size {shape} that reaches beyond its storage of {flat.size} elements")
        array = strided(np, flat, shape, steps, offset)
    made: Tensor = Tensor._of(array)
    if needs_grad:
        made._node = leaf_node(made)
    return made


def _lazy_bits(array: Any, metadata: dict[str, Any]) -> Any:
    """Conjugation and negation that PyTorch had put off."""
    array = array.conj() if metadata.get("conj") else array
    return -array if metadata.get("neg") else array


def rebuild_parameter(data: Tensor, needs_grad: bool, hooks: Any, state: Any = None) -> Tensor:
    """A Parameter with the memory of `data`."""
    from gradbook.nn import Parameter

    made = Parameter(data, needs_grad)
    if state:
        made.__dict__.update(attributes(state))
    return made


def rebuild_from_type(function: Any, kind: Any, arguments: Any, state: Any) -> Tensor:
    """A tensor of a subclass, or one with attributes."""
    if function not in (rebuild_tensor, rebuild_tensor_v3, rebuild_parameter):
        raise ValueError("a tensor that is put together by something else")
    if not isinstance(arguments, tuple):
        raise ValueError("arguments that are no tuple")
    made = function(*arguments)
    if kind is not Tensor and isinstance(kind, type) and issubclass(kind, Tensor):
        made.__class__ = kind
    made.__dict__.update(attributes(state))
    return made  # type: ignore[no-any-return]


def attributes(state: Any) -> dict[str, Any]:
    """The attributes in a state. Raises ValueError for names that Python or NumPy would act on.

    An object with an __array_interface__ of the file's making would let NumPy read any address.
    """
    found = state[0] if isinstance(state, tuple) and state else state
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise ValueError("attributes that are no dict")
    for name in found:
        if name.startswith("__") and name.endswith("__"):
            raise ValueError(f"an attribute {name:.40}, which only classes have")
    return found


# -- NumPy ---------------------------------------------------------------------------------------------------------


def empty_array(kind: Any, shape: Any, typecode: Any) -> Any:
    """What NumPy's pickles begin an array with; its state fills it."""
    return np.ndarray((0,), np.int8)


def array_type(text: Any, align: Any = False, copy: Any = False) -> np.dtype[Any]:
    """A dtype of plain elements. Raises ValueError for objects and structures."""
    if text is ml_dtypes.bfloat16:
        return bfloat16._np
    if not isinstance(text, str) or not _ARRAY_TYPE.fullmatch(text):
        raise ValueError(f"an array of type {text!r}")
    return np.dtype(text)


def array_scalar(kind: Any, raw: Any) -> Any:
    """A NumPy scalar from its bytes."""
    if not isinstance(kind, np.dtype) or kind.hasobject or not isinstance(raw, bytes):
        raise ValueError("a NumPy scalar that is no plain number")
    return np.frombuffer(raw, kind)[0]


def encoded(text: Any, encoding: Any) -> bytes:
    """How protocol 2 writes bytes."""
    if not isinstance(text, str) or encoding != "latin1":
        raise ValueError("bytes that are written in an unknown way")
    return text.encode("latin1")


def layout(name: Any) -> Any:
    """torch.strided, torch.sparse_coo ... by name. Raises ValueError for a name that is no layout's."""
    found = getattr(formats, str(name).removeprefix("torch."), None)
    if not isinstance(found, formats.layout):
        raise ValueError(f"a layout {name!r:.40}")
    return found


def default_dict(factory: Any = None, items: Any = ()) -> Any:
    """A defaultdict of plain values or collections: a missing key calls the factory, long after the file is closed."""
    if not any(factory is kind for kind in (None, *FACTORIES, *serialization.added.values())):
        raise ValueError(f"a defaultdict of {factory!r:.80}")
    return defaultdict(factory, items)


COLLECTIONS = (Size, OrderedDict, Counter, set, frozenset)
FACTORIES = (int, float, bool, str, complex, list, dict, tuple, *COLLECTIONS)
CALLABLE: dict[str, Any] = {
    f"torch.{REBUILD}tensor": rebuild_tensor,
    f"torch.{REBUILD}tensor_v2": rebuild_tensor,
    f"torch.{REBUILD}tensor_v3": rebuild_tensor_v3,
    f"torch.{REBUILD}parameter": rebuild_parameter,
    f"torch.{REBUILD}parameter_with_state": rebuild_parameter,
    "torch._tensor._rebuild_from_type_v2": rebuild_from_type,
    "torch.Size": Size,
    "torch.device": device,
    "torch.serialization._get_layout": layout,
    "collections.OrderedDict": OrderedDict,
    "collections.Counter": Counter,
    "collections.defaultdict": default_dict,
    "builtins.set": set,
    "builtins.frozenset": frozenset,
    "builtins.complex": complex,
    "builtins.range": range,
    "builtins.xrange": range,  # as protocol 2 calls it
    "builtins.slice": slice,
    "_codecs.encode": encoded,
    **{f"numpy.{core}.multiarray._reconstruct": empty_array for core in ("core", "_core")},
    **{f"numpy.{core}.multiarray.scalar": array_scalar for core in ("core", "_core")},
    "numpy.dtype": array_type,
}
VALUES: dict[str, Any] = {
    **{f"torch.{name}": dtype for name, dtype in dtypes.PUBLIC.items()},
    **{f"torch.{name}": dtype for name, dtype in STORAGE_DTYPES.items()},
    "torch.storage.UntypedStorage": dtypes.uint8,
    "torch.UntypedStorage": dtypes.uint8,
    "torch.Tensor": Tensor,
    "torch.nn.parameter.Parameter": "gradbook.nn.parameter.Parameter",
    "numpy.ndarray": np.ndarray,
    "ml_dtypes.bfloat16": ml_dtypes.bfloat16,
    **{f"builtins.{kind.__name__}": kind for kind in (int, float, bool, str, list, dict, tuple)},
}
assert set(STORAGE_NAMES.values()) == set(STORAGE_DTYPES)


def allowed(module: str, name: str) -> tuple[Any, bool] | None:
    """(what a name stands for, whether it may be called), or None for a name nobody declared safe."""
    path = f"{'builtins' if module == '__builtin__' else module}.{name}"
    if path in serialization.added:
        return serialization.added[path], True
    if path in CALLABLE:
        return CALLABLE[path], True
    if path in VALUES:
        if path == "torch.nn.parameter.Parameter":
            from gradbook.nn import Parameter

            return Parameter, False
        return VALUES[path], False
    return None


def module_part(module: str, name: str) -> Any:
    """A Module class, or a function of ours that a Module refers to, if this program has it already; else None.

    Nothing is imported for a file's sake. torch.nn's names are found in gradbook.nn.
    """
    from gradbook import nn

    ours = "gradbook.nn.functional" if module == "torch._C._nn" else re.sub(r"^torch\b", "gradbook", module)
    found: Any = sys.modules.get(ours)
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is None and module.startswith("torch.nn.modules."):
        found = getattr(nn, name, None)  # PyTorch has it in another file
    if isinstance(found, type) and issubclass(found, nn.Module):
        return found
    home = getattr(inspect.unwrap(found), "__module__", None) if inspect.isfunction(found) else None
    return found if home is not None and home.startswith(("gradbook.ops.", "gradbook.nn.functional")) else None


def refusal(where: str, module: str, name: str) -> UnsafeFileError:
    """What to say of a name that nobody declared safe."""
    return UnsafeFileError(
        f"{where}: it refers to {module}.{name}, which is no plain data, and loading a file never runs code that the "
        f"file chooses. If you trust the file and have {name}: gradbook.serialization.add_safe_globals([{name}]). A "
        "whole model: weights_only=False takes Module classes that your program has imported already; better, save "
        "model.state_dict()"
    )
