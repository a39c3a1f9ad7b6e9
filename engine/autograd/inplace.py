"""Changing a tensor in place: the result written back, the history of the tensor, and of what it views, moved on."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import backends, dtypes
from gradbook.autograd import grad_mode, versions
from gradbook.autograd.op import Elementwise, Op, renew
from gradbook.errors import DTypeError, ShapeError
from gradbook.tensor import Tensor

__all__ = ["assign", "check_leaf", "inplace"]


def inplace(op: Op, target: Tensor, *operands: Any, **params: Any) -> Tensor:
    """`target` becomes op(target, *operands), in its own memory. Raises RuntimeError for a leaf that requires grad."""
    check_leaf(target)
    if versions.rebased and target._view is not None:
        renew(target)
    recorded = grad_mode.state.enabled and (
        target._node is not None or any(isinstance(o, Tensor) and o._node is not None for o in operands)
    )
    if not recorded and isinstance(op, Elementwise) and _fits(op, target, operands):
        array = target._array
        others = [o._array if isinstance(o, Tensor) else np.asarray(o, array.dtype) for o in operands]
        op.ufunc(array, *others, out=array)
        versions.stamp(array)
        return target
    return assign(target, op(target, *operands, **params))


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
    node = result._node
    if node is not None and node.saved:  # what backward needs of the old values must outlive them
        memory = versions.owner(array)
        node.saved = tuple(
            kept.copy() if backends.is_array(kept) and kept is not new and versions.owner(kept) is memory else kept
            for kept in node.saved
        )
    array[...] = new
    versions.stamp(array)
    rebase(target, result)
    return target


def rebase(target: Tensor, result: Tensor) -> None:
    """Let the history of `target` be that of `result`; if it is a view, let the tensor it views know."""
    if not grad_mode.state.enabled:
        return
    if target._view is None:
        if result._node is not None or target._node is not None:
            target._node = result._node
            versions.rebased += 1
        return
    root, path, _ = target._view
    if root._node is None and result._node is None:
        return
    check_leaf(root, view=True)
    root._node = copy_slices.make(root, result, path)
    again = root
    for op, params in path:
        again = op.run((again,), params)
    target._node, target._view = again._node, (root, path, root._node)
    versions.rebased += 1


def check_leaf(target: Tensor, view: bool = False) -> None:
    """Raise RuntimeError if recording would lose a leaf's history."""
    if not grad_mode.state.enabled:
        return
    if target._view is not None and target._view[0]._node is not None and target._view[0].is_leaf:
        raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")
    if target._node is not None and target.is_leaf and not view:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation. Wrap the change in "
            "`with gradbook.no_grad():`, or compute a new tensor instead."
        )


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


class CopySlices(Op):
    """The history of a tensor after part of it was overwritten through a view."""

    custom = True

    def make(self, root: Tensor, value: Tensor, path: tuple[Any, ...]) -> Any:
        """The node for `root` after the part at `path` became `value`."""
        return self._record([root._node, value._node], [], root._array, (), {"path": path})

    def keep(self, need: int) -> tuple[int, ...]:
        """Nothing is kept."""
        return ()

    def backward_node(self, node: Any, g: Any, create_graph: bool) -> tuple[Any, Any]:
        """(gradient of what was there, gradient of what was written)."""
        path = node.params["path"]
        bare = g._array if isinstance(g, Tensor) else g
        mask = backends.xp_of(bare).ones_like(bare)
        part = mask
        for op, params in path:
            part = op._run(backends.xp_of(part), part, **params)
        part[...] = 0
        inner = g
        for op, params in path:
            inner = op.run((inner,), params)
        if not isinstance(g, Tensor):
            inner = inner.copy()
        return g * (Tensor._of(mask) if isinstance(g, Tensor) else mask), inner


copy_slices = CopySlices("copy_slices", "base value", node_name="CopySlices")
