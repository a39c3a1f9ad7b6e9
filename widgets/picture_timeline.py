"""The still picture of a timeline: where the time went, the icicle, the first rows of the table. Light, 900 px."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradbook.widgets.numbers import MINUS, count, number
from gradbook.widgets.svg import GRAD, VALUE, Svg, text_width
from gradbook.widgets.wire import Message

__all__ = ["Block", "bytes_text", "draw", "path_of", "seconds_text", "tree"]

WIDTH, PAD, LEVEL, ROW, MOST_ROWS, MOST_LEVELS = 900, 12, 24, 22, 14, 9
OUTSIDE = "outside modules"
CALLS, FORWARD, _, BACKWARD, STEP, MADE, SAVED, HELD = range(8)
MEASURES = {"made": MADE, "saved": SAVED, "held": HELD}
STEP_FILL, REST_FILL = "#8a8a8a", "#dcdcdc"
Words = list[tuple[str, str]]


@dataclass(slots=True)
class Block:
    """A part of the whole: an op, a module, a line, with what is in it. `row`: sums of the table's columns."""

    label: str
    row: np.ndarray = field(default_factory=lambda: np.zeros(8))
    children: dict[str, Block] = field(default_factory=dict)

    def value(self, measure: str) -> float:
        """How wide it is."""
        if measure == "time":
            return float(self.row[FORWARD] + self.row[BACKWARD] + self.row[STEP])
        return float(self.row[MEASURES[measure]])


def path_of(content: dict[str, Any], site: list[int], by: str) -> list[str]:
    """The blocks that a site is in, the outermost first."""
    op = content["ops"][site[0]]
    cell, function, line, source = content["places"][site[2]]
    place = f"{cell}:{line}" if line else "no line"
    if by == "op":
        return [op, place]
    if by == "line":
        return [cell or "no line", *([function] if function else []), *([f"{line}  {source}"] if line else []), op]
    if site[1] < 0:
        return [OUTSIDE, op]
    root, path, _ = content["modules"][site[1]]
    return [root, *(path.split(".") if path else []), op]


def tree(message: Message, by: str) -> Block:
    """All sites as nested blocks, in order of first use; by op the largest first."""
    content = message.content
    root = Block("everything")
    table = table_of(message)
    for site, row in zip(content["sites"], table, strict=True):
        block = root
        block.row = block.row + row
        for label in path_of(content, site, by):
            block = block.children.setdefault(label, Block(label))
            block.row = block.row + row
    if by == "op":
        found = sorted(root.children.values(), key=lambda block: -block.value("time"))
        root.children = {block.label: block for block in found}
    return root


def table_of(message: Message) -> np.ndarray:
    """The table of a message -> float64[sites, 8]."""
    data = np.frombuffer(message.buffers[message.content["table"]], "<f4")
    return data.reshape(-1, 8).astype(float)


def draw(message: Message) -> str:
    """The picture as SVG text, no script."""
    content, svg = message.content, Svg()
    by, measure = content["by"], content["measure"]
    root = tree(message, by)
    place = f" · cell {content['cell']}" if content["cell"] else ""
    svg.words(PAD, 24, [("Timeline", "b h n"), (f"{place} · by {by}", "h u")])
    bottom = _summary(svg, content, root, 36)
    if content["error"] is not None:
        svg.text(PAD, bottom + 12, f"up to {content['error']['type']}: {content['error']['message']}"[:140], "er")
        bottom += 20
    bottom = _icicle(svg, root, measure, bottom + 8)
    bottom = _table(svg, root, message, by, bottom + 12)
    return svg.document(WIDTH, bottom + PAD, f"Timeline{place}: {_said(content, root)}")


def _said(content: dict[str, Any], root: Block) -> str:
    row = root.row
    words = [f"forward {seconds_text(row[FORWARD])}", f"backward {seconds_text(row[BACKWARD])}"]
    return ", ".join([*words, f"watching {seconds_text(content['summary']['watching'])} more, taken out"])


def _summary(svg: Svg, content: dict[str, Any], root: Block, top: float) -> float:
    """One bar of all the time, and its parts in words."""
    summary, row = content["summary"], root.row
    parts = [
        ("forward", row[FORWARD], VALUE),
        ("backward", row[BACKWARD], GRAD),
        ("optimizer", row[STEP], STEP_FILL),
        ("Python and the rest", summary["other"] or 0.0, REST_FILL),
    ]
    total = sum(seconds for _, seconds, _ in parts) or 1.0
    at, words = float(PAD), PAD
    for name, seconds, fill in parts:
        if seconds <= 0:
            continue
        wide = (WIDTH - 2 * PAD) * seconds / total
        svg.raw(f'<rect x="{at:.1f}" y="{top}" width="{max(wide - 1, 0.5):.1f}" height="8" fill="{fill}"/>')
        svg.raw(f'<rect x="{words}" y="{top + 15}" width="8" height="8" fill="{fill}"/>')
        text = f"{name} {seconds_text(seconds)}"
        svg.text(words + 12, top + 23, text, "u")
        words += round(text_width(text)) + 32
        at += wide
    svg.text(WIDTH - PAD, top + 23, f"watching took {seconds_text(summary['watching'])} more, taken out", "u e")
    return top + 30


def _icicle(svg: Svg, root: Block, measure: str, top: float) -> float:
    total = root.value(measure)
    if total <= 0:
        svg.text(PAD, top + 14, "nothing of the engine ran" if measure == "time" else "nothing was held", "u")
        return top + 22
    deepest = 0
    for block, x, width, level in _places(root, measure, PAD, WIDTH - 2 * PAD, 0):
        if level >= MOST_LEVELS:
            continue
        deepest = max(deepest, level)
        _cell(svg, block, measure, x, top + level * LEVEL, width)
    return top + (deepest + 1) * LEVEL


def _places(
    block: Block, measure: str, x: float, width: float, level: int
) -> Iterator[tuple[Block, float, float, int]]:
    """Every block that is at least 1.5 px wide, with its place."""
    yield block, x, width, level
    total = block.value(measure)
    for child in block.children.values():
        wide = width * child.value(measure) / total if total > 0 else 0.0
        if wide >= 1.5:
            yield from _places(child, measure, x, wide, level + 1)
        x += wide


def _cell(svg: Svg, block: Block, measure: str, x: float, y: float, width: float) -> None:
    total = block.value(measure)
    at = x
    parts = [(block.row[FORWARD], VALUE), (block.row[BACKWARD], GRAD), (block.row[STEP], STEP_FILL)]
    for seconds, fill in parts if measure == "time" else [(total, VALUE)]:
        wide = width * seconds / total
        if wide > 0:
            svg.raw(f'<rect x="{at:.1f}" y="{y}" width="{wide:.1f}" height="{LEVEL - 1}" fill="{fill}" opacity=".22"/>')
        at += wide
    svg.raw(f'<rect x="{x:.1f}" y="{y}" width="{max(width - 1, 0.5):.1f}" height="{LEVEL - 1}" stroke="#bdbdbd"/>')
    text = _fitting(block.label, width - 8)
    if text:
        svg.text(x + 4, y + 15, text)


def _fitting(text: str, width: float) -> str:
    """As much of a text as fits, '' if that is not worth it."""
    if text_width(text) <= width:
        return text
    while text and text_width(text) + 11 > width:
        text = text[:-1]
    return f"{text}…" if len(text) > 2 else ""


def _table(svg: Svg, root: Block, message: Message, by: str, top: float) -> float:
    """The longest rows: name, calls, forward, backward, total, share."""
    rows = _rows(message, by)
    right = [420, 510, 600, 690, 780, WIDTH - PAD]
    for x, head in zip(right, ("calls", "forward", "backward", "total", "%", "at peak"), strict=True):
        svg.text(x, top + 12, head, "u e")
    svg.text(PAD, top + 12, by, "u")
    svg.path(f"M{PAD} {top + 18}.5H{WIDTH - PAD}", "ax")
    total = root.value("time") or 1.0
    y = top + 20
    for label, row in rows[:MOST_ROWS]:
        seconds = row[FORWARD] + row[BACKWARD] + row[STEP]
        svg.text(PAD, y + 14, _fitting(label, 350), "n")
        cells = [count(row[CALLS]), *(seconds_text(part) if part else MINUS for part in (row[FORWARD], row[BACKWARD]))]
        cells += [seconds_text(seconds), f"{100 * seconds / total:.1f}", bytes_text(row[HELD])]
        for x, cell in zip(right, cells, strict=True):
            svg.text(x, y + 14, cell, "e")
        y += ROW
    if len(rows) > MOST_ROWS:
        svg.text(PAD, y + 14, f"… {len(rows) - MOST_ROWS:,} more", "u")
        y += ROW
    return y


def _rows(message: Message, by: str) -> list[tuple[str, np.ndarray]]:
    """(label, sums), the longest first."""
    content, found = message.content, dict[str, np.ndarray]()
    for site, row in zip(content["sites"], table_of(message), strict=True):
        path = path_of(content, site, by)
        label = path[0] if by == "op" else ".".join(path[1:-1]) or path[0]
        if by == "line":
            cell, _, line, source = content["places"][site[2]]
            label = f"{cell}:{line}  {source}" if line else "no line"
        found[label] = found.get(label, 0) + row
    return sorted(found.items(), key=lambda item: -(item[1][FORWARD] + item[1][BACKWARD] + item[1][STEP]))


def seconds_text(seconds: float) -> str:
    """`3.1 ms`, `11 µs`, `1.2 s`: two significant figures."""
    micros = seconds * 1e6
    for unit, size in (("µs", 1.0), ("ms", 1e3), ("s", 1e6)):
        if micros < 999.5 * size or unit == "s":
            return f"{number(micros / size)}\N{THIN SPACE}{unit}"
    raise AssertionError


def bytes_text(nbytes: float) -> str:
    """`30 KB`, from bytes."""
    units = ["B", "KB", "MB", "GB", "TB"]
    while nbytes >= 999.5 and len(units) > 1:
        nbytes /= 1024
        units.pop(0)
    digits = f"{nbytes:.1f}" if 0 < nbytes < 9.95 and units[0] != "B" else f"{round(nbytes)}"
    return f"{digits}\N{THIN SPACE}{units[0]}"
