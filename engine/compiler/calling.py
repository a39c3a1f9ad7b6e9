"""A call of a plan as one Python function: what is checked, what is got ready, the steps, what is given back.

A small network's step takes a few microseconds, so each look-up counts: the function is text, made for its plan.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gradbook import dtypes
from gradbook.autograd.node import Node
from gradbook.autograd.op import next_seq, pick_node
from gradbook.compiler.between import used_up
from gradbook.compiler.breaks import Ended, Late
from gradbook.compiler.flight import Flight, Flights, backward_op
from gradbook.compiler.outward import Input, Result
from gradbook.compiler.wording import Wording
from gradbook.nn import hooks
from gradbook.tensor import Tensor

if TYPE_CHECKING:
    from gradbook.compiler.plan import Plan

__all__ = ["MISSED", "OUT_OF_RANGE", "calling"]

MISSED = object()  # something that the plan takes for granted is not so
OUT_OF_RANGE = object()  # classes or indices that the function itself has to complain about

TEXT = """\
def call(inputs, numbers):
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
    plan: Plan, wording: Wording, modules: Any, inputs: bool, shape: Any, spent: list[Any], flights: Flights | None
) -> Callable[..., Any]:
    """A function of the argument tensors: runs the plan and gives what the call returns, or MISSED or OUT_OF_RANGE.

    wording: the guards. modules: a Snapshot. inputs: True if tensors that are read at the guards' places are inputs,
    too. shape, spent: the result, see `shape_of_result`. flights: where its gradients may be asked for afterwards.
    """
    names = wording.names
    names |= {
        "MISSED": MISSED, "OUT_OF_RANGE": OUT_OF_RANGE, "hooks": hooks, "modules": modules, "dtypes": dtypes,
        "lock": threading.RLock(), "bind": plan.bind, "steps": plan.steps,
        "arrays": plan.arrays, "new": object.__new__, "Tensor": Tensor, "refs": sys.getrefcount, "grads": plan.grads,
        "between": plan.between, "Ended": Ended, "Late": Late,
    }  # fmt: skip
    first = "    inputs = [*inputs]" if inputs else ""
    if flights is not None:
        names |= {"lock": flights.lock, "begin": flights.begin, "flights": flights, "Flight": Flight, "Node": Node,
                  "pick_node": pick_node, "next_seq": next_seq}  # fmt: skip
    body = plan.wording(wording, [] if flights is None else ["memory = begin()"])
    body += outputs(plan, shape, spent, wording)
    if flights is not None:
        body += history(flights, plan, wording)
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
    made: Callable[..., Any] = wording.function(text, "call")
    return made


def outputs(plan: Plan, shape: Any, spent: list[Any], wording: Wording) -> list[str]:
    """Statements that make tensors o0, o1, ... of the plan's outputs: copies, as its memory is used again."""
    lines = []
    for i, (number, node) in enumerate(zip(plan.output_registers, spent, strict=True)):
        history = wording.name(used_up(node, plan.arrays[number])) if isinstance(node, Node) else "None"
        lines += [
            f"o{i} = new(Tensor)", f"o{i}._array = arrays[{number}].__copy__()",
            f"o{i}._grad = o{i}._view = None", f"o{i}._node = {history}",
        ]  # fmt: skip
    return lines


def history(flights: Flights, plan: Plan, wording: Wording) -> list[str]:
    """Statements that give results their nodes, through which backward goes to the call's plans for gradients."""
    lines = ["flight = Flight(flights, memory, inputs)"]
    for leg in flights.legs:
        outward = leg.outward
        saved = ["flight", wording.name(leg), *(f"inputs[{i}]._array" for i in outward.read_inputs)]
        saved += [f"o{i}._array" for i, window in enumerate(plan.outputs) if window.block.number in outward.read]
        shapes, kinds = ([getattr(plan.outputs[i], name) for i in outward.numbers] for name in ("shape", "dtype"))
        several = len(shapes) > 1
        lines += [
            "node = new(Node)", f"node.op = {wording.name(backward_op(len(shapes)))}",
            "node.params = node.origin = None",
            f"node.edges = ({''.join(f'{end_of(end, wording)}._node, ' for end in outward.ends)})",
            f"node.saved = ({', '.join(saved)}, *{wording.name(tuple(outward.read_outside))})",
            f"node.shape = {wording.name(tuple(shapes) if several else shapes[0])}",
            f"node.dtype = {wording.name(tuple(kinds) if several else kinds[0])}",
            "node.seq = next_seq()",
        ]  # fmt: skip
        for k, i in enumerate(outward.numbers):
            lines.append(f"o{i}._node = " + (f"pick_node(node, {k}, o{i}._array)" if several else "node"))
    return lines


def end_of(end: Any, wording: Wording) -> str:
    """Where gradients leave the call, as an expression."""
    if isinstance(end, Input):
        return f"inputs[{end}]"
    return f"o{end}" if isinstance(end, Result) else wording.name(end)


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
    if kind == "view":
        wording.names["view_of"] = view_of
        return f"view_of({result(shape[1], wording)}, {shape[2]}, {shape[3]}, {shape[4]})"
    if kind is dict:
        pairs = zip(shape[1], shape[2], strict=True)
        return "{" + ", ".join(f"{wording.name(key)}: {result(part, wording)}" for key, part in pairs) + "}"
    parts = "".join(f"{result(part, wording)}, " for part in shape[1])
    if kind is list:
        return f"[{parts}]"
    return f"({parts})" if kind is tuple else f"{wording.name(kind)}({parts})"


def view_of(tensor: Tensor, lengths: Any, steps: Any, offset: int) -> Tensor:
    """A view without a history that lies `offset` elements behind the first of a tensor."""
    base = tensor.detach()
    made: Tensor = base.as_strided(lengths, steps, base.storage_offset() + offset)
    return made
