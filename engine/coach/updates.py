"""How much a step changes the parameters: the length of a change against that of what it changes, now and then."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.coach.record import Built, Step, params_of
from gradbook.coach.rule import Shared
from gradbook.coach.samples import sample
from gradbook.nn.parameter import is_lazy
from gradbook.observe.source import Where

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach

__all__ = ["Rate", "Updates"]

SAMPLE = 64  # elements of a parameter that are compared
EARLY = 6  # steps that are measured all; later ones next to powers of two
OFTEN = 16  # steps after which the learning rate is looked at again
MOST = 64  # measured steps that are remembered


class Rate:
    """The steps of one optimizer. `ratios`: of its measured steps, in order, |change| / |parameter|."""

    __slots__ = (
        "before", "count", "given", "kind", "lr", "momentum", "most", "name", "params", "ratios", "ref", "steps",
        "used", "where", "windows",
    )  # fmt: skip

    def __init__(self, optimizer: Any, name: str, where: Where | None) -> None:
        self.ref, self.name, self.where = weakref.ref(optimizer), name, where
        self.kind = type(optimizer).__name__
        self.lr = self.most = rate_of(optimizer)
        self.given = tuple(dict.fromkeys(float(g.get("lr", 0.0)) for g in optimizer.param_groups))  # at first
        self.used = 0.0  # the largest one of a step: of a warm-up maybe far below what was given
        self.momentum = float(optimizer.param_groups[0].get("momentum") or 0.0)
        self.steps = 0  # that were heard
        self.count = 0  # of all, at the last of these
        self.windows = 1  # of steps in a row
        self.ratios: list[float] = []
        large = sorted(params_of(optimizer), key=lambda p: (p._array.ndim > 1, p._array.size))[-2:]
        self.params = [weakref.ref(p) for p in large]
        self.before: list[Any] | None = self.read()

    def read(self) -> list[Any] | None:
        """A sample of each parameter that is looked at."""
        found = []
        for ref in self.params:
            tensor = ref()
            if tensor is None:
                return None
            found.append(np.array(sample(tensor._array, SAMPLE), dtype=np.float64))
        return found

    def measure(self, optimizer: Any, count: int) -> None:
        """A step has been taken, the one of this number."""
        begins = count > self.count + 1  # some were not heard
        self.steps, self.count, self.windows = self.steps + 1, count, self.windows + begins
        if begins:
            self.before = None
        if self.steps < EARLY or self.steps % OFTEN == 0:
            self.used = max(self.used, rate_of(optimizer))
            self.most = max(self.most, self.used)
        after_this = self.steps < EARLY or (self.steps + 1) & self.steps == 0  # the next one is a power of two
        after_this = after_this or (begins and self.windows & (self.windows - 1) == 0)
        if self.before is None and not after_this:
            return
        now = self.read()
        if self.before is not None and now is not None and len(self.ratios) < MOST:
            with np.errstate(all="ignore"):
                self.ratios.append(max(_ratio(a, b) for a, b in zip(self.before, now, strict=True)))  # NaN too
        self.before = now if after_this else None

    def long(self, share: float, first: int | None = None) -> int:
        """How many of its (first) measured steps changed at least so large a share of a parameter."""
        return sum(ratio >= share for ratio in self.ratios[:first])

    @property
    def typical(self) -> float:
        """The median of the ratios that are numbers, NaN without any."""
        finite = [x for x in self.ratios if x - x == 0]
        return float(np.median(finite)) if finite else float("nan")


def _ratio(before: Any, after: Any) -> float:
    longest = max(float(np.linalg.norm(before)), float(np.linalg.norm(after)), 1e-12)
    return float(np.linalg.norm(after - before)) / longest


class Updates(Shared):
    """The optimizers of a watch."""

    id = "updates"
    hears = ("constructed", "stepped")

    def __init__(self, coach: Coach) -> None:
        super().__init__(coach)
        self.rates: dict[int, Rate] = {}

    def constructed(self, built: Built, owner: Any) -> None:
        """An optimizer is being constructed: its parameters are as they were before its first step."""
        known = self.rates.get(id(owner))
        groups = getattr(owner, "param_groups", None)
        if groups is None or any(is_lazy(p) for group in groups for p in group["params"]):  # these have no numbers yet
            return
        if known is None or known.ref() is not owner:
            self.rates[id(owner)] = Rate(owner, "", None)

    def stepped(self, step: Step, optimizer: Any) -> None:
        """An optimizer has stepped."""
        known = self.rates.get(id(optimizer))
        if known is None or known.ref() is not optimizer:
            known = self.rates[id(optimizer)] = Rate(optimizer, "", None)
            known.before = None  # those of before this step nobody has seen
        if not known.name:
            built = self.coach.built_at(optimizer)
            known.name, known.where = self.coach.names[id(optimizer)], built.where if built is not None else None
        known.measure(optimizer, step.count)


def rate_of(optimizer: Any) -> float:
    """The largest learning rate of its groups."""
    return max(float(group.get("lr", 0.0)) for group in optimizer.param_groups)
