"""What can be said when the loss of a training stops being finite: where it was born, or which update wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from gradbook.observe.birth import Birth
from gradbook.observe.causes import SINGULAR, SMALLER
from gradbook.observe.naming import Names
from gradbook.observe.provenance import AGAIN, birth_of
from gradbook.observe.run import Run
from gradbook.observe.series import Series

__all__ = ["birth_in_run"]

GROWTH = 100.0  # a loss that grows so many times in its last steps diverges


def birth_in_run(root: Any, run: Run, names: Names, seen: Mapping[str, Any]) -> Birth | None:
    """Where the loss of a run stopped being finite, told when its first bad value is there, before backward."""
    birth = birth_of(root, names, seen)
    if birth is None:
        return None
    if run.graph is not None:
        birth = birth.borrow(run.graph)
    if (
        birth.phase != "value"
        or birth.graph.nodes[birth.node].kind != "parameter"
        or run.main is None
        or len(run.main) < 2
    ):
        return birth
    happened = f"{birth.cause.happened}, written by the update of step {run.step:,} or one before"
    why, fix = _suspects(birth, run.main)
    return replace(birth, cause=replace(birth.cause, happened=happened, why=why, fix=fix), certain=False)


def _suspects(birth: Birth, loss: Series) -> tuple[str, str]:
    """Why an update may have written it: the loss ran away, or an operation has a derivative that is not finite."""
    values = loss.values
    recent = values[np.isfinite(values)][-20:]
    if len(recent) > 1 and recent[-1] > GROWTH * recent.min():
        return f"before that the loss grew from {recent.min():.3g} to {recent[-1]:.3g}", SMALLER
    found = [node for node in birth.graph.nodes if node.kind == "op" and node.op in SINGULAR]
    if not found:
        return "the backward pass of that step was not recorded", AGAIN
    names = dict.fromkeys(n.op + (f" (line {n.line})" if n.line is not None else "") for n in found)
    likely = ", ".join(list(names)[:3])
    return f"its gradient was not recorded; a derivative that can be infinite has {likely}", AGAIN
