"""What is found about a failure: the sentence, the marked axes, and the words that findings are made of."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gradbook.observe.failure.operands import Call, Operand, written

__all__ = [
    "EQUAL",
    "OR_ONE",
    "Finding",
    "alike",
    "first_sentence",
    "module_name",
    "name",
    "plain",
    "shape",
    "subject",
]

EQUAL = "the marked axes must be equal"
OR_ONE = "the marked axes must be equal, or one of them 1"


@dataclass
class Finding:
    """`headline` has code in backticks; `between` is the operation's sign; `sizes` what should have been equal."""

    rule: str
    headline: str = ""
    relation: str = ""
    between: str = ","
    sizes: tuple[int, int] | None = None
    transposed: bool = False  # the second operand is drawn transposed, as a Linear's weight takes part
    facts: dict[str, Any] = field(default_factory=dict)


def subject(call: Call) -> str:
    """Who speaks: the module by its path, else the operation."""
    if call.module is not None:
        path = module_name(call)
        return f"`{path}`" if path else f"this {type(call.module).__name__}"
    return f"`{call.op}`"


def module_name(call: Call) -> str:
    """The module that failed, as one would write it: `encoder.fc1`, `net[2]`; a lone model by its variable."""
    module = call.modules[-1]
    roots = list(call.names.roots)
    for name, root in [*roots, ("", call.modules[0])]:
        for path, found in root.named_modules():
            if found is module:
                return written(name, path)
    return ""


def first_sentence(text: str) -> str:
    """The first sentence of a message: PyTorch's own words."""
    line = text.strip().split("\n", 1)[0]
    return re.split(r"\. (?=[A-Z]|\w+: |This )|(?<=\))\. |; ", line, maxsplit=1)[0].rstrip(".")


def plain(text: str) -> str:
    """A message as a headline."""
    text = text.replace("`", "'").replace("gradbook.Size(", "(").rstrip(":")
    return text + ("" if text.endswith((".", "!", "?")) else ".")


def name(operand: Operand) -> str:
    """An operand's name as code."""
    return "`" + operand.name.replace("`", "'") + "`"


def shape(sizes: Any) -> str:
    """A shape as the reader writes it: (64,), ()."""
    return str(tuple(sizes))


def alike(name: str, known: Iterable[str]) -> list[str]:
    """At most two names that a slip of the hand, or another case, made into this one; the best first."""
    known = [each for each in known if not each.endswith("_") or name.endswith("_")]
    same = [each for each in known if each.lower() == name.lower()]
    close = difflib.get_close_matches(name, known, n=2, cutoff=0.6)
    return list(dict.fromkeys([*same, *close]))[:2]
