"""Penalties on the size of the parameters against what is to be learned."""

from __future__ import annotations

import ast
import math
from typing import Any

import numpy as np

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.record import Op, Step, Turn, Value
from gradbook.coach.rule import Rule
from gradbook.observe import naming
from gradbook.observe.source import user_frame

__all__ = ["RULES", "RegularisationDominates"]

MORE = 10.0  # times what is to be learned: of the sum's gradient next to nothing is left for that
OFTEN = 2  # turns
HEAVY = 0.1  # a weight decay from which on it is compared with the gradient
DECOUPLED = 10.0  # one of AdamW: beside it a whole step of Adam is small
STEPS = 3
WANTED = 0.1  # of the loss: what a penalty may well be


class RegularisationDominates(Rule):
    """The penalty on the parameters is many times the loss: they shrink, and nothing is learned."""

    id = "regularisation-dominates"
    idea = "a penalty on the weights should be a small part of the loss, or the best weights are zeros"
    threshold = (
        f"a term that only parameters lead to, {MORE:g} times the rest in {OFTEN} steps; a weight decay of {HEAVY:g} "
        f"or more whose pull is {MORE:g} times the gradient's in each of the first {STEPS} steps"
    )
    ops = frozenset({"add", "sub"})

    def begins(self) -> None:
        self.numbers: dict[int, tuple[float, float]] = {}  # what a sum of two numbers was made of, by the operation
        self.seen: dict[Any, int] = {}
        self.pulls: dict[int, list[float]] = {}
        self.said = False

    # -- terms of the loss -------------------------------------------------------------------------------------------

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        if self.said or not op.output.requires_grad or math.prod(op.output.shape) != 1 or len(op.inputs) != 2:
            return
        first, second = (abs(float(x._array.reshape(-1)[0])) for x in operands[:2])
        self.numbers[op.number] = first, second

    def turned(self, turn: Turn) -> None:
        numbers, self.numbers = self.numbers, {}
        if self.said or not numbers or not turn.passes:
            return
        optimizers = [step.optimizer() for step in self.coach.optimizers.values()]
        learned = {id(p) for o in optimizers if o is not None for group in o.param_groups for p in group["params"]}
        data: dict[int, bool] = {}  # by operation: whether anything but parameters led to it
        behind = {op.number for pass_ in turn.passes if pass_.loss is not None for op in pass_.loss.above()}
        for op in turn.ops:
            data[op.number] = any(_brings(value, data, learned) for value in op.inputs)
            if op.number not in numbers or op.number not in behind:
                continue
            sides = [_brings(value, data, learned) for value in op.inputs]
            if sides[0] != sides[1]:
                penalty, rest = numbers[op.number] if sides[1] else numbers[op.number][::-1]
                self._compare(op, penalty, rest)

    def _compare(self, op: Op, penalty: float, rest: float) -> None:
        if self.said or not penalty > MORE * rest:
            self.seen.pop(op.where, None)
            return
        self.seen[op.where] = self.seen.get(op.where, 0) + 1
        if self.seen[op.where] < OFTEN:
            return
        self.said = True
        self.find(
            f"The penalty on the parameters is {penalty / max(rest, 1e-12):,.0f} times the rest of the loss.", op.where,
            {"penalty": f"{penalty:.4g}", "the rest": f"{rest:.4g}", "steps that were looked at": self.seen[op.where]},
            weaker(code.place(op.where), WANTED * rest / penalty),
        )  # fmt: skip

    # -- weight decay ------------------------------------------------------------------------------------------------

    def stepped(self, step: Step, optimizer: Any) -> None:
        if step.count > STEPS or self.said:
            return
        group = optimizer.param_groups[0]
        decay = group.get("weight_decay", 0.0)
        if not isinstance(decay, int | float) or decay < HEAVY:
            return
        decoupled = type(optimizer).__name__ == "AdamW" or bool(group.get("decoupled_weight_decay"))
        pulls = self.pulls.setdefault(id(optimizer), [])
        pulls.append(pull(group, decay) if not decoupled else MORE * 2 * (decay >= DECOUPLED))
        if len(pulls) == STEPS and min(pulls) > MORE:
            self.said = True
            built = self.coach.built_at(optimizer)
            where = built.where if built is not None else step.where
            self.find(
                f"weight_decay={decay:g} pulls harder at the parameters than the loss does: they shrink to zero.",
                where, {"weight_decay": decay, "pull over gradient": ", ".join(f"{x:.0f}" for x in pulls)},
                decayed(code.place(where), decoupled),
            )  # fmt: skip


def _brings(value: Value, data: dict[int, bool], learned: set[int]) -> bool:
    """Whether data led to a value: neither parameters nor the zero that a sum begins with."""
    if value.maker is None:
        return value.kind != "parameter" and value.shape != () and id(value.tensor) not in learned
    return data.get(value.maker.number, True)


def pull(group: dict[str, Any], decay: float) -> float:
    """How many times the gradient the decay's own is, of the largest parameter."""
    held = [p for p in group["params"] if p._grad is not None]
    if not held:
        return 0.0
    largest = max(held, key=lambda p: p._array.size)
    weights, grads = (x._array.reshape(-1)[:4096].astype(np.float64) for x in (largest, largest._grad))
    return decay * float(np.linalg.norm(weights)) / max(float(np.linalg.norm(grads)), 1e-12)


# -- fixes -------------------------------------------------------------------------------------------------------------


def weaker(at: code.Place | None, factor: float) -> list[Fix]:
    """The penalty's coefficient, so many times smaller, rounded down to a power of ten."""
    if at is None or at.statement is None:
        return []
    seen = naming.visible(user_frame())
    for node in ast.walk(at.statement):
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult):
            continue
        for side in (node.left, node.right):
            value = side.value if isinstance(side, ast.Constant) else seen.get(getattr(side, "id", ""))
            if isinstance(value, int | float) and not isinstance(value, bool) and value:
                new = written(10.0 ** math.floor(math.log10(abs(value) * factor)))
                return [code.replacement(at, side, new, "then it is a small part of the loss")]
    add = at.expression
    small = written(10.0 ** math.floor(math.log10(factor)))
    if isinstance(add, ast.BinOp):
        right = at.source.segment(add.right)
        text = right if isinstance(add.right, ast.Name | ast.Attribute | ast.Call) else f"({right})"
        return [code.replacement(at, add.right, f"{small} * {text}", "then it is a small part of the loss")]
    if isinstance(at.statement, ast.AugAssign):
        right = at.source.segment(at.statement.value)
        text = right if isinstance(at.statement.value, ast.Name | ast.Attribute | ast.Call) else f"({right})"
        return [code.replacement(at, at.statement.value, f"{small} * {text}", "then it is a small part of the loss")]
    return []


def written(value: float) -> str:
    """0.01, 1e-5."""
    return f"{value:g}" if value >= 1e-3 else f"{value:.0e}".replace("e-0", "e-")


def decayed(at: code.Place | None, decoupled: bool) -> list[Fix]:
    """The optimizer with a usual weight decay."""
    usual = ["0.01", "1e-4"] if decoupled else ["1e-4", "1e-3"]
    call = at.expression if at is not None else None
    given = (
        next((k.value for k in call.keywords if k.arg == "weight_decay"), None) if isinstance(call, ast.Call) else None
    )
    if at is None or given is None:
        return [Fix(f"weight_decay={value}", (), "where the optimizer is made") for value in usual]
    return [code.replacement(at, given, value, "in its place") for value in usual]


RULES = (RegularisationDominates,)
