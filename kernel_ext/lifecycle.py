"""From the start of a cell to its end: who records it, which view shows it, how it ends."""

from __future__ import annotations

import sys
import warnings
from collections import OrderedDict
from functools import partial
from types import FrameType
from typing import Any, Protocol

from gradbook import observe
from gradbook.kernel_ext.coach_text import show_news
from gradbook.kernel_ext.coaching import Coaching
from gradbook.kernel_ext.errorcards import ErrorCards
from gradbook.kernel_ext.settings import Settings
from gradbook.observe.recorder import Recorder
from gradbook.observe.source import forget_cells, name_cell

__all__ = ["Cells", "Part", "Watch"]

EARLIER = 1000  # cells before `%load_ext` whose code is recognized
VIEWS = 64  # views kept for cells that run again


class Watch:
    """What `%%watch` says about the cell it stands in; unsaid things come from the settings."""

    def __init__(self, name: str = "", level: str | None = None, panels: tuple[str, ...] | None = None,
                 every: int | None = None, hz: float | None = None) -> None:  # fmt: skip
        self.name, self.level, self.panels, self.every, self.hz = name, level, panels, every, hz


class Part(Protocol):
    """Something that accompanies a cell until its end, such as a walkthrough that records it."""

    def finish(self, error: BaseException | None) -> None:
        """The cell has ended, with this error or well."""


class Cells:
    """The life cycle of cells in one shell. `start()` hooks it in, `stop()` takes every hook out again."""

    def __init__(self, shell: Any, settings: Settings) -> None:
        self.shell, self.settings = shell, settings
        self.views: OrderedDict[tuple[str, int], Any] = OrderedDict()
        self._depth = 0
        # number of the next cell; the shell's own count is raised before or after pre_run_cell, as its version likes
        self._number = shell.execution_count
        self._recorder: Recorder | None = None
        self._watch = Watch()
        self._shown: list[Any] = []
        self._parts: list[Part] = []
        self._label, self._cell_id = "", None
        self.coaching = Coaching(shell, settings, self._wake)
        self._before: tuple[Any, Any] | None = None
        self._ours: Any = None

    # -- hooks -------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Hook into the shell: two cell events, and how exceptions are shown (StopTraining not at all)."""
        self.coaching.prepare()
        self.shell.events.register("pre_run_cell", self.begin)
        self.shell.events.register("post_run_cell", self.end)
        self._before = (self.shell.custom_exceptions, self.shell.CustomTB)
        exceptions, handler = self._before
        cards = ErrorCards(self.shell, self.settings, self.coaching)

        def show(shell: Any, kind: type, value: BaseException, traceback: Any, tb_offset: int | None = None) -> Any:
            if isinstance(value, observe.StopTraining):
                return []
            if isinstance(value, exceptions):
                return handler(kind, value, traceback, tb_offset)
            cards.show(kind, value, traceback)
            return []

        self._name_earlier_cells()
        self.shell.set_custom_exc((*exceptions, observe.StopTraining, Exception), show)
        self._ours = self.shell.CustomTB
        self._name_loading_cell()

    def _name_loading_cell(self) -> None:
        """The cell that loads us began before we could hear of it, and often defines the model too."""
        frame: FrameType | None = sys._getframe()
        while frame is not None and not (frame.f_code.co_name == "<module>" and frame.f_globals is self.shell.user_ns):
            frame = frame.f_back
        if frame is not None:
            name_cell(frame.f_code.co_filename, f"[{len(self.shell.history_manager.input_hist_raw) - 1}]")

    def _name_earlier_cells(self) -> None:
        """Cells that ran before `%load_ext`, and the one it stands in, have numbers too."""
        history = getattr(self.shell.history_manager, "input_hist_raw", [])
        for number, text in list(enumerate(history))[-EARLIER:]:
            name_cell(self.shell.compile.get_code_name(text, text, number), f"[{number}]")

    def stop(self) -> None:
        """Take every hook out and let go of every view."""
        self.shell.events.unregister("pre_run_cell", self.begin)
        self.shell.events.unregister("post_run_cell", self.end)
        if self._before is not None and self.shell.CustomTB is self._ours:
            self.shell.custom_exceptions, self.shell.CustomTB = self._before
        self._let_go(None)
        self.coaching.stop()
        for view in self.views.values():
            view.close()
        self.views.clear()
        forget_cells()

    # -- a cell ------------------------------------------------------------------------------------------------------

    def begin(self, info: Any) -> None:
        """A cell is about to run (pre_run_cell)."""
        self._depth += 1
        self.coaching.nested = self._depth > 1
        if self._depth > 1:  # a cell that runs another one is still one cell
            return
        count = self._number
        self._label, self._cell_id = f"[{count}]", getattr(info, "cell_id", None)
        name_cell(self.shell.compile.get_code_name(info.raw_cell, info.raw_cell, count), self._label)
        self._watch, self._shown = Watch(), []
        self.coaching.begin(self._label, self._cell_id, info.raw_cell)
        if self.settings.auto:
            self.coaching.watch()
            self._record(self.settings.level)

    def end(self, result: Any) -> None:
        """A cell has ended (post_run_cell). One that was stopped on purpose has not failed."""
        self._depth = max(self._depth - 1, 0)
        self.coaching.nested = self._depth > 1
        self._number = self.shell.execution_count
        if self._depth:
            return
        error = result.error_before_exec or result.error_in_exec if result is not None else None
        self._let_go(error)
        if isinstance(error, observe.StopTraining):
            result.error_in_exec = None

    def coach(self) -> None:
        """The running cell asks for the coach: what it finds from now on is seen in the cell's views."""
        self.coaching.watch()
        for view in self._shown:
            view.run.coach = self.coaching.report

    def watch(self, watch: Watch) -> None:
        """The running cell asks for a view of its own kind."""
        self._watch = watch
        self.coaching.watch()
        level = watch.level or (self.settings.level if self.settings.level != "off" else "health")
        recorder = self._recorder
        if recorder is None or recorder.level != level:
            if recorder is not None:
                recorder.detach()
            self._record(level)
        recorder = self._recorder
        if recorder is not None:
            recorder.name, recorder.sampler.every = watch.name, watch.every
            if recorder.run is None:
                self._show(recorder.begin_run())

    def unwatch(self) -> None:
        """The running cell asks to be recorded by nobody: something else looks at it, which recording would disturb."""
        self.coaching.leave()
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            recorder.detach()

    def view_now(self) -> Any:
        """The running cell's view, opened now if it is not there yet; None where it cannot be."""
        if self._recorder is None:
            self.watch(self._watch)
        recorder = self._recorder
        if recorder is None:
            return None
        if recorder.run is None:
            self._show(recorder.begin_run())
        return next((view for view in self._shown if view.run is recorder.run), None)

    def join(self, part: Part) -> None:
        """Let something accompany the running cell until its end; the last to join is the first to finish."""
        self._parts.append(part)

    @property
    def label(self) -> str:
        """The running cell as '[7]', or the last one."""
        return self._label

    @property
    def recorder(self) -> Recorder | None:
        """Who records the running cell."""
        return self._recorder

    # -- inside ------------------------------------------------------------------------------------------------------

    def _record(self, level: str) -> None:
        self._recorder = None
        if level != "off":
            recorder = Recorder(cell=self._label, cell_id=self._cell_id, level=level, on_start=self._show,
                                window=self.settings.window)  # fmt: skip
            self._recorder = recorder.attach()

    def _let_go(self, error: BaseException | None) -> None:
        while self._parts:
            part = self._parts.pop()
            _guarded(partial(part.finish, error))
        self.coaching.end(error)
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            recorder.detach(error)
        shown, self._shown = self._shown, []
        for view in shown:
            _guarded(view.finish)
        seen = bool(shown) and (self._watch.panels is None or "coach" in self._watch.panels)
        news, asked = self.coaching.news(), self.coaching.asked
        _guarded(partial(show_news, news, self._label, seen, self.settings.theme, asked))

    def _show(self, run: observe.Run) -> None:
        """Put a view under the cell, the same one as when the cell ran before; without widgets, none."""
        if any(view.run is run for view in self._shown):  # it waited for this run's first backward pass
            return
        run.panels, run.coach = self._watch.panels, self.coaching.report
        _guarded(lambda: self._display(run))

    def _display(self, run: observe.Run) -> None:
        from gradbook.widgets import LiveView
        from gradbook.widgets.sender import sender

        sender.fastest = 1 / (self._watch.hz or self.settings.hz)
        key = (run.cell_id, len(self._shown)) if run.cell_id is not None else (run.id, 0)
        view = self.views.get(key)
        if view is None:
            view = self.views[key] = LiveView(run, theme=self.settings.theme, on_mute=self.coaching.asked)
        else:
            view.reset(run)
        self.views.move_to_end(key)
        self._shown.append(view)
        view.show()
        while len(self.views) > VIEWS:
            _, oldest = self.views.popitem(last=False)
            oldest.close()

    def _wake(self) -> None:
        """The coach has something new to say: the views that show it look at once."""
        from gradbook.widgets.view import coach_changed

        coach_changed()


def _guarded(act: Any) -> None:
    """A picture may break, the training may not: what goes wrong is said once, as a warning."""
    try:
        act()
    except Exception as error:
        warnings.warn(f"gradbook: a view failed: {error!r}", RuntimeWarning, stacklevel=2)
