"""Numbers that Python reads in each step: a GPU has to finish all that it was given before it can tell them."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.record import Turn
from gradbook.coach.rule import Rule
from gradbook.observe.failure.text import called_name
from gradbook.observe.source import Where

__all__ = ["RULES", "HostSyncInLoop"]

TURNS = 3  # steps in a row in which a line reads: that is each step
MANY = 16  # numbers that one line reads in one step, one by one
MOST = 3  # lines that are named
LOOKS = 8  # turns that are looked at


@dataclass(eq=False)
class Line:
    """What a line reads."""

    where: Where
    turns: set[int] = field(default_factory=set)
    most: int = 0  # in one turn
    far: bool = False  # from a GPU


class HostSyncInLoop(Rule):
    """`.item()`, `float()`, `.numpy()` or print of a tensor in each step."""

    id = "host-sync-in-loop"
    idea = "a GPU works ahead of Python until Python asks for a number: ask now and then, not in every step"
    threshold = (
        f"a line that reads from a GPU in {TURNS} steps in a row; on the CPU, where nothing waits, a hint in programs "
        f"that may run on a GPU, and for {MANY} numbers and more that one line reads one by one in a step"
    )

    def begins(self) -> None:
        self.lines: dict[tuple[str, int], Line] = {}
        self.now = 0
        self.said = False

    def turned(self, turn: Turn) -> None:
        if not turn.whole or not turn.passes or self.now >= LOOKS:
            return
        self.now += 1
        counts: dict[tuple[str, int], int] = {}
        for read in turn.reads:
            key = code.line_of(read.where)
            known = read.value.requires_grad or read.value.maker is not None  # and no label of a data set
            if read.where is None or not key[1] or not known:
                continue
            line = self.lines.setdefault(key, Line(read.where))
            line.turns.add(self.now)
            line.far = line.far or read.far
            counts[key] = counts.get(key, 0) + 1
            line.most = max(line.most, counts[key])

    def ended(self) -> None:
        often = [line for line in self.lines.values() if len(line.turns) >= min(TURNS, self.now)]
        often = [line for line in often if line.far or line.most >= MANY or meant_for_gpu(code.place(line.where))]
        if self.now < TURNS:
            return
        for line in sorted(often, key=lambda line: -line.most)[:MOST]:
            self._say(line)

    def _say(self, line: Line) -> None:
        at = code.place(line.where)
        text = at.source.segment(at.expression) if at is not None and at.expression is not None else "this"
        each = f"{line.most} times in each step" if line.most > 1 else "in each step"
        what = "the GPU is waited for" if line.far else "on a GPU each of them waits"
        self.find(
            f"{text[:40]} reads a number {each}: {what}.", line.where,
            {"reads in a step": line.most, "device": "GPU" if line.far else "CPU, where nothing has to wait"},
            later(at, line.most), severity="" if line.far else "hint",
        )  # fmt: skip


def meant_for_gpu(at: code.Place | None) -> bool:
    """Whether a program may put its model on a GPU."""
    return at is not None and any("cuda" in source.text for source in code.sources(at))


def later(at: code.Place | None, count: int) -> list[Fix]:
    """The line with the tensor in the place of its number, or now and then."""
    if at is None:
        return []
    found = next((node for node in ast.walk(at.statement) if _reads(node)), None) if at.statement is not None else None
    fixes: list[Fix] = []
    node = at.expression if at.expression is not None and _reads(at.expression) else found
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("item", "tolist"):
        owner = at.source.segment(node.func.value)
        fixes.append(code.replacement(at, node, f"{owner}.detach()", "stays there; one .item() after the loop"))
    elif isinstance(node, ast.Call) and called_name(node) == "float" and node.args:
        given = at.source.segment(node.args[0])
        fixes.append(code.replacement(at, node, f"{given}.detach()", "stays there; one .item() after the loop"))
    if at.statement is not None and count < MANY:
        line = " ".join(at.source.segment(at.statement).split())
        fixes.append(Fix(f"if step % 100 == 0: {line}", (), "now and then"))
    return fixes


def _reads(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and called_name(node) in ("item", "float", "tolist", "numpy", "cpu", "int")


RULES = (HostSyncInLoop,)
