"""A rule: one idea about what can be wrong with a training, what convinces it, and what it says then."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, ClassVar

from gradbook.coach.code import line_of
from gradbook.coach.finding import Finding, Fix
from gradbook.observe.source import Where

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradbook.coach.coach import Coach
    from gradbook.coach.record import Built, Call, Clear, Op, Pass, Read, Step, Turn
    from gradbook.coach.session import Cell

__all__ = ["HOOKS", "Rule", "Shared"]

HOOKS = (
    "begins", "operation", "called", "passed", "broke", "stepped", "cleared", "read", "batch", "mode", "constructed",
    "applied", "scheduled", "gradient", "turned", "cell", "rests", "failed", "ended",
)  # fmt: skip


class Shared:
    """Base of what several rules ask: there is one of each kind in a watch, `coach.shared(Kind)`.

    hears: the hooks that are called, before those of any rule; `ops` as in a rule. One that needs another asks for it
    in its constructor, and hears everything after it.
    """

    id: ClassVar[str] = ""
    hears: ClassVar[tuple[str, ...]] = ()
    ops: ClassVar[frozenset[str] | None] = None

    def __init__(self, coach: Coach) -> None:
        self._coach = weakref.ref(coach)

    @property
    def coach(self) -> Coach:
        """The coach of this watch, which keeps us."""
        coach = self._coach()
        assert coach is not None
        return coach

    def inherit(self, before: Any) -> None:
        """In a notebook a training is over: take what holds on from our predecessor, who watched it."""


class Rule:
    """Base of all rules. A rule overrides the hooks that it needs and calls `self.find` once it is convinced.

    id: public and stable. severity: 'error', 'warning' or 'hint'. idea: one sentence, for `%coach explain`. threshold:
    the number that decides and the reason for it, '' if there is none. `ops`: names of the operations that `operation`
    is called for; None for all of them. A hook of a rule that raises is not called again: one warning says so.

    batch, read, mode, constructed, applied, scheduled and broke are called for the whole training; passed, stepped and
    cleared for the first steps, then for a few in a row now and then (see Attention; `Step.count` and `coach.steps`
    count all); operation, called, gradient and turned only for the turns that are watched closely: the first ones,
    those round an evaluation, and a few later ones.
    """

    id: ClassVar[str] = ""
    severity: ClassVar[str] = "warning"
    idea: ClassVar[str] = ""
    threshold: ClassVar[str] = ""
    ops: ClassVar[frozenset[str] | None] = None

    def __init__(self, coach: Coach) -> None:
        self.coach = coach

    @classmethod
    def has(cls, hook: str) -> bool:
        """Whether the rule overrides a hook."""
        return getattr(cls, hook) is not getattr(Rule, hook)

    def inherit(self, before: Any) -> None:
        """In a notebook a training is over: take what holds on from the same rule that watched it."""

    # -- hooks -------------------------------------------------------------------------------------------------------

    def begins(self) -> None:
        """The watch begins."""

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        """An operation has run; its tensors are in hand: read their numbers now, keep none of them."""

    def called(self, call: Call) -> None:
        """A module's call has returned."""

    def passed(self, pass_: Pass) -> None:
        """A backward pass begins."""

    def broke(self, pass_: Pass) -> None:
        """A backward pass begins from a loss that is infinite or no number."""

    def stepped(self, step: Step, optimizer: Any) -> None:
        """An optimizer has stepped."""

    def cleared(self, clear: Clear, owner: Any) -> None:
        """Gradients were cleared."""

    def read(self, read: Read, tensor: Any) -> None:
        """Python is about to see the numbers of a tensor."""

    def batch(self, phase: str, loader: Any, index: int, total: int | None) -> None:
        """A loader hands out a batch ('next') or has ended ('end')."""

    def mode(self, what: str, owner: Any, value: bool) -> None:
        """A module's training mode changes ('train'), whether operations are recorded ('grad'), or a leaf's asking."""

    def constructed(self, built: Built, owner: Any) -> None:
        """A module, an optimizer or a scheduler is being constructed."""

    def applied(self, function: Any, args: tuple[Any, ...]) -> None:
        """A Function of the user's has run forward on these arguments, and was recorded."""

    def scheduled(self, scheduler: Any, where: Where | None) -> None:
        """A learning rate schedule has stepped, called from here."""

    def gradient(self, node: Any, grad: Any) -> None:
        """The gradient that reaches a node of a backward pass that is watched."""

    def turned(self, turn: Turn) -> None:
        """A closely watched turn has ended with an optimizer's step."""

    def cell(self, cell: Cell) -> None:
        """A cell of a notebook begins."""

    def rests(self) -> None:
        """A cell of a notebook has ended, and the program may go on in the next one."""

    def failed(self, error: BaseException) -> None:
        """The program has raised."""

    def ended(self) -> None:
        """The watch ends; in a notebook: a training, with its cell."""

    # -- speaking ----------------------------------------------------------------------------------------------------

    def find(self, message: str, where: Where | tuple[str, int] | None, evidence: dict[str, Any] | None = None,
             fixes: Iterable[Fix] = (), nodes: Iterable[str] = (), severity: str = "") -> None:  # fmt: skip
        """Say it. where: the place that must change, as (code, lasti) or as (file, line)."""
        if where is not None and isinstance(where[0], str):
            file, line = where[0], int(where[1])
        else:
            file, line = line_of(where)
        self.coach.take(Finding(
            self.id, severity or self.severity, message, file, line, dict(evidence or {}), tuple(nodes), tuple(fixes),
            self.coach.steps,
        ))  # fmt: skip
