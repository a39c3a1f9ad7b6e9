"""Gradients that are not cleared: each step then follows the sum of all gradients so far."""

from __future__ import annotations

import ast
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.autograd import versions
from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.record import Clear, Pass, Step, Turn, Value, Write, params_of
from gradbook.coach.rule import Rule
from gradbook.coach.rules.reach import Reach
from gradbook.coach.rules.tracing import trace
from gradbook.coach.samples import numbers_of, sample
from gradbook.observe import naming
from gradbook.observe.failure.text import source_of
from gradbook.observe.source import Where, user_frame

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach

__all__ = ["RULES", "MissingZeroGrad"]

SAMPLE = 4  # parameters of an optimizer that are looked at
CLEAN = 8  # steps in a row without a fault after which only some are looked at
SELDOM = 16
HAND = 2  # steps by hand with a gradient that was used before
MOST = 64  # leaves that are looked at
SAMPLED = 64  # elements of each
CHAIN = 256  # values between a gradient and the step that it leads to


class Kept:
    """What is known of one optimizer's gradients between two of its steps."""

    __slots__ = ("carried", "clean", "count", "fresh", "last", "params", "said", "steps")

    def __init__(self, optimizer: Any) -> None:
        tensors = params_of(optimizer)
        chosen = tensors[:1] + tensors[-1:] + tensors[1 : SAMPLE - 1] if len(tensors) > 1 else tensors
        self.params = [weakref.ref(p) for p in chosen]
        self.carried = False  # gradients of before the last step are still there, and more is being added
        self.fresh = False  # they were cleared since the last step
        self.count = self.clean = self.steps = 0
        self.said = False
        self.last: Where | None = None

    def dirty(self) -> bool:
        """Whether a gradient that a step has used is still there."""
        for ref in self.params:
            param = ref()
            grad = param._grad if param is not None else None
            if grad is not None and bool(numbers_of(grad._array.reshape(-1)[:64] != 0).any()):
                return True
        return False

    def belongs_to(self, owner: Any) -> bool:
        """Whether clearing this module's or optimizer's gradients clears these."""
        ours = {id(ref()) for ref in self.params}
        return any(id(p) in ours for p in params_of(owner))


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
        self.sites: dict[tuple[int, int], tuple[Clear, bool]] = {}  # last calls by their place; True: nothing was left
        self.last: dict[int, int] = {}  # backward passes before the last clearing of each owner

    def inherit(self, before: MissingZeroGrad) -> None:
        self.kept = before.kept
        for kept in self.kept.values():
            kept.count = kept.clean = 0
            kept.said = False

    def passed(self, pass_: Pass) -> None:
        for kept in self.kept.values() if pass_.whole else ():
            if kept.steps and not kept.fresh and (kept.clean < CLEAN or kept.clean % SELDOM == 0):
                kept.carried, kept.last = kept.dirty(), pass_.where
                kept.fresh = not kept.carried

    def cleared(self, clear: Clear, owner: Any) -> None:
        for kept in self.kept.values():
            if not kept.fresh and kept.belongs_to(owner):
                kept.carried, kept.fresh = False, True
        if clear.where is not None:
            again = self.last.get(id(owner)) == self.coach.passes
            self.last[id(owner)] = self.coach.passes
            self.sites[id(clear.where[0]), clear.where[1]] = clear, again

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
        if kept.count >= 2 and not kept.said and not self._another_waits():
            kept.said = True
            self._speak(kept, optimizer)

    def _another_waits(self) -> bool:
        """Whether an optimizer is cleared and never steps: this one may step in its place."""
        owners = [owner for clear, _ in self.sites.values() if (owner := clear.owner()) is not None]
        return any(hasattr(each, "param_groups") and id(each) not in self.coach.optimizers for each in owners)

    def ended(self) -> None:
        for key, kept in self.kept.items():
            step = self.coach.optimizers.get(key)
            optimizer = step.optimizer() if step is not None else None
            if kept.count == 1 and kept.steps == 2 and optimizer is not None:  # a short run that never cleared
                self._speak(kept, optimizer)

    def _speak(self, kept: Kept, optimizer: Any) -> None:
        at = code.place(kept.last)
        name = self.coach.names[id(optimizer)]
        where, fixes = self._astray(kept, name, at)
        fixes.append(code.insertion(at, f"{name}.zero_grad()", "before backward(), in each step"))
        self.find(
            f"Gradients are never cleared: {name}.step() uses the sum of the gradients of all steps so far.",
            where or kept.last, {"steps that used old gradients": f"{kept.count} of {kept.steps}"}, fixes,
        )  # fmt: skip

    def _astray(self, kept: Kept, name: str, at: code.Place | None) -> tuple[Where | tuple[str, int] | None, list[Fix]]:
        """A line that was to clear them: `optimizer.zero_grad` without brackets, or one of what has no gradient."""
        for node in at.source.nodes() if at is not None else ():
            if at is not None and isinstance(node, ast.Expr) and isinstance(node.value, ast.Attribute):
                if node.value.attr == "zero_grad":
                    fix = code.appended(at, node.value, "()", "without brackets it is not called")
                    return (at.file, node.lineno), [fix]
        for clear, again in self.sites.values():
            wrong, owner = code.place(clear.where), clear.owner()
            call = wrong.expression if wrong is not None else None
            if wrong is None or owner is None or kept.belongs_to(owner):
                continue
            idle = again or all(p._grad is None for p in params_of(owner))
            if idle and isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                right = name if hasattr(owner, "param_groups") else self._model(kept) or name
                why = "these are the gradients that the step uses"
                return clear.where, [code.replacement(wrong, call.func.value, right, why)]
        return None, []

    def _model(self, kept: Kept) -> str:
        """What the user calls the model that has these parameters."""
        ours = {id(ref()) for ref in kept.params}
        for root, name in self.coach.shared(Reach).roots.values():
            module = root()
            if module is not None and ours <= {id(p) for p in module.parameters()}:
                return name
        return ""


class Leaf:
    """What is known of a leaf that is moved by hand."""

    __slots__ = ("ref", "sample", "times")

    def __init__(self, tensor: Any) -> None:
        self.ref, self.sample, self.times = weakref.ref(tensor), sample(tensor._array, SAMPLED).copy(), 0

    def compare(self, writes: list[Write]) -> None:
        """Before a pass: was it moved since the one before, by its gradient, and is that still what that pass left?"""
        tensor = self.ref()
        grad = tensor._grad if tensor is not None else None
        now = sample(tensor._array, SAMPLED).copy() if tensor is not None else self.sample
        moved = not np.array_equal(now, self.sample, equal_nan=True)
        self.sample = now
        if not moved:
            return
        left = grad is not None and bool(numbers_of(grad._array).any()) and not written(writes, grad)
        steps = written(writes, tensor) if left else []
        kept = left and (not steps or any(write.value is not None and leads(write.value, grad) for write in steps))
        self.times = self.times + 1 if kept else 0


def written(writes: list[Write], tensor: Any) -> list[Write]:
    """The changes in place of a tensor's memory."""
    memory = versions.owner(tensor._array)
    return [write for write in writes if write.memory() is memory]


def leads(value: Value, grad: Any) -> bool:
    """Whether a value was computed from a gradient."""
    queue, seen = deque([value]), set[int]()
    while queue and len(seen) < CHAIN:
        here = queue.popleft()
        if here.tensor is grad or any(cut.source.tensor is grad for cut in here.cuts):
            return True
        if id(here) not in seen and here.maker is not None:
            queue.extend(here.maker.inputs)
        seen.add(id(here))
    return False


class ClearedByHand(Rule):
    """The same where no optimizer steps: `w -= lr * w.grad`, and nothing ever clears w.grad."""

    id = "missing-zero-grad"
    severity = "error"
    idea = MissingZeroGrad.idea
    threshold = f"{HAND} times a leaf was moved, and the gradient that moved it was still there at the next backward()"

    def begins(self) -> None:
        self.leaves: dict[int, Leaf] = {}
        self.writes: list[Write] = []  # since the last pass
        self.done = False

    def turned(self, turn: Turn) -> None:
        by_hand = not self.done and not self.coach.optimizers
        self.writes = [*self.writes, *turn.writes][-MOST * MOST :] if by_hand else []

    def passed(self, pass_: Pass) -> None:
        if self.done or self.coach.optimizers or not self.coach.close or pass_.loss is None:
            return
        writes, self.writes = [*self.writes, *self.coach.turn.writes], []
        found = [value.tensor for value, cut, op in trace(pass_.loss) if op is None and cut is None]
        for tensor in [x for x in found if x is not None and x._node is not None][:MOST]:
            known = self.leaves.get(id(tensor))
            if known is None or known.ref() is not tensor:
                self.leaves[id(tensor)] = Leaf(tensor)
            else:
                known.compare(writes)
        kept = [leaf for leaf in self.leaves.values() if leaf.times >= HAND]
        if kept and self._reads(pass_):
            self.done = True
            self._say(pass_, [tensor for leaf in kept if (tensor := leaf.ref()) is not None])

    def _reads(self, pass_: Pass) -> bool:
        """Whether the code that goes backward, or that changes memory, reads `.grad` of something."""
        codes = {write.where[0].co_filename for write in self.coach.turn.writes if write.where is not None}
        files = codes | ({pass_.where[0].co_filename} if pass_.where is not None else set())
        for node in (node for file in files for node in source_of(file).nodes()):
            if isinstance(node, ast.Attribute) and node.attr == "grad":
                owner = node.value
                if getattr(owner, "attr", getattr(owner, "id", "")) != "autograd":
                    return True
        return False

    def _say(self, pass_: Pass, tensors: list[Any]) -> None:
        at = code.place(pass_.where)
        lines = clearing(self.coach, tensors)
        fixes = [code.insertion(at, line, "before backward(), in each step") for line in lines]
        if fixes:
            fixes[0].edits = tuple(edit for fix in fixes for edit in fix.edits)
        self.find(
            "Gradients are never cleared: each step uses the sum of the gradients of all steps so far.", pass_.where,
            {"moved by their gradients": f"{len(tensors)} tensors, {HAND} times", "cleared": "never"},
            [*fixes[:1], *in_place(lines)],
        )  # fmt: skip


def clearing(coach: Coach, tensors: list[Any]) -> list[str]:
    """The lines that clear the gradients of some leaves: of their model, of the list that has them, one by one."""
    wanted = {id(x) for x in tensors}
    for root, name in coach.shared(Reach).roots.values():
        module = root()
        if module is not None and wanted <= {id(p) for p in module.parameters()}:
            return [f"{name}.zero_grad()"]
    frame = user_frame()
    seen = naming.visible(frame)
    for name, value in seen.items():
        if isinstance(value, list | tuple) and wanted <= {id(x) for x in value}:
            return [f"for p in {name}: p.grad = None"]
        if isinstance(value, dict) and wanted <= {id(x) for x in value.values()}:
            return [f"for p in {name}.values(): p.grad = None"]
    names = {id(value): name for name, value in reversed(seen.items())}
    own = naming.variables(frame)["self"] if frame is not None and "self" in naming.variables(frame) else None
    names.update({id(value): f"self.{name}" for name, value in getattr(own, "__dict__", {}).items()})
    ordered = sorted((key for key in wanted if key in names), key=list(names).index, reverse=True)
    return [f"{names[key]}.grad = None" for key in ordered]


def in_place(lines: list[str]) -> list[Fix]:
    """The other way people write it: `w.grad.zero_()`."""
    other = "; ".join(line.replace(".grad = None", ".grad.zero_()") for line in lines)
    return [Fix(other, (), "or after the step, in place")] if ".zero_()" in other else []


RULES = (MissingZeroGrad, ClearedByHand)
