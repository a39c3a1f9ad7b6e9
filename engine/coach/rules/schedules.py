"""Learning rate schedules: stepped after the optimizer, at the pace that they are made for, and stepped at all."""

from __future__ import annotations

import weakref
from typing import Any

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.record import Built, Step
from gradbook.coach.rule import Rule
from gradbook.observe import naming
from gradbook.observe.source import Where

__all__ = ["RULES", "SchedulerOrder"]

IDLE = 4  # steps of an optimizer whose schedule was never stepped
GONE = 1e-3  # of its first value: a learning rate that falls so far before the first epoch is over
QUICK = 40  # steps of the optimizer, after which no schedule should have come to its end
PACE = 4  # optimizer steps to one of a schedule that wants one each, on average


class Pace:
    """How one schedule is stepped, against its optimizer."""

    __slots__ = (
        "before", "built", "first", "gone", "kind", "leading", "lr", "name", "opt", "optimizer", "order", "quick",
        "ref", "since", "steps", "where",
    )  # fmt: skip

    def __init__(self, scheduler: Any, built: Built | None) -> None:
        self.ref, self.built = weakref.ref(scheduler), built.where if built is not None else None
        self.kind, self.name = type(scheduler).__name__, naming.target_path(self.built) or "scheduler"
        self.optimizer = weakref.ref(scheduler.optimizer) if hasattr(scheduler, "optimizer") else lambda: None
        self.steps = self.opt = 0  # of the schedule, and of its optimizer since it was made
        self.before = 0  # steps of the optimizer until then
        self.order = ""  # S a step of the schedule, O steps of the optimizer: runs, the first few of them
        self.leading = 0  # schedule steps before the first of the optimizer
        self.where: Where | None = None  # of its last step
        self.first: Where | None = None  # of its first one
        self.since: Where | None = None  # of the last optimizer step
        self.lr = 0.0  # when it was made
        self.gone = False  # next to nothing is left of that
        self.quick = False  # and so it was after a few steps


class SchedulerOrder(Rule):
    """A schedule that steps before its optimizer, or never, or at another pace than it is made for."""

    id = "scheduler-order"
    idea = "optimizer.step() first, scheduler.step() after it: once an epoch, or once a batch for schedules in steps"
    threshold = (
        f"the order of the first steps; {IDLE} steps without any; a rate that falls to {GONE:g} of itself within the "
        "first epoch of several"
    )

    def begins(self) -> None:
        self.paces: dict[int, Pace] = {}
        self.made: list[Pace] = []
        self.passes = 0  # of a loader that have ended
        self.fast: Pace | None = None

    def inherit(self, before: SchedulerOrder) -> None:
        self.made = [pace for pace in before.made if pace.ref() is not None]
        self.paces = {key: pace for key, pace in before.paces.items() if pace.ref() is not None}
        self.passes = before.passes

    def constructed(self, built: Built, owner: Any) -> None:
        if hasattr(owner, "get_last_lr") and not hasattr(owner, "param_groups") and hasattr(owner, "optimizer"):
            pace = self.paces[id(owner)] = Pace(owner, built)
            pace.lr, pace.before = rate(owner.optimizer), self._count(pace)
            self.made.append(pace)

    def stepped(self, step: Step, optimizer: Any) -> None:
        for pace in self.made:
            if pace.optimizer() is optimizer:
                pace.opt = step.count - pace.before
                pace.since = step.where
                if len(pace.order) < 8 and pace.order[-1:] != "O":
                    pace.order += "O"

    def scheduled(self, scheduler: Any, where: Where | None) -> None:
        pace = self.paces.get(id(scheduler))
        if pace is None or pace.ref() is not scheduler:
            return
        pace.steps += 1
        pace.where = where
        pace.first = pace.first or where
        pace.opt = self._count(pace) - pace.before
        pace.leading += not pace.opt
        if len(pace.order) < 8:
            pace.order += "S"
        optimizer = pace.optimizer()
        pace.gone = optimizer is not None and rate(optimizer) < GONE * pace.lr
        if pace.gone and not self.passes:
            self.fast = self.fast or pace
            pace.quick = pace.quick or pace.opt <= QUICK
        if pace.steps == 2 and pace.leading == 1 and pace.order.startswith("SOS") and where == pace.first:
            self._before(pace)

    def _count(self, pace: Pace) -> int:
        """All steps of its optimizer so far."""
        optimizer = pace.optimizer()
        step = self.coach.optimizers.get(id(optimizer))
        return step.count if step is not None and step.optimizer() is optimizer else 0

    def batch(self, phase: str, loader: Any, index: int, total: int | None) -> None:
        if phase == "end" and index > 1:
            self.passes += 1

    def ended(self) -> None:
        inside = {id(each) for pace in self.made for each in getattr(pace.ref(), "_schedulers", ())}
        stepped = {id(pace.optimizer()) for pace in self.made if pace.steps}
        for pace in self.made:
            pace.opt = self._count(pace) - pace.before
            if pace.ref() is not None and id(pace.ref()) in inside:
                continue
            if not pace.steps and pace.opt >= IDLE and id(pace.optimizer()) not in stepped:
                if self.coach.session is None or self.passes != 1:  # the next cell may step it, after this epoch
                    self._never(pace)
            elif pace.leading == 1 and pace.steps == 1 and pace.opt and in_its_loop(pace):
                self._before(pace)
            elif pace.kind == "OneCycleLR" and pace.steps:
                self._slow(pace)
            elif pace is self.fast and pace.gone and (self.passes > 1 or (pace.quick and in_two_loops(pace))):
                self._fast(pace)

    # -- what it says ------------------------------------------------------------------------------------------------

    def _before(self, pace: Pace) -> None:
        at, back = code.place(pace.first), code.place(pace.since)
        line = called(at, pace)
        fix = self._after(at, back, line, pace)
        self.find(
            f"{line} runs before optimizer.step(): the first learning rate of the schedule is skipped.", pace.first,
            {"order": "schedule first, then optimizer", "schedule": pace.kind}, [fix],
        )  # fmt: skip

    def _after(self, at: code.Place | None, back: code.Place | None, line: str, pace: Pace) -> Fix:
        """Its line moved to behind the optimizer's; of one step an epoch to the end of the epoch."""
        why = "after optimizer.step()"
        if at is not None and back is not None and at.file == back.file and at.loop is not None:
            if back.loop is at.loop:
                fix = code.insertion(back, line, why, after=True)
            else:
                last = at.loop.body[-1]
                fix = code.insertion_after(at, last, line, "at the end of the epoch")
            taken = code.removal(at)
            fix.edits = (*fix.edits, *taken) if fix.edits and taken else ()
            return fix
        return Fix(line, (), why)

    def _never(self, pace: Pace) -> None:
        back = code.place(pace.since)
        call = f"{pace.name}.step()" if pace.kind != "ReduceLROnPlateau" else f"{pace.name}.step(val_loss)"
        fix = Fix(call, (), "after optimizer.step(), once an epoch")
        if pace.kind in ("OneCycleLR", "CyclicLR"):
            fix = code.insertion(back, call, "after optimizer.step(), in each step", after=True)
        elif back is not None and back.loop is not None:
            outer = code.outermost_loop(back)
            if outer is not None:
                fix = code.insertion_after(back, outer.body[-1], call, "at the end of each epoch")
        self.find(
            f"{pace.name}.step() is never called: the learning rate stays what it was.", pace.built or pace.since,
            {"schedule": pace.kind, "steps of the optimizer": pace.opt, "of the schedule": 0}, [fix],
        )  # fmt: skip

    def _fast(self, pace: Pace) -> None:
        at = code.place(pace.where)
        outer = code.outermost_loop(at) if at is not None else None
        line = called(at, pace)
        fix = Fix(line, (), "at the end of each epoch, outside of the loop over batches")
        if at is not None and outer is not None and outer is not at.loop:
            fix = code.insertion_after(at, outer.body[-1], line, "at the end of each epoch")
            taken = code.removal(at)
            fix.edits = (*fix.edits, *taken) if fix.edits and taken else ()
        self.find(
            f"{line} runs after each batch: the learning rate is next to 0 before the first epoch is over.", pace.where,
            {"schedule": pace.kind, "first learning rate": pace.lr, "epochs": self.passes,
             "steps of the schedule": pace.steps}, [fix],
        )  # fmt: skip

    def _slow(self, pace: Pace) -> None:
        """A schedule that counts steps, stepped once an epoch: it never leaves its beginning."""
        scheduler = pace.ref()
        total = getattr(scheduler, "total_steps", 0)
        if scheduler is None or pace.opt < PACE * pace.steps or not 0.5 <= pace.opt / max(total, 1) <= 2:
            return
        at, back = code.place(pace.where), code.place(pace.since)
        line = called(at, pace)
        fix = code.insertion(back, line, "after each optimizer.step()", after=True)
        taken = code.removal(at)
        fix.edits = (*fix.edits, *taken) if fix.edits and taken else ()
        self.find(
            f"{pace.kind} counts steps, not epochs: {line} must run after each batch.", pace.where,
            {"total_steps": total, "steps of the optimizer": pace.opt, "of the schedule": pace.steps}, [fix],
        )  # fmt: skip


def in_its_loop(pace: Pace) -> bool:
    """Whether the optimizer steps in the loop that the schedule's first step stands in."""
    at, back = code.place(pace.first), code.place(pace.since)
    if at is None or back is None or at.file != back.file or at.loop is None:
        return False
    return at.loop.lineno <= back.line <= (at.loop.end_lineno or at.loop.lineno)


def in_two_loops(pace: Pace) -> bool:
    """Whether the schedule steps in a loop inside another one, as over the batches of an epoch."""
    at = code.place(pace.where)
    return at is not None and at.loop is not None and code.outermost_loop(at) is not at.loop


def rate(optimizer: Any) -> float:
    """The learning rate of the first group."""
    return float(optimizer.param_groups[0]["lr"])


def called(at: code.Place | None, pace: Pace) -> str:
    """The call as it is written: `self.scheduler.step()`."""
    text = at.source.segment(at.expression) if at is not None and at.expression is not None else ""
    return text if text and "\n" not in text else f"{pace.name}.step()"


RULES = (SchedulerOrder,)
