"""A walkthrough as an output: the stepper where a page can show it, a picture and numbered lines everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gradbook.widgets.describe_walk import describe_walk
from gradbook.widgets.still import Still
from gradbook.widgets.walk_svg import walk_svg
from gradbook.widgets.walk_text import walk_name, walk_text

if TYPE_CHECKING:
    from gradbook.observe import Walk

__all__ = ["walk_still"]


def walk_still(walk: Walk, *, backward_only: bool = False, quiz: Sequence[Any] = (), theme: str = "auto") -> Still:
    """A finished walk, ready to be displayed or saved: `walk_still(w).save("lesson.html")`."""
    message = describe_walk(walk, backward_only=backward_only, quiz=quiz)
    return Still(message, picture=walk_svg(walk), text=walk_text(walk, backward_only), name=walk_name(walk),
                 theme=theme)  # fmt: skip
