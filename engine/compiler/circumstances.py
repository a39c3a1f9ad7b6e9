"""Whether anything around a call changes what ops do or wants to see them: then no plan is run."""

from __future__ import annotations

from gradbook import events
from gradbook.autograd import casting, grad_mode, layers
from gradbook.compiler.stance import here, now
from gradbook.nn import hooks

__all__ = ["what_is_around"]


def what_is_around() -> str:
    """What is so where no plan is run (see Compiled.__call__), in words."""
    found = {
        "somebody watches every op": events.computing,
        "autocast is on": casting.scopes,
        "anomaly detection is on": layers.anomaly is not None,
        "inference mode is on": grad_mode.inference_count[0],
        "it is inside vmap or a transform of functions": layers.state.stack,
        "set_stance says force_eager": now.eager,
        "it is inside a function that is disabled": here.eager,
        "hooks of all modules are there": hooks.anywhere and hooks.on_every_module(),
    }
    return ", ".join(what for what, is_so in found.items() if is_so)
