"""The user's code round a place: its statement, the names that things have there, and edits that mend it.

The source only sharpens line and fix; what is wrong is known from what ran.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from types import FrameType
from typing import Any

from gradbook.coach.finding import Fix
from gradbook.observe import naming
from gradbook.observe.failure.definitions import function_of, single_assignments
from gradbook.observe.failure.text import Edit, Source, source_of
from gradbook.observe.source import Where, cells, is_own, locate, span_of, user_frame

__all__ = [
    "Place", "appended", "assignment", "builder", "callers", "definition", "extended", "here", "insertion",
    "insertion_after", "line_before", "line_of", "loss_name", "name_of", "outermost_loop", "place", "removal",
    "replacement", "sources", "with_option", "without_argument",
]  # fmt: skip

FRAMES = 8  # of the user's, round a place


class Place:
    """Where an instruction stands: `file`, `line`, its `statement` and `expression` as far as the source is known."""

    def __init__(self, where: Where) -> None:
        self.span, self.file = span_of(where), where[0].co_filename
        self.function = where[0].co_name
        self.source: Source = source_of(self.file)
        self.line = self.span.line if self.span is not None else where[0].co_firstlineno
        self.statement = self.source.statement(self.line)
        self.expression = self.source.at(self.span)

    @property
    def at(self) -> tuple[str, int]:
        """(file, line), as Rule.find takes it."""
        return self.file, self.line

    @property
    def indent(self) -> str:
        """The blanks before the statement."""
        return indent_of(self.source, self.statement.lineno) if self.statement is not None else ""

    def around(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        """The nodes of these kinds that the statement stands in, the innermost first, out to its function."""
        here: ast.AST | None = self.statement
        while here is not None and not isinstance(here, ast.FunctionDef | ast.AsyncFunctionDef):
            here = self.source.parents.get(here)
            if isinstance(here, kinds):
                yield here

    @property
    def loop(self) -> ast.For | ast.While | None:
        """The innermost loop that it stands in."""
        found = next(self.around(ast.For, ast.While), None)
        return found if isinstance(found, ast.For | ast.While) else None

    def beside(self, other: Place) -> bool:
        """Whether two places are of the same function, and of the same loop of it."""
        return (self.file, self.function, self.loop) == (other.file, other.function, other.loop)

    @property
    def loop_here(self) -> ast.For | None:
        """The for loop that the place itself is the head of, else the innermost one round it."""
        found = self.statement if isinstance(self.statement, ast.For) else self.loop
        return found if isinstance(found, ast.For) else None


def line_of(where: Where | None) -> tuple[str, int]:
    """(file, line) of an instruction, ("", 0) where that is unknown: one line may have several offsets in time."""
    found = locate(where) if where is not None else None
    return (found.file, found.line) if found is not None else ("", 0)


def place(where: Where | None) -> Place | None:
    """The Place of an instruction; None where it is unknown."""
    return Place(where) if where is not None and where[0].co_filename != "<string>" else None


def indent_of(source: Source, line: int) -> str:
    """The blanks before a line: of a statement that shares it with another one those of the first."""
    text = source.lines[line - 1]
    return text[: len(text) - len(text.lstrip())]


def insertion(at: Place | None, code: str, why: str = "", *, after: bool = False) -> Fix:
    """The fix that puts a line of its own before (or after) the statement at a place, as far indented."""
    if at is None or at.statement is None:
        return Fix(code, (), why)
    text = at.source.lines[at.statement.lineno - 1]
    if text[: at.statement.col_offset].strip():  # `if x: y()`: the statement does not begin its line
        return Fix(code, (), why)
    line = (at.statement.end_lineno or at.statement.lineno) if after else at.statement.lineno
    if after:
        end = len(at.source.lines[line - 1])
        return Fix(code, (Edit(at.file, line, end, line, end, f"\n{at.indent}{code}"),), why)
    return Fix(code, (Edit(at.file, line, 0, line, 0, f"{at.indent}{code}\n"),), why)


def insertion_after(at: Place, statement: ast.stmt, code: str, why: str = "") -> Fix:
    """The fix that puts a line of its own after a statement of the same file, as far indented."""
    line = statement.end_lineno or statement.lineno
    indent, end = indent_of(at.source, statement.lineno), len(at.source.lines[line - 1])
    return Fix(code, (Edit(at.file, line, end, line, end, f"\n{indent}{code}"),), why)


def outermost_loop(at: Place) -> ast.For | ast.While | None:
    """The outermost loop of its function that a place stands in."""
    found: ast.For | ast.While | None = None
    for loop in at.around(ast.For, ast.While):
        found = loop if isinstance(loop, ast.For | ast.While) else found
    return found


def line_before(file: str, line: int, text: str) -> Edit:
    """The edit that puts a line of text before another one."""
    return Edit(file, line, 0, line, 0, f"{text}\n")


def replacement(at: Place, node: ast.expr | ast.stmt, code: str, why: str = "") -> Fix:
    """The fix that puts `code` in the place of a node. It reads as the whole line that comes of it."""
    edit = at.source.replace(node, code)
    line = at.source.lines[edit.line - 1][: edit.column] + code
    if edit.end_line <= len(at.source.lines):
        line += at.source.lines[edit.end_line - 1][edit.end_column :]
    return Fix(line.strip(), (edit,), why)


def appended(at: Place, node: ast.expr, text: str, why: str = "") -> Fix:
    """The fix that writes a method call behind an expression. It reads as the whole line that comes of it."""
    edit = at.source.after(node, text)
    first, last = at.source.lines[edit.line - 1], at.source.lines[edit.end_line - 1]
    return Fix((first[: edit.column] + edit.text + last[edit.end_column :]).strip(), (edit,), why)


def extended(source: Source, call: ast.Call, option: str) -> str:
    """The text of a call with one argument more, at its end."""
    inner = source.segment(call)[:-1].rstrip().rstrip(",")
    return f"{inner}{'' if inner.endswith('(') else ', '}{option})"


def with_option(at: Place, call: ast.Call, name: str, value: str, why: str = "") -> Fix:
    """The fix that gives a call this option, or another value of it."""
    given = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
    if given is not None:
        return replacement(at, given, value, why)
    return replacement(at, call, extended(at.source, call, f"{name}={value}"), why)


def without_argument(at: Place, argument: ast.expr, why: str = "") -> Fix:
    """The fix that takes one argument out of a call, or one item out of a list, with its comma and its line."""
    parent = at.source.parents.get(argument)
    items: list[ast.expr] = parent.args if isinstance(parent, ast.Call) else getattr(parent, "elts", [])
    index = items.index(argument)
    whole = at.source.replace(argument, "")
    before = at.source.replace(items[index - 1], "") if index else None
    if before is not None:  # from the end of the one before to its own end
        edit = Edit(at.file, before.end_line, before.end_column, whole.end_line, whole.end_column, "")
    elif len(items) > 1:
        after = at.source.replace(items[1], "")
        edit = Edit(at.file, whole.line, whole.column, after.line, after.column, "")
    else:
        edit = whole
    text = at.source.lines[edit.line - 1][: edit.column] + at.source.lines[edit.end_line - 1][edit.end_column :]
    return Fix(text.strip(), (edit,), why)


def removal(at: Place | None, why: str = "") -> tuple[Edit, ...]:
    """The edits that take the statement at a place out; () where it shares its line with others or is unknown."""
    if at is None or at.statement is None:
        return ()
    first, last = at.statement.lineno, at.statement.end_lineno or at.statement.lineno
    whole, own = "\n".join(at.source.lines[first - 1 : last]).strip(), at.source.segment(at.statement).strip()
    beside = whole.removeprefix(own).strip()
    if not whole.startswith(own) or (beside and not beside.startswith("#")) or _alone(at):
        return ()
    if last < len(at.source.lines):
        return (Edit(at.file, first, 0, last + 1, 0, ""),)
    return (Edit(at.file, first, 0, last, len(at.source.lines[last - 1]), ""),)


def _alone(at: Place) -> bool:
    """Whether the statement is the only one of its block, which cannot be left empty."""
    parent = at.source.parents.get(at.statement) if at.statement is not None else None
    bodies = [getattr(parent, name, None) for name in ("body", "orelse", "finalbody")]
    return any(isinstance(body, list) and body == [at.statement] for body in bodies)


def name_of(thing: Any, otherwise: str) -> str:
    """What the user's code calls an object where it now runs: `optimizer`, `self.opt`; else `otherwise`."""
    frame = user_frame(1)
    here = naming.variables(frame) if frame is not None else {}
    for name, value in naming.visible(frame).items():
        if value is thing and not name.startswith("_"):
            own = name not in here and getattr(here.get("self"), name, None) is thing
            return f"self.{name}" if own else name
    return otherwise


def assignment(at: Place | None, name: str) -> Place | None:
    """The place of the last plain `name = ...` above a place, else in its file, else in an earlier cell.

    Its `expression` is what is assigned. For objects that were constructed before the coach watched.
    """
    if at is None:
        return None
    for source in sources(at):
        found = [(node, value) for node, target, value in single_assignments(source) if ast.unparse(target) == name]
        above = [pair for pair in found if source is at.source and pair[0].lineno < at.line]
        if found:
            there = copy.copy(at)
            there.source, there.file, there.statement = source, source.file, (above or found)[-1][0]
            there.line, there.expression = there.statement.lineno, (above or found)[-1][1]
            inside = function_of(source, there.statement)
            there.function = inside.name if isinstance(inside, ast.FunctionDef) else "<module>"
            return there
    return None


def definition(at: Place | None, name: str) -> Place | None:
    """The place of `def name(...)`, in the file of a place or in another cell."""
    for source in sources(at) if at is not None else ():
        for node in source.nodes():
            if isinstance(node, ast.FunctionDef) and node.name == name:
                there = copy.copy(at)
                assert there is not None
                there.source, there.file, there.statement, there.line = source, source.file, node, node.lineno
                there.expression, there.function = None, "<module>"
                return there
    return None


def sources(at: Place) -> Iterator[Source]:
    """The text that a place stands in, then those of the other cells of its notebook, the latest first."""
    yield at.source
    yield from (source_of(file) for file in reversed(cells()) if file != at.file)


def builder(thing: Any) -> tuple[Where | None, Where | None]:
    """The place of the user's code that is constructing an object, what calls its outermost constructor; its caller."""
    frame = user_frame(1)
    while frame is not None and frame.f_code.co_name == "__init__" and frame.f_code.co_varnames:
        if naming.variables(frame).get(frame.f_code.co_varnames[0]) is not thing:
            break
        frame = user_frame_above(frame)
    if frame is None:
        return None, None
    above = user_frame_above(frame) if frame.f_code.co_name != "<module>" else None
    return (frame.f_code, frame.f_lasti), (above.f_code, above.f_lasti) if above is not None else None


def here() -> Where | None:
    """The place of the user's code that now runs."""
    frame = user_frame(1)
    return (frame.f_code, frame.f_lasti) if frame is not None else None


def callers() -> tuple[Where, ...]:
    """The user's frames round what now runs, innermost first, to the top of a file; at most FRAMES."""
    frame, found = user_frame(2), list[Where]()
    while frame is not None and len(found) < FRAMES:
        found.append((frame.f_code, frame.f_lasti))
        frame = user_frame_above(frame) if frame.f_code.co_name != "<module>" else None
    return tuple(found)


def user_frame_above(frame: FrameType) -> FrameType | None:
    """The nearest frame of the user's around another one."""
    above = frame.f_back
    while above is not None and is_own(above.f_code.co_filename):
        above = above.f_back
    return above


def loss_name(at: Place | None) -> str:
    """The variable that holds the loss, as the code before a place has it: the last one that is called so."""
    if at is None or at.loop is None:
        return "loss"
    found = [
        node.targets[0].id for node in ast.walk(at.loop)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.lineno <= at.line
    ]  # fmt: skip
    return next((name for name in reversed(found) if "loss" in name.lower()), found[-1] if found else "loss")
