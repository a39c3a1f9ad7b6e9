"""Changing a tensor in place: the result written back, the history of the tensor, and of what it views, moved on."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import backends, dtypes, events
from gradbook.autograd import grad_mode, layers, versions
from gradbook.autograd.node import Node
from gradbook.autograd.op import Elementwise, Op, next_seq
from gradbook.autograd.rules import array_of
from gradbook.autograd.views import refused, renew, replay, retain_anew
from gradbook.errors import AutogradError, DTypeError, ShapeError
from gradbook.tensor import Tensor

__all__ = [
    "assign", "changed", "check_apart", "check_inplace", "check_leaf", "check_overlap", "check_writable", "inplace",
    "overwrite", "same_place",
]  # fmt: skip


def inplace(op: Op, target: Tensor, *operands: Any, **params: Any) -> Tensor:
    """`target` becomes op(target, *operands), in its own memory. Raises RuntimeError for a leaf that requires grad."""
    if versions.rebased:
        renew_all((target, *operands))
        check_writable(target)
        if versions.followed and (level := layers.tangent_level((target, *operands))) is not None:
            moved: Tensor = level.change(op, target, operands, params)
            return moved
    recorded = grad_mode.state.enabled and (
        target._node is not None or any(isinstance(o, Tensor) and o._node is not None for o in operands)
    )
    if recorded:
        check_inplace(target)
    check_overlap(target._array, *[o._array for o in operands if isinstance(o, Tensor)])
    if not recorded and not events.write and isinstance(op, Elementwise) and _fits(op, target, operands):
        array = target._array
        others = [o._array if isinstance(o, Tensor) else np.asarray(o, array.dtype) for o in operands]
        op.ufunc(array, *others, out=array)
        changed(target)
        return target
    return assign(target, op(target, *operands, **params))


def renew_all(tensors: tuple[Any, ...]) -> None:
    """Views among the tensors get the history that their roots have by now."""
    for tensor in tensors:
        if isinstance(tensor, Tensor) and tensor._view is not None:
            renew(tensor)


def assign(target: Tensor, result: Tensor) -> Tensor:
    """Write `result` into the memory of `target` and let gradients flow to what `result` was computed from."""
    array, new = target._array, result._array
    if new.shape != array.shape:
        raise ShapeError(
            f"output with shape {list(array.shape)} doesn't match the broadcast shape {list(new.shape)}: an in-place "
            "op cannot change a tensor's shape"
        )
    if new.dtype != array.dtype and not dtypes.can_cast(dtypes.of_array(new), dtypes.of_array(array)):
        raise DTypeError(
            f"result type {dtypes.of_array(new)!r} can't be cast to the desired output type {dtypes.of_array(array)!r}"
        )
    check_writable(target)
    check_overlap(array)
    recorded = grad_mode.state.enabled and (target._node is not None or result._node is not None)
    if recorded:
        check_inplace(target)
        if result._node is None:  # the result depends on nothing that is followed: zero gradients, as in PyTorch
            result = Tensor._of(new, overwritten.make(target, "Fill"))
        keep_old(result._node, array)
    array[...] = new
    changed(target)
    if recorded:
        keep_new(result._node, array, new)
        rebase(target, result)
    if events.write:
        events.emit(events.write, target, result)
    return target


def keep_old(node: Any, array: Any) -> None:
    """What backward needs of the target's old values must outlive them."""
    saved = node.saved
    if saved and backends.is_array(saved[0]) and versions.owner(saved[0]) is versions.owner(array):
        node.saved = (saved[0].copy(), *saved[1:])


def keep_new(node: Any, array: Any, new: Any) -> None:
    """What backward needs of the result is the target itself, from now on; another operand in its memory is lost."""
    if not node.saved or new.dtype != array.dtype or not any(kept is new for kept in node.saved):
        return
    memory = versions.owner(array)
    if not any(backends.is_array(kept) and versions.owner(kept) is memory for kept in node.saved):
        node.seq = next_seq()  # younger than the change
    node.saved = tuple(array if kept is new else kept for kept in node.saved)


def overwrite(target: Tensor, value: Any, name: str) -> Tensor:
    """Every element of `target` becomes a number: nothing flows to what it was computed from but zeros."""
    check_writable(target)
    if versions.rebased and target._view is not None:
        renew(target)
    recorded = grad_mode.state.enabled and target._node is not None
    if recorded:
        check_inplace(target)
    target._array[...] = value
    changed(target)
    if recorded:
        rebase(target, Tensor._of(target._array, overwritten.make(target, name)))
    if events.write:
        events.emit(events.write, target, None)
    return target


def changed(target: Tensor) -> None:
    """Note that the memory of `target` was changed in place just now, and that views may have to be renewed."""
    versions.stamp(target._array)
    if grad_mode.state.enabled:
        return
    node = target._node if target._view is None else target._view[0]._node
    if node is not None and (target._view is not None or node.tensor is None or versions.guarded):
        versions.watch_ops(1)


def rebase(target: Tensor, result: Tensor) -> None:
    """Let the history of `target` be that of `result`; if it is a view, let the tensor it views know."""
    node: Any = result._node
    versions.watch_ops(1)
    if target._view is None:
        target._node = node
        retain_anew(target)
        return
    root, path, _, kind = target._view
    if "_reseen" in root.__dict__:
        from gradbook.ops.strides import in_memory_of

        root._node = copy_slices.make(root, result, (in_memory_of(root, target, only_step=True),))
    else:
        root._node = copy_slices.make(root, result, path)
    target._node, target._view = replay(root, path, target)._node, (root, path, versions.last, kind)
    retain_anew(root)
    retain_anew(target)


def check_writable(target: Tensor) -> None:
    """Raise RuntimeError for a tensor made in inference mode, outside of it."""
    if grad_mode.inference_count[0] and "_inference" in target.__dict__ and not grad_mode.state.inference:
        raise AutogradError(
            "Inplace update to inference tensor outside InferenceMode is not allowed. You can make a clone to get a "
            "normal tensor before doing inplace update."
        )


def check_inplace(target: Tensor) -> None:
    """Raise RuntimeError where PyTorch does not let a change of `target` be recorded."""
    if target._view is not None and target._view[3]:
        raise refused(target, target._view[3], "is being modified inplace")
    check_leaf(target)


def check_leaf(target: Tensor) -> None:
    """Raise RuntimeError if recording would lose a leaf's history."""
    if target._node is None or not grad_mode.state.enabled:
        return
    if target._view is not None and target._view[0].is_leaf:
        raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")
    if target._node.tensor is not None:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation. Wrap the change in "
            "`with gradbook.no_grad():`, or compute a new tensor instead."
        )


def check_overlap(array: Any, *others: Any) -> None:
    """Raise RuntimeError if elements of an array share memory, or it lies partly over one of `others`."""
    if (
        0 in array.strides
        and array.size
        and any(s == 0 and n > 1 for s, n in zip(array.strides, array.shape, strict=True))
    ):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
            "Please clone() the tensor before performing the operation."
        )
    for other in others:
        if other is not array and (array.base is not None or other.base is not None) and lies_over(array, other, False):
            raise _shared()


def check_apart(array: Any, other: Any) -> None:
    """Raise RuntimeError if two arrays share memory."""
    if other is array or lies_over(array, other, True):
        raise _shared()


def _shared() -> RuntimeError:
    return RuntimeError(
        "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single "
        "memory location. Please clone() the tensor before performing the operation."
    )


def lies_over(a: Any, b: Any, same: bool) -> bool:
    """True if two arrays without gaps share some memory; `same`: what is to be said of one and the same array."""
    if type(a) is not np.ndarray or type(b) is not np.ndarray or not a.size or not b.size:
        return False
    if not all(x.flags.c_contiguous or x.flags.f_contiguous for x in (a, b)):
        return False
    low, high = a.__array_interface__["data"][0], b.__array_interface__["data"][0]
    if low == high and a.nbytes == b.nbytes:
        return same or a.shape != b.shape or not same_steps(a, b)
    return bool(low < high + b.nbytes and high < low + a.nbytes)


def same_steps(a: Any, b: Any) -> bool:
    """True if the strides of two arrays of one shape agree where they matter."""
    return all(s == t or n <= 1 for s, t, n in zip(a.strides, b.strides, a.shape, strict=True))


def same_place(a: Any, b: Any) -> bool:
    """True if two arrays are the same elements in the same order."""
    if type(a) is not np.ndarray or a.shape != b.shape or a.dtype != b.dtype:
        return a is b
    return same_steps(a, b) and bool(a.__array_interface__["data"] == b.__array_interface__["data"])


def _fits(op: Elementwise, target: Tensor, operands: tuple[Any, ...]) -> bool:
    array = target._array
    if not isinstance(op.ufunc, np.ufunc) or type(array) is not np.ndarray:
        return False
    kind = array.dtype.kind
    if op.float_input and kind != "f":
        return False
    for operand in operands:
        if isinstance(operand, Tensor):
            if operand._array.dtype is not array.dtype or operand._array.ndim > array.ndim:
                return False
            if any(n not in (1, m) for n, m in zip(operand._array.shape[::-1], array.shape[::-1], strict=False)):
                return False
        elif isinstance(operand, bool) or not isinstance(operand, (int, float)) or (kind != "f"):
            return False
    return True


class Overwritten(Op):
    """The history of a tensor after a number was written over it."""

    custom = True

    def make(self, target: Tensor, name: str) -> Node:
        """The node for `target` after it was filled."""
        return self._record([target._node], [], target._array, (), {"name": f"{name}Backward0"})

    def keep(self, need: int) -> tuple[int, ...]:
        """Nothing is kept."""
        return ()

    def backward_node(self, node: Any, g: Any, create_graph: bool) -> tuple[Any]:
        """(zeros)."""
        bare = g._array if isinstance(g, Tensor) else array_of(g)
        zeros = backends.xp_of(bare).zeros_like(bare)
        return (Tensor._of(zeros) if create_graph else zeros,)


overwritten = Overwritten("overwritten", "x", formula="y = c", grads={"x": "0"}, node_name="FillBackward0")


class CopySlices(Op):
    """The history of a tensor after part of it was overwritten through a view."""

    custom = True

    def make(self, root: Tensor, value: Tensor, path: tuple[Any, ...]) -> Node:
        """The node for `root` after the part at `path` became `value`."""
        array = root._array
        layout = tuple(sorted(range(array.ndim), key=lambda axis: -array.strides[axis]))
        return self._record([root._node, value._node], [], array, (), {"path": path, "layout": layout})

    def keep(self, need: int) -> tuple[int, ...]:
        """Nothing is kept."""
        return ()

    def backward_node(self, node: Any, g: Any, create_graph: bool) -> tuple[Any, Any]:
        """(gradient of what was there, gradient of what was written)."""
        path, layout = node.params["path"], node.params["layout"]
        outside = inside = None
        if node.edges[0] is not None:
            outside = outside_op(g, path=path, layout=layout)
        if node.edges[1] is not None:
            inside = inside_op(g, path=path, layout=layout)
        return outside, inside


copy_slices = CopySlices("copy_slices", "base value", node_name="CopySlices")
outside_op = Op("outside", "x", formula=r"y = x, \; 0 \text{ in the slice}", grads={"x": r"\bar y, \; 0 \text{ there}"})
inside_op = Op("inside", "x", formula=r"y = x \text{ in the slice}", grads={"x": r"\bar y \text{ there, 0 elsewhere}"})
inside_grad_op = Op("inside_grad", "x", formula=r"y = x \text{ in the slice, 0 elsewhere}", grads={"x": r"\bar y"})


def laid_out(xp: Any, shape: tuple[int, ...], dtype: Any, layout: tuple[int, ...]) -> Any:
    """An empty array whose axes lie in memory in the order `layout`, so that a path of views is views here too."""
    whole = xp.empty(tuple(shape[axis] for axis in layout), dtype)
    return whole.transpose(tuple(layout.index(axis) for axis in range(len(layout))))


def seen_through(xp: Any, array: Any, path: Any) -> Any:
    """The part of an array that a path of views leads to."""
    for op, params in path:
        array = op._run(xp, array, **params)
    return array


@outside_op.forward
def _(xp: Any, x: Any, *, path: Any, layout: Any) -> Any:
    back = laid_out(xp, x.shape, x.dtype, layout)
    back[...] = x
    seen_through(xp, back, path)[...] = 0
    return back


@inside_op.forward
def _(xp: Any, x: Any, *, path: Any, layout: Any) -> Any:
    whole = laid_out(xp, x.shape, x.dtype, layout)
    whole[...] = x
    return seen_through(xp, whole, path).copy()


@inside_grad_op.forward
def _(xp: Any, x: Any, *, path: Any, layout: Any, shape: Any) -> Any:
    back = laid_out(xp, shape, x.dtype, layout)
    back[...] = 0
    seen_through(xp, back, path)[...] = x
    return back


outside_op.grad("x")(lambda grad, path, layout: outside_op(grad, path=path, layout=layout))
inside_op.grad("x")(lambda grad, x_shape, path, layout: inside_grad_op(grad, path=path, layout=layout, shape=x_shape))
inside_grad_op.grad("x")(lambda grad, path, layout: inside_op(grad, path=path, layout=layout))
