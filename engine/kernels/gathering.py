"""Where the gradients of parameters lie, asked natively: a group of parameters is looked through in one call.

It reads Tensors and NumPy's arrays where CPython keeps them, and is used where known.py is.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradbook import dtypes
from gradbook.kernels import jit
from gradbook.kernels.direct import Definition
from gradbook.kernels.program import DATA
from gradbook.tensor import Tensor

__all__ = ["gatherer"]

HEAD = DATA
FASTCALL = 0x80  # METH_FASTCALL
PLAIN = 0x0001 | 0x0100 | 0x0400  # flags of an array that is contiguous, aligned and may be written
RECORD = 4  # words of one parameter: it, its array or 0 if it had no gradient, how many words are to be set, where

# a function of a list of parameters. self: an array of [count, records, None, ndarray, float32, True, False]
MACHINE = """
declare void @Py_IncRef(ptr)

define internal i1 @alike(ptr %a, ptr %b, ptr %kind, ptr %float) {
entry:
  %type.at = getelementptr i8, ptr %a, i64 TYPE
  %type = load ptr, ptr %type.at
  %is.array = icmp eq ptr %type, %kind
  br i1 %is.array, label %look, label %other
look:
  %descr.at = getelementptr i8, ptr %a, i64 DESCR
  %descr = load ptr, ptr %descr.at
  %flags.at = getelementptr i8, ptr %a, i64 FLAGS
  %flags = load i32, ptr %flags.at
  %plain = and i32 %flags, PLAIN
  %a.axes.at = getelementptr i8, ptr %a, i64 AXES
  %b.axes.at = getelementptr i8, ptr %b, i64 AXES
  %axes = load i32, ptr %a.axes.at
  %b.axes = load i32, ptr %b.axes.at
  %one = icmp eq ptr %descr, %float
  %two = icmp eq i32 %plain, PLAIN
  %three = icmp eq i32 %axes, %b.axes
  %first = and i1 %one, %two
  %all = and i1 %first, %three
  %a.dims.at = getelementptr i8, ptr %a, i64 DIMS
  %b.dims.at = getelementptr i8, ptr %b, i64 DIMS
  %a.dims = load ptr, ptr %a.dims.at
  %b.dims = load ptr, ptr %b.dims.at
  br i1 %all, label %next, label %other
next:
  %i = phi i32 [0, %look], [%i.next, %axis]
  %more = icmp ult i32 %i, %axes
  br i1 %more, label %axis, label %same
axis:
  %a.at = getelementptr i64, ptr %a.dims, i32 %i
  %b.at = getelementptr i64, ptr %b.dims, i32 %i
  %a.dim = load i64, ptr %a.at
  %b.dim = load i64, ptr %b.at
  %i.next = add i32 %i, 1
  %equal = icmp eq i64 %a.dim, %b.dim
  br i1 %equal, label %next, label %other
same:
  ret i1 1
other:
  ret i1 0
}

define ptr @kernel(ptr %self, ptr %args, i64 %given) {
entry:
  %job.at = getelementptr i8, ptr %self, i64 HEAD
  %job = load ptr, ptr %job.at
  %p1 = getelementptr ptr, ptr %job, i64 1
  %p2 = getelementptr ptr, ptr %job, i64 2
  %p3 = getelementptr ptr, ptr %job, i64 3
  %p4 = getelementptr ptr, ptr %job, i64 4
  %p5 = getelementptr ptr, ptr %job, i64 5
  %p6 = getelementptr ptr, ptr %job, i64 6
  %count = load i64, ptr %job
  %records = load ptr, ptr %p1
  %none = load ptr, ptr %p2
  %kind = load ptr, ptr %p3
  %float = load ptr, ptr %p4
  %true = load ptr, ptr %p5
  %false = load ptr, ptr %p6
  %list = load ptr, ptr %args
  %size.at = getelementptr i8, ptr %list, i64 HEAD
  %size = load i64, ptr %size.at
  %items.at = getelementptr i8, ptr %list, i64 ITEMS
  %items = load ptr, ptr %items.at
  %same.size = icmp eq i64 %size, %count
  br i1 %same.size, label %next, label %end
next:
  %i = phi i64 [0, %entry], [%i.next, %following]
  %more = icmp ult i64 %i, %count
  br i1 %more, label %one, label %end
one:
  %param.at = getelementptr ptr, ptr %items, i64 %i
  %param = load ptr, ptr %param.at
  %first = mul i64 %i, RECORD
  %r0 = getelementptr i64, ptr %records, i64 %first
  %r1 = getelementptr i64, ptr %r0, i64 1
  %r2 = getelementptr i64, ptr %r0, i64 2
  %r3 = getelementptr i64, ptr %r0, i64 3
  %param.known = load ptr, ptr %r0
  %array.known = load ptr, ptr %r1
  %uses = load i64, ptr %r2
  %words = load ptr, ptr %r3
  %is.known = icmp eq ptr %param, %param.known
  br i1 %is.known, label %look, label %end
look:
  %grad.at = getelementptr i8, ptr %param, i64 GRAD
  %grad = load ptr, ptr %grad.at
  %no.grad = icmp eq ptr %grad, %none
  %left.out = icmp eq ptr %array.known, null
  %as.known = icmp eq i1 %no.grad, %left.out
  br i1 %as.known, label %whether, label %end
whether:
  br i1 %no.grad, label %following, label %arrays
arrays:
  %array.at = getelementptr i8, ptr %param, i64 ARRAY
  %array = load ptr, ptr %array.at
  %found.at = getelementptr i8, ptr %grad, i64 ARRAY
  %found = load ptr, ptr %found.at
  %same.array = icmp eq ptr %array, %array.known
  br i1 %same.array, label %shapes, label %end
shapes:
  %alike = call i1 @alike(ptr %found, ptr %array, ptr %kind, ptr %float)
  br i1 %alike, label %set, label %end
set:
  %data.at = getelementptr i8, ptr %found, i64 HEAD
  %data = load i64, ptr %data.at
  br label %use
use:
  %u = phi i64 [0, %set], [%u.next, %bind]
  %more.uses = icmp ult i64 %u, %uses
  br i1 %more.uses, label %bind, label %following
bind:
  %pair = mul i64 %u, 2
  %w0 = getelementptr i64, ptr %words, i64 %pair
  %w1 = getelementptr i64, ptr %w0, i64 1
  %word = load ptr, ptr %w0
  %offset = load i64, ptr %w1
  %address = add i64 %data, %offset
  store i64 %address, ptr %word
  %u.next = add i64 %u, 1
  br label %use
following:
  %i.next = add i64 %i, 1
  br label %next
end:
  %answer = phi ptr [%false, %entry], [%true, %next], [%false, %one], [%false, %look], [%false, %arrays],
                    [%false, %shapes]
  call void @Py_IncRef(ptr %answer)
  ret ptr %answer
}
"""


def gatherer(
    held: Sequence[tuple[Any, Any]], uses: Sequence[list[tuple[Any, int, int]]]
) -> tuple[Callable[..., bool], Any]:
    """A function of the list of parameters: puts the addresses of their gradients into words of a program.

    held: each parameter, with its array, or None if it has no gradient. uses: for each that has one, (words, which,
    bytes) of its places. It returns False, and the words are not to be used, where anything is not as it was: another
    parameter or array, a gradient where none was, one that is not contiguous float32 of the parameter's shape.
    -> the function, and what has to be kept as long as it is called
    """
    places = iter(uses)
    records, kept = [], []
    for param, array in held:
        if array is None:
            records += [id(param), 0, 0, 0]
            continue
        pairs = [(packed.ctypes.data + 8 * i, offset) for packed, i, offset in next(places)]
        kept.append(np.array(pairs, np.int64).reshape(-1))
        records += [id(param), id(array), len(pairs), kept[-1].ctypes.data]
    table = np.array(records, np.int64)
    job = np.array(
        [len(held), table.ctypes.data, id(None), id(np.ndarray), id(dtypes.F32), id(True), id(False)], np.int64
    )  # fmt: skip
    make, definition = _python()
    return make(ctypes.addressof(definition), job, None), (table, job, kept)


def slot(name: str) -> int:
    """How many bytes from a Tensor's start one of its slots is."""
    made: Any = Tensor._of(np.zeros(1, np.float32))
    mark = object()
    setattr(made, name, mark)
    words = range(0, Tensor.__basicsize__, ctypes.sizeof(ctypes.c_void_p))
    found = [at for at in words if ctypes.c_void_p.from_address(id(made) + at).value == id(mark)]
    if len(found) != 1:
        raise RuntimeError(f"the slot {name} of a Tensor is not where it is looked for")
    return found[0]


@functools.cache
def _python() -> tuple[Any, Definition]:
    """What makes a function, and the definition that all of them have."""
    import llvmlite.binding as llvm

    api = ctypes.pythonapi
    llvm.add_symbol("Py_IncRef", ctypes.cast(api.Py_IncRef, ctypes.c_void_p).value)
    text = MACHINE
    for word, value in {
        "TYPE": HEAD - 8, "DESCR": HEAD + 40, "FLAGS": HEAD + 48, "PLAIN": PLAIN, "AXES": HEAD + 8, "DIMS": HEAD + 16,
        "ITEMS": HEAD + 8, "RECORD": RECORD, "GRAD": slot("_grad"), "ARRAY": slot("_array"), "HEAD": HEAD,
    }.items():  # fmt: skip
        text = text.replace(word, str(value))
    prototype = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
    return prototype(("PyCFunction_NewEx", api)), Definition(b"gather", jit.address(text), FASTCALL, None)
