"""The formulas of ops, written in LaTeX where an op is declared, as MathML for the page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from html import escape
from typing import Any

__all__ = ["formulas", "mathml"]

ENTITY = re.compile(r"&#x0*([0-9A-F]{2,5});")
TRANSPOSED = "<mo>\N{DOWN TACK}</mo>"  # few fonts have it at the size of an exponent
MARKUP = "&<>"


@cache
def mathml(latex: str) -> str:
    """Our own LaTeX as one inline `<math>` element; what cannot be converted is shown as its source.

    Only for formulas of declared ops: user text never comes here.
    """
    from latex2mathml.converter import convert  # 30 ms that only a graph with formulas needs

    try:
        markup = convert(latex.replace(r"\arg", r"\operatorname{arg}"))  # which it does not know
        markup = markup.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "").replace(' display="inline"', "")
    except Exception:  # the converter raises bare exceptions of many kinds; a formula may not break a picture
        return f"<math><mtext>{escape(latex)}</mtext></math>"
    return ENTITY.sub(_character, markup).replace(TRANSPOSED, '<mi mathvariant="normal">T</mi>')


def formulas(ops: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """What the inspector shows of each op that has a formula: {name: {"value": MathML, "grads": {operand: MathML}}}."""
    return {
        op.name: {
            "value": mathml(op.formula),
            "grads": {operand: mathml(latex) for operand, latex in _grads(op).items() if latex},
        }
        for op in ops
        if op.formula
    }


def _character(entity: re.Match[str]) -> str:
    """The character itself where it is not markup: a third of the size."""
    char = chr(int(entity[1], 16))
    return entity[0] if char in MARKUP else char


def _grads(op: Any) -> dict[str, str]:
    grads = op.grads
    return grads if isinstance(grads, dict) else dict(zip(op.operands, grads or (), strict=False))
