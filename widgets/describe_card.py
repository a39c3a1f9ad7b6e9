"""A failure as an error card's view, and its text, have it. Pure: nothing of the user's runs here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradbook.widgets.card_drawing import Drawing, draw_operands, draw_stages
from gradbook.widgets.describe_lesson import coloured, describe_lesson
from gradbook.widgets.wire import Message, plain

if TYPE_CHECKING:
    from gradbook.coach import Explanation
    from gradbook.observe.failure import Failure, Line

__all__ = ["describe_card", "titled"]

WIDE, NARROW = 868, 452
MESSAGE = 600  # characters of the exception's own words
Spans = list[tuple[str, str]]


def describe_card(failure: Failure, traceback: str, lesson: Explanation | None = None) -> Message:
    """Everything that the card shows. `traceback` is as Python writes it, `lesson` what the coach teaches of it."""
    operands = draw_operands(failure) if failure.operands else None
    about = failure.message
    return Message({
        "kind": "snapshot", "seq": 0, "view": "card",
        "rule": lesson.rule if lesson is not None else failure.rule,
        "lesson": describe_lesson(lesson) if lesson is not None else None,
        "name": f"Error: {failure.headline.replace('`', '')}",
        "title": titled(failure.headline),
        "error": failure.kind,
        "message": about if len(about) <= MESSAGE else about[: MESSAGE - 1] + "…",
        "place": failure.place,
        "lines": [_line(line) for line in failure.lines],
        "operands": operands.plain() if operands is not None else None,
        "scale": "the operands, to scale" if operands is not None and operands.to_scale else "the operands",
        "relation": failure.relation,
        "stages": _stages(failure),
        "reached": failure.reached,
        "fixes": [{"code": [plain(f.before), plain(f.changed), plain(f.after)], "copy": f.code, "place": f.place,
                   "also": [{"code": [plain(c.before), plain(c.changed), plain(c.after)], "place": c.place}
                            for c in f.also],
                   "why": plain(f.why), "check": plain(f.check)} for f in failure.fixes],
        "tried": failure.tried,
        "frames": _frames(failure),
        "traceback": traceback,
    })  # fmt: skip


def titled(headline: str) -> Spans:
    """A sentence with code in backticks as (text, "code" or "")."""
    return [(plain(part), "code" if i % 2 else "") for i, part in enumerate(headline.split("`")) if part]


def _stages(failure: Failure) -> dict[str, Any] | None:
    if not failure.stages:
        return None
    drawn: dict[str, Drawing] = {
        "wide": draw_stages(failure.stages, WIDE),
        "narrow": draw_stages(failure.stages, NARROW),
    }
    return {name: drawing.plain() for name, drawing in drawn.items()}


def _line(line: Line) -> dict[str, Any]:
    text = plain(line.text)
    return {"n": line.number, "spans": coloured(text, line.mark if line.fails else None), "fails": line.fails}


def _frames(failure: Failure) -> str:
    yours = "1 frame of yours" if failure.yours == 1 else f"{failure.yours} frames of yours"
    return f"{yours}, {failure.inside} inside the library"
