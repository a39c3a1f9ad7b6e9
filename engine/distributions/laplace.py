"""The Laplace distribution."""

from __future__ import annotations

from typing import Any

import gradbook
from gradbook import Tensor
from gradbook.distributions.location_scale import LocationScale

__all__ = ["Laplace"]


class Laplace(LocationScale):
    """The Laplace distribution around `loc`: exp(-|x - loc| / scale) / (2 scale)."""

    @property
    def variance(self) -> Tensor:
        """2 scale^2."""
        return 2 * self.scale.pow(2)

    @property
    def stddev(self) -> Tensor:
        """sqrt(2) scale."""
        return 2**0.5 * self.scale

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """By the inverse of the cdf."""
        shape = self._extended_shape(sample_shape)
        eps = gradbook.finfo(self.loc.dtype).eps
        u = self.loc.new_empty(shape).uniform_(eps - 1, 1)
        return self.loc - self.scale * u.sign() * gradbook.log1p(-u.abs())

    def log_prob(self, value: Any) -> Tensor:
        """-|x - loc| / scale - log(2 scale)."""
        if self._validate_args:
            self._validate_sample(value)
        return -gradbook.log(2 * self.scale) - gradbook.abs(value - self.loc) / self.scale

    def cdf(self, value: Any) -> Tensor:
        """Half of 1 + sign(x - loc) (1 - exp(-|x - loc| / scale))."""
        if self._validate_args:
            self._validate_sample(value)
        away = value - self.loc
        return 0.5 - 0.5 * away.sign() * gradbook.expm1(-away.abs() / self.scale)

    def icdf(self, value: Any) -> Tensor:
        """The inverse of the cdf."""
        term = value - 0.5
        return self.loc - self.scale * term.sign() * gradbook.log1p(-2 * term.abs())

    def entropy(self) -> Tensor:
        """1 + log(2 scale)."""
        return 1 + gradbook.log(2 * self.scale)
