"""The last activation of a model against what its loss expects: scores, probabilities or their logarithms."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.origin import changed_at
from gradbook.coach.record import Op
from gradbook.coach.rule import Rule
from gradbook.observe.failure.text import called_name
from gradbook.observe.source import Where

__all__ = ["RULES", "LogSoftmaxMissing", "SigmoidBeforeBceWithLogits", "SoftmaxBeforeCrossEntropy"]

# operations after which a value is still what it was, in another order or shape
MOVING = frozenset({
    "view", "reshape", "squeeze", "unsqueeze", "transpose", "permute", "slice", "select", "contiguous", "copy", "to",
    "expand", "detach", "cat", "stack", "index_select", "gather", "getitem", "index", "t", "movedim", "unflatten",
})  # fmt: skip
ROWS = 256  # of a batch that are looked at


class SoftmaxBeforeCrossEntropy(Rule):
    """cross_entropy is given probabilities: it takes the softmax of a softmax."""

    id = "softmax-before-cross-entropy"
    idea = "cross_entropy takes scores and does the softmax itself; of probabilities it learns slowly and never well"
    threshold = (
        "the producer itself; or rows that are all >= 0 and sum to 1 within 1e-3, which scores never do by chance"
    )
    ops = frozenset({"cross_entropy"})

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        scores = op.operand(0)
        if scores is None or len(scores.shape) < 2 or not op.recorded:
            return
        maker = scores.back(MOVING).maker
        if maker is not None and maker.name in ("softmax", "sigmoid"):
            self._speak(maker, f"it is given what {maker.name} made", op)
        elif scores.requires_grad and are_probabilities(operands[0]._array, 1):
            self._speak(maker or op, "every row of it is >= 0 and sums to 1", op)

    def _speak(self, maker: Op, why: str, op: Op) -> None:
        name = maker.name if maker.name in ("softmax", "sigmoid") else "softmax"
        where = changed_at(self.coach, maker)
        self.find(
            f"cross_entropy does the softmax itself: the {name} before it squeezes the scores and slows learning down.",
            where, {"input of cross_entropy": why, "shape": op.inputs[0].shape},
            without(where, "give cross_entropy the scores"),
        )  # fmt: skip


class SigmoidBeforeBceWithLogits(Rule):
    """binary_cross_entropy_with_logits is given probabilities: it takes the sigmoid of a sigmoid."""

    id = "sigmoid-before-bce-with-logits"
    idea = "the loss with logits does the sigmoid itself; of a probability it can never say less than one half"
    threshold = "the producer itself"
    ops = frozenset({"binary_cross_entropy_with_logits"})

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        scores = op.operand(0)
        maker = scores.back(MOVING).maker if scores is not None else None
        if maker is None or maker.name not in ("sigmoid", "softmax") or not op.recorded:
            return
        where = changed_at(self.coach, maker)
        self.find(
            f"BCEWithLogits does the sigmoid itself: the {maker.name} before it is one too many.", where,
            {"input of the loss": f"what {maker.name} made, between 0 and 1"},
            [*without(where, "give the loss the scores"), *instead(self.coach, op, "BCEWithLogitsLoss", "BCELoss")][:3],
        )  # fmt: skip


class LogSoftmaxMissing(Rule):
    """nll_loss is given scores or probabilities in place of their logarithms."""

    id = "log-softmax-missing-for-nll"
    severity = "error"
    idea = "nll_loss only picks the score of the right class: it must be a log-probability, or the loss has no bottom"
    threshold = "more than half of the rows whose exponentials sum to more than 1.1 or less than 0.9"
    ops = frozenset({"nll_loss"})

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        scores = op.operand(0)
        if scores is None or not op.recorded or not scores.requires_grad or len(scores.shape) < 2:
            return
        rows = rows_of(operands[0]._array, 1)
        with np.errstate(all="ignore"):
            sums = np.exp(np.minimum(rows, 80)).sum(1)
        if not len(rows) or (abs(sums - 1) > 0.1).mean() <= 0.5:
            return
        maker = scores.back(MOVING).maker
        below = scores.back(MOVING | {"log", "add", "clamp"}).maker
        if below is not None and below.name.endswith("softmax") and below.params.get("dim") != 1:
            return  # over another axis: another rule's
        evidence = {"sum of exp(row)": f"{float(np.median(sums)):.3g}, and 1 is wanted"}
        if maker is not None and maker.name == "softmax" and are_probabilities(operands[0]._array, 1):
            where = changed_at(self.coach, maker)
            fixes = renamed(where, {"softmax": "log_softmax", "Softmax": "LogSoftmax"}, "the logarithms")
            self.find("nll_loss wants log-probabilities: take log_softmax in place of softmax.", where, evidence, fixes)
            return
        where = loss_place(self.coach, op)
        fixes = renamed(where, {"NLLLoss": "CrossEntropyLoss", "nll_loss": "cross_entropy"}, "it does log_softmax too")
        self.find("nll_loss wants log-probabilities, and is given scores: the loss can fall below any number.", where,
                  evidence, fixes)  # fmt: skip


# -- values ------------------------------------------------------------------------------------------------------------


def rows_of(array: Any, axis: int) -> np.ndarray[Any, Any]:
    """At most ROWS rows of scores (rows, classes) in float64, the classes' axis last."""
    moved = np.moveaxis(np.asarray(array), axis, -1)
    return moved.reshape(-1, moved.shape[-1])[:ROWS].astype(np.float64)


def are_probabilities(array: Any, axis: int) -> bool:
    """Whether every row is >= 0 and sums to 1, for at least four rows."""
    rows = rows_of(array, axis)
    return len(rows) >= 4 and rows.shape[1] > 1 and bool((rows >= 0).all() and (abs(rows.sum(1) - 1) < 1e-3).all())


# -- fixes -------------------------------------------------------------------------------------------------------------


def without(where: Where | None, why: str) -> list[Fix]:
    """The line without its activation: `return F.softmax(x, 1)` becomes `return x`; a layer's line is taken out."""
    at = code.place(where)
    call = at.expression if at is not None else None
    if at is None or not isinstance(call, ast.Call):
        return []
    parent = at.source.parents.get(call)
    if isinstance(parent, ast.Call | ast.List | ast.Tuple) and _is_layer(call):
        return [code.without_argument(at, call, why)]
    if (isinstance(call.func, ast.Attribute) and not call.args) or _is_method(call):
        assert isinstance(call.func, ast.Attribute)
        return [code.replacement(at, call, at.source.segment(call.func.value), why)]
    if call.args:
        return [code.replacement(at, call, at.source.segment(call.args[0]), why)]
    return []


def _is_layer(call: ast.Call) -> bool:
    """nn.Softmax(...), Sigmoid(): the construction of a layer."""
    return called_name(call)[:1].isupper()


def _is_method(call: ast.Call) -> bool:
    """x.softmax(1), and not F.softmax(x, 1) or self.softmax(x)."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in ("softmax", "sigmoid"):
        return False
    return all(isinstance(a, ast.Constant | ast.UnaryOp) for a in call.args)


def renamed(where: Where | None, names: dict[str, str], why: str) -> list[Fix]:
    """The line with the function or class that is called there replaced by another one."""
    at = code.place(where)
    call = at.expression if at is not None else None
    if at is None or not isinstance(call, ast.Call):
        return []
    name = called_name(call)
    if name not in names:
        return []
    new = at.source.segment(call.func)[: -len(name)] + names[name]
    return [code.replacement(at, call.func, new, why)]


def instead(coach: Any, op: Op, name: str, other: str) -> list[Fix]:
    """The loss of another name where it is constructed."""
    return renamed(loss_place(coach, op), {name: other}, f"{other} takes probabilities")


def loss_place(coach: Any, op: Op) -> Where | None:
    """Where a loss is chosen: the construction of its module, else its call."""
    built = coach.built_at(op.call.module) if op.call is not None and op.call.parent is None else None
    return built.where if built is not None and built.where is not None else op.where


RULES = (SoftmaxBeforeCrossEntropy, SigmoidBeforeBceWithLogits, LogSoftmaxMissing)
