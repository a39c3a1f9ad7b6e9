"""Where the length of an axis came from: followed back through the operations that ran, to a layer or a variable."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from typing import Any

from gradbook import nn
from gradbook.observe.failure.definitions import assignments, attribute, built
from gradbook.observe.failure.operands import Call, Operand
from gradbook.observe.failure.shapes import Ran, is_pointwise_name
from gradbook.observe.failure.steps import word
from gradbook.observe.failure.text import place_of
from gradbook.observe.failure.trial import Outcome
from gradbook.observe.nodes import shape_text
from gradbook.observe.source import locate
from gradbook.tensor import Tensor

__all__ = ["origins"]

Row = tuple[str, str]
MOST = 3
ATTRIBUTES: dict[str, dict[str, tuple[str, ...]]] = {
    "Linear": {"weight": ("out_features", "in_features")},
    "Embedding": {"weight": ("num_embeddings", "embedding_dim")},
    "LayerNorm": {"weight": ("normalized_shape",)},
    **{f"Conv{n}d": {"weight": ("out_channels", "in_channels")} for n in (1, 2, 3)},
    **{f"ConvTranspose{n}d": {"weight": ("in_channels", "out_channels")} for n in (1, 2, 3)},
    **{f"BatchNorm{n}d": {"weight": ("num_features",), "running_mean": ("num_features",)} for n in (1, 2, 3)},
}


def origins(call: Call, operand: Operand, control: Outcome | None) -> tuple[Row, ...]:
    """At most three rows (what, where) for an operand's marked axis: `400 = 16 × 5 × 5`, `flatten, cell [7] line 3`."""
    if operand.wrong:
        return tuple(_named(call, operand))[:MOST]
    axis = operand.bad[0]
    of_layer = _parameter(call, operand, axis)
    if of_layer is not None:
        return (of_layer,)
    made = control.twins.get(operand.role) if control is not None else None
    if control is None or not isinstance(made, Tensor):
        return tuple(_named(call, operand))[:MOST]
    rows = list(_back(call, control, made, axis))
    if rows and rows[0][1] == "" and operand.node is not None and not isinstance(operand.node, ast.Name):
        rows = [(_short(call.source.segment(operand.node)), "")]  # made on this very line
    return tuple(rows or _named(call, operand))[:MOST]


def _parameter(call: Call, operand: Operand, axis: int) -> Row | None:
    """`256 = in_features`, `cell [6] line 9`, for a parameter of a layer."""
    for owner in call.modules:
        own = next((name for name, held in owner._parameters.items() if held is operand.tensor), None)
        made = attribute(type(owner), own) if own is not None else None
        if made is not None:
            return _short(made.source.segment(made.call)), place_of(made.source.file, made.call.lineno)
    module = call.module
    kinds = ATTRIBUTES.get(type(module).__name__, {}) if module is not None else {}
    for name, attributes in kinds.items():
        if getattr(module, name, None) is operand.tensor and axis < len(attributes):
            place = built(module, call)
            where = place_of(place.source.file, place.call.lineno) if place is not None else type(module).__name__
            groups = getattr(module, "groups", 1)
            per = f" ÷ {groups} groups" if groups != 1 and attributes[axis] == "in_channels" else ""
            return f"{operand.shape[axis]} = {attributes[axis]}{per}", where
    return None


def _named(call: Call, operand: Operand) -> Iterator[Row]:
    """The line that gave a variable its value."""
    if isinstance(operand.node, ast.Name):
        for source, node, value in assignments({operand.node.id}, call):
            yield _short(source.segment(value)), place_of(source.file, node.lineno)
            return


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 36 else text[:35] + "…"


def _back(call: Call, control: Outcome, made: Tensor, axis: int) -> Iterator[Row]:
    """Follow one axis of a stand-in back through what ran."""
    by_output = {id(out): ran for ran in control.ran for out in _outputs(ran)}
    here, at = made, axis
    folded: Tensor | None = None  # a map of several axes that a reshape made one
    for _ in range(200):
        ran = by_output.get(id(here))
        if ran is None:
            yield from _entry(call, control, here, at)
            return
        row, here_next, at = _through(call, control, ran, at)
        if row is not None:
            yield row
            folded = here_next if here_next is not None and len(here_next.shape) == 4 else folded
        if here_next is None:
            if folded is not None:
                yield from _map(call, control, folded, by_output)
            return
        here = here_next


def _map(call: Call, control: Outcome, made: Tensor, by_output: dict[int, Ran]) -> Iterator[Row]:
    """The images that a map of height and width came from."""
    here = made
    for _ in range(200):
        ran = by_output.get(id(here))
        inner = next((o for o in ran.operands if isinstance(o, Tensor)), None) if ran is not None else None
        if inner is None or len(inner.shape) != 4:
            break
        here = inner
    if here is not made:
        small, large = (" × ".join(map(str, t.shape[2:])) for t in (made, here))
        place = next((where for _, where in _entry(call, control, here, 2)), "")
        yield f"{small} map from {large} images", place


def _outputs(ran: Ran) -> tuple[Any, ...]:
    return ran.output if isinstance(ran.output, tuple) else (ran.output,)


def _through(call: Call, control: Outcome, ran: Ran, axis: int) -> tuple[Row | None, Tensor | None, int]:
    """One operation back: what it says of the axis, and which axis of which operand to follow."""
    tensors = [o for o in ran.operands if isinstance(o, Tensor)]
    size = ran.shape[axis] if axis < len(ran.shape) else 0
    module = control.originals.get(id(ran.module), ran.module)
    if not tensors:
        return (f"{size}", _where(ran)), None, 0
    x = tensors[0]
    if ran.op == "linear" and axis == len(ran.shape) - 1:
        return (f"{size} = {'out_features' if isinstance(module, nn.Linear) else 'rows of the weight'}",
                _made(call, ran, module)), None, 0  # fmt: skip
    if ran.op.startswith("conv") and axis == len(ran.shape) - len(x.shape) + 1 and ran.op[-1] == "d":
        return (f"{size} = out_channels", _made(call, ran, module)), None, 0
    if ran.op == "embedding" and axis == len(ran.shape) - 1:
        return (f"{size} = embedding_dim", _made(call, ran, module)), None, 0
    if ran.op in ("matmul", "mm", "bmm"):
        source = tensors[-1] if axis == len(ran.shape) - 1 else x
        return None, source, len(source.shape) - (1 if axis == len(ran.shape) - 1 else 2)
    if ran.op in ("reshape", "view", "flatten"):
        return _folded(ran, x, axis)
    if ran.op in ("permute", "transpose", "t"):
        return None, x, _moved(ran, x, axis)
    if ran.op == "cat":
        parts = [t.shape[axis] for t in tensors if axis < len(t.shape)]
        if sum(parts) == size and len(parts) > 1:
            return (f"{size} = {' + '.join(map(str, parts))}", f"cat, {_where(ran)}"), None, 0
    if len(x.shape) == len(ran.shape) and (x.shape[axis] == size or is_pointwise_name(ran.op)):
        same = next((t for t in tensors if len(t.shape) == len(ran.shape) and t.shape[axis] == size), x)
        return None, same, axis
    return (f"{size} of {shape_text(ran.shape)}", f"{word(ran)}, {_where(ran)}"), None, 0


def _folded(ran: Ran, x: Tensor, axis: int) -> tuple[Row | None, Tensor | None, int]:
    """A reshape: which axes became this one."""
    size = ran.shape[axis]
    ahead = math.prod(ran.shape[:axis])
    first, product = 0, 1
    while first < len(x.shape) and product < ahead:
        product *= x.shape[first]
        first += 1
    last, inner = first, 1
    while last < len(x.shape) and inner < size:
        inner *= x.shape[last]
        last += 1
    if product != ahead or inner != size or not size:
        return (f"{size} of {shape_text(ran.shape)}", f"from {shape_text(x.shape)}, {_where(ran)}"), None, 0
    factors = [n for n in x.shape[first:last]]
    if len(factors) == 1:
        return None, x, first
    row = (f"{size} = {' × '.join(map(str, factors))}", f"{word(ran)}, {_where(ran)}")
    return row, x, first


def _moved(ran: Ran, x: Tensor, axis: int) -> int:
    """The axis of the operand that a permutation put here."""
    count, params = len(x.shape), ran.params
    order = params.get("dims") or params.get("axes") or params.get("order")
    if isinstance(order, tuple | list) and len(order) == count:
        return int(order[axis]) % count
    pair = [params.get(k) for k in ("dim0", "dim1")]
    if all(isinstance(p, int) for p in pair):
        one, two = (int(p) % count for p in pair)  # type: ignore[arg-type]
        return {one: two, two: one}.get(axis, axis)
    return count - 1 - axis if count == 2 else axis


def _entry(call: Call, control: Outcome, here: Tensor, axis: int) -> Iterator[Row]:
    """Where the trail ends: a tensor that no operation of the trial made."""
    original = control.originals.get(id(here))
    known = call.names.of(original) if isinstance(original, Tensor) else ""
    size = here.shape[axis] if axis < len(here.shape) else 0
    for source, node, _ in assignments({known}, call, outside=True) if known.isidentifier() else ():
        yield f"{size} of {known} {shape_text(here.shape)}", place_of(source.file, node.lineno)
        return
    yield f"{size} of {known or 'the input'} {shape_text(here.shape)}", ""


def _made(call: Call, ran: Ran, module: Any) -> str:
    """`conv2, cell [6] line 4`: the layer and where it was built."""
    place = built(module, call) if module is not None else None
    where = place_of(place.source.file, place.call.lineno) if place is not None else _where(ran)
    return f"{ran.path}, {where}" if ran.path else where


def _where(ran: Ran) -> str:
    place = locate(ran.where)
    return place_of(place.file, place.line) if place is not None else ""
