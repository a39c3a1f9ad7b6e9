"""What the coach teaches of a rule, and lines of Python with their colours, as the browser wants them."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING, Any

from gradbook.widgets.wire import plain

if TYPE_CHECKING:
    from gradbook.coach import Explanation

__all__ = ["coloured", "describe_lesson"]

TOKENS = re.compile(
    r"(?P<c>#.*)|(?P<s>(?:[rbfu]{0,2})(?:\"\"\"|'''|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'))|(?P<n>\b\d[\w.]*)|(?P<w>[^\W\d]\w*)"
)


def describe_lesson(lesson: Explanation) -> dict[str, Any]:
    """What the coach teaches of a rule; `line` is that of the example's fault, from 1."""
    return {"idea": plain(lesson.idea), "threshold": plain(lesson.threshold),
            "line": lesson.line, "example": [coloured(row) for row in lesson.example.splitlines()],
            "fix": plain(lesson.fix)}  # fmt: skip


def coloured(text: str, mark: tuple[int, int] | None = None) -> list[list[str]]:
    """A line of Python as [text, style]: k, s, c, n (keyword, string, comment, number), with ` bad` where it fails."""
    styles = [""] * len(text)
    for found in TOKENS.finditer(text):
        kind = found.lastgroup or ""
        if kind == "w":
            kind = "k" if found[0] in keyword.kwlist else ""
        for at in range(*found.span()):
            styles[at] = kind
    for at in range(*mark) if mark is not None else ():
        if at < len(styles):
            styles[at] = f"{styles[at]} bad".strip()
    spans: list[list[str]] = []
    for char, style in zip(text, styles, strict=True):
        if spans and spans[-1][1] == style:
            spans[-1][0] += char
        else:
            spans.append([char, style])
    return spans
