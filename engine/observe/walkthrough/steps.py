"""What a walkthrough is made of: values, operations, the steps forward and backward, and what a gradient is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradbook.observe.walkthrough.block import Block

__all__ = ["Call", "Factor", "Filled", "Formula", "Loop", "Part", "Place", "Step", "Update", "Value"]


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula of ours in LaTeX in which the characters from U+E000 on stand for names and numbers.

    `parts[i]` is what U+E000 + i stands for: a number as text, or a Value, whose name is text of the user's and never
    markup.
    """

    latex: str
    parts: tuple[Any, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """The parts as text."""
        return tuple(part.label if isinstance(part, Value) else str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Filled:
    """A forward formula with the numbers put in, for the whole (`entry` None) or for one entry of the output."""

    formula: Formula
    numbers: Formula
    text: str
    entry: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Loop:
    """One turn of a loop of the source: its line, which turn from 0, and how many there were once that is known."""

    line: int
    index: int
    key: tuple[int, ...] = ()  # which run through the loop this was
    text: int = 0  # the source text it stands in


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of source: `code` says which text, lines from 1 within it, columns in characters."""

    code: int
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(eq=False, slots=True)
class Value:
    """A tensor at one moment. `kind`: op, parameter, input, buffer or constant; `source` is the operation it is of."""

    id: int
    kind: str
    shape: tuple[int, ...]
    dtype: str
    device: str
    requires_grad: bool
    block: Block
    name: str = ""
    symbol: str = ""
    source: Call | None = None
    grad_block: Block | None = None
    was: Value | None = None  # what it was before it was changed in place
    tensor: Any = None  # weak reference to the tensor

    @property
    def array(self) -> np.ndarray:
        """The numbers. Raises ValueError where only a sample was kept."""
        return self.block.array

    @property
    def grad(self) -> np.ndarray | None:
        """The gradient of the last backward pass; for a leaf what lay in `.grad` after it. None without one."""
        return None if self.grad_block is None else self.grad_block.array

    @property
    def label(self) -> str:
        """What to call it: the user's name, with a number where others share it, else a symbol of ours."""
        return self.symbol or self.name

    def __repr__(self) -> str:
        return f"Value({self.label or self.kind}, {list(self.shape)})"


@dataclass(eq=False, slots=True)
class Call:
    """One operation: what went in (a Value, a number, or None), what came out, and where it stands."""

    id: int
    op: str
    operands: tuple[Any, ...]
    slots: tuple[str, ...]
    params: dict[str, Any]
    outputs: tuple[Value, ...] = ()
    place: Place | None = None
    via: tuple[Place, ...] = ()
    path: str = ""
    cls: str = ""
    repeat: tuple[Loop, ...] = ()
    declared: Any = None  # the op itself
    wheres: tuple[Any, ...] = ()  # (code, lasti) of the user's frames, the innermost first
    extra: dict[str, Any] = field(default_factory=dict)
    dropped: bool = False

    @property
    def output(self) -> Value:
        """The (first) output."""
        return self.outputs[0]

    def __repr__(self) -> str:
        return f"Call({self.op}, line {self.place.line if self.place else '?'})"


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of a gradient: the incoming gradient, or (part of) the local derivative."""

    role: str  # "incoming" or "local"
    label: Formula
    block: Block


@dataclass(frozen=True, eq=False, slots=True)
class Part:
    """What a step back hands to one operand: incoming gradient and local derivative, their product, the total.

    `operation` says how the factors make the result: times (element by element), matmul, jacobian (flattened), route
    (each number is one of the incoming ones), convolve, or rule (not taken apart). `entry` is (index, terms): one entry
    as a sum of products. `adds`: onto a gradient that was there before; `stored`: it goes into the operand's `.grad`.
    """

    slot: int
    to: Value
    operation: str
    factors: tuple[Factor, ...]
    result: Block
    total: Block
    adds: bool = False
    stored: bool = False
    spread: bool = False  # the operand was broadcast: the product was summed back to its shape
    why: str = ""
    entry: Any = None


@dataclass(frozen=True, eq=False, slots=True)
class Update:
    """What an optimizer's step did to one parameter."""

    of: Value
    now: Value
    grad: Block | None


@dataclass(eq=False, slots=True)
class Step:
    """One step of the walkthrough. `phase`: forward, call, backward or error."""

    phase: str
    say: str = ""
    call: Call | None = None
    place: Place | None = None
    filled: tuple[Filled, ...] = ()
    grad: Block | None = None
    parts: tuple[Part, ...] = ()
    chain: tuple[Formula, ...] = ()  # for each part the running chain rule, from the loss to its operand
    chain_numbers: tuple[Formula, ...] = ()  # the same in numbers, where all of it are scalars
    repeat: tuple[Loop, ...] = ()
    passed: int = 0  # the backward pass it belongs to, from 1
    what: str = ""  # of a call: backward, grad, step or zero_grad
    root: Value | None = None  # of a call of backward: what it is called on
    owner: str = ""  # of a call: the class of the optimizer or module
    rate: float | None = None  # of a step of plain gradient descent: its learning rate
    updates: tuple[Update, ...] = ()
    error: tuple[str, str] | None = None  # type and message
    failed: tuple[str, tuple[tuple[str, str, str], ...]] = ("", ())  # op, and (name, shape, dtype) of its operands

    @property
    def op(self) -> str:
        """The name of its operation, '' where it has none."""
        return self.call.op if self.call is not None else ""

    @property
    def line(self) -> int | None:
        """Its line in its source text."""
        return self.place.line if self.place is not None else None
