"""torch.autograd.variable's old name: a Variable is a Tensor."""

from __future__ import annotations

from typing import Any

from gradbook.tensor import Tensor

__all__ = ["Variable"]


class _VariableMeta(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_VariableMeta):
    """Variable(x) is a new leaf of the same memory, as in PyTorch; every tensor is an instance.

    Raises TypeError unless x is a Tensor.
    """

    def __new__(cls, data: Any = None, requires_grad: bool | None = None, volatile: bool = False) -> Any:
        if data is not None and not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        made = Tensor() if data is None else data.detach()
        return made.requires_grad_(bool(requires_grad))
