"""What a Timeline is made of: sites, calls in order, things that are open, names of models."""

from __future__ import annotations

import weakref
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from gradbook.observe.naming import Names
from gradbook.observe.source import Location, Where, locate

__all__ = ["BACKWARD", "FORWARD", "MODULE", "PASS", "STEP", "Open", "Roots", "Site", "Span", "Spans"]

FORWARD, BACKWARD, STEP, MODULE, PASS = range(5)  # kinds of spans


@dataclass(slots=True)
class Site:
    """One operation at one place of the model and of the code, all its calls together. Times in seconds.

    `backward` is the time of its gradient's rule; `step` that of an optimizer. made: bytes of its outputs, over all
    calls; saved: bytes it kept for backward that nothing before it had kept; held: bytes alive when most were.
    """

    op: str
    root: str = ""  # the model
    path: str = ""  # the module in it
    cls: str = ""  # of the module
    where: Where | None = None
    calls: int = 0
    forward: float = 0.0
    backward_calls: int = 0
    backward: float = 0.0
    step: float = 0.0
    made: int = 0
    saved: int = 0
    held: int = 0

    @property
    def seconds(self) -> float:
        """Forward, backward and optimizer together."""
        return self.forward + self.backward + self.step

    @property
    def place(self) -> Location | None:
        """Where it stands in the user's code, if that is known."""
        return locate(self.where)


class Span(NamedTuple):
    """One call in a trace: its kind, the number of its site or module, when it began and how long it took, in s."""

    kind: int
    number: int
    start: float
    seconds: float


class Open:
    """Something that has begun: a backward pass, a rule in it, an optimizer's step. `inside`: what is not its own."""

    __slots__ = ("began", "inside", "kind", "site")

    def __init__(self, kind: int, site: int, began: float) -> None:
        self.kind, self.site, self.began, self.inside = kind, site, began, 0.0


class Spans:
    """Calls in order of their end, in 21 bytes each; at most `MOST`, what comes later is counted in `left_out`."""

    MOST = 400_000

    def __init__(self) -> None:
        self._kinds, self._numbers = array("B"), array("I")
        self._starts, self._lengths = array("d"), array("d")
        self.left_out = 0

    def add(self, kind: int, number: int, start: float, seconds: float) -> None:
        """One more call."""
        if len(self._kinds) >= self.MOST:
            self.left_out += 1
            return
        self._kinds.append(kind)
        self._numbers.append(number)
        self._starts.append(start)
        self._lengths.append(seconds)

    def since(self, began: float) -> Iterator[Span]:
        """The calls, their starts counted from `began`."""
        for kind, number, start, seconds in zip(self._kinds, self._numbers, self._starts, self._lengths, strict=True):
            yield Span(kind, number, start - began, seconds)


class Roots:
    """What to call the models that are seen being called: by class, numbered from the second on; then by variable."""

    MOST = 64  # told apart; later ones go by their class alone

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[Any], str]] = {}
        self._counts: dict[str, int] = {}

    def name(self, root: Any) -> str:
        """What to call a model until its variable is known, '' for None."""
        if root is None:
            return ""
        known = self._known.get(id(root))
        if known is not None and known[0]() is root:
            return known[1]
        cls = type(root).__name__
        count = self._counts[cls] = self._counts.get(cls, 0) + 1
        label = cls if count == 1 or count > self.MOST else f"{cls} ({count})"
        self._known[id(root)] = (weakref.ref(root), label)
        return label

    def by_variable(self, names: Names) -> dict[str, str]:
        """{name so far: name with the variable}, for those models whose variable is known."""
        known = {id(module): name for name, module in names.roots}
        new = {}
        for key, (ref, label) in self._known.items():
            root, name = ref(), known.get(key)
            if name and root is not None:
                new[label] = f"{name} ({type(root).__name__})"
        return new

    def clear(self) -> None:
        """Forget all."""
        self._known.clear()
