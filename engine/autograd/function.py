"""autograd.Function: an op whose forward and backward the user writes."""

from __future__ import annotations

import functools
import math
import weakref
from collections.abc import Callable
from typing import Any, NoReturn

from gradbook import events
from gradbook.autograd import grad_mode, layers, versions
from gradbook.autograd.inplace import check_leaf, rebase
from gradbook.autograd.node import Node
from gradbook.autograd.op import Op, is_differentiable, pick_node
from gradbook.autograd.rules import freed
from gradbook.autograd.saving import Packed, current_hooks
from gradbook.errors import AutogradError, InplaceError, ShapeError
from gradbook.tensor import Tensor

__all__ = ["Function", "FunctionCtx", "InplaceFunction", "NestedIOFunction", "once_differentiable"]


class FunctionCtx:
    """What forward leaves for backward, as torch.autograd.function.FunctionCtx; any attribute may be set on it."""

    needs_input_grad: tuple[bool, ...] = ()
    materialize_grads = True

    def __init__(self) -> None:
        self._to_save: tuple[Any, ...] = ()
        self._for_forward: tuple[Any, ...] = ()
        self._non_differentiable: tuple[Tensor, ...] = ()
        self._dirty: tuple[Tensor, ...] = ()
        self._saved_seq = 0
        self._freed: Node | None = None

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors until backward; read them there as ctx.saved_tensors. Raises TypeError for anything else."""
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, Tensor):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument is of type {type(tensor).__name__}"
                )
        self._to_save = tensors
        self._saved_seq = next(versions.sequence)

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for jvp; read them there as ctx.saved_tensors."""
        self._for_forward = tensors
        if not self._to_save:
            self._to_save = tensors
            self._saved_seq = next(versions.sequence)

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What save_for_backward kept. Raises RuntimeError after it was freed or changed in place."""
        if self._freed is not None:
            raise freed(self._freed)
        return tuple(self._read(tensor) for tensor in self._to_save)

    def _read(self, tensor: Any) -> Any:
        if isinstance(tensor, (OwnOutput, Packed)):
            return tensor.read()
        if isinstance(tensor, Tensor) and versions.changed_at(tensor._array) > self._saved_seq:
            raise InplaceError(
                "one of the variables needed for gradient computation has been modified by an inplace operation: "
                f"a tensor of shape {tuple(tensor.shape)} saved with save_for_backward"
            )
        return tensor

    saved_variables = saved_tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs have no gradient."""
        self._non_differentiable = tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs forward changed in place; they must be among the outputs."""
        self._dirty = tensors
        for tensor in tensors:
            versions.stamp(tensor._array)

    def mark_shared_storage(self, *pairs: Any) -> None:
        """Nothing: which tensors share memory is known (PyTorch's deprecated name)."""

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (True) or None for an output that no gradient reached."""
        self.materialize_grads = value


class OwnOutput:
    """An output that a Function saved: put together again when it is read, since holding it would make a cycle."""

    __slots__ = ("array", "edge", "index", "version")

    def __init__(self, node: Node, index: int | None, array: Any) -> None:
        self.edge, self.index, self.array, self.version = weakref.ref(node), index, array, next(versions.sequence)

    def read(self) -> Tensor:
        """The output, with its history."""
        if versions.changed_at(self.array) > self.version:
            raise InplaceError(
                "one of the variables needed for gradient computation has been modified by an inplace operation: "
                f"an output of shape {tuple(self.array.shape)} saved with save_for_backward"
            )
        node = self.edge()
        if node is not None and self.index is not None:
            node = pick_node(node, self.index, self.array)
        return Tensor._of(self.array, node)


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
        backward = self.cls.backward if self.cls.backward is not Function.backward else self.cls.vjp
        with grad_mode.set_grad_enabled(create_graph):
            results = backward(ctx, *grads)
        results = results if isinstance(results, tuple) else (results,)
        count = len(node.edges)
        if len(results) < count or any(extra is not None for extra in results[count:]):
            raise RuntimeError(
                f"function {self.name}Backward returned an incorrect number of gradients (expected {count}, "
                f"got {len(results)})"
            )
        for i, (result, edge) in enumerate(zip(results, node.edges, strict=False)):
            if edge is not None and result is not None:
                self._check(i, result, edge)
        return [r._array if isinstance(r, Tensor) and not create_graph else r for r in results[:count]]

    def _check(self, index: int, result: Any, edge: Node) -> None:
        if not isinstance(result, Tensor):
            raise AutogradError(
                f"expected Variable or None (got {type(result).__name__}): gradient {index} of {self.name}.backward"
            )
        shape, wanted = tuple(result._array.shape), edge.shape
        lead = len(shape) - len(wanted)
        if edge.op.multi or shape == wanted or math.prod(shape) == math.prod(wanted):
            return
        if lead < 0 or any(n not in (1, m) for n, m in zip(wanted, shape[lead:], strict=True)):
            raise ShapeError(
                f"Function {self.name}Backward returned an invalid gradient at index {index} - got {list(shape)} but "
                f"expected shape compatible with {list(wanted)}"
            )

    def _materialize(self, part: Any, node: Node, index: int, ctx: FunctionCtx) -> Any:
        if part is None:
            if not ctx.materialize_grads or node.dtype[index] is None:
                return None
            import gradbook
            from gradbook import dtypes

            return gradbook.zeros(node.shape[index], dtype=dtypes.of_np(node.dtype[index]))
        return part if isinstance(part, Tensor) else Tensor._of(part)


_ops: weakref.WeakKeyDictionary[type, FunctionOp] = weakref.WeakKeyDictionary()


class Function(FunctionCtx):
    """Base of custom ops, as torch.autograd.Function: static `forward(ctx, ...)` and `backward(ctx, *grads)`.

    Or `forward(...)` without ctx beside `setup_context(ctx, inputs, output)`. Use as `MyFunction.apply(x, y)`. Under
    forward-mode differentiation `jvp(ctx, *tangents)` is called. Under vmap, `vmap(info, in_dims, *args)`.
    Differs: without a vmap of its own, forward and backward run on all samples at once, if they are made of our ops,
    or on one after the other; generate_vmap_rule need not be set, and forward may take ctx.
    """

    generate_vmap_rule = False

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises RuntimeError: a Function is not made and called, but applied."""
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated: let forward and backward be static "
            f"methods that take ctx first, and call {type(self).__name__}.apply(...)"
        )

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

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """Compute the tangents of the outputs from those of the inputs (None for what has none)."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @staticmethod
    def vmap(info: Any, in_dims: Any, *args: Any) -> Any:
        """Compute the outputs of all samples. -> (outputs, the axis of the samples in each)."""
        raise NotImplementedError("vmap is not implemented.")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward and record it."""
        for layer in layers.state.open:
            mapped = layer.function(cls, args)
            if mapped is not None:
                return mapped
            args = tuple(layer.operand(a) if isinstance(a, Tensor) else a for a in args)
        return cls._run(args, kwargs)

    @classmethod
    def _run(cls, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        ctx = FunctionCtx()
        tensors = [a for a in args if isinstance(a, Tensor)]
        ctx.needs_input_grad = tuple(isinstance(a, Tensor) and a._node is not None for a in args)
        recorded = grad_mode.state.enabled and any(t._node is not None for t in tensors)
        if events.custom:
            events.emit(events.custom, "enter", cls, args, None)
        with grad_mode.no_grad():
            if cls.setup_context is Function.setup_context:
                result = cls.forward(ctx, *args, **kwargs)
            else:
                result = cls.forward(*args, **kwargs)
                cls.setup_context(ctx, args, result)
        outs = cls._record(ctx, args, result) if recorded else result
        if events.custom:
            events.emit(events.custom, "exit", cls, args, outs)
        return cls._moved(ctx, args, outs) if layers.state.open else outs

    @classmethod
    def _moved(cls, ctx: FunctionCtx, args: tuple[Any, ...], outs: Any) -> Any:
        """The outputs with the tangents that jvp gives, where an input carries one."""
        from gradbook.autograd import forward_ad

        level = forward_ad.current()
        tangents = [forward_ad.tangent_of(a, level) if level and isinstance(a, Tensor) else None for a in args]
        if all(tangent is None for tangent in tangents):
            return outs
        with layers.outside_of(level):  # type: ignore[arg-type]  # a tangent is there, so a level is
            moved = cls.jvp(ctx, *tangents)
        return forward_ad.with_tangents(outs, moved)

    @classmethod
    def _record(cls, ctx: FunctionCtx, args: tuple[Any, ...], result: Any) -> Any:
        op = _ops.get(cls)
        if op is None:
            op = _ops[cls] = FunctionOp(cls)
        several = isinstance(result, tuple)
        results = result if several else (result,)
        _check_dirty(ctx, results)
        node = Node()
        node.op, node.params, node.origin = op, None, None
        if events.op:
            node.origin = {"where": events.user_frame(), "path": events.module_path()}
        node.edges = tuple(a._node if isinstance(a, Tensor) else None for a in args)
        node.seq = next(versions.sequence)
        node.saved = (ctx,)
        live = [
            isinstance(r, Tensor) and is_differentiable(r._array) and not any(r is n for n in ctx._non_differentiable)
            for r in results
        ]
        if several:
            node.shape = tuple(r._array.shape if isinstance(r, Tensor) else () for r in results)
            node.dtype = tuple(r._array.dtype if isinstance(r, Tensor) else None for r in results)
            nodes = [
                pick_node(node, i, r._array) if on else None
                for i, (r, on) in enumerate(zip(results, live, strict=True))
            ]
        else:
            if not live[0]:
                return result
            node.shape, node.dtype = results[0]._array.shape, results[0]._array.dtype
            nodes = [node]
        cls._keep(ctx, node, results, several)
        outs = tuple(cls._output(r, n, args, ctx) for r, n in zip(results, nodes, strict=True))
        return outs if several else outs[0]

    @staticmethod
    def _keep(ctx: FunctionCtx, node: Node, results: tuple[Any, ...], several: bool) -> None:
        """What is saved until backward: outputs without a cycle, and all through the hooks that are there."""
        outputs = {id(r): i for i, r in enumerate(results) if not any(r is d for d in ctx._dirty)}
        hooks = current_hooks()
        kept: list[Any] = []
        for tensor in ctx._to_save:
            if hooks is not None and tensor is not None:
                kept.append(Packed(hooks, tensor))
            elif tensor is not None and id(tensor) in outputs:
                kept.append(OwnOutput(node, outputs[id(tensor)] if several else None, tensor._array))
            else:
                kept.append(tensor)
        ctx._to_save = tuple(kept)

    @staticmethod
    def _output(result: Any, node: Node | None, args: tuple[Any, ...], ctx: FunctionCtx) -> Any:
        if not isinstance(result, Tensor) or node is None:
            return result
        if any(result is d for d in ctx._dirty):
            check_leaf(result)
            rebase(result, Tensor._of(result._array, node))
            return result
        if any(result is a for a in args):
            result = Tensor._of(result._array)  # an input handed through is a new tensor with a new history
        result._node = node
        return result


def _check_dirty(ctx: FunctionCtx, results: tuple[Any, ...]) -> None:
    if any(not any(d is r for r in results) for d in ctx._dirty):
        raise RuntimeError(
            "Some elements marked as dirty during the forward method were not returned as output. The inputs that are "
            "modified inplace must all be outputs of the Function."
        )


class InplaceFunction(Function):
    """A Function that may be told to work in place: PyTorch's old name, for code that derives from it."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


class NestedIOFunction(Function):
    """A Function of nested containers: PyTorch's old name, kept for isinstance checks.

    Differs: containers are not opened; hand over tensors.
    """


def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator for a backward that cannot itself be differentiated (torch.autograd.function.once_differentiable)."""

    @functools.wraps(fn)
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
