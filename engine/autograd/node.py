"""What one call of an op left behind for backward.

Differs: AccumulateGrad and CopySlices carry no torch::autograd::; sort and topk are TakeAlongBackward0, dropout is
NativeDropoutBackward0, einsum is EinsumBackward0, linear is AddmmBackward0, parts of split are PickBackward0.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gradbook.autograd import versions

if TYPE_CHECKING:
    from gradbook.autograd.op import Op
    from gradbook.tensor import Tensor


class RemovableHandle:
    """Takes a hook off again: `remove()`, or use as a context manager (torch.utils.hooks.RemovableHandle)."""

    def __init__(self, hooks: dict[int, Any]) -> None:
        self._hooks = weakref.ref(hooks) if isinstance(hooks, HookDict) else (lambda: hooks)
        self.id = next(versions.sequence)

    def remove(self) -> None:
        """Take the hook off. Doing so twice is harmless."""
        hooks = self._hooks()
        if hooks is not None:
            hooks.pop(self.id, None)

    def __getstate__(self) -> tuple[Any, int]:
        return self._hooks(), self.id

    def __setstate__(self, state: tuple[Any, int]) -> None:
        hooks = HookDict() if state[0] is None else state[0]
        self._hooks, self.id = weakref.ref(hooks) if isinstance(hooks, HookDict) else (lambda: hooks), state[1]

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


class HookDict(dict[int, Any]):
    """Hooks by handle id, in order of registration; can be weakly referenced."""

    __slots__ = ("__weakref__", "last")

    def add(self, hook: Callable[..., Any], *, first: bool = False, last: bool = False) -> RemovableHandle:
        """Register a hook. first: before those that are there; last: after later ones, too. -> what removes it"""
        handle = RemovableHandle(self)
        self[handle.id] = hook
        ends: set[int] = getattr(self, "last", set())
        if last:
            self.last = ends = {*ends, handle.id}
        for key in [k for k in self if k in ends or (first and k != handle.id)]:
            self[key] = self.pop(key)
        return handle


class Node:
    """One call of an op, as grad_fn shows it: op, parameters, ordered edges, what was kept, and where it came from.

    edges: one entry an operand, in order; None where no gradient is wanted. saved: arrays by slot (operands, output,
    extras), None where nothing is kept; None altogether once freed. seq: creation index. where: (code, lasti) of the
    user's line and path: the module's path, only while somebody watches.
    """

    __slots__ = ("__weakref__", "dtype", "edges", "op", "origin", "params", "saved", "seq", "shape")

    op: Op
    params: dict[str, Any] | None
    edges: tuple[Node | None, ...]
    saved: Any
    seq: int
    shape: Any
    dtype: Any
    origin: dict[str, Any] | None  # what is known only while somebody watches, and the user's name for it
    tensor: Any = None  # of a leaf's node: weak reference to the leaf

    @property
    def where(self) -> tuple[Any, int] | None:
        """(code, lasti) of the user's line that made this node, if somebody watched."""
        return self.origin.get("where") if self.origin else None

    @property
    def path(self) -> str | None:
        """Path of the module it was made in, if somebody watched."""
        return self.origin.get("path") if self.origin else None

    @property
    def label(self) -> str | None:
        """The user's name for the value, where it is known."""
        return self.origin.get("label") if self.origin else None

    @label.setter
    def label(self, value: str | None) -> None:
        self.origin = {**(self.origin or {}), "label": value}

    def name(self) -> str:
        """Class name as PyTorch prints it, such as MulBackward0."""
        name, params = self.op.node_name, self.params
        if params and self.op.name == "overwritten":
            return str(params["name"])
        if params and self.op.name in ("sum", "mean") and params.get("dim") is not None:
            return name[:-1] + "1"  # PyTorch's second signature: along axes
        return name

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The nodes that gradients go to next, as torch's: ((node, output index), ...)."""
        return tuple(
            (shown(edge), edge.params["index"] if edge is not None and edge.params and edge.op.name == "pick" else 0)
            for edge in self.edges
        )

    @property
    def variable(self) -> Tensor:
        """The leaf tensor that this node accumulates into. Raises AttributeError for other nodes."""
        if self.tensor is None:
            raise AttributeError(f"'{self.name()}' object has no attribute 'variable'")
        leaf: Tensor = self.tensor()
        return leaf

    @property
    def metadata(self) -> dict[Any, Any]:
        """A dictionary for the user's own notes on this node."""
        notes: dict[Any, Any] = _notes.setdefault(self, {})
        return notes

    def register_prehook(self, hook: Callable[[tuple[Tensor, ...]], Any]) -> RemovableHandle:
        """`hook(grad_outputs)` is called before the rule; a tuple it returns replaces them, as torch's Node."""
        return self.add_hook(lambda grad: _first(hook((grad,))))

    def add_hook(self, hook: Callable[[Tensor], Tensor | None], *, last: bool = False) -> RemovableHandle:
        """`hook(grad)` is called with the gradient of this node's output; what it returns replaces the gradient.

        last: after hooks that are added later, too.
        """
        hooks = hook_table.get(self.seq)
        if hooks is None:
            hooks = hook_table[self.seq] = HookDict()
            weakref.finalize(self, hook_table.pop, self.seq, None)
        return hooks.add(hook, last=last)

    def register_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """`hook(grad_inputs, grad_outputs)` is called after the rule (torch.autograd.graph.Node.register_hook)."""
        hooks = post_hooks.get(self.seq)
        if hooks is None:
            hooks = post_hooks[self.seq] = HookDict()
            weakref.finalize(self, post_hooks.pop, self.seq, None)
        return hooks.add(hook)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class LeafNode(Node):
    """The node that accumulates into a leaf. It holds the leaf weakly: no cycle, nothing kept alive."""

    __slots__ = ("tensor",)


def shown(node: Node | None) -> Node | None:
    """A node as `grad_fn` shows it: of a class with PyTorch's name; of several outputs, the node of them all."""
    if node is None:
        return None
    if node.op.name == "pick":
        return shown(node.edges[0])
    if type(node) is Node or type(node) is LeafNode:
        kind: Any = type(node)
        node.__class__ = named_class(kind, node.name())
    return node


@functools.cache
def named_class(base: Any, name: str) -> Any:
    """The subclass of a node class that bears a name and tells what was saved.

    Only nodes that are shown are of it: a class with __getattr__ loses the fast reads of slots that backward lives on.
    """
    return type(name, (base,), {"__slots__": (), "__doc__": base.__doc__, "__getattr__": _saved})


def _saved(node: Node, name: str) -> Any:
    """`_saved_self`, `_saved_other`, `_saved_result`, …: what was kept for backward, as PyTorch names it."""
    if name.startswith("_saved_"):
        from gradbook.autograd.saved import saved_value

        return saved_value(node, name[len("_saved_") :])
    raise AttributeError(f"'{node.name()}' object has no attribute '{name}'")


hook_table: dict[int, HookDict] = {}  # by creation index: hooks on gradients, of the few nodes that have any
post_hooks: dict[int, HookDict] = {}  # the same: hooks to be called after a node's rule
leaf_hooks: list[bool] = []  # not empty once somebody wanted to be called when a leaf has its gradient
_notes: weakref.WeakKeyDictionary[Node, dict[Any, Any]] = weakref.WeakKeyDictionary()


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) else value
