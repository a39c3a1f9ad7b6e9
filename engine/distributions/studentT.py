"""Student's t distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import gradbook
from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.chi2 import Chi2
from gradbook.distributions.distribution import Distribution

__all__ = ["StudentT"]


class StudentT(Distribution):
    """Student's t distribution with `df` degrees of freedom, around `loc`."""

    arg_constraints: ClassVar[Any] = {
        "df": constraints.positive,
        "loc": constraints.real,
        "scale": constraints.positive,
    }
    support = constraints.real
    has_rsample = True
    _parameters = ("df", "loc", "scale")
    df: Tensor
    loc: Tensor
    scale: Tensor

    def __init__(self, df: Any, loc: Any = 0.0, scale: Any = 1.0, validate_args: bool | None = None) -> None:
        self._set(validate_args, df=df, loc=loc, scale=scale)
        self._chi2 = Chi2(self.df)

    def _expand_more(self, new: Any, shape: Any) -> None:
        new._chi2 = self._chi2.expand(shape)

    @property
    def mean(self) -> Tensor:
        """loc, or nan for df <= 1."""
        return self.loc.masked_fill(self.df <= 1, math.nan)

    @property
    def mode(self) -> Tensor:
        """loc."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """scale^2 df / (df - 2); inf for df <= 2, nan for df <= 1."""
        found = self.scale.pow(2) * self.df / (self.df - 2)
        return found.masked_fill(self.df <= 2, math.inf).masked_fill(self.df <= 1, math.nan)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """A normal draw over the root of a chi-squared one."""
        shape = self._extended_shape(sample_shape)
        x = gradbook.randn(shape, dtype=self.df.dtype, device=self.df.device)
        z = self._chi2.rsample(sample_shape)
        return self.loc + self.scale * (x * gradbook.rsqrt(z / self.df))

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density."""
        if self._validate_args:
            self._validate_sample(value)
        y = (value - self.loc) / self.scale
        norm = (
            self.scale.log()
            + 0.5 * self.df.log()
            + 0.5 * math.log(math.pi)
            + gradbook.lgamma(0.5 * self.df)
            - gradbook.lgamma(0.5 * (self.df + 1.0))
        )
        return -0.5 * (self.df + 1.0) * gradbook.log1p(y**2.0 / self.df) - norm

    def entropy(self) -> Tensor:
        """In closed form."""
        half, more = 0.5 * self.df, 0.5 * (self.df + 1)
        beta = gradbook.lgamma(half) + math.lgamma(0.5) - gradbook.lgamma(more)
        return self.scale.log() + more * (gradbook.digamma(more) - gradbook.digamma(half)) + 0.5 * self.df.log() + beta
