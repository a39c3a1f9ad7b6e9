"""What a call takes for granted, put back for a while: what Python did in its midst changed it.

The first part of the call is made again as it was made, before what comes after it sees the change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook.compiler.guards import READ, Guards
from gradbook.nn.module import Module
from gradbook.tensor import Tensor

__all__ = ["attributes", "names_of", "swapped"]

Set = Callable[[], Any]
LIBRARY = __name__.partition(".")[0] + "."
OWN = {*Module().__dict__, "forward"}  # what Module itself has
PARTS = ("_parameters", "_buffers", "_modules")


def swapped(guards: Guards, modules: list[tuple[Any, dict[str, Any]]], outside: list[tuple[Tensor, Any]]) -> Set:
    """Put everything back to what it was when it was noted. -> a function that brings the changes again, once

    modules: [(module, its attributes)]; outside: [(tensor, its array)].
    """
    again: list[Set] = []
    for how, container, key, old in guards.reads():
        if how in READ:
            again += place_back(how, container, key, old)
    for module, old in modules:
        again += module_back(module, old)
    for tensor, array in outside:
        if tensor._array is not array:
            again.append(lambda tensor=tensor, now=tensor._array: setattr(tensor, "_array", now))  # type: ignore[misc]
            tensor._array = array

    def bring() -> None:
        while again:
            again.pop()()

    return bring


def place_back(how: str, container: Any, key: Any, old: Any) -> list[Set]:
    """One place that was read."""
    try:
        now = READ[how](container, key)
    except (AttributeError, LookupError, ValueError, TypeError):
        return []
    if now is old or (type(now) is type(old) and isinstance(old, int | float | str | tuple) and now == old):
        return []
    put(how, container, key, old)
    return [lambda: put(how, container, key, now)]


def put(how: str, container: Any, key: Any, value: Any) -> None:
    """Set what `READ` reads."""
    if how == "cell":
        container.cell_contents = value
    elif how == "item":
        container[key] = value
    else:
        setattr(container, key, value)


def module_back(module: Any, old: dict[str, Any]) -> list[Set]:
    """The attributes of a module, its parameters and those below it."""
    own = module.__dict__
    now = attributes(module)
    if all(now.get(name) is value for name, value in old.items() if name not in PARTS) and all(
        same(now[part], old[part]) for part in PARTS
    ):
        return []
    restore(own, old)
    return [lambda: restore(own, now)]


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """The same names for the same objects."""
    return a.keys() == b.keys() and all(a[name] is b[name] for name in a)


def attributes(module: Any) -> dict[str, Any]:
    """What a module has, to be put back."""
    own = module.__dict__
    return {name: dict(own[name]) if name in PARTS else own[name] for name in names_of(module)}


def names_of(module: Any) -> list[str]:
    """The attributes of a module that the library's own code may look at: of classes made of Module alone, Module's."""
    own = module.__dict__
    bases = {base for base in type(module).__mro__ if base.__module__.startswith(LIBRARY)}
    return [name for name in own if name in OWN] if bases <= {*Module.__mro__} else [*own]


def restore(own: dict[str, Any], values: dict[str, Any]) -> None:
    """Set a module's attributes; its dictionaries stay the same objects."""
    for name, value in values.items():
        if name in PARTS:
            own[name].clear()
            own[name].update(value)
        else:
            own[name] = value
