"""Where a trial begins and what it runs: the failing statement of a frame that can be tried again, and what follows it.

The frame is the outermost one whose line only computes: not the failing line of a module's forward, but the line of the
training loop that calls the model, up to the loss.
"""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Iterator
from typing import Any

from gradbook.nn.module import Module
from gradbook.observe.failure.frames import Frames, Step
from gradbook.observe.failure.safety import MISSING, Safety
from gradbook.observe.failure.text import Source, source_of
from gradbook.observe.naming import variables
from gradbook.tensor import Tensor

__all__ = ["Scene", "is_backward", "loads", "path_to", "stores", "walk_path"]

SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return, ast.Assert)
DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
INLINED = ("<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>", "<lambda>")
Path = tuple[tuple[str, int], ...]


class Scene:
    """A frame of the user's, the statement in it that failed, and those to run after it."""

    def __init__(self, frames: Frames, backward: bool) -> None:
        self.frames, self.backward = frames, backward
        self.safety = Safety(frozenset({"backward", "zero_grad", "requires_grad_"}) if backward else frozenset())
        self.why = ""  # why nothing can be tried
        self.step, self.statement = self._choose()
        self.source: Source = source_of(self.step.code.co_filename)

    def _choose(self) -> tuple[Step, ast.stmt | None]:
        users = self.frames.user
        best, chosen = users[-1], self._failing(users[-1])
        if chosen is None:
            self.why = "its line cannot run a second time without side effects"
        for outer, inner in zip(users[-2::-1], users[:0:-1], strict=False):
            inline = inner.code.co_name in INLINED
            if inner.code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE) and not inline:
                break
            if not inline and not self.safety.code(inner.code, look_in(inner)):
                break
            statement = self._failing(outer)
            if statement is None:
                break
            best, chosen, self.why = outer, statement, ""
        return best, chosen

    def _failing(self, step: Step) -> ast.stmt | None:
        """The statement that a frame was in, if it is a simple one that only computes."""
        source = source_of(step.code.co_filename)
        span = step.span
        node = source.statement(span.line if span is not None else step.line)
        simple = isinstance(node, SIMPLE) and not step.code.co_flags & inspect.CO_COROUTINE
        return node if node is not None and simple and self.safety.ok(node, look_in(step)) else None

    def names(self) -> dict[str, Any]:
        """The variables of the frame."""
        return variables(self.step.frame)

    def block(self, statement: ast.stmt) -> tuple[list[ast.stmt], int]:
        """The list of statements that one stands in, and its place there."""
        parent = self.source.parents.get(statement)
        for _, value in ast.iter_fields(parent) if parent is not None else ():
            if isinstance(value, list) and any(item is statement for item in value):
                return value, next(i for i, item in enumerate(value) if item is statement)
        return [statement], 0

    def contexts(self) -> list[ast.With]:
        """The engine's `with` blocks around the failing statement, outermost first, such as autocast."""
        found: list[ast.With] = []
        here: ast.AST | None = self.statement
        while here is not None and not isinstance(here, ast.FunctionDef | ast.Lambda):
            here = self.source.parents.get(here)
            if isinstance(here, ast.With) and self.safety.ok(
                ast.Tuple([i.context_expr for i in here.items]), self.look
            ):
                found.insert(0, here)
        return found

    def look(self, name: str) -> Any:
        """What a name means in the frame."""
        return look_in(self.step)(name)

    def following(self) -> Iterator[ast.stmt]:
        """The statements that would come next: of the block, then of those around it, within one turn of a loop."""
        here: ast.stmt | None = self.statement
        while here is not None:
            items, at = self.block(here)
            yield from items[at + 1 :]
            parent = self.source.parents.get(here)
            if not isinstance(parent, ast.With | ast.If | ast.Try):
                return
            here = parent

    def before(self) -> list[ast.stmt]:
        """The statements of the same function or cell that ran before the failing one, loops taken as one turn."""
        found: list[ast.stmt] = []
        here: ast.stmt | None = self.statement
        while here is not None:
            items, at = self.block(here)
            found[:0] = items[:at]
            parent = self.source.parents.get(here)
            here = parent if isinstance(parent, ast.With | ast.If | ast.Try | ast.For | ast.While) else None
        return found

    def loop(self) -> ast.For | ast.While | None:
        """The innermost loop around the failing statement."""
        here: ast.AST | None = self.statement
        while here is not None and not isinstance(here, ast.FunctionDef | ast.ClassDef):
            here = self.source.parents.get(here)
            if isinstance(here, ast.For | ast.While):
                return here
        return None

    def again(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """Those of some statements that can run again, from the last on that cannot.

        Definitions stand as they are, and a line that names nothing may be left out.
        """
        found: list[ast.stmt] = []
        for statement in statements:
            if isinstance(statement, (*DEFINITIONS, ast.Pass)):
                continue
            if self.safety.ok(statement, self.look):
                found.append(statement)
            elif not isinstance(statement, ast.Expr):
                found.clear()
        return found

    def replayable(self) -> list[ast.stmt]:
        """The statements before the failing one that can run again and find what they found the first time."""
        found = self.again(self.before())
        while found:
            stored = {name for statement in found for name in stores(statement)}
            known: set[str] = set()
            stale = False
            for statement in found:
                stale = stale or bool((loads(statement) - known - turned(statement)) & stored)
                known |= stores(statement)
            if not stale or self.loop() is not None:
                return found
            found = found[1:]
        return found

    def leading(self) -> list[ast.stmt]:
        """Those of the replayable statements that compute what the failing one takes, from tensors or by a module."""
        if self.statement is None:
            return []
        wanted = loads(self.statement)
        found: list[ast.stmt] = []
        for statement in reversed(self.replayable()):
            computes = any(isinstance(self.look(name), Tensor | Module) for name in loads(statement))
            if computes and isinstance(statement, SIMPLE) and stores(statement) & wanted:
                found.insert(0, statement)
                wanted |= loads(statement)
        return found

    def carried(self) -> list[tuple[str, ast.Name]]:
        """Variables that one turn of the loop hands to the next, each with the place that takes it up."""
        loop = self.loop()
        if loop is None:
            return []
        stored = {name for statement in loop.body for name in stores(statement)}
        known: set[str] = set(stores(loop.target)) if isinstance(loop, ast.For) else set()
        found: dict[str, ast.Name] = {}
        for statement in loop.body:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in stored - known:
                    found.setdefault(node.id, node)
            known |= stores(statement)
        return list(found.items())


def stores(node: ast.AST) -> set[str]:
    """The names that a piece of code assigns."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def turned(node: ast.AST) -> set[str]:
    """The variables of the loops and comprehensions inside a piece of code, which bring their own values."""
    inside = (n for n in ast.walk(node) if isinstance(n, ast.For | ast.comprehension))
    return {name for n in inside for name in stores(n.target)}


def loads(node: ast.AST) -> set[str]:
    """The names that a piece of code looks up."""
    found = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return found | {
        n.target.id for n in ast.walk(node) if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)
    }


def look_in(step: Step) -> Any:
    """A look-up of names as a frame sees them."""
    names = variables(step.frame)
    space = step.frame.f_globals

    def look(name: str) -> Any:
        if name in names:
            return names[name]
        return space.get(name, getattr(builtins, name, MISSING))

    return look


def is_backward(statement: ast.AST) -> ast.Call | None:
    """The call of `.backward()` in a statement, if there is one."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "backward":
            return node
    return None


def path_to(source: Source, node: ast.AST) -> Path:
    """The way from the top of a syntax tree to a node, as fields and indices."""
    found: list[tuple[str, int]] = []
    while node in source.parents:
        parent = source.parents[node]
        for field, value in ast.iter_fields(parent):
            if value is node:
                found.append((field, -1))
            elif isinstance(value, list):
                found.extend((field, i) for i, item in enumerate(value) if item is node)
        node = parent
    return tuple(reversed(found))


def walk_path(tree: ast.AST, path: Path) -> Any:
    """The node at the end of a way. Raises AttributeError or IndexError where the tree has no such place."""
    node: Any = tree
    for field, index in path:
        node = getattr(node, field) if index < 0 else getattr(node, field)[index]
    return node
