"""The logistic-normal distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.independent import Independent
from gradbook.distributions.normal import Normal
from gradbook.distributions.transformed_distribution import TransformedDistribution
from gradbook.distributions.vector_transforms import StickBreakingTransform

__all__ = ["LogisticNormal"]


class LogisticNormal(TransformedDistribution):
    """k - 1 normal draws made shares of k by breaking a stick. loc, scale: (.., k - 1); a draw: (.., k)."""

    arg_constraints: ClassVar[Any] = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.simplex
    has_rsample = True
    base_dist: Any

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        base = Normal(loc, scale, validate_args=validate_args)
        vectors: Any = base if base.batch_shape else base.expand([1])
        super().__init__(vectors, StickBreakingTransform(), validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same with another batch shape."""
        return super().expand(batch_shape, _instance=self._get_checked_instance(LogisticNormal, _instance))

    @property
    def _normal(self) -> Any:
        return self.base_dist.base_dist if isinstance(self.base_dist, Independent) else self.base_dist

    @property
    def loc(self) -> Tensor:
        """Means of the normal draws."""
        return self._normal.loc

    @property
    def scale(self) -> Tensor:
        """Standard deviations of the normal draws."""
        return self._normal.scale
