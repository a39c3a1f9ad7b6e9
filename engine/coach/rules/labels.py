"""What the targets of a classification are: how often each class comes, and what a loss that knows nothing would be."""

from __future__ import annotations

import ast
import math
from typing import Any

import numpy as np

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.record import Op
from gradbook.coach.rule import Rule
from gradbook.coach.rules.activations_before_losses import loss_place
from gradbook.observe.source import Where

__all__ = ["RULES", "ClassImbalance", "SuspiciousInitialLoss"]

CLASSES = frozenset(("cross_entropy", "nll_loss", "binary_cross_entropy_with_logits", "binary_cross_entropy"))
ENOUGH = 60  # labels that were seen
RARE = 8.0  # times as often as the rarest class comes the most frequent one
MOST = 0.8  # of the labels are of one class
MANY = 50  # classes from which on rare ones are usual
HIGH = 3.0  # times what guessing would cost


class ClassImbalance(Rule):
    """Nearly all samples are of one class, and the loss counts each of them alike."""

    id = "class-imbalance"
    severity = "hint"
    idea = "where one class is rare, a network that never names it is nearly always right: weigh the classes"
    threshold = f"{MOST:.0%} of {ENOUGH} labels or more of one class, {RARE:g} times as many as of another, no weights"
    ops = CLASSES

    def begins(self) -> None:
        self.counts: dict[float, int] = {}
        self.balanced = False
        self.where: Where | None = None
        self.op = ""
        self.classes = 2

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
        elif not ((labels == 0) | (labels == 1)).all() or (labels.shape[-1:] != (1,) and labels.ndim > 1):
            return
        kinds, counts = np.unique(labels.reshape(-1)[:4096], return_counts=True)
        for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True):
            self.counts[kind] = self.counts.get(kind, 0) + count
        self.where, self.op = loss_place(self.coach, op), op.name

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
        self.find(
            f"{most / total:.0%} of the labels are class {kind:g}: always naming it is right nearly every time.",
            self.where, {"labels that were seen": total, "share of each class": share},
            weighed(code.place(self.where), self.op, counts, self.classes),
        )  # fmt: skip


class SuspiciousInitialLoss(Rule):
    """A classifier's first loss is far above that of guessing: it begins sure of what is wrong."""

    id = "suspicious-initial-loss"
    severity = "hint"
    idea = "a network that knows nothing yet should cost ln(number of classes); more means it begins sure and wrong"
    threshold = f"{HIGH:g} times ln(classes), and 2 more, before the first step: scores of an ordinary start are near 0"
    ops = frozenset({"cross_entropy"})

    def begins(self) -> None:
        self.said = False

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        scores = op.operand(0)
        if self.said or self.coach.steps or scores is None or not op.recorded or not op.output.requires_grad:
            return
        if op.output.shape != () or len(scores.shape) < 2 or op.params.get("reduction", "mean") != "mean":
            return
        self.said = True
        guess = math.log(max(scores.shape[1], 2))
        value = float(output._array)
        if not math.isfinite(value) or value < HIGH * guess + 2:
            return
        size = float(np.abs(operands[0]._array).mean())
        self.find(
            f"The first loss is {value:.3g}; guessing among {scores.shape[1]} classes costs {guess:.2f}.", op.where,
            {"first loss": value, "ln(classes)": f"{guess:.3f}", "mean size of scores": f"{size:.3g}, usual: near 0"},
            [Fix("nn.init.zeros_(model[-1].weight)", (), "of the last layer, or a smaller scale of its initialisation"),
             Fix("x = (x - x.mean(dim=0)) / (x.std(dim=0) + 1e-8)", (), "if the inputs are large")],
        )  # fmt: skip


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
    inner = at.source.segment(call)[:-1].rstrip().rstrip(",")
    comma = "" if inner.endswith("(") else ", "
    return [code.replacement(at, call, f"{inner}{comma}{option})", "a rare class counts for more"), sampler]


RULES = (ClassImbalance, SuspiciousInitialLoss)
