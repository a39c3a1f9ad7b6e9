"""Losses behind steps such as round: they are flat, so that all gradients behind them are 0."""

from __future__ import annotations

import ast

from gradbook.coach import code
from gradbook.coach.record import Op, Turn, Value
from gradbook.coach.rule import Rule
from gradbook.coach.rules.reach import Reach
from gradbook.observe.failure.text import called_name

__all__ = ["RULES", "DetachedByAStep"]

FLAT = frozenset(("round", "floor", "ceil", "trunc", "sign", "sgn", "floor_divide", "heaviside"))
TURNS = 3  # in a row in which nothing of an optimizer is reached but through them


class DetachedByAStep(Rule):
    """The loss depends on the parameters only through a function whose slope is 0 everywhere."""

    id = "detached-graph"
    severity = "error"
    idea = "round(), floor() and sign() are flat: their gradient is 0, and so is that of all that leads to them"
    threshold = f"{TURNS} turns in which each way from the loss to the optimizer's parameters goes through one"

    def begins(self) -> None:
        self.reach = self.coach.shared(Reach)
        self.turns = 0

    def turned(self, turn: Turn) -> None:
        optimizer = turn.step.optimizer() if turn.step is not None else None
        flat = [op for op in turn.ops if op.name in FLAT and op.output.requires_grad]
        if optimizer is None or not flat:
            return
        ids = self.reach.ids(optimizer)
        roots = [pass_.loss for pass_ in turn.passes if pass_.loss is not None and pass_.reached & ids]
        found = [passed for root in roots for passed in ways(root, ids)]
        self.turns = self.turns + 1 if found and None not in found else 0
        if self.turns == TURNS:
            self._say(next(op for op in found if op is not None))

    def _say(self, op: Op) -> None:
        at = code.place(op.where)
        call = at.expression if at is not None else None
        fixes = []
        if at is not None and isinstance(call, ast.Call):
            method = isinstance(call.func, ast.Attribute) and not call.args
            kept = call.func.value if method and isinstance(call.func, ast.Attribute) else next(iter(call.args), None)
            if kept is not None and called_name(call):
                text = at.source.segment(kept)
                through = f"{text} + ({at.source.segment(call)} - {text}).detach()"
                fixes = [
                    code.replacement(at, call, text, f"{op.name} only what is shown or measured"),
                    code.replacement(at, call, f"({through})", "the value of the step, the gradient of what goes in"),
                ]
        self.find(
            f"{op.name}() is flat: its gradient is 0 everywhere, and the parameters never get another one.", op.where,
            {"ways from the loss that avoid it": "none", "turns": TURNS}, fixes, nodes=[op.path],
        )  # fmt: skip


def ways(root: Value, ids: set[int]) -> list[Op | None]:
    """For each way from a root to one of these leaves the flat operation on it, None where there is none."""
    found: list[Op | None] = []
    seen: set[tuple[int, bool]] = set()
    stack: list[tuple[Value, Op | None]] = [(root, None)]
    while stack:
        value, passed = stack.pop()
        if (id(value), passed is None) in seen or not value.requires_grad:
            continue
        seen.add((id(value), passed is None))
        if value.maker is None:
            found += [passed] if id(value.tensor) in ids else []
            continue
        here = value.maker if value.maker.name in FLAT else passed
        stack.extend((each, here) for each in value.maker.inputs)
    return found


RULES = (DetachedByAStep,)
