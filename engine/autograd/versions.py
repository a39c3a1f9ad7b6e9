"""When memory was last changed in place, so that backward can tell a saved value that is no longer what it was.

Nothing is paid when an op saves a value. An in-place change stamps the memory with the next creation index; a node
whose saved memory carries a younger stamp than the node itself saved something that has changed since.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from typing import Any

import numpy as np

sequence = itertools.count(1)
last = 0  # index of the youngest stamp; nodes made later need no check
rebased = 0  # how often an in-place change gave a tensor a new history; while it is 0 no view can have an old one
guarded = False  # True once a leaf that requires grad has views that in-place changes make useless
_lock = threading.Lock()
followed: set[int] = set()  # memory of tensors that carry tangents: a change that is not followed must not go unnoticed
_stamps: dict[int, list[Any]] = {}  # id(memory) -> [weak reference, stamp, number of changes]


def watch_ops(change: int) -> None:
    """Count in or out a reason why ops have to look twice before they run: a view's old history, a layer above."""
    global rebased
    with _lock:
        rebased += change


def owner(array: Any) -> Any:
    """The array that owns the memory of `array`."""
    kind = type(array)
    while type(array.base) is kind:
        array = array.base
    return array


def stamp(array: Any, times: int = 0) -> None:
    """Note that the memory of `array` was changed in place just now (`times`: how often so far, if not one more)."""
    global last
    memory = owner(array)
    key = id(memory)
    if followed and key in followed:
        raise NotImplementedError("forward_ad: this change in place of a tensor that carries a tangent is not followed")
    known = _stamps.get(key)
    last = next(sequence)
    if known is None or known[0]() is not memory:
        _stamps[key] = [weakref.ref(memory, lambda _: _stamps.pop(key, None)), last, times or 1]
    else:
        known[1], known[2] = last, times or known[2] + 1


def stamp_all(arrays: list[Any]) -> None:
    """Note that the memory of each array was changed in place just now."""
    global last
    if followed:
        for array in arrays:
            stamp(array)
        return
    last = next(sequence)
    for array in arrays:
        memory = array if array.base is None else owner(array)
        known = _stamps.get(id(memory))
        if known is not None and known[0]() is memory:
            known[1] = last
            known[2] += 1
        else:
            stamp(array)


class Together:
    """Memory that is changed in place all at once, often: one stamp for all of it.

    gradbook.compile, whose calls change it, writes out what is done then: stamp = last = next(sequence), times + 1.
    """

    __slots__ = ("__weakref__", "stamp", "times")

    def __init__(self, arrays: list[Any]) -> None:
        self.stamp = self.times = 0
        for array in arrays:
            memory = owner(array)
            _groups.setdefault(id(memory), []).append((weakref.ref(memory, _forget_group), weakref.ref(self)))


_groups: dict[int, list[tuple[Any, Any]]] = {}  # id(memory) -> weak references to it and to what it changes with


def _forget_group(_: Any) -> None:
    for key in [key for key, found in list(_groups.items()) if all(memory() is None for memory, _ in found)]:
        _groups.pop(key, None)


def _in_groups(memory: Any) -> list[Together]:
    pairs = _groups.get(id(memory), ())
    return [group for seen, reference in pairs if seen() is memory and (group := reference()) is not None]


class Apart:
    """Memory under a version counter of its own, as `.data` has it: an array made of this has no array as base."""

    __slots__ = ("__array_interface__", "array")

    def __init__(self, array: Any, writable: bool) -> None:
        self.array, self.__array_interface__ = array, array.__array_interface__
        if writable:
            address = self.__array_interface__["data"][0]
            self.__array_interface__ = {**self.__array_interface__, "data": (address, False)}


def apart(array: Any, writable: bool = False) -> Any:
    """The same memory under a version counter of its own (`writable`: even if the array says that it is read-only)."""
    if type(array) is not np.ndarray:
        return array.view()
    seen = np.asarray(Apart(array, writable))
    return seen if seen.dtype == array.dtype else seen.view(array.dtype)  # bfloat16 comes back as raw bytes


def carry(old: Any, new: Any) -> None:
    """Let the memory of `new` go on counting where that of `old` stands."""
    stamp, times = changed_at(old), count(old)
    if times:
        memory = owner(new)
        key = id(memory)
        _stamps[key] = [weakref.ref(memory, lambda _: _stamps.pop(key, None)), stamp, times]


def changed_at(array: Any) -> int:
    """Creation index of the last in-place change to the memory of `array`; 0 if there was none."""
    memory = owner(array)
    known = _stamps.get(id(memory))
    stamp = known[1] if known is not None and known[0]() is memory else 0
    return max([stamp, *(group.stamp for group in _in_groups(memory))]) if _groups else stamp


def count(array: Any) -> int:
    """How often the memory of `array` was changed in place (Tensor._version)."""
    memory = owner(array)
    known = _stamps.get(id(memory))
    times = known[2] if known is not None and known[0]() is memory else 0
    return times + sum(group.times for group in _in_groups(memory)) if _groups else times
