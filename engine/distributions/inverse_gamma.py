"""The inverse gamma distribution."""

from __future__ import annotations

from typing import Any, ClassVar

import gradbook
from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.gamma import Gamma
from gradbook.distributions.transformed_distribution import TransformedDistribution
from gradbook.distributions.transforms import PowerTransform

__all__ = ["InverseGamma"]


class InverseGamma(TransformedDistribution):
    """1 / x of a gamma draw x."""

    arg_constraints: ClassVar[Any] = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.positive
    has_rsample = True
    base_dist: Any

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        base = Gamma(concentration, rate, validate_args=validate_args)
        super().__init__(base, PowerTransform(-base.rate.new_ones(())), validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same with another batch shape."""
        return super().expand(batch_shape, _instance=self._get_checked_instance(InverseGamma, _instance))

    @property
    def concentration(self) -> Tensor:
        """The gamma's."""
        return self.base_dist.concentration

    @property
    def rate(self) -> Tensor:
        """The gamma's."""
        return self.base_dist.rate

    @property
    def mean(self) -> Tensor:
        """rate / (concentration - 1); inf for concentration <= 1."""
        found = self.rate / (self.concentration - 1)
        return gradbook.where(self.concentration > 1, found, float("inf"))

    @property
    def mode(self) -> Tensor:
        """rate / (concentration + 1)."""
        return self.rate / (self.concentration + 1)

    @property
    def variance(self) -> Tensor:
        """In closed form; inf for concentration <= 2."""
        found = self.rate.square() / ((self.concentration - 1).square() * (self.concentration - 2))
        return gradbook.where(self.concentration > 2, found, float("inf"))

    def entropy(self) -> Tensor:
        """In closed form."""
        a = self.concentration
        return a + self.rate.log() + a.lgamma() - (1 + a) * a.digamma()
