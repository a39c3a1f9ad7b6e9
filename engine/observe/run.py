"""What happened in one training: curves, steps, parameters, graph, and the mailbox that controls it."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from gradbook.observe.batch import Batch
from gradbook.observe.control import Control
from gradbook.observe.details import Detail
from gradbook.observe.graph import Graph
from gradbook.observe.history import WINDOW, History
from gradbook.observe.nodes import NodeStats
from gradbook.observe.probes import ParameterInfo, Probes
from gradbook.observe.series import Series

__all__ = ["LEVELS", "Picture", "Run", "Snapshot", "current_run", "role_of", "runs"]

LEVELS = ("off", "health", "full")
KEPT = 32  # runs remembered
LOOKED = 12  # recorded steps gone back for a value: the last one, and those held before it
_numbers = itertools.count(1)
_runs: list[Run] = []
_lock = threading.Lock()
_HELD_OUT = re.compile(r"(?:^|[^a-z])(?:val|valid|validation|test|eval|dev|held.?out)(?:[^a-z]|$)")
_RATE = re.compile(r"(?:^|[^a-z])(?:lr|learning.?rate)(?:[^a-z]|$)")
_TRAIN = re.compile(r"(?:^|[^a-z])(?:train|training|loss|cost|objective)(?:[^a-z]|$)")


class Picture(NamedTuple):
    """Graph and numbers that belong together: `stats` is float32[nodes, 8], measured at `step`; what that was given."""

    graph: Graph | None
    version: int
    stats: np.ndarray | None
    step: int
    batch: Batch = Batch()


class Snapshot(NamedTuple):
    """A copy of all parameters after a step."""

    step: int
    values: dict[str, np.ndarray]


class Run:
    """One training, as it happens and afterwards. The training thread writes, any thread reads.

    `state` is 'waiting', 'running', 'paused', 'finished', 'stopped' or 'error'; `step` counts optimizer steps (backward
    passes where there is no optimizer), `epoch` the passes over the training loader; `total_steps` is None unless it is
    truly known. Curves are in `series`, by name, the loss first; recorded steps in `history`: at level 'full' with the
    values and gradients of every node.
    """

    def __init__(self, name: str = "", *, cell: str = "", cell_id: str | None = None, level: str = "health",
                 total_steps: int | None = None, window: int = WINDOW) -> None:  # fmt: skip
        number = next(_numbers)
        self.id = f"run-{number}"
        self.name = name or f"run {number}"
        self.cell, self.cell_id = cell, cell_id
        self.level = level
        self.step = 0
        self.epoch: int | None = None
        self.epochs: list[tuple[int, int]] = []
        self.total_steps = total_steps
        self.error: dict[str, Any] | None = None
        self.birth: Any = None  # where its loss stopped being finite (observe.Birth), if it did
        self.stop: Any = None  # where a breakpoint holds it (observe.Stop), while it does
        self.coach: Any = None  # what the coach says of its cell (gradbook.coach.Report), None where it does not watch
        self.message = ""
        self.series: dict[str, Series] = {}
        self.parameters: tuple[ParameterInfo, ...] = ()
        self.parameters_version = 0
        self.probes = Probes()
        self.details: dict[int, Detail] = {}
        self.snapshots: list[Snapshot] = []
        self.history = History(window)
        self.panels: tuple[str, ...] | None = None  # which to show; None: all
        self.ghosts: tuple[Run, ...] = ()
        self.control = Control()
        self.picture = Picture(None, 0, None, 0)
        self.wanted: frozenset[int] = frozenset()
        self._started = time.perf_counter()
        self._ended: tuple[str, float] | None = None
        self._begun = False
        self._marks: tuple[tuple[float, int], ...] = ()
        self._finisher: Callable[[], object] | None = None

    # -- how it stands ---------------------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """'waiting', 'running', 'paused', 'finished', 'stopped' or 'error'."""
        if self._ended is not None:
            return self._ended[0]
        if self.control.state in ("paused", "halted"):
            return "paused"
        return "running" if self._begun else "waiting"

    @property
    def alive(self) -> bool:
        """True until it has finished, was stopped or failed."""
        return self._ended is None

    controllable = alive

    @property
    def seconds(self) -> float:
        """Time it has run, pauses left out."""
        end = self._ended[1] if self._ended is not None else time.perf_counter()
        return max(end - self._started - self.control.paused_time(), 0.0)

    @property
    def rate(self) -> float | None:
        """Steps a second over the last few seconds; over the whole run once it has ended; None while unknown."""
        if self._ended is not None:
            return self.step / self.seconds if self.step and self.seconds > 0 else None
        marks = self._marks
        if self.control.state != "running" or len(marks) < 2:
            return None
        (first_time, first), (last_time, last) = marks[0], marks[-1]
        return (last - first) / (last_time - first_time) if last_time > first_time else None

    @property
    def eta(self) -> float | None:
        """Seconds left, where the number of steps is known."""
        rate = self.rate
        if self.total_steps is None or not rate or self._ended is not None:
            return None
        return max(self.total_steps - self.step, 0) / rate

    @property
    def learning_rate(self) -> float | None:
        """The learning rate in force, None before an optimizer has stepped."""
        if self.control.learning_rate is not None:
            return self.control.learning_rate
        series = self.series.get("learning rate")
        return series.last[1] if series is not None and series.last else None

    @property
    def main(self) -> Series | None:
        """The loss: of the training curves the one with most points."""
        train = [s for s in list(self.series.values()) if s.role == "train"]
        return max(train, key=len, default=None)

    # -- its graph ---------------------------------------------------------------------------------------------------

    @property
    def graph(self) -> Graph | None:
        """The computation behind the loss."""
        return self.picture.graph

    @property
    def graph_version(self) -> int:
        """Another number when `graph` becomes another one; one that comes back has its old number."""
        return self.picture.version

    @property
    def node_stats(self) -> np.ndarray | None:
        """float32[nodes, 8], columns as in observe.graph.STATS, of step `stats_step`; NaN where unknown."""
        return self.picture.stats

    @property
    def stats_step(self) -> int:
        """The step that `node_stats` was measured at."""
        return self.picture.step

    def stats_of(self, node: int) -> NodeStats | None:
        """Statistics of one node at the last recorded step."""
        stats = self.picture.stats
        return NodeStats(*map(float, stats[node])) if stats is not None and 0 <= node < len(stats) else None

    def want(self, nodes: Iterable[int]) -> None:
        """Choose the nodes whose values are kept in `details` from the next recorded step on; replaces the choice."""
        self.wanted = frozenset(int(node) for node in nodes)

    def detail(self, node: int) -> Detail | None:
        """Values of one node at the last recorded step; the next ones will keep all that a picture can show of it."""
        if node not in self.wanted:
            self.wanted = self.wanted | {int(node)}
        version, seen = self.picture.version, self.look(node)
        if seen is not None and seen is not self.details.get(node) and self.picture.version == version:
            self.details = {**self.details, node: seen}
        return seen

    def look(self, node: int) -> Detail | None:
        """What is known of one node's values at the last recorded step; asks for nothing."""
        known = self.details.get(node)
        for back in range(1, min(len(self.history), LOOKED) + 1):
            moment = self.history[-back]
            if known is not None and known.step >= moment.step:
                break
            seen = moment.detail(node) if moment.version == self.picture.version else None
            if seen is not None and seen.thumb.size:  # of a step whose loss jumped only some values are known
                return seen
        return known

    # -- what the recorder does --------------------------------------------------------------------------------------

    def curve(self, name: str, role: str) -> Series:
        """The series of this name, made if there is none."""
        found = self.series.get(name)
        if found is None:
            found = Series(name, role)
            self.series = {**self.series, name: found}  # a new dict: readers iterate over the old one undisturbed
        return found

    def begin(self) -> None:
        """The first backward pass happened."""
        if not self._begun:
            self._begun = True
            self._started = time.perf_counter()
            self._marks = ((self._started, 0),)

    def tick(self, now: float) -> float:
        """Note where the run stands at time `now`, ten times a second at most. -> when the next note is due."""
        marks = self._marks
        if not marks or now - marks[-1][0] > 5.0:
            self._marks = ((now, self.step),)  # after a pause the old notes say nothing about the speed
        elif now - marks[-1][0] > 0.1:
            self._marks = (*marks[-31:], (now, self.step))
        return self._marks[-1][0] + 0.1

    def on_finish(self, act: Callable[[], object]) -> None:
        """What to do first when the run ends; replaces what was to be done."""
        self._finisher = act

    def finish(self, state: str = "finished", error: dict[str, Any] | None = None) -> None:
        """End the run; the first end counts. Raises ValueError unless state is 'finished', 'stopped' or 'error'."""
        if state not in ("finished", "stopped", "error"):
            raise ValueError(f"finish: {state!r} is not an end; use 'finished', 'stopped' or 'error'")
        if self._ended is None:
            finisher, self._finisher = self._finisher, None
            if finisher is not None:
                finisher()
            self.error = error
            self._ended = (state, time.perf_counter())
            self.control.release()

    def __enter__(self) -> Run:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        self.finish(*end_of(error))

    def __repr__(self) -> str:
        loss = self.main
        value = f", {loss.name} {loss.last[1]:.4g}" if loss is not None and loss.last else ""
        return f"<Run {self.name!r} {self.cell}: {self.state}, step {self.step}{value}>"


def end_of(error: BaseException | None) -> tuple[str, dict[str, Any] | None]:
    """How a run ends that an exception (or none) ended -> (state, error as data)."""
    if error is None:
        return "finished", None
    if isinstance(error, KeyboardInterrupt):
        return "stopped", None
    return "error", describe_error(error)


def describe_error(error: BaseException) -> dict[str, Any]:
    """{'type', 'message', 'line'}, of a breakpoint also 'node': the line is the innermost one of the user's."""
    from gradbook.observe.source import is_own

    line = None
    traceback = error.__traceback__
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if not is_own(file) and ("<ipython-input" in file or "ipykernel" in file or line is None):
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    found = {"type": type(error).__name__, "message": str(error), "line": line}
    stop = getattr(error, "stop", None)
    return found if stop is None else {**found, "node": stop.index}  # a breakpoint's place in the picture


def role_of(name: str) -> str:
    """'val', 'lr', 'train' or 'other', by the words in a curve's name: `val_loss`, `test/acc`, `lr`, `train_loss`."""
    low = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
    if _HELD_OUT.search(low):
        return "val"
    if _RATE.search(low):
        return "lr"
    return "train" if _TRAIN.search(low) else "other"


def register(run: Run) -> Run:
    """Remember a run, and the earlier ones of its cell as its ghosts."""
    with _lock:
        if run.cell_id is not None:
            earlier = [r for r in _runs if r.cell_id == run.cell_id and r is not run]
            run.ghosts = tuple(reversed(earlier[-3:]))
            for ghost in earlier:
                ghost.ghosts = ()
        _runs.append(run)
        del _runs[:-KEPT]
    return run


def runs() -> list[Run]:
    """The last 32 runs, oldest first."""
    with _lock:
        return list(_runs)


def forget_runs() -> None:
    """Forget all runs."""
    with _lock:
        _runs.clear()


def current_run() -> Run | None:
    """The newest run that has not ended, None if there is none."""
    return next((run for run in reversed(runs()) if run.alive), None)
