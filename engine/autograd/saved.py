"""What a node kept for backward, by the names under which PyTorch's grad_fn shows it."""

from __future__ import annotations

from typing import Any

from gradbook import backends
from gradbook.autograd.node import Node
from gradbook.autograd.rules import freed
from gradbook.tensor import Tensor

__all__ = ["saved_value"]


def saved_value(node: Node, name: str) -> Any:
    """The operand, result or argument that `_saved_<name>` means.

    Raises RuntimeError if the values were freed, AttributeError if the node keeps nothing of that name.
    """
    op, edges = node.op, node.edges
    if name.endswith("_sym_sizes") and edges and edges[0] is not None:
        return tuple(edges[0].shape)
    slot = slot_of(op, name)
    if slot is None:
        for given, value in (node.params or {}).items():
            if given == name:
                return value
        raise AttributeError(f"'{node.name()}' object has no attribute '_saved_{name}'")
    if node.saved is None:
        raise freed(node)
    value = node.saved[slot] if slot < len(node.saved) else None
    if not backends.is_array(value):
        if value is None:
            raise AttributeError(f"'{node.name()}' object has no attribute '_saved_{name}': it does not need it")
        return value
    origin = node if slot == len(op.operands) else edges[slot] if slot < len(edges) else None
    if origin is not None and origin.tensor is not None:
        leaf = origin.tensor()
        if leaf is not None and leaf._array is value:
            return leaf
    return Tensor._of(value, origin)


def slot_of(op: Any, name: str) -> int | None:
    """Where an op keeps what PyTorch calls `name`."""
    slots = (*op.operands, "out", *op.extras)
    if name in slots:
        return slots.index(name)
    usual = {"self": 0, "input": 0, "other": 1, "result": len(op.operands), "result0": len(op.operands)}
    found = usual.get(name)
    if name == "exponent" and len(op.operands) > 1:
        found = 1
    return found if found is not None and found < len(slots) else None
