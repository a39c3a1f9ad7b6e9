"""Steps that a program takes by itself, without an optimizer: `w -= lr * w.grad`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.literals import Number, number_near, standing, value_of

__all__ = ["OwnStep", "own_step"]

SIGNS = {"sub_": -1, "add_": 1}


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
    """The step that belongs to a backward pass: the nearest below it, else in its file, else in an earlier cell."""
    for source in code.sources(at) if at is not None else ():
        line = at.line if at is not None and source is at.source else 0
        found = [(node, sign, factors) for node in source.nodes() for sign, factors in _step(node)]
        found.sort(key=lambda each: (getattr(each[0], "lineno", 0) < line, getattr(each[0], "lineno", 0)))
        for node, sign, factors in found[:1]:
            assert at is not None
            there = standing(at, source, node)
            rates = (number_near(there, factor) for factor in factors)
            return OwnStep(there, node, sign, next((rate for rate in rates if rate is not None), None))
    return None


def _step(node: ast.AST) -> Iterator[tuple[int, list[ast.expr]]]:
    """(its sign, its factors) of a statement or a call that changes a parameter by its own gradient."""
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
        if _of_gradient(node.value, node.target):
            yield _signed(-1 if isinstance(node.op, ast.Sub) else 1, node.value)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        if node.func.attr in SIGNS and _of_gradient(node.args[0], node.func.value):
            sign, factors = _signed(SIGNS[node.func.attr], node.args[0])
            for alpha in (k.value for k in node.keywords if k.arg == "alpha"):
                sign, more = _signed(sign, alpha)
                factors += more
            yield sign, factors
    elif isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp) and len(node.targets) == 1:
        value, target = node.value, node.targets[0]
        own = _owner(value.left) == _owner(target) and isinstance(value.op, ast.Add | ast.Sub)
        if own and _of_gradient(value.right, target):
            yield _signed(-1 if isinstance(value.op, ast.Sub) else 1, value.right)


def _owner(node: ast.expr) -> str:
    """`w` of `w.data`."""
    return ast.unparse(node).removesuffix(".data")


def _of_gradient(node: ast.expr, parameter: ast.expr | None = None) -> bool:
    """Whether a gradient is in an expression; of this parameter."""
    grads = (part for part in ast.walk(node) if isinstance(part, ast.Attribute) and part.attr == "grad")
    return any(parameter is None or _owner(part.value) == _owner(parameter) for part in grads)


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
