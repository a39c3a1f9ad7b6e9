"""Where code stands: from a raw (code, lasti) to a cell or file, a line and its text, looked up only when drawn."""

from __future__ import annotations

import functools
import linecache
import os
import re
import sys
from pathlib import Path
from types import CodeType, FrameType
from typing import NamedTuple

__all__ = ["Location", "Span", "cell_file", "cell_label", "cells", "forget_cells", "is_users", "locate", "name_cell",
           "place_text", "user_frame"]  # fmt: skip

Where = tuple[CodeType, int]  # a code object and the offset of one instruction in it

_PACKAGE = str(Path(__file__).parent.parent) + os.sep  # engine/: code in here is ours, not the user's
_IPYTHON_CELL = re.compile(r"<ipython-input-(\d+)-")
_cells: dict[str, str] = {}  # code file name -> "[7]"
_spans: dict[tuple[int, int], tuple[CodeType, Span | None]] = {}  # the code object is kept, so its id stays its own
_own: dict[str, bool] = {}  # code file name -> belongs to gradbook
_users: dict[str, bool] = {}  # code file name -> belongs to the user


class Span(NamedTuple):
    """A stretch of source: lines from 1, columns in characters of the line's UTF-8 bytes, as co_positions has them."""

    line: int
    end_line: int
    column: int
    end_column: int


class Location(NamedTuple):
    """A place in the user's code: `cell` is '[7]' or a file's name, `source` the text of the line, stripped.

    `marked` is the expression within `source`, as (first, end) character; None where the positions are unknown.
    """

    file: str
    cell: str
    line: int
    source: str
    marked: tuple[int, int] | None = None


def name_cell(file: str, label: str) -> None:
    """Remember that code compiled under this file name is the notebook cell `label`, such as '[7]'."""
    _cells.pop(file, None)  # a cell that runs again is the latest
    _cells[file] = label


def cells() -> tuple[str, ...]:
    """The code file names of the cells that ran and whose text is known, in order."""
    others = sorted((f for f in list(linecache.cache) if _IPYTHON_CELL.match(f) and f not in _cells), key=cell_number)
    return (*others, *(file for file in _cells if linecache.getlines(file)))


def cell_file(label: str) -> str:
    """The code file name of the cell that bears a label, the latest one; '' if there is none."""
    return next((file for file in reversed(_cells) if _cells[file] == label), "")


def place_text(label: str, line: int) -> str:
    """`cell [6] line 9` or `model.py line 9`."""
    return f"cell {label} line {line}" if label.startswith("[") else f"{label} line {line}"


def cell_number(file: str) -> int:
    """7 for a cell labelled '[7]'; 0 for what is none."""
    digits = cell_label(file).strip("[]")
    return int(digits) if digits.isdigit() else 0


def forget_cells() -> None:
    """Forget every cell's name."""
    _cells.clear()


def cell_label(file: str) -> str:
    """'[7]' for the code of a notebook cell, else the file's own name."""
    known = _cells.get(file)
    if known is not None:
        return known
    match = _IPYTHON_CELL.match(file)
    return f"[{match[1]}]" if match else os.path.basename(file)


def span_of(where: Where) -> Span | None:
    """The source span of one instruction, or None where the code carries no positions."""
    code, lasti = where
    key = (id(code), lasti)
    known = _spans.get(key)
    if known is not None:
        return known[1]
    if len(_spans) > 20_000:
        _spans.clear()
    span = None
    for index, (line, end_line, column, end_column) in enumerate(code.co_positions()):
        if index == lasti // 2:
            if line is not None:
                span = Span(line, end_line or line, column or 0, end_column or 0)
            break
    _spans[key] = (code, span)
    return span


def locate(where: Where | None) -> Location | None:
    """Cell or file, line and text of an instruction; None when it is unknown."""
    if where is None:
        return None
    span = span_of(where)
    file = where[0].co_filename
    if span is None or file == "<string>":  # eval and exec: nobody can go there
        return None
    text = linecache.getline(file, span.line)
    return Location(file, cell_label(file), span.line, text.strip(), _marked(text, span))


def _marked(text: str, span: Span) -> tuple[int, int] | None:
    """Where in the stripped line the span lies; one that goes on in later lines ends with this one."""
    line = text.strip()
    encoded = text.encode()
    indent = len(text) - len(text.lstrip())
    first = len(encoded[: span.column].decode(errors="ignore")) - indent
    last = span.end_column if span.end_line == span.line else len(encoded)
    end = min(len(encoded[:last].decode(errors="ignore")) - indent, len(line))
    return (first, end) if 0 <= first < end else None


def is_own(file: str) -> bool:
    """True for code of the engine itself."""
    known = _own.get(file)
    if known is None:
        known = _own[file] = file.startswith(_PACKAGE)
    return known


def is_users(file: str) -> bool:
    """True for code of a cell or of a file of the user's own: neither the engine's nor an installed library's."""
    known = _users.get(file)
    if known is None:
        here = file if file.startswith("<") else os.path.realpath(file)
        installed = any(f"{os.sep}{part}{os.sep}" in here for part in ("site-packages", "dist-packages"))
        known = _users[file] = not (is_own(file) or installed or here.startswith((*_libraries(), "<frozen")))
    return known


@functools.cache
def _libraries() -> tuple[str, ...]:
    """Folders of the standard library and of what is installed."""
    import sysconfig  # takes milliseconds, which `import gradbook` can do without

    return tuple({os.path.realpath(path) + os.sep for key, path in sysconfig.get_paths().items() if "lib" in key})


def user_frame(depth: int = 1) -> FrameType | None:
    """The nearest frame outside the engine, looking outward."""
    frame: FrameType | None = sys._getframe(depth)
    while frame is not None and is_own(frame.f_code.co_filename):
        frame = frame.f_back
    return frame
