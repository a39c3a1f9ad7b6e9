"""PyTorch's pickles into objects, without running anything that the file chooses."""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import numpy as np

from gradbook.errors import UnsafeFileError
from gradbook.interop.safe_globals import CALLABLE, COLLECTIONS, Memory, allowed, attributes, module_part, refusal

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
        if any(function is kind for kind in COLLECTIONS):
            _hashable(value for part in arguments for value in _collected(part))
        self.stack[-1] = function(*arguments)

    def _new(self) -> None:
        arguments = self.stack.pop()
        kind = self.stack[-1]
        if id(kind) not in self._classes or not isinstance(arguments, tuple):
            raise UnsafeFileError(f"{self.where}: it wants to make a {kind!r:.200}, which no file may")
        for part in arguments if kind in COLLECTIONS else ():
            _hashable(_collected(part))
        self.stack[-1] = kind.__new__(kind, *arguments)

    def _build(self) -> None:
        state = self.stack.pop()
        made = self.stack[-1]
        if type(made) is np.ndarray:
            if made.shape != (0,) or made.dtype != np.int8:
                raise ValueError("an array that is filled twice")
            made.__setstate__(checked_array_state(state))
        elif isinstance(made, np.dtype):
            if state[1] == ">":
                raise ValueError("an array in big-endian order")
        elif isinstance(made, OrderedDict):
            made.__dict__.update(attributes(state))
        elif id(type(made)) not in self._classes or type(made) in CALLABLE.values():
            raise UnsafeFileError(f"{self.where}: it wants to change a {type(made).__name__}, which no file may")
        elif hasattr(made, "__setstate__"):
            made.__setstate__(attributes(state) if isinstance(state, dict) else state)
        else:
            own, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
            if own:
                made.__dict__.update(attributes(own))
            for name, value in attributes(slots or {}).items():
                setattr(made, name, value)

    def _appends(self) -> None:
        items = self.pop_mark()
        _only(self.stack[-1], list).extend(items)

    def _append(self) -> None:
        value = self.stack.pop()
        _only(self.stack[-1], list).append(value)

    def _add_items(self) -> None:
        items = self.pop_mark()
        _only(self.stack[-1], set).update(_hashable(items))

    def _frozen(self) -> None:
        items = self.pop_mark()
        self.stack.append(frozenset(_hashable(items)))

    def _set_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        _hashable([key])
        _only(self.stack[-1], dict)[key] = value

    def _set_items(self) -> None:
        items = self.pop_mark()
        target = _only(self.stack[-1], dict)
        _hashable(items[::2])
        for i in range(0, len(items), 2):
            target[items[i]] = items[i + 1]

    def _dict(self) -> None:
        items = self.pop_mark()
        _hashable(items[::2])
        self.stack.append({items[i]: items[i + 1] for i in range(0, len(items), 2)})

    for _code, _step in (
        (pickle.REDUCE, _reduce), (pickle.NEWOBJ, _new), (pickle.BUILD, _build), (pickle.APPEND, _append),
        (pickle.APPENDS, _appends), (pickle.ADDITEMS, _add_items), (pickle.SETITEM, _set_item),
        (pickle.SETITEMS, _set_items), (pickle.FROZENSET, _frozen), (pickle.DICT, _dict),
    ):  # fmt: skip
        dispatch[_code[0]] = _step


def _only(target: Any, kind: type) -> Any:
    if not isinstance(target, kind):
        raise ValueError(f"a {type(target).__name__} that is filled as a {kind.__name__}")
    return target


DEEPEST_KEY = 32


def _hashable(keys: Iterable[Any]) -> Iterable[Any]:
    """The keys, if hashing them cannot overflow the C stack: Python has no guard there for tuples in tuples."""
    keys = list(keys)
    level = keys
    for _ in range(DEEPEST_KEY):
        level = list({id(part): part for key in level if isinstance(key, (tuple, list)) for part in key}.values())
        if not level:
            return keys
    raise ValueError(f"a key of tuples within tuples, more than {DEEPEST_KEY} deep")


def _collected(values: Any) -> Any:
    """What a collection is made from, if its values are all there: a range, or a tensor, may stand for too many."""
    if not isinstance(values, (list, tuple, dict, set, frozenset)):
        raise ValueError(f"a collection of the values of a {type(values).__name__}")
    return values


def checked_array_state(state: Any) -> Any:
    """The state of a NumPy array, if it is a plain one that fits its bytes. Raises ValueError otherwise."""
    _, shape, kind, in_fortran_order, raw = state
    if not isinstance(kind, np.dtype) or kind.hasobject or not isinstance(raw, bytes):
        raise ValueError("an array of something other than plain elements")
    if not isinstance(shape, tuple) or not all(type(length) is int and length >= 0 for length in shape):
        raise ValueError("an array of a shape that is none")
    count = math.prod(shape)
    extent = math.prod(length or 1 for length in shape) * kind.itemsize  # NumPy refuses more only when it looks
    if count * kind.itemsize != len(raw) or (count and not kind.itemsize) or extent > sys.maxsize:
        raise ValueError(f"an array of shape {shape} and type {kind} in {len(raw)} bytes")
    return 1, shape, kind, bool(in_fortran_order), raw


def names_in(pickle_bytes: bytes) -> list[str]:
    """The names that a pickle refers to, `module.name`, in order; nothing is loaded.

    Raises ValueError for a name that the pickle does not hold as text, so that none can hide.
    """
    names: dict[str, None] = {}
    stack: list[Any] = []  # a text, MARK, or None for all else
    memo: dict[int, Any] = {}
    for opcode, argument, _ in pickletools.genops(io.BytesIO(pickle_bytes)):
        if opcode.name in ("GLOBAL", "INST"):
            names[str(argument).replace(" ", ".", 1)] = None
        elif opcode.name == "STACK_GLOBAL":
            module, name = stack[-2:]
            if not (isinstance(module, str) and isinstance(name, str)):
                raise ValueError("a name that is no text")
            names[f"{module}.{name}"] = None
        if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            memo[len(memo) if argument is None else argument] = stack[-1]
        else:
            _follow(opcode, argument, stack, memo)
    return list(names)


MARK = pickletools.markobject


def _follow(opcode: Any, argument: Any, stack: list[Any], memo: dict[int, Any]) -> None:
    """What one instruction does to a stack of which only the texts are known."""
    if opcode.name in ("GET", "BINGET", "LONG_BINGET"):
        stack.append(memo[argument])
    elif opcode.name == "DUP":
        stack.append(stack[-1])
    elif opcode.name == "POP":  # a mark, too
        stack.pop()
    else:
        for taken in reversed(opcode.stack_before):
            if taken is pickletools.stackslice:
                while stack[-1] is not MARK:
                    stack.pop()
            else:
                stack.pop()
        text = argument if opcode.name.endswith(("STRING", "UNICODE", "UNICODE8")) else None
        stack.extend(MARK if made is MARK else text for made in opcode.stack_after)
