"""%runs: what was trained in this session."""

from __future__ import annotations

from IPython.core.error import UsageError
from IPython.core.magic import line_magic, magics_class

from gradbook import observe
from gradbook.kernel_ext.magics.base import GradbookMagics
from gradbook.kernel_ext.runtable import RunTable, compare

__all__ = ["RunsMagic"]


@magics_class
class RunsMagic(GradbookMagics):
    """%runs."""

    @line_magic
    def runs(self, line: str) -> RunTable:
        """The runs of this session, or two of them side by side.

        %runs [compare A B]

        A, B  a run's name, its id (run-3) or its number (3)
        """
        words = line.split()
        if not words:
            return RunTable.of(observe.runs())
        if words[0] != "compare":
            raise UsageError(f"%runs: {words[0]!r} is not known; it is %runs or %runs compare A B")
        if len(words) != 3:
            raise UsageError("%runs compare takes two runs, such as %runs compare 1 2")
        return compare(find(words[1]), find(words[2]))


def find(word: str) -> observe.Run:
    """The newest run of this name, id or number. Raises UsageError that names the runs there are."""
    for run in reversed(observe.runs()):
        if word in (run.name, run.id, run.id.removeprefix("run-")):
            return run
    known = ", ".join(run.id.removeprefix("run-") for run in observe.runs()) or "none yet"
    raise UsageError(f"%runs: there is no run {word!r}; the runs are {known}")
