"""The Dirichlet distribution."""

from __future__ import annotations

from typing import Any, ClassVar

import gradbook
from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.exp_family import ExponentialFamily
from gradbook.ops.standard_gamma import standard_gamma

__all__ = ["Dirichlet"]


class Dirichlet(ExponentialFamily):
    """A distribution over probabilities of k outcomes. concentration: (.., k), positive; a draw: (.., k), sums to 1.

    Differs: the gradient of rsample is that of normalised gamma draws (of Beta too): another unbiased estimator than
    PyTorch's.
    """

    arg_constraints: ClassVar[Any] = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True
    _parameters = ("concentration",)

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        if concentration.dim() < 1:
            raise ValueError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """concentration / sum."""
        return self.concentration / self.concentration.sum(-1, True)

    @property
    def mode(self) -> Tensor:
        """(concentration - 1) / (sum - k); the first corner where all are below 1."""
        less = (self.concentration - 1).clamp(min=0.0)
        corner = gradbook.zeros_like(less)
        corner[..., 0] = 1.0
        return gradbook.where((self.concentration < 1).all(dim=-1, keepdim=True), corner, less / less.sum(-1, True))

    @property
    def variance(self) -> Tensor:
        """Of each entry."""
        total = self.concentration.sum(-1, True)
        return self.concentration * (total - self.concentration) / (total.pow(2) * (total + 1))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Gamma draws, divided by their sum."""
        draws = standard_gamma(self.concentration.expand(self._extended_shape(sample_shape)))
        return draws / draws.sum(-1, keepdim=True)

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density."""
        if self._validate_args:
            self._validate_sample(value)
        a = self.concentration
        return gradbook.xlogy(a - 1.0, value).sum(-1) + gradbook.lgamma(a.sum(-1)) - gradbook.lgamma(a).sum(-1)

    def entropy(self) -> Tensor:
        """In closed form."""
        a = self.concentration
        k, total = a.size(-1), a.sum(-1)
        return (
            gradbook.lgamma(a).sum(-1)
            - gradbook.lgamma(total)
            - (k - total) * gradbook.digamma(total)
            - ((a - 1.0) * gradbook.digamma(a)).sum(-1)
        )

    @property
    def _natural_params(self) -> tuple[Tensor]:
        return (self.concentration,)

    def _log_normalizer(self, x: Tensor) -> Tensor:
        return x.lgamma().sum(-1) - gradbook.lgamma(x.sum(-1))
