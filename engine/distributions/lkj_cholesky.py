"""The LKJ distribution of correlation matrices."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import gradbook
from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.beta import Beta
from gradbook.distributions.distribution import Distribution

__all__ = ["LKJCholesky"]


class LKJCholesky(Distribution):
    """Cholesky factors of correlation matrices, likely as their determinant^(concentration - 1).

    Lewandowski, Kurowicka and Joe (2009). A draw: (.., dim, dim). Raises ValueError for dim below 2.
    """

    arg_constraints: ClassVar[Any] = {"concentration": constraints.positive}
    support = constraints.corr_cholesky
    concentration: Tensor

    def __init__(self, dim: int, concentration: Any = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ValueError(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        self.concentration = gradbook.as_tensor(concentration)
        if not self.concentration.is_floating_point():
            self.concentration = self.concentration.to(gradbook.get_default_dtype())
        marginal = self.concentration + 0.5 * (dim - 2)
        offset = gradbook.arange(dim - 1, dtype=self.concentration.dtype, device=self.concentration.device)
        offset = gradbook.cat([offset.new_zeros((1,)), offset])
        self._beta = Beta(offset + 0.5, marginal.unsqueeze(-1) - 0.5 * offset)
        super().__init__(self.concentration.shape, gradbook.Size((dim, dim)), validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same with another batch shape."""
        new = self._get_checked_instance(LKJCholesky, _instance)
        shape = gradbook.Size(batch_shape)
        new.dim, new.concentration = self.dim, self.concentration.expand(shape)
        new._beta = self._beta.expand((*shape, self.dim))
        Distribution.__init__(new, shape, self.event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """By the onion method: each row a direction and a length."""
        with gradbook.no_grad():
            y = self._beta.sample(sample_shape).unsqueeze(-1)
            shape = self._extended_shape(sample_shape)
            directions = gradbook.randn(shape, dtype=y.dtype, device=y.device).tril(-1)
            lengths = directions.norm(dim=-1, keepdim=True)
            directions = gradbook.where(lengths > 0, directions / lengths.clamp(min=1e-38), 0.0)
            w = gradbook.sqrt(y) * directions
            eps = gradbook.finfo(w.dtype).tiny
            return w + gradbook.clamp(1 - w.pow(2).sum(dim=-1), min=eps).sqrt().diag_embed()

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density."""
        if self._validate_args:
            self._validate_sample(value)
        diagonal = value.diagonal(dim1=-1, dim2=-2)[..., 1:]
        order = gradbook.arange(2, self.dim + 1, device=self.concentration.device)
        order = 2 * (self.concentration - 1).unsqueeze(-1) + self.dim - order
        unnormalized = (order * diagonal.log()).sum(-1)
        less = self.dim - 1
        alpha = self.concentration + 0.5 * less
        below, above = gradbook.lgamma(alpha) * less, gradbook.mvlgamma(alpha - 0.5, less)
        return unnormalized - (0.5 * less * math.log(math.pi) + above - below)
