"""What PyTorch keeps under torch.utils."""

from __future__ import annotations

import importlib
from typing import Any

from gradbook.tensor import Tensor
from gradbook.utils import data

__all__ = [
    "data",
    "set_module",
    "swap_tensors",
]

# Submodules that cost nothing until they are named, as `gradbook.utils.dlpack`.
_LAZY = [
    "_pytree",
    "benchmark",
    "checkpoint",
    "cpp_extension",
    "deterministic",
    "dlpack",
    "hooks",
    "model_zoo",
    "tensorboard",
]


def swap_tensors(t1: Tensor, t2: Tensor) -> None:
    """Let two tensors change places: type, memory, gradient and attributes, as torch.utils.swap_tensors.

    Whoever holds one holds the other's contents afterwards. Raises RuntimeError for a tensor that an op made: nodes of
    the graph know it. Differs: weak references do not matter.
    """
    for tensor in (t1, t2):
        if not tensor.is_leaf:
            raise RuntimeError("swap_tensors: a tensor that autograd recorded cannot be swapped; detach() it first")
    t1.__class__, t2.__class__ = t2.__class__, t1.__class__
    t1.__dict__, t2.__dict__ = t2.__dict__, t1.__dict__
    for name in ("_array", "_grad", "_view"):
        mine, other = getattr(t1, name), getattr(t2, name)
        setattr(t1, name, other)
        setattr(t2, name, mine)
    wanted = t2.requires_grad, t1.requires_grad
    for tensor, wants in zip((t1, t2), wanted, strict=True):
        tensor._node = None
        tensor.requires_grad_(wants)


def set_module(obj: Any, mod: str) -> None:
    """Say that an object belongs to a module."""
    obj.__module__ = mod


def __getattr__(name: str) -> Any:
    """A lazy submodule is there by name, and imported then."""
    if name in _LAZY:
        return importlib.import_module(f"gradbook.utils.{name}")
    raise AttributeError(f"module 'gradbook.utils' has no attribute {name!r}")
