"""The gradients that a plan leaves in `.grad`, in memory that is used again unless somebody else holds it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.autograd import versions
from gradbook.compiler.memory import Window
from gradbook.compiler.watch import Watch
from gradbook.compiler.wording import Wording
from gradbook.kernels.program import Unsupported, aligned
from gradbook.tensor import Tensor

if TYPE_CHECKING:
    from gradbook.compiler.plan import Plan

__all__ = ["Gradients"]


class Gradients:
    """Before a run `prepare`, after it `hand_out`: both only if something is not as the last run left it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        recorder = plan.recorder
        starts = self.starts = {window.block.start: i for i, window in enumerate(recorder.inputs)}
        self.order: list[Tensor] = []  # leaves of `kept`
        self.cleared: list[Any] = []  # leaves, or numbers of inputs
        self.kept: list[tuple[Any, Window]] = []
        for tensor, window in recorder.leaf_grads.values():
            leaf = starts.get(tensor._array.__array_interface__["data"][0], tensor)
            if window is None:
                self.cleared.append(leaf)
            else:
                self.kept.append((leaf, window))
                self.order.append(tensor)
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

    def state_at(self, leaf_grads: dict[int, Any]) -> list[tuple[Any, int | None]]:
        """What leaves hold midway: [(leaf or number of an input, which of our gradients)], None for no gradient."""
        numbers = {id(tensor): i for i, tensor in enumerate(self.order)}
        found: list[tuple[Any, int | None]] = []
        for tensor, window in leaf_grads.values():
            leaf = self.starts.get(tensor._array.__array_interface__["data"][0], tensor)
            which = numbers.get(id(tensor))
            if window is None:
                found.append((leaf, None))
            elif which is not None and self.kept[which][1] == window:
                found.append((leaf, which))
            else:
                raise Unsupported("a gradient that is there only for a while, and could be seen by Python")
        return found

    def expose(self, state: list[tuple[Any, int | None]], inputs: list[Tensor]) -> list[Tensor]:
        """`.grad` of the leaves as it is midway. -> those that have one"""
        missing = [i for _, i in state if i is not None and self.things[2 * i] is None]
        if missing:
            self.hand_out(inputs, missing)
        having = []
        for leaf, i in state:
            tensor = inputs[leaf] if type(leaf) is int else leaf
            tensor._grad = None if i is None else self.things[2 * i]
            if i is not None:
                having.append(tensor)
        return having

    def conceal(self, state: list[tuple[Any, int | None]], inputs: list[Tensor]) -> None:
        """The leaves hold again what they did before the run, where they had no gradient midway."""
        which = {leaf if type(leaf) is int else id(leaf): i for i, (leaf, _) in enumerate(self.kept)}
        for leaf, i in state:
            final = which.get(leaf if type(leaf) is int else id(leaf))
            if i is None and final is not None:
                (inputs[leaf] if type(leaf) is int else leaf)._grad = self.things[2 * final]

    def hand_out(self, inputs: list[Tensor], only: list[int] | None = None) -> None:
        """`.grad` of the leaves, or of some of them."""
        fresh = [i for i, thing in enumerate(self.things) if thing is None and (only is None or i // 2 in only)]
        for i, (leaf, window) in enumerate(self.kept):
            if only is not None and i not in only:
                continue
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
