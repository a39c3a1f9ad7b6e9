"""Inference mode: which tensors were made in it, and what PyTorch refuses to do with them outside.

Nothing is asked of anybody while no such scope is open and no such tensor is alive: both hold `versions.rebased`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from gradbook.autograd import grad_mode, versions
from gradbook.errors import AutogradError
from gradbook.tensor import Tensor

__all__ = ["check_saved_for_backward", "is_marked", "mark", "run"]

count = grad_mode.inference_count
_lock = threading.Lock()


def hold(change: int) -> None:
    """One more or one less reason to ask."""
    with _lock:
        count[0] += change
        versions.rebased += change


class Mark:
    """What an inference tensor carries; it counts itself."""

    __slots__ = ()

    def __init__(self) -> None:
        hold(1)

    def __del__(self) -> None:
        hold(-1)


def mark(tensor: Tensor) -> Tensor:
    """Make a tensor an inference tensor. -> itself"""
    tensor.__dict__.setdefault("_inference", Mark())
    return tensor


def is_marked(tensor: Any) -> bool:
    """True for a tensor made in inference mode."""
    return isinstance(tensor, Tensor) and "_inference" in tensor.__dict__


def run(op: Any, operands: Sequence[Any], params: dict[str, Any]) -> Any:
    """Run an op: inside inference mode its results are marked; outside, no marked tensor may be saved for backward."""
    state = grad_mode.state
    if state.inference:
        enabled, state.enabled = state.enabled, False
        try:
            out = op.run(operands, params)
        finally:
            state.enabled = enabled
    else:
        out = op.run(operands, params)
    for result in out if isinstance(out, tuple) else (out,):
        if not isinstance(result, Tensor):
            continue
        root = result._view[0] if result._view is not None else None
        if is_marked(root) or (state.inference and root is None):
            mark(result)
    if not state.inference:
        check_saved_for_backward(out, operands)
    return out


def check_saved_for_backward(out: Any, operands: Sequence[Any]) -> None:
    """Raise RuntimeError if the node of `out` saved one of the operands that is an inference tensor."""
    node = getattr(out[0] if isinstance(out, tuple) and out else out, "_node", None)
    if node is None or not node.saved:
        return
    kept = {id(value) for value in node.saved}
    if any(is_marked(operand) and id(operand._array) in kept for operand in operands):
        raise AutogradError(
            "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in "
            "computation tracked by autograd. To work around this, make a clone() to get a normal tensor, or use "
            "`gradbook.no_grad()` instead of `gradbook.inference_mode()`."
        )
