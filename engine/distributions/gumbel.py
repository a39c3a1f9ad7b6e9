"""The Gumbel distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import gradbook
from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.transformed_distribution import TransformedDistribution
from gradbook.distributions.transforms import AffineTransform, ExpTransform
from gradbook.distributions.uniform import Uniform
from gradbook.distributions.utils import broadcast_all, euler_constant

__all__ = ["Gumbel"]


class Gumbel(TransformedDistribution):
    """The largest of many draws: exp(-exp(-(x - loc) / scale)) is its cdf."""

    arg_constraints: ClassVar[Any] = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    loc: Tensor
    scale: Tensor
    _parameters = ("loc", "scale")

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        limits = gradbook.finfo(self.loc.dtype)
        base = Uniform(gradbook.full_like(self.loc, limits.tiny), gradbook.full_like(self.loc, 1 - limits.eps))
        super().__init__(
            base,
            [
                ExpTransform().inv,
                AffineTransform(loc=0, scale=-gradbook.ones_like(self.scale)),
                ExpTransform().inv,
                AffineTransform(loc=loc, scale=-self.scale),
            ],
            validate_args=validate_args,
        )

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same with another batch shape."""
        new = self._get_checked_instance(Gumbel, _instance)
        new.loc, new.scale = self.loc.expand(batch_shape), self.scale.expand(batch_shape)
        return super().expand(batch_shape, _instance=new)

    def log_prob(self, value: Any) -> Tensor:
        """y - exp(y) - log(scale), y = (loc - x) / scale."""
        if self._validate_args:
            self._validate_sample(value)
        y = (self.loc - value) / self.scale
        return (y - y.exp()) - self.scale.log()

    @property
    def mean(self) -> Tensor:
        """loc + scale 0.5772..."""
        return self.loc + self.scale * euler_constant

    @property
    def mode(self) -> Tensor:
        """loc."""
        return self.loc

    @property
    def stddev(self) -> Tensor:
        """pi scale / sqrt(6)."""
        return (math.pi / math.sqrt(6)) * self.scale

    @property
    def variance(self) -> Tensor:
        """(pi scale)^2 / 6."""
        return self.stddev.pow(2)

    def entropy(self) -> Tensor:
        """log(scale) + 1.5772..."""
        return self.scale.log() + (1 + euler_constant)
