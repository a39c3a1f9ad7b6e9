"""While a call is recorded, the memory of what nobody can read any more goes back to the system, its address does not.

A recording keeps every array that it was shown, so that no address comes twice. An array to which only the recording
refers, as reference counts tell, is never read again: its pages are dropped, and cost nothing from then on. Whatever
else refers to it, or to a view of it, keeps it. Without such a function of the system (Linux has one) nothing is done.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import sys
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.autograd import versions
from gradbook.compiler.memory import Block
from gradbook.ops import workspace
from gradbook.tensor import Tensor

if TYPE_CHECKING:
    from gradbook.compiler.recording import Recorder

__all__ = ["EVERY", "drop_dead"]

EVERY = 32 << 20  # bytes of new memory after which it is looked for what can be dropped
SMALL = 1 << 18  # bytes of a block that is not worth it
DONT_NEED = 4  # Linux's MADV_DONTNEED


def drop_dead(recorder: Recorder) -> int:
    """Drop the pages of large blocks that only the recording refers to. -> bytes that were dropped"""
    drop = advise()
    large = [block for block in recorder.memory.blocks if block.size >= SMALL and may_be_dropped(block)]
    if drop is None or not large:
        return 0
    alive, dropped = owners_alive(recorder), 0
    for block in large:
        if id(versions.owner(block.array)) not in alive:
            first = -(-block.start // mmap.PAGESIZE) * mmap.PAGESIZE
            size = (block.start + block.size - first) // mmap.PAGESIZE * mmap.PAGESIZE
            if size > 0 and drop(first, size, DONT_NEED) == 0:
                block.dropped, dropped = True, dropped + size
    return dropped


def may_be_dropped(block: Block) -> bool:
    """Whether a block is memory that NumPy got for values that the call computed, and that is still there."""
    if block.kind != "temporary" or block.array is None or block.dropped:
        return False
    return bool(versions.owner(block.array).flags.owndata)  # else it may be another library's


def owners_alive(recorder: Recorder) -> set[int]:
    """The ids of arrays that own memory which somebody beside the recording refers to: to them or to a view of them."""
    memory = recorder.memory
    shown = [block.array for block in memory.blocks if block.array is not None]
    own = Counter(map(id, (*memory.kept, *recorder.kept, *shown)))
    tensors = unique(thing for thing in recorder.kept if isinstance(thing, Tensor))
    free = unreferred(tensors, own)
    own.update(id(tensor._array) for tensor, alone in zip(tensors, free, strict=True) if alone)
    things = unique((*memory.kept, *recorder.kept, *shown, *(tensor._array for tensor in tensors)))
    arrays = [thing for thing in things if type(thing) is np.ndarray]
    del things, shown
    arrays = unique((*arrays, *map(versions.owner, arrays)))
    own.update(id(array.base) for array in arrays if array.base is not None)
    free = unreferred(arrays, own)
    return {id(versions.owner(array)) for array, alone in zip(arrays, free, strict=True) if not alone}


def unique(things: Iterable[Any]) -> list[Any]:
    """Each thing once."""
    return [*{id(thing): thing for thing in things}.values()]


def unreferred(things: list[Any], own: Counter[int]) -> list[bool]:
    """Whether nobody refers to each of the things in a list beside those counted in `own`, and memory's second users.

    Those are asked for last: what another thread takes from them meanwhile is referred to.
    """
    besides, *_ = [*map(sys.getrefcount, [object()])]
    counts = [*map(sys.getrefcount, things)]
    second = workspace.held()
    return [count - besides == own[id(thing)] + (id(thing) in second)
            for thing, count in zip(things, counts, strict=True)]  # fmt: skip


@functools.cache
def advise() -> Any:
    """The system's function (address, bytes, advice), or None where memory cannot be dropped so."""
    if sys.platform != "linux" or not getattr(sys, "_is_gil_enabled", lambda: True)():
        return None
    function = ctypes.CDLL(None, use_errno=True).madvise
    function.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return function
