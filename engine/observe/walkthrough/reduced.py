"""Operations that put many numbers together: reductions, norms, pools and losses, one entry in numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.observe.walkthrough.equations import Made, entries, equation, spelled
from gradbook.observe.walkthrough.steps import Call, Formula, Value
from gradbook.observe.walkthrough.symbols import FIRST, put_in

__all__ = ["REDUCED", "elements_of"]


def elements_of(call: Call) -> tuple[tuple[int, ...], Any] | None:
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


def _over(form: Callable[[Call, Any], Formula | None]) -> Callable[[Call], Made]:
    """A reduction whose elements a formula is written of."""

    def fill(call: Call) -> Made:
        found = elements_of(call)
        made = form(call, found[1]) if found is not None else None
        if found is None or made is None:
            return []
        return [equation(call.output, found[0], made, call.output.block.at(found[0]))]

    return fill


def _one_by_one(elements: Any) -> Formula:
    return spelled([(v,) for v in elements])


def _listed(name: str, elements: Any) -> Formula:
    """max(1, 2, 3)."""
    made = _one_by_one(elements)
    inside = ", ".join(term.strip(" ()") for term in made.latex.split(" + "))
    return Formula(rf"\{name}({inside})", made.parts)


def _powers(elements: Any) -> Formula:
    """e^1 + e^2 + …"""
    made = _one_by_one(elements)
    terms = [term.strip(" ()") for term in made.latex.split(" + ")]
    return Formula(" + ".join(t if t == r"\dots" else rf"e^{{{t}}}" for t in terms), made.parts)


def _around(before: str, made: Formula, after: str) -> Formula:
    return Formula(before + made.latex + after, made.parts)


def _squares(call: Call, elements: Any) -> Formula | None:
    """The squared differences from the mean over how many are counted."""
    count = len(elements) - int(call.params.get("correction", 1))
    if count < 1 or elements.dtype.kind != "f":
        return None
    made = spelled([(v,) for v in elements - elements.mean()], power="^2")
    return _around(r"\frac{", made, rf"}}{{{count}}}")


def _deviation(call: Call, elements: Any) -> Formula | None:
    made = _squares(call, elements)
    return None if made is None else _around(r"\sqrt{", made, "}")


def _length(call: Call, elements: Any) -> Formula:
    return _around(r"\sqrt{", spelled([(v,) for v in elements], power="^2"), "}")


def _log_softmax(call: Call, elements: Any) -> Formula:
    made = _powers(elements)
    return Formula(rf"{chr(FIRST)} - \ln({made.latex})", made.parts)


# -- norms ---------------------------------------------------------------------------------------------------------


def _normed(call: Call) -> Made:
    """`weight · (x − mean)/√(variance + eps) + bias` for one entry, with its own mean and variance."""
    x, gamma, beta, *running = call.operands
    if not isinstance(x, Value) or not x.block.whole or x.block.array.dtype.kind != "f":
        return []
    entry, array = entries(call)[0], x.block.array
    if call.op == "batch_norm":
        at: Any = (slice(None), entry[1])
        parameter: Any = entry[1]
    else:
        rank = int(call.params["rank"])
        at, parameter = entry[: array.ndim - rank], entry[array.ndim - rank :]
    mean, variance = array[at].mean(dtype=np.float64), array[at].var(dtype=np.float64)
    if call.op == "batch_norm" and not call.params["training"]:
        known = [r.block.array[entry[1]] for r in running[:2] if isinstance(r, Value) and r.block.whole]
        if len(known) != 2:
            return []
        mean, variance = known
    meaning: dict[str, Any] = {"x": array[entry], r"\mu": mean, "v": variance, r"\epsilon": call.params["eps"]}
    latex = r"\frac{x - \mu}{\sqrt{v + \epsilon}}"
    if isinstance(gamma, Value) and gamma.block.whole:
        meaning["g"], latex = gamma.block.array[parameter], rf"g \cdot {latex}"
    if isinstance(beta, Value) and beta.block.whole:
        meaning["b"], latex = beta.block.array[parameter], f"{latex} + b"
    return [equation(call.output, entry, put_in(latex, meaning), call.output.block.at(entry))]


# -- windows -------------------------------------------------------------------------------------------------------


def _pooled(call: Call) -> Made:
    """The largest, or the mean, of the first window."""
    from gradbook.observe.walkthrough.windows import window_of

    x, padding = call.operands[0], call.params.get("padding")
    if not isinstance(x, Value) or not x.block.whole or np.any(np.asarray(padding if padding is not None else 0)):
        return []
    entry = tuple(0 for _ in call.output.shape)
    seen = window_of(call, x.block.array, entry)
    if seen is None:
        return []
    window = seen[0].reshape(-1)
    made = _listed("max", window) if call.op.startswith("max") else _one_by_one(window)
    if not call.op.startswith("max"):
        made = _around(r"\frac{", made, rf"}}{{{len(window)}}}")
    return [equation(call.output, entry, made, call.output.block.at(entry))]


# -- losses --------------------------------------------------------------------------------------------------------


def _rows(call: Call) -> Made:
    """−(ln p₁ + ln p₂ + …)/n from the log probabilities of the right classes."""
    x, target, *weight = call.operands
    if not (isinstance(x, Value) and isinstance(target, Value) and x.block.whole and target.block.whole):
        return []
    if len(x.shape) != 2 or any(w is not None for w in weight) or call.output.shape:
        return []
    classes = target.block.array
    valid = [i for i, t in enumerate(classes) if t != call.params.get("ignore_index", -100)]
    if not valid:
        return []
    made = _one_by_one(x.block.array[valid, classes[valid]])
    mean = call.params.get("reduction") == "mean"
    made = _around(r"-\frac{", made, rf"}}{{{len(valid)}}}") if mean else _around("-(", made, ")")
    return [equation(call.output, (), made, call.output.block.at(()))]


def _compared(loss: Callable[[Any, Any, Call], Any]) -> Callable[[Call], Made]:
    """A loss of every number with its target, added up or averaged."""

    def fill(call: Call) -> Made:
        x, target, *weights = call.operands
        if not (isinstance(x, Value) and isinstance(target, Value) and x.block.whole and target.block.whole):
            return []
        if call.output.shape or any(w is not None for w in weights) or x.shape != target.shape:
            return []
        with np.errstate(all="ignore"):
            each = np.asarray(loss(x.block.array.astype(np.float64), target.block.array, call)).reshape(-1)
        made = _one_by_one(each)
        if call.params.get("reduction") == "mean":
            made = _around(r"\frac{", made, rf"}}{{{len(each)}}}")
        result = call.output.block.at(())
        total = each.mean() if call.params.get("reduction") == "mean" else each.sum()
        same = result is not None and np.isclose(total, result, 1e-3)
        return [equation(call.output, (), made, result)] if same else []

    return fill


def _huber(x: Any, target: Any, call: Call) -> Any:
    delta, d = float(call.params.get("delta", 1.0)), np.abs(x - target)
    return np.where(d < delta, d * d / 2, delta * (d - delta / 2))


REDUCED: dict[str, Callable[[Call], Made]] = {
    "prod": _over(lambda call, elements: spelled([tuple(elements)]) if len(elements) <= 8 else None),
    "amax": _over(lambda call, elements: _listed("max", elements)),
    "amin": _over(lambda call, elements: _listed("min", elements)),
    "logsumexp": _over(lambda call, elements: _around(r"\ln(", _powers(elements), ")")),
    "log_softmax": _over(_log_softmax),
    "var": _over(_squares), "std": _over(_deviation), "norm": _over(_length),
    "batch_norm": _normed, "layer_norm": _normed,
    **{f"{kind}_pool{rank}d": _pooled for kind in ("max", "avg") for rank in (1, 2, 3)},
    "nll_loss": _rows,
    "binary_cross_entropy": _compared(lambda x, t, _: -(t * np.log(x) + (1 - t) * np.log(1 - x))),
    "binary_cross_entropy_with_logits": _compared(lambda x, t, _: np.logaddexp(0, x) - t * x),
    "huber_loss": _compared(_huber),
}  # fmt: skip
