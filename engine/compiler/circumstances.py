"""Whether anything around a call changes what ops do or wants to see them: then no plan is run."""

from __future__ import annotations

from gradbook import events
from gradbook.autograd import casting, grad_mode, layers
from gradbook.compiler.stance import here, now
from gradbook.nn import hooks

__all__ = ["plain_state", "what_is_around"]


def plain_state() -> bool:
    """True where nothing changes what ops do: no autocast, vmap, anomaly, inference mode, observer, hook everywhere."""
    return not (
        events.computing
        or casting.scopes
        or layers.anomaly is not None
        or grad_mode.inference_count[0]
        or layers.state.stack
        or now.eager
        or (now.disabled and here.eager)
        or (hooks.anywhere and hooks.on_every_module())
    )


def what_is_around() -> str:
    """What is so where `plain_state` is False, in words."""
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
