"""Objects of a notebook that were made anew, or whose class was, while something still uses the old ones."""

from __future__ import annotations

from types import CodeType, FunctionType
from typing import Any

from gradbook.coach import code
from gradbook.coach.bindings import Bindings, Superseded, holders
from gradbook.coach.finding import Fix
from gradbook.coach.record import Built, Call, Op, Step
from gradbook.coach.rule import Rule
from gradbook.observe.source import Where, cell_label

__all__ = ["RULES", "OldClass", "OldInstance", "OldSchedule"]

ID = "stale-object"
IDEA = "an object keeps what it was made with: run again whatever was made of a thing that you make anew"


class OldInstance(Rule):
    """A cell ran again and made a model anew; what was built of the old one goes on with that one.

    Who keeps both on purpose, in a list, in a dict or under another name, or has built something of the new one, too,
    compares them.
    """

    id = ID
    severity = "warning"
    idea = IDEA
    threshold = "an operation on the old one, which only one thing still holds; and nothing holds the new one"

    def begins(self) -> None:
        self.bindings = self.coach.shared(Bindings) if self.coach.session is not None else None
        self.told: set[int] = set()

    def called(self, call: Call) -> None:
        what = self.bindings.of(call.module) if self.bindings is not None else None
        if what is not None:
            self._consider(what, call.where)

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        """What works on parameters without calling their module: averages of weights, penalties."""
        if self.bindings is None or not self.bindings.params:
            return
        for value in op.inputs:
            for source in (value, *(cut.source for cut in value.cuts)):
                tensor = source.tensor if source.kind == "parameter" else None
                what = self.bindings.of_parameter(tensor) if tensor is not None else None
                if what is not None:
                    self._consider(what, op.where)

    def _consider(self, what: Superseded, where: Where | None) -> None:
        session, old, new = self.coach.session, what.old(), what.new()
        if id(what) in self.told or session is None or old is None or new is None:
            return
        self.told.add(id(what))
        space = session.namespace
        if space.get(what.name) is not new or any(name != what.name for name, _ in holders(new, space)):
            return
        found = list(holders(old, space))
        both = found and found[0][1] is old and not what.part  # under another name: to compare them
        if len(found) != 1 or both or isinstance(found[0][1], list | tuple | dict | set):
            return
        self._speak(what, found[0][0], where)

    def _speak(self, what: Superseded, holder: str, where: Where | None) -> None:
        at = code.place(where)
        line = code.assignment(at, holder) or code.definition(at, holder)
        made = code.assignment(at, what.name)
        label = cell_label(line.file) if line is not None else ""
        fixes = []
        if line is not None and line.statement is not None and line.statement.lineno == line.statement.end_lineno:
            text = line.source.segment(line.statement)
            fixes.append(code.insertion(made, text, f"with {what.name}; or run cell {label} again", after=True))
        else:
            fixes.append(Fix(f"# run cell {label} again", (), f"it makes {holder} of the new {what.name}"))
        self.find(
            f"{holder} still uses the {what.name} of before cell {what.cell.label} ran again, nothing the new one.",
            line.at if line is not None else where,
            {f"the new {what.name}": f"made in cell {what.cell.label}", "the old one": f"in {holder}"}, fixes,
        )  # fmt: skip


class OldClass(Rule):
    """A class was edited and its cell run again; the model is still one of the old class and runs the old code."""

    id = ID
    severity = "warning"
    idea = IDEA
    threshold = "a method that differs in its code, and no object of the new class that it could be compared with"

    def begins(self) -> None:
        self.told: set[str] = set()

    def called(self, call: Call) -> None:
        session, module = self.coach.session, call.module
        if session is None or module is None or call.parent is not None or call.where is None:
            return
        for part in module.modules():
            kind = type(part)
            current = session.namespace.get(kind.__name__)
            if current is kind or not isinstance(current, type) or kind.__name__ in self.told:
                continue
            if kind.__module__ == session.namespace.get("__name__") and differing(kind, current):
                self.told.add(kind.__name__)
                self._consider(module, kind, current, call)

    def _consider(self, module: Any, kind: type, current: type, call: Call) -> None:
        built = (each.thing() for each in tuple(self.coach.built.values()))
        if any(type(thing) is current for thing in built):
            return
        session, at = self.coach.session, code.place(call.where)
        assert session is not None
        made = self.coach.built_at(module)
        line = code.place(made.where) if made is not None else None
        name = next((name for name, value in session.namespace.items() if value is module and name[0] != "_"), "model")
        line = line or code.assignment(at, name)
        statement = line.statement if line is not None else None
        text = line.source.segment(statement) if line is not None and statement is not None else f"{name} = ..."
        again = f"run cell {cell_label(line.file)} again" if line is not None else "make it again"
        self.find(
            f"{name} was made before class {kind.__name__} was changed: it still runs the old code.",
            line.at if line is not None else call.where,
            {"what differs": ", ".join(differing(kind, current)), "objects of the new class": 0},
            [Fix(text, (), again)],
        )  # fmt: skip


class OldSchedule(Rule):
    """An optimizer was made anew, and the schedule still changes the learning rate of the old one."""

    id = ID
    severity = "warning"
    idea = IDEA
    threshold = "two steps of the schedule in which its optimizer takes none, and a younger one of the same kind does"

    def begins(self) -> None:
        self.made: dict[int, Built] = {}
        self.steps: dict[int, int] = {}  # of each optimizer
        self.seen: dict[int, tuple[int, int]] = {}  # of each schedule: its optimizer's steps then, times without one
        self.last: Any = None

    def inherit(self, before: OldSchedule) -> None:
        self.made = {key: built for key, built in before.made.items() if built.thing() is not None}

    def constructed(self, built: Built, owner: Any) -> None:
        if hasattr(owner, "get_last_lr") and hasattr(owner, "optimizer") and not hasattr(owner, "param_groups"):
            self.made[id(owner)] = built

    def stepped(self, step: Step, optimizer: Any) -> None:
        self.steps[id(optimizer)] = self.steps.get(id(optimizer), 0) + 1
        self.last = step

    def scheduled(self, scheduler: Any, where: Where | None) -> None:
        made, own = self.made.get(id(scheduler)), getattr(scheduler, "optimizer", None)
        if made is None or made.thing() is not scheduler or own is None or self.last is None:
            return
        count = self.steps.get(id(own), 0)
        before, idle = self.seen.get(id(scheduler), (0, 0))
        idle = idle + 1 if before == count else 0
        self.seen[id(scheduler)] = count, idle
        other = self.last.optimizer()
        built = self.coach.built_at(other) if other is not None else None
        if idle == 2 and other is not own and built is not None and built.number > made.number:
            if type(other) is type(own) and not code.name_of(own, ""):  # else it may be its turn again later
                self._speak(made, built, where)

    def _speak(self, made: Built, other: Built, where: Where | None) -> None:
        line, behind = code.place(made.where), code.place(other.where)
        statement = line.statement if line is not None else None
        fixes = []
        if line is not None and statement is not None:
            text = " ".join(line.source.segment(statement).split())
            fixes.append(code.insertion(behind, text, "of the optimizer that steps", after=True))
        self.find(
            "This schedule sets the learning rate of an optimizer that no longer steps: another one was made since.",
            line.at if line is not None else where,
            {"steps of its optimizer meanwhile": 0, "the optimizer that steps": "made after the schedule"}, fixes,
        )  # fmt: skip


def differing(kind: type, current: type) -> list[str]:
    """The methods of a class that the current one of its name has in another form, or no longer."""
    one, other = methods(kind), methods(current)
    return [name for name in one if other.get(name) != one[name]]


def methods(kind: type) -> dict[str, Any]:
    """The functions of a class's own body, by what they do."""
    found = {name: getattr(value, "__func__", value) for name, value in vars(kind).items()}
    return {
        name: (meaning(f.__code__), repr(f.__defaults__), repr(f.__kwdefaults__))
        for name, f in found.items() if isinstance(f, FunctionType)
    }  # fmt: skip


def meaning(code_object: CodeType) -> tuple[Any, ...]:
    """What code does, wherever it stands."""
    constants: list[Any] = [meaning(c) if isinstance(c, CodeType) else repr(c) for c in code_object.co_consts]
    if code_object.co_consts and isinstance(code_object.co_consts[0], str):  # its docstring
        del constants[0]
    return code_object.co_code, tuple(constants), code_object.co_names, code_object.co_varnames


RULES = (OldInstance, OldClass, OldSchedule)
