"""The Poisson distribution."""

from __future__ import annotations

from typing import Any, ClassVar

import gradbook
from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.exp_family import ExponentialFamily
from gradbook.distributions.utils import broadcast_all

__all__ = ["Poisson"]


class Poisson(ExponentialFamily):
    """Events in an interval at a mean `rate`: rate^k exp(-rate) / k!."""

    arg_constraints: ClassVar[Any] = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer
    _parameters = ("rate",)
    rate: Tensor

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        self._set(validate_args, rate=rate)

    @property
    def mean(self) -> Tensor:
        """rate."""
        return self.rate

    @property
    def mode(self) -> Tensor:
        """The whole part of the rate."""
        return self.rate.floor()

    @property
    def variance(self) -> Tensor:
        """rate."""
        return self.rate

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Counts, as floats."""
        with gradbook.no_grad():
            return gradbook.poisson(self.rate.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Tensor:
        """k log(rate) - rate - log k!."""
        if self._validate_args:
            self._validate_sample(value)
        rate, value = broadcast_all(self.rate, value)
        return gradbook.xlogy(value, rate) - rate - gradbook.lgamma(value + 1)

    @property
    def _natural_params(self) -> tuple[Tensor]:
        return (gradbook.log(self.rate),)

    def _log_normalizer(self, x: Tensor) -> Tensor:
        return gradbook.exp(x)
