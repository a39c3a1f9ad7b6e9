"""Gradients that are too large made smaller."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.autograd import versions
from gradbook.tensor import Tensor

__all__ = ["clip_grad_norm", "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]


def gradients(parameters: Any) -> list[Tensor]:
    """The gradients there are."""
    tensors = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [tensor._grad for tensor in tensors if tensor._grad is not None]


def total_norm(arrays: list[Any], norm_type: float) -> Any:
    """The norm of all arrays as if they were one vector -> a 0-d array."""
    xp = backends.xp_of(*arrays)
    if norm_type in (math.inf, -math.inf):
        extreme = max if norm_type > 0 else min
        return xp.asarray(extreme(getattr(abs(a), extreme.__name__)() for a in arrays if a.size))
    if norm_type == 2.0 and xp is np:
        kind = arrays[0].dtype
        flat = [a.reshape(-1) for a in arrays]
        norms = [np.sqrt(v @ v) if v.dtype.kind == "f" and v.dtype.itemsize > 2 else np.linalg.norm(v) for v in flat]
        return np.asarray(np.linalg.norm(np.asarray(norms))).astype(kind)
    if norm_type == 0.0:  # how many are not zero, then how many of those counts are not
        return xp.asarray(sum(bool(a.any()) for a in arrays)).astype(arrays[0].dtype)
    norms = [(abs(a) ** norm_type).sum() ** (1.0 / norm_type) for a in arrays]
    return xp.asarray((xp.asarray(norms) ** norm_type).sum() ** (1.0 / norm_type)).astype(arrays[0].dtype)


def get_total_norm(
    tensors: Iterable[Tensor] | Tensor,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all tensors as one vector, as torch.nn.utils.get_total_norm.

    Raises RuntimeError for nan or inf if asked.
    """
    arrays = [t._array for t in ([tensors] if isinstance(tensors, Tensor) else tensors)]
    if not arrays:
        empty: Tensor = Tensor._of(np.zeros((), np.float32))
        return empty
    norm = total_norm(arrays, float(norm_type))
    if error_if_nonfinite and not bool(backends.xp_of(norm).isfinite(norm)):
        raise RuntimeError(
            f"The total norm of order {float(norm_type)} for gradients from `parameters` is non-finite, so "
            "it cannot be "
            "clipped. To disable this error and scale the gradients by the non-finite norm anyway, set "
            "`error_if_nonfinite=False`"
        )
    made: Tensor = Tensor._of(norm)
    return made


def clip_grads_with_norm_(parameters: Any, max_norm: float, total_norm: Tensor, foreach: bool | None = None) -> None:
    """Scale gradients by max_norm / total_norm where that is less than 1."""
    scale = float(max_norm) / (total_norm._array + 1e-6)
    scale = scale.clip(None, 1.0)
    for grad in gradients(parameters):
        grad._array *= scale.astype(grad._array.dtype)
        versions.stamp(grad._array)


def clip_grad_norm_(
    parameters: Any,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients so that their common norm is at most max_norm, as torch.nn.utils.clip_grad_norm_.

    -> the norm before. Raises RuntimeError for a norm that is nan or inf if error_if_nonfinite.
    """
    if not isinstance(parameters, Tensor):
        parameters = list(parameters)
    norm = get_total_norm(gradients(parameters), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(parameters, max_norm, norm)
    return norm


def clip_grad_norm(
    parameters: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> Tensor:
    """clip_grad_norm_ under its old name."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite)


def clip_grad_value_(parameters: Any, clip_value: float, foreach: bool | None = None) -> None:
    """Bring every gradient into -clip_value..clip_value, as torch.nn.utils.clip_grad_value_."""
    limit = float(clip_value)
    for grad in gradients(parameters):
        backends.xp_of(grad._array).clip(grad._array, -limit, limit, out=grad._array)
        versions.stamp(grad._array)
