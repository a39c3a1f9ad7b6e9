"""Which of the user's lines may run a second time: those that only compute."""

from __future__ import annotations

import ast
import builtins
import types
from collections.abc import Callable
from typing import Any

from gradbook.nn.module import Module
from gradbook.observe.failure.operands import value_of
from gradbook.observe.failure.sandbox import users_class
from gradbook.observe.failure.text import source_of
from gradbook.observe.source import is_own, is_users
from gradbook.tensor import Tensor

__all__ = ["MISSING", "Safety", "definition"]

MISSING = object()
MODULES = (
    "gradbook", "torch", "math", "numpy", "random", "functools", "itertools", "operator", "typing", "collections",
    "einops", "copy",
)  # fmt: skip
WRITES = frozenset({
    "write", "writelines", "save", "savez", "savetxt", "savefig", "tofile", "show", "send", "put", "step", "zero_grad",
    "backward", "add_scalar", "close", "flush", "system", "popen", "unlink", "rmdir", "mkdir", "run", "start",
    "manual_seed", "load", "load_state_dict", "export", "register_hook", "register_forward_hook", "set_default_dtype",
})  # fmt: skip
BUILTINS = frozenset({"open", "input", "exec", "eval", "compile", "breakpoint", "__import__", "exit", "quit", "help",
                      "next", "globals", "setattr", "delattr"})  # fmt: skip
FORBIDDEN = (ast.Import, ast.ImportFrom, ast.Await, ast.Yield, ast.YieldFrom, ast.Delete, ast.ClassDef,
             ast.AsyncFor, ast.AsyncWith, ast.AsyncFunctionDef)  # fmt: skip
Lookup = Callable[[str], Any]


class Safety:
    """Judges statements and functions by what they call. `look` finds what a name means, MISSING if nothing."""

    def __init__(self, allowed: frozenset[str] = frozenset()) -> None:
        self.allowed = allowed  # attributes that may be called all the same, such as `backward`
        self._functions: dict[types.CodeType, bool] = {}

    def ok(self, node: ast.AST, look: Lookup) -> bool:
        """True if a piece of code only computes."""
        for part in ast.walk(node):
            if isinstance(part, FORBIDDEN):
                return False
            if isinstance(part, ast.Call) and not self._call(part, look):
                return False
        return True

    def function(self, function: types.FunctionType) -> bool:
        """True if a function of the user's only computes."""
        code = function.__code__
        space = function.__globals__
        return self.code(code, lambda name: space.get(name, getattr(builtins, name, MISSING)))

    def code(self, code: types.CodeType, look: Lookup) -> bool:
        """True if the function that a code object belongs to only computes."""
        known = self._functions.get(code)
        if known is None:
            self._functions[code] = True  # one that calls itself
            node = definition(code)
            known = self._functions[code] = node is not None and self.ok(node, look)
        return known

    def _call(self, call: ast.Call, look: Lookup) -> bool:
        function: ast.AST = call.func
        if isinstance(function, ast.Attribute) and function.attr in WRITES - self.allowed:
            return False
        owner = function.value if isinstance(function, ast.Attribute) else None
        while isinstance(function, ast.Attribute | ast.Call | ast.Subscript):
            function = function.func if isinstance(function, ast.Call) else function.value
        if not isinstance(function, ast.Name):
            return True
        root = look(function.id)
        held = value_of(owner, {function.id: root}) if owner is not None and root is not MISSING else None
        return self._value(function.id, root) and (held is None or self._value(function.id, held))

    def _value(self, name: str, value: Any) -> bool:
        if value is MISSING or isinstance(value, Tensor | Module | str | int | float | list | dict | tuple | set):
            return True
        if isinstance(value, types.ModuleType):
            return value.__name__.partition(".")[0] in MODULES
        if isinstance(value, types.BuiltinFunctionType):
            return name not in BUILTINS
        if isinstance(value, types.MethodType):
            value = value.__func__
        if isinstance(value, types.FunctionType):
            if is_users(value.__code__.co_filename):
                return self.function(value)
            return is_own(value.__code__.co_filename) or value.__module__.partition(".")[0] in MODULES
        if isinstance(value, type):
            return value.__module__.partition(".")[0] in (*MODULES, "builtins") or users_class(value)
        return users_class(type(value)) or type(value).__module__.partition(".")[0] in MODULES


def definition(code: types.CodeType) -> ast.FunctionDef | ast.Lambda | None:
    """The syntax of the function that a code object belongs to."""
    for node in source_of(code.co_filename).nodes():
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first == code.co_firstlineno:
                return node
        if isinstance(node, ast.Lambda) and code.co_name == "<lambda>" and node.lineno == code.co_firstlineno:
            return node
    return None
