"""The Bernoulli distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import gradbook
from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.exp_family import ExponentialFamily
from gradbook.distributions.outcomes import Binary

__all__ = ["Bernoulli"]


class Bernoulli(Binary, ExponentialFamily):
    """1 with the chance `probs` (or the log-odds `logits`), else 0."""

    arg_constraints: ClassVar[Any] = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean
    has_enumerate_support = True
    _mean_carrier_measure = 0

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        self._set_chances(probs, logits, validate_args)

    @property
    def mean(self) -> Tensor:
        """probs."""
        return self.probs

    @property
    def mode(self) -> Tensor:
        """The likelier of the two; nan where both are as likely."""
        mode = (self.probs >= 0.5).to(self.probs)
        return mode.masked_fill(self.probs == 0.5, math.nan)

    @property
    def variance(self) -> Tensor:
        """p (1 - p)."""
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """0 or 1, as floats."""
        with gradbook.no_grad():
            return gradbook.bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Tensor:
        """x log p + (1 - x) log(1 - p)."""
        if self._validate_args:
            self._validate_sample(value)
        return -self._cross_entropy(value)

    def entropy(self) -> Tensor:
        """-(p log p + (1 - p) log(1 - p))."""
        return self._cross_entropy(self.probs)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """0 and 1."""
        return self._enumerated(gradbook.arange(2, dtype=self._param.dtype, device=self._param.device), expand)

    @property
    def _natural_params(self) -> tuple[Tensor]:
        return (gradbook.logit(self.probs),)

    def _log_normalizer(self, x: Tensor) -> Tensor:
        return gradbook.log1p(gradbook.exp(x))
