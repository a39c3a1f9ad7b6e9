"""Parameters that a model has and does not use, or uses and does not know of: neither kind is ever trained."""

from __future__ import annotations

import ast
from typing import Any

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.record import Op, Turn
from gradbook.coach.rule import Rule
from gradbook.coach.rules.misused import Course, Instead, left_out, not_returned, sibling
from gradbook.coach.rules.reach import Fate, Held, Holder, Reach
from gradbook.nn.module import Module
from gradbook.observe import naming
from gradbook.observe.failure.definitions import single_assignments
from gradbook.observe.failure.text import Source, source_of
from gradbook.observe.source import Where, is_users

__all__ = ["RULES", "UnusedParameters"]

ENOUGH = 3  # layers made anew at one place before it is called a habit
REGISTERS = {"modules": ("ModuleList", "ModuleDict"), "parameters": ("ParameterList", "ParameterDict")}


class UnusedParameters(Rule):
    """Layers that are defined and never called, whose result is dropped, that a plain list hides, or made anew."""

    id = "unused-parameters"
    idea = "only parameters that a model registers and that its loss depends on are trained"
    threshold = "in no step of the whole run did they get a gradient (or, hidden in a list: were they in an optimizer)"

    def begins(self) -> None:
        self.reach = self.coach.shared(Reach)
        self.course: Course | None = None

    def turned(self, turn: Turn) -> None:
        if self.course is None and turn.whole and turn.passes:
            self.course = Course.of(turn)

    def ended(self) -> None:
        if not self.reach.passes or not self.reach.every:
            return
        for held in self.reach.every:
            if len(held.starved) < len(held.fates):
                self._never_called(held)
                self._dropped(held)
        self._hidden()
        for where, count in self.reach.anew.items():
            if count >= ENOUGH:
                self._anew(where, count)

    def failed(self, error: BaseException) -> None:
        """An optimizer finds no parameters: a model hides all of its layers in a list."""
        if "empty parameter list" not in str(error):
            return
        step, seen = error.__traceback__, list[Any]()
        while step is not None:
            seen.extend(naming.variables(step.tb_frame).values())
            step = step.tb_next
        for module in [each for each in seen if isinstance(each, Module)]:
            for name, kept in vars(module).items():
                items = list(kept.values()) if type(kept) is dict else kept if isinstance(kept, list | tuple) else []
                if items and all(isinstance(item, Module) for item in items):
                    names = [f"{name}.{i}" for i in range(len(items))]
                    self._hide(Holder(type(module), name, "modules"), names, "model", "error")
                    return

    # -- never called ------------------------------------------------------------------------------------------------

    def _never_called(self, held: Held) -> None:
        unused = [fate for fate in held.starved if not fate.used and fate.name and fate.cut is None]
        groups: dict[tuple[str, str], list[Fate]] = {}
        for fate in unused:
            groups.setdefault((fate.root, self._top(fate)), []).append(fate)
        for (root, path), fates in groups.items():
            self._unused(held, root, path, fates)

    def _top(self, fate: Fate) -> str:
        """The path of the outermost module round a parameter of which nothing is used."""
        known = [each for each in self.reach.fates.values() if each.name and each.root == fate.root]
        path = fate.module
        while path:
            above = path.rpartition(".")[0]
            inside = [each for each in known if not above or each.name.startswith(above + ".")]
            if not above or any(each.used or each.got for each in inside):
                return path
            path = above
        return fate.name

    def _unused(self, held: Held, root: str, path: str, fates: list[Fate]) -> None:
        part, own = self.reach.parts.get((root, path)), path.rpartition(".")[2]
        direct = part is None  # a parameter of the root module itself
        where = (part.built.where if part.built is not None else None) if part is not None else None
        parent = part.parent if part is not None else self.reach.parts[root, ""].kind
        at: code.Place | tuple[str, int] | None = code.place(where)
        found = defined(parent, own) if parent is not None else None
        if found is not None:  # `self.name = ...`, also where the layer itself was constructed elsewhere
            at = found[0].file, found[1].lineno
        place = at.at if isinstance(at, code.Place) else at
        instead = sibling(self.course, self.reach, root, path, fates) if self.course is not None else None
        if instead is not None:
            self._twin(held, fates, f"{root}.{path}" if root else path, instead)
            return
        fixes = [Fix(f"x = self.{own}(x)", (), "call it in forward()")] if not direct else []
        uses = sum(isinstance(n, ast.Attribute) and n.attr == own for n in found[0].nodes()) if found is not None else 0
        if found is not None and uses == 1:
            edit = found[0].replace(found[1], "pass")
            fixes.append(Fix(f"# {found[0].segment(found[1])}", (edit,), "or take it away"))
        name = f"{root}.{path}" if root else path
        later = self.coach.session is not None and found is not None and mentioned(found[0], own)
        self.find(
            f"{name} is never used: no result of the model depends on it, and it stays as it is.", place,
            {"parameters": ", ".join(fate.name for fate in fates[:4]), "calls of it": 0,
             "gradients": f"none in {held.steps} steps of {held.name}"},
            fixes, nodes=[fate.name for fate in fates[:8]], severity="hint" if later else "",
        )  # fmt: skip

    def _twin(self, held: Held, fates: list[Fate], name: str, instead: Instead) -> None:
        self.find(
            f"{name} is never used: {instead.name} is called here, once more, in its place.", instead.line,
            {"parameters": ", ".join(fate.name for fate in fates[:4]), "calls of it": 0,
             "gradients": f"none in {held.steps} steps of {held.name}"},
            instead.fixes, nodes=[fate.name for fate in fates[:8]],
        )  # fmt: skip

    # -- called, and its result dropped ------------------------------------------------------------------------------

    def _dropped(self, held: Held) -> None:
        groups: dict[Where, list[Fate]] = {}
        for fate in held.starved:
            if fate.lost is not None and not fate.live and fate.cut is None and fate.lost.where is not None:
                groups.setdefault(fate.lost.where, []).append(fate)
        overwriting = {line for where in groups for line in [_overwriter(code.place(where))] if line is not None}
        for where, fates in groups.items():
            at = code.place(where)
            if len(overwriting) and at is not None and _overwriter(at) is None and self._before(where, groups):
                continue  # it only feeds what is dropped later
            self._drop(held, fates, where)

    def _before(self, where: Where, groups: dict[Where, list[Fate]]) -> bool:
        """Whether another dropped result in the same function comes after this one."""
        at = code.place(where)
        others = [code.place(other) for other in groups if other[0] is where[0] and other is not where]
        return at is not None and any(o is not None and o.line > at.line and _overwriter(o) for o in others)

    def _drop(self, held: Held, fates: list[Fate], where: Where) -> None:
        at = code.place(where)
        line: Any = where
        fixes: list[Fix] = []
        if at is not None and at.statement is not None:
            line, fixes = at.at, _kept(at)
            over = _overwriter(at)
            given = _given(over.value) if over is not None else None
            if over is not None and given is not None:
                line = (at.file, over.lineno)
                fixes = [code.replacement(at, given, ast.unparse(over.targets[0]), "goes on from there")]
        op = fates[0].lost
        assert isinstance(op, Op)
        other = left_out(self.course, op.number) if self.course is not None else None
        other = other or not_returned(at)
        if other is not None:
            line, fixes = other
        self.find(
            f"The result of {fates[0].label} is dropped: the loss does not depend on it.", line,
            {"parameters": ", ".join(fate.name for fate in fates[:4]), "computed": f"{op.name} {op.output.shape}",
             "gradients": f"none in {held.steps} steps of {held.name}"},
            fixes, nodes=[fate.name for fate in fates[:8]],
        )  # fmt: skip

    # -- used, and not known of --------------------------------------------------------------------------------------

    def _hidden(self) -> None:
        groups: dict[tuple[Holder, str], list[Fate]] = {}
        for fate in self.reach.fates.values():
            if fate.stray and fate.holder is not None:
                groups.setdefault((fate.holder, fate.root), []).append(fate)
        for (holder, root), fates in groups.items():
            self._hide(holder, [fate.name for fate in fates], root)

    def _hide(self, holder: Holder, names: list[str], root: str, severity: str = "") -> None:
        found = defined(holder.kind, holder.attribute)
        own = f"self.{holder.attribute}"
        if holder.what == "tensor":
            message = f"{own} is a plain tensor: {root}.parameters() does not find it, so no optimizer trains it."
        else:
            message = f"{own} is a plain list: {root}.parameters() does not find the {holder.what} in it."
        self.find(
            message, (found[0].file, found[1].lineno) if found is not None else None,
            {"parameters that no optimizer has": ", ".join(names[:4]), "how many": len(names)},
            _registered(holder, found), nodes=names[:8], severity=severity,
        )  # fmt: skip

    def _anew(self, where: Where, count: int) -> None:
        at = code.place(where)
        text = at.source.segment(at.expression) if at is not None and at.expression is not None else "nn.Linear(...)"
        self.find(
            "A layer is made anew in each forward: it starts from random numbers every time and never learns.", where,
            {"layers made here": count, "of them in an optimizer": 0},
            [Fix(f"self.layer = {text}", (), "in __init__(); here then self.layer(...)")],
        )  # fmt: skip


def defined(kind: type, name: str) -> tuple[Source, ast.Assign] | None:
    """The first `self.name = ...` in a class or its bases."""
    for base in kind.__mro__:
        init = getattr(vars(base).get("__init__"), "__code__", None)
        if init is None or not is_users(init.co_filename):
            continue
        source = source_of(init.co_filename)
        function = next((n for n in source.nodes() if isinstance(n, ast.FunctionDef) and _is(n, init)), None)
        for node, target, _ in single_assignments(source) if function is not None else ():
            inside = function is not None and function.lineno <= node.lineno <= (function.end_lineno or 0)
            if inside and isinstance(target, ast.Attribute) and target.attr == name:
                return source, node
    return None


def _is(node: ast.FunctionDef, init: Any) -> bool:
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    return node.name == "__init__" and first == init.co_firstlineno


def _kept(at: code.Place) -> list[Fix]:
    """A statement that drops a result: its line with the result kept."""
    node = at.statement
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = node.value
        target = ast.unparse(call.args[0]) if call.args and isinstance(call.args[0], ast.Name) else "x"
        return [code.replacement(at, call, f"{target} = {at.source.segment(call)}", "and goes on with it")]
    if isinstance(node, ast.Assign):
        return [Fix(f"return {ast.unparse(node.targets[0])}", (), "or use it in what is returned")]
    return []


def _overwriter(at: code.Place | None) -> ast.Assign | None:
    """The next statement that gives the same variable another value without looking at the one it has."""
    node = at.statement if at is not None else None
    if at is None or not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
        return None
    name, block = node.targets[0].id, getattr(at.source.parents.get(node), "body", [])
    for later in block[block.index(node) + 1 :] if node in block else ():
        if any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load) for n in ast.walk(later)):
            return None
        if isinstance(later, ast.Assign) and ast.unparse(later.targets[0]) == name:
            return later
    return None


def _given(value: ast.expr) -> ast.expr | None:
    """What the innermost call of an expression is given first: `x` of `relu(self.fc(x))`."""
    calls = [node for node in ast.walk(value) if isinstance(node, ast.Call) and node.args]
    return next((call.args[0] for call in calls if isinstance(call.args[0], ast.Name)), None)


def _registered(holder: Holder, found: tuple[Source, ast.Assign] | None) -> list[Fix]:
    """`self.name = nn.ModuleList([...])` for `self.name = [...]`, `nn.Parameter(...)` for a tensor."""
    if found is None:
        return []
    source, node = found
    prefix = _prefix(source, holder.kind)
    if holder.what == "tensor":
        made = f"{prefix}Parameter({_without_requires_grad(source, node.value)})"
    else:
        listed, keyed = REGISTERS[holder.what]
        is_dict = isinstance(node.value, ast.Dict | ast.DictComp)
        empty = isinstance(node.value, ast.List | ast.Dict | ast.Tuple) and not ast.unparse(node.value)[1:-1].strip()
        made = f"{prefix}{keyed if is_dict else listed}({'' if empty else source.segment(node.value)})"
    edit = source.replace(node.value, made)
    return [Fix(f"{source.segment(node.targets[0])} = {made}", (edit,), "so that parameters() finds them")]


def _without_requires_grad(source: Source, value: ast.expr) -> str:
    if isinstance(value, ast.Call) and any(keyword.arg == "requires_grad" for keyword in value.keywords):
        kept = [source.segment(each) for each in value.args]
        kept += [source.segment(each) for each in value.keywords if each.arg != "requires_grad"]
        return f"{source.segment(value.func)}({', '.join(kept)})"
    return source.segment(value)


def _prefix(source: Source, kind: type) -> str:
    """`nn.` where the class is a `nn.Module`, `torch.nn.`, or nothing."""
    for node in source.nodes():
        if isinstance(node, ast.ClassDef) and node.name == kind.__name__:
            for base in node.bases:
                text = ast.unparse(base)
                if text.endswith("Module"):
                    return text.removesuffix("Module")
    return "nn."


def mentioned(source: Source, own: str) -> bool:
    """Whether a method other than the constructor speaks of `self.own`: another cell may train with that."""
    for node in source.nodes():
        if isinstance(node, ast.FunctionDef) and node.name != "__init__":
            if any(isinstance(each, ast.Attribute) and each.attr == own for each in ast.walk(node)):
                return True
    return False


RULES = (UnusedParameters,)
