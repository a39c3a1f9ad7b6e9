"""What a compiled call took for granted, and how it is checked before it is used again.

The interpreter notes every value that the call read from outside: a global, a variable of an enclosing function, an
attribute, an element. Together with the arguments they decide what the call computes. The checks become one function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook.tensor import Tensor

__all__ = ["Guards", "is_constant", "kind_of"]

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

    def moved(self) -> set[tuple[str, int, Any]]:
        """Places where another Tensor is found now than was: what is read there had better be an input."""
        found = set()
        for place, (container, key, value) in self._found.items():
            if isinstance(value, Tensor) and place[0] in READ:
                try:
                    now = READ[place[0]](container, key)
                except (AttributeError, LookupError, ValueError, TypeError):
                    continue
                if isinstance(now, Tensor) and now is not value:
                    found.add(place)
        return found

    def reads(self) -> list[tuple[str, Any, Any, Any]]:
        """(how, container, key, value) of every read."""
        return [(how, *found) for (how, _, _), found in self._found.items()]

    def check(self, inputs: list[tuple[str, int, Any]]) -> Callable[[list[Tensor]], bool]:
        """One function of all checks, in the order in which the values were read.

        It is given the list of input tensors, and appends those that are found now at the places of `inputs`, which
        have to be of the kind they were.
        """
        names: dict[str, Any] = {"items_of": items_of, "kind_of": kind_of}
        tests: list[str] = []
        for n, (place, (container, key, value)) in enumerate(self._found.items()):
            names[f"c{n}"], names[f"k{n}"], names[f"v{n}"] = container, key, value
            if place in inputs:
                names[f"v{n}"] = kind_of(value)
                same = f"is not None and kind_of(x) == v{n} and inputs.append(x) is None"
            else:
                same = sameness(n, value)
            tests.append(TESTS[place[0]].format(n=n, same=same))
        text = "def check(inputs):\n    try:\n        return " + (" and ".join(tests) or "True")
        text += "\n    except (AttributeError, LookupError, ValueError, TypeError):\n        return False\n"
        exec(compile(text, "<guards>", "exec"), names)  # the text is made of the tests below and numbers alone
        found: Callable[[list[Tensor]], bool] = names["check"]
        return found


TESTS = {
    "item": "((x := c{n}[k{n}]) {same})",
    "attribute": "((x := getattr(c{n}, k{n})) {same})",
    "cell": "((x := c{n}.cell_contents) {same})",
    "items": "items_of(c{n}) == v{n}",
}


READ: dict[str, Callable[[Any, Any], Any]] = {
    "item": lambda container, key: container[key],
    "attribute": getattr,
    "cell": lambda container, key: container.cell_contents,
}


def kind_of(value: Any) -> Any:
    """What of a tensor decides which plan fits it: all but its values."""
    if not isinstance(value, Tensor):
        return None
    array, node = value._array, value._node
    return (type(value), type(array), array.shape, array.strides, array.dtype, node and node.tensor is not None)


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
