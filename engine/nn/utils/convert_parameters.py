"""All parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

import gradbook
from gradbook.tensor import Tensor

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Parameters -> one vector, in order, as torch.nn.utils.parameters_to_vector."""
    made: Tensor = gradbook.cat([parameter.reshape(-1) for parameter in parameters])
    return made


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Let parameters be parts of a vector, as torch.nn.utils.vector_to_parameters. Raises TypeError for no Tensor."""
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    start = 0
    for parameter in parameters:
        count = parameter.numel()
        parameter.data = vec[start : start + count].view_as(parameter).detach()
        start += count
