"""Calls of whole models, and what became of their results: a loss that went backward, a comparison, a number read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gradbook.coach.code import line_of
from gradbook.coach.record import Call, Op, Read, Turn, Value
from gradbook.coach.rule import Shared
from gradbook.coach.rules.reach import Reach
from gradbook.observe.source import Where

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach

__all__ = ["Forward", "Forwards"]

COMPARES = frozenset((
    "eq", "ne", "sub", "mse_loss", "cross_entropy", "nll_loss", "binary_cross_entropy", "smooth_l1_loss", "huber_loss",
    "binary_cross_entropy_with_logits", "kl_div", "l1_loss", "ctc_loss",
))  # fmt: skip
RESTS = 2  # cells that have ended since: who goes back through a result does it sooner
RUNNING = 3  # the slot of batch_norm's running mean: without one it uses the batch in evaluation mode too


class Forward:
    """A model was called from outside of any other. What is found out of its results comes in later."""

    __slots__ = (
        "asks",
        "compared",
        "detached",
        "led",
        "lively",
        "meant",
        "read",
        "rests",
        "steps",
        "stray",
        "told",
        "trained",
    )

    def __init__(self, call: Call, steps: int) -> None:
        self.told, self.steps = call, steps  # the call, and the steps before it
        self.trained = False  # an optimizer that has stepped has parameters of its model
        self.meant = False  # it is in training mode because train() was called after the last step
        self.led = False  # a backward pass went through it, or from it
        self.compared = False  # its results met a tensor that does not come from it, as targets are
        self.read = False  # Python saw numbers that come from it
        self.detached = False  # its results were taken out of the graph at once
        self.lively: Op | None = None  # dropout, or statistics of the batch, because it is in training mode
        tensors = [value.tensor for value in call.inputs]
        self.asks = any(x is not None and x._node is not None for x in tensors)  # for a gradient of its inputs, maybe
        self.rests = 0  # cells of a notebook that have ended since, in the same turn
        self.stray: Op | None = None  # dropout although it is in evaluation mode

    @property
    def recorded(self) -> bool:
        """Whether it left a graph."""
        return self.told.recorded and any(value.requires_grad for value in self.told.outputs)


Tags = frozenset[Forward]
NONE: Tags = frozenset()


class Forwards(Shared):
    """The forwards that a coach has watched."""

    id = "forwards"
    hears = ("called", "turned", "rests")

    def __init__(self, coach: Coach) -> None:
        super().__init__(coach)
        self.reach = coach.shared(Reach)
        self.settled: list[Forward] = []  # of which nothing more will be heard, since the last turn
        self.pending: list[Forward] = []
        self._made: dict[int, Forward] = {}  # of this turn, by their calls
        self._tags: dict[Value, Tags] = {}
        self._seen = 0  # operations of this turn that were followed
        self._closed = False
        self._trains: set[Where] = set()  # on the way to forwards that a backward pass went through

    def called(self, call: Call) -> None:
        """A module's call has returned; its model is still there to be asked."""
        module, coach = call.module, self.coach
        if call.parent is not None or id(call) in self._made or module is None:
            return
        params = list(module.parameters())
        if not params:  # such as a loss function
            return
        made = self._made[id(call)] = Forward(call, coach.total)
        mode = coach.stance.mode(module)
        made.meant = mode is not None and mode.training and mode.steps >= coach.total
        made.trained = coach.total > 0 and self.reach.holds(params)

    def turned(self, turn: Turn) -> None:
        """A turn has ended. Settled are those of the turn before: what a step later nobody asked for, nobody will."""
        self._follow(turn)
        made, self._made, self._seen = self._made, {}, 0
        self.settled, self.pending = self.pending, list(made.values())
        for forward in self.settled:
            if forward.led:
                self._trains.update(_way(forward.told))

    def apart(self, call: Call) -> Where | None:
        """The innermost place of those that led to a call from which no training runs; the call's own if there is none.

        A function that trains and evaluates, as it is told, is right itself: who calls it is to blame.
        """
        lines = set(map(line_of, self._trains))
        return next((place for place in _way(call) if line_of(place) not in lines), call.where)

    def rests(self) -> None:
        """A cell has ended in the middle of a turn. Settled is what no later cell will go back through."""
        self._follow(self.coach.turn)
        graphs = self._graphs()
        alive = NONE.union(*graphs.values())
        losses = NONE.union(*(tags for value, tags in graphs.items() if not _many(value)))
        self.settled = []
        for key, forward in tuple(self._made.items()):
            forward.rests += 1
            if not (forward.read and (forward.compared or not forward.recorded)) and forward.rests <= RESTS:
                continue  # the next cell may look at its results
            sure = forward.told.module is not None and not forward.told.training and not forward.asks
            late = self.coach.earlier > 0 and (forward not in losses or forward.rests > RESTS)  # after a whole training
            if not forward.recorded or forward not in alive or sure or late:
                self.settled.append(forward)
                del self._made[key]

    def _follow(self, turn: Turn) -> None:
        """What has become of the results of this turn's calls so far?"""
        if not self._seen:
            self._tags = {value: tags for value, tags in self._tags.items() if value.tensor is not None}
        for op in turn.ops[self._seen :]:
            self._op(op, self._made)
        self._seen = len(turn.ops)
        for write in turn.writes:
            if write.made is not None and write.made not in self._tags:
                self._tags[write.made] = self._of(write.made)
        self._results(turn, self._made.values())

    def close(self, turn: Turn) -> None:
        """The watch ends, in this turn: settled are the forwards of the last two turns.

        Where the program was cut short, those are not that a backward pass was perhaps to go through.
        """
        if not self._closed:
            self._closed = True
            self.turned(turn)
            open_ = NONE.union(*self._graphs().values()) if self.coach.cut_short else NONE
            self.settled = [f for f in (*self.settled, *self.pending) if not f.recorded or f not in open_]
            self.pending = []

    def _graphs(self) -> dict[Value, Tags]:
        """The values that a backward pass could still begin at, or go through."""
        return {value: tags for value, tags in self._tags.items() if value.requires_grad and value.tensor is not None}

    def _op(self, op: Op, made: dict[int, Forward]) -> None:
        own = made.get(id(op.call.outermost)) if op.call is not None else None
        found = [self._of(value) for value in op.inputs]
        tags = NONE.union(*found, *(self._of(cut.source) for cut in op.output.cuts))
        if own is not None:
            tags = tags | {own}
            _enliven(own, op)
        elif tags and op.name in COMPARES and _targets(op, found):
            for forward in tags:
                forward.compared = True
        if tags:
            for value in op.outputs:
                self._tags[value] = tags

    def _of(self, value: Value) -> Tags:
        known = self._tags.get(value)
        if known is None and value.maker is not None:
            known = self._tags.get(value.maker.output)  # written in place, as by +=
        if known is None and value.maker is None and value.cuts:
            known = frozenset().union(*(self._of(cut.source) for cut in value.cuts))
            self._tags[value] = known
            for cut in value.cuts:
                for forward in known:
                    if cut.how in ("detach", "data") and cut.source in forward.told.outputs:
                        forward.detached = True
        return known or NONE

    def _results(self, turn: Turn, made: Iterable[Forward]) -> None:
        for forward in made:
            for value in forward.told.outputs:
                self._tags[value] = self._of(value) | {forward}
        roots = [pass_.loss for pass_ in turn.passes if pass_.loss is not None]
        for root in (*roots, *turn.asked):
            for forward in self._of(root):
                forward.led = True
        for read in turn.reads:
            self._read(read)

    def _read(self, read: Read) -> None:
        for forward in self._of(read.value):
            forward.read = True


def _targets(op: Op, found: list[Tags]) -> bool:
    """Whether one of the operands is a tensor of several numbers that comes from no model."""
    return any(not tags and _many(value) for value, tags in zip(op.inputs, found, strict=True))


def _way(call: Call) -> tuple[Where, ...]:
    """Where a call was made, and from where that."""
    return (call.where, *call.outward) if call.where is not None else ()


def _many(value: Value) -> bool:
    return value.kind in ("input", "op") and any(length > 1 for length in value.shape)


def _enliven(forward: Forward, op: Op) -> None:
    """Note what an operation does only in training, or should do only there."""
    call = op.call
    assert call is not None
    if op.name.endswith("dropout"):
        if call.training:
            forward.lively = forward.lively or op
        elif not forward.told.training:
            forward.stray = forward.stray or op
    elif op.name == "batch_norm" and op.params.get("training") and call.training and op.operand(RUNNING) is not None:
        forward.lively = forward.lively or op
