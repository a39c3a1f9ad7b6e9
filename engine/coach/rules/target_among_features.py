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
from gradbook.coach.targets import LOSSES, leaves
from gradbook.observe import naming
from gradbook.observe.source import user_frame

__all__ = ["RULES", "TargetAmongFeatures"]

TRIED = 8  # losses that are looked at for a column
LEAST, SOME, WIDE = 16, 256, 2048  # samples of a batch that are compared with its target, and columns


class TargetAmongFeatures(Rule):
    """A column of the inputs is the target."""

    id = "leak-suspected"
    idea = LeakSuspected.idea
    threshold = f"a column of 3 or more that is the target itself, for {LEAST} samples or more in each of two batches"
    ops = LOSSES | FIRST

    def begins(self) -> None:
        self.loader: weakref.ref[Any] | None = None
        self.inputs: dict[int, tuple[Value, Any]] = {}  # of this turn, with some of their numbers
        self.looks: list[tuple[frozenset[int], int]] = []
        self.losses = 0  # that were looked at
        self.table = False
        self.made: tuple[Value, Value, Op | None] | None = None  # the whole of the inputs, of the targets, their slice

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
        target = np.asarray(operands[1]._array)
        target = target.reshape(len(target), -1)[:SOME] if target.ndim else target.reshape(1, -1)
        found = [each for each in leaves(scores) if each.shape[:1] == wanted.shape[:1] and id(each) in self.inputs]
        if len(found) != 1 or target.shape[1] != 1 or len(target) < LEAST or np.ptp(target) == 0:
            return
        features = self.inputs[id(found[0])][1].reshape(len(target), -1)
        if 3 <= features.shape[1] <= WIDE:
            same = np.flatnonzero((features == target.astype(features.dtype)).all(0))
            self.looks.append((frozenset(same.tolist()), features.shape[1]))
            self.table = len(found[0].shape) == 2  # of steps in time the last is often what is asked for
            self.made = self.made or self._origins(found[0], wanted)

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
        derived = part is not None and mine.tensor is root.tensor
        last = column == width - 1
        at = code.place(root.maker.where if joined and root.maker is not None else root.where)
        at = (alias(code.place(part.where), root.tensor) if derived and part is not None else None) or at
        self.find(
            f"Column {column} of the inputs is the target itself: the network only has to copy it.",
            at.at if at is not None else None,
            {"columns": width, "the same as the target": sorted(columns), "samples": "all that were looked at"},
            without_column(at, column, last, joined),
            severity="" if self.table and (joined or last or not derived) else "hint",
        )  # fmt: skip


# -- what is seen ------------------------------------------------------------------------------------------------------


def over_rows(op: Op) -> bool:
    """Whether an operation takes rows, and all columns of them."""
    index = op.params.get("index")
    return bool(op.inputs) and not (isinstance(index, tuple) and len(index) > 1)


# -- lines and fixes ---------------------------------------------------------------------------------------------------


def without_column(at: Place | None, column: int, last: bool, joined: bool) -> list[Fix]:
    """The features without the target."""
    node = at.expression if at is not None else None
    if at is not None and joined and isinstance(node, ast.Call) and node.args:
        parts = node.args[0]
        if isinstance(parts, ast.List | ast.Tuple) and len(parts.elts) == 2:
            other = parts.elts[0 if last else 1]
            return [code.replacement(at, node, at.source.segment(other), "the features alone")]
    keep = "[:, :-1]" if last else f"[:, [i for i in range(x.shape[1]) if i != {column}]]"
    part = node.args[0] if isinstance(node, ast.Call) and node.args and not joined else node
    if at is not None and part is not None and not joined and last:
        return [code.appended(at, part, keep, "the features without the target")]
    return [Fix(f"x = x{keep}", (), "the features without the target")]


def alias(at: Place | None, tensor: Any) -> Place | None:
    """The line that gives the features a name of their own, `X = data`, where the target is a part of `data`."""
    frame = user_frame(1)
    base = root_of(at.expression) if at is not None and at.expression is not None else ""
    names = [name for name, value in naming.visible(frame).items() if value is tensor and name != base]
    found = [made for name in names if (made := code.assignment(at, name)) is not None]
    return found[0] if found else at


RULES = (TargetAmongFeatures,)
