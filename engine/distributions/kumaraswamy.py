"""The Kumaraswamy distribution."""

from __future__ import annotations

from typing import Any, ClassVar

import gradbook
from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.transformed_distribution import TransformedDistribution
from gradbook.distributions.transforms import AffineTransform, PowerTransform
from gradbook.distributions.uniform import Uniform
from gradbook.distributions.utils import broadcast_all, euler_constant

__all__ = ["Kumaraswamy"]


class Kumaraswamy(TransformedDistribution):
    """1 - (1 - x^concentration1)^concentration0 is its cdf, for x from 0 to 1: like a beta, with a closed inverse."""

    arg_constraints: ClassVar[Any] = {"concentration1": constraints.positive, "concentration0": constraints.positive}
    support = constraints.unit_interval
    has_rsample = True
    concentration1: Tensor
    concentration0: Tensor

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        self.concentration1, self.concentration0 = broadcast_all(concentration1, concentration0)
        one = gradbook.ones_like(self.concentration0)
        base = Uniform(gradbook.zeros_like(one), one, validate_args=validate_args)
        moved = [
            PowerTransform(exponent=self.concentration0.reciprocal()),
            AffineTransform(loc=1.0, scale=-1.0),
            PowerTransform(exponent=self.concentration1.reciprocal()),
        ]
        super().__init__(base, moved, validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same with another batch shape."""
        new = self._get_checked_instance(Kumaraswamy, _instance)
        new.concentration1 = self.concentration1.expand(batch_shape)
        new.concentration0 = self.concentration0.expand(batch_shape)
        return super().expand(batch_shape, _instance=new)

    def _moment(self, n: int) -> Tensor:
        a, b = self.concentration1, self.concentration0
        log_value = gradbook.lgamma(1 + n / a) + gradbook.lgamma(b) - gradbook.lgamma(1 + n / a + b)
        return b * gradbook.exp(log_value)

    @property
    def mean(self) -> Tensor:
        """The first moment."""
        return self._moment(1)

    @property
    def mode(self) -> Tensor:
        """In closed form; nan where a concentration is below 1."""
        a, b = self.concentration1, self.concentration0
        found = a.reciprocal() * ((-b).log1p() - (-a * b).log1p())
        found[(b < 1) | (a < 1)] = float("nan")
        return found.exp()

    @property
    def variance(self) -> Tensor:
        """By the first two moments."""
        return self._moment(2) - self.mean.pow(2)

    def entropy(self) -> Tensor:
        """In closed form."""
        a, b = self.concentration1, self.concentration0
        t1, t0 = 1 - a.reciprocal(), 1 - b.reciprocal()
        harmonic = gradbook.digamma(b + 1) + euler_constant
        return t0 + t1 * harmonic - gradbook.log(a) - gradbook.log(b)
