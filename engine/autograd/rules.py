"""One node of the backward walk: its rules applied, its gradients fitted to the operands, what may be wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradbook import backends, dtypes
from gradbook.autograd import layers, versions
from gradbook.autograd.node import Node, hook_table
from gradbook.autograd.op import NEEDS, PARAM, SHAPE, SLOT, Elementwise, Rule
from gradbook.backends import native
from gradbook.errors import AutogradError, Card, InplaceError
from gradbook.tensor import Tensor

ndarray = np.ndarray
alias = Elementwise("alias", lambda x: x, "x", formula="y = x", grads={"x": r"\bar y"}, node_name="AliasBackward0")
alias.grad("x")(lambda grad: grad)


def apply_rules(node: Node, g: Any, edges: Sequence[Node | None], create_graph: bool) -> Sequence[Any]:
    """The gradients of a node's operands, by its joint rule, its composite definition or its rules."""
    op = node.op
    if node.saved is None:
        raise freed(node)
    if op.custom:
        return op.backward_node(node, g, create_graph)  # type: ignore[attr-defined, no-any-return]
    if create_graph and op.composite is not None:
        return _through_composite(node, g, edges)
    if op.joint is not None:
        values = apply_rule(op.joint, g, arguments(op.joint, node, edges, create_graph))
        return values if isinstance(values, (tuple, list)) else (values,)
    results: list[Any] = [None] * len(edges)
    for rule in op.rules:
        if edges[rule.target] is not None:
            results[rule.target] = apply_rule(rule, g, arguments(rule, node, edges, create_graph))
    return results


def apply_rule(rule: Rule, g: Any, values: list[Any]) -> Any:
    """A rule's value; under vmap, of one sample after the other if it cannot be had of all at once."""
    if backends.batched is None:
        return rule.fn(g, *values)
    try:
        return rule.fn(g, *values)
    except Exception:
        parts = g if isinstance(g, list) else [g]
        if isinstance(next((p for p in parts if p is not None), None), Tensor) or not layers.batched_among(
            (*parts, *values), {}
        ):
            raise
        return layers.looped_rule(rule.fn, g, values)


def arguments(rule: Rule, node: Node, edges: Sequence[Node | None], create_graph: bool = False) -> list[Any]:
    """What a rule asks for: saved values (Tensors under create_graph), shapes, parameters."""
    saved, values = node.saved, []
    for kind, which in rule.args:
        if kind == SLOT:
            if saved is None:
                raise freed(node)
            value = saved[which]
            if create_graph and backends.is_array(value):
                count = len(node.edges)
                own = node if which == count and not node.op.multi else None
                origin = node.edges[which] if which < count else own
                value = Tensor._of(value, origin)
            values.append(value)
        elif kind == SHAPE:
            values.append(node.shape if which < 0 else node.edges[which].shape)
        elif kind == PARAM:
            values.append((node.params or {}).get(which))
        elif kind == NEEDS:
            values.append(tuple(edge is not None for edge in edges))
    return values


def _through_composite(node: Node, g: Any, edges: Sequence[Node | None]) -> list[Any]:
    operands = [
        alias(Tensor._of(array, node.edges[i]))
        if backends.is_array(array)
        else array  # an alias each: x may come twice
        for i, array in enumerate(node.saved[: len(node.edges)])
    ]
    out = node.op.composite(*operands, **(node.params or {}))  # type: ignore[misc]
    asked = [i for i, edge in enumerate(edges) if edge is not None]
    from gradbook.autograd.engine import grad

    found = grad(out, [operands[i] for i in asked], g, create_graph=True, allow_unused=True)
    results: list[Any] = [None] * len(edges)
    for i, value in zip(asked, found, strict=True):
        results[i] = value
    return results


def sum_to(value: Any, shape: tuple[int, ...]) -> Any:
    """Sum the axes along which an operand of `shape` was broadcast. (array or Tensor) -> the same, of `shape`."""
    lead = value.ndim - len(shape)
    if lead < 0:  # a leaf that was given more axes in place since
        return value.reshape(shape)
    axes = tuple(range(lead)) + tuple(
        i + lead for i, size in enumerate(shape) if size == 1 and value.shape[i + lead] != 1
    )
    if isinstance(value, Tensor):
        if axes:
            value = value.sum(dim=axes, keepdim=True)
        if value.shape != shape:
            value = value.reshape(shape) if value.numel() == _size(shape) else value.expand(shape)
        return value
    if axes and value.dtype.itemsize == 2:  # 16-bit floats are added in single, or the sum would stop growing
        value = value.astype("float32").sum(axis=axes, keepdims=True).astype(value.dtype)
    elif axes:
        value = native.summed(value, axes)
    if value.shape != shape:
        xp = backends.xp_of(value)
        value = value.reshape(shape) if value.size == _size(shape) else xp.broadcast_to(value, shape).copy()
    return value


def cast(value: Any, array_dtype: Any) -> Any:
    """A gradient in the dtype of the operand it belongs to."""
    if isinstance(value, Tensor):
        return value.to(dtypes.of_np(array_dtype))
    if type(value) is not ndarray and not backends.is_array(value):
        value = np.asarray(value)
    if value.dtype == array_dtype:
        return value
    if value.dtype.kind == "c" and array_dtype.kind != "c":
        value = value.real
    return value.astype(array_dtype)


def run_hooks(node: Node, g: Any) -> Any:
    """Call a node's tensor hooks in order; each may replace the gradient."""
    bare = not isinstance(g, Tensor)
    if isinstance(g, list):
        return g
    for hook in tuple(hook_table[node.seq].values()):
        tensor = Tensor._of(array_of(g)) if bare else g
        replaced = hook(tensor)
        if replaced is not None:
            if not isinstance(replaced, Tensor):
                raise TypeError(f"hook of {node.name()} returned {type(replaced).__name__}; return a Tensor or None")
            if replaced._array.shape != tensor._array.shape:
                name = getattr(hook, "__name__", "hook")
                raise RuntimeError(
                    f"hook '{name}' has changed the size of value: {node.name()} has a gradient of shape "
                    f"{list(tensor._array.shape)}, the hook returned {list(replaced._array.shape)}"
                )
            g = replaced._array if bare else replaced
    return g


def array_of(g: Any) -> Any:
    """A gradient as an array: NumPy's arithmetic on 0-d arrays gives scalars."""
    return g if backends.is_array(g) else np.asarray(g)


def freed(node: Node) -> AutogradError:
    """The error for walking a graph twice, naming the op and its line if that is known."""
    text = (
        "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
        "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
        "Specify retain_graph=True if you need to backward through the graph a second time or if you need to access "
        f"saved tensors after calling backward. (first freed value: {node.name()}{place(node)})"
    )
    return AutogradError(text, card=card_of(node, text))


def card_of(node: Node, text: str) -> Card:
    """The facts of an error that a node of the graph tells of."""
    return Card(op=node.op.name, module_path=node.path or "", location=location(node), explanation=text)


def location(node: Node) -> tuple[str, int] | None:
    """(file, line) of the call that made a node, if somebody watched."""
    if node.where is None:
        return None
    code, lasti = node.where
    for start, stop, line in code.co_lines():
        if start <= lasti < stop and line:
            return code.co_filename, line
    return code.co_filename, code.co_firstlineno


def place(node: Node) -> str:
    """`, forward at file:line`, or nothing."""
    found = location(node)
    return f", forward at {found[0]}:{found[1]}" if found else ""


def check_saved(node: Node) -> None:
    """Raise InplaceError if memory that a node saved was changed after the node was made."""
    for slot, array in enumerate(node.saved):
        if backends.is_array(array) and versions.changed_at(array) > node.seq:
            slots = (*node.op.operands, "out", *node.op.extras)
            what = slots[slot] if slot < len(slots) else f"value {slot}"
            kind = dtypes.of_array(array)
            text = (
                "one of the variables needed for gradient computation has been modified by an inplace operation: "
                f"[{kind!r} {list(array.shape)}], which {node.name()} saved as `{what}`{place(node)}, was changed "
                f"{versions.count(array)} time(s), the last time after it was saved. Use an out-of-place op there "
                "(x = x + 1 instead of x += 1), or clone() before changing it."
            )
            raise InplaceError(text, card=card_of(node, text))


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size
