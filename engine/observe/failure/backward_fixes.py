"""Candidates for failures of the backward pass: what starts it, what it walked before, what was changed under it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import gradbook
from gradbook.nn.module import Module
from gradbook.observe.failure.candidates import CREATORS, Candidate, Maybe, Mender
from gradbook.observe.failure.definitions import definition
from gradbook.observe.failure.scene import Scene, is_backward, loads
from gradbook.observe.failure.text import Source, source_of
from gradbook.observe.failure.trial import Plan
from gradbook.observe.source import is_users, span_of

__all__ = ["backward_candidates", "out_of_place"]

Candidates = Iterator[Maybe]
LEARNED = ("w", "b", "weight", "bias", "theta", "param", "k")


def backward_candidates(m: Mender, scene: Scene) -> Candidates:
    """Everything worth a trial for this failure."""
    message = m.call.message
    if "implicitly created only for scalar" in message:
        yield from _scalar(m, scene)
    elif "does not require grad" in message:
        yield from _nothing(m, scene)
    elif "second time" in message:
        yield from _twice(m, scene)
    elif "modified by an inplace" in message:
        yield from _changed(m, scene)
    elif "leaf Variable" in message:
        yield from _leaf(m)
    elif (
        "Can't call numpy()" in message
        and isinstance(m.call.node, ast.Call)
        and isinstance(m.call.node.func, ast.Attribute)
    ):
        x = m.call.operands[0] if m.call.operands else None
        own = m.call.node.func.value if x is None or x.node is None else x.node
        yield Candidate(plan_after(m, own, ".detach()"), "The values alone, without their history.")
    elif "Only Tensors of floating point" in message and (torch := m.alias(gradbook)):
        yield m.keyword(m.call.node, "dtype", f"{torch}.float32", "Only floating-point numbers have gradients.")


def plan_after(m: Mender, node: ast.expr, text: str) -> Plan:
    """The plan that writes a method behind an expression."""
    return Plan((m.call.source.after(node, text),))


def _scalar(m: Mender, scene: Scene) -> Candidates:
    """One number from many: in the function that gave them, where backward starts, or where they are named."""
    call = m.call.node
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
        return
    owner, mean, total = call.func.value, "The mean of all: independent of how many there are.", "The sum of all."
    named = [s for s in scene.before() if isinstance(s, ast.Assign) and _name(s) == ast.unparse(owner)]
    given = _returned(scene, named[-1].value) if named else None
    if given is not None:
        yield Candidate(Plan((given[0].after(given[1], ".mean()"),)), mean)
    yield Candidate(plan_after(m, owner, ".mean()"), mean)
    yield Candidate(plan_after(m, owner, ".sum()"), total)
    if named:
        yield Candidate(Plan((scene.source.after(named[-1].value, ".mean()"),)), mean)


def _returned(scene: Scene, value: ast.expr) -> tuple[Source, ast.expr] | None:
    """What the user's own function returns whose call an expression is, if that is one expression."""
    called = scene.look(value.func.id) if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) else None
    found = definition(called)
    ends = [part for part in ast.walk(found[1]) if isinstance(part, ast.Return)] if found is not None else []
    if found is None or len(ends) != 1 or ends[0].value is None or not is_users(found[0].file):
        return None
    return found[0], ends[0].value


def _nothing(m: Mender, scene: Scene) -> Candidates:
    """Something that is learned must ask for a gradient; nothing on the way may drop it."""
    before = scene.replayable()
    for statement in before:
        for call in (n for n in ast.walk(statement) if isinstance(n, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            if name == "detach" and isinstance(call.func, ast.Attribute):
                owner = scene.source.segment(call.func.value)
                yield m.put(call, owner, "detach() cuts the history off.", scene.source)
            elif name == "no_grad":
                head = scene.source.segment(call.func).rpartition(".")[0]
                yield m.put(call, f"{head}.enable_grad()", "no_grad records nothing.", scene.source)
            elif name in ("item", "tolist", "numpy") and isinstance(call.func, ast.Attribute):
                yield _without_numbers(m, call, scene)
            elif name == "requires_grad_":
                yield m.put(
                    call.args[0] if call.args else None, "True", "requires_grad=False freezes it.", scene.source
                )
        yield _unfrozen(m, statement, scene)
    made = [s for s in before if isinstance(s, ast.Assign) and _creates(s.value) and not _wraps(s.value)]
    made.sort(key=lambda s: (not _name(s).lower().startswith(LEARNED), -s.lineno))
    if any(isinstance(scene.look(name), Module) for statement in before for name in loads(statement)):
        made = [s for s in made if _name(s).lower().startswith(LEARNED)]  # the model learns, not its data
    for statement in made[:3]:
        why = f"{_name(statement)} is learned."
        yield m.keyword(_creates(statement.value), "requires_grad", "True", why, scene.source)


def _without_numbers(m: Mender, call: ast.Call, scene: Scene) -> Maybe:
    """A value without `.item()`, and without the tensor that was made of the number."""
    owner = scene.source.segment(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    outer = scene.source.parents.get(call)
    wrapped = isinstance(outer, ast.Call) and _creates(outer) is outer and outer.args[:1] == [call]
    why = "A number has no history; the tensor has."
    return m.put(outer if wrapped and isinstance(outer, ast.Call) else call, owner, why, scene.source)


def _unfrozen(m: Mender, statement: ast.stmt, scene: Scene) -> Maybe:
    """`p.requires_grad = False` the other way."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
            off = isinstance(node.value, ast.Constant) and node.value.value is False
            if off and node.targets[0].attr == "requires_grad":
                return m.put(node.value, "True", "requires_grad = False freezes every parameter.", scene.source)
    return None


def _wraps(node: ast.expr) -> bool:
    """True for a tensor that is made of something computed, such as `tensor(loss.item())`."""
    call = _creates(node)
    return call is not None and any(isinstance(part, ast.Call) for a in call.args for part in ast.walk(a))


def _creates(node: ast.expr) -> ast.Call | None:
    """The outermost call, if it makes a new tensor."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in (*CREATORS, "tensor"):
        return node
    return None


def _name(statement: ast.Assign) -> str:
    target = statement.targets[0]
    return target.id if isinstance(target, ast.Name) else ""


def _twice(m: Mender, scene: Scene) -> Candidates:
    before = scene.replayable()
    carried = scene.carried()
    for name, node in carried:
        made = m.put(node, f"{name}.detach()", f"{name} starts the next step without its history.", scene.source)
        yield made
    for statement in before:
        call = is_backward(statement)
        if call is not None and before:
            why = "Keeps what the second walk needs; it costs memory."
            yield m.keyword(call, "retain_graph", "True", why, scene.source)
    own = is_backward(scene.statement) if scene.statement is not None else None
    if own is not None and carried:
        yield m.keyword(own, "retain_graph", "True", "Keeps every step's graph; memory grows.", scene.source)


def _changed(m: Mender, scene: Scene) -> Candidates:
    """Lines among those that ran that change something in place, written so that they make something new."""
    before = scene.replayable()
    seen: set[tuple[str, int]] = set()
    for ran in reversed(m.control.ran):
        span = span_of(ran.where) if ran.where is not None else None
        if span is None or ran.where is None:
            continue
        source = source_of(ran.where[0].co_filename)
        statement = source.statement(span.line)
        if statement is None or (source.file, statement.lineno) in seen:
            continue
        seen.add((source.file, statement.lineno))
        yield out_of_place(m, statement, source)
    for statement in reversed(before):
        if (scene.source.file, statement.lineno) not in seen:
            yield out_of_place(m, statement, scene.source)


def out_of_place(m: Mender, statement: ast.stmt, source: Source) -> Maybe:
    """A statement that changes something in place, written so that it makes something new."""
    why = "Makes a new tensor and leaves the kept one as it was."
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name | ast.Attribute):
        sign = source.segment(statement)[len(source.segment(statement.target)) :].partition("=")[0].strip()
        target, value = source.segment(statement.target), source.segment(statement.value)
        value = f"({value})" if isinstance(statement.value, ast.BinOp | ast.IfExp | ast.UnaryOp) else value
        return m.put(statement, f"{target} = {target} {sign} {value}", why, source)
    for call in (n for n in ast.walk(statement) if isinstance(n, ast.Call)):
        inplace = next((k.value for k in call.keywords if k.arg == "inplace"), None)
        if isinstance(inplace, ast.Constant) and inplace.value is True:
            return m.put(inplace, "False", why, source)
        func = call.func
        name = func.attr if isinstance(func, ast.Attribute) else ""
        if name.endswith("_") and not name.endswith("__") and isinstance(func, ast.Attribute):
            owner, inner = source.segment(func.value), ", ".join(source.segment(a) for a in [*call.args])
            if isinstance(statement, ast.Expr) and isinstance(func.value, ast.Name):
                return m.put(statement, f"{owner} = {owner}.{name[:-1]}({inner})", why, source)
            return m.put(func, f"{owner}.{name[:-1]}", why, source)
    return None


def _leaf(m: Mender) -> Candidates:
    statement = m.call.source.statement(m.call.step.line)
    torch = m.alias(gradbook)
    if statement is None or statement.lineno != statement.end_lineno or not torch:
        return
    text = f"with {torch}.no_grad(): {m.call.source.segment(statement)}"
    if isinstance(statement, ast.AugAssign | ast.Expr):
        yield m.put(statement, text, "A step of learning is no part of what is differentiated.")
