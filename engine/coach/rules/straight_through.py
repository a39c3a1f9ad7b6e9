"""A gradient that is led round a step, straight through, and does not arrive: `x + (x.round() - x)` without detach."""

from __future__ import annotations

import ast

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.record import Op, Turn, Value
from gradbook.coach.rule import Rule
from gradbook.coach.rules.own_gradients import WrongGradient
from gradbook.observe.source import Where

__all__ = ["RULES", "StraightThrough"]

STEPS = frozenset(("round", "floor", "ceil", "trunc", "sign", "heaviside"))  # their slope is 0


class StraightThrough(Rule):
    """x + (q - x), where q are steps: its value is q, its gradient 0; the difference must be detached."""

    id = "wrong-gradient"
    idea = WrongGradient.idea
    threshold = "none: x + (q - x) is q, written so for its gradient only; without a detach that is 1 - 1 = 0"

    def turned(self, turn: Turn) -> None:
        for op in turn.ops:
            if op.name == "add" and op.recorded and op.output.requires_grad and len(op.operands) == 2:
                for slot in (0, 1):
                    self._look(op, op.operand(slot), op.operand(1 - slot))

    def _look(self, op: Op, whole: Value | None, rest: Value | None) -> None:
        maker = rest.maker if rest is not None else None
        if whole is None or maker is None or maker.name != "sub" or not rest or not rest.requires_grad:
            return
        steps, taken = maker.operand(0), maker.operand(1)
        if steps is None or taken is None or not taken.requires_grad or not stepped(steps):
            return
        if whole is taken:
            self._speak(op, maker, "arrives as 0", "x + (q - x): 1 for x, 0 for q, -1 for x")
        elif any(cut.source is taken for cut in whole.cuts):
            self._speak(op, maker, "arrives with the wrong sign", "x.detach() + (q - x): 0 for q, -1 for x")

    def _speak(self, op: Op, maker: Op, what: str, why: str) -> None:
        self.find(
            f"The gradient that is meant to go straight through {what}: detach the difference.", op.where,
            {"slopes": why, "operations": f"{maker.name}, then {op.name}"}, detached(op.where), nodes=[op.path],
        )  # fmt: skip


def stepped(value: Value) -> bool:
    """Whether a value is made of steps: no gradient goes through it."""
    return not value.requires_grad or (value.maker is not None and value.maker.name in STEPS)


def detached(where: Where | None) -> list[Fix]:
    """`x + (q - x).detach()`."""
    at = code.place(where)
    node = at.expression if at is not None else None
    if at is None or not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add):
        return [Fix("x + (q - x).detach()", (), "the value of q, the gradient of x")]
    sides = (node.left, node.right)
    rest = next((side for side in sides if isinstance(side, ast.BinOp) and isinstance(side.op, ast.Sub)), None)
    if rest is None:
        other = next((side for side in sides if isinstance(side, ast.Name)), None)
        return [code.appended(at, other, ".detach()", "its value alone")] if other is not None else []
    taken = at.source.segment(rest.right)
    new = f"{taken} + ({at.source.segment(rest)}).detach()"
    return [code.replacement(at, node, new, "the value of one, the gradient of the other")]


RULES = (StraightThrough,)
