"""A recording made into something that runs: memory for every block, and one step after the other.

Steps that have a native kernel are gathered in programs; the others are the engine's own forward functions and gradient
rules, called on the plan's arrays. Nothing else of Python runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradbook import kernels
from gradbook.autograd import versions
from gradbook.compiler.arena import Arena
from gradbook.compiler.between import Between
from gradbook.compiler.coalesce import coalesced, windows_in
from gradbook.compiler.gradients import Gradients
from gradbook.compiler.in_place import in_place
from gradbook.compiler.instruction import DRAWING, NOT_KEPT, Instruction
from gradbook.compiler.kept import KEPT, Kept, unset
from gradbook.compiler.memory import Block, Window, bytes_of
from gradbook.compiler.wording import Wording
from gradbook.kernels.program import Program, address_of, aligned
from gradbook.tensor import Tensor

__all__ = ["Plan"]

largest = np.maximum.reduce
UNSIGNED = {size: np.dtype(f"u{size}") for size in (1, 2, 4, 8)}


class Plan:
    """What a call computes, ready to run again with tensors of the inputs' shapes, dtypes, strides: see calling.py."""

    def __init__(
        self, recorder: Any, outputs: list[Window], kept: Kept | None = None, *, native: bool = True, slots: int = 0
    ) -> None:
        """recorder: a Recorder, or a Part of one. kept: memory that forward and backward share.

        slots: how many values of a run only Python knows.
        """
        load()
        self.recorder, self.kept = recorder, Kept([]) if kept is None else kept
        self._addresses: dict[int, int] = {}
        self._places: dict[int, list[Any]] = {}
        self._lent: list[int] = []
        self.outputs = outputs
        self.grads = Gradients(self)
        losses = [what for kind, what, _ in recorder.taps.told if kind == "backward"]
        self.lasting = {window.block.number for window in (*outputs, *losses)}
        self.lasting |= {window.block.number for _, window in self.grads.kept} | self.kept.places.keys()
        instructions = coalesced(recorder.instructions, self.lasting)
        recorder.instructions = in_place(instructions, self.lasting | unsure(instructions))
        self.moving = [*moving_blocks(recorder), *self.kept.moving]
        self.last = last_reads(recorder.instructions)
        self.kept_memory = self.kept.memory()
        self.between: Any = None
        self.steps = self.lowered() if native else self.without_kernels()
        if slots or any(each.kind == "left" for each in recorder.instructions):
            self.between = Between(self, slots)
        self.ranges = list(self._ranges(recorder.instructions))
        self.input_blocks = [window.block for window in recorder.inputs]
        for number, place in (pair for _, places in self.programs for pair in places):
            if place.uses:
                self._places.setdefault(number, []).append(place)
        self.taps = recorder.taps
        self.taps.told = [
            (kind, self.register(what) if kind == "backward" else what, place) for kind, what, place in self.taps.told
        ]
        self.output_registers = [self.register(window) for window in outputs if window.block not in self.kept.moving]
        self.held_grads = [(leaf, window.block) for leaf, window in recorder.held_grads]
        changes: dict[int, list[Window]] = {}
        for window in (window for each in recorder.instructions for window in each.changes()):
            changes.setdefault(window.block.number, []).append(window)
        seen = [(array, recorder.memory.find(array)) for _, array in recorder.outside.values()]
        self.written = versions.Together([
            array for array, window in seen
            if window is not None and any(change.overlaps(window) for change in changes.get(window.block.number, ()))
        ])  # fmt: skip

    # -- memory ------------------------------------------------------------------------------------------------------

    def register(self, window: Window) -> int:
        """The number under which the window's array is found in `arrays`, whenever the plan runs."""
        number = self._number(window)
        found = self._of_block.setdefault(window.block.number, [])
        if (number, window) not in found:
            self.arrays[number] = self._view(window)
            found.append((number, window))
        return number

    def _number(self, window: Window) -> int:
        found = self._register.get(window)
        if found is None:
            found = self._register[window] = len(self.arrays)
            self.arrays.append(self._view(window))
        return found

    def _view(self, window: Window) -> Any:
        block = window.block
        if not window.size:  # strides as for elements that are not there
            return np.empty(window.shape, window.dtype)
        memory = self._memory.get(block.number)
        if memory is None:
            memory = self._memory[block.number] = self._place(block)
        elif type(memory) is Elsewhere:
            memory = self._memory[block.number] = bytes_of(memory.array, memory.start, block.size)
        return np.ndarray(window.shape, window.dtype, memory, window.offset, window.strides)

    def _place(self, block: Block) -> Any:
        if block.kind == "temporary":
            if block.number in self.kept.places:
                return self.kept.part(self.kept_memory, block)
            start = self.arena.places.get(block.number)
            if start is None:
                return aligned((max(1, block.size),), np.uint8)
            return self.pool[start : start + max(1, block.size)]
        memory = bytes_of(block.array, block.start, block.size)
        if block.kind == "constant":
            return memory.copy() if block.values is None else block.values
        return memory

    def rebind(self, block: Block, array: Any) -> None:
        """Let all windows of a block look into another array."""
        start = address_of(array)
        if self._addresses.get(block.number) == start:
            return
        self._addresses[block.number] = start
        for place in self._places.get(block.number, ()):
            place.bind(start)
        windows = self._of_block.get(block.number, ())
        self._memory[block.number] = bytes_of(array, start, block.size) if windows else Elsewhere(array, start)
        for number, window in windows:
            self.arrays[number] = self._view(window)

    def bind_kept(self, memory: Any) -> None:
        """Let all windows of kept blocks look into another piece of memory."""
        if memory is self.kept_memory:
            return
        self.kept_memory, start = memory, address_of(memory)
        for place in self._places.get(KEPT, ()):
            place.bind(start)
        for number in self.kept.places.keys() & self._of_block.keys():
            windows = self._of_block[number]
            self._memory[number] = self.kept.part(memory, windows[0][1].block)
            for register, window in windows:
                self.arrays[register] = self._view(window)

    def words(self, block: Block) -> list[tuple[Any, int, int]] | None:
        """(words, which, bytes from the block's start) that point to a block; None if arrays look into it, too."""
        if block.number in self._of_block:
            return None
        return [use for place in self._places.get(block.number, ()) for use in place.uses]

    def lend(self, window: Window) -> Any:
        """New memory for a window that is the whole of its block, until `take_back`. -> the window's array there"""
        block = window.block
        memory = unset(block.size)
        self.rebind(block, memory)
        self._lent.append(block.number)
        return np.ndarray(window.shape, window.dtype, memory, window.offset, window.strides)

    def take_back(self) -> None:
        """Hold no longer what was lent."""
        for number in self._lent:
            self._memory[number] = self._addresses[number] = 0
            for register, _ in self._of_block.get(number, ()):
                self.arrays[register] = None
        self._lent.clear()

    def _ranges(self, instructions: list[Instruction]) -> Iterator[tuple[int, int, int]]:
        """(register, how many there are, a value that is allowed beside) of classes and indices."""
        for each in instructions:
            if each.kind != "op" or each.op.name not in ("cross_entropy", "nll_loss", "embedding"):
                continue
            loss = each.op.name != "embedding"
            found = each.inputs[1] if loss else each.params["index"]
            if isinstance(found, Window) and found.block.kind != "temporary" and found.dtype.kind in "iu":
                count = each.inputs[0].shape[1 if loss and len(each.inputs[0].shape) > 1 else 0]
                yield self.register(found), count, each.params["ignore_index"] if loss else 0

    # -- steps -------------------------------------------------------------------------------------------------------

    def lowered(self) -> list[Callable[[], None]]:
        """The instructions as native programs where there are kernels, and as calls between them where not."""
        instructions = self.recorder.instructions
        if kernels.usable():
            from gradbook.compiler.lowering import Lowering, Missing

            try:
                self._place_all(not_kept(instructions))
                try:
                    return Lowering(self).steps
                except Missing:
                    self._place_all(unsure(instructions))
                    return Lowering(self, again=True).steps
            except RuntimeError as error:  # of LLVM
                kernels.switch_off(str(error))
        return self.without_kernels()

    def without_kernels(self) -> list[Callable[[], None]]:
        """The engine's own functions for everything."""
        self._place_all(set())
        return [self.step_of(each) for each in (*self.kept.again.values(), *self.recorder.instructions)]

    def _place_all(self, alone: set[int]) -> None:
        """Begin with nothing lowered, and with a place for each temporary block but those with memory of their own."""
        self.arrays: list[Any] = []
        self._register: dict[Window, int] = {}
        self._of_block: dict[int, list[tuple[int, Window]]] = {}  # those that are looked up when the plan runs
        self._memory: dict[int, Any] = {}
        self.programs: list[tuple[Any, list[tuple[int, Any]]]] = []
        self.updates: list[Any] = []  # optimizers whose steps are kernels
        self.left: list[Instruction] = []  # what has no kernel
        alone = self.lasting | self.kept.again.keys() | alone
        self.arena = Arena(self.recorder.instructions, alone, begins_epoch)
        self.pool = aligned((self.arena.size,), np.uint8)

    def program(self) -> Program:
        """A new native program that knows which memory is another one in each run."""
        program = Program()
        places = []
        for block in self.moving:
            if block.size:
                memory = self._memory.get(block.number)
                if memory is None:
                    memory = self._memory[block.number] = self._place(block)
                places.append((block.number, program.place(memory[: block.size])))
        if self.kept.places:
            places.append((KEPT, program.place(self.kept_memory)))
        self.programs.append((program, places))
        return program

    def needed(self, window: Window, now: int) -> bool:
        """Whether instruction number `now`, or a later one, or who called, reads what is written to a window."""
        block = window.block
        return block.kind != "temporary" or block.number in self.lasting or self.last.get(block.number, -1) >= now

    def array(self, operand: Any) -> Any:
        """The array of a window, for kernels, whose places tell them of other memory. None, constants: as they are."""
        return self.arrays[self._number(operand)] if isinstance(operand, Window) else operand

    def step_of(self, each: Instruction) -> Callable[[], None]:
        """An instruction as a function without arguments that calls the engine's own."""
        from gradbook.compiler.steps import STEPS

        return STEPS[each.kind](self, each)

    def value(self, operand: Any) -> Callable[[], Any]:
        """How an operand is read when a step runs."""
        arrays = self.arrays
        if isinstance(operand, Window):
            number = self.register(operand)
            return lambda: arrays[number]
        if type(operand) in (tuple, list) and any(isinstance(part, Window | tuple | list) for part in operand):
            parts, kind = [self.value(part) for part in operand], type(operand)
            return lambda: kind(part() for part in parts)
        return lambda: operand

    def targets(self, each: Instruction) -> list[int]:
        """The registers of an instruction's outputs; -1 where there is none."""
        return [self.register(out) if isinstance(out, Window) else -1 for out in each.outputs]

    # -- running -----------------------------------------------------------------------------------------------------

    def wording(self, wording: Wording, first: Sequence[str] = ()) -> list[str]:
        """The statements that run it for `inputs`, after those of `first`; what has to be so before, as conditions."""
        if self.between is not None:
            wording.names["between"] = self.between
        lines = [line for update in self.updates for line in update.wording(wording)]
        if self.input_blocks or self.held_grads or self.ranges:
            lines = ["if not bind(inputs):", "    return OUT_OF_RANGE", *lines]
        before, after = self.grads.wording(wording)
        steps = [f"    steps[{i}]()" for i in range(len(self.steps))] or ["    pass"]
        wording.names |= {"versions": versions, "written": self.written, "next_seq": versions.sequence.__next__}
        end = ["    written.stamp = versions.last = next_seq()", "    written.times += 1"]
        if self.between is not None:
            lines = ["if between.running:", "    return OUT_OF_RANGE", *lines]
            before = [*before, "between.begin(inputs, numbers)"]
            steps += ["except Ended as ended:", "    return ended.value", "except Late as late:"]
            steps += ["    return between.unfinished(late)"]
            end.append("    between.running = False")
        return [*lines, *before, *first, "try:", *steps, "finally:", *end, *after]  # after an interrupt, too

    def bind(self, inputs: list[Tensor]) -> bool:
        """Take these inputs. -> False if their values would raise: classes or indices that are out of range."""
        for block, tensor in zip(self.input_blocks, inputs, strict=True):
            self.rebind(block, tensor._array)
        for leaf, block in self.held_grads:
            self.rebind(block, leaf._grad._array)  # it was checked
        for number, count, ignored in self.ranges:
            values = self.arrays[number]
            if values.size and not largest(values.view(UNSIGNED[values.itemsize]), None) < count:  # as below 0 is large
                inside = (values >= 0) & (values < count) | (values == ignored)
                if not inside.all():
                    return False
        return True


def load() -> None:
    """Import what makes plans, which it is too early for when gradbook is imported.

    A child that another thread makes by fork meanwhile would have half of a module: so it waits.
    """
    usable = kernels.usable()
    with kernels.trying:
        from gradbook.compiler import steps  # noqa: F401

        if usable:
            from gradbook.compiler import lowering  # noqa: F401


def moving_blocks(recorder: Any) -> list[Block]:
    """Blocks whose memory is another one from run to run: inputs, gradients."""
    found = [window.block for window in recorder.inputs] + [window.block for _, window in recorder.held_grads]
    left = [each.op for each in recorder.instructions if each.kind == "left"]
    found += [window.block for made in left for _, window, _ in made.late]
    for _, window in recorder.leaf_grads.values():
        if window is not None and window.block not in found:
            found.append(window.block)
    return found


def begins_epoch(each: Instruction) -> bool:
    """True unless an instruction may be one of several in a kernel."""
    if not kernels.usable():
        return True
    from gradbook.compiler.lower import has_kernels

    if each.kind in ("op", "rule"):
        return has_kernels(each) or each.op.name in DRAWING or each.op.multi or each.op.custom
    return each.kind not in ("copy", "add", "fit", "zero", "count")


def not_kept(instructions: list[Instruction]) -> set[int]:
    """Blocks of extras that kernels leave out: memory is found for them if it is asked for."""
    outputs = [(each.outputs, NOT_KEPT[each.op.name]) for each in instructions
               if each.kind == "op" and each.op.name in NOT_KEPT]  # fmt: skip
    return {found[at].block.number for found, at in outputs if len(found) > at and isinstance(found[at], Window)}


def unsure(instructions: list[Instruction]) -> set[int]:
    """Blocks of ops that have to be run once more, for an extra that their kernels leave out."""
    again = [each for each in instructions if each.kind == "op" and each.op.name in NOT_KEPT]
    return {window.block.number for each in again for window in windows_in((each.inputs, each.outputs))}


def last_reads(instructions: list[Instruction]) -> dict[int, int]:
    """The index of the last instruction that reads a block, by the block's number."""
    found = {}
    for i, each in enumerate(instructions):
        for window in windows_in((each.inputs, each.params)):
            found[window.block.number] = i
        if each.kind in ("set", "count"):
            found[each.outputs[0].block.number] = i
    return found


class Elsewhere(NamedTuple):
    """Memory that only kernels read so far: nothing of NumPy is needed."""

    array: Any
    start: int
