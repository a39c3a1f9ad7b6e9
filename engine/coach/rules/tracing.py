"""The way back from a loss to all that led to it, over the places where its graph was cut."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterator

from gradbook.coach.record import Cut, Op, Value
from gradbook.observe import naming
from gradbook.observe.failure.text import called_name

__all__ = ["trace"]

NUMBERLESS = frozenset((
    "rand", "randn", "randint", "randperm", "normal", "zeros", "ones", "empty", "eye", "arange", "linspace",
    "rand_like", "randn_like", "zeros_like", "ones_like", "bernoulli", "multinomial",
))  # fmt: skip


def trace(loss: Value) -> Iterator[tuple[Value, Cut | None, Op | None]]:
    """All that led to a loss, what is near first: (value, the cut nearest to it or None, what made it or None)."""
    queue: deque[tuple[Value, Cut | None]] = deque([(loss, None)])
    seen: dict[int, bool] = {}  # id of a value -> it was reached without a cut
    keep: list[Value] = []  # so that an id stays its own
    while queue:
        value, cut = queue.popleft()
        if seen.get(id(value)) or (id(value) in seen and cut is not None):
            continue
        seen[id(value)] = cut is None
        keep.append(value)
        op = value.maker
        yield value, cut, op
        if op is not None:
            here = _cut_by(op, value) or cut
            queue.extend((each.source, each) for each in value.cuts)
            queue.extend((each, here) for each in op.inputs)
        else:
            queue.extend((each.source, each) for each in value.cuts or (value.reads if given_numbers(value) else ()))


def given_numbers(value: Value) -> bool:
    """Whether a tensor may have been made of numbers that Python had: not of random ones, of zeros, of a range."""
    made = naming.expression_at(value.where) if value.where is not None else None
    return not (isinstance(made, ast.Call) and called_name(made) in NUMBERLESS)


def _cut_by(op: Op, value: Value) -> Cut | None:
    """An operation that takes what has a gradient and gives what has none."""
    if value.requires_grad or not any(each.requires_grad for each in op.inputs):
        return None
    return Cut(op.name if op.recorded else "no_grad", value, op.where)
