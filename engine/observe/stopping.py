"""The ways a breakpoint stops: an exception, Python's debugger, or the view that the notebook extension puts here."""

from __future__ import annotations

from collections.abc import Callable

from gradbook.errors import BreakpointHit, Card
from gradbook.observe.stop import Stop

__all__ = ["HOW", "Presenter", "default_how", "hit", "presenters", "stop_by_raising"]

HOW = ("view", "pdb", "raise")


def stop_by_raising(stop: Stop) -> str:
    """Raise a BreakpointHit that carries the stop."""
    raise hit(stop)


def hit(stop: Stop, note: str = "") -> BreakpointHit:
    """The exception for a stop: what, where, why, what to do."""
    text = f"breakpoint: stopped at {stop.title}"
    if stop.sentence:
        text += f"\n{stop.sentence}"
    if stop.cause is not None and stop.cause.fix:
        text += f"\nusual fix: {stop.cause.fix}"
    if note:
        text += f"\n({note})"
    place = (stop.line.file, stop.line.line) if stop.line is not None else None
    fixes = [stop.cause.fix] if stop.cause is not None and stop.cause.fix else []
    card = Card(op=stop.op, module_path=stop.module, location=place, explanation=stop.sentence or text, fixes=fixes)
    return BreakpointHit(text, stop=stop, card=card)


def stop_in_pdb(stop: Stop) -> str:
    """Open Python's debugger at the line that computes."""
    import pdb

    from gradbook.observe.prompt import SKIP, open_prompt

    print(stop, flush=True)
    return open_prompt(pdb.Pdb(skip=SKIP), stop)


def default_how() -> str:
    """How breakpoints stop that do not say: in the view where there is one, else by raising."""
    return "view" if presenters["view"] is not stop_by_raising else "raise"


Presenter = Callable[[Stop], str]  # -> 'continue' or 'step_op', or raises
presenters: dict[str, Presenter] = {"view": stop_by_raising, "pdb": stop_in_pdb, "raise": stop_by_raising}
