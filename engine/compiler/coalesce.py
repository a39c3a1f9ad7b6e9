"""Copies that need not be made: what computes the values puts them where they are copied to."""

from __future__ import annotations

from typing import Any

from gradbook.compiler.instruction import Instruction
from gradbook.compiler.memory import Block, Window
from gradbook.compiler.placing import placed

__all__ = ["alike", "coalesced", "first_uses", "last_uses", "moved_to", "uses", "windows_in"]


def coalesced(instructions: list[Instruction], lasting: set[int]) -> list[Instruction]:
    """The instructions without copies from a block that nobody reads afterwards. lasting: blocks read by the caller."""
    last, first = last_uses(instructions), first_uses(instructions)
    gone: set[int] = set()
    moved: dict[int, Block] = {}
    for i, each in enumerate(instructions):
        if each.kind != "copy" or not isinstance(each.inputs[0], Window):
            continue
        source, target = each.inputs[0], each.outputs[0]
        if not alike(source, target) or source.block.number in lasting | moved.keys():
            continue
        if last[source.block.number] == i and first[target.block.number] == i:
            gone.add(i)
            moved[source.block.number] = target.block
    kept = [each for i, each in enumerate(instructions) if i not in gone]
    moved_to(kept, moved)
    return placed(kept, lasting, windows_in)


def moved_to(instructions: list[Instruction], moved: dict[int, Block]) -> None:
    """Put windows on other blocks. moved: by the number of the block that they are on."""
    for number, block in moved.items():
        while block.number in moved:
            block = moved[block.number]
        moved[number] = block
    for each in instructions if moved else ():
        each.inputs = [replaced(value, moved) for value in each.inputs]
        each.outputs = [replaced(value, moved) for value in each.outputs]
        each.params = {name: replaced(value, moved) for name, value in each.params.items()}


def alike(source: Window, target: Window) -> bool:
    """True for two whole temporary blocks of one layout."""
    same = (source.shape, source.strides, source.dtype) == (target.shape, target.strides, target.dtype)
    temporary = source.block.kind == target.block.kind == "temporary"
    return same and temporary and source.covers_block() and target.covers_block()


def windows_in(value: Any, found: list[Window] | None = None) -> list[Window]:
    """The windows in an operand, a parameter, or a tuple, list or dict of them, added to `found`."""
    found = [] if found is None else found
    if isinstance(value, Window):
        found.append(value)
    elif isinstance(value, tuple | list):
        for part in value:
            windows_in(part, found)
    elif isinstance(value, dict):
        for part in value.values():
            windows_in(part, found)
    return found


def uses(each: Instruction) -> Any:
    """All windows of an instruction."""
    return windows_in((each.inputs, each.outputs, each.params))


def last_uses(instructions: list[Instruction]) -> dict[int, int]:
    """The index of the last instruction that touches a block, by the block's number."""
    return {window.block.number: i for i, each in enumerate(instructions) for window in uses(each)}


def first_uses(instructions: list[Instruction]) -> dict[int, int]:
    """The index of the first instruction that touches a block."""
    found: dict[int, int] = {}
    for i, each in enumerate(instructions):
        for window in uses(each):
            found.setdefault(window.block.number, i)
    return found


def replaced(value: Any, moved: dict[int, Block]) -> Any:
    """An operand with its windows on other blocks."""
    if isinstance(value, Window):
        block = moved.get(value.block.number)
        return value if block is None else Window(block, value.offset, value.shape, value.strides, value.dtype)
    if type(value) in (tuple, list):
        return type(value)(replaced(part, moved) for part in value)
    return {key: replaced(part, moved) for key, part in value.items()} if type(value) is dict else value
