"""Operations that only move numbers: which element of an operand one entry of the output is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.observe.walkthrough.equations import Made, entries, equation, index_of, pick
from gradbook.observe.walkthrough.steps import Call, Formula, Value
from gradbook.observe.walkthrough.symbols import FIRST, put_in

__all__ = ["PICKED"]


def _moved(move: Callable[[Call, Any], Any]) -> Callable[[Call], Made]:
    """`h[0,1] = W[3,1] = 0.5`: the element that an entry is; `move` does to the elements' places what the op does."""

    def fill(call: Call) -> Made:
        x, output = call.operands[0], call.output
        if not isinstance(x, Value) or not x.block.whole or not x.block.values.size or not output.block.known:
            return []
        entry = entries(call)[0]
        try:
            places = np.asarray(move(call, np.arange(x.block.values.size).reshape(x.shape)))
        except (IndexError, ValueError, TypeError, KeyError):
            return []
        if places.shape != output.shape:
            return []
        return [_same(call, entry, x, _place(x, int(places[entry])))]

    return fill


def _place(x: Value, flat: int) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(flat, x.shape)) if x.shape else ()


def _same(call: Call, entry: tuple[int, ...], x: Value, place: tuple[int, ...]) -> tuple[Formula, Any]:
    """`y[entry] = x[place] = number`."""
    index = f"[{','.join(map(str, place))}]" if place else ""
    return equation(call.output, entry, Formula(f"{chr(FIRST)}{index}", (x,)), call.output.block.at(entry))


def _array(value: Any) -> Any:
    return value.block.array if isinstance(value, Value) else value


def _by_tensors(call: Call, places: Any) -> Any:
    index: list[Any] = [slice(None)] * places.ndim
    for dim, tensor in zip(call.params["dims"], call.operands[1:], strict=True):
        index[dim] = _array(tensor)
    return places[tuple(index)]


def _along(call: Call, places: Any) -> Any:
    index = call.params["index"] if "index" in call.params else _array(call.operands[1])
    found = np.take_along_axis(places, np.asarray(index), call.params["dim"])
    return found.squeeze(call.params["dim"]) if call.params.get("dropped") else found


def _chosen(call: Call) -> Made:
    """One entry of `where` from each side: the operand that the condition takes."""
    condition, *sides = call.operands[:3]
    if not isinstance(condition, Value) or not condition.block.whole:
        return []
    made: dict[bool, tuple[Formula, Any]] = {}
    for flat in range(call.output.block.values.size):
        entry = index_of(call.output.block, flat) if call.output.shape else ()
        taken = bool(pick(condition, entry))
        side = sides[0] if taken else sides[1]
        if taken not in made and isinstance(side, Value):
            whole = len(side.shape) == len(entry)
            place = tuple(0 if n == 1 else i for i, n in zip(entry, side.shape, strict=True)) if whole else None
            if place is not None:
                made[taken] = _same(call, entry, side, place)
        if len(made) == 2:
            break
    return list(made.values())


def _filled(call: Call) -> Made:
    """One entry of `masked_fill` that stays, and one that is filled."""
    x, mask = call.operands[:2]
    if not isinstance(x, Value) or not isinstance(mask, Value) or not mask.block.whole:
        return []
    made: dict[bool, tuple[Formula, Any]] = {}
    for flat in range(call.output.block.values.size):
        entry = index_of(call.output.block, flat) if call.output.shape else ()
        masked = bool(pick(mask, entry))
        if masked not in made and not masked:
            made[masked] = _same(call, entry, x, entry)
        elif masked not in made:
            place = f"[{','.join(map(str, entry))}]" if entry else ""
            right = Formula(rf"\text{{the filling, as }} {chr(FIRST)}{place} \text{{ is True}}", (mask,))
            made[masked] = equation(call.output, entry, right, call.output.block.at(entry))
        if len(made) == 2:
            break
    return [made[key] for key in sorted(made)]


def _dropped(call: Call) -> Made:
    """One entry of `dropout` that stays, made larger, and one that goes."""
    x, kept = call.operands[0], 1 - float(call.params["p"])
    if not isinstance(x, Value) or not x.block.whole or kept <= 0:
        return []
    made = []
    for entry in entries(call):
        value, result = pick(x, entry), call.output.block.at(entry)
        right = Formula(r"0 \text{, dropped}") if result == 0 else put_in(r"\frac{x}{k}", {"x": value, "k": kept})
        made.append(equation(call.output, entry, right, result))
    return made


PICKED: dict[str, Callable[[Call], Made]] = {
    "select": _moved(lambda call, places: places[call.params["index"]]),
    "slice": _moved(lambda call, places: places[call.params["index"]]),
    "index": _moved(_by_tensors),
    "embedding": _moved(lambda call, places: places[np.asarray(call.params["index"])]),
    "gather": _moved(_along),
    "take_along": _moved(_along),
    "index_select": _moved(lambda call, places: np.take(places, _array(call.operands[1]), call.params["dim"])),
    "dropout": _dropped,
    "where": _chosen,
    "masked_fill": _filled,
}
