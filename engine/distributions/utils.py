"""What distributions share: parameters brought to one shape, probabilities and logits, values computed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradbook
from gradbook import Tensor

__all__ = [
    "broadcast_all",
    "clamp_probs",
    "euler_constant",
    "lazy_property",
    "logits_to_probs",
    "probs_to_logits",
    "tril_matrix_to_vec",
    "vec_to_tril_matrix",
]

euler_constant = 0.57721566490153286060


def broadcast_all(*values: Any) -> tuple[Tensor, ...]:
    """Numbers and tensors as tensors of one shape; numbers take the dtype of the first tensor, or the default one.

    Raises ValueError for anything else.
    """
    tensors = [value for value in values if isinstance(value, Tensor)]
    if not all(isinstance(value, (Tensor, int, float, bool)) for value in values):
        kinds = ", ".join(sorted({type(value).__name__ for value in values}))
        raise ValueError(f"Input arguments must all be instances of Number, torch.Tensor or objects: got {kinds}")
    kind = tensors[0].dtype if tensors else gradbook.get_default_dtype()
    where = tensors[0].device if tensors else None
    made = [v if isinstance(v, Tensor) else gradbook.tensor(v, dtype=kind, device=where) for v in values]
    return gradbook.broadcast_tensors(*made)


class lazy_property:
    """A property computed at first use and kept, as torch.distributions.utils.lazy_property."""

    def __init__(self, wrapped: Callable[[Any], Any]) -> None:
        self.wrapped = wrapped
        self.__doc__ = wrapped.__doc__
        self.__name__ = wrapped.__name__

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        with gradbook.enable_grad():
            value = self.wrapped(instance)
        setattr(instance, self.__name__, value)
        return value


def clamp_probs(probs: Tensor) -> Tensor:
    """Probabilities kept away from 0 and 1 by the dtype's eps."""
    eps = gradbook.finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """Log-odds to probabilities: a sigmoid for two outcomes, else a softmax over the last axis."""
    return gradbook.sigmoid(logits) if is_binary else gradbook.softmax(logits, -1)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """Probabilities to log-odds (two outcomes) or logarithms."""
    safe = clamp_probs(probs)
    return gradbook.log(safe) - gradbook.log1p(-safe) if is_binary else gradbook.log(safe)


def tril_matrix_to_vec(mat: Tensor, diag: int = 0) -> Tensor:
    """The lower triangle row by row. (.., n, n) -> (.., count)."""
    n = mat.shape[-1]
    rows, columns = gradbook.tril_indices(n, n, diag)
    return mat[..., rows, columns]


def vec_to_tril_matrix(vec: Tensor, diag: int = 0) -> Tensor:
    """The way back from tril_matrix_to_vec. Raises ValueError for a length that no triangle has."""
    n = (-(1 + 2 * diag) + ((1 + 2 * diag) ** 2 + 8 * vec.shape[-1] + 4 * abs(diag) * (diag + 1)) ** 0.5) / 2
    if round(n) - n > gradbook.finfo(vec.dtype).eps:
        raise ValueError(
            f"The size of last dimension is {vec.shape[-1]} which cannot be expressed as the lower triangle"
        )
    size = round(n)
    rows, columns = gradbook.tril_indices(size, size, diag)
    flat = vec.new_zeros((*vec.shape[:-1], size * size))
    place = (rows * size + columns).expand(vec.shape)
    return flat.scatter(-1, place, vec).reshape(*vec.shape[:-1], size, size)
