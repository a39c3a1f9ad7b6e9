"""PyTorch's pickles into objects, without running anything that the file chooses."""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from gradbook.errors import UnsafeFileError
from gradbook.interop.safe_globals import Memory, allowed, module_part, refusal

__all__ = ["Unpickler", "names_in"]

# What a pickle may do: make plain values, collect them, and what is checked below. No extension registry, no calls by
# name (INST, OBJ), no out-of-band buffers.
_PLAIN = (
    "PROTO STOP MARK POP POP_MARK DUP FRAME NONE NEWTRUE NEWFALSE INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT "
    "BINFLOAT STRING BINSTRING SHORT_BINSTRING BINBYTES SHORT_BINBYTES BINBYTES8 UNICODE BINUNICODE SHORT_BINUNICODE "
    "BINUNICODE8 EMPTY_LIST EMPTY_DICT EMPTY_SET EMPTY_TUPLE LIST DICT TUPLE TUPLE1 TUPLE2 TUPLE3 FROZENSET APPEND "
    "APPENDS SETITEM SETITEMS ADDITEMS GET BINGET LONG_BINGET PUT BINPUT LONG_BINPUT MEMOIZE GLOBAL STACK_GLOBAL "
    "BINPERSID"
).split()
CODES = [getattr(pickle, name)[0] for name in _PLAIN]


class Unpickler(pickle._Unpickler):
    """Reads one pickle. storage(pid) -> Memory gives what a reference to a storage stands for.

    whole: also Modules whose classes this program has. Raises UnsafeFileError for a name nobody declared safe, and
    ValueError, KeyError, TypeError ... for what makes no sense.
    """

    stack: list[Any]
    pop_mark: Callable[[], list[Any]]
    dispatch: ClassVar[dict[int, Any]] = {code: pickle._Unpickler.dispatch[code] for code in CODES}

    def __init__(self, file: Any, where: str, storage: Callable[[Any], Memory], whole: bool = False) -> None:
        super().__init__(file, encoding="utf-8")
        self.where, self.whole = where, whole
        self._storage = storage
        self._callable: dict[int, Any] = {}
        self._classes: dict[int, Any] = {}

    def persistent_load(self, pid: Any) -> Memory:
        """The memory that a reference stands for."""
        return self._storage(pid)

    def find_class(self, module: str, name: str) -> Any:
        """What a name of the file stands for."""
        found = allowed(module, name)
        if found is not None:
            if found[1]:
                self._callable[id(found[0])] = found[0]
                if isinstance(found[0], type):
                    self._classes[id(found[0])] = found[0]
            return found[0]
        part = module_part(module, name) if self.whole else None
        if part is None:
            raise refusal(self.where, module, name)
        if isinstance(part, type):
            self._classes[id(part)] = part
        return part

    def load(self) -> Any:
        """The object."""
        try:
            return super().load()
        except KeyError as error:
            if type(error.args[0]) is int and error.args[0] < 256:
                raise ValueError(f"an instruction that files of data do not have ({error.args[0]:#x})") from error
            raise

    def _reduce(self) -> None:
        arguments = self.stack.pop()
        function = self.stack[-1]
        if id(function) not in self._callable or not isinstance(arguments, tuple):
            raise UnsafeFileError(f"{self.where}: it wants to call {function!r:.200}, which no file may")
        self.stack[-1] = function(*arguments)

    def _new(self) -> None:
        arguments = self.stack.pop()
        kind = self.stack[-1]
        if id(kind) not in self._classes or not isinstance(arguments, tuple):
            raise UnsafeFileError(f"{self.where}: it wants to make a {kind!r:.200}, which no file may")
        self.stack[-1] = kind.__new__(kind, *arguments)

    def _build(self) -> None:
        state = self.stack.pop()
        made = self.stack[-1]
        if type(made) is np.ndarray:
            made.__setstate__(checked_array_state(state))
        elif isinstance(made, np.dtype):
            if state[1] == ">":
                raise ValueError("an array in big-endian order")
        elif isinstance(made, OrderedDict):
            made.__dict__.update(state)
        elif id(type(made)) not in self._classes:
            raise UnsafeFileError(f"{self.where}: it wants to change a {type(made).__name__}, which no file may")
        elif hasattr(made, "__setstate__"):
            made.__setstate__(state)
        else:
            attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
            made.__dict__.update(attributes or {})
            for name, value in (slots or {}).items():
                setattr(made, name, value)

    def _appends(self) -> None:
        items = self.pop_mark()
        _only(self.stack[-1], list).extend(items)

    def _append(self) -> None:
        value = self.stack.pop()
        _only(self.stack[-1], list).append(value)

    def _add_items(self) -> None:
        items = self.pop_mark()
        _only(self.stack[-1], set).update(items)

    def _set_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        _only(self.stack[-1], dict)[key] = value

    def _set_items(self) -> None:
        items = self.pop_mark()
        target = _only(self.stack[-1], dict)
        for i in range(0, len(items), 2):
            target[items[i]] = items[i + 1]

    for _code, _step in (
        (pickle.REDUCE, _reduce), (pickle.NEWOBJ, _new), (pickle.BUILD, _build), (pickle.APPEND, _append),
        (pickle.APPENDS, _appends), (pickle.ADDITEMS, _add_items), (pickle.SETITEM, _set_item),
        (pickle.SETITEMS, _set_items),
    ):  # fmt: skip
        dispatch[_code[0]] = _step


def _only(target: Any, kind: type) -> Any:
    if not isinstance(target, kind):
        raise ValueError(f"a {type(target).__name__} that is filled as a {kind.__name__}")
    return target


def checked_array_state(state: Any) -> Any:
    """The state of a NumPy array, if it is a plain one that fits its bytes. Raises ValueError otherwise."""
    _, shape, kind, in_fortran_order, raw = state
    if not isinstance(kind, np.dtype) or kind.hasobject or not isinstance(raw, bytes):
        raise ValueError("an array of something other than plain elements")
    if min(shape, default=0) < 0 or math.prod(shape) * kind.itemsize != len(raw):
        raise ValueError(f"an array of shape {shape} and type {kind} in {len(raw)} bytes")
    return 1, tuple(shape), kind, bool(in_fortran_order), raw


def names_in(pickle_bytes: bytes) -> list[str]:
    """The names that a pickle refers to, `module.name`, in order; nothing is loaded."""
    names: dict[str, None] = {}
    texts: list[Any] = []
    for opcode, argument, _ in pickletools.genops(io.BytesIO(pickle_bytes)):
        if opcode.name == "GLOBAL":
            names[str(argument).replace(" ", ".", 1)] = None
        elif opcode.name == "STACK_GLOBAL" and len(texts) >= 2:
            names[f"{texts[-2]}.{texts[-1]}"] = None
        elif isinstance(argument, str):
            texts.append(argument)
    return list(names)
