"""What a call's forward leaves in memory for its backward: one piece of memory a call, so that several may wait."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gradbook.compiler.instruction import Instruction
from gradbook.compiler.memory import Block
from gradbook.kernels.program import address_of

__all__ = ["KEPT", "Kept", "unset"]

KEPT = -1  # the number under which this memory is known beside the blocks'
LINE = 64  # bytes that every block starts on a multiple of


class Kept:
    """Where each of some blocks lies in such a piece of memory: `places` {block number: offset}, `size` in bytes.

    again: blocks that are not kept, and the op that computes each again where it is read after all. moving: blocks
    that lie in other memory in each run, beside those that a plan finds itself.
    """

    def __init__(self, blocks: Iterable[Block]) -> None:
        self.places: dict[int, int] = {}
        self.size = 0
        self.again: dict[int, Instruction] = {}
        self.moving: list[Block] = []
        for block in blocks:
            self.places[block.number] = self.size
            self.size += -(-max(1, block.size) // LINE) * LINE

    def also(self, again: dict[int, Instruction], moving: list[Block]) -> Kept:
        """The same places, with these."""
        made = Kept(())
        made.places, made.size, made.again, made.moving = self.places, self.size, again, moving
        return made

    def memory(self) -> Any:
        """New memory for one call."""
        return unset(self.size)

    def part(self, memory: Any, block: Block) -> Any:
        """The bytes of a block in such memory."""
        start = self.places[block.number]
        return memory[start : start + max(1, block.size)]


def unset(size: int) -> Any:
    """Bytes, at least one, from the start of a line of the cache on; what they hold is not known."""
    raw = np.empty(size + LINE, np.uint8)
    start = -address_of(raw) % LINE
    return raw[start : start + max(1, size)]
