"""Where steps stand: the texts they point into, the user's frames, the turn of each loop while it runs."""

from __future__ import annotations

import ast
import linecache
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

from gradbook.observe.source import Where, cell_label, is_own, is_users, span_of
from gradbook.observe.walkthrough.steps import Loop, Place

__all__ = ["Lines", "Sources", "Text", "frames_of", "inside_a_module"]

DEEPEST = 60  # frames looked at on the way out


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of source that steps point into: `lines[0]` is line number `first` of `file`."""

    label: str
    file: str
    first: int
    lines: tuple[str, ...]


def frames_of(base: CodeType | None, depth: int = 1) -> list[FrameType]:
    """The user's frames from the innermost out to that of `base`, libraries left out; the innermost foreign if none.

    IPython runs each statement of a cell as code of its own: any top level of the same file ends the way too.
    """
    frame: FrameType | None = sys._getframe(depth)
    found: list[FrameType] = []
    nearest: FrameType | None = None
    steps = 0
    while frame is not None and steps < DEEPEST * 4:
        code = frame.f_code
        file = code.co_filename
        ends = base is not None and (code is base or (code.co_name == "<module>" and file == base.co_filename))
        if ends or is_users(file):
            found.append(frame)
            if ends or len(found) >= DEEPEST:
                break
        elif nearest is None and not is_own(file):
            nearest = frame
        frame, steps = frame.f_back, steps + 1
    return found or ([nearest] if nearest is not None else [])


class Sources:
    """The texts of a walkthrough: 0 is the cell (or the `with` block) itself, then each function that ops stand in."""

    def __init__(self, file: str, lines: Sequence[str] | None = None, first: int = 1, label: str = "") -> None:
        own = tuple(line.rstrip("\n") for line in (lines if lines is not None else linecache.getlines(file)))
        self.texts: list[Text] = [Text(label or cell_label(file), file, first, own)]
        self._functions: dict[tuple[str, int], int] = {}
        self._places: dict[tuple[int, int], tuple[CodeType, Place | None]] = {}

    def place(self, where: Where | None) -> Place | None:
        """Where an instruction stands; None where its code has no text."""
        if where is None:
            return None
        key = (id(where[0]), where[1])
        known = self._places.get(key)
        if known is None:
            known = self._places[key] = (where[0], self._find(where))
        return known[1]

    def _find(self, where: Where) -> Place | None:
        span = span_of(where)
        if span is None:
            return None
        index = self.text_of(where[0], span.line)
        if index is None:
            return None
        file = where[0].co_filename
        column = _characters(linecache.getline(file, span.line), span.column)
        end = _characters(linecache.getline(file, span.end_line), span.end_column)
        return Place(index, span.line, column, span.end_line, end)

    def text_of(self, code: CodeType, line: int) -> int | None:
        """The text that holds a line of a code object, taken in if it is new; None where there is none."""
        file = code.co_filename
        cell = self.texts[0]
        if file == cell.file and cell.first <= line < cell.first + len(cell.lines):
            return 0
        lines = linecache.getlines(file)
        if not lines or line > len(lines):
            return None
        first, last = _function_around("".join(lines), line)
        known = self._functions.get((file, first))
        if known is None:
            name = "" if code.co_name == "<module>" else f"{getattr(code, 'co_qualname', code.co_name)} in "
            body = tuple(text.rstrip("\n") for text in lines[first - 1 : last])
            self.texts.append(Text(name + cell_label(file), file, first, body))
            known = self._functions[file, first] = len(self.texts) - 1
        return known


def _characters(line: str, column: int) -> int:
    """A column counted in bytes of UTF-8 as one counted in characters."""
    return column if line.isascii() else len(line.encode()[:column].decode("utf-8", "ignore"))


_Function = ast.FunctionDef | ast.AsyncFunctionDef
_trees: dict[str, ast.Module | None] = {}


def _tree(text: str) -> ast.Module | None:
    if text not in _trees:
        if len(_trees) > 64:
            _trees.clear()
        try:
            _trees[text] = ast.parse(text)
        except (SyntaxError, ValueError):
            _trees[text] = None
    return _trees[text]


def _function_around(text: str, line: int) -> tuple[int, int]:
    """First and last line of the innermost function a line stands in; a few lines around it at the top level."""
    best: tuple[int, int] | None = None
    for node in ast.walk(_tree(text) or ast.Module([], [])):
        if isinstance(node, _Function) and _first_line(node) <= line <= (node.end_lineno or 0):
            found = (_first_line(node), node.end_lineno or line)
            if best is None or found[0] > best[0]:
                best = found
    return best or (max(1, line - 5), line + 5)


def _first_line(node: Any) -> int:
    return min(int(part.lineno) for part in (node, *node.decorator_list))


@dataclass(frozen=True, slots=True)
class _LoopText:
    """A loop of the source: the lines of its header and of its body."""

    first: int
    header_end: int
    last: int
    one_line: bool


def _loops(text: str) -> dict[int, list[_LoopText]]:
    """The loops of a text, by the first line of the function they stand in (0: none), outer ones first."""
    found: dict[int, list[_LoopText]] = {}

    def visit(node: ast.AST, scope: int) -> None:
        for child in ast.iter_child_nodes(node):
            inner = _first_line(child) if isinstance(child, _Function) else scope
            if isinstance(child, ast.For | ast.AsyncFor | ast.While):
                head = child.test if isinstance(child, ast.While) else child.iter
                body = child.body[0].lineno
                end = max(child.lineno, head.end_lineno or child.lineno)
                last = max(stmt.end_lineno or stmt.lineno for stmt in child.body)
                found.setdefault(scope, []).append(_LoopText(child.lineno, end, last, body <= end))
            visit(child, inner)

    tree = _tree(text)
    if tree is not None:
        visit(tree, 0)
    return found


class _Turn:
    """A loop that a frame is in: which turn, and which run through the loop."""

    __slots__ = ("key", "loop", "turn")

    def __init__(self, loop: _LoopText, key: tuple[int, ...]) -> None:
        self.loop, self.key, self.turn = loop, key, 0


class _Path:
    """What is known of one frame: its loops, those it is in, the line before."""

    __slots__ = ("inside", "last", "loops")

    def __init__(self, loops: list[_LoopText]) -> None:
        self.loops = loops
        self.inside: list[_Turn] = []
        self.last = 0


class Lines:
    """Follows the lines of the user's frames while a cell runs: which turn of which loop, which lines ran.

    It uses `sys.settrace`, and leaves it alone where a debugger or a coverage tool already does: then it knows nothing.
    """

    def __init__(self, base: FrameType | None, sources: Sources) -> None:
        self.base, self.sources = base, sources
        self.ran: dict[str, set[int]] = {}
        self.turns: dict[tuple[int, ...], int] = {}  # run through a loop -> how many turns
        self.active = False
        self._paths: dict[int, _Path] = {}
        self._tables: dict[CodeType, list[_LoopText]] = {}
        self._serial = 0

    def start(self) -> None:
        """Begin to follow the base frame and the user's functions called in it."""
        if self.base is None or sys.gettrace() is not None:
            return
        self.active = True
        self._path(self.base)
        self.base.f_trace = self._local
        sys.settrace(self._called)

    def stop(self) -> None:
        """Follow no more. Stopping twice is harmless."""
        if self.active and sys.gettrace() == self._called:
            sys.settrace(None)
        if self.base is not None and self.active:
            self.base.f_trace = None
        self.active, self.base = False, None
        self._paths.clear()

    def loops_at(self, frames: Sequence[FrameType]) -> tuple[Loop, ...]:
        """The loops that these frames, the innermost first, are in now; the outermost first."""
        found: list[Loop] = []
        for frame in reversed(frames):
            path = self._paths.get(id(frame))
            for turn in path.inside if path is not None else ():
                self.turns[turn.key] = max(self.turns.get(turn.key, 0), turn.turn + 1)
                text = self.sources.text_of(frame.f_code, turn.loop.first) or 0
                found.append(Loop(turn.loop.first, turn.turn, turn.key, text))
        return tuple(found)

    # -- tracing ---------------------------------------------------------------------------------------------------

    def _called(self, frame: FrameType, event: str, arg: Any) -> Any:
        if not is_users(frame.f_code.co_filename):
            return None
        self._path(frame)
        return self._local

    def _local(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line":
            self._line(frame)
        elif event == "return" and frame is not self.base:
            self._paths.pop(id(frame), None)
        return self._local

    def _path(self, frame: FrameType) -> _Path:
        path = self._paths.get(id(frame))
        if path is None:
            code = frame.f_code
            table = self._tables.get(code)
            if table is None:
                scope = 0 if code.co_name == "<module>" else code.co_firstlineno
                table = _loops("".join(linecache.getlines(code.co_filename))).get(scope, [])
                self._tables[code] = table
            path = self._paths[id(frame)] = _Path(table)
        return path

    def _line(self, frame: FrameType) -> None:
        line, path = frame.f_lineno, self._path(frame)
        self.ran.setdefault(frame.f_code.co_filename, set()).add(line)
        if path.loops:
            path.inside = [turn for turn in path.inside if turn.loop.first <= line <= turn.loop.last]
            for loop in path.loops:
                if not loop.first <= line <= loop.last:
                    continue
                turn = next((turn for turn in path.inside if turn.loop is loop), None)
                if turn is None:
                    self._serial += 1
                    path.inside.append(_Turn(loop, (self._serial,)))
                elif line <= loop.header_end and (loop.one_line or path.last > loop.header_end):
                    turn.turn += 1
        path.last = line


def inside_a_module() -> bool:
    """True where gradbook.nn itself, not the user, changes a tensor: a layer that is being made."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and is_own(frame.f_code.co_filename):
        if f"{os.sep}nn{os.sep}modules{os.sep}" in frame.f_code.co_filename and frame.f_code.co_name != "forward":
            return True
        frame = frame.f_back
    return False
