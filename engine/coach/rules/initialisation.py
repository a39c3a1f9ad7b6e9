"""How the weights of layers begin: all alike, or far too large."""

from __future__ import annotations

import ast
from typing import Any

from gradbook.coach import code
from gradbook.coach.rules.signal import Weight
from gradbook.coach.rules.signal_rule import SignalRule, initialised

__all__ = ["RULES", "BadInit"]

LARGE = 8.0  # times as large as it should be, at which the first outputs drown the data
MEASURED = 4.0  # and what comes out is at least so many times what goes in
SHIFTED = 20.0  # of numbers that are all positive, so many times
LATE = 100  # steps after which it is said in a training that goes on
RECOVERED = 0.1  # of the first loss: what began badly has come to something
STEPS = 2  # after which units that began alike and are alike still will stay so


class BadInit(SignalRule):
    """A layer whose units begin alike and stay so, or whose first numbers are far too large."""

    id = "bad-init"
    idea = (
        "units that begin with the same weights get the same gradients and stay one unit; large weights drown the data"
    )
    threshold = (
        f"units of a hidden layer that are alike after {STEPS} steps; or weights {LARGE:g} times 1 / sqrt(inputs), "
        f"with an output {MEASURED:g} times its input: default initialisations stay below 2.5"
    )

    def begins(self) -> None:
        super().begins()
        self.told: set[int] = set()
        self.small: dict[int, Any] = {}

    def look(self, last: bool) -> None:
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
        units = weight.shape[weight.units]
        zero = weight.rms == 0
        self.signal.cause.add(self.id)
        self.find(
            f"{weight.name}: all {units} units begin with the same weights" + (", 0" if zero else "")
            + (", get the same gradients and stay one unit." if still else "."),
            self.layer(weight),
            {"shape": weight.shape, "different units after the steps so far": 1 if still else "more than 1",
             "weights at first": "0" if zero else f"{weight.rms:.3g} in size", "now": f"{first:.3g}"},
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


def _loaded(weight: Weight) -> bool:
    """Whether the numbers come from a file or another model."""
    at = code.place(weight.filled)
    node = at.expression if at is not None else None
    text = at.source.segment(node.func) if at is not None and isinstance(node, ast.Call) else ""
    return "load" in text or text.endswith(("copy_", "deepcopy", "from_pretrained"))


RULES = (BadInit,)
