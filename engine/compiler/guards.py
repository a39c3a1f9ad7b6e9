"""What a compiled call took for granted, and how it is checked before it is used again.

The interpreter notes every value that the call read from outside: a global, a variable of an enclosing function, an
attribute, an element. Together with the arguments they decide what the call computes. Each becomes a condition.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable
from typing import Any

from gradbook.compiler.wording import Wording
from gradbook.tensor import Tensor

__all__ = ["Guards", "Outcome", "is_constant", "kind_of"]

PLAIN = (int, float, complex, str, bytes, bool, type(None), type(...))


def is_constant(value: Any) -> bool:
    """True for values that are equal rather than identical when nothing has changed: numbers, text, tuples of them."""
    if type(value) in PLAIN:
        return True
    return isinstance(value, tuple) and all(is_constant(part) for part in value)


class Outcome:
    """Values that a function was called with, as a key: the same objects, whatever they say they equal."""

    __slots__ = ("values",)

    def __init__(self, values: tuple[Any, ...]) -> None:
        self.values = values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Outcome) and [*map(id, self.values)] == [*map(id, other.values)]

    def __hash__(self) -> int:
        return hash(tuple(map(id, self.values)))


class Guards:
    """Reads of one call, each once: `wording` tells how to see that all would give the same again."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int, Any], tuple[Any, Any, Any]] = {}
        self.recent = self._found  # those since Python last did something of its own

    def __len__(self) -> int:
        return len(self._found)

    def note(self, how: str, container: Any, key: Any, value: Any) -> bool:
        """`value` was read from `container`: how = "item" (container[key]), "attribute", "cell", "items" (all).

        Or "outcome": the container is a function, the key an Outcome. -> False for a key that cannot be hashed
        """
        try:
            place = (how, id(container), key)
            self._found.setdefault(place, (container, key, value))
            self.recent.setdefault(place, (container, key, value))
        except TypeError:
            return False
        return True

    def begin(self, again: bool = False) -> None:
        """Python did something of its own: what is read from now on may not be what it was before (again: it is)."""
        if not again:
            self.recent = {}

    def moved(self, numbers: bool = False) -> set[tuple[str, int, Any]]:
        """Places where another tensor (number) is found now than was: what is read there is another in each call."""
        found = set()
        kinds = (int, float) if numbers else (Tensor,)
        for place, (container, key, value) in self._found.items():
            if place[0] in READ and isinstance(value, kinds) and type(value) is not bool:
                try:
                    now = READ[place[0]](container, key)
                except (AttributeError, LookupError, ValueError, TypeError):
                    continue
                if isinstance(now, kinds) and (now != value if numbers else now is not value):
                    found.add(place)
        return found

    def value(self, place: tuple[str, int, Any]) -> Any:
        """What was read there."""
        return self._found[place][2]

    def reads(self) -> list[tuple[str, Any, Any, Any]]:
        """(how, container, key, value) of every read."""
        return [(how, *found) for (how, _, _), found in self._found.items()]

    def again(self, wording: Wording, inputs: dict[tuple[str, int, Any], int], found: dict[Any, Any]) -> None:
        """Conditions for the middle of a run: what is read from then on is what it was. inputs: their numbers."""
        later = {place: read for place, read in found.items() if place not in inputs}
        self.wording(wording, [], later)
        for place, (container, key, _) in found.items():
            if place in inputs:
                wording.test(f"{reading(place[0], wording.name(container), key, wording)} is inputs()[{inputs[place]}]")

    def wording(self, wording: Wording, inputs: list[tuple[str, int, Any]], found: Any = None) -> None:
        """All checks as conditions, in the order in which the values were read.

        Tensors that are found now at the places of `inputs` have to be of the kind they were, and are appended to the
        list `inputs` of the function.
        """
        wording.names |= {"items_of": items_of, "kind_of": kind_of}
        for place, (container, key, value) in (self._found if found is None else found).items():
            how = place[0]
            holder = wording.name(container)
            if how == "items":
                wording.test(f"items_of({holder}) == {wording.name(value)}")
            elif place in inputs:
                kind = wording.name(kind_of(value))
                read = f"(x := {reading(how, holder, key, wording)})"
                wording.test(f"{read} is not None and kind_of(x) == {kind} and inputs.append(x) is None")
            else:
                places = (
                    []
                    if how in ("item", "outcome")
                    else [(container, "cell_contents" if how == "cell" else key, value)]
                )
                wording.test(sameness(reading(how, holder, key, wording), value, wording), *places)


def reading(how: str, holder: str, key: Any, wording: Wording) -> str:
    """The expression that reads a place again."""
    if how == "cell":
        return f"{holder}.cell_contents"
    if how == "item":
        return f"{holder}[{wording.name(key)}]"
    if how == "outcome":
        return f"{holder}({', '.join(map(wording.name, key.values))})"
    plain = isinstance(key, str) and key.isidentifier() and not keyword.iskeyword(key)
    return f"{holder}.{key}" if plain else f"getattr({holder}, {wording.name(key)})"


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


def sameness(read: str, value: Any, wording: Wording) -> str:
    """How a value read again is compared with the first: by what it is, or by what it equals."""
    name = wording.name(value)
    if value is None or value is True or value is False or not is_constant(value):
        return f"{read} is {name}"
    return f"((x := {read}) is {name} or type(x) is type({name}) and x == {name})"


def items_of(container: Any) -> tuple[Any, ...]:
    """What iterating over a container gives, by identity: a list's elements, a dict's keys and values."""
    if isinstance(container, dict):
        return tuple(id(part) for pair in container.items() for part in pair)
    return tuple(id(part) for part in container)
