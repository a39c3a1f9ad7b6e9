"""What changed a value that backward needs, on which line, and how that is written so that nothing is lost."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gradbook import backends
from gradbook.autograd import versions
from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.origin import is_library
from gradbook.coach.record import Pass, Step, Turn, Write
from gradbook.coach.rules.batch_norms import built_or_run
from gradbook.coach.rules.modes import alias
from gradbook.coach.rules.walked_twice import Told
from gradbook.coach.rules.wherefrom import blocks
from gradbook.observe.failure.scene import is_backward
from gradbook.observe.failure.text import Edit, called_name
from gradbook.observe.source import locate

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach

__all__ = ["told"]

WHY = "makes a new tensor and leaves the kept one as it was"
FILLING = {"zero_": "zeros_like({0})", "fill_": "full_like({0}, {1})"}


def told(coach: Coach, before: list[Turn]) -> Told | None:
    """The case of a value that was changed; None where nobody saw the change. before: the turns that ended last."""
    failing = coach.last
    root = failing.root() if failing is not None else None
    kept = next(spoilt(root._node), None) if root is not None and root._node is not None else None
    if failing is None or kept is None:
        return None
    node, slot, array = kept
    memory = versions.owner(array)
    writes = [w for turn in (*before, coach.turn) for w in turn.writes if w.stamp > node.seq and w.memory() is memory]
    step = _step(coach, before, memory, node.seq)
    names = (*node.op.operands, "out", *node.op.extras)
    place = locate(node.where)
    line = f" on line {place.line}" if place is not None else ""
    what = "its result" if slot >= len(node.op.operands) else names[slot]
    evidence = {"kept for backward": f"{what} of {node.op.name}{line}", "changed": f"{versions.count(array)} times"}
    if step is not None and (not writes or step.stamp < writes[0].stamp):
        return _stepped(coach, step, failing, evidence)
    return _written(coach, writes[0], failing, evidence, node) if writes else None


def spoilt(root: Any) -> Iterator[tuple[Any, int, Any]]:
    """The nodes below a root that kept what was changed later, the youngest first: (node, slot, array)."""
    seen, found, stack = {root}, [], [root]
    while stack:
        node = stack.pop()
        for slot, array in enumerate(node.saved or ()):
            if backends.is_array(array) and versions.changed_at(array) > node.seq:
                found.append((node, slot, array))
        for edge in node.edges:
            if edge is not None and edge not in seen:
                seen.add(edge)
                stack.append(edge)
    yield from sorted(found, key=lambda each: -each[0].seq)


# -- by a step ---------------------------------------------------------------------------------------------------------


def _step(coach: Coach, before: list[Turn], memory: Any, since: int) -> Step | None:
    """The first step after a node was made, of an optimizer that has a parameter in this memory."""
    steps = [turn.step for turn in before if turn.step is not None]
    steps += [step for step in coach.optimizers.values() if step not in steps]
    for step in sorted(steps, key=lambda each: each.number):
        optimizer = step.optimizer() if step.stamp > since else None
        for group in optimizer.param_groups if optimizer is not None else ():
            if any(versions.owner(p._array) is memory for p in group["params"]):
                return step
    return None


def _stepped(coach: Coach, step: Step, failing: Pass, evidence: dict[str, Any]) -> Told:
    at, then = code.place(step.where), code.place(failing.where)
    name = coach.names.get(id(step.optimizer()), "optimizer")
    fixes = []
    if at is not None and then is not None and at.statement is not None:
        text, loop = at.source.segment(at.statement), at.loop
        inside = loop is not None and then.statement in list(ast.walk(loop))
        if loop is not None and inside and then.line < at.line:  # of the next turn
            block = next((b for b in blocks(at.source.parents.get(loop)) if loop in b), [loop])
            behind = [loop, *(s for s in block[block.index(loop) :] if s is not loop and is_backward(s) is not None)]
            fix = code.insertion_after(at, behind[-1], text, "after the loop, when all of it has gone backward")
        else:
            fix = code.insertion(then, text, "after the last backward() that goes through its weights", after=True)
        gone = code.removal(at)
        together = gone and fix.edits and at.file == then.file and at.function == then.function
        fix.edits = (*fix.edits, *gone) if together else ()
        fixes = [fix]
    return Told(
        f"{name}.step() changes weights that a later backward() still needs as they were: step after it.", step.where,
        fixes, evidence,
    )  # fmt: skip


# -- by a line ---------------------------------------------------------------------------------------------------------


def _written(coach: Coach, write: Write, failing: Pass, evidence: dict[str, Any], node: Any) -> Told:
    op = write.value.maker if write.value is not None else None
    where = write.where
    if op is not None and op.call is not None and is_library(op.call.module):
        where = built_or_run(coach, op)
    at = code.place(where)
    if at is None or at.statement is None:
        return Told("A value that backward needs was changed in place.", where, [], evidence)
    fixes = _moved(at, failing, node) if _is_leaf(node, write) else []
    fixes = fixes or out_of_place(at)
    text = " ".join(at.source.segment(at.statement).split())
    text = text if len(text) <= 48 else f"{text[:47]}…"
    return Told(f"This changes in place what backward() needs of {node.op.name}: {text}", where, fixes[:3], evidence)


def _is_leaf(node: Any, write: Write) -> bool:
    """Whether the memory is that of a leaf that learns: a step by hand."""
    leaves = (edge.tensor() for edge in node.edges if edge is not None and edge.tensor is not None)
    return any(leaf is not None and versions.owner(leaf._array) is write.memory() for leaf in leaves)


def _moved(at: code.Place, failing: Pass, node: Any) -> list[Fix]:
    """The line, with the `with no_grad()` that it alone is in, after the backward pass, or before what needs it."""
    then, user = code.place(failing.where), code.place(node.where)
    there = then if then is not None and (then.file, then.function) == (at.file, at.function) else user
    block: ast.AST | None = at.statement
    while block is not None and isinstance(above := at.source.parents.get(block), ast.With | ast.For):
        if there is not None and there.statement in list(ast.walk(above)):
            break
        block = above
    if there is None or there.statement is None or not isinstance(block, ast.stmt) or at.file != there.file:
        return []
    here, line = copy.copy(at), at.source.lines[at.line - 1].strip()
    here.statement = block
    gone, rows = code.removal(here), at.source.lines[block.lineno - 1 : block.end_lineno]
    if there is then:
        last = there.statement.end_lineno or there.statement.lineno
        end = len(at.source.lines[last - 1])
        edit, why = Edit(at.file, last, end, last, end, "\n" + "\n".join(rows)), "after the backward() that needs it"
    else:
        edit = code.line_before(at.file, there.statement.lineno, "\n".join(rows))
        why = "before the weights are used, not after it"
    return [Fix(line, (*gone, edit) if gone and there.function == at.function else (), why)]


def out_of_place(at: code.Place) -> list[Fix]:
    """The statement at a place, which changes something in place, written so that it makes something new."""
    statement = at.statement
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name | ast.Attribute):
        return [code.replacement(at, statement, _spelt(at, statement), WHY)]
    target: ast.expr | None = statement.target if isinstance(statement, ast.AugAssign) else None
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
    if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
        return _rows(at, target)
    call = at.expression if isinstance(at.expression, ast.Call) else None
    calls = [n for n in ast.walk(statement) if isinstance(n, ast.Call)] if statement is not None else []
    for each in ([call] if call is not None else []) + calls:
        flag = next((k for k in each.keywords if k.arg == "inplace"), None)
        first = each.args[0] if each.args else None
        positional = called_name(each)[:1].isupper() and isinstance(first, ast.Constant) and first.value is True
        if flag is not None or positional:
            return _flagless(at, each, flag)
    return _renamed(at, statement, calls)


def _spelt(at: code.Place, statement: ast.AugAssign) -> str:
    """`h = h * 2` for `h *= 2`."""
    target, value = at.source.segment(statement.target), at.source.segment(statement.value)
    sign = at.source.segment(statement)[len(target) :].partition("=")[0].strip()
    value = f"({value})" if isinstance(statement.value, ast.BinOp | ast.IfExp | ast.UnaryOp) else value
    return f"{target} = {target} {sign} {value}"


def _flagless(at: code.Place, call: ast.Call, flag: ast.keyword | None) -> list[Fix]:
    """`nn.ReLU()` for `nn.ReLU(inplace=True)` and `nn.ReLU(True)`."""
    given = [at.source.segment(a) for a in (call.args if flag is not None else call.args[1:])]
    given += [at.source.segment(k) for k in call.keywords if k is not flag]
    text = f"{at.source.segment(call.func)}({', '.join(given)})"
    fixes = [code.replacement(at, call, text, WHY)]
    if flag is not None:
        fixes.append(code.replacement(at, flag.value, "False", WHY))
    return fixes


def _renamed(at: code.Place, statement: ast.stmt | None, calls: list[ast.Call]) -> list[Fix]:
    """`x = x.clamp(0, 1)` for `x.clamp_(0, 1)`, `x = F.relu(x)` for `F.relu_(x)`."""
    inner = [c for c in calls if called_name(c).endswith("_") and not called_name(c).endswith("__")]
    if statement is None or not inner:
        return []
    last, name = inner[-1], called_name(inner[-1])
    function = isinstance(last.func, ast.Attribute) and at.source.segment(last.func.value) in (alias(at), "F", "torch")
    owner = last.args[0] if (function or isinstance(last.func, ast.Name)) and last.args else None
    if owner is None and isinstance(last.func, ast.Attribute):
        owner = last.func.value
    if owner is None:
        return []
    text, subject = at.source.segment(statement), at.source.segment(owner)
    if name in FILLING:
        filled = FILLING[name].format(subject, *(at.source.segment(a) for a in last.args))
        return [code.replacement(at, statement, f"{subject} = {alias(at)}.{filled}", WHY)]
    if name == "copy_":
        return [code.replacement(at, statement, f"{subject} = {at.source.segment(last.args[0])}.clone()", WHY)]
    for call in inner:
        text = text.replace(f"{called_name(call)}(", f"{called_name(call)[:-1]}(")
    if isinstance(statement, ast.Expr) and isinstance(owner, ast.Name | ast.Attribute):
        text = f"{subject} = {text}"
    return [code.replacement(at, statement, text, WHY)]


def _rows(at: code.Place, target: ast.Subscript) -> list[Fix]:
    """Rows that are written into a tensor: a list of them that is stacked after the loop, or a copy of what is read."""
    name, statement = at.source.segment(target.value), at.statement
    assert isinstance(statement, ast.Assign | ast.AugAssign)
    fixes = [*_listed(at, target, name), *_joined(at, target, name)]
    if isinstance(statement.value, ast.Constant) and isinstance(target.slice, ast.Compare | ast.Name):
        mask, number = at.source.segment(target.slice), at.source.segment(statement.value)
        fixes = [code.replacement(at, statement, f"{name} = {name}.masked_fill({mask}, {number})", WHY)]
    read = [n for n in ast.walk(statement.value) if isinstance(n, ast.Subscript) and at.source.segment(n.value) == name]
    if len(read) == 1 and isinstance(statement, ast.Assign):
        return [*fixes, code.appended(at, read[0], ".clone()", "a copy, which backward() keeps as it was")]
    copied = f"{name} = {name}.clone()"
    return [*fixes, code.insertion(at, copied, "a copy to write into: backward() keeps the one before")]


def _joined(at: code.Place, target: ast.Subscript, name: str) -> list[Fix]:
    """`x = torch.cat([x[:, :k], new], dim=1)` for `x[:, k:] = new`."""
    parts = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
    last, statement = parts[-1], at.statement
    if not isinstance(last, ast.Slice) or last.step is not None or not (last.lower or last.upper):
        return []
    if not isinstance(statement, ast.Assign) or isinstance(statement.value, ast.Constant):
        return []
    if any(ast.unparse(part) not in (":", "...") for part in parts[:-1]):
        return []
    ahead = "".join(f"{at.source.segment(part)}, " for part in parts[:-1])
    given = [at.source.segment(statement.value)]
    if last.lower is not None:
        given.insert(0, f"{name}[{ahead}:{at.source.segment(last.lower)}]")
    if last.upper is not None:
        given.append(f"{name}[{ahead}{at.source.segment(last.upper)}:]")
    axis = "-1" if ahead.startswith("...") else str(len(parts) - 1)
    return [code.replacement(at, statement, f"{name} = {alias(at)}.cat([{', '.join(given)}], dim={axis})", WHY)]


def _listed(at: code.Place, target: ast.Subscript, name: str) -> list[Fix]:
    """`rows = list(rows)` before the loop and `rows = torch.stack(rows)` after it."""
    loop, axis = at.loop, _axis(target)
    if loop is None or axis is None or not isinstance(loop, ast.For):
        return []
    index = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
    if not index & {n.id for n in ast.walk(target.slice) if isinstance(n, ast.Name)}:
        return []
    dim = f", dim={axis}" if axis else ""
    text = f"{name} = {alias(at)}.stack({name}{dim})"
    start = f"{name} = list({name})" if axis == 0 else f"{name} = list({name}.unbind({axis}))"
    indent, line = " " * loop.col_offset, loop.end_lineno or loop.lineno
    end = len(at.source.lines[line - 1])
    edits = [
        Edit(at.file, loop.lineno, 0, loop.lineno, 0, f"{indent}{start}\n"),
        Edit(at.file, line, end, line, end, f"\n{indent}{text}"),
    ]
    for node in ast.walk(loop):
        if isinstance(node, ast.Subscript) and at.source.segment(node.value) == name:
            if _axis(node) != axis:
                return []
            if axis and isinstance(node.slice, ast.Tuple):
                edits.append(at.source.replace(node.slice, at.source.segment(node.slice.elts[axis])))
    if isinstance(at.statement, ast.AugAssign):  # in place of the item, too
        return []
    return [Fix(text, tuple(edits), f"after the loop; before it {start}: its rows in a list, nothing is overwritten")]


def _axis(target: ast.Subscript) -> int | None:
    """The axis of which a subscript takes one item: 0 of x[t], 1 of x[:, t]; None of any other."""
    parts = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
    if any(isinstance(part, ast.Slice) and (part.lower or part.upper or part.step) for part in parts[:-1]):
        return None
    whole = all(isinstance(part, ast.Slice) for part in parts[:-1])
    return len(parts) - 1 if whole and not isinstance(parts[-1], ast.Slice) else None
