"""A list of kernels that runs in one native call, by one thread or by a team of them.

Every thread goes through the whole list; a kernel's units are shared among them, and they wait for each other after it.
"""

from __future__ import annotations

import bisect
import ctypes
import functools
import os
import struct
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gradbook.kernels import jit
from gradbook.kernels.direct import direct
from gradbook.kernels.host import host

__all__ = ["MAX_THREADS", "Kernel", "Program", "Scratch", "Unsupported", "address_of", "aligned", "call"]

RECORD = 5  # words of one entry: function, its words, units, grain, flags
ALONE, ONWARD, SPLIT = 1, 2, 4  # flags: first thread only; no waiting afterwards; called with (thread, threads)
ALIGNMENT = 64  # bytes of a cache line
MAX_THREADS = min(64, os.cpu_count() or 1)  # a program is run by no more: kernels have memory for so many

RUN = """
define internal void @run(ptr %list, i64 %count, i64 %thread, i64 %threads, ptr %arrived, ptr %yield) {
entry:
  %some = icmp sgt i64 %count, 0
  br i1 %some, label %next, label %end
next:
  %i = phi i64 [0, %entry], [%following, %joined]
  %awaited = phi i64 [0, %entry], [%awaited.now, %joined]
  %at = mul i64 %i, 5
  %p0 = getelementptr i64, ptr %list, i64 %at
  %p1 = getelementptr i64, ptr %p0, i64 1
  %p2 = getelementptr i64, ptr %p0, i64 2
  %p3 = getelementptr i64, ptr %p0, i64 3
  %p4 = getelementptr i64, ptr %p0, i64 4
  %function = load ptr, ptr %p0
  %words = load ptr, ptr %p1
  %units = load i64, ptr %p2
  %grain = load i64, ptr %p3
  %flags = load i64, ptr %p4
  %alone.bit = and i64 %flags, 1
  %alone = icmp ne i64 %alone.bit, 0
  br i1 %alone, label %first, label %shared
first:
  %is.first = icmp eq i64 %thread, 0
  br i1 %is.first, label %whole, label %ran
whole:
  call void %function(ptr %words, i64 0, i64 %units)
  br label %ran
shared:
  %split.bit = and i64 %flags, 4
  %split = icmp ne i64 %split.bit, 0
  br i1 %split, label %by.thread, label %part
by.thread:
  call void %function(ptr %words, i64 %thread, i64 %threads)
  br label %ran
part:
  %up = add i64 %units, %grain
  %up1 = sub i64 %up, 1
  %blocks = sdiv i64 %up1, %grain
  %b0 = mul i64 %blocks, %thread
  %b1 = sdiv i64 %b0, %threads
  %start = mul i64 %b1, %grain
  %t1 = add i64 %thread, 1
  %b2 = mul i64 %blocks, %t1
  %b3 = sdiv i64 %b2, %threads
  %stop.full = mul i64 %b3, %grain
  %over = icmp slt i64 %units, %stop.full
  %stop = select i1 %over, i64 %units, i64 %stop.full
  %work = icmp slt i64 %start, %stop
  br i1 %work, label %go, label %ran
go:
  call void %function(ptr %words, i64 %start, i64 %stop)
  br label %ran
ran:
  %onward.bit = and i64 %flags, 2
  %onward = icmp ne i64 %onward.bit, 0
  %one = icmp eq i64 %threads, 1
  %free = or i1 %onward, %one
  br i1 %free, label %joined, label %arrive
arrive:
  %target = add i64 %awaited, %threads
  %before = atomicrmw add ptr %arrived, i64 1 acq_rel
  br label %wait
wait:
  %spins = phi i64 [0, %arrive], [%spins.next, %again]
  %seen = load atomic i64, ptr %arrived acquire, align 8
  %done = icmp sge i64 %seen, %target
  br i1 %done, label %joined, label %spin
spin:
  %spins.next = add i64 %spins, 1
  %low = and i64 %spins.next, 63
  %long = icmp eq i64 %low, 0
  br i1 %long, label %give, label %pause
give:
  %ignored = call i32 %yield()
  br label %again
pause:
  PAUSE
  br label %again
again:
  br label %wait
joined:
  %awaited.now = phi i64 [%awaited, %ran], [%target, %wait]
  %following = add i64 %i, 1
  %more = icmp slt i64 %following, %count
  br i1 %more, label %next, label %end
end:
  ret void
}
"""
PAUSES = {"neon": "call void @llvm.aarch64.hint(i32 1)", "": "call void @llvm.x86.sse2.pause()"}
PAUSE_DECLARATIONS = {"neon": "declare void @llvm.aarch64.hint(i32)", "": "declare void @llvm.x86.sse2.pause()"}

SERIAL = """
define void @kernel(ptr %words, i64 %start, i64 %stop) {
  %p = getelementptr i64, ptr %words, i64 1
  %list = load ptr, ptr %words
  %count = load i64, ptr %p
  call void @run(ptr %list, i64 %count, i64 0, i64 1, ptr null, ptr null)
  ret void
}
"""


class Unsupported(Exception):
    """These arrays cannot be given to this kernel (dtype, strides, sizes): the caller takes another way."""


class Kernel(NamedTuple):
    """A compiled function and how threads share it: its units, and how many make a block that is not divided.

    alone: one thread runs it. split: it is called with (thread, threads) and shares the work itself.
    """

    name: str
    address: int
    units: int = 1
    grain: int = 1
    alone: bool = False
    split: bool = False
    flops: int = 0


class Noted(threading.local):
    """What eager operations ran, while somebody wants to know: (adder, made, given, settings, more) each."""

    runs: list[Any] | None = None


noted = Noted()


def with_pauses(text: str) -> str:
    """IR with this processor's instruction for a waiting loop."""
    here = host()
    kind = here.isa if here is not None and here.isa in PAUSES else ""
    return text.replace("PAUSE", PAUSES[kind]) + PAUSE_DECLARATIONS[kind] + "\n"


class Program:
    """Kernels and their words, run from first to last. Arrays that were added are kept as long as the program.

    An array that is another one in each run is declared first (`place`), and stands for it in what is added then;
    before a run `bind` puts the real one in its stead.

    threads: by how many it is run at most. scratch: memory that it shares with programs that never run meanwhile.
    """

    def __init__(self, threads: int = MAX_THREADS, scratch: Scratch | None = None) -> None:
        self.threads = threads
        self._scratch = Scratch() if scratch is None else scratch
        self.kernels: list[Kernel] = []
        self.kept: list[Any] = []
        self.places: list[Place] = []  # by where they start
        self._starts: list[int] = []
        self._entries: list[tuple[int, int, int, int, int]] = []
        self._list: np.ndarray[Any, Any] | None = None
        self._built = (0, 0)
        self._words: np.ndarray[Any, Any] | None = None

    def add(self, kernel: Kernel, *words: Any, onward: bool = False) -> np.ndarray[Any, Any]:
        """Run `kernel` next with these words: arrays, integers, floats. -> the words, which may be changed later.

        onward: threads need not wait for each other after it.
        """
        packed = self.pack(words)
        self.kernels.append(kernel)
        flags = (ALONE if kernel.alone else 0) | (ONWARD if onward else 0) | (SPLIT if kernel.split else 0)
        self._entries.append((kernel.address, packed.ctypes.data, kernel.units, kernel.grain, flags))
        self._list = None
        return packed

    def pack(self, words: tuple[Any, ...]) -> np.ndarray[Any, Any]:
        """Words as a kernel reads them, kept and bound with the program."""
        packed = pack(words)
        for i, word in enumerate(words if self.places else ()):
            if isinstance(word, np.ndarray) and word.size:
                at = int(packed[i])
                place = self.places[bisect.bisect_right(self._starts, at) - 1]
                if place.start <= at < place.stop:
                    place.uses.append((packed, i, at - place.start))
        self.kept.append((packed, words))
        return packed

    def scratch(self, floats: int, which: int = 0) -> np.ndarray[Any, Any]:
        """Memory for one operation to use while it runs; the next one may be given the same.

        which: an operation may have several pieces, by number.
        """
        found = self._scratch.piece(floats, which)
        self.kept.append(found)
        return found

    def place(self, array: np.ndarray[Any, Any]) -> Place:
        """Declare an array for which another of the same strides is put in later."""
        made = Place(array)
        where = bisect.bisect(self._starts, made.start)
        self._starts.insert(where, made.start)
        self.places.insert(where, made)
        return made

    def __len__(self) -> int:
        return len(self.kernels)

    @property
    def flops(self) -> int:
        """Floating point operations of one run, as far as the kernels state them."""
        return sum(kernel.flops for kernel in self.kernels)

    def built(self) -> tuple[int, int]:
        """(address of the list, number of entries)."""
        if self._list is None:
            self._list = np.array(self._entries, np.int64).reshape(-1, RECORD)
            self._list[-1:, -1] |= ONWARD  # who started the threads waits for them in any case
            self._built, self._words = (self._list.ctypes.data, len(self._entries)), None
        return self._built

    def run(self, *, unlocked: bool = False) -> None:
        """Run in this thread alone. unlocked: others may run Python meanwhile, for programs of some duration."""
        run = native(serial_address()) if unlocked else serial()
        run(self._packed(), 0, 1)

    def quick(self) -> Callable[[], None]:
        """What `run` does, as a function that is quicker to call, as long as the program is there and unchanged."""
        try:
            function, self._job = direct(serial_address(), self._packed(), 0, 1)
        except RuntimeError:
            return self.run
        return function

    def _packed(self) -> int:
        """Where the words of `SERIAL` are."""
        if self._list is None or self._words is None:
            self._words = np.array(self.built(), np.int64)
            self._at = self._words.ctypes.data
        return self._at


class Scratch:
    """Memory that operations use one after the other: as large as the largest needs."""

    def __init__(self) -> None:
        self.pieces: dict[int, np.ndarray[Any, Any]] = {}

    def piece(self, floats: int, which: int) -> np.ndarray[Any, Any]:
        """Piece number `which`, with room for so many floats. A larger one is half as large again at least."""
        found = self.pieces.get(which)
        if found is None or found.size < floats:
            room = floats if found is None else max(floats, found.size * 3 // 2)
            found = self.pieces[which] = aligned((room,))
        return found


class Place:
    """Where a program's words hold the address of an array, or of a part of it."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.array = array
        self.start = array.ctypes.data
        self.stop = self.start + max(1, extent(array))
        self.uses: list[tuple[np.ndarray[Any, Any], int, int]] = []  # (words, which, bytes from the array's start)

    def bind(self, address: int) -> None:
        """Let the words point to the array at `address`."""
        for packed, i, offset in self.uses:
            packed[i] = address + offset


def extent(array: np.ndarray[Any, Any]) -> int:
    """Bytes from an array's first element to the end of its last; strides must not be negative."""
    if not array.size:
        return 0
    steps = zip(array.shape, array.strides, strict=True)
    return int(array.itemsize + sum((length - 1) * stride for length, stride in steps))


@functools.cache
def serial() -> Any:
    """The native function that runs a list in one thread, keeping the interpreter lock."""
    return ctypes.PYFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)(serial_address())


@functools.cache
def serial_address() -> int:
    """Where that function is."""
    return jit.address(with_pauses(RUN + SERIAL))


def call(address: int, start: int, stop: int, *words: Any) -> None:
    """Run units [start, stop) of one kernel now, without the interpreter lock."""
    packed = pack(words)
    native(address)(packed.ctypes.data, start, stop)


@functools.cache
def native(address: int) -> Any:
    """The kernel at an address as a function of (address of words, start, stop), without the interpreter lock."""
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)(address)


def address_of(array: np.ndarray[Any, Any]) -> int:
    """Where an array's numbers begin: `array.ctypes.data` in a tenth of the time."""
    return ctypes.c_ssize_t.from_address(id(array) + DATA).value if DATA else int(array.ctypes.data)


def _data_offset() -> int:
    """Where NumPy's objects hold that address: behind the head of all of CPython's objects. 0: not there."""
    offset = object.__basicsize__
    if sys.implementation.name != "cpython":
        return 0
    for array in (np.zeros(3), np.zeros((4, 5), np.float32)[1:, ::2], np.zeros((0, 2))):
        if ctypes.c_ssize_t.from_address(id(array) + offset).value != array.__array_interface__["data"][0]:
            return 0
    return offset


DATA = _data_offset()


def pack(words: tuple[Any, ...]) -> np.ndarray[Any, Any]:
    """Arguments as a kernel reads them: addresses of arrays, integers, and floats as the bits of a float32."""
    packed = np.empty(max(1, len(words)), np.int64)
    for i, word in enumerate(words):
        if isinstance(word, np.ndarray):
            packed[i] = address_of(word)
        elif isinstance(word, float | np.floating):
            packed[i] = struct.unpack("<i", struct.pack("<f", word))[0]
        else:
            packed[i] = int(word)
    return packed


def aligned(shape: Any, dtype: Any = np.float32) -> np.ndarray[Any, Any]:
    """An array of zeros that starts on a cache line."""
    kind = np.dtype(dtype)
    size = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
    raw = np.zeros(size + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    array: np.ndarray[Any, Any] = raw[start : start + size].view(kind).reshape(shape)
    return array
