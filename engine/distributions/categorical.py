"""The categorical distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import gradbook
from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.distribution import Distribution
from gradbook.distributions.outcomes import only_one
from gradbook.distributions.utils import lazy_property, logits_to_probs, probs_to_logits

__all__ = ["Categorical"]


class Categorical(Distribution):
    """One of k outcomes, 0 to k - 1. probs (any scale) or logits: (.., k); a draw: (..), int64."""

    arg_constraints: ClassVar[Any] = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True
    _parameters = ("probs", "logits")

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        given = logits if only_one(probs, logits) == "logits" else probs
        if given.dim() < 1:
            raise ValueError(f"`{only_one(probs, logits)}` parameter must be at least one-dimensional.")
        if probs is not None:
            self.probs = probs / probs.sum(-1, keepdim=True)
        else:
            self.logits = logits - logits.logsumexp(dim=-1, keepdim=True)
        self._num_events = given.size(-1)
        super().__init__(given.shape[:-1], validate_args=validate_args)

    def _expand_more(self, new: Any, shape: Any) -> None:
        new._num_events = self._num_events

    @property
    def _param(self) -> Tensor:
        found: Tensor = self.__dict__["probs"] if "probs" in self.__dict__ else self.__dict__["logits"]
        return found

    @property
    def param_shape(self) -> Any:
        """Shape of the given one."""
        return self._param.size()

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Any:
        """0 to k - 1."""
        return constraints.integer_interval(0, self._num_events - 1)

    @lazy_property
    def logits(self) -> Tensor:
        """Logarithms of the chances."""
        return probs_to_logits(self.probs)

    @lazy_property
    def probs(self) -> Tensor:
        """Chances, which sum to 1."""
        return logits_to_probs(self.logits)

    @property
    def mean(self) -> Tensor:
        """nan: outcomes are names."""
        return gradbook.full(self._extended_shape(), math.nan, dtype=self.probs.dtype, device=self.probs.device)

    @property
    def mode(self) -> Tensor:
        """The likeliest outcome."""
        return self.probs.argmax(dim=-1)

    @property
    def variance(self) -> Tensor:
        """nan."""
        return self.mean

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Outcomes."""
        shape = gradbook.Size(sample_shape)
        flat = self.probs.detach().reshape(-1, self._num_events)
        drawn = gradbook.multinomial(flat, shape.numel(), True).T
        return drawn.reshape(self._extended_shape(shape))

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the outcome's chance."""
        if self._validate_args:
            self._validate_sample(value)
        value, logits = gradbook.broadcast_tensors(value.long().unsqueeze(-1), self.logits)
        return logits.gather(-1, value[..., :1]).squeeze(-1)

    def entropy(self) -> Tensor:
        """-sum p log p."""
        low = gradbook.finfo(self.logits.dtype).min
        return -(self.logits.clamp(min=low) * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """0 to k - 1."""
        return self._enumerated(gradbook.arange(self._num_events, dtype=gradbook.long), expand)
