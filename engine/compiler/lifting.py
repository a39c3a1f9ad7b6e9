"""Computing inside a statement that is left to Python, taken out of it: `correct += (model(x) == y).sum().item()`.

What a number is read from is computed by the plan before the statement, if all that Python evaluates before it only
looks at variables; the statement gets the result.
"""

from __future__ import annotations

import ast
import copy
from typing import Any

__all__ = ["lifted"]

READING = {"item", "tolist"}
QUIET = {"float", "int", "str", "len", "abs", "round", "min", "max", "sum"}
NAME = "_gradbook_lifted_{}"


class Stop(Exception):
    """From here on it counts what was evaluated before."""


class Lifting:
    """Walks an expression in the order in which Python evaluates it, and takes out what can be."""

    def __init__(self) -> None:
        self.found: dict[str, ast.expr] = {}

    def walk(self, node: Any) -> None:
        """Raises Stop at the first thing that may do more than compute."""
        if isinstance(node, ast.Call):
            self.call(node)
        elif isinstance(node, ast.BoolOp | ast.IfExp | ast.Lambda | ast.NamedExpr | ast.Await | ast.Starred):
            raise Stop
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            raise Stop
        elif isinstance(node, ast.Compare) and len(node.ops) > 1:
            raise Stop
        elif isinstance(node, ast.expr | ast.keyword):
            for part in ast.iter_child_nodes(node):
                self.walk(part)

    def call(self, node: ast.Call) -> None:
        """A call: what it is made on, its arguments, then itself."""
        func = node.func
        reads = isinstance(func, ast.Attribute) and func.attr in READING and not node.args and not node.keywords
        if reads and any(isinstance(part, ast.Call) for part in ast.walk(func.value)):  # type: ignore[attr-defined]
            name = NAME.format(len(self.found))
            self.found[name] = func.value  # type: ignore[attr-defined]
            func.value = ast.copy_location(ast.Name(name, ast.Load()), func)  # type: ignore[attr-defined]
            return
        self.walk(func)
        for part in (*node.args, *node.keywords):
            self.walk(part)
        if not (reads or (isinstance(func, ast.Name) and func.id in QUIET)):
            raise Stop


def lifted(statement: Any) -> tuple[Any, dict[str, ast.expr]]:
    """A statement that reads names where it computed, and what these are to stand for. -> (statement, {name: it})"""
    where = {ast.If: "test", ast.Assert: "test"}.get(type(statement), "value")
    if not isinstance(statement, ast.Expr | ast.Assign | ast.AugAssign | ast.Return | ast.If | ast.Assert):
        return statement, {}
    made, lifting = copy.deepcopy(statement), Lifting()
    value = getattr(made, where)
    try:
        if value is not None:
            lifting.walk(value)
    except Stop:
        pass
    return (made, lifting.found) if lifting.found else (statement, {})
