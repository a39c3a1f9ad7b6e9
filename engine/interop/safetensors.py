"""safetensors files with our tensors, under the names of safetensors.torch; the library reads and writes them."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from gradbook import backends, dtypes
from gradbook.device import place as put_on
from gradbook.errors import SerializationError
from gradbook.tensor import Tensor

__all__ = ["load", "load_file", "load_model", "read_safetensors", "save", "save_file", "save_model"]

DTYPES = {
    "BOOL": dtypes.bool_, "U8": dtypes.uint8, "I8": dtypes.int8, "I16": dtypes.int16, "I32": dtypes.int32,
    "I64": dtypes.int64, "U16": dtypes.uint16, "U32": dtypes.uint32, "U64": dtypes.uint64, "F16": dtypes.float16,
    "BF16": dtypes.bfloat16, "F32": dtypes.float32, "F64": dtypes.float64, "C64": dtypes.complex64,
}  # fmt: skip


def save(tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """A dict of tensors as the bytes of a safetensors file, as safetensors.torch.save.

    Raises TypeError for values that are no tensors, and ValueError for tensors that share memory: a file would hold
    them twice and loading would part them (save_model keeps one of each).
    """
    from safetensors import numpy as library

    return library.save(_arrays(tensors), metadata)


def save_file(tensors: dict[str, Tensor], filename: Any, metadata: dict[str, str] | None = None) -> None:
    """`save`, to a path."""
    from safetensors import numpy as library

    library.save_file(_arrays(tensors), os.fsdecode(filename), metadata)


def load(data: bytes) -> dict[str, Tensor]:
    """The tensors in the bytes of a safetensors file. Raises SerializationError for a damaged one."""
    return read_safetensors(data, "the bytes", "cpu")


def load_file(filename: Any, device: Any = "cpu") -> dict[str, Tensor]:
    """The tensors of a safetensors file, on a device, as safetensors.torch.load_file."""
    path = os.fsdecode(filename)
    with open(path, "rb") as file:
        return read_safetensors(file.read(), path, device)


def save_model(model: Any, filename: Any, metadata: dict[str, str] | None = None) -> None:
    """A module's state_dict, each memory once under the first of its names, as safetensors.torch.save_model."""
    kept: dict[Any, str] = {}
    tensors: dict[str, Tensor] = {}
    notes = dict(metadata or {})
    for name, tensor in sorted(model.state_dict().items()):
        key = _memory(tensor)
        if key in kept:
            notes[name] = kept[key]
        else:
            kept[key] = name
            tensors[name] = tensor
    save_file(tensors, filename, {"format": "pt", **notes})


def load_model(model: Any, filename: Any, strict: bool = True, device: Any = "cpu") -> tuple[list[str], list[str]]:
    """Load what save_model wrote into a module. -> (missing, unexpected) names; Raises RuntimeError for any if strict.

    A name that shares its memory with one in the file is not missing.
    """
    state = load_file(filename, device)
    groups: dict[Any, list[str]] = {}
    for name, tensor in model.state_dict().items():
        groups.setdefault(_memory(tensor), []).append(name)
    missing, unexpected = model.load_state_dict(state, strict=False)
    shared = {name for names in groups.values() if any(n in state for n in names) for name in names}
    missing = [name for name in missing if name not in shared]
    if strict and (missing or unexpected):
        raise RuntimeError(
            f"Error(s) in loading state_dict for {type(model).__name__}: missing {missing}, unexpected {unexpected}"
        )
    return missing, list(unexpected)


def _memory(tensor: Tensor) -> Any:
    array = tensor._array
    return (tensor.data_ptr(), array.shape, array.strides) if array.size else id(tensor)


def _arrays(tensors: dict[str, Tensor]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    seen: dict[Any, str] = {}
    for name, tensor in tensors.items():
        if not isinstance(tensor, Tensor):
            raise TypeError(f"safetensors: {name!r} is a {type(tensor).__name__}, and a file holds tensors only")
        twin = seen.setdefault(_memory(tensor), name)
        if twin != name:
            raise ValueError(
                f"safetensors: {twin!r} and {name!r} share memory; clone() one, or use save_model, which keeps one"
            )
        found[name] = np.asarray(backends.cpu.asarray(tensor._array), order="C")  # the library writes raw memory
    return found


def read_safetensors(data: bytes, where: str, device: Any) -> dict[str, Tensor]:
    """The tensors in the bytes of a safetensors file called `where`, on a device."""
    from safetensors import SafetensorError, deserialize

    try:
        length = int.from_bytes(data[:8], "little")
        json.loads(data[8 : 8 + length], object_pairs_hook=_no_twins)  # the library lets the last of twins win
        return {name: _tensor(entry, device) for name, entry in deserialize(data)}  # type: ignore[no-untyped-call]  # the library has no types
    except (SafetensorError, ValueError, AttributeError, TypeError, KeyError, RecursionError) as error:
        raise SerializationError(
            f"{where}: it is cut short, damaged or no safetensors file ({str(error)[:200]}). Use another copy of the "
            "file"
        ) from error


def _tensor(entry: dict[str, Any], device: Any) -> Tensor:
    """A tensor of its own memory from what the library gives: dtype, shape and bytes."""
    if entry["dtype"] not in DTYPES:
        raise ValueError(f"dtype {entry['dtype']}, which gradbook does not have")
    array = np.frombuffer(bytearray(entry["data"]), DTYPES[entry["dtype"]]._np).reshape(entry["shape"])
    made: Tensor = Tensor._of(put_on(array, device))
    return made


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice in the header")
    return found
