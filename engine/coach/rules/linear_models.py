"""A model that is one linear layer, and whether its data asks for more than a straight line."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.record import Built, Op, Turn, Value
from gradbook.coach.rule import Shared
from gradbook.coach.rules.wiring import CONVOLUTIONS, LINEAR, PASSING, input_of, weight_of
from gradbook.coach.targets import LOSSES, guessing
from gradbook.observe.failure.text import called_name
from gradbook.observe.source import Where

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach

__all__ = ["LinearModel"]

ROWS, COLUMNS = 256, 1024  # of the data that are kept, at most
LOOK = 64  # of them from one batch
ENOUGH = 48  # rows without which nothing is said of the data
NEAREST = 5  # neighbours that are asked
KNOWN = 0.5  # of what a guess gets wrong these get right: there is something to learn that no straight line can
CHANCE = 0.1  # of what a guess costs the loss is away from it at most
ENDINGS = {"binary_cross_entropy": "sigmoid", "nll_loss": "log_softmax"}  # of what these losses are given
HIDDEN = 32


class LinearModel(Shared):
    """The only layer of a model without an activation, and some rows of what it is trained on."""

    id = "linear-model"
    hears = ("operation", "turned")
    ops = LOSSES | (LINEAR - CONVOLUTIONS)

    def __init__(self, coach: Coach) -> None:
        super().__init__(coach)
        self.curved = False  # the scores of some loss are more than one linear layer
        self.loss = ""
        self.built: Built | None = None
        self.where: Where | None = None
        self._given: dict[int, Any] = {}  # rows, by the ids of the layers' operations
        self._rows: list[Any] = []
        self._targets: list[Any] = []

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        """A layer is applied to data, or a loss is reckoned."""
        if self.curved or not op.output.requires_grad:
            return
        if op.name not in LOSSES:
            given = input_of(op)
            if given is not None and not given.requires_grad and len(given.shape) == 2:
                array = operands[1 if op.name == "addmm" else 0]._array
                self._given[id(op)] = np.array(array[:LOOK, :COLUMNS], dtype=np.float64)
            return
        layer, targets = self._layer(op), operands[1]._array if len(operands) > 1 else None
        rows = self._given.get(id(layer)) if layer is not None else None
        self._given.clear()
        if layer is None or rows is None or targets is None or len(targets) < len(rows):
            self.curved = True
            return
        self.loss, self.where = op.name, layer.where
        self.built = self.coach.built_at(layer.call.module) if layer.call is not None else None
        if sum(map(len, self._rows)) < ROWS:
            self._rows.append(rows)
            self._targets.append(np.array(targets[:LOOK]))

    def turned(self, turn: Turn) -> None:
        """A turn has ended: its operations are gone."""
        self._given.clear()

    @staticmethod
    def _layer(loss: Op) -> Op | None:
        """The only layer between the data and a loss; None where there is anything else."""
        value: Value | None = loss.operand(0)
        if value is not None and value.op == ENDINGS.get(loss.name) and value.maker is not None:
            value = value.maker.operand(0)
        while value is not None and value.maker is not None:
            op = value.maker
            if op.name in LINEAR:
                return op if weight_of(op) is not None else None
            learned = [each for each in op.inputs if each.requires_grad and each.maker is not None]
            bias = op.name == "add" and all(each.kind == "parameter" for each in op.inputs if each not in learned)
            value = learned[0] if len(learned) == 1 and (bias or op.name in PASSING) else None
        return None

    def too_simple(self, loss: float) -> bool:
        """Whether the model is linear, its loss at rest is what a guess costs, and the data has more to tell."""
        if self.curved or not self._rows:
            return False
        targets = np.concatenate(self._targets)
        guess = guessing(self.loss, targets)
        if not abs(loss - guess) < CHANCE * guess:
            return False
        rows, first = np.unique(np.concatenate(self._rows), axis=0, return_index=True)
        return len(rows) >= ENOUGH and neighbours_know(rows, targets[first].reshape(len(rows), -1), self.loss)

    def widened(self) -> tuple[Where | None, list[Fix]]:
        """Where the layer is constructed, and that line with a hidden layer."""
        where = self.built.where if self.built is not None and self.built.where is not None else self.where
        return where, [widened(code.place(where))]


def neighbours_know(rows: Any, targets: Any, loss: str) -> bool:
    """Whether the nearest other rows tell a target far better than a guess does."""
    scaled = (rows - rows.mean(0)) / (rows.std(0) + 1e-12)
    squares = (scaled**2).sum(1)
    apart = squares[:, None] + squares - 2 * scaled @ scaled.T
    np.fill_diagonal(apart, np.inf)
    near = targets[np.argsort(apart, axis=1)[:, :NEAREST]]  # (rows, neighbours, outputs)
    if loss == "mse_loss" or not np.isin(targets, np.round(targets)).all():
        rest = ((near.mean(1) - targets) ** 2).mean(0) / (targets.var(0) + 1e-12)
        return bool(rest.max() < 1 - KNOWN)
    kinds = np.unique(targets)
    votes = np.stack([(near == kind).sum(1) for kind in kinds])
    right = (kinds[votes.argmax(0)] == targets).mean(0)
    share = np.stack([(targets == kind).mean(0) for kind in kinds]).max(0)
    return bool((right > share + KNOWN * (1 - share)).all())


def widened(at: code.Place | None) -> Fix:
    """The construction of a linear layer with a hidden one and an activation before it."""
    why = f"a hidden layer of {HIDDEN}, so that it can draw curves"
    call = at.expression if at is not None else None
    if at is None or not isinstance(call, ast.Call) or called_name(call) != "Linear" or len(call.args) != 2:
        return Fix(f"nn.Sequential(nn.Linear(inputs, {HIDDEN}), nn.ReLU(), nn.Linear({HIDDEN}, outputs))", (), why)
    name = at.source.segment(call.func)
    start, inputs, whole = name.removesuffix("Linear"), at.source.segment(call.args[0]), at.source.segment(call)
    rest = whole[len(name) :].replace(inputs, str(HIDDEN), 1)
    text = f"{name}({inputs}, {HIDDEN}), {start}ReLU(), {name}{rest}"
    parent = at.source.parents.get(call)
    inside = isinstance(parent, ast.List | ast.Tuple) or (
        isinstance(parent, ast.Call) and called_name(parent) == "Sequential"
    )
    return code.replacement(at, call, text if inside else f"{start}Sequential({text})", why)
