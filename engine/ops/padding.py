"""More at the edges: pad with a constant, a reflection, the edge itself, or the other end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradbook.autograd import casting
from gradbook.autograd.op import Op
from gradbook.errors import ShapeError
from gradbook.ops.mistakes import mistake, need_tensor
from gradbook.tensor import Tensor

__all__ = ["pad"]

pad_op = Op(
    "pad", "input", node_name="ConstantPadNdBackward0", formula=r"y = x \text{ with } v \text{ around it}",
    grads={"input": r"\bar x = \bar y \text{ without its edges}"},
)  # fmt: skip
take_edges_op = Op(
    "pad_like",
    "input",
    node_name="PadBackward0",
    formula=r"y_i = x_{e(i)}",
    grads={"input": r"\bar x_j = \sum_{e(i) = j} \bar y_i"},
)
add_edges_op = Op("pad_like_backward", "grad", formula=r"\bar x_j = \sum_{e(i) = j} \bar y_i")


def ends(ndim: int, pads: Sequence[int]) -> list[tuple[int, int]]:
    """PyTorch's pads, last axis first, as (before, after) of every axis in order."""
    found = [(0, 0)] * ndim
    for i in range(len(pads) // 2):
        found[ndim - 1 - i] = (pads[2 * i], pads[2 * i + 1])
    return found


@pad_op.forward
def _(xp: Any, x: Any, *, pads: tuple[int, ...], value: Any) -> Any:
    both = ends(x.ndim, pads)
    out = xp.full([n + a + b for n, (a, b) in zip(x.shape, both, strict=True)], value, x.dtype)
    source = tuple(slice(max(0, -a), n - max(0, -b)) for n, (a, b) in zip(x.shape, both, strict=True))
    target = tuple(slice(max(0, a), m - max(0, b)) for m, (a, b) in zip(out.shape, both, strict=True))
    out[target] = x[source]
    return out


@pad_op.grad("input")
def _(grad: Any, pads: tuple[int, ...]) -> Any:
    return pad_op(grad, pads=tuple(-p for p in pads), value=0)


# -- reflect, replicate, circular: every value of the result is one of the input's -------------------------------------


def sources(xp: Any, length: int, before: int, after: int, mode: str) -> Any:
    """Which index of an axis each index of the padded axis shows."""
    at = xp.arange(-before, length + after)
    if mode == "replicate":
        return xp.clip(at, 0, length - 1)
    if mode == "circular":  # what is cut off first does not come round
        cut = max(0, -before)
        left = length - cut - max(0, -after)
        return (xp.arange(-max(0, before), left + max(0, after)) % left) + cut
    at = abs(at)
    return xp.where(at >= length, 2 * (length - 1) - at, at)


def inner(n: int, count: int, before: int, after: int) -> tuple[slice, slice, list[int]]:
    """Where a padded axis of `count` values shows its `n` as they lie, which those are, and where it does not."""
    start, stop = max(0, before), count - max(0, after)
    if start >= stop:
        return slice(0), slice(0), [*range(count)]
    return slice(start, stop), slice(max(0, -before), n - max(0, -after)), [*range(start), *range(stop, count)]


@take_edges_op.forward
def _(xp: Any, x: Any, *, pads: tuple[int, ...], mode: str) -> Any:
    for axis, (before, after) in enumerate(ends(x.ndim, pads)):
        if not (before or after):
            continue
        show = sources(xp, x.shape[axis], before, after, mode)
        here, there, edges = inner(x.shape[axis], len(show), before, after)
        made = xp.empty((*x.shape[:axis], len(show), *x.shape[axis + 1 :]), x.dtype)
        target, source = xp.moveaxis(made, axis, 0), xp.moveaxis(x, axis, 0)
        target[here] = source[there]
        for i in edges:
            target[i] = source[int(show[i])]
        x = made
    return x


@take_edges_op.grad("input")
def _(grad: Any, input_shape: Any, pads: tuple[int, ...], mode: str) -> Any:
    return add_edges_op(grad, shape=tuple(input_shape), pads=pads, mode=mode)


@add_edges_op.forward
def _(xp: Any, grad: Any, *, shape: tuple[int, ...], pads: tuple[int, ...], mode: str) -> Any:
    for axis, (before, after) in enumerate(ends(len(shape), pads)):
        if not (before or after):
            continue
        moved = xp.moveaxis(grad, axis, 0)
        n = shape[axis]
        show = sources(xp, n, before, after, mode)
        here, there, edges = inner(n, len(show), before, after)
        made = xp.zeros((*grad.shape[:axis], n, *grad.shape[axis + 1 :]), grad.dtype)
        total = xp.moveaxis(made, axis, 0)
        total[there] = moved[here]
        for i in edges:
            total[int(show[i])] += moved[i]
        grad = made
    return xp.ascontiguousarray(grad)


@add_edges_op.grad("grad")
def _(grad_: Any, pads: tuple[int, ...], mode: str) -> Any:
    return take_edges_op(grad_, pads=pads, mode=mode)


# -- the function ------------------------------------------------------------------------------------------------------


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Add `pad` = (left, right, top, bottom, ...) values to the last axes, as torch.nn.functional.pad.

    mode: constant (negative pads cut off), reflect, replicate or circular. Raises ShapeError where a pad is larger than
    the input allows, NotImplementedError for an unknown mode.
    """
    if casting.scopes and mode in ("reflect", "replicate"):
        (input,) = casting.full(input)
    x = need_tensor("pad", input)
    pads = tuple(int(p) for p in pad)
    if len(pads) % 2:
        raise mistake(ShapeError, "pad", "Padding length must be divisible by 2", input=x)
    if len(pads) > 2 * x.ndim:
        words = (
            "Padding length should be less than or equal to two times the input dimension but got "
            f"padding length {len(pads)} and input of dimension {x.ndim}"
        )
        raise mistake(ShapeError, "pad", words, input=x)
    if mode == "constant":
        for axis, (before, after) in enumerate(ends(x.ndim, pads)):
            if x.shape[axis] + before + after < 0:
                words = (
                    f"The input size {x.shape[axis]}, plus negative padding {before} and {after} resulted "
                    "in a negative output "
                    f"size, which is invalid. Check dimension {axis} of your input."
                )
                raise mistake(ShapeError, "pad", words, input=x)
        y: Tensor = pad_op(x, pads=pads, value=0 if value is None else value)
        return y
    if value not in (None, 0):
        raise ValueError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}; use constant, reflect, replicate or circular")
    check_edges(x, pads, mode)
    z: Tensor = take_edges_op(x, pads=pads, mode=mode)
    return z


def check_edges(x: Tensor, pads: tuple[int, ...], mode: str) -> None:
    """Raise where the input has not enough values to fill its edges from."""
    spatial = len(pads) // 2
    if x.ndim not in (spatial + 1, spatial + 2):
        raise NotImplementedError(
            "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now: the last 1, 2 or 3 axes of a "
            f"tensor with one or two more; got {x.ndim} axes and pads {pads}"
        )
    for axis, (before, after) in enumerate(ends(x.ndim, pads)):
        n = x.shape[axis]
        if mode == "reflect" and (before >= n or after >= n) and (before or after):
            words = (
                f"Argument #4: Padding size should be less than the corresponding input dimension, but got: padding "
                f"({before}, {after}) at dimension {axis} of input {list(x.shape)}"
            )
            raise mistake(ShapeError, "pad", words, "", "mode='replicate'", input=x)
        if mode == "circular" and max(before, after) > n:
            raise mistake(ShapeError, "pad", "Padding value causes wrapping around more than once.", input=x)
        if n + before + after < 0:
            raise mistake(ShapeError, "pad", "Negative padding value is resulting in an empty dimension", input=x)
