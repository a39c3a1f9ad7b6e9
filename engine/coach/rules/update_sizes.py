"""How far a step moves the weights, against how large they are."""

from __future__ import annotations

import statistics

import numpy as np

from gradbook.coach.rules.signal import Weight
from gradbook.coach.rules.signal_rule import SignalRule, rate

__all__ = ["RULES", "UpdateRatioHigh", "UpdateRatioLow"]

LOOKS = 3
HIGH = 0.1  # of the weights, in one step
WILD = 0.3
FLIES = 10.0  # times the first loss
LOW = 1e-6
LOST = 1e-8  # float32 does not hold what is smaller
USUAL = 1e-3
CAUSES = (
    "learning-rate-too-high", "learning-rate-too-low", "loss-diverged", "bad-init", "exploding-gradients", "nan-origin",
    "stale-optimizer", "unused-parameters", "vanishing-gradients", "dead-relu", "saturated-activation",
    "degenerate-activation", "detached-graph",
)  # fmt: skip


class Updates(SignalRule):
    """What both rules see: the change of each layer's weights over their size, the median over all layers."""

    done = False

    def ratios(self) -> list[float]:
        """The median over the layers, look by look."""
        layers = [w for w in self.signal.ordered() if w.looks and _counts(w) and self._moved(w)]
        count = min((len(w.looks) for w in layers), default=0)
        return [
            statistics.median(w.looks[i].change / w.looks[i].weight for w in layers)
            for i in range(-count, 0)
        ]  # fmt: skip

    def _moved(self, weight: Weight) -> bool:
        """Whether an optimizer is to change a layer; without any optimizer the program itself."""
        tensor = weight.ref()
        return tensor is not None and (not self.reach.optimizers or self.reach.holds([tensor]))

    def stands(self) -> bool:
        """Whether the loss neither falls nor flies away, which is another rule's to say."""
        first, now = self.signal.losses[:1], list(self.signal.latest)
        return not self.improves() and all(map(np.isfinite, (*first, *now))) and max(now) < FLIES * max(*first, 0.1)

    def improves(self) -> bool:
        """Whether the loss is lower than at first."""
        first, now = self.signal.losses[:2], [x for x in self.signal.latest if np.isfinite(x)]
        return bool(first and now and statistics.median(now) < 0.95 * statistics.median(first))


class UpdateRatioHigh(Updates):
    """Each step changes the weights by a large part of their own size."""

    id = "update-ratio-high"
    idea = "a step should change weights by about a thousandth of their size; a tenth is a leap into the dark"
    threshold = f"{HIGH:g} of the weights in {LOOKS} looks is a hint, {WILD:g} with a loss that does not fall a warning"

    def look(self, last: bool) -> None:
        if self.done or not last:
            return
        ratios = [ratio for ratio in self.ratios() if np.isfinite(ratio)]
        early, late = ratios[: LOOKS + 1], ratios[-LOOKS:]  # Adam's steps stay as long while the weights grow
        if len(ratios) < 2 or not (statistics.median(early) >= WILD or min(late) >= HIGH):
            return
        ratios = early if statistics.median(early) > statistics.median(late) else late
        self.done = True
        held = self.optimizer()
        where, fixes = rate(held, min(0.1, 10 * USUAL / max(min(ratios), USUAL)))
        if held is None or where is None:
            return
        wild = statistics.median(ratios) > WILD and self.stands() and not self.said(*CAUSES)
        self.find(
            f"Each step of {held.name} moves the weights by {statistics.median(ratios):.0%} of their size: too much.",
            where, {"change over size": ", ".join(f"{x:.2g}" for x in ratios), "usual": f"about {USUAL:g}"}, fixes,
            severity="" if wild else "hint",
        )  # fmt: skip


class UpdateRatioLow(Updates):
    """Steps that change next to nothing, from the first one on."""

    id = "update-ratio-low"
    idea = "a step should change weights by about a thousandth of their size; of a millionth nothing is learnt"
    threshold = f"below {LOW:g} of the weights in every look; below {LOST:g} it is lost in the rounding of float32"

    def look(self, last: bool) -> None:
        ratios = self.ratios()
        if self.done or not last or len(ratios) < 2 or not max(ratios) <= LOW or not all(map(np.isfinite, ratios)):
            return
        if self.improves():
            return
        held = self.optimizer()
        optimizer = held.ref() if held is not None else None
        grads = max((look.grad for w in self.signal.weights.values() for look in w.looks), default=0.0)
        if (
            held is None
            or optimizer is None
            or grads < 1e-5
            or any(not group.get("lr") for group in optimizer.param_groups)
        ):
            return
        self.done = True
        factor = 10.0 ** np.ceil(np.log10(USUAL / max(statistics.median(ratios), 1e-10)))
        where, fixes = rate(held, min(factor, 1e6))
        self.find(
            f"Each step of {held.name} moves the weights by {max(ratios):.0e} of their size: nothing is learnt.",
            where, {"change over size": ", ".join(f"{x:.1e}" for x in ratios[-4:]), "usual": f"about {USUAL:g}"}, fixes,
            severity="" if max(ratios) < LOST and not self.said(*CAUSES) else "hint",
        )  # fmt: skip


def _counts(weight: Weight) -> bool:
    """Whether a layer's ratio says something: not of one that begins with 0."""
    return min(look.weight for look in weight.looks) > 1e-6


RULES = (UpdateRatioHigh, UpdateRatioLow)
