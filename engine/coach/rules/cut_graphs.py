"""Graphs that are cut between parameters and loss: by detach, data, item, NumPy, argmax, or under no_grad."""

from __future__ import annotations

import ast
from typing import Any

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.record import Cut, Step, Value
from gradbook.coach.rule import Rule
from gradbook.coach.rules.modes import alias
from gradbook.coach.rules.reach import Fate, Held, Reach
from gradbook.coach.rules.tracing import trace
from gradbook.observe.failure.definitions import function_of
from gradbook.observe.failure.text import Edit, Source, called_name
from gradbook.observe.source import Where

__all__ = ["RULES", "DetachedGraph", "TrainingUnderNoGrad"]

SOON = 3  # steps after which parameters of an optimizer that all have no gradient are no coincidence
LATE = 200  # steps after which a single one is none either
WAYS_OUT = frozenset(("detach", "data", "cpu", "numpy", "item", "tolist", "clone", "float", "long", "int"))
WAYS_IN = frozenset(("tensor", "as_tensor", "from_numpy", "Tensor", "FloatTensor", "Variable", "asarray", "Parameter"))
ACTS = {
    "detach": ".detach() cuts the graph",
    "data": ".data leaves the graph behind",
    "tensor": "a new tensor made of numbers has no graph",
    "item": ".item() gives a plain number without a graph",
    "Parameter": "a new Parameter has no graph behind it",
    "indices": "indices have no gradient",
    "read": "numbers that Python has read have no graph",
}


class Cuts(Rule):
    """What both rules do: wait for parameters without a gradient that a loss would reach, were the graph not cut."""

    def begins(self) -> None:
        self.reach = self.coach.shared(Reach)

    def stepped(self, step: Step, optimizer: Any) -> None:
        held = self.reach.optimizers[id(optimizer)]
        if held.steps == LATE or (held.steps == SOON and len(held.starved) == len(held.fates)):
            self._judge(held)

    def ended(self) -> None:
        for held in self.reach.every:
            if held.steps > 1 or len(held.starved) == len(held.fates):
                self._judge(held)

    def failed(self, error: BaseException) -> None:
        """backward() finds no graph at all: one that was cut is told of, one that never was is another rule's."""
        turn = self.coach.turn
        if "does not require grad" not in str(error) or not turn.passes or turn.passes[-1].loss is None:
            return
        self.reach.turned(turn)
        found: dict[Where, tuple[Cut, list[Fate]]] = {}
        for value, cut, op in trace(turn.passes[-1].loss):
            tensor = value.tensor if op is None and cut is not None and value.requires_grad else None
            if tensor is not None and cut is not None and cut.where is not None and self.means(cut):
                found.setdefault(cut.where, (cut, []))[1].append(self.reach.fate(tensor))
        for cut, fates in list(found.values())[:1]:
            self.speak(cut, fates, "backward() finds no parameter that it could go back to", True)

    def _judge(self, held: Held) -> None:
        if any(finding.rule == "optimizer-call-order" for finding in self.coach.report):
            return  # steps without gradients have another cause
        found: dict[Where, tuple[Cut, list[Fate]]] = {}
        for fate in held.starved:
            if fate.cut is not None and not fate.live and fate.cut.where is not None and self.means(fate.cut):
                found.setdefault(fate.cut.where, (fate.cut, []))[1].append(fate)
        for cut, fates in found.values():
            whole = len(held.starved) == len(held.fates)
            self.speak(cut, fates, f"none in {held.steps} steps of {held.name}", whole)

    def means(self, cut: Cut) -> bool:
        """Whether a cut is one of those that this rule is about."""
        raise NotImplementedError

    def speak(self, cut: Cut, fates: list[Fate], gradients: str, whole: bool) -> None:
        """Say it. whole: all parameters of the optimizer are concerned."""
        raise NotImplementedError


class DetachedGraph(Cuts):
    """The loss is computed from numbers that have left the graph: parameters behind the cut never get a gradient."""

    id = "detached-graph"
    severity = "error"
    idea = "gradients flow back only through operations on tensors; numbers that were taken out and put back carry none"
    threshold = f"no gradient in any step of an optimizer that has the parameters ({SOON} steps, or the whole run)"

    def means(self, cut: Cut) -> bool:
        return cut.how != "no_grad"

    def failed(self, error: BaseException) -> None:
        """backward() of a plain number, which was read from a loss, is another way to find no graph."""
        super().failed(error)
        reads = self.coach.turn.reads
        if not isinstance(error, AttributeError) or "has no attribute 'backward'" not in str(error) or not reads:
            return
        self.reach.turned(self.coach.turn)
        read = reads[-1]
        leaves = [value.tensor for value, _, op in trace(read.value) if op is None and value.requires_grad]
        fates = [self.reach.fate(tensor) for tensor in leaves if tensor is not None]
        if fates:
            self.speak(Cut("item", read.value, read.where), fates, f"none: {error}", True)

    def speak(self, cut: Cut, fates: list[Fate], gradients: str, whole: bool) -> None:
        act = ACTS.get(cut.how, f"{cut.how}() has no gradient")
        self.find(
            f"{act}: {whom(fates, whole)} never {'get' if whole else 'gets'} a gradient from the loss."
            if len(act) < 60 else act, cut.where,
            {"parameters without a gradient": ", ".join(fate.name or "a tensor" for fate in fates[:4]),
             "gradients": gradients},
            [rewired(fix, self._wrapped(cut)) for fix in mended(cut)], nodes=[fate.name for fate in fates[:8]],
            severity="" if whole else "warning",
        )  # fmt: skip

    def _wrapped(self, cut: Cut) -> code.Place | None:
        """Where a tensor was made of the numbers, if that was another line."""
        passes = [pass_.loss for pass_ in self.coach.turn.passes if pass_.loss is not None]
        for value, _, op in trace(passes[-1]) if passes else ():
            mine = any(each.where == cut.where for each in value.cuts or value.reads)
            if op is None and mine and value.where is not None and value.where != cut.where:
                return code.place(value.where)
        return None


class TrainingUnderNoGrad(Cuts):
    """What the loss is computed from ran where nothing is recorded."""

    id = "training-under-no-grad"
    severity = "error"
    idea = "under no_grad() operations leave no graph: backward() has nothing to go back through"
    threshold = f"no gradient in any step of an optimizer that has the parameters ({SOON} steps, or the whole run)"

    def means(self, cut: Cut) -> bool:
        return cut.how == "no_grad"

    def failed(self, error: BaseException) -> None:
        """What was made in inference mode can take no part in training at all."""
        super().failed(error)
        at = code.place(self.coach.stance.unrecorded_last)
        if "Inference tensors cannot be saved for backward" in str(error) and at is not None:
            fixes = unwrapped(at, at.statement) if isinstance(at.statement, ast.With) else []
            self.find(
                "This runs in inference_mode(), and training goes on with its results: they cannot get a gradient.",
                at.at, {"raised": str(error).partition(".")[0]}, fixes,
            )  # fmt: skip

    def _judge(self, held: Held) -> None:
        every = self.reach.fates.values()
        others = (fate for fate in every if fate.stray and fate.name and id(held) in fate.steppers)
        if len(held.starved) < len(held.fates) or not any(others):  # else the optimizer has the wrong network
            super()._judge(held)

    def speak(self, cut: Cut, fates: list[Fate], gradients: str, whole: bool) -> None:
        at, fixes, deliberate = self._scope(cut.source)
        severity = "" if whole else "hint" if deliberate else "warning"
        self.find(
            f"This runs under no_grad(): {whom(fates, whole)} cannot get a gradient from the loss.", at or cut.where,
            {"parameters without a gradient": ", ".join(fate.name or "a tensor" for fate in fates[:4]),
             "gradients": gradients},
            fixes, nodes=[fate.name for fate in fates[:8]], severity=severity,
        )  # fmt: skip

    def _scope(self, value: Value) -> tuple[tuple[str, int] | None, list[Fix], bool]:
        """Where recording was switched off for what gave a value, how to mend that, and whether it may be meant.

        A `with` round the call of a layer may keep that as it is on purpose.
        """
        op = value.maker
        where = self.coach.stance.unrecorded_since(op.number) if op is not None else None
        at, inner = code.place(where), code.place(op.where if op is not None else None)
        block = at.statement if at is not None else None
        if at is not None and isinstance(block, ast.With) and switch(at.source, block.items[0].context_expr):
            inside = op.call.where if op is not None and op.call is not None else None
            frozen = where is not None and inside is not None and inside[0] is where[0]  # a layer, called in the block
            return at.at, unwrapped(at, block), frozen
        for each in (inner, at):
            source, decorated = decorator(each) or (called_decorator(each) if each is at else None) or (None, None)
            if source is not None and decorated is not None:
                switched = source.segment(decorated)
                for name in ("inference_mode", "no_grad"):
                    switched = switched.replace(name, "enable_grad")
                edit = source.replace(decorated, switched)
                fix = Fix(f"@{switched}", (edit,), "or take the decorator away")
                return (source.file, decorated.lineno), [fix], False
        if at is None or at.statement is None:
            return None, [], False
        call = at.expression
        if isinstance(call, ast.Call) and call.args and "set_grad_enabled" in at.source.segment(call.func):
            text = at.source.segment(call).replace(at.source.segment(call.args[0]), "True")
            if at.function == "<module>" or inner is None:
                return at.at, [code.replacement(at, call, text, "before the training")], False
            passed = code.place(self.coach.last.where if self.coach.last is not None else None)
            if passed is not None and passed.loop is not None:
                passed.statement = passed.loop
            other = Fix(f"with {alias(at)}.no_grad():", (), "round the evaluation alone, in place of the switch")
            return at.at, [code.insertion(passed, text, "before training goes on"), other], False
        return at.at, [], False


def whom(fates: list[Fate], whole: bool) -> str:
    """The modules that parameters belong to, in words."""
    if whole:
        return "the parameters"
    modules = list(dict.fromkeys(fate.label for fate in fates))
    tops = list(dict.fromkeys(name.split(".")[0] for name in modules))
    named = modules if len(modules) < 3 else tops
    return " and ".join(named) if 0 < len(named) < 3 and all(named) else f"each of {len(fates)} parameters"


def mended(cut: Cut) -> list[Fix]:
    """The line without what cuts the graph."""
    at = code.place(cut.where)
    node = at.expression if at is not None else None
    if at is None or node is None:
        return []
    kept = source_of_cut(node)
    outer: ast.AST = node
    while True:
        above = at.source.parents.get(outer)
        if isinstance(above, ast.Attribute) and above.attr in WAYS_OUT:
            outer = above
        elif isinstance(above, ast.Call) and above.func is outer:
            outer = above
        elif isinstance(above, ast.Call) and above.args[:1] == [outer] and called_name(above) in WAYS_IN:
            outer = above
        else:
            break
    if kept is None or not isinstance(outer, ast.expr):
        return []
    text, statement = of_tensors(at, kept, cut.many), at.statement
    if isinstance(statement, ast.Assign) and statement.value is outer and text in map(ast.unparse, statement.targets):
        last = f"{text}.backward()" in at.source.text
        line = f"{text}.backward()" if last else f"# {at.source.segment(statement)}"
        return [Fix(line, code.removal(at), f"without this line: {text} has its graph already")]
    if cut.how in ACTS:
        through = "numpy" in at.source.segment(outer) or cut.how == "read"
        why = "and compute with tensors, not with NumPy: the graph stays whole" if through else "the graph stays whole"
        made = code.assignment(at, text)
        if made is not None and isinstance(made.expression, ast.List | ast.ListComp):
            text = f"{alias(at)}.stack({text})"
        return [code.replacement(at, outer, text, why)]
    loss = "binary_cross_entropy" if isinstance(node, ast.Compare) else "cross_entropy"
    return as_loss(at, node, text, loss) or [
        code.replacement(at, outer, text, "for a loss that has a gradient"),
        Fix(f"loss = F.{loss}({text}, ...)", (), "such a loss, with the targets as they are"),
    ]


def rewired(fix: Fix, at: code.Place | None) -> Fix:
    """The fix, and the expression itself in the place of the tensor that was made of it."""
    call = at.expression if at is not None else None
    wraps = isinstance(call, ast.Call) and called_name(call) in WAYS_IN and call.args
    if at is None or not isinstance(call, ast.Call) or not wraps or not fix.edits or not fix.edits[0].text:
        return fix
    node, text = call.args[0], of_tensors(at, call.args[0])
    if isinstance(node, ast.Call) and called_name(node) in ("sorted", "list"):
        text = f"{alias(at)}.stack({text})"
    for part in ast.walk(node):
        number = isinstance(part, ast.Call) and called_name(part) in ("float", "item")
        kept = source_of_cut(part) if number and isinstance(part, ast.expr) else None
        text = text.replace(at.source.segment(part), at.source.segment(kept)) if kept is not None else text
    edit = at.source.replace(call, text)
    if edit.file == fix.edits[0].file and edit.line <= fix.edits[0].line <= edit.end_line:
        return code.replacement(at, call, text, fix.why)
    fix.edits = (*fix.edits, edit)
    return fix


def as_loss(at: code.Place, node: ast.expr, scores: str, loss: str) -> list[Fix]:
    """The statement that compares guesses with targets, as a loss of the scores: `loss = F.cross_entropy(out, y)`."""
    name = at.statement.targets[0] if isinstance(at.statement, ast.Assign) else None
    inside = function_of(at.source, at.statement)
    for each in at.source.nodes():
        sides: list[ast.expr] = []
        if isinstance(each, ast.Compare):
            sides = [each.left, each.comparators[0]]
        elif isinstance(each, ast.BinOp) and isinstance(each.op, ast.Sub):
            sides = [each.left, each.right]
        mine = [s for s in sides if s is node or (isinstance(name, ast.Name) and getattr(s, "id", "") == name.id)]
        statement = at.source.statement(each.lineno) if mine and isinstance(each, ast.expr) else None
        if len(mine) != 1 or statement is None or function_of(at.source, statement) is not inside:
            continue
        targets = inner_of(next(s for s in sides if s not in mine))
        value = statement.value if isinstance(statement, ast.Assign | ast.Return) else None
        if value is not None and isinstance(targets, ast.Name | ast.Attribute | ast.Subscript):
            text = f"{functional(at)}.{loss}({scores}, {at.source.segment(targets)})"
            return [code.replacement(at, value, text, "a loss that has a gradient")]
    return []


def functional(at: code.Place) -> str:
    """What a file calls nn.functional."""
    for source in code.sources(at):
        for node in source.nodes():
            for each in node.names if isinstance(node, ast.Import) else ():
                if each.name.endswith("nn.functional") and each.asname:
                    return each.asname
    return f"{alias(at)}.nn.functional"


def of_tensors(at: code.Place, kept: ast.expr, many: bool = False) -> str:
    """The text of what keeps its graph; of a list of tensors their stack. many: that it is a list is known."""
    text = at.source.segment(kept)
    known = code.assignment(at, text) if isinstance(kept, ast.Name) else None
    made = known.expression if known is not None else kept
    return f"{alias(at)}.stack({text})" if many or isinstance(made, ast.List | ast.ListComp) else text


def source_of_cut(node: ast.expr) -> ast.expr | None:
    """`h` of `h.detach()`, `h.data`, `torch.tensor(h)`, `torch.argmax(h, 1)`, `h > 0.5`, `torch.tensor(h.item())`."""
    if isinstance(node, ast.Compare):
        return node.left
    if isinstance(node, ast.Call) and called_name(node) in WAYS_IN and node.args:
        return inner_of(node.args[0])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        owner = node.func.value
        if isinstance(owner, ast.Name) and owner.id in ("torch", "np", "gradbook", "F") and node.args:
            return node.args[0]
        return inner_of(owner)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
        return node.args[0]  # float(h)
    return inner_of(node.value) if isinstance(node, ast.Attribute) and node.attr in WAYS_OUT else None


def inner_of(node: ast.expr) -> ast.expr:
    """`h` of `h.detach().cpu()`."""
    while True:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WAYS_OUT:
            node = node.func.value
        elif isinstance(node, ast.Attribute) and node.attr == "data":
            node = node.value
        else:
            return node


def decorator(at: code.Place | None) -> tuple[Source, ast.expr] | None:
    """What switches recording off for the function that a place stands in."""
    here: ast.AST | None = at.statement if at is not None else None
    while at is not None and here is not None:
        if isinstance(here, ast.FunctionDef):
            for each in here.decorator_list:
                if switch(at.source, each):
                    return at.source, each
        here = at.source.parents.get(here)
    return None


def called_decorator(at: code.Place | None) -> tuple[Source, ast.expr] | None:
    """The same for the function that is called at a place, which another cell may define."""
    call = at.expression if at is not None else None
    if at is None or not isinstance(call, ast.Call):
        return None
    for source in code.sources(at):
        for node in source.nodes():
            if isinstance(node, ast.FunctionDef) and node.name == called_name(call):
                return next(((source, each) for each in node.decorator_list if switch(source, each)), None)
    return None


def switch(source: Source, node: ast.expr) -> bool:
    """Whether an expression switches recording off."""
    text = source.segment(node)
    return any(name in text for name in ("no_grad", "inference_mode", "set_grad_enabled"))


def unwrapped(at: code.Place, block: ast.With) -> list[Fix]:
    """The body of a `with` without it; or recorded all the same."""
    lines = at.source.lines
    first, last = block.body[0].lineno, block.end_lineno or block.lineno
    shift = block.body[0].col_offset - block.col_offset
    body = [line[shift:] if line[:shift].isspace() else line for line in lines[first - 1 : last]]
    fixes = []
    if first > block.lineno and len(block.items) == 1:
        edit = Edit(at.file, block.lineno, 0, last, len(lines[last - 1]), "\n".join(body))
        fixes.append(Fix(body[0].strip(), (edit,), "without the `with` around it"))
    head = block.items[0].context_expr
    text = at.source.segment(head)
    switched = text.replace("inference_mode", "enable_grad").replace("no_grad", "enable_grad")
    if switched != text:
        fixes.append(code.replacement(at, head, switched, "operations are recorded"))
    return fixes


RULES = (DetachedGraph, TrainingUnderNoGrad)
