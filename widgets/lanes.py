"""Edges on their way through one block: pieces, the lanes they run in, the places where they meet a box."""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

from gradbook.widgets.blocks import Block

INNER, OUTER = 6, 24  # lanes beside the boxes of a table row, lanes outside of everything
OWN = -1  # track of an edge that runs straight down below its box


class Piece(NamedTuple):
    """Part of edges inside one block: value `source` from child `a` (None: enters) to child `b` (None: leaves)."""

    a: Block | None
    source: int
    b: Block | None


class Lane(NamedTuple):
    """Where a long edge runs: beside the boxes of table rows, or outside of everything it passes."""

    inner: bool
    track: int


def exit_x(child: Block, source: int) -> int:
    """Where the value leaves the lower border of the child."""
    return child.x + (child.area.exits.get(source, 0) if child.opened else 0)


def chip_width(name: str, shape: str) -> int:
    """Px of a chip with that text in the code font."""
    text = len(name) + (1 + len(shape) if shape else 0)
    return (text * 632 + 99) // 100 + 12


def free_lane(tracks: dict[bool, list[list[tuple[int, int]]]], inner: bool, top: int, bottom: int) -> Lane | None:
    """First track on which nothing lies between the rows top and bottom; inner ones first where they are possible."""
    for inside in (True, False) if inner else (False,):
        for track, taken in enumerate(tracks[inside]):
            at = bisect_left(taken, (top, bottom))
            if (at == 0 or taken[at - 1][1] <= top) and (at == len(taken) or taken[at][0] >= bottom):
                taken.insert(at, (top, bottom))
                return Lane(inside, track)
        if len(tracks[inside]) < (INNER if inside else OUTER):
            tracks[inside].append([(top, bottom)])
            return Lane(inside, len(tracks[inside]) - 1)
    return None
