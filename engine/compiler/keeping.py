"""Which plans a compiled function keeps, and which numbers among its arguments it takes for different in each call.

Another size is another plan: kernels take sizes when they run, so that it is made in some milliseconds. Those that
were not used for longest make room for new ones. A number that is another one in each call (a step, an epoch) is not
part of what a plan is made for: what depends on it is left to Python.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from typing import Any

from gradbook.compiler.breaks import Hosted
from gradbook.compiler.splitting import Failure, Splitting

__all__ = ["Keeping", "Numbers", "with_hosted"]

PLANS = 64  # plans kept by one compiled function
BYTES = 1 << 29  # memory of temporary tensors they may have together
RARE = 8  # how often a kind of call has to come before a plan of it takes the place of others
KINDS = 4096  # kinds of calls that are remembered
WORTH = 50  # runs that a plan made for one value of a number is worth
VALUES = 3  # different numbers at one place before it is taken for one that changes
LATE = 20  # runs given up midway before plans for which most runs are given up are not used any more
Numbers = dict[Any, int | float]  # arguments that are others in each call, by position or name


class Keeping(Splitting):
    """The part of a compiled function that keeps its plans."""

    function: Callable[..., Any]
    variants: dict[Any, list[Any]]
    calls: dict[Any, int]
    given_up: set[Any]

    def __init__(self) -> None:
        super().__init__()
        self.loose: set[Any] = set()  # places of arguments, by position or name, whose numbers change
        self.numbers_seen: dict[Any, set[Any]] = {}
        self.numbers_changed = False  # some number outside was taken for one that changes
        self.stiff = False  # numbers that change are part of what a plan is made for all the same
        self.why_stiff: list[Failure] = []

    # -- room --------------------------------------------------------------------------------------------------------

    def is_rare(self, key: Any) -> bool:
        """Whether a new plan for such calls would take the place of another, and they do not come often enough."""
        full = sum(map(len, list(self.variants.values()))) >= PLANS
        return full and self.calls[key] < RARE and not self.variants.get(key)

    def make_room(self, newest: Any) -> None:
        """Let go of the plans that were not used for longest, if there are too many or they have too much memory."""
        kept = dict(self.variants)  # others may take from it meanwhile
        while len(kept) > 1:
            plans = [variant.plan for found in kept.values() for variant in found]
            if len(plans) <= PLANS and sum(plan.pool.size for plan in plans) <= BYTES:
                return
            oldest = min((key for key in kept if key != newest), key=lambda key: last_used(kept[key]))
            for counts in (kept, self.variants, self.calls):
                counts.pop(oldest, None)

    def count(self, key: Any) -> int:
        """How often calls of this kind came without a plan for them, now included."""
        if len(self.calls) > KINDS:
            self.calls = {each: count for each, count in self.calls.items() if each in self.variants}
        count = self.calls[key] = self.calls.get(key, 0) + 1
        return count

    # -- plans that are given up midway ------------------------------------------------------------------------------

    def note_late(self, key: Any, breaks: Any) -> bool:
        """A plan was given up midway. -> False if most runs are: no plan is used for such calls any more."""
        found = self.variants.get(key, [])
        for variant in found:
            variant.late += variant.breaks is breaks
        count = sum(variant.late for variant in found)
        if count < LATE or 2 * count < runs_of(found):
            return True
        self.variants.pop(key, None)
        return False

    # -- numbers -----------------------------------------------------------------------------------------------------

    def look_at_numbers(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Arguments of a kind that is new: which numbers among them had other values before?"""
        if self.stiff:
            return
        for place, value in [*enumerate(args), *kwargs.items()]:
            if type(value) in (int, float) and place not in self.loose:
                seen = self.numbers_seen.setdefault(place, set())
                seen.add(value)
                if len(seen) > VALUES and self.may_be_loose() and not self.stays(len(seen)):
                    self.loose = {*self.loose, place}

    def stays(self, values: int) -> bool:
        """Whether a number that had so many values keeps each for so long that it deserves plans of its own."""
        return sum(map(runs_of, list(self.variants.values()))) >= WORTH * values

    def may_be_loose(self) -> bool:
        """Whether arguments reach the function's variables as they are."""
        if type(self.function) not in (types.FunctionType, types.MethodType):
            return False
        kinds = {parameter.kind for parameter in inspect.signature(self.function).parameters.values()}
        return not kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}

    def loosened(self, args: Any, kwargs: Any, numbers: Numbers) -> tuple[Any, Any]:
        """Arguments with a word for each number that changes; the numbers go to `numbers`."""
        loose = self.loose

        def taken(place: Any, value: Any) -> Any:
            if place in loose and type(value) in (int, float):
                numbers[place] = value
                return CHANGING[type(value)]
            return value

        own = tuple([taken(place, value) for place, value in enumerate(args)])
        return own, {name: taken(name, value) for name, value in kwargs.items()}

    def leave_otherwise(self, failures: list[Failure]) -> bool:
        """Leave only conditions to Python; or take numbers that change for part of a kind of call after all."""
        if super().leave_otherwise(failures):
            return True
        if self.stiff or not (self.loose or self.numbers_changed):
            return False
        self.stiff, self.decides, self.loose, self.why_stiff = True, False, set(), failures
        self.breaks.clear()
        self.tries.clear()
        return True


class Changing(str):
    """Stands for a number in the kind of a call."""


CHANGING: dict[type, Changing] = {int: Changing("any int"), float: Changing("any float")}


def with_hosted(numbers: Numbers, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """Arguments for the interpreter: numbers that change are known to Python only."""
    hosted = {place: Hosted(value, slot) for slot, (place, value) in enumerate(numbers.items())}
    own = tuple([hosted.get(place, value) for place, value in enumerate(args)])
    return own, {name: hosted.get(name, value) for name, value in kwargs.items()}


def runs_of(variants: list[Any]) -> int:
    """How often plans have been run."""
    return sum(variant.plan.written.times for variant in variants)


def last_used(variants: list[Any]) -> int:
    """When one of some plans was last run, as a number that grows."""
    return max(int(variant.plan.written.stamp) for variant in variants)
