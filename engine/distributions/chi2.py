"""The chi-squared distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.gamma import Gamma

__all__ = ["Chi2"]


class Chi2(Gamma):
    """The sum of `df` squared standard normal draws: Gamma(df / 2, 1/2)."""

    arg_constraints: ClassVar[Any] = {"df": constraints.positive}

    def __init__(self, df: Any, validate_args: bool | None = None) -> None:
        super().__init__(0.5 * df, 0.5, validate_args=validate_args)

    @property
    def df(self) -> Tensor:
        """Degrees of freedom."""
        return self.concentration * 2
