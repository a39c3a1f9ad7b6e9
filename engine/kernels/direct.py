"""Kernels as functions of Python without arguments: calling one costs a tenth of a call through ctypes.

Made of what CPython keeps stable between its versions: PyCFunction_NewEx, PyCapsule_GetPointer, Py_IncRef.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.kernels import jit

__all__ = ["direct"]

# a function as CPython calls it. self: a capsule with [kernel, words, start, stop, what it returns]
WRAPPER = """
declare ptr @PyCapsule_GetPointer(ptr, ptr)
declare void @Py_IncRef(ptr)
define ptr @kernel(ptr %self, ptr %unused) {
  %job = call ptr @PyCapsule_GetPointer(ptr %self, ptr null)
  %p1 = getelementptr i64, ptr %job, i64 1
  %p2 = getelementptr i64, ptr %job, i64 2
  %p3 = getelementptr i64, ptr %job, i64 3
  %p4 = getelementptr i64, ptr %job, i64 4
  %function = load ptr, ptr %job
  %words = load ptr, ptr %p1
  %start = load i64, ptr %p2
  %stop = load i64, ptr %p3
  call void %function(ptr %words, i64 %start, i64 %stop)
  %result = load ptr, ptr %p4
  call void @Py_IncRef(ptr %result)
  ret ptr %result
}
"""
NO_ARGUMENTS = 0x4  # METH_NOARGS


class Definition(ctypes.Structure):
    """A PyMethodDef."""

    _fields_ = [("name", ctypes.c_char_p), ("function", ctypes.c_void_p), ("flags", ctypes.c_int),
                ("doc", ctypes.c_char_p)]  # fmt: skip

    def __init__(self, name: bytes, function: int, flags: int, doc: bytes | None = None) -> None:
        """It is never given back: functions look into it when they go, and at Python's end some go after all else."""
        super().__init__(name, function, flags, doc)
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self))


def direct(kernel: int, words: int, start: int, stop: int) -> tuple[Callable[[], None], np.ndarray[Any, Any]]:
    """The kernel at an address, called with its words (an address, too) and units, keeping the interpreter lock.

    -> the function, and what has to stay as long as it is called, beside the words: its last number is the address of
    what is returned, None if the kernel puts nothing else there. Raises RuntimeError where Python is
    not CPython.
    """
    job = np.array([kernel, words, start, stop, id(None)], np.int64)
    make, definition, capsule = _python()
    made: Callable[[], None] = make(ctypes.addressof(definition), capsule(job.ctypes.data, None, None), None)
    return made, job


@functools.cache
def _python() -> tuple[Any, Definition, Any]:
    """What makes a function, the definition that all of them have, what makes a capsule."""
    if sys.implementation.name != "cpython":
        raise RuntimeError("kernels are called through ctypes: this is not CPython")
    import llvmlite.binding as llvm

    api = ctypes.pythonapi
    for used in (api.PyCapsule_GetPointer, api.Py_IncRef):
        llvm.add_symbol(used.__name__, ctypes.cast(used, ctypes.c_void_p).value)
    prototype = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
    make = prototype(("PyCFunction_NewEx", api))
    capsule = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
    definition = Definition(b"kernel", jit.address(WRAPPER), NO_ARGUMENTS, None)
    return make, definition, capsule(("PyCapsule_New", api))
