"""autograd.Function: an op whose forward and backward the user writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook.autograd import grad_mode, versions
from gradbook.autograd.node import Node
from gradbook.autograd.op import Op, is_differentiable, pick_node
from gradbook.autograd.rules import freed
from gradbook.errors import InplaceError
from gradbook.tensor import Tensor

__all__ = ["Function", "FunctionCtx", "once_differentiable"]


class FunctionCtx:
    """What forward leaves for backward, as torch.autograd.function.FunctionCtx; any attribute may be set on it."""

    needs_input_grad: tuple[bool, ...] = ()
    materialize_grads = True

    def __init__(self) -> None:
        self._to_save: tuple[Any, ...] = ()
        self._non_differentiable: tuple[Tensor, ...] = ()
        self._dirty: tuple[Tensor, ...] = ()
        self._saved_seq = 0
        self._freed: Node | None = None

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors until backward; read them there as ctx.saved_tensors."""
        self._to_save = tensors
        self._saved_seq = next(versions.sequence)

    save_for_forward = save_for_backward

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What save_for_backward kept. Raises RuntimeError after it was freed or changed in place."""
        if self._freed is not None:
            raise freed(self._freed)
        for tensor in self._to_save:
            if isinstance(tensor, Tensor) and versions.changed_at(tensor._array) > self._saved_seq:
                raise InplaceError(
                    "one of the variables needed for gradient computation has been modified by an inplace operation: "
                    f"a tensor of shape {tuple(tensor.shape)} saved with save_for_backward"
                )
        return self._to_save

    saved_variables = saved_tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs have no gradient."""
        self._non_differentiable = tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs forward changed in place."""
        self._dirty = tensors
        for tensor in tensors:
            versions.stamp(tensor._array)

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (True) or None for an output that no gradient reached."""
        self.materialize_grads = value


class FunctionOp(Op):
    """The op behind one Function class."""

    custom = True

    def __init__(self, cls: type[Function]) -> None:
        super().__init__(cls.__name__, "", variadic=True, node_name=f"{cls.__name__}Backward")
        self.cls = cls

    def keep(self, need: int) -> tuple[int, ...]:
        """The context keeps; the node does not."""
        return ()

    def backward_node(self, node: Node, g: Any, create_graph: bool) -> list[Any]:
        """Call the user's backward. -> one gradient an operand, arrays unless create_graph."""
        ctx = node.saved[0]
        multi = isinstance(g, list)
        grads = [self._materialize(part, node, i, ctx) for i, part in enumerate(g if multi else [g])]
        with grad_mode.set_grad_enabled(create_graph):
            results = self.cls.backward(ctx, *grads)
        results = results if isinstance(results, tuple) else (results,)
        if len(results) < len(node.edges):
            raise RuntimeError(
                f"function {self.name}Backward returned an incorrect number of gradients (expected {len(node.edges)}, "
                f"got {len(results)})"
            )
        return [r._array if isinstance(r, Tensor) and not create_graph else r for r in results[: len(node.edges)]]

    def _materialize(self, part: Any, node: Node, index: int, ctx: FunctionCtx) -> Any:
        if part is None:
            if not ctx.materialize_grads:
                return None
            import gradbook
            from gradbook import dtypes

            return gradbook.zeros(node.shape[index], dtype=dtypes.of_np(node.dtype[index]))
        return part if isinstance(part, Tensor) else Tensor._of(part)


_ops: dict[type, FunctionOp] = {}


class Function:
    """Base of custom ops, as torch.autograd.Function: static `forward(ctx, ...)` and `backward(ctx, *grads)`.

    Or `forward(...)` without ctx beside `setup_context(ctx, inputs, output)`. Use as `MyFunction.apply(x, y)`.
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; to be written by the subclass."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Save what backward needs, where forward takes no ctx."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Compute one gradient an input of forward (None for what has none); to be written by the subclass."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function."
        )

    vjp = backward

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward and record it."""
        ctx = FunctionCtx()
        tensors = [a for a in args if isinstance(a, Tensor)]
        ctx.needs_input_grad = tuple(isinstance(a, Tensor) and a._node is not None for a in args)
        recorded = grad_mode.state.enabled and any(t._node is not None for t in tensors)
        with grad_mode.no_grad():
            if cls.setup_context is Function.setup_context:
                result = cls.forward(ctx, *args, **kwargs)
            else:
                result = cls.forward(*args, **kwargs)
                cls.setup_context(ctx, args, result)
        return cls._record(ctx, args, result) if recorded else result

    @classmethod
    def _record(cls, ctx: FunctionCtx, args: tuple[Any, ...], result: Any) -> Any:
        op = _ops.get(cls)
        if op is None:
            op = _ops[cls] = FunctionOp(cls)
        results = result if isinstance(result, tuple) else (result,)
        node = Node()
        node.op, node.params, node.origin = op, None, None
        node.edges = tuple(a._node if isinstance(a, Tensor) else None for a in args)
        node.saved, node.seq = (ctx,), next(versions.sequence)
        live = [
            isinstance(r, Tensor) and is_differentiable(r._array) and not any(r is n for n in ctx._non_differentiable)
            for r in results
        ]
        if isinstance(result, tuple):
            node.shape = tuple(r._array.shape if isinstance(r, Tensor) else () for r in results)
            node.dtype = tuple(r._array.dtype if isinstance(r, Tensor) else None for r in results)
            nodes = [
                pick_node(node, i, r._array) if on else None
                for i, (r, on) in enumerate(zip(results, live, strict=True))
            ]
        else:
            node.shape, node.dtype = results[0]._array.shape, results[0]._array.dtype
            nodes = [node if live[0] else None]
        outs = tuple(cls._output(r, n, args, ctx) for r, n in zip(results, nodes, strict=True))
        return outs if isinstance(result, tuple) else outs[0]

    @staticmethod
    def _output(result: Any, node: Node | None, args: tuple[Any, ...], ctx: FunctionCtx) -> Any:
        if not isinstance(result, Tensor) or node is None:
            return result
        if any(result is a for a in args) and not any(result is d for d in ctx._dirty):
            result = Tensor._of(result._array)  # an input handed through is a new tensor with a new history
        result._node = node
        return result


def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator for a backward that cannot itself be differentiated (torch.autograd.function.once_differentiable)."""

    def inside(ctx: Any, *grads: Any) -> Any:
        with grad_mode.no_grad():
            results = fn(ctx, *grads)
        if grad_mode.state.enabled:
            return _refuse(results)
        return results

    return inside


def _refuse(results: Any) -> Any:
    several = isinstance(results, tuple)
    refused = tuple(
        _Refuse.apply(r.detach().requires_grad_()) if isinstance(r, Tensor) else r
        for r in (results if several else (results,))
    )
    return refused if several else refused[0]


class _Refuse(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.detach()

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")
