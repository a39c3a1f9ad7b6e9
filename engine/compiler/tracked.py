"""The arrays of a recorded call: which memory each lies in, and whether it was there, was computed, or is constant."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradbook.autograd import versions
from gradbook.compiler.instruction import Instruction, NotRecordable
from gradbook.compiler.memory import Memory, Window
from gradbook.nn.parameter import UninitializedBuffer, UninitializedParameter
from gradbook.tensor import Tensor

__all__ = ["Tracked"]

ndarray = np.ndarray
WITHOUT = (UninitializedParameter, UninitializedBuffer)  # they have no memory yet


def memory_before() -> dict[int, Tensor]:
    """The tensors that are there, by the id of the array that owns their memory."""
    found: dict[int, Tensor] = {}
    kinds = {kind for kind in with_subclasses(Tensor) if not issubclass(kind, WITHOUT)}
    for thing in [thing for thing in gc.get_objects() if type(thing) in kinds]:
        if hasattr(thing, "_array") and type(thing._array) is ndarray:
            found[id(thing._array)] = thing
            found.setdefault(id(versions.owner(thing._array)), thing)
    return found


def with_subclasses(kind: type) -> list[type]:
    """A class and all that are made from it."""
    found = [kind]
    for known in found:  # it grows meanwhile
        found += type.__subclasses__(known)
    return found


class Tracked:
    """The memory side of a recorder."""

    aside = False  # Python does something of its own

    def __init__(self, inputs: Sequence[Tensor] = ()) -> None:
        self.instructions: list[Instruction] = []
        self.memory = Memory()
        self.inputs = [self.memory.declare(tensor._array, "input") for tensor in inputs]
        self.input_ids = {id(tensor): i for i, tensor in enumerate(inputs)}
        self.arguments = [(tensor, tensor._node) for tensor in inputs]  # with the history they had before the call
        self.histories = {node for _, node in self.arguments if node is not None and node.tensor is None}
        self.before = memory_before()
        self.outside: dict[int, tuple[Tensor, Any]] = {}  # by id(tensor): tensors from outside, and their arrays
        self.held_grads: list[tuple[Tensor, Window]] = []  # leaves whose `.grad` was there before the call
        self.kept: list[Any] = []
        self.originals: dict[int, tuple[Window, Any]] = {}  # by block: constants, and what they held at first
        self.empty: dict[int, Any] = {}  # by id: arrays without elements that were seen being computed
        self.seen: dict[int, Window] = {}  # by id(tensor): what ops gave
        self.saved_as: dict[int, Window] = {}  # by id(array): operands that nodes keep as arrays of their own
        self.failure: NotRecordable | None = None
        self.line: Any = lambda: None  # (file, line) being run
        self.lines: dict[int, Any] = {}  # by id(node): where its op was called
        self.suspect: Any = lambda reason: {}  # the statement being run, as something to leave to Python

    def fail(self, reason: str, unseen: bool = False) -> None:
        """Say why the call cannot be repeated; the first reason stays."""
        if self.failure is None:
            self.failure = NotRecordable(reason, self.line(), unseen)
            self.failure.suspect = {} if self.aside else self.suspect(reason)

    def attempt(self, what: Any, *args: Any) -> None:
        try:
            what(*args)
        except NotRecordable as failure:
            self.fail(failure.reason, unseen=failure.unseen)
        except Exception as error:  # ours: the call goes on as it is
            self.fail(f"{type(error).__name__}: {error}")

    def read(self, array: Any, home: Any = None) -> Window:
        """The window of an array that is read: computed before, or there before the call."""
        self._plain(array)
        window = self.memory.find(array)
        if window is None:
            window = self._unknown(array, home)
        if isinstance(home, Tensor) and window.block.kind in ("outside", "input") and id(home) not in self.seen:
            self.outside[id(home)] = (home, array)
        return window

    def _unknown(self, array: Any, home: Any) -> Window:
        if not array.size:
            return self._empty(array, home)
        earlier = self.seen.get(id(home))
        if earlier is not None and earlier.shape == array.shape and earlier.dtype == array.dtype:
            window, _ = self.made(array)  # laid out anew by contiguous()
            self.emit("copy", [earlier], [window])
            self.seen[id(home)] = window
            return window
        owner = self.before.get(id(array), self.before.get(id(versions.owner(array))))
        if owner is None:
            raise NotRecordable("a value was not seen being computed", unseen=True)
        return self.memory.window(array, "outside", owner)[0]

    def _empty(self, array: Any, home: Any) -> Window:
        """The window of an array without elements: that it has none may depend on values."""
        if id(home) in self.seen or id(home) in self.input_ids or id(array) in self.before or id(array) in self.empty:
            return self.constant(array)
        raise NotRecordable("how many values there are was not seen being computed", unseen=True)

    def held_grad(self, leaf: Tensor) -> Window:
        """The window of a `.grad` that was there before the call: another tensor in each call, like an input."""
        array = leaf._grad._array  # type: ignore[union-attr]
        self._plain(array)
        found = self.memory.find(array)
        if found is None:
            if id(leaf) in self.input_ids:
                raise NotRecordable("an argument already has a .grad")
            found = self.memory.declare(array, "grad", leaf)
            self.held_grads.append((leaf, found))
        return found

    def made(self, array: Any) -> tuple[Window, bool]:
        """The window of a result, and whether it is new memory (else it is a view of what was there)."""
        self._plain(array)
        if not array.size:
            self.empty[id(array)] = array
        return self.memory.window(array, "temporary")

    def constant(self, array: Any) -> Window:
        """The window of an array whose values are the same in every call."""
        self._plain(array)
        return self.memory.window(array, "constant")[0]

    def _plain(self, array: Any) -> None:
        if type(array) is not ndarray:
            raise NotRecordable(f"a value is no NumPy array but {type(array).__name__}")

    def emit(self, *args: Any, **named: Any) -> None:
        """Append an instruction."""
        made = Instruction(*args, **named)
        made.where = made.where or self.line()
        self.instructions.append(made)

    def line_of(self, node: Any) -> Any:
        """Where the op of a node was called."""
        return self.lines.get(id(node)) or node.where

    def add_input(self, tensor: Tensor) -> None:
        """A tensor read from outside that is another one in each call."""
        if id(tensor) in self.input_ids or self.failure is not None:
            return
        try:
            self.inputs.append(self.memory.declare(tensor._array, "input"))
            self.arguments.append((tensor, tensor._node))
            if tensor._node is not None and tensor._node.tensor is None:
                self.histories.add(tensor._node)
            self.input_ids[id(tensor)] = len(self.inputs) - 1
        except ValueError as error:
            self.fail(f"two inputs share memory: {error}")

    def is_outside(self, tensor: Tensor) -> bool:
        """True for a tensor that was there before the call."""
        return id(tensor) in self.outside or self.before.get(id(tensor._array)) is tensor

    def cast(self, window: Window, wanted: Any) -> Window:
        made, _ = self.made(np.array(wanted))
        self.emit("copy", [window], [made])
        return made

    def param(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return self.read(value._array, value)
        if isinstance(value, ndarray):
            return self.read(value)
        if isinstance(value, tuple | list):
            return type(value)(self.param(v) for v in value) if type(value) in (tuple, list) else value
        return value
