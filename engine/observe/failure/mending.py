"""The changes that mend a failure, each tried on stand-ins through to the loss; of two faults both at once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from gradbook.observe.failure.axes import find
from gradbook.observe.failure.backward_fixes import backward_candidates
from gradbook.observe.failure.candidates import Candidate, Mender
from gradbook.observe.failure.frames import frames_of, is_engine_error
from gradbook.observe.failure.operands import call_of
from gradbook.observe.failure.scene import Scene, is_backward
from gradbook.observe.failure.shape_fixes import shape_candidates
from gradbook.observe.failure.text import Edit, apply, source_of
from gradbook.observe.failure.trial import Outcome, attempt
from gradbook.tensor import Tensor

__all__ = ["Change", "Fix", "mend"]

MOST_FIXES, MOST_TRIALS = 3, 12
SECONDS_TRIED = 6  # candidates for a second fault after each for the first


@dataclass(frozen=True)
class Change:
    """One line that a fix replaces: the text before, at and after the change, and its place."""

    before: str
    changed: str
    after: str
    place: str

    @property
    def code(self) -> str:
        """The whole line."""
        return self.before + self.changed + self.after


@dataclass(frozen=True)
class Fix:
    """A change that was tried and works: the line before, at and after the change, its place, why, what came of it.

    `also` are further lines that have to change with it.
    """

    before: str
    changed: str
    after: str
    place: str
    why: str
    check: str
    edits: tuple[Edit, ...] = ()
    also: tuple[Change, ...] = ()

    @property
    def lines(self) -> tuple[Change, ...]:
        """Every line that changes."""
        return (Change(self.before, self.changed, self.after, self.place), *self.also)

    @property
    def code(self) -> str:
        """The line to paste; one below the other where there are several."""
        return "\n".join(line.code for line in self.lines)


def mend(mender: Mender, scene: Scene, seconds: float) -> tuple[list[Fix], Outcome | None]:
    """The fixes that work, best first, and what came of the first."""
    until = time.monotonic() + seconds
    fixes: list[Fix] = []
    first: Outcome | None = None
    halves: list[tuple[Candidate, Outcome]] = []  # those after which another fault stops the program, further on
    seen: set[tuple[Edit, ...]] = set()
    for tries, candidate in enumerate(candidates(mender, scene)):
        left = until - time.monotonic()
        if len(fixes) == MOST_FIXES or tries >= MOST_TRIALS or left <= 0:
            break
        if candidate.plan.edits in seen or (candidate.weak and fixes):
            continue
        seen.add(candidate.plan.edits)
        plan = replace(candidate.plan, before=mender.control.plan.before, turns=mender.control.plan.turns)
        outcome = attempt(scene, plan, min(left, 1.5))
        if works(outcome, mender.control):
            fixes.append(as_fix(candidate, outcome, scene))
            first = first or outcome
        elif goes_on(outcome, mender.control):
            halves.append((candidate, outcome))
    if not fixes:
        return with_second(mender, scene, halves, until)
    return fixes, first


def candidates(mender: Mender, scene: Scene) -> Iterator[Candidate]:
    """What is worth a trial."""
    found = backward_candidates(mender, scene) if scene.backward else shape_candidates(mender)
    yield from (candidate for candidate in found if candidate is not None)


def works(outcome: Outcome, control: Outcome) -> bool:
    """True if a change lets the program run to the loss, the loss is one number, and no new warning is heard."""
    if not outcome.ok or any("incorrect results" in text for text in set(outcome.warned) - set(control.warned)):
        return False
    if outcome.reached != "loss" or outcome.loss not in outcome.values:
        return True
    loss = outcome.values[outcome.loss]
    return isinstance(loss, Tensor) and loss.numel() == 1


def checked(outcome: Outcome, scene: Scene) -> str:
    """What came of a trial: `then (64, 10), loss ()`; `then h (64, 120), tried up to line 5`."""
    parts: list[str] = []
    if isinstance(outcome.output, Tensor):
        parts.append(str(tuple(outcome.output.shape)))
    shown = [(n, v) for n, v in outcome.values.items() if isinstance(v, Tensor) and not n.startswith("_")]
    for name, value in shown[-2:]:
        text = str(tuple(value.shape))
        if text not in parts or name == outcome.loss:
            parts.append(f"{name} {text}")
    if outcome.values.get("_returned") is not None and isinstance(outcome.values["_returned"], Tensor):
        parts.append(f"returns {tuple(outcome.values['_returned'].shape)}")
    walked = scene.statement is not None and is_backward(scene.statement) is not None
    if walked:
        parts.append("backward runs")
    end = "" if outcome.reached == "loss" or walked else f"tried up to line {outcome.line}"
    return "then " + ", ".join([*parts, *([end] if end else [])]) if parts or end else "runs"


def goes_on(outcome: Outcome, control: Outcome) -> bool:
    """True if a change took the program past its fault, and another one stopped it."""
    if outcome.error is None or not is_engine_error(outcome.error, frames_of(outcome.error)):
        return False
    return len(outcome.ran) > len(control.ran) or type(outcome.error) is not type(control.error)


def with_second(
    mender: Mender, scene: Scene, halves: Sequence[tuple[Candidate, Outcome]], until: float
) -> tuple[list[Fix], Outcome | None]:
    """Two changes together, for a program with two faults: the second is sought in what the first one left."""
    for candidate, outcome in halves if not scene.backward else ():
        if outcome.error is None:
            continue
        call = call_of(outcome.error, frames_of(outcome.error))
        finding = find(outcome.error, call)
        outcome.twins = {operand.role: operand.tensor for operand in call.operands}
        second = Mender(call, finding, outcome, apart=True)
        for other in islice((c for c in shape_candidates(second) if c is not None), SECONDS_TRIED):
            left = until - time.monotonic()
            both = mender.both(candidate, other)
            if left <= 0:
                return [], None
            if both is None or _overlap(both.plan.edits):
                continue
            plan = replace(both.plan, before=mender.control.plan.before, turns=mender.control.plan.turns)
            made = attempt(scene, plan, min(left, 1.5))
            if works(made, mender.control):
                told = replace(both, why=f"Two changes. {candidate.why} {other.why}")
                return [as_fix(told, made, scene)], made
    return [], None


def _overlap(edits: tuple[Edit, ...]) -> bool:
    """Whether two edits touch the same text."""
    spans = sorted((e.file, (e.line, e.column), (e.end_line, e.end_column)) for e in edits)
    return any(a[0] == b[0] and b[1] < a[2] for a, b in pairwise(spans))


def as_fix(candidate: Candidate, outcome: Outcome, scene: Scene) -> Fix:
    """A candidate that works, as it is shown."""
    edits = candidate.plan.edits
    first, *rest = changes(edits)
    return Fix(first.before, first.changed, first.after, first.place, candidate.why, checked(outcome, scene), edits,
               tuple(rest))  # fmt: skip


def changes(edits: tuple[Edit, ...]) -> list[Change]:
    """The lines that edits change, each once, in the order of the source."""
    by_line: dict[tuple[str, int], list[Edit]] = {}
    for edit in sorted(edits, key=lambda e: (e.file != edits[0].file, e.file, e.line, e.column)):
        by_line.setdefault((edit.file, edit.line), []).append(edit)
    made = []
    for (file, number), here in by_line.items():
        text = apply(source_of(file).text, tuple(e for e in edits if e.file == file))
        line = text.splitlines()[number - 1]
        start, end = here[0].column, here[0].column + len(here[0].text)
        if len(here) > 1:
            end = max(end, *(line.find(e.text, e.column) + len(e.text) for e in here))
        indent = len(line) - len(line.lstrip())
        made.append(Change(line[indent:start], line[start:end], line[end:], f"replaces {here[0].place}"))
    return made
