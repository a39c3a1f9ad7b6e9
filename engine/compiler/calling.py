"""A call of a plan as one Python function: what is checked, what is got ready, the steps, what is given back.

A small network's step takes a few microseconds, so each look-up counts: the function is text, made for its plan.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gradbook import dtypes
from gradbook.compiler.between import used_up
from gradbook.compiler.breaks import Ended, Late
from gradbook.compiler.wording import Wording
from gradbook.nn import hooks
from gradbook.tensor import Tensor

if TYPE_CHECKING:
    from gradbook.compiler.plan import Plan

__all__ = ["MISSED", "OUT_OF_RANGE", "calling"]

MISSED = object()  # something that the plan takes for granted is not so
OUT_OF_RANGE = object()  # classes or indices that the function itself has to complain about

TEXT = """\
def call(inputs):
{first}
    try:
        fast = {fast}
        if not ((fast or {watched}) and {tests}):
            return MISSED
    except (AttributeError, LookupError, ValueError, TypeError):
        return MISSED
    with lock:
{body}
        return {result}
"""


def calling(
    plan: Plan, wording: Wording, modules: Any, inputs: bool, shape: Any, spent: list[Any]
) -> Callable[[list[Tensor]], Any]:
    """A function of the argument tensors: runs the plan and gives what the call returns, or MISSED or OUT_OF_RANGE.

    wording: the guards. modules: a Snapshot. inputs: True if tensors that are read at the guards' places are inputs,
    too. shape, spent: the result, see `shape_of_result`.
    """
    names = wording.names
    names |= {
        "MISSED": MISSED, "OUT_OF_RANGE": OUT_OF_RANGE, "hooks": hooks, "modules": modules, "dtypes": dtypes,
        "lock": threading.RLock(), "bind": plan.bind, "steps": plan.steps, "changed": plan.written.changed,
        "arrays": plan.arrays, "new": object.__new__, "Tensor": Tensor, "refs": sys.getrefcount, "grads": plan.grads,
        "between": plan.between, "Ended": Ended, "Late": Late,
    }  # fmt: skip
    first = "    inputs = [*inputs]" if inputs else ""
    body = [*plan.wording(wording), *outputs(plan, shape, spent, wording)]
    kind = wording.name(dtypes.get_default_dtype())
    same = ["(hooks.changes == modules.seen or modules.hold())", f"dtypes._default is {kind}", *wording.tests]
    lines = "\n".join(f"        {line}" for line in body)
    watched, fast = " and ".join(wording.watched) or "True", "False"
    look = wording.watch.function() if wording.watch.pairs else None
    if look is not None:
        names |= {"watch": wording.watch, "look": look}  # the memory it looks at stays with it
        fast = "look()"
    text = TEXT.format(
        first=first, fast=fast, watched=watched, tests=" and ".join(same), body=lines, result=result(shape, wording)
    )
    made: Callable[[list[Tensor]], Any] = wording.function(text, "call")
    return made


def outputs(plan: Plan, shape: Any, spent: list[Any], wording: Wording) -> list[str]:
    """Statements that make tensors o0, o1, ... of the plan's outputs: copies, as its memory is used again."""
    lines = []
    for i, (number, node) in enumerate(zip(plan.output_registers, spent, strict=True)):
        history = "None" if node is None else wording.name(used_up(node, plan.arrays[number]))
        lines += [
            f"o{i} = new(Tensor)", f"o{i}._array = arrays[{number}].__copy__()",
            f"o{i}._grad = o{i}._view = None", f"o{i}._node = {history}",
        ]  # fmt: skip
    return lines


def result(shape: Any, wording: Wording) -> str:
    """A result put together again, as an expression."""
    kind = shape[0]
    if kind == "out":
        return f"o{shape[1]}"
    if kind == "item":
        return f"o{shape[1]}.item()"
    if kind == "in":
        return f"inputs[{shape[1]}]"
    if kind == "same":
        return wording.name(shape[1])
    if kind == "slot":
        return f"between.slots[{shape[1]}]"
    if kind is dict:
        pairs = zip(shape[1], shape[2], strict=True)
        return "{" + ", ".join(f"{wording.name(key)}: {result(part, wording)}" for key, part in pairs) + "}"
    parts = "".join(f"{result(part, wording)}, " for part in shape[1])
    if kind is list:
        return f"[{parts}]"
    return f"({parts})" if kind is tuple else f"{wording.name(kind)}({parts})"
