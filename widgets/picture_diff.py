"""A difference as a static picture: the tables, and under them both graphs as one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gradbook.observe.nodes import shape_text
from gradbook.widgets.describe_graph import describe_graph
from gradbook.widgets.graph_svg import graph_svg
from gradbook.widgets.numbers import number
from gradbook.widgets.svg import LINE, Svg, text_width

if TYPE_CHECKING:
    from gradbook.widgets.merged_graph import Merged

__all__ = ["draw_diff"]

WIDTH, PAD, ROW = 760, 14, 18
ROWS = 24  # of each table
HEAD = re.compile(r'<svg xmlns="[^"]*" width="([\d.]+)" height="([\d.]+)"')
SIGNS = {"+": "+", "-": "−", "~": "~"}
COLUMNS = (PAD, PAD + 18, 330, 430, 520, 600)  # mark, name, shape, ‖Δ‖, relative, largest
NAME_WIDTH = COLUMNS[2] - COLUMNS[1] - 8


def draw_diff(title: str, content: dict[str, Any], merged: Merged | None) -> str:
    """The message of the view "diff" as SVG, the merged graph below; a graph of thousands is told, not drawn."""
    svg = Svg()
    svg.text(PAD, 24, title, "b h")
    y = 36
    y = _facts(svg, y, content["names"], content["facts"])
    for table in content["tables"]:
        y = _table(svg, y, table)
    if "nodes" in content:
        y = _nodes(svg, y, content["counts"], content["nodes"])
    beside = []
    if merged is not None:
        picture = graph_svg(describe_graph(merged.graph), marks=_marks(merged))
        head = HEAD.match(picture)
        if head is not None:
            width, height = float(head[1]), float(head[2])
            scale = min(1.0, (WIDTH - 2 * PAD) / width)
            size = f'width="{width * scale:.0f}" height="{height * scale:.0f}"'
            beside.append(f'<svg x="{PAD}" y="{y + 6}" {size}{picture[head.end() :]}')
            y += round(height * scale) + 12
    return svg.document(WIDTH, y + PAD, title, beside)


def _marks(merged: Merged) -> dict[int, str]:
    pairs = ((merged.added, "+"), (merged.removed, "−"), (merged.changed, "~"))
    return {node: sign for nodes, sign in pairs for node in nodes}


def _facts(svg: Svg, y: int, names: list[str], facts: Iterable[list[str]]) -> int:
    rows = [["", *names], *facts]
    if len(rows) == 1:
        return y
    for row in rows:
        y += ROW
        for x, cell, style in zip((PAD, 160, 460), row, ("u", "n", "n"), strict=True):
            svg.text(x, y, _cut(cell, 290), style)
    return y + 10


def _table(svg: Svg, y: int, table: dict[str, Any]) -> int:
    y = _head(svg, y, f"{table['title']}: {_counts(table['counts'])}")
    shown = [row for row in table["rows"] if row["mark"] != "="][:ROWS]
    if shown:
        y += ROW
        for x, head in zip(COLUMNS[2:], ("shape", "‖Δ‖", "‖Δ‖/‖a‖", "max |Δ|"), strict=True):
            svg.text(x, y, head, "u")
    for row in shown:
        y += ROW
        numbers = [row["what"]] if row["what"] else [_number(row[key]) for key in ("norm", "relative", "largest")]
        shape = shape_text(row["shape"])
        _line(svg, y, row["mark"], row["name"], [shape, *numbers])
    return _rest(svg, y, sum(table["counts"].values()) - table["counts"]["same"] - len(shown))


def _nodes(svg: Svg, y: int, counts: dict[str, int], nodes: list[dict[str, Any]]) -> int:
    y = _head(svg, y, f"graph: {_counts(counts)}")
    for row in nodes[:ROWS]:
        y += ROW
        _line(svg, y, row["mark"], row["name"], [row["what"]])
    return _rest(svg, y, sum(counts.values()) - counts["same"] - len(nodes[:ROWS]))


def _head(svg: Svg, y: int, text: str) -> int:
    svg.path(f"M{PAD} {y + 8}H{WIDTH - PAD}", "", f' stroke="{LINE}"')
    svg.text(PAD, y + 26, text, "b")
    return y + 28


def _line(svg: Svg, y: int, mark: str, name: str, cells: list[str]) -> None:
    svg.text(COLUMNS[0] + 2, y, SIGNS[mark], "b c")
    svg.text(COLUMNS[1], y, _cut(name, NAME_WIDTH, code=True), "c k")
    for x, cell in zip(COLUMNS[2:], cells, strict=False):
        svg.text(x, y, _cut(cell, WIDTH - x - PAD), "n")


def _rest(svg: Svg, y: int, more: int) -> int:
    if more > 0:
        y += ROW
        svg.text(COLUMNS[1], y, f"… and {more:,} more", "u")
    return y + 10


def _counts(counts: dict[str, int]) -> str:
    words = ("added", "added"), ("removed", "removed"), ("changed", "changed"), ("same", "the same")
    return ", ".join(f"{counts[key]:,} {word}" for key, word in words)


def _number(value: float | None) -> str:
    return "" if value is None else number(value)


def _cut(text: str, room: float, *, code: bool = False) -> str:
    while text_width(text, code=code) > room and len(text) > 2:
        text = text[:-2] + "…"
    return text
