"""The syntax tree of a function, found by its file and line; of notebook cells too, whose text linecache keeps."""

from __future__ import annotations

import ast
import functools
import linecache
import types
from typing import Any

__all__ = ["tree_of"]

Tree = ast.FunctionDef | ast.Lambda


def tree_of(function: types.FunctionType) -> Tree | None:
    """The definition of a function, or None where its text cannot be had or does not tell which it is."""
    code = function.__code__
    found = [tree for tree in definitions(code.co_filename, _text(code.co_filename)) if _fits(tree, code)]
    return found[0] if len(found) == 1 else None


def _text(filename: str) -> str:
    return "".join(linecache.getlines(filename))


@functools.lru_cache(maxsize=64)
def definitions(filename: str, text: str) -> tuple[Any, ...]:
    """All functions and lambdas of a text."""
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError):  # a cell with magics of its own
        return ()
    return tuple(node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.Lambda))


def _fits(tree: Any, code: types.CodeType) -> bool:
    name = tree.name if isinstance(tree, ast.FunctionDef) else "<lambda>"
    if name != code.co_name:
        return False
    first = min([tree.lineno, *(d.lineno for d in getattr(tree, "decorator_list", ()))])
    if first != code.co_firstlineno:
        return False
    names = [a.arg for a in (*tree.args.posonlyargs, *tree.args.args)]
    return tuple(names) == code.co_varnames[: code.co_argcount]
