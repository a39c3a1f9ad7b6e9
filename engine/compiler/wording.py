"""The text of a Python function in the making, and the values that it names."""

from __future__ import annotations

from typing import Any

from gradbook.compiler.watch import Watch

__all__ = ["Wording"]


class Wording:
    """Conditions and statements that several parts of the compiler give, to become one function."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}
        self.tests: list[str] = []
        self.watched: list[str] = []  # conditions that hold while `watch` sees nothing else than it saw
        self.watch = Watch()
        self._known: dict[int, str] = {}

    def name(self, value: Any) -> str:
        """The name under which a value is found; the same one for the same object."""
        found = self._known.get(id(value))
        if found is None:
            found = self._known[id(value)] = f"v{len(self.names)}"
            self.names[found] = value
        return found

    def test(self, text: str, *places: tuple[Any, str, Any]) -> None:
        """Add a condition. places: (object, attribute, value): it holds if all of these are the same objects still."""
        seen = [self.watch.add(*place) for place in places if self.name(place[2])]  # named: kept
        (self.watched if seen and all(seen) else self.tests).append(text)

    def function(self, text: str, name: str) -> Any:
        """The function `name` that a text defines. The text is made by the compiler alone: names and operators."""
        exec(compile(text, f"<gradbook.compile: {name}>", "exec"), self.names)
        return self.names.pop(name)
