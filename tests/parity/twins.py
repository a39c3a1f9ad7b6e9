"""For each torch object of a sample, what stands for it in another library: the same values, strides and sharing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ml_dtypes
import numpy as np
import torch

import gradbook
from tests.parity.names import find, name_of, within
from tests.parity.tally import Absent, OutOfScope

NUMPY_DIMS = 64
SAME = (torch.dtype, torch.layout, torch.memory_format)


def array_of(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """A copy of a torch tensor as an array: its strides too, and elements shared where they are."""
    tensor = tensor.detach().resolve_conj().resolve_neg()
    if tensor._is_zerotensor():  # a gradient that is zero everywhere has no memory
        tensor = tensor + 0
    raw = torch.empty(0, dtype=torch.uint8).set_(tensor.untyped_storage())
    dtype = np.dtype(ml_dtypes.bfloat16 if tensor.dtype == torch.bfloat16 else str(tensor.dtype).removeprefix("torch."))
    memory = np.empty(len(raw) // dtype.itemsize, dtype)  # all of it, as as_strided may look beyond the tensor
    memory.view(np.uint8)[:] = raw.numpy()[: memory.nbytes]
    strides = tuple(step * dtype.itemsize for step in tensor.stride())
    offset = tensor.storage_offset() * dtype.itemsize
    return np.ndarray(tuple(tensor.size()), dtype, memory.view(np.uint8), offset, strides)


def unsupported(tensor: torch.Tensor) -> str:
    """What a tensor has that is outside gradbook, or an empty text."""
    if tensor.is_nested:
        return "nested tensors"
    if tensor.is_quantized:
        return "quantised tensors"
    if tensor.layout != torch.strided:
        return "sparse tensors"
    if tensor.device.type != "cpu":
        return f"the device {tensor.device.type}"
    if tensor.ndim > NUMPY_DIMS:
        return f"more than {NUMPY_DIMS} dimensions (NumPy's limit)"
    return "complex32" if tensor.dtype == torch.complex32 else ""


class Twins:
    """twins(value) -> the value with the tensors, dtypes and functions of `library`; each torch tensor has one twin."""

    def __init__(self, library: Any = gradbook) -> None:
        self.library = library
        self.pairs: dict[int, tuple[Any, Any]] = {}  # by id, with the torch object so that its id stays its own

    def bind(self, theirs: Any, mine: Any) -> None:
        """Note that results stand for one another, part by part."""
        if isinstance(theirs, torch.Tensor):
            self.pairs[id(theirs)] = (theirs, mine)
        elif isinstance(theirs, (list, tuple)) and isinstance(mine, (list, tuple)):
            for one, other in zip(theirs, mine, strict=False):  # a wrong number is found when results are compared
                self.bind(one, other)

    def tensor(self, theirs: torch.Tensor) -> Any:
        """The twin of a tensor, made when it is first asked for."""
        if id(theirs) in self.pairs:
            return self.pairs[id(theirs)][1]
        why = unsupported(theirs)
        if why:
            raise OutOfScope(why)
        if self.library is torch:
            mine = theirs.detach().clone() if theirs.is_conj() or theirs.is_neg() else shared_copy(theirs)
        else:
            mine = gradbook.from_numpy(array_of(theirs))
        if theirs.requires_grad:
            mine.requires_grad_(True)
        if isinstance(theirs, torch.nn.Parameter):
            mine = self.library.nn.Parameter(mine, requires_grad=theirs.requires_grad)
        self.pairs[id(theirs)] = (theirs, mine)
        return mine

    def __call__(self, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return self.tensor(value)
        if isinstance(value, torch.Size):
            return self.library.Size(value)
        if isinstance(value, (list, tuple)):
            parts = [self(part) for part in value]
            return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
        if isinstance(value, Mapping):
            return {key: self(part) for key, part in value.items()}
        if isinstance(value, slice):
            return slice(self(value.start), self(value.stop), self(value.step))
        return value if self.library is torch else self.plain(value)

    def plain(self, value: Any) -> Any:
        """What is neither a tensor nor holds one."""
        if isinstance(value, SAME):
            name = str(value).rpartition(".")[2]
            if name in ("complex32", "sparse_coo", "sparse_csr") or name.startswith("q"):
                raise OutOfScope(name)
            return found_in(self.library, name)
        if isinstance(value, torch.device):
            return self.library.device(value.type)
        if isinstance(value, torch.Generator):
            return self.library.Generator().manual_seed(value.initial_seed())
        if isinstance(value, torch.nn.Module):
            return self.module(value)
        if isinstance(value, type) and value.__module__.startswith("torch."):
            return found_in(self.library, f"nn.{value.__name__}")
        if callable(value):
            name = name_of(value)
            return find(name, self.library) if name else self.replayed(value)
        return value

    def module(self, value: torch.nn.Module) -> Any:
        """A module built from the arguments that `noted` in modules.py saw, with the same state."""
        made = getattr(value, "made_with", ((), {}))
        twin = found_in(self.library, f"nn.{type(value).__name__}")(*self(made[0]), **self(made[1]))
        twin.load_state_dict(self(dict(value.state_dict())))
        return twin

    def replayed(self, function: Any) -> Any:
        """A function of torch tensors, called by gradbook: what it does to their twins is done to ours."""
        from tests.parity.replay import record

        def call(*tensors: Any) -> Any:
            theirs = [torch.from_numpy(np.array(tensor.detach()._array)) for tensor in tensors]
            inner = Twins(self.library)
            inner.bind(theirs, list(tensors))
            return record(function, *theirs).play(inner)

        return call


def shared_copy(tensor: torch.Tensor) -> torch.Tensor:
    """A copy with the same strides, and elements shared where they are."""
    tensor = tensor.detach()
    memory = tensor.untyped_storage().clone()
    return torch.empty(0, dtype=tensor.dtype).set_(memory, tensor.storage_offset(), tensor.size(), tensor.stride())


def found_in(library: Any, path: str) -> Any:
    """What stands at a dotted path. Raises Absent."""
    found = within(library, path)
    if found is None:
        raise Absent(path)
    return found
