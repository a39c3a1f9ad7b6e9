"""Results laid out elsewhere by a copy are computed there at once, where a kernel can write them so.

The heads of attention are such results: they are transposed and joined, and their gradients become parts of the
gradient of one buffer.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from gradbook.compiler.instruction import Instruction
from gradbook.compiler.memory import Window

__all__ = ["placed"]

RELAYING = {"reshape", "view", "clone", "contiguous"}  # ops, and rules, that copy their first operand
ANYWHERE = {"scaled_dot_product_attention"}  # ops, and rules, whose kernels write to any strides


def placed(instructions: list[Instruction], lasting: set[int], windows_in: Any) -> list[Instruction]:
    """The instructions without those copies. lasting: blocks read by the caller; windows_in: those in an operand."""
    makers = [i for i, each in enumerate(instructions) if each.kind in ("op", "rule") and each.op.name in ANYWHERE]
    if not makers:
        return instructions
    uses: dict[int, list[int]] = {}
    for i, each in enumerate(instructions):
        for number in {window.block.number for window in windows_in((each.inputs, each.outputs, each.params))}:
            uses.setdefault(number, []).append(i)
    gone: set[int] = set()
    for i in makers:
        for place, out in enumerate(instructions[i].outputs):
            while isinstance(out, Window) and out.block.number not in lasting:
                _, *later = uses[out.block.number]
                moved = movement(out, instructions, i, later, uses, windows_in)
                if moved is None:
                    break
                gone.add(later[0])
                uses[moved.block.number] = sorted({i, *uses[moved.block.number]} - gone)
                out = instructions[i].outputs[place] = moved
    return [each for i, each in enumerate(instructions) if i not in gone]


def movement(
    out: Window, instructions: list[Instruction], maker: int, later: list[int], uses: Any, windows_in: Any
) -> Window | None:
    """Where a result can be written instead, if all that happens to it is a copy. None: it stays."""
    if len(later) != 1 or out.block.kind != "temporary":
        return None
    each = instructions[later[0]]
    copies = each.kind == "copy" or (each.kind in ("op", "rule") and each.op.name in RELAYING)
    if not copies or len([w for w in each.outputs if isinstance(w, Window)]) != 1:
        return None
    source, target = each.inputs[0], each.outputs[0]
    if not isinstance(source, Window) or source.block is not out.block or target.block.kind != "temporary":
        return None
    if source.dtype != target.dtype or not source.covers_block():
        return None
    between = [k for k in uses[target.block.number] if maker <= k < later[0]]
    for k in between:
        other = instructions[k]
        if any(w.overlaps(target) for w in windows_in((other.inputs, other.outputs, other.params))):
            return None
    return elsewhere(out, source, target)


def elsewhere(window: Window, source: Window, target: Window) -> Window | None:
    """A window on all of `source`'s memory, on `target`'s in its stead: element for element as a copy puts them."""
    axes = sorted(common_axes(source, target), key=lambda axis: axis[1])
    step = source.dtype.itemsize
    for length, stride, _ in axes:
        if stride != step:
            return None
        step *= length
    if window.offset or not window.covers_block():
        return None
    strides = [seen(length, stride, axes) for length, stride in zip(window.shape, window.strides, strict=True)]
    if None in strides:
        return None
    return Window(target.block, target.offset, window.shape, tuple(s for s in strides if s is not None), window.dtype)


def common_axes(source: Window, target: Window) -> list[tuple[int, int, int]]:
    """(length, stride in source, stride in target) of the axes into which both can be cut; [] if they cannot."""
    if source.size != target.size or not source.size:
        return []
    sides = [inner_first(source), inner_first(target)]
    found: list[tuple[int, int, int]] = []
    (a, a_step), (b, b_step) = (next(side, (1, 0)) for side in sides)
    while a > 1 or b > 1:
        length = min(a, b)
        if length == 1 or a % length or b % length:
            return []
        found.append((length, a_step, b_step))
        a, a_step, b, b_step = a // length, a_step * length, b // length, b_step * length
        if a == 1:
            a, a_step = next(sides[0], (1, 0))
        if b == 1:
            b, b_step = next(sides[1], (1, 0))
    return found


def inner_first(window: Window) -> Iterator[tuple[int, int]]:
    """(length, stride) of the axes longer than 1, from the last."""
    pairs = zip(reversed(window.shape), reversed(window.strides), strict=True)
    return itertools.filterfalse(lambda axis: axis[0] == 1, pairs)


def seen(length: int, stride: int, axes: list[tuple[int, int, int]]) -> int | None:
    """The stride in the target of an axis that has `stride` in the source; None if it has no single one."""
    first: int | None = None
    expected = 0
    for own, step, other in axes:
        if length == 1:
            break
        if not step <= stride < step * own:
            continue
        ahead, odd = divmod(stride, step)
        if odd or own % ahead:
            return None
        here, count = other * ahead, min(length, own // ahead)
        if length % count or (first is not None and here != expected):
            return None
        first = here if first is None else first
        expected, length, stride = here * count, length // count, stride * count
    return None if length != 1 else first if first is not None else 0
