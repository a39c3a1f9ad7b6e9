"""What a compiled call took for granted, and how it is checked before it is used again.

The interpreter notes every value that the call read from outside: a global, a variable of an enclosing function, an
attribute, an element. Together with the arguments they decide what the call computes. The checks become one function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Guards", "is_constant"]

PLAIN = (int, float, complex, str, bytes, bool, type(None), type(...))


def is_constant(value: Any) -> bool:
    """True for values that are equal rather than identical when nothing has changed: numbers, text, tuples of them."""
    if type(value) in PLAIN:
        return True
    return isinstance(value, tuple) and all(is_constant(part) for part in value)


class Guards:
    """Reads of one call, each once: `check()` is true while all of them would give the same again."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int, Any], tuple[Any, Any, Any]] = {}

    def __len__(self) -> int:
        return len(self._found)

    def note(self, how: str, container: Any, key: Any, value: Any) -> None:
        """`value` was read from `container`: how = "item" (container[key]), "attribute", "cell" or "items" (all)."""
        try:
            place = (how, id(container), key)
            self._found.setdefault(place, (container, key, value))
        except TypeError:  # a key that cannot be hashed names nothing that could change
            return

    def reads(self) -> list[tuple[str, Any, Any, Any]]:
        """(how, container, key, value) of every read."""
        return [(how, *found) for (how, _, _), found in self._found.items()]

    def check(self, leave_out: set[tuple[str, int, Any]] = frozenset()) -> Callable[[], bool]:  # type: ignore[assignment]
        """One function of all checks but those at the places of `leave_out`, in the order in which they were read."""
        names: dict[str, Any] = {}
        tests: list[str] = []
        for place, (container, key, value) in self._found.items():
            if place in leave_out:
                continue
            n = len(tests)
            names[f"c{n}"], names[f"k{n}"], names[f"v{n}"] = container, key, value
            tests.append(TESTS[place[0]].format(n=n, same=sameness(n, value)))
        text = "def check():\n    try:\n        return " + (" and ".join(tests) or "True")
        text += "\n    except (AttributeError, LookupError, ValueError, TypeError):\n        return False\n"
        names["items_of"] = items_of
        exec(compile(text, "<guards>", "exec"), names)  # the text is made of the tests below and numbers alone
        found: Callable[[], bool] = names["check"]
        return found


TESTS = {
    "item": "((x := c{n}[k{n}]) {same})",
    "attribute": "((x := getattr(c{n}, k{n})) {same})",
    "cell": "((x := c{n}.cell_contents) {same})",
    "items": "items_of(c{n}) == v{n}",
}


def sameness(n: int, value: Any) -> str:
    """How a value read again is compared with the first: by what it is, or by what it equals."""
    if value is None or value is True or value is False or not is_constant(value):
        return f"is v{n}"
    return f"is v{n} or type(x) is type(v{n}) and x == v{n}"


def items_of(container: Any) -> tuple[Any, ...]:
    """What iterating over a container gives, by identity: a list's elements, a dict's keys and values."""
    if isinstance(container, dict):
        return tuple(id(part) for pair in container.items() for part in pair)
    return tuple(id(part) for part in container)
