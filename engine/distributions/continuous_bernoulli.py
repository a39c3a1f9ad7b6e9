"""The continuous Bernoulli distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import gradbook
from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.exp_family import ExponentialFamily
from gradbook.distributions.outcomes import Binary
from gradbook.distributions.utils import clamp_probs

__all__ = ["ContinuousBernoulli"]


class ContinuousBernoulli(Binary, ExponentialFamily):
    """p^x (1 - p)^(1 - x), normalized, for x from 0 to 1 (Loaiza-Ganem and Cunningham, 2019).

    lims: between them p counts as 1/2 and a Taylor series is used, for the formulas divide by 1 - 2p.
    """

    arg_constraints: ClassVar[Any] = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(
        self, probs: Any = None, logits: Any = None, lims: Any = (0.499, 0.501), validate_args: bool | None = None
    ) -> None:
        self._lims = lims
        self._set_chances(probs, logits, validate_args)
        if probs is not None:
            self.probs = clamp_probs(self.probs)

    def _expand_more(self, new: Any, shape: Any) -> None:
        new._lims = self._lims

    def _far(self) -> Tensor:
        """Where p is not near 1/2."""
        return (self.probs <= self._lims[0]) | (self.probs > self._lims[1])

    def _cut(self) -> Tensor:
        """p, away from 1/2."""
        return gradbook.where(self._far(), self.probs, self._lims[0] * gradbook.ones_like(self.probs))

    def _log_norm(self) -> Tensor:
        """The logarithm of the normalizing constant."""
        p = self._cut()
        below = gradbook.where(p <= 0.5, p, gradbook.zeros_like(p))
        above = gradbook.where(p >= 0.5, p, gradbook.ones_like(p))
        exact = gradbook.log(gradbook.abs(gradbook.log1p(-p) - gradbook.log(p))) - gradbook.where(
            p <= 0.5, gradbook.log1p(-2.0 * below), gradbook.log(2.0 * above - 1.0)
        )
        x = (self.probs - 0.5).pow(2)
        return gradbook.where(self._far(), exact, math.log(2.0) + (4.0 / 3.0 + 104.0 / 45.0 * x) * x)

    @property
    def mean(self) -> Tensor:
        """In closed form, a series near 1/2."""
        p = self._cut()
        exact = p / (2.0 * p - 1.0) + 1.0 / (gradbook.log1p(-p) - gradbook.log(p))
        x = self.probs - 0.5
        return gradbook.where(self._far(), exact, 0.5 + (1.0 / 3.0 + 16.0 / 45.0 * x.pow(2)) * x)

    @property
    def variance(self) -> Tensor:
        """In closed form, a series near 1/2."""
        p = self._cut()
        exact = p * (p - 1.0) / (1.0 - 2.0 * p).pow(2) + 1.0 / (gradbook.log1p(-p) - gradbook.log(p)).pow(2)
        x = (self.probs - 0.5).pow(2)
        return gradbook.where(self._far(), exact, 1.0 / 12.0 - (1.0 / 15.0 - 128.0 / 945.0 * x) * x)

    @property
    def stddev(self) -> Tensor:
        """The root of the variance."""
        return gradbook.sqrt(self.variance)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """By the inverse of the cdf."""
        with gradbook.no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """By the inverse of the cdf."""
        shape = self._extended_shape(sample_shape)
        return self.icdf(gradbook.rand(shape, dtype=self.probs.dtype, device=self.probs.device))

    def log_prob(self, value: Any) -> Tensor:
        """Bernoulli's formula and the normalizing constant."""
        if self._validate_args:
            self._validate_sample(value)
        return -self._cross_entropy(value) + self._log_norm()

    def cdf(self, value: Any) -> Tensor:
        """In closed form; the value itself near 1/2."""
        if self._validate_args:
            self._validate_sample(value)
        p = self._cut()
        power = gradbook.pow(p, value) * gradbook.pow(1.0 - p, 1.0 - value)
        inside = gradbook.where(self._far(), (power + p - 1.0) / (2.0 * p - 1.0), value)
        zero, one = gradbook.zeros_like(inside), gradbook.ones_like(inside)
        return gradbook.where(gradbook.le(value, 0.0), zero, gradbook.where(gradbook.ge(value, 1.0), one, inside))

    def icdf(self, value: Any) -> Tensor:
        """The inverse of the cdf."""
        p = self._cut()
        away = gradbook.log1p(-p + value * (2.0 * p - 1.0)) - gradbook.log1p(-p)
        return gradbook.where(self._far(), away / (gradbook.log(p) - gradbook.log1p(-p)), value)

    def entropy(self) -> Tensor:
        """In closed form."""
        log0, log1 = gradbook.log1p(-self.probs), gradbook.log(self.probs)
        return self.mean * (log0 - log1) - self._log_norm() - log0

    @property
    def _natural_params(self) -> tuple[Tensor]:
        return (self.logits,)

    def _log_normalizer(self, x: Tensor) -> Tensor:
        far = (x <= self._lims[0] - 0.5) | (x > self._lims[1] - 0.5)
        cut = gradbook.where(far, x, (self._lims[0] - 0.5) * gradbook.ones_like(x))
        exact = gradbook.log(gradbook.abs(gradbook.special.expm1(cut))) - gradbook.log(gradbook.abs(cut))
        return gradbook.where(far, exact, 0.5 * x + x.pow(2) / 24.0 - x.pow(4) / 2880.0)
