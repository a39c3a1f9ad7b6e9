"""The von Mises distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import gradbook
from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.location_scale import AroundLoc
from gradbook.ops.random import stream

__all__ = ["VonMises"]


class VonMises(AroundLoc):
    """A normal distribution on the circle: exp(concentration cos(x - loc)), normalized.

    Angles in radians; the mean is the circular one.
    """

    arg_constraints: ClassVar[Any] = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real
    _parameters = ("loc", "concentration")
    loc: Tensor
    concentration: Tensor

    def __init__(self, loc: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self._set(validate_args, loc=loc, concentration=concentration)

    @property
    def variance(self) -> Tensor:
        """The circular variance: 1 - I1(concentration) / I0(concentration)."""
        k = self.concentration
        return 1 - gradbook.special.i1e(k) / gradbook.special.i0e(k)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Angles from -pi to pi."""
        shape = self._extended_shape(sample_shape)
        loc, k = self.loc.expand(shape)._array, self.concentration.expand(shape)._array
        drawn = stream(None).vonmises(0.0, k.astype("float64")) + loc + math.pi
        made: Tensor = Tensor._of((drawn % (2 * math.pi) - math.pi).astype(loc.dtype))
        return made

    def log_prob(self, value: Any) -> Tensor:
        """concentration cos(x - loc) - log(2 pi I0(concentration))."""
        if self._validate_args:
            self._validate_sample(value)
        k = self.concentration
        bessel = gradbook.special.i0e(k).log() + k
        return k * gradbook.cos(value - self.loc) - math.log(2 * math.pi) - bessel
