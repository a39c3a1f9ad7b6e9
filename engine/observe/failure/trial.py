"""Try a change of the source on shapes alone: the failing statement again, and on to the loss, touching nothing."""

from __future__ import annotations

import ast
import contextlib
import ctypes
import io
import random
import sys
import threading
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradbook import events
from gradbook.autograd import grad_mode
from gradbook.autograd.layers import pushed
from gradbook.observe.failure.sandbox import Sandbox, Untouchable, names_in
from gradbook.observe.failure.scene import Scene, is_backward, loads, path_to, stores, walk_path
from gradbook.observe.failure.shapes import Dry, OutOfTime, Ran
from gradbook.observe.failure.text import Edit, apply, source_of
from gradbook.random import fork_rng
from gradbook.tensor import Tensor

__all__ = ["Outcome", "Plan", "attempt"]

Patch = Callable[[Sandbox], None]


@dataclass(frozen=True)
class Plan:
    """What a trial changes: the source, and stand-ins that are made before it begins."""

    edits: tuple[Edit, ...] = ()
    patch: Patch | None = None
    before: tuple[ast.stmt, ...] = ()  # statements of the frame to run before the failing one
    turns: int = 1  # of the loop around the failing statement


@dataclass
class Outcome:
    """What came of a trial. `reached` is 'loss', 'end' of what could be tried, or '' if it raised."""

    error: BaseException | None = None
    ran: list[Ran] = field(default_factory=list)
    reached: str = ""
    line: int = 0  # of the last statement that ran
    values: dict[str, Any] = field(default_factory=dict)  # what the statements that ran assigned
    output: Any = None  # what the outermost module gave
    loss: str = ""
    warned: tuple[str, ...] = ()
    sandbox: Sandbox | None = None
    plan: Plan = Plan()
    twins: dict[str, Any] = field(default_factory=dict)  # of a run that raised: what stood for each operand, by role

    @property
    def originals(self) -> dict[int, Any]:
        """What stand-ins stand for, by their id."""
        return self.sandbox.originals if self.sandbox is not None else {}

    @property
    def ok(self) -> bool:
        """True if everything that was tried worked."""
        return self.error is None and bool(self.reached)


class _Watch(Dry):
    """Dry, which also keeps what the outermost module gave."""

    output: Any = None

    def on_module(self, phase: str, module: Any, value: Any) -> None:
        """Keep the output of the outermost module that was called; a loss is none."""
        if phase == "exit" and len(events.module_stack()) == 1 and isinstance(value, Tensor) and value.ndim:
            self.output = value


def attempt(scene: Scene, plan: Plan, seconds: float) -> Outcome:
    """Run the scene with the plan's changes in it. What cannot be tried comes back as an Untouchable error."""
    outcome = Outcome()
    dry = _Watch(shapes=not scene.backward, seconds=seconds)
    try:
        with _apart(dry, grad=scene.backward) as heard, watched(2 * seconds):
            _run(scene, plan, outcome)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: it is the trial that ends
        outcome.error, outcome.reached = error, ""
    outcome.ran, outcome.output = dry.ran, dry.output
    outcome.warned = tuple(str(warning.message) for warning in heard)
    return outcome


def _run(scene: Scene, plan: Plan, outcome: Outcome) -> None:
    if scene.statement is None:
        raise Untouchable(scene.why)
    texts = {file: apply(source_of(file).text, tuple(e for e in plan.edits if e.file == file))
             for file in {edit.file for edit in plan.edits}}  # fmt: skip
    sandbox = outcome.sandbox = Sandbox(_Recompiled(texts))
    if plan.patch is not None:
        plan.patch(sandbox)
    file = scene.source.file
    tree: Any = ast.parse(texts[file]) if file in texts else scene.source.tree
    names, space = scene.names(), scene.step.frame.f_globals
    here = sandbox.globals(space, set()) if names is space else dict(sandbox.globals(space, set()))
    bound: set[str] = set()

    def run(statement: ast.stmt, file: str) -> None:
        code = compile(_module(statement, scene.contexts()), file, "exec")
        wanted = names_in(code) - bound - (stores(statement) - loads(statement))
        sandbox.globals(space, wanted)
        for name in wanted:
            if name in names:
                here[name] = sandbox.of(names[name], name)
            elif name in space:
                here[name] = sandbox.globals(space, {name})[name]
        bound.update(wanted | stores(statement))
        exec(code, here)

    _statements(scene, plan, outcome, lambda s: run(walk_path(tree, path_to(scene.source, s)), file))
    for name in outcome.values:
        outcome.values[name] = here.get(name)


def _statements(scene: Scene, plan: Plan, outcome: Outcome, run: Callable[[ast.stmt], None]) -> None:
    """The failing statement and those that follow, up to the loss or to the first that cannot be tried."""
    assert scene.statement is not None
    for statement in _todo(scene, plan):
        run(statement)
        outcome.line = statement.lineno
        outcome.values.update(dict.fromkeys(_targets(statement)))
    for statement in scene.following():
        call = is_backward(statement)
        if call is not None:
            outcome.reached, outcome.loss = "loss", ast.unparse(call.func.value)  # type: ignore[attr-defined]
            return
        if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.Pass):
            continue
        if not scene.safety.ok(statement, scene.look):
            if isinstance(statement, ast.Expr):  # it names nothing: optimizer.zero_grad(), print(…)
                continue
            break
        try:
            run(statement)
        except Untouchable:
            break
        outcome.line = statement.lineno
        outcome.values.update(dict.fromkeys(_targets(statement)))
    outcome.reached = "end"


def _todo(scene: Scene, plan: Plan) -> list[ast.stmt]:
    """The statements up to the failing one that a plan runs."""
    assert scene.statement is not None
    todo = list(plan.before)
    loop = scene.loop()
    if plan.turns > 1 and loop is not None:
        inside = [s for s in todo if loop.lineno < s.lineno]
        todo = [s for s in todo if s not in inside] + scene.again(loop.body) * (plan.turns - 1) + inside
    return [*todo, scene.statement]


def _module(statement: ast.stmt, contexts: Sequence[ast.With]) -> ast.Module:
    """One statement as a program; a `return` gives its value a name."""
    if isinstance(statement, ast.Return):
        target = ast.Name("_returned", ast.Store())
        statement = ast.copy_location(ast.Assign([target], statement.value or ast.Constant(None)), statement)
    for around in reversed(contexts):
        statement = ast.copy_location(ast.With(around.items, [statement]), around)
    return ast.fix_missing_locations(ast.Module([statement], []))


def _targets(statement: ast.stmt) -> list[str]:
    """The names that a statement assigns."""
    if isinstance(statement, ast.Return):
        return ["_returned"]
    return [node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]


class _Recompiled(dict[types.CodeType, types.CodeType]):
    """From a code object of an edited file to the one that the edited text gives; any other stands for itself."""

    def __init__(self, texts: dict[str, str]) -> None:
        super().__init__()
        self.tables: dict[str, list[types.CodeType]] = {}
        for file, text in texts.items():
            whole = compile(text, file, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            self.tables[file] = list(_codes(whole))

    def get(self, code: types.CodeType, default: Any = None) -> Any:
        """The edited code of the same qualified name, the one nearest by where it begins."""
        known = [c for c in self.tables.get(code.co_filename, ()) if c.co_qualname == code.co_qualname]
        return min(known, key=lambda c: abs(c.co_firstlineno - code.co_firstlineno), default=default)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from _codes(constant)


class Quiet(io.TextIOBase):
    """A stream that says nothing of what this thread writes, and hands on what others do."""

    def __init__(self, outside: Any) -> None:
        self.outside, self.thread = outside, threading.get_ident()

    def write(self, text: str) -> int:
        """Take text. -> its length"""
        return len(text) if threading.get_ident() == self.thread else int(self.outside.write(text) or 0)

    def flush(self) -> None:
        """Hand on what is waiting."""
        if self.outside is not None:
            self.outside.flush()


@contextlib.contextmanager
def watched(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in this thread after so long, for loops that call no operation."""
    thread, lock = threading.get_ident(), threading.Lock()
    fired = over = False

    def fire() -> None:
        nonlocal fired
        with lock:
            if not over:
                fired = True
                raise_in(thread, OutOfTime)

    timer = threading.Timer(seconds, fire)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with contextlib.suppress(OutOfTime):
            with lock:
                over = True
            timer.cancel()
            timer.join()
            for _ in range(2 if fired else 0):
                continue  # one that has not been raised yet is raised at the end of a loop's body


def raise_in(thread: int, kind: type[BaseException]) -> None:
    """Let another thread raise an exception at its next call or loop.

    It cannot be called back: CPython 3.11 would look for it ever after, and hang in the first traced function.
    """
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(kind))


@contextlib.contextmanager
def _apart(dry: Dry, grad: bool) -> Iterator[list[warnings.WarningMessage]]:
    """Nobody hears what happens inside, nothing is printed, and random numbers go on outside as if it had not been."""
    python, numpy = random.getstate(), np.random.get_state()
    with contextlib.ExitStack() as stack:
        stack.enter_context(fork_rng())
        stack.callback(np.random.set_state, numpy)
        stack.callback(random.setstate, python)
        stack.enter_context(contextlib.redirect_stdout(Quiet(sys.stdout)))
        stack.enter_context(contextlib.redirect_stderr(Quiet(sys.stderr)))
        heard = stack.enter_context(warnings.catch_warnings(record=True))
        warnings.simplefilter("always")
        stack.enter_context(np.errstate(all="ignore"))
        stack.enter_context(events.silenced())
        stack.enter_context(events.observing(dry))
        stack.enter_context(pushed(dry))
        stack.enter_context(grad_mode.set_grad_enabled(grad))
        yield heard
