"""An option of an optimizer that is to blame: the line where its number is written, and that line with another one."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.literals import Number, argument, option, written
from gradbook.observe.source import Where

__all__ = ["Option"]

POSITIONS = {"lr": 1}  # of the call's arguments


class Option:
    """An option of what is constructed at a place. values: what it may have been then, the likeliest first.

    position: of its argument in the call, if that is another one than usual.
    """

    def __init__(self, where: Where | None, name: str, values: Iterable[float], position: int | None = None) -> None:
        self.where, self.name = where, name
        self.at = code.place(where)
        self.position = POSITIONS.get(name) if position is None else position
        found = (option(where, name, value, self.position) for value in dict.fromkeys(values))
        self.number: Number | None = next((number for number in found if number is not None), None)

    @property
    def line(self) -> Where | tuple[str, int] | None:
        """The line to change: where the number stands, else where it is given, else of the whole call."""
        if self.number is not None:
            return self.number.line
        given = self._given()
        return (self.at.file, given.lineno) if self.at is not None and given is not None else self.where

    def _given(self) -> ast.expr | None:
        call = self.at.expression if self.at is not None else None
        return next(argument(call, self.name, self.position), None) if isinstance(call, ast.Call) else None

    def changed(self, values: Sequence[float], why: str = "in its place") -> list[Fix]:
        """The line with other numbers, the best first."""
        if self.number is None:
            return self._here(values, why)
        found = [self.number.replaced(value, why) for value in values]
        inside = self.at is not None and self.at.file == self.number.at.file and self._given() is self.number.node
        return found if inside else [*found[:2], *self._here(values[:1], "or there")]

    def _here(self, values: Sequence[float], why: str) -> list[Fix]:
        """The call that constructs it with other numbers."""
        call, given = self.at.expression if self.at is not None else None, self._given()
        texts = [written(value) for value in values]
        if self.at is None or not isinstance(call, ast.Call):
            return [Fix(f"{self.name}={text}", (), "where the optimizer is made") for text in texts]
        if given is not None:
            return [code.replacement(self.at, given, text, why) for text in texts]
        return [code.with_option(self.at, call, self.name, text, why) for text in texts]
