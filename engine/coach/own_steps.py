"""Steps that a program takes by itself, without an optimizer: `w -= lr * w.grad`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.literals import Number, number_near, standing, value_of
from gradbook.observe.failure.text import called_name

__all__ = ["OwnStep", "own_step"]

SIGNS = {"sub_": -1, "add_": 1, "sub": -1, "add": 1}


@dataclass(frozen=True)
class OwnStep:
    """The statement of a step. sign: -1 downhill, 1 uphill; rate: where its length is written."""

    at: code.Place
    node: ast.AST
    sign: int
    rate: Number | None

    def turned(self) -> list[Fix]:
        """The same step the other way."""
        text = self.at.source.segment(self.node)
        for old, new in ((" += ", " -= "), (".add_(", ".sub_("), ("add(", "sub("), (" + ", " - ")):
            if old in text and isinstance(self.node, ast.expr | ast.stmt):
                return [
                    code.replacement(self.at, self.node, text.replace(old, new, 1), "against the gradient: downhill")
                ]
        return []


def own_step(at: code.Place | None) -> OwnStep | None:
    """The step of the file that a backward pass stands in, the nearest one below it; None without any."""
    if at is None:
        return None
    found = [(node, sign, factors) for node in at.source.nodes() for sign, factors in _step(node)]
    found.sort(key=lambda each: (getattr(each[0], "lineno", 0) < at.line, getattr(each[0], "lineno", 0)))
    for node, sign, factors in found:
        there = standing(at, at.source, node)
        rates = (number_near(there, factor) for factor in factors)
        return OwnStep(there, node, sign, next((rate for rate in rates if rate is not None), None))
    return None


def _step(node: ast.AST) -> Iterator[tuple[int, list[ast.expr]]]:
    """(its sign, its factors) of a statement or a call that changes parameters by their gradients."""
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub) and _of_gradient(node.value):
        if not _of_gradient(node.target):  # no sum of gradients
            yield _signed(-1 if isinstance(node.op, ast.Sub) else 1, node.value)
    elif isinstance(node, ast.Call) and called_name(node) in ("sub_", "add_") and node.args:
        if _of_gradient(node.args[0]) and not _of_gradient(node.func):
            alpha = next((k.value for k in node.keywords if k.arg == "alpha"), None)
            sign, factors = _signed(SIGNS[called_name(node)], node.args[0])
            if alpha is not None:
                more, extra = _signed(sign, alpha)
                sign, factors = more, [*factors, *extra]
            yield sign, factors
    elif isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp) and len(node.targets) == 1:
        value = node.value
        own = ast.unparse(value.left).removesuffix(".data") == ast.unparse(node.targets[0]).removesuffix(".data")
        if own and isinstance(value.op, ast.Add | ast.Sub) and _of_gradient(value.right):
            yield _signed(-1 if isinstance(value.op, ast.Sub) else 1, value.right)


def _of_gradient(node: ast.expr) -> bool:
    return any(isinstance(part, ast.Attribute) and part.attr == "grad" for part in ast.walk(node))


def _signed(sign: int, node: ast.expr) -> tuple[int, list[ast.expr]]:
    """The sign of a product with one before it, and what of it is no gradient."""
    factors: list[ast.expr] = []
    stack = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, ast.UnaryOp) and isinstance(here.op, ast.USub):
            sign = -sign
            stack.append(here.operand)
        elif isinstance(here, ast.BinOp) and isinstance(here.op, ast.Mult):
            stack += [here.left, here.right]
        elif not _of_gradient(here):
            sign = -sign if (value_of(here) or 0) < 0 else sign
            factors.append(here)
    return sign, factors
