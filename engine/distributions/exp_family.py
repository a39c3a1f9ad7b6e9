"""Exponential families: entropy and divergences from the log-normalizer alone."""

from __future__ import annotations

from typing import Any

import gradbook
from gradbook import Tensor
from gradbook.distributions.distribution import Distribution

__all__ = ["ExponentialFamily"]


class ExponentialFamily(Distribution):
    """p(x; t) = h(x) exp(t . s(x) - A(t)), as torch.distributions.ExponentialFamily. Subclasses say A and t."""

    @property
    def _natural_params(self) -> tuple[Any, ...]:
        raise NotImplementedError

    def _log_normalizer(self, *natural_params: Any) -> Any:
        raise NotImplementedError

    @property
    def _mean_carrier_measure(self) -> Any:
        raise NotImplementedError

    def entropy(self) -> Tensor:
        """By the gradient of the log-normalizer (Nielsen and Nock, 2010)."""
        result: Any = -self._mean_carrier_measure
        natural = [p.detach().requires_grad_() for p in self._natural_params]
        with gradbook.enable_grad():
            normalizer = self._log_normalizer(*natural)
            gradients = gradbook.autograd.grad(normalizer.sum(), natural, create_graph=True)
        result = result + normalizer
        for parameter, gradient in zip(natural, gradients, strict=True):
            result = result - (parameter * gradient).reshape((*self._batch_shape, -1)).sum(-1)
        return result
