"""Python's debugger, opened at the line that computes right now, not at the one after it."""

from __future__ import annotations

import sys
from typing import Any

from gradbook.observe.control import StopTraining
from gradbook.observe.stop import Stop

__all__ = ["SKIP", "open_prompt"]

SKIP = ["gradbook", "gradbook.*"]  # modules that `step` does not go into
MISSING = object()


def open_prompt(debugger: Any, stop: Stop) -> str:
    """Let the user look around and go on: c continues, n and s go to the next line, q ends the training.

    `_gb` is the stop, in the frame's globals while the prompt is open. -> 'continue'. Raises StopTraining after q.
    """
    frame = stop.frame
    if frame is None:
        raise RuntimeError("breakpoint: there is no code of yours on the way to this operation")
    before = frame.f_globals.get("_gb", MISSING)
    frame.f_globals["_gb"] = stop
    debugger.reset()
    at: Any = frame
    while at is not None:  # as set_trace does: so that `next`, `up` and `return` find their frames
        at.f_trace = debugger.trace_dispatch
        debugger.botframe = at
        at = at.f_back
    try:
        debugger.interaction(frame, None)
    finally:
        if before is MISSING:
            frame.f_globals.pop("_gb", None)
        else:
            frame.f_globals["_gb"] = before
    goes_on = debugger.quitting or (debugger.stopframe is debugger.botframe and debugger.stoplineno == -1)
    if goes_on and not debugger.get_all_breaks():
        at = frame
        while at is not None:
            at.f_trace = None
            at = at.f_back
        sys.settrace(None)
    else:
        sys.settrace(debugger.trace_dispatch)
    if debugger.quitting:
        raise StopTraining("training was stopped in the debugger")
    return "continue"
