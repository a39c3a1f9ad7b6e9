"""How linear_cross_entropy may save memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradbook import dtypes

__all__ = ["LinearCrossEntropyOptions"]

_POLICIES = ("accurate", "balanced", "compact", "auto")


@dataclass(frozen=True, kw_only=True)
class LinearCrossEntropyOptions:
    """Options of functional.linear_cross_entropy, as torch.nn.LinearCrossEntropyOptions. Raises ValueError.

    Differs: they are checked, and the loss is the same, but the scores of a batch are computed in one piece.
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str = "auto"
    acc_dtype: Any = None

    def __post_init__(self) -> None:
        if self.acc_policy not in _POLICIES:
            raise ValueError(f"invalid acc_policy: {self.acc_policy!r}")
        if self.batch_chunk_size is not None and self.batch_chunk_size <= 0:
            raise ValueError(f"batch_chunk_size must be positive int or None, got {self.batch_chunk_size}")
        name, _, number = (self.chunking_method or "auto").partition(":")
        if not (name == "auto" and not number) and not (name == "aspect_ratio" and number.isdigit()):
            raise ValueError(f"invalid chunking_method: {self.chunking_method!r}")
        if self.acc_dtype is not None and not (
            isinstance(self.acc_dtype, dtypes.dtype) and self.acc_dtype.is_floating_point
        ):
            raise ValueError(
                "acc_dtype must be one of {None, torch.float16, torch.bfloat16, torch.float32, torch.float64}, got "
                f"{self.acc_dtype}. Pass acc_dtype=None to let the op pick automatically."
            )
