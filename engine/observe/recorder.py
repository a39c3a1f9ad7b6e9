"""Listens to the engine and writes a Run. Per step it costs a few microseconds; detail is the sampler's business."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from threading import get_ident
from types import CodeType, FrameType
from typing import Any

import numpy as np

from gradbook import events
from gradbook.autograd.layers import state as walks
from gradbook.observe import naming
from gradbook.observe.deferred import Deferred
from gradbook.observe.history import WINDOW
from gradbook.observe.raw import leaves
from gradbook.observe.run import Run, end_of, register, role_of
from gradbook.observe.sampler import Sampler
from gradbook.observe.series import Series
from gradbook.observe.source import Where, cell_label, is_own, span_of, user_frame

__all__ = ["Recorder", "active"]

PATIENCE = 64  # backward passes to wait for the first optimizer step
JUMP, SETTLED = 2.0, 30  # times its usual size that make a loss remarkable; steps after which it has a usual size
clock = time.perf_counter
active: list[Recorder] = []  # those listening, the innermost last


class Site:
    """A line that calls backward: where it stands, its run and curve, the step of its last point, its usual loss."""

    __slots__ = ("code", "last", "lasti", "level", "run", "series")

    def __init__(self, place: Where | None, run: Run, series: Series, last: int) -> None:
        self.code: CodeType | None
        self.code, self.lasti = place or (None, -1)
        self.run, self.series, self.last = run, series, last
        self.level = 0.0

    def is_at(self, place: Where) -> bool:
        """Whether a place is this line, be it in other code."""
        code = self.code
        if code is None or code.co_filename != place[0].co_filename:
            return False
        span = span_of(place)
        return span is not None and span == span_of((code, self.lasti))


class Recorder:
    """Records the training of one cell, or of one `start_run`. Attach it to events; it is armed until a backward pass.

    `on_start(run)` is called inside the first backward pass, when the run has its first point and a graph.
    """

    def __init__(self, *, name: str = "", cell: str = "", cell_id: str | None = None, level: str = "health",
                 on_start: Callable[[Run], None] | None = None, every: int | None = None,
                 window: int = WINDOW) -> None:  # fmt: skip
        self.name, self.cell, self.cell_id, self.level = name, cell, cell_id, level
        self.run: Run | None = None
        self.sampler = Sampler(level, window)
        self.sampler.every = every
        self.on_control: Callable[[], None] | None = None
        self._on_start = on_start
        self._thread = get_ident()
        self._pending: list[tuple[str, float]] = []
        self._deferred = Deferred()
        self._reset()

    def _reset(self) -> None:
        """Nothing is known of a training yet."""
        self._sites: dict[tuple[int, int], Site] = {}
        self._site: Any = None  # the one of the last backward pass
        self._counts: dict[int, int] = {}  # steps by optimizer
        self._uses_optimizer = False
        self._starting = False
        self._loader: Any = None  # the loader that gave the last batch
        self._loader_counted: Any = None  # the one whose pass is counted
        self._passes: dict[int, tuple[Any, int]] = {}
        self._rate: Any = None
        self._depth = 2  # frames between a backward call and on_backward
        self._tick_at = 0.0

    # -- life --------------------------------------------------------------------------------------------------------

    def attach(self) -> Recorder:
        """Begin to listen."""
        if self.level != "off":
            events.attach(self)
            active.append(self)
            self.sampler.begin()
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

    def begin_run(self, name: str = "", total_steps: int | None = None, window: int | None = None) -> Run:
        """A new run, waiting for its first backward pass; `window` is the size of its history in bytes."""
        if self.run is not None:
            self.run.finish()
        if window is not None:
            self.sampler.resize(window)
        run = Run(name or self.name, cell=self.cell, cell_id=self.cell_id, level=self.level, total_steps=total_steps,
                  window=self.sampler.window)  # fmt: skip
        run.on_finish(self._wind_up)
        run.control.on_snapshot = self.sampler.snapshot
        self.run = self.sampler.run = register(run)
        run.control.thread = self._thread
        self.on_control = run.control.poll  # at safe points: do what the view has asked for
        events.refresh()
        return run

    def _wind_up(self) -> None:
        """The run ends; nothing of the user's is held any longer. A cell that goes on is armed anew."""
        self._deferred.collect(wait=True)
        self.sampler.wind_up()
        self.run = None
        self.on_control = None
        self._reset()
        events.refresh()
        if self in active:
            self.sampler.begin()

    # -- events: these run in the training loop ----------------------------------------------------------------------

    @property
    def brief(self) -> bool:
        """Whether a step is only counted: nobody has to hear of its inside (see events)."""
        return self._uses_optimizer and self.sampler.take is None

    def on_backward(self, phase: str, root: Any, inputs: Any) -> None:
        """A point of the loss, at the start of each backward pass that goes to the leaves.

        A pass inside another one, such as a checkpoint's, is part of that one.
        """
        if inputs is not None or walks.walk is not None or get_ident() != self._thread:
            return
        sampler = self.sampler
        if phase == "end":
            sampler.backward_ends(stepping=self._uses_optimizer)
            return
        # the usual case is written out: the line of the last pass, one pass, then one step, a loss as it has been
        try:
            frame = sys._getframe(self._depth)
        except ValueError:
            frame = None
        site = self._site
        if site is None or frame is None or frame.f_lasti != site.lasti or frame.f_code is not site.code:
            site = self._site = self._other_site(frame, root)
        if sampler.take is not None or sampler.half is not None:
            sampler.backward_begins(root)
        run = site.run
        step = run.step + 1 if self._counts and site.last == run.step else self._step_of(site)
        site.last = step
        array = root._array
        if array.size == 1:
            if type(array) is np.ndarray:
                value, level = array.item().real, site.level
                site.series.append(step, value)
                if value - value == 0 and value <= JUMP * level:
                    site.level = level + (value - level) * 0.05
                else:
                    self._judge(value, step, site, root, run)
            else:
                self._deferred.add(site.series, step, array)
                self._deferred.collect()
        if self._loader is not self._loader_counted:
            self._count_epoch()
        if self._starting:
            self._start()
        if not self._uses_optimizer:  # a loop that makes its steps by hand has no other safe point
            run.control.stepped(None, step)
            run.control.poll()

    def _judge(self, value: float, step: int, site: Site, root: Any, run: Run) -> None:
        """A loss that is no number any longer is traced; one that jumps is looked at more closely."""
        if value - value != 0:
            if run.birth is None:
                self.sampler.alarm(root, self._counts, self._uses_optimizer)
                self._find_birth(root, run)
            return
        if value > JUMP * site.level > 0 and step > SETTLED:
            self.sampler.alarm(root, self._counts, self._uses_optimizer)
        site.level += (value - site.level) * 0.05

    def on_step(self, phase: str, optimizer: Any) -> None:
        """Count the step; see the learning rate; begin and end the recording of steps."""
        run = self.run
        if run is None or get_ident() != self._thread:
            return
        sampler = self.sampler
        if phase == "start":
            sampler.step_begins(optimizer)
            return
        key = id(optimizer)
        count = self._counts.get(key, 0) + 1
        if count == 1:
            self._first_step(run)
        self._counts[key] = count
        if count > run.step:
            run.step = count
        run.control.stepped(optimizer, run.step)
        rate = optimizer.param_groups[0].get("lr")
        if rate is not self._rate:
            self._note_rate(rate, run)
        now = clock()
        if now > self._tick_at:
            self._tick_at = run.tick(now)
        if sampler.take is not None:
            sampler.step_ends(optimizer)
            now = clock()
        if sampler.take is None and sampler.due(now):
            sampler.begin(self._counts)

    @property
    def on_zero_grad(self) -> Callable[[Any], None] | None:
        """Until it is known whether there is an optimizer: one that clears gradients will step."""
        return None if self._uses_optimizer else self._cleared

    def _cleared(self, owner: Any) -> None:
        if hasattr(owner, "param_groups"):
            self._uses_optimizer = True

    def on_batch(self, phase: str, loader: Any, index: int, total: int | None) -> None:
        """Count the passes over each loader."""
        if phase != "next" or get_ident() != self._thread:
            return
        if index == 0:
            known = self._passes.get(id(loader))
            self._passes[id(loader)] = (loader, (known[1] if known else 0) + 1)
            self._loader_counted = None
            self.sampler.refresh()
        self._loader = loader
        self.sampler.place = index, total

    def on_log(self, name: str, value: float) -> None:
        """A point of a curve of the user's own; before the training begins it waits for it."""
        if self.run is None:
            self._pending.append((name, value))
            del self._pending[:-1000]
        else:
            self.run.curve(name, role_of(name)).append(self.run.step, value)

    # -- steps and epochs --------------------------------------------------------------------------------------------

    @property
    def _run(self) -> Run:
        """The run; there is one as soon as a backward pass was seen."""
        if self.run is None:
            raise RuntimeError("the recorder has no run yet")
        return self.run

    def _step_of(self, site: Site) -> int:
        """The step that a backward pass from this line belongs to; without an optimizer it is a step itself."""
        run = self._run
        if self._uses_optimizer:
            if not self._counts and len(site.series) >= PATIENCE:
                self._uses_optimizer = False
                events.refresh()  # from now on the end of each pass matters
            return min(run.step + 1, max(run.step, site.last + 1))  # several losses a step, or several passes a step
        step = site.last + 1
        if step > run.step:
            run.step = step
            run.tick(clock())
        return step

    def _first_step(self, run: Run) -> None:
        """An optimizer's first step: from now on steps are its steps."""
        self._uses_optimizer = True
        if not self._counts and run.step > 1:
            run.step = 0
            for site in self._sites.values():
                site.last = 1

    def _count_epoch(self) -> None:
        """The loader whose batches are trained on has begun another pass, or another loader is."""
        self._loader_counted = self._loader
        run, (_, epoch) = self._run, self._passes.get(id(self._loader), (None, 1))
        if epoch != run.epoch:
            run.epoch = epoch
            run.epochs = [*run.epochs, (epoch, run.step)]

    def _note_rate(self, rate: Any, run: Run) -> None:
        before, self._rate = self._rate, rate
        if rate is not None and rate != before:
            run.curve("learning rate", "lr").append(run.step, float(rate))

    # -- the first backward pass of a line ---------------------------------------------------------------------------

    def _other_site(self, frame: FrameType | None, root: Any) -> Site:
        """The line that calls backward, looked for first where the last one was."""
        known = self._sites.get((id(frame.f_code), frame.f_lasti)) if frame is not None else None
        if known is not None and frame is not None:
            known.code, known.lasti = frame.f_code, frame.f_lasti
        return known or self._new_site(root)

    def _find_place(self) -> Where | None:
        """Where the user calls backward, and how far out that is."""
        depth, frame = 1, sys._getframe(1)
        while is_own(frame.f_code.co_filename):
            if frame.f_back is None:
                return None
            depth, frame = depth + 1, frame.f_back
        self._depth = depth - 3  # as on_backward counts, which called _other_site, which called _new_site
        return frame.f_code, frame.f_lasti

    def _new_site(self, root: Any) -> Site:
        """A backward call that was not found at once; the very first one begins the run."""
        place = self._find_place()
        key = (id(place[0]), place[1]) if place is not None else (0, 0)
        if key in self._sites:
            return self._sites[key]
        for known in self._sites.values():
            if place is not None and known.is_at(place):  # in other code: it is compiled now, or not any longer
                self._sites[key] = known
                return known
        if self.run is None:
            self.begin_run()
        run = self._run
        if not run.cell and place is not None:
            label = cell_label(place[0].co_filename)
            run.cell = "" if label.startswith("<") else label  # code that no file holds
        if run.state == "waiting":
            self._starting = True
            run.begin()
            for name, value in self._pending:
                run.curve(name, role_of(name)).append(0, value)
            self._pending.clear()
        series = run.curve(naming.backward_name(place), "train")
        site = self._sites[key] = Site(place, run, series, series.last[0] if series.last else 0)
        self.sampler.look_around(root)
        here = {id(tensor) for tensor in leaves(root)}
        groups = [group for optimizer in self.sampler.names.optimizers for group in optimizer.param_groups]
        if any(id(tensor) in here for group in groups for tensor in group["params"]):
            self._uses_optimizer = True
        return site

    def _find_birth(self, root: Any, run: Run) -> None:
        """While the graph of the first bad loss is whole: find where it went wrong."""
        from gradbook.observe.bad_loss import birth_in_run

        frame = user_frame(2)
        try:
            run.birth = birth_in_run(root, run, naming.Names.in_sight(frame), naming.visible(frame))
            self._show_birth(run)
            self.sampler.hurry()  # if this step was not recorded, the next one knows the lines
        except Exception as error:  # what explains a loss may not end its training
            warnings.warn(f"gradbook: where the loss went wrong was not found: {error!r}", RuntimeWarning, stacklevel=2)

    def _show_birth(self, run: Run) -> None:
        """The values that made it, where the graph on the screen has a place for them."""
        if run.birth is not None and run.graph is not None and run.birth.details:
            there = run.birth.places(run.graph)
            details = {there[i]: replace(d, step=run.step) for i, d in run.birth.details.items() if i in there}
            run.details = {**run.details, **details}

    def _start(self) -> None:
        """The first frame: point, graph and parameters are there before anybody draws."""
        self._starting = False
        take = self.sampler.take
        if take is not None:
            self.sampler.publish(take)
        if self._on_start is not None:
            self._on_start(self._run)
        if take is not None:
            take.cost = 0.0  # names, source and layout are paid once; they say nothing about the next recorded step
