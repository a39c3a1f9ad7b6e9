"""A gradient taken apart into incoming gradient and local derivative, by asking the op's own rule.

A rule is linear in the incoming gradient. Fed with ones it gives the local derivative of an element-wise op, fed with
one-hot gradients the rows of any op's Jacobian. What is shown is checked against what the rule gave.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gradbook.autograd.function import FunctionOp
from gradbook.autograd.op import SLOT
from gradbook.autograd.rules import apply_rules, arguments, array_of
from gradbook.observe.walkthrough.block import Block
from gradbook.observe.walkthrough.steps import Call, Factor, Formula
from gradbook.observe.walkthrough.windows import columns, convolved_back

__all__ = ["JACOBIAN", "Raw", "take_apart"]

PROBED = 1 << 16  # elements up to which rules are asked again
WINDOWS_AT_MOST = 2048  # incoming numbers up to which a convolution is taken apart
JACOBIAN = 16  # outputs and inputs up to which a Jacobian is written out
Probe = Callable[[Any], Any]


class Raw(NamedTuple):
    """How a gradient is made (as in Part), the factors in their order, as arrays too, and the rule to ask again."""

    operation: str
    factors: tuple[Factor, ...] = ()
    arrays: tuple[Any, ...] = ()
    probe: Probe | None = None


def take_apart(call: Call, node: Any, grads: list[Any], slot: int, result: Any) -> Raw:
    """The factors of the gradient that operand `slot` receives; ("rule", (incoming,)) where it cannot be shown.

    All of it is computed on the host, whatever device the gradients are on.
    """
    grad = next((host(g) for g in grads if g is not None), None)
    if grad is None:
        return Raw("rule")
    whole = raw("rule", [("incoming", r"\bar y", grad)])
    if len(grads) > 1 or node.saved is None or grad.dtype.kind == "c" or max(result.size, grad.size) > PROBED:
        return whole
    result, saved = host(result), tuple(host(array) for array in node.saved)
    with np.errstate(all="ignore"):
        special = SPECIAL.get(call.op)
        found = special(node, saved, grad, slot) if special is not None else None
        if call.op in CONVOLUTIONS:
            found = _convolution(call, saved, grad, slot, result)
        probe = prober(node, saved, slot)
        if found is not None and (found[0] == "convolve" or agrees(found[0], found[1], result)):
            return raw(*found)._replace(probe=probe)
        if probe is None:
            return whole
        taken = pointwise(call, grad, result, probe) or route(grad, result, probe) or jacobian(grad, result, probe)
        return (taken or whole)._replace(probe=probe)


def raw(operation: str, parts: list[tuple[str, str, Any]]) -> Raw:
    """The factors of a gradient, given as (role, label, array)."""
    made = tuple(Factor(role, Formula(label), Block.of(np.asarray(array))) for role, label, array in parts)
    return Raw(operation, made, tuple(np.asarray(array) for _, _, array in parts))


def host(array: Any) -> Any:
    """An array on the host; anything else as it is."""
    return array.get() if hasattr(array, "get") and hasattr(array, "dtype") else array


def prober(node: Any, saved: tuple[Any, ...], slot: int) -> Probe | None:
    """What a node's rule gives its operand `slot` for another incoming gradient; None where it must not be asked."""
    op = node.op
    if isinstance(op, FunctionOp) or op.multi:  # a user's backward runs once
        return None
    if op.custom:
        return lambda grad: array_of(apply_rules(node, grad, node.edges, False)[slot])
    rule = op.joint or next((rule for rule in op.rules if rule.target == slot), None)
    if rule is None:
        return None
    values = [saved[which] if kind == SLOT else value
              for (kind, which), value in zip(rule.args, arguments(rule, node, node.edges), strict=True)]  # fmt: skip

    def probe(grad: Any) -> Any:
        made = rule.fn(grad, *values)
        return array_of(made[slot] if op.joint is not None and isinstance(made, tuple | list) else made)

    return probe


def pointwise(call: Call, grad: Any, result: Any, probe: Probe) -> Raw | None:
    """incoming ∘ local, if each element of the gradient depends on one element of the incoming one alone."""
    ones = np.ones_like(grad)
    local = probe(ones)
    spread = _aligned(grad, local, call)
    if spread is None:
        return None
    test = np.random.default_rng(7).standard_normal(grad.shape).astype(grad.dtype)
    aligned = _aligned(test, local, call)
    if aligned is None or not close(aligned * local, probe(test), _size(test)):
        return None
    if not close(spread * local, result, _size(grad)):
        return None
    if local.size and local.ndim and bool((local == local.reshape(-1)[0]).all()) and spread.shape == local.shape:
        local = local.reshape(-1)[0]  # one number says it
    return raw("times", [("incoming", r"\bar y", spread), ("local", "", local)])


def _aligned(grad: Any, local: Any, call: Call) -> Any:
    """The incoming gradient with the axes that a reduction took away put back as axes of length 1; None if unlike."""
    if grad.shape == local.shape or not grad.ndim:
        return grad
    dim = call.params.get("dim")
    if dim is not None and grad.ndim < local.ndim:
        dims = sorted(d % local.ndim for d in (dim if isinstance(dim, tuple | list) else (dim,)))
        if len(dims) == local.ndim - grad.ndim:
            return np.expand_dims(grad, tuple(dims))
    try:
        return grad if np.broadcast_shapes(grad.shape, local.shape) == local.shape else None
    except ValueError:
        return None


def route(grad: Any, result: Any, probe: Probe) -> Raw | None:
    """Each number of the result is one of the incoming ones, or 0: found by sending the numbers 1, 2, 3, … back.

    The local factor says where each comes from, counted from 1; 0 where nothing arrives.
    """
    if grad.dtype.kind != "f" or grad.size >= (1 << 24 if grad.dtype.itemsize >= 4 else 1 << 10):
        return None
    source = probe(np.arange(1, grad.size + 1, dtype=grad.dtype).reshape(grad.shape))
    if not np.isfinite(source).all() or (source != np.floor(source)).any() or (source < 0).any():
        return None
    if source.max(initial=0) > grad.size or not (multiply("route", [grad, source]) == result).all():
        return None
    return raw("route", [("incoming", r"\bar y", grad), ("local", r"\text{from}", source)])


def jacobian(grad: Any, result: Any, probe: Probe) -> Raw | None:
    """(1, m) incoming @ (m, n) Jacobian = (1, n), of ops with few elements."""
    m, n = grad.size, result.size
    if not 0 < m <= JACOBIAN or not 0 < n <= JACOBIAN:
        return None
    rows = [probe(row.reshape(grad.shape)).reshape(-1) for row in np.eye(m, dtype=grad.dtype)]
    local = np.stack(rows)
    flat = grad.reshape(1, -1)
    if not close(flat @ local, result.reshape(1, -1)):
        return None
    return raw("jacobian", [("incoming", r"\bar y", flat), ("local", "J", local)])


def close(a: Any, b: Any, against: float = 0.0) -> bool:
    """Equal up to rounding, relative to the largest number; `against` is the size of what b was made from."""
    if a.shape != b.shape:
        return False
    wide = np.complex128 if np.asarray(a).dtype.kind == "c" else np.float64
    x, y = np.asarray(a).astype(wide), np.asarray(b).astype(wide)
    largest = float(np.max(abs(y[np.isfinite(y)]), initial=0.0))
    scale = max(1e-30, largest, against / 100)
    tolerance = {2: 2e-2, 4: 1e-5}.get(np.asarray(b).dtype.itemsize, 1e-10)
    with np.errstate(all="ignore"):
        return bool(np.allclose(x / scale, y / scale, rtol=tolerance, atol=tolerance, equal_nan=True))


def _size(array: Any) -> float:
    """The largest finite magnitude."""
    wide = np.asarray(array).astype(np.float64)
    return float(np.max(abs(wide[np.isfinite(wide)]), initial=0.0))


def multiply(operation: str, arrays: list[Any]) -> Any:
    """What the factors give together. Raises ValueError for an operation that is not a product."""
    if operation == "times":
        return np.multiply.reduce(np.broadcast_arrays(*arrays)) if len(arrays) > 1 else arrays[0]
    if operation in ("matmul", "jacobian"):
        out = arrays[0]
        for array in arrays[1:]:
            out = out @ array
        return out
    if operation == "route":
        return np.append(np.zeros(1, arrays[0].dtype), arrays[0])[arrays[1].astype(np.int64)]
    raise ValueError(f"{operation} is no product")


def agrees(operation: str, parts: list[tuple[str, str, Any]], result: Any) -> bool:
    """Whether the factors give what the rule gave."""
    made = multiply(operation, [np.asarray(array) for _, _, array in parts])
    return close(made.reshape(result.shape) if made.size == result.size else made, result)


# -- products of matrices ----------------------------------------------------------------------------------------------

Parts = tuple[str, list[tuple[str, str, Any]]]


def _matmul(node: Any, saved: tuple[Any, ...], grad: Any, slot: int) -> Parts | None:
    a, b = saved[:2]
    other = b if slot == 0 else a
    if other is None or other.dtype.kind == "c":
        return None
    shapes = [edge.shape if edge is not None else None for edge in node.edges]
    if slot == 0:
        if other.ndim == 1:  # (…, k) @ (k,): an outer product
            left = grad.reshape(*grad.shape, 1) if grad.ndim else grad.reshape(1, 1)
            return "matmul", [("incoming", r"\bar y", left), ("local", r"b^\top", other.reshape(1, -1))]
        left = grad.reshape(*grad.shape[:-1], 1, grad.shape[-1]) if len(shapes[0] or ()) == 1 else grad
        return "matmul", [("incoming", r"\bar y", left), ("local", r"b^\top", other.swapaxes(-1, -2))]
    if other.ndim == 1:
        right = grad.reshape(*grad.shape[:-1], 1, grad.shape[-1]) if grad.ndim else grad.reshape(1, 1)
        return "matmul", [("local", r"a^\top", other.reshape(-1, 1)), ("incoming", r"\bar y", right)]
    right = grad.reshape(*grad.shape, 1) if len(shapes[1] or ()) == 1 else grad
    return "matmul", [("local", r"a^\top", other.swapaxes(-1, -2)), ("incoming", r"\bar y", right)]


def _linear(node: Any, saved: tuple[Any, ...], grad: Any, slot: int) -> Parts | None:
    x, weight = saved[:2]
    rows = grad.reshape(-1, grad.shape[-1])
    if slot == 0 and weight is not None:
        return "matmul", [("incoming", r"\bar y", rows), ("local", "W", weight)]
    if slot == 1 and x is not None:
        return "matmul", [("incoming", r"\bar y^\top", rows.T), ("local", "x", x.reshape(-1, x.shape[-1]))]
    if slot == 2:
        ones = np.ones((1, len(rows)), grad.dtype)
        return "matmul", [("local", r"\mathbf 1^\top", ones), ("incoming", r"\bar y", rows)]
    return None


def _cross_entropy(node: Any, saved: tuple[Any, ...], grad: Any, slot: int) -> Parts | None:
    """(softmax - one-hot), its share of the mean, and the incoming gradient."""
    if slot != 0 or grad.ndim or len(node.edges[0].shape) != 2:
        return None
    target, weight, p, share = saved[1], saved[2], saved[4], saved[5]
    params = node.params or {}
    if target is None or target.dtype.kind not in "iu" or weight is not None or params.get("label_smoothing"):
        return None
    valid = target != params.get("ignore_index")
    hot = np.zeros_like(p)
    hot[np.arange(len(p))[valid], target[valid]] = 1
    parts = [("incoming", r"\bar y", grad)]
    scale = np.asarray(share).reshape(-1, 1)
    even = bool((scale == scale[0]).all()) if len(scale) else False
    parts.append(("local", r"\tfrac1n", scale[0, 0] if even else scale))
    parts.append(("local", r"\operatorname{softmax}(x) - e_t", p - hot))
    return "times", parts


def _loss(node: Any, saved: tuple[Any, ...], grad: Any, slot: int) -> Parts | None:
    """mse: 2 (x - t), 1 / n, the incoming gradient."""
    x, target = saved[:2]
    if x is None or target is None or x.dtype.kind == "c":
        return None
    difference = 2 * (x - target) if slot == 0 else 2 * (target - x)
    label = "2 (x - t)" if slot == 0 else "2 (t - x)"
    parts = [("incoming", r"\bar y", grad)]
    if (node.params or {}).get("reduction") == "mean" and difference.size:
        parts.append(("local", r"\tfrac1n", difference.dtype.type(1 / difference.size)))
    return "times", [*parts, ("local", label, difference)]


CONVOLUTIONS = ("conv1d", "conv2d", "conv3d")


def _convolution(call: Call, saved: tuple[Any, ...], grad: Any, slot: int, result: Any) -> Parts | None:
    """For the kernel the incoming maps times the windows; for the input they run back over the kernel."""
    x, weight = saved[:2]
    if (call.params.get("groups") or 1) != 1 or grad.size > WINDOWS_AT_MOST:
        return None
    maps = np.moveaxis(grad, 1, 0).reshape(grad.shape[1], -1)  # (channels out, windows)
    if slot == 2:
        return "matmul", [
            ("incoming", r"\bar y", maps),
            ("local", r"\mathbf 1", np.ones((maps.shape[1], 1), grad.dtype)),
        ]
    if slot == 1 and x is not None:
        seen = columns(call, x)
        if seen is not None:
            return "matmul", [("incoming", r"\bar y", maps), ("local", r"\text{windows of } x", seen)]
    if slot == 0 and weight is not None:
        made = convolved_back(call, grad, weight, result.shape)
        if made is not None and close(made, result, _size(grad)):
            return "convolve", [("incoming", r"\bar y", grad), ("local", "w", weight)]
    return None


SPECIAL: dict[str, Callable[[Any, tuple[Any, ...], Any, int], Parts | None]] = {
    "matmul": _matmul, "mm": _matmul, "bmm": _matmul, "mv": _matmul,
    "linear": _linear, "cross_entropy": _cross_entropy, "mse_loss": _loss,
}  # fmt: skip
