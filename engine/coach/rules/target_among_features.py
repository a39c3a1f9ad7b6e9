"""Results that are too good: the target is one of the features."""

from __future__ import annotations

import ast
import weakref
from typing import Any

import numpy as np

from gradbook.coach import code
from gradbook.coach.code import Place
from gradbook.coach.finding import Fix
from gradbook.coach.loading import whole_of
from gradbook.coach.purity import root_of
from gradbook.coach.record import Op, Turn, Value
from gradbook.coach.rule import Rule
from gradbook.coach.rules.leaks import FIRST, ROWS, SLICES, LeakSuspected
from gradbook.coach.samples import numbers_of
from gradbook.coach.targets import LOSSES, leaves
from gradbook.observe import naming
from gradbook.observe.source import user_frame

__all__ = ["RULES", "TargetAmongFeatures"]

TRIED = 8  # losses that are looked at for a column
LEAST, SOME, WIDE = 16, 256, 2048  # samples of a batch that are compared with its target, and columns
NEAR = 1e-4  # of a column's range: what is left of it where it is the target on another scale


class TargetAmongFeatures(Rule):
    """A column of the inputs is the target."""

    id = "leak-suspected"
    idea = LeakSuspected.idea
    threshold = (
        f"a column of 3 or more that is the target itself, for {LEAST} samples or more in each of two batches; or on "
        "another scale, where both were computed from one table"
    )
    ops = LOSSES | FIRST

    def begins(self) -> None:
        self.loader: weakref.ref[Any] | None = None
        self.inputs: dict[int, tuple[Value, Any]] = {}  # of this turn, with some of their numbers
        self.looks: list[tuple[frozenset[int], int]] = []
        self.losses = 0  # that were looked at
        self.table = False
        self.made: tuple[Value, Value, Op | None] | None = None  # the whole of the inputs, of the targets, their slice
        self.scaled = False  # the inputs were computed from that whole, as by standardising it

    def batch(self, phase: str, loader: Any, index: int, total: int | None) -> None:
        self.loader = weakref.ref(loader) if phase == "next" else None

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        scores, wanted = op.operand(0), op.operand(1)
        if len(self.looks) >= 2 or self.losses > TRIED:
            return
        if scores is None or wanted is None or not op.output.requires_grad:
            return
        if op.name not in LOSSES:
            if not scores.requires_grad and len(scores.shape) > 1 and scores.dtype.kind == "f":
                self.inputs[id(scores)] = scores, np.array(operands[0]._array[:SOME])  # a batch may be gone by the loss
            return
        self.losses += 1
        target = numbers_of(operands[1]._array)
        target = target.reshape(len(target), -1)[:SOME] if target.ndim else target.reshape(1, -1)
        found = [each for each in leaves(scores) if each.shape[:1] == wanted.shape[:1] and id(each) in self.inputs]
        if len(found) != 1 or target.shape[1] != 1 or len(target) < LEAST or np.ptp(target) == 0:
            return
        features = self.inputs[id(found[0])][1].reshape(len(target), -1)
        if 3 <= features.shape[1] <= WIDE:
            if self.made is None:
                self.made = root, mine, part = self._origins(found[0], wanted)
                self.scaled = part is not None and comes_from(root, mine)
            same = (features == target.astype(features.dtype)).all(0)
            same = on_a_scale(features, target) if self.scaled and not same.any() else same
            self.looks.append((frozenset(np.flatnonzero(same).tolist()), features.shape[1]))
            self.table = len(found[0].shape) == 2  # of steps in time the last is often what is asked for

    def _origins(self, given: Value, wanted: Value) -> tuple[Value, Value, Op | None]:
        """What batches were taken of: inputs, targets, and the operation that took the targets from a table."""
        given = whole_of(self.coach, self.loader, given.back(ROWS | SLICES))
        wanted = whole_of(self.coach, self.loader, wanted.back(ROWS))
        while wanted.maker is not None and wanted.maker.name in SLICES and over_rows(wanted.maker):
            wanted = wanted.maker.inputs[0].back(ROWS)
        return given.back(ROWS | SLICES), wanted.back(ROWS | SLICES), wanted.maker

    def turned(self, turn: Turn) -> None:
        self.inputs.clear()
        if len(self.looks) == 2:
            self._judge()

    def ended(self) -> None:
        if len(self.looks) == 1:
            self._judge()

    def _judge(self) -> None:
        columns = frozenset.intersection(*(columns for columns, _ in self.looks))
        made, width = self.made, self.looks[0][1]
        self.looks = [(frozenset(), 0)] * 3
        if not columns or made is None:
            return
        root, mine, part = made
        column = max(columns)
        joined = root.maker is not None and root.maker.name in ("cat", "stack")
        derived = part is not None and (mine.tensor is root.tensor or self.scaled)
        last = column == width - 1
        at = code.place(root.maker.where if joined and root.maker is not None else root.where)
        at = (alias(code.place(part.where), root.tensor) if derived and part is not None else None) or at
        if self.scaled:
            at = named(code.place(root.maker.where if root.maker is not None else None)) or at
        what = "the target itself, on another scale" if self.scaled else "the target itself"
        self.find(
            f"Column {column} of the inputs is {what}: the network only has to copy it.",
            at.at if at is not None else None,
            {"columns": width, "the same as the target": sorted(columns), "samples": "all that were looked at"},
            without_column(at, column, last, joined, counted(part)),
            severity="" if self.table and (joined or last or not derived) else "hint",
        )  # fmt: skip


# -- what is seen ------------------------------------------------------------------------------------------------------


def over_rows(op: Op) -> bool:
    """Whether an operation takes rows, and all columns of them."""
    index = op.params.get("index")
    return bool(op.inputs) and not (isinstance(index, tuple) and len(index) > 1)


def comes_from(value: Value, whole: Value) -> bool:
    """Whether a tensor was computed from another one, column by column."""
    if value.tensor is whole.tensor or value.shape[-1:] != whole.shape[-1:]:
        return False
    return any(each.tensor is whole.tensor for op in value.above() for each in op.inputs)


def on_a_scale(features: Any, target: Any) -> Any:
    """Which columns are the target, times a number and with one added."""
    columns, wanted = (array.astype(np.float64) - array.mean(0, dtype=np.float64) for array in (features, target))
    slopes = (columns * wanted).sum(0) / (wanted * wanted).sum()
    left, ranges = np.abs(columns - wanted * slopes).max(0), np.ptp(columns, axis=0)
    return (ranges > 0) & (left <= NEAR * ranges)


# -- lines and fixes ---------------------------------------------------------------------------------------------------


def without_column(at: Place | None, column: int, last: bool, joined: bool, positive: bool) -> list[Fix]:
    """The features without the target. positive: the program counts columns from the first one."""
    node = at.expression if at is not None else None
    if at is not None and joined and isinstance(node, ast.Call) and node.args:
        parts = node.args[0]
        if isinstance(parts, ast.List | ast.Tuple) and len(parts.elts) == 2:
            other = parts.elts[0 if last else 1]
            return [code.replacement(at, node, at.source.segment(other), "the features alone")]
    end = column if positive else -1
    keep = f"[:, :{end}]" if last else f"[:, [i for i in range(x.shape[1]) if i != {column}]]"
    part = node.args[0] if isinstance(node, ast.Call) and node.args and not joined else node
    target = at.statement.targets[0] if at is not None and isinstance(at.statement, ast.Assign) else None
    if at is not None and last and isinstance(part, ast.BinOp) and isinstance(target, ast.Name):
        line = f"{target.id} = {target.id}{keep}"
        return [code.insertion(at, line, "the features without the target", after=True)]
    if at is not None and last and not joined and part is not None and not isinstance(part, ast.BinOp):
        return [code.appended(at, part, keep, "the features without the target")]
    return [Fix(f"x = x{keep}", (), "the features without the target")]


def counted(part: Op | None) -> bool:
    """Whether the column of the target is written as a number from the first one on: `table[:, 8]`."""
    at = code.place(part.where) if part is not None else None
    node = at.expression if at is not None else None
    index = node.slice if isinstance(node, ast.Subscript) else None
    column = index.elts[-1] if isinstance(index, ast.Tuple) else None
    return isinstance(column, ast.Constant) and isinstance(column.value, int)


def named(at: Place | None) -> Place | None:
    """The line that gives a table the name by which its columns are put on a scale; that one, if it is the table's."""
    tree = at.expression if at is not None else None
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} if tree is not None else set()
    made = code.assignment(at, names.pop()) if len(names) == 1 else None
    plain = made is not None and isinstance(made.expression, ast.Name)
    return made if plain else at


def alias(at: Place | None, tensor: Any) -> Place | None:
    """The line that gives the features a name of their own, `X = data`, where the target is a part of `data`."""
    frame = user_frame(1)
    base = root_of(at.expression) if at is not None and at.expression is not None else ""
    names = [name for name, value in naming.visible(frame).items() if value is tensor and name != base]
    found = [made for name in names if (made := code.assignment(at, name)) is not None]
    return found[0] if found else at


RULES = (TargetAmongFeatures,)
