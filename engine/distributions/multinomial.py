"""The multinomial distribution."""

from __future__ import annotations

from typing import Any, ClassVar

import gradbook
from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.binomial import Binomial
from gradbook.distributions.categorical import Categorical
from gradbook.distributions.distribution import Distribution

__all__ = ["Multinomial"]


class Multinomial(Distribution):
    """How often each of k outcomes comes in `total_count` draws. probs or logits: (.., k); a draw: (.., k)."""

    arg_constraints: ClassVar[Any] = {"probs": constraints.simplex, "logits": constraints.real_vector}
    total_count: int

    def __init__(
        self, total_count: int = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        self._categorical = Categorical(probs=probs, logits=logits)
        self._binomial = Binomial(total_count=total_count, probs=self.probs)
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:], validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same with another batch shape."""
        new = self._get_checked_instance(Multinomial, _instance)
        new.total_count = self.total_count
        new._categorical = self._categorical.expand(batch_shape)
        new._binomial = Binomial(self.total_count, new.probs)
        Distribution.__init__(new, batch_shape, self.event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> Any:
        """Counts that sum to total_count at most."""
        return constraints.multinomial(self.total_count)

    @property
    def probs(self) -> Tensor:
        """Chances, which sum to 1."""
        return self._categorical.probs

    @property
    def logits(self) -> Tensor:
        """Logarithms of the chances."""
        return self._categorical.logits

    @property
    def param_shape(self) -> Any:
        """Shape of the given one."""
        return self._categorical.param_shape

    @property
    def mean(self) -> Tensor:
        """n p."""
        return self.probs * self.total_count

    @property
    def variance(self) -> Tensor:
        """n p (1 - p), of each entry."""
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Counts, as floats."""
        drawn = self._categorical.sample((self.total_count, *sample_shape))
        order = [*range(1, drawn.dim()), 0]
        drawn = drawn.permute(order)
        counts = drawn.new_zeros(self._extended_shape(sample_shape))
        counts.scatter_add_(-1, drawn, gradbook.ones_like(drawn))
        return counts.type_as(self.probs)

    def log_prob(self, value: Any) -> Tensor:
        """By log-gamma functions."""
        if self._validate_args:
            self._validate_sample(value)
        logits, value = gradbook.broadcast_tensors(self.logits, value)
        logits = logits.masked_fill((value == 0) & (logits == -float("inf")), 0)
        ways = gradbook.lgamma(value.sum(-1) + 1) - gradbook.lgamma(value + 1).sum(-1)
        return ways + (logits * value).sum(-1)

    def entropy(self) -> Tensor:
        """By the binomials of the single outcomes."""
        n = gradbook.tensor(self.total_count)
        cat = self._categorical.entropy()
        support = self._binomial.enumerate_support(expand=False)[1:]
        chances = gradbook.exp(self._binomial.log_prob(support))
        weights = chances * gradbook.lgamma(support + 1)
        return n * cat - gradbook.lgamma(n + 1) + weights.sum([0, -1])
