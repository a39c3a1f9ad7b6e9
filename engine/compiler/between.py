"""What of a run is Python's own: statements and calls between a plan's kernels, and how a run is given up midway.

Python is given copies, as the plan's memory is used again; `.grad` is what it would be at that time. Afterwards is
looked at what it might have changed, where the plan goes on reading it. If something is not as it was, or a condition
has another outcome than the plan was made for, what the run has written is put back, and the call is made again by
Python, without what Python did already: `Unfinished` tells.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook import random
from gradbook.autograd import grad_mode
from gradbook.autograd.node import Node
from gradbook.compiler.breaks import RESULT, UNSET, Break, Ended, Late
from gradbook.compiler.guards import kind_of
from gradbook.compiler.instruction import DRAWING, Instruction
from gradbook.compiler.memory import Window
from gradbook.compiler.stance import Inside
from gradbook.tensor import Tensor

if TYPE_CHECKING:
    from gradbook.compiler.plan import Plan

__all__ = ["Between", "Unfinished", "left_step", "used_up"]

BYTE = np.dtype("u1")


class Unfinished:
    """A run that was given up. script: what Python did in it, as functions that give the outcomes.

    bring: brings what Python changed beside that; see swapping.py. reason, place: why it was given up, and where.
    """

    def __init__(
        self, script: list[Callable[[], Any]], bring: Callable[[], None], reason: str, place: tuple[str, int]
    ) -> None:
        self.script, self.bring = script, bring
        self.reason, self.place = reason, place


class Between:
    """The values of a run that Python gives and is given."""

    def __init__(self, plan: Plan, slots: int) -> None:
        instructions = plan.recorder.instructions
        self.plan = plan
        self.inputs: list[Tensor] = []
        self.slots: list[Any] = [UNSET] * slots
        self.log: list[Callable[[], Any]] = []
        self.running = False
        late = [i for i, each in enumerate(instructions) if each.kind == "left" and each.op.may_be_late]
        before = instructions[: late[-1]] if late else []
        self.draws = any(each.kind == "op" and each.op.name in DRAWING for each in before)
        self.undone = [plan.register(whole(block)) for block in written(before)]
        self.undone_state: list[Any] = []
        if any(each.kind == "update" for each in before):
            arrays = [array for update in plan.updates for _, _, parts in update.seen for _, _, array in parts]
            self.undone_state = arrays
        self.copies: list[Any] = []
        self.before: Callable[[], Callable[[], None]] = lambda: lambda: None
        self.leaves: list[Tensor] = []  # those with a gradient when Python did something last
        self.random: Any = None

    def begin(self, inputs: list[Tensor], numbers: dict[Any, Any]) -> None:
        """A run begins. numbers: arguments that are others in each call, in the order of their slots."""
        self.inputs, self.log, self.running = inputs, [], True
        self.slots[:] = [*numbers.values(), *([UNSET] * (len(self.slots) - len(numbers)))]
        arrays = self.plan.arrays
        self.copies = [arrays[number].copy() for number in self.undone]
        self.copies += [array.copy() for array in self.undone_state]
        if self.draws:
            self.random = random.default_generator.get_state()

    def unfinished(self, late: Late) -> Unfinished:
        """Put back what the run has written; the last thing that Python did brings it again."""
        arrays = self.plan.arrays
        places = [*(arrays[number] for number in self.undone), *self.undone_state]
        values = [place.copy() for place in places]
        held = [(leaf, leaf._grad) for leaf in self.leaves if leaf._grad is not None]
        grads = [grad._array.copy() for _, grad in held]
        for place, old in zip(places, self.copies, strict=True):
            place[...] = old
        if self.draws:
            random.default_generator.set_state(self.random)
        bring = self.before() if self.log else lambda: None
        if self.log:
            last = self.log[-1]

            def again() -> Any:
                bring()
                for place, new in zip(places, values, strict=True):
                    place[...] = new
                for (leaf, _), grad in zip(held, grads, strict=True):
                    leaf._grad._array[...] = grad  # type: ignore[union-attr]  # another one than it was
                return last()

            self.log[-1] = again
        return Unfinished(self.log, bring, late.reason, late.place)

    def note(self, found: Any) -> None:
        """What Python did, for a repetition without it."""
        if self.draws:
            state = random.default_generator.get_state()
            self.log.append(lambda: (random.default_generator.set_state(state), found)[1])
        else:
            self.log.append(lambda: found)


def written(instructions: list[Instruction]) -> list[Any]:
    """Blocks that were there before the run and are written to."""
    found: dict[int, Any] = {}
    for each in instructions:
        for window in each.changes():
            if window.block.kind in ("outside", "input", "grad") and window.block.size:
                found[window.block.number] = window.block
    return [*found.values()]


def whole(block: Any) -> Window:
    """All bytes of a block."""
    return Window(block, 0, (block.size,), (1,), BYTE)


def left_step(plan: Plan, each: Instruction) -> Callable[[], None]:
    """Let Python do something, and see whether the plan may go on."""
    made: Break = each.op
    given = {name: reader(plan, each, how) for name, how in made.given.items()}
    state = plan.grads.state_at(made.grads)
    stores, function, expected, mode = [*made.stores.items()], made.function, made.expected, made.grad_mode
    late = [(slot, window.block, kind) for slot, window, kind in made.late]
    check = checking(plan, each)

    def step() -> None:
        between = plan.between
        assert between is not None
        values = {name: give() for name, give in given.items()}
        between.leaves = plan.grads.expose(state, between.inputs)
        with grad_mode.set_grad_enabled(mode):
            with Inside():
                found = function(**values)
        if type(found) is Ended:
            raise found
        plan.grads.conceal(state, between.inputs)
        between.note(found)
        for name, slot in stores:
            between.slots[slot] = found.get(name, UNSET)
        if expected is not None and found[RESULT] is not expected:
            raise Late("a condition has another outcome", made.place)
        for slot, block, kind in late:
            tensor = between.slots[slot]
            if kind_of(tensor) != kind:
                raise Late("a tensor is of another kind", made.place)
            plan.rebind(block, tensor._array)
        if check is not None and not check():
            raise Late("what is read afterwards has changed", made.place)

    return step


def reader(plan: Plan, each: Instruction, how: Any) -> Callable[[], Any]:
    """How a value is handed to Python when the plan runs."""
    kind = how[0]
    if kind == "same":
        return lambda: how[1]
    if kind == "slot":
        return lambda: plan.between.slots[how[1]]
    if kind == "in":
        return lambda: plan.between.inputs[how[1]]
    if kind == "out":
        return tensor_reader(plan, each.inputs[how[1]], how[2])
    parts = [reader(plan, each, part) for part in how[-1]]
    if kind == "tuple":
        if how[1] is tuple:
            return lambda: tuple(part() for part in parts)
        return lambda: how[1](*(part() for part in parts))

    def make() -> Any:
        values = [part() for part in parts]
        made = dict(zip(how[3], values, strict=True)) if how[2] is dict else how[2](values)
        plan.between.slots[how[1]] = made
        return made

    return make


def tensor_reader(plan: Plan, window: Window, node: Any) -> Callable[[], Any]:
    """A copy of a tensor of the plan."""
    number, arrays = plan.register(window), plan.arrays
    history = None if node is None else used_up(node, arrays[number])

    def give() -> Any:
        tensor: Tensor = Tensor._of(arrays[number].__copy__())
        tensor._node = history
        return tensor

    return give


def used_up(node: Any, array: Any) -> Node:
    """The history of a result through which backward has already gone."""
    made = Node()
    made.op, made.params, made.edges, made.origin, made.saved = node.op, node.params, node.edges, None, None
    made.shape, made.dtype, made.seq = array.shape, array.dtype, node.seq
    return made


def checking(plan: Plan, each: Instruction) -> Callable[[], bool] | None:
    """A function that sees whether what the plan reads afterwards is as it was. None: there is nothing to see."""
    made: Break = each.op
    if made.check is None:
        return None
    instructions = plan.recorder.instructions
    after = instructions[next(i for i, other in enumerate(instructions) if other is each) + 1 :]
    updates = plan.updates if any(other.kind == "update" for other in after) else []
    return functools.partial(all_hold, plan, made.check, updates, [])


def all_hold(plan: Plan, wording: Any, updates: list[Any], made: list[Any]) -> bool:
    """Make the function of a check when it is first needed: the plan's kernels are known by then."""
    if not made:
        lines = [line for update in updates for line in update.wording(wording)]
        text = "def check():\n    try:\n        if not ({}):\n            return False\n".format(
            " and ".join([*wording.tests, *wording.watched]) or "True"
        )
        text += "    except (AttributeError, LookupError, ValueError, TypeError):\n        return False\n"
        text += "".join(f"    {line}\n" for line in lines) + "    return True\n"
        wording.names |= {"MISSED": False, "inputs": lambda: plan.between.inputs}
        made.append(wording.function(text, "check"))
    return bool(made[0]())
