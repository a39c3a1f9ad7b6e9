"""Memory used again.

Large arrays that live for one step would otherwise be given back to the system, and cleared anew, each time.
A block is free when nobody but this list refers to it, which its reference count tells: nothing is ever given back by
hand.
"""

from __future__ import annotations

import math
import os
import sys
import threading
from typing import Any

import numpy as np

SMALL = 1 << 16  # bytes below which malloc is as good
AT_MOST = 128 << 20  # bytes kept altogether
_blocks: list[Any] = []
_lock = threading.Lock()
_held = [0]


def _renew_lock() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):  # another thread may hold the lock at a fork: the child would wait for ever
    os.register_at_fork(after_in_child=_renew_lock)


def empty(xp: Any, shape: Any, dtype: Any) -> Any:
    """An array whose values are not set, in memory that was used before if there is some."""
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    if xp is not np or size < SMALL or dtype.hasobject:
        return xp.empty(shape, dtype)
    with _lock:
        block = _find(size)
        return block[:size].view(dtype).reshape(shape)


def holds(block: Any) -> bool:
    """Whether some memory is kept here, to be used again when nobody else refers to it."""
    return any(kept is block for kept in _blocks)


def held() -> set[int]:
    """The ids of all memory that is kept here."""
    return {id(block) for block in _blocks}


def zeros(xp: Any, shape: Any, dtype: Any) -> Any:
    """As empty, with zeros."""
    made = empty(xp, shape, dtype)
    made.fill(0)
    return made


def copied(xp: Any, view: Any, shape: Any) -> Any:
    """A view's values in index order, in such memory, as an array of `shape`."""
    made = empty(xp, view.shape, view.dtype)
    made[...] = view
    return made.reshape(shape)


def _find(size: int) -> Any:
    best = -1
    for i in range(len(_blocks)):
        fits = size <= _blocks[i].size <= 2 * size
        if fits and sys.getrefcount(_blocks[i]) <= 2 and (best < 0 or _blocks[i].size < _blocks[best].size):
            best = i
    if best >= 0:
        _blocks.append(_blocks.pop(best))  # youngest last
        return _blocks[-1]
    block = np.empty(size, np.uint8)
    if size <= AT_MOST // 4:
        _blocks.append(block)
        _held[0] += size
        while _held[0] > AT_MOST:
            _held[0] -= _blocks.pop(0).size
    return block
