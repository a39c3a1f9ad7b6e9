"""Learning rates that are too high or too low."""

from __future__ import annotations

import math
import weakref
from typing import Any

import numpy as np

from gradbook.coach import code
from gradbook.coach.curves import Curve, Curves
from gradbook.coach.finding import Fix
from gradbook.coach.literals import value_of
from gradbook.coach.options import Option
from gradbook.coach.own_steps import own_step
from gradbook.coach.record import Pass
from gradbook.coach.rule import Rule
from gradbook.coach.rules.reach import Reach
from gradbook.coach.rules.signal import Signal
from gradbook.coach.scaling import Scaling, summed
from gradbook.coach.schedule_trial import peak
from gradbook.coach.targets import Targets
from gradbook.coach.updates import Rate, Updates
from gradbook.observe.source import Where

__all__ = [
    "ADAPTIVE", "LARGE", "RULES", "Learning", "LearningRateTooHigh", "LearningRateTooLow", "lost", "median", "number",
    "risen", "slower",
]  # fmt: skip

GROWTH = 10.0  # times its first value: a loss that ends there has not been learned from
WORSE = 3.0  # times, where steps are large too
LARGE = 0.3  # of a parameter's length in one step: after three of them nothing is left of it
SHORT = 8  # losses at least of a curve that does not grow
FLAT = 0.02  # of its first value: a loss that has changed less is where it was
TINY, SMALL = 3e-6, 5e-5  # of a parameter's length in one step; a thousandth is usual
STUCK = 3e-4  # the same, at so low a rate, of a loss that stays where it was for as long as
STUCK_LONG = 40  # steps
SLOW, SLOW_PLAIN = 1e-5, 1e-4  # rates of Adam and its kin, of SGD: of larger ones small steps have another reason
FAST = 0.02  # a rate of Adam and its kin that can be too high
TOSSED, THROWN = 0.1, 0.02  # a rate a hundred times the usual one, and late steps of so large a part of a parameter
ROUGH, ABOVE = 0.4, 0.25  # of itself the loss then changes from step to step, of the first loss it is on the average
LONG = 10  # steps at least
EARLY = 8  # losses in which a leap shows
LEAP = 5.0  # times the first loss, that early, with steps as LARGE
KEPT = 0.5  # of the first loss is left at the end at least: of more than that it has recovered
CARRIED = 0.98  # a momentum that adds up fifty steps
ORDINARY = 1.0  # a rate of which the sum or the momentum is the likelier cause
CAUSES = frozenset((
    "missing-zero-grad", "nan-origin", "input-not-normalised", "exploding-gradients", "bad-init", "vanishing-gradients",
    "log-softmax-missing-for-nll", "regularisation-dominates", "optimizer-call-order", "wrong-gradient",
))  # fmt: skip
ADAPTIVE = ("Adam", "AdamW", "NAdam", "RAdam", "Adamax", "RMSprop", "Adagrad")


class Learning(Rule):
    """What the rules of this family hear."""

    def begins(self) -> None:
        self.curves, self.updates = self.coach.shared(Curves), self.coach.shared(Updates)
        self.scaling, self.reach = self.coach.shared(Scaling), self.coach.shared(Reach)
        self.signal = self.coach.shared(Signal)
        self.said = False

    @property
    def rates(self) -> list[Rate]:
        """The optimizers that have stepped."""
        return [rate for rate in self.updates.rates.values() if rate.steps]

    @property
    def explained(self) -> bool:
        """Whether another rule has told the cause, or will."""
        return "exploding-gradients" in self.signal.cause or any(
            f.rule in CAUSES and f.severity != "hint" for f in self.coach.report
        )

    @staticmethod
    def option(rate: Rate) -> Option:
        """The learning rate as it was written."""
        return Option(rate.where, "lr", (rate.most, *rate.given))


class LearningRateTooHigh(Learning):
    """Steps so long that the loss grows, or leaps about, in place of falling."""

    id = "learning-rate-too-high"
    idea = "a step that is too long leaps over the valley: the loss grows. Try a tenth of the learning rate"
    threshold = (
        f"a loss {GROWTH:g} times its first value or infinite, or {WORSE:g} times where a step changes {LARGE:.0%} of "
        f"the parameters; or one that leaps to the end under a rate of Adam of {TOSSED:g} or more, with steps that "
        f"still change {THROWN:.0%}. A usual step changes a thousandth; steps as long as {LARGE:.0%} and a loss that "
        f"does not fall to {KEPT:.0%} are a hint"
    )

    def broke(self, pass_: Pass) -> None:
        if not self.said and len(self.rates) == 1:
            self._consider(self.curves.curve(pass_.where), self.rates[0])

    def ended(self) -> None:
        rates = self.rates
        for curve in self.curves.curves.values():
            if not rates:
                self._by_hand(curve)
            elif len(rates) == 1:  # of several networks one loss may grow as another one falls
                self._consider(curve, rates[0])

    def _by_hand(self, curve: Curve) -> None:
        """Steps that the program takes itself."""
        if self.said or self.explained or not 0 < curve.first or not (curve.bad > 1 or risen(curve.values)):
            return
        grown = median(curve.values[-max(2, len(curve.values) // 3) :]) / curve.first
        step = own_step(code.place(curve.where))
        if step is None or step.sign > 0 or (grown < GROWTH and not (curve.bad and curve.grew())):
            return
        self.said = True
        now = f"{curve.last:.3g}" + (", then not a number" if curve.bad else "")
        old = value_of(step.rate.node) if step.rate is not None else None
        lower = 10.0 ** math.floor(math.log10(abs(old) / (1 + growth(curve)))) if old else 0.0
        fixes = [step.rate.replaced(x, "in its place") for x in (lower, lower / 10)] if step.rate and old else []
        self.find(
            f"The steps are too long: the loss goes from {curve.first:.3g} to {now}.",
            step.rate.line if step.rate is not None else step.at.at,
            {"first loss": curve.first, "last loss": now, "steps": curve.count}, fixes,
        )  # fmt: skip

    def _consider(self, curve: Curve, rate: Rate) -> None:
        if self.said or self.explained or not rate.ratios or not 0 < curve.first:
            return
        tail = median(curve.values[-max(2, len(curve.values) // 3) :])
        ratio = rate.typical
        grown = tail / curve.first
        enough = len(curve.values) >= SHORT
        away = curve.bad > 1 and (curve.grew() or curve.last > GROWTH * curve.first or not rate.ratios[-1] < LARGE)
        up, leaps = risen(curve.values), enough and falls_never(curve)
        far = grown > GROWTH and ((ratio > 0.05 and up) or (ratio > 0.02 and lost(curve)))
        worse = enough and grown > WORSE and rate.long(LARGE) > 1 and (up or leaps)
        leaping = ratio > 2 * LARGE and grown > KEPT and leaps
        thrown = max(curve.values[:EARLY]) > LEAP * curve.first and rate.long(LARGE, EARLY) > 1 and grown > KEPT
        tossed = rate.kind in ADAPTIVE and _tossed(curve, rate)
        restless = enough and ratio > LARGE and grown > KEPT  # what update-ratio-high warns of
        sure = away or far or worse or leaping or thrown or tossed
        if not (sure or restless) or (self.reach.resumed and not away):
            return  # of a network that is trained the first loss may be low by chance
        if rate.kind in ADAPTIVE and rate.most < FAST:
            return  # its steps are no longer than its rate, whatever the gradient
        self.said = True
        now = f"{curve.last:.3g}" + (", then not a number" if curve.bad else "")
        where, fixes, what = self._cause(rate)
        goes = f"goes from {curve.first:.3g} to {now}"
        if tossed and not curve.bad and grown < WORSE:
            goes = f"leaps up to {max(curve.values[-(len(curve.values) // 3) :]):.3g} to the end"
        elif curve.last < curve.first and not curve.bad and sure:
            goes = f"leaps up to {curve.highest:.3g} on its way"
        elif not sure:
            goes = f"does not settle, it was {curve.first:.3g} and is {tail:.3g}"
        self.find(
            f"{what}: the loss {goes}.", where or curve.where,
            {"first loss": curve.first, "highest": f"{curve.highest:.4g}", "last loss": now,
             "change of the parameters in one step": f"{ratio:.0%}", "steps": rate.steps}, fixes,
            severity="" if sure else "hint",
        )  # fmt: skip

    def _cause(self, rate: Rate) -> tuple[Where | tuple[str, int] | None, list[Fix], str]:
        """What makes the steps so long: a loss that sums, the momentum, else the rate itself."""
        chosen = self.option(rate)
        fixes = chosen.changed(slower(rate))
        if self.scaling.sum is not None and (mean := summed(self.scaling.sum[0])) and rate.most <= ORDINARY:
            at = code.place(self.scaling.sum[0])
            assert at is not None
            what = f"The loss is a sum of {self.scaling.sum[2]} errors, too much for a learning rate of"
            return at.at, [*mean, *fixes[:2]], f"{what} {number(rate.most)}"
        if rate.momentum >= CARRIED and rate.most <= ORDINARY:
            momentum = Option(rate.where, "momentum", (rate.momentum,))
            return momentum.line, [*momentum.changed([0.9]), *fixes[:2]], f"momentum={rate.momentum:g} is too high"
        return chosen.line, fixes, f"The learning rate {number(rate.most)} is too high"


class LearningRateTooLow(Learning):
    """Steps so short that nothing changes."""

    id = "learning-rate-too-low"
    idea = "a step should change the parameters by about a thousandth; far shorter steps lead nowhere"
    threshold = (
        f"a learning rate of {SLOW:g} or less ({SLOW_PLAIN:g} without adaptive steps), {TINY:g} of the parameters "
        f"changed in a step, and a loss within {FLAT:.0%} of its first value after {LONG} steps. Up to {SMALL:g} it "
        f"is a hint, as fine-tuning takes such steps; {STUCK_LONG} steps of up to {STUCK:g} are enough for a warning"
    )

    def begins(self) -> None:
        super().begins()
        self.targets = self.coach.shared(Targets)
        self.schedule: weakref.ref[Any] | None = None

    def scheduled(self, scheduler: Any, where: Where | None) -> None:
        self.schedule = weakref.ref(scheduler)

    def ended(self) -> None:
        rates = self.rates
        if len(rates) != 1 or self.explained or self.reach.resumed:
            return
        rate = rates[0]
        curve = max(self.curves.curves.values(), key=lambda c: c.count, default=None)
        if curve is None or curve.bad or curve.count < LONG or not rate.ratios:
            return
        if rate.used > (SLOW if rate.kind in ADAPTIVE else SLOW_PLAIN) or not self._flat(curve):
            return
        warms = 3 * rate.used < rate.most
        schedule = self.schedule() if self.schedule is not None else None
        if warms and not (rate.used and peak(schedule, rate.most) <= SLOW):
            return  # a warm-up that has only begun, or never goes on
        long = curve.count >= STUCK_LONG and rate.typical < STUCK and self.targets.parting is None
        if not long and max(rate.ratios[1:] or rate.ratios) > SMALL:
            return
        chosen, better = self.option(rate), usual(rate)
        begun, tail = median(curve.values[:3]), median(curve.values[-3:])
        what = f"The learning rate {number(rate.used)} is too low"
        if warms:  # a schedule makes less of it: it is to come to a usual one all the same
            what = f"The schedule keeps the learning rate at {number(rate.used)} or less, too low"
            better = list(dict.fromkeys((10.0 ** round(math.log10(rate.most * better[0] / rate.used)), *better)))
        self.find(
            f"{what}: after {curve.count} steps the loss is where it was.", chosen.line or curve.where,
            {"first losses": f"{begun:.4g}", "last losses": f"{tail:.4g}",
             "change of the parameters in one step": f"{rate.typical:.1e}"},
            chosen.changed(better[:3]), severity="warning" if long or rate.typical < TINY else "hint",
        )  # fmt: skip

    @staticmethod
    def _flat(curve: Curve) -> bool:
        """Whether a loss is where it was, but for its noise."""
        ends = len(curve.values) // 3 if curve.count >= STUCK_LONG else 3
        begun, last = median(curve.values[: max(ends // 2, 3)]), curve.values[-ends:]
        noise = float(np.std(last)) if curve.count >= STUCK_LONG else 2 * float(np.std(curve.values))
        return begun - median(last) <= max(FLAT * abs(begun), noise)


# -- numbers -----------------------------------------------------------------------------------------------------------


def median(values: list[float]) -> float:
    """The median, NaN of none."""
    return float(np.median(values)) if values else math.nan


def risen(values: list[float]) -> bool:
    """Whether a curve is above its beginning to stay: its whole later half, or it multiplies from step to step."""
    later = values[len(values) // 2 :]
    if len(values) >= SHORT:
        return min(later) > 1.5 * values[0]
    return len(values) > 2 and all(b > 2 * abs(a) for a, b in zip(values[-3:], values[-2:], strict=False))


def lost(curve: Curve) -> bool:
    """Whether the last quarter of a curve is far above its beginning, all of it."""
    late = curve.values[-max(SHORT, len(curve.values) // 4) :]
    return len(curve.values) >= 2 * SHORT and min(late) > GROWTH * curve.first > 0


def falls_never(curve: Curve) -> bool:
    """Whether a curve leaps about: half of its changes go up, and they are as large as the loss."""
    values = np.array(curve.values)
    change = np.diff(values)
    return bool((change > 0).mean() > 0.35 and np.abs(change).mean() > 0.3 * np.abs(values).mean())


def _tossed(curve: Curve, rate: Rate) -> bool:
    """Whether steps of an adaptive optimizer are far too long to the end, and the loss leaps up and down with them."""
    late, tail = rate.ratios[-3:], np.array(curve.values[-(len(curve.values) // 3) :])
    if rate.most < TOSSED or rate.long(LARGE, EARLY) < 2 or len(tail) < SHORT or not min(late) > THROWN:
        return False
    change = np.diff(tail)
    rough = np.abs(change).mean() > ROUGH * np.abs(tail).mean() and (change > 0).mean() > 0.35
    leaps = (tail > curve.first).sum() > 1 or max(curve.values[:EARLY]) > LEAP * curve.first
    return bool(rough and tail.mean() > ABOVE * curve.first and leaps)


def growth(curve: Curve) -> float:
    """How many times its distance from the valley each step of a loss that grows takes it away, at first."""
    pairs = zip(curve.values[:6], curve.values[1:6], strict=False)
    return math.sqrt(max(median([b / a for a, b in pairs if a > 0]), 9.0))


def number(value: float) -> str:
    """A learning rate as people write it."""
    return f"{value:.0e}".replace("e-0", "e-") if value < 1e-3 else f"{value:g}"


def usual(rate: Rate) -> list[float]:
    """Learning rates that are usual for an optimizer, the most usual first."""
    return [1e-3, 1e-4, 1e-2] if rate.kind in ADAPTIVE else [0.01, 0.1, 0.001]


def slower(rate: Rate) -> list[float]:
    """Lower rates: the first one at which a step changes about a hundredth of the parameters."""
    lower = [value for value in usual(rate) if value < rate.most / 3]
    first = next((x for x in rate.ratios if x - x == 0 and x > 0), LARGE)
    if rate.kind not in ADAPTIVE:
        guess = 10.0 ** math.floor(math.log10(rate.most * 0.01 / first)) if first > 0.01 else rate.most / 10
        lower = [guess, guess / 10, *lower]
    elif not lower:
        lower = [rate.most / 10, rate.most / 100]
    return list(dict.fromkeys(lower))[:3]


RULES = (LearningRateTooHigh, LearningRateTooLow)
