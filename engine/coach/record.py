"""What a program does, as rules see it: values, operations, module calls, backward passes, optimizer steps.

A record keeps no tensor alive: values are known by weak references, and what a rule wants to know of their numbers it
reads at once, in `Rule.operation`, where the tensors are in hand.
"""

from __future__ import annotations

import heapq
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gradbook.observe.source import Where

__all__ = [
    "Built", "Call", "Clear", "Cut", "Draw", "Op", "Pass", "Read", "Step", "Turn", "Value", "Write", "params_of",
]  # fmt: skip


class Value:
    """A tensor that an operation took or gave. kind: 'op', 'parameter', 'buffer' or 'input'.

    `maker` is the operation that gave it, as far as it was watched. `cuts` are the values whose numbers it is known to
    hold without their graph, `reads` those whose numbers Python had read shortly before it made this one.
    """

    __slots__ = ("_ref", "cuts", "dtype", "kind", "maker", "reads", "requires_grad", "shape", "where")

    def __init__(self, tensor: Any, kind: str, maker: Op | None = None) -> None:
        array = tensor._array
        self._ref = weakref.ref(tensor)
        self.shape, self.dtype = tuple(array.shape), array.dtype
        self.kind, self.maker, self.requires_grad = kind, maker, tensor._node is not None
        self.cuts: tuple[Cut, ...] = ()
        self.reads: tuple[Cut, ...] = ()
        self.where: Where | None = None  # of one that was made of numbers: where

    @property
    def tensor(self) -> Any:
        """The tensor itself, None if it is gone."""
        return self._ref()

    @property
    def op(self) -> str:
        """Name of the operation that made it, '' for what was there before."""
        return self.maker.name if self.maker is not None else ""

    def back(self, through: frozenset[str]) -> Value:
        """The value that this one was, before operations of these names (their first operand is followed)."""
        here = self
        while here.maker is not None and here.maker.name in through and here.maker.inputs:
            here = here.maker.inputs[0]
        return here

    def above(self) -> Iterator[Op]:
        """Every watched operation that led to it, the youngest first."""
        waiting = {self.maker.number: self.maker} if self.maker is not None else {}
        numbers = [-number for number in waiting]
        while numbers:
            op = waiting.pop(-heapq.heappop(numbers))
            yield op
            for value in op.inputs:
                maker = value.maker
                if maker is not None and maker.number < op.number and maker.number not in waiting:
                    waiting[maker.number] = maker
                    heapq.heappush(numbers, -maker.number)


@dataclass(eq=False, slots=True)
class Cut:
    """Where numbers of a value went on without its graph. how: 'detach', 'data', 'tensor', 'item', 'argmax', ..."""

    how: str
    source: Value
    where: Where | None
    many: bool = False  # one tensor was made of several


@dataclass(eq=False, slots=True)
class Op:
    """One operation. `operands` are those of the call by slot, tensors as Values; `inputs` the tensors among them."""

    number: int
    name: str
    operands: tuple[Any, ...]
    inputs: tuple[Value, ...]
    params: dict[str, Any]
    output: Value
    where: Where | None
    path: str  # of the module that it ran in
    call: Call | None  # the innermost module call that it ran in
    recorded: bool  # grad mode was on
    outputs: tuple[Value, ...] = ()

    def operand(self, slot: int) -> Value | None:
        """The tensor in one slot; None where there is a number, or nothing."""
        found = self.operands[slot] if slot < len(self.operands) else None
        return found if isinstance(found, Value) else None


@dataclass(eq=False, slots=True)
class Call:
    """A call of a module: by whom, on what, in which modes. `output` is there once it has returned."""

    called: weakref.ref[Any]
    path: str
    where: Where | None
    training: bool
    recorded: bool
    parent: Call | None
    inputs: tuple[Value, ...] = ()
    outputs: tuple[Value, ...] = ()
    ops: int = 0  # operations inside it
    built: int = 0  # modules and optimizers that were constructed before it began
    outward: tuple[Where, ...] = ()  # of a whole model's call: the user's frames round `where`, innermost first

    @property
    def module(self) -> Any:
        """The module, None if it is gone."""
        return self.called()

    @property
    def outermost(self) -> Call:
        """The call of the whole model that it belongs to."""
        here = self
        while here.parent is not None:
            here = here.parent
        return here


@dataclass(eq=False, slots=True)
class Pass:
    """A backward pass that goes to the leaves, from its root."""

    number: int
    root: weakref.ref[Any]
    where: Where | None
    value: float  # of the root, NaN if it is not one number
    shape: tuple[int, ...]
    node: Any = None  # of the root, while the pass begins
    loss: Value | None = None  # the root in a turn that was watched
    begun: int = 0  # operations that were written down before it
    through: set[int] = field(default_factory=set)  # numbers of the operations of its graph, once its turn has ended
    reached: set[int] = field(default_factory=set)  # ids of the leaves of its graph, as soon
    whole: bool = True  # all since the last step was heard: the coach has not just woken up


@dataclass(eq=False, slots=True)
class Step:
    """An optimizer's step; the last one of each goes on counting while the coach rests."""

    number: int  # of all steps, from 1
    optimizer: weakref.ref[Any]
    where: Where | None
    count: int  # of this optimizer's steps, from 1
    stamp: int = 0  # of the last change in place, which is its own


@dataclass(eq=False, slots=True)
class Clear:
    """A zero_grad, of an optimizer or a module."""

    owner: weakref.ref[Any]
    where: Where | None


@dataclass(eq=False, slots=True)
class Write:
    """Memory was changed in place: by what was computed, or by a number (None). stamp: among creation indices.

    made: what the tensor is from now on, None where it is as before.
    """

    memory: weakref.ref[Any]
    value: Value | None
    where: Where | None
    stamp: int
    made: Value | None = None


@dataclass(eq=False, slots=True)
class Read:
    """Python saw the numbers of a tensor. `memory`: what they lie in, if they are several; `far`: on a GPU."""

    value: Value
    where: Where | None
    memory: weakref.ref[Any] | None = None
    far: bool = False


@dataclass(eq=False, slots=True)
class Draw:
    """Random numbers were drawn. state: of the generator before, by which they can be told; None on a GPU.

    seeded: by the program, so that a run that is repeated draws the same ones. value: the tensor that was made of them.
    """

    state: int | None
    seeded: bool
    callers: tuple[Where, ...]  # the user's frames round it, innermost first
    after: int  # operations that were written down before it
    value: Value | None = None

    @property
    def where(self) -> Where | None:
        """The user's line."""
        return self.callers[0] if self.callers else None


@dataclass(eq=False, slots=True)
class Built:
    """A module or an optimizer was constructed, at this place of the user's code. number: the order among them."""

    thing: weakref.ref[Any]
    where: Where | None
    number: int
    steps: int = 0  # before it
    outward: Where | None = None  # what called the function that it stands in


@dataclass(eq=False, slots=True)
class Turn:
    """All that was watched between two optimizer steps, the second included; or since the watch began."""

    number: int
    ops: list[Op] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    passes: list[Pass] = field(default_factory=list)
    asked: list[Value] = field(default_factory=list)  # what gradients of chosen tensors were asked of: autograd.grad
    asked_at: list[Where | None] = field(default_factory=list)  # where
    reads: list[Read] = field(default_factory=list)
    draws: list[Draw] = field(default_factory=list)
    clears: list[Clear] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    step: Step | None = None
    whole: bool = True  # it was watched from its first operation on


def params_of(owner: Any) -> list[Any]:
    """The parameters of an optimizer or a module."""
    if hasattr(owner, "param_groups"):
        return [p for group in owner.param_groups for p in group["params"]]
    return list(owner.parameters())
