"""What makes gradients larger or smaller than the loss asks for: its reduction, factors, clipping."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.literals import Number, argument, number_of, value_of
from gradbook.coach.record import Op, Turn, Value
from gradbook.coach.rule import Shared
from gradbook.coach.targets import LOSSES
from gradbook.observe.failure.text import Edit, called_name
from gradbook.observe.source import Where

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach

__all__ = ["Scaling", "clipping", "factor_of", "positive", "setting", "summed", "terms", "unscaled"]

LOOKS = 3  # turns whose loss is looked at
MANY = 16  # elements whose sum is not nearly their mean
SMALL = 1e-3  # a factor that makes steps far shorter
NEAR = 0.5  # of a bound: the norm of what was looked at is not that of all
CLIPS = ("clip_grad_norm_", "clip_grad_value_")


class Scaling(Shared):
    """How the loss of a watch was put together."""

    id = "scaling"
    hears = ("turned",)

    def __init__(self, coach: Coach) -> None:
        super().__init__(coach)
        self._looks = 0
        self.sum: tuple[Where | None, str, int] | None = None  # the line of a loss that sums, its name, how many
        self.negated: Where | None = None  # the line where an error gets a minus
        self.small: tuple[Where, float] | None = None  # the line of a factor that leaves next to nothing

    def turned(self, turn: Turn) -> None:
        """A turn has ended: how was its loss made, and what became of the gradients?"""
        if self._looks >= LOOKS or not turn.passes:
            return
        self._looks += 1
        loss = turn.passes[-1].loss
        if loss is not None:
            for op in terms(loss):
                self._loss(op)
            made = loss.maker.number if loss.maker is not None else 0
            for op in turn.ops:
                if op.number > made:
                    self._gradient(op)

    def _loss(self, op: Op) -> None:
        factor = factor_of(op)
        negative = op.name == "neg" or (factor is not None and factor < 0)
        if negative and op.inputs and is_error(op.inputs[0]):
            self.negated = op.where
        if factor is not None:
            if 0 < abs(factor) < SMALL and op.where is not None:
                self.small = op.where, factor
        elif op.params.get("reduction") == "sum" and self.sum is None:
            count = math.prod(op.inputs[0].shape[:1]) if "nll" in op.name or "entropy" in op.name else math.prod(
                op.inputs[0].shape
            )  # fmt: skip
            if count >= MANY:
                self.sum = self._chosen(op), op.name, count

    def _chosen(self, op: Op) -> Where | None:
        """Where a loss is chosen: the construction of its module, else its call."""
        built = self.coach.built_at(op.call.module) if op.call is not None else None
        return built.where if built is not None and built.where is not None else op.where

    def _gradient(self, op: Op) -> None:
        factor = factor_of(op)
        first = op.inputs[0] if op.inputs else None
        if factor is not None and 0 < abs(factor) < SMALL and first is not None and op.where is not None:
            if first.shape and first.maker is None and not op.output.requires_grad:
                at = code.place(op.where)
                if at is not None and at.statement is not None and ".grad" in at.source.segment(at.statement):
                    self.small = op.where, factor


def is_error(value: Value) -> bool:
    """Whether a number is the error of predictions: what a loss function gave, or a mean of squares."""
    if value.maker is None or value.op in LOSSES:
        return value.maker is not None
    inner = value.maker.inputs[0].maker if value.op in ("mean", "sum") and value.maker.inputs else None
    squares = inner is not None and inner.name in ("abs", "square", "pow", "power") and bool(inner.inputs)
    return squares and inner is not None and inner.inputs[0].op == "sub"  # of differences


def terms(loss: Value) -> Iterator[Op]:
    """The operations on one number that lead to a loss, and what made those numbers."""
    stack, seen = [loss], 0
    while stack and seen < 64:
        maker = stack.pop().maker
        seen += 1
        if maker is None:
            continue
        yield maker
        if maker.name in ("add", "sub", "mul", "div", "neg"):
            stack += [value for value in maker.inputs if math.prod(value.shape) == 1]


def factor_of(op: Op) -> float | None:
    """What an operation multiplies by, if that is a number."""
    if op.name not in ("mul", "div"):
        return None
    numbers: list[Any] = [x for x in op.operands if isinstance(x, int | float)]
    if len(numbers) != 1 or not numbers[0]:
        return None
    return float(numbers[0]) if op.name == "mul" else 1.0 / float(numbers[0])


def clipping(where: Where | None, norm: float) -> Number | None:
    """The bound of a clipping in the function of a step, if the gradients have just that norm, and it is small."""
    at = code.place(where)
    if at is None or at.statement is None:
        return None
    for node in at.source.nodes():
        if not isinstance(node, ast.Call) or called_name(node) not in CLIPS:
            continue
        for given in argument(node, "max_norm" if "norm" in called_name(node) else "clip_value", 1):
            found = number_of(at, given, norm, NEAR)
            if found is not None:
                return found
    return None


def summed(where: Where | None) -> list[Fix]:
    """A loss without its reduction="sum"."""
    at = code.place(where)
    call = at.expression if at is not None else None
    if at is None or not isinstance(call, ast.Call):
        return []
    for keyword in call.keywords:
        if keyword.arg == "reduction":
            whole = at.source.segment(call)
            text = without(whole, at.source.segment(keyword))
            return [code.replacement(at, call, text, "the mean, as long for large batches as for small ones")]
    return []


def positive(where: Where | None) -> list[Fix]:
    """The line without its minus."""
    at = code.place(where)
    node = at.expression if at is not None else None
    if at is None or node is None:
        return []
    kept: ast.expr | None = None
    if isinstance(node, ast.UnaryOp):
        kept = node.operand
    elif isinstance(node, ast.BinOp):
        kept = node.right if value_of(node.left) is not None else node.left
    return [bare(at, node, kept, "an error is to become small")] if kept is not None else []


def bare(at: code.Place, node: ast.expr, kept: ast.expr, why: str) -> Fix:
    """The line with a part of an expression in its place, and without brackets that it needs no longer."""
    edit, text = at.source.replace(node, ""), at.source.segment(kept)
    first, last = at.source.lines[edit.line - 1], at.source.lines[edit.end_line - 1]
    before, after = first[: edit.column], last[edit.end_column :]
    atom = isinstance(kept, ast.Name | ast.Attribute | ast.Call | ast.Subscript)
    if atom and before.endswith("(") and after.startswith(")") and not before[-2:-1].strip("_").isalnum():
        column, end = edit.column - 1, edit.end_column + 1
        whole = Edit(at.file, edit.line, column, edit.end_line, end, text)
        return Fix((first[:column] + text + last[end:]).strip(), (whole,), why)
    return code.replacement(at, node, text, why)


def unscaled(where: Where | None, factor: float | None = None) -> list[Fix]:
    """The line without the factor that leaves next to nothing; a statement that does nothing else is taken out."""
    at = code.place(where)
    node = at.expression if at is not None else None
    why = "the gradient as it is"
    if at is None:
        return []
    if isinstance(node, ast.BinOp):
        number = setting(where, factor) if factor else None
        first = value_of(node.left) is not None or (number is not None and number.given is node.left)
        return [code.replacement(at, node, at.source.segment(node.right if first else node.left), why)]
    taken = code.removal(at)
    return [Fix(f"# {at.source.segment(at.statement)}", taken, why)] if at.statement is not None else []


class Setting:
    """A factor that has a name: the operand, and the number, such as a temperature's in a configuration."""

    def __init__(self, given: ast.expr, number: Number, again: bool = False) -> None:
        self.given, self.number, self.again = given, number, again

    @property
    def chosen(self) -> bool:
        """Whether it stands for itself, and is no width or limit that serves as a factor too."""
        return not self.again and not (
            isinstance(self.number.node, ast.Constant) and isinstance(self.number.node.value, int)
        )


def setting(where: Where | None, factor: float) -> Setting | None:
    """The factor of an expression, if its number is written elsewhere."""
    at = code.place(where)
    node = at.expression if at is not None else None
    if at is None or not isinstance(node, ast.BinOp):
        return None
    value = 1.0 / factor if isinstance(node.op, ast.Div) else factor
    for part in (node.right, node.left):
        number = number_of(at, part, value) if value_of(part) is None else None
        if number is not None:
            inside = ast.walk(at.statement) if at.statement is not None else ()
            same = [n for n in inside if isinstance(n, ast.expr) and ast.unparse(n) == ast.unparse(part)]
            return Setting(part, number, len(same) > 1)
    return None


def without(call: str, option: str) -> str:
    """The text of a call without one of its options."""
    for part in (f", {option}", f"{option}, ", option):
        if part in call:
            return call.replace(part, "", 1)
    return call
