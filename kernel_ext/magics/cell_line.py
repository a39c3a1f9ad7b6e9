"""Magics that stand over a whole cell and leave it an ordinary cell."""

from __future__ import annotations

import re

__all__ = ["AS_LINE", "as_line"]

AS_LINE = {"watch"}  # names of magics that say something about the cell they stand in; each file adds its own
FIRST = re.compile(r"%%(\w+)(?=\s|$)")


def as_line(lines: list[str]) -> list[str]:
    """Input transformer: the first line `%%watch …` becomes the line magic `%watch …`, and so for all of AS_LINE.

    So the cell stays an ordinary cell: its exceptions, line numbers, `await` and last value are what they always are,
    which a cell magic that runs its body cannot promise. A cell magic inside another one is left alone.
    """
    found = FIRST.match(lines[0]) if lines else None
    if found is None or found[1] not in AS_LINE:
        return lines
    nested = any(line.startswith("%%") for line in lines[1:2])
    if nested or lines[0].rstrip().endswith("?"):
        return lines
    return [lines[0][1:], *lines[1:]]
