"""A plan's instructions gathered into native programs, with calls of the engine's own functions between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gradbook.compiler import lower_more, lower_products, lower_rows  # noqa: F401 (they fill the table of `lower`)
from gradbook.compiler.coalesce import windows_in
from gradbook.compiler.fusion import Group
from gradbook.compiler.instruction import NOT_KEPT, Instruction
from gradbook.compiler.lower import has_kernels, lower
from gradbook.compiler.memory import Window
from gradbook.compiler.update import Update
from gradbook.kernels.pace import Paced
from gradbook.kernels.program import Unsupported

if TYPE_CHECKING:
    from gradbook.compiler.plan import Plan

__all__ = ["Lowering", "Missing"]


class Missing(Exception):
    """Something without a kernel reads an extra that another's kernel leaves out: that op is to be run again for it."""


class Lowering:
    """Goes through a plan's instructions once; `steps` is what to call, in order.

    again: ops may be run again, as what they read is still there. Raises Missing if one has to be and it is not.
    """

    def __init__(self, plan: Plan, again: bool = False) -> None:
        self.plan, self.again = plan, again
        self.steps: list[Callable[[], None]] = []
        self.not_kept: dict[int, Instruction] = dict(
            plan.kept.again
        )  # by block: extras that no kernel computed, and their ops
        self.program, self.group = plan.program(), Group()
        instructions = plan.recorder.instructions
        for i, each in enumerate(instructions):
            own = has_kernels(each)
            if not own and self.group.take(each):
                continue
            self.flush(i)
            if not own and self.group.take(each):
                continue
            try:
                if each.kind == "update":
                    plan.updates.append(Update(plan, self.program, each))
                else:
                    lower(self.program, each, plan.array)
                    self.note_not_kept(each)
            except Unsupported:
                self.call([each])
        self.flush(len(instructions))
        self.close()

    def flush(self, now: int) -> None:
        """Give the gathered group its kernels; instruction `now` comes next."""
        group, self.group = self.group, Group()
        try:
            group.flush(self.program, self.plan.array, lambda window: self.plan.needed(window, now))
        except Unsupported:
            self.call(group.members)

    def call(self, instructions: list[Instruction]) -> None:
        """Let instructions be run by the engine's own functions, after the program so far."""
        self.close()
        for each in instructions:
            for window in windows_in((each.inputs, each.params)):
                made_by = self.not_kept.pop(window.block.number, None)
                if made_by is not None:
                    if not (self.again or window.block.number in self.plan.kept.again):
                        raise Missing
                    self.steps.append(self.plan.step_of(made_by))
        self.steps += [self.plan.step_of(each) for each in instructions]
        self.plan.left += instructions

    def note_not_kept(self, each: Instruction) -> None:
        """An extra that was not computed: whoever reads it has the engine run the op itself."""
        place = NOT_KEPT.get(each.op.name) if each.kind == "op" else None
        if place is not None and len(each.outputs) > place and isinstance(each.outputs[place], Window):
            self.not_kept[each.outputs[place].block.number] = each

    def close(self) -> None:
        """The program so far is a step; another begins."""
        if len(self.program):
            self.steps.append(Paced(self.program, self.steps).run)
            self.program = self.plan.program()
