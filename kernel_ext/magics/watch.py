"""%%watch: a cell's live view, said explicitly."""

from __future__ import annotations

from IPython.core.error import UsageError
from IPython.core.magic import line_cell_magic, magics_class

from gradbook.kernel_ext.arguments import natural, split_options
from gradbook.kernel_ext.lifecycle import Watch
from gradbook.kernel_ext.magics.base import GradbookMagics
from gradbook.kernel_ext.settings import LEVELS, PANELS, choice, frames

__all__ = ["WatchMagic"]

OPTIONS = ("panels", "level", "every", "hz")


@magics_class
class WatchMagic(GradbookMagics):
    """%%watch."""

    @line_cell_magic
    def watch(self, line: str, cell: str | None = None) -> None:
        """Watch this cell: a live view opens under it at once, and waits for its first .backward().

        %%watch [NAME] [--panels loss,gradients,graph,coach] [--level health|full] [--every N] [--hz N]

        NAME      how the run is called in %runs and in the view
        --panels  which panels to show, separated by commas; all by default
        --level   how closely this cell is watched, whatever %gradbook level says
        --every   record each N-th step in detail, whatever it costs
        --hz      frames a second to this view, at most 20
        Works also after %gradbook auto off. The rest of the cell runs as if this line were not there.
        """
        self.extension.cells.watch(parse(line))
        if cell is not None:
            code = self.shell.transform_cell(cell)
            exec(compile(code, self.shell.compile.cache(code, self.shell.execution_count), "exec"), self.shell.user_ns)


def parse(line: str) -> Watch:
    """What a %%watch line says. Raises UsageError that names what is valid."""
    name, options = split_options("%%watch", line, OPTIONS)
    if len(name.split()) > 1:
        raise UsageError(f"%%watch: one name, not {name!r}")
    watch = Watch(name)
    if "panels" in options:
        names = [panel.strip() for panel in options["panels"].split(",") if panel.strip()]
        watch.panels = tuple(choice("%%watch --panels", panel, PANELS) for panel in names)
    if "level" in options:
        watch.level = choice("%%watch --level", options["level"], LEVELS[1:])
    if "every" in options:
        watch.every = natural("%%watch", "every", options["every"], least=1)
    if "hz" in options:
        watch.hz = frames("%%watch --hz", options["hz"])
    return watch
