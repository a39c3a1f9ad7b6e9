"""What the variables of a notebook hold, from cell to cell: which objects were superseded when a cell ran again."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gradbook.coach.rule import Shared
from gradbook.coach.session import Cell

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach

__all__ = ["Bindings", "Superseded", "held_by", "holders"]

FEW = 64  # items of a container that are looked at
MANY = 4096  # classes that are known
FOLLOWED = (("Module", ["gradbook", "nn"]), ("Optimizer", ["gradbook", "optim"]))
_followed: dict[type, bool] = {}


@dataclass(eq=False)
class Superseded:
    """An object that a variable held until the cell that made it ran again. new: what the variable holds since."""

    name: str
    old: weakref.ref[Any]
    new: weakref.ref[Any]
    cell: Cell  # that ran again
    part: bool = False  # of the object that the variable held, which itself is gone


@dataclass(eq=False)
class Bound:
    """What a variable holds, and the modules in it."""

    ref: weakref.ref[Any]
    kind: str
    parts: tuple[weakref.ref[Any], ...]


class Bindings(Shared):
    """The modules and optimizers that variables hold, looked at when a cell begins."""

    id = "bindings"
    hears = ("cell",)

    def __init__(self, coach: Coach) -> None:
        super().__init__(coach)
        self.superseded: dict[int, Superseded] = {}  # by the id of the old object
        self.params: dict[int, tuple[weakref.ref[Any], Superseded]] = {}  # of the old modules
        self.rebound: dict[str, weakref.ref[Any]] = {}  # variables: the module that they held before this one
        self._known: dict[str, Bound] = {}
        self._last: Cell | None = None

    def inherit(self, before: Bindings) -> None:
        """Variables live as long as the notebook."""
        self.superseded, self.params, self.rebound = before.superseded, before.params, before.rebound
        self._known, self._last = before._known, before._last

    def cell(self, cell: Cell) -> None:
        """What the cell before this one has bound anew."""
        session = self.coach.session
        assert session is not None
        last, self._last = self._last, cell
        for name, value in list(session.namespace.items()):
            if not followed(type(value)) or name.startswith("_"):
                continue
            known = self._known.get(name)
            old = known.ref() if known is not None else None
            if old is value:
                continue
            now = self._known[name] = bound(value)
            if old is not None and hasattr(old, "forward") and hasattr(value, "forward"):
                self.rebound[name] = weakref.ref(old)
            if known is None or last is None or not last.again or known.kind != now.kind:
                continue
            if old is not None:
                self._supersede(Superseded(name, known.ref, now.ref, last), old)
                continue
            still = {id(ref()) for ref in now.parts}
            for ref in known.parts:
                if (part := ref()) is not None and id(part) not in still:
                    self.superseded[id(part)] = Superseded(name, ref, now.ref, last, part=True)

    def _supersede(self, what: Superseded, old: Any) -> None:
        self.superseded[id(old)] = what
        for param in old.parameters() if hasattr(old, "parameters") else ():
            self.params[id(param)] = weakref.ref(param), what

    def left(self, thing: Any) -> str:
        """The variable that held a module before it was given another one, '' for any other thing."""
        session = self.coach.session
        space = session.namespace if session is not None else {}
        before = (name for name, ref in self.rebound.items() if ref() is thing)
        now = (name for name, known in self._known.items() if known.ref() is thing)
        names = (name for name in (*before, *now) if hasattr(space.get(name), "forward"))
        return next((name for name in names if space[name] is not thing), "")

    def of(self, thing: Any) -> Superseded | None:
        """What is known of an object that was superseded."""
        known = self.superseded.get(id(thing))
        return known if known is not None and known.old() is thing else None

    def of_parameter(self, param: Any) -> Superseded | None:
        """What is known of the module that a parameter belongs to."""
        known = self.params.get(id(param))
        return known[1] if known is not None and known[0]() is param else None


def bound(value: Any) -> Bound:
    """What a variable holds from now on."""
    parts = list(value.modules())[1:FEW] if hasattr(value, "modules") else ()
    return Bound(weakref.ref(value), type(value).__name__, tuple(map(weakref.ref, parts)))


def followed(kind: type) -> bool:
    """Whether objects of a class are followed: modules and optimizers."""
    known = _followed.get(kind)
    if known is None:
        if len(_followed) > MANY:
            _followed.clear()
        known = _followed[kind] = any(
            (base.__name__, base.__module__.split(".")[:2]) in FOLLOWED for base in kind.__mro__
        )  # fmt: skip
    return known


def holders(thing: Any, namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The variables through which a program reaches an object, with what they hold: itself, or what keeps it.

    A list, a tuple or a dict in which it lies is one too: whoever puts it there means to keep it.
    """
    for name, value in list(namespace.items()):
        if not name.startswith("_") and name not in ("In", "Out") and (value is thing or held_by(value, thing)):
            yield name, value


def held_by(value: Any, thing: Any, depth: int = 3) -> bool:
    """Whether an object keeps another one: an item, an attribute, a variable of its function."""
    return depth > 0 and any(each is thing or held_by(each, thing, depth - 1) for each in kept(value))


def kept(value: Any) -> Iterator[Any]:
    """What an object keeps, one level down."""
    if isinstance(value, type):
        return
    if hasattr(value, "named_modules"):
        yield from value.modules()
    elif isinstance(value, list | tuple | set):
        yield from list(value)[:FEW]
    elif isinstance(value, dict):
        yield from list(value.values())[:FEW]
    elif isinstance(value, functools.partial):
        yield from (value.func, *value.args, *value.keywords.values())
    elif hasattr(value, "__self__"):  # a bound method
        yield value.__self__
    elif hasattr(value, "__closure__"):
        yield from (content for cell in value.__closure__ or () for content in _content(cell))
        yield from (*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values())
    elif hasattr(value, "__dict__") and not hasattr(value, "__path__"):
        attributes = vars(value)
        yield from list(attributes.values())[:FEW]


def _content(cell: Any) -> tuple[Any, ...]:
    """What a cell of a closure holds; nothing before its function has bound the name."""
    try:
        return (cell.cell_contents,)
    except ValueError:
        return ()
