"""Memory that grows with each step: values that a list keeps, a tensor that is joined to itself, hooks that add up."""

from __future__ import annotations

import ast
import itertools
import math
import weakref
from dataclasses import dataclass, field
from typing import Any

from gradbook.autograd.node import hook_table
from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.literals import placed
from gradbook.coach.record import Op, Turn, Value
from gradbook.coach.rule import Rule
from gradbook.coach.rules.keepers import Keeper, filling, keeper_of, use_of
from gradbook.coach.rules.reach import Reach
from gradbook.observe.failure.text import Source, called_name, source_of
from gradbook.observe.source import Where, cells, user_frame

__all__ = ["RULES", "MemoryGrowth"]

FEW = 64  # elements: what is smaller, such as a loss, may be kept for a plot
TURNS = 3  # earlier turns in a row of which a line's values are all still there
LOOKS = 12  # turns in which values are looked for
HOOKED = ("register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook", "register_hook")


@dataclass(eq=False)
class Line:
    """A line of the user's, and what became of the values that it made in each turn."""

    where: Where
    made: list[tuple[int, weakref.ref[Any], int, bool]] = field(default_factory=list)  # turn, thing, bytes, graph

    def alive(self, now: int) -> dict[int, list[Any]]:
        """The things that are still there, by the turn in which they were made, without those of this one."""
        found: dict[int, list[Any]] = {}
        for turn, ref, _, _ in self.made:
            thing = ref()
            if thing is not None and turn < now:
                found.setdefault(turn, []).append(thing)
        return found


class MemoryGrowth(Rule):
    """Results of every step stay in a list that nobody empties, a tensor grows by itself, or hooks are added anew."""

    id = "memory-growth"
    idea = "what a step makes should be gone after it: keep numbers, or empty what you collect"
    threshold = (
        f"values of {FEW} elements or more, of {TURNS} earlier steps in a row, that one list still holds: "
        "a hint where the program reads that list anywhere, silence where it empties it"
    )
    ops = frozenset({"cat"})

    def begins(self) -> None:
        self.reach = self.coach.shared(Reach)
        self.lines: dict[tuple[str, int], Line] = {}
        self.born: set[Value] = set()
        self.now = 0
        self.first = 0  # the first operation of this turn
        self.joined: dict[tuple[str, int], tuple[int, int, int]] = {}  # a cat: turns, its last operation, elements
        self.hooks: list[int] = []
        self.suspect: tuple[Line, Keeper] | None = None
        self.said: set[str] = set()

    # -- what is still there -----------------------------------------------------------------------------------------

    def turned(self, turn: Turn) -> None:
        if self.now >= LOOKS:
            return
        self.now += 1
        self.first = self.coach.tape.count + 1
        for value in self.coach.tape.living():
            if value not in self.born and value.kind not in ("parameter", "buffer"):
                self.born.add(value)
                self._note(value)
        self.born = {value for value in self.born if value.tensor is not None}
        for read in turn.reads:
            if read.memory is not None and read.where is not None:
                memory = read.memory()
                if memory is not None:
                    self._line(read.where).made.append((self.now, read.memory, memory.nbytes, False))
        self._suspect()
        self._hooks(turn)

    def _note(self, value: Value) -> None:
        tensor, where = value.tensor, made_at(value)
        if tensor is not None and where is not None and tensor._array.size >= FEW:
            ref = weakref.ref(tensor)
            self._line(where).made.append((self.now, ref, tensor._array.nbytes, value.requires_grad))

    def _line(self, where: Where) -> Line:
        return self.lines.setdefault(code.line_of(where), Line(where))

    def _suspect(self) -> None:
        for line in self.lines.values():
            alive = line.alive(self.now)
            if len(alive) < TURNS or set(range(self.now - TURNS, self.now)) - set(alive):
                continue
            kept = [thing for things in alive.values() for thing in things]
            keeper = keeper_of({id(x) for x in kept} | {id(x._array) for x in kept if hasattr(x, "_array")}, TURNS)
            if keeper is not None and not keeper.bounded:
                self.suspect = line, keeper
                if self.coach.steps > TURNS + 2:
                    self._say(line, keeper)

    def ended(self) -> None:
        if self.suspect is not None and self.coach.steps <= 2 * TURNS:  # too short for another look
            self._say(*self.suspect)

    def _say(self, line: Line, keeper: Keeper) -> None:
        sources = self._sources(line)
        found, use = filling(sources, keeper.name), use_of(sources, keeper)
        if keeper.path in self.said or use.emptied or found is None:
            return
        self.said.add(keeper.path)
        source, node, value = found
        called = container(source, node)
        per_step = sum(size for turn, _, size, _ in line.made if turn == self.now - 1)
        graph = any(each[3] for each in line.made)
        later = use.read or graph or self.coach.session is not None
        self.find(
            f"{called} keeps what each step has made, and nothing ever takes it out: memory grows.",
            (source.file, value.lineno),
            {"held of each step": f"{per_step:,} bytes", "steps so far": self.coach.steps, "held by": keeper.path},
            kept_less(source, value, called, graph), severity="hint" if later else "",
        )  # fmt: skip

    def _sources(self, line: Line) -> list[Source]:
        """The user's code: of the line, of what runs, and of the other cells."""
        files = [line.where[0].co_filename]
        frame = user_frame()
        while frame is not None:
            files.append(frame.f_code.co_filename)
            frame = code.user_frame_above(frame)
        return [source_of(file) for file in dict.fromkeys([*files, *cells()])]

    # -- a tensor that is joined to itself ---------------------------------------------------------------------------

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        line, size = code.line_of(op.where), output._array.size
        if op.output.requires_grad or not line[1]:
            return
        turns, number, before = self.joined.get(line, (0, 0, 0))
        if number >= self.first:  # once in each turn
            return
        count = turns + 1 if any(self._earlier(value, line, before, size) for value in op.inputs) else 0
        self.joined[line] = (count, op.number, size)
        if count == TURNS and size >= FEW:
            self._say_joined(op)

    def _earlier(self, value: Value, line: tuple[str, int], before: int, size: int) -> bool:
        """Whether a part of what a line joins to so many elements is what it gave in an earlier turn."""
        maker = value.maker
        if maker is None:  # made in a turn that was not watched
            return bool(size > math.prod(value.shape) >= before > 0)
        return maker.name == "cat" and maker.number < self.first and code.line_of(maker.where) == line

    def _say_joined(self, op: Op) -> None:
        at = code.place(op.where)
        statement = at.statement if at is not None else None
        if at is None or not isinstance(statement, ast.Assign):
            return
        target = at.source.segment(statement.targets[0])
        name = target.rpartition(".")[2]
        others = [
            node for node in at.source.nodes()
            if isinstance(node, ast.Name | ast.Attribute) and name == getattr(node, "id", getattr(node, "attr", ""))
            and at.source.statement(node.lineno) is not statement
        ]  # fmt: skip
        bounded = any(_in_loop(at.source, node) for node in others if isinstance(node.ctx, ast.Store))
        if bounded:
            return
        read = any(isinstance(node.ctx, ast.Load) for node in others) or self.coach.session is not None
        cut = code.replacement(
            at, statement.value, f"{at.source.segment(statement.value)}[-1000:]", "only the last ones"
        )
        self.find(
            f"{target} is joined to itself in each step: it grows for ever, and is copied each time.", at.at,
            {"elements so far": op.output.shape, "steps so far": self.coach.steps},
            [Fix(f"# {at.source.segment(statement)}", code.removal(at), "if nothing needs it"), cut],
            severity="hint" if read else "",
        )  # fmt: skip

    # -- hooks -------------------------------------------------------------------------------------------------------

    def _hooks(self, turn: Turn) -> None:
        """Count the hooks of the models that were called, and of their parameters."""
        modules = [
            part for root, _ in self.reach.roots.values() if (top := root()) is not None for part in top.modules()
        ]
        count = sum(len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._backward_hooks) for m in modules)
        params = [p for m in modules for p in m._parameters.values() if p is not None and p._node is not None]
        count += sum(len(hook_table.get(p._node.seq, ())) for p in params) if hook_table else 0
        self.hooks.append(count)
        recent = self.hooks[-TURNS - 1 :]
        if len(recent) <= TURNS or "hooks" in self.said or any(a >= b for a, b in itertools.pairwise(recent)):
            return
        self.said.add("hooks")
        found = self._registering(turn)
        where, fixes = None, list[Fix]()
        if found is not None:
            source, call = found
            where, text = (source.file, call.lineno), source.segment(call)
            statement = source.statement(call.lineno)
            handle = source.segment(statement.targets[0]) if isinstance(statement, ast.Assign) else "handle"
            fixes = [
                Fix(f"{handle}.remove()", (), "at the end of each step"),
                Fix(text, (), "once, before the loop"),
            ]
        self.find(
            "A hook is added in each step and never removed: all of them run, and their number grows.", where,
            {"hooks after each step": ", ".join(map(str, recent))}, fixes,
        )  # fmt: skip

    def _registering(self, turn: Turn) -> tuple[Source, ast.Call] | None:
        """The call that adds a hook, in a loop or a function."""
        files = [op.where[0].co_filename for op in turn.ops if op.where is not None]
        if turn.step is not None and turn.step.where is not None:
            files.insert(0, turn.step.where[0].co_filename)
        for file in dict.fromkeys(files):
            source = source_of(file)
            calls = [n for n in source.nodes() if isinstance(n, ast.Call) and called_name(n) in HOOKED]
            for call in sorted(calls, key=lambda call: not _in_loop(source, call)):
                return source, call
        return None


def made_at(value: Value) -> Where | None:
    """The user's line that made a value."""
    if value.cuts and value.cuts[-1].where is not None:
        return value.cuts[-1].where
    return value.maker.where if value.maker is not None else value.where


def _in_loop(source: Source, node: ast.AST) -> bool:
    here: ast.AST | None = node
    while here is not None and not isinstance(here, ast.FunctionDef):
        if isinstance(here, ast.For | ast.While):
            return True
        here = source.parents.get(here)
    return False


def container(source: Source, node: ast.AST) -> str:
    """What the code calls the container that a node fills: `self.history` of `self.history.append(x)`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return source.segment(node.func.value)
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", node)
    return source.segment(target.value if isinstance(target, ast.Subscript) else target)


def kept_less(source: Source, value: ast.expr, called: str, graph: bool) -> list[Fix]:
    """A number in place of the tensor, or its values alone where it has a graph; a container that lets go of them."""
    inner, at = value, placed(source, value)
    if isinstance(value, ast.Tuple) and value.elts:
        inner = next((each for each in reversed(value.elts) if not isinstance(each, ast.Constant)), value.elts[-1])
    fixes = [
        Fix(f"{called}.clear()", (), "at the end of each step, once it was used"),
        Fix(f"{called} = collections.deque(maxlen=100)", (), "keeps only the last ones"),
    ]
    plain = isinstance(inner, ast.Name | ast.Attribute | ast.Subscript)
    plain = plain or (isinstance(inner, ast.Call) and called_name(inner) not in ("dict", "list", "tuple", "deepcopy"))
    if plain:
        number = code.replacement(
            at, inner, f"{_tensor(source, inner)}.mean().item()", "a number says what you want to know"
        )
        fixes.insert(0, number)
    if graph and not _without_graph(inner):
        fixes.insert(0, code.appended(at, inner, ".detach()", "the values, without the graph that they hold"))
    return fixes


def _without_graph(value: ast.expr) -> bool:
    """Whether what is kept was cut from its graph: `h.detach().cpu()`, `float(h)`, `h.data`."""
    names = {called_name(part) for part in ast.walk(value) if isinstance(part, ast.Call)}
    attributes = {part.attr for part in ast.walk(value) if isinstance(part, ast.Attribute)}
    return bool((names | attributes) & {"detach", "numpy", "item", "tolist", "float", "data"})


def _tensor(source: Source, value: ast.expr) -> str:
    """`h` of `h.detach().cpu().numpy()`."""
    while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and not value.args:
        if value.func.attr not in ("detach", "cpu", "numpy", "clone", "tolist"):
            break
        value = value.func.value
    text = source.segment(value)
    return text if isinstance(value, ast.Name | ast.Attribute | ast.Call | ast.Subscript) else f"({text})"


RULES = (MemoryGrowth,)
