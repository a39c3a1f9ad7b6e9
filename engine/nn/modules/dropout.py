"""Dropout layers."""

from __future__ import annotations

from gradbook.nn.module import Module
from gradbook.ops import dropout as ops
from gradbook.tensor import Tensor

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class _DropoutNd(Module):
    p: float
    inplace: bool

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """Zeros with probability p, the rest times 1 / (1 - p), in training; the input in eval (torch.nn.Dropout).

    Raises ValueError unless 0 <= p <= 1.
    """

    def forward(self, input: Tensor) -> Tensor:
        return ops.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_DropoutNd):
    """Whole channels of (n, c, l) dropped (torch.nn.Dropout1d). Raises ValueError unless 0 <= p <= 1."""

    def forward(self, input: Tensor) -> Tensor:
        return ops.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_DropoutNd):
    """Whole channels of (n, c, h, w) dropped (torch.nn.Dropout2d). Raises ValueError unless 0 <= p <= 1."""

    def forward(self, input: Tensor) -> Tensor:
        return ops.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_DropoutNd):
    """Whole channels of (n, c, d, h, w) dropped (torch.nn.Dropout3d). Raises ValueError unless 0 <= p <= 1."""

    def forward(self, input: Tensor) -> Tensor:
        return ops.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_DropoutNd):
    """Dropout that keeps mean and variance behind SELU (torch.nn.AlphaDropout).

    Raises ValueError unless 0 <= p <= 1.
    """

    def forward(self, input: Tensor) -> Tensor:
        return ops.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_DropoutNd):
    """AlphaDropout of whole channels (torch.nn.FeatureAlphaDropout). Raises ValueError unless 0 <= p <= 1."""

    def forward(self, input: Tensor) -> Tensor:
        return ops.feature_alpha_dropout(input, self.p, self.training)
