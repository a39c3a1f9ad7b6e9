"""Losses that run away: above all bounds, or below."""

from __future__ import annotations

import ast
import math
from typing import Any

from gradbook.coach import code
from gradbook.coach.curves import Curve
from gradbook.coach.finding import Fix
from gradbook.coach.own_steps import own_step
from gradbook.coach.record import Op
from gradbook.coach.rules.learning_rates import Learning, lost, median, risen, slower
from gradbook.coach.rules.wherefrom import storing
from gradbook.coach.scaling import positive
from gradbook.observe.failure.text import binds
from gradbook.observe.source import Where

__all__ = ["RULES", "LossDiverged"]

SINKS = 2.0  # times itself below its beginning: an error with a minus that falls on and on
BOTTOM = 1000.0  # times as far below 0 as it began above: no likelihood goes so far, nor any reward
DEEP = 100.0  # the same, of one that falls faster and faster
FEW = 8  # losses of a third of a curve


class LossDiverged(Learning):
    """The loss is infinite or no number, or a hundred times what it was, and no other rule knows why."""

    id = "loss-diverged"
    idea = "a loss that runs away is not learned from: look at the learning rate, the data and the sign of the loss"
    threshold = (
        f"not finite after it was, or a hundredfold; {DEEP:g} times as far below 0 as it began above, and faster and "
        "faster. Where another rule tells the cause it is a hint"
    )
    ops = frozenset({"add"})

    def begins(self) -> None:
        super().begins()
        self.terms: dict[Where | None, list[tuple[float, Where | None]]] = {}  # of sums, as they were last

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        if output._array.size != 1 or not op.output.requires_grad or len(op.inputs) != 2:
            return
        if all(getattr(x, "_array", None) is not None and x._array.size == 1 for x in operands[:2]):
            values = [float(x._array.item()) for x in operands[:2]]
            makers = [value.maker.where if value.maker is not None else None for value in op.inputs]
            self.terms[op.where] = list(zip(values, makers, strict=True))

    def ended(self) -> None:
        for curve in self.curves.curves.values():
            if curve.count < 3 or not curve.values:
                continue
            tail = median(curve.values[-3:])
            away = curve.bad > 1
            climbs = curve.grew() or lost(curve) or (curve.first > 0 and risen(curve.values))
            far = abs(tail) > 100 * max(abs(curve.first), 1e-3) and climbs and len(curve.values) > 5
            sinks = self.scaling.negated is not None and curve.last < min(0.0, curve.first - SINKS * abs(curve.first))
            depth = -curve.last / max(abs(curve.first), 1.0)
            bottomless = depth > BOTTOM or (depth > DEEP and len(self.rates) == 1 and faster(curve))
            if away or far or sinks or bottomless:
                self._speak(curve, away)
                return

    def _speak(self, curve: Curve, away: bool) -> None:
        at = code.place(curve.where)
        told = self.explained or any(f.rule == "learning-rate-too-high" for f in self.coach.report)
        name = code.loss_name(at)
        what = "falls below any number: it has no bottom" if curve.last < 0 else "runs away: training has failed"
        where, fixes, sure = self._cause(curve, name)
        shown = f"{curve.last:.3g}" + (f", then not finite in step {curve.bad}" if curve.bad else "")
        self.find(
            f"{name} {what}.", where or curve.where,
            {"first loss": curve.first, "last loss": shown, "steps": curve.count},
            fixes[:3], severity="warning" if (away or sure) and not told else "hint",
        )  # fmt: skip

    def _cause(self, curve: Curve, name: str) -> tuple[Where | tuple[str, int] | None, list[Fix], bool]:
        """A step uphill, a loss with the wrong sign, else nobody knows."""
        at = code.place(curve.where)
        step = own_step(at) if not self.rates else None
        if step is not None and step.sign > 0 and curve.last > 0:
            return step.at.at, step.turned(), True
        clip = code.insertion(
            at, "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)", "after backward()", after=True
        )
        rate = next(iter(self.rates), None)
        rest = [clip, *(self.option(rate).changed(slower(rate)[:1]) if rate is not None and rate.where else ())]
        if curve.last < 0 and self.scaling.negated is not None:
            return self.scaling.negated, [*positive(self.scaling.negated), *rest], True
        if curve.last < 0 and (term := self._sinking(curve)) is not None:
            return term.at, [*opposite(term), *rest], True
        if curve.last < 0:
            made = storing(at, name) if at is not None else []
            value = getattr(made[-1], "value", None) if made else None
            if at is None or value is None:
                return None, [Fix(f"{name} = -{name}", (), "if its sign is the wrong one"), *rest], False
            return (at.file, made[-1].lineno), [*added(at, value), turned(at, value), *rest], False
        return None, rest, False

    def _sinking(self, curve: Curve) -> code.Place | None:
        """Where the term of the loss is computed that has fallen far below zero, if another one has not."""
        for terms in self.terms.values():
            (low, where), (high, _) = sorted(terms, key=lambda term: term[0])
            at = code.place(where)
            if low < -max(abs(curve.first), 1.0) and high >= 0 and at is not None:
                if isinstance(at.statement, ast.Assign):
                    return at
        return None


def faster(curve: Curve) -> bool:
    """Whether a curve falls more in each third than in the one before."""
    third = len(curve.values) // 3
    begun, then, now = (median(curve.values[i * third : (i + 1) * third] or [math.nan]) for i in range(3))
    return third >= FEW and then - now > begun - then > 0


def opposite(at: code.Place) -> list[Fix]:
    """The line with its number, `0.5` of `0.5 * x.sum()`, of the other sign; else all of it."""
    assert isinstance(at.statement, ast.Assign)
    value = first = at.statement.value
    while isinstance(first, ast.BinOp) and isinstance(first.op, ast.Mult | ast.Div):
        first = first.left
    negative = isinstance(first, ast.UnaryOp) and isinstance(first.op, ast.USub)
    if isinstance(first, ast.Constant) or (negative and first is not value):
        text = at.source.segment(first)
        new = text[1:].strip() if negative else f"-{text}"
        return [code.replacement(at, first, new, "this term then has a bottom")]
    return [turned(at, value)]


# -- fixes -------------------------------------------------------------------------------------------------------------


def added(at: code.Place, value: ast.expr) -> list[Fix]:
    """`error + penalty` for `error - penalty`."""
    if not (isinstance(value, ast.BinOp) and isinstance(value.op, ast.Sub)):
        return []
    left, right = at.source.segment(value.left), at.source.segment(value.right)
    right = f"({right})" if isinstance(value.right, ast.IfExp | ast.Compare | ast.BoolOp) else right
    return [code.replacement(at, value, f"{left} + {right}", "if both terms are to become small")]


def turned(at: code.Place, value: ast.expr) -> Fix:
    """The line with a value of the other sign."""
    minus = isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub)
    text = at.source.segment(value.operand if isinstance(value, ast.UnaryOp) and minus else value)
    new = text if minus else f"-{text}" if binds(value) else f"-({text})"
    return code.replacement(at, value, new, "if its sign is the wrong one")


RULES = (LossDiverged,)
