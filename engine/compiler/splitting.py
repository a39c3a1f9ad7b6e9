"""What of a compiled function is left to Python: learnt from recorded calls, each of which shows a little more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook.compiler.between import Unfinished
from gradbook.compiler.breaks import Key
from gradbook.compiler.interpreter import Interpreter
from gradbook.compiler.leaving import Left, all_bare
from gradbook.compiler.recording import Recorder
from gradbook.compiler.stance import Inside
from gradbook.compiler.wording import Wording
from gradbook.nn import hooks

__all__ = ["Failure", "Splitting", "note_checks"]

Failure = tuple[str, tuple[str, int] | None]  # a reason, and a place
TRIES = 25  # how often a kind of call is recorded once more, as something else is to be left to Python


class Splitting:
    """The part of a compiled function that knows of its breaks."""

    function: Callable[..., Any]

    def note_late(self, key: Any, breaks: Any) -> bool:
        """A plan was given up midway."""
        raise NotImplementedError

    def give_up(self, key: Any, reason: str, place: tuple[str, int] | None) -> None:
        """Leave calls of this kind to Python."""
        raise NotImplementedError

    def __init__(self) -> None:
        self.breaks: dict[Key, Left] = {}
        self.decides = False  # of if and while statements only the condition is left to Python
        self.tries: dict[Any, int] = {}

    def attach(self, interpreter: Interpreter, recorder: Recorder) -> None:
        """Let a recorded call know what is left to Python, and tell of what had better be."""
        interpreter.breaks, interpreter.recorder = dict(self.breaks), recorder
        recorder.blame, recorder.blame_call = interpreter.blame, interpreter.blame_call
        recorder.suspect = interpreter.suspect

    def leave_more(self, key: Any, interpreter: Interpreter, recorder: Recorder) -> bool:
        """Leave to Python what a recorded call showed should be. -> whether there is more of it than before"""
        wanted = interpreter.wanted
        if recorder.failure is not None and not (interpreter.failures and not recorder.roots):
            wanted = {**recorder.failure.suspect, **wanted}
        if self.decides:
            wanted = {each: (decided(each, left[0]), *left[1:]) for each, left in wanted.items()}
        new = {each: left for each, left in wanted.items() if self.breaks.get(each, ("",))[0] != left[0]}
        self.tries[key] = self.tries.get(key, 0) + bool(new)
        if not new or self.tries[key] > TRIES:
            return False
        self.breaks |= new
        return True

    def leave_otherwise(self, failures: list[Failure]) -> bool:
        """Leave only conditions to Python, not what depends on them. -> whether that is another way"""
        if self.decides or not any(decided(key, left[0]) != left[0] for key, left in self.breaks.items()):
            return False
        self.decides, self.breaks = True, {}
        return True

    def finish(self, key: Any, breaks: dict[Key, Left], begun: Unfinished, args: Any, kwargs: Any) -> Any:
        """Make a call again whose plan was given up midway, without what Python did already."""
        if not self.note_late(key, breaks):
            self.give_up(key, f"most calls are not as the one before from here on: {begun.reason}", begun.place)
        interpreter = Interpreter()
        interpreter.breaks, interpreter.script = breaks, begun.script
        try:
            with Inside():
                return all_bare(interpreter.call(self.function, args, kwargs))
        finally:
            begun.bring()


def decided(key: Key, mode: str) -> str:
    """How a break is made when only conditions are left to Python."""
    return "decided" if mode in ("left", "whole") and key[1] in ("If", "While") else mode


def note_checks(interpreter: Interpreter, recorder: Recorder, modules: Any) -> None:
    """Say what has to hold after each thing that is left to Python. modules: a Snapshot."""
    instructions = recorder.instructions
    last = max((i for i, each in enumerate(instructions) if each.kind == "left"), default=-1)
    places = {place: recorder.input_ids[id(interpreter.guards.value(place))] for place in interpreter.inputs}
    for i, each in enumerate(instructions):
        goes_on = any(other.kind != "left" for other in instructions[i:])
        if each.kind == "left" and ((each.op.reads and i == last) or (goes_on and not each.op.quiet)):
            each.op.check = wording = Wording()
            wording.names |= {"hooks": hooks, "modules": modules}
            wording.test("(hooks.changes == modules.seen or modules.hold())")
            interpreter.guards.again(wording, places, each.op.reads)
            recorder.same_outside(wording)
