"""Views: which tensor one looks into, by which ops, and what that means once memory is changed in place.

A view keeps its root (never itself a view), the ops that lead from the root to it, when it was last known to be in
step with the root's history, and whether PyTorch would let it be changed in place. Nothing is asked on the way of an
op until an in-place change has given some tensor a new history (`versions.rebased`).
Differs: a view made before its base was asked to require grad does not require grad.
"""

from __future__ import annotations

from typing import Any

from gradbook.autograd import grad_mode, versions
from gradbook.errors import AutogradError
from gradbook.tensor import Tensor, mute_leaf

__all__ = [
    "DEFAULT", "INFERENCE", "MULTI_OUTPUT", "NO_GRAD", "add_view", "mark_view", "refused", "renew", "replay",
    "retain_anew",
]  # fmt: skip

DEFAULT, NO_GRAD, MULTI_OUTPUT, CUSTOM, INFERENCE = range(5)
grad_state, scopes = grad_mode.state, grad_mode.scopes


def mark_view(out: Tensor, op: Any, base: Tensor, params: dict[str, Any]) -> None:
    """Remember which tensor `out` is a view of, how, and of which history, so that in-place changes reach both."""
    array, memory = base._array, out._array.base
    if memory is None or (memory is not array and memory is not array.base and not same_memory(out._array, array)):
        return
    if scopes and not grad_state.enabled:
        add_view(out, base, (op, params))
    elif (seen := base._view) is None:
        out._view = (base, ((op, params),), versions.last, DEFAULT)
    else:
        out._view = (seen[0], (*seen[1], (op, params)), versions.last, seen[3])


def add_view(out: Tensor, base: Tensor, step: tuple[Any, dict[str, Any]], kind: int = DEFAULT) -> None:
    """Make `out` a view of `base` through one op. Made under no_grad of what requires grad, it is a leaf that does."""
    root, path, _, before = base._view or (base, (), 0, DEFAULT)
    if not grad_state.enabled:
        kind = kind or (INFERENCE if grad_state.inference else NO_GRAD)
        if root._node is not None and out._array.dtype.kind in "fcV":
            out._node = mute_leaf(out)
    if kind and root._node is not None and root._node.tensor is not None:
        versions.guarded = True
    out._view = (root, (*path, step), versions.last, kind or before)


def same_memory(a: Any, b: Any) -> bool:
    """True if one array owns the memory of both."""
    return versions.owner(a) is versions.owner(b)


def renew(view: Tensor) -> None:
    """Give a view the history that its root has by now, if memory was changed in place since (as PyTorch does).

    Raises RuntimeError for a view that PyTorch does not let follow: one of several of one call, or made under no_grad.
    """
    root, path, known, kind = view._view  # type: ignore[misc]
    own = view._node
    if not grad_state.enabled or (root._node is None and (own is None or own.tensor is not None)):
        return
    if versions.changed_at(view._array) <= known:
        return
    if kind:
        raise refused(view, kind, "its base or another view of its base has been modified inplace")
    view._node, view._view = replay(root, path, view)._node, (root, path, versions.last, kind)
    retain_anew(view)


def retain_anew(tensor: Tensor) -> None:
    """Let a tensor whose gradient is kept keep that of the history it has now."""
    kept = tensor.__dict__.pop("_retains_grad", None)
    if kept is not None:
        kept.remove()
        tensor.retain_grad()


def replay(root: Tensor, path: Any, view: Tensor) -> Tensor:
    """The view again, made from its root by the same ops, or by its place in memory if the root was reshaped since."""
    if "_reseen" in root.__dict__:
        from gradbook.ops.strides import in_memory_of

        found: Tensor = in_memory_of(root, view)
        return found
    again: Any = root
    for op, params in path:
        again = op.run((again,), params)
    result: Tensor = again
    return result


def refused(view: Tensor, kind: int, what: str) -> AutogradError:
    """Why a view cannot be changed in place, or cannot follow a change of what it views."""
    if kind == NO_GRAD:
        return AutogradError(
            f"A view was created in no_grad mode and {what} with grad mode enabled. Given that this use case is "
            "ambiguous and error-prone, it is forbidden. Move both the view and the change into the no_grad block (not "
            "tracked), or both out of it (tracked)."
        )
    if kind == INFERENCE:
        return AutogradError(
            f"A view was created in inference mode and {what} in normal mode. Make the view again outside of it."
        )
    if kind == CUSTOM:
        return AutogradError(
            f"This view was returned by a custom Function's forward and {what}. Its backward cannot know of the "
            "change: return a clone() from forward, or change a clone."
        )
    name = view._node.name() if view._node is not None else "a multi-output op"
    return AutogradError(
        f"Output of {name} is a view and {what}. It is one of several views that one call returned (split, chunk, "
        "unbind), and those cannot be changed in place: use an out-of-place op, or clone() it first."
    )
