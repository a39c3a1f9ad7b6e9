"""The syntax tree of a function, found by its file and line; of notebook cells too, whose text linecache keeps."""

from __future__ import annotations

import ast
import functools
import linecache
import types
from collections.abc import Iterator
from typing import Any

__all__ = ["tree_of"]

Tree = ast.FunctionDef | ast.Lambda


def tree_of(function: types.FunctionType) -> Tree | None:
    """The definition of a function, or None where its text cannot be had or does not tell which it is."""
    code = function.__code__
    module = _parsed(code.co_filename, _text(code.co_filename))
    nodes = () if module is None else _around(module, code.co_firstlineno)
    found = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.Lambda) and _fits(node, code)]
    if len(found) > 1:  # lambdas on one line: where their code stands tells them apart
        places = {(line, end, column, stop) for line, end, column, stop in code.co_positions()}
        found = [tree for tree in found if isinstance(tree, ast.Lambda) and place_of(tree.body) in places]
    return found[0] if len(found) == 1 else None


def place_of(node: ast.expr) -> tuple[Any, ...]:
    """(line, last line, column, last column), as code has it."""
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def _text(filename: str) -> str:
    return "".join(linecache.getlines(filename))


@functools.lru_cache(maxsize=64)
def _parsed(filename: str, text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):  # a cell with magics of its own
        return None


def _around(tree: ast.Module, line: int) -> Iterator[ast.AST]:
    """The nodes that a line is in."""
    waiting: list[Any] = [tree]
    while waiting:
        node = waiting.pop()
        first = min([getattr(node, "lineno", line), *(d.lineno for d in getattr(node, "decorator_list", ()))])
        if first <= line <= getattr(node, "end_lineno", line):
            yield node
            waiting += ast.iter_child_nodes(node)


def _fits(tree: Any, code: types.CodeType) -> bool:
    name = tree.name if isinstance(tree, ast.FunctionDef) else "<lambda>"
    if name != code.co_name:
        return False
    first = min([tree.lineno, *(d.lineno for d in getattr(tree, "decorator_list", ()))])
    if first != code.co_firstlineno:
        return False
    names = [a.arg for a in (*tree.args.posonlyargs, *tree.args.args)]
    return tuple(names) == code.co_varnames[: code.co_argcount]
