"""One interpreted function: its variables, and how it ends."""

from __future__ import annotations

import types
from typing import Any

__all__ = ["Broken", "Continued", "Frame", "Returned"]


class Returned(Exception):
    """A return statement was reached."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Broken(Exception):
    """A break statement was reached."""


class Continued(Exception):
    """A continue statement was reached."""


class Frame:
    """One function's variables while it is interpreted."""

    def __init__(self, function: types.FunctionType, scope: dict[str, Any], outer: Frame | None = None) -> None:
        self.function, self.variables, self.outer = function, scope, outer
        code = function.__code__
        self.cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
        self.local = {*code.co_varnames, *code.co_cellvars}
        self.line = code.co_firstlineno
        self.node: Any = None  # the call being made
        self.statement: Any = None  # the statement being run
        self.outside: dict[str, Any] = {}  # names declared global or nonlocal, and by which kind of statement
