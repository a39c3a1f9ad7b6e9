"""Which training goes on from which: the stints of optimizers on the same parameters, and what changed between them."""

from __future__ import annotations

import math
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.coach.code import callers
from gradbook.coach.record import Built, Pass, Step, params_of
from gradbook.coach.rule import Shared
from gradbook.observe.source import Where

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach

__all__ = ["Lineage", "Stint"]

OPTIONS = ("lr", "momentum", "weight_decay", "betas", "alpha", "eps", "nesterov", "rho")
MOST = 256  # stints that are remembered


class Stint:
    """The steps of one optimizer. `before`: the stint whose parameters it took over as they were."""

    __slots__ = (
        "before", "begun", "built", "callers", "cell", "count", "earlier", "ended", "first", "guessed", "highest",
        "kind", "last", "mark", "options", "params", "ref", "start", "steps", "version",
    )  # fmt: skip

    def __init__(self, optimizer: Any, built: Built | None) -> None:
        self.ref, self.built = weakref.ref(optimizer), built
        self.kind = type(optimizer).__name__
        self.callers: tuple[Where, ...] = ()  # the user's frames round its constructor, inner ones first
        self.options: dict[str, Any] = {}
        self.params: list[weakref.ref[Any]] = []
        self.mark: tuple[Any, ...] = ()  # of the parameters after its last step
        self.start: tuple[Any, ...] = ()  # before its first
        self.steps = 0
        self.count = self.version = 0  # its optimizer's steps, and the writes to a parameter, with the last one heard
        self.guessed = False  # its end was not heard: `mark` was read later, after writes that may have been its own
        self.first = self.last = math.nan  # losses
        self.highest = 0.0  # learning rate
        self.begun = self.ended = 0  # steps of the whole watch before its first, and with its last
        self.before: Stint | None = None
        self.earlier: Stint | None = None  # that of the same optimizer in an earlier cell
        self.cell = ""  # the id of that cell

    def read(self) -> tuple[Any, ...]:
        """A few numbers of its parameters, which change whenever these change."""
        return tuple(_mark(param) for ref in self.params if (param := ref()) is not None)

    @property
    def writes(self) -> int:
        """How often its first parameter was written to."""
        param = self.params[0]() if self.params else None
        return int(param._version) if param is not None else 0

    def take(self, optimizer: Any) -> None:
        """Its options and its parameters, once they are there."""
        group = optimizer.param_groups[0]
        self.options = {name: group[name] for name in OPTIONS if name in group}
        tensors = params_of(optimizer)
        large = sorted(tensors, key=lambda p: p._array.ndim > 1)[-2:]
        self.params = [weakref.ref(p) for p in (*large, *tensors[:1])]
        self.start = self.read()

    def same_parameters(self, other: Stint) -> bool:
        """Whether two optimizers are of the same parameters."""
        pairs = [(one(), two()) for one, two in zip(self.params, other.params, strict=False)]
        return len(self.params) == len(other.params) and all(one is two is not None for one, two in pairs)

    def goes_on(self, begun: float) -> bool:
        """Whether its first loss agrees with its taking over what was trained: nearer to that end than to `begun`."""
        if self.before is None or not self.before.guessed:
            return self.before is not None
        losses = (self.first, self.before.last, begun)
        if not all(loss > 0 for loss in losses):
            return False
        first, last, start = map(math.log, losses)
        return abs(first - last) < abs(first - start)

    def shares(self, other: Stint) -> bool:
        """Whether two optimizers have parameters in common, as far as they are looked at."""
        ours = {id(param) for ref in self.params if (param := ref()) is not None}
        return any(id(ref()) in ours for ref in other.params if ref() is not None)


def _mark(param: Any) -> Any:
    """Numbers of an array in the CPU's memory; elsewhere how often it was written to."""
    array = param._array
    if type(array) is np.ndarray and array.size:
        return array.item(0), array.item(array.size // 2)
    return param._version


class Lineage(Shared):
    """All stints of a watch, in a notebook also those of earlier cells."""

    id = "lineage"
    hears = ("constructed", "passed", "stepped", "cell", "ended")

    def __init__(self, coach: Coach) -> None:
        super().__init__(coach)
        self.stints: list[Stint] = []
        self.current: dict[int, Stint] = {}  # by the id of the optimizer
        self._new: list[Stint] = []  # that have not stepped
        self._value = math.nan  # of the last loss
        self._found: dict[int, tuple[Any, ...]] | None = None  # how the parameters of each optimizer were at first
        self._made: dict[int, Stint] = {}

    def inherit(self, before: Lineage) -> None:
        """What was trained stays trained."""
        self.stints = before.stints[-MOST:]
        self._made = {key: stint for key, stint in before._made.items() if stint.ref() is not None}

    def cell(self, cell: Any) -> None:
        """A cell of a notebook begins: its stints are its own."""
        self.current, self._found = {}, None

    def constructed(self, built: Built, owner: Any) -> None:
        """An optimizer is being made; what it is made of is known a little later."""
        optimizer = hasattr(owner, "step") and hasattr(owner, "zero_grad") and not hasattr(owner, "forward")
        if optimizer and len(self._made) < MOST:  # more of them are made one for each step, as in an inner loop
            self.ended()
            if self.coach.attention.resting:
                self.coach.whole = False
                self.coach.attention.wakes()  # how it begins is to be heard
            stint = self._made[id(owner)] = Stint(owner, built)
            stint.callers = callers()
            self._new.append(stint)

    def passed(self, pass_: Pass) -> None:
        """A backward pass begins: the parameters are as they will be at the next step's begin."""
        self._value = pass_.value
        if self._found is None:
            self._found = {key: stint.read() for key, stint in self._made.items() if stint.steps}
        if not self._new:
            return
        new, self._new = self._new, []
        for stint in new:
            optimizer = stint.ref()
            if optimizer is not None and not stint.steps:
                stint.take(optimizer)

    def stepped(self, step: Step, optimizer: Any) -> None:
        """An optimizer has stepped."""
        stint = self.current.get(id(optimizer))
        if stint is None or stint.ref() is not optimizer:
            if len(self.current) >= MOST:
                return
            stint = self._begin(optimizer)
        stint.steps += 1
        stint.last, stint.ended = self._value, self.coach.total
        stint.mark, stint.version, stint.count, stint.guessed = stint.read(), stint.writes, step.count, False
        stint.highest = max(stint.highest, optimizer.param_groups[0]["lr"])

    def ended(self) -> None:
        """The watch ends, or another optimizer begins."""
        for stint in self.current.values():
            self._catch_up(stint)

    def _catch_up(self, stint: Stint) -> None:
        """What the coach did not hear at rest: the parameters were written to once in each step, and by nobody else."""
        optimizer = stint.ref()
        step = self.coach.optimizers.get(id(optimizer))
        if optimizer is None or step is None or step.count == stint.count:
            return
        if stint.writes - stint.version == step.count - stint.count:
            stint.mark, stint.guessed = stint.read(), True
        stint.steps += step.count - stint.count
        stint.count, stint.version, stint.ended = step.count, stint.writes, self.coach.total
        if self.coach.last is not None:
            stint.last = self.coach.curves.curve(self.coach.last.where).last

    def _begin(self, optimizer: Any) -> Stint:
        known = self._made.get(id(optimizer))
        if known is not None and known.ref() is not optimizer:
            known = None
        stint = known if known is not None and not known.steps else Stint(optimizer, known.built if known else None)
        if not stint.params:
            stint.take(optimizer)
            stint.start = (self._found or {}).get(id(optimizer), ())  # now it has stepped already
        session = self.coach.session
        stint.cell = session.cell.id if session is not None and session.cell is not None else ""
        stint.first, stint.begun = self._value, self.coach.total - 1
        earlier = [each for each in self.stints if each.same_parameters(stint)]
        same = [each for each in earlier if each.ref() is optimizer]
        if same:
            stint.earlier = same[-1]
            stint.callers = same[-1].callers
        if earlier and stint.start and stint.start == earlier[-1].mark:
            stint.before = earlier[-1]
        self.stints.append(stint)
        self._made.setdefault(id(optimizer), stint)
        self.current[id(optimizer)] = stint
        return stint
