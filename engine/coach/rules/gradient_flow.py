"""Gradients that shrink, or grow, from layer to layer on their way back."""

from __future__ import annotations

import itertools
import statistics

import numpy as np

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.rules.learning_rates import ADAPTIVE
from gradbook.coach.rules.signal import Activation, Weight
from gradbook.coach.rules.signal_rule import SignalRule, initialised, other_activation, prefix
from gradbook.coach.updates import Updates
from gradbook.observe.source import Where

__all__ = ["RULES", "ExplodingGradients", "VanishingGradients"]

LOOKS = 3
DEEP = 4  # layers at least: fewer lose little
VANISHED = 1e-3  # the first layers' gradient over that of the last ones
TINY = 1e-4  # and smaller than this
WEAK = 0.6  # of what comes in is left: weights that the user chose are to blame before a tanh, which is steep at 0
SMALL = 0.1  # of what comes in is left after a layer
NOTICED = 0.01  # a loss above it is no learned one
EXPLODED = 70.0
SWOLLEN = 300.0  # times as large as the data is what some layer makes of them
HOPELESS = 1e8  # the same, at which one look is enough
AGAIN = 10.0  # the same, of layers that are called again and again, as in a recurrent network, at
REPEATED = 8  # calls one after the other
LARGE, LOOPED = 2.5, 1.5  # times as large as it was, what weights of the user's make of it, also call after call
LATE = 100  # steps after which it is said in a training that goes on
ROOTS = ("bad-init", "saturated-activation", "learning-rate-too-high")  # of which vanishing is a symptom
HUGE = 100.0  # the norm of all gradients
RAN = 1e4  # the same, of layers that are called again and again, in one of the first
FIRST = 4  # looks; and
LEAPT = 1e3  # times what it was before; or
THROWN, AWAY, GREW = 1e3, 0.3, 3.0  # so large at once, so much changed by the first step, and the data so much larger
ORDINARY, ORDINARY_PLAIN = 0.01, 0.1  # rates of Adam and its kin, of SGD: of such ones it is not the steps alone


class Flow(SignalRule):
    """What both rules see: the gradients of the first layers against those of the last ones, look by look."""

    def ratios(self) -> tuple[list[float], float, list[Weight]]:
        """(first over last in each look, the largest gradient of the first layers, the first layers)."""
        layers = [w for w in self.signal.ordered() if w.looks]
        deep = max((w.depth for w in layers), default=0)
        first = [w for w in layers if w.depth <= max(1, deep // 4)]
        last = [w for w in layers if w.depth > deep - max(1, deep // 4)]
        if not first or not last or deep < 2:
            return [], 0.0, []
        found, count = [], min(len(w.looks) for w in (*first, *last))
        for i in range(-count, 0):
            shallow = max(w.looks[i].grad for w in first)
            found.append(shallow / (statistics.median(w.looks[i].grad for w in last) or np.inf))
        return found, max(w.looks[-1].grad for w in first), first


class VanishingGradients(Flow):
    """The first layers get next to no gradient: they do not learn."""

    id = "vanishing-gradients"
    idea = "each layer multiplies the gradient; many factors below 1, as sigmoid's, leave nothing for the first layers"
    threshold = (
        f"{DEEP} layers or more, the first ones' gradient below {VANISHED:g} of the last ones' and below {TINY:g}, in "
        f"{LOOKS} looks (AutoTrainer's numbers), and not recovering, as after an output layer that begins with 0; or "
        f"behind {DEEP} sigmoids the norm of all gradients below {TINY:g} from the first look on, at a loss above "
        f"{NOTICED:g}"
    )
    done = False

    def look(self, last: bool) -> None:
        if self.done or self.signal.depth < DEEP:
            return
        ratios, size, first = self.ratios()
        enough = len(ratios) >= LOOKS or (last and len(ratios) > 1)
        if not enough or not first or not 0 < size < TINY:
            return
        flat = [a for a in self.signal.activations.values() if a.name in ("sigmoid", "tanh") and a.hidden]
        lost = self._lost(flat)
        if not all(0 < r < VANISHED for r in ratios[-LOOKS:]) and not self._everywhere() and not lost:
            return
        if ratios[-1] > 10 * ratios[0] and not last and not lost:
            return
        if ratios[0] > 10 * VANISHED and not last and not lost:
            return  # at first it did not: whether long steps are the reason is known at the end
        self.done = True
        small = next((w for w in self.signal.ordered() if w.by_user and w.gain < WEAK), None)
        where, fixes, why = self._cause(first, flat, small)
        rest = f"{ratios[-1]:.0e} of the last layer's" if ratios[-1] < 1 and not lost else f"{size:.0e}"
        self.find(
            f"The gradient vanishes on its way back: {first[0].name} gets {rest}.",
            where, {"gradient of the first layers": f"{size:.1e}", "layers": self.signal.depth, "why": why}, fixes,
            nodes=[w.inside for w in first], severity="hint" if self.said(*ROOTS) else "",
        )  # fmt: skip

    def _shared(self, flat: list[Activation]) -> Where | None:
        """The line that most of these activations come from; of one layer that is called in several places its own."""
        places = [each.where for each in flat]
        layer = flat[0].layer
        if layer is not None and len(set(places)) > 1 and all(each.layer is layer for each in flat):
            return layer.where
        built = {each.layer.where for each in flat if each.layer is not None and each.layer.where is not None}
        many = len({id(each.layer) for each in flat}) > 1 and all(each.layer is not None for each in flat)
        if many and len(set(places)) == 1 and len(built) == 1:  # layers of one line, called in a loop
            return built.pop()
        return max(places, key=places.count)

    def _everywhere(self) -> bool:
        """Whether the data themselves vanish on their way through small weights, and every gradient with them."""
        layers = self.signal.ordered()
        small = sum(weight.by_user and weight.gain < SMALL for weight in layers)
        again = small and self.signal.depth > 2 * len(layers)  # in a layer that is called in a loop
        return (again or 2 * small > len(layers)) and max(self.signal.total[-LOOKS:]) < TINY

    def _lost(self, flat: list[Activation]) -> bool:
        """Whether sigmoids have taken all that differs between samples, so that a loss of differences has no slope.

        It is so from the first look on, while there is much to learn: what has been learned leaves small gradients too.
        """
        stack = {id(each.below) for each in flat if each.name == "sigmoid" and each.below is not None}
        norms, losses = self.signal.total[:LOOKS], [abs(x) for x in self.signal.losses]
        return len(stack) >= DEEP and max(norms) < TINY and min(losses, default=0.0) > NOTICED

    def _cause(
        self, first: list[Weight], flat: list[Activation], small: Weight | None
    ) -> tuple[Where | tuple[str, int] | None, list[Fix], str]:
        if small is not None and (small.gain < SMALL or (flat and flat[0].name == "tanh")):
            return self.layer(small), initialised(small), f"weights of {small.rms:.1e} shrink it in each layer"
        if flat:
            why = f"{flat[0].name} passes a small part of the gradient, relu all of it"
            line, fixes = other_activation(self._shared(flat), why, flat[0].name)
            layers = len({id(each.below) for each in flat})  # each may be called for several inputs
            return (
                line,
                fixes,
                f"{layers if layers > 1 else len(flat)} layers of {flat[0].name}, each with a slope below 1",
            )
        if small is not None:
            return self.layer(small), initialised(small), f"weights of {small.rms:.1e} shrink it in each layer"
        where = first[0].built.where if first[0].built is not None else first[0].where
        return where, [Fix("x = x + layer(x)", (), "a way round each layer, or a norm after it")], "many layers"


class ExplodingGradients(Flow):
    """The gradient grows from layer to layer on its way back, or step by step."""

    id = "exploding-gradients"
    idea = "each layer multiplies the gradient; many factors above 1 make steps that throw the weights far away"
    threshold = (
        f"the first layers' gradient {EXPLODED:g} times the last ones', or the data made {SWOLLEN:g} times as large on "
        f"their way through {DEEP} layers or more, and the norm of all gradients above {HUGE:g}, in two looks "
        f"(above {HOPELESS:g}: in one); or, where layers are called {REPEATED} times and the rate is ordinary, "
        f"{LEAPT:g} times the first norm and {RAN:g} within {FIRST} looks. After clipping, as the optimizer sees it"
    )
    done = False

    def begins(self) -> None:
        super().begins()
        self.updates = self.coach.shared(Updates)

    def look(self, last: bool) -> None:
        ratios, _, first = self.ratios()
        finite = [norm for norm in self.signal.total if np.isfinite(norm)]
        if self.done or not first or not finite:
            return
        grows = (self._swells() or self._climbs(ratios)) and min(finite[:2]) > HUGE
        grows = (grows and (len(self.signal.total) > 1 or finite[0] >= HOPELESS)) or self._runs_away()
        over = len(finite) > 2 and finite[-1] > 1e4 and finite[-1] > 30 * finite[-2] > 900 * finite[-3]
        if grows:
            self.signal.cause.add(self.id)  # from the first step on: what comes after has this reason
        if (grows or over) and (last or self.coach.steps >= LATE):
            self.done = True
            self._speak(first, grows)

    def _swells(self) -> bool:
        """Whether what the layers make of the data grows on its way through them, before any step."""
        signal, size = self.signal, max(self.signal.given, 1.0)
        return signal.depth >= DEEP and signal.made > (AGAIN if self._again() else SWOLLEN) * size

    def _again(self) -> bool:
        """Whether layers are called in a loop, as in a recurrent network."""
        return self.signal.depth > 2 * len(self.signal.weights) and self.signal.depth >= REPEATED

    def _runs_away(self) -> bool:
        """Whether a first step of ordinary length is enough for a factor above 1, which many calls make a huge one."""
        first, *rest = self.signal.total[:FIRST]
        rates = [rate for rate in self.updates.rates.values() if rate.steps]
        if not self._again() or len(rates) != 1 or not 0 < first < np.inf:
            return False
        rate, adapts = rates[0], rates[0].kind in ADAPTIVE
        if rate.used > (ORDINARY if adapts else ORDINARY_PLAIN * (1 - rate.momentum)):
            return False
        long = not adapts and bool(rate.ratios) and rate.ratios[0] > AWAY
        thrown = long and first > THROWN and self.signal.made > GREW * max(self.signal.given, 1.0)
        leaps = sum(norm > max(RAN, LEAPT * first) for norm in rest)
        return thrown or leaps > adapts  # of one outlier Adam's step is no longer

    def _climbs(self, ratios: list[float]) -> bool:
        """Whether the gradient grows from layer to layer, and not at one place, where a term of the loss joins."""
        if len(ratios) < 2 or min(ratios[:2]) <= EXPLODED:
            return False
        depths: dict[int, float] = {}
        for weight in self.signal.ordered():
            if weight.looks:
                depths[weight.depth] = max(depths.get(weight.depth, 0.0), weight.looks[0].grad)
        sizes = list(depths.values())
        steps = [a > 1.5 * b for a, b in itertools.pairwise(sizes)]
        return sum(steps) > 0.6 * len(steps)

    def _speak(self, first: list[Weight], grows: bool) -> None:
        total = [norm for norm in self.signal.total if np.isfinite(norm)][-1]
        large = max((w for w in self.signal.ordered() if w.by_user), key=lambda w: w.gain, default=None)
        held = self.optimizer()
        step = self.coach.optimizers.get(id(held.ref())) if held is not None else None
        at = code.place(step.where) if step is not None else None
        model = next((name for _, name in self.reach.roots.values()), "model")
        clip = code.insertion(
            at,
            f"{prefix(at) if at is not None else 'nn.'}utils.clip_grad_norm_({model}.parameters(), 1.0)",
            "before step()",
        )
        where, fixes = (step.where if step is not None else None), [clip]
        if large is not None and large.gain > (LOOPED if self._again() else LARGE) and grows:
            where, fixes = self.layer(large), [*initialised(large)[:2], clip]
        root = self.said(
            "bad-init", "learning-rate-too-high", "loss-diverged", "input-not-normalised", "nan-origin",
            "regularisation-dominates",
        )  # fmt: skip
        layers = "calls of layers" if self._again() else "layers"
        what = f"each of {self.signal.depth} {layers} makes it larger" if grows else "it grows with each step"
        self.find(
            f"The gradient explodes: {what}, and the norm of all is {total:.1e}.", where,
            {"norm of gradients": ", ".join(f"{x:.2g}" for x in self.signal.total[:FIRST]), "layers": self.signal.depth,
             "size of data and largest result": f"{self.signal.given:.2g}, {self.signal.made:.2g}"},
            fixes, nodes=[w.inside for w in first], severity="hint" if root or not grows else "",
        )  # fmt: skip


RULES = (VanishingGradients, ExplodingGradients)
