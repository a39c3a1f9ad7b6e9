"""The loops that the program is in right now, through all of its functions."""

from __future__ import annotations

import ast

from gradbook.coach import code
from gradbook.observe.source import user_frame

__all__ = ["Loop", "common", "loops_here"]

DEEP = 12  # functions that are looked through


class Loop:
    """A loop of the user's: its place, its node."""

    def __init__(self, at: code.Place, node: ast.For | ast.While) -> None:
        self.at, self.node = at, node

    @property
    def line(self) -> tuple[str, int]:
        """(file, line) of its head."""
        return self.at.file, self.node.lineno


def loops_here() -> list[Loop]:
    """The loops round what now runs, the innermost first."""
    frame, found = user_frame(1), []
    for _ in range(DEEP):
        if frame is None:
            break
        at = code.place((frame.f_code, frame.f_lasti))
        if at is not None:
            found += [Loop(at, node) for node in at.around(ast.For, ast.While) if isinstance(node, ast.For | ast.While)]
        frame = code.user_frame_above(frame)
    return found


def common(one: list[Loop], other: list[Loop]) -> Loop | None:
    """The innermost loop that both are in."""
    lines = {loop.line for loop in other}
    return next((loop for loop in one if loop.line in lines), None)
