"""Stand-ins for the user's things, so that a line can be tried again without touching any of them.

Tensors of numbers become zeros of the same shape; indices and masks are copied, because their values decide shapes and
bounds. Modules, containers and plain objects are copied around them, functions and classes of the user's are rebuilt to
see only stand-ins. What cannot be copied (an iterator, a file, an optimizer) is refused: Untouchable; an attribute that
cannot is refused when it is used.
"""

from __future__ import annotations

import copy
import types
from collections import deque
from typing import Any

import numpy as np

from gradbook.autograd.node import HookDict
from gradbook.nn.module import Module
from gradbook.observe.failure.shapes import zeros_like
from gradbook.observe.source import is_users
from gradbook.optim import Optimizer
from gradbook.tensor import Tensor

__all__ = ["Sandbox", "Untouchable"]

LONGEST = 10_000  # items of a container that is copied
WHOLE = 1 << 24  # elements of an integer tensor whose values are copied
PLAIN = (
    int, float, complex, bool, str, bytes, type(None), type(...), range, slice, types.ModuleType,
    types.BuiltinFunctionType,
)  # fmt: skip


class Untouchable(Exception):
    """Something that a trial needs cannot be copied; the message names it."""


class Refused:
    """Stands for what cannot be copied: whoever uses it learns that."""

    def __init__(self, name: str) -> None:
        self.__dict__["name"] = name

    def __getattr__(self, key: str) -> Any:
        raise Untouchable(self.name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise Untouchable(self.name)

    __setattr__ = __getitem__ = __setitem__ = __contains__ = __call__
    __iter__ = __len__ = __bool__ = __enter__ = __call__


class Sandbox:
    """Stand-ins, one for each thing. `code` maps the user's code objects to those that shall run in their place."""

    def __init__(self, code: dict[types.CodeType, types.CodeType] | None = None) -> None:
        self.code: dict[types.CodeType, types.CodeType] = {} if code is None else code
        self._made: dict[int, tuple[Any, Any]] = {}  # id -> (the thing, kept alive, its stand-in)
        self._globals: dict[int, dict[str, Any]] = {}
        self.originals: dict[int, Any] = {}  # id of a stand-in for a tensor or module -> what it stands for

    def of(self, value: Any, name: str = "") -> Any:
        """The stand-in for a thing. Raises Untouchable where there can be none."""
        if isinstance(value, PLAIN):
            return value
        known = self._made.get(id(value))
        if known is not None:
            return known[1]
        return self._make(value, name)

    def keep(self, value: Any, made: Any) -> Any:
        """Remember a stand-in. -> itself"""
        self._made[id(value)] = (value, made)
        self.originals[id(made)] = value
        return made

    def present(self, value: Any) -> Any:
        """The stand-in that a thing has already; itself if it has none."""
        known = self._made.get(id(value))
        return value if known is None else known[1]

    def _make(self, value: Any, name: str) -> Any:
        if isinstance(value, Tensor):
            return self.keep(value, tensor(value))
        if isinstance(value, Module):
            return self._object(value, name)
        if isinstance(value, np.ndarray):
            return self.keep(value, value.copy() if value.size <= WHOLE else np.zeros_like(value))
        kind = type(value)
        if kind in (list, tuple, dict, set):
            return self._container(value, name)
        if isinstance(value, dict | list | set | deque):
            return self._like_container(value, name)
        if isinstance(value, types.FunctionType):
            return self.function(value)
        if isinstance(value, types.MethodType):
            return types.MethodType(self.of(value.__func__), self.of(value.__self__, name))
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, Optimizer) or hasattr(value, "__next__") or hasattr(value, "fileno"):
            raise Untouchable(name or kind.__name__)
        if users_class(kind):
            return self._object(value, name)
        if hasattr(value, "__iter__") and not kind.__module__.startswith(("gradbook", "numpy", "collections")):
            raise Untouchable(name or kind.__name__)
        return value

    def _container(self, value: Any, name: str) -> Any:
        if len(value) > LONGEST:
            return copy.copy(value)
        if isinstance(value, dict):
            made: Any = self.keep(value, {})
            made.update({key: self.of(item, f"{name}[{key!r}]") for key, item in value.items()})
        elif isinstance(value, list):
            made = self.keep(value, [])
            made.extend(self.of(item, f"{name}[{i}]") for i, item in enumerate(value))
        else:
            made = self.keep(value, type(value)(self.of(item, name) for item in value))
        return made

    def _like_container(self, value: Any, name: str) -> Any:
        """A defaultdict, an OrderedDict, a deque: a copy of its kind; a dictionary's values are stand-ins too."""
        made = self.keep(value, copy.copy(value))
        if isinstance(value, dict) and len(value) <= LONGEST:
            for key, item in value.items():
                made[key] = self.of(item, f"{name}[{key!r}]")
        return made

    def _object(self, value: Any, name: str) -> Any:
        """A copy of a module or of an object of the user's own class, without hooks."""
        kind = self._class(type(value))
        if not hasattr(value, "__dict__") or any("__slots__" in vars(base) for base in type(value).__mro__[:-1]):
            raise Untouchable(name or type(value).__name__)
        made = self.keep(value, object.__new__(kind))
        own = made.__dict__
        for key, item in vars(value).items():
            if isinstance(item, HookDict):
                own[key] = HookDict()
            elif key == "_has_hooks":
                own[key] = False
            else:
                own[key] = self._attribute(item, f"{name}.{key}")
        return made

    def _attribute(self, item: Any, name: str) -> Any:
        """The stand-in for an attribute; of what cannot be copied, such as a trainer's optimizer, one that says so."""
        count = len(self._made)
        try:
            return self.of(item, name)
        except Untouchable as error:
            for key in list(self._made)[count:]:  # what is half made
                del self._made[key]
            return Refused(str(error))

    def _class(self, kind: type) -> type:
        """A class of the user's with its methods rebuilt; any other class as it is."""
        known = self._made.get(id(kind))
        if known is not None:
            return known[1]  # type: ignore[no-any-return]
        if not users_class(kind):
            return kind
        made: Any = self.keep(kind, type(kind)(kind.__name__, (kind,), {"__module__": kind.__module__}))
        for base in reversed(kind.__mro__):
            if users_class(base):
                for key, item in list(vars(base).items()):
                    again = self._method(item)
                    if again is not item:
                        type.__setattr__(made, key, again)
        return made  # type: ignore[no-any-return]

    def _method(self, item: Any) -> Any:
        if isinstance(item, types.FunctionType):
            return self.function(item)
        if isinstance(item, staticmethod | classmethod) and isinstance(item.__func__, types.FunctionType):
            return type(item)(self.function(item.__func__))
        if isinstance(item, property):
            parts: list[Any] = [item.fget, item.fset, item.fdel]
            return property(*[self.function(p) if isinstance(p, types.FunctionType) else p for p in parts])
        return item

    def function(self, function: types.FunctionType) -> Any:
        """A function of the user's that sees stand-ins; one of a library as it is."""
        if not is_users(function.__code__.co_filename):
            return function
        known = self._made.get(id(function))
        if known is not None:
            return known[1]
        code = self.code.get(function.__code__, function.__code__)
        if code.co_freevars != function.__code__.co_freevars:
            raise Untouchable(function.__name__)
        cells = tuple(types.CellType() for _ in function.__closure__ or ())
        space = self.globals(function.__globals__, names_in(code))
        made = types.FunctionType(code, space, function.__name__, None, cells or None)
        self.keep(function, made)
        made.__defaults__ = self.of(function.__defaults__)
        made.__kwdefaults__ = self.of(function.__kwdefaults__)
        made.__qualname__ = function.__qualname__
        made.__dict__.update(function.__dict__)
        for cell, own in zip(cells, function.__closure__ or (), strict=True):
            try:
                held = own.cell_contents
            except ValueError:  # not filled yet
                continue
            cell.cell_contents = held if isinstance(held, type) else self.of(held, function.__name__)
        return made

    def globals(self, space: dict[str, Any], names: set[str]) -> dict[str, Any]:
        """The stand-in for a module's globals, with these names of it."""
        made = self._globals.get(id(space))
        if made is None:
            made = self._globals[id(space)] = {
                key: space[key] for key in ("__name__", "__builtins__", "__file__") if key in space
            }
        for name in names:
            if name in space and name not in made:
                made[name] = None  # while it is made: a function that calls itself
                made[name] = self.of(space[name], name)
        return made


def tensor(value: Tensor) -> Tensor:
    """A leaf of the same kind, shape, dtype, strides; zeros, but for whole numbers and masks."""
    array = value._array
    counts = array.dtype.kind in "iub" and array.size <= WHOLE
    made: Any = type(value)._of(array.copy() if counts else zeros_like(array))
    made.__dict__.update({k: v for k, v in value.__dict__.items() if k in ("persistent", "_is_buffer")})
    if value.requires_grad and array.dtype.kind in "fcV":
        made.requires_grad_(True)
    return made  # type: ignore[no-any-return]


def users_class(kind: type) -> bool:
    """True for a class that is written in the user's code."""
    for item in vars(kind).values():
        inner = getattr(item, "__func__", item)
        if isinstance(inner, types.FunctionType):
            return is_users(inner.__code__.co_filename)
    return kind.__module__ == "__main__"


def names_in(code: types.CodeType) -> set[str]:
    """Every name that a code object, or one inside it, may look up."""
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= names_in(constant)
    return found
