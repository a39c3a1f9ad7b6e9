"""Results written where an operand lies that nobody reads afterwards, so that less memory goes through the caches.

A recurrent layer's gates, what is kept of them, and their gradients are its largest arrays, and each is read once.
"""

from __future__ import annotations

from gradbook.compiler.coalesce import alike, first_uses, last_uses, moved_to, uses
from gradbook.compiler.instruction import Instruction
from gradbook.compiler.memory import Block, Window

__all__ = ["in_place"]

# (kind, op): an operand, and the result whose kernel may write in its place, as it reads each number before, and once
IN_PLACE = {("op", "lstm_layer"): (0, 3), ("rule", "lstm_layer"): (6, 0)}
# (kind, op): an operand that the rule wants for gradients of gradients alone, which a plan does not ask it for
UNREAD = {("rule", "lstm_layer"): 1}


def in_place(instructions: list[Instruction], alone: set[int]) -> list[Instruction]:
    """The instructions with such results in their operands' place. alone: blocks that keep memory of their own."""
    named = [(i, each, (each.kind, each.op.name)) for i, each in enumerate(instructions) if each.kind in ("op", "rule")]
    found = [(i, each, name) for i, each, name in named if name in IN_PLACE]
    if not found:
        return instructions
    for _, each, name in found:
        if name in UNREAD:
            each.inputs[UNREAD[name]] = None
    last, first = last_uses(instructions), first_uses(instructions)
    moved: dict[int, Block] = {}
    for i, each, name in found:
        operand, result = IN_PLACE[name]
        source, target = each.inputs[operand], each.outputs[result] if result < len(each.outputs) else None
        if not isinstance(source, Window) or not isinstance(target, Window) or not alike(source, target):
            continue
        own, its = source.block.number, target.block.number
        once = [window.block.number for window in uses(each)].count(own) == 1
        if once and last[own] == i == first[its] and alone.isdisjoint((own, its)):
            moved[its] = source.block
    moved_to(instructions, moved)
    return instructions
