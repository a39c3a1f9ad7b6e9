"""Nested Python objects as plain data: arrays by name, and a tree of JSON values that says where they stand."""

from __future__ import annotations

import base64
import math
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook import backends, dtypes
from gradbook.device import device
from gradbook.device import place as put_on
from gradbook.tensor import Size, Tensor, leaf_node

__all__ = ["Packed", "Unpacker"]

KINDS: dict[str, Any] = {
    "list": list, "tuple": tuple, "set": set, "frozenset": frozenset, "size": Size,
    "dict": dict, "ordered": OrderedDict, "counter": Counter,
}  # fmt: skip
NAMES = {cls: name for name, cls in KINDS.items()} | {defaultdict: "dict"}


class Packed:
    """An object taken apart. arrays: name -> ndarray, memory that is shared kept once; tree: the rest, for JSON.

    Raises TypeError for what is not data, ValueError for an object that contains itself; both name the place.
    """

    def __init__(self, obj: Any) -> None:
        self.arrays: dict[str, Any] = {}
        self._memory: dict[Any, str] = {}
        self._objects: dict[int, int] = {}
        self._open: set[int] = set()
        self._kept: list[Any] = []  # alive while ids are in use
        self.tree = self._pack(obj, "")

    def _pack(self, obj: Any, path: str) -> Any:
        if obj is None or isinstance(obj, (bool, str)) or type(obj) is int:
            return obj
        if isinstance(obj, Tensor):
            return self._tensor(obj, path)
        if isinstance(obj, np.ndarray):
            return {"array": self._array(obj, path)}
        if isinstance(obj, np.generic):
            return {"scalar": self._array(np.asarray(obj), path)}
        if isinstance(obj, (int, float, complex, bytes, dtypes.dtype, device, slice, range)):
            return _leaf(obj)
        if id(obj) in self._open:
            raise ValueError(f"cannot save {place(path)}: it contains itself")
        self._open.add(id(obj))
        try:
            return self._container(obj, path)
        finally:
            self._open.discard(id(obj))

    def _container(self, obj: Any, path: str) -> Any:
        kind = NAMES.get(type(obj))
        if kind is None:
            raise TypeError(f"cannot save {place(path)}: {why_not(obj)}")
        if not isinstance(obj, dict):
            return {kind: [self._pack(value, f"{path}.{i}" if path else str(i)) for i, value in enumerate(obj)]}
        pairs = []
        for key, value in obj.items():
            inner = f"{path}.{key}" if path else str(key)
            pairs.append([self._pack(key, f"{inner} (a key)"), self._pack(value, inner)])
        return {kind: pairs}

    def _array(self, array: Any, path: str) -> Any:
        """The name under which an array is kept; complex ones as pairs of numbers."""
        if array.dtype not in dtypes._BY_ARRAY:
            raise TypeError(f"cannot save {place(path)}: an array of dtype {array.dtype} is no tensor's")
        where = array.__array_interface__["data"][0] if isinstance(array, np.ndarray) else array.data.ptr
        key = (where, array.shape, array.strides, array.dtype) if array.size else id(array)
        if key in self._memory:
            return self._memory[key]
        self._kept.append(array)
        name = path or "value"
        while name in self.arrays or name == "__metadata__":
            name += "_"
        self._memory[key] = name
        host = np.asarray(backends.cpu.asarray(array), order="C")  # safetensors writes the memory as it lies
        self.arrays[name] = host[..., None].view(host.real.dtype) if host.dtype.kind == "c" else host
        return name

    def _tensor(self, tensor: Tensor, path: str) -> dict[str, Any]:
        found: dict[str, Any] = {"tensor": self._array(tensor._array, path)}
        if id(tensor) not in self._objects:
            self._objects[id(tensor)] = len(self._objects)
            self._kept.append(tensor)
        found["id"] = self._objects[id(tensor)]
        if tensor._array.dtype.kind == "c":
            found["complex"] = True
        if tensor._node is not None:
            found["grad"] = True
        if type(tensor) is not Tensor and type(tensor).__name__ == "Parameter":
            found["parameter"] = True
        where = str(tensor.device)
        if where != "cpu":
            found["device"] = where
        return found


def place(path: str) -> str:
    """Where something stands in what is being saved."""
    return f"obj at {path!r}" if path else "this object"


def why_not(obj: Any) -> str:
    """Why an object cannot be saved, and what to do."""
    kind = type(obj).__name__
    if hasattr(obj, "state_dict"):
        return f"a {kind} is code and data; save its data: .state_dict()"
    if callable(obj):
        return f"{getattr(obj, '__qualname__', kind)} is code, and a file holds only data"
    return (
        f"a {kind} is no tensor, number, string, list, tuple, dict or set of them; save what it is made of, such as "
        "vars(...)"
    )


def _leaf(obj: Any) -> Any:
    """A value that JSON has no exact word for."""
    if isinstance(obj, int):
        return int(obj)
    if isinstance(obj, float):
        return {"float": repr(float(obj))} if not math.isfinite(obj) else float(obj)
    if isinstance(obj, complex):
        return {"complex": [repr(obj.real), repr(obj.imag)]}
    if isinstance(obj, bytes):
        return {"bytes": base64.b64encode(obj).decode()}
    if isinstance(obj, dtypes.dtype):
        return {"dtype": obj._name}
    if isinstance(obj, device):
        return {"device": str(obj)}
    return {type(obj).__name__: [obj.start, obj.stop, obj.step]}


class Unpacker:
    """The way back. arrays by name, on their devices; place(device saved) -> device wanted.

    Raises ValueError, KeyError or TypeError for a tree that Packed cannot have made.
    """

    def __init__(self, arrays: dict[str, Any], place: Callable[[str], Any]) -> None:
        self.arrays, self.place = arrays, place
        self._tensors: dict[int, Tensor] = {}
        self._moved: dict[tuple[str, str], Any] = {}

    def unpack(self, tree: Any) -> Any:
        """The object that a tree describes."""
        if tree is None or isinstance(tree, (bool, int, float, str)):
            return tree
        if not isinstance(tree, dict) or not tree:
            raise ValueError(f"{type(tree).__name__} where a value should be")
        if "tensor" in tree:
            return self._tensor(tree)
        if len(tree) != 1:
            raise ValueError(f"a value with the keys {sorted(tree)}")
        ((kind, value),) = tree.items()
        return self._value(kind, value)

    def _value(self, kind: str, value: Any) -> Any:
        if kind in KINDS:
            cls, values = KINDS[kind], _list(value)
            if issubclass(cls, dict):
                return cls({self.unpack(key): self.unpack(inner) for key, inner in map(_list, values)})
            return cls([self.unpack(inner) for inner in values])
        if kind in ("array", "scalar"):
            array = backends.cpu.asarray(self.arrays[value])
            return array if kind == "array" else array[()]
        if kind in LITERALS:
            return LITERALS[kind](value)
        raise ValueError(f"an unknown kind of value, {kind!r}")

    def _tensor(self, tree: dict[str, Any]) -> Tensor:
        if not set(tree) <= {"tensor", "id", "complex", "grad", "parameter", "device"}:
            raise ValueError(f"a tensor with the keys {sorted(tree)}")
        known = self._tensors.get(tree["id"])
        if known is not None:
            return known
        array = self._placed(tree["tensor"], tree.get("device", "cpu"), bool(tree.get("complex")))
        kind: Any = Tensor
        if tree.get("parameter"):
            from gradbook.nn import Parameter

            kind = Parameter
        made: Tensor = kind._of(array)
        if tree.get("grad"):
            made._node = leaf_node(made)
        self._tensors[tree["id"]] = made
        return made

    def _placed(self, name: str, saved: str, pairs: bool) -> Any:
        where = str(self.place(saved))
        if (name, where) not in self._moved:
            array = self.arrays[name]
            if pairs:
                wide = {"float32": np.complex64, "float64": np.complex128}[array.dtype.name]
                array = array.view(wide)[..., 0]
            self._moved[name, where] = put_on(array, where)
        return self._moved[name, where]


LITERALS: dict[str, Callable[[Any], Any]] = {
    "float": float,
    "complex": lambda value: complex(*map(float, _list(value))),
    "bytes": lambda value: base64.b64decode(value, validate=True),
    "dtype": lambda value: dtypes.PUBLIC[value],
    "device": device,
    "slice": lambda value: slice(*_list(value)),
    "range": lambda value: range(*_list(value)),
}


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{type(value).__name__} where a list should be")
    return value
