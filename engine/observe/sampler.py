"""Which steps are recorded in detail, and what becomes of the recording. Most steps are not: detail has its price."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from gradbook import events
from gradbook.observe.graph import Graph, build
from gradbook.observe.history import STATISTICS_WINDOW, WINDOW
from gradbook.observe.moment import STEPS, Copies, Kept, Moment
from gradbook.observe.naming import Names
from gradbook.observe.probes import Measurement, ParameterInfo, Probes
from gradbook.observe.raw import RawNode, is_parameter, leaves
from gradbook.observe.run import Picture, Run, Snapshot
from gradbook.observe.source import user_frame
from gradbook.observe.take import Take

__all__ = ["PAUSE", "SHARE", "Sampler"]

SHARE = {"health": 0.025, "full": 0.5}  # what recorded steps may cost, as a share of the time beside them
PAUSE = {"health": 0.25, "full": 0.0}  # seconds between two recorded steps at least
EARLY = frozenset((3, 15, 63, 255))  # the steps after these are recorded too: a short run has a history
ARMED = {"patience": 0.2, "numbers": 0.05}  # seconds that operations may cost in a cell that has not begun to train
ALARMS, HELD = 0.01, 8  # share of the time for steps whose loss jumps; how many of them are never dropped
LATEST = 2 << 20  # bytes of the values of the last recorded step, at level health
clock = time.perf_counter


class Sampler:
    """Records a step of a run now and then: the first one, then as often as the cost of the last one allows.

    A recorded step begins after an optimizer's step and ends when every optimizer has stepped once; without optimizers
    it ends with its backward pass, and the parameters' change is seen at the next one.
    """

    def __init__(self, level: str, window: int = WINDOW) -> None:
        self.level = level
        self.resize(window)
        self.every: int | None = None  # record each n-th step instead of by cost
        self.run: Run | None = None
        self.take: Take | None = None
        self.reset()

    def reset(self) -> None:
        """Nothing is known of a training yet, and nothing of the user's is held."""
        self.names = Names([])
        self.half: Take | None = None  # measured up to its backward pass; its update shows at the next one
        self._listening = False
        self._hurried = False  # the next step is to be recorded whole
        self._next = self._usual = 0.0  # when the next step may be recorded; what the last one cost
        self._alarm = 0.0  # when the next one may whose loss jumps
        self._alarms: deque[int] = deque()  # the last such steps, which the history keeps
        self._signature: Any = None
        self._shapes: Any = None
        self._places: dict[int, tuple[int, int]] = {}
        self._tensors: list[Any] = []
        self._known: set[int] = set()
        self.place: tuple[int, int | None] | None = None  # number of the batch in its loader's pass, and of how many

    def resize(self, window: int) -> None:
        """How many bytes the history of a run may take; statistics alone need fewer."""
        self.window = window if self.level == "full" else min(window, STATISTICS_WINDOW)

    # -- when --------------------------------------------------------------------------------------------------------

    def due(self, now: float) -> bool:
        """Whether the next step is to be recorded."""
        if self.every:
            return self.run is not None and self.run.step % self.every == 0
        return self._hurried or now >= self._next or (self.run is not None and self.run.step in EARLY)

    def begin(self, optimizers: Iterable[int] = ()) -> None:
        """Record from now on, until each of these optimizers has stepped."""
        started, run = clock(), self.run
        wanted = {}
        if run is not None and run.wanted:
            wanted = {self._places[i]: i for i in run.wanted if i in self._places}
        limits = {"patience": max(0.2, 4 * self._usual)} if run is not None else ARMED
        if self._hurried:
            self._hurried, limits = False, {"patience": float("inf")}
        take = self.take = Take(wanted, copies=self._copies(run), **limits)
        take.expected = frozenset(optimizers)
        self.listen(take)
        take.cost = clock() - started

    def _copies(self, run: Run | None) -> Copies:
        """Where a recorded step keeps its values; at level health those of the last step stay, for who looks there."""
        graph = run.picture.graph if run is not None else None
        return Copies(self.window if self.level == "full" else LATEST * STEPS, len(graph.nodes) if graph else 0)

    def alarm(self, root: Any, optimizers: Iterable[int], stepping: bool) -> None:
        """The loss has just jumped: record this step from here on, as often as that costs next to nothing."""
        started, run = clock(), self.run
        if self.take is not None or self.half is not None or run is None or run.graph is None or started < self._alarm:
            return
        from gradbook.observe.late import LateTake

        take = LateTake(root, run.graph, self._copies(run))
        if take.known:
            take.expected = frozenset(optimizers) if stepping else frozenset()
            take.measurement = Measurement(self._tensors)
            self.take = take
            self.listen(take)
        take.cost = clock() - started
        self._alarm = clock() + take.cost / ALARMS

    def listen(self, take: Take) -> None:
        """Let a recorded step hear every operation."""
        events.attach(take)
        self._listening = True

    def stop(self) -> None:
        """The step that is being recorded hears no operation any longer."""
        take, self.take = self.take, None
        if self._listening and take is not None:
            events.detach(take)
        self._listening = False

    def hurry(self) -> None:
        """Record the next step that begins, whatever it costs."""
        self._hurried = True

    def drop(self) -> None:
        """The step that is being recorded will not come to its end."""
        self.stop()
        self.half = None

    def refresh(self) -> None:
        """Another pass over some data begins before any training: what came before it is not the step."""
        waiting = self.run is None or self.run.state == "waiting"
        if waiting and self.take is not None:
            self.take.refresh()
            self.listen(self.take)

    def _schedule(self, take: Take) -> None:
        """The next step may be recorded as soon as this one's cost is earned."""
        self._usual = take.cost
        self._next = clock() + max(PAUSE[self.level], take.cost / SHARE[self.level])

    # -- through a step ----------------------------------------------------------------------------------------------

    def backward_begins(self, root: Any) -> None:
        """A backward pass from `root` starts: the forward that led to it is complete."""
        if self.half is not None:
            self._finish_half()
        take = self.take
        if take is None:
            return
        if take.tired and self._next:  # a long stretch without training wore it out: another step will do
            self._schedule(take)
            self.stop()
            return
        started = clock()
        take.see_root(root)
        if take.signature != self._signature:
            self.look_around(root)
        if take.measurement is None:
            take.measurement = Measurement(self._tensors)
        take.cost += clock() - started

    def backward_ends(self, *, stepping: bool) -> None:
        """The gradients are there; `stepping` says that an optimizer will take the step."""
        take = self.take
        if take is not None and take.measurement is not None:
            started = clock()
            take.close_backward(started)
            take.measurement.gradients()
            if not stepping:
                take.measurement.before_update()
                self.stop()
                self.half = take
            take.cost += clock() - started
        if not stepping and self.take is None and self.due(clock()):
            self.begin()

    def step_begins(self, optimizer: Any) -> None:
        """An optimizer is about to change the parameters."""
        take = self.take
        if take is None:
            return
        if id(optimizer) in take.stepped:  # it steps again before the others did: they will not
            self.finish(take)
        elif take.measurement is not None:
            started = clock()
            take.measurement.before_update()
            take.cost += clock() - started

    def step_ends(self, optimizer: Any) -> None:
        """An optimizer has changed the parameters."""
        take = self.take
        if take is not None:
            take.stepped.add(id(optimizer))
            if take.expected <= take.stepped:
                self.finish(take)

    def finish(self, take: Take) -> None:
        """The recorded step is over."""
        started = clock()
        self.stop()
        if take.measurement is not None and take.stepped:
            take.measurement.after_update()
        self._keep(take, finished=bool(take.stepped))
        take.cost += clock() - started
        self._schedule(take)

    def wind_up(self) -> None:
        """The run ends: what was measured of its last step is kept, then everything is let go of."""
        if self.half is not None:
            self._keep(self.half)
        if self.take is not None and self.take.measurement is not None:
            self.finish(self.take)
        self.stop()
        self.run = None
        self.reset()

    def _finish_half(self) -> None:
        take, self.half = self.half, None
        if take is not None and take.measurement is not None:
            started = clock()
            take.measurement.after_update()
            self._keep(take)
            take.cost += clock() - started
            self._schedule(take)

    # -- what the run gets -------------------------------------------------------------------------------------------

    def look_around(self, root: Any) -> None:
        """Take in the user's variables around this backward pass, and the parameters that it reaches."""
        self.names = Names.in_sight(user_frame(2))
        for module in self.take.tape.roots.values() if self.take is not None else ():
            self.names.add_root(type(module).__name__.lower(), module)
        found = [tensor for tensor in leaves(root) if id(tensor) not in self._known]
        owned = [tensor for tensor in found if id(tensor) in self.names.parameters or is_parameter(tensor)]
        new = owned or ([] if self._tensors else found)
        if new and self.run is not None:
            self._add_rows(new, self.run)

    def _add_rows(self, new: list[Any], run: Run) -> None:
        """Rows of the probes: what the loss can change, in the order of its first use."""
        infos = []
        for i, tensor in enumerate(new, len(self._tensors)):
            name = self.names.of(tensor) or f"param_{i}"
            module = name.rpartition(".")[0] if id(tensor) in self.names.parameters else ""
            infos.append(ParameterInfo(name, tuple(tensor._array.shape), int(tensor._array.size), module))
        self._known.update(id(tensor) for tensor in new)
        self._tensors = [*self._tensors, *new]
        run.parameters = (*run.parameters, *infos)
        run.probes = Probes(len(run.parameters))
        run.parameters_version += 1

    def publish(self, take: Take) -> None:
        """Another graph if its structure is another, its numbers in any case."""
        run, raw = self.run, take.roots
        if run is None or not raw:
            return
        graph, version = run.picture.graph, run.picture.version
        if graph is None or self._is_other(take.signature, raw, tuple(node.shape for node in graph.nodes)):
            graph, version = self._graph_of(take)
            self._signature = take.signature
            run.details = {}
        if run.birth is not None:
            run.birth = run.birth.borrow(graph)
        self._places = take.places()
        run.picture = Picture(graph, version, take.table(), run.step, take.batch(self.place))
        for node, (place, _, detail) in take.captured.items():
            if self._places.get(node) == place:
                run.details = {**run.details, node: replace(detail, step=run.step)}

    def _graph_of(self, take: Take) -> tuple[Graph, int]:
        """The graph of a recorded step and its version, of a structure seen before the same as then."""
        run, raw = self.run, take.roots
        assert run is not None
        structure = hash((take.signature, tuple(node.shape for node in raw)))
        return run.history.intern(structure, lambda: build(raw, self.names))

    def _is_other(self, signature: Any, raw: list[RawNode], drawn: tuple[tuple[int, ...], ...]) -> bool:
        """Whether this is another graph than the one drawn; shapes count when they come twice, not as a last batch."""
        before, self._shapes = self._shapes, tuple(node.shape for node in raw)
        return bool(signature != self._signature or (self._shapes != drawn and self._shapes == before))

    def _keep(self, take: Take, *, finished: bool = True) -> None:
        """What a recorded step measured goes into the run; one that did not come to its end is the loss's newest."""
        run, measured = self.run, take.measurement
        if run is None or measured is None:
            return
        if not take.late:
            self.publish(take)
        step = run.step if finished or run.main is None or not run.main.last else run.main.last[0]
        self._remember(take, run, step)
        if take.late:
            self._hold(run, step)
        if len(measured.table) and len(measured.table) == run.probes.rows:
            run.probes.add(run.step, measured.table, measured.counts, measured.hist_range)

    def _remember(self, take: Take, run: Run, step: int) -> None:
        """The step becomes part of the run's history."""
        graph, version, stats, _, batch = run.picture
        if take.late:
            stats, batch = take.table(), take.batch(self.place)
        if graph is None or stats is None or len(stats) != len(graph.nodes):
            return
        values: tuple[Kept | None, ...] = ()
        grads: tuple[Kept | None, ...] = ()
        if take.copies is not None:
            keys = [node.key for node in take.roots]
            values, grads = (tuple(map(kept.get, keys)) for kept in (take.copies.values, take.copies.grads))
            take.copies.clear()
        run.history.add(
            Moment(step, graph, version, stats, values, grads, batch), alone=self.level != "full" and not take.late
        )

    def _hold(self, run: Run, step: int) -> None:
        """The history keeps the last few steps whose loss jumped."""
        with contextlib.suppress(KeyError, ValueError):  # too large to be kept
            run.history.pin(step)
            self._alarms.append(step)
        if len(self._alarms) > HELD:
            run.history.unpin(self._alarms.popleft())

    def snapshot(self) -> None:
        """Copy the parameters; the run keeps the last two copies."""
        run = self.run
        if run is not None:
            arrays = [t._array.get() if hasattr(t._array, "get") else t._array for t in self._tensors]
            values = {info.name: np.array(array) for info, array in zip(run.parameters, arrays, strict=True)}
            run.snapshots = [*run.snapshots[-1:], Snapshot(run.step, values)]
