"""Breakpoints: a computation stops at the operation where something happens, forward or in a backward pass.

Free while none is set. While one is, each operation of the thread that set it is written down and its result looked at:
about 15 µs an operation and as much for its gradient (tests/benchmarks/bench_observe.py has the numbers).
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from gradbook.observe import naming
from gradbook.observe.conditions import Condition, parse
from gradbook.observe.source import user_frame
from gradbook.observe.stopping import HOW
from gradbook.observe.watcher import watcher

__all__ = ["HOW", "Breakpoint", "breakpoint", "clear_breakpoints", "listed", "set_breakpoint"]

_numbers = itertools.count(1)


class Breakpoint:
    """One condition, its number, how it stops, how often it has. `clear()` takes it away; so does the end of `with`."""

    def __init__(self, number: int, condition: Condition, how: str | None) -> None:
        self.number, self.condition, self.how = number, condition, how
        self.hits = 0
        self.module: weakref.ref[Any] | None = None  # what its path means, where that is known
        self.tensors: tuple[weakref.ref[Any], ...] = ()
        self.armed = False  # the module was entered, its first operation is to come
        self.passed = -1  # the backward pass that it has stopped in already
        self.made: set[Any] = set()  # keys of the operations of this step that ran inside its path
        self._others: weakref.WeakSet[Any] = weakref.WeakSet()  # modules that its path was found not to mean

    def clear(self) -> None:
        """Take it away. Twice is once."""
        watcher.remove(self)

    def resolve(self, names: Mapping[str, Any]) -> None:
        """Look a path up among variables: a module, a tensor, or what one of them holds."""
        found = _look_up(self.path, names) if self.path else []
        module = next((one for one in found if hasattr(one, "named_modules")), None)
        tensors = [one for one in found if hasattr(one, "_node")] if self.condition.kind == "path" else []
        if module is not None:
            self.module = weakref.ref(module)
        if tensors:
            self.tensors = tuple(map(weakref.ref, tensors))

    @property
    def path(self) -> str:
        """The module or variable that it names, '' if none."""
        return self.condition.name if self.condition.kind == "path" else self.condition.inside

    def is_at(self, path: str, module: Any) -> bool:
        """Whether its path means this module, which the tree that is being called knows as `path`.

        The module may be younger than the breakpoint: a cell that makes the model was run again, or only now.
        """
        if self.module is not None and self.module() is module:
            return True
        if path and self.path == path:
            self.module = weakref.ref(module)
            return True
        if (path and not self.path.endswith(f".{path}")) or not self.path or module in self._others:
            return False
        self.resolve(naming.visible(user_frame(2)))
        found = self.module is not None and self.module() is module
        if not found:
            self._others.add(module)
        return found

    def forget(self) -> None:
        """A cell begins: names may mean other things than they did."""
        self._others.clear()

    def holds(self, tensor: Any) -> bool:
        """Whether a tensor is a parameter of the module that its path means."""
        module = self.module() if self.module is not None else None
        return module is not None and any(tensor is parameter for parameter in module.parameters())

    @property
    def means(self) -> str:
        """What the path was found to be: 'module Linear', 'tensor (3, 4)', '' where it is not there yet."""
        module = self.module() if self.module is not None else None
        tensor = next((one for ref in self.tensors if (one := ref()) is not None), None)
        if module is not None:
            return f"module {type(module).__name__}"
        return f"tensor {tuple(tensor.shape)}" if tensor is not None else ""

    def __enter__(self) -> Breakpoint:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.clear()

    def __repr__(self) -> str:
        return f"<Breakpoint {self.number}: {self.condition.text}, {self.hits} hits>"


def breakpoint(condition: str, *, how: str | None = None, names: Mapping[str, Any] | None = None) -> Breakpoint:
    """Stop at the operation where a condition comes true, in this thread. -> the breakpoint, usable in `with`.

    condition: 'nan', 'inf', 'grad>1e3', 'shape!=(32, 10)', 'op:log', or the path of a module or variable; each may be
    followed by 'in PATH'. how: 'raise' a BreakpointHit, open 'pdb', or stop in the 'view' (in a notebook with the
    extension loaded, where it is the default). `names` holds the variables that a path may begin with; by default those
    in sight. Raises ValueError for a condition or a way that is not known.
    """
    if how is not None and how not in HOW:
        raise ValueError(f"breakpoint: how is {how!r}; it is one of {', '.join(HOW)}")
    wanted = parse(condition)
    if len(wanted) > 1:
        raise ValueError(f"breakpoint: {condition!r} is {len(wanted)} conditions; set each by a call of its own")
    if names is None:
        names = naming.visible(user_frame())
    return set_breakpoint(wanted[0], how, names)


def set_breakpoint(condition: Condition, how: str | None, names: Mapping[str, Any]) -> Breakpoint:
    """Set a breakpoint whose condition was read already."""
    new = Breakpoint(next(_numbers), condition, how)
    new.resolve(names)
    watcher.add(new)
    return new


def clear_breakpoints(number: int | None = None) -> int:
    """Take away one breakpoint by its number, or all. -> how many that were. Raises KeyError for an unknown number."""
    gone = [one for one in watcher.listed if number in (None, one.number)]
    if number is not None and not gone:
        raise KeyError(f"there is no breakpoint {number}")
    for one in gone:
        one.clear()
    return len(gone)


def listed() -> tuple[Breakpoint, ...]:
    """The breakpoints that are set, in the order of their numbers."""
    return watcher.listed


def _look_up(path: str, names: Mapping[str, Any]) -> list[Any]:
    """What a dotted path means: a variable and what hangs on it, or that place in the tree of each module in sight."""
    first, _, rest = path.partition(".")
    if first in names:
        found = [_down(names[first], rest)]
    else:
        found = [
            _down(value, path)
            for name, value in list(names.items())
            if not name.startswith("_") and hasattr(value, "named_modules") and not isinstance(value, type)
        ]
    return [one for one in found if one is not None]


def _down(value: Any, rest: str) -> Any:
    """What hangs on a value; only what it holds is looked at, so that no code of the user's runs."""
    for part in filter(None, rest.split(".")):
        held = getattr(value, "__dict__", {})
        places = [held.get(name) or {} for name in ("_modules", "_parameters", "_buffers")]
        value = next((place[part] for place in (*places, held) if part in place), None)
    return value
