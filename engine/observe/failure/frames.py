"""The frames of a traceback, sorted into the user's, the engine's and those of other libraries."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from types import CodeType, FrameType, ModuleType, TracebackType
from typing import Any

from gradbook.errors import GradbookError
from gradbook.observe.control import StopTraining
from gradbook.observe.failure.text import source_of
from gradbook.observe.naming import variables
from gradbook.observe.source import Span, Where, is_own, is_users, span_of

__all__ = ["Frames", "Step", "frames_of", "is_engine_error"]

EXPLAINED = (RuntimeError, ValueError, TypeError, LookupError, AttributeError, AssertionError, ArithmeticError)
HOSTS = ("IPython", "ipykernel", "nbclient", "pytest", "_pytest", "pluggy")  # what runs cells: no part of the story


@dataclass(frozen=True, slots=True)
class Step:
    """One frame of a traceback. `kind` is 'user', 'engine' or 'library'."""

    frame: FrameType
    lasti: int
    line: int
    kind: str

    @property
    def code(self) -> CodeType:
        """The code that ran."""
        return self.frame.f_code

    @property
    def where(self) -> Where:
        """The instruction that was being executed."""
        return self.frame.f_code, self.lasti

    @property
    def span(self) -> Span | None:
        """Where that instruction stands in the source."""
        return span_of(self.where)


@dataclass(frozen=True, slots=True)
class Frames:
    """A whole traceback, outermost frame first."""

    steps: tuple[Step, ...]

    @property
    def user(self) -> tuple[Step, ...]:
        """The user's frames."""
        return tuple(step for step in self.steps if step.kind == "user")

    @property
    def last(self) -> Step | None:
        """The user's innermost frame: the line to look at."""
        users = self.user
        return users[-1] if users else None

    @property
    def inside(self) -> tuple[Step, ...]:
        """What ran inside the user's innermost line."""
        last = self.last
        return self.steps[self.steps.index(last) + 1 :] if last is not None else self.steps


def frames_of(error: BaseException) -> Frames:
    """The frames of an exception's traceback, without those of what runs cells."""
    steps: list[Step] = []
    traceback: TracebackType | None = error.__traceback__
    while traceback is not None:
        frame = traceback.tb_frame
        kind = _kind(frame)
        if kind != "host":
            steps.append(Step(frame, traceback.tb_lasti, traceback.tb_lineno, kind))
        traceback = traceback.tb_next
    return Frames(tuple(steps))


def _kind(frame: FrameType) -> str:
    name = str(frame.f_globals.get("__name__", ""))
    if name.partition(".")[0] in HOSTS:
        return "host"
    file = frame.f_code.co_filename
    if is_own(file) or name.startswith("gradbook."):
        return "engine"
    return "user" if is_users(file) else "library"


def is_engine_error(error: Any, frames: Frames) -> bool:
    """True for an exception that the engine raised, or that something raised inside the engine.

    What the user's own code raises, also inside a module's forward, is none; neither are KeyboardInterrupt,
    StopTraining and an exhausted stack, whose innermost frame tells nothing.
    """
    if isinstance(error, StopTraining | RecursionError) or not isinstance(error, Exception):
        return False
    if frames.last is None:
        return False
    if not any(step.kind == "engine" for step in frames.inside):
        return not frames.inside and _about_ours(error, frames.last)
    return isinstance(error, (GradbookError, *EXPLAINED))


def _about_ours(error: Exception, last: Step) -> bool:
    """True for what Python itself raises on the user's line about a thing of ours: no such attribute or argument."""
    if isinstance(error, AttributeError):
        return _is_ours(error.obj)
    if not isinstance(error, TypeError):
        return False
    found = re.match(r"(?:(\w+)\.)?(\w+)\(\) (?:got an unexpected|missing \d|got multiple|takes )", str(error))
    node = source_of(last.code.co_filename).at(last.span)
    func = node.func if isinstance(node, ast.Call) else None
    if found is None or not isinstance(func, ast.Name | ast.Attribute):
        return False
    called = func.id if isinstance(func, ast.Name) else func.attr
    held = {**last.frame.f_globals, **variables(last.frame)}
    root: ast.expr = func
    while isinstance(root, ast.Attribute):
        root = root.value
    owner = held.get(root.id) if isinstance(root, ast.Name) else None
    return called in (found[1], found[2]) and _is_ours(owner)


def _is_ours(thing: Any) -> bool:
    if isinstance(thing, ModuleType):
        return thing.__name__.partition(".")[0] == "gradbook"
    kind = thing if isinstance(thing, type) else type(thing)
    return kind.__module__.partition(".")[0] == "gradbook"
