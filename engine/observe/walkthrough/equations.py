"""One entry of a result as an equation in numbers, and the terms of a sum written out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradbook.observe.walkthrough.steps import Call, Formula, Value
from gradbook.observe.walkthrough.symbols import FIRST, MINUS, number

__all__ = ["TERMS", "Made", "Terms", "entries", "equation", "index_of", "pick", "spelled"]

TERMS = 6  # of a sum that are written out
Terms = list[tuple[Any, ...]]
Made = list[tuple[Formula, tuple[int, ...] | None]]


def entries(call: Call) -> list[tuple[int, ...]]:
    """The first entry that is not 0; of an op that cuts off, one that passes and one that does not."""
    block = call.output.block
    if not call.output.shape:
        return [()]
    flat = block.values.reshape(-1)
    if not flat.size:
        return []
    passing = next((i for i, v in enumerate(flat) if v != 0), 0)
    found = [passing]
    if call.op in CUTTING:
        found += [i for i, v in enumerate(flat) if v == 0][:1]
    return [index_of(block, i) for i in dict.fromkeys(found)]


CUTTING = ("relu", "hardtanh", "clamp", "hardshrink", "softshrink", "threshold", "dropout")


def index_of(block: Any, flat: int) -> tuple[int, ...]:
    """The index in the tensor of a number of its block."""
    f, r, c = np.unravel_index(flat, block.values.shape)
    tail = (block.rows[r], block.cols[c])[2 - min(2, len(block.shape)) :]
    return tuple(int(i) for i in (*block.facets[f], *tail))


def pick(value: Value, entry: Sequence[int]) -> Any:
    """The element that an output's entry is made of, broadcasting undone; None where it was not kept."""
    shape = value.shape
    index = tuple(entry)[len(entry) - len(shape) :] if len(shape) <= len(entry) else None
    if index is None:
        return None
    return value.block.at([0 if n == 1 else i for i, n in zip(index, shape, strict=True)])


def equation(
    output: Value, entry: tuple[int, ...], right: Formula, result: Any
) -> tuple[Formula, tuple[int, ...] | None]:
    """name[entry] = right = result, with the marks of `right` moved up by one."""
    shifted = "".join(chr(ord(c) + 1) if 0xE000 <= ord(c) < 0xF8FF else c for c in right.latex)
    index = f"[{','.join(map(str, entry))}]" if entry else ""
    parts: list[Any] = [output, *right.parts, number(result)]
    latex = rf"{chr(FIRST)}{index} = {shifted} = {chr(FIRST + len(parts) - 1)}"
    return Formula(latex, tuple(parts)), (entry or None)


def spelled(terms: Terms, suffix: Sequence[Any] = (), power: str = "") -> Formula:
    """a·b + c·d + … of tuples of factors; `suffix` are terms added at the end."""
    shown: list[Any] = list(terms) if len(terms) <= TERMS else [*terms[: TERMS - 2], None, terms[-1]]
    out: list[str] = []
    parts: list[str] = []

    def write(value: Any, first: bool) -> str:
        text = number(value)
        parts.append(text)
        mark = chr(FIRST + len(parts) - 1)
        return f"({mark})" if text.startswith(MINUS) and not first else mark

    for i, term in enumerate([*shown, *((value,) for value in suffix)]):
        if i:
            out.append("+")
        if term is None:
            out.append(r"\dots")
            continue
        factors = [write(value, (i == 0 and k == 0) and not power) + power for k, value in enumerate(term)]
        out.append(r" \cdot ".join(factors))
    return Formula(" ".join(out), tuple(parts))
