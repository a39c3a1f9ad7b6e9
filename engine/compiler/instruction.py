"""What a recording is made of: one instruction for each thing to compute again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradbook.autograd.op import Op, Rule
from gradbook.compiler.memory import Window

__all__ = ["DRAWING", "JOINING", "NOT_KEPT", "SHAPED_BY_DATA", "Instruction", "NotRecordable"]

DRAWING = {"dropout"}  # ops whose forward draws random numbers, and is simply run again
JOINING = {"cat", "stack"}  # ops that put their operands side by side
NOT_KEPT = {
    "conv1d": 1,
    "conv2d": 1,
}  # ops whose kernels leave out an extra that only the engine's own rule needs: its place
SHAPED_BY_DATA = {
    "nonzero", "masked_select", "unique", "unique_consecutive", "argwhere", "bincount", "repeat_interleave", "one_hot",
    "__getitem__", "item", "tolist",
}  # fmt: skip


class NotRecordable(Exception):
    """Something in the call cannot be repeated without Python. where: (file, line) of the user's, or None.

    unseen: the reason is a value that was computed by other means than an op.
    """

    def __init__(self, reason: str, where: Any = None, unseen: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.where, self.unseen = reason, where, unseen
        self.suspect: dict[Any, Any] = {}  # what had better be left to Python


class Instruction:
    """One thing to compute again: `kind` says what, inputs and outputs are windows (or None, or constants).

    kind: "op" (op, params) · "rule" (op, rule, params; the gradient is the first input) · "fit" (a gradient summed to
    its operand's shape, and cast) · "add" · "copy" · "zero" · "update" (an optimizer's step) ·
    "call" (a function of the library, with tensors) · "clip" (clip_grad_*: the gradients) · "count" (one more) ·
    "found" (indices, by a function of arrays) · "left" (Python does something of its own, see breaks.py) ·
    "set" (a part of a tensor set) · "custom" (a rule of an op that computes its gradients in a way of its own).
    """

    __slots__ = ("inputs", "kind", "op", "outputs", "params", "rule", "where")

    def __init__(
        self, kind: str, inputs: Sequence[Any], outputs: Sequence[Any], op: Any = None, params: Any = None,
        rule: Rule | None = None, where: Any = None,
    ) -> None:  # fmt: skip
        self.kind, self.inputs, self.outputs = kind, list(inputs), list(outputs)
        self.op, self.params, self.rule, self.where = op, params or {}, rule, where

    def changes(self) -> list[Window]:
        """The windows on memory from outside the instruction may write to."""
        if self.kind == "update":
            return self.inputs[::2]
        if self.kind == "op" and self.op.name == "batch_norm":
            return [x for x in (*self.inputs[3:5], *self.outputs) if isinstance(x, Window)]
        if self.kind == "clip":
            return [*self.inputs, *self.outputs]
        return [out for out in self.outputs if isinstance(out, Window)]

    def __repr__(self) -> str:
        name = f" {self.op.name if isinstance(self.op, Op) else self.op}" if self.op is not None else ""
        return f"{self.kind}{name} {self.inputs} -> {self.outputs}"
