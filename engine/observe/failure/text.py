"""One source text as its user can change it: which expression stands where, and the text with changes in it."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from dataclasses import dataclass

from gradbook.observe.source import Span, cell_label, place_text

__all__ = ["Edit", "Source", "apply", "called_name", "place_of", "source_of"]

_sources: dict[str, Source] = {}


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace a stretch of a file by `text`. Lines from 1, columns in characters; an insertion has an empty stretch."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    text: str

    @property
    def place(self) -> str:
        """Where, as a reader says it: `cell [6] line 9`, `model.py line 12`."""
        return place_of(self.file, self.line)


def place_of(file: str, line: int) -> str:
    """`cell [6] line 9` or `model.py line 9`."""
    return place_text(cell_label(file), line)


class Source:
    """The text of a file with its syntax tree; `tree` is None where the text is not there or does not parse."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text, self.lines = file, text, text.splitlines()
        self.parents: dict[ast.AST, ast.AST] = {}
        self._ending: dict[tuple[int | None, int | None], list[ast.expr]] = {}  # expressions by where they end
        self.tree: ast.Module | None = None
        try:
            self.tree = ast.parse(text) if text else None
        except (SyntaxError, ValueError):
            return
        for node in self.nodes():
            if isinstance(node, ast.expr):
                self._ending.setdefault((node.end_lineno, node.end_col_offset), []).append(node)
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node

    def nodes(self) -> Iterator[ast.AST]:
        """Every node of the tree."""
        return ast.walk(self.tree) if self.tree is not None else iter(())

    def at(self, span: Span | None) -> ast.expr | None:
        """The expression that an instruction's span means; of a method called over several lines the whole call."""
        if span is None:
            return None
        ending = self._ending.get((span.end_line, span.end_column), [])
        for node in ending:
            if (node.lineno, node.col_offset) == (span.line, span.column):
                return node
        return next((node for node in ending if isinstance(node, ast.Call) and node.lineno <= span.line), None)

    def statement(self, line: int) -> ast.stmt | None:
        """The innermost statement that covers a line."""
        found: ast.stmt | None = None
        for node in self.nodes():
            inside = isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
            if inside and (found is None or node.lineno >= found.lineno):  # type: ignore[attr-defined]
                found = node  # type: ignore[assignment]
        return found

    def segment(self, node: ast.AST) -> str:
        """The text of a node."""
        return ast.get_source_segment(self.text, node) or ""

    def replace(self, node: ast.expr | ast.stmt | ast.keyword, text: str) -> Edit:
        """The edit that puts `text` in the place of a node."""
        line, end_line = node.lineno, node.end_lineno or node.lineno
        return Edit(self.file, line, self._column(line, node.col_offset), end_line,
                    self._column(end_line, node.end_col_offset or 0), text)  # fmt: skip

    def after(self, node: ast.expr, text: str) -> Edit:
        """The edit that writes `text` behind an expression, in brackets where it binds less than a dot."""
        whole = self.replace(node, "")
        first, last = self.lines[whole.line - 1], self.lines[whole.end_line - 1]
        bracketed = first[: whole.column].endswith("(") and last[whole.end_column :].startswith(").")
        if bracketed and not first[: whole.column - 1][-1:].isidentifier():
            return Edit(self.file, whole.end_line, whole.end_column + 1, whole.end_line, whole.end_column + 1, text)
        if binds(node):
            return Edit(self.file, whole.end_line, whole.end_column, whole.end_line, whole.end_column, text)
        return self.replace(node, f"({self.segment(node)}){text}")

    def _column(self, line: int, offset: int) -> int:
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        return len(text.encode()[:offset].decode(errors="ignore"))


def called_name(call: ast.Call) -> str:
    """The last part of the name of what is called: 'softmax' for `F.softmax(x)`; '' where it has none."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else str(getattr(call.func, "id", ""))


def binds(node: ast.expr) -> bool:
    """True for an expression to which a method call may be appended as it is."""
    atoms = ast.Name | ast.Attribute | ast.Call | ast.Subscript | ast.List | ast.Tuple | ast.JoinedStr
    return isinstance(node, atoms)


def apply(text: str, edits: tuple[Edit, ...]) -> str:
    """A text with edits in it. They must not overlap."""
    lines = text.splitlines(keepends=True)
    for edit in sorted(edits, key=lambda e: (e.line, e.column), reverse=True):
        first, last = lines[edit.line - 1], lines[edit.end_line - 1]
        lines[edit.line - 1 : edit.end_line] = [first[: edit.column] + edit.text + last[edit.end_column :]]
        lines = "".join(lines).splitlines(keepends=True)
    return "".join(lines)


def source_of(file: str) -> Source:
    """The source of a file or cell, parsed once."""
    text = "".join(linecache.getlines(file))
    known = _sources.get(file)
    if known is None or known.text != text:
        if len(_sources) > 256:
            _sources.clear()
        known = _sources[file] = Source(file, text)
    return known
