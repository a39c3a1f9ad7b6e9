"""The binomial distribution."""

from __future__ import annotations

from typing import Any, ClassVar

import gradbook
from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.outcomes import Binary
from gradbook.ops.random import stream

__all__ = ["Binomial"]


def draws(total_count: Tensor, probs: Tensor) -> Tensor:
    """Successes in total_count trials, element by element, in the dtype of probs."""
    n, p = total_count._array, probs._array
    made: Tensor = Tensor._of(stream(None).binomial(n.astype("int64"), p.astype("float64")).astype(p.dtype))
    return made


class Binomial(Binary):
    """Successes in `total_count` trials, each with the chance `probs`."""

    arg_constraints: ClassVar[Any] = {
        "total_count": constraints.nonnegative_integer,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    has_enumerate_support = True
    _parameters = ("total_count", "probs", "logits")
    total_count: Tensor

    def __init__(
        self, total_count: Any = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self._set_chances(probs, logits, validate_args, total_count=total_count)
        self.total_count = self.total_count.type_as(self._param)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Any:
        """0 to total_count."""
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self) -> Tensor:
        """n p."""
        return self.total_count * self.probs

    @property
    def mode(self) -> Tensor:
        """The whole part of (n + 1) p."""
        return ((self.total_count + 1) * self.probs).floor().clamp(max=self.total_count)

    @property
    def variance(self) -> Tensor:
        """n p (1 - p)."""
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Counts, as floats."""
        shape = self._extended_shape(sample_shape)
        with gradbook.no_grad():
            return draws(self.total_count.expand(shape), self.probs.expand(shape))

    def log_prob(self, value: Any) -> Tensor:
        """By log-gamma functions; large logits do not overflow."""
        if self._validate_args:
            self._validate_sample(value)
        n = self.total_count
        normalize = (
            n * (self.logits + self.logits.abs()) / 2  # the larger of logits and 0, with half a slope at 0
            + n * gradbook.log1p(gradbook.exp(-gradbook.abs(self.logits)))
            - gradbook.lgamma(n + 1)
        )
        return value * self.logits - gradbook.lgamma(value + 1) - gradbook.lgamma(n - value + 1) - normalize

    def entropy(self) -> Tensor:
        """By summing; only where all have one total_count."""
        n = int(self.total_count.max())
        if not bool(self.total_count.min() == n):
            raise NotImplementedError("Inhomogeneous total count not supported by `entropy`.")
        chances = self.log_prob(self.enumerate_support(False))
        return -(gradbook.exp(chances) * chances).sum(0)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """0 to total_count, which must be one for all."""
        n = int(self.total_count.max())
        if not bool(self.total_count.min() == n):
            raise NotImplementedError("Inhomogeneous total count not supported by `enumerate_support`.")
        return self._enumerated(gradbook.arange(1 + n, dtype=self._param.dtype, device=self._param.device), expand)
