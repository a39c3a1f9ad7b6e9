"""Why nothing on the way to a loss asks for a gradient: what is learned was frozen, or was never told to ask."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.record import Value
from gradbook.coach.rules.reach import Fate, Reach
from gradbook.coach.rules.tracing import trace
from gradbook.coach.rules.walked_twice import Told
from gradbook.coach.rules.wherefrom import Frames, ids, users_frames
from gradbook.coach.stance import Frozen
from gradbook.observe import naming
from gradbook.observe.failure.candidates import CREATORS
from gradbook.observe.failure.text import called_name, source_of
from gradbook.observe.source import cells

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach

__all__ = ["told", "truths"]

OWN = ("parameters", "named_parameters")
CONSTRUCTED = (*CREATORS, "tensor", "Tensor", "FloatTensor", "as_tensor")


def told(coach: Coach, reach: Reach, error: BaseException) -> Told | None:
    """The case of a loss without a graph, None where it is not plain."""
    failing = coach.last
    if failing is None or failing.loss is None:
        return None
    behind = [value for value, cut, op in trace(failing.loss) if value.tensor is not None]
    built = [made.thing() for made in coach.built.values()]
    held = set().union(*(ids(thing) for thing in built if thing is not None and hasattr(thing, "param_groups")))
    frames = list(users_frames(error))
    learned = [value for value in behind if id(value.tensor) in held]
    learned = learned or _differentiated(behind, frames) or [value for value in behind if value.kind == "parameter"]
    asked = [frozen for value in learned if (frozen := coach.stance.frozen(value.tensor)) is not None]
    if learned and len(asked) == len(learned):
        return _frozen(max(asked, key=lambda each: each.number), learned, reach)
    plain = [value for value in learned if coach.stance.frozen(value.tensor) is None]
    found = _plain(plain, frames) or _declared(frames) if plain else None
    return found or (_elsewhere(coach, failing.loss, frames) if not learned else None)


def _differentiated(behind: list[Value], frames: Frames) -> list[Value]:
    """Values of variables whose .grad the program reads."""
    known = {id(value.tensor): value for value in behind}
    found: list[Value] = []
    for frame, _ in frames:
        at = code.Place((frame.f_code, 0))
        owners = {at.source.segment(n.value) for n in at.source.nodes()
                  if isinstance(n, ast.Attribute) and n.attr == "grad"}  # fmt: skip
        for loop in at.source.nodes():  # for p in params: p -= lr * p.grad
            if isinstance(loop, ast.For | ast.comprehension) and at.source.segment(loop.target) in owners:
                owners = owners | {at.source.segment(loop.iter)}
        for name, held in naming.visible(frame).items():
            if name in owners or f"self.{name}" in owners:
                for item in held if isinstance(held, list | tuple) else (held,):
                    value = known.get(id(item))
                    if value is not None and value.tensor is item and value not in found:
                        found.append(value)
    return found


# -- frozen ------------------------------------------------------------------------------------------------------------


def _frozen(last: Frozen, learned: list[Value], reach: Reach) -> Told:
    """A line has switched off the gradients of all that is learned."""
    at, where = code.place(last.where), last.where
    value = _switch(at)
    if value is not None and not isinstance(value, ast.Constant) and (caller := code.place(last.above)) is not None:
        call = caller.expression if isinstance(caller.expression, ast.Call) else None  # set_trainable(net, False)
        given = [*call.args, *(k.value for k in call.keywords)] if call is not None else []
        value = next((a for a in given if isinstance(a, ast.Constant) and a.value is False), None)
        at, where = caller, last.above
    fixes = []
    if at is not None and value is not None:
        fixes.append(code.replacement(at, value, "True", "what is learned asks for a gradient"))
        top = _last_layer(learned, reach)
        body = _body(at, learned, reach) if top else None
        if body is not None:
            fixes.insert(0 if _only_last(learned, reach) else 1, body)
        if top and at.statement is not None:
            for loop in at.around(ast.For):
                at.statement = loop if isinstance(loop, ast.stmt) else at.statement
            line = f"{top}.requires_grad_(True)"
            fixes.append(code.insertion(at, line, "afterwards: the last layer is trained, the rest not", after=True))
    count = len(learned)
    return Told(
        "Everything that is to be learned is frozen here: nothing on the way to the loss asks for a gradient.", where,
        fixes, {"frozen": f"{count} tensor{'s' * (count != 1)}, all that led to the loss"},
    )  # fmt: skip


def _switch(at: code.Place | None) -> ast.expr | None:
    """`False` of `p.requires_grad = False` and of `requires_grad_(False)`; the call itself of `requires_grad_()`."""
    statement = at.statement if at is not None else None
    if isinstance(statement, ast.Assign):
        return statement.value
    for node in ast.walk(statement) if statement is not None else ():
        if isinstance(node, ast.Call) and called_name(node) == "requires_grad_":
            return node.args[0] if node.args else next((k.value for k in node.keywords), None)
    return None


def _last(learned: list[Value], reach: Reach) -> Fate | None:
    """The parameter of a model that was used last."""
    fates = [fate for value in learned if (fate := reach.fate(value.tensor)).name]
    return max(fates, key=lambda fate: fate.order, default=None)


def _only_last(learned: list[Value], reach: Reach) -> bool:
    """Whether nothing but the last layer is to be learned."""
    last = _last(learned, reach)
    return last is not None and {reach.fate(value.tensor).module for value in learned} == {last.module}


def _body(at: code.Place, learned: list[Value], reach: Reach) -> Fix | None:
    """The line that freezes, for the rest of the model only: `net.features.parameters()`."""
    last = _last(learned, reach)
    root = next((ref() for ref, name in reach.roots.values() if last is not None and name == last.root), None)
    if last is None or root is None:
        return None
    rest = [name for name, part in root.named_children() if list(part.parameters())]
    if last.module not in rest or len(rest) != 2:  # of more than two it is not plain what is to stay as it is
        return None
    own = rest[0] if rest[1] == last.module else rest[1]
    there = f"{last.root}[{own}]" if own.isdigit() else f"{last.root}.{own}"
    heads = [loop.iter for loop in at.around(ast.For) if isinstance(loop, ast.For)]
    for node in (each for tree in (*heads, at.statement) if tree is not None for each in ast.walk(tree)):
        if isinstance(node, ast.Attribute) and node.attr in (*OWN, "requires_grad_"):
            if at.source.segment(node.value) == last.root:
                return code.replacement(at, node.value, there, "the rest of the model; its last layer is learned")
    return None


def _last_layer(learned: list[Value], reach: Reach) -> str:
    """`model.fc`, `net[2]`: the module of the parameter that was used last."""
    last = _last(learned, reach)
    if last is None or not last.module:
        return ""
    parts = last.module.split(".")
    return last.root + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in parts)


# -- never asked -------------------------------------------------------------------------------------------------------


def _plain(learned: list[Value], frames: Frames) -> Told | None:
    """Tensors that are to be learned, and were made without requires_grad=True."""
    names = {id(held): name for frame, _ in reversed(frames) for name, held in naming.visible(frame).items()}
    found: list[tuple[tuple[str, int], Fix, str]] = []
    for value in learned:
        at = code.place(value.maker.where if value.maker is not None else value.where)
        if at is None or at.statement is None or isinstance(at.statement, ast.For):
            continue
        name = names.get(id(value.tensor), "what is learned")
        fix = asking(at)
        if fix is not None:
            found.append((at.at, fix, name))
    if not found:
        return None
    found.sort(key=lambda each: each[0][1])
    where, fix, name = found[0]
    fix.edits = tuple(edit for _, each, _ in found for edit in each.edits)
    return Told(
        f"{name} is to be learned, but was made without requires_grad=True: nothing asks for a gradient.", where,
        [fix], {"without requires_grad": ", ".join(dict.fromkeys(n for *_, n in found))},
    )  # fmt: skip


def _declared(frames: Frames) -> Told | None:
    """A Parameter that is made with requires_grad=False."""
    files = [frame.f_code.co_filename for frame, _ in frames]
    for file in dict.fromkeys((*files, *reversed(cells()))):
        source = source_of(file)
        for node in source.nodes():
            flags = node.keywords if isinstance(node, ast.Call) and called_name(node) == "Parameter" else []
            off = [k for k in flags if k.arg == "requires_grad" and getattr(k.value, "value", True) is False]
            if off:
                edit = source.replace(off[0].value, "True")
                row = source.lines[edit.line - 1]
                line = f"{row[: edit.column]}True{row[edit.end_column :]}".strip()
                return Told(
                    "The only parameters that lead to the loss are made with requires_grad=False.",
                    (file, edit.line), [Fix(line, (edit,), "it is learned")], {},
                )  # fmt: skip
    return None


def _elsewhere(coach: Coach, loss: Value, frames: Frames) -> Told | None:
    """A loss that is computed without any result of the model that was called for it."""
    turns = [coach.turn] if coach.turn.calls else []
    made = [value for turn in turns for call in turn.calls if call.parent is None for value in call.outputs]
    results = {id(value.tensor) for value in made if value.requires_grad and value.tensor is not None}
    at = code.place(loss.maker.where if loss.maker is not None else None)
    if not results or at is None:
        return None
    names = [name for frame, _ in frames for name, held in naming.variables(frame).items() if id(held) in results]
    call, fixes = at.expression, []
    if isinstance(call, ast.Call) and len(call.args) > 1 and names:
        one, other = (at.source.segment(argument) for argument in call.args[:2])
        if one == other:
            fixes = [code.replacement(at, call.args[0], names[0], "what the model has made of the data")]
    return Told(
        "This loss does not depend on what the model has computed: nothing that is learned leads to it.", at.at, fixes,
        {"results of the model": ", ".join(names) or "in no variable"},
    )  # fmt: skip


def asking(at: code.Place) -> Fix | None:
    """The statement, its value asking: `torch.zeros(3, requires_grad=True)`, `(0.1 * x).requires_grad_()`."""
    value = getattr(at.statement, "value", None)
    call = at.expression
    if not isinstance(value, ast.expr):
        return None
    why = "it is learned"
    creates = isinstance(call, ast.Call) and called_name(call) in CONSTRUCTED and call is value
    if creates and isinstance(call, ast.Call):
        return code.with_option(at, call, "requires_grad", "True", why)
    whole = call if call is not None and isinstance(value, ast.Tuple | ast.List | ast.ListComp) else value
    return code.appended(at, whole, ".requires_grad_()", why)


def truths(at: code.Place) -> list[Fix]:
    """A comparison of several numbers that is asked for its truth: of all, of any, of their means."""
    node = at.expression
    if not isinstance(node, ast.expr):
        return []
    fixes = [
        code.appended(at, node, ".all()", "true where all of them are"),
        code.appended(at, node, ".any()", "true where any of them is"),
    ]
    if isinstance(node, ast.Compare) and len(node.comparators) == 1:
        left, right = at.source.segment(node.left), at.source.segment(node.comparators[0])
        sign = at.source.segment(node)[len(left) :].removesuffix(right).strip()
        right = right if isinstance(node.comparators[0], ast.Constant) else f"{right}.mean()"
        fixes.insert(0, code.replacement(at, node, f"{left}.mean() {sign} {right}", "compares one number"))
    return fixes
