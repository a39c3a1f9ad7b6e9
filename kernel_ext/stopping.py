"""How breakpoints stop in a notebook: in the live view, at an IPython debugger's prompt, or with an exception."""

from __future__ import annotations

import time
from typing import Any

from gradbook.kernel_ext.lifecycle import Cells
from gradbook.observe import Stop
from gradbook.observe.breakpoints import clear_breakpoints
from gradbook.observe.prompt import SKIP, open_prompt
from gradbook.observe.stop_picture import Scene
from gradbook.observe.stopping import hit, presenters
from gradbook.observe.watcher import watcher

__all__ = ["NAME", "Stopping"]

NAME = "_gb"  # the notebook's variable for the last stop
UNHEARD = 10.0  # seconds for a page to say that it is there, or there again, before we raise instead


class Stopping:
    """Presents stops in one shell. `start()` takes over the ways to stop, `finish()` gives them back."""

    def __init__(self, shell: Any, cells: Cells) -> None:
        self.shell, self.cells = shell, cells
        self._before = dict(presenters)
        self._scene: Scene | None = None

    def start(self) -> None:
        """From now on breakpoints stop as the notebook can."""
        self.shell.events.register("pre_run_cell", self.begin)
        presenters.update({"view": self.in_view, "pdb": self.in_pdb, "raise": self.by_raising})

    def stop(self) -> None:
        """Leave no breakpoint, and no variable of ours."""
        self.shell.events.unregister("pre_run_cell", self.begin)
        clear_breakpoints()
        presenters.update(self._before)
        self.shell.user_ns.pop(NAME, None)

    def begin(self, _: Any) -> None:
        """A cell is about to run (pre_run_cell): what was computed before it is not part of its picture."""
        watcher.restart()

    # -- the three ways ------------------------------------------------------------------------------------------------

    def in_view(self, stop: Stop) -> str:
        """Hold the cell while the view shows where; raise where no view can be asked to go on."""
        view = self._show(stop)
        why = self._why_not(view)
        if why:
            self._drop()
            raise hit(stop, f"{why}, so it raises instead of waiting")
        since = time.monotonic()

        def nobody_there() -> bool:
            return not view.open or view.left_for > UNHEARD or (not view.heard and time.monotonic() - since > UNHEARD)

        verdict = "given up"
        try:
            verdict = view.run.control.halt(nobody_there)
        finally:
            if verdict not in ("step_op", "given up"):  # the next stop follows at once
                self._leave()
        if verdict == "given up":
            self._drop()
            why = "nobody looks at the view any longer" if view.left_for else "the page did not answer"
            raise hit(stop, f"{why}, so it raises instead of waiting")
        return str(verdict)

    def in_pdb(self, stop: Stop) -> str:
        """Open IPython's debugger at the line; raise where nobody can type."""
        kernel = getattr(self.shell, "kernel", None)
        if kernel is not None and not getattr(kernel, "_allow_stdin", False):
            return self.by_raising(stop, "nobody can type here, so it raises instead of opening pdb")
        self._show(stop)
        print(stop, flush=True)
        try:
            return open_prompt(self.shell.debugger_cls(skip=SKIP), stop)
        finally:
            self._leave()

    def by_raising(self, stop: Stop, note: str = "") -> str:
        """Raise; the view ends with the graph up to there."""
        self._show(stop)
        self._drop()
        raise hit(stop, note)

    # -- what they share -----------------------------------------------------------------------------------------------

    def _show(self, stop: Stop) -> Any:
        """Put the stop into the notebook's variable and into the cell's view. -> the view, None without one."""
        self.shell.user_ns[NAME] = stop
        view = self.cells.view_now()
        if view is not None:
            recorder = self.cells.recorder
            take = recorder.sampler.take if recorder is not None else None
            if self._scene is None or self._scene.run is not view.run:
                self._scene = Scene(view.run)
                self.cells.join(self)
            self._scene.show(stop, take.stats if take is not None else {})
        return view

    def _leave(self) -> None:
        scene, self._scene = self._scene, None
        if scene is not None:
            scene.leave()

    def _drop(self) -> None:
        """The run ends here: its last picture is the graph up to the stop."""
        scene, self._scene = self._scene, None
        if scene is not None:
            scene.run.stop = None
        if self.cells.recorder is not None:
            self.cells.recorder.sampler.drop()

    def finish(self, error: BaseException | None) -> None:
        """The cell has ended, perhaps one operation after a stop."""
        self._leave()

    def _why_not(self, view: Any) -> str:
        """Why the cell cannot wait for the view, '' if it can."""
        from gradbook.widgets import frontend

        if view is None or frontend.detect() != "widgets" or not view.open:
            return "there is no live view here that could be asked to go on"
        return frontend.why_no_controls().rstrip(".").partition(":")[0]
