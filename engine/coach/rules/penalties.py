"""Penalties on the size of the parameters against what is to be learned."""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.literals import Number, number_of, value_of, written
from gradbook.coach.options import Option
from gradbook.coach.record import Op, Step, Turn, Value, params_of
from gradbook.coach.rule import Rule
from gradbook.coach.scaling import factor_of, terms
from gradbook.observe.failure.text import called_name
from gradbook.observe.source import Where

__all__ = ["RULES", "RegularisationDominates"]

MORE = 10.0  # times what is to be learned: of the sum's gradient next to nothing is left for that
OFTEN = 2  # turns
HEAVY = 0.1  # a weight decay from which on it is compared with the gradient
DECOUPLED = 10.0  # one of AdamW: beside it a whole step of Adam is small
STEPS = 3
WANTED = 0.1  # of the loss: what a penalty may well be
PULLS = 5.0  # times the rest of the loss is a divergence at first, to
COLLAPSED = 0.2  # fall to, of itself,
STAYS = 0.8  # as the rest stays at so much of itself
GONE = 0.01  # of a penalty: all weights are next to nothing
FLED, UNLEARNT = 0.05, 0.97  # of a penalty, where so much of the rest is left
NATS = 0.02  # for each sample: what says less than that of it says nothing
HALF = 0.5  # what a divergence between normal distributions is multiplied by: a part of it
LOOKS = 5
PENALTY = "penalty on the parameters"
Coefficient = tuple[code.Place, ast.expr, float]
SMALL = "then it is a small part of the loss"


@dataclass(eq=False, slots=True)
class Sum:
    """A loss and what is added to it. found: what that is multiplied by; summed: over so many samples, where."""

    term: str
    op: Op
    found: list[Coefficient]
    summed: Where | None = None
    samples: int = 0

    def of_a_sample(self, value: float) -> float:
        """What a divergence that was summed over the batch comes to for each sample; infinite for anything else."""
        factor = math.prod(abs(each) for *_, each in self.found)
        return value / (self.samples * factor) if self.samples else math.inf


class RegularisationDominates(Rule):
    """The penalty on the parameters is many times the loss: they shrink, and nothing is learned."""

    id = "regularisation-dominates"
    idea = "a penalty on the weights should be a small part of the loss, or the best weights are zeros"
    threshold = (
        f"a term that only parameters lead to, {MORE:g} times the rest in {OFTEN} steps; a weight decay of {HEAVY:g} "
        f"or more whose pull is {MORE:g} times the gradient's in each of the first {STEPS} steps; a divergence that "
        f"begins at {PULLS:g} times the rest of the loss and falls to nothing, and the rest does not, or, where it is "
        f"a sum over the batch, to {NATS:g} for each sample; a penalty that begins above the rest and falls to less "
        f"than {GONE:.0%} of itself while the rest stays, or to {FLED:.0%} while {UNLEARNT:.0%} of it are left"
    )
    ops = frozenset({"add", "sub"})

    def begins(self) -> None:
        self.numbers: dict[int, tuple[float, float]] = {}  # what a sum of two numbers was made of, by the operation
        self.seen: dict[Any, int] = {}
        self.pulls: dict[int, list[float]] = {}
        self.looks: dict[Any, list[tuple[float, float]]] = {}  # at a penalty or a divergence, and at the rest
        self.sums: dict[Any, Sum] = {}  # by place, as the first of them was made
        self.said = False

    # -- terms of the loss -------------------------------------------------------------------------------------------

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        if self.said or not op.output.requires_grad or math.prod(op.output.shape) != 1 or len(op.inputs) != 2:
            return
        first, second = (abs(float(x._array.reshape(-1)[0])) for x in operands[:2])
        self.numbers[op.number] = first, second

    def turned(self, turn: Turn) -> None:
        numbers, self.numbers = self.numbers, {}
        if self.said or not numbers or not turn.passes or not turn.whole:  # of a half nothing shows what led to it
            return
        optimizers = [step.optimizer() for step in self.coach.optimizers.values()]
        learned = {id(p) for o in optimizers if o is not None for p in params_of(o)}
        data: dict[int, bool] = {}  # by operation: whether anything but parameters led to it
        losses = [pass_.loss for pass_ in turn.passes if pass_.loss is not None]
        added = {op.number for loss in losses for op in terms(loss)}  # others are steps by hand, such as w - lr * grad
        for op in turn.ops:
            data[op.number] = any(_brings(value, data, learned) for value in op.inputs)
            if op.number not in numbers or op.number not in added:
                continue
            sides = [_brings(value, data, learned) for value in op.inputs]
            if sides[0] != sides[1]:
                penalty, rest = numbers[op.number] if sides[1] else numbers[op.number][::-1]
                term = op.inputs[1 if sides[0] else 0]
                self._compare(op, penalty, rest, term)
                if op.where not in self.sums:
                    self.sums[op.where] = Sum(PENALTY, op, coefficients(term))
                self.looks.setdefault(op.where, []).append((penalty, rest))
            elif all(sides):
                self._divergence(op, numbers[op.number])

    def _compare(self, op: Op, penalty: float, rest: float, term: Value) -> None:
        if self.said or not penalty > MORE * rest:
            self.seen.pop(op.where, None)
            return
        self.seen[op.where] = self.seen.get(op.where, 0) + 1
        if self.seen[op.where] < OFTEN:
            return
        self.said = True
        where, fixes = weaker(op, coefficients(term), WANTED * rest / penalty)
        self.find(
            f"The penalty on the parameters is {penalty / max(rest, 1e-12):,.0f} times the rest of the loss.",
            where or op.where,
            {"penalty": f"{penalty:.4g}", "the rest": f"{rest:.4g}", "steps that were looked at": self.seen[op.where]},
            fixes,
        )  # fmt: skip

    # -- a divergence, as of a variational autoencoder ---------------------------------------------------------------

    def _divergence(self, op: Op, numbers: tuple[float, float]) -> None:
        """A sum of two terms that both come from data, one of them called a divergence."""
        side = divergence(op)
        if side is None or any(map(of_a_teacher, terms(op.inputs[side]))):
            return
        self.looks.setdefault(op.where, []).append((numbers[side], numbers[1 - side]))
        if op.where not in self.sums:
            term = op.inputs[side]
            found = [each for each in coefficients(term) if abs(each[2]) != HALF]
            whole = next((each for each in terms(term) if of_all(each)), None)
            summed = (whole.where, whole.inputs[0].shape[0]) if whole is not None else (None, 0)
            self.sums[op.where] = Sum("divergence", op, found, *summed)

    def ended(self) -> None:
        for where, looks in self.looks.items():
            begun, tail = np.array(looks[:3]), np.array(looks[-3:])
            (first, rest), (last, now) = np.median(begun, axis=0), np.median(tail, axis=0)
            bound, pulls = COLLAPSED, PULLS
            if self.sums[where].term is PENALTY:  # it swings with no batch
                bound, pulls, last = FLED if now > UNLEARNT * rest else GONE, 1.0, tail[-1, 0]
            collapsed = last < bound * first and now > STAYS * rest
            silent = last < bound * first and self.sums[where].of_a_sample(last) < NATS
            if not self.said and len(looks) > LOOKS and (collapsed or silent) and first > pulls * rest:
                self.said = True
                self._collapsed(where, (first, last), (rest, now))

    def _collapsed(self, where: Any, term: tuple[float, float], rest: tuple[float, float]) -> None:
        known, (first, last) = self.sums[where], term
        line, fixes = weaker(known.op, known.found, WANTED * rest[0] / first)
        mean = averaged(known.summed)
        if line is None and mean and not known.found:
            where = known.summed
        self.find(
            f"The {known.term}, {first / max(rest[0], 1e-12):.3g} times the rest, falls to 0, and nothing is learnt.",
            line or where,
            {f"{known.term} at first, at last": f"{first:.4g}, {last:.4g}",
             "the rest": f"{rest[0]:.4g}, {rest[1]:.4g}"},
            [*fixes, *mean] if line is not None else [*mean, *fixes],
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
            chosen = Option(built.where if built is not None else step.where, "weight_decay", (float(decay),))
            self.find(
                f"weight_decay={decay:g} pulls harder at the parameters than the loss does: they shrink to zero.",
                chosen.line, {"weight_decay": decay, "pull over gradient": ", ".join(f"{x:.0f}" for x in pulls)},
                chosen.changed([0.01, 1e-4] if decoupled else [1e-4, 1e-3]),
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


def weaker(op: Op, found: list[Coefficient], factor: float) -> tuple[tuple[str, int] | None, list[Fix]]:
    """Where a term's coefficient is written, None without any, and it so many times smaller: a power of ten."""
    at = code.place(op.where)
    if at is None or at.statement is None:
        return None, []
    for there, node, value in found:
        new = math.copysign(10.0 ** math.floor(math.log10(abs(value) * factor)), value)
        number = number_of(there, node, value)
        if number is not None:
            return number.line, [number.replaced(new, SMALL), *_inline(there, node, number, new)]
        return None, [code.replacement(there, node, written(new), SMALL)]
    add, small = at.expression, written(10.0 ** math.floor(math.log10(factor)))
    side = add.right if isinstance(add, ast.BinOp) else None
    if isinstance(at.statement, ast.AugAssign):
        side = at.statement.value
    if side is None:
        return None, []
    text = at.source.segment(side)
    text = text if isinstance(side, ast.Name | ast.Attribute | ast.Call) else f"({text})"
    return None, [code.replacement(at, side, f"{small} * {text}", SMALL)]


def _inline(there: code.Place, node: ast.expr, number: Number, new: float) -> list[Fix]:
    """The product itself with another coefficient, where that is written elsewhere."""
    return [] if number.node is node else [code.replacement(there, node, written(new), "or here")]


def coefficients(term: Value) -> list[Coefficient]:
    """The numbers that a term is multiplied by: its place, the expression, its value."""
    found: list[Coefficient] = []
    for op in terms(term):
        value, there = factor_of(op), code.place(op.where)
        node = there.expression if there is not None else None
        if value is None or there is None or not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult):
            continue
        for side in (node.left, node.right):
            known = value_of(side)
            named = isinstance(side, ast.Name | ast.Attribute | ast.Subscript)
            if (known is not None and known == value) or (named and number_of(there, side, value) is not None):
                found.append((there, side, value))
    return found


def of_all(op: Op) -> bool:
    """Whether an operation sums over all samples and all features."""
    return op.name == "sum" and op.params.get("dim") is None and len(op.inputs[0].shape) > 1


def of_a_teacher(op: Op) -> bool:
    """Whether a divergence is that from given probabilities, as a student's from its teacher's."""
    at = code.place(op.where)
    module = op.call.module if op.call is not None else None
    called = called_name(at.expression) if at is not None and isinstance(at.expression, ast.Call) else ""
    return called == "kl_div" or type(module).__name__ == "KLDivLoss"


def divergence(op: Op) -> int | None:
    """Which operand of a sum is called a divergence; None where none or both are."""
    at = code.place(op.where)
    node = at.expression if at is not None else None
    if at is None or not isinstance(node, ast.BinOp):
        return None
    named = ["kl" in at.source.segment(side).lower() for side in (node.left, node.right)]
    return named.index(True) if sum(named) == 1 else None


def averaged(where: Where | None) -> list[Fix]:
    """The mean in place of a sum over the whole batch."""
    at = code.place(where)
    node = at.expression if at is not None else None
    if at is None or not isinstance(node, ast.Call):
        return []
    text = at.source.segment(node)
    at_sum = text.rfind(".sum(")
    if at_sum < 0:
        return []
    return [code.replacement(at, node, f"{text[:at_sum]}.mean({text[at_sum + 5 :]}", "the mean, as the rest is one")]


RULES = (RegularisationDominates,)
