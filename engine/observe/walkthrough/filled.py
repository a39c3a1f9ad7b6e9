"""Forward formulas with the numbers put in: an entry of a product spelled out, the terms of a sum, one element."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradbook.observe.walkthrough.steps import Call, Filled, Formula, Value
from gradbook.observe.walkthrough.symbols import (
    FIRST,
    MINUS,
    forward_symbols,
    letters_of,
    number,
    plain,
    put_in,
)

__all__ = ["fill"]

TERMS = 6  # of a sum that are written out
Terms = list[tuple[Any, ...]]


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
    entries = _entries(call)
    return [made for entry in entries if (made := _at(call, entry, output)) is not None]


def _is_elementwise(call: Call) -> bool:
    from gradbook.autograd.op import Elementwise

    latex = getattr(call.declared, "formula", "")
    if isinstance(call.declared, Elementwise):
        return bool(latex)
    shapes = [operand.shape for operand in call.operands if isinstance(operand, Value)]
    clean = latex and not any(mark in latex for mark in (r"\sum", r"\dots", r"\begin", "_", r"\text", r"\operatorname"))
    return bool(clean) and all(shape == call.output.shape for shape in shapes)


def _entries(call: Call) -> list[tuple[int, ...]]:
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
    return [_index(block, i) for i in dict.fromkeys(found)]


CUTTING = ("relu", "hardtanh", "clamp", "hardshrink", "softshrink", "threshold", "dropout")


def _index(block: Any, flat: int) -> tuple[int, ...]:
    """The index in the tensor of a number of its block."""
    f, r, c = np.unravel_index(flat, block.values.shape)
    tail = (block.rows[r], block.cols[c])[2 - min(2, len(block.shape)) :]
    return tuple(int(i) for i in (*block.facets[f], *tail))


def _at(call: Call, entry: tuple[int, ...], output: Value) -> tuple[Formula, tuple[int, ...] | None] | None:
    meaning: dict[str, Any] = {}
    for letter, operand in letters_of(call).items():
        value = pick(operand, entry) if isinstance(operand, Value) else operand
        if value is None:
            return None
        meaning[letter] = value
    latex = call.declared.formula
    if not latex.startswith("y = "):
        return None
    made = put_in(latex[4:], meaning)
    return _equation(output, entry, made, meaning["y"])


def pick(value: Value, entry: Sequence[int]) -> Any:
    """The element that an output's entry is made of, broadcasting undone; None where it was not kept."""
    shape = value.shape
    index = tuple(entry)[len(entry) - len(shape) :] if len(shape) <= len(entry) else None
    if index is None:
        return None
    return value.block.at([0 if n == 1 else i for i, n in zip(index, shape, strict=True)])


def _equation(
    output: Value, entry: tuple[int, ...], right: Formula, result: Any
) -> tuple[Formula, tuple[int, ...] | None]:
    """name[entry] = right = result, with the marks of `right` moved up by one."""
    shifted = "".join(chr(ord(c) + 1) if 0xE000 <= ord(c) < 0xF8FF else c for c in right.latex)
    index = f"[{','.join(map(str, entry))}]" if entry else ""
    parts: list[Any] = [output, *right.parts, number(result)]
    latex = rf"{chr(FIRST)}{index} = {shifted} = {chr(FIRST + len(parts) - 1)}"
    return Formula(latex, tuple(parts)), (entry or None)


# -- sums ----------------------------------------------------------------------------------------------------------


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


def _matrix(a: Value, b: Value, call: Call, transposed: bool, bias: Any = None) -> list[Any]:
    """One entry of a product of matrices: a row times a column."""
    entry = _entries(call)[0] if _entries(call) else None
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
    return [_equation(call.output, entry, spelled(list(zip(x, y, strict=True)), suffix), call.output.block.at(entry))]


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


def _slice(call: Call) -> tuple[tuple[int, ...], Any] | None:
    """The entry of a reduction's output and the elements it is made of."""
    x = call.operands[0]
    if not isinstance(x, Value) or not x.block.whole or not x.block.values.size:
        return None
    array, dim = x.block.array, call.params.get("dim")
    dims = range(array.ndim) if dim is None or dim == () else (dim if isinstance(dim, tuple | list) else (dim,))
    axes = {d % array.ndim for d in dims} if array.ndim else set()
    index = tuple(slice(None) if i in axes else 0 for i in range(array.ndim))
    entry = tuple(0 for _ in call.output.shape)
    return entry, np.asarray(array[index]).reshape(-1)


def _sum(call: Call) -> list[Any]:
    found = _slice(call)
    if found is None:
        return []
    entry, elements = found
    return [_equation(call.output, entry, spelled([(v,) for v in elements]), call.output.block.at(entry))]


def _mean(call: Call) -> list[Any]:
    found = _slice(call)
    if found is None:
        return []
    entry, elements = found
    terms = spelled([(v,) for v in elements])
    whole = Formula(rf"\frac{{{terms.latex}}}{{{len(elements)}}}", terms.parts)
    return [_equation(call.output, entry, whole, call.output.block.at(entry))]


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
    return [_equation(call.output, entry, made, call.output.block.at(entry))]


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
    return [_equation(call.output, (), Formula("-" + latex, terms.parts), call.output.block.at(()))]


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
    return [_equation(call.output, (), Formula(latex, terms.parts), call.output.block.at(()))]


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
    return [_equation(call.output, entry, spelled(terms, suffix), call.output.block.at(entry))]


FORMS: dict[str, Callable[[Call], list[Any]]] = {
    "matmul": _matmul, "mm": _matmul, "bmm": _matmul, "mv": _matmul, "dot": _matmul, "linear": _linear,
    "sum": _sum, "mean": _mean, "softmax": _softmax, "cross_entropy": _cross_entropy, "mse_loss": _mse,
    "conv1d": _conv, "conv2d": _conv, "conv3d": _conv,
}  # fmt: skip
