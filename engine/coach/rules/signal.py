"""The signal in a network: what each layer's weights, gradients and activations were in the turns that were watched."""

from __future__ import annotations

import math
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.coach.origin import changed_at, is_library
from gradbook.coach.record import Built, Op, Pass, Turn, Value
from gradbook.coach.rule import Shared
from gradbook.coach.rules.reach import Reach
from gradbook.coach.rules.wiring import (
    ACTIVATIONS,
    AFFINE,
    CONVOLUTIONS,
    LINEAR,
    PASSING,
    POOLING,
    input_of,
    producer,
    weight_of,
)  # fmt: skip
from gradbook.coach.samples import numbers_of, sample
from gradbook.coach.scaling import factor_of
from gradbook.observe import naming
from gradbook.observe.source import Where, locate

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach

__all__ = ["RANGED", "Activation", "Look", "Signal", "Weight"]

SAMPLE = 1024  # elements of an array that are looked at
WIDE = 4096  # columns of a batch that are compared
ROWS = 256  # samples of an activation that are looked at
OFTEN = 24  # calls of one place in a turn that are told apart; more are one loop's
HIDDEN = AFFINE | ACTIVATIONS | POOLING | {"layer_norm", "group_norm", "instance_norm"}
RANGED = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "hardtanh": (0.0, 0.0), "hardsigmoid": (0.0, 1.0)}
NEAR = 0.01  # of its range: an activation so near to an end passes next to no gradient
MIXED = AFFINE | {"mul", "add", "sub"}  # what a gate does with what it lets through
SCALED = 3  # factors between a layer and its activation
KNOWN = 512  # weights that are followed


class Look:
    """One layer's weights in one turn: root mean squares of the weights, their gradient, their change."""

    __slots__ = ("change", "grad", "step", "weight")

    def __init__(self, step: int, weight: float, grad: float, change: float) -> None:
        self.step, self.weight, self.grad, self.change = step, weight, grad, change


class Weight:
    """A learned matrix or kernel, and where it stands in the network."""

    def __init__(self, tensor: Any, op: Op, filled: Where | None) -> None:
        self.ref, self.op, self.filled = weakref.ref(tensor), op.name, filled
        self.shape = tuple(tensor._array.shape)
        self.units = 0 if op.name in CONVOLUTIONS or op.name == "linear" else len(self.shape) - 1  # the axis of outputs
        given = op.operand(2 if op.name == "addmm" else 1)
        if op.name not in CONVOLUTIONS and op.name != "linear" and given is not None and given.maker is not None:
            self.units = 0 if given.maker.name in PASSING and given.tensor is not tensor else self.units
        count = max(1, self.shape[self.units])
        self.fan_in = max(1, tensor._array.size // count)
        self.depth = 0  # layers up to it
        self.tied = False  # an embedding has it too
        self.inside = op.path
        self.name, self.where = "", op.where
        self.built: Built | None = None  # where its module was constructed
        self.bias: weakref.ref[Any] | None = None
        self.bias_filled: Where | None = None
        self.rms = rms(tensor._array)
        self.alike = self.shape[self.units] > 1 and self.same_units()
        self.hidden = False  # its result goes to another layer and to nothing else
        self.amplifies: float | None = None  # size of its result over that of its input, before the first step
        self.looks: list[Look] = []

    @property
    def gain(self) -> float:
        """How much larger it makes what it is given, if that is centred."""
        return float(self.rms * np.sqrt(self.fan_in))

    @property
    def by_user(self) -> bool:
        """Whether the user's own code chose its first numbers, and no constructor of a layer."""
        if self.filled is None:
            return False
        return self.built is None or self.built.where is None or locate(self.filled) != locate(self.built.where)

    def same_units(self) -> bool:
        """Whether all units have the same weights now."""
        tensor = self.ref()
        if tensor is None:
            return False
        rows = np.moveaxis(numbers_of(tensor._array), self.units, 0).reshape(self.shape[self.units], -1)[:64, :1024]
        return bool((abs(rows - rows[:1]) <= 1e-6 * abs(rows[:1])).all())


class Activation:
    """What one activation gave over the turns that were watched."""

    def __init__(self, op: Op, coach: Coach) -> None:
        self.name, self.path, self.told = op.name, op.path, op
        self.where = changed_at(coach, op)  # the line to change so that it is another one
        layer = op.call.module if op.call is not None and is_library(op.call.module) else None
        self.layer = (
            coach.built_at(layer) if layer is not None else None
        )  # where the layer that does it was constructed
        self.early: Any = None  # units that were above 0 for some sample of the first look
        self.last: deque[Any] = deque(maxlen=3)  # the same of each of the last ones
        self.flat: list[float] = []  # share of the numbers near an end of the range, by look
        self.fed = ""  # "data" that differ from sample to sample lead to it; or the "same" for all, or "zero"
        self.constant: list[bool] = []  # whether all samples gave the same
        self.steps: list[int] = []  # after which it was looked at
        self.samples = 0
        self.below: Weight | None = None  # the layer whose result it is given
        self.hidden = False  # another layer takes it, and the model is not left in between
        self.gate = False  # another layer takes what it is multiplied with
        self.factor = 1.0  # what the layer's result is multiplied by on the way
        self.scaled: Where | None = None  # and where

    @property
    def dead_at_first(self) -> float:
        """Share of the units that were not above 0 for any sample of the first look."""
        return 1.0 - float(self.early.mean()) if self.early is not None else 0.0

    @property
    def dead(self) -> float:
        """Share of the units that were not above 0 for any sample of the last looks."""
        looks = [alive for alive in self.last if alive.shape == self.last[-1].shape]
        return 1.0 - float(np.logical_or.reduce(looks).mean()) if looks else 0.0


class Signal(Shared):
    """What a coach knows of the signal."""

    id = "signal"
    hears = ("operation", "passed", "turned")
    ops = LINEAR | ACTIVATIONS

    def __init__(self, coach: Coach) -> None:
        super().__init__(coach)
        self.reach = coach.shared(Reach)
        self.weights: dict[int, Weight] = {}
        self.activations: dict[tuple[Any, ...], Activation] = {}
        self.turns: list[int] = []  # steps at which there was a look
        self.depth = 0  # layers of the deepest way
        self.losses: list[float] = []  # the first ones
        self.latest: deque[float] = deque(maxlen=8)
        self.given = self.made = 0.0  # sizes before the first step: of what enters, of the largest result of a layer
        self.total: list[float] = []  # norms of all gradients, by look
        self.cause: set[str] = set()  # rules that have found the reason of what others see
        self._seen: dict[tuple[Any, ...], int] = {}  # places in this turn
        self._told: dict[int, Activation] = {}  # those of this turn, by the ids of their operations
        self._fed: dict[int, str] = {}  # by the ids of layers: what enters the network there
        self._before: dict[int, Any] = {}  # samples of the weights before the step
        self.passes = 0

    # -- as it happens -----------------------------------------------------------------------------------------------

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        """An activation or a layer has run."""
        if not op.recorded:
            return
        if op.name in LINEAR:
            self._layer(op, operands, output)
        elif op.output.requires_grad:
            self._activation(op, output)

    def _layer(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        value = weight_of(op)
        tensor = value.tensor if value is not None else None
        if tensor is None:
            return
        known = self.weights.get(id(tensor))
        if known is None or known.ref() is not tensor:
            if len(self.weights) >= KNOWN:
                return
            known = self.weights[id(tensor)] = Weight(tensor, op, self.coach.tape.filled(tensor))
            bias = operands[2] if len(operands) > 2 and op.name != "addmm" else None
            if bias is not None and hasattr(bias, "_node"):
                known.bias, known.bias_filled = weakref.ref(bias), self.coach.tape.filled(bias)
        given = operands[1 if op.name == "addmm" else 0]
        if not self.coach.steps and self.passes < 2:
            size, made = rms(given._array), rms(output._array)
            self.made = max(self.made, made)
            if known.amplifies is None and size > 0:
                known.amplifies = made / size
        if given._node is None and given._array.ndim:
            rows = numbers_of(given._array).reshape(len(given._array), -1)[:ROWS, :WIDE]
            self.given = max(self.given, rms(rows)) if not self.coach.steps else self.given
            self._fed[id(op)] = "data" if differ(rows) else "same" if bool(rows.any()) else "zero"

    def _activation(self, op: Op, output: Any) -> None:
        place = (op.where, op.path, op.name)
        count = self._seen[place] = self._seen.get(place, 0) + 1
        if count > OFTEN:
            return
        key = (*place, count)
        known = self.activations.get(key)
        if known is None:
            if len(self.activations) >= KNOWN:
                return
            known = self.activations[key] = Activation(op, self.coach)
        known.told = op
        self._told[id(op)] = known
        array = units_last(output._array, op)
        known.samples += len(array)
        known.steps.append(self.coach.steps)
        known.constant.append(len(array) > 3 and not differ(array))
        if op.name == "relu":
            alive = (~(array <= 0)).any(0)  # what is not a number is not dead
            known.early = alive if known.early is None else known.early
            known.last.append(alive)
        if op.name in RANGED:
            low, high = RANGED[op.name] if op.name != "hardtanh" else (op.params["low"], op.params["high"])
            margin = NEAR * (high - low)
            known.flat.append(float(((array < low + margin) | (array > high - margin)).mean()))

    def passed(self, pass_: Pass) -> None:
        """A backward pass begins: what are the weights before the step?"""
        self.passes += 1
        self.latest.append(pass_.value)
        if len(self.losses) < 4:
            self.losses.append(pass_.value)
        if not self.coach.close or self._before:
            return
        for key, weight in self.weights.items():
            tensor = weight.ref()
            if tensor is not None:
                self._before[key] = sample(tensor._array, SAMPLE).copy()

    # -- after a turn ------------------------------------------------------------------------------------------------

    def turned(self, turn: Turn) -> None:
        """A turn has ended: what is known after its backward passes?"""
        if turn.passes:
            self.turns.append(self.coach.steps)
            self._weigh(turn)
            self._order(turn)
            self._name()
        self._before.clear()
        self._seen.clear()
        self._told.clear()
        self._fed.clear()

    def _weigh(self, turn: Turn) -> None:
        squares = 0.0
        for key, before in self._before.items():
            weight = self.weights[key]
            tensor = weight.ref()
            if tensor is None or tensor._grad is None or tensor._grad._array.shape != tensor._array.shape:
                continue
            if self.reach.every and not self.reach.fate(tensor).held:
                continue  # as of a network that an image is fitted to: nobody clears its gradients
            grad = rms(tensor._grad._array)
            squares += grad * grad * tensor._array.size
            with np.errstate(all="ignore"):
                change = sample(tensor._array, SAMPLE).astype(np.float64) - before
            weight.looks.append(Look(self.coach.steps, rms(before), grad, rms(change)))
            del weight.looks[8:-8]
        self.total.append(float(np.sqrt(squares)))

    def _order(self, turn: Turn) -> None:
        """How deep each layer lies, and which take another one's result."""
        depths: dict[int, int] = {}
        layers: dict[int, Weight] = {}  # by the value that they gave
        fed: dict[int, str] = {}  # by the value, what led to it
        uses: dict[int, int] = {}
        for op in turn.ops:
            for value in op.inputs:
                uses[id(value)] = uses.get(id(value), 0) + 1
                if op.name == "embedding" and value.kind == "parameter":
                    self._tie(value)
        gates: dict[int, list[Activation]] = {}  # by the value that they have a part in
        for op in turn.ops:
            depth = max((depths.get(id(value), 0) for value in op.inputs), default=0)
            self._gates(op, gates)
            weight = self._weight(op)
            if weight is not None:
                depth += 1
                weight.depth = min(weight.depth or depth, depth)
                self._below(op, layers, uses)
                layers[id(op.output)] = weight
            told = [self._fed.get(id(op), ""), *(fed.get(id(value), "") for value in op.inputs)]
            for value in op.outputs:
                depths[id(value)] = depth
                fed[id(value)] = next((each for each in ("data", "same", "zero") if each in told), "")
            if id(op) in self._told:
                self._told[id(op)].fed = fed[id(op.output)]
            self.depth = max(self.depth, depth if weight is not None else 0)
        for known in self._told.values():
            if known.below is None:
                known.below, known.factor, known.scaled = self._source(known.told, layers)

    def _weight(self, op: Op) -> Weight | None:
        value = weight_of(op) if op.name in LINEAR and op.recorded else None
        return self.weights.get(id(value.tensor)) if value is not None else None

    def _tie(self, value: Value) -> None:
        known = self.weights.get(id(value.tensor))
        if known is not None:
            known.tied = True

    def _below(self, op: Op, layers: dict[int, Weight], uses: dict[int, int]) -> None:
        """Mark what led straight to a layer: the layer below, the activations between."""
        way = list(producer(input_of(op), HIDDEN))
        outer = op.call.outermost if op.call is not None else None
        for value in way:
            maker = value.maker
            known = self._told.get(id(maker))
            if maker is not None and known is not None:
                known.hidden = known.hidden or (maker.call.outermost if maker.call is not None else None) is outer
        if way and id(way[-1]) in layers and all(uses.get(id(value), 0) == 1 for value in way):
            layers[id(way[-1])].hidden = True

    def _gates(self, op: Op, gates: dict[int, list[Activation]]) -> None:
        """Mark the activations whose products lead to a layer."""
        if op.name in RANGED and id(op) in self._told:
            gates[id(op.output)] = [self._told[id(op)]]
        elif op.name in MIXED:
            found = [each for value in op.inputs for each in gates.get(id(value), ())]
            if found:
                gates[id(op.output)] = list(dict.fromkeys(found))
        elif op.name in LINEAR:
            for each in gates.get(id(input_of(op)), ()):
                each.gate = True

    def _source(self, op: Op, layers: dict[int, Weight]) -> tuple[Weight | None, float, Where | None]:
        """The layer whose result an activation is given, what that was multiplied by, and where."""
        factor, given, where = 1.0, op.operand(0), None
        for _ in range(SCALED):
            value = None
            for value in producer(given, HIDDEN):
                if id(value) in layers:
                    return layers[id(value)], factor, where
            times = factor_of(value.maker) if value is not None and value.maker is not None else None
            if times is None or value is None or value.maker is None or not value.maker.inputs:
                break
            factor, given, where = factor * times, value.maker.inputs[0], value.maker.where
        return None, factor, where

    def _name(self) -> None:
        for weight in self.weights.values():
            tensor = weight.ref()
            if weight.name or tensor is None:
                continue
            fate = self.reach.fate(tensor)
            weight.built = fate.built
            own = naming.assigned_name(weight.filled) if not fate.name else ""
            weight.name = fate.name or own or weight.inside or weight.op

    def ordered(self) -> list[Weight]:
        """The weights from the input on."""
        return sorted((w for w in self.weights.values() if w.depth), key=lambda weight: weight.depth)


def rms(array: Any) -> float:
    """The root mean square of a sample."""
    some = sample(array, SAMPLE)
    if not some.size or some.dtype.kind not in "fc":
        return 0.0
    wide = (abs(some) if some.dtype.kind == "c" else some).astype(np.float64)
    return math.sqrt(np.dot(wide, wide) / wide.size)


def units_last(array: Any, op: Op) -> Any:
    """Some rows of an activation as (samples, units): of images the units are channels."""
    array = numbers_of(array)
    if array.ndim < 2:
        return array.reshape(-1, 1)
    made = next((v.maker.name for v in producer(op.operand(0), HIDDEN) if v.maker and v.maker.name in LINEAR), "")
    if made in CONVOLUTIONS and array.ndim > 2:
        array = np.moveaxis(array, 1, -1)
    rows = array.reshape(-1, array.shape[-1])
    return rows[:: max(1, len(rows) // ROWS)][:ROWS, :WIDE]


def differ(rows: Any) -> bool:
    """Whether any row is another than the first; mostly the last one is."""
    return len(rows) > 0 and bool((rows[-1] != rows[0]).any() or (rows != rows[:1]).any())
