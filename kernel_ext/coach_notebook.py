"""`gradbook coach lesson.ipynb`: the notebook's cells run in order at an IPython shell, watched as in Jupyter."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import gradbook
from gradbook.coach import Finding
from gradbook.kernel_ext import extension_of, load_ipython_extension, unload_ipython_extension
from gradbook.kernel_ext.coach_script import INTERRUPTED, conclude
from gradbook.kernel_ext.coaching import Coaching

__all__ = ["Notebook"]

GOES_ON = "raises-exception"  # the tag of a cell that is meant to raise, as nbclient has it


class Code(NamedTuple):
    """One code cell."""

    id: str | None
    text: str
    may_raise: bool


class Notebook:
    """A notebook file (nbformat 4)."""

    def __init__(self, name: str) -> None:
        self.name, self.path = name, Path(name)
        self.cells: list[Code] = []
        self.found: list[tuple[str, list[Finding]]] = []  # by cell

    def missing(self) -> str:
        """Why it cannot be run; '' if it can."""
        try:
            content = json.loads(self.path.read_bytes())
            self.cells = [code_of(cell) for cell in content["cells"] if cell["cell_type"] == "code"]
        except OSError as error:
            return f"cannot read {self.name}: {error.strerror}"
        except (ValueError, TypeError, KeyError):
            return f"{self.name} is no notebook of format 4"
        return ""

    def run(self, mute: Iterable[str] = (), fail_on: str = "error", json_file: str | None = None,
            as_torch: bool = False) -> int:  # fmt: skip
        """Run the cells until one raises that is not meant to. -> the exit status, as that of a script.

        Everything is printed as at IPython's prompt, what the coach finds in a cell right below it.
        """
        shell = shell_without_history()
        load_ipython_extension(shell)  # once more, where a cell does it too, is once
        coaching = extension_of(shell).cells.coaching
        coaching.mutes.only(mute)
        try:
            with contextlib.chdir(self.path.absolute().parent), gradbook.as_torch() if as_torch else NOTHING:
                status = self._run(shell, coaching)
            findings = [finding for _, found in self.found for finding in found]
            return conclude(findings, coaching.rules, coaching.mutes.rules, self.name, status, fail_on, json_file)
        finally:
            unload_ipython_extension(shell)
            type(shell).clear_instance()

    def _run(self, shell: Any, coaching: Coaching) -> int:
        for cell in self.cells:
            result = shell.run_cell(cell.text, store_history=True, cell_id=cell.id)
            if extension_of(shell) is not None:  # a last cell may unload it
                self.found = coaching.findings()
            error = result.error_before_exec or result.error_in_exec
            if isinstance(error, KeyboardInterrupt):
                return INTERRUPTED
            if error is not None and not cell.may_raise:
                return 1
        return 0


NOTHING = contextlib.nullcontext()


def code_of(cell: dict[str, Any]) -> Code:
    """A code cell of the file."""
    text = cell["source"]
    tags = cell.get("metadata", {}).get("tags", [])
    return Code(cell.get("id"), text if isinstance(text, str) else "".join(text), GOES_ON in tags)


def shell_without_history() -> Any:
    """An IPython shell that writes nothing to disk."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    settings = {"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor"}}
    return InteractiveShell.instance(config=Config(settings))
