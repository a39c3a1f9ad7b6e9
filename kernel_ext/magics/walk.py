"""%%walk: run the cell, then step through it, operation by operation, forward and backward."""

from __future__ import annotations

import linecache
import sys
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import line_magic, magics_class
from IPython.display import display

from gradbook.kernel_ext.arguments import split_options
from gradbook.kernel_ext.magics.base import GradbookMagics
from gradbook.kernel_ext.magics.cell_line import AS_LINE
from gradbook.observe import StopTraining, Walk
from gradbook.observe.walkthrough.places import Sources
from gradbook.observe.walkthrough.quiz import Wish, commented, questions_of, wishes

__all__ = ["Asked", "WalkMagic", "Walking", "parse"]

AS_LINE.add("walk")
OPTIONS = ("save", "predict")
FLAGS = ("backward-only", "quiz")


@dataclass(slots=True)
class Asked:
    """What a %%walk line says."""

    backward_only: bool = False
    quiz: bool = False
    save: Path | None = None
    predict: tuple[Wish, ...] = ()


@magics_class
class WalkMagic(GradbookMagics):
    """%%walk."""

    @line_magic
    def walk(self, line: str) -> None:
        """Run this cell, then step through it: every operation with its numbers, every gradient and how it is made.

        %%walk [--backward-only] [--predict LIST] [--quiz] [--save FILE.html]

        --backward-only  only the steps of .backward(); also for a graph that an earlier cell made
        --predict        hide values until they are guessed: h,loss  h.shape  W.grad  z.grad.zeros  o[0,1]
        --quiz           ask good questions besides
        --save           also write one page that works without kernel and network
        A comment `# predict: h.shape` in the cell hides what its line computes. The cell runs once, as if this line
        were not there; the walkthrough appears under it, also when it raises. Of long runs whole turns of a loop are
        left out. As `%walk` in the middle of a cell it covers the rest of it.
        """
        asked = parse(line)
        frame = _cell_frame(self.shell.user_ns)
        if frame is None:
            raise UsageError("%%walk: works only as a line of a cell")
        self.extension.cells.unwatch()
        walking = Walking(frame, asked, line, self.extension)
        self.extension.cells.join(walking)
        walking.walk.__enter__()


class Walking:
    """A walk that accompanies the running cell; at its end it shows what was seen."""

    def __init__(self, frame: FrameType, asked: Asked, line: str, extension: Any) -> None:
        self.asked, self.theme = asked, extension.settings.theme
        file, at = frame.f_code.co_filename, frame.f_lineno - 1
        lines = [text.rstrip("\n") for text in linecache.getlines(file)]
        if at < len(lines):
            lines[at] = f"{'%%' if at == 0 else '%'}walk {line}".rstrip()
        self.lines = lines
        label = f"cell {extension.cells.label}"
        self.walk = Walk(frame, Sources(file, lines, 1, label), label)

    def finish(self, error: BaseException | None) -> None:
        """The cell has ended: show the walkthrough, and save it if that was asked for."""
        from gradbook.widgets.walk_still import walk_still

        self.walk.finish(None if isinstance(error, StopTraining) else error)  # stopped on purpose has not failed
        if not self.walk.steps:
            print("%%walk: no operation ran in this cell, so there is nothing to step through")
            return
        wanted, notes = commented(self.lines)
        found, refused = questions_of(self.walk, (*self.asked.predict, *wanted), quiz=self.asked.quiz)
        for note in (*notes, *refused):
            print(f"%%walk: {note}")
        still = walk_still(self.walk, backward_only=self.asked.backward_only, quiz=found, theme=self.theme)
        display(still)
        if self.asked.save is not None:
            _save(still, self.asked.save)


def _save(still: Any, path: Path) -> None:
    try:
        written = still.save(path)
    except OSError as error:
        print(f"%%walk --save: cannot write {path}: {error.strerror}")
        return
    print(
        f"%%walk: wrote {written} ({written.stat().st_size / 1024:,.0f} KB), a page that needs no kernel and no network"
    )


def parse(line: str) -> Asked:
    """What a %%walk line says. Raises UsageError that names what is valid."""
    rest, options = split_options("%%walk", line, OPTIONS, FLAGS)
    if rest:
        raise UsageError(f"%%walk: {rest!r} is no option; there are --{', --'.join((*FLAGS, *OPTIONS))}")
    asked = Asked("backward-only" in options, "quiz" in options)
    if "save" in options:
        asked.save = _page(options["save"])
    if "predict" in options:
        try:
            asked.predict = tuple(wishes(options["predict"]))
        except ValueError as error:
            raise UsageError(f"%%walk --predict: {error}") from None
    return asked


def _page(name: str) -> Path:
    """Where a page is to be written. Raises UsageError for another ending or a folder that is not there."""
    path = Path(name).expanduser()
    if path.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"%%walk --save: {name!r} must end in .html")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"%%walk --save: there is no folder {path.absolute().parent}")
    return path


def _cell_frame(namespace: dict[str, Any]) -> FrameType | None:
    """The frame of the running cell."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not (frame.f_code.co_name == "<module>" and frame.f_globals is namespace):
        frame = frame.f_back
    return frame
