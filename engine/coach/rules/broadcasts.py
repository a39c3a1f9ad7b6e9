"""Columns against rows: (N, 1) and (N,) make (N, N), and the loss is a mean over pairs that do not belong together."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.record import Op, Value
from gradbook.coach.rule import Rule
from gradbook.coach.rules.activations_before_losses import MOVING
from gradbook.observe.failure.text import called_name

__all__ = ["RULES", "SilentBroadcast", "TargetBroadcast"]

LOSSES = frozenset({"mse_loss", "huber_loss"})
PAIRS = LOSSES | {"sub", "mul", "div", "add", "eq", "ne", "gt", "lt", "ge", "le", "maximum", "minimum", "pow"}
FUNCTIONS = frozenset((
    "exp", "log", "neg", "mul", "div", "add", "sub", "clamp", "softplus", "sigmoid", "tanh", "relu", "sqrt", "square",
))  # fmt: skip


class Broadcast(Rule):
    """What both rules see: an elementwise operation on a column (…, N, 1) and a row (…, N) of as many numbers."""

    threshold = "one axis of length 1 more on one side, and a result of N times as many numbers; N > 1"
    ops = PAIRS
    losses = False  # whether it speaks of losses of ours, or of everything else

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        a, b = op.operand(0), op.operand(1)
        if a is None or b is None or len(a.shape) == len(b.shape):
            return
        column, row = (a, b) if len(a.shape) > len(b.shape) else (b, a)
        if column.shape != (*row.shape, 1) or row.shape[-1:] in ((), (1,)) or on_purpose(column, row):
            return
        loss = op.name in LOSSES or _in_loss(op)
        apart = column.requires_grad != row.requires_grad or (row.requires_grad and of_one_unit(column))
        if loss is self.losses and (loss or op.name in ("eq", "ne") or apart):
            self._speak(op, column, row)

    def _speak(self, op: Op, column: Value, row: Value) -> None:
        n, pairs = row.shape[-1], np.broadcast_shapes(column.shape, row.shape)
        self.find(
            f"{column.shape} against {row.shape} is broadcast to {pairs}: each of {n} with each other.",
            op.where,
            {"operands": f"{column.shape} and {row.shape}", "broadcast to": str(pairs)},
            self._fixes(op, column),
        )  # fmt: skip

    def _fixes(self, op: Op, column: Value) -> list[Fix]:
        at = code.place(op.where)
        node = at.expression if at is not None else None
        sides: list[ast.expr] = []
        if isinstance(node, ast.BinOp):
            sides = [node.left, node.right]
        elif isinstance(node, ast.Compare):
            sides = [node.left, node.comparators[0]]
        elif isinstance(node, ast.Call):
            sides = list(node.args[:2])
            if len(sides) == 1 and isinstance(node.func, ast.Attribute):  # pred.eq(y)
                sides = [node.func.value, *sides]
        if at is None or len(sides) < 2:
            return []
        which = 0 if column is op.operands[0] else 1
        end = len(column.shape) - 1
        return [
            code.appended(at, sides[which], f".squeeze({end})", "both are rows then"),
            code.appended(at, sides[1 - which], f".unsqueeze({end})", "both are columns then"),
        ]


class TargetBroadcast(Broadcast):
    """Predictions (N, 1) and targets (N,) in a loss."""

    id = "target-mismatch"
    severity = "error"
    idea = "predictions and targets must have the same shape: a loss of (N, 1) and (N,) compares each with all others"
    losses = True


class SilentBroadcast(Broadcast):
    """The same in arithmetic of the user's own, where one side is a prediction, or in a comparison."""

    id = "silent-broadcast"
    idea = "an axis of length 1 is stretched without a word: (N, 1) - (N,) is (N, N)"
    threshold = Broadcast.threshold + "; of two results of a model where a layer of one unit gave the column"


def on_purpose(column: Value, row: Value) -> bool:
    """Whether the column was made to be set against the row: by an index with None, or from the same numbers."""
    maker = column.maker
    if maker is not None and (maker.name == "unsqueeze" or (maker.name == "slice" and _new_axis(maker))):
        return True
    return column.back(MOVING) is row.back(MOVING)


def of_one_unit(column: Value) -> bool:
    """Whether a column is what a layer of one unit gave, or a function of that."""
    here = column
    while here.maker is not None and here.maker.name in FUNCTIONS and here.maker.inputs:
        here = next((x for x in here.maker.inputs if x.shape == column.shape), here.maker.inputs[0])
    return here.op in ("linear", "addmm") and here.shape[-1:] == (1,)


def _new_axis(op: Op) -> bool:
    index = op.params.get("index")
    return index is None or (isinstance(index, tuple) and any(part is None for part in index))


def _in_loss(op: Op) -> bool:
    """Whether an operation is part of a loss of ours, such as L1Loss or F.smooth_l1_loss."""
    if op.call is not None and type(op.call.module).__name__.endswith("Loss"):
        return True
    at = code.place(op.where)
    node = at.expression if at is not None else None
    return isinstance(node, ast.Call) and called_name(node).endswith("_loss")


RULES = (TargetBroadcast, SilentBroadcast)
