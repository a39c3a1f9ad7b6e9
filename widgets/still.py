"""A view that stands still: one message that says everything, with a picture and a text beside it."""

from __future__ import annotations

import base64
import os
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gradbook.widgets import frontend
from gradbook.widgets.bundle import BundleMissing, bundle_of
from gradbook.widgets.describe import EMBEDDED
from gradbook.widgets.export import page_with, svg_image, write_atomically
from gradbook.widgets.wire import Message, view_of

__all__ = ["WIDGET", "Still", "embedded", "shown_by", "widget_of"]

WIDGET = "application/vnd.jupyter.widget-view+json"
KEPT = 64  # models of views shown earlier; those of older ones are closed, and their outputs say so
_models: deque[Any] = deque()


class Still:
    """Something shown once: `message` names its view, `picture` is an SVG for where no page explores it, `text` a text.

    `name` is the picture's alternative text and the title of a saved page; `theme` is 'auto', 'light' or 'dark'.
    """

    def __init__(self, message: Message, *, picture: str, text: str, name: str, theme: str = "auto") -> None:
        self.message, self.picture, self.text, self.name, self.theme = message, picture, text, name, theme

    def html(self) -> str:
        """The picture as an `<img>`, the only form of it that untrusted notebooks and nbconvert keep."""
        return svg_image(self.picture, self.name)

    def packed(self) -> bytes:
        """The message as one block of bytes."""
        return self.message.packed()

    def save(self, path: str | Path) -> Path:
        """Write one page that shows it, and needs neither kernel nor network. -> the path."""
        return write_atomically(path, page_with([(self.packed(), self.html())], self.name))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/plain": self.text, "text/html": self.html()} | self._widget()

    def _widget(self) -> dict[str, Any]:
        return widget_of(self.packed(), self.theme)

    def __repr__(self) -> str:
        return self.text


def widget_of(packed: bytes, theme: str = "auto", hear: Callable[..., object] | None = None) -> dict[str, Any]:
    """The part of an output that a page with widgets, or an exported one, explores; {} where nobody can look.

    `hear(model, content, buffers)` gets what the page says.
    """
    if os.environ.get("GRADBOOK_EMBED_RUNS") == "1":
        return embedded(packed)
    if frontend.detect() != "widgets":
        return {}
    from gradbook.widgets.hub import Stub, close_stub, hub  # importing ipywidgets takes its time

    try:
        hub(bundle_of(view_of(packed)))
        model = Stub(packed, theme)
    except BundleMissing:
        return {}
    if hear is not None:
        model.on_msg(hear)
    _models.append(model)
    while len(_models) > KEPT:
        close_stub(_models.popleft())
    return shown_by(model)


def embedded(packed: bytes) -> dict[str, Any]:
    """The part of an output that an exported page mounts."""
    return {EMBEDDED: {"packed": base64.b64encode(packed).decode()}}


def shown_by(model: Any) -> dict[str, Any]:
    """The part of an output that a page with widgets shows by a model."""
    return {WIDGET: {"version_major": 2, "version_minor": 1, "model_id": model.model_id}}
