"""A training cell that runs again goes on with what it has trained before."""

from __future__ import annotations

import ast

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.lineage import Lineage, Stint
from gradbook.coach.record import Step
from gradbook.coach.rule import Rule
from gradbook.coach.rules.learning_rates import number
from gradbook.coach.rules.sweeps import ID, IDEA, made_line, maker
from gradbook.coach.session import Cell
from gradbook.observe.failure.text import source_of
from gradbook.observe.source import Where

__all__ = ["RULES", "GoesOn", "SteppedTwice"]

LEARNT = 0.9  # of the first loss: where it begins later, it has learnt
GONE = 0.01  # of the learning rate of the first run


class GoesOn(Rule):
    """A training cell runs again, on the network that it has trained before, maybe with a schedule that is at its end.

    To train on is what many want: that is a hint, once a cell. Steps of next to no length nobody wants.
    """

    id = ID
    severity = "hint"
    idea = IDEA
    threshold = (
        f"a loss that begins below {LEARNT:.0%} of where the first run began; a warning where a schedule has left "
        f"less than {GONE:.0%} of the first run's learning rate"
    )

    def begins(self) -> None:
        self.lineage = self.coach.shared(Lineage) if self.coach.session is not None else None
        self.scheduled_by: dict[int, Where | None] = {}  # optimizers: where their schedule steps
        self.told: set[str] = set()

    def inherit(self, before: GoesOn) -> None:
        self.told = before.told

    def scheduled(self, scheduler: object, where: Where | None) -> None:
        if self.lineage is not None:
            self.scheduled_by[id(getattr(scheduler, "optimizer", None))] = where

    def ended(self) -> None:
        session = self.coach.session
        cell = session.cell if session is not None else None
        if cell is None or not cell.again or self.lineage is None:
            return
        for stint in self.lineage.current.values():
            first = first_of(stint, cell)
            if first is None:
                continue
            if id(stint.ref()) in self.scheduled_by and 0 < stint.highest < GONE * first.highest:
                self._exhausted(stint, first, cell)
            elif stint.first < LEARNT * first.first and cell.id not in self.told:
                self.told.add(cell.id)
                self._goes_on(stint, first, cell)

    def _goes_on(self, stint: Stint, first: Stint, cell: Cell) -> None:
        model, line = maker(self, stint)
        at, optimizer = self._place(cell), self._optimizer(stint)
        again = made_line(at, optimizer) if at is not None else None
        fixes = [code.insertion(at, line, f"and {optimizer} after it: each run begins anew")] if line else []
        if fixes and again and fixes[0].edits:
            both = code.insertion(at, f"{line}\n{at.indent if at is not None else ''}{again}")
            fixes = [Fix(line or "", both.edits, f"and {optimizer} after it: each run begins anew")]
        self.find(
            f"This cell goes on with the {model} that it has trained before.", at.at if at is not None else None,
            {"loss of the first run": f"{first.first:.3g} to {first.last:.3g}",
             "loss of this run": f"{stint.first:.3g} to {stint.last:.3g}"}, fixes,
        )  # fmt: skip

    def _exhausted(self, stint: Stint, first: Stint, cell: Cell) -> None:
        at, optimizer = self._place(cell), self._optimizer(stint)
        where = stint.callers[0] if stint.callers else None
        line = made_line(at, optimizer) if at is not None else None
        fixes = [code.insertion(at, line, "and its schedule after it")] if line else []
        self.find(
            f"The schedule of {optimizer} ended when this cell ran before: a rate of {number(stint.highest)} is left.",
            at.at if at is not None else where,
            {"learning rate of the first run": number(first.highest), "of this run": number(stint.highest),
             "loss of this run": f"{stint.first:.3g} to {stint.last:.3g}"}, fixes, severity="warning",
        )  # fmt: skip

    def _optimizer(self, stint: Stint) -> str:
        return self.coach.names.get(id(stint.ref()), "optimizer")

    def _place(self, cell: Cell) -> code.Place | None:
        """Where the cell trains: its loop, or what calls the function that does."""
        at = code.place(self.coach.last.where) if self.coach.last is not None else None
        if at is None:
            return None
        if at.file == cell.file:
            loop = code.outermost_loop(at)
            at.statement = loop or at.statement
        else:
            at.source, at.file, at.function = source_of(cell.file), cell.file, "<module>"
            body = at.source.tree.body if at.source.tree is not None else []
            at.statement = next((node for node in body if acts_here(node)), None)
        at.line = at.statement.lineno if at.statement is not None else 1
        return at


class SteppedTwice(Rule):
    """A cell with a step runs again, and no backward pass has been in between."""

    id = ID
    severity = "hint"
    idea = IDEA
    threshold = "a step in a cell that runs again, with the gradients of the step before"

    def begins(self) -> None:
        self.last: dict[int, int] = {}  # optimizers: backward passes before their last step

    def inherit(self, before: SteppedTwice) -> None:
        self.last = before.last

    def cleared(self, clear: object, owner: object) -> None:
        self.last.clear()

    def stepped(self, step: Step, optimizer: object) -> None:
        session, passes = self.coach.session, self.coach.passes
        if session is None or session.cell is None or not session.cell.again:
            if session is not None:
                self.last[id(optimizer)] = passes
            return
        if self.last.get(id(optimizer)) == passes and step.where is not None:
            name = self.coach.names[id(optimizer)]
            self.find(
                f"{name}.step() has run again with the gradients of the same backward(): it goes twice as far.",
                step.where, {"backward passes since its last step": 0},
                [Fix("loss.backward()", (), "first, of a loss that is computed anew")],
            )  # fmt: skip
        self.last[id(optimizer)] = passes


def first_of(stint: Stint, cell: Cell) -> Stint | None:
    """The stint with which a cell began to train what this one goes on with; None if it begins anew."""
    found, here = None, stint.before
    while here is not None:
        if here.cell == cell.id:
            found = here
        here = here.before
    return found


def acts_here(node: ast.stmt) -> bool:
    """Whether a statement of a cell calls something, other than to import or to define."""
    return not isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef) and any(
        isinstance(each, ast.Call) for each in ast.walk(node)
    )


RULES = (GoesOn, SteppedTwice)
