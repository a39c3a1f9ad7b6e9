"""What the gradients of a loss reach, and what becomes of each parameter: for the rules on graphs that are cut."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.coach.code import name_of
from gradbook.coach.record import Built, Call, Cut, Op, Pass, Step, Turn, params_of
from gradbook.coach.rule import Shared
from gradbook.coach.rules.tracing import trace
from gradbook.coach.samples import sample
from gradbook.observe.source import Where, span_of

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach

__all__ = ["Fate", "Held", "Holder", "Part", "Reach"]

SAMPLE = 64  # elements of a parameter that tell whether it changes
COMPARED = frozenset((2, 3, 4, 8, 16, 32, 64, 128))  # steps after which those are compared
REGISTERED = frozenset(("_modules", "_parameters", "_buffers"))
MOST = 512  # parameters of an optimizer that wait for a gradient and are looked at in each step


class Fate:
    """What is known of one parameter, or of another leaf that a loss reaches."""

    __slots__ = (
        "built", "by_hand", "cut", "earlier", "frozen", "got", "held", "holder", "live", "lost", "name", "order", "ref",
        "root", "sample", "steppers", "training", "used",
    )  # fmt: skip

    def __init__(self, tensor: Any) -> None:
        self.ref = weakref.ref(tensor)
        self.name = ""  # its path in the model that holds it, such as `encoder.weight`
        self.root = ""  # what the user calls that model
        self.holder: Holder | None = None  # where a model only holds it, and does not find it among its parameters
        self.built: Built | None = None  # where its module was constructed
        self.training = True  # its module was in training mode
        self.frozen = tensor._node is None  # it required no gradient when it was first seen
        self.used = False  # an operation that was watched took it
        self.order = 0  # the number of that operation
        self.live = 0  # turns in which a loss reached it
        self.steppers: set[int] = set()  # ids of the Helds whose optimizers stepped in those turns
        self.lost: Op | None = None  # it led to this operation, whose result led to no loss
        self.cut: Cut | None = None  # it led to a loss, but the graph was cut here
        self.got = False  # it had a gradient when an optimizer stepped
        self.held = False  # an optimizer has it
        self.earlier = False  # one has trained it in an earlier cell of a notebook
        self.by_hand = False  # it changes without any optimizer
        self.sample = sample(tensor._array, SAMPLE).copy()

    def compare(self) -> None:
        """See whether it has changed since it was first seen."""
        tensor = self.ref()
        if tensor is not None and not np.array_equal(sample(tensor._array, SAMPLE), self.sample, equal_nan=True):
            self.by_hand = True

    @property
    def module(self) -> str:
        """The path of its module."""
        return self.name.rpartition(".")[0]

    @property
    def label(self) -> str:
        """What it belongs to, in a sentence: `encoder.0`, or what the user calls the model."""
        return self.module or self.root or self.name

    @property
    def stray(self) -> bool:
        """A loss reaches it, and nobody ever changes it: no optimizer has it."""
        return self.live > 0 and not self.held and not self.by_hand


@dataclass(frozen=True)
class Holder:
    """The class and the attribute, such as a plain list, that hold what should have been registered. what: its kind."""

    kind: type
    attribute: str
    what: str  # 'modules', 'parameters' or 'tensor'


@dataclass(frozen=True)
class Part:
    """A module of a model: where it was constructed, its class, the class of the module that it is in."""

    built: Built | None
    kind: type
    parent: type | None


class Held:
    """An optimizer and its parameters."""

    def __init__(self, optimizer: Any, name: str, built: Built | None, where: Where | None) -> None:
        self.ref, self.name, self.built = weakref.ref(optimizer), name, built
        self.where = where  # of its first step
        self.steps = 0
        self.fates: list[Fate] = []
        self.waiting: list[Fate] = []  # those that never had a gradient
        self.frozen = 0  # those that do not require one
        self.ids: set[int] = set()  # of all its parameters
        self.hungry = 0  # steps in a row without any gradient

    @property
    def starved(self) -> list[Fate]:
        """The parameters that never had a gradient in any step, nor were changed otherwise."""
        return [fate for fate in self.waiting if not fate.got and not fate.by_hand]


class Reach(Shared):
    """What a coach knows of its parameters."""

    id = "reach"
    hears = ("called", "stepped", "turned")

    def __init__(self, coach: Coach) -> None:
        super().__init__(coach)
        self.optimizers: dict[int, Held] = {}  # by id, those that step now
        self.every: list[Held] = []  # also those that are gone
        self.fates: dict[int, Fate] = {}
        self.roots: dict[int, tuple[weakref.ref[Any], str]] = {}  # models that were called, with their names
        self.parts: dict[tuple[str, str], Part] = {}  # their modules, by name of the root and path
        self.anew: dict[Where, int] = {}  # layers that were constructed inside of a forward, and how often
        self.passes = 0  # that were watched
        self.before: dict[int, Fate] = {}  # as they were in trainings of earlier cells of a notebook
        self._turn = 0

    def fate(self, tensor: Any) -> Fate:
        """What is known of a tensor."""
        known = self.fates.get(id(tensor))
        if known is None or known.ref() is not tensor:
            known = self.fates[id(tensor)] = Fate(tensor)
            before = self.before.get(id(tensor))
            if before is not None and before.ref() is tensor:
                known.earlier, known.frozen = before.earlier, known.frozen or before.frozen
        return known

    def inherit(self, before: Reach) -> None:
        """Of trainings that are over, what they trained and what was frozen then."""
        alive = {id(tensor): fate for fate in before.fates.values() if (tensor := fate.ref()) is not None}
        self.before = {key: fate for key, fate in {**before.before, **alive}.items() if fate.ref() is not None}
        for fate in alive.values():
            fate.earlier = fate.earlier or fate.held

    def ids(self, optimizer: Any) -> set[int]:
        """Ids of an optimizer's parameters."""
        held = self.optimizers.get(id(optimizer))
        if held is not None and held.ref() is optimizer:
            return held.ids
        return set(map(id, params_of(optimizer)))

    def holds(self, params: list[Any]) -> bool:
        """Whether an optimizer that has stepped has any of these parameters."""
        fates = (self.fates.get(id(param)) for param in params)
        return any(fate is not None and fate.held for fate in fates) or self.has_trained(params)

    def has_trained(self, params: list[Any]) -> bool:
        """Whether any of these parameters was trained before, in a training that is over."""
        pairs = ((param, self.before.get(id(param))) for param in params)
        return any(fate is not None and fate.earlier and fate.ref() is param for param, fate in pairs)

    @property
    def resumed(self) -> bool:
        """Whether this training goes on with what an earlier cell of a notebook has trained: its start is none."""
        return any(fate.earlier for held in self.every for fate in held.fates)

    # -- in each step ------------------------------------------------------------------------------------------------

    def stepped(self, step: Step, optimizer: Any) -> None:
        """An optimizer has stepped: which of its parameters had a gradient?"""
        held = self.optimizers.get(id(optimizer))
        if held is None or held.ref() is not optimizer:
            held = self.optimizers[id(optimizer)] = self._hold(optimizer, step)
        held.steps += 1
        held.hungry = 0 if any(_has_gradient(fate) for fate in (*held.fates[:2], *held.fates[-2:])) else held.hungry + 1
        if not held.waiting:
            return
        held.waiting = [fate for fate in held.waiting if not _fed(fate)]
        if held.steps in COMPARED:
            for fate in held.waiting:
                fate.compare()

    def _hold(self, optimizer: Any, step: Step) -> Held:
        coach = self.coach
        held = Held(optimizer, coach.names[id(optimizer)], coach.built_at(optimizer), step.where)
        self._join(held, optimizer)
        self.every.append(held)
        return held

    def _join(self, held: Held, optimizer: Any) -> None:
        """Take an optimizer's parameters, also those that joined it later."""
        params = params_of(optimizer)
        frozen = sum(p._node is None for p in params)
        if (len(params), frozen) == (len(held.fates) + held.frozen, held.frozen):
            return
        held.ids, held.frozen = {id(p) for p in params}, frozen
        for p in params:
            self.fate(p).held = True
        held.fates = [self.fate(p) for p in params if p._node is not None]
        held.waiting = [fate for fate in held.fates[:MOST] if not fate.got]

    # -- in turns that are watched -----------------------------------------------------------------------------------

    def called(self, call: Call) -> None:
        """A module was called; the outermost is a model."""
        module, coach = call.module, self.coach
        if module is None:
            return
        if call.parent is None and not self._known(module):
            self.roots[id(module)] = (weakref.ref(module), name_of(module, "model"))
        built = coach.built_at(module) if module._parameters else None
        if built is None or built.where is None or call.where is None:
            return
        inside = call.parent is not None and built.number > call.parent.built
        at_once = built.steps > 0 and _same_line(built.where, call.where)
        if (inside or at_once) and not self.holds(list(module.parameters())):
            self.anew[built.where] = self.anew.get(built.where, 0) + 1

    def _known(self, module: Any) -> bool:
        known = self.roots.get(id(module))
        return known is not None and known[0]() is module

    def turned(self, turn: Turn) -> None:
        """A turn has ended: what did its losses reach, and what not? Of one that fails the rules ask."""
        if turn.number == self._turn:
            return
        self._turn = turn.number
        for held in self.optimizers.values():
            optimizer = held.ref()
            if optimizer is not None:
                self._join(held, optimizer)
        self._follow(turn)
        for root, name in self.roots.values():
            module = root()
            if module is not None:
                self._name(module, name)
        nameless = [f for f in self.fates.values() if f.stray and not f.name and f.holder is None and not f.built]
        if nameless:
            self._hold_up(turn, nameless)
        for fate in self.fates.values():
            if fate.stray and fate.live in COMPARED:
                fate.compare()

    def _follow(self, turn: Turn) -> None:
        seen: set[int] = set()
        reached: dict[int, Fate] = {}
        stepper = turn.step.optimizer() if turn.step is not None else None
        mine = self.ids(stepper) if stepper is not None else set[int]()
        for pass_ in turn.passes:
            if pass_.loss is not None:
                self._pass(pass_, seen, reached, mine)
        for fate in reached.values():
            fate.live += 1
            if id(stepper) in self.optimizers:
                fate.steppers.add(id(self.optimizers[id(stepper)]))
        judged = turn.whole and bool(turn.passes) and turn.step is not None
        for op in turn.ops:
            for value in op.inputs:
                tensor = value.tensor if value.kind == "parameter" else None
                if tensor is None:
                    continue
                fate = self.fate(tensor)
                if not fate.used:
                    fate.used, fate.order = True, op.number
                if judged and op.number not in seen and op.recorded:
                    fate.lost = fate.lost or op

    def _pass(self, pass_: Pass, seen: set[int], reached: dict[int, Fate], mine: set[int]) -> None:
        """What a loss depends on. mine: ids of the parameters that the step after it was to change."""
        self.passes += 1
        assert pass_.loss is not None
        cuts: set[int] = set()
        for value, cut, op in trace(pass_.loss):
            if op is not None:
                seen.add(op.number)
                if cut is None:
                    pass_.through.add(op.number)
                continue
            tensor = value.tensor
            if tensor is None or not (value.kind == "parameter" or value.requires_grad) or tensor._node is None:
                continue
            fate = self.fate(tensor)
            if cut is None:
                reached[id(fate)] = fate
                pass_.reached.add(id(tensor))
            elif id(fate) not in cuts and (fate.cut is None or id(tensor) in mine):
                cuts.add(id(fate))
                fate.cut = cut

    def _name(self, module: Any, name: str) -> None:
        """Take down the names of a model's parameters, as it is now."""
        coach = self.coach
        parents: dict[str, type] = {}
        for path, part in module.named_modules():
            parents[path] = type(part)
            above = parents.get(path.rpartition(".")[0]) if path else None
            for key, param in part._parameters.items():
                fate = self.fate(param) if param is not None else None
                if fate is not None and not fate.name:
                    fate.name, fate.root, fate.built = f"{path}.{key}".lstrip("."), name, coach.built_at(part)
                    fate.training = part.training
            self.parts[name, path] = Part(coach.built_at(part), type(part), above)

    def _hold_up(self, turn: Turn, nameless: list[Fate]) -> None:
        """Find what holds parameters that no model finds among its own: lists of modules or tensors, attributes."""
        wanted = {id(fate.ref()): fate for fate in nameless}
        for root, name in self.roots.values():
            module = root()
            for part in module.modules() if module is not None else ():
                for attribute, kept in vars(part).items():
                    for item in _items(kept) if attribute not in REGISTERED else ():
                        self._holds(wanted, item, Holder(type(part), attribute, _what(kept, item)), name)

    def _holds(self, wanted: dict[int, Fate], item: Any, holder: Holder, name: str) -> None:
        coach = self.coach
        if holder.what != "modules":
            named = [("", item, None)]
        else:
            named = [(path, param, part) for path, part in item.named_modules() for param in part._parameters.values()]
        for path, param, part in named:
            fate = wanted.get(id(param))
            if fate is not None and fate.holder is None:
                fate.holder, fate.root, fate.name = holder, name, f"{holder.attribute}.{path}".strip(".")
                fate.built = coach.built_at(part) if part is not None else None


def _fed(fate: Fate) -> bool:
    """Whether a parameter has a gradient now: it need not be waited for; nor one that is gone or frozen."""
    param = fate.ref()
    if param is not None and param._grad is not None:
        fate.got = True
    return fate.got or (param is not None and param._node is None)


def _same_line(one: Where, other: Where) -> bool:
    first, second = span_of(one), span_of(other)
    return one[0] is other[0] and first is not None and second is not None and first.line == second.line


def _has_gradient(fate: Fate) -> bool:
    param = fate.ref()
    return param is not None and param._grad is not None


def _items(kept: Any) -> list[Any]:
    """The modules and tensors that an attribute holds, alone or in a list, tuple or dict, also one of lists."""
    if hasattr(kept, "_node"):
        return [kept]
    inner = list(kept.values()) if type(kept) is dict else kept if isinstance(kept, list | tuple) else ()
    flat = [y for x in inner[:MOST] for y in (x if isinstance(x, list | tuple) else (x,))]
    return [item for item in flat if hasattr(item, "_node") or hasattr(item, "named_modules")]


def _what(kept: Any, item: Any) -> str:
    return "tensor" if kept is item else "modules" if hasattr(item, "named_modules") else "parameters"
