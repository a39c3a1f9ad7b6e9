"""A mailbox between a view and a training loop: pause, step, stop and the learning rate, obeyed at safe points."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

__all__ = ["Control", "StopTraining"]

PATIENCE = 0.05  # seconds between two looks while paused, so that an Interrupt is noticed on every platform


class StopTraining(KeyboardInterrupt):
    """Raised at a safe point when training was asked to stop.

    A KeyboardInterrupt, so that a loop which saves its work on Interrupt does so here too; the notebook extension
    swallows it and the cell ends as finished.
    """


class Control:
    """What a view may ask of a training loop. Any thread asks; the training thread obeys in `poll()`.

    The engine polls at the end of `optimizer.step()`, in `zero_grad()` and at each DataLoader batch. Requests overwrite
    each other: the last one counts.
    """

    def __init__(self) -> None:
        self.paused_seconds = 0.0
        self.on_snapshot: Callable[[], None] | None = None
        self._wake = threading.Event()
        self.thread: int | None = None  # the one that trains, once it is known; others pass safe points unheld
        self._attention = False  # the only thing an undisturbed loop looks at
        self._state = "running"
        self._waiting_since: float | None = None
        self._pause_at: int | None = None
        self._learning_rate: float | None = None
        self._snapshot = False
        self._one_more = False
        self._optimizer: Any = None
        self._step = 0

    @property
    def state(self) -> str:
        """'running', 'pausing' (asked for), 'paused', 'halted' (at an operation) or 'stopped'."""
        return self._state

    def pause(self) -> None:
        """Hold the loop at its next safe point."""
        if self._state == "running":
            self._state = "pausing"
            self._pause_at = None
            self._ask()

    def resume(self) -> None:
        """Let a paused or halted loop run on."""
        if self._state in ("pausing", "paused", "halted"):
            self._pause_at = None
            self._state = "running"
            self._ask()

    def step(self) -> None:
        """Let a paused loop make one optimizer step and hold again; a running one holds after its next step."""
        if self._state != "stopped":
            self._pause_at = self._step + 1
            self._state = "running"
            self._ask()

    def step_op(self) -> None:
        """Let a loop that a breakpoint halts compute one more operation."""
        if self._state == "halted":
            self._one_more = True
            self.resume()

    def stop(self) -> None:
        """End the training: the next safe point raises StopTraining."""
        self._state = "stopped"
        self._ask()

    def set_learning_rate(self, value: float) -> None:
        """Give the optimizer another learning rate from the next safe point on; its groups keep their proportions.

        Raises ValueError unless 0 <= value < inf.
        """
        value = float(value)
        if not 0 <= value < float("inf"):
            raise ValueError(f"set_learning_rate: {value} is not a learning rate; it must be finite and not negative")
        self._learning_rate = value
        self._ask()

    def snapshot(self) -> None:
        """Ask for a copy of all parameters at the next safe point (Run.snapshots)."""
        self._snapshot = True
        self._ask()

    @property
    def learning_rate(self) -> float | None:
        """The learning rate in force, of the first group of the optimizer that stepped last; None before any step."""
        if self._learning_rate is not None:
            return self._learning_rate
        return None if self._optimizer is None else _rate_of(self._optimizer)

    def stepped(self, optimizer: Any, step: int) -> None:
        """The training thread says that an optimizer has made its step number `step`."""
        self._optimizer = optimizer
        self._step = step

    def poll(self) -> None:
        """Obey what was asked. Called in the training thread at safe points. Raises StopTraining once asked to stop."""
        if not self._attention and self._pause_at is None:
            return
        if self.thread is not None and threading.get_ident() != self.thread:
            return
        self._attention = False
        if self._pause_at is not None and self._step >= self._pause_at:
            self._pause_at = None
            self._state = "pausing"
        self._obey()
        while self._state in ("pausing", "paused"):
            self._hold()
            self._obey()
        if self._state == "stopped":
            raise StopTraining("training was stopped")

    def halt(self, give_up: Callable[[], bool]) -> str:
        """Hold the calling thread at an operation. -> 'continue', 'step_op', or 'given up' once `give_up()` is true.

        Raises StopTraining once asked to stop.
        """
        if self._state == "stopped":
            raise StopTraining("training was stopped")
        asked_for, self._state, self._one_more = self._state, "halted", False
        self._waiting_since = started = time.perf_counter()
        try:
            while self._state == "halted":
                if give_up():
                    return "given up"
                self._wake.wait(PATIENCE)
                self._wake.clear()
        finally:
            self._waiting_since = None
            self.paused_seconds += time.perf_counter() - started
            if self._state == "halted":
                self._state = "running"
        if self._state == "stopped":
            raise StopTraining("training was stopped")
        if asked_for == "pausing":  # asked for before; it holds at the next safe point
            self.pause()
        return "step_op" if self._one_more else "continue"

    def paused_time(self) -> float:
        """Seconds spent paused so far, a pause that goes on included."""
        since = self._waiting_since
        return self.paused_seconds + (time.perf_counter() - since if since is not None else 0.0)

    def release(self) -> None:
        """The run has ended: let go of the optimizer."""
        self._optimizer = None
        self.on_snapshot = None

    def _ask(self) -> None:
        self._attention = True
        self._wake.set()

    def _hold(self) -> None:
        self._waiting_since = started = time.perf_counter()
        if self._state == "pausing":
            self._state = "paused"
        try:
            while self._state == "paused" and self._learning_rate is None and not self._snapshot:
                self._wake.wait(PATIENCE)
                self._wake.clear()
        finally:
            self._waiting_since = None
            self.paused_seconds += time.perf_counter() - started

    def _obey(self) -> None:
        value = self._learning_rate
        if value is not None and self._optimizer is not None:
            _set_rate(self._optimizer, value)
        self._learning_rate = None if self._optimizer is not None else value
        if self._snapshot:
            self._snapshot = False
            if self.on_snapshot is not None:
                self.on_snapshot()


def _rate_of(optimizer: Any) -> float | None:
    groups = getattr(optimizer, "param_groups", None)
    rate = groups[0].get("lr") if groups else None
    return None if rate is None else float(rate)


def _set_rate(optimizer: Any, value: float) -> None:
    """First group gets `value`, the others keep their ratio to it."""
    before = _rate_of(optimizer)
    for index, group in enumerate(optimizer.param_groups):
        if "lr" in group:
            group["lr"] = float(group["lr"]) * value / before if index and before else value
