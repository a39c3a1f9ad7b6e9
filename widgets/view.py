"""The live view of one run: a model in the page while somebody looks, a picture and a line of text always."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import uuid
import warnings
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradbook.widgets import describe, frontend
from gradbook.widgets.bundle import BundleMissing
from gradbook.widgets.describe import OVER, Cursor
from gradbook.widgets.describe_history import describe_moment
from gradbook.widgets.export import export_html, picture_tag
from gradbook.widgets.picture import draw, summary
from gradbook.widgets.sender import sender
from gradbook.widgets.still import embedded, shown_by
from gradbook.widgets.wire import Message

if TYPE_CHECKING:
    from gradbook.observe import Run
    from gradbook.widgets.hub import Stub

__all__ = ["LiveView", "coach_changed"]

UNHEARD = 3.0  # seconds until a page that never answers counts as one that cannot
REPEAT = 1.0  # seconds between snapshots to such a page, which may have missed any frame
NO_ANSWER = f"Buttons act when the cell ends: this page does not reach a busy kernel. {frontend.INTERRUPT}"
ACTIONS = {
    "pause": "pause",
    "resume": "resume",
    "step": "step",
    "stop": "stop",
    "continue": "resume",
    "step_op": "step_op",
}


_views: weakref.WeakSet[LiveView] = weakref.WeakSet()


class LiveView:
    """Shows a run under its cell, live; `finish()` leaves a picture that needs neither kernel nor page.

    `show()` displays it once and returns at once. Where nobody can look (a script, nbclient, a grader) no model is
    opened and no thread starts. `theme` is 'auto', 'light' or 'dark'. `on_mute(rule, muted)` hears, on any thread, that
    the user mutes one of the coach's rules or wants to hear it again.
    """

    def __init__(self, run: Run, *, theme: str = "auto", on_mute: Callable[[str, bool], object] | None = None) -> None:
        self.run = run
        self.theme = theme
        self.on_mute = on_mute
        self.display_id = ""
        self.failure: Exception | None = None  # why the view was switched off
        self._complained = False
        self._stub: Stub | None = None
        self._cursor = Cursor()
        self._lock = threading.Lock()
        self._forget_page()
        _views.add(self)

    def _forget_page(self) -> None:
        self._heard = False  # the page has spoken
        self._looking: set[Any] = set()  # the outputs and pages that show the model
        self._left_at: float | None = None  # when the last of them went away
        self._wants_snapshot = True
        self._told_end = False
        self._wish: tuple[int, int | None, frozenset[int]] | None = None  # the step that the page wants to see
        self._held: int | None = None  # the one it looks at, which the history may not drop
        self._shown_at = self._snapshot_at = time.monotonic()

    # -- life under a cell ------------------------------------------------------------------------------------------

    def show(self) -> None:
        """Display the view in the output of the running cell. What goes wrong in it is said by `finish()`."""
        self.display_id = uuid.uuid4().hex
        self._forget_page()
        try:
            kind = frontend.detect()
            if kind == "widgets":
                self._open()
            if kind != "text":
                _publish(self._bundle(), self.display_id, update=False)
            self._be_asked()
        except Exception as error:  # a picture may break, the training may not
            self.fail(error)

    def finish(self) -> None:
        """Send the last frame and turn the output into its final picture. Call it when the run has ended.

        Warns once, with RuntimeWarning, if the view had to be switched off; never raises.
        """
        try:
            self._finish()
        except Exception as error:
            self.fail(error)
        if self.failure is not None and not self._complained:
            self._complained = True
            warnings.warn(f"gradbook: the live view was switched off: {self.failure}", RuntimeWarning, stacklevel=2)

    def _finish(self) -> None:
        stub = self._stub
        if stub is not None:
            sender.last(self)
            self._keep_history(stub)
            if self._wish is not None:
                sender.attach(self)
        if not self.display_id:
            return
        kind = frontend.detect()
        if kind != "text":
            _publish(self._bundle(), self.display_id, update=True)
        elif frontend.in_terminal():
            _publish({"text/plain": self.text()}, self.display_id, update=False)

    def reset(self, run: Run) -> None:
        """Show another run in the same view, as when its cell runs again.

        The output was cleared with the cell, so call `show()` again.
        """
        sender.detach(self)
        self.run = run
        self.failure, self._complained = None, False
        self._forget_page()

    def close(self) -> None:
        """Take the model away; the page shows `disconnected`. Closing twice is harmless."""
        sender.detach(self)
        stub, self._stub = self._stub, None
        if stub is not None:
            from gradbook.widgets.hub import close_stub

            if stub.open_comm is not None:
                stub.send({"kind": "closed"})
            close_stub(stub)

    def _open(self) -> None:
        """Open the model, or take the open one again."""
        if self._stub is not None and self._stub.open_comm is not None:
            self._stub.source = self._fresh
            self._stub.theme = self.theme
            return
        from gradbook.widgets.hub import Stub, hub  # only where a page looks: importing ipywidgets takes its time

        try:
            hub()
            self._stub = Stub(self._fresh(), self.theme)
        except BundleMissing as error:
            self.failure = error
            return
        self._stub.source = self._fresh
        self._stub.on_msg(self._hear)

    def _be_asked(self) -> None:
        """Let the sender ask what is new, if there is a model to tell it to."""
        if self._stub is not None:
            sender.attach(self)

    def _fresh(self) -> bytes:
        """The run as it stands, for a page that restores the model; its number makes the page ask for its place."""
        return self._snapshot(seq=-1)[0].packed()

    def _snapshot(self, seq: int) -> tuple[Message, Cursor]:
        return describe.snapshot(self.run, seq, self.controls())

    def _keep_history(self, stub: Stub) -> None:
        """Put the whole history into the model's state: what a reload of the page, or a saved notebook, shows."""
        stub.source = None
        if stub.open_comm is not None and self.failure is None:
            stub.snapshot = self._snapshot(self._cursor.seq)[0].packed()

    def look_again(self) -> None:
        """Something changed in a run that may have ended long ago: tell the page."""
        if self.open:
            self._told_end = False
            sender.attach(self)

    # -- what the sender asks ---------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether there may be something to say: the run goes on, its end is untold, or the page has a wish."""
        if self._stub is None or self.failure is not None:
            return False
        return self.run.state not in OVER or not self._told_end or self._wants_snapshot or self._wish is not None

    def next_message(self) -> Message | None:
        """The next numbered frame or snapshot, told only once; a step that the page wants to see comes first.

        None when there is nothing new.
        """
        stub = self._stub
        if stub is None or stub.open_comm is None or self.failure is not None:
            self._told_end, self._wants_snapshot, self._wish = True, False, None
            return None
        now = time.monotonic()
        over = self.run.state in OVER  # read before the data: what comes later is told by another frame
        wish = self._wish
        if wish is not None and not self._wants_snapshot and (self._told_end or not over):
            self._wish = None
            return describe_moment(self.run, *wish)
        with self._lock:
            if self._wants_snapshot or (not self._heard and now - self._snapshot_at > REPEAT):
                self._wants_snapshot = False
                self._snapshot_at = now
                message, cursor = self._snapshot(self._cursor.seq + 1)
            else:
                maybe, cursor = describe.frame(self.run, self._cursor, self.controls())
                if maybe is None:
                    self._told_end = over
                    return None
                message = maybe
            self._cursor = cursor  # before sending: a frame lost on the way shows as a gap, never as a repetition
            self._told_end = over
        return message

    def deliver(self, message: Message) -> None:
        """Hand a message to the page."""
        stub = self._stub
        if stub is not None and stub.open_comm is not None:
            stub.send(message.content, buffers=message.buffers)

    def fail(self, error: Exception) -> None:
        """The sender has let this view go; the cell hears of it once, at its end."""
        self.failure = error

    @property
    def heard(self) -> bool:
        """Whether the page has spoken since the view was shown."""
        return self._heard

    @property
    def left_for(self) -> float:
        """Seconds since the last output or page that showed it went away; 0.0 while one is there."""
        return time.monotonic() - self._left_at if self._left_at is not None else 0.0

    @property
    def open(self) -> bool:
        """Whether there is a model that a page can look at."""
        return self._stub is not None and self._stub.open_comm is not None and self.failure is None

    # -- what the page says -----------------------------------------------------------------------------------------

    def controls(self) -> dict[str, Any]:
        """Whether buttons reach the loop now, and if not, the sentence that says why and what to do."""
        if self.run.state in OVER:
            return {"live": False, "why": ""}
        why = frontend.why_no_controls()
        if not why and not self._heard and time.monotonic() - self._shown_at > UNHEARD:
            why = NO_ANSWER
        return {"live": not why, "why": why}

    def _hear(self, _: Any, content: Any, buffers: Any) -> None:
        """A message from the page, on whichever thread it comes: note the wish, never do the work here."""
        kind = content.get("kind") if isinstance(content, dict) else None
        self._heard = True
        if kind == "hello":
            self._hear_hello(content.get("seq"))
        elif kind == "ping":
            sender.reply(self, {"kind": "pong", "id": content.get("id")})
        elif kind == "control":
            self._obey(content)
            sender.reply(self, {"kind": "ack", "id": content.get("id")})
        elif kind == "inspect":
            self._inspect(content.get("node"))
        elif kind in ("here", "gone"):
            (self._looking.add if kind == "here" else self._looking.discard)(content.get("view"))
            self._left_at = None if self._looking else time.monotonic()
        elif kind == "moment":
            self._travel(content.get("step"), content.get("node"), content.get("known"))

    def _hear_hello(self, seq: Any) -> None:
        with self._lock:
            current = seq == self._cursor.seq and self._cursor.run_id == self.run.id
            self._wants_snapshot = self._wants_snapshot or not current
        if self._wants_snapshot:
            sender.attach(self)

    def _obey(self, content: dict[str, Any]) -> None:
        control, action, value = self.run.control, content.get("action"), content.get("value")
        if action in ACTIONS:
            getattr(control, ACTIONS[action])()
        elif action == "learning_rate" and isinstance(value, int | float) and 0 <= value < float("inf"):
            control.set_learning_rate(float(value))
        elif action in ("mute", "unmute") and isinstance(content.get("rule"), str):
            if self.on_mute is not None:
                self.on_mute(content["rule"], action == "mute")
            coach_changed()
        if self._stub is not None and self.busy:
            sender.attach(self)

    def _inspect(self, node: Any) -> None:
        graph = self.run.graph
        if graph is not None and isinstance(node, int) and 0 <= node < len(graph.nodes):
            if self.run.stop is not None:
                from gradbook.observe.stop_picture import look_at

                look_at(self.run, node)
            self.run.want([graph.nodes[node].id])
            self.run.detail(graph.nodes[node].id)
            if self._stub is not None:
                self._told_end = False  # of a run that has ended, too, something is to be told now
                sender.attach(self)
        else:
            self.run.want([])

    def _travel(self, step: Any, node: Any, known: Any) -> None:
        """The page looks at an earlier step (null: no longer); of several wishes the newest counts."""
        history, held = self.run.history, self._held
        if held is not None:
            self._held = None
            history.unpin(held)
        if not isinstance(step, int) or not len(history):
            return
        with contextlib.suppress(
            KeyError, ValueError
        ):  # it went this moment, or is too large: it shows as what is near
            nearest = history.nearest(step).step
            if nearest not in history.pinned:
                history.pin(nearest)
                self._held = nearest
        versions = frozenset(v for v in known if isinstance(v, int)) if isinstance(known, list) else frozenset()
        self._wish = (step, node if isinstance(node, int) else None, versions)
        if self._stub is not None:
            sender.attach(self)

    # -- what is left when nobody can look --------------------------------------------------------------------------

    def svg(self) -> str:
        """The run as a picture that needs nothing else."""
        return draw(self.run)

    def text(self) -> str:
        """The run in one line."""
        return summary(self.run)

    def html(self) -> str:
        """The picture as an `<img>`, the only form of it that untrusted notebooks and nbconvert keep."""
        return picture_tag(self.run)

    def save(self, path: str | Path) -> Path:
        """Write one page that shows this run with everything but its buttons, and needs no network. -> the path."""
        return export_html(self.run, path)

    def _bundle(self) -> dict[str, Any]:
        """All forms of the output: the front end takes the richest it knows."""
        data: dict[str, Any] = {"text/plain": self.text(), "text/html": self.html()}
        stub = self._stub
        if stub is not None and stub.open_comm is not None:
            data |= shown_by(stub)
        if self.run.state in OVER and os.environ.get("GRADBOOK_EMBED_RUNS") == "1":
            block = describe.snapshot(self.run)[0].packed()
            data |= embedded(block)
        return data

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        if self._stub is None and frontend.detect() == "widgets":
            self._forget_page()
            self._open()
            self._be_asked()
        return self._bundle()

    def __repr__(self) -> str:
        return self.text()


def coach_changed() -> None:
    """A rule was muted or is heard again: every open view that has something of the coach says so."""
    for view in tuple(_views):
        if view.run.coach is not None:
            view.look_again()


def _publish(data: dict[str, Any], display_id: str, *, update: bool) -> None:
    from IPython.display import publish_display_data

    publish: Any = publish_display_data  # untyped in IPython
    publish(data, transient={"display_id": display_id}, update=update)
