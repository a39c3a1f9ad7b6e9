"""What ops keep for backward, through hooks: packed when it is kept, unpacked when backward asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook import backends
from gradbook.autograd import layers
from gradbook.autograd.node import Node
from gradbook.autograd.op import Op
from gradbook.autograd.rules import apply_rules
from gradbook.tensor import Tensor

__all__ = ["Packed", "PackedOp", "SavingLayer", "current_hooks"]


class SavingLayer(layers.Layer):
    """Hooks that see what is kept for backward. Only the innermost ones do."""

    def __init__(self, pack: Callable[[Tensor], Any], unpack: Callable[[Any], Tensor]) -> None:
        self.pack, self.unpack = pack, unpack

    def call(self, op: Op, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Run the op, and pack what it kept."""
        out = self.pass_on(op, operands, params)
        if current_hooks() is self:
            pack_node(out, op, self)
        return out


def current_hooks() -> SavingLayer | None:
    """The innermost hooks on this thread."""
    return next((layer for layer in reversed(layers.state.open) if isinstance(layer, SavingLayer)), None)


def pack_node(out: Any, op: Op, hooks: SavingLayer) -> None:
    """Put what the node behind an op's output keeps through the hooks."""
    parts = out if isinstance(out, tuple) else (out,)
    node = next((part._node for part in parts if isinstance(part, Tensor) and part._node is not None), None)
    if node is not None and node.op.name == "pick":
        node = node.edges[0]
    if node is None or node.op is not op or not node.saved:
        return
    node.saved = tuple(Packed(hooks, Tensor._of(kept)) if backends.is_array(kept) else kept for kept in node.saved)
    node.op = packed(op)


class Packed:
    """One value that was packed, and how to get it back."""

    __slots__ = ("unpack", "value")

    def __init__(self, hooks: SavingLayer, tensor: Tensor) -> None:
        self.unpack = hooks.unpack
        before = layers.state.stack, layers.state.open
        layers.state.stack = layers.state.open = ()  # the hook's own ops are not for the hooks
        try:
            self.value = hooks.pack(tensor)
        finally:
            layers.state.stack, layers.state.open = before

    def read(self) -> Tensor:
        """The tensor again. Raises TypeError if the hook gives anything else."""
        found = self.unpack(self.value)
        if not isinstance(found, Tensor):
            raise TypeError(
                f"Output of saved tensor unpack_hook expected to be a Tensor but got result of type {type(found)}"
            )
        return found


class PackedOp(Op):
    """An op whose node keeps packed values: they are unpacked for its rules, and no longer."""

    custom = True

    def __init__(self, inner: Op) -> None:
        self.__dict__.update(inner.__dict__)
        self.inner, self.plain, self.multi = inner, False, inner.multi

    def backward_node(self, node: Node, g: Any, create_graph: bool) -> Any:
        """The gradients of the op itself, on what the hooks give back."""
        saved = node.saved
        unpacked = tuple(kept.read()._array if isinstance(kept, Packed) else kept for kept in saved)
        node.op, node.saved = self.inner, unpacked
        try:
            return apply_rules(node, g, node.edges, create_graph)
        finally:
            node.op, node.saved = self, saved


_packed: dict[Op, PackedOp] = {}


def packed(op: Op) -> PackedOp:
    """The op that stands in for `op` in nodes with packed values."""
    found = _packed.get(op)
    if found is None:
        found = _packed[op] = PackedOp(op)
    return found
