"""What an operator or a built-in function sees of its operands: whatever can change between two calls becomes a guard.

Lists, dicts and sets from outside are noted with what they hold. Of other objects only the outcome is: `len(data)`,
`config == other` and `int(count)` are asked again before each call. An outcome that cannot be compared, and iterators,
which each call advances, are left to Python.
"""

from __future__ import annotations

import types
from collections import deque
from typing import Any

import numpy as np

from gradbook.compiler import rules
from gradbook.compiler.guards import Outcome, is_constant
from gradbook.compiler.notes import Notes
from gradbook.nn.module import Module
from gradbook.tensor import Tensor

__all__ = ["COMPARING", "NUMBERS", "TEXT", "TRUTH", "Looking"]

TRUTH = ("__bool__", "__len__")
COMPARING = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__contains__", "__iter__", "__getitem__")
TEXT = ("__str__", "__repr__", "__format__")
NUMBERS = (
    "__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__truediv__", "__rtruediv__", "__neg__",
    "__floordiv__", "__rfloordiv__", "__mod__", "__rmod__", "__pow__", "__rpow__", "__matmul__", "__rmatmul__",
    "__and__", "__rand__", "__or__", "__ror__", "__xor__", "__rxor__", "__lshift__", "__rshift__", "__invert__",
    "__pos__", "__abs__", "__int__", "__float__", "__complex__", "__index__", "__round__", "__trunc__", "__iadd__",
)  # fmt: skip
ANYTHING = (*TRUTH, *COMPARING, *NUMBERS, "__hash__", "__next__", "__reversed__")
KINDS = {isinstance, issubclass, type, callable, super, slice}  # they ask for a value's kind alone
NAMES: dict[Any, tuple[str, ...]] = {bool: TRUTH, len: ("__len__",), str: TEXT, repr: TEXT, format: TEXT}
CONTENT = ("__iter__", "__len__", "__getitem__", "__contains__", "__eq__")
STEADY = {
    bytes, range, slice, type, types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType,
    types.GenericAlias, types.MappingProxyType, np.dtype,
    type({}.keys()), type({}.values()), type({}.items()),
}  # fmt: skip
CONTAINERS = (list, dict, set, deque, tuple, frozenset)
DEPTH = 4  # containers in containers that are looked into


class Looking(Notes):
    """The notes that come from operators and functions of Python itself."""

    def seen(self, function: Any, values: tuple[Any, ...], result: Any, names: tuple[str, ...] = ANYTHING) -> Any:
        """Note what `function(*values)`, a function without effects, has seen of the values. -> the result

        names: the methods of objects that it may have called.
        """
        if is_constant(result) and not all(map(is_constant, values)) and all(map(self.is_stable, values)):
            if any(has_own(value, names) for value in values):
                self.guards.note("outcome", function, Outcome(values), result)
        else:
            for value in values:
                self.steady(value, names)
        return result

    def is_stable(self, value: Any) -> bool:
        """True for what the call did not make itself, so that it can be looked at before the next one."""
        if isinstance(value, tuple):
            return all(map(self.is_stable, value))
        return not isinstance(value, Tensor) and id(value) not in self.fresh and not hasattr(type(value), "__next__")

    def steady(self, value: Any, names: tuple[str, ...] = NUMBERS) -> None:
        """Say that a call cannot be repeated if methods of a value's own may have been asked for something."""
        if self.consider(value, names):
            self.fail(f"what a {type(value).__name__} gives may be something else in each call")

    def asked(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        """Note what a call of something that computes only has seen of its arguments."""
        pure = rules.is_pure(function)
        if pure and function in KINDS:
            return
        if pure and not kwargs:
            self.seen(function, args, result, NAMES.get(function, ANYTHING))
            return
        for value in (*args, *kwargs.values()):
            self.steady(value, ANYTHING if pure else ())

    def asked_for_attribute(self, function: Any, owner: Any, name: str, *default: Any) -> Any:
        """getattr or hasattr."""
        present = hasattr(owner, name)
        if function is hasattr or not present:
            self.guards.note("outcome", hasattr, Outcome((owner, name)), present)
        if function is hasattr:
            return present
        return default[0] if default and not present else self.attribute(owner, name)

    def attribute(self, owner: Any, name: str) -> Any:
        """owner.name, noted if it was read from outside."""
        raise NotImplementedError

    def consider(self, value: Any, names: tuple[str, ...], depth: int = 0) -> bool:
        """Note what a container holds. -> whether a value, or one in it, has methods of these names that are its own"""
        kind = type(value)
        if is_constant(value) or isinstance(value, Tensor):
            return False
        if is_container(value):
            self.look(value)
            if depth > DEPTH:
                self.fail("containers are nested too deeply")
                return False
            parts = [*value.values()] if isinstance(value, dict) else [*value]
            return any([self.consider(part, names, depth + 1) for part in parts])
        if id(value) in self.fresh:
            return False
        if hasattr(kind, "__next__"):
            self.fail(f"a {kind.__name__} from outside is advanced")
        return has_own(value, names)

    def iterate(self, container: Any) -> Any:
        """What a loop goes over; of a container from outside, what it held is noted."""
        if hasattr(type(container), "__next__") and id(container) not in self.fresh:
            self.fail(f"a {type(container).__name__} from outside is advanced")
        elif isinstance(container, Module):
            self.modules[id(container)] = container
        elif not is_container(container) and not rules.may_iterate(container):
            self.fail(f"a loop over a {type(container).__name__}")
        return self.look(container)

    def look(self, container: Any) -> Any:
        """Note what a container from outside holds, for something that depends on all of it. -> the container"""
        if is_container(container) and not isinstance(container, tuple | frozenset) and id(container) not in self.fresh:
            self.guards.note("items", container, None, rules.items_of(container))
            self.keep(container)
        return container

    def truth(self, value: Any) -> bool:
        """Whether a value counts as true."""
        return bool(self.seen(bool, (value,), bool(value), TRUTH))


def is_container(value: Any) -> bool:
    """True for a container whose content is what its elements are, also one with more methods."""
    if type(value) in (list, dict, tuple, set):
        return True
    return isinstance(value, CONTAINERS) and not any(
        isinstance(method := getattr(type(value), name), types.FunctionType) and not rules.is_library(method)
        for name in CONTENT
    )


def has_own(value: Any, names: tuple[str, ...]) -> bool:
    """True for a value that can change, of a class with methods neither every object's nor gradbook's."""
    kind = type(value)
    if is_constant(value) or isinstance(value, np.generic) or kind in STEADY or rules.is_library(kind):
        return False
    methods = ((getattr(kind, name, None), getattr(object, name, None)) for name in names)
    return any(own is not None and own is not usual and not rules.is_library(own) for own, usual in methods)
