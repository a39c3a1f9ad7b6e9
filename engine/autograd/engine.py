"""The backward walk: iterative, in order of creation, freeing what was kept as it goes.

Differs: a parameter on which a second gradient depends only through a mask (the bias before a relu) gets None, where
PyTorch gives zeros.
"""

from __future__ import annotations

import heapq
import operator
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradbook import backends, dtypes, events
from gradbook.autograd import layers, versions
from gradbook.autograd.node import Node, hook_table, leaf_hooks, post_hooks
from gradbook.autograd.op import Op, pick
from gradbook.autograd.rules import apply_rules, array_of, cast, check_saved, freed, run_hooks, sum_to
from gradbook.backends import native
from gradbook.errors import AutogradError, ShapeError
from gradbook.tensor import Tensor, method

__all__ = ["accumulate", "backward", "grad"]

accumulate = Op("accumulate", "leaf", formula=r"\bar\theta \mathrel{+}= \bar y", node_name="AccumulateGrad")
ndarray, getrefcount = np.ndarray, sys.getrefcount
SEVERAL = (tuple, list)
new_tensor, F32 = object.__new__, dtypes.F32
ONE = np.ones((), F32)


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Add to each leaf's `.grad` the gradient of `tensors`, as torch.autograd.backward.

    grad_tensors: one a tensor, of its shape; None for scalars. Raises RuntimeError where a gradient is needed but not
    given, where nothing requires grad, or where the graph was freed by an earlier backward.
    """
    if grad_variables is not None:
        warnings.warn("`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning, stacklevel=2)
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. Please only "
                "use `grad_tensors`."
            )
        grad_tensors = grad_variables
    roots = _sequence(tensors)
    given = _sequence(grad_tensors, len(roots))
    wanted = None if inputs is None else _sequence(list(inputs.values()) if isinstance(inputs, dict) else inputs)
    if wanted is not None and not wanted:
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    if events.backward:
        events.emit(events.backward, "start", roots[0], wanted)
    try:
        starts = [_start(root, g, create_graph) for root, g in zip(roots, given, strict=True)]
        retain = create_graph if retain_graph is None else retain_graph
        captured = layers.walked(walk, starts, retain, create_graph, wanted, wanted is None)
        for tensor, value in zip(wanted or (), captured, strict=True):
            if value is not None:
                _add_grad(tensor, value, create_graph)
    finally:
        if events.backward_end:
            events.emit(events.backward_end, "end", roots[0], wanted)


@method("backward")
def backward_of(
    self: Tensor, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
) -> None:
    """Accumulate the gradient of this tensor into the leaves' `.grad`, as torch.Tensor.backward."""
    if inputs is None and not (create_graph or events.backward_end or versions.rebased):
        node, value = self._node, usual_start(self._array, gradient)
        if node is not None and value is not None:
            if events.backward:
                events.emit(events.backward, "start", self, None)
            try:
                layers.walked(walk, [(node, value)], bool(retain_graph), False, None, True)
            finally:
                if events.backward_end:  # who heard of the start may want all of this pass
                    events.emit(events.backward_end, "end", self, None)
            return
    backward(self, gradient, retain_graph, create_graph, inputs=inputs)


def usual_start(array: Any, gradient: Any) -> Any:
    """The gradient that most passes start with: of float32, in the array's shape; None where more is to be asked."""
    if type(array) is not ndarray or array.dtype is not F32:
        return None
    if gradient is None:
        return ONE.copy() if array.shape == () else None
    if not isinstance(gradient, Tensor):
        return None
    value = gradient._array
    return value if type(value) is ndarray and value.dtype is F32 and value.shape == array.shape else None


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """Gradients of `outputs` with respect to `inputs`, as torch.autograd.grad; leaves' `.grad` stays as it is.

    -> one an input, of its shape; None for an unused one if allow_unused, zeros if materialize_grads. Raises
    RuntimeError for an unused input otherwise, and for one that does not require grad.
    """
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for "
            "other parts of the graph, please use gradbook.autograd.backward.",
            FutureWarning,
            stacklevel=2,
        )
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    options: dict[str, Any] = {
        "create_graph": create_graph,
        "allow_unused": allow_unused,
        "materialize_grads": materialize_grads,
    }
    if isinstance(inputs, dict):
        values = list(inputs.values())
        found = grad(outputs, values, grad_outputs, retain_graph, is_grads_batched=is_grads_batched, **options)
        return dict(zip(inputs, found, strict=True))  # type: ignore[return-value]  # as torch: a dict for a dict
    if is_grads_batched:
        return grads_of_batch(outputs, inputs, grad_outputs, options)
    roots, wanted = _sequence(outputs), _sequence(inputs)
    given = _sequence(grad_outputs, len(roots))
    for tensor in wanted:
        if tensor._node is None:
            raise AutogradError("One of the differentiated Tensors does not require grad")
    starts = [_start(root, g, create_graph) for root, g in zip(roots, given, strict=True)]
    retain = create_graph if retain_graph is None else retain_graph
    if events.backward:
        events.emit(events.backward, "start", roots[0], wanted)
    try:
        captured = layers.walked(walk, starts, retain, create_graph, wanted, False)
    finally:
        if events.backward_end:
            events.emit(events.backward_end, "end", roots[0], wanted)
    return tuple(
        _found(tensor, value, bool(allow_unused), materialize_grads)
        for tensor, value in zip(wanted, captured, strict=True)
    )


def _found(tensor: Tensor, value: Any, allow_unused: bool, materialize: bool) -> Tensor | None:
    """What grad returns for one input. Raises RuntimeError for an unused one, unless that is allowed."""
    if value is not None:
        found: Tensor = value if isinstance(value, Tensor) else Tensor._of(value)
        return found
    if materialize:
        zeros: Tensor = Tensor._of(backends.xp_of(tensor._array).zeros_like(tensor._array))
        return zeros
    if not allow_unused:
        raise AutogradError(
            "One of the differentiated Tensors appears to not have been used in the graph. "
            "Set allow_unused=True if this is the desired behavior."
        )
    return None


def grads_of_batch(outputs: Any, inputs: Any, grad_outputs: Any, options: Any) -> tuple[Tensor | None, ...]:
    """The gradients for each row of `grad_outputs`, all in one pass. Raises RuntimeError for rows of another shape."""
    from gradbook.func.vmap import vmap

    roots = _sequence(outputs)
    given = _sequence(grad_outputs, len(roots))
    for root, g in zip(roots, given, strict=True):
        if isinstance(g, Tensor) and tuple(g.shape[1:]) != tuple(root.shape):
            raise ShapeError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch "
                "dimension. The sizes of the remaining dimensions are expected to match the shape of corresponding "
                f"output, but a mismatch was detected: a grad_output has a shape of {tuple(g.shape)} and its output "
                f"{tuple(root.shape)}."
            )
    places: list[int] = []
    count = 0

    def one(*rows: Any) -> Any:
        nonlocal count
        found = grad(roots, inputs, rows, retain_graph=True, **options)
        places[:], count = [i for i, part in enumerate(found) if part is not None], len(found)
        return tuple(found[i] for i in places)

    parts = vmap(one, in_dims=tuple(None if g is None else 0 for g in given))(*given)
    result: list[Tensor | None] = [None] * count
    for i, part in zip(places, parts, strict=True):
        result[i] = part
    return tuple(result)


def walk(  # noqa: C901 (the hot loop: one function, no calls)
    starts: Any, retain: bool, create_graph: bool, wanted: Any, to_leaves: bool
) -> list[Any]:
    """Run the rules from the starts down, youngest node first. -> the gradients that reached `wanted`, or []."""
    grads: dict[Node, Any] = {}
    owned: set[Node] = set()  # whose gradient is in a buffer of our own: added to in place
    heap: list[tuple[int, Node]] = []
    captures = Captures(starts, wanted) if wanted is not None else None
    following: Node | None = None  # the youngest node known and its gradient `fg`: a chain needs neither heap nor dict
    fg: Any = None
    if len(starts) == 1 and straight(*starts[0]):
        following, fg = starts[0]
    else:
        for node, value in starts:
            deposit(node, value, grads, owned, heap, create_graph)
    heappop, heappush = heapq.heappop, heapq.heappush
    special = create_graph or captures is not None or bool(events.grad or events.rule)
    special = special or layers.anomaly is not None
    if backends.batched is not None:
        special = special or any(backends.is_batched(value) for _, value in starts)
    youngest = versions.last
    while heap or following is not None:
        if following is not None:
            if heap and -heap[0][0] > following.seq:
                grads[following] = fg
                node = heapq.heapreplace(heap, (-following.seq, following))[1]
                g = grads.pop(node)
            else:
                node, g = following, fg
            following = None
        else:
            node = heappop(heap)[1]
            g = grads.pop(node)
        if hook_table and node.seq in hook_table:
            g = run_hooks(node, g)
            youngest = versions.last
        if youngest > node.seq and node.saved:
            check_saved(node)
        op = node.op
        if special or not op.plain or (post_hooks and node.seq in post_hooks):
            general_step(node, g, grads, owned, heap, captures, create_graph)
            special = special or op.opens
        elif op.whole is not None:
            edges = node.edges
            values = op.whole(g, node, edges)
            for edge, value in zip(edges, values if type(values) in SEVERAL else (values,), strict=False):
                if edge is None or value is None:
                    continue
                if edge in grads or value.shape != edge.shape or value.dtype is not edge.dtype:
                    if edge is following:
                        fg = fg + fitted(value, edge)
                    else:
                        deposit(edge, value, grads, owned, heap, False)
                elif not edge.edges:
                    grads[edge] = value
                elif following is None:
                    following, fg = edge, value
                elif edge is following:
                    fg = fg + value
                else:
                    deposit(edge, value, grads, owned, heap, False)
        else:
            edges, saved = node.edges, node.saved
            for target, arity, fn, s0, exact, rule in op.quick:
                edge = edges[target]
                if edge is None:
                    continue
                if arity == 1:
                    if saved is None:
                        raise freed(node)
                    value = fn(g, saved[s0])
                elif arity == 0:
                    value = fn(g)
                else:
                    value = rule.call(g, node, edges)
                if not exact:  # undo broadcasting and promotion, here and in deposit, nowhere else
                    if value.shape != edge.shape:
                        value = sum_to(value, edge.shape)
                    if value.dtype is not edge.dtype:
                        value = cast(value, edge.dtype)
                if edge is following:
                    fg = fg + value
                    continue
                held = grads.get(edge)
                if held is not None:
                    if edge in owned:
                        held += value
                        grads[edge] = held  # a 0-d sum is a scalar, not changed in place
                    else:
                        grads[edge] = held + value
                        owned.add(edge)
                elif not edge.edges:
                    grads[edge] = value
                elif following is None:
                    following, fg = edge, value
                elif edge.seq > following.seq:
                    grads[following] = fg
                    heappush(heap, (-following.seq, following))
                    following, fg = edge, value
                else:
                    grads[edge] = value
                    heappush(heap, (-edge.seq, edge))
        if not retain and node.saved:
            node.saved = None
    value = values = held = fg = g = None  # or the gradients of leaves would not be theirs alone
    if special or not to_leaves or hook_table or leaf_hooks:
        for node in sorted(grads, key=creation, reverse=True):  # what is left are leaves
            finish_leaf(node, grads.pop(node), captures, create_graph, to_leaves)
    else:
        into_leaves(grads)
    return captures.values if captures is not None else []


def straight(node: Node, value: Any) -> bool:
    """Whether the walk can start at a node as it goes on from one."""
    return bool(node.edges) and type(value) is ndarray and value.dtype is node.dtype


creation = operator.attrgetter("seq")


class Captures:
    """The gradients that autograd.grad asks for, and which nodes lie on the way to them."""

    def __init__(self, starts: Sequence[tuple[Node, Any]], wanted: Sequence[Tensor]) -> None:
        self.values: list[Any] = [None] * len(wanted)
        self.places: dict[Node, list[int]] = {}
        for i, tensor in enumerate(wanted):
            if tensor._node is not None:
                self.places.setdefault(tensor._node, []).append(i)
        self.needed = on_the_way([node for node, _ in starts], set(self.places))

    def take(self, node: Node, g: Any) -> None:
        """Keep the gradient of a node that was asked for."""
        for i in self.places.get(node, ()):
            self.values[i] = g if isinstance(g, Tensor) else array_of(g)


def general_step(
    node: Node, g: Any, grads: Any, owned: set[Node], heap: Any, captures: Captures | None, create_graph: bool
) -> None:
    """One node of the walk where somebody listens, gradients are asked for, or the op is no plain one."""
    op, edges = node.op, node.edges
    if events.grad and op is not pick and not isinstance(g, list):
        events.emit(events.grad, node, g._array if isinstance(g, Tensor) else array_of(g))
    if captures is not None:
        captures.take(node, g)
        edges = tuple(edge if edge in captures.needed else None for edge in edges)
        if not any(edge is not None for edge in edges):
            return
    if op is pick:
        deposit_part(node, g, grads, heap)
        return
    look = layers.anomaly
    results = apply_rules(node, g, edges, create_graph) if look is None else look.apply(node, g, edges, create_graph)
    if node.seq in post_hooks:
        results = run_post_hooks(post_hooks[node.seq], results, g)
    if events.rule:
        events.emit(events.rule, node, g, edges, results)
    for edge, value in zip(edges, results, strict=False):
        if edge is not None and value is not None:
            deposit(edge, value, grads, owned, heap, create_graph)


def finish_leaf(node: Node, g: Any, captures: Captures | None, create_graph: bool, to_leaves: bool) -> None:
    """The end of the walk at a leaf: hooks, the listener, `.grad`."""
    if node.seq in hook_table:
        g = run_hooks(node, g)
    if events.grad:
        events.emit(events.grad, node, g._array if isinstance(g, Tensor) else array_of(g))
    if captures is not None:
        captures.take(node, g)
    if to_leaves:
        accumulate_leaf(node, g, create_graph)


# -- starts, leaves, bookkeeping -------------------------------------------------------------------------------


def _start(root: Tensor, given: Any, create_graph: bool) -> tuple[Node, Any]:
    if not isinstance(root, Tensor):
        raise TypeError(f"backward: expected a Tensor, got {type(root).__name__}")
    node = root._node if root.requires_grad else None
    if node is None:
        raise AutogradError(
            "element 0 of tensors does not require grad and does not have a grad_fn; nothing that it was computed from "
            "has requires_grad=True, or it was computed under no_grad or detached"
        )
    array = root._array
    if given is None:
        if array.size != 1:
            raise AutogradError(
                f"grad can be implicitly created only for scalar outputs; this tensor has shape {tuple(array.shape)}: "
                "reduce it first, as in loss.mean().backward(), or pass gradient="
            )
        if array.dtype.kind == "c":
            raise AutogradError("grad can be implicitly created only for real scalar outputs but got complex")
        value: Any = backends.xp_of(array).ones_like(array)
        return node, Tensor._of(value) if create_graph else value
    if isinstance(given, Tensor):
        value = given if create_graph else given._array
    else:
        raise TypeError(f"gradients can be either Tensors or None, but got {type(given).__name__}")
    if backends.is_batched(array) and not isinstance(value, Tensor):
        value = backends.batched.materialize(array, value)
    if tuple(value.shape) != tuple(array.shape):
        raise ShapeError(
            f"Mismatch in shape: grad_output[0] has a shape of {tuple(value.shape)} and output[0] has a shape of "
            f"{tuple(array.shape)}."
        )
    return node, value


def deposit(edge: Node, value: Any, grads: Any, owned: set[Node], heap: Any, create_graph: bool) -> None:
    """Add a gradient to what an edge has received so far, in the edge's shape and dtype."""
    if not edge.op.multi:
        value = fitted(value, edge)
    held = grads.get(edge)
    if held is None:
        grads[edge] = value
        if edge.edges:
            heapq.heappush(heap, (-edge.seq, edge))
    elif edge in owned and not create_graph and type(held) is type(value):
        held += value
        grads[edge] = held
    else:
        grads[edge] = held + value
        owned.add(edge)


def fitted(value: Any, edge: Node) -> Any:
    """A gradient in the shape and dtype of the edge that it goes to."""
    if not isinstance(value, Tensor):
        value = array_of(value)
    if tuple(value.shape) != edge.shape:
        value = sum_to(value, edge.shape)
    if (value._array if isinstance(value, Tensor) else value).dtype is not edge.dtype:
        value = cast(value, edge.dtype)
    return value


def deposit_part(node: Node, g: Any, grads: Any, heap: Any) -> None:
    """A `pick` hands its gradient to its place in the gradients of the op with several outputs."""
    source = node.edges[0]
    if source is None:
        return
    parts = grads.get(source)
    if parts is None:
        parts = grads[source] = [None] * len(source.shape)
        heapq.heappush(heap, (-source.seq, source))
    index = node.params["index"] if node.params else 0
    parts[index] = g if parts[index] is None else parts[index] + g


def into_leaves(grads: dict[Node, Any]) -> None:
    """Add gradients to the `.grad` of leaves, where nobody looks on: the end of most training steps."""
    while grads:
        node, g = grads.popitem()
        tensor = node.tensor()
        if tensor is None:
            continue
        if tensor._grad is not None:
            accumulate_leaf(node, g, False)
            continue
        if type(g) is not ndarray or g.base is not None or getrefcount(g) > 2:
            g = owned_array(g, 2) if backends.is_array(g) else np.asarray(g)
        made = new_tensor(Tensor)
        made._array, made._grad, made._node, made._view = g, None, None, None
        tensor._grad = made


def accumulate_leaf(node: Node, g: Any, create_graph: bool) -> None:
    """Add a gradient to the `.grad` of a leaf, and call its hooks."""
    tensor = node.tensor()
    if tensor is None:
        return
    if create_graph:
        tensor._grad = g if tensor._grad is None else tensor._grad + g
    else:
        held = tensor._grad
        if held is None:
            tensor._grad = Tensor._of(owned_array(g, 3) if backends.is_array(g) else np.asarray(g))
        elif held._node is not None:
            tensor._grad = Tensor._of(held._array + g)
        else:
            held._array += g
            versions.stamp(held._array)
    hooks = tensor.__dict__.get("_post_accumulate_hooks")
    for hook in tuple(hooks.values()) if hooks else ():
        hook(tensor)


def owned_array(g: Any, references: int) -> Any:
    """`g` itself if nobody else can see its memory, else a copy. `references`: how many the caller holds."""
    base = g.base
    alone = getrefcount(g) <= references + 1
    if alone and base is not None:
        alone = type(base) is type(g) and (getrefcount(base) <= 3 or (getrefcount(base) == 4 and listed(base)))
    if alone and (type(g) is not ndarray or g.flags.writeable):
        return g
    return native.copied(g) if type(g) is ndarray else g.copy()


def listed(memory: Any) -> bool:
    """Whether the workspace keeps this memory, to use it again when nobody else refers to it: one reference more."""
    from gradbook.ops import workspace

    return workspace.holds(memory)


def _add_grad(tensor: Tensor, value: Any, create_graph: bool) -> None:
    """backward(inputs=...): add to the `.grad` of any tensor."""
    new = value if isinstance(value, Tensor) else Tensor._of(value.copy())
    if tensor._grad is None:
        tensor._grad = new
    elif create_graph:
        tensor._grad = tensor._grad + new
    else:
        tensor._grad = Tensor._of(tensor._grad._array + new._array)


def run_post_hooks(hooks: Any, results: Any, g: Any) -> Any:
    """Call a node's post hooks, each of which may replace the gradients of the operands. -> those gradients"""

    def shown(value: Any) -> Any:
        return value if value is None or isinstance(value, Tensor) else Tensor._of(array_of(value))

    parts = tuple(shown(part) for part in (g if isinstance(g, list) else [g]))
    for hook in tuple(hooks.values()):
        given = tuple(shown(value) for value in results or ())
        replaced = hook(given, parts)
        if replaced is not None:
            found = replaced if isinstance(replaced, tuple) else (replaced,)
            if len(found) != len(given):
                raise RuntimeError(
                    f"hook '{getattr(hook, '__name__', 'hook')}' has returned an incorrect number of values (got "
                    f"{len(found)}, but expected {len(given)})"
                )
            bare = not isinstance(g, Tensor)
            results = [value._array if bare and isinstance(value, Tensor) else value for value in found]
    return results


def on_the_way(starts: Sequence[Node], targets: set[Node]) -> set[Node]:
    """The nodes from which a target can be reached."""
    seen: set[Node] = set(starts)
    stack, order = list(starts), []
    while stack:
        node = stack.pop()
        order.append(node)
        for edge in node.edges:
            if edge is not None and edge not in seen:
                seen.add(edge)
                stack.append(edge)
    order.sort(key=lambda node: node.seq)
    needed: set[Node] = set()
    for node in order:
        if node in targets or any(edge in needed for edge in node.edges if edge is not None):
            needed.add(node)
    return needed


def _of_edge(edge: Any) -> Tensor:
    """A tensor of no values that stands for a GradientEdge."""
    node = edge.node
    stand_in: Tensor = Tensor._of(np.broadcast_to(np.zeros((), node.dtype), node.shape), node)
    return stand_in


def _sequence(value: Any, length: int | None = None) -> list[Any]:
    if value is None:
        return [None] * (length or 0)
    if isinstance(value, Tensor):
        found = [value]
    else:
        parts = [value] if hasattr(value, "ownership_token") else value
        found = [part if isinstance(part, Tensor) or not hasattr(part, "ownership_token") else _of_edge(part)
                 for part in parts]  # fmt: skip
    if length is not None and len(found) != length:
        raise RuntimeError(f"got {length} tensors and {len(found)} gradients")
    return found
