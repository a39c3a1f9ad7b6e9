"""What gradbook.compile.explain tells: the plans, what of the calls is left to Python, and why."""

from __future__ import annotations

from typing import Any

from gradbook.compiler.instruction import Instruction
from gradbook.compiler.keeping import Changing

__all__ = ["Explanation", "Report", "explained"]

STIFF = "another number in each call is another plan, as what depends on it cannot be left to Python"
SHOWN = 8  # kinds of arguments that are printed


class Report(list[tuple[str, str]]):
    """Why calls are not compiled: [(reason, "file:line")]; empty if they are. Printed one a line."""

    def __str__(self) -> str:
        if not self:
            return "everything is compiled"
        return "\n".join(f"{place}: {reason}" if place else reason for reason, place in self)

    __repr__ = __str__


class Explanation(Report):
    """What is left to Python: [(reason, "file:line")], of whole calls (`whole`) and of parts of them (`breaks`).

    plans: how many there are; kinds: for which arguments; pending: how many are being made; left: what the engine's own
    functions compute between kernels, [(name, "file:line")]; aside: how many calls no plan was looked for, by what was
    around them (autocast, an observer of every op, ...).
    """

    def __init__(self, whole: list[tuple[str, str]], breaks: list[tuple[str, str]]) -> None:
        super().__init__([*whole, *breaks])
        self.whole, self.breaks = whole, breaks
        self.plans, self.pending = 0, 0
        self.kinds: list[str] = []
        self.left: list[tuple[str, str]] = []
        self.aside: dict[str, int] = {}

    def __str__(self) -> str:
        some = f"{self.plans} plan{'s' * (self.plans != 1)}" if self.plans else "no plan yet"
        if self.pending:
            some += ", a plan is being made in the background"
        elif not self.plans and not self.whole:
            some += ": the second call with arguments of one kind is recorded"
        lines = [some, *(f"    for {kind}" for kind in self.kinds[:SHOWN])]
        if len(self.kinds) > SHOWN:
            lines.append(f"    and {len(self.kinds) - SHOWN} more")
        lines += section("left to Python, between kernels:", self.breaks)
        lines += section("run by the engine's own functions, between kernels:", self.left)
        lines += section("calls left to Python whole:", self.whole)
        lines += [f"{count} call{'s' * (count != 1)} run by Python: {around}" for around, count in self.aside.items()]
        if self.plans and not (self.breaks or self.left or self.whole or self.pending):
            lines.append("everything is compiled")
        return "\n".join(lines)

    __repr__ = __str__


def section(title: str, entries: list[tuple[str, str]]) -> list[str]:
    """Lines of a part, none if it is empty."""
    return [title, *(f"    {place}: {what}" if place else f"    {what}" for what, place in entries)] if entries else []


def explained(compiled: Any) -> Explanation:
    """The state of a compiled function."""
    variants = {key: list(found) for key, found in list(compiled.variants.items())}
    used = {key for found in variants.values() for each in found for key in each.plan_breaks}
    breaks = [
        (reason, f"{place[0]}:{place[1]}")
        for key, (_, reason, place) in list(compiled.breaks.items())
        if key in used or not any(variants.values())
    ]
    stiff = [(f"{STIFF} ({reason})", f"{at[0]}:{at[1]}" if at else "") for reason, at in compiled.why_stiff]
    made = Explanation(list(dict.fromkeys([*compiled.report, *stiff])), list(dict.fromkeys(breaks)))
    made.plans = sum(map(len, variants.values()))
    made.kinds = list(dict.fromkeys(words(key) for key, found in variants.items() if found))
    made.pending, made.aside = len(compiled.pending), dict(compiled.aside)
    left = [named(each) for found in variants.values() for variant in found for each in variant.plan.left]
    made.left = list(dict.fromkeys(entry for entry in left if entry[0]))
    return made


def words(key: Any) -> str:
    """A kind of arguments in words."""
    parts: Any = key[1] if isinstance(key, tuple) else ()
    if parts and (not parts[0] or isinstance(parts[0][0], tuple)):  # (those by position, those by name)
        parts = (*parts[0], parts[1])
    return ", ".join(filter(None, map(word, parts))) or "no arguments"


def word(part: Any) -> str:
    """One argument in words."""
    if len(part) == 6:  # see guards.kind_of
        return f"{part[4]}{list(part[2])}"
    kind = part[0]
    if kind in (tuple, list):
        return f"({', '.join(map(word, part[1]))})"
    if kind is dict:
        return ", ".join(f"{key}={word(value)}" for key, value in part[1])
    if kind == "same":
        return "the same tensor again"
    if kind is Changing:
        return str(part[2].value)
    return repr(part[1]) if len(part) == 2 else kind.__name__


def named(each: Instruction) -> tuple[str, str]:
    """(what an instruction without kernels computes, "file:line")."""
    if each.kind == "left":
        return "", ""
    name = getattr(each.op, "name", None) or getattr(each.op, "__name__", "").lstrip("_") or type(each.op).__name__
    what = {"rule": f"gradient of {name}", "custom": f"gradient of {name}", "op": name}.get(each.kind, each.kind)
    if each.kind in ("update", "call", "found"):
        what = name if each.kind != "update" else f"{type(each.op).__name__}.step"
    return what, place_of(each.where)


def place_of(where: Any) -> str:
    """A place in code, as an event or the interpreter tells of it, as "file:line"."""
    if not where:
        return ""
    code, at = where
    if isinstance(code, str):
        return f"{code}:{at}"
    lines = [line for line, *_ in code.co_positions()]
    line = lines[at // 2] if at // 2 < len(lines) else code.co_firstlineno
    return f"{code.co_filename}:{line}"
