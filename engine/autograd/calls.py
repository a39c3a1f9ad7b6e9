"""Calls of ops and of their gradient rules, each written as Python for its own declaration.

`Op.run` serves any op: it goes over the operands in loops and asks what kind of op it is. What is known once an op is
declared (how many operands, what its rules want to have kept) is written out here, as a function of straight lines.
What that function does not meet every day (numbers, other array libraries, dtypes to be promoted) it leaves to
`Op.run`. The text is made of names of the declaration and nothing else.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook import backends, dtypes, events
from gradbook.autograd import grad_mode, versions
from gradbook.autograd.node import Node
from gradbook.autograd.promotion import mismatch
from gradbook.autograd.views import mark_view
from gradbook.tensor import Tensor

if TYPE_CHECKING:
    from gradbook.autograd.op import Op, Rule

__all__ = ["call_of", "rule_call_of"]

KNOWN: dict[str, Any] = {
    "F32": dtypes.F32, "Node": Node, "Tensor": Tensor, "events": events, "versions": versions, "np": np,
    "ndarray": np.ndarray, "as_array": backends.as_array, "is_array": backends.is_array, "mark_view": mark_view,
    "mismatch": mismatch, "new_tensor": object.__new__, "next_seq": versions.sequence.__next__,
    "grad_state": grad_mode.state, "scopes": grad_mode.scopes,
}  # fmt: skip

CALL = """
def call({operands}, **params):
    if events.op or versions.rebased:
        return attended(op, ({operands},), params)
    if {bare}:  # a rule calls it
        return op._cpu(np, {operands}, **params){part}
    try:
{reads}
    except AttributeError:
        return op.run(({operands},), params)
    if {unusual}:
        return op.run(({operands},), params)
    try:
        {results} = op._cpu(np, {arrays}, **params)
    except ValueError as error:
        raise mismatch(op.name, [{arrays}], error) from None
    if type(y) is not ndarray and not is_array(y):
        y = as_array(y, x0)
    out = new_tensor(Tensor)
    out._array = y
    out._grad = out._view = None
    if ({no_edge}) or (scopes and not grad_state.enabled) or y.dtype.kind not in "fcV":
        out._node = None
    else:
        node = Node()
        node.op, node.params, node.edges, node.origin = op, params or None, ({edges},), None
        node.shape, node.dtype = y.shape, y.dtype
        keep = keepers.get({need})
        node.saved = keep({kept}) if keep is not None else keeper({need})({kept})
        node.seq = next_seq()
        out._node = node
{view}    return out
"""
RULE = """
def call(g, node, edges):
    saved = node.saved
    if saved is None:
        raise freed(node)
{nothing}    return rule.fn(g{arguments})
"""


def call_of(op: Op, attended: Callable[..., Any]) -> Callable[..., Any]:
    """`op(*operands, **params)` for an op with a fixed number of operands and one output."""
    names = [name + "_" if keyword.iskeyword(name) else name for name in op.operands]
    arrays, edges = [f"x{i}" for i in range(len(names))], [f"e{i}" for i in range(len(names))]
    extras = [f"extra{i}" for i in range(len(op.extras))]
    kept = [*arrays, "y", *extras]
    keepers: dict[int, Callable[..., Any]] = {}

    def keeper(need: int) -> Callable[..., Any]:
        slots = op.keep(need)
        chosen = [name if i in slots else "None" for i, name in enumerate(kept)] if slots else []
        found = keepers[need] = eval(f"lambda {', '.join(kept)}: ({''.join(name + ', ' for name in chosen)})")
        return found  # type: ignore[no-any-return]

    reads = [f"x0, e0 = {names[0]}._array, {names[0]}._node"]
    bare, unusual = [f"type({names[0]}) is ndarray"], ["type(x0) is not ndarray"]
    for name, x, e in zip(names[1:], arrays[1:], edges[1:], strict=True):
        reads += [
            f"if {name} is None:",
            f"    {x} = {e} = None",
            "else:",
            f"    {x}, {e} = {name}._array, {name}._node",
        ]
        bare.append(f"({name} is None or type({name}) is ndarray)")
        unusual.append(f"({x} is not None and type({x}) is not ndarray)")
    if op.promote and len(names) > 1:
        unusual.append("x0.dtype is not F32")
        unusual += [f"({x} is not None and {x}.dtype is not F32)" for x in arrays[1:]]
    text = CALL.format(
        operands=", ".join(names), reads="\n".join("        " + line for line in reads), unusual=" or ".join(unusual),
        results=", ".join(["y", *extras]), arrays=", ".join(arrays), edges=", ".join(edges),
        bare=" and ".join(bare), part="[0]" if extras else "",
        no_edge=" and ".join(f"{edge} is None" for edge in edges), kept=", ".join(kept),
        need=" + ".join(f"{1 << i} * ({edge} is not None)" for i, edge in enumerate(edges)) if len(edges) > 1 else "1",
        view=f"    mark_view(out, op, {names[0]}, params)\n" if op.view else "",
    )  # fmt: skip
    return _function(text, op.name, op=op, attended=attended, keepers=keepers, keeper=keeper)


def rule_call_of(rule: Rule, operands: int = 0) -> Callable[..., Any]:
    """`call(g, node, edges)`: a rule with what it asks for, in the walk on arrays. operands: how many; 0: any number"""
    from gradbook.autograd.rules import freed

    words: dict[str, Callable[[Any], str]] = {
        "slot": lambda which: f"saved[{which}]",
        "shape": lambda which: "node.shape" if which < 0 else f"node.edges[{which}].shape",
        "param": lambda which: f'(node.params or {{}}).get("{which}")',
        "needs": lambda which: f"({needs})" if needs else "tuple([edge is not None for edge in edges])",
    }
    needs = "".join(f"edges[{i}] is not None, " for i in range(operands))
    nothing = "    saved = saved or nothing\n" if len(rule.targets) > 1 and rule.slots else ""
    text = RULE.format(arguments="".join(", " + words[kind](which) for kind, which in rule.args), nothing=nothing)
    return _function(text, rule.fn.__name__, rule=rule, freed=freed, nothing=(None,) * 16)


def _function(text: str, name: str, **known: Any) -> Callable[..., Any]:
    """The function `call` that a text defines."""
    space = {**KNOWN, **known, "__name__": __name__}
    exec(compile(text, f"{__file__.removesuffix('.py')} {name} op.py", "exec"), space)
    made: Callable[..., Any] = space["call"]
    return made
