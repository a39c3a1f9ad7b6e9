"""One entry of a gradient spelled out: each incoming number times the derivative that belongs to it, added up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.observe.walkthrough.equations import TERMS, spelled
from gradbook.observe.walkthrough.factors import Raw, close
from gradbook.observe.walkthrough.steps import Formula, Part
from gradbook.observe.walkthrough.symbols import FIRST, Root, number

__all__ = ["Entry", "entry_formula", "spell"]

ASKED = 128  # incoming numbers up to which each one's derivative is asked for
Entry = tuple[tuple[int, ...], tuple[tuple[float, ...], ...]]  # (index, terms), a term is its factors


def spell(raw: Raw, grad: Any, fitted: Any, fit: Callable[[Any], Any]) -> Entry | None:
    """The first entry of a gradient that is not 0, as terms; None where there are too many numbers to ask about.

    grad: what came in; fitted: what the operand receives; fit: from the shape of the rule's result to the operand's.
    """
    if not fitted.size or fitted.dtype.kind not in "f":
        return None
    flat = fitted.reshape(-1)
    at = int(np.flatnonzero(flat)[0]) if flat.any() else 0
    entry = tuple(int(i) for i in np.unravel_index(at, fitted.shape)) if fitted.ndim else ()
    terms: list[tuple[float, ...]] | None = _product(raw, fitted, at)
    if terms is None and raw.probe is not None and 0 < grad.size <= ASKED:
        terms = _asked(raw, grad, fit, at)
    if terms is None or not _adds_up(terms, flat[at]):
        return None
    return entry, tuple(terms)


def entry_formula(part: Part, root: Root) -> Formula:
    """∂L/∂W₀₀ = 1 · 0.5 + 2 · 1 = 2.5 for the entry that a part spells out; an empty formula if it spells none."""
    if part.entry is None:
        return Formula("")
    index, terms = part.entry
    if len(terms) > TERMS:  # what is nothing need not be written
        terms = tuple(term for term in terms if all(term)) or terms
    value = part.result.at(index)
    if value is None:
        return Formula("")
    right = spelled(list(terms)) if terms else Formula("0")
    shifted = "".join(chr(ord(c) + 1) if FIRST <= ord(c) < 0xF8FF else c for c in right.latex)
    place = f"[{','.join(map(str, index))}]" if index else ""
    parts = (part.to, *right.parts, number(value), root.symbol)
    left = rf"\frac{{\partial {chr(FIRST + len(parts) - 1)}}}{{\partial {chr(FIRST)}{place}}}"
    return Formula(f"{left} = {shifted} = {chr(FIRST + len(parts) - 2)}", parts)


def _product(raw: Raw, fitted: Any, at: int) -> list[tuple[float, ...]] | None:
    """The terms of an element-wise product or of a product of two matrices, read off the factors."""
    if raw.operation == "times":
        arrays = np.broadcast_arrays(*raw.arrays)
        if arrays[0].size == fitted.size:
            return [tuple(float(array.reshape(-1)[at]) for array in arrays)]
    if raw.operation == "matmul" and all(array.ndim == 2 for array in raw.arrays):
        left, right = raw.arrays
        if left.shape[0] * right.shape[1] == fitted.size:
            i, j = divmod(at, right.shape[1])
            return [(float(a), float(b)) for a, b in zip(left[i], right[:, j], strict=True)]
    if raw.operation == "route":
        source = int(raw.arrays[1].reshape(-1)[at]) if raw.arrays[1].size == fitted.size else 0
        return [(float(raw.arrays[0].reshape(-1)[source - 1]), 1.0)] if source else None
    return None


def _asked(raw: Raw, grad: Any, fit: Callable[[Any], Any], at: int) -> list[tuple[float, ...]]:
    """The terms of any op: its rule says what a single incoming 1 gives the entry."""
    terms: list[tuple[float, ...]] = []
    flat = grad.reshape(-1)
    if raw.probe is None:
        return []
    with np.errstate(all="ignore"):
        for i in range(grad.size):
            one = np.zeros(grad.size, grad.dtype)
            one[i] = 1
            slope = float(fit(raw.probe(one.reshape(grad.shape))).reshape(-1)[at])
            if slope != 0:
                terms.append((float(flat[i]), slope))
    return terms


def _adds_up(terms: list[tuple[float, ...]], result: Any) -> bool:
    """Whether the terms give what the rule gave."""
    products = [float(np.prod(term)) for term in terms]
    size = max((abs(p) for p in products), default=0.0)
    return close(np.asarray(sum(products)), np.asarray(result), size)
