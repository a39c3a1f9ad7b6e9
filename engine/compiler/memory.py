"""Memory as a recording sees it: blocks, and windows on them. Views need no instructions: they are windows."""

from __future__ import annotations

import bisect
from typing import Any

import numpy as np

from gradbook.autograd import versions
from gradbook.kernels.program import extent

__all__ = ["Block", "Memory", "Window", "address_of", "bytes_of"]


class Block:
    """One piece of memory, kept for as long as the recording: an address and a size.

    kind: "input" (an argument: another array in each call), "grad" (a `.grad`, likewise), "outside" (was there before
    the call), "constant" (made in the call and always the same) or "temporary" (computed in the call).
    """

    __slots__ = ("array", "dropped", "home", "kind", "number", "size", "start", "values")

    def __init__(self, array: Any, kind: str, number: int, home: Any = None) -> None:
        self.array, self.kind, self.number, self.home = array, kind, number, home
        self.start, self.size = address_of(array), extent(array)
        self.values: Any = None  # a constant's bytes, once the recording is over
        self.dropped = False  # whether nothing is there any more

    def __repr__(self) -> str:
        return f"<{self.kind} block {self.number}, {self.size} bytes>"


class Window:
    """An array as a place in a block: `offset` and `strides` in bytes. Windows on the same place are equal."""

    __slots__ = ("block", "dtype", "key", "offset", "shape", "strides")

    def __init__(self, block: Block, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], dtype: Any) -> None:
        self.block, self.offset, self.shape, self.strides, self.dtype = block, offset, shape, strides, dtype
        self.key = (block.number, offset, shape, strides, dtype.str)

    @property
    def size(self) -> int:
        """Number of elements."""
        count = 1
        for length in self.shape:
            count *= length
        return count

    def span(self) -> tuple[int, int]:
        """(first byte, one behind the last) in the block."""
        if not self.size:
            return self.offset, self.offset
        last = sum((length - 1) * stride for length, stride in zip(self.shape, self.strides, strict=True))
        return self.offset, self.offset + last + int(self.dtype.itemsize)

    def overlaps(self, other: Window) -> bool:
        """True if the two may share memory: windows on other columns of the same rows do not."""
        if self.block is not other.block:
            return False
        (a, b), (c, d) = self.span(), other.span()
        return a < d and c < b and not any(apart(self, other, step) for step in {*self.strides, *other.strides})

    def columns(self, step: int) -> tuple[int, int] | None:
        """(first byte, one behind the last) within each stretch of `step` bytes; None if it goes over their ends."""
        inner, width = self.offset % step, int(self.dtype.itemsize)
        for length, stride in zip(self.shape, self.strides, strict=True):
            if length > 1 and stride % step:
                width += (length - 1) * stride
        return (inner, inner + width) if inner + width <= step else None

    def covers_block(self) -> bool:
        """True if every byte of the block is one of the window's, once."""
        return self.size * int(self.dtype.itemsize) == self.block.size and self.span() == (0, self.block.size)

    def collapsed(self) -> Window:
        """The window with one element along axes that repeat the same memory."""
        repeated = any(stride == 0 and length > 1 for length, stride in zip(self.shape, self.strides, strict=True))
        if not repeated or not self.size:
            return self
        shape = tuple(1 if stride == 0 else n for n, stride in zip(self.shape, self.strides, strict=True))
        return Window(self.block, self.offset, shape, self.strides, self.dtype)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Window) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"{self.block.kind[0]}{self.block.number}{list(self.shape)}"


def apart(a: Window, b: Window, step: int) -> bool:
    """True if two windows lie in different columns of rows that are `step` bytes long."""
    if step <= 0 or min(*a.strides, *b.strides, 0) < 0:
        return False
    left, right = a.columns(step), b.columns(step)
    return left is not None and right is not None and (left[1] <= right[0] or right[1] <= left[0])


class Memory:
    """The blocks that a recording has met, by address. Every array shown to it is kept: no address comes twice."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.kept: list[Any] = []
        self.fresh = 0  # bytes of blocks since this was last set
        self._starts: list[int] = []
        self._by_start: list[Block] = []

    def declare(self, array: Any, kind: str, home: Any = None) -> Window:
        """A new block of exactly this array's memory. Raises ValueError where another block has some of it."""
        lowest = array
        if any(step < 0 for step in array.strides):
            raise ValueError("negative strides")
        block = Block(lowest, kind, len(self.blocks), home)
        place = bisect.bisect_left(self._starts, block.start)
        if block.size:
            before = self._by_start[place - 1] if place else None
            after = self._by_start[place] if place < len(self._by_start) else None
            if (before and before.start + before.size > block.start) or (
                after and block.start + block.size > after.start
            ):
                raise ValueError("overlapping arrays")
            self._starts.insert(place, block.start)
            self._by_start.insert(place, block)
        self.blocks.append(block)
        self.fresh += block.size
        self.kept.append(array)
        return Window(block, 0, array.shape, array.strides, array.dtype)

    def find(self, array: Any) -> Window | None:
        """The window that an array is on a block met before, or None."""
        if not array.size:
            return None
        start = address_of(array)
        place = bisect.bisect_right(self._starts, start) - 1
        if place < 0:
            return None
        block = self._by_start[place]
        offset = start - block.start
        if offset + extent(array) > block.size:
            return None
        self.kept.append(array)
        return Window(block, offset, array.shape, array.strides, array.dtype)

    def window(self, array: Any, kind: str, home: Any = None) -> tuple[Window, bool]:
        """The window an array is, on a known block or on a new one of `kind`. -> (window, whether it is new)"""
        found = self.find(array)
        if found is not None:
            return found, False
        owner = versions.owner(array)
        if not array.size or owner is array or extent(owner) != owner.nbytes:
            return self.declare(array, kind, home), True
        self.declare(owner, kind, home)
        self.kept.append(array)
        made = self.find(array)
        assert made is not None
        return made, True

    def copy_constants(self) -> None:
        """Keep what constants hold now: they may be tensors that somebody changes later."""
        for block in self.blocks:
            if block.kind == "constant" and block.size:
                block.values = bytes_of(block.array, block.start, block.size).copy()

    def release(self) -> None:
        """Let go of arrays that were made in the recorded call."""
        self.kept = []
        for block in self.blocks:
            if block.kind != "outside":
                block.array = None


def address_of(array: Any) -> int:
    """Address of an array's first element (of an empty array, some number)."""
    return int(array.__array_interface__["data"][0])


def bytes_of(owner: Any, start: int, size: int) -> Any:
    """The memory of an array as bytes, from address `start` on. Keeps the array."""
    return np.asarray(Raw(owner, start, size))


class Raw:
    """Memory at an address, for NumPy; keeps the array that owns it."""

    __slots__ = ("__array_interface__", "owner")

    def __init__(self, owner: Any, start: int, size: int) -> None:
        self.owner = owner
        self.__array_interface__ = {"version": 3, "shape": (max(1, size),), "typestr": "|u1", "data": (start, False)}
