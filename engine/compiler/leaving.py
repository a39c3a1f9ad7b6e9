"""How the interpreter leaves statements and calls to Python, and what of the call is handed to them."""

from __future__ import annotations

import ast
import types
from collections.abc import Container
from typing import Any

from gradbook.compiler.breaks import (
    RESULT,
    UNSET,
    Break,
    Ended,
    Hosted,
    Key,
    function_of,
    is_quiet,
    kept_names,
    key_of,
    mode_of,
)  # fmt: skip
from gradbook.compiler.frames import Frame
from gradbook.compiler.guards import is_constant
from gradbook.compiler.lifting import lifted
from gradbook.compiler.looking import Looking
from gradbook.tensor import Tensor

__all__ = ["Leaving", "all_bare"]

Left = tuple[str, str, Any]  # mode, reason, place
ONCE: tuple[type, ...] = (types.GeneratorType, enumerate, zip, map, filter, reversed)


class Leaving(Looking):
    """The part of the interpreter that knows of breaks."""

    def __init__(self) -> None:
        super().__init__()
        self.breaks: dict[Key, Left] = {}  # what is left to Python
        self.wanted: dict[Key, Left] = {}  # what had better be, next time
        self.taken: dict[int, int] = {}  # by id: containers of the call that were handed to Python, and their slots
        self.slots = 0
        self.given = 0  # the first slots, of arguments that are other numbers in each call
        self.lifting = False  # what a statement that is left to Python reads from is computed
        self.script: list[Any] = []  # what Python did already: it is not done again
        self.recorder: Any = None  # None: nothing is recorded
        self.made: dict[int, Break] = {}  # by slot
        self.left: list[Break] = []
        self.handed: list[tuple[Any, Any]] = []  # (node, place) of tensors that Python may keep
        self.numbers: set[Any] = set()  # places whose number is another one from call to call
        self.changed: set[Any] = set()  # variables of outside and names of attributes that were set by Python

    # -- what is to be left ------------------------------------------------------------------------------------------

    def fail(self, reason: str, whole: bool = False) -> None:
        """Note why the call cannot be repeated without Python. whole: nor a part of it."""
        if whole or not self.blame(reason):
            self.failures.append((reason, self.place()))

    def blame(self, reason: str) -> bool:
        """Ask for the statement that is being run to be left to Python next time. -> False if it cannot be."""
        frame = next((each for each in reversed(self.frames) if each.statement is not None), None)
        if frame is None:
            return False
        key, mode = key_of(frame, frame.statement), mode_of(frame.statement)
        place = frame.function.__code__.co_filename, frame.statement.lineno
        if self.lifting and self.breaks.get(key, ("",))[0] == "left":
            self.wanted[key] = ("whole", reason, place)
            return True
        if not mode or key in self.breaks:
            return False
        self.wanted.setdefault(key, (mode, reason, place))
        return True

    def suspect(self, reason: str) -> Any:
        """What to ask for should nothing else help: a function."""
        before, self.wanted = self.wanted, {}
        self.blame(reason)
        found, self.wanted = self.wanted, before
        return found

    def blame_call(self, reason: str) -> bool:
        """The same for the call that is being made: what it gives has no history."""
        frame = self.frames[-1] if self.frames else None
        if frame is None or frame.node is None or key_of(frame, frame.node) in self.breaks:
            return False
        self.wanted[key_of(frame, frame.node)] = ("called", reason, self.place())
        return True

    def mode(self, node: Any) -> str:
        """How something is left to Python, "" if it is not."""
        found = self.breaks.get(key_of(self.frames[-1], node)) if self.breaks else None
        return found[0] if found else ""

    def note(self, how: str, container: Any, key: Any, value: Any) -> None:
        """A value was read from outside. What Python sets in the midst of the call only Python knows."""
        if self.changed and (key if how == "attribute" else (how, id(container), key)) in self.changed:
            self.fail("it depends on a value that the call sets")
        if self.numbers and (how, id(container), key) in self.numbers:
            self.fail("it depends on a number that changes from call to call")
        super().note(how, container, key, value)

    def bare(self, value: Any) -> Any:
        """A value that is computed with. One that only Python knows: a tensor is read by the plan from then on."""
        if type(value) is not Hosted:
            return value
        if value.value is UNSET:
            raise UnboundLocalError("cannot access local variable where it is not associated with a value")
        if isinstance(value.value, Tensor) and value.value._node is not None and self.recorder is not None:
            self.fail("gradients flow through what is left to Python", whole=not self.recorder.roots)
        elif not (isinstance(value.value, Tensor) and self.is_late(value)):
            some = "an argument that changes from call to call" if value.slot < self.given else "what Python gave"
            self.fail(f"it depends on {some}")
        return value.value

    def whole(self, value: Any) -> Any:
        """The same, for what looks into tuples, lists and dictionaries."""
        if holds_hosted(value):
            self.fail("it depends on what holds a value that only Python knows")
            return all_bare(value)
        return self.bare(value)

    def is_late(self, hosted: Hosted) -> bool:
        """Let a tensor that Python made be an input of the plan from then on. -> whether it can be one"""
        made, recorder = self.made.get(hosted.slot), self.recorder
        if recorder is None or made is None or hosted.value._node is not None:
            return recorder is None
        if any(slot == hosted.slot for slot, _, _ in made.late):
            return True
        late = recorder.late(hosted.value)
        if late is not None:
            made.late.append((hosted.slot, *late))
        return late is not None

    def hosted(self, node: ast.expr) -> Any:
        """The value of an expression, or a Hosted one."""
        raise NotImplementedError

    # -- leaving -----------------------------------------------------------------------------------------------------

    def run_left(self, statement: ast.stmt) -> Any:
        """Let Python run a statement. -> what a return statement gives"""
        frame = self.frames[-1]
        text, computed = lifted(statement) if self.mode(statement) == "left" else (statement, {})
        before, self.lifting, values = self.lifting, bool(computed), {}
        for name, expression in computed.items():
            values[name] = self.hosted(expression)
        self.lifting = before
        for name, value in values.items():
            frame.variables[name] = value
        function, given, stores = function_of(frame, text)
        for name in values:
            del frame.variables[name]
        found = self.leave(function, given, stores, statement, kept_names(text))
        self.changed |= set_in(statement, frame)
        if type(found) is Ended:
            return found
        for name in stores:
            if name != RESULT:
                frame.variables[name] = Hosted(found.get(name, UNSET), self.made_slot(name))
        return Hosted(found[RESULT], self.made_slot(RESULT)) if isinstance(statement, ast.Return) else None

    def made_slot(self, name: str) -> int:
        return self.left[-1].stores[name] if self.left else -1

    def decide(self, statement: Any) -> bool:
        """Let Python say whether a condition holds; the plan goes on from this outcome."""
        function, given, _ = function_of(self.frames[-1], statement.test, decide=True)
        found = self.leave(function, given, [RESULT], statement, kept_names(statement.test), decides=True)
        return bool(found[RESULT])

    def call_left(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], node: Any) -> Any:
        """Let Python make a call. -> Hosted"""
        owner = getattr(function, "__self__", None)
        if isinstance(owner, Tensor):
            function, args = getattr(type(owner), function.__name__), (owner, *args)

        names = tuple(kwargs)

        def call(args: Any, named: Any) -> Any:
            return {RESULT: function(*args, **dict(zip(names, named, strict=True)))}

        found = self.leave(call, {"args": tuple(args), "named": tuple(kwargs.values())}, [RESULT], node, set())
        return Hosted(found[RESULT], self.made_slot(RESULT))

    def leave(
        self, function: Any, given: dict[str, Any], stores: list[str], node: Any, kept: set[str], decides: bool = False
    ) -> Any:
        """Let Python do something, and note it; or take it for done. kept: what of `given` it may keep."""
        if self.recorder is None:
            if self.script:
                return self.script.pop(0)()
            return function(**{name: all_bare(value) for name, value in given.items()})
        windows: list[Any] = []
        described = {name: self.described(value, windows) for name, value in given.items()}
        made = Break(function, described, windows, key_of(self.frames[-1], node))
        self.handed += [(each, made.place) for name in kept & given.keys() for each in nodes_in(described[name])]
        for name in stores:
            made.stores[name] = self.slots
            self.made[self.slots] = made
            self.slots += 1
        self.left.append(made)
        values = {name: all_bare(value) for name, value in given.items()}
        found = self.recorder.left(made, lambda: function(**values))
        if type(found) is Ended:
            self.wanted[key_of(self.frames[-1], node)] = ("decided", "it returns", made.place)
        elif decides:
            made.expected = bool(found[RESULT])
        made.quiet = is_quiet(node.test if decides else node)
        self.guards.begin(again=made.quiet)
        made.reads = self.guards.recent
        return found

    def described(self, value: Any, windows: list[Any]) -> Any:
        """A value of this call, as something of which each call makes its own: see between.py."""
        kind: Any = type(value)
        if value is UNSET:
            return ("same", UNSET)
        if kind is Hosted:
            return ("slot", value.slot)
        if id(value) in self.taken:
            return ("slot", self.taken[id(value)])
        if isinstance(value, Tensor):
            return self.recorder.described(value, windows)
        if kind in (list, dict, set) and self.fresh.get(id(value)) is value:
            slot = self.taken[id(value)] = self.slots
            self.slots += 1
            content: Any = value
            parts = content.values() if kind is dict else content
            return ("make", slot, kind, [*content], [self.described(part, windows) for part in parts])
        if kind is tuple or (isinstance(value, tuple) and hasattr(value, "_fields")):
            return ("tuple", kind, [self.described(part, windows) for part in value])
        if not is_constant(value) and (isinstance(value, ONCE) or kind.__module__.startswith("gradbook.compiler")):
            self.fail(f"a {kind.__name__} of the call is handed to what is left to Python", whole=True)
        if kind in (list, dict, set) and holds_any(value, self.recorder.input_ids):
            self.fail(f"a {kind.__name__} of arguments is handed to what is left to Python", whole=True)
        return ("same", value)


def holds_any(container: Any, wanted: Container[int]) -> bool:
    """Whether a list, dictionary or the like holds one of some tensors, by their ids."""
    stack, seen = [container], set()
    while stack:
        value = stack.pop()
        if isinstance(value, Tensor) and id(value) in wanted:
            return True
        if isinstance(value, dict | list | tuple | set) and id(value) not in seen:
            seen.add(id(value))
            stack += value.values() if isinstance(value, dict) else value
    return False


def nodes_in(described: Any) -> list[Any]:
    """The histories of the tensors that a description of a value holds, see `Leaving.described`."""
    if described[0] == "out":
        return [] if described[2] is None else [described[2]]
    return [node for part in described[-1] for node in nodes_in(part)] if described[0] in ("make", "tuple") else []


def set_in(node: Any, frame: Frame) -> set[Any]:
    """What a statement sets outside: variables as guards know them, names of attributes."""
    found: set[Any] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and not isinstance(part.ctx, ast.Load):
            found.add(part.attr)
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load) and part.id in frame.outside:
            cell = frame.cells.get(part.id)
            scope = frame.function.__globals__
            found.add(("item", id(scope), part.id) if cell is None else ("cell", id(cell), None))
    return found


def all_bare(value: Any) -> Any:
    """A value for Python, whatever is hosted in it."""
    if type(value) is Hosted:
        return value.value
    if holds_hosted(value):
        if type(value) is tuple:
            return tuple(all_bare(part) for part in value)
        for key, part in [*(value.items() if type(value) is dict else enumerate(value))]:
            value[key] = all_bare(part)
    return value


def holds_hosted(value: Any, around: tuple[int, ...] = ()) -> bool:
    """Whether something hosted is in a tuple, list or dictionary."""
    if type(value) not in (tuple, list, dict) or id(value) in around:
        return False
    parts = value.values() if type(value) is dict else value
    return any(type(part) is Hosted or holds_hosted(part, (*around, id(value))) for part in parts)
