"""Objects into PyTorch's pickles: containers and numbers as Python writes them, tensors by PyTorch's own names."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from gradbook import backends, dtypes
from gradbook.autograd import versions
from gradbook.autograd.node import HookDict
from gradbook.device import device
from gradbook.errors import UnsavableError
from gradbook.interop.torch_names import REBUILD, STORAGE_NAMES, Name, name_of_dtype, torch_name
from gradbook.nn.parameter import Buffer, Parameter
from gradbook.tensor import Size, Tensor

__all__ = ["pickled"]

PROTOCOL = 2  # what PyTorch writes
NOT_KEPT = {"_post_accumulate_hooks", "_retains_grad", "_is_buffer", "persistent"}


class Stored:
    """A reference to memory that lies beside the pickle: what the pickle says of it is `pid`."""

    def __init__(self, pid: tuple[Any, ...]) -> None:
        self.pid = pid


class Pickler(pickle._Pickler):
    """Writes a pickle whose tensors are references to `memories`: flat uint8 arrays, shared memory kept once."""

    write: Callable[[bytes], Any]
    save: Callable[[Any], None]
    memoize: Callable[[Any], None]
    dispatch: ClassVar[dict[Any, Any]] = dict(pickle._Pickler.dispatch)

    def __init__(self, file: Any) -> None:
        super().__init__(file, PROTOCOL)
        self.memories: list[Any] = []
        self._places: dict[tuple[int, str], Stored] = {}
        self._kept: list[Any] = []  # alive while ids are in use

    def persistent_id(self, obj: Any) -> Any:
        """The reference to a memory; None for what is written in place."""
        return obj.pid if isinstance(obj, Stored) else None

    def reducer_override(self, obj: Any) -> Any:
        """How tensors, sizes and devices are put together again."""
        if isinstance(obj, Tensor):
            return self._tensor(obj)
        if isinstance(obj, Size):
            return torch_name("Size"), (tuple(obj),)
        if isinstance(obj, device):
            return torch_name("device"), ((obj.type,) if obj.index is None else (obj.type, obj.index))
        if isinstance(obj, HookDict):
            return OrderedDict, (), None, None, iter(obj.items())
        return NotImplemented

    def _tensor(self, tensor: Tensor) -> Any:
        kind, needs_grad = type(tensor), tensor._node is not None
        state = {name: value for name, value in tensor.__dict__.items() if name not in NOT_KEPT}
        if kind is Parameter:
            bare: tuple[Any, ...] = (Tensor._of(tensor._array), needs_grad, OrderedDict())
            if state:
                return torch_name(REBUILD + "parameter_with_state"), (*bare, state)
            return torch_name(REBUILD + "parameter"), bare
        function, arguments = self._rebuilding(tensor._array, str(tensor.device), needs_grad)
        if kind in (Tensor, Buffer) and not state:
            return function, arguments
        named = torch_name("Tensor") if kind in (Tensor, Buffer) else kind
        return torch_name("_tensor._rebuild_from_type_v2"), (function, named, arguments, state)

    def _rebuilding(self, array: Any, where: str, needs_grad: bool) -> tuple[Name, tuple[Any, ...]]:
        dtype = dtypes.of_array(array)
        if not _lies_plainly(array):
            array = backends.xp_of(array).ascontiguousarray(array).reshape(array.shape).copy()
        stored, begin = self._store(array, dtype, where)
        steps = tuple(step // array.itemsize for step in array.strides)
        arguments: tuple[Any, ...] = (stored, begin, array.shape, steps, needs_grad, OrderedDict())
        if dtype._name in STORAGE_NAMES:
            return torch_name(REBUILD + "tensor_v2"), arguments
        return torch_name(REBUILD + "tensor_v3"), (*arguments, name_of_dtype(dtype))

    def _store(self, array: Any, dtype: dtypes.dtype, where: str) -> tuple[Stored, int]:
        """The reference to the memory of `array`, and where in it the array begins (elements)."""
        from gradbook.ops.strides import storage

        flat, begin = storage(array)
        whole = versions.owner(array)
        known = self._places.get((id(whole), dtype._name))
        if known is None:
            host = backends.cpu.asarray(flat)
            kind = torch_name(STORAGE_NAMES.get(dtype._name, "storage.UntypedStorage"))
            count = host.size if dtype._name in STORAGE_NAMES else host.nbytes
            known = Stored(("storage", kind, str(len(self.memories)), where, int(count)))
            self._places[id(whole), dtype._name] = known
            self._kept.append(whole)
            self.memories.append(host.reshape(-1).view(np.uint8))
        return known, begin if array.size else 0

    def _save_name(self, obj: Name) -> None:
        self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        self.memoize(obj)

    def _save_dtype(self, obj: dtypes.dtype) -> None:
        self.save(name_of_dtype(obj))

    dispatch[Name] = _save_name
    dispatch[dtypes.dtype] = _save_dtype


def _lies_plainly(array: Any) -> bool:
    """True if the array can be said as offset and steps into the memory that owns it."""
    whole = versions.owner(array)
    ordered = whole.flags.c_contiguous or whole.flags.f_contiguous
    return bool(
        ordered and whole.dtype == array.dtype and all(s >= 0 and s % array.itemsize == 0 for s in array.strides)
    )


def pickled(obj: Any) -> tuple[bytes, list[Any]]:
    """-> (the pickle, the memories it refers to as flat uint8 arrays).

    Raises UnsavableError, naming the place in `obj`, for what no file can hold: functions without a name, open files.
    """
    file = io.BytesIO()
    pickler = Pickler(file)
    try:
        pickler.dump(obj)
    except RecursionError:
        raise UnsavableError(f"cannot save {_place(_culprit(obj)[0])}: it is nested too deeply") from None
    except (pickle.PicklingError, TypeError, AttributeError, ImportError) as error:
        path, part = _culprit(obj)
        raise UnsavableError(f"cannot save {_place(path)}: {_why_not(part)} ({error})") from error
    return file.getvalue(), pickler.memories


def _culprit(obj: Any, path: str = "") -> tuple[str, Any]:
    """Where in a container the part stands that cannot be written, and that part."""
    if len(path) < 1000:
        for name, part in _parts(obj):
            try:
                Pickler(io.BytesIO()).dump(part)
            except Exception:  # whatever it is: this is the part
                return _culprit(part, f"{path}.{name}" if path else name)
    return path, obj


def _parts(obj: Any) -> list[tuple[str, Any]]:
    if isinstance(obj, dict):
        return [(str(key), part) for key, value in obj.items() for part in (key, value)]
    if isinstance(obj, (list, tuple, set, frozenset)):
        return [(str(i), part) for i, part in enumerate(obj)]
    if hasattr(obj, "__dict__") and not isinstance(obj, (type, Tensor)) and not callable(obj):
        return [(str(name), part) for name, part in vars(obj).items()]
    return []


def _place(path: str) -> str:
    return f"obj at {path!r}" if path else "this object"


def _why_not(obj: Any) -> str:
    kind = type(obj).__name__
    if callable(obj):
        return f"{getattr(obj, '__qualname__', kind)} is code that no other program could find by its name"
    return f"a {kind} cannot be written to a file; save what it is made of"
