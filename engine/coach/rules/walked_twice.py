"""Why a graph is walked a second time: what was computed once, carried on, or used by two losses, and what mends it."""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.record import Op, Pass, Turn, Value
from gradbook.coach.rules.tracing import trace
from gradbook.coach.rules.wherefrom import (
    Frames,
    argument,
    blocks,
    carrier,
    given_by,
    holding,
    ids,
    leaves,
    making,
    storing,
    taken_at,
    target,
    users_frames,
)  # fmt: skip
from gradbook.observe import naming
from gradbook.observe.failure.scene import is_backward
from gradbook.observe.failure.text import Edit
from gradbook.observe.source import Where

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach

__all__ = ["Told", "told"]

RETAINED = "retain_graph=True"


@dataclass
class Told:
    """What is to be said of one case."""

    message: str
    where: Where | tuple[str, int] | None
    fixes: list[Fix]
    evidence: dict[str, Any]


@dataclass(eq=False)
class Shared:
    """A value whose graph an earlier pass has freed: taken by `taker` in the pass that fails, `freed` by another."""

    value: Value
    taker: Op | None  # None: it is the loss itself
    freed: Pass
    turn: Turn


def told(coach: Coach, error: BaseException, before: list[Turn]) -> Told | None:
    """The case of a second walk, None where it is not plain. before: the turns that ended last, the youngest last."""
    turn, failing = coach.turn, coach.last
    if failing is None or failing.loss is None:
        return None
    found, takers = shared(failing, [*before, turn])
    if not found:
        return _asked(failing, [*before, turn])
    first = found[0]
    frames = list(users_frames(error))
    if first.taker is None and first.freed.where != failing.where:
        return _again(first, failing)
    later = failing.loss.maker is not None and failing.loss.maker.number > first.freed.begun
    if _same_site(first.freed, failing) and (later or first.taker is None):
        found = [_handed_on(each, takers) for each in found]
        first = found[0]
        anew = {_site(op) for each in (*before, turn) for op in each.ops if op.number > first.freed.begun}
        if first.value.maker is not None and _site(first.value.maker) in anew and first.taker is not None:
            return _carried([each for each in found if each.freed is first.freed], first)
        return _side(coach, first, failing, before, frames, again=True) or _once(first, failing, frames)
    return _side(coach, first, failing, before, frames) or _both(first, failing)


def shared(failing: Pass, turns: list[Turn]) -> tuple[list[Shared], dict[int, Op | None]]:
    """The values at which the failing pass runs into a graph that was walked before.

    -> (those values, the operation that takes the result of each one on the way there, by its number)
    """
    passes = [(pass_, turn) for turn in reversed(turns) for pass_ in reversed(turn.passes) if pass_ is not failing]
    passes = [each for each in passes if not _retained(each[0])]
    assert failing.loss is not None
    found: list[Shared] = []
    stack: list[tuple[Value, Op | None]] = [(failing.loss, None)]
    seen: set[int] = set()
    takers: dict[int, Op | None] = {}
    while stack:
        value, taker = stack.pop()
        op = value.maker
        if id(value) in seen or op is None or not value.requires_grad:
            continue
        seen.add(id(value))
        walked = next((each for each in passes if op.number in each[0].through), None)
        if walked is not None:
            found.append(Shared(value, taker, *walked))
        else:
            takers[op.number] = taker
            stack.extend((each, op) for each in op.inputs)
    return found, takers


def _handed_on(each: Shared, takers: dict[int, Op | None]) -> Shared:
    """What a step hands to the next: of what was freed then, or made of that before the pass, the last."""
    value, taker = each.value, each.taker
    while taker is not None and taker.number <= each.freed.begun:
        value, taker = taker.output, takers[taker.number]
    return Shared(value, taker, each.freed, each.turn)


def _retained(pass_: Pass) -> bool:
    at = code.place(pass_.where)
    return at is not None and at.statement is not None and RETAINED in at.source.segment(at.statement).replace(" ", "")


def _same_site(one: Pass, other: Pass) -> bool:
    """Whether one line of the program computed both losses, and one called backward."""
    a, b = (each.loss.maker if each.loss is not None else None for each in (one, other))
    return one.where == other.where and (a is b or (a is not None and b is not None and _site(a) == _site(b)))


def _site(op: Op) -> tuple[Any, ...]:
    outer = op.call.outermost.where if op.call is not None else None
    return op.name, op.where, outer


# -- backward is written twice -----------------------------------------------------------------------------------------


def _again(first: Shared, failing: Pass) -> Told:
    at, before = code.place(failing.where), code.place(first.freed.where)
    fixes = []
    if at is not None and at.statement is not None:
        line = at.source.lines[at.statement.lineno - 1].strip()
        fixes = [Fix(f"# {line}", code.removal(at), "once is enough")]
    return Told(
        "backward() is called twice for one loss: the first call has freed its graph.", failing.where,
        [*fixes, *_retaining(before, "if its gradients shall be added twice")], {"first backward()": _line(before)},
    )  # fmt: skip


def _asked(failing: Pass, turns: list[Turn]) -> Told | None:
    """autograd.grad() has freed the graph before."""
    assert failing.loss is not None
    ops = {op.number for _, cut, op in trace(failing.loss) if op is not None and cut is None}
    for value, where in (each for turn in reversed(turns) for each in zip(turn.asked, turn.asked_at, strict=True)):
        at = code.place(where)
        call = at.expression if at is not None else None
        if value.maker is None or value.maker.number not in ops or at is None or not isinstance(call, ast.Call):
            continue
        text = code.extended(at.source, call, RETAINED)
        kept = RETAINED in at.source.segment(call)
        fixes = [] if kept else [code.replacement(at, call, text, "for the pass to come")]
        return Told(
            "grad() frees the graph that it walks, and backward() needs it afterwards: keep it.", where, fixes,
            {"then": _line(code.place(failing.where))},
        )  # fmt: skip
    return None


def _retaining(at: code.Place | None, why: str) -> list[Fix]:
    """The call of backward with retain_graph=True."""
    call = is_backward(at.statement) if at is not None and at.statement is not None else None
    if at is None or call is None or call.keywords:
        return []
    return [code.replacement(at, call, code.extended(at.source, call, RETAINED), why)]


def _line(at: code.Place | None) -> str:
    return f"line {at.line}" if at is not None else "unknown"


# -- computed once -----------------------------------------------------------------------------------------------------


def _once(first: Shared, failing: Pass, frames: Frames) -> Told:
    """It was computed before the loop, and each step uses it."""
    made = _variable(first.value.tensor, frames)
    op = first.value.maker
    assert op is not None
    at: code.Place | None
    loop: ast.stmt | None = None
    held: dict[str, Any] = {}
    if made is not None:
        at, name, loop, held = made
    else:
        at = code.place(given_by(op, first.value))
        name = target(at) or "This"
    fixes = _moved(at, name, loop, held) if at is not None and loop is not None else []
    if at is not None and at.statement is not None and loop is None:
        line = at.source.segment(at.statement).splitlines()[0]
        fixes.append(Fix(line, (), "in each step, where it is used"))
    value = at.statement.value if at is not None and isinstance(at.statement, ast.Assign) else None
    assert failing.loss is not None
    learns = leaves(failing.loss) - leaves(first.value)  # something else, too
    if at is not None and value is not None and learns and first.value.shape not in ((), (1,)):
        fixes.append(code.appended(at, value, ".detach()", "if nothing before it shall be learned"))
    return Told(
        f"{name} is computed once, and the first backward() frees its graph: compute it anew in each step.",
        at.at if at is not None else None, fixes[:3],
        {"computed by": op.name, "used again by": first.taker.name if first.taker is not None else "backward()"},
    )  # fmt: skip


def _variable(tensor: Any, frames: Frames) -> tuple[code.Place, str, ast.stmt | None, dict[str, Any]] | None:
    """What assigns the variable that holds a tensor: its place, the name, the loop that uses it, all variables."""
    for frame, line in frames if tensor is not None else ():
        held = dict(naming.variables(frame))
        for name, value in held.items():
            if value is not tensor and not (isinstance(value, tuple | list) and any(x is tensor for x in value)):
                continue
            here = code.Place((frame.f_code, 0))
            here.statement, here.line = here.source.statement(line), line
            found = storing(here, name)
            if found:
                loop = here.loop if here.loop is not None and found[-1].lineno < here.loop.lineno else None
                here.statement, here.line, here.expression = found[-1], found[-1].lineno, None
                return here, name, loop, held
    return None


def _moved(at: code.Place, name: str, loop: ast.stmt, held: dict[str, Any]) -> list[Fix]:
    """The fix that computes a variable inside of the loop: all statements that make it are moved there.

    held: the variables there; those that were computed with a graph, too, go with it.
    """
    assert at.statement is not None
    assert isinstance(loop, ast.For | ast.While)
    head, line = loop.body[0], at.source.lines[at.statement.lineno - 1].strip()
    parts = making(at, name, held, loop)
    if not parts or at.source.lines[head.lineno - 1][: head.col_offset].strip():
        return [Fix(line, (), "inside of the loop")]
    moved, edits = [], []
    for part in parts:
        lines = at.source.lines[part.lineno - 1 : part.end_lineno]
        moved += [" " * head.col_offset + row[part.col_offset :] if row.strip() else row for row in lines]
        edits.append(Edit(at.file, part.lineno, 0, (part.end_lineno or part.lineno) + 1, 0, ""))
    edits.append(Edit(at.file, head.lineno, 0, head.lineno, 0, "\n".join(moved) + "\n"))
    return [Fix(line, tuple(edits), "inside of the loop, in each step")]


# -- carried on --------------------------------------------------------------------------------------------------------


def _carried(found: list[Shared], first: Shared) -> Told:
    """A state that one step hands to the next, with its graph."""
    assert first.taker is not None
    where, slot, count = taken_at(first.taker, first.value)
    at = code.place(where)
    node = argument(at, slot, count)
    if node is None and at is not None:
        node = carrier(at)
    several = sum(each.taker is not None and taken_at(each.taker, each.value)[0] == where for each in found) > 1
    name = at.source.segment(node) if at is not None and node is not None else "The state"
    fixes = _detached(at, node, several) if at is not None and node is not None else []
    return Told(
        f"{name} carries the graph of the step before into this one, and backward() has freed it: detach it.", where,
        fixes or [Fix("hidden = hidden.detach()", (), "before the next step")],
        {"made by": first.value.op, "taken by": first.taker.name},
    )  # fmt: skip


def _detached(at: code.Place, node: ast.expr, several: bool) -> list[Fix]:
    """`h = h.detach()` before the line, or after backward() where it begins with None; `h.detach()` in the line."""
    text = at.source.segment(node)
    if isinstance(node, ast.Tuple):
        parts = [at.source.segment(part) for part in node.elts]
        inner = f"({', '.join(f'{part}.detach()' for part in parts)})"
        before = f"{', '.join(parts)} = {inner[1:-1]}"
    else:
        inner = f"tuple(s.detach() for s in {text})" if several else f"{text}.detach()"
        before = f"{text} = {inner}"
    if isinstance(node, ast.Subscript | ast.Call):
        return [code.replacement(at, node, inner, "its numbers, without the steps before")]
    why = "its numbers go on, the graph of the steps before does not"
    there = _after_backward(at) if f"{text} = None" in at.source.text else None
    first = code.insertion(there, before, why, after=True) if there is not None else code.insertion(at, before, why)
    return [first, code.replacement(at, node, inner, "or in the call")]


def _after_backward(at: code.Place) -> code.Place | None:
    """The first call of backward after a place in its loop."""
    for node in ast.walk(at.loop) if at.loop is not None else ():
        if isinstance(node, ast.Expr) and node.lineno > at.line and is_backward(node) is not None:
            at = copy.copy(at)
            at.statement = node
            return at
    return None


# -- used by two losses ------------------------------------------------------------------------------------------------


def _side(coach: Coach, first: Shared, failing: Pass, before: list[Turn],
          frames: Frames, again: bool = False) -> Told | None:  # fmt: skip
    """One of the two losses trains another network, and should not go back through this one: a GAN's fakes.

    again: it is one line of the program that goes backward twice, such as the several steps of a critic.
    """
    behind = leaves(first.value)
    owners, others = _owners(coach, behind)
    if not owners or not others:
        return None
    later = before[before.index(first.turn) :] if first.turn in before else []
    steppers = {id(turn.step.optimizer()) for turn in later if turn.step is not None}
    kept = steppers.isdisjoint(map(id, owners))  # the weights behind it are what they were
    if again and not (steppers and kept):
        return None
    if not steppers:  # no step between the two: both go through another network to this one's result
        passes = [each.loss for each in (first.freed, failing) if each.loss is not None]
        if any(leaves(loss) - behind - set().union(*map(ids, others)) for loss in passes):
            return None
    taker = first.taker
    if kept:
        ops = [op for turn in (*before, coach.turn) for op in turn.ops if op.number in first.freed.through]
        taker = next((op for op in ops if first.value in op.inputs), taker)
    if taker is None:
        return None
    where, slot, count = taken_at(taker, first.value)
    at = code.place(where)
    node = argument(at, slot, count) or holding(at, first.value.tensor, frames)
    name, fixes = "what is shared", []
    if at is not None and node is not None:
        name = at.source.segment(node)
        fixes = [code.appended(at, node, ".detach()", "this loss does not train what made it")]
    begun = code.place(first.freed.where)
    if kept:
        fixes += _retaining(begun, "or keep the graph for the second pass")
    return Told(
        f"This loss goes back through the graph of {name} and another one does so too: detach {name} here.", where,
        fixes, {"walked first by": _line(begun), "then by": _line(code.place(failing.where))},
    )  # fmt: skip


def _owners(coach: Coach, leaves: set[int]) -> tuple[list[Any], list[Any]]:
    """The optimizers that have some of these leaves, and the others."""
    found = [thing for made in coach.built.values() if hasattr(thing := made.thing(), "param_groups")]
    found += [o for step in coach.optimizers.values() if (o := step.optimizer()) is not None]
    optimizers = list({id(o): o for o in found}.values())
    return [o for o in optimizers if leaves & ids(o)], [o for o in optimizers if not leaves & ids(o)]


def _both(first: Shared, failing: Pass) -> Told:
    """Two losses of one graph go backward one after the other."""
    at, then = code.place(first.freed.where), code.place(failing.where)
    fixes = _summed(at, then) if at is not None and then is not None else []
    return Told(
        "Two losses share a graph, and the first backward() frees it: add the losses and go backward once.",
        first.freed.where, [*fixes, *_retaining(at, "or keep the graph for the second pass")],
        {"shared": first.value.op, "second backward()": _line(then)},
    )  # fmt: skip


def _summed(at: code.Place, then: code.Place) -> list[Fix]:
    """`(a + b).backward()` in the place of the last of several statements `a.backward()`, without the others."""
    parent = at.source.parents.get(at.statement) if at.statement is not None else None
    block = next((b for b in blocks(parent) if at.statement in b), [])
    if at.file != then.file or then.statement not in block:
        return []
    calls: list[tuple[ast.stmt, ast.expr]] = []  # statements that are such a call, with what it is called on
    for statement in block[block.index(at.statement) :]:
        call = is_backward(statement) if isinstance(statement, ast.Expr) else None
        if call is not None and call is statement.value and isinstance(call.func, ast.Attribute):
            calls.append((statement, call.func.value))
    over = at.loop_here
    if len(calls) == 1 and over is not None and len(over.body) == 1 and isinstance(over.target, ast.Name):
        text = f"sum({at.source.segment(over.iter)}).backward()"  # for loss in losses: loss.backward()
        whole = at.source.segment(calls[0][1]) == over.target.id
        return [Fix(text, (at.source.replace(over, text),), "one pass for all losses")] if whole else []
    if len(calls) < 2:
        return []
    text = f"({' + '.join(at.source.segment(loss) for _, loss in calls)}).backward()"
    edits = [at.source.replace(calls[-1][0], text)]
    for statement, _ in calls[:-1]:
        at.statement = statement
        edits += code.removal(at)
    return [Fix(text, tuple(edits) if len(edits) == len(calls) else (), "one pass for all losses")]
