"""What a breakpoint stops at, in words: a small grammar, read without running anything.

    nan · inf                  an operation makes one out of finite numbers, forward or in a gradient
    grad>1e3                   the norm of a gradient; also >=, <, <=
    shape!=(32, *, ...)        the shape of a result; also ==; `*` is any size, `...` any number of sizes
    op:NAME                    an operation of the engine, such as op:log
    encoder.0 · h · fc1.weight a call of that module; the line that assigns that variable; that tensor's gradient
Each may be followed by `in PATH`: only inside that module, or only on lines that assign that variable.
"""

from __future__ import annotations

import difflib
import math
import operator
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gradbook.autograd.op import registry

__all__ = ["VALID", "Condition", "parse"]

VALID = ("nan", "inf", "grad>1e3", "shape!=(32, 10)", "op:NAME", "a module's or variable's path")
COMPARE = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
Pattern = tuple[Any, ...]  # sizes, None for any size, ... for any number of sizes

_PATH = r"(?!in\b)\w+(?:\.\w+)*"
_FORMS = (
    ("health", re.compile(r"(nan|inf)(?![\w.])", re.IGNORECASE)),
    ("grad", re.compile(r"grad\s*(>=|<=|>|<)\s*([-+.\w]+)")),
    ("shape", re.compile(r"shape\s*(!=|==)\s*\(([^()]*)\)")),
    ("op", re.compile(r"op:\s*(\w+)")),
    ("path", re.compile(f"({_PATH})(?![\\w.:=<>!(\\[])")),
)
_INSIDE = re.compile(rf"\s+in\s+({_PATH})(?=\s|,|$)")
_SPLIT = re.compile(r"[\s,]+")


@dataclass(frozen=True, slots=True)
class Condition:
    """When to stop. `kind` is 'nan', 'inf', 'grad', 'shape', 'op' or 'path'; `inside` limits it to a path."""

    kind: str
    text: str
    compare: str = ""
    limit: float = 0.0
    pattern: Pattern = ()
    name: str = ""
    inside: str = ""

    def exceeds(self, norm: float) -> bool:
        """Whether a gradient of this norm is what a `grad` condition waits for; NaN never is."""
        return bool(COMPARE[self.compare](norm, self.limit))

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether a shape is what a `shape` condition waits for."""
        return matches(self.pattern, shape) == (self.compare == "==")


def parse(line: str) -> list[Condition]:
    """The conditions that a line names, one or several. Raises ValueError that names the valid ones."""
    found: list[Condition] = []
    rest = _SPLIT.sub(" ", line.strip()) if "(" not in line else line.strip()
    while rest:
        found.append(_next(rest))
        rest = rest[len(found[-1].text) :].lstrip(" ,")
    if not found:
        raise ValueError(f"say where to stop: {', '.join(VALID)}")
    return found


def _next(rest: str) -> Condition:
    for kind, form in _FORMS:
        match = form.match(rest)
        if match is None:
            continue
        inside = _INSIDE.match(rest, match.end())
        text = rest[: inside.end() if inside else match.end()]
        return _condition(kind, match, text, inside[1] if inside else "")
    word = _SPLIT.split(rest)[0]
    raise ValueError(f"{word!r} is not a condition{_closest(word, ('nan', 'inf', 'grad', 'shape'))}; it is one of "
                     f"{', '.join(VALID)}")  # fmt: skip


def _condition(kind: str, match: re.Match[str], text: str, inside: str) -> Condition:
    if kind == "health":
        return Condition(match[1].lower(), text, inside=inside)
    if kind == "grad":
        try:
            limit = float(match[2])
        except ValueError:
            raise ValueError(f"{match[2]!r} in {text!r} is not a number; write grad>1e3") from None
        if not any(COMPARE[match[1]](norm, limit) for norm in (0.0, math.inf)):
            raise ValueError(f"{text!r} is never true of a norm; write grad>1e3, or grad>=inf")
        return Condition("grad", text, match[1], limit, inside=inside)
    if kind == "shape":
        return Condition("shape", text, match[1], pattern=_pattern(match[2]), inside=inside)
    if kind == "op" and match[1] not in registry:
        raise ValueError(f"there is no operation {match[1]!r}{_closest(match[1], registry)}")
    return Condition(kind, text, name=match[1], inside=inside)


def _pattern(text: str) -> Pattern:
    """'32, *, ...' -> (32, None, ...)."""
    sizes: list[Any] = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        if part in ("...", "…"):
            sizes.append(...)
        elif part in ("*", "_"):
            sizes.append(None)
        elif part.isdecimal():
            sizes.append(int(part))
        else:
            raise ValueError(f"{part!r} in a shape is neither a size, nor * for any size, nor ... for any sizes")
    if sizes.count(...) > 1:
        raise ValueError("a shape has one ... at most")
    return tuple(sizes)


def matches(pattern: Pattern, shape: tuple[int, ...]) -> bool:
    """Whether a shape is of this pattern."""
    if ... in pattern:
        at = pattern.index(...)
        tail = len(pattern) - at - 1
        if len(shape) < at + tail:
            return False
        return matches(pattern[:at], shape[:at]) and matches(pattern[at + 1 :], shape[len(shape) - tail :])
    return len(pattern) == len(shape) and all(
        size is None or size == actual for size, actual in zip(pattern, shape, strict=True)
    )


def _closest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), 1)
    return f" (did you mean {close[0]}?)" if close else ""
