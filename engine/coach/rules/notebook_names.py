"""Variables that no cell of a notebook defines any longer: they live on until the kernel is restarted."""

from __future__ import annotations

import ast
from typing import Any

from gradbook.coach.bindings import followed
from gradbook.coach.finding import Fix
from gradbook.coach.rule import Rule
from gradbook.coach.rules.notebook_objects import ID, IDEA
from gradbook.coach.session import Cell, defined
from gradbook.observe.failure.text import Edit, Source, apply

__all__ = ["RULES", "Vanished"]


class Vanished(Rule):
    """A cell was edited and defines a variable no longer, and another cell still uses it, with what it held then."""

    id = ID
    severity = "hint"
    idea = IDEA
    threshold = (
        "a model, an optimizer, a function or a class that no cell defines as it ran last; a warning where the same "
        "cell now gives its like another name"
    )

    def begins(self) -> None:
        self.gone: dict[str, Cell] = {}  # names, and the cells that defined them before they were edited

    def inherit(self, before: Vanished) -> None:
        self.gone = before.gone

    def cell(self, cell: Cell) -> None:
        if cell.again and cell.before is not None and cell.runs == 1:
            old = defined(cell.before)
            self.gone.update(dict.fromkeys((old or frozenset()) - (cell.names or frozenset()), cell))
        if self.gone:
            self._look(cell)

    def _look(self, cell: Cell) -> None:
        session = self.coach.session
        assert session is not None
        known = [each.names for each in session.cells.values()]
        if any(names is None for names in known):
            return
        present: set[str] = set().union(*(names for names in known if names is not None))
        self.gone = {name: edited for name, edited in self.gone.items() if name not in present}
        for name, edited in self.gone.items():
            value = session.namespace.get(name)
            if value is not None and edited is not cell and counts(value, session.namespace):
                self._consider(name, value, edited, cell)

    def _consider(self, name: str, value: Any, edited: Cell, cell: Cell) -> None:
        source = Source(cell.file, cell.text)
        uses = [node for node in source.nodes() if isinstance(node, ast.Name) and node.id == name]
        if not uses:
            return
        first = min(uses, key=lambda node: (node.lineno, node.col_offset))
        session = self.coach.session
        assert session is not None
        likes = [
            each for each in sorted(edited.names or ())
            if session.namespace.get(each) is not value and alike(session.namespace.get(each), value)
        ]  # fmt: skip
        new = likes[0] if len(likes) == 1 else ""
        fixes = [renamed(source, uses, first.lineno, new)] if new else []
        what = f"{name} is what cell {edited.label} made before it was edited"
        self.find(
            f"{what}: it is called {new} there now." if new else f"{what}: no cell defines {name} any longer.",
            (cell.file, first.lineno),
            {f"cell {edited.label} defines": ", ".join(sorted(edited.names or ())) or "nothing",
             "after a restart": f"NameError: name {name!r} is not defined"},
            fixes, severity="warning" if new else "",
        )  # fmt: skip


def counts(value: Any, namespace: Any) -> bool:
    """Whether a variable holds a model, an optimizer, a function or a class of the notebook's own."""
    own = getattr(value, "__module__", None) == namespace.get("__name__")
    return followed(type(value)) or (own and (isinstance(value, type) or hasattr(value, "__code__")))


def alike(one: Any, other: Any) -> bool:
    """Whether two objects are of one class: by its name, for it may have been defined again."""
    return type(one).__name__ == type(other).__name__


def renamed(source: Source, uses: list[ast.Name], line: int, new: str) -> Fix:
    """The cell with another name in all places."""
    edits: list[Edit] = [source.replace(node, new) for node in uses]
    return Fix(apply(source.text, tuple(edits)).splitlines()[line - 1].strip(), edits, "as it is called now")


RULES = (Vanished,)
