"""An error card, ready to be shown: by a page with widgets, as a picture, or as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradbook.coach import explain
from gradbook.widgets.card_picture import card_picture
from gradbook.widgets.card_text import card_text
from gradbook.widgets.describe_card import describe_card
from gradbook.widgets.still import Still

if TYPE_CHECKING:
    from gradbook.observe.failure import Failure

__all__ = ["error_card"]

LONGEST = 60  # frames of a traceback that travel


def error_card(failure: Failure, theme: str = "auto", rule: str = "") -> Still:
    """The card of a failure. rule: the coach's id of what is wrong, which the card then also explains."""
    name = f"Error: {failure.headline.replace('`', '')}"
    message = describe_card(failure, told(failure), explain(rule) if rule else None)
    return Still(message, picture=card_picture(failure), text=card_text(failure, rule), name=name, theme=theme)


def told(failure: Failure) -> str:
    """The traceback, a line a frame, the user's by cell and line, those of libraries by their file."""
    frames = failure.frames
    if len(frames) > LONGEST:
        frames = (*frames[: LONGEST // 2], ("…", f"{len(frames) - LONGEST} more"), *frames[-LONGEST // 2 :])
    width = min(max((len(place) for place, _ in frames), default=0), 36)
    lines = [f"  {place:<{width}}  {line}" for place, line in frames]
    return "\n".join(["Traceback (most recent call last)", *lines, f"{failure.kind}: {failure.message}"])
