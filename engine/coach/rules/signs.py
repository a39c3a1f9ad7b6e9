"""Losses and steps with the wrong sign: what should fall is driven up, and the loss has no bottom, or no top."""

from __future__ import annotations

import ast
from typing import Any

from gradbook.coach import code
from gradbook.coach.curves import Curve, Curves
from gradbook.coach.finding import Fix
from gradbook.coach.record import Op, Turn, Value
from gradbook.coach.rule import Rule
from gradbook.coach.rules.reach import Reach, trace

__all__ = ["RULES", "TurnedSign"]

BOUNDED = frozenset((
    "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "cross_entropy", "nll_loss", "binary_cross_entropy",
    "binary_cross_entropy_with_logits", "kl_div",
))  # fmt: skip
LINEAR = frozenset(("add", "mean", "sum", "mul", "div", "view", "reshape", "squeeze"))
POWERS = frozenset(("square", "pow", "abs"))
TURNS = 4  # that are looked at
GREW = 3.0  # times: a loss with a turned sign that has a bottom otherwise
FAR = 100.0  # times: any loss
LEAST = 5  # losses


class TurnedSign(Rule):
    """A loss that is a negated error, or weights that are moved along their gradient, and a loss that runs away."""

    id = "loss-diverged"
    severity = "warning"
    idea = "training makes the loss smaller: of an error with a minus before it that makes the error larger, for ever"
    threshold = (
        f"a negated error that grew {GREW:g} times, of one optimizer with one loss (in a GAN both may be meant); else "
        f"{FAR:g} times, where a minus stands before the loss or a step by hand adds the gradient"
    )

    def begins(self) -> None:
        self.curves, self.reach = self.coach.shared(Curves), self.coach.shared(Reach)
        self.negated: dict[tuple[int, int], tuple[Op, bool]] = {}  # by the place of their passes; True: a mere error
        self.errors: set[tuple[int, int]] = set()  # places whose loss is an error: of something and a target
        self.ascent: Op | None = None
        self.turns = 0

    def turned(self, turn: Turn) -> None:
        self.turns += 1
        if self.turns > TURNS:
            return
        for pass_ in turn.passes:
            if pass_.where is not None and pass_.loss is not None:
                key = (id(pass_.where[0]), pass_.where[1])
                minus = negation(pass_.loss)
                if minus is not None:
                    self.negated[key] = minus, of_error(minus)
                if any(is_error(op) for _, cut, op in trace(pass_.loss) if op is not None and cut is None):
                    self.errors.add(key)

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        """A step by hand, `w += lr * w.grad`: the leaf is one operand, its gradient leads to the other."""
        leaf = leaf_of(op.operand(0)) if self.ascent is None and not op.output.requires_grad else None
        grad = leaf._grad if leaf is not None else None
        step = op.operand(1)
        if grad is None or step is None:
            return
        alpha = op.params.get("alpha")
        sign = sign_of(step, grad) * (-1 if op.name == "sub" else 1)
        if sign * (alpha if isinstance(alpha, int | float) else 1) > 0:
            self.ascent = op

    ops = frozenset({"add", "sub"})

    def ended(self) -> None:
        for key, curve in self.curves.curves.items():
            if curve.count < LEAST or len(curve.values) < 2:
                continue
            minus, plain = self.negated.get(key, (None, False))
            last = curve.values[-1] if not curve.bad else curve.last
            grown = abs(last) / max(abs(curve.first), 1e-3)
            far = (grown > FAR and curve.grew()) or curve.bad > 1
            if (
                minus is not None
                and last < min(curve.first, 0.0)
                and (far or (plain and grown > GREW and self._alone()))
            ):
                self._negated(curve, minus)
            elif self.ascent is not None and key in self.errors and last > 0 and (grown > FAR or curve.bad > 1):
                self._climbs(curve, self.ascent)

    def _alone(self) -> bool:
        """Whether one optimizer trains a model, by one loss."""
        alone = len(self.curves.curves) == 1 and len(self.reach.every) == 1
        return alone and any(fate.name for fate in self.reach.every[0].fates)

    # -- what it says ------------------------------------------------------------------------------------------------

    def _negated(self, curve: Curve, minus: Op) -> None:
        at = code.place(minus.where)
        name = code.loss_name(code.place(curve.where))
        self.find(
            f"{name} falls below any number: the minus before it drives the error up.", minus.where,
            {"first loss": curve.first, "last loss": f"{curve.last:.3g}", "steps": curve.count},
            unsigned(at) if at is not None else [],
        )  # fmt: skip

    def _climbs(self, curve: Curve, op: Op) -> None:
        at = code.place(op.where)
        name = code.loss_name(code.place(curve.where))
        self.find(
            f"{name} runs away: this step goes along the gradient, uphill; downhill is against it.", op.where,
            {"first loss": curve.first, "last loss": f"{curve.last:.3g}", "steps": curve.count},
            downhill(at) if at is not None else [],
        )  # fmt: skip


# -- values ------------------------------------------------------------------------------------------------------------


def negation(root: Value) -> Op | None:
    """The operation on the way to a loss that turns its sign: -x, x * -1."""
    value: Value | None = root
    for _ in range(8):
        op = value.maker if value is not None else None
        if op is None or not op.inputs:
            return None
        number = next((x for x in op.operands if isinstance(x, int | float)), None)
        if op.name == "neg" or (op.name in ("mul", "div") and number is not None and number < 0):
            return op
        if op.name not in LINEAR:
            return None
        value = next((each for each in op.inputs if each.requires_grad), None)
    return None


def is_error(op: Op) -> bool:
    """An error of predictions: a known loss, or a power of a difference."""
    if op.name in BOUNDED:
        return True
    inner = op.operand(0) if op.name in POWERS else None
    return inner is not None and inner.op == "sub"


def of_error(minus: Op) -> bool:
    """Whether what is negated is an error and nothing else: its mean, its sum, a multiple."""
    value = minus.inputs[0]
    while value.maker is not None and not is_error(value.maker):
        op = value.maker
        numbers = [x for x in op.operands if isinstance(x, int | float)]
        if op.name not in ("mean", "sum", "mul", "div") or len(op.inputs) != 1 or any(x < 0 for x in numbers):
            return False
        value = op.inputs[0]
    return value.maker is not None


def leaf_of(value: Value | None) -> Any:
    """The leaf that a value is, or whose .data it is; None for any other."""
    if value is None:
        return None
    tensor = value.cuts[0].source.tensor if value.cuts and value.cuts[0].how == "data" else value.tensor
    return tensor if tensor is not None and tensor.is_leaf else None


def sign_of(value: Value, grad: Any) -> int:
    """1 for a gradient times positive numbers, -1 for one that is negated, 0 for anything else."""
    sign = 1
    for _ in range(6):
        if value.tensor is grad or any(cut.source.tensor is grad for cut in value.cuts):
            return sign
        op = value.maker
        if op is None or op.name not in ("mul", "div", "neg") or len(op.inputs) != 1:
            return 0
        number = next((x for x in op.operands if isinstance(x, int | float)), 1.0)
        sign = -sign if op.name == "neg" or number < 0 else sign
        value = op.inputs[0]
    return 0


# -- fixes -------------------------------------------------------------------------------------------------------------


def unsigned(at: code.Place) -> list[Fix]:
    """The line without its minus: `F.mse_loss(a, b)`, and `loss.backward()` for `(-loss).backward()`."""
    node = at.expression
    kept: ast.expr | None = None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        kept = node.operand
    elif isinstance(node, ast.BinOp):
        minus = [side for side in (node.left, node.right) if isinstance(side, ast.UnaryOp | ast.Constant)]
        others = [side for side in (node.left, node.right) if side not in minus]
        kept = others[0] if len(others) == 1 else None
    if kept is None or node is None or at.statement is None:
        return []
    why = "an error that training makes smaller"
    text, own = at.source.segment(kept), at.source.segment(node)
    if isinstance(at.source.parents.get(node), ast.Attribute) and isinstance(kept, ast.Name | ast.Call):
        whole = at.source.segment(at.statement)
        if f"({own})" in whole:
            return [code.replacement(at, at.statement, whole.replace(f"({own})", text, 1), why)]
    return [code.replacement(at, node, text, why)]


def downhill(at: code.Place) -> list[Fix]:
    """The line with the other sign: `w -= lr * w.grad`, `p.sub_(lr * p.grad)`, `alpha=-lr`, `w - lr * w.grad`."""
    statement, why = at.statement, "against the gradient"
    if isinstance(statement, ast.AugAssign):
        sign = {"Add": "-=", "Sub": "+="}.get(type(statement.op).__name__)
        target, value = at.source.segment(statement.target), at.source.segment(statement.value)
        return [code.replacement(at, statement, f"{target} {sign} {value}", why)] if sign else []
    node = at.expression
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        text = f"{at.source.segment(node.left)} - {at.source.segment(node.right)}"
        return [code.replacement(at, node, text, why)]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        alpha = next((k for k in node.keywords if k.arg == "alpha"), None)
        other = {"add_": "sub_", "sub_": "add_", "add": "sub", "sub": "add"}.get(node.func.attr)
        if alpha is not None:
            return [code.replacement(at, alpha.value, f"-{at.source.segment(alpha.value)}", why)]
        if other is not None:
            return [code.replacement(at, node.func, f"{at.source.segment(node.func.value)}.{other}", why)]
    return []


RULES = (TurnedSign,)
