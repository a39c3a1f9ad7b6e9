"""A walkthrough where nobody can step: numbered lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradbook.observe.nodes import shape_text
from gradbook.observe.walkthrough.block import Block
from gradbook.observe.walkthrough.steps import Part, Step
from gradbook.observe.walkthrough.symbols import gradient_symbols, number, plain
from gradbook.observe.walkthrough.telling import root_of

if TYPE_CHECKING:
    from gradbook.observe import Walk

__all__ = ["numbers_text", "source_text", "walk_name", "walk_text"]

LONGEST = 80  # steps that are written out: more than this nobody reads
NUMBERS = 9  # of a tensor that are written out
EXPRESSION = 40  # characters of source in a line


def walk_name(walk: Walk) -> str:
    """The walk in one line: what a picture of it is called."""
    forward, backward = len(walk.forward), len(walk.backward)
    ended = f", stopped by {type(walk.error).__name__}" if walk.error is not None else ""
    return f"walkthrough of {walk.title}: {forward} step{'s' * (forward != 1)} forward, {backward} backward{ended}"


def walk_text(walk: Walk, backward_only: bool = False) -> str:
    """Every step in a line: number, phase, source line, expression, and what was computed there."""
    steps = [step for step in walk.steps if not (backward_only and step.phase == "forward")]
    roots = {step.passed: root_of(step.root) for step in walk.steps if step.root is not None}
    lines = [walk_name(walk)]
    for i, step in enumerate(steps[:LONGEST], 1):
        turns = "".join(f" turn {loop.index + 1}" for loop in step.repeat)
        first, *rest = _said(walk, step, roots)
        lines.append(f"{i:>4}  {step.phase:<8}  {_place(walk, step) + turns:<16}  {first}".rstrip())
        lines += [f"{'':>34}{line}" for line in rest]
    if len(steps) > LONGEST:
        lines.append(f"      … {len(steps) - LONGEST:,} more steps")
    if walk.note:
        lines.append(f"      {walk.note}")
    return "\n".join(lines)


def _place(walk: Walk, step: Step) -> str:
    """`line 3`, or `Net.forward line 6` where a step stands in another function."""
    if step.place is None:
        return ""
    text = walk.sources.texts[step.place.code]
    inside = f"{text.label.partition(' in ')[0]} " if step.place.code else ""
    return f"{inside}line {step.place.line}"


def _said(walk: Walk, step: Step, roots: dict[int, Any]) -> list[str]:
    """What a step did, in a line or a few."""
    if step.phase == "forward":
        source = source_text(walk, step)
        made = step.filled[0].text if step.filled else ""
        return [f"{source}:  {made}" if source else made]
    if step.phase == "backward":
        grad = f"{step.op}, incoming {numbers_text(step.grad)}" if step.grad is not None else step.op
        return [grad, *(_part(step, part, roots[step.passed]) for part in step.parts)]
    if step.error is not None:
        return [f"{step.error[0]}: {step.error[1].splitlines()[0] if step.error[1] else ''}"]
    changes = [f"{update.of.label}: {numbers_text(update.of.block)} → {numbers_text(update.now.block)}"
               for update in step.updates]  # fmt: skip
    return [step.say, *changes]


def _part(step: Step, part: Part, root: Any) -> str:
    """`∂L/∂h = ∂L/∂o vᵀ = [1 −1; −2 2]`, and what it is added to."""
    formula = plain(gradient_symbols(step.call, part, root)) if step.call is not None else ""
    text = f"{formula} = {numbers_text(part.result)}"
    if part.adds:
        text += f", in all {numbers_text(part.total)}"
    return text


def numbers_text(block: Block) -> str:
    """`[1 −1; −2 2]` where a tensor is small, `(3×2)` where it is not."""
    if not block.known or block.values.size > NUMBERS or len(block.shape) > 2 or not block.values.size:
        return f"({shape_text(block.shape)})"
    rows = ["  ".join(number(v) for v in row) for row in block.values[0]]
    return rows[0] if not block.shape else f"[{'; '.join(rows)}]"


def source_text(walk: Walk, step: Step) -> str:
    """The expression of a step as it is written, shortened."""
    place = step.place
    if place is None:
        return ""
    text = walk.sources.texts[place.code]
    index = place.line - text.first
    if not 0 <= index < len(text.lines):
        return ""
    line = text.lines[index]
    found = line[place.column : place.end_column] if place.end_line == place.line else line[place.column :] + " …"
    return found if len(found) <= EXPRESSION else found[: EXPRESSION - 1] + "…"
