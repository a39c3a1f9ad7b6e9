"""`with observe.walk() as w:` writes down every operation with its numbers, and every gradient with how it is made."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any

from gradbook import events
from gradbook.observe import walkthrough
from gradbook.observe.nodes import shape_text
from gradbook.observe.source import cell_label, is_users, user_frame
from gradbook.observe.walkthrough.naming import give_symbols, name_outputs, tell_apart
from gradbook.observe.walkthrough.places import Sources
from gradbook.observe.walkthrough.recorder import Recorder
from gradbook.observe.walkthrough.steps import Call, Step, Value
from gradbook.observe.walkthrough.telling import tell

__all__ = ["Walk", "walk"]


class Walk:
    """A stretch of code, step by step: what each operation computed, and what each gradient is made of.

    A context manager, from `observe.walk()`; afterwards `steps` are in order, `walk["h"]` is the last value called h,
    with `.array`, `.grad`, `.shape` and `.source`, and `walk.all("h")` every one. Numbers are kept of tensors up to
    4,096 elements, of larger ones a sample; of long runs (1,200 steps, 64 MB) whole turns of a loop are left out, and
    after 6,000 operations it listens no more, as `note` says. What the code raises passes through and is the last step.
    """

    def __init__(self, base: FrameType | None, sources: Sources, title: str = "") -> None:
        self.sources = sources
        self.title = title or sources.texts[0].label
        self.error: BaseException | None = None
        self.result: Any = None
        self._recorder: Recorder | None = Recorder(base, sources)
        self._list = self._recorder.steps
        self._note: str | None = None
        self.turns: dict[tuple[int, ...], int] = {}
        self.ran: dict[str, set[int]] = {}

    # -- recording -------------------------------------------------------------------------------------------------

    def __enter__(self) -> Walk:
        recorder = self._live()
        events.attach(recorder)
        recorder.lines.start()
        return self

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        self.finish(error)

    def finish(self, error: BaseException | None = None) -> None:
        """Listen no more; name what was seen, and put it into words. Finishing twice is once."""
        recorder = self._recorder
        if recorder is None:
            return
        self._recorder = None
        recorder.lines.stop()
        events.detach(recorder)
        self.error = error
        if error is not None:
            self._list.append(_error_step(error, self.sources, recorder.base))
        self._note = recorder.note()
        self.turns, self.ran = recorder.lines.turns, recorder.lines.ran
        name_outputs(self._list)
        tell_apart(self._list)
        give_symbols(self.values)
        tell(self)
        recorder.let_go()

    def _live(self) -> Recorder:
        if self._recorder is None:
            raise RuntimeError("walk: this walk is over; begin a new one with observe.walk()")
        return self._recorder

    # -- what was seen ---------------------------------------------------------------------------------------------

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in order: forward, call, backward, error."""
        return tuple(self._list)

    @property
    def forward(self) -> tuple[Step, ...]:
        """The steps forward, one an operation."""
        return tuple(step for step in self._list if step.phase == "forward")

    @property
    def backward(self) -> tuple[Step, ...]:
        """The steps backward, one an operation that a gradient went through."""
        return tuple(step for step in self._list if step.phase == "backward")

    @property
    def calls(self) -> tuple[Call, ...]:
        """The operations of all steps, each once."""
        seen = {id(step.call): step.call for step in self._list if step.call is not None}
        return tuple(seen.values())

    @property
    def values(self) -> tuple[Value, ...]:
        """Every value of these steps, in the order they were made or first used."""
        return tuple(self._values())

    def _values(self) -> Iterator[Value]:
        seen: set[int] = set()
        for step in self._list:
            found: list[Any] = []
            if step.call is not None:
                found += [*step.call.operands, *step.call.outputs]
            found += [part.to for part in step.parts]
            found += [value for update in step.updates for value in (update.of, update.now)]
            found.append(step.root)
            for value in found:
                if isinstance(value, Value) and value.id not in seen:
                    seen.add(value.id)
                    yield value

    @property
    def note(self) -> str | None:
        """What is missing of a long run, in a sentence; None if nothing is."""
        return self._note

    def all(self, name: str) -> tuple[Value, ...]:
        """Every value of this name, in order; a loop makes one each turn."""
        return tuple(value for value in self.values if name in (value.name, value.symbol))

    def __getitem__(self, name: str) -> Value:
        found = self.all(name)
        if not found:
            known = ", ".join(dict.fromkeys(value.name for value in self.values if value.name))
            raise KeyError(f"walk: no value is called {name!r}; there are {known or 'none with a name'}")
        return found[-1]

    def __contains__(self, name: str) -> bool:
        return bool(self.all(name))

    def __len__(self) -> int:
        return len(self._list)

    def __iter__(self) -> Iterator[Step]:
        return iter(self._list)

    def __repr__(self) -> str:
        forward, backward = len(self.forward), len(self.backward)
        ended = f", {type(self.error).__name__}" if self.error is not None else ""
        return f"Walk({self.title}: {forward} steps forward, {backward} backward{ended})"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        show = walkthrough.renderer
        return {"text/plain": repr(self)} if show is None else show(self)._repr_mimebundle_(**options)


def walk(function: Callable[..., Any] | None = None, *args: Any, **named: Any) -> Walk:
    """`with observe.walk() as w:` walks through the block; `observe.walk(f, x)` through one call of f.

    -> the Walk; after a call `.result` holds what f returned. Lines point into the block, or into f.
    """
    frame = user_frame()
    if function is None:
        if frame is None:
            return Walk(None, Sources("", ()))
        file, (first, last) = frame.f_code.co_filename, _block(frame)
        lines = linecache.getlines(file)[first - 1 : last]
        return Walk(frame, Sources(file, lines, first), cell_label(file))
    code = getattr(function, "__code__", None) or getattr(getattr(function, "forward", None), "__code__", None)
    file = code.co_filename if code is not None else ""
    made = Walk(frame, Sources(file), getattr(function, "__name__", type(function).__name__))
    with made:
        made.result = function(*args, **named)
    return made


def _block(frame: FrameType) -> tuple[int, int]:
    """First and last line of the `with` statement that a frame stands in; the whole text if it is none."""
    lines = linecache.getlines(frame.f_code.co_filename)
    try:
        tree: ast.AST = ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return 1, max(1, len(lines))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.With | ast.AsyncWith)
             and node.lineno <= frame.f_lineno <= node.body[0].lineno]  # fmt: skip
    if not found:
        return 1, max(1, len(lines))
    best = max(found, key=lambda node: node.lineno)
    return best.lineno, best.end_lineno or best.lineno


def _error_step(error: BaseException, sources: Sources, base: FrameType | None) -> Step:
    """Where and why the code stopped."""
    wheres: list[tuple[CodeType, int]] = []
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if base is not None and code.co_filename == base.f_code.co_filename and code.co_name == base.f_code.co_name:
            wheres.clear()  # what lies outside is not walked through
        if is_users(code.co_filename):
            wheres.append((code, traceback.tb_lasti))
        traceback = traceback.tb_next
    step = Step("error", place=next((place for where in reversed(wheres) if (place := sources.place(where))), None))
    step.error = (type(error).__name__, str(error))
    card = getattr(error, "card", None)
    if card is not None:
        operands = [(str(o.get("name", "")), shape_text(tuple(o.get("shape", ()))), str(o.get("dtype", "")))
                    for o in card.operands]  # fmt: skip
        step.failed = (card.op, tuple(operands))
    return step
