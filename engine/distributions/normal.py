"""The normal distribution."""

from __future__ import annotations

import math
from typing import Any

import gradbook
from gradbook import Tensor
from gradbook.distributions.exp_family import ExponentialFamily
from gradbook.distributions.location_scale import LocationScale

__all__ = ["Normal"]


class Normal(LocationScale, ExponentialFamily):
    """The normal (Gaussian) distribution with mean `loc` and standard deviation `scale`."""

    _mean_carrier_measure = 0

    @property
    def stddev(self) -> Tensor:
        """scale."""
        return self.scale

    @property
    def variance(self) -> Tensor:
        """scale^2."""
        return self.scale.pow(2)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """loc + scale * noise."""
        return self.loc + self.scale * gradbook.randn_like(self.loc.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Tensor:
        """-(x - loc)^2 / (2 scale^2) - log(scale) - log(2 pi) / 2."""
        if self._validate_args:
            self._validate_sample(value)
        away = (value - self.loc) / self.scale
        return -(away**2) / 2 - self.scale.log() - math.log(math.sqrt(2 * math.pi))

    def cdf(self, value: Any) -> Tensor:
        """By the error function."""
        if self._validate_args:
            self._validate_sample(value)
        return 0.5 * (1 + gradbook.erf((value - self.loc) * self.scale.reciprocal() / math.sqrt(2)))

    def icdf(self, value: Any) -> Tensor:
        """By the inverse error function."""
        return self.loc + self.scale * gradbook.erfinv(2 * value - 1) * math.sqrt(2)

    def entropy(self) -> Tensor:
        """1/2 + log(2 pi) / 2 + log(scale)."""
        return 0.5 + 0.5 * math.log(2 * math.pi) + self.scale.log()

    @property
    def _natural_params(self) -> tuple[Tensor, Tensor]:
        return self.loc / self.scale.pow(2), -0.5 * self.scale.pow(2).reciprocal()

    def _log_normalizer(self, x: Tensor, y: Tensor) -> Tensor:
        return -0.25 * x.pow(2) / y + 0.5 * gradbook.log(-math.pi / y)
