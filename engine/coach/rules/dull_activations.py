"""Activations that tell nothing: dead, saturated, or the same for every sample."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.literals import value_of
from gradbook.coach.origin import changed_at, chosen_at
from gradbook.coach.record import Op
from gradbook.coach.rules.activations_before_losses import leaky, renamed
from gradbook.coach.rules.learning_rates import LARGE
from gradbook.coach.rules.modes import alias
from gradbook.coach.rules.signal import RANGED, Activation, Weight
from gradbook.coach.rules.signal_rule import SignalRule, initialised, other_activation, rate
from gradbook.coach.rules.wiring import PASSING
from gradbook.coach.scaling import setting, unscaled
from gradbook.coach.updates import Updates
from gradbook.observe.failure.text import called_name
from gradbook.observe.source import Where

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach

__all__ = ["RULES", "DeadRelu", "DegenerateActivation", "SaturatedActivation", "of_one_class", "of_one_number"]

LOOKS = 3
UNITS = 4
ALIVE = 0.3  # dead at first at most, of a layer that
DIED = 0.75  # is dead to this part at the end: a hint that steps were too long
DEAD = 0.9  # of the units of a layer: no data leave so few of them active
SATURATED = 0.9
STEEP = 4.0  # times a layer's result: a sigmoid of that is a step
HARD = 20.0  # the same, of a gate: it lets through or not from the first step on, and never learns when
GAIN = 2.5  # times as large as it was, what a layer makes of its input
STRETCHED = 0.75  # saturated, of such ones
LATE = 100  # steps after which it is said that long ones are the reason, in a training that goes on
SAMPLES = 24
CAUSES = ("wrong-gradient", "bad-init", "learning-rate-too-high", "loss-diverged", "input-not-normalised")


class DeadRelu(SignalRule):
    """Units of a relu that are 0 for every sample: they get no gradient and never come back."""

    id = "dead-relu"
    idea = "a relu that is 0 for every sample passes no gradient: its unit has stopped learning for good"
    threshold = (
        f"{DEAD:.0%} of {UNITS} units or more that were 0 for every sample in {LOOKS} looks; 60 % zeros are usual"
    )

    def begins(self) -> None:
        super().begins()
        self.told: set[int] = set()

    def look(self, last: bool) -> None:
        for known in list(self.signal.activations.values()):
            looks = len(known.steps)
            if known.name != "relu" or id(known) in self.told or not known.last or known.last[-1].size < UNITS:
                continue
            enough = DIED if last and known.dead_at_first < ALIVE else DEAD
            if (looks < LOOKS and not (last and looks > 1)) or known.samples < SAMPLES or known.dead < enough:
                continue
            if known.dead_at_first < 0.5 and self.coach.steps < LATE and not last:
                continue
            self.told.add(id(known))
            self._speak(known, known.dead)

    def _speak(self, known: Activation, dead: float) -> None:
        below = known.below
        where: Where | tuple[str, int] | None = known.where
        fixes = leaky(known.where, "lets a little gradient through")
        why = "from the first step on"
        fixes = [Fix(fixes[0].replace("LeakyReLU()", "LeakyReLU(0.01)"), fixes[0].edits, fixes[0].why)] if fixes else []
        died = known.dead_at_first < 0.5
        if died:
            place, slower = rate(self.optimizer(), 0.01)
            where, fixes = place or where, [*slower, *fixes]
            why = f"{known.dead_at_first:.0%} at first: a step was too long"
        elif below is not None and _bias_written(below):
            where, why = below.bias_filled, "the bias begins below all that comes in"
            fixes = [*_zero_bias(below), *fixes]
        elif below is not None and below.by_user:
            where, fixes = self.layer(below), [*initialised(below)[:2], *fixes]
        self.signal.cause.add(self.id)
        self.find(
            f"{dead:.0%} of the units of this relu are 0 for every sample: they get no gradient any more.", where,
            {"units": known.last[-1].size, "samples looked at": known.samples, "dead": why}, fixes, nodes=[known.path],
            severity="hint" if dead < DEAD or self.said(*CAUSES) or (died and self._strides()) else "",
        )  # fmt: skip

    def _strides(self) -> bool:
        """Whether the steps are so long that learning-rate-too-high will speak."""
        rates = self.coach.shared(Updates).rates.values()
        return any(rate.long(LARGE) > 1 for rate in rates)


class SaturatedActivation(SignalRule):
    """A hidden sigmoid or tanh that is near an end of its range for nearly everything."""

    id = "saturated-activation"
    idea = "near its ends sigmoid and tanh are flat: nothing that happens there changes the loss"
    threshold = (
        f"{SATURATED:.0%} of a hidden layer's numbers within 1 % of the ends, in {LOOKS} looks; gates and last "
        f"ones may be meant so, but not where their input is multiplied by {HARD:g} or more from the first look on"
    )

    def begins(self) -> None:
        super().begins()
        self.told: set[int] = set()

    def look(self, last: bool) -> None:
        for known in list(self.signal.activations.values()):
            looks = len(known.flat)
            if known.name not in RANGED or id(known) in self.told or not known.flat:
                continue
            if not known.hidden and not (abs(known.factor) >= HARD and known.flat[0] >= SATURATED):
                continue
            stretched = abs(known.factor) >= STEEP or _large(known.below) or _sum_before(known) is not None
            enough = STRETCHED if stretched else SATURATED
            if (looks < LOOKS and not (last and looks > 1)) or min(known.flat[-LOOKS:]) < enough:
                continue
            if known.flat[0] < enough and self.coach.steps < LATE and not last:
                continue
            self.told.add(id(known))
            self._speak(known)

    def _speak(self, known: Activation) -> None:
        where, fixes = (
            other_activation(known.where, "has no upper end", known.name) if known.hidden else (known.where, [])
        )
        why, sure, below = f"what comes in is too large for {known.name}", False, known.below
        learnt = known.flat[0] < 0.5 and self.coach.curves.fell()  # sure units may be what it has learned
        if known.flat[0] < 0.5:
            place, slower = rate(self.optimizer(), 0.1)
            where, fixes, why = place or where, [*slower, *fixes], f"only {known.flat[0]:.0%} at first: steps too long"
        elif abs(known.factor) >= STEEP:
            fixes = [*unscaled(known.scaled, known.factor), *fixes]
            why = f"it is multiplied by {known.factor:.3g} before"
            named = setting(known.scaled, known.factor)
            if named is not None and named.chosen:
                where, fixes = named.number.line, [named.number.replaced(1.0, "as it comes"), *fixes]
        elif (summed := _sum_before(known)) is not None:
            where, fixes = summed, [*renamed(summed, {"sum": "mean"}, "does not grow with their number"), *fixes]
            why = "it is given a sum of many numbers"
        elif below is not None and _large(below):
            sure = min(known.flat[-LOOKS:]) >= SATURATED
            where, fixes = self.layer(below), [*initialised(below)[:2], *fixes]
            why = f"weights of {below.rms:.2g} for {below.fan_in} inputs"
        root = self.said(*CAUSES)
        self.find(
            f"{known.flat[-1]:.0%} of this {known.name} is at the ends of its range: there it learns nothing.",
            where, {"at the ends": ", ".join(f"{x:.0%}" for x in known.flat[-4:]), "why": why}, fixes[:3],
            nodes=[known.path], severity="hint" if learnt or (root and not sure) else "",
        )  # fmt: skip


class DegenerateActivation(SignalRule):
    """An activation that is the same for every sample: what comes after it knows nothing of the data."""

    id = "degenerate-activation"
    idea = "an activation that is the same for all samples has lost the data; a softmax of one number is always 1"
    threshold = f"a softmax or a norm over an axis of length 1; or the same numbers for all samples in {LOOKS} looks"
    ops = frozenset({"softmax", "log_softmax", "layer_norm"})

    def begins(self) -> None:
        super().begins()
        self.told: set[int] = set()

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        shape = op.output.shape
        if not op.recorded or not op.output.requires_grad or len(shape) < 2 or shape[0] < 2:
            return
        if of_one_number(op) and len(shape) == 2:
            where = chosen_at(self.coach, op)
            self.find(
                f"{op.name} of a single number is always {1 if op.name == 'softmax' else 0}: the output knows nothing.",
                where, {"shape": shape, "axis of length 1": op.params["dim"]}, of_one_class(self.coach, op),
                nodes=[op.path], severity="error",
            )  # fmt: skip
        elif of_one_number(op) and op.name == "softmax" and of_one_score(op):
            axis = max(range(1, len(shape)), key=shape.__getitem__)
            where = chosen_at(self.coach, op)
            self.find(
                f"This softmax is over an axis of length 1, and always 1: all {shape[axis]} get the same weight.",
                where, {"shape": shape, "axis of length 1": op.params["dim"]}, _along(where, axis), nodes=[op.path],
            )  # fmt: skip
        elif op.name == "layer_norm" and int(np.prod(shape[-int(op.params["rank"]) :])) == 1:
            where = chosen_at(self.coach, op)
            self.find(
                "A layer norm of a single number is always 0: it has nothing to compare it with.", where,
                {"shape": shape}, nodes=[op.path],
            )  # fmt: skip

    def look(self, last: bool) -> None:
        for known in list(self.signal.activations.values()):
            looks = len(known.constant)
            if id(known) in self.told or known.name in ("softmax", "log_softmax"):
                continue
            if (looks < LOOKS and not (last and looks > 1)) or not all(known.constant[-LOOKS:]):
                continue
            if known.below is None or not known.hidden or known.fed not in ("data", "zero"):
                continue
            self.told.add(id(known))
            where = known.where
            root = bool(self.signal.cause) or not known.constant[0] or known.fed == "zero"
            root = root or self.said("bad-init", "dead-relu", "vanishing-gradients")
            self.find(
                f"This {known.name} gives the same for every sample: the layers after it know nothing of the data.",
                where, {"looks": looks, "different rows": 1},
                nodes=[known.path], severity="hint" if root else "",
            )  # fmt: skip


def of_one_number(op: Op) -> bool:
    """Whether it is a softmax over a single class."""
    shape = op.output.shape
    return op.name in ("softmax", "log_softmax") and bool(shape) and shape[int(op.params["dim"])] == 1


def of_one_score(op: Op) -> bool:
    """Whether a layer gave one number for each of several, as in attention: not the only key that there is."""
    given = op.operand(0)
    made = given.maker if given is not None else None
    return made is not None and made.name == "linear" and max(op.output.shape[1:]) > 1


def _along(where: Where | None, axis: int) -> list[Fix]:
    """The softmax over another axis."""
    at = code.place(where)
    call = at.expression if at is not None else None
    if at is None or not isinstance(call, ast.Call):
        return []
    why = "over those that are to be weighed"
    given = [each for each in call.args if value_of(each) is not None]
    if given:
        return [code.replacement(at, given[-1], str(axis), why)]
    return [code.with_option(at, call, "dim", str(axis), why)]


def _large(below: Weight | None) -> bool:
    """Whether the user's own code made the weights too large."""
    return below is not None and below.by_user and below.gain > GAIN


def _sum_before(known: Activation) -> Where | None:
    """Where what an activation is given was summed, if no layer made it."""
    given = known.told.operand(0) if known.below is None else None
    made = given.back(PASSING).maker if given is not None else None
    return made.where if made is not None and made.name == "sum" else None


def _bias_written(below: Weight) -> bool:
    """Whether the user's own code made the bias so low."""
    bias = below.bias() if below.bias is not None else None
    if bias is None or below.bias_filled is None or float(np.mean(bias._array)) > -0.5:
        return False
    return below.built is None or below.bias_filled != below.built.where


def _zero_bias(below: Weight) -> list[Fix]:
    at = code.place(below.bias_filled)
    node = at.expression if at is not None else None
    if at is None or node is None:
        return []
    number = next(
        (n for n in ast.walk(node) if isinstance(n, ast.UnaryOp) and isinstance(n.operand, ast.Constant)), None
    )  # fmt: skip
    return [code.replacement(at, number, "0.0", "a bias begins with 0")] if number is not None else []


def of_one_class(coach: Coach, op: Op) -> list[Fix]:
    """A sigmoid in the place of a softmax over one class: where it is chosen, and where it is called."""
    places = {code.line_of(where): where for where in (changed_at(coach, op), chosen_at(coach, op))}
    return [fix for where in reversed(places.values()) for fix in _sigmoid(where, op)]


def _sigmoid(where: Where | None, op: Op) -> list[Fix]:
    log = op.name == "log_softmax"
    at = code.place(where)
    node = at.expression if at is not None else None
    if at is None or not isinstance(node, ast.Call):
        return []
    name = at.source.segment(node.func)
    if called_name(node).lower().replace("_", "") not in ("softmax", "logsoftmax"):
        return []
    if name.rpartition(".")[2][:1].isupper():
        new = name.rpartition(".")[0] + ("." if "." in name else "") + ("LogSigmoid()" if log else "Sigmoid()")
        return [code.replacement(at, node, new, "the probability of one class")]
    first = at.source.segment(node.args[0]) if node.args else ""
    if isinstance(node.func, ast.Attribute) and not (node.args and not isinstance(node.args[0], ast.Constant)):
        return [code.replacement(at, node, f"{at.source.segment(node.func.value)}.sigmoid()", "of one class")]
    return [code.replacement(at, node, f"{alias(at)}.sigmoid({first})", "the probability of one class")]


RULES = (DeadRelu, SaturatedActivation, DegenerateActivation)
