"""The gradients that a plan leaves in `.grad`, in memory that is used again unless somebody else holds it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.autograd import versions
from gradbook.compiler.memory import Window
from gradbook.compiler.watch import Watch
from gradbook.compiler.wording import Wording
from gradbook.kernels.program import aligned
from gradbook.tensor import Tensor

if TYPE_CHECKING:
    from gradbook.compiler.plan import Plan

__all__ = ["Gradients"]


class Gradients:
    """Before a run `prepare`, after it `hand_out`: both only if something is not as the last run left it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        recorder = plan.recorder
        starts = {window.block.start: i for i, window in enumerate(recorder.inputs)}
        self.cleared: list[Any] = []  # leaves, or numbers of inputs
        self.kept: list[tuple[Any, Window]] = []
        for tensor, window in recorder.leaf_grads.values():
            leaf = starts.get(tensor._array.__array_interface__["data"][0], tensor)
            if window is None:
                self.cleared.append(leaf)
            else:
                self.kept.append((leaf, window))
        # each gradient, and what a view of it would hold: the owner of its memory
        self.things: list[Any] = [None] * (2 * len(self.kept))
        self.watch: Watch | None = None
        self.alone: list[int] = [0] * len(self.things)  # references to them while only we and the leaf hold them

    def wording(self, wording: Wording) -> tuple[list[str], list[str]]:
        """Statements before the plan's steps, and after them."""
        before, after = [], [f"{place(leaf, wording)}._grad = None" for leaf in self.cleared]
        if self.kept:
            things = wording.name(self.things)
            tests = [f"[*map(refs, {things})] == {wording.name(self.alone)}"]
            tests += [f"{place(leaf, wording)}._grad is {things}[{2 * i}]" for i, (leaf, _) in enumerate(self.kept)]
            if not any(type(leaf) is int for leaf, _ in self.kept):
                self.watch, wording.watch.gradients = wording.watch, len(self.kept)
                tests = [f"fast or {' and '.join(tests)}"]
            before = [f"same = {' and '.join(tests)}", "if not same:", "    grads.prepare(inputs)"]
            after += ["if not same:", "    grads.hand_out(inputs)"]
        return before, after

    def prepare(self, inputs: list[Tensor]) -> None:
        """New memory for gradients of the last run that somebody still holds."""
        counts = [*map(sys.getrefcount, self.things)]
        for i, (leaf, window) in enumerate(self.kept):
            if self.things[2 * i] is None:
                continue
            grad = (inputs[leaf] if type(leaf) is int else leaf)._grad
            lost = grad is not self.things[2 * i]
            del grad
            if counts[2 * i] + lost > self.alone[2 * i] or counts[2 * i + 1] > self.alone[2 * i + 1]:
                self.plan.rebind(window.block, aligned((max(1, window.block.size),), np.uint8))
                if self.watch is not None:
                    self.watch.forget_gradient(i)
                self.things[2 * i] = self.things[2 * i + 1] = None

    def hand_out(self, inputs: list[Tensor]) -> None:
        """`.grad` of the leaves."""
        fresh = [i for i, thing in enumerate(self.things) if thing is None]
        for i, (leaf, window) in enumerate(self.kept):
            if self.things[2 * i] is None:
                made = Tensor._of(self.plan.arrays[self.plan.register(window)].view())
                self.things[2 * i : 2 * i + 2] = made, versions.owner(made._array)
                del made
            (inputs[leaf] if type(leaf) is int else leaf)._grad = self.things[2 * i]
        counts = [*map(sys.getrefcount, self.things)]
        for i in fresh:
            self.alone[i] = counts[i]
        if self.watch is not None:
            for i in {i // 2 for i in fresh}:
                self.watch.set_gradient(i, self.kept[i][0], id(self.things[2 * i]), id(self.things[2 * i + 1]))


def place(leaf: Any, wording: Wording) -> str:
    """A leaf, or an input that is one, as an expression."""
    return f"inputs[{leaf}]" if type(leaf) is int else wording.name(leaf)
