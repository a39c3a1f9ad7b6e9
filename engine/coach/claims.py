"""What the program says that it is doing: whether its own words call data that of a validation or a test."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from types import FrameType
from typing import Any

from gradbook.coach.code import Place, user_frame_above
from gradbook.observe import naming
from gradbook.observe.source import is_users, user_frame

__all__ = ["Claim", "claim"]

UNSEEN = frozenset(
    ("val", "valid", "validation", "validate", "test", "testing", "holdout", "heldout", "held", "unseen")
)
SEEN = frozenset(("train", "training", "trn", "fit"))
# before a last `val`: that of a `q_val` is a value
DATA = frozenset((
    "x", "y", "data", "dataset", "set", "ds", "df", "loader", "dl", "batch", "images", "labels", "inputs", "features",
    "targets", "loss", "acc", "accuracy", "score", "metrics",
))  # fmt: skip
WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
AFTER = 4  # statements that follow in the same block
FRAMES = 12


class Claim:
    """A statement that speaks of data which the model has not been trained on. word: as it stands there."""

    def __init__(self, word: str, at: Place) -> None:
        self.word, self.at = word, at


def claim() -> Claim | None:
    """What the innermost of the running statements that says anything says; None if that is nothing of validation."""
    frame = user_frame(1)
    for _ in range(FRAMES):
        if frame is None:
            return None
        if is_users(frame.f_code.co_filename):
            at = Place((frame.f_code, frame.f_lasti))
            for words in (_given(at), _near(at, frame), _named(at, frame), _following(at)):
                found = dict(words)
                unseen, seen = UNSEEN & found.keys(), SEEN & found.keys()
                if unseen and not seen:
                    return Claim(found[min(unseen)], at)
                if seen:
                    return None
            if at.function == "<module>":  # above that is whoever runs the program
                return None
        frame = user_frame_above(frame)
    return None


def _given(at: Place) -> Iterator[tuple[str, str]]:
    """The words of what the running call is given: `evaluate(val_loader)` beside another call in the same line."""
    call = at.expression
    for argument in (*call.args, *(each.value for each in call.keywords)) if isinstance(call, ast.Call) else ():
        yield from words_in(argument)


def _near(at: Place, frame: FrameType) -> Iterator[tuple[str, str]]:
    """The words of the statement, and of the heads of the loops round it: of `for phase in ...` what phase is now."""
    here = at.statement
    if isinstance(here, ast.For):
        yield from _loop(here, frame)
    elif here is not None and not isinstance(here, ast.With | ast.FunctionDef | ast.If | ast.While):
        yield from words_in(here)
    for loop in at.around(ast.For):
        assert isinstance(loop, ast.For)
        yield from _loop(loop, frame)


def _loop(loop: ast.For, frame: FrameType) -> Iterator[tuple[str, str]]:
    targets = [n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)]
    values = naming.variables(frame)
    told = [values[name] for name in targets if isinstance(values.get(name), str)]
    if told:
        for text in told:
            yield from split(text)
    else:
        yield from words_in(loop.iter)


def _named(at: Place, frame: FrameType) -> Iterator[tuple[str, str]]:
    """The words of the function's name; not of one that a test runner calls."""
    above = frame.f_back
    run = above is None or not is_users(above.f_code.co_filename)
    if at.function != "<module>" and not (run and at.function.startswith("test")):
        yield from split(at.function)


def _following(at: Place) -> Iterator[tuple[str, str]]:
    """The words of the statements that follow in the same block, and in that round it: `print("validation", ...)`."""
    here: ast.AST | None = at.statement
    for _ in range(3):
        parent = at.source.parents.get(here) if here is not None else None
        body: Any = getattr(parent, "body", None)
        if isinstance(body, list) and here in body:
            for statement in body[body.index(here) + 1 :][:AFTER]:
                if isinstance(statement, ast.Expr | ast.Assign | ast.AugAssign | ast.Return):
                    yield from words_in(statement)
        if not isinstance(parent, ast.With | ast.For):
            return
        here = parent


def words_in(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """The words of the names and texts in a piece of code."""
    for node in ast.walk(tree):
        name = getattr(node, "id", getattr(node, "attr", getattr(node, "value", "")))
        called = isinstance(node, ast.Attribute) and name in ("train", "eval", "fit")
        if isinstance(name, str) and not called and not is_value(name):
            yield from split(name)


def is_value(name: str) -> bool:
    """Whether the `val` of a name is as likely a value: `val`, `q_val`."""
    words = [word.lower() for word in WORDS.findall(name)]
    return words[-1:] == ["val"] and (len(words) == 1 or words[-2] not in DATA)


def split(name: str) -> Iterator[tuple[str, str]]:
    """The words of `val_loss` or `xTest`, small, each with the name."""
    for word in WORDS.findall(name):
        yield word.lower(), name
