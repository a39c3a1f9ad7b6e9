"""Gradients that are not cleared: each step then follows the sum of all gradients so far."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from gradbook.coach import code
from gradbook.coach.record import Clear, Pass, Step
from gradbook.coach.rule import Rule
from gradbook.observe.source import Where

__all__ = ["RULES", "MissingZeroGrad"]

SAMPLE = 4  # parameters of an optimizer that are looked at
CLEAN = 8  # steps in a row without a fault after which only some are looked at
SELDOM = 16


class Kept:
    """What is known of one optimizer's gradients between two of its steps."""

    __slots__ = ("carried", "clean", "count", "fresh", "last", "params", "steps")

    def __init__(self, optimizer: Any) -> None:
        tensors = [p for group in optimizer.param_groups for p in group["params"]]
        chosen = tensors[:1] + tensors[-1:] + tensors[1 : SAMPLE - 1] if len(tensors) > 1 else tensors
        self.params = [weakref.ref(p) for p in chosen]
        self.carried = False  # gradients of before the last step are still there, and more is being added
        self.fresh = False  # they were cleared since the last step
        self.count = self.clean = self.steps = 0
        self.last: Where | None = None

    def dirty(self) -> bool:
        """Whether a gradient that a step has used is still there."""
        for ref in self.params:
            param = ref()
            grad = param._grad if param is not None else None
            if grad is not None and bool(np.asarray(grad._array.reshape(-1)[:64] != 0).any()):
                return True
        return False

    def belongs_to(self, owner: Any) -> bool:
        """Whether clearing this module's or optimizer's gradients clears these."""
        ours = {id(ref()) for ref in self.params}
        if hasattr(owner, "param_groups"):
            return any(id(p) in ours for group in owner.param_groups for p in group["params"])
        return any(id(p) in ours for p in owner.parameters())


class MissingZeroGrad(Rule):
    """Gradients of one step are still there in the next: two steps in a row used what nobody had cleared.

    Accumulation over several backward passes before one step is no fault, nor are gradients that another loss leaves
    in a network that is cleared before its own (a GAN's discriminator).
    """

    id = "missing-zero-grad"
    severity = "error"
    idea = "backward() adds to .grad; without zero_grad() each step follows the sum of all gradients so far"
    threshold = "two steps that used uncleared gradients: one may be meant as a warm start, two are a habit"

    def begins(self) -> None:
        self.kept: dict[int, Kept] = {}

    def inherit(self, before: MissingZeroGrad) -> None:
        self.kept = before.kept
        for kept in self.kept.values():
            kept.count = kept.clean = 0

    def passed(self, pass_: Pass) -> None:
        for kept in self.kept.values():
            if kept.steps and not kept.fresh and (kept.clean < CLEAN or kept.clean % SELDOM == 0):
                kept.carried, kept.last = kept.dirty(), pass_.where
                kept.fresh = not kept.carried

    def cleared(self, clear: Clear, owner: Any) -> None:
        for kept in self.kept.values():
            if not kept.fresh and kept.belongs_to(owner):
                kept.carried, kept.fresh = False, True

    def stepped(self, step: Step, optimizer: Any) -> None:
        kept = self.kept.get(id(optimizer))
        if kept is None or step.count == 1:
            kept = self.kept[id(optimizer)] = Kept(optimizer)
        kept.steps += 1
        kept.fresh = False
        if not kept.carried:
            kept.clean += 1
            return
        kept.carried, kept.clean = False, 0
        kept.count += 1
        if kept.count == 2:
            self._speak(kept, optimizer)

    def ended(self) -> None:
        for key, kept in self.kept.items():
            step = self.coach.optimizers.get(key)
            optimizer = step.optimizer() if step is not None else None
            if kept.count == 1 and kept.steps == 2 and optimizer is not None:  # a short run that never cleared
                self._speak(kept, optimizer)

    def _speak(self, kept: Kept, optimizer: Any) -> None:
        at = code.place(kept.last)
        name = self.coach.names[id(optimizer)]
        self.find(
            f"Gradients are never cleared: {name}.step() uses the sum of the gradients of all steps so far.",
            kept.last,
            {"steps that used old gradients": f"{kept.count} of {kept.steps}"},
            [code.insertion(at, f"{name}.zero_grad()", "before backward(), in each step")],
        )


RULES = (MissingZeroGrad,)
