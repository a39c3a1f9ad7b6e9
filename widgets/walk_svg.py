"""The still picture of a walkthrough: the main chain of the computation in numbers, gradients below the values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gradbook.observe.nodes import shape_text
from gradbook.observe.walkthrough.block import Block
from gradbook.observe.walkthrough.steps import Call, Value
from gradbook.widgets.numbers import number
from gradbook.widgets.svg import GRAD, GRAD_INK, INK_2, LINE_2, VALUE, Svg, clean, coordinate, text_width
from gradbook.widgets.walk_text import walk_name

if TYPE_CHECKING:
    from gradbook.observe import Walk

__all__ = ["main_chain", "walk_svg"]

WIDTH, MARGIN = 900, 16
CELL, ROW = 26, 18  # one number, at least so wide
SHOWN = 4  # rows and columns of a matrix that are drawn
LONGEST = 9  # operations that are drawn, the last ones
LEVELS = 6  # shades of a number
LABEL, GAP, LINE_GAP = 16, 14, 28


@dataclass(slots=True)
class _Item:
    """A value of the chain with the operation that leads to it and that operation's other operands."""

    value: Value
    call: Call | None = None
    beside: list[Value] = field(default_factory=list)

    @property
    def op_width(self) -> float:
        """Room for the operation's mark and the arrow."""
        from gradbook.widgets.describe_walk import SYMBOLS

        mark = text_width(SYMBOLS.get(self.call.op, self.call.op)) + 16 if self.call is not None else 0
        side = sum(_room(value) + 10 for value in self.beside)
        return max(mark + 2 * GAP, side) if self.call is not None else 0


def walk_svg(walk: Walk) -> str:
    """The final state as a picture, readable on light and dark pages. -> SVG"""
    svg = Svg()
    svg.text(MARGIN, 22, walk_name(walk), "h b")
    items = main_chain(walk)
    part = f"   the last {len(items)} operations on the way to the end" if items and items[0].call is not None else ""
    svg.words(MARGIN, 40, [("value → ", "vi"), ("gradient ←", "gi"), (part, "u")])
    y = 56.0
    for line in _lines(items):
        y = _draw(svg, line, y)
    if walk.error is not None:
        svg.text(MARGIN, y + 8, f"{type(walk.error).__name__}: {str(walk.error).splitlines()[0][:110]}", "er")
        y += 24
    if walk.note:
        svg.text(MARGIN, y + 8, walk.note[:130], "u")
        y += 24
    shades = "".join(f".gb .{kind}{level}{{fill:{ink};fill-opacity:{0.42 * level / LEVELS:.2f}}}"
                     for kind, ink in (("p", VALUE), ("o", GRAD)) for level in range(1, LEVELS + 1))  # fmt: skip
    letters = f".gb .gi{{fill:{GRAD_INK}}}.gb .mi{{font:italic 13px Georgia,serif}}.gb .q{{font-size:10.5px}}"
    svg.raw(f"<style>{letters}{shades}</style>")
    return svg.document(WIDTH, max(y + MARGIN, 80), walk_name(walk))


def main_chain(walk: Walk) -> list[_Item]:
    """From the first value to the loss (or to the last result): at each operation the operand with the longest past."""
    forward = [step.call for step in walk.forward if step.call is not None and step.call.outputs]
    known = {call.id for call in forward}
    depth: dict[int, int] = {}
    for call in forward:
        deep = max((depth.get(o.source.id, 0) for o in call.operands
                    if isinstance(o, Value) and o.source is not None), default=0)  # fmt: skip
        depth[call.id] = deep + 1
    roots = [step.root for step in walk.steps if step.root is not None]
    value = roots[-1] if roots else forward[-1].output if forward else None
    items: list[_Item] = []
    while value is not None and len(items) < LONGEST:
        made = value.source if value.source is not None and value.source.id in known else None
        item = _Item(value, made)
        items.append(item)
        if made is None:
            break
        operands = [operand for operand in made.operands if isinstance(operand, Value)]
        following = max(operands, key=lambda o: (depth.get(o.source.id, 0) if o.source else 0, -operands.index(o)),
                        default=None)  # fmt: skip
        item.beside = [operand for operand in operands if operand is not following][:2]
        value = following
    return items[::-1]


def _lines(items: list[_Item]) -> list[list[_Item]]:
    """Items broken into lines that fit the width."""
    lines: list[list[_Item]] = [[]]
    x = 0.0
    for item in items:
        width = item.op_width + _width(item.value)
        if lines[-1] and x + width > WIDTH - 2 * MARGIN:
            lines.append([])
            x = 0.0
        lines[-1].append(item)
        x += width
    return [line for line in lines if line]


def _draw(svg: Svg, line: list[_Item], top: float) -> float:
    """One line of the chain. -> where the next one begins"""
    above = max((_height(value) for item in line for value in item.beside), default=0.0)
    above += LABEL + 26 if above else 0
    tallest = max(_height(item.value) for item in line)
    middle = top + above + LABEL + tallest / 2
    grads = any(item.value.grad_block is not None for item in line)
    below = middle + tallest / 2 + 16 + LABEL + tallest / 2
    x = edge = float(MARGIN)
    for item in line:
        if item.call is not None:
            _operation(svg, item, edge, x, middle, top)
            x += item.op_width
        width = _width(item.value)
        _matrix(svg, item.value.block, x, middle - _height(item.value) / 2, VALUE)
        svg.text(x, middle - _height(item.value) / 2 - 5, _short(item.value.label), "mi")
        edge = x + _cell(item.value.block) * max(1, _drawn(item.value.block).shape[1])
        svg.text((x + edge) / 2, middle + _height(item.value) / 2 + 12, shape_text(item.value.shape), "s m")
        if item.value.grad_block is not None:
            _matrix(svg, item.value.grad_block, x, below - _height(item.value) / 2, GRAD)
            svg.text(x, below - _height(item.value) / 2 - 5, f"∂{_short(item.value.label)}", "mi")
        x += width
    return (below + tallest / 2 if grads else middle + tallest / 2 + 12) + LINE_GAP


def _operation(svg: Svg, item: _Item, start: float, x: float, middle: float, top: float) -> None:
    """The mark of an operation between two values, its other operands above it; the line begins at `start`."""
    from gradbook.widgets.describe_walk import SYMBOLS

    call = item.call
    if call is None:
        return
    mark = SYMBOLS.get(call.op, call.op)
    center, half = x + item.op_width / 2, (text_width(mark) + 14) / 2
    svg.path(f"M{start:.1f} {middle:.1f}H{x + item.op_width:.1f}", "", f' stroke="{VALUE}"')
    place = x + 4
    for value in item.beside:
        y = top + LABEL
        foot, turn = place + _cell(value.block) * max(1, _drawn(value.block).shape[1]) / 2, middle - 20
        bend = f"M{foot:.1f} {y + _height(value):.1f}V{turn:.1f}H{center:.1f}V{middle - 10:.1f}"
        svg.path(bend, "", f' stroke="{VALUE}"')
        _matrix(svg, value.block, place, y, VALUE)
        svg.text(place, y - 5, _short(value.label), "mi")
        if value.grad_block is not None:
            beside = place + max(_width(value), text_width(_short(value.label)) * 1.15) + 4
            _matrix(svg, value.grad_block, beside, y, GRAD)
            svg.text(beside, y - 5, f"∂{_short(value.label)}", "mi")
        place += _room(value) + 10
    svg.rect(center - half, middle - 10, 2 * half, 20, "", f' rx="10" fill="#fff" stroke="{INK_2}"')
    svg.text(center, middle + 4, mark, "m")


def _matrix(svg: Svg, block: Block, x: float, y: float, color: str) -> None:
    """Numbers in boxes; blue where positive, orange where negative, the stronger the larger."""
    cell = _cell(block)
    values = _drawn(block)
    if not values.size:
        svg.rect(x, y, cell, ROW, "", f' stroke="{LINE_2}" stroke-dasharray="2 2"')
        svg.text(x + cell / 2, y + 13, "?", "m u")
        return
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max()) if finite.size and finite.max() > 0 else 1.0
    fills: dict[str, str] = {}
    lines: list[str] = []
    for i, row in enumerate(values):
        words = ""
        for j, v in enumerate(row):
            left, top = x + j * cell, y + i * ROW
            level = round(LEVELS * min(1.0, abs(v) / largest) ** 0.85) if np.isfinite(v) else 0
            if level:
                square = f"M{coordinate(left)} {coordinate(top)}h{coordinate(cell)}v{ROW}h-{coordinate(cell)}z"
                kind = f"{'p' if v > 0 else 'o'}{level}"
                fills[kind] = fills.get(kind, "") + square
            words += f'<tspan x="{coordinate(left + cell / 2)}">{clean(number(float(v)))}</tspan>'
        lines.append(f'<text class="m q" y="{coordinate(y + i * ROW + 12.5)}">{words}</text>')
    svg.raw("".join(f'<path class="{kind}" d="{path}"/>' for kind, path in fills.items()) + "".join(lines))
    svg.rect(x, y, values.shape[1] * cell, values.shape[0] * ROW, "", f' stroke="{color}"')


def _drawn(block: Block) -> np.ndarray:
    """The numbers that are drawn of a tensor, [rows, columns]; none where they are not known."""
    if not block.known or not block.values.size:
        return np.zeros((0, 0))
    values: np.ndarray = np.real(block.shown(SHOWN, SHOWN, 1).values[0]).astype(float)
    return values


def _cell(block: Block) -> float:
    """Width of one number of a block."""
    return max([CELL * 1.0, *(text_width(number(float(v))) * 0.97 + 8 for v in _drawn(block).reshape(-1))])


def _width(value: Value) -> float:
    return max(_cell(block) * float(max(1, _drawn(block).shape[1])) for block in _blocks(value))


def _height(value: Value) -> float:
    return float(ROW * max(1, len(_drawn(value.block))))


def _blocks(value: Value) -> list[Block]:
    return [value.block, *([value.grad_block] if value.grad_block is not None else [])]


def _room(value: Value) -> float:
    """Width of an operand above an operation, its gradient and its name beside it."""
    box = max(_width(value), text_width(_short(value.label)) * 1.15)
    if value.grad_block is None:
        return box
    return box + 4 + max(_width(value), text_width("∂" + _short(value.label)) * 1.15)


def _short(label: str) -> str:
    return label if len(label) <= 14 else label[:13] + "…"
