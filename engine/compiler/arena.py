"""Memory for a plan's temporary blocks: two that are never needed at the same time may share it.

Pointwise instructions that follow each other become one kernel, which reads and writes all that they do at once. So
time is counted in epochs: a new one begins with every instruction that is not pointwise, and a block's memory is free
for blocks that are born in a later epoch than that in which it was last touched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook.compiler.coalesce import uses
from gradbook.compiler.instruction import Instruction

__all__ = ["Arena"]

LINE = 64  # bytes that every block starts on a multiple of


class Arena:
    """Where each temporary block lies in one piece of memory: `places` {block number: offset}, `size` in bytes."""

    def __init__(self, instructions: list[Instruction], alone: set[int], starts: Callable[[Instruction], bool]) -> None:
        """alone: blocks that keep memory of their own. starts: whether an instruction begins an epoch."""
        self.places: dict[int, int] = {}
        self.size = 0
        lives: dict[int, list[Any]] = {}  # block number -> [size, first epoch, last epoch]
        epoch = 0
        for each in instructions:
            if starts(each):
                epoch += 1
            for window in uses(each):
                block = window.block
                if block.kind == "temporary" and block.number not in alone:
                    lives.setdefault(block.number, [block.size, epoch, epoch])[2] = epoch
            if starts(each):
                epoch += 1
        self._fill(lives)

    def _fill(self, lives: dict[int, list[Any]]) -> None:
        """The largest first, each at the lowest place where nothing else lies while it lives."""
        placed: list[tuple[int, int, int, int]] = []  # offset, end, first, last
        for number, (size, first, last) in sorted(lives.items(), key=lambda item: (-item[1][0], item[0])):
            room, offset = -(-max(1, size) // LINE) * LINE, 0
            for start, end, begins, ends in sorted(placed):
                if begins <= last and first <= ends:
                    if start - offset >= room:
                        break
                    offset = max(offset, end)
            self.places[number] = offset
            placed.append((offset, offset + room, first, last))
            self.size = max(self.size, offset + room)
