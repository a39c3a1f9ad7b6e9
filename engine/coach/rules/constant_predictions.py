"""Predictions that are the same for all samples, and where on the way the samples became the same."""

from __future__ import annotations

import ast
import math
from collections import deque
from typing import Any

import numpy as np

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.origin import changed_at, chosen_at, is_library
from gradbook.coach.record import Op, Turn, Value
from gradbook.coach.rule import Rule
from gradbook.coach.rules.activations_before_losses import MOVING, leaky
from gradbook.coach.rules.dull_activations import of_one_class, of_one_number
from gradbook.coach.rules.learning_rates import Learning
from gradbook.coach.rules.wiring import ACTIVATIONS, LINEAR
from gradbook.coach.sameness import Sameness
from gradbook.coach.targets import LOSSES
from gradbook.observe.failure.text import binds, called_name
from gradbook.observe.source import Where

__all__ = ["RULES", "ConstantPredictions", "LostInActivation"]

WARM = 8  # steps after which predictions should differ
LOOKS = 3
ROWS = 16  # samples of the looks together at least
FEW = 4  # samples of a look
ALIKE = 1e-3  # of the targets' deviation
FAVOURED = 1.5  # times as much as any other a class counts
MIXED = 0.97  # of the labels of one class at most
LONG, SHORT = 0.03, 1e-6  # of the parameters: a step that changes so much, or so little, is to blame
SQUASHING = ACTIVATIONS | {"clamp", "dropout", "threshold", "relu6", "maximum", "minimum"}


class ConstantPredictions(Learning):
    """The network gives the same for every sample, whatever its input."""

    id = "constant-predictions"
    idea = "a network that answers the same to everything has only learned the mean: its signal is lost on the way"
    threshold = (
        f"the very same output for samples that differ, in every look ({LOOKS} of them, or all of a short training); "
        f"or, as a hint, after {WARM} steps one class for {ROWS} samples or more of which less than {MIXED:.0%} are of "
        f"one class, or values within {ALIKE:g} of the targets' deviation"
    )
    ops = LOSSES | LINEAR

    def begins(self) -> None:
        super().begins()
        self.filled: dict[int, Where] = {}  # where weights got their first numbers
        self.sameness = self.coach.shared(Sameness)
        self.recent: deque[str] = deque(maxlen=LOOKS)  # what the predictions were in the last looks, '' if they differ
        self.rows = 0
        self.where: Where | None = None
        self.exact = self.different = 0  # looks with the very same output for all samples, and others
        self.culprit: Op | None = None
        self.place: Where | None = None  # the line to change
        self.fixes: list[Fix] = []
        self.inner = False  # layers come after it
        self.weights: tuple[Any, Where | None] | None = None  # of the classes, and where they are reckoned
        self.labels: Any = np.zeros(0, dtype=np.int64)  # how many of each class were seen

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        if op.name in LINEAR:
            weight = operands[2 if op.name == "addmm" else 1]
            filled = self.coach.tape.filled(weight) if not self.coach.steps and hasattr(weight, "_node") else None
            if filled is not None:
                self.filled[id(weight)] = filled
            return
        if op.name in ("cross_entropy", "nll_loss") and op.operand(2) is not None and op.output.requires_grad:
            self._weighed(op, operands)
        if self.coach.steps < WARM or len(operands) < 2 or op.operand(0) is None or op.operand(1) is None:
            return
        scores, targets = operands[0]._array, operands[1]._array
        if not scores.ndim or len(scores) < FEW or not targets.size or not op.output.requires_grad:
            return
        said = alike(op.name, scores[:512], targets[:512])
        if said is not None:
            self.recent.append(said)
            self.rows += len(scores)
            self.where = op.where

    def _weighed(self, op: Op, operands: tuple[Any, ...]) -> None:
        """A loss with a weight for each class."""
        weights, targets = operands[2]._array, operands[1]._array
        if targets.dtype.kind not in "iu" or weights.ndim != 1:
            return
        if self.weights is None:
            given = op.operand(2)
            maker = given.back(MOVING).maker if given is not None else None
            self.weights = weights.copy(), maker.where if maker is not None else self.coach.tape.filled(operands[2])
        seen = np.bincount(targets[(targets >= 0) & (targets < len(weights))].reshape(-1), minlength=len(weights))
        self.labels = seen + (self.labels if len(self.labels) == len(seen) else 0)

    @property
    def upside_down(self) -> bool:
        """Whether the most frequent class counts for more than each of the others, and is all that is predicted."""
        if self.weights is None or not len(self.labels):
            return False
        most, others = int(self.labels.argmax()), self.weights[0].copy()
        others[most] = 0
        return self.recent[-1] == f"class {most}" and bool(self.weights[0][most] > FAVOURED * others.max())

    def turned(self, turn: Turn) -> None:
        value = predictions(turn)
        alike = self.sameness.of(value) if value is not None else None
        if value is None or alike is None:
            return
        lost = self.sameness.lost_at(value) if alike else None
        if not alike or lost is None:
            self.different += 1
            self.sameness.resting = self.different >= 2 and not self.exact
            return
        self.exact += 1
        if self.culprit is None or not of_one_number(lost):  # at the end its layer may be gone
            self.culprit, self.place = lost, self._flattened_by(lost)
            self.fixes = of_one_class(self.coach, lost) if of_one_number(lost) else []
        self.inner = squashed(lost, value)

    def _flattened_by(self, lost: Op) -> Where | None:
        """The line to blame: of a layer where its weights were made so."""
        weight = lost.operand(2 if lost.name == "addmm" else 1) if lost.name in LINEAR else None
        tensor = weight.tensor if weight is not None else None
        chosen = chosen_at if of_one_number(lost) else changed_at
        return self.filled.get(id(tensor)) or chosen(self.coach, lost)

    def ended(self) -> None:
        if self.exact >= 2 and not self.different and self.culprit is not None:
            self._exact(self.culprit)
        elif len(self.recent) == LOOKS and all(self.recent) and self.rows >= ROWS and len(self.rates) == 1:
            self._nearly()

    def _exact(self, lost: Op) -> None:
        symptom = self.inner or told(self.coach)
        self.find(
            f"Every sample gets the same prediction: {said(lost)} what differs between them is lost.", self.place,
            {"looks": self.exact, "operation": lost.name, "given": lost.inputs[0].shape if lost.inputs else "",
             "rows that differ afterwards": 0},
            self.fixes or kept(self.place, lost),
            nodes=[lost.path], severity="hint" if symptom else "",
        )  # fmt: skip

    def _nearly(self) -> None:
        if self.upside_down and self.weights is not None:
            weights, where = self.weights
            self.find(
                f"All predictions are {self.recent[-1]}: the weights make the most frequent class count for most.",
                where or self.where,
                {"weights": ", ".join(f"{x:.3g}" for x in weights[:8]),
                 "labels that were seen": ", ".join(map(str, self.labels[:8].tolist()))},
                inverted(code.place(where)), severity="warning",
            )  # fmt: skip
            return
        rate = self.rates[0]
        if (not rate.typical and told(self.coach)) or any(curve.bad for curve in self.curves.curves.values()):
            return  # nothing moves, and why is known; or they are no numbers
        option = self.option(rate)
        blamed = rate.typical > LONG or rate.typical < SHORT
        self.find(
            f"The predictions are all the same, {self.recent[-1]}, whatever the input.",
            option.line if blamed else self.where,
            {"looks": len(self.recent), "samples": self.rows,
             "change of the parameters in one step": f"{rate.typical:.1e}"},
            option.changed([rate.most / 10, rate.most * 10] if rate.typical > SHORT else [rate.most * 1000, 1e-3]),
            severity="hint",
        )  # fmt: skip


class LostInActivation(Rule):
    """A hidden activation that gives the same for samples that differ, from the first look to the last."""

    id = "degenerate-activation"
    idea = "an activation that is the same for all samples has lost the data; a softmax of one number is always 1"
    threshold = (
        f"samples that differ before it and are the same after it, in all looks, {LOOKS} of them or 2 at the end"
    )

    def begins(self) -> None:
        self.sameness = self.coach.shared(Sameness)
        self.looks: dict[tuple[Where | None, str, str], int] = {}  # by place, -1 once it has let something through
        self.ops_seen: dict[tuple[Where | None, str, str], Op] = {}
        self.passed_by = False  # the predictions differ all the same: another way leads round it

    def turned(self, turn: Turn) -> None:
        value = predictions(turn)
        if value is None:
            return
        for op in turn.ops:
            if op.name in SQUASHING and op.call is not None and op.output.requires_grad:
                self._look(op, value)

    def _look(self, op: Op, value: Value) -> None:
        alike, given = self.sameness.of(op.output), self.sameness.of(op.inputs[0])
        if alike is None or given is None or op.output.shape[:1] != value.shape[:1]:
            return
        key = (op.where, op.path, op.name)
        if not alike:
            self.looks[key] = -1
        elif not given and self.looks.get(key, 0) >= 0 and hidden(op, value):
            self.looks[key] = self.looks.get(key, 0) + 1
            self.passed_by = self.passed_by or self.sameness.of(value) is False
            self.ops_seen.setdefault(key, op)

    def ended(self) -> None:
        if self.sameness.resting:
            return
        symptom = told(self.coach) or self.passed_by
        for key, looks in self.looks.items():
            if looks < 2:
                continue
            op = self.ops_seen[key]
            where = changed_at(self.coach, op)
            self.find(
                f"This {op.name} gives the same for every sample: the layers after it know nothing of the data.", where,
                {"looks": looks, "different rows before it": "yes", "after it": "no"}, kept(where, op), nodes=[op.path],
                severity="hint" if symptom else "",
            )  # fmt: skip


# -- what is seen ------------------------------------------------------------------------------------------------------


def predictions(turn: Turn) -> Value | None:
    """What the loss of a turn is given, or the model gave: one row a sample."""
    for op in turn.ops:
        value, wanted = op.operand(0), op.operand(1)
        if op.name in LOSSES and op.output.requires_grad and value is not None and wanted is not None:
            return value if value.requires_grad and not wanted.requires_grad else None
    for call in turn.calls:
        if call.parent is None and call.outputs and call.outputs[0].requires_grad and not is_loss(call.module):
            return call.outputs[0]
    return None


def is_loss(module: Any) -> bool:
    """Whether a module is a loss: it has no parameters and comes from us."""
    return is_library(module) and type(module).__name__.endswith("Loss")


def hidden(lost: Op, value: Value) -> bool:
    """Whether an operation is on the way to the predictions, with layers after it."""
    way = list(value.above())
    return lost in way and any(op.name in LINEAR and op.number > lost.number for op in way)


def squashed(lost: Op, value: Value) -> bool:
    """Whether it is, or is followed by, an activation inside of the network: that tells of it."""
    later = [op for op in value.above() if op.number >= lost.number and op.name in SQUASHING]
    return any(hidden(op, value) for op in later)


def told(coach: Any) -> bool:
    """Whether another rule knows what is wrong: what is seen here comes of it."""
    return any(f.severity != "hint" and f.rule != ConstantPredictions.id for f in coach.report)


def alike(name: str, scores: Any, targets: Any) -> str | None:
    """What all predictions are, in words; '' if they differ, None where that says nothing."""
    if name in ("cross_entropy", "nll_loss"):
        if scores.ndim != 2 or targets.dtype.kind not in "iu" or frequent(targets) > MIXED:
            return None
        chosen = scores.argmax(1)
        return f"class {int(chosen[0])}" if bool((chosen == chosen[0]).all()) else ""
    if scores.shape != targets.shape or math.prod(scores.shape[1:]) != 1:
        return None
    if name.startswith("binary") and np.isin(targets, (0, 1)).all():
        sides = scores > (0.5 if name == "binary_cross_entropy" else 0)
        if frequent(targets) > MIXED:
            return None
        return f"class {int(sides.flat[0])}" if bool((sides == sides.flat[0]).all()) else ""
    spread, wanted = float(scores.std()), float(targets.std())
    if not wanted > 0:
        return None
    return f"about {float(scores.mean()):.3g}" if spread < ALIKE * wanted else ""


def frequent(labels: Any) -> float:
    """The share of the most frequent one."""
    _, counts = np.unique(labels, return_counts=True)
    return float(counts.max() / counts.sum())


def said(op: Op) -> str:
    """`after this relu`."""
    names = {"mul": "multiplication", "mm": "product", "matmul": "product", "linear": "layer", "take_along": "choice"}
    return f"in this {names.get(op.name, op.name)}"


# -- fixes -------------------------------------------------------------------------------------------------------------


def inverted(at: code.Place | None) -> list[Fix]:
    """The line with weights that are large for rare classes."""
    node, why = at.expression if at is not None else None, "a rare class counts for more"
    if at is None or node is None:
        return [Fix("weight = counts.sum() / counts", (), why)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return [code.replacement(at, node, f"{_factor(at, node.right)} / {_factor(at, node.left)}", why)]
    return [code.replacement(at, node, f"1 / {_factor(at, node)}", why)]


def _factor(at: code.Place, node: ast.expr) -> str:
    """The text of an expression, in brackets where a quotient needs them."""
    text = at.source.segment(node)
    return text if binds(node) or isinstance(node, ast.Constant) else f"({text})"


def kept(where: Where | None, op: Op) -> list[Fix]:
    """The line without what makes all samples the same."""
    at = code.place(where)
    node = at.expression if at is not None else None
    if at is None:
        return []
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        sides = [side for side in (node.left, node.right) if not isinstance(side, ast.Constant)]
        return [code.replacement(at, node, at.source.segment(side), "without the factor") for side in sides]
    if isinstance(node, ast.Call):
        name = called_name(node)
        if name.lower().startswith("dropout"):
            rest = node.args[0] if name[0].isupper() and node.args else None
            given = rest or next((k.value for k in node.keywords if k.arg == "p"), None)
            return [code.replacement(at, given, "0.5", "lets half of them through")] if given is not None else []
        fixes = leaky(where, "lets a little of everything through")
        if fixes:
            return fixes
        axis = next((k.value for k in node.keywords if k.arg in ("dim", "axis")), None)
        axis = axis or next((a for a in node.args if isinstance(a, ast.Constant) and a.value == 0), None)
        if op.name in ("mean", "sum", "amax") and axis is not None:
            return [code.replacement(at, axis, "1", "over the features, and not over the samples")]
        if isinstance(node.func, ast.Attribute) and name in ("clamp", "clip", "detach", "mean", "sum"):
            return [code.replacement(at, node, at.source.segment(node.func.value), f"without {name}")]
    return []


RULES = (LostInActivation, ConstantPredictions)
