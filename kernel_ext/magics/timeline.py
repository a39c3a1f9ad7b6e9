"""%%timeline: where a cell's time and memory go, by op, module and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import line_magic, magics_class
from IPython.display import display

from gradbook import observe
from gradbook.kernel_ext.arguments import split_options
from gradbook.kernel_ext.magics.base import GradbookMagics
from gradbook.kernel_ext.magics.cell_line import AS_LINE
from gradbook.kernel_ext.settings import choice
from gradbook.observe.timetable import BY

__all__ = ["BY", "TimelineMagic"]

AS_LINE.add("timeline")
SUFFIXES = ("html", "json")


@magics_class
class TimelineMagic(GradbookMagics):
    """%%timeline."""

    @line_magic
    def timeline(self, line: str) -> None:
        """Time this cell, forward and backward, by op, module and source line: an icicle and a table under it.

        %%timeline [--by op|module|line] [--memory] [--save FILE.html|json]

        --by      what the first picture and the table go by; the view switches between them
        --memory  the icicle shows who holds memory when most is held, instead of time
        --save    write it to a file as well: html is a page of its own, json a trace for ui.perfetto.dev
        A loop is summed over its rounds. What the watching itself cost is measured, taken out and said. The cell has no
        live view, whose recording would be timed too. The rest of the cell runs as if this line were not there; when it
        raises, the timeline shows what ran until then.
        """
        cells = self.extension.cells
        part = _Timed(line, self.shell.user_ns, cells.label, self.extension.settings.theme)
        cells.unwatch()
        cells.join(part)
        part.timeline.__enter__()


class _Timed:
    """A timeline that ends with its cell. Raises UsageError for a line that says something else than is valid."""

    def __init__(self, line: str, namespace: dict[str, Any], label: str, theme: str) -> None:
        rest, options = split_options("%%timeline", line, ("by", "save"), ("memory",))
        if rest:
            raise UsageError(f"%%timeline: {rest!r} is not known; the options are --by, --memory, --save")
        self.memory, self.label, self.theme = "memory" in options, label, theme
        self.by = choice("%%timeline --by", options.get("by", "op"), BY)
        self.target = Path(options["save"]).expanduser() if "save" in options else None
        if self.target is not None and self.target.suffix[1:] not in SUFFIXES:
            raise UsageError(f"%%timeline --save: {options['save']!r} ends in none of {', '.join(SUFFIXES)}")
        self.timeline = observe.timeline(namespace)

    def finish(self, error: BaseException | None) -> None:
        """The cell has ended: show what was found, and write it."""
        self.timeline.finish(error, late=error is not None)  # the traceback is written already
        from gradbook.widgets.describe_timeline import still_timeline  # takes time that is not the cell's

        still = still_timeline(self.timeline, self.by, self.memory, self.label, self.theme)
        display(still)
        if self.target is not None:
            if self.target.suffix == ".json":
                self.timeline.save(self.target)
            else:
                still.save(self.target)
            print(f"timeline written to {self.target}")
