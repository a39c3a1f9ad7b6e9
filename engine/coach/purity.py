"""Whether a function of the user's, as far as its source tells, changes only what is its own: it may be run again."""

from __future__ import annotations

import ast
import types
from typing import Any

__all__ = ["changes_only_its_own", "root_of"]

CHANGING = frozenset((
    "append", "extend", "add", "update", "pop", "insert", "remove", "clear", "write", "setdefault", "put", "send",
))  # fmt: skip
FORBIDDEN = frozenset(("backward", "step", "zero_grad", "save", "manual_seed", "load_state_dict"))


def changes_only_its_own(function: Any, node: ast.FunctionDef | ast.Lambda) -> bool:
    """Whether nothing is written but local variables and attributes of the first argument, its context or self."""
    own = set(function.__code__.co_varnames)
    given = {a.arg for a in node.args.args[1:]}
    for part in ast.walk(node):
        if isinstance(part, ast.Global | ast.Nonlocal) or (isinstance(part, ast.keyword) and part.arg == "generator"):
            return False
        if isinstance(part, ast.Attribute | ast.Subscript) and isinstance(part.ctx, ast.Store):
            root = root_of(part)
            if root not in own or (isinstance(part, ast.Attribute) and root in given):
                return False
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            if part.func.attr in FORBIDDEN:
                return False
            root = root_of(part.func)
            known = root in own or isinstance(function.__globals__.get(root), types.ModuleType)
            if part.func.attr in CHANGING and not known:
                return False
    return True


def root_of(part: ast.expr) -> str:
    """The variable that an attribute or an item is of."""
    while isinstance(part, ast.Attribute | ast.Subscript):
        part = part.value
    return part.id if isinstance(part, ast.Name) else ""
