"""Graphs that outlive their step because a loss, or a result, is kept as a tensor."""

from __future__ import annotations

import ast
import gc
import weakref
from collections import deque
from dataclasses import dataclass
from typing import Any

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.literals import standing
from gradbook.coach.record import Op, Pass, Turn
from gradbook.coach.rule import Rule
from gradbook.coach.rules.handed import handed, handed_by_name
from gradbook.coach.rules.keepers import containers
from gradbook.observe import naming
from gradbook.observe.failure.definitions import function_of
from gradbook.observe.failure.text import Source, apply, binds, called_name
from gradbook.observe.source import Where, user_frame
from gradbook.observe.trail import is_freed

__all__ = ["RULES", "LossKeepsGraph"]

FEW = 8  # graphs that a deque holds on purpose, such as of the last outputs
KEPT = 2  # graphs of earlier steps beside the one before, which a variable still holds
ALL = 4  # of so many graphs in a row none has gone: that is no accident even where nobody is seen to hold them
EARLY = 12  # passes of one place after each of which is looked
LATER = 64
SCALING = frozenset(("mul", "div"))  # what a moving average does to what it was
DEPTH = 6  # nodes below the loss that are watched


class Site:
    """The graphs of one place that calls backward, as long as they live."""

    __slots__ = ("count", "roots", "said", "where")

    def __init__(self, where: Where | None) -> None:
        self.where, self.count, self.said = where, 0, False
        # steps before a pass, and nodes: of its loss, and some below it
        self.roots: deque[tuple[int, tuple[weakref.ref[Any], ...]]] = deque(maxlen=8)

    def kept(self) -> int:
        """How many graphs of steps before that of the last pass are still there."""
        return sum(any(ref() is not None for ref in refs) for refs in self.earlier())

    def earlier(self) -> list[tuple[weakref.ref[Any], ...]]:
        """The nodes of passes in earlier steps: one step may follow many passes."""
        now = self.roots[-1][0] if self.roots else 0
        return [refs for step, refs in self.roots if step < now]


class LossKeepsGraph(Rule):
    """`total += loss` or `losses.append(loss)`: each step's graph stays in memory, with all that it holds."""

    id = "loss-keeps-graph"
    idea = "a loss tensor holds its whole graph: keep its number, loss.item(), not the tensor"
    threshold = (
        f"{KEPT} graphs of earlier steps that a sum or a list holds, or {ALL} in a row whoever holds them: a variable "
        f"such as `loss` or `best` holds one; a hint where it is a deque of {FEW} at most"
    )
    ops = frozenset({"add", "sub", "cat", "stack"})

    def begins(self) -> None:
        self.sites: dict[tuple[int, int], Site] = {}
        self.sums: dict[tuple[str, int], tuple[int, Op, bool]] = {}  # sums that go on from turn to turn, by their place
        self.turn = 0

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        """Note a sum to which an earlier turn's sum of the same line is added."""
        if op.where is None or op.output.shape not in ((), (1,)):
            return
        if op.name not in ("add", "sub") or not op.output.requires_grad:
            return
        key = code.line_of(op.where)
        known = self.sums.get(key)
        if known is None or not any(value.back(SCALING).maker is known[1] for value in op.inputs):
            self.sums[key] = (0, op, False)
            return
        steps = known[0] + (known[1].number < self.turn)
        freed = any(walked(x._node) for x in operands if getattr(x, "_node", None) is not None)
        self.sums[key] = (steps, op, freed)
        if steps == KEPT and freed:
            self._say_sum(op)  # of losses whose backward pass is over: no pass from the sum is to come

    def turned(self, turn: Turn) -> None:
        self.turn = self.coach.tape.count + 1  # the number of the first operation of the next turn

    def passed(self, pass_: Pass) -> None:
        if pass_.node is None or pass_.where is None:
            return
        key = (id(pass_.where[0]), pass_.where[1])
        site = self.sites.get(key)
        if site is None:
            site = self.sites[key] = Site(pass_.where)
        site.count += 1
        if site.said or (site.count > EARLY and site.count % LATER > ALL + 1):
            return
        if site.count % LATER == 0:
            site.roots.clear()
        site.roots.append((self._steps(pass_), tuple(chain(pass_.node))))
        if site.kept() >= KEPT:
            self._consider(site)

    def _steps(self, pass_: Pass) -> int:
        """Steps before a pass; in a training by hand each pass is one."""
        steps = sum(step.count for step in self.coach.optimizers.values())
        if steps or any(hasattr(built.thing(), "param_groups") for built in self.coach.built.values()):
            return steps
        return pass_.number

    def _consider(self, site: Site) -> None:
        holder = held_by(site)
        if holder is not None:
            gc.collect()  # what only a cycle holds is no leak
            if site.kept() >= KEPT:
                site.said = True
                self._say_list(site, holder)
        elif site.kept() >= min(ALL, site.roots.maxlen or ALL):
            gc.collect()
            site.said = site.kept() >= ALL and not self._summed()
            if site.said:
                going_on = [op for steps, op, freed in self.sums.values() if steps and freed]
                if going_on:  # seen once, and of each step the graph is there: that is no accident
                    self._say_sum(going_on[0], running=False)
                else:
                    self._say_kept(site)

    def _summed(self) -> bool:
        return any(finding.rule == self.id for finding in self.coach.report)

    # -- what it says ------------------------------------------------------------------------------------------------

    def _say_sum(self, op: Op, running: bool = True) -> None:
        at = code.place(op.where)
        value = added(at)
        name, fixes = "loss", list[Fix]()
        if at is not None and value is not None:
            ways, begun = ways_for(at), begins_with(at, value)
            by_name = handed_by_name(at, value, lambda given: not _number(given))
            there, given = handed(at, value) if running else by_name
            begun = begun if given is value else []
            at, value = there, given
            name = at.source.segment(value)
            fixes = [appended_to(at, [value, *begun], way, why) for way, why in ways]
        self.find(
            f"The sum keeps the graph of every step in memory: add the number, {name}.item().",
            (at.file, value.lineno) if at is not None and value is not None else op.where,
            {"sum": "a tensor with a graph, over several steps", "steps so far": self.coach.steps}, fixes,
        )  # fmt: skip

    def _say_list(self, site: Site, holder: Holder) -> None:
        name, single = holder.name, holder.single
        at, value = appending(site, name)
        if at is not None and value is not None:
            at, value = handed_by_name(at, value, lambda given: not _number(given))
        where: Where | tuple[str, int] | None = site.where
        text, fixes = "loss", [Fix(f"{name}.append(loss.item())", (), "the number, without its graph")]
        ways = WAYS if single else WAYS[1:]
        if at is not None and value is not None:
            where, text = (at.file, value.lineno), at.source.segment(value)
            text = text if binds(value) else f"({text})"
            fixes = [code.appended(at, value, way, why) for way, why in ways]
        self.find(
            f"{name} keeps the graph of every step in memory: append {'the number' if single else 'the values'}, "
            f"{text}{ways[0][0]}.", where,
            {"graphs of earlier steps still alive": site.kept(), "held by": f"{name} ({holder.kind})"}, fixes,
            severity="hint" if holder.few else "",
        )  # fmt: skip

    def _say_kept(self, site: Site) -> None:
        self.find(
            "The graph of every step stays in memory: something keeps a result that still has its graph.", site.where,
            {"graphs of earlier steps still alive": site.kept()},
            [Fix("loss.item()", (), "keep numbers"), Fix("output.detach()", (), "or values without their graph")],
            severity="hint",
        )  # fmt: skip


WAYS = ((".item()", "the number, without its graph"), (".detach()", "a tensor without its graph"))


def chain(node: Any) -> list[weakref.ref[Any]]:
    """References to the node of a loss and to some below it that are no leaves."""
    found: list[weakref.ref[Any]] = []
    while node is not None and node.tensor is None and len(found) < DEPTH:
        found.append(weakref.ref(node))
        node = next((edge for edge in node.edges if edge is not None and edge.tensor is None), None)
    return found


@dataclass(frozen=True)
class Holder:
    """What holds graphs: single: numbers such as losses. few: it lets go of all but the last ones."""

    name: str
    kind: str
    single: bool
    few: bool


def held_by(site: Site) -> Holder | None:
    """The list, dict or deque in sight that holds several of a place's losses or results."""
    steps = [{id(node) for ref in refs if (node := ref()) is not None} for refs in site.earlier()]
    for name, value in naming.visible(user_frame()).items():
        if name.startswith("__"):
            continue
        for inner, held in _lists(name, value):
            if _steps_in(held, steps) >= KEPT:
                own = inner not in _attributes()
                return Holder(
                    inner if own else f"self.{inner}", type(value).__name__ if own else "list", *_told(value, held)
                )
    for path, kept in containers():  # inside of objects of the user's
        for name, held in _lists(path, kept):
            if _steps_in(held, steps) >= KEPT:
                return Holder(name, type(kept).__name__, *_told(kept, held))
    return None


def _told(container: Any, held: list[Any]) -> tuple[bool, bool]:
    """(whether it holds single numbers, whether it lets go of all but a few)."""
    single = all(item._array.size == 1 for item in held[-KEPT:] if hasattr(item, "_array"))
    return single, (getattr(container, "maxlen", None) or FEW + 1) <= FEW


def _steps_in(held: list[Any], steps: list[set[int]]) -> int:
    """Of how many steps a list holds a loss, a result, or what was computed from one; none has a share in two."""
    found: set[int] = set()
    for item in held[-64:]:
        nodes = {id(node) for ref in chain(getattr(item, "_node", None)) if (node := ref()) is not None}
        own = [i for i, step in enumerate(steps) if nodes & step]
        found.update(own[-1:])
    return len(found)


def _attributes() -> frozenset[str]:
    """Names that are attributes of `self` where the code now runs, and no variables of its own."""
    frame = user_frame()
    own = naming.variables(frame) if frame is not None else {}
    return frozenset(vars(own["self"])) - set(own) if hasattr(own.get("self"), "__dict__") else frozenset()


def _lists(name: str, value: Any) -> list[tuple[str, list[Any]]]:
    if isinstance(value, list | tuple | deque):
        found = [(name, list(value))] if value and hasattr(value[-1], "_node") else []
        return found + [(name, [item[i] for item in value if len(item) > i]) for i in range(2)
                        if value and isinstance(value[-1], tuple | list)]  # fmt: skip
    if type(value) is dict:
        inner = [(f"{name}[{naming.text_of(key)}]", list(v)) for key, v in list(value.items()) if isinstance(v, list)]
        return [*inner, (name, list(value.values()))]
    return []


def walked(node: Any) -> bool:
    """Whether a backward pass has freed a node, or what it was scaled from."""
    return is_freed(node) or any(edge is not None and edge.tensor is None and is_freed(edge) for edge in node.edges)


def added(at: code.Place | None) -> ast.expr | None:
    """What is added to the sum: `loss` of `total += loss`, of `total = total + loss`, of `m = 0.9 * m + 0.1 * loss`."""
    statement = at.statement if at is not None else None
    if isinstance(statement, ast.AugAssign):
        return _bare(statement.value)
    if isinstance(statement, ast.Assign) and at is not None:
        target = ast.unparse(statement.targets[0])
        for value in _branches(statement.value):
            sides = (value.right, value.left) if isinstance(value, ast.BinOp) else ()
            for side in sides:
                if target not in map(ast.unparse, _parts(side)):
                    return _bare(side)
    return None


def _branches(node: ast.expr) -> list[ast.expr]:
    """Both values of `a if first else b`; of anything else itself."""
    return [*_branches(node.body), *_branches(node.orelse)] if isinstance(node, ast.IfExp) else [node]


def _target(statement: ast.stmt | None) -> str:
    """What a statement assigns to."""
    if isinstance(statement, ast.Assign):
        return ast.unparse(statement.targets[0])
    return ast.unparse(statement.target) if isinstance(statement, ast.AugAssign) else ""


def begins_with(at: code.Place, value: ast.expr) -> list[ast.expr]:
    """Where a sum begins with the very tensor that is added to it later: its first graph would stay, too."""
    target, text, inside = _target(at.statement), ast.unparse(value), function_of(at.source, value)
    given = [
        node.value for node in at.source.nodes()
        if isinstance(node, ast.Assign) and _target(node) == target and function_of(at.source, node) is inside
    ]  # fmt: skip
    return [each for whole in given for each in _branches(whole) if ast.unparse(each) == text and each is not value]


def ways_for(at: code.Place) -> list[tuple[str, str]]:
    """How the graph is left behind: a tensor remains where the code asks the sum for what numbers do not have."""
    target = _target(at.statement)
    asked = [node for node in at.source.nodes() if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)]
    tensor = any(ast.unparse(node.value) == target for node in asked)
    return list(reversed(WAYS)) if tensor else list(WAYS)


def appended_to(at: code.Place, nodes: list[ast.expr], text: str, why: str) -> Fix:
    """The fix that writes a method call behind several expressions. It reads as the line of the first one."""
    edits = tuple(at.source.after(node, text) for node in nodes)
    return Fix(apply(at.source.text, edits).splitlines()[edits[0].line - 1].strip(), edits, why)


def _parts(node: ast.expr) -> list[ast.expr]:
    """The factors of a product, one by one."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        return [*_parts(node.left), *_parts(node.right)]
    return [node]


def _bare(node: ast.expr) -> ast.expr:
    """The tensor of `loss * len(x)`, of `loss / n` and of `(1 - beta) * loss`."""
    parts = _parts(node)
    named = [part for part in parts if "loss" in ast.unparse(part).lower()]
    plain = [part for part in parts if not isinstance(part, ast.Constant | ast.BinOp)]
    return (named or plain or parts)[0]


def appending(site: Site, name: str) -> tuple[code.Place | None, ast.expr | None]:
    """Where a tensor is put into the list of this name: a place in that file, and the tensor's expression."""
    places: dict[str, code.Place] = {}
    frame = user_frame()
    while frame is not None:
        at = code.place((frame.f_code, frame.f_lasti))
        if at is not None:
            places.setdefault(at.file, at)
        frame = code.user_frame_above(frame)
    for place in places.values():
        for source in code.sources(place):  # its class may stand in another cell
            for node in source.nodes():
                value = _put(node, name, source)
                if value is not None:
                    return standing(place, source, node), value
    return None, None


def _put(node: ast.AST, name: str, source: Source) -> ast.expr | None:
    """The tensor that a node appends to this list, if it does."""
    plain = name.replace('"', "'")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("append", "add"):
        owner = source.segment(node.func.value).replace('"', "'")
        if owner == plain or owner.rpartition(".")[2] == plain.rpartition(".")[2]:
            value = node.args[0] if node.args else None
            if isinstance(value, ast.Tuple):
                value = next((v for v in value.elts if "loss" in source.segment(v)), value.elts[-1])
            return value if value is not None and not _number(value) else None
    if isinstance(node, ast.AugAssign) and source.segment(node.target).replace('"', "'") == plain:
        value = node.value.elts[0] if isinstance(node.value, ast.List) and node.value.elts else None
        return value if value is not None and not _number(value) else None
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        owner = source.segment(node.targets[0].value)
        return node.value if owner == plain and not _number(node.value) else None
    return None


def _number(value: ast.expr) -> bool:
    """`loss.item()`, `float(loss)`, `loss.detach()`: no graph goes in."""
    name = called_name(value) if isinstance(value, ast.Call) else ""
    return name in ("item", "float", "detach", "numpy", "tolist", "cpu") or isinstance(value, ast.Constant)


RULES = (LossKeepsGraph,)
