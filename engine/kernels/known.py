"""Calls whose shapes are known: an eager operation's forward or rule as one native call, from Python's arguments on.

    fast = known(plain)                     # of `softmax`: plain(np, x, dim=1), which ends in now.run(...)

`fast` is a function of CPython made of machine code. It looks up what it is given (arrays by dtype, shape and strides,
everything else by its value) in a table; if it was given the like before, it makes the results' arrays, puts all
addresses into the words of the plan's kernels, runs them and returns: a quarter of a microsecond, where Python takes
three. If not, it calls `plain` through `Known.learn`, which looks at what that did: one call of `now.run`, on arrays
that are arguments, for arrays that are the result. Nothing else is learnt.

It reads NumPy's objects where they are since NumPy 1.0, and is tried before it is used.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import sys
import sysconfig
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.kernels import jit, now
from gradbook.kernels.known_machine import ARGUMENTS, ARRAY, AXES, MACHINE, NUMBER, RESULTS, ROW, SPEC, VALUE
from gradbook.kernels.program import DATA, RUN, Scratch, Unsupported, noted, with_pauses

__all__ = ["Known", "forget", "known", "usable"]

ndarray = np.ndarray
SLOTS = 64  # of a table
MOST = 256  # calls that are known of one operation; beyond, all are forgotten
VAIN = 64  # calls in vain after which nothing is learnt of an operation any more
FLAGS = 0x80 | 0x02  # METH_FASTCALL | METH_KEYWORDS
NEW_FROM_DESCR = 94  # of NumPy's table of functions
PLAIN = frozenset({bool, int, str, type(None), type(np)})


class Known:
    """The calls of one forward or rule that are known, and how more are learnt."""

    def __init__(self, plain: Callable[..., Any]) -> None:
        self.plain = plain
        self.entries: list[Any] = []  # what the machine code reads, and what that points to
        self.former: list[Any] = []  # those forgotten last: another thread may be about to return from one
        self.calls = self.vain = 0
        self.table = np.zeros(SLOTS, np.int64)
        self._fallback = self.learn
        make, definition, new = _python()
        self._job = np.array(
            [id(self._fallback), id(ndarray), self.table.ctypes.data, new, id(None)], np.int64
        )  # fmt: skip
        self.function: Callable[..., Any] = make(ctypes.addressof(definition), self._job, None)
        _all.append(self)

    def learn(self, *args: Any, **params: Any) -> Any:
        """A call that is not known: what `plain` gives. The next one like it is known, if it can be."""
        self.calls += 1
        if self.vain >= VAIN and self.calls % VAIN:
            return self.plain(*args, **params)
        before = noted.runs
        seen: list[Any] = []
        noted.runs = seen
        try:
            result = self.plain(*args, **params)
        finally:
            noted.runs = before
        learnt = len(seen) == 1 and self._add((*args, *params.values()), tuple(params), seen[0], result)
        self.vain = 0 if learnt else self.vain + 1
        return result

    def _add(self, values: tuple[Any, ...], names: tuple[str, ...], run: Any, result: Any) -> bool:
        """Remember a call: its values, those with names last. run: what was given to now.run. -> whether it could be"""
        add, made, given, settings, more = run
        answers = result if type(result) is tuple else (result,)
        specs = [_spec(value) for value in values]
        order = [_place(array, answers) for array in made]  # -1: in none
        places = [_position(array, values) for array in given]
        if None in specs or None in places or len(values) > ARGUMENTS or len(answers) > RESULTS:
            return False
        if sorted(order) != [k for k, answer in enumerate(answers) if answer is not None]:
            return False
        if any(array.size > now.LARGEST for array in made):
            return False
        try:
            plan = now.Plan(add, (*made, *given), settings, more, _scratch)
        except (Unsupported, jit.NotReady):
            return False
        if plan.shared is not None:
            return False
        results = np.array([_result(answers[k]) for k in order], np.int64)  # in the order of `made`
        which = np.array([order.index(k) if answer is not None else -1 for k, answer in enumerate(answers)], np.int64)
        positions = np.array([*(len(values) + i for i in range(len(made))), *places], np.int64)
        arguments = np.array(specs, np.int64).reshape(-1)
        keys = np.array([*map(id, names), 0], np.int64)
        words = [
            len(values) - len(names), len(names), arguments.ctypes.data, keys.ctypes.data, len(made),
            results.ctypes.data, plan.address, positions.ctypes.data, len(answers) if type(result) is tuple else -1,
            which.ctypes.data,
        ]  # fmt: skip
        objects = [value for value in values if type(value) is not ndarray]
        kinds = [value.dtype for value in (*values, *answers) if type(value) is ndarray]
        self._enter(_slot(values), words, (arguments, keys, results, positions, which, plan, names, objects, kinds))
        return True

    def _enter(self, slot: int, words: list[int], kept: Any) -> None:
        """Put an entry into the table. kept: what its words point to."""
        with _entering:
            if len(self.entries) >= MOST:
                self.forget()
            entry = np.array([self.table[slot], *words], np.int64)
            self.entries.append((entry, kept))
            self.table[slot] = entry.ctypes.data

    def forget(self) -> None:
        """Know nothing any more."""
        with _entering:
            self.table[:] = 0
            self.former, self.entries = self.entries, []


_all: list[Known] = []
_entering = threading.RLock()  # again: garbage may be collected meanwhile, and what it calls may forget
_scratch = Scratch()  # of all plans here: they run with the interpreter lock held


def known(plain: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, quicker for calls that are like earlier ones."""
    return Known(plain).function


def forget() -> None:
    """Forget all calls: a setting has changed that kernels depend on beside their arguments."""
    for each in _all:
        each.forget()


def _spec(value: Any) -> list[int] | None:
    """The words that describe an argument; None if it is of a kind that is not learnt."""
    kind = type(value)
    if kind is ndarray:
        if value.ndim > AXES or not value.flags.aligned:
            return None
        rest = [0] * (AXES - value.ndim)
        return [ARRAY, id(value.dtype), value.ndim, *value.shape, *rest, *value.strides, *rest]
    if kind is float or kind in PLAIN:
        return [NUMBER if kind is float else VALUE, id(value), *[0] * (SPEC - 2)]
    if kind is tuple and all(type(part) in PLAIN for part in value):
        return [ROW, id(value), *[0] * (SPEC - 2)]
    return None


def _result(array: Any) -> list[int]:
    return [id(array.dtype), array.ndim, *array.shape, *[0] * (AXES - array.ndim)]


def _start(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


def _place(made: Any, answers: tuple[Any, ...]) -> int:
    """Which part of the answer is an array that was made, maybe in another shape; -1: none."""
    for k, answer in enumerate(answers):
        if type(answer) is ndarray and answer.nbytes == made.nbytes and answer.ndim <= AXES:
            if answer.dtype is made.dtype and answer.flags.c_contiguous and _start(answer) == _start(made):
                return k
    return -1


def _position(given: Any, values: tuple[Any, ...]) -> int | None:
    """Which argument is an array that was given to kernels, maybe in another shape. None: it may be two of them."""
    found = None
    for i, value in enumerate(values):
        if type(value) is ndarray and value.size == given.size and _start(value) == _start(given):
            if given is value or given.base is value or (value.base is not None and given.base is value.base):
                if found is not None:  # f(x, x): the next call may be f(x, y)
                    return None
                found = i
    return found


def _slot(values: tuple[Any, ...]) -> int:
    """Where in a table a call is looked for, as the machine code computes it."""
    mix = len(values)
    for value in values:
        if type(value) is ndarray and value.ndim:
            mix = mix * 1000003 + value.shape[0] * 31 + value.shape[-1]
    return (mix * 11400714819323198485 & (1 << 64) - 1) >> 58


# -- whether it works here ---------------------------------------------------------------------------------------------


@functools.cache
def usable() -> bool:
    """Whether such functions can be made here, which is tried on a few numbers."""
    if sys.implementation.name != "cpython" or sysconfig.get_config_var("Py_GIL_DISABLED") or DATA != 16:
        return False
    try:
        return _tried()
    except Exception:  # another NumPy, another llvmlite: Python serves
        return False


def _tried() -> bool:
    from gradbook.kernels.softmax import softmax

    calls: list[Any] = []

    def plain(xp: Any, x: Any, *, dim: int) -> Any:
        calls.append(x)
        y = np.empty(x.shape, np.float32)
        now.run(softmax, (y,), (x,))
        return y.reshape(-1), None

    before, now.at_once[0] = now.at_once[0], True
    others = len(_all)
    try:
        each, arrays = Known(plain), [np.arange(6, dtype=np.float32).reshape(2, 3) ** p for p in (1, 2, 3)]
        wanted = [plain(np, x, dim=1) for x in arrays]
        calls.clear()
        got = [each.function(np, x, dim=1) for x in (*arrays, arrays[0].reshape(3, 2))]
    finally:
        now.at_once[0] = before
        del _all[others:]
    same = all(
        type(a) is tuple and a[1] is None and np.array_equal(a[0], b[0]) for a, b in zip(got, wanted, strict=False)
    )
    return same and len(calls) == 2 and got[1][0].shape == (6,) and got[1][0].dtype is wanted[0][0].dtype


@functools.cache
def _python() -> tuple[Any, Any, int]:
    """What makes a function, the definition that all of them have, the address of PyArray_NewFromDescr."""
    import llvmlite.binding as llvm

    from gradbook.kernels.direct import Definition

    api = ctypes.pythonapi
    for name in ("Py_IncRef", "Py_DecRef", "PyTuple_New", "PyTuple_SetItem", "PyObject_RichCompareBool",
                 "PyObject_Vectorcall"):  # fmt: skip
        llvm.add_symbol(name, ctypes.cast(getattr(api, name), ctypes.c_void_p).value)
    prototype = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
    make = prototype(("PyCFunction_NewEx", api))
    definition = Definition(b"known", jit.address(with_pauses(RUN + MACHINE)), FLAGS, None)
    pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(("PyCapsule_GetPointer", api))
    table = pointer(importlib.import_module("numpy._core._multiarray_umath")._ARRAY_API, None)
    new = ctypes.c_void_p.from_address(table + NEW_FROM_DESCR * ctypes.sizeof(ctypes.c_void_p)).value
    if not new:
        raise RuntimeError("NumPy's table of functions has no PyArray_NewFromDescr")
    return make, definition, new
