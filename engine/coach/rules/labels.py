"""What the targets of a classification are: how often each class comes, and what a loss that knows nothing would be."""

from __future__ import annotations

import ast
import math
from typing import Any

import numpy as np

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.record import Op, Value
from gradbook.coach.rule import Rule
from gradbook.coach.rules.activations_before_losses import loss_place
from gradbook.coach.rules.signal import Weight
from gradbook.coach.rules.signal_rule import SignalRule, initialised
from gradbook.coach.rules.wiring import LINEAR, weight_of
from gradbook.coach.scaling import factor_of, setting, unscaled
from gradbook.observe.source import Where, locate

__all__ = ["RULES", "ClassImbalance", "SuspiciousInitialLoss"]

CLASSES = frozenset(("cross_entropy", "nll_loss", "binary_cross_entropy_with_logits", "binary_cross_entropy"))
ENOUGH = 60  # labels that were seen
RARE = 4.0  # times as often as the rarest class comes the most frequent one
MOST = 0.8  # of the labels are of one class
WARM = 20  # steps after which the rarer classes are to be found,
FOUND = 4  # of so many samples at least one
MANY = 50  # classes from which on rare ones are usual
HIGH = 3.0  # times what guessing would cost
SURE = 2.0  # the same, where the line is seen that makes it so
STEEP = 4.0  # a factor of the scores
LOUD = 2.5  # times as large as keeps the signal: weights; numbers of a bias, of an embedding
SCALING = frozenset(("mul", "div", "add", "view", "reshape", "transpose", "squeeze", "flatten"))


class ClassImbalance(Rule):
    """Nearly all samples are of one class, and the loss counts each of them alike."""

    id = "class-imbalance"
    severity = "hint"
    idea = "where one class is rare, a network that never names it is nearly always right: weigh the classes"
    threshold = (
        f"{MOST:.0%} of {ENOUGH} labels or more of one class, {RARE:g} times as many as of another, no weights; where "
        f"none of the rarer ones is found after {WARM} steps a warning"
    )
    ops = CLASSES

    def begins(self) -> None:
        self.counts: dict[float, int] = {}
        self.balanced = False
        self.where: Where | None = None
        self.op = ""
        self.classes = 2
        self.rare = self.known = 0  # samples of the rarer classes, and those that were found

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        if not op.recorded or not op.output.requires_grad or len(operands) < 2 or self.balanced:
            return
        labels, scores = getattr(operands[1], "_array", None), op.operand(0)
        if labels is None or scores is None or not labels.size:
            return
        self.balanced = any(getattr(x, "_array", None) is not None for x in operands[2:])  # the user's own weights
        if op.name in ("cross_entropy", "nll_loss"):
            if labels.dtype.kind not in "iu":
                return
            self.classes = scores.shape[1] if len(scores.shape) > 1 else 2
        elif not ((labels == 0) | (labels == 1)).all() or not one_class(labels):
            return
        kinds, counts = np.unique(labels.reshape(-1)[:4096], return_counts=True)
        if self.coach.steps >= WARM and len(kinds) > 1:
            self._missed(op.name, operands[0]._array, labels)
        for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True):
            self.counts[kind] = self.counts.get(kind, 0) + count
        self.where, self.op = loss_place(self.coach, op), op.name

    def _missed(self, name: str, scores: Any, labels: Any) -> None:
        """Count the samples of the rarer classes, and those of them that are taken for what they are."""
        chosen = scores.argmax(1) if name in ("cross_entropy", "nll_loss") else None
        if chosen is None:
            chosen = (scores > (0.5 if name == "binary_cross_entropy" else 0.0)).astype(labels.dtype)
        if chosen.shape != labels.shape:
            return
        most = max(self.counts, key=lambda kind: self.counts[kind], default=0)
        rare = labels != most
        self.rare += int(rare.sum())
        self.known += int((rare & (chosen != most)).sum())

    def ended(self) -> None:
        counts = {kind: n for kind, n in self.counts.items() if kind >= 0}
        total = sum(counts.values())
        if self.balanced or total < ENOUGH or len(counts) < 2 or len(counts) > MANY:
            return
        most, least = max(counts.values()), min(counts.values())
        if most < MOST * total or most < RARE * least:
            return
        kind = max(counts, key=lambda each: counts[each])
        share = ", ".join(f"{k:g}: {n / total:.0%}" for k, n in sorted(counts.items())[:8])
        never = self.rare >= FOUND and not self.known
        self.find(
            f"{most / total:.0%} of the labels are class {kind:g}: always naming it is right nearly every time.",
            self.where, {"labels that were seen": total, "share of each class": share,
                         "of the rarer ones found": f"{self.known} of {self.rare} after {WARM} steps"},
            weighed(code.place(self.where), self.op, counts, self.classes), severity="warning" if never else "hint",
        )  # fmt: skip


def one_class(labels: Any) -> bool:
    """Whether labels of 0 and 1 are of one class, one a sample or one a pixel, and not of several at once."""
    return bool(labels.ndim < 2 or labels.shape[-1] == 1 or (labels.ndim > 2 and labels.shape[1] == 1))


class SuspiciousInitialLoss(SignalRule):
    """A classifier's first loss is far above that of guessing: it begins sure of what is wrong."""

    id = "suspicious-initial-loss"
    idea = "a network that knows nothing yet should cost ln(number of classes); more means it begins sure and wrong"
    threshold = (
        f"{HIGH:g} times ln(classes), and 2 more, before the first step: scores of an ordinary start are near 0; "
        f"{SURE:g} times, and 1 more, where the line is seen that makes it so. "
        f"Without a line that makes it so, as a factor of {STEEP:g} or a last layer of own numbers, it is a hint"
    )
    ops = frozenset({"cross_entropy"})

    def begins(self) -> None:
        super().begins()
        self.seen: tuple[Op, float, float] | None = None  # the loss, its value, the size of the scores
        self.table: Where | None = None  # where the numbers of an embedding are written, if they are large
        self.done = False

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        scores = op.operand(0)
        if self.done or self.coach.steps or scores is None or not op.recorded or not op.output.requires_grad:
            return
        if op.output.shape != () or len(scores.shape) < 2 or op.params.get("reduction", "mean") != "mean":
            return
        self.done = True
        guess = math.log(max(scores.shape[1], 2))
        value = float(output._array)
        if math.isfinite(value) and value >= min(HIGH * guess + 2, SURE * guess + 1):
            self.seen = op, value, float(np.abs(operands[0]._array).mean())
            self.table = self._table(scores)

    def look(self, last: bool) -> None:
        if self.seen is None:
            return
        (op, value, size), self.seen = self.seen, None
        classes = op.inputs[0].shape[1]
        where, fixes, why = self._cause(op.inputs[0])
        if why:
            self.signal.cause.add(self.id)
        elif value < HIGH * math.log(max(classes, 2)) + 2:
            return
        self.find(
            f"The first loss is {value:.3g}; guessing among {classes} classes costs {math.log(max(classes, 2)):.2f}.",
            where or op.where,
            {"first loss": value, "ln(classes)": f"{math.log(max(classes, 2)):.3f}",
             "mean size of scores": f"{size:.3g}, usual: near 0", "why": why or "unknown"},
            fixes, severity="warning" if why else "hint",
        )  # fmt: skip

    def _cause(self, scores: Value) -> tuple[Where | tuple[str, int] | None, list[Fix], str]:
        """What makes the scores so large: a factor, the last layer's numbers, an embedding's; else unknown."""
        here = scores
        while here.maker is not None and here.maker.name in SCALING and here.maker.inputs:
            factor = factor_of(here.maker)
            if factor is not None and abs(factor) >= STEEP:
                where, named = here.maker.where, setting(here.maker.where, factor)
                fixes, why = weaker(where, factor), f"a factor of {factor:.3g}"
                if named is not None and named.chosen:
                    return named.number.line, [named.number.replaced(1.0, "as they come"), *fixes], why
                return where, fixes, why
            here = here.maker.inputs[0]
        weight = self._last(here)
        others = any(w is not weight and w.by_user and w.gain > LOUD for w in self.signal.weights.values())
        if weight is not None and weight.by_user and weight.gain > LOUD:
            why = f"weights of {weight.rms:.2g} in {weight.name}" if not others else ""  # which is another rule's
            return self.layer(weight), initialised(weight), why
        if weight is not None and weight.bias_filled is not None and weight.bias_filled != weight.filled:
            bias = weight.bias() if weight.bias is not None else None
            written = weight.built is None or locate(weight.bias_filled) != locate(weight.built.where)
            if written and bias is not None and float(np.abs(bias._array).max()) > LOUD:
                return weight.bias_filled, [zeroed(weight)], "the bias of the last layer"
        if weight is not None and weight.tied and weight.gain > LOUD:
            name = spelled(next((name for _, name in self.reach.roots.values()), "model"), weight.name)
            smaller = Fix(f"nn.init.normal_({name}, std={1 / weight.fan_in**0.5:.2g})", (), "after it was constructed")
            where = weight.built.where if weight.built is not None else None
            return where, [smaller], f"an embedding's weights of {weight.rms:.2g} are those of the last layer, too"
        if self.table is not None:
            return self.table, [], "an embedding with large numbers"
        return self._unknown(weight)

    def _last(self, value: Value) -> Weight | None:
        """The layer that gave a value, maybe with its bias."""
        for op in value.above():
            given = weight_of(op) if op.name in LINEAR else None
            known = self.signal.weights.get(id(given.tensor)) if given is not None else None
            if known is not None:
                return known
        return None

    def _table(self, scores: Value) -> Where | None:
        for op in scores.above():
            table = (
                next((v.tensor for v in op.inputs if v.kind == "parameter"), None) if op.name == "embedding" else None
            )
            filled = self.coach.tape.filled(table) if table is not None else None
            if table is not None and filled is not None and float(np.abs(table._array[:64]).mean()) > LOUD:
                return filled
        return None

    def _unknown(self, weight: Weight | None) -> tuple[Where | None, list[Fix], str]:
        where = weight.built.where if weight is not None and weight.built is not None else None
        model = next((name for _, name in self.reach.roots.values()), "model")
        name = spelled(model, weight.name) if weight is not None and weight.name else f"{model}[-1].weight"
        smaller = Fix(f"nn.init.zeros_({name})", (), "of the last layer, or a smaller scale of its initialisation")
        return where, [
            *([smaller] if self.reach.roots else []),
            Fix("x = (x - x.mean(dim=0)) / (x.std(dim=0) + 1e-8)", (), "if the inputs are large"),
        ], ""  # fmt: skip


def weaker(where: Where | None, factor: float) -> list[Fix]:
    """The line without the factor of the scores, or divided by it."""
    at = code.place(where)
    node = at.expression if at is not None else None
    fixes = unscaled(where, factor)
    if at is not None and isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        left, right = at.source.segment(node.left), at.source.segment(node.right)
        fixes.append(code.replacement(at, node, f"{left} / {right}", "if it was meant to divide"))
    return fixes


def spelled(model: str, path: str) -> str:
    """`model.layers[3].weight` of `layers.3.weight`."""
    return model + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in path.split("."))


def zeroed(weight: Weight) -> Fix:
    """The bias of a layer, 0."""
    name = weight.name.removesuffix(".weight") + ".bias" if weight.name.endswith(".weight") else "bias"
    return Fix(f"nn.init.zeros_({name})", (), "a bias begins with 0")


def weighed(at: code.Place | None, op: str, counts: dict[float, int], classes: int) -> list[Fix]:
    """The loss with a weight for each class, the inverse of how often it comes."""
    total = sum(counts.values())
    if op in ("cross_entropy", "nll_loss"):
        each = [total / (len(counts) * counts[k]) if k in counts else 1.0 for k in map(float, range(classes))]
        option = f"weight=torch.tensor([{', '.join(f'{w:.3g}' if '.' in f'{w:.3g}' else f'{w:.1f}' for w in each)}])"
    else:
        option = f"pos_weight=torch.tensor({counts.get(0.0, 1) / max(counts.get(1.0, 1), 1):.1f})"
    call = at.expression if at is not None else None
    sampler = Fix("WeightedRandomSampler(1.0 / counts[labels], len(labels))", (), "or draw the rare class more often")
    if at is None or not isinstance(call, ast.Call) or op == "binary_cross_entropy":
        return [sampler] if op == "binary_cross_entropy" else [Fix(option, (), "an option of the loss"), sampler]
    text = code.extended(at.source, call, option)
    return [code.replacement(at, call, text, "a rare class counts for more"), sampler]


RULES = (ClassImbalance, SuspiciousInitialLoss)
