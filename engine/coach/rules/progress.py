"""How a training goes: a loss that does not fall, a validation that gets worse."""

from __future__ import annotations

import ast
import math
from typing import Any

import numpy as np

from gradbook.coach import code
from gradbook.coach.curves import Curve
from gradbook.coach.finding import Fix
from gradbook.coach.loops import Level, Loop, common, loops_here
from gradbook.coach.record import Op, Pass
from gradbook.coach.rules.learning_rates import ADAPTIVE, Learning, median, number, slower
from gradbook.coach.rules.linear_models import LinearModel
from gradbook.coach.targets import LOSSES, Targets
from gradbook.coach.updates import Rate
from gradbook.observe.failure.text import Edit
from gradbook.observe.source import Where

__all__ = ["RULES", "LossPlateau", "Overfitting"]

LONG = 40  # losses
STILL = 0.02  # of the first loss
PARTED = 0.35  # of it, where the targets have nothing to do with the inputs: their mean can be learnt
SHORT = 1e-3  # of a parameter's length in one step: longer ones would have led somewhere
STUCK = 1e-4  # the same: so short ones are the reason
POINTS = 4  # evaluations
WORSE = 1.15  # times the best validation
CLEAR = 1.4  # the same, of an alarm
MANY = 8  # evaluations for one
GAP = 10.0  # times the training loss, of a validation that never fell
BEST = 0.97  # of the first validation
HALF = 0.5  # of the first training loss
GUARDS = ("best", "patience", "early", "deepcopy", "ReduceLROnPlateau")  # words of a program that minds
BETTER = 0.7  # of the training loss at that time


class Progress(Learning):
    """What the rules of this family share: they speak at the end, of a training with one optimizer."""

    severity = "hint"

    def main(self) -> tuple[Curve, Rate] | None:
        """The loss and its optimizer; None where there are several, or another rule knows what is wrong."""
        rates = self.rates
        curve = max(self.curves.curves.values(), key=lambda each: each.count, default=None)
        told = any(f.severity != "hint" for f in self.coach.report)
        return None if len(rates) != 1 or curve is None or curve.bad or told else (curve, rates[0])


class LossPlateau(Progress):
    """The loss is where it was at the beginning."""

    id = "loss-plateau"
    idea = "a loss that does not fall from the start: the rate, the data or the graph; try to learn one batch by heart"
    threshold = (
        f"after {LONG} steps within {STILL:.0%} of where it began, at no time below that by more than its noise; or, "
        "of a model that is one linear layer, at what a guess costs although near samples have the same targets"
    )

    def begins(self) -> None:
        super().begins()
        self.targets, self.model = self.coach.shared(Targets), self.coach.shared(LinearModel)

    def ended(self) -> None:
        found = self.main()
        if found is None or min(found[0].values, default=0.0) <= 0 or self.reach.resumed:
            return
        curve, rate = found
        if self._straight(curve, rate):
            return
        sure = self.targets.parting is not None and self.targets.parting.sure
        if curve.count < (LONG if not sure else LONG // 2):
            return
        third = len(curve.values) // 3
        begun, tail = median(curve.values[: max(third // 2, 3)]), median(curve.values[-third:])
        noise = float(np.std(curve.values[-third:]))
        if begun - tail > max((PARTED if sure else STILL) * begun, noise) or tail < 1e-3 or rate.typical < 1e-7:
            return
        where, fixes, why, sure = self._cause(rate)
        self.find(
            f"The loss has not fallen in {curve.count} steps: it was {begun:.3g} and is {tail:.3g}.",
            where or curve.where,
            {"first losses": f"{begun:.4g}", "last losses": f"{tail:.4g}", "noise": f"{noise:.2g}",
             "change of the parameters in one step": f"{rate.typical:.1e}", "why": why}, fixes,
            severity="warning" if sure else "hint",
        )  # fmt: skip

    def _straight(self, curve: Curve, rate: Rate) -> bool:
        """Say that a linear model is too simple for its data, if that is why the loss is at rest."""
        third = len(curve.values) // 3
        if curve.count < LONG or not rate.typical > STUCK or self.targets.parting is not None:
            return False
        before, tail = median(curve.values[third : 2 * third]), median(curve.values[-third:])
        if before - tail > STILL * before or not self.model.too_simple(tail):
            return False
        where, fixes = self.model.widened()
        self.find(
            f"The model is linear, a straight line: its loss rests at {tail:.3g}, what a guess costs.", where,
            {"first losses": f"{median(curve.values[:3]):.4g}", "last losses": f"{tail:.4g}", "steps": curve.count,
             "why": "samples that are near each other have the same targets, but on no side of a line"}, fixes,
            severity="warning",
        )  # fmt: skip
        return True

    def _cause(self, rate: Rate) -> tuple[Where | tuple[str, int] | None, list[Fix], str, bool]:
        """What is most probably to blame: targets that have nothing to do with the inputs, else the learning rate."""
        chosen = self.option(rate)
        fixes = chosen.changed(longer(rate) if rate.typical < SHORT else slower(rate))
        parting = self.targets.parting
        if parting is not None and parting.sure:
            return parting.where, [*parting.fixes, *fixes][:3], parting.what, True
        if rate.typical < SHORT:
            warms = 3 * rate.used < rate.most  # and will do longer steps
            return chosen.line, fixes, "steps are short", parting is None and rate.typical < STUCK and not warms
        return chosen.line, fixes, parting.what if parting is not None else "unknown", False


class Overfitting(Progress):
    """The training loss falls on while the validation loss rises, or never falls."""

    id = "overfitting"
    idea = "when validation gets worse as training gets better, the network learns its samples by heart"
    threshold = (
        f"a validation {WORSE:g} times its best of {POINTS} or more, a training loss {BETTER:g} of what it was; or "
        f"one that never fell, {GAP:g} times the training loss. {CLEAR:g} times in {MANY} evaluations, with nothing "
        "in the program that keeps the best or stops, is a warning"
    )
    ops = LOSSES

    def begins(self) -> None:
        super().begins()
        self.checks: dict[int, list[float]] = {}  # losses without a graph, by the steps before them
        self.trains: list[Level] | None = None  # the loops that training is in
        self.epochs: Loop | None = None
        self.name = ""  # of the variable that has the validation's loss

    def passed(self, pass_: Pass) -> None:
        if self.trains is None:
            self.trains = loops_here()

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        if not op.output.requires_grad and output._array.size == 1 and self.coach.steps and self._of_model(op):
            self.checks.setdefault(self.coach.steps, []).append(float(output._array.reshape(-1)[0]))
            if self.epochs is None and self.trains:
                self.epochs = common(loops_here(), self.trains)
                self.name = assigned(self.epochs)

    @staticmethod
    def _of_model(op: Op) -> bool:
        maker = op.inputs[0].maker if op.inputs else None
        return maker is not None and not maker.recorded

    def ended(self) -> None:
        found = self.main()
        if found is None or len(self.checks) < POINTS:
            return
        curve, rate = found
        steps = sorted(self.checks)
        values = [float(np.mean(self.checks[step])) for step in steps]
        best = int(np.argmin(values))
        last, now = median(values[-2:]), median(curve.values[-3:])
        then = self._trained(curve, steps[best])
        worse = best < len(values) - 2 and last > WORSE * values[best] > 0 and now < BETTER * then and now < last
        never = last > BEST * values[0] and last > GAP * now > 0 and now < HALF * curve.first and len(values) >= MANY
        if not worse and not never:
            return
        clear = (never or last > CLEAR * values[best]) and now < HALF * curve.first and len(values) >= MANY
        at = self.epochs.at if self.epochs is not None else code.place(rate.where)
        guarded = at is None or any(word in at.source.text for word in GUARDS)
        self.find(
            f"Overfitting: validation gets worse, {values[best]:.3g} to {last:.3g}, as training goes on to {now:.3g}.",
            self.epochs.line if self.epochs is not None else rate.where or curve.where,
            {"best validation": f"{values[best]:.4g} at step {steps[best]}", "last validation": f"{last:.4g}",
             "training then and now": f"{then:.4g}, {now:.4g}"},
            self._fixes(rate), severity="warning" if clear and not guarded else "hint",
        )  # fmt: skip

    def _fixes(self, rate: Rate) -> list[Fix]:
        decay = with_option(code.place(rate.where), f"weight_decay={number(0.01)}")
        return [stopping(self.epochs, self.name), *decay, Fix("nn.Dropout(0.3)", (), "between the hidden layers")][:3]

    @staticmethod
    def _trained(curve: Curve, step: int) -> float:
        """The training loss near a step."""
        at = min(max(step, 1) // curve.every, len(curve.values) - 1)
        return median(curve.values[max(at - 2, 0) : at + 1])


def assigned(epochs: Loop | None) -> str:
    """The variable that a validation's loss goes to, if it gets one in the loop over the epochs itself; else ''."""
    statement = epochs.at.statement if epochs is not None else None
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if epochs is None or statement is None or not isinstance(target, ast.Name):
        return ""
    return target.id if any(epochs.at.source.parents.get(statement) is block for block in _plain(epochs)) else ""


def _plain(epochs: Loop) -> list[ast.AST]:
    """A loop, and what in it is no other loop: what is assigned there has one value an epoch."""
    return [epochs.node, *(node for node in epochs.node.body if isinstance(node, ast.With))]


def stopping(epochs: Loop | None, name: str) -> Fix:
    """An end of the loop over the epochs as soon as validation gets worse."""
    why = "early stopping, at the end of this loop"
    if epochs is None or not name:
        return Fix("if val_loss > 1.1 * best_val_loss: break", (), why)
    at, best, last = epochs.at, f"best_{name}", epochs.node.body[-1]
    outer, inner = " " * epochs.node.col_offset, code.indent_of(at.source, last.lineno)
    line, end = last.end_lineno or last.lineno, len(at.source.lines[(last.end_lineno or last.lineno) - 1])
    text = f"\n{inner}{best} = min({best}, float({name}))\n{inner}if {name} > 1.1 * {best}: break"
    begun = code.line_before(at.file, epochs.node.lineno, f'{outer}{best} = float("inf")')
    return Fix(f"if {name} > 1.1 * {best}: break", (begun, Edit(at.file, line, end, line, end, text)), why)


def longer(rate: Rate) -> list[float]:
    """Higher rates: one at which a step changes a thousandth of the parameters or more, ten times this one."""
    most = 0.01 if rate.kind in ADAPTIVE else 1.0
    factor = 10.0 ** math.ceil(math.log10(SHORT / max(rate.typical, 1e-9)))
    return list(dict.fromkeys((max(min(rate.most * factor, most), 10 * rate.most), 10 * rate.most, rate.most / 10)))


def with_option(at: code.Place | None, option: str) -> list[Fix]:
    """The call at a place with one more option."""
    call = at.expression if at is not None else None
    if at is None or not isinstance(call, ast.Call):
        return [Fix(option, (), "an option of the optimizer")]
    if option.partition("=")[0] in at.source.segment(call):
        return []
    line = code.replacement(at, call, code.extended(at.source, call, option))
    return [Fix(str(line), (), "keeps the weights small: how much is enough is to be tried")]


RULES = (LossPlateau, Overfitting)
