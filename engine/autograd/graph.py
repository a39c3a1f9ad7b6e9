"""Looking into and reaching into the graph, as torch.autograd.graph."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from gradbook.autograd import layers, versions
from gradbook.autograd.node import Node, RemovableHandle
from gradbook.autograd.saving import SavingLayer
from gradbook.tensor import Tensor

__all__ = [
    "GradientEdge",
    "Node",
    "allow_mutation_on_saved_tensors",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]


class _Refused(threading.local):
    words: tuple[str, ...] = ()  # why hooks are disabled on this thread, innermost last


_refused = _Refused()


class GradientEdge(NamedTuple):
    """A place in the graph where a gradient arrives: a node, and which of its outputs (torch.autograd.graph's)."""

    node: Node
    output_nr: int
    ownership_token: Node | None = None


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """Where the gradient of a tensor arrives; stands for the tensor in autograd.grad and backward.

    Raises RuntimeError for a tensor that does not require grad.
    """
    if not tensor.requires_grad or tensor._node is None:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients.")
    return GradientEdge(tensor._node, 0, tensor._node)


def increment_version(tensor: Tensor | Sequence[Tensor]) -> None:
    """Note that tensors were changed in place where autograd could not see it (torch.autograd.graph's function)."""
    for one in (tensor,) if isinstance(tensor, Tensor) else tensor:
        versions.stamp(one._array)


class saved_tensors_hooks(contextlib.AbstractContextManager[None]):
    """Inside, what is kept for backward goes through pack_hook, and comes back through unpack_hook.

    pack_hook(tensor) -> anything; unpack_hook(that) -> a tensor of the same values. Raises RuntimeError where hooks are
    disabled.
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self) -> None:
        if _refused.words:
            raise RuntimeError(_refused.words[-1])
        self._scope = layers.pushed(SavingLayer(self.pack_hook, self.unpack_hook))
        self._scope.__enter__()

    def __exit__(self, *exc: object) -> None:
        self._scope.__exit__(None, None, None)


class save_on_cpu(saved_tensors_hooks):
    """Inside, what is kept for backward is kept in the computer's memory, and moved back for backward."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        def pack(tensor: Tensor) -> tuple[Any, Tensor]:
            return tensor.device, tensor.cpu()

        def unpack(packed: tuple[Any, Tensor]) -> Tensor:
            back: Tensor = packed[1].to(packed[0])
            return back

        super().__init__(pack, unpack)


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Inside, saved_tensors_hooks raises RuntimeError with this message."""
    before = _refused.words
    _refused.words = (*before, error_message)
    try:
        yield
    finally:
        _refused.words = before


@contextlib.contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[None]:
    """Inside, tensors kept for backward may be changed in place: backward sees them as they were.

    Differs: what is kept is copied at once, where PyTorch copies when it is changed.
    """
    with saved_tensors_hooks(lambda tensor: tensor.clone(), lambda tensor: tensor):
        yield


def register_multi_grad_hook(
    tensors: Sequence[Tensor], fn: Callable[..., None], *, mode: str = "all"
) -> RemovableHandle:
    """Let `fn` be called once a backward, as torch.autograd.graph.register_multi_grad_hook. -> a handle with remove().

    mode "all": with the gradients of all tensors, when the last is known, None for those that got none; "any": with the
    first that is known. Raises ValueError for another mode, RuntimeError for a tensor that does not require grad.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    for tensor in tensors:
        if not tensor.requires_grad:
            raise RuntimeError("Expected all tensors to require gradients")
    watch = MultiGradHook(list(tensors), fn, mode)
    return watch


class MultiGradHook(RemovableHandle):
    """Hooks on several tensors that act as one."""

    def __init__(self, tensors: list[Tensor], fn: Callable[..., None], mode: str) -> None:
        self.fn, self.mode = fn, mode
        self.nodes = [tensor._node for tensor in tensors]
        self.run: Any = None  # the backward pass that is on
        self.grads: list[Tensor | None] = []
        self.handles = [tensor.register_hook(self._hook(i)) for i, tensor in enumerate(tensors)]

    def _hook(self, index: int) -> Callable[[Tensor], None]:
        def seen(grad: Tensor) -> None:
            current = layers.state.walk
            if current is not self.run:
                self.run, self.grads = current, [None] * len(self.nodes)
                self.left = self._expected(current)
                if self.mode == "any":
                    self.fn(grad)
            if self.mode == "any":
                return
            self.grads[index] = grad
            self.left -= 1
            if not self.left:
                self.fn(self.grads)

        return seen

    def _expected(self, walk: Any) -> int:
        """How many of the tensors this pass will reach."""
        from gradbook.autograd.engine import on_the_way

        starts = [node for node, _ in walk[0]] if walk else []
        reached = on_the_way(starts, {node for node in self.nodes if node is not None})
        return sum(1 for node in self.nodes if node in reached)

    def remove(self) -> None:
        """Take the hooks off."""
        for handle in self.handles:
            handle.remove()
