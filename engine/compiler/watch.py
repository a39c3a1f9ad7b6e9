"""Many of a call's checks at once: words of memory that must be what they were.

A tensor's array, what a variable of an enclosing function holds, a gradient that nobody else refers to: each is one
word inside an object of CPython. Where that word lies is found by looking for it in an object whose contents are known,
never taken for granted; where it cannot be found, the check stays in Python. A difference proves nothing yet: it is
then looked at in Python. All objects that are looked at are kept by who asks.
"""

from __future__ import annotations

import ctypes
import functools
import sys
import sysconfig
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook import kernels
from gradbook.autograd.node import Node
from gradbook.kernels import jit
from gradbook.kernels.direct import direct
from gradbook.kernels.host import unavailable
from gradbook.tensor import Tensor

__all__ = ["Watch"]

HEAD = 3  # words before the pairs: where the answer goes, True, False
SLOTS = ("_array", "_grad", "_node", "_view")

# words: see HEAD, then (address, what is expected there): [0, start) of 64 bits, [start, stop) of 32
COMPARE = """
define void @kernel(ptr %words, i64 %start, i64 %stop) {
entry:
  %answer = load ptr, ptr %words
  %p1 = getelementptr i64, ptr %words, i64 1
  %p2 = getelementptr i64, ptr %words, i64 2
  %pairs = getelementptr i64, ptr %words, i64 3
  %yes = load i64, ptr %p1
  %no = load i64, ptr %p2
  store i64 %no, ptr %answer
  br label %next
next:
  %i = phi i64 [0, %entry], [%following, %same]
  %more = icmp slt i64 %i, %stop
  br i1 %more, label %look, label %equal
look:
  %at = mul i64 %i, 2
  %place = getelementptr i64, ptr %pairs, i64 %at
  %place1 = getelementptr i64, ptr %place, i64 1
  %address = load ptr, ptr %place
  %expected = load i64, ptr %place1
  %is.long = icmp slt i64 %i, %start
  br i1 %is.long, label %long, label %short
long:
  %word = load i64, ptr %address
  br label %compare
short:
  %half = load i32, ptr %address
  %wide = zext i32 %half to i64
  br label %compare
compare:
  %found = phi i64 [%word, %long], [%wide, %short]
  %following = add i64 %i, 1
  %is.same = icmp eq i64 %found, %expected
  br i1 %is.same, label %same, label %end
same:
  br label %next
equal:
  store i64 %yes, ptr %answer
  br label %end
end:
  ret void
}
"""


class Watch:
    """Collects words (`add`, `add_gradient`), then `function()` gives what compares them all."""

    def __init__(self) -> None:
        self.pairs: list[tuple[int, int]] = []
        self.gradients = 0  # that are watched, too: three pairs each, behind the others
        self._words: np.ndarray[Any, Any] | None = None

    def add(self, holder: Any, name: str, value: Any) -> bool:
        """Expect `holder.name` to be `value`. -> False if that cannot be watched"""
        offset = offsets().get((kind_of_holder(holder), name))
        if offset is None or word(id(holder) + offset) != id(value):
            return False
        self.pairs.append((id(holder) + offset, id(value)))
        return True

    def function(self) -> Callable[[], bool] | None:
        """-> a function: True if all is as expected. A gradient is not before `set_gradient` told what is.

        None where there is no kernel that compares.
        """
        if not kernels.usable():
            return None
        try:
            kernel = jit.address(COMPARE)
        except RuntimeError as error:  # of LLVM
            kernels.switch_off(str(error))
            return None
        longs, shorts = len(self.pairs) + self.gradients, 2 * self.gradients
        words = np.zeros(HEAD + 2 * (longs + shorts), np.int64)
        self._words = words
        words[HEAD : HEAD + 2 * len(self.pairs)] = np.array(self.pairs, np.int64).reshape(-1)
        for i in range(self.gradients):
            self.forget_gradient(i)
        compare, self._job = direct(kernel, words.ctypes.data, longs, longs + shorts)
        words[:HEAD] = self._job[4:].ctypes.data, id(True), id(False)
        return compare  # type: ignore[return-value]  # it gives what the last word of the job says

    def set_gradient(self, i: int, leaf: Any, grad: int, owner: int) -> None:
        """Expect gradient i to be the one with this id, and it and its memory's owner to have no more references.

        Ids, since who holds the objects themselves adds to what is counted here.
        """
        if self._words is not None:
            place = id(leaf) + offsets()["tensor", "_grad"]
            self._put(i, (place, grad), (grad, references(grad)), (owner, references(owner)))

    def forget_gradient(self, i: int) -> None:
        """Look nowhere that may be gone, and be told no."""
        if self._words is not None:
            nowhere = self._words[2:].ctypes.data, 0
            self._put(i, nowhere, nowhere, nowhere)

    def _put(self, i: int, first: tuple[int, int], *others: tuple[int, int]) -> None:
        assert self._words is not None
        at = HEAD + 2 * (len(self.pairs) + self.gradients + 2 * i)
        self._words[at : at + 4] = [*others[0], *others[1]]
        at = HEAD + 2 * (len(self.pairs) + i)
        self._words[at : at + 2] = first


def word(address: int) -> int:
    """The word there."""
    return ctypes.c_ssize_t.from_address(address).value


def references(address: int) -> int:
    """The count of references in the head of an object."""
    return ctypes.c_uint32.from_address(address).value


def kind_of_holder(holder: Any) -> str:
    """One of the kinds whose words are known where to find, or ""."""
    if isinstance(holder, Tensor):
        return "tensor"
    return {types.CellType: "cell", types.FunctionType: "function"}.get(type(holder), "")


@functools.cache
def offsets() -> dict[tuple[str, str], int]:
    """Where in objects of CPython the words are, in bytes; empty where they are not found, or must not be looked at."""
    if sys.implementation.name != "cpython" or sysconfig.get_config_var("Py_GIL_DISABLED") or unavailable():
        return {}
    if sys.byteorder != "little" or not counts_are_there():
        return {}
    held = object()
    tensor = Tensor._of(np.zeros(3), Node())
    tensor._grad, tensor._view = Tensor._of(np.zeros(4)), (tensor._array, (), 0, 0)
    cell = types.CellType(held)
    found = {("tensor", name): offset(tensor, getattr(tensor, name)) for name in SLOTS}
    found["cell", "cell_contents"] = offset(cell, held)
    found["function", "__code__"] = offset(offset, offset.__code__)
    return {place: where for place, where in found.items() if where} if all(found.values()) else {}


def offset(holder: Any, value: Any) -> int:
    """Where in an object its one word for a value is; 0 if there is none, or several."""
    size = type(holder).__basicsize__
    places = [at for at in range(0, size, 8) if word(id(holder) + at) == id(value)]
    return places[0] if len(places) == 1 else 0


def counts_are_there() -> bool:
    """Whether an object begins with the count of its references."""
    thing = object()
    kept = []
    for _ in range(4):
        if references(id(thing)) != sys.getrefcount(thing) - 1:
            return False
        kept.append(thing)
    return True
