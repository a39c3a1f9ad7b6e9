"""The drawings of an error card as lists of shapes, which the page and the still picture draw alike: operands, stages.

A shape is ["r", x, y, width, height, style], ["p", path data, style], ["c", x, y, radius, style] or
["t", x, y, text, style]. Styles are class names of our own; text is only ever text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gradbook.observe.nodes import shape_text
from gradbook.widgets.svg import text_width

if TYPE_CHECKING:
    from gradbook.observe.failure import Failure, Given, Stage

__all__ = ["Drawing", "draw_operands", "draw_stages"]

WIDTH = 470
TALLEST, SHORTEST = 116, 14
GAP = 96  # between two operands: room for the sign and the badge
RESULT = 64
ROW = 16


@dataclass
class Drawing:
    """A picture: its size, its shapes, and what it says in words."""

    width: float
    height: float
    label: str
    shapes: list[list[Any]] = field(default_factory=list)
    to_scale: bool = True

    def text(self, x: float, y: float, text: str, style: str = "") -> None:
        """One line of text."""
        self.shapes.append(["t", round(x, 1), round(y, 1), text, style])

    def rect(self, x: float, y: float, width: float, height: float, style: str) -> None:
        """A rectangle."""
        self.shapes.append(["r", *(round(v, 1) for v in (x, y, width, height)), style])

    def path(self, data: str, style: str) -> None:
        """A path."""
        self.shapes.append(["p", data, style])

    def circle(self, x: float, y: float, radius: float, style: str) -> None:
        """A circle."""
        self.shapes.append(["c", round(x, 1), round(y, 1), radius, style])

    def plain(self) -> dict[str, Any]:
        """As it travels."""
        return {"w": round(self.width, 1), "h": round(self.height, 1), "label": self.label, "shapes": self.shapes}


@dataclass
class Box:
    """An operand's rectangle: `across` and `down` are the axes that its sides stand for, None where it has none."""

    given: Given
    across: int | None
    down: int | None
    width: float = 0.0
    height: float = 0.0
    x: float = 0.0
    y: float = 0.0

    def length(self, axis: int | None) -> int:
        """The length of one side."""
        return self.given.shape[axis] if axis is not None else 1

    @property
    def bad_across(self) -> bool:
        """True where the lower side does not fit."""
        return self.across is not None and self.across in self.given.bad

    @property
    def bad_down(self) -> bool:
        """True where the left side does not fit."""
        return self.down is not None and self.down in self.given.bad


def box_of(given: Given) -> Box:
    """Which two axes of an operand to draw: the one that does not fit, and its neighbour."""
    count = len(given.shape)
    if count == 0:
        return Box(given, None, None)
    if count == 1:
        return Box(given, 0, None)
    bad = given.bad[0] if given.bad else count - 1
    if bad >= count - 2:
        return Box(given, count - 1, count - 2)
    return Box(given, count - 1, bad)


def draw_operands(failure: Failure) -> Drawing:
    """The operands as boxes to scale, the axes that do not fit marked, and below each where they came from."""
    boxes = [box_of(given) for given in failure.operands[:2]]
    drawing = Drawing(WIDTH, 0, _in_words(failure))
    if not boxes:
        return drawing
    result = len(boxes) == 2 and failure.between not in (",", "")
    drawing.to_scale = _measure(boxes, WIDTH - 24 - (GAP if len(boxes) == 2 else 0) - (RESULT if result else 0))
    tallest = max(box.height for box in boxes)
    stacked = len(boxes) == 2 and _too_wide(boxes, result)
    x = 12.0
    for box in boxes:
        box.x, box.y = x, 48 + (tallest - box.height) / 2
        _box(drawing, box)
        x += max(box.width, 0) + GAP
    if len(boxes) == 2:
        _between(drawing, failure, boxes, result)
    below = 48 + tallest + 36
    drawing.height = _origins(drawing, boxes, below, stacked) + 4
    return drawing


def _measure(boxes: list[Box], room: float) -> bool:
    """Give the boxes their size in pixels -> whether all are to one scale."""
    wide = sum(box.length(box.across) for box in boxes)
    tall = max(box.length(box.down) for box in boxes)
    scale = min(room / max(wide, 1), TALLEST / max(tall, 1), 24.0)
    true = True
    for box in boxes:
        for side, axis in (("width", box.across), ("height", box.down)):
            exact = box.length(axis) * scale
            least = SHORTEST if axis is None or side == "height" else 22
            true = true and (exact >= least or axis is None)
            setattr(box, side, max(exact, least))
    over = sum(box.width for box in boxes) - room
    if over > 0:
        widest = max(boxes, key=lambda box: box.width)
        widest.width -= over
        true = False
    return true


def _too_wide(boxes: list[Box], result: bool) -> bool:
    """True where the rows below two operands would run into each other."""
    first, second = (max((text_width(a) + text_width(b) + 22 for a, b in box.given.origin), default=0) for box in boxes)
    return first > boxes[0].width + GAP - 16 or 12 + boxes[0].width + GAP + second > WIDTH


def _box(drawing: Drawing, box: Box) -> None:
    given, x, y, w, h = box.given, box.x, box.y, box.width, box.height
    name = given.name if len(given.name) <= 20 else given.name[:19] + "…"
    drawing.text(x, 12, name, "tm tb")
    about = shape_text(given.shape)
    drawing.text(x, 26, about, "tm t2")
    at = x + text_width(about, code=True) + 8
    for what, text in (("dtype", given.dtype), ("device", given.device)):
        if what == "device" and given.device == "cpu" and given.wrong != "device":
            continue
        drawing.text(at, 26, text, "te" if given.wrong == what else "ts")
        at += text_width(text) + 6
    drawing.rect(x, y, w, h, "bx" if not given.wrong else "bx bw")
    if box.bad_across:
        drawing.path(f"M{x:.1f} {y + h + 3:.1f}h{w:.1f}", "bad")
        drawing.text(x + w / 2, y + h + 19, str(box.length(box.across)), "te m")
    elif box.across is not None:
        drawing.text(x + w / 2, y + h + 14, str(box.length(box.across)), "t2 m")
    if box.bad_down:
        drawing.path(f"M{x - 3:.1f} {y:.1f}v{h:.1f}", "bad")
        spot = (x + w / 2, y + h / 2 + 4) if w > 40 else (x + w + 5, y + h / 2 - 6)
        drawing.text(*spot, str(box.length(box.down)), "te m" if w > 40 else "te")
    elif box.down is not None:
        inside = w > 44
        drawing.text(
            x + w / 2 if inside else x + w + 5, y + h / 2 + 4, str(box.length(box.down)), "t2 m" if inside else "t2"
        )


def _between(drawing: Drawing, failure: Failure, boxes: list[Box], result: bool) -> None:
    """The sign of the operation, the badge that says what differs, the result that there is none of."""
    a, b = boxes
    middle = (a.x + a.width + b.x) / 2
    centre = max(a.y, b.y) + min(a.height, b.height) / 2
    if failure.between.strip(","):
        drawing.text(middle, 44, failure.between, "m big")
    if a.given.bad or a.given.wrong or b.given.bad or b.given.wrong:
        both = bool((a.given.bad and b.given.bad) or (a.given.wrong and b.given.wrong))
        y = a.y + a.height + 3 if a.bad_across and both else centre
        if both:
            _lead(drawing, a, b, middle, y)
        drawing.circle(middle, y, 9, "badge")
        drawing.text(middle, y + 4.5, "≠" if both else "!", "te m mid")
        if both and a.bad_across:
            _excess(drawing, a, b)
    if result:
        beside = b.down is not None and b.width <= 44  # the length of its side stands there
        x = b.x + b.width + (44 if beside else 14)
        drawing.text(x, b.y + b.height / 2 + 4, "= none", "t2")


def _lead(drawing: Drawing, a: Box, b: Box, middle: float, y: float) -> None:
    """Dashed lines from the marked sides to the badge."""
    drawing.path(f"M{a.x + a.width + 2:.1f} {y:.1f}H{middle - 10:.1f}", "lead")
    if b.bad_down:
        drawing.path(f"M{middle + 10:.1f} {y:.1f}H{b.x - 5:.1f}", "lead")
    else:
        drawing.path(f"M{middle + 10:.1f} {y:.1f}H{b.x - 10:.1f}V{b.y + b.height + 3:.1f}H{b.x - 2:.1f}", "lead")


def _excess(drawing: Drawing, a: Box, b: Box) -> None:
    """What the first operand has too many of, hatched."""
    one = a.length(a.across)
    axis = b.down if b.bad_down else b.across
    two = b.length(axis)
    if one > two > 0 and drawing.to_scale:
        part = a.width * two / one
        drawing.rect(a.x + part, a.y, a.width - part, a.height, "hatch")
        drawing.path(f"M{a.x + part:.1f} {a.y - 2:.1f}v{a.height + 4:.1f}", "cut")
        drawing.text(max(a.x + a.width, a.x + 64), a.y - 6, f"{one - two} too many", "te e thin")


def _origins(drawing: Drawing, boxes: list[Box], y: float, stacked: bool) -> float:
    """The rows below each operand: what, and where it was decided."""
    lowest = y - ROW
    for box in boxes:
        rows = box.given.origin
        if not rows:
            continue
        x = 12.0 if stacked else box.x
        drawing.path(f"M{x + 0.5:.1f} {y - 9:.1f}v{len(rows) * ROW:.1f}", "lk")
        if stacked:
            drawing.text(x + 8, y, box.given.name[:24], "tm")
            y += ROW
            drawing.path(f"M{x + 0.5:.1f} {y - 9:.1f}v{len(rows) * ROW:.1f}", "lk")
        for i, (what, where) in enumerate(rows):
            at = y + i * ROW
            drawing.text(x + 8, at, what, "ts in")
            drawing.text(x + 8 + text_width(what) * 0.95 + 14, at, where, "ts")
            lowest = max(lowest, at)
        if stacked:
            y += len(rows) * ROW + 6
    return lowest + 4


def _in_words(failure: Failure) -> str:
    parts = []
    for given in failure.operands[:2]:
        size = " by ".join(map(str, given.shape)) or "one number"
        parts.append(f"{given.name} is {size} {given.dtype}")
    return "; ".join([*parts, failure.headline.replace("`", "")])


# -- stages ------------------------------------------------------------------------------------------------------------


def draw_stages(stages: tuple[Stage, ...], width: float) -> Drawing:
    """The way to the failure, box by box; what was never reached is dashed."""
    per = max(2, min(len(stages), int(width / 84)))
    rows = -(-len(stages) // per)
    per = -(-len(stages) // rows)
    step = min((width - 2) / per, 150)
    box = step - 20
    drawing = Drawing(width, 68 * rows + 2, _stages_in_words(stages))
    last = ""
    for i, stage in enumerate(stages):
        row, column = divmod(i, per)
        x, y = 1 + column * step, 20 + row * 68
        if stage.place and stage.place != last and (stage.state == "failed" or not last or column == 0):
            fails = stage.state == "failed"
            drawing.text(x, y - 8, _line(stage.place, last), "te ss" if fails else "ts")
            last = stage.place
        _stage(drawing, stage, x, y, box)
        if i + 1 < len(stages):
            never = stages[i + 1].state == "never"
            if column + 1 < per:
                drawing.path(f"M{x + box:.1f} {y + 11}h15", "pe n" if never else "pe")
                drawing.path(f"M{x + box + 14:.1f} {y + 8}l5 3-5 3z", "ar n" if never else "ar")
            else:
                drawing.path(f"M{x + box:.1f} {y + 11}h6", "pe n" if never else "pe")
    return drawing


def _line(place: str, last: str) -> str:
    """`line 4` where the cell is the one named before."""
    cell, _, number = place.rpartition(" line ")
    return f"line {number}" if last.startswith(cell + " line ") else place


def _stage(drawing: Drawing, stage: Stage, x: float, y: float, box: float) -> None:
    style = {"failed": "pn x", "never": "pn n", "more": "pn more"}.get(stage.state, "pn")
    room = box - (26 if stage.state == "failed" else 8)
    name = fitted(stage.name, room)
    if stage.state != "more":
        drawing.rect(x, y, box, 22, style)
    if stage.state == "failed":
        drawing.text(x + 8, y + 15, "✕", "te")
        drawing.text(x + 22, y + 15, name, "tb")
    else:
        drawing.text(x + box / 2, y + 15, name, "m t2" if stage.state in ("never", "more") else "m")
    drawing.text(x + box / 2, y + 36, fitted(stage.note, box + 14), "te m ss" if stage.state == "failed" else "ts m")


def fitted(text: str, room: float) -> str:
    """Text cut to a width, with an ellipsis."""
    if text_width(text) <= room:
        return text
    while text and text_width(text + "…") > room:
        text = text[:-1]
    return text + "…"


def _stages_in_words(stages: tuple[Stage, ...]) -> str:
    failed = next((stage.name for stage in stages if stage.state == "failed"), "")
    return f"graph with {len(stages)} nodes, failed at {failed}"
