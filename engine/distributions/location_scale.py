"""What the distributions around a location share, and those with a scale."""

from __future__ import annotations

from typing import Any, ClassVar

from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.distribution import Distribution

__all__ = ["AroundLoc", "LocationScale"]


class AroundLoc(Distribution):
    """A distribution that is centred on `loc`."""

    loc: Tensor

    @property
    def mean(self) -> Tensor:
        """loc."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """loc."""
        return self.loc


class LocationScale(AroundLoc):
    """A distribution of real numbers around `loc`, as wide as `scale`."""

    arg_constraints: ClassVar[Any] = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True
    _parameters = ("loc", "scale")
    scale: Tensor

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self._set(validate_args, loc=loc, scale=scale)
