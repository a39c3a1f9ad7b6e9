"""Where a NaN or an infinity was born: the first operation that made one of finite numbers, and its way to the loss.

Nothing is recorded for it in advance. While a graph is whole, its nodes keep most values for backward; what they do not
keep is computed again from what they do. After backward has freed them, only the graph's shape is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gradbook import backends, events
from gradbook.observe import finite, naming
from gradbook.observe.birth import Birth, held
from gradbook.observe.causes import Cause, explain, explain_gradient, kind_of, makes
from gradbook.observe.details import describe
from gradbook.observe.finite import INF, NAN
from gradbook.observe.graph import Graph, build
from gradbook.observe.raw import from_nodes, key_of, leaves
from gradbook.observe.run import Run
from gradbook.observe.source import user_frame
from gradbook.observe.trail import FREED, Trail, is_freed, kept_result, saved_of, way_between
from gradbook.tensor import Tensor

__all__ = ["birth_of", "first_bad", "gradient_birth", "gradient_birth_of", "gradient_cause", "why_nan"]

AGAIN = "set %breakpoint nan and run it again: that stops where it is born"
LOOK = "look at how it is made: isfinite(x).all() right after it was read, and nan_to_num or a mask where it is not"


def why_nan(what: Any = None, names: Mapping[str, Any] | None = None) -> Birth | None:
    """Where the NaN or infinity in a tensor was born; of a Run, in its loss; without an argument, in the last run.

    A finite tensor is asked for its gradients: backward is tried without touching any `.grad`. `names` holds the
    variables whose names to use; by default those in sight. Of a loss whose graph backward has freed, its run is asked.
    -> None where all is finite. Raises TypeError for anything else, RuntimeError where it cannot be known any longer.
    """
    from gradbook.observe.run import runs

    if what is None:
        what = next((run for run in reversed(runs()) if run.birth is not None), None)
    if what is None:
        return None
    if isinstance(what, Run):
        birth: Birth | None = what.birth
        return birth
    if not hasattr(what, "_node"):
        raise TypeError(f"why_nan: expected a Tensor or a Run, got {type(what).__name__}")
    seen = naming.visible(user_frame()) if names is None else names
    known = naming.Names([seen])
    try:
        if not finite.is_finite(what._array):
            return birth_of(what, known, seen)
        return gradient_birth_of(what, known)
    except RuntimeError:
        told = (run.birth for run in reversed(runs()) if run.main is not None and run.main.name == known.of(what))
        last: Birth | None = next(told, None)
        if last is None:
            raise
        return last


# -- forward -----------------------------------------------------------------------------------------------------------


def birth_of(root: Any, names: naming.Names, seen: Mapping[str, Any] | None = None) -> Birth | None:
    """Where the numbers in `root` that are not finite come from; None if there are none.

    `seen` holds the variables in sight: an operand without a gradient may be one of them. Raises RuntimeError for a
    graph whose values were freed.
    """
    if finite.is_finite(root._array):
        return None
    if root._node is None or root._node.tensor is not None:
        return _of_value(root, names)
    walk = Trail(root)
    found = walk.find()
    if found is None:
        return None
    node, operand, certain = found
    raw = from_nodes([root])
    index = {entry.key: i for i, entry in enumerate(raw)}
    graph = build(raw, names)
    path = tuple(dict.fromkeys(index[key_of(one)] for one in walk.way(node)))
    details = {index[key_of(one)]: describe(walk.values[one], 0)
               for one in (node, *node.edges) if one is not None and one in walk.values}  # fmt: skip
    if operand is not None:
        source = index.get(("a", id(operand)), index[key_of(node)])
        birth = _brought(operand, graph, source, tuple(dict.fromkeys((source, *path))))
        return replace(birth, details={**details, source: describe(operand, 0)})
    if node.tensor is not None:
        return replace(_brought(node.tensor()._array, graph, path[0], path), details=details)
    if node not in walk.values:
        kind = kind_of(finite.state(root._array))
        what = f"{node.op.name}, or an operation after it, gives {kind}"
        cause = Cause(kind, 0, 0, (), what, "what they gave was not kept", AGAIN)
    else:
        cause = explain(node.op, walk.operands(node), walk.values[node])
        if walk.unseen(node):
            cause, certain = _unseen(cause, node, seen or {}), False
    return Birth("forward", node.op.name, graph.nodes[path[0]].name, cause, graph, path[0], path, certain, details)


# -- tensors that bring it in ------------------------------------------------------------------------------------------


def _of_value(tensor: Any, names: naming.Names) -> Birth:
    graph = build(from_nodes([tensor]), names)
    birth = _brought(tensor._array, graph, len(graph.nodes) - 1, (len(graph.nodes) - 1,))
    if tensor._node is not None:
        return birth
    why = "it has no history: nothing of what made it wanted a gradient, or it was detached"
    return replace(birth, cause=replace(birth.cause, why=why, fix=AGAIN))


def _brought(array: Any, graph: Graph, node: int, path: tuple[int, ...]) -> Birth:
    """A tensor that no operation of this graph made held it already."""
    title = graph.nodes[node].name or f"a tensor of shape {tuple(array.shape)}"
    learned = graph.nodes[node].kind == "parameter"
    why = "it was there before this step" if learned else "it came with the data"
    fix = AGAIN if learned else LOOK
    return Birth("value", "", title, held(array, title, why, fix), graph, node, path)


def _unseen(cause: Cause, node: Any, seen: Mapping[str, Any]) -> Cause:
    """An operand that backward does not need was not kept: it may have brought it in. Look among the variables."""
    for name, value in seen.items():
        if name.startswith("_") or not hasattr(value, "_node") or not hasattr(value, "_array"):
            continue
        if value._node is None and not finite.is_finite(value._array) and _enters(value._array.shape, node.shape):
            return held(value._array, name, f"{node.op.name} takes it in", LOOK)
    unkept = "an operand that backward does not need was not kept, and may have brought it in"
    return replace(cause, why=f"{cause.why}; or {unkept}" if makes(node.op.name, NAN | INF) and cause.why else unkept)


def _enters(shape: Any, into: Any) -> bool:
    try:
        return np.broadcast_shapes(tuple(shape), tuple(into)) == tuple(into)
    except ValueError:
        return False


# -- backward ----------------------------------------------------------------------------------------------------------


class _Rules:
    """Listens to one backward pass for the first rule that makes of finite gradients one that is not."""

    def __init__(self) -> None:
        self.found: tuple[Any, Cause] | None = None

    def on_rule(self, node: Any, grad: Any, edges: Sequence[Any], results: Sequence[Any]) -> None:
        if self.found is None:
            bad, state = first_bad(grad, edges, results)
            if state:
                self.found = (node, gradient_cause(node, grad, bad))


def first_bad(grad: Any, edges: Sequence[Any], results: Sequence[Any]) -> tuple[Any, int]:
    """The first gradient that holds what the one it was made of does not -> (its array, NAN and INF added up).

    (None, 0) if there is none.
    """
    for edge, result in zip(edges, results, strict=False):
        array = getattr(result, "_array", result)
        if edge is None or array is None or finite.is_finite(array):
            continue
        new = finite.state(array)
        for part in grad if isinstance(grad, list) else [grad]:
            new &= ~finite.state(getattr(part, "_array", part))
        if new:
            return array, new
    return None, finite.FINITE


def saved_operands(node: Any) -> list[Any]:
    """The operands of a node's forward, as arrays, None where none was kept."""
    saved = saved_of(node)
    found = []
    for slot, edge in enumerate(node.edges):
        value = saved[slot] if slot < len(saved) else None
        tensor = edge.tensor() if value is None and edge is not None and edge.tensor is not None else None
        found.append(tensor._array if tensor is not None else value if backends.is_array(value) else None)
    return found


def gradient_cause(node: Any, grad: Any, bad: Any) -> Cause:
    """Why a node's rule made the gradient `bad` of `grad`; asked while what it kept is there."""
    return explain_gradient(node.op, saved_operands(node), kept_result(node), getattr(grad, "_array", grad), bad)


def gradient_birth_of(root: Any, names: naming.Names) -> Birth | None:
    """Where a backward pass from a finite `root` makes a gradient that is not finite; None if it makes none.

    Raises RuntimeError for a graph whose values were freed.
    """
    from gradbook.autograd import engine

    targets = [leaf for leaf in leaves(root) if leaf._node is not None]
    if root._node is None or root._node.tensor is not None or not targets:
        return None
    given = backends.xp_of(root._array).ones_like(root._array)
    if is_freed(root._node):
        raise RuntimeError(f"why_nan: {FREED}")
    with events.observing(_Rules()) as rules, np.errstate(all="ignore"):
        engine.grad([root], targets, [Tensor._of(given)], retain_graph=True, allow_unused=True)
    if rules.found is None:
        return None
    node, cause = rules.found
    return gradient_birth(node, cause, root, names)


def gradient_birth(node: Any, cause: Cause, root: Any, names: naming.Names) -> Birth:
    """A Birth in the backward pass from `root`, at this node."""
    raw = from_nodes([root])
    index = {entry.key: i for i, entry in enumerate(raw)}
    graph = build(raw, names)
    every, stack = {root._node}, [root._node]
    while stack:
        for edge in stack.pop().edges:
            if edge is not None and edge not in every:
                every.add(edge)
                stack.append(edge)
    path = tuple(dict.fromkeys(index[key_of(one)] for one in way_between(node, root._node, every)))
    return Birth("backward", node.op.name, graph.nodes[path[0]].name, cause, graph, path[0], path)
