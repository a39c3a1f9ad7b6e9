"""Variables of a notebook that were given another model, while a default or a larger model keeps the one of before."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from typing import Any

from gradbook.coach import code
from gradbook.coach.bindings import Bindings, holders
from gradbook.coach.claims import split
from gradbook.coach.finding import Fix
from gradbook.coach.lineage import Lineage
from gradbook.coach.record import Call, Value, params_of
from gradbook.coach.rules.forwards import Forward
from gradbook.coach.rules.modes import Modes
from gradbook.coach.rules.notebook_objects import ID, IDEA
from gradbook.observe.source import Where, cell_label

__all__ = ["RULES", "LeftInDefault", "LeftInside"]

# words of who means the model of before
MEANT = frozenset((
    "baseline", "before", "first", "frozen", "initial", "old", "original", "previous", "prior", "reference", "start",
    "target", "teacher",
))  # fmt: skip


class Rebound(Modes):
    """What the rules of this family do: look at evaluations in a notebook."""

    id = ID
    severity = "warning"
    idea = IDEA

    def begins(self) -> None:
        super().begins()
        self.bindings = self.coach.shared(Bindings) if self.coach.session is not None else None
        self.lineage = self.coach.shared(Lineage)
        self.told: set[str] = set()

    def inherit(self, before: Any) -> None:
        self.told = before.told

    @property
    def space(self) -> Any:
        """The variables of the notebook."""
        return self.coach.session.namespace if self.coach.session is not None else {}

    def look(self, forwards: list[Forward], last: bool) -> None:
        if self.bindings is not None:
            for forward in forwards:
                module = forward.told.module
                if module is not None and not forward.led and forward.read:
                    self.evaluated(forward.told, module)

    def evaluated(self, call: Call, module: Any) -> None:
        """The results of this call were read, and no training asked for them."""
        raise NotImplementedError

    def trained(self, module: Any, since: int = 0) -> int:
        """The steps that optimizers have taken on parameters of a module in trainings that went on after so many."""
        ids = {id(param) for param in module.parameters()}
        stints = (stint for stint in self.lineage.stints if stint.ended > since)
        return sum(s.steps for s in stints if any(id(p) in ids for ref in s.params if (p := ref()) is not None))


class LeftInDefault(Rebound):
    """`def accuracy(net=model)` takes the model that is there when it is defined, and evaluates that one for ever."""

    threshold = (
        "an evaluation by a default that alone still holds the model, when the variable it was taken from holds one "
        "that has been trained, which the function was never given; words such as `baseline` say that it is meant"
    )

    def begins(self) -> None:
        super().begins()
        self.given: set[tuple[Any, int]] = set()  # functions, and the models that they were given

    def inherit(self, before: Any) -> None:
        super().inherit(before)
        self.given = before.given

    def look(self, forwards: list[Forward], last: bool) -> None:
        for forward in forwards if self.bindings is not None else ():
            for place in way(forward.told):
                self.given.add((place[0], id(forward.told.module)))
        super().look(forwards, last)

    def evaluated(self, call: Call, module: Any) -> None:
        assert self.bindings is not None
        name, frames = self.bindings.left(module), way(call)
        new = self.space.get(name) if name else None
        if new is None or self.bindings.of(module) is not None or name in self.told:
            return
        for place, caller in itertools.pairwise(frames):
            function = next((f for f in self.space.values() if getattr(f, "__code__", None) is place[0]), None)
            default = next((each for each, held in defaults(function) if held is module), "")
            if not default:
                continue
            alone = [held for _, held in holders(module, self.space)] == [function]
            if alone and (place[0], id(new)) not in self.given and self.trained(new):
                self._consider(function, default, name, caller, new)
            return

    def _consider(self, function: Any, default: str, name: str, caller: Where, new: Any) -> None:
        at = code.place(caller)
        made = code.definition(at, function.__name__)
        call = at.expression if at is not None else None
        if at is None or made is None or not isinstance(made.statement, ast.FunctionDef):
            return
        said = f"{at.source.segment(at.statement)} {function.__name__} {default}" if at.statement is not None else ""
        words = {word for word, _ in split(said)}
        if words & MEANT or written_default(made.statement, default) != name:
            return
        self.told.add(name)
        label = cell_label(made.file)
        again = Fix(f"# run cell {label} again", (), f"it defines {function.__name__} with the new {name}")
        fixes = [given(at, call, made.statement, default, name)] if isinstance(call, ast.Call) else []
        self.find(
            f"{function.__name__}() evaluates the {name} of before: its default is the one that was there at its def.",
            at.at, {"defined in": f"cell {label}", f"the new {name}": f"trained in {self.trained(new)} steps or more"},
            [*fixes, again],
        )  # fmt: skip


class LeftInside(Rebound):
    """A part was made anew, and the model that was built of the old one goes on with that: the new one never learns."""

    threshold = (
        "a model whose construction names the variable and which alone still holds the old part was trained since; and "
        "the new part, which no optimizer has and nothing holds, is evaluated together with others of that model"
    )

    def evaluated(self, call: Call, module: Any) -> None:
        assert self.bindings is not None
        led = list(sources(call.inputs)) if self.bindings.rebound else []
        for name, reference in self.bindings.rebound.items() if led else ():
            old, new = reference(), self.space.get(name)
            if old is None or new is None or new is old or name in self.told or self.bindings.of(old) is not None:
                continue
            if module is not new and not any(each is new for each in led):
                continue
            found = list(holders(old, self.space))
            if len(found) != 1 or not hasattr(found[0][1], "named_modules") or found[0][1] is old:
                continue
            holder, whole = found[0]
            others = {id(part) for part in whole.modules()} - {id(whole)}
            together = any(id(each) in others for each in (led if module is new else [module]))
            if together and [n for n, _ in holders(new, self.space)] == [name]:
                self._consider(name, new, holder, whole, call)

    def _consider(self, name: str, new: Any, holder: str, whole: Any, call: Call) -> None:
        at, built = code.place(call.where), self.coach.built_at(new)
        made, line = code.assignment(at, name), code.assignment(at, holder)
        steps = self.trained(whole, built.steps) if built is not None else 0
        optimizers = [o for each in tuple(self.coach.built.values()) if hasattr(o := each.thing(), "param_groups")]
        held = {id(param) for optimizer in optimizers for param in params_of(optimizer)}
        learns = self.trained(new) or any(id(param) in held for param in new.parameters())
        if made is None or line is None or line.expression is None or not steps or learns:
            return
        if not any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(line.expression)):
            return
        self.told.add(name)
        text = line.source.segment(line.statement) if line.statement is not None else ""
        fixes = [code.insertion(made, text, f"with the new {name}; and an optimizer of it", after=True)]
        self.find(
            f"{holder} still has the {name} of before: that one is trained on, the new one never is.", made.at,
            {f"steps of {holder} since": f"{steps} or more", f"steps of the new {name}": 0}, fixes,
        )  # fmt: skip


def way(call: Call) -> tuple[Where, ...]:
    """Where a call was made, and from where that, and so on."""
    return (call.where, *call.outward) if call.where is not None else ()


def sources(values: tuple[Value, ...]) -> Iterator[Any]:
    """The models whose calls led to values."""
    for value in values:
        for op in value.above():
            if op.call is not None:
                yield op.call.outermost.module


def defaults(function: Any) -> Iterator[tuple[str, Any]]:
    """The parameters of a function that have a default, each with that."""
    names = getattr(getattr(function, "__code__", None), "co_varnames", ())
    told = getattr(function, "__defaults__", None) or ()
    count = function.__code__.co_argcount if names else 0
    yield from zip(names[count - len(told) : count], told, strict=False)
    yield from (getattr(function, "__kwdefaults__", None) or {}).items()


def written_default(statement: ast.FunctionDef, name: str) -> str:
    """The text of a parameter's default."""
    places = [*statement.args.posonlyargs, *statement.args.args]
    told = statement.args.defaults
    pairs = [*zip(places[len(places) - len(told) :], told, strict=True)]
    pairs += [(a, d) for a, d in zip(statement.args.kwonlyargs, statement.args.kw_defaults, strict=True) if d]
    return next((ast.unparse(default) for argument, default in pairs if argument.arg == name), "")


def given(at: code.Place, call: ast.Call, statement: ast.FunctionDef, default: str, name: str) -> Fix:
    """The call with the model as its argument."""
    places = [argument.arg for argument in (*statement.args.posonlyargs, *statement.args.args)]
    plain = not call.keywords and not any(isinstance(each, ast.Starred) for each in call.args)
    why = "the one that the variable holds now"
    if plain and default in places and places.index(default) == len(call.args):
        return code.replacement(at, call, code.extended(at.source, call, name), why)
    return code.with_option(at, call, default, name, why)


RULES = (LeftInDefault, LeftInside)
