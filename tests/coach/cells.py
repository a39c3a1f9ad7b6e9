"""Runs a program that is written as the cells of a notebook, as a kernel runs them: one after the other, some again.

    # %% [3]
    model = Net()
    # %% [3] rerun
    # %% [3] rerun
    model = Net(wide=64)

The number in brackets tells which cell it is; a rerun with no text of its own runs what the cell holds, one with text
is the cell edited. Cells without a number are cells of their own.
"""

from __future__ import annotations

import ast
import dataclasses
import linecache
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gradbook.coach import Finding, Fix, Report
from gradbook.coach.session import Session
from gradbook.observe.source import forget_cells, name_cell

__all__ = ["MARK", "Cell", "cells_of", "run_cells", "split"]

MARK = re.compile(r"^# %%[ \t]*(?:\[(?P<id>\w+)\])?[ \t]*(?P<rerun>rerun)?.*$", re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    """One run of a cell: its text, and the number of the program's lines before it."""

    id: str
    text: str
    offset: int


def cells_of(text: str) -> list[Cell]:
    """The cells of a program in the order in which they run; what stands before the first mark is a cell too."""
    marks = list(MARK.finditer(text))
    found: dict[str, Cell] = {}
    runs: list[Cell] = []
    head = text[: marks[0].start()] if marks else text
    if head.strip():
        runs.append(Cell("head", head, 0))
    for index, mark in enumerate(marks):
        end = marks[index + 1].start() if index + 1 < len(marks) else len(text)
        own = text[mark.end() + 1 : end]
        name = mark["id"] or f"cell {index}"
        assert (name in found) == bool(mark["rerun"]), f"cell {name}: `rerun` is for cells that ran before"
        if not own.strip():
            runs.append(found[name])
            continue
        found[name] = Cell(name, own, text[: mark.end() + 1].count("\n"))
        runs.append(found[name])
    return runs


def split(text: str) -> list[Cell]:
    """A plain program with each of its statements in a cell of its own."""
    lines, found = text.splitlines(keepends=True), []
    for node in ast.parse(text).body:
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
        own = "".join(lines[first - 1 : node.end_lineno]).rstrip("\n") + "\n"
        found.append(Cell(f"cell {len(found)}", own, first - 1))
    return found


def run_cells(cells: Sequence[Cell], file: str, space: dict[str, Any], mute: Iterable[str] = ()) -> Report:
    """Run cells in one session of the coach. -> all that it has said, on the lines of the program's file."""
    reports = list(_reports(cells, file, space, mute))
    whole = Report()
    for report in reports:
        for finding in report:
            whole.add(finding)
    return whole


def _reports(cells: Sequence[Cell], file: str, space: dict[str, Any], mute: Iterable[str]) -> Iterator[list[Finding]]:
    """What is said of each cell. One that raises does not end the notebook."""
    offsets: dict[str, int] = {}
    session = Session(muted=mute)
    try:
        for count, cell in enumerate(cells, 1):
            name = f"{file}, cell at {cell.offset}"
            offsets[name] = cell.offset
            linecache.cache[name] = (len(cell.text), None, cell.text.splitlines(keepends=True), name)
            name_cell(name, f"[{count}]")
            session.begin_cell(f"[{count}]", cell.id, cell.text, space)
            error: BaseException | None = None
            try:
                exec(compile(cell.text, name, "exec"), space)
            except Exception as raised:
                if isinstance(raised, RuntimeWarning) and str(raised).startswith("gradbook"):
                    raise  # a rule has failed
                error = raised
            yield [_moved(finding, file, offsets) for finding in session.end_cell(error)]
    finally:
        session.close()
        forget_cells()


def _moved(finding: Finding, file: str, offsets: dict[str, int]) -> Finding:
    """A finding of a cell as one of the program."""
    offset = offsets.get(finding.file)
    if offset is None:
        return finding
    fixes = tuple(
        Fix(str(fix), [_shifted(edit, file, offsets) for edit in fix.edits], fix.why) for fix in finding.fixes
    )
    return dataclasses.replace(finding, file=file, line=finding.line + offset, fixes=fixes)


def _shifted(edit: Any, file: str, offsets: dict[str, int]) -> Any:
    by = offsets[edit.file]
    return dataclasses.replace(edit, file=file, line=edit.line + by, end_line=edit.end_line + by)
