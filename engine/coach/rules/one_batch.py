"""A batch that comes again and again and is not learnt by heart, by a network with weights enough for it."""

from __future__ import annotations

import ast
import math
from typing import Any

import numpy as np

from gradbook.coach import code
from gradbook.coach.curves import Curve
from gradbook.coach.finding import Finding
from gradbook.coach.options import Option
from gradbook.coach.origin import is_library
from gradbook.coach.record import Op, Turn
from gradbook.coach.rules.learning_rates import Learning, median
from gradbook.coach.rules.wiring import LINEAR, weight_of
from gradbook.coach.samples import numbers_of, sample
from gradbook.coach.targets import LOSSES, guessing
from gradbook.observe.failure.text import called_name
from gradbook.observe.source import Where

__all__ = ["RULES", "CannotOverfitBatch", "cause"]

LONG = 60  # steps on the same batch
LOOKS = 4
FLAT = 0.02  # by less than that the loss falls in the last third
UNLEARNT = 0.1  # of what a guess would cost
DROPPED = 0.7  # of the units: of what is left a network cannot learn a batch by heart, as
WHILE = 100  # steps show that leave
HALF = 0.5  # of what a guess would cost
SPOTS = 64  # numbers of each row that tell a batch from another one
ROWS = 4096  # of a larger batch, the order is taken for a part of it
# what keeps a network from learning, the likeliest first
CAUSES = (
    "redundant-activation", "constant-predictions", "degenerate-activation", "dead-relu", "bad-init", "stale-optimizer",
    "unused-parameters", "detached-graph", "softmax-before-cross-entropy", "sigmoid-before-bce-with-logits",
    "learning-rate-too-low", "learning-rate-too-high", "update-ratio-low", "update-ratio-high", "vanishing-gradients",
    "exploding-gradients", "saturated-activation", "missing-nonlinearity", "silent-broadcast", "input-not-normalised",
    "regularisation-dominates", "batch-axis-mixed", "batch-leak", "loss-plateau",
)  # fmt: skip


class CannotOverfitBatch(Learning):
    """One batch in every step, weights enough to learn it by heart, and the loss stays where it is."""

    id = "cannot-overfit-batch"
    severity = "hint"
    idea = "before training on much data, train on one batch: a network that cannot learn that by heart has a fault"
    threshold = (
        f"the same batch in {LONG} steps or more, as many weights as the batch has targets, and a loss that has come "
        f"to rest above {UNLEARNT:.0%} of what the best constant answer costs; or {WHILE} steps that leave {HALF:.0%} "
        f"of it where dropout takes {DROPPED:.0%} of the units; a hint, as it may only need more steps, but for a "
        "model that cannot reach its targets"
    )
    ops = LOSSES | LINEAR | {"dropout", "embedding"}

    def begins(self) -> None:
        super().begins()
        self.seen: dict[Any, set[int]] = {}  # fingerprints of what first layers and losses are given, by place
        self.varies = False  # there is more than one batch
        self.turns = 0
        self.guess = math.nan  # what the best constant answer costs
        self.wanted = self.weights = 0  # numbers that must be learnt, and that can be
        self.layers: dict[int, int] = {}
        self.frozen: dict[int, int] = {}
        self.dropout: tuple[float, Option] | None = None  # the largest share that is dropped, and where it is written

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        if not op.output.requires_grad or self.varies:
            return
        if op.name in LOSSES:
            if op.operand(1) is not None:
                wanted = numbers_of(operands[1]._array)
                self.guess, self.wanted = guessing(op.name, wanted), max(self.wanted, wanted.size)
                self._sees((op.where, "targets"), wanted)
            return
        if op.name == "dropout":
            self._drops(op)
            return
        if op.name == "embedding":
            self._sees((op.where, op.path), op.params["index"])
            return
        weight = op.operand(2 if op.name == "addmm" else 1)
        if weight_of(op) is not None and weight is not None:
            self.layers[id(weight)] = math.prod(weight.shape)
        elif weight is not None and weight.kind == "parameter":  # frozen
            self.frozen[id(weight)] = math.prod(weight.shape)
        given = op.operand(0)
        if given is not None and not given.requires_grad and given.shape:
            self._sees((op.where, op.path), operands[0]._array)

    def _sees(self, place: tuple[Where | None, str], array: Any) -> None:
        """What is given here: is it what was given before?"""
        prints = self.seen.setdefault(place, set())
        prints.add(hash((tuple(array.shape), spots(array))))
        self.varies = self.varies or len(prints) > 1

    def _drops(self, op: Op) -> None:
        share = float(op.params.get("p", 0.0))
        if share >= DROPPED and (self.dropout is None or share > self.dropout[0]):
            layer = op.call.module if op.call is not None and is_library(op.call.module) else None
            built = self.coach.built_at(layer) if layer is not None else None
            chosen = Option(op.where, "p", [share], 1) if built is None else Option(built.where, "p", [share], 0)
            self.dropout = share, chosen

    def turned(self, turn: Turn) -> None:
        if turn.passes:
            self.turns += 1
            self.weights = max(self.weights, sum(self.layers.values()) if len(self.layers) > 1 else 0)
        self.layers.clear()

    def ended(self) -> None:
        curve = max(self.curves.curves.values(), key=lambda each: each.count, default=None)
        same = bool(self.seen) and not self.varies
        if curve is None or len(self.rates) != 1 or not same or self.turns < LOOKS or curve.count < LONG or curve.bad:
            return
        third = max(len(curve.values) // 3, 2)
        before, last = median(curve.values[-2 * third : -third]), median(curve.values[-third:])
        still = sum(self.frozen.values())
        enough = max(self.weights, still) >= self.wanted > 0
        if not enough or not last > UNLEARNT * self.guess:
            return
        known = cause(self.coach.report.findings)
        told = known is not None and known.severity != "hint"
        if self.dropout is not None and curve.count >= WHILE and last > HALF * self.guess and not told:
            self._too_few(curve, last, *self.dropout)
            return
        if before - last > FLAT * abs(before):
            return
        rate = self.rates[0]
        option = self.option(rate)
        at = (known.file, known.line) if known is not None and known.line else option.line
        if known is None and still > self.weights:
            at = frozen_at(code.place(curve.where)) or at
        self.find(
            f"The same batch in {curve.count} steps is not learnt: the loss rests at {last:.3g}.", at,
            {"loss": f"{curve.first:.3g} at first, {last:.3g} in the end", "the best constant answer costs":
             f"{self.guess:.3g}", "weights": f"{self.weights} learnt, {still} frozen", "numbers to learn": self.wanted,
             "most probably": known.message if known is not None else "frozen weights, the learning rate, or the data"},
            known.fixes if known is not None else option.changed([rate.most * 10, rate.most / 10]),
            severity="warning" if known is not None and known.rule == "redundant-activation" else "",
        )  # fmt: skip

    def _too_few(self, curve: Curve, last: float, share: float, chosen: Option) -> None:
        """Dropout leaves too little of the network."""
        self.find(
            f"The same batch in {curve.count} steps is not learnt: dropout takes {share:.0%} of the units.",
            chosen.line or curve.where,
            {"loss": f"{curve.first:.3g} at first, {last:.3g} in the end", "the best constant answer costs":
             f"{self.guess:.3g}"}, chosen.changed([0.5, 0.2], "leaves enough of them"),
        )  # fmt: skip


def spots(array: Any) -> bytes:
    """Numbers that tell a batch from another one, whatever the order of its rows."""
    array = numbers_of(array)
    if not array.ndim or not 1 < len(array) <= ROWS:
        return bytes(np.ascontiguousarray(sample(array, SPOTS)))
    rows = array.reshape(len(array), -1)
    return np.sort(rows[:, :: max(1, rows.shape[1] // SPOTS)].sum(1)).tobytes()


def cause(findings: list[Finding]) -> Finding | None:
    """What most probably keeps a network from learning, of what was found."""
    known = [f for f in findings if f.rule in CAUSES]
    return min(known, key=lambda f: (f.severity == "hint", CAUSES.index(f.rule)), default=None)


def frozen_at(at: code.Place | None) -> tuple[str, int] | None:
    """The line of a file that freezes parameters."""
    if at is None:
        return None
    for node in at.source.nodes():
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).endswith(".requires_grad"):
            if ast.unparse(node.value) == "False":
                return at.file, node.lineno
        if isinstance(node, ast.Call) and called_name(node) == "requires_grad_" and "False" in ast.unparse(node):
            return at.file, node.lineno
    return None


RULES = (CannotOverfitBatch,)
