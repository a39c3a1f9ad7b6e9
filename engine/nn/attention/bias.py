"""Causal masks for queries and keys of unequal number, as torch.nn.attention.bias."""

from __future__ import annotations

import enum
import warnings
from typing import Any, Self

import numpy as np

from gradbook.tensor import Tensor

__all__ = ["CausalBias", "CausalVariant", "causal_lower_right", "causal_upper_left"]


class CausalVariant(enum.IntEnum):
    """Which corner the diagonal of a causal mask ends in."""

    UPPER_LEFT = 1
    LOWER_RIGHT = 2


class CausalBias(Tensor):
    """A causal mask to give to scaled_dot_product_attention, as torch.nn.attention.bias.CausalBias.

    (seq_len_q, seq_len_kv), True where a query may look. Warns where the lower right variant leaves a query nothing.
    """

    variant: CausalVariant
    seq_len_q: int
    seq_len_kv: int

    def __new__(cls, variant: CausalVariant, seq_len_q: int, seq_len_kv: int) -> Self:
        """The mask of a variant."""
        if not isinstance(variant, CausalVariant):
            raise AssertionError(f"variant must be a CausalVariant, got {type(variant).__name__}")
        if seq_len_q > seq_len_kv and variant == CausalVariant.LOWER_RIGHT:
            warnings.warn(
                "Lower right causal bias will produce NaNs in the output when seq_len_q > seq_len_kv!", stacklevel=3
            )
        shift = 0 if variant == CausalVariant.UPPER_LEFT else seq_len_kv - seq_len_q
        made = cls._of(np.tri(seq_len_q, seq_len_kv, shift, dtype=bool))
        made.variant, made.seq_len_q, made.seq_len_kv = variant, seq_len_q, seq_len_kv
        return made

    def __repr__(self) -> str:
        return repr(self.detach())


def causal_upper_left(*size: Any) -> CausalBias:
    """Query i may look at keys 0..i, as torch.nn.attention.bias.causal_upper_left.

    Raises AssertionError for another number of sizes than two.
    """
    return _biased(CausalVariant.UPPER_LEFT, "causal_upper_left", size)


def causal_lower_right(*size: Any) -> CausalBias:
    """The last query may look at every key, as torch.nn.attention.bias.causal_lower_right."""
    return _biased(CausalVariant.LOWER_RIGHT, "causal_lower_right", size)


def _biased(variant: CausalVariant, name: str, size: tuple[Any, ...]) -> CausalBias:
    if len(size) != 2:
        raise AssertionError(f"{name} only supports 2D tensors")
    return CausalBias(variant, *size)
