"""Kernels outside a program: what eager operations run on float32 arrays that are there already.

A kernel's words are made once for arrays of certain shapes and strides: a plan. To run it on others like them, a native
function reads the addresses from NumPy's objects and puts them into the words: one call from Python altogether.

    run(softmax, (y,), (x,))         # `softmax(program, y, x)` on arrays: y is made from x

A plan is made when the same shapes come for the second time, so that shapes that never come again cost nothing; and at
once where the same program must give the same bits whenever it runs.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import math
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradbook import dtypes
from gradbook.backends import native as eager
from gradbook.kernels import jit, team, trying
from gradbook.kernels.pace import Paced
from gradbook.kernels.pointwise_now import natively
from gradbook.kernels.program import DATA, RUN, Program, Scratch, Unsupported, noted, serial, with_pauses

__all__ = ["F32", "Array", "Unsupported", "at_once", "kernels", "made_of", "run", "whole"]

Array = np.ndarray[Any, Any]
F32, ndarray = dtypes.F32, np.ndarray
PLANS = 512  # that a thread keeps
LARGE = 1 << 20  # floating point operations from which threads share them, and others may run Python meanwhile
SMALL = 1 << 14  # numbers for which malloc is as good
LARGEST = 1 << 16  # numbers of a result up to which calls are remembered: it is new memory then, and not cleared
NOTHING: tuple[Any, ...] = ()
at_once = [False]  # True: plans are made when shapes come for the first time, and compiled there and then (tests)

BOUND = """
define void @kernel(ptr %plan, HEAD) {
entry:
  %at = alloca [16 x i64]
  READ
  %p1 = getelementptr i64, ptr %plan, i64 1
  %p2 = getelementptr i64, ptr %plan, i64 2
  %list = load ptr, ptr %plan
  %count = load i64, ptr %p1
  %uses = load i64, ptr %p2
  %table = getelementptr i64, ptr %plan, i64 3
  %some = icmp sgt i64 %uses, 0
  br i1 %some, label %bind, label %go
bind:
  %i = phi i64 [0, %entry], [%next, %bind]
  %i3 = mul i64 %i, 3
  %which = getelementptr i64, ptr %table, i64 %i3
  %offset = getelementptr i64, ptr %which, i64 1
  %word = getelementptr i64, ptr %which, i64 2
  %which.v = load i64, ptr %which
  %offset.v = load i64, ptr %offset
  %word.v = load ptr, ptr %word
  %from = getelementptr i64, ptr %at, i64 %which.v
  %start = load i64, ptr %from
  %address = add i64 %start, %offset.v
  store i64 %address, ptr %word.v
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %uses
  br i1 %more, label %bind, label %go
go:
  call void @run(ptr %list, i64 %count, i64 0, i64 1, ptr null, ptr null)
  ret void
}
"""


@functools.cache
def bound(count: int) -> Any:
    """A native function (plan, *arrays): puts the addresses of `count` arrays into the plan's words, and runs it."""
    head = ", ".join(f"ptr %o{k}" for k in range(count))
    read = "\n".join(
        f"  %d{k} = getelementptr i8, ptr %o{k}, i64 {DATA}\n  %a{k} = load i64, ptr %d{k}\n"
        f"  %s{k} = getelementptr i64, ptr %at, i64 {k}\n  store i64 %a{k}, ptr %s{k}"
        for k in range(count)
    )
    address = jit.address(with_pauses(RUN + BOUND.replace("HEAD", head).replace("READ", read)))
    return ctypes.PYFUNCTYPE(None, ctypes.c_void_p, *(ctypes.py_object,) * count)(address)


class Plan:
    """A program for arrays of certain shapes and strides.

    plan.function(plan.address, *arrays) runs it, or, if there is so much to do that threads may share it, makes it
    ready for plan.shared.run().
    """

    __slots__ = ("_kept", "address", "function", "shared")

    def __init__(
        self, add: Callable[..., None], arrays: Sequence[Array], settings: Any, more: Any, scratch: Scratch
    ) -> None:
        program = Program(scratch=scratch)
        stand_ins = [stand_in(array) for array in arrays]
        places = [program.place(array) for array in stand_ins]
        add(program, *stand_ins, *settings, **dict(more))
        table = [
            (which, offset, packed.ctypes.data + 8 * i)
            for which, place in enumerate(places)
            for packed, i, offset in place.uses
        ]
        large = program.flops >= LARGE
        address, count = program.built()
        words = np.array([address, 0 if large else count, len(table), *(n for row in table for n in row)], np.int64)
        ours = [(place.start, place.stop) for place in places]
        kept = [own_memory(entry, ours) for entry in program.kept]
        self._kept = (words, program._list, kept)
        self.address = words.ctypes.data
        self.function = bound(len(places))
        self.shared = Paced(program) if large else None
        program.kept.clear()


def stand_in(array: Array) -> Array:
    """An array like another, with memory of its own that nobody touches."""
    if array.flags.c_contiguous:
        return np.empty(array.shape, array.dtype)
    low, high = np.lib.array_utils.byte_bounds(array)
    memory = np.empty(high - low, np.uint8)
    made: Array = np.ndarray(array.shape, array.dtype, memory, array.ctypes.data - low, array.strides)
    return made


def own_memory(entry: Any, ours: Sequence[tuple[int, int]]) -> Any:
    """What a plan must keep alive of an entry of Program.kept: all but the stand-ins, whose memory is given back."""
    if not isinstance(entry, tuple):
        return entry
    packed, words = entry
    arrays = [word for word in words if isinstance(word, ndarray)]
    return packed, [a for a in arrays if not any(start <= a.ctypes.data < stop for start, stop in ours)]


class Own(threading.local):
    """What each thread has for itself: a plan's words and memory are those of one run."""

    def __init__(self) -> None:
        self.scratch = Scratch()
        self.plans: dict[Any, Any] = {}


own = Own()


def run(
    add: Callable[..., None], made: tuple[Array, ...], given: tuple[Array, ...], settings: Any = NOTHING,
    more: Any = NOTHING,
) -> None:  # fmt: skip
    """Compute the fresh arrays `made` from `given`: add(program, *made, *given, *settings, **dict(more)).

    Raises Unsupported where that does, and while a kernel is not ready.
    """
    key = (add, settings, more, *[(array.shape, array.strides) for array in given])
    plan = own.plans.get(key)
    if plan.__class__ is not Plan:
        plan = planned(key, plan, add, (*made, *given), settings, more)
    plan.function(plan.address, *made, *given)
    if plan.shared is not None:
        plan.shared.run()
    if noted.runs is not None:
        noted.runs.append((add, made, given, settings, more))


class Refused:
    """In the place of a plan: there is none, for good."""

    def __init__(self, why: str) -> None:
        self.why = why


class Awaited:
    """In the place of a plan: a kernel is being compiled."""

    ready = False


SEEN = object()  # in the place of a plan: these shapes came once


def planned(key: Any, found: Any, add: Callable[..., None], arrays: Sequence[Array], settings: Any, more: Any) -> Plan:
    """A plan for shapes that have none yet. Raises Unsupported if there is none, or not now."""
    if isinstance(found, Refused):
        raise Unsupported(found.why)
    if found is None and not (at_once[0] or eager.state.patient):  # there, first calls round as later ones do
        if len(own.plans) >= PLANS:
            own.plans.clear()
        own.plans[key] = SEEN
        raise Unsupported("shapes that came for the first time")
    if isinstance(found, Awaited) and not found.ready:
        raise Unsupported("a kernel is being compiled")
    make = functools.partial(Plan, add, [stand_in(array) for array in arrays], settings, more)
    try:
        with patience():
            plan = own.plans[key] = make(own.scratch)
    except jit.NotReady:
        own.plans[key] = awaited = Awaited()
        eager.in_background(functools.partial(compile_for, make, awaited))
        raise Unsupported("a kernel is being compiled") from None
    except Unsupported as error:
        own.plans[key] = Refused(str(error))
        raise
    return plan


def patience() -> Any:
    """The block in which kernels are looked for: whether there is time to make them."""
    return contextlib.nullcontext() if at_once[0] or eager.state.patient else jit.ready_only()


def compile_for(make: Callable[[Scratch], Plan], awaited: Awaited) -> None:
    """In the background: make a plan that nobody uses, so that its kernels are there."""
    try:
        make(Scratch())
    except Unsupported:
        pass  # whoever asks next is told
    awaited.ready = True


def made_of(shape: Sequence[int]) -> Array:
    """A new array for a result, perhaps in memory that was used before."""
    if math.prod(shape) < SMALL:
        return np.empty(shape, F32)
    array: Array = used_again()(np, tuple(shape), F32)
    return array


@functools.cache
def used_again() -> Any:
    """The function that gives memory which was used before; the operations may not be there yet when this is read."""
    from gradbook.ops.workspace import empty

    return empty


def whole(*arrays: Any) -> Any:
    """Arrays as they are, or copies whose numbers lie side by side; None stays.

    Raises Unsupported for other types than float32.
    """
    made = []
    for array in arrays:
        if array is not None:
            if type(array) is not ndarray or array.dtype is not F32:
                raise Unsupported("not an array of float32")
            if not array.flags.c_contiguous:
                array = np.ascontiguousarray(array)
        made.append(array)
    return made


def elementwise(plain: Callable[..., Any]) -> Callable[..., Any]:
    """A forward or rule by the kernel that its formula is compiled to; by NumPy where that is no such formula."""
    fast = natively(plain)
    asked: set[Any] = set()

    def run(*args: Any, **params: Any) -> Any:
        if eager.state.patient or at_once[0]:
            return fast(*args, **params)
        try:
            with jit.ready_only():
                return fast(*args, **params)
        except jit.NotReady:
            if len(asked) < PLANS and (key := repr([a for a in args if type(a) is not ndarray])) not in asked:
                asked.add(key)
                likes = [stand_in(a) if type(a) is ndarray else a for a in args]
                eager.in_background(lambda: quietly(fast, likes, params))
            raise Unsupported("a kernel is being compiled") from None

    return run


def quietly(function: Callable[..., Any], args: Any, params: Any) -> None:
    """Call it on whatever numbers there are, for what it compiles."""
    with np.errstate(all="ignore"):
        function(*args, **params)


def kernels(formulas: dict[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """The kernels by name; none where addresses cannot be read from NumPy's objects.

    formulas: what is computed element by element, by name.
    """
    if not DATA:
        return {}
    with trying:
        from gradbook.kernels import (
            attention_now,
            dots,
            fused_now,
            images_now,
            indexed_now,
            losses_now,
            norms_now,
            optimizers_now,
            product,
            products_now,
            recurrent_now,
            rows_now,
            volumes_now,
        )

    dots.address()  # so that products are ready, of any sizes
    product.address()
    serial()
    team.leading()
    team.working()
    families = (
        attention_now, fused_now, images_now, indexed_now, losses_now, norms_now, products_now, rows_now, volumes_now,
    )  # fmt: skip
    found = {name: kernel for family in families for name, kernel in family.kernels().items()}
    found |= recurrent_now.forwards()
    found["optimizer_step"] = optimizers_now.eager_step
    return found | {name: elementwise(plain) for name, plain in formulas.items()}


def install(names: set[str]) -> bool:
    """Let the forwards and rules of that name be functions that know their calls. -> whether they could be."""
    from gradbook.kernels import trying

    with trying:
        from gradbook.kernels import known
    if not known.usable():
        return False
    from gradbook.autograd.op import registry

    for name in names:
        op, _, part = name.partition(".")
        if op in registry:
            registry[op].replace(part, known.known)
    return True
