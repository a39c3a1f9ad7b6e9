"""The generalized Pareto distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import gradbook
from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.distribution import Distribution

__all__ = ["GeneralizedPareto"]


class GeneralizedPareto(Distribution):
    """The tail beyond a threshold `loc`, of width `scale`; `concentration` 0 is the exponential distribution."""

    arg_constraints: ClassVar[Any] = {
        "loc": constraints.real,
        "scale": constraints.positive,
        "concentration": constraints.real,
    }
    has_rsample = True
    _parameters = ("loc", "scale", "concentration")
    loc: Tensor
    scale: Tensor
    concentration: Tensor

    def __init__(self, loc: Any, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self._set(validate_args, loc=loc, scale=scale, concentration=concentration)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        """From loc on; up to loc - scale / concentration where that is negative."""
        upper = gradbook.where(self.concentration < 0, self.loc - self.scale / self.concentration, math.inf)
        return constraints.interval(self.loc, upper)

    def _straight(self) -> Tensor:
        """Where the concentration is 0."""
        return gradbook.isclose(self.concentration, gradbook.zeros_like(self.concentration))

    def _safe(self) -> Tensor:
        """The concentration, 1 where it is 0."""
        return gradbook.where(self._straight(), gradbook.ones_like(self.concentration), self.concentration)

    @property
    def mean(self) -> Tensor:
        """loc + scale / (1 - concentration); inf from concentration 1 on."""
        c = self.concentration
        return gradbook.where(c < 1, self.loc + self.scale / (1 - gradbook.where(c < 1, c, 0.0)), math.inf)

    @property
    def mode(self) -> Tensor:
        """loc."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """In closed form; inf from concentration 1/2 on."""
        c = gradbook.where(self.concentration < 0.5, self.concentration, 0.0)
        found = self.scale**2 / ((1 - c) ** 2 * (1 - 2 * c))
        return gradbook.where(self.concentration < 0.5, found, math.inf)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """By the inverse of the cdf."""
        shape = self._extended_shape(sample_shape)
        return self.icdf(gradbook.rand(shape, dtype=self.loc.dtype, device=self.loc.device))

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density."""
        if self._validate_args:
            self._validate_sample(value)
        z, c = (value - self.loc) / self.scale, self._safe()
        bent = (1 / c + 1) * gradbook.log1p(c * z)
        return -gradbook.where(self._straight(), z, bent) - self.scale.log()

    def log_survival_function(self, value: Any) -> Tensor:
        """log(1 - cdf)."""
        if self._validate_args:
            self._validate_sample(value)
        z, c = (value - self.loc) / self.scale, self._safe()
        return -gradbook.where(self._straight(), z, gradbook.log1p(c * z) / c)

    def log_cdf(self, value: Any) -> Tensor:
        """log(cdf)."""
        return gradbook.log1p(-gradbook.exp(self.log_survival_function(value)))

    def cdf(self, value: Any) -> Tensor:
        """1 - the survival function."""
        return gradbook.exp(self.log_cdf(value))

    def icdf(self, value: Any) -> Tensor:
        """The inverse of the cdf."""
        away, c = gradbook.log1p(-value), self._safe()
        bent = gradbook.expm1(-c * away) / c
        return self.loc + self.scale * gradbook.where(self._straight(), -away, bent)

    def entropy(self) -> Tensor:
        """log(scale) + concentration + 1."""
        return self.scale.log() + self.concentration + 1
