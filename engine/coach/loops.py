"""The loops that the program is in right now, through all of its functions."""

from __future__ import annotations

import ast
from types import CodeType

from gradbook.coach import code
from gradbook.observe.source import user_frame

__all__ = ["Loop", "common", "loops_here"]

DEEP = 64  # functions that are looked through


class Loop:
    """A loop of the user's: its place, its node."""

    def __init__(self, at: code.Place, node: ast.For | ast.While) -> None:
        self.at, self.node = at, node

    @property
    def line(self) -> tuple[str, int]:
        """(file, line) of its head."""
        return self.at.file, self.node.lineno


Level = tuple[CodeType, int, list[Loop]]


def loops_here() -> list[Level]:
    """What now runs, from the outermost function in: its code, the place in it, the loops round that, inner first."""
    frame = user_frame(1)
    found: list[Level] = []
    while frame is not None and len(found) < DEEP:
        at = code.place((frame.f_code, frame.f_lasti))
        nodes = at.around(ast.For, ast.While) if at is not None else ()
        loops = [Loop(at, node) for node in nodes if at is not None and isinstance(node, ast.For | ast.While)]
        found.append((frame.f_code, frame.f_lasti, loops))
        frame = code.user_frame_above(frame)
    return found[::-1]


def common(one: list[Level], other: list[Level]) -> Loop | None:
    """The innermost loop that both are in: the same run of it, and not another call of its function."""
    found: Loop | None = None
    for (here, at, loops), (there, place, others) in zip(one, other, strict=False):
        if here is not there:
            break
        lines = {loop.line for loop in others}
        found = next((loop for loop in loops if loop.line in lines), found)
        if at != place:
            break
    return found
