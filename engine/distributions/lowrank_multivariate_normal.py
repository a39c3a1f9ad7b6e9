"""Multivariate normal distributions with a covariance of low rank and a diagonal."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import gradbook
from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.distribution import Distribution
from gradbook.distributions.location_scale import AroundLoc
from gradbook.distributions.multivariate_normal import mahalanobis
from gradbook.distributions.utils import lazy_property

__all__ = ["LowRankMultivariateNormal"]


class LowRankMultivariateNormal(AroundLoc):
    """A normal distribution of vectors with covariance W W^T + D, of which nothing larger than W is inverted.

    loc: (.., n); cov_factor W: (.., n, r); cov_diag: (.., n), the diagonal of D. Raises ValueError for others.
    """

    arg_constraints: ClassVar[Any] = {
        "loc": constraints.real_vector,
        "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }
    support = constraints.real_vector
    has_rsample = True
    loc: Tensor
    cov_diag: Tensor

    def __init__(self, loc: Tensor, cov_factor: Tensor, cov_diag: Tensor, validate_args: bool | None = None) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        event = loc.shape[-1:]
        if cov_factor.dim() < 2:
            raise ValueError("cov_factor must be at least two-dimensional, with optional leading batch dimensions")
        if cov_factor.shape[-2:-1] != event:
            raise ValueError(f"cov_factor must be a batch of matrices with shape {event[0]} x m")
        if cov_diag.shape[-1:] != event:
            raise ValueError(f"cov_diag must be a batch of vectors with shape {event}")
        shape = gradbook.broadcast_shapes(loc.shape[:-1], cov_factor.shape[:-2], cov_diag.shape[:-1])
        self.loc, self.cov_diag = loc.expand((*shape, -1)), cov_diag.expand((*shape, -1))
        self._unbroadcasted_cov_factor, self._unbroadcasted_cov_diag = cov_factor, cov_diag
        self._capacitance_tril = _capacitance(cov_factor, cov_diag)
        super().__init__(shape, event, validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same with another batch shape."""
        new = self._get_checked_instance(LowRankMultivariateNormal, _instance)
        shape = gradbook.Size(batch_shape)
        new.loc, new.cov_diag = (
            self.loc.expand(shape + self.event_shape),
            self.cov_diag.expand(shape + self.event_shape),
        )
        for name in ("_unbroadcasted_cov_factor", "_unbroadcasted_cov_diag", "_capacitance_tril"):
            setattr(new, name, getattr(self, name))
        Distribution.__init__(new, shape, self.event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    @property
    def cov_factor(self) -> Tensor:
        """W, with the batch axes."""
        w = self._unbroadcasted_cov_factor
        return w.expand(self._batch_shape + w.shape[-2:])

    def _whole(self, matrix: Tensor) -> Tensor:
        return matrix.expand(self._batch_shape + self._event_shape + self._event_shape)

    @lazy_property
    def variance(self) -> Tensor:
        """The diagonal of the covariance."""
        found = self._unbroadcasted_cov_factor.pow(2).sum(-1) + self._unbroadcasted_cov_diag
        return found.expand(self._batch_shape + self._event_shape)

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The lower Cholesky factor of the covariance."""
        root = self._unbroadcasted_cov_diag.sqrt().unsqueeze(-1)
        scaled = self._unbroadcasted_cov_factor / root
        inner = gradbook.matmul(scaled, scaled.mT) + gradbook.eye(scaled.shape[-2], dtype=scaled.dtype)
        return self._whole(root * gradbook.linalg.cholesky(inner))

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """W W^T + D."""
        w = self._unbroadcasted_cov_factor
        return self._whole(gradbook.matmul(w, w.mT) + gradbook.diag_embed(self._unbroadcasted_cov_diag))

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance, by Woodbury's formula."""
        inner = self._unbroadcasted_cov_factor.mT / self._unbroadcasted_cov_diag.unsqueeze(-2)
        a = gradbook.linalg.solve_triangular(self._capacitance_tril, inner, upper=False)
        return self._whole(gradbook.diag_embed(self._unbroadcasted_cov_diag.reciprocal()) - a.mT @ a)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """loc + W noise + sqrt(D) noise."""
        shape = self._extended_shape(sample_shape)
        w = self.cov_factor
        low = gradbook.randn((*shape[:-1], w.shape[-1]), dtype=self.loc.dtype, device=self.loc.device)
        own = gradbook.randn(shape, dtype=self.loc.dtype, device=self.loc.device)
        moved = gradbook.matmul(self._unbroadcasted_cov_factor, low.unsqueeze(-1)).squeeze(-1)
        return self.loc + moved + self._unbroadcasted_cov_diag.sqrt() * own

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density, by Woodbury's formula."""
        if self._validate_args:
            self._validate_sample(value)
        w, d, away = self._unbroadcasted_cov_factor, self._unbroadcasted_cov_diag, value - self.loc
        inner = gradbook.matmul(w.mT / d.unsqueeze(-2), away.unsqueeze(-1)).squeeze(-1)
        distance = (away.pow(2) / d).sum(-1) - mahalanobis(self._capacitance_tril, inner)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + self._log_det() + distance)

    def _log_det(self) -> Tensor:
        half = self._capacitance_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        return 2 * half + self._unbroadcasted_cov_diag.log().sum(-1)

    def entropy(self) -> Tensor:
        """In closed form."""
        found = 0.5 * (self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + self._log_det())
        return found if len(self._batch_shape) == 0 else found.expand(self._batch_shape)


def _capacitance(w: Tensor, d: Tensor) -> Tensor:
    """The Cholesky factor of I + W^T D^-1 W."""
    inner = gradbook.matmul(w.mT / d.unsqueeze(-2), w)
    return gradbook.linalg.cholesky(inner + gradbook.eye(w.shape[-1], dtype=w.dtype, device=w.device))
