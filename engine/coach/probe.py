"""A probe on request: can a model learn one batch by heart? It trains copies, and leaves everything as it was."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradbook.coach.apart import apart
from gradbook.coach.coach import Coach
from gradbook.coach.code import here
from gradbook.coach.finding import Finding, Fix, Report
from gradbook.coach.model_trial import restored
from gradbook.coach.rules import RULES
from gradbook.coach.rules.one_batch import CannotOverfitBatch, cause
from gradbook.coach.samples import numbers_of
from gradbook.coach.targets import guessing
from gradbook.observe.source import locate

__all__ = ["probe"]

NAMES = {
    "CrossEntropyLoss": "cross_entropy", "cross_entropy": "cross_entropy", "MSELoss": "mse_loss",
    "mse_loss": "mse_loss", "BCEWithLogitsLoss": "binary_cross_entropy", "BCELoss": "binary_cross_entropy",
    "binary_cross_entropy_with_logits": "binary_cross_entropy", "binary_cross_entropy": "binary_cross_entropy",
    "L1Loss": "l1_loss", "l1_loss": "l1_loss",
}  # fmt: skip
RATES = (1e-2, 1e-3)  # of Adam, one after the other until the batch is learnt
LEARNT = 0.2  # of what the best constant answer costs, or of the first loss
OWN = ("learning-rate-too-high", "learning-rate-too-low", "update-ratio-low", "update-ratio-high", "loss-plateau",
       "cannot-overfit-batch")  # fmt: skip


def probe(model: Any, loss_fn: Callable[..., Any], batch: tuple[Any, Any], *, steps: int = 200,
          seconds: float = 10.0) -> Report:  # fmt: skip
    """Train copies of a model's parameters on one batch, and say whether the model can learn it by heart.

    batch: (inputs, targets); inputs that are a tuple are the arguments of the model. loss_fn(model(inputs), targets) is
    one number. -> a report: empty if the batch is learnt, else what most probably stands in the way, of which line.
    Parameters, gradients, buffers, modes and random numbers are afterwards what they were. At most `steps` steps for
    each of two learning rates of Adam, and `seconds` in all. Raises what the model raises.
    """
    where = here()
    inputs, targets = batch
    given = inputs if isinstance(inputs, tuple) else (inputs,)
    tries: list[Try] = []
    with apart(grad=True), restored(model), copied(model) as fresh:
        model.train()
        until = time.perf_counter() + seconds
        for rate in RATES:
            fresh()
            tries.append(_trained(model, loss_fn, given, targets, rate, steps, until))
            if tries[-1].learnt or time.perf_counter() > until:
                break
    report = Report(rules=len(RULES))
    if not any(each.learnt for each in tries):
        best = min(tries, key=lambda each: (not np.isfinite(each.losses[-1]), each.losses[-1]))
        at = locate(where)
        line = (at.file, at.line) if at is not None else ("", 0)
        best.findings = [
            apart_from(f, line) for f in best.findings if f.rule != "dead-relu" or (f.file, f.line) != line
        ]
        report.add(best.finding(line))
        for finding in best.findings:
            if finding.severity != "hint":
                report.add(finding)
    return report


@dataclass
class Try:
    """One training on the batch."""

    losses: list[float]
    findings: list[Finding]
    learnt: bool
    frozen: int  # parameters

    def finding(self, at: tuple[str, int]) -> Finding:
        """What it says; at: the line that asks."""
        known = cause(self.findings)
        file, line = (known.file, known.line) if known is not None and known.line else at
        count = len(self.losses)
        spread = sorted({round(i * (count - 1) / 4) for i in range(5)})
        evidence = {
            "loss": ", ".join(f"{self.losses[i]:.4g}" for i in spread), "steps": count,
            "parameters that are frozen": self.frozen,
            "most probably": known.message if known is not None else "the targets do not follow from the inputs",
        }  # fmt: skip
        return Finding(
            CannotOverfitBatch.id, "warning",
            f"The model cannot learn one batch by heart: its loss goes from {self.losses[0]:.3g} to "
            f"{self.losses[-1]:.3g}.",
            file, line, evidence, (), known.fixes if known is not None else (),
        )  # fmt: skip


def _trained(model: Any, loss_fn: Callable[..., Any], given: tuple[Any, ...], targets: Any, rate: float, steps: int,
             until: float) -> Try:  # fmt: skip
    """Some steps on the batch under a coach."""
    from gradbook.optim import Adam

    params = [p for p in model.parameters() if p.requires_grad]
    losses: list[float] = []
    coach = Coach(muted=OWN).start()
    try:
        optimizer = Adam(params, lr=rate) if params else None
        for _ in range(steps):
            loss = loss_fn(model(*given), targets)
            losses.append(float(loss.item()))
            if optimizer is None or not np.isfinite(losses[-1]) or time.perf_counter() > until:
                break
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    finally:
        coach.finish()
    frozen = sum(not p.requires_grad for p in model.parameters())
    return Try(losses, coach.report.findings, _learnt(losses, loss_fn, targets), frozen)


def _learnt(losses: list[float], loss_fn: Any, targets: Any) -> bool:
    """Whether the last loss is small, against the first one and against the best constant answer."""
    array = numbers_of(getattr(targets, "_array", 0.0))
    name = NAMES.get(getattr(loss_fn, "__name__", type(loss_fn).__name__), "")
    guess = guessing(name, array) if name else losses[0]
    return bool(losses[-1] <= LEARNT * (min(guess, losses[0]) if guess == guess else losses[0]) + 1e-6)


def apart_from(finding: Finding, line: tuple[str, int]) -> Finding:
    """A finding without changes of the line that asks: there our loop is, and not what it found."""
    own = (finding.file, finding.line) == line
    return replace(finding, fixes=tuple(Fix(f, (), f.why) for f in finding.fixes if not f.edits)) if own else finding


@contextlib.contextmanager
def copied(model: Any) -> Iterator[Callable[[], None]]:
    """Inside, the parameters and buffers hold copies of their numbers and no gradients.

    -> what begins anew, with fresh copies.
    """
    tensors = {id(t): t for t in (*model.parameters(), *model.buffers())}.values()
    held = [(tensor, tensor._array, tensor._grad) for tensor in tensors]

    def fresh() -> None:
        for tensor, array, _ in held:
            tensor._array, tensor._grad = array.copy(), None

    try:
        yield fresh
    finally:
        for tensor, array, grad in held:
            tensor._array, tensor._grad = array, grad
