"""Runs begun by hand, and curves of the user's own."""

from __future__ import annotations

from typing import Any

from gradbook import events
from gradbook.observe.history import WINDOW, bytes_of
from gradbook.observe.recorder import Recorder, active
from gradbook.observe.run import Run

__all__ = ["finish_run", "log", "start_run"]


def start_run(
    name: str = "", *, level: str = "health", total_steps: int | None = None, window: int | str | None = None
) -> Run:
    """Begin a run by hand; without it one begins at the first backward pass of a cell that is watched.

    Usable as `with observe.start_run("baseline"):`. In a watched cell the cell's view shows it, at the cell's level.
    `window` is how much its history may take, such as '256MB'. Raises ValueError for a level other than 'health' and
    'full', or a window under 1 MB.
    """
    if level not in ("health", "full"):
        raise ValueError(f"start_run: level is {level!r}; it is 'health' or 'full'")
    size = None if window is None else bytes_of(window)
    if active:
        return active[-1].begin_run(name, total_steps, size)
    recorder = Recorder(name=name, level=level, window=size or WINDOW)
    run = recorder.attach().begin_run(name, total_steps)
    run.on_finish(recorder.release)
    return run


def finish_run() -> None:
    """End the current run, if there is one."""
    if active and active[-1].run is not None:
        active[-1].run.finish()


def log(name: str, value: Any) -> None:
    """Add a point to the curve `name` of the current run, at its current step: `gradbook.log("val_loss", loss)`.

    Curves named val…, test… count as held-out data. Without a run, or nobody watching, nothing happens.
    Raises TypeError for what is not a number or a tensor of one element.
    """
    if not events.log:
        return
    number = value.item() if hasattr(value, "item") else value
    try:
        events.emit(events.log, str(name), float(number))
    except (TypeError, ValueError):
        raise TypeError(f"log: {name!r} needs one number, got {type(value).__name__}") from None
