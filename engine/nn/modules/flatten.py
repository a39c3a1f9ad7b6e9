"""Axes joined and split."""

from __future__ import annotations

from typing import Any

from gradbook.nn.module import Module
from gradbook.tensor import Size, Tensor

__all__ = ["Flatten", "Unflatten"]


class Flatten(Module):
    """Axes start_dim to end_dim joined, as torch.nn.Flatten: (n, *) -> (n, product)."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        made: Tensor = input.flatten(self.start_dim, self.end_dim)
        return made

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One axis split into unflattened_size, as torch.nn.Unflatten. Raises TypeError for sizes that are no ints."""

    def __init__(self, dim: Any, unflattened_size: Any) -> None:
        super().__init__()
        if not isinstance(dim, int):
            raise TypeError(
                "invalid argument type for dim parameter"
                if not isinstance(dim, str)
                else "named axes are not there: give dim as an int"
            )
        if not isinstance(unflattened_size, (tuple, list, Size)):
            raise TypeError(
                f"unflattened_size must be a tuple of ints, but found type {type(unflattened_size).__name__}"
            )
        for i, size in enumerate(unflattened_size):
            if not isinstance(size, int):
                raise TypeError(
                    "unflattened_size must be tuple of ints, but found element of type "
                    f"{type(size).__name__} at pos {i}"
                )
        self.dim, self.unflattened_size = dim, unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        made: Tensor = input.unflatten(self.dim, tuple(self.unflattened_size))
        return made

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
