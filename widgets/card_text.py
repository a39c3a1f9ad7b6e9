"""An error card as text: for terminals, logs, and wherever no page draws it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradbook.observe.failure import Failure, Given

__all__ = ["card_text"]

RIGHT = 46  # column of what stands on the right of a title


def card_text(failure: Failure, rule: str = "") -> str:
    """The whole card, one screen of plain text. rule: the coach's id of what is wrong."""
    parts = [f"✕ {failure.headline.replace('`', '')}   [{rule or failure.rule}]"]
    parts += [f"  {failure.kind}: {failure.message}", "", f"  {failure.place}"]
    for line in failure.lines:
        parts.append(f"  {'▸' if line.fails else ' '} {line.number:>3} │ {line.text}".rstrip())
        if line.mark is not None:
            start, end = line.mark
            parts.append(" " * (10 + start) + "~" * (end - start))
    if failure.operands:
        parts += ["", titled("the operands", failure.relation)]
        width = max(len(_shape(given)) + len(given.name) for given in failure.operands) + 2
        for given in failure.operands:
            parts += _operand(given, width)
    if failure.stages:
        parts += ["", titled("how far it got", failure.reached), f"    {_way(failure)}"]
    if failure.fixes:
        parts += ["", titled("fixes, best first", failure.tried)]
        for number, fix in enumerate(failure.fixes, 1):
            parts += [f"    {mark}  {line.code}   {line.place}"
                      for mark, line in zip((str(number), *" " * len(fix.also)), fix.lines, strict=True)]  # fmt: skip
            parts.append(f"       {fix.why} ✓ {fix.check}")
    elif failure.tried:
        parts += ["", titled("fixes", failure.tried)]
    if rule:
        parts += ["", f"  what this is about: %coach explain {rule}"]
    return "\n".join(parts)


def titled(left: str, right: str) -> str:
    """A title with a remark on its right."""
    return f"  {left:<{RIGHT - 2}}{right}".rstrip()


def _shape(given: Given) -> str:
    sizes = [f"[{n}]" if axis in given.bad else str(n) for axis, n in enumerate(given.shape)]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def _operand(given: Given, width: int) -> list[str]:
    dtype = f"[{given.dtype}]" if given.wrong == "dtype" else given.dtype
    device = f"[{given.device}]" if given.wrong == "device" else given.device
    head = f"{given.name} {_shape(given)}"
    lines = [f"    {head:<{width}} {dtype}, {device}"]
    lines += [f"        {what}{f'   {where}' if where else ''}" for what, where in given.origin]
    return lines


def _way(failure: Failure) -> str:
    text = ""
    for i, stage in enumerate(failure.stages):
        arrow = "" if i == 0 else " ⇢ " if stage.state == "never" else " → "
        note = f" ({stage.note})" if stage.state == "failed" and stage.note else ""
        mark = "✕ " if stage.state == "failed" else ""
        name = f"… {stage.name} …" if stage.state == "more" else stage.name
        text += f"{arrow}{mark}{name}{note}"
    return text
