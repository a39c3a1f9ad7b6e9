"""What the distributions of counts and choices share: probabilities and logits, of which one is given."""

from __future__ import annotations

from typing import Any, ClassVar

import gradbook
from gradbook import Tensor
from gradbook.distributions.distribution import Distribution
from gradbook.distributions.utils import broadcast_all, lazy_property, logits_to_probs, probs_to_logits

__all__ = ["Binary"]


def only_one(probs: Any, logits: Any) -> str:
    """The name of the one that is given. Raises ValueError for both or none."""
    if (probs is None) == (logits is None):
        raise ValueError("Either `probs` or `logits` must be specified, but not both.")
    return "logits" if probs is None else "probs"


class Binary(Distribution):
    """A distribution with the chance of success `probs`, or its log-odds `logits`."""

    _parameters: ClassVar[tuple[str, ...]] = ("probs", "logits")

    def _set_chances(self, probs: Any, logits: Any, validate_args: bool | None, **others: Any) -> None:
        """Whichever of probs and logits is given, broadcast with the other parameters."""
        name = only_one(probs, logits)
        self._set(validate_args, **others, **{name: logits if probs is None else probs})

    @property
    def _param(self) -> Tensor:
        found: Tensor = self.__dict__["probs"] if "probs" in self.__dict__ else self.__dict__["logits"]
        return found

    @property
    def param_shape(self) -> Any:
        """Shape of the given one."""
        return self._param.size()

    @lazy_property
    def logits(self) -> Tensor:
        """log(p / (1 - p))."""
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Tensor:
        """The chance of success."""
        return logits_to_probs(self.logits, is_binary=True)

    def _cross_entropy(self, value: Any) -> Tensor:
        """-(x log p + (1 - x) log(1 - p))."""
        logits, value = broadcast_all(self.logits, value)
        return gradbook.nn.functional.binary_cross_entropy_with_logits(logits, value, reduction="none")
