"""Listens to the engine and writes a Run. Per step it costs a few microseconds; detail is for a few steps a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from gradbook import events
from gradbook.observe import naming
from gradbook.observe.deferred import Deferred
from gradbook.observe.graph import build
from gradbook.observe.probes import Measurement, ParameterInfo, Probes
from gradbook.observe.raw import RawNode, is_parameter, leaves, structure
from gradbook.observe.run import Picture, Run, Snapshot, end_of, register, role_of
from gradbook.observe.series import Series
from gradbook.observe.source import cell_label, user_frame
from gradbook.observe.take import Take

__all__ = ["Recorder"]

SHARE = {"health": 0.03, "full": 0.5}  # what recorded steps may cost, as a share of the time beside them
PAUSE = {"health": 0.25, "full": 0.0}  # seconds between two recorded steps at least
ARMED = {"patience": 0.2, "numbers": 0.05}  # seconds that operations may cost in a cell that has not begun to train
PATIENCE = 64  # backward passes to wait for the first optimizer step
clock = time.perf_counter
Site = tuple[Any, Series, list[int]]  # place of a backward call, its curve, [step of its last point]
active: list[Recorder] = []  # those listening, the innermost last


class Recorder:
    """Records the training of one cell, or of one `start_run`. Attach it to events; it is armed until a backward pass.

    `on_start(run)` is called inside the first backward pass, when the run has a first point and a graph.
    """

    def __init__(self, *, name: str = "", cell: str = "", cell_id: str | None = None, level: str = "health",
                 on_start: Callable[[Run], None] | None = None, every: int | None = None) -> None:  # fmt: skip
        self.name, self.cell, self.cell_id, self.level = name, cell, cell_id, level
        self.run: Run | None = None
        self.every = every  # record each n-th step instead of by cost
        self._on_start = on_start
        self._thread = threading.get_ident()
        self._armed_at = clock()
        self._take: Take | None = None
        self._listening = False
        self._pending: list[tuple[str, float]] = []
        self._deferred = Deferred()
        self._reset()

    def _reset(self) -> None:
        """Nothing is known of a training yet."""
        self._sites: dict[tuple[int, int], Site] = {}
        self._counts: dict[int, int] = {}
        self._uses_optimizer = False
        self._loader: Any = None
        self._loader_counted: Any = None
        self._passes: dict[int, tuple[Any, int]] = {}
        self._rate: float | None = None
        self._next = 0.0
        self._usual = 0.0  # what the last recorded step cost
        self._names: naming.Names | None = None
        self._signature: Any = None
        self._shapes: Any = None
        self._places: dict[int, tuple[int, int]] = {}
        self._tensors: list[Any] = []
        self._known: set[int] = set()
        self._half: Take | None = None  # measured up to its backward; its update shows at the next one

    # -- life --------------------------------------------------------------------------------------------------------

    def attach(self) -> Recorder:
        """Begin to listen."""
        if self.level != "off":
            events.attach(self)
            active.append(self)
            self._begin_take()
        return self

    def detach(self, error: BaseException | None = None) -> None:
        """Stop listening; a run that has not ended ends now, as the error says."""
        if self.run is not None:
            self.run.on_finish(self.release)
            self.run.finish(*end_of(error))
        else:
            self.release()

    def release(self) -> None:
        """Stop listening and hold nothing any longer; the run is ended by who calls this."""
        events.detach(self)
        if self in active:
            active.remove(self)
        self._wind_up()

    # -- events: these run in the training loop ----------------------------------------------------------------------

    def on_backward(self, phase: str, root: Any, inputs: Any) -> None:
        """A point of the loss, at the start of each backward pass that goes to the leaves."""
        if inputs is not None or threading.get_ident() != self._thread:
            return
        if phase == "end":
            self._after_backward()
            return
        where = events.user_frame(2)
        site = self._sites.get((id(where[0]), where[1])) if where is not None else None
        if site is None:
            site = self._new_site(where, root)
        if self._half is not None:
            self._finish_half()
        if self._take is not None and self._take.tired and self.run is not None and self._next:
            self._schedule(self._take)  # a long stretch without training wore it out: another step will do
            self._end_listening()
            self._take = None
        step = self._step_of(site)
        array = root._array
        if array.size == 1:
            if type(array) is np.ndarray:
                site[1].append(step, array.item().real)
            else:
                self._deferred.add(site[1], step, array)
        if self._loader is not self._loader_counted:
            self._count_epoch()
        if self._take is not None:
            self._see_root(self._take, root)
        if not self._uses_optimizer:  # a loop that makes its steps by hand has no other safe point
            self._run.control.stepped(None, step)
            self._run.control.poll()

    def _step_of(self, site: Site) -> int:
        """The step that a backward pass from this line belongs to; without an optimizer it is a step itself."""
        run, last = self._run, site[2]
        if self._uses_optimizer:
            step = min(run.step + 1, max(run.step, last[0] + 1))  # several losses a step, or several passes a step
            if not self._counts and len(site[1]) >= PATIENCE:
                self._uses_optimizer = False
        else:
            step = last[0] + 1
            if step > run.step:
                run.step = step
                run.tick(clock())
        last[0] = step
        return step

    def on_step(self, phase: str, optimizer: Any) -> None:
        """Count the step; see the learning rate; begin and end the recording of steps."""
        run = self.run
        if run is None or threading.get_ident() != self._thread:
            return
        take = self._take
        if phase == "start":
            if take is not None:
                self._before_step(take, optimizer)
            return
        key = id(optimizer)
        count = self._counts.get(key, 0) + 1
        if count == 1:
            self._first_step()
        self._counts[key] = count
        if count > run.step:
            run.step = count
        run.control.stepped(optimizer, run.step)
        rate = optimizer.param_groups[0].get("lr")
        if rate is not self._rate:
            self._note_rate(rate)
        run.tick(clock())
        if take is not None:
            take.stepped.add(key)
            if take.expected <= take.stepped:
                self._finish_take(take)
        if self._take is None and self._due():
            self._begin_take()

    def on_zero_grad(self, owner: Any) -> None:
        """An optimizer that clears gradients will step."""
        if not self._uses_optimizer and hasattr(owner, "param_groups"):
            self._uses_optimizer = True

    def on_batch(self, phase: str, loader: Any, index: int, total: int | None) -> None:
        """Count the passes over each loader."""
        if phase != "next" or threading.get_ident() != self._thread:
            return
        if index == 0:
            known = self._passes.get(id(loader))
            self._passes[id(loader)] = (loader, (known[1] if known else 0) + 1)
            self._loader_counted = None
            if self.run is None and self._take is not None:
                self._take.refresh()
                self._listen(self._take)
        self._loader = loader

    def on_log(self, name: str, value: float) -> None:
        """A point of a curve of the user's own; before the training begins it waits for it."""
        if self.run is None:
            self._pending.append((name, value))
            del self._pending[:-1000]
        else:
            self.run.curve(name, role_of(name)).append(self.run.step, value)

    def on_control(self) -> None:
        """A safe point: do what the view has asked for."""
        if self.run is not None and threading.get_ident() == self._thread:
            self.run.control.poll()

    # -- the run -----------------------------------------------------------------------------------------------------

    def begin_run(self, name: str = "", total_steps: int | None = None) -> Run:
        """A new run, waiting for its first backward pass."""
        if self.run is not None:
            self.run.finish()
        run = Run(name or self.name, cell=self.cell, cell_id=self.cell_id, level=self.level, total_steps=total_steps)
        run.on_finish(self._wind_up)
        run.control.on_snapshot = self._snapshot
        self.run = register(run)
        if self._take is None:
            self._begin_take()
        return run

    @property
    def _run(self) -> Run:
        """The run; there is one as soon as a backward pass was seen."""
        if self.run is None:
            raise RuntimeError("the recorder has no run yet")
        return self.run

    def _new_site(self, where: Any, root: Any) -> Site:
        """A backward call not seen before in this run; the very first one begins the run."""
        frame = user_frame(2)
        run = self.run
        first = run is None or run.state == "waiting"
        if run is None:
            if not self.cell and where is not None:
                self.cell = cell_label(where[0].co_filename)
            run = self.begin_run()
        self._names = None
        if first:
            run.begin()
            for name, value in self._pending:
                run.curve(name, role_of(name)).append(0, value)
            self._pending.clear()
        series = run.curve(naming.backward_name(where), "train")
        known = next((site[2] for site in self._sites.values() if site[1] is series), None)
        site = (where, series, known if known is not None else [series.last[0] if series.last else 0])
        self._sites[(id(where[0]), where[1]) if where is not None else (0, 0)] = site
        self._name_things(frame, root)
        self._learn_parameters(root)
        if first:
            self._start(run, site, root)
        return site

    def _start(self, run: Run, site: Site, root: Any) -> None:
        """The first frame: graph and parameters are there before anybody draws."""
        take = self._take
        if take is not None:
            self._publish(take, take.see_root(root), run)
        if self._on_start is not None:
            self._on_start(run)
        if take is not None:
            take.cost = 0.0  # names, source and layout are paid once; they say nothing about the next recorded step

    def _name_things(self, frame: Any, root: Any) -> None:
        """Take in the user's variables around this backward call."""
        names = naming.Names.in_sight(frame)
        for module in self._take.tape.roots.values() if self._take is not None else ():
            names.add_root(type(module).__name__.lower(), module)
        self._names = names
        here = {id(tensor) for tensor in leaves(root)}
        groups = [group for optimizer in names.optimizers for group in optimizer.param_groups]
        if any(id(tensor) in here for group in groups for tensor in group["params"]):
            self._uses_optimizer = True

    def _learn_parameters(self, root: Any) -> None:
        """Rows of the probes: what this loss can change, in the order of its first use."""
        run, names = self.run, self._names
        if run is None or names is None:
            return
        found = [t for t in leaves(root) if id(t) not in self._known]
        modular = [t for t in found if id(t) in names.parameters or is_parameter(t)]
        new = modular or ([] if self._tensors else found)
        if not new:
            return
        self._known.update(id(t) for t in new)
        start = len(self._tensors)
        self._tensors = [*self._tensors, *new]
        infos = []
        for i, tensor in enumerate(new, start):
            name = names.of(tensor) or f"param_{i}"
            module = name.rpartition(".")[0] if id(tensor) in names.parameters else ""
            infos.append(ParameterInfo(name, tuple(tensor._array.shape), int(tensor._array.size), module))
        run.parameters = (*run.parameters, *infos)
        run.probes = Probes(len(run.parameters))
        run.parameters_version += 1

    def _first_step(self) -> None:
        """An optimizer's first step: from now on steps are its steps."""
        run = self.run
        self._uses_optimizer = True
        if run is not None and not self._counts and run.step > 1:
            run.step = 0
            for site in self._sites.values():
                site[2][0] = 1

    def _count_epoch(self) -> None:
        """The loader whose batches are trained on has begun another pass, or another loader is."""
        self._loader_counted = self._loader
        run, (_, epoch) = self.run, self._passes.get(id(self._loader), (None, 1))
        if run is not None and epoch != run.epoch:
            run.epoch = epoch
            run.epochs = [*run.epochs, (epoch, run.step)]

    def _note_rate(self, rate: Any) -> None:
        self._rate = rate
        if rate is not None and self.run is not None:
            series = self.run.curve("learning rate", "lr")
            if series.last is None or series.last[1] != np.float32(rate):
                series.append(self.run.step, float(rate))

    def _snapshot(self) -> None:
        run = self.run
        if run is not None:
            values = [np.array(t._array.get() if hasattr(t._array, "get") else t._array) for t in self._tensors]
            taken = Snapshot(run.step, {i.name: v for i, v in zip(run.parameters, values, strict=True)})
            run.snapshots = [*run.snapshots[-1:], taken]

    def _wind_up(self) -> None:
        """The run ends: what was measured of its last step is kept, and nothing of the user's is held any longer."""
        self._deferred.collect(wait=True)
        if self._half is not None:
            self._keep(self._half)
        take = self._take
        if take is not None and take.measurement is not None and take.roots:
            self._finish_take(take)
        self._end_listening()
        self._take = self.run = None
        self._reset()
        if self in active:
            self._begin_take()

    # -- recorded steps ----------------------------------------------------------------------------------------------

    def _due(self) -> bool:
        """Whether the next step is to be recorded."""
        if len(self._deferred):
            self._deferred.collect()
        if self.every:
            return self.run is not None and self.run.step % self.every == 0
        return clock() >= self._next

    def _begin_take(self) -> None:
        started, run = clock(), self.run
        wanted = {}
        if run is not None and run.wanted:
            wanted = {self._places[i]: i for i in run.wanted if i in self._places}
        take = self._take = Take(wanted, max(0.2, 4 * self._usual)) if run else Take(wanted, **ARMED)
        take.expected = frozenset(self._counts)
        self._listen(take)
        take.cost = clock() - started

    def _listen(self, take: Take) -> None:
        events.attach(take)
        self._listening = True

    def _end_listening(self) -> None:
        if self._listening and self._take is not None:
            events.detach(self._take)
        self._listening = False

    def _see_root(self, take: Take, root: Any) -> None:
        started = clock()
        take.see_root(root)
        if take.measurement is None:
            take.measurement = Measurement(self._tensors)
        take.cost += clock() - started

    def _after_backward(self) -> None:
        take = self._take
        if take is None:
            if not self._uses_optimizer and self._due():
                self._begin_take()
            return
        started = clock()
        take.close_backward(started)
        if take.measurement is not None:
            take.measurement.gradients()
            if not self._uses_optimizer:
                take.measurement.before_update()
                self._end_listening()
                self._take, self._half = None, take
        take.cost += clock() - started
        if self._half is not None and self._due():
            self._begin_take()

    def _before_step(self, take: Take, optimizer: Any) -> None:
        started = clock()
        if id(optimizer) in take.stepped:  # it steps again before the others did: they will not
            self._finish_take(take)
        elif take.measurement is not None:
            take.measurement.before_update()
            take.cost += clock() - started

    def _finish_take(self, take: Take) -> None:
        started = clock()
        self._end_listening()
        self._take = None
        if take.measurement is not None:
            if take.stepped:
                take.measurement.after_update()
            self._keep(take)
        take.cost += clock() - started
        self._schedule(take)

    def _schedule(self, take: Take) -> None:
        """When the next step may be recorded: as often as its cost allows."""
        self._usual = take.cost
        self._next = clock() + max(PAUSE[self.level], take.cost / SHARE[self.level])

    def _finish_half(self) -> None:
        take, self._half = self._half, None
        if take is not None and take.measurement is not None:
            started = clock()
            take.measurement.after_update()
            self._keep(take)
            take.cost += clock() - started
            self._schedule(take)

    def _keep(self, take: Take) -> None:
        """Everything a recorded step measured goes into the run."""
        run = self.run
        if run is None or take.measurement is None:
            return
        self._publish(take, take.roots, run)
        m = take.measurement
        if len(m.table) == run.probes.rows and len(m.table):
            run.probes.add(run.step, m.table, m.counts, m.hist_range)

    def _publish(self, take: Take, raw: list[RawNode], run: Run) -> None:
        """Another graph if its structure is another, its numbers in any case."""
        if not raw:
            return
        graph, version = run.picture.graph, run.picture.version
        signature = structure(raw)
        shapes = tuple(node.shape for node in raw)
        changed = signature != self._signature
        if not changed and graph is not None and shapes != tuple(n.shape for n in graph.nodes):
            changed = shapes == self._shapes  # twice the same: not just a last, smaller batch
        self._shapes = shapes
        if changed or graph is None:
            graph, version = build(raw, self._names or naming.Names([])), version + 1
            self._signature = signature
            run.details = {}
        self._places = take.places()
        run.picture = Picture(graph, version, take.table(), run.step)
        for node, (place, _, detail) in take.captured.items():
            if self._places.get(node) == place:
                run.details = {**run.details, node: replace(detail, step=run.step)}
