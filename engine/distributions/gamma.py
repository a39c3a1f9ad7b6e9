"""The gamma distribution."""

from __future__ import annotations

from typing import Any, ClassVar

import gradbook
from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.exp_family import ExponentialFamily
from gradbook.ops.standard_gamma import standard_gamma

__all__ = ["Gamma"]


class Gamma(ExponentialFamily):
    """The gamma distribution: x^(concentration - 1) exp(-rate x), normalized, for x >= 0.

    Differs: the gradient of a draw needs SciPy, and is exact where PyTorch's is good to 3 digits.
    """

    arg_constraints: ClassVar[Any] = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _mean_carrier_measure = 0
    _parameters = ("concentration", "rate")
    concentration: Tensor
    rate: Tensor

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        self._set(validate_args, concentration=concentration, rate=rate)

    @property
    def mean(self) -> Tensor:
        """concentration / rate."""
        return self.concentration / self.rate

    @property
    def mode(self) -> Tensor:
        """(concentration - 1) / rate, or 0."""
        return ((self.concentration - 1) / self.rate).clamp(min=0)

    @property
    def variance(self) -> Tensor:
        """concentration / rate^2."""
        return self.concentration / self.rate.pow(2)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """By implicit gradients."""
        shape = self._extended_shape(sample_shape)
        value = standard_gamma(self.concentration.expand(shape)) / self.rate.expand(shape)
        value.detach().clamp_(min=gradbook.finfo(value.dtype).tiny)  # kept off the edge; the gradient is as it was
        return value

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density."""
        value = gradbook.as_tensor(value, dtype=self.rate.dtype, device=self.rate.device)
        if self._validate_args:
            self._validate_sample(value)
        return (
            gradbook.xlogy(self.concentration, self.rate)
            + gradbook.xlogy(self.concentration - 1, value)
            - self.rate * value
            - gradbook.lgamma(self.concentration)
        )

    def cdf(self, value: Any) -> Tensor:
        """By the incomplete gamma function."""
        if self._validate_args:
            self._validate_sample(value)
        return gradbook.special.gammainc(self.concentration, self.rate * value)

    def entropy(self) -> Tensor:
        """In closed form."""
        a = self.concentration
        return a - gradbook.log(self.rate) + gradbook.lgamma(a) + (1.0 - a) * gradbook.digamma(a)

    @property
    def _natural_params(self) -> tuple[Tensor, Tensor]:
        return self.concentration - 1, -self.rate

    def _log_normalizer(self, x: Tensor, y: Tensor) -> Tensor:
        return gradbook.lgamma(x + 1) + (x + 1) * gradbook.log(-y.reciprocal())
