"""How far a step moves the weights, against how large they are."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator

import numpy as np

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.rules.learning_rates import ADAPTIVE
from gradbook.coach.rules.signal import Weight
from gradbook.coach.rules.signal_rule import SignalRule, rate
from gradbook.coach.scaling import Scaling, clipping, summed, unscaled
from gradbook.coach.updates import Updates
from gradbook.observe.source import Where

__all__ = ["RULES", "UpdateRatioHigh", "UpdateRatioLow"]

LOOKS = 3
HIGH = 0.1  # of the weights, in one step
WILD = 0.3
LOW = 1e-6
STILL_LOW, LONG = 1e-5, 40  # the same, of a loss that is where it was after so many steps
CUT = 1e-4  # the same, where a clipping or a factor is seen to be the reason
LOST = 3e-8  # float32 does not hold what is smaller
CLIPPED = 1e-3  # a norm that no gradient should be clipped to
USUAL = 1e-3
FAR = 0.01  # of the weights, of all steps together
CAUSES = (
    "loss-diverged", "regularisation-dominates", "bad-init", "exploding-gradients", "nan-origin",
    "stale-optimizer", "unused-parameters", "vanishing-gradients", "dead-relu", "saturated-activation",
    "degenerate-activation", "detached-graph", "optimizer-call-order",
)  # fmt: skip


class UpdateSizes(SignalRule):
    """What both rules see: the change of each layer's weights over their size, the median over all layers."""

    done = False
    since = 0  # steps before those of the optimizer
    tables = False  # there are embeddings alone, of which a step may move some rows

    def begins(self) -> None:
        super().begins()
        self.scaling, self.updates = self.coach.shared(Scaling), self.coach.shared(Updates)

    def groups(self) -> Iterator[tuple[list[float], float]]:
        """(the median over the layers, look by look; their learning rate): of all, then of each group of parameters."""
        layers = [w for w in self.signal.ordered() if w.looks and _counts(w) and self._moved(w)]
        held = self.optimizer()
        optimizer = held.ref() if held is not None else None
        steps = self.updates.rates.get(id(optimizer))
        built = held.built if held is not None and len(self.reach.optimizers) > 1 else None
        self.since = built.steps if built is not None else 0
        self.tables = not layers and steps is not None and min(steps.ratios, default=0.0) > 0
        yield steps.ratios if self.tables and steps is not None else _medians(layers, self.since), 0.0
        groups = optimizer.param_groups if optimizer is not None else ()
        for group in groups if len(groups) > 1 else ():
            ids = {id(p) for p in group["params"]}
            yield _medians([w for w in layers if id(w.ref()) in ids], self.since), float(group.get("lr", 0.0))

    def _moved(self, weight: Weight) -> bool:
        """Whether an optimizer is to change a layer; without any optimizer the program itself."""
        tensor = weight.ref()
        held = self.reach.optimizers.values()  # of this training: what an earlier one changed may rest now
        return tensor is not None and (not held or any(id(tensor) in each.ids for each in held))

    def improves(self) -> bool:
        """Whether the loss is lower than at first."""
        first, now = self.signal.losses[:2], [x for x in self.signal.latest if np.isfinite(x)]
        return bool(first and now and statistics.median(now) < 0.95 * statistics.median(first))


class UpdateRatioHigh(UpdateSizes):
    """Each step changes the weights by a large part of their own size."""

    id = "update-ratio-high"
    idea = "a step should change weights by about a thousandth of their size; a tenth is a leap into the dark"
    threshold = f"{HIGH:g} of the weights in {LOOKS} looks is a hint, {WILD:g} with a loss that does not fall a warning"

    def look(self, last: bool) -> None:
        for ratios, lr in self.groups() if last else ():
            ratios = [ratio for ratio in ratios if np.isfinite(ratio)]
            early, late = ratios[: LOOKS + 1], ratios[-LOOKS:]  # Adam's steps stay as long while the weights grow
            early = early[:2] if self.since else early  # the first steps lose what had been learnt before
            if len(ratios) > 1 and (statistics.median(early) >= WILD or min(late) >= HIGH) and not self.done:
                self._speak(early if statistics.median(early) > statistics.median(late) else late, lr, min(late))

    def _speak(self, ratios: list[float], lr: float, late: float) -> None:
        held = self.optimizer()
        where, fixes = rate(held, min(0.1, 10 * USUAL / max(min(ratios), USUAL)), lr)
        if held is None or where is None:
            return
        self.done = True
        if self.scaling.sum is not None and (mean := summed(self.scaling.sum[0])):
            at = code.place(self.scaling.sum[0])
            where, fixes = at.at if at is not None else where, [*mean, *fixes]
        told = self.said(*CAUSES) or (self.scaling.sum is None and self.said("learning-rate-too-high"))
        enough = WILD if late >= HIGH else 2 * WILD  # the first steps of RMSprop are its longest
        wild = statistics.median(ratios) > enough and not self.improves() and not told and not self.reach.resumed
        wild = wild and not self.tables
        self.find(
            f"Each step of {held.name} moves the weights by {statistics.median(ratios):.0%} of their size: too much.",
            where, {"change over size": ", ".join(f"{x:.2g}" for x in ratios), "usual": f"about {USUAL:g}"}, fixes,
            severity="" if wild else "hint",
        )  # fmt: skip


class UpdateRatioLow(UpdateSizes):
    """Steps that change next to nothing, from the first one on."""

    id = "update-ratio-low"
    idea = "a step should change weights by about a thousandth of their size; of a millionth nothing is learnt"
    threshold = (
        f"below {LOW:g} of the weights, or of those of one group, in every look, {STILL_LOW:g} after {LONG} steps; "
        f"below {LOST:g} it is lost in the rounding of float32"
    )

    def look(self, last: bool) -> None:
        whole = True
        for ratios, lr in self.groups() if last and not self.reach.resumed else ():
            bound = STILL_LOW if self.coach.steps >= LONG else LOW
            bound = CUT if ratios and min(ratios) < CUT and self._cause() is not None else bound
            low = len(ratios) > 1 and max(ratios) <= (bound if whole else LOW) and all(map(np.isfinite, ratios))
            if low and not self.done and not (whole and self.far() and self.improves()):
                self._speak(ratios, lr)
            whole = False

    def far(self) -> bool:
        """Whether any weights may have come far enough for a loss to fall: noise may make it lower without that."""
        rates = self.updates.rates.values()
        longest = max((each for rate in rates for each in rate.ratios), default=math.inf)
        return longest * self.coach.steps > FAR or any(len(rate.given) > 1 for rate in rates)

    def _speak(self, ratios: list[float], lr: float) -> None:
        held = self.optimizer()
        optimizer = held.ref() if held is not None else None
        if held is None or optimizer is None or any(not group.get("lr") for group in optimizer.param_groups):
            return
        factor = 10.0 ** np.ceil(np.log10(USUAL / max(statistics.median(ratios), 1e-12)))
        old = lr or max(float(group["lr"]) for group in optimizer.param_groups)
        most = 1e-3 if type(optimizer).__name__ in ADAPTIVE else 0.1
        where, fixes = rate(held, min(factor, most / old), lr)
        cause = self._cause()
        grads = [look.grad for w in self.signal.weights.values() for look in w.looks]
        if cause is None and grads and max(grads) < 1e-5:
            return  # without a gradient nothing moves: that has another reason
        why = f"a learning rate of {lr or optimizer.param_groups[0]['lr']:g}"
        if cause is not None:
            where, first, why = cause
            fixes = first
        self.done = True
        told = self.said(*CAUSES) or (cause is None and self.said("learning-rate-too-low"))
        self.find(
            f"Each step of {held.name} moves the weights by {max(ratios):.0e} of their size: nothing is learnt.",
            where, {"change over size": ", ".join(f"{x:.1e}" for x in ratios[-4:]), "usual": f"about {USUAL:g}",
                    "why": why}, fixes,
            severity="" if (max(ratios) < LOST or cause is not None) and not told else "hint",
        )  # fmt: skip

    def _cause(self) -> tuple[Where | tuple[str, int] | None, list[Fix], str] | None:
        """What makes the gradients so small: a clipping, or a number that they, or the loss, are multiplied by."""
        norm = self.signal.total[-1] if self.signal.total else 0.0
        held = self.optimizer()
        step = self.coach.optimizers.get(id(held.ref())) if held is not None else None
        bound = clipping(step.where, norm) if step is not None and 0 < norm < CLIPPED else None
        if bound is not None:
            return bound.line, [bound.replaced(1.0, "a usual bound")], f"gradients are clipped to a norm of {norm:.1g}"
        if self.scaling.small is not None:
            where, factor = self.scaling.small
            return where, unscaled(where), f"a factor of {factor:.1g}"
        return None


def _medians(layers: list[Weight], since: int) -> list[float]:
    """The median over some layers, look by look, after so many steps."""
    looks = [[look for look in w.looks if look.step > since] for w in layers]
    count = min(map(len, looks), default=0)
    return [statistics.median(each[i].change / each[i].weight for each in looks) for i in range(-count, 0)]


def _counts(weight: Weight) -> bool:
    """Whether a layer's ratio says something: not of one that begins with 0."""
    return min(look.weight for look in weight.looks) > 1e-6


RULES = (UpdateRatioHigh, UpdateRatioLow)
