"""How the weights of layers begin: all alike, or far too large."""

from __future__ import annotations

import ast
from typing import Any

from gradbook.coach import code
from gradbook.coach.record import Op, Value
from gradbook.coach.rules.signal import HIDDEN, Weight
from gradbook.coach.rules.signal_rule import SignalRule, initialised
from gradbook.coach.rules.wiring import LINEAR, PASSING, input_of, producer, weight_of
from gradbook.observe import naming
from gradbook.observe.source import Where

__all__ = ["RULES", "BadInit"]

LARGE = 8.0  # times as large as it should be, at which the first outputs drown the data
MEASURED = 4.0  # and what comes out is at least so many times what goes in
SHIFTED = 20.0  # of numbers that are all positive, so many times
LATE = 100  # steps after which it is said in a training that goes on
RECOVERED = 0.1  # of the first loss: what began badly has come to something
STEPS = 2  # after which units that began alike and are alike still will stay so
FEW = 96  # layers that are looked at where no backward pass is called
VALUES = 3  # that the weights of one place have had, one after the other, where units were alike in all


class BadInit(SignalRule):
    """A layer whose units begin alike and stay so, or whose first numbers are far too large."""

    id = "bad-init"
    idea = (
        "units that begin with the same weights get the same gradients and stay one unit; large weights drown the data"
    )
    threshold = (
        f"units of a hidden layer that are alike after {STEPS} steps, or in {VALUES} tensors one after the other; "
        f"or weights {LARGE:g} times 1 / sqrt(inputs), with an output {MEASURED:g} times its input: "
        "default initialisations stay below 2.5"
    )
    ops = LINEAR

    def begins(self) -> None:
        super().begins()
        self.told: set[int] = set()
        self.lines: set[tuple[str, int]] = set()  # that were told of
        self.asked: list[tuple[Op, Value, Weight]] = []  # layers, as long as no backward pass has begun

    def look(self, last: bool) -> None:
        self.asked.clear()  # a backward pass has been called: what follows is enough
        for key, weight in self.signal.weights.items() if not self.reach.resumed else ():
            if key in self.told or not weight.depth or weight.tied or not self.signal.turns:
                continue
            if weight.alike and weight.hidden:
                if self.coach.steps >= STEPS or (last and weight.looks):
                    self.told.add(key)
                    self._alike(weight)
            elif weight.by_user and _large(weight) and not _loaded(weight):
                self.signal.cause.add(self.id)
                if last or self.coach.steps >= LATE:
                    self.told.add(key)
                    self._large(weight)

    # -- weights that functions hand on: their gradients are asked for, and each step makes new ones -----------------

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        if self.coach.passes or not op.recorded or len(self.asked) >= FEW:
            return
        value = weight_of(op)
        if value is not None and value.tensor is not None:
            self.asked.append((op, value, Weight(value.tensor, op, None)))

    def rests(self) -> None:
        """A cell has ended in which no backward pass was called."""
        if not self.coach.passes and self.coach.turn.asked:
            self._handed_on()

    def ended(self) -> None:
        super().ended()
        self.rests()
        self.asked.clear()

    def _handed_on(self) -> None:
        ways = [list(producer(input_of(op), HIDDEN)) for op in self.coach.turn.ops if op.name in LINEAR]
        hidden = {id(way[-1].maker) for way in ways if way}
        first: dict[tuple[Any, ...], Where | None] = {}  # by the place and the shape of a layer: where it began
        layers: dict[tuple[Any, ...], list[Weight]] = {}
        for op, value, weight in self.asked:
            if id(op) in hidden and weight.shape[weight.units] > 1:
                key = (code.line_of(op.where), weight.shape)
                if key not in first:
                    first[key] = weight.filled = began(value)
                layers.setdefault(key, []).append(weight)
        for key, weights in layers.items():
            line = code.line_of(first[key])
            learns = len({weight.rms for weight in weights}) >= VALUES
            if learns and all(weight.alike for weight in weights) and line[1] and line not in self.lines:
                self.lines.add(line)
                weights[0].name = naming.assigned_name(first[key]) or weights[0].op
                self._say_alike(weights[0], True, {"values that it has had": len(weights)})

    # -- what it says ------------------------------------------------------------------------------------------------

    def _recovers(self) -> bool:
        """Whether training makes up for it: a single layer does, and so do many small steps."""
        first, now = self.signal.losses[:1], list(self.signal.latest)
        return self.signal.depth < 2 or min(now, default=1.0) < RECOVERED * max(first, default=0.0)

    def _alike(self, weight: Weight) -> None:
        still = weight.same_units()
        if not still and not weight.by_user:
            return
        tensor = weight.ref()
        first = float(tensor._array.reshape(-1)[0]) if tensor is not None else 0.0
        self._say_alike(weight, still, {
            "different units after the steps so far": 1 if still else "more than 1", "now": f"{first:.3g}",
        })  # fmt: skip

    def _say_alike(self, weight: Weight, still: bool, seen: dict[str, Any]) -> None:
        zero = weight.rms == 0
        self.signal.cause.add(self.id)
        self.find(
            f"{weight.name}: all {weight.shape[weight.units]} units begin with the same weights"
            + (", 0" if zero else "") + (", get the same gradients and stay one unit." if still else "."),
            self.layer(weight),
            {"shape": weight.shape, "weights at first": "0" if zero else f"{weight.rms:.3g} in size", **seen},
            initialised(weight), nodes=[weight.inside], severity="" if still else "hint",
        )  # fmt: skip

    def _large(self, weight: Weight) -> None:
        told = not weight.hidden and "suspicious-initial-loss" in self.signal.cause
        mended = told or self._recovers() or any(finding.rule == "nan-origin" for finding in self.coach.report)
        self.signal.cause.add(self.id)
        self.find(
            f"{weight.name} begins far too large: what comes out is {weight.amplifies:.0f} times what goes in.",
            self.layer(weight),
            {"size of the weights": f"{weight.rms:.3g}", "inputs of each unit": weight.fan_in,
             "size that keeps the signal": f"about {1 / weight.fan_in**0.5:.2g}"},
            initialised(weight), nodes=[weight.inside], severity="hint" if mended else "",
        )  # fmt: skip


def _large(weight: Weight) -> bool:
    size = weight.amplifies
    return size is not None and ((weight.gain > LARGE and size > MEASURED) or (weight.gain > 2 and size > SHIFTED))


def began(value: Value) -> Where | None:
    """Where the first numbers of a weight were made that was copied, cut from its graph or asked for a gradient."""
    while True:
        maker = value.maker
        if value.cuts:
            value = value.cuts[-1].source
        elif maker is not None and maker.name in PASSING and maker.inputs:
            value = maker.inputs[0]
        else:
            return maker.where if maker is not None else value.where


def _loaded(weight: Weight) -> bool:
    """Whether the numbers come from a file or another model."""
    at = code.place(weight.filled)
    node = at.expression if at is not None else None
    text = at.source.segment(node.func) if at is not None and isinstance(node, ast.Call) else ""
    return "load" in text or text.endswith(("copy_", "deepcopy", "from_pretrained"))


RULES = (BadInit,)
