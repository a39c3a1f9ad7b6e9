"""Batches that are drawn anew in each step and are always the same, because what draws them is seeded each time."""

from __future__ import annotations

import ast
import math
from typing import Any

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.record import Draw, Op, Turn, Value
from gradbook.coach.rule import Rule
from gradbook.coach.rules.batches import SLICES
from gradbook.observe.failure.definitions import function_of
from gradbook.observe.failure.text import called_name

__all__ = ["RULES", "DrawnAgain"]

LOOKS = 4  # turns
PART = 0.5  # of the data: a larger one, drawn so, may be one half of a split
PICKS = frozenset(("index", "index_select"))
SEEDS = ("set_state", "set_rng_state")


class DrawnAgain(Rule):
    """Each step draws the rows of its batch from a generator that is where it was in the step before."""

    id = "repeated-batch"
    idea = "a seed belongs before the loop: where each step sets it again, each step draws the same batch"
    threshold = (
        f"the rows of each of {LOOKS} watched steps, and of all later ones, drawn on one line from the same state of a "
        f"generator; less than {PART:.0%} of the data, for a split that is drawn again is no batch"
    )

    def begins(self) -> None:
        self.last: set[Any] | None = None  # how the rows of the step before were drawn
        self.looks = 0
        self.found: tuple[Draw, float] | None = None  # and the part of the data that a batch has

    def turned(self, turn: Turn) -> None:
        step = turn.step
        first = step.count == 1 if step is not None else turn.number == 1  # the data may have been drawn in it
        if not turn.whole or not turn.passes or first or self.looks < 0:
            return
        if step is not None and type(step.optimizer()).__name__ == "LBFGS":  # its closure must give the same loss
            return
        taken = chosen(turn)
        ways = {(draw.where, draw.state) for draw, _ in taken}
        known = all(state is not None for _, state in ways) and (self.last is None or ways == self.last)
        again = known and bool(ways) and all(part_of([op for _, op in taken], op) <= PART for _, op in taken)
        self.looks = self.looks + 1 if again else -1  # once is enough: there are other batches
        self.last = ways
        if again:
            draw, op = taken[0]
            self.found = draw, part_of([each for _, each in taken], op)

    def ended(self) -> None:
        if self.found is None or self.looks < LOOKS:
            return
        (draw, part), at = self.found, seeding(self.found[0])
        self.find(
            "The random numbers are seeded again in each step: it draws the same batch each time.",
            at.at if at is not None else draw.where,
            {"steps that were watched": self.looks, "drawn": "from the same state of the generator",
             "of the data": f"{part:.1%}"},
            moved(at, draw) if at is not None else [Fix("torch.manual_seed(0)", (), "once, before the loop")],
        )  # fmt: skip


def led(turn: Turn) -> list[Value]:
    """The loss, and what was given to the models: an embedding's rows are numbers, and no part of its graph."""
    losses = [pass_.loss for pass_ in turn.passes if pass_.loss is not None]
    return [*losses, *(value for call in turn.calls if call.parent is None for value in call.inputs)]


def chosen(turn: Turn) -> list[tuple[Draw, Op]]:
    """The operations of a turn that take rows of data which is there, as numbers say that were drawn in it."""
    draws = [draw for draw in turn.draws if draw.value is not None]
    if not draws:
        return []
    behind = {op.number for value in led(turn) for op in value.above()}
    read = {id(value) for each in turn.reads if each.value.dtype.kind in "iu" for value in origins(each.value)}
    found = []
    for op in turn.ops:
        if op.name in SLICES and op.number in behind and op.inputs and not op.inputs[0].requires_grad:
            told = {id(value) for value in origins(op.inputs[1])} if op.name in PICKS and op.inputs[1:] else set()
            told |= {id(d.value) for d in draws if id(d.value) in read and d.after < op.number and here(d, op)}
            maker = op.inputs[0].maker  # what was taken by such numbers is no data that was there
            there = [d for d in reversed(draws) if maker is None or maker.number <= d.after]
            found += [(draw, op) for draw in there if id(draw.value) in told][:1]
    return found


def part_of(taken: list[Op], op: Op) -> float:
    """The part of the data that an operation takes, with those on the same line: rows may be taken one by one."""
    size = sum(math.prod(each.output.shape) for each in taken if each.where == op.where)
    return float(size / max(math.prod(op.inputs[0].shape), 1))


def origins(value: Value) -> list[Value]:
    """A value, and what it was computed from."""
    return [value, *(each for op in value.above() for each in op.inputs)]


def here(draw: Draw, op: Op) -> bool:
    """Whether rows are taken by the function that has drawn their numbers, or in a comprehension of it."""
    if draw.where is None or op.where is None:
        return False
    return op.where[0] is draw.where[0] or op.where[0] in draw.where[0].co_consts


def seeding(draw: Draw) -> code.Place | None:
    """The statement that sets the seed of a draw: the last one above it, in its function or in one that calls that."""
    for where in draw.callers:
        at = code.place(where)
        scope = function_of(at.source, at.statement) if at is not None and at.statement is not None else None
        calls = [node for node in at.source.nodes() if isinstance(node, ast.Call)] if at is not None else []
        for node in sorted(calls, key=lambda each: each.lineno, reverse=True):
            if at is None or node.lineno > at.line or not seeds(node):
                continue
            statement = at.source.statement(node.lineno)
            repeated = scope is not None or (at.loop is not None and node.lineno >= at.loop.lineno)
            if repeated and statement is not None and function_of(at.source, statement) is scope:
                at.statement, at.expression, at.line = statement, node, node.lineno
                return at
    return None


def seeds(call: ast.Call) -> bool:
    """Whether a call sets a generator to a state: `torch.manual_seed(0)`, `seed_everything()`."""
    return "seed" in called_name(call) or called_name(call) in SEEDS


def moved(at: code.Place, draw: Draw) -> list[Fix]:
    """The seed before the loop; a generator that is made anew each time is left out, or kept."""
    statement, taken = at.statement, code.removal(at)
    if statement is None:
        return []
    text = " ".join(at.source.segment(statement).split())
    loops = [there for where in draw.callers if (there := code.place(where)) is not None and there.loop is not None]
    outer = loops[-1] if loops else None
    if outer is not None:
        outer.statement = code.outermost_loop(outer)
    if isinstance(statement, ast.Expr):
        fix = code.insertion(outer, text, "once, before the loop, and not in each step")
        fix.edits = (*fix.edits, *taken) if taken and fix.edits else ()
        return [fix]
    kept = Fix(text, (), "once, before the loop: a generator that is kept goes on from batch to batch")
    there, name = code.place(draw.where), ast.unparse(statement.targets[0]) if isinstance(statement, ast.Assign) else ""
    call = there.expression if there is not None else None
    given = [k for k in call.keywords if ast.unparse(k.value) == name] if isinstance(call, ast.Call) else []
    if there is None or not isinstance(call, ast.Call) or not given or not taken:
        return [kept]
    edit = there.source.replace(given[0].value, "None")
    row = there.source.lines[edit.line - 1]
    line = f"{row[: edit.column]}None{row[edit.end_column :]}".strip()
    return [Fix(line, (edit, *taken), "from the generator of all, which goes on"), kept]


RULES = (DrawnAgain,)
