"""Forward formulas with the numbers put in: an entry of a product spelled out, the terms of a sum, one element."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradbook.observe.walkthrough.equations import entries, equation, pick, spelled
from gradbook.observe.walkthrough.picked import PICKED
from gradbook.observe.walkthrough.reduced import REDUCED, elements_of
from gradbook.observe.walkthrough.steps import Call, Filled, Formula, Value
from gradbook.observe.walkthrough.symbols import (
    FIRST,
    forward_symbols,
    letters_of,
    plain,
    put_in,
    settings_of,
)

__all__ = ["fill"]


def fill(call: Call) -> tuple[Filled, ...]:
    """The formula of a call in the user's names, and for one entry (of relu and its like two) in numbers."""
    symbols = forward_symbols(call)
    maker = FORMS.get(call.op)
    made: list[tuple[Formula, tuple[int, ...] | None]] = []
    if call.outputs and call.output.block.known and 0 not in call.output.shape:
        made = maker(call) if maker is not None else _elementwise(call)
    if not made:
        return (Filled(symbols, Formula(""), plain(symbols)),)
    return tuple(Filled(symbols, numbers, plain(numbers), entry) for numbers, entry in made)


# -- element by element --------------------------------------------------------------------------------------------


def _elementwise(call: Call) -> list[tuple[Formula, tuple[int, ...] | None]]:
    """One entry of an op whose operands broadcast to its output; nothing where they do not."""
    output = call.output
    if getattr(call.declared, "view", False) or not _is_elementwise(call):
        return []
    return [made for entry in entries(call) if (made := _at(call, entry, output)) is not None]


def _is_elementwise(call: Call) -> bool:
    from gradbook.autograd.op import Elementwise

    latex = getattr(call.declared, "formula", "")
    if isinstance(call.declared, Elementwise):
        return bool(latex)
    shapes = [operand.shape for operand in call.operands if isinstance(operand, Value)]
    formula = latex.replace(r"\text{else}", "")
    clean = latex and not any(mark in formula for mark in (r"\sum", r"\dots", "_", r"\text", r"\operatorname"))
    return bool(clean) and all(shape == call.output.shape for shape in shapes)


def _at(call: Call, entry: tuple[int, ...], output: Value) -> tuple[Formula, tuple[int, ...] | None] | None:
    meaning: dict[str, Any] = settings_of(call)
    for letter, operand in letters_of(call).items():
        value = pick(operand, entry) if isinstance(operand, Value) else operand
        if value is None:
            return None
        meaning[letter] = value
    latex = call.declared.formula
    if not latex.startswith("y = "):
        return None
    right = branch(latex[4:], meaning)
    return None if right is None else equation(output, entry, put_in(right, meaning), meaning["y"])


def branch(latex: str, meaning: dict[str, Any]) -> str | None:
    """Of a formula in cases that of the case that holds; None if that cannot be told."""
    found = re.fullmatch(r"\\begin\{cases\} (.*) & (\w+) > (\w+) \\\\ (.*) & \\text\{else\} \\end\{cases\}", latex)
    if found is None:
        return latex if r"\begin" not in latex else None
    left, right = (meaning.get(text, 0.0 if text == "0" else None) for text in (found[2], found[3]))
    if left is None or right is None:
        return None
    return found[1] if left > right else found[4]


# -- sums ----------------------------------------------------------------------------------------------------------


def _matrix(a: Value, b: Value, call: Call, transposed: bool, bias: Any = None) -> list[Any]:
    """One entry of a product of matrices: a row times a column."""
    entry = entries(call)[0] if entries(call) else None
    if entry is None or not (a.block.whole and b.block.whole):
        return []
    left, right = a.block.array, b.block.array
    if transposed:
        right = right.swapaxes(-1, -2)
    rows = left.reshape(1, -1) if left.ndim == 1 else left
    cols = right.reshape(-1, 1) if right.ndim == 1 else right
    full = list(entry)
    i = full.pop(len(full) - 2 if right.ndim > 1 else len(full) - 1) if left.ndim > 1 else 0
    j = full.pop() if right.ndim > 1 else 0
    x = _batch(rows, full)[i]
    y = _batch(cols, full)[:, j]
    suffix = [bias.block.array[j]] if bias is not None and bias.block.whole else []
    return [equation(call.output, entry, spelled(list(zip(x, y, strict=True)), suffix), call.output.block.at(entry))]


def _batch(array: Any, index: Sequence[int]) -> Any:
    """The matrix at a batch index, broadcasting undone."""
    lead = array.shape[:-2]
    own = list(index)[len(index) - len(lead) :] if lead else []
    return array[tuple(0 if n == 1 else i for i, n in zip(own, lead, strict=True))]


def _matmul(call: Call) -> list[Any]:
    a, b = call.operands[:2]
    return _matrix(a, b, call, False) if isinstance(a, Value) and isinstance(b, Value) else []


def _linear(call: Call) -> list[Any]:
    x, weight, bias = (*call.operands, None, None)[:3]
    return _matrix(x, weight, call, True, bias if isinstance(bias, Value) else None)


def _sum(call: Call) -> list[Any]:
    found = elements_of(call)
    if found is None:
        return []
    entry, elements = found
    return [equation(call.output, entry, spelled([(v,) for v in elements]), call.output.block.at(entry))]


def _mean(call: Call) -> list[Any]:
    found = elements_of(call)
    if found is None:
        return []
    entry, elements = found
    terms = spelled([(v,) for v in elements])
    whole = Formula(rf"\frac{{{terms.latex}}}{{{len(elements)}}}", terms.parts)
    return [equation(call.output, entry, whole, call.output.block.at(entry))]


def _softmax(call: Call) -> list[Any]:
    x, dim = call.operands[0], call.params.get("dim", -1)
    if not isinstance(x, Value) or not x.block.whole or not x.shape:
        return []
    row = np.moveaxis(x.block.array, dim, -1).reshape(-1, x.shape[dim])[0]
    entry = tuple(0 for _ in call.output.shape)
    powers = spelled([(v,) for v in row])
    terms = [term.strip(" ()") for term in powers.latex.split(" + ")]
    below = " + ".join(term if term == r"\dots" else rf"e^{{{term}}}" for term in terms)
    made = Formula(rf"\frac{{e^{{{chr(FIRST)}}}}}{{{below}}}", powers.parts)
    return [equation(call.output, entry, made, call.output.block.at(entry))]


def _cross_entropy(call: Call) -> list[Any]:
    """The mean of the rows' -ln p, where p is the softmax at the right class."""
    x, target = call.operands[:2]
    if not (isinstance(x, Value) and isinstance(target, Value) and x.block.whole and target.block.whole):
        return []
    if len(x.shape) != 2 or np.asarray(target.block.array).dtype.kind not in "iu" or call.output.shape:
        return []
    if (call.operands[2:] and call.operands[2] is not None) or call.params.get("label_smoothing"):
        return []
    rows = x.block.array.astype(np.float64)
    p = np.exp(rows - rows.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    classes = target.block.array
    valid = [i for i, t in enumerate(classes) if t != call.params.get("ignore_index", -100)]
    terms = spelled([(float(p[i, classes[i]]),) for i in valid])
    logs = " ".join(rf"\ln {token}" if "\ue000" <= token[:1] <= "\uf8ff" else token for token in terms.latex.split(" "))
    latex = logs if len(valid) == 1 else f"({logs})"
    if call.params.get("reduction") == "mean" and len(valid) > 1:
        latex = rf"\frac{{1}}{{{len(valid)}}} {latex}"
    return [equation(call.output, (), Formula("-" + latex, terms.parts), call.output.block.at(()))]


def _mse(call: Call) -> list[Any]:
    x, target = call.operands[:2]
    if not (isinstance(x, Value) and isinstance(target, Value) and x.block.whole and target.block.whole):
        return []
    difference = np.asarray(x.block.array - target.block.array).reshape(-1)
    if call.output.shape:
        return []
    terms = spelled([(v,) for v in difference], power="^2")
    latex = terms.latex
    if call.params.get("reduction") == "mean":
        latex = rf"\frac{{{latex}}}{{{len(difference)}}}"
    return [equation(call.output, (), Formula(latex, terms.parts), call.output.block.at(()))]


def _conv(call: Call) -> list[Any]:
    """One entry of a convolution: a window of the input times the kernel."""
    from gradbook.observe.walkthrough.windows import window_of

    x, weight, bias = (*call.operands, None, None)[:3]
    if not (isinstance(x, Value) and isinstance(weight, Value) and x.block.whole and weight.block.whole):
        return []
    entry = tuple(0 for _ in call.output.shape)
    seen = window_of(call, x.block.array, entry)
    if seen is None:
        return []
    kernel = weight.block.array[entry[1]]
    terms = list(zip(seen.reshape(-1), kernel.reshape(-1), strict=True))
    suffix = [bias.block.array[entry[1]]] if isinstance(bias, Value) and bias.block.whole else []
    return [equation(call.output, entry, spelled(terms, suffix), call.output.block.at(entry))]


def _einsum(call: Call) -> list[Any]:
    """One entry of an einsum: the products of the operands' elements under its letters, added up."""
    inputs, output = call.params["inputs"], call.params["output"]
    operands = call.operands
    if not all(isinstance(o, Value) and o.block.whole for o in operands) or not entries(call):
        return []
    if len(inputs) != len(operands) or len(output) != len(call.output.shape):
        return []
    lengths = {i: n for letters, o in zip(inputs, operands, strict=True) for i, n in zip(letters, o.shape, strict=True)}
    entry = entries(call)[0]
    at = dict(zip(output, entry, strict=True))
    summed = [letter for letter in lengths if letter not in at]
    if np.prod([lengths[letter] for letter in summed], dtype=np.int64) > SUMMED:
        return []
    terms = []
    for index in np.ndindex(*(lengths[letter] for letter in summed)):
        place = at | dict(zip(summed, index, strict=True))
        terms.append(tuple(o.block.array[tuple(place[i] if n > 1 else 0 for i, n in zip(letters, o.shape, strict=True))]
                           for letters, o in zip(inputs, operands, strict=True)))  # fmt: skip
    return [equation(call.output, entry, spelled(terms), call.output.block.at(entry))]


SUMMED = 4096  # products of an einsum that are looked at
FORMS: dict[str, Callable[[Call], list[Any]]] = {
    "matmul": _matmul, "mm": _matmul, "bmm": _matmul, "mv": _matmul, "dot": _matmul, "linear": _linear,
    "sum": _sum, "mean": _mean, "softmax": _softmax, "cross_entropy": _cross_entropy, "mse_loss": _mse,
    "conv1d": _conv, "conv2d": _conv, "conv3d": _conv, "einsum": _einsum, **PICKED, **REDUCED,
}  # fmt: skip
