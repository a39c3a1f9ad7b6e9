"""The negative binomial distribution."""

from __future__ import annotations

from typing import Any, ClassVar

import gradbook
from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.gamma import Gamma
from gradbook.distributions.outcomes import Binary
from gradbook.distributions.utils import lazy_property

__all__ = ["NegativeBinomial"]


class NegativeBinomial(Binary):
    """Successes, each with the chance `probs`, before `total_count` failures."""

    arg_constraints: ClassVar[Any] = {
        "total_count": constraints.greater_than_eq(0),
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer
    _parameters = ("total_count", "probs", "logits")
    total_count: Tensor

    def __init__(
        self, total_count: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self._set_chances(probs, logits, validate_args, total_count=total_count)
        self.total_count = self.total_count.type_as(self._param)

    @property
    def mean(self) -> Tensor:
        """n exp(logits)."""
        return self.total_count * gradbook.exp(self.logits)

    @property
    def mode(self) -> Tensor:
        """The whole part of (n - 1) exp(logits), or 0."""
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0.0)

    @property
    def variance(self) -> Tensor:
        """mean / (1 - p)."""
        return self.mean / gradbook.sigmoid(-self.logits)

    @lazy_property
    def _gamma(self) -> Gamma:
        return Gamma(self.total_count, gradbook.exp(-self.logits), validate_args=False)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Poisson draws with gamma rates."""
        with gradbook.no_grad():
            return gradbook.poisson(self._gamma.sample(sample_shape))

    def log_prob(self, value: Any) -> Tensor:
        """By log-gamma functions."""
        if self._validate_args:
            self._validate_sample(value)
        n = self.total_count
        log_sigmoid = gradbook.nn.functional.logsigmoid
        chance = n * log_sigmoid(-self.logits) + value * log_sigmoid(self.logits)
        ways = -gradbook.lgamma(n + value) + gradbook.lgamma(1.0 + value) + gradbook.lgamma(n)
        return chance - ways.masked_fill(n + value == 0.0, 0.0)
