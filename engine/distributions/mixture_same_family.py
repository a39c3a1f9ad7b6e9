"""Mixtures of one kind of distribution."""

from __future__ import annotations

from typing import Any, ClassVar

import gradbook
from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.categorical import Categorical
from gradbook.distributions.constraints import MixtureSameFamilyConstraint
from gradbook.distributions.distribution import Distribution

__all__ = ["MixtureSameFamily"]


class MixtureSameFamily(Distribution):
    """A draw of one of k components, chosen by a Categorical.

    component_distribution: its last batch axis has the k components. Raises ValueError for shapes that do not fit.
    """

    arg_constraints: ClassVar[Any] = {}

    def __init__(
        self, mixture_distribution: Any, component_distribution: Any, validate_args: bool | None = None
    ) -> None:
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError(" The Mixture distribution needs to be an instance of torch.distributions.Categorical")
        if not isinstance(component_distribution, Distribution):
            raise ValueError("The Component distribution need to be an instance of torch.distributions.Distribution")
        batch = component_distribution.batch_shape
        for size1, size2 in zip(reversed(mixture_distribution.batch_shape), reversed(batch[:-1]), strict=False):
            if size1 != 1 and size2 != 1 and size1 != size2:
                raise ValueError(
                    f"`mixture_distribution.batch_shape` ({mixture_distribution.batch_shape}) is not compatible with "
                    f"`component_distribution.batch_shape`({batch[:-1]})"
                )
        k = mixture_distribution.logits.shape[-1]
        if not batch or k != batch[-1]:
            raise ValueError(
                f"`mixture_distribution component` ({k}) does not equal `component_distribution.batch_shape[-1]` "
                f"({batch[-1] if batch else None})"
            )
        self._mixture_distribution, self._component_distribution = mixture_distribution, component_distribution
        self._num_component = k
        super().__init__(batch[:-1], component_distribution.event_shape, validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same with another batch shape."""
        new = self._get_checked_instance(MixtureSameFamily, _instance)
        shape = gradbook.Size(batch_shape)
        new._component_distribution = self._component_distribution.expand((*shape, self._num_component))
        new._mixture_distribution = self._mixture_distribution.expand(shape)
        new._num_component = self._num_component
        Distribution.__init__(new, shape, self.event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    @constraints.dependent_property
    def support(self) -> Any:
        """The components'."""
        return MixtureSameFamilyConstraint(self._component_distribution.support)

    @property
    def mixture_distribution(self) -> Any:
        """The choice."""
        return self._mixture_distribution

    @property
    def component_distribution(self) -> Any:
        """What is chosen from."""
        return self._component_distribution

    @property
    def _weights(self) -> Tensor:
        """Chances with axes for the event."""
        probs = self._mixture_distribution.probs
        return probs.reshape(probs.shape + (1,) * len(self._event_shape))

    @property
    def mean(self) -> Tensor:
        """The weighted mean."""
        return (self._weights * self._component_distribution.mean).sum(dim=-1 - len(self._event_shape))

    @property
    def variance(self) -> Tensor:
        """Within the components and between them."""
        axis = -1 - len(self._event_shape)
        within = (self._weights * self._component_distribution.variance).sum(dim=axis)
        away = self._component_distribution.mean - self.mean.unsqueeze(axis)
        return within + (self._weights * away.pow(2)).sum(dim=axis)

    def cdf(self, x: Any) -> Tensor:
        """The weighted cdf."""
        chances = self._component_distribution.cdf(x.unsqueeze(-1 - len(self._event_shape)))
        return (chances * self._mixture_distribution.probs).sum(dim=-1)

    def log_prob(self, x: Any) -> Tensor:
        """The logarithm of the weighted density."""
        if self._validate_args:
            self._validate_sample(x)
        found = self._component_distribution.log_prob(x.unsqueeze(-1 - len(self._event_shape)))
        return gradbook.logsumexp(found + gradbook.log_softmax(self._mixture_distribution.logits, dim=-1), dim=-1)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """A component each, and a draw of it."""
        with gradbook.no_grad():
            count = len(sample_shape) + len(self.batch_shape)
            chosen = self._mixture_distribution.sample(sample_shape)
            drawn = self._component_distribution.sample(sample_shape)
            events = self.event_shape
            place = chosen.reshape(chosen.shape + (1,) * (len(events) + 1))
            place = place.expand((*chosen.shape, 1, *events))
            return gradbook.gather(drawn, count, place).squeeze(count)

    def __repr__(self) -> str:
        return f"MixtureSameFamily(\n  {self._mixture_distribution},\n  {self._component_distribution})"
