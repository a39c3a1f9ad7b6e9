"""What being timed costs beside what a Timeline sees of itself: the detours around ops, rules and modules, measured."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from gradbook import events

__all__ = ["NOTHING", "Detours", "detours"]

ROUNDS, OPS, CALLS = 12, 24, 8
clock = time.perf_counter


class Detours(NamedTuple):
    """Seconds that an op, a backward rule and a module's call take longer when somebody listens, without listening."""

    op: float
    rule: float
    module: float


NOTHING = Detours(0.0, 0.0, 0.0)
_known: Detours | None = None


def detours() -> Detours:
    """The detours on this machine; measured at the first call, in about 10 ms, with nobody else listening meanwhile."""
    global _known
    if _known is None:
        _known = _measured()
    return _known


def _measured() -> Detours:
    from gradbook import enable_grad, nn, ones
    from gradbook.observe.timing import Timeline

    leaf = ones(4, requires_grad=True)
    modules = nn.Sequential(*(nn.Identity() for _ in range(CALLS)))
    bare, timed = [], []
    with events.silenced(), enable_grad():
        for _ in range(ROUNDS):
            bare.append(_round(leaf, modules, None))
            with Timeline({}, detours=NOTHING) as timeline:
                timed.append(_round(leaf, modules, timeline))
    least = [[min(column) for column in zip(*rounds, strict=True)] for rounds in (bare, timed)]
    more = [max(0.0, with_us - without) for without, with_us in zip(*least, strict=True)]
    return Detours(more[0] / OPS, more[1] / OPS, more[2] / (CALLS + 1))


def _round(leaf: Any, modules: Any, timeline: Any) -> tuple[float, float, float]:
    """Seconds of some ops, of their backward pass, of some modules; without what the timeline saw of itself."""

    def now() -> float:
        return clock() - (timeline.watching if timeline is not None else 0.0)

    began, y = now(), leaf
    for _ in range(OPS):
        y = y.tanh()
    middle = now()
    y.backward(leaf)
    done = now()
    modules(leaf)
    return middle - began, done - middle, now() - done
