"""Several kernels one after the other for each block of units, so that what lies between them stays in the cache.

    chain = Chain()
    padded = chain.memory(34 * 34 * 64)          # each thread has its own
    chain.step(pack, x, padded, ...)             # words as for a program
    chain.step(tile, padded, weight, out, ...)
    chain.add_to(program, "conv2d", units=32, grain=1)

A step is an ordinary kernel, called with the units of the block; the blocks are shared among the threads. Where a unit
is too large for the cache, or there are fewer than threads, a chain has several parts: each has steps of its own, and
block and part together are what is shared.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from gradbook.kernels import jit
from gradbook.kernels.program import Kernel, Program
from gradbook.kernels.transposing import fill

__all__ = ["Chain", "Memory", "bands", "share"]

Step = tuple[int, tuple[Any, ...]]
Part = TypeVar("Part")

# words: units, units of a block, first steps, steps of a part, parts, shares there is memory for, whether there are
# always so many, and (function, words) of [share][first steps, steps of each part]
RUNNER = """
define void @kernel(ptr %words, i64 %thread, i64 %given) {
entry:
  %p1 = getelementptr i64, ptr %words, i64 1
  %p2 = getelementptr i64, ptr %words, i64 2
  %p3 = getelementptr i64, ptr %words, i64 3
  %p4 = getelementptr i64, ptr %words, i64 4
  %p5 = getelementptr i64, ptr %words, i64 5
  %p6 = getelementptr i64, ptr %words, i64 6
  %p7 = getelementptr i64, ptr %words, i64 7
  %units = load i64, ptr %words
  %grain = load i64, ptr %p1
  %first = load i64, ptr %p2
  %count = load i64, ptr %p3
  %parts = load i64, ptr %p4
  %most = load i64, ptr %p5
  %always = load i64, ptr %p6
  %lists = load ptr, ptr %p7
  %few = icmp slt i64 %given, %most
  %threads = select i1 %few, i64 %given, i64 %most
  %all = icmp ne i64 %always, 0
  %shares = select i1 %all, i64 %most, i64 %threads
  %steps.parts = mul i64 %count, %parts
  %steps = add i64 %first, %steps.parts
  %up = add i64 %units, %grain
  %up1 = sub i64 %up, 1
  %whole = sdiv i64 %up1, %grain
  %blocks = mul i64 %whole, %parts
  %s0 = mul i64 %shares, %thread
  %share.begin = sdiv i64 %s0, %threads
  %t1 = add i64 %thread, 1
  %s1 = mul i64 %shares, %t1
  %share.end = sdiv i64 %s1, %threads
  %there = icmp slt i64 %thread, %threads
  br i1 %there, label %share, label %done
share:
  %k = phi i64 [%share.begin, %entry], [%k.next, %share.done]
  %more.shares = icmp slt i64 %k, %share.end
  br i1 %more.shares, label %own, label %done
own:
  %offset = mul i64 %steps, %k
  %mine = getelementptr {ptr, ptr}, ptr %lists, i64 %offset
  %b0 = mul i64 %blocks, %k
  %begin = sdiv i64 %b0, %shares
  %k.next = add i64 %k, 1
  %b1 = mul i64 %blocks, %k.next
  %end = sdiv i64 %b1, %shares
  br label %once
once:
  %i = phi i64 [0, %own], [%i.next, %once.run]
  %more.once = icmp slt i64 %i, %first
  br i1 %more.once, label %once.run, label %block
once.run:
  call void @step(ptr %mine, i64 %i, i64 0, i64 1)
  %i.next = add i64 %i, 1
  br label %once
block:
  %b = phi i64 [%begin, %once], [%b.next, %block.end]
  %more.blocks = icmp slt i64 %b, %end
  br i1 %more.blocks, label %work, label %share.done
work:
  %at = sdiv i64 %b, %parts
  %part = srem i64 %b, %parts
  %part.steps = mul i64 %part, %count
  %from = add i64 %first, %part.steps
  %to = add i64 %from, %count
  %start = mul i64 %at, %grain
  %full = add i64 %start, %grain
  %over = icmp slt i64 %units, %full
  %stop = select i1 %over, i64 %units, i64 %full
  br label %next
next:
  %s = phi i64 [%from, %work], [%s.next, %next.run]
  %more.steps = icmp slt i64 %s, %to
  br i1 %more.steps, label %next.run, label %block.end
next.run:
  call void @step(ptr %mine, i64 %s, i64 %start, i64 %stop)
  %s.next = add i64 %s, 1
  br label %next
block.end:
  %b.next = add i64 %b, 1
  br label %block
share.done:
  br label %share
done:
  ret void
}

define internal void @step(ptr %list, i64 %i, i64 %start, i64 %stop) {
  %entry = getelementptr {ptr, ptr}, ptr %list, i64 %i
  %second = getelementptr ptr, ptr %entry, i64 1
  %function = load ptr, ptr %entry
  %words = load ptr, ptr %second
  call void %function(ptr %words, i64 %start, i64 %stop)
  ret void
}
"""
LINE = 16  # floats of a cache line
ROOM = 192 << 10  # floats of memory that stay in the second cache together with what else is used
SMALL = 64  # pixels: less are not worth a band of their own
SUMS = 8  # shares of a chain that sums: each is memory to be cleared, and added up at the end
SUMMED = 16 << 20  # floats of that memory in all, but there are two shares at least
SLACK = 4 * LINE  # between two pieces of memory, so that equal places in them do not share a set of the cache


@dataclass(frozen=True)
class Memory:
    """A piece of each thread's own memory, as a word of a step: `start` floats from its beginning."""

    start: int
    size: int

    def shifted(self, floats: int) -> Memory:
        """The memory from a place on."""
        return Memory(self.start + floats, self.size - floats)


def share(program: Program, units: int, wanted: int) -> int:
    """How many units make a block: as many as wanted, but not so many that a thread has none."""
    return max(1, min(wanted, -(-units // program.threads)))


def bands(program: Program, units: int, lines: int, floats: int, *, pixels: int, step: int = 1) -> list[range]:
    """Lines of a unit as bands that are computed one by one: where they are too large for the cache, or units too few.

    floats: memory for all lines; pixels: in a line; step: lines that stay together.
    """
    parts = max(-(-floats // ROOM), -(-program.threads // units))
    blocks = -(-lines // step)
    parts = max(1, min(parts, blocks, lines * pixels // SMALL))
    ends = [min(lines, blocks * i // parts * step) for i in range(parts + 1)]
    return [range(start, stop) for start, stop in itertools.pairwise(ends)]


class Chain:
    """Kernels that a thread runs in turn for each of its blocks of units."""

    def __init__(self) -> None:
        self.parts: list[list[Step]] = [[]]
        self.first: list[Step] = []
        self.several = False  # whether memory of one part is that of others too
        self.size = 0
        self._used = 0  # memory that is given away to this part

    def memory(self, floats: int) -> Memory:
        """Memory of each thread's own, kept from one step to the next. It holds anything at first."""
        made = Memory(self._used, floats)
        self._used += -(-floats // LINE) * LINE + SLACK
        self.size = max(self.size, self._used)
        return made

    def each(self, parts: Sequence[Part]) -> Iterator[Part]:
        """Go through what the parts are; what is added meanwhile is each part's. They use the same memory."""
        before, self.several, self.parts = self._used, len(parts) > 1, []
        for part in parts:
            self.parts.append([])
            self._used = before
            yield part

    def once(self, address: int, *words: Any) -> None:
        """A kernel that every thread runs once before its first block, called with (0, 1)."""
        self.first.append((address, words))

    def step(self, address: int, *words: Any) -> None:
        """The kernel that runs next for a block of units."""
        self.parts[-1].append((address, words))

    def add_to(
        self, program: Program, name: str, units: int, grain: int, flops: int = 0, sums: bool = False
    ) -> np.ndarray[Any, Any]:
        """Let a program run the chain. -> the threads' memory, one row a thread, as it is until the next operation.

        sums: what is left in the memory matters. The blocks then are divided in the same way by any number of threads,
        so that what is summed does not depend on it: all rows are used, and a thread may have several.
        """
        threads = program.threads
        if sums:
            threads = min(threads, SUMS, max(2, SUMMED // max(1, self.size)))
        own = program.scratch(threads * self.size)[: threads * self.size].reshape(threads, self.size)
        listed = np.array([self._listed(program, own[t]) for t in range(threads)], np.int64)
        kernel = Kernel(name, runner(), units, grain, split=True, flops=flops)
        steps = max(len(part) for part in self.parts)
        program.add(kernel, units, grain, len(self.first), steps, len(self.parts), threads, int(sums), listed)
        return own

    def _listed(self, program: Program, own: np.ndarray[Any, Any]) -> list[tuple[int, int]]:
        """(function, words) of every step for one thread."""
        made, nothing = [], (fill(), (own, 0))
        most = max(len(part) for part in self.parts)
        steps = list(self.first)
        for part in self.parts:
            steps += part + [nothing] * (most - len(part))
        for address, words in steps:
            real = tuple(own[w.start :] if isinstance(w, Memory) else w for w in words)
            made.append((address, program.pack(real).ctypes.data))
        return made


@jit.kept
def runner() -> int:
    """The kernel that runs a chain: called with (thread, threads)."""
    return jit.address(RUNNER)
