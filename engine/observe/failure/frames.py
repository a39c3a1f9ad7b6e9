"""The frames of a traceback, sorted into the user's, the engine's and those of other libraries."""

from __future__ import annotations

import sysconfig
from dataclasses import dataclass
from types import CodeType, FrameType, TracebackType
from typing import Any

from gradbook.errors import GradbookError
from gradbook.observe.control import StopTraining
from gradbook.observe.source import Span, Where, is_own, span_of

__all__ = ["Frames", "Step", "frames_of", "is_engine_error", "is_users"]

EXPLAINED = (RuntimeError, ValueError, TypeError, LookupError, AttributeError, AssertionError, ArithmeticError)
HOSTS = ("IPython", "ipykernel", "nbclient", "pytest", "_pytest", "pluggy")  # what runs cells: no part of the story
_LIBRARIES = tuple(sorted({sysconfig.get_path(name) + "/" for name in ("stdlib", "platstdlib", "purelib", "platlib")}))


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


def is_users(file: str) -> bool:
    """True for code of a cell or of a file of the user's own: neither the engine's nor an installed library's."""
    return not is_own(file) and not file.startswith((*_LIBRARIES, "<frozen "))


def is_engine_error(error: Any, frames: Frames) -> bool:
    """True for an exception that the engine raised, or that something raised inside the engine.

    What the user's own code raises, also inside a module's forward, is none; neither are KeyboardInterrupt,
    StopTraining and an exhausted stack, whose innermost frame tells nothing.
    """
    if isinstance(error, StopTraining | RecursionError) or not isinstance(error, Exception):
        return False
    if frames.last is None or not any(step.kind == "engine" for step in frames.inside):
        return False
    return isinstance(error, (GradbookError, *EXPLAINED))
