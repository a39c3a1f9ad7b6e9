"""Dropout: values set to zero at random, the rest scaled up so that the mean stays."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from gradbook import backends
from gradbook.autograd.inplace import assign, check_leaf
from gradbook.autograd.op import Op
from gradbook.ops.mistakes import need_tensor
from gradbook.ops.random import dropout_mask
from gradbook.tensor import Tensor

__all__ = [
    "alpha_dropout", "alpha_dropout_", "dropout", "dropout1d", "dropout2d", "dropout3d", "dropout_",
    "feature_alpha_dropout", "feature_alpha_dropout_", "feature_dropout", "feature_dropout_",
]  # fmt: skip

dropout_op = Op(
    "dropout", "input", extras="mask", node_name="NativeDropoutBackward0",
    formula=r"y = \frac{m \odot x}{1 - p}, \; m_i \sim \operatorname{Bernoulli}(1 - p)",
    grads={"input": r"\bar x = \frac{m \odot \bar y}{1 - p}"},
)  # fmt: skip


@dropout_op.forward
def _(xp: Any, x: Any, *, p: float, shape: tuple[int, ...]) -> Any:
    if p >= 1:
        mask = xp.zeros(shape, x.dtype)
    else:
        mask = (dropout_mask(shape, 1 - p, xp) * x.dtype.type(1 / (1 - p))).astype(x.dtype, copy=False)
    return x * mask, mask


@dropout_op.grad("input")
def _(grad: Any, mask: Any) -> Any:
    return grad * mask


def check_probability(p: float) -> None:
    """Raise ValueError unless p is a probability."""
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def drop(input: Any, p: float, training: bool, shape: Sequence[int], inplace: bool) -> Tensor:
    """Dropout with a mask of `shape`, broadcast to the input."""
    x = need_tensor("dropout", input)
    check_probability(p)
    if not training or p == 0:
        return x
    if inplace:
        check_leaf(x)
    y: Tensor = dropout_op(x, p=p, shape=tuple(shape))
    return assign(x, y) if inplace else y


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zeros with probability p, the rest times 1 / (1 - p), as torch.nn.functional.dropout; not training: the input.

    Raises ValueError unless 0 <= p <= 1.
    """
    return drop(input, p, training, getattr(input, "shape", ()), inplace)


def maps_shape(op: str, input: Tensor, rank: int) -> tuple[int, ...]:
    """One value a channel: (n, c, 1, ...), or (c, 1, ...) without a batch."""
    x = need_tensor(op, input)
    batched = x.ndim == rank + 2
    lead = 2 if batched or x.ndim > rank + 1 or x.ndim < rank + 1 else 1
    return tuple(x.shape[:lead]) + (1,) * (x.ndim - lead)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Whole channels of (n, c, l) or (c, l) set to zero, as torch.nn.functional.dropout1d."""
    check_probability(p)
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input. Note that dropout1d "
            "exists to provide "
            "channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an "
            "optional batch dimension "
            "(i.e. 2D or 3D inputs)."
        )
    return drop(input, p, training, maps_shape("dropout1d", input, 1), inplace)


def warn_axes(name: str, axes: int, wanted: str) -> None:
    """Say that an input has other axes than a channel-wise dropout is for."""
    warnings.warn(
        f"{name}: Received a {axes}-D input to {name}, which is deprecated and will result in an error in a future "
        "release. To retain the behavior and silence this warning, please use dropout instead. Note that "
        f"{name} exists to provide channel-wise dropout on {wanted} inputs.",
        stacklevel=3,
    )


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Whole channels of (n, c, h, w) set to zero, as torch.nn.functional.dropout2d; (n, c, l) counts as a batch too."""
    if input.ndim not in (3, 4):
        warn_axes("dropout2d", input.ndim, "3-D or 4-D")
    elif input.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is "
            "desired - input is interpreted as shape (N, C, L), where C is the channel dim. For that, use dropout1d.",
            stacklevel=2,
        )
    return drop(input, p, training, (*input.shape[:2], *(1,) * (input.ndim - 2)), inplace)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Whole channels of (n, c, d, h, w), or (c, d, h, w), set to zero, as torch.nn.functional.dropout3d."""
    if input.ndim not in (4, 5):
        warn_axes("dropout3d", input.ndim, "4-D or 5-D")
    if input.ndim == 4:
        return drop(input, p, training, (input.shape[0], 1, 1, 1), inplace)
    return drop(input, p, training, (*input.shape[:2], *(1,) * (input.ndim - 2)), inplace)


def alpha(input: Tensor, p: float, training: bool, inplace: bool, shape: Sequence[int]) -> Tensor:
    """Dropout that keeps mean 0 and variance 1 of SELU's outputs: dropped values become SELU's lowest."""
    check_probability(p)
    if not training or p == 0:
        return input
    lowest = -1.7580993408473766
    xp = backends.xp_of(input._array)
    if p == 1:
        y = input * 0.0
    else:
        a = 1 / ((lowest * lowest * p + 1) * (1 - p)) ** 0.5
        keep = dropout_mask(tuple(shape), 1 - p, xp)
        scale = (keep * a).astype(input._array.dtype)
        shift = (xp.where(keep, 0, lowest * a) - lowest * a * p).astype(input._array.dtype)
        y = input * Tensor._of(scale) + Tensor._of(shift)
    return assign(input, y) if inplace else y


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout for SELU networks, as torch.nn.functional.alpha_dropout."""
    return alpha(input, p, training, inplace, input.shape)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """alpha_dropout of whole channels, as torch.nn.functional.feature_alpha_dropout."""
    return alpha(input, p, training, inplace, (*input.shape[:2], *(1,) * (input.ndim - 2)))


def feature_dropout(input: Tensor, p: float = 0.5, train: bool = True) -> Tensor:
    """Dropout of whole channels, as torch.feature_dropout."""
    return dropout2d(input, p, train)


def dropout_(input: Tensor, p: float = 0.5, train: bool = True) -> Tensor:
    """In-place dropout."""
    return dropout(input, p, train, True)


def alpha_dropout_(input: Tensor, p: float = 0.5, train: bool = False) -> Tensor:
    """In-place alpha_dropout."""
    return alpha_dropout(input, p, train, True)


def feature_dropout_(input: Tensor, p: float = 0.5, train: bool = True) -> Tensor:
    """In-place feature_dropout."""
    return dropout2d(input, p, train, True)


def feature_alpha_dropout_(input: Tensor, p: float = 0.5, train: bool = False) -> Tensor:
    """In-place feature_alpha_dropout."""
    return feature_alpha_dropout(input, p, train, True)
