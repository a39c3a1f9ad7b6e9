"""Candidates for an einsum whose letters do not fit: another order of letters, an ellipsis, another output."""

from __future__ import annotations

import ast
import itertools
import re
from typing import Any

from gradbook.observe.failure.candidates import Candidates, Mender
from gradbook.tensor import Tensor

__all__ = ["einsum"]

LETTERS = 4  # of an operand whose orders are tried


def einsum(m: Mender) -> Candidates:
    """Equations that these operands have."""
    node = m.call.node
    first = node.args[0] if isinstance(node, ast.Call) and node.args else None
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return
    shapes = [tuple(tensor.shape) for tensor in _tensors(m)]
    terms, arrow, output = first.value.replace(" ", "").partition("->")
    inputs = terms.split(",")
    if len(inputs) != len(shapes) or "." in first.value:
        return
    quote = m.call.source.segment(first)[-1]
    message = m.call.message
    if "does not appear" in message and arrow:
        for text in _outputs(inputs, output):
            yield m.put(first, f"{quote}{terms}->{text}{quote}", "The letters that are not summed over.")
    elif all(len(shape) > len(term) for shape, term in zip(shapes, inputs, strict=True)):
        whole = ",".join(f"...{term}" for term in inputs) + (f"->...{output}" if arrow else "")
        yield m.put(first, f"{quote}{whole}{quote}", "The axes before these stay as they are.")
    else:
        for text in _orders(inputs, shapes):
            yield m.put(first, f"{quote}{text}{arrow}{output}{quote}", "Each letter then has one length.")


def _tensors(m: Mender) -> list[Any]:
    args = m.call.arguments.get("args") or ()
    flat: list[Any] = list(args[1:])
    if len(flat) == 1 and isinstance(flat[0], list | tuple):
        flat = list(flat[0])
    return [value for value in flat if isinstance(value, Tensor)]


def _orders(inputs: list[str], shapes: list[tuple[int, ...]]) -> list[str]:
    """The equations in which the letters of one operand stand in another order that fits, the last operand first."""
    found = []
    for k in reversed(range(len(inputs))):
        if len(inputs[k]) > LETTERS:
            continue
        for order in itertools.permutations(inputs[k]):
            terms = [*inputs[:k], "".join(order), *inputs[k + 1 :]]
            if terms != inputs and _fits(terms, shapes):
                found.append(",".join(terms))
    return found


def _fits(terms: list[str], shapes: list[tuple[int, ...]]) -> bool:
    lengths: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        if len(term) != len(shape):
            return False
        for letter, n in zip(term, shape, strict=True):
            if lengths.setdefault(letter, n) != n:
                return False
    return True


def _outputs(inputs: list[str], output: str) -> list[str]:
    """The output with letters that do not appear replaced by those that stand in one operand only."""
    letters = "".join(inputs)
    unknown = [c for c in output if c not in letters]
    free = [c for c in dict.fromkeys(letters) if letters.count(c) == 1 and c not in output]
    if len(unknown) != 1:
        return []
    return [re.sub(unknown[0], c, output) for c in free]
