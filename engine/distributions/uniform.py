"""The uniform distribution."""

from __future__ import annotations

from typing import Any

import gradbook
from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.distribution import Distribution

__all__ = ["Uniform"]


class Uniform(Distribution):
    """Equally likely between `low` and `high`. Raises ValueError unless low < high."""

    has_rsample = True
    _parameters = ("low", "high")
    low: Tensor
    high: Tensor

    @property
    def arg_constraints(self) -> Any:
        """low below high."""
        return {
            "low": constraints.dependent(is_discrete=False, event_dim=0),
            "high": constraints.dependent(is_discrete=False, event_dim=0),
        }

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self._set(validate_args, low=low, high=high)
        if self._validate_args and not bool(gradbook.lt(self.low, self.high).all()):
            raise ValueError("Uniform is not defined when low>= high")

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        """low to high."""
        return constraints.interval(self.low, self.high)

    @property
    def mean(self) -> Tensor:
        """The middle."""
        return (self.high + self.low) / 2

    @property
    def mode(self) -> Tensor:
        """nan: all are as likely."""
        return float("nan") * self.high

    @property
    def variance(self) -> Tensor:
        """(high - low)^2 / 12."""
        return (self.high - self.low).pow(2) / 12

    @property
    def stddev(self) -> Tensor:
        """(high - low) / sqrt(12)."""
        return (self.high - self.low) / 12**0.5

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """low + u (high - low)."""
        shape = self._extended_shape(sample_shape)
        u = gradbook.rand(shape, dtype=self.low.dtype, device=self.low.device)
        return self.low + u * (self.high - self.low)

    def log_prob(self, value: Any) -> Tensor:
        """-log(high - low) inside, -inf outside."""
        if self._validate_args:
            self._validate_sample(value)
        inside = self.low.le(value).type_as(self.low) * self.high.gt(value).type_as(self.low)
        return gradbook.log(inside) - gradbook.log(self.high - self.low)

    def cdf(self, value: Any) -> Tensor:
        """The part of the interval below the value."""
        if self._validate_args:
            self._validate_sample(value)
        return ((value - self.low) / (self.high - self.low)).clamp(min=0, max=1)

    def icdf(self, value: Any) -> Tensor:
        """low + p (high - low)."""
        return value * (self.high - self.low) + self.low

    def entropy(self) -> Tensor:
        """log(high - low)."""
        return gradbook.log(self.high - self.low)
