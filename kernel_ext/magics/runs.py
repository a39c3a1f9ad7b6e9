"""%runs: what was trained in this session."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import line_magic, magics_class

from gradbook import observe
from gradbook.errors import GradbookError
from gradbook.kernel_ext.arguments import operands
from gradbook.kernel_ext.magics.base import GradbookMagics
from gradbook.kernel_ext.runtable import RunTable, facts

if TYPE_CHECKING:
    from gradbook.widgets.still import Still

__all__ = ["RunsMagic"]

_STEP = re.compile(r"(.+)@(\d+)")
USAGE = "%runs compare takes two runs, steps or checkpoints, such as %runs compare 1 2, 1@10 1@200 or a.pt b.pt"


@magics_class
class RunsMagic(GradbookMagics):
    """%runs."""

    @line_magic
    def runs(self, line: str) -> RunTable | Still:
        """The runs of this session; or what differs between two of them, two of their steps, or two checkpoints.

        %runs [compare A B]

        A, B  a run's name, its id (run-3) or its number (3) · a recorded step of one, as 3@120 · a checkpoint's
              file, of torch.save or safetensors (nothing in it is run) · a variable that holds a state_dict, a Module
              or an entry of run.snapshots
        """
        command, *words = operands("%runs", line) or [""]
        if not command:
            return RunTable.of(observe.runs())
        if command != "compare":
            raise UsageError(f"%runs: {command!r} is not known; it is %runs or %runs compare A B")
        if len(words) != 2:
            raise UsageError(USAGE)
        return self._compare(*words)

    def _compare(self, a: str, b: str) -> Still:
        from gradbook.widgets.diff_view import diff_view

        sides = self._meant(a), self._meant(b)
        try:
            difference = observe.diff(*sides)
        except (TypeError, OSError, GradbookError) as error:
            raise UsageError(f"%runs compare {a} {b}: {error}") from None
        both = facts(*sides) if all(isinstance(side, observe.Run) for side in sides) else ()
        names = _title(a, sides[0]), _title(b, sides[1])
        return diff_view(difference, names, both, self.extension.settings.theme)

    def _meant(self, word: str) -> Any:
        """A run, a step of one, a file or a variable. Raises UsageError that names the runs there are."""
        known = find(word)
        if known is not None:
            return known
        step = _STEP.fullmatch(word)
        if step is not None and (run := find(step[1])) is not None:
            return _step_of(run, int(step[2]))
        if word.isidentifier() and word in self.shell.user_ns:
            return self.shell.user_ns[word]
        file = Path(word).expanduser()
        if file.is_file():
            return file
        known_runs = ", ".join(run.id.removeprefix("run-") for run in observe.runs()) or "none yet"
        what = "file" if file.suffix else "run"
        raise UsageError(f"%runs: there is no {what} {word!r}; the runs are {known_runs}")


def find(word: str) -> observe.Run | None:
    """The newest run of this name, id or number."""
    return next((run for run in reversed(observe.runs()) if word in (run.name, run.id, run.id[4:])), None)


def _step_of(run: observe.Run, step: int) -> observe.Moment:
    try:
        return run.history.at(step)
    except KeyError as error:
        raise UsageError(f"%runs: {run.name}: {error.args[0]}") from None


def _title(word: str, side: Any) -> str:
    if isinstance(side, observe.Run):
        return f"{side.id[4:]} {side.name}"
    return side.name if isinstance(side, Path) else word
