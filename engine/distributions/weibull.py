"""The Weibull distribution."""

from __future__ import annotations

from typing import Any, ClassVar

import gradbook
from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.exponential import Exponential
from gradbook.distributions.transformed_distribution import TransformedDistribution
from gradbook.distributions.transforms import AffineTransform, PowerTransform
from gradbook.distributions.utils import broadcast_all, euler_constant

__all__ = ["Weibull"]


class Weibull(TransformedDistribution):
    """scale times an exponential draw to the power 1 / concentration."""

    arg_constraints: ClassVar[Any] = {"scale": constraints.positive, "concentration": constraints.positive}
    support = constraints.positive
    scale: Tensor
    concentration: Tensor

    def __init__(self, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.scale, self.concentration = broadcast_all(scale, concentration)
        self.concentration_reciprocal = self.concentration.reciprocal()
        base = Exponential(gradbook.ones_like(self.scale), validate_args=validate_args)
        moved = [PowerTransform(exponent=self.concentration_reciprocal), AffineTransform(loc=0, scale=self.scale)]
        super().__init__(base, moved, validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same with another batch shape."""
        new = self._get_checked_instance(Weibull, _instance)
        new.scale, new.concentration = self.scale.expand(batch_shape), self.concentration.expand(batch_shape)
        new.concentration_reciprocal = new.concentration.reciprocal()
        base = self.base_dist.expand(batch_shape)
        moved = [PowerTransform(exponent=new.concentration_reciprocal), AffineTransform(loc=0, scale=new.scale)]
        TransformedDistribution.__init__(new, base, moved, validate_args=False)
        new._validate_args = self._validate_args
        return new

    @property
    def mean(self) -> Tensor:
        """scale Gamma(1 + 1 / concentration)."""
        return self.scale * gradbook.exp(gradbook.lgamma(1 + self.concentration_reciprocal))

    @property
    def mode(self) -> Tensor:
        """scale ((concentration - 1) / concentration)^(1 / concentration)."""
        return self.scale * ((self.concentration - 1) / self.concentration) ** self.concentration.reciprocal()

    @property
    def variance(self) -> Tensor:
        """In closed form."""
        once = gradbook.lgamma(1 + self.concentration_reciprocal)
        twice = gradbook.lgamma(1 + 2 * self.concentration_reciprocal)
        return self.scale.pow(2) * (gradbook.exp(twice) - gradbook.exp(2 * once))

    def entropy(self) -> Tensor:
        """In closed form."""
        return (
            euler_constant * (1 - self.concentration_reciprocal)
            + gradbook.log(self.scale * self.concentration_reciprocal)
            + 1
        )
