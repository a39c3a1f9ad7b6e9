"""What is loaded into a shell, as one object that can take itself out again."""

from __future__ import annotations

from typing import Any

from gradbook.alias import AsTorch
from gradbook.kernel_ext.completion import OptionMatcher
from gradbook.kernel_ext.lifecycle import Cells
from gradbook.kernel_ext.magics import EXPRESSIONS, MAGICS, WORDS
from gradbook.kernel_ext.magics.cell_line import as_line
from gradbook.kernel_ext.settings import Settings
from gradbook.kernel_ext.stopping import Stopping

__all__ = ["Extension"]


class Extension:
    """Cell events, magics, one input transformer and one completer, for one shell."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.settings = Settings()
        self.cells = Cells(shell, self.settings)
        self.stopping = Stopping(shell, self.cells)
        self.matcher = OptionMatcher(WORDS, EXPRESSIONS, shell.user_ns).matcher
        self._replaced: dict[tuple[str, str], Any] = {}
        self._classes: list[str] = []
        self.alias: AsTorch | None = None  # as %as_torch found it

    def load(self) -> Extension:
        """Hook everything in."""
        self.cells.start()
        self.stopping.start()
        self.shell.input_transformers_cleanup.append(as_line)
        if self.shell.Completer is not None:
            self.shell.Completer.custom_matchers.append(self.matcher)
        table = self.shell.magics_manager.magics
        for cls in MAGICS:
            for kind, magics in cls.magics.items():
                for name in magics:
                    if name in table[kind]:
                        self._replaced[kind, name] = table[kind][name]
            self.shell.register_magics(cls(self.shell, self))
            self._classes.append(cls.__name__)
        return self

    def unload(self) -> None:
        """Take everything out; magics of others that ours replaced come back."""
        self.stopping.stop()
        self.cells.stop()
        if self.alias is not None:
            self.alias.restore()
            self.alias = None
        _remove(self.shell.input_transformers_cleanup, as_line)
        if self.shell.Completer is not None:
            _remove(self.shell.Completer.custom_matchers, self.matcher)
        manager = self.shell.magics_manager
        for cls in MAGICS:
            for kind, magics in cls.magics.items():
                for name in magics:
                    manager.magics[kind].pop(name, None)
        for (kind, name), magic in self._replaced.items():
            manager.magics[kind][name] = magic
        for name in self._classes:
            manager.registry.pop(name, None)
        self._replaced.clear()
        self._classes.clear()


def _remove(items: list[Any], item: Any) -> None:
    """Take one object out of a list, found by identity."""
    items[:] = [other for other in items if other is not item]
