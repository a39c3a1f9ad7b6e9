"""The Wishart distribution."""

from __future__ import annotations

import math
import warnings
from typing import Any

import gradbook
from gradbook import Tensor
from gradbook.distributions import constraints
from gradbook.distributions.distribution import Distribution
from gradbook.distributions.exp_family import ExponentialFamily
from gradbook.distributions.gamma import Gamma
from gradbook.distributions.multivariate_normal import factor_of_precision
from gradbook.distributions.utils import lazy_property

__all__ = ["Wishart"]


class Wishart(ExponentialFamily):
    """The sum of `df` outer products of normal vectors with a covariance; draws are positive definite (.., n, n).

    One of covariance_matrix, precision_matrix and scale_tril. Raises ValueError for df <= n - 1.
    """

    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0
    df: Tensor

    @property
    def arg_constraints(self) -> Any:
        """df above n - 1."""
        return {
            "covariance_matrix": constraints.positive_definite,
            "precision_matrix": constraints.positive_definite,
            "scale_tril": constraints.lower_cholesky,
            "df": constraints.greater_than(self.event_shape[-1] - 1),
        }

    def __init__(
        self,
        df: Any,
        covariance_matrix: Any = None,
        precision_matrix: Any = None,
        scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        given = {"covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix, "scale_tril": scale_tril}
        chosen = {name: matrix for name, matrix in given.items() if matrix is not None}
        if len(chosen) != 1:
            raise ValueError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        ((name, matrix),) = chosen.items()
        if matrix.dim() < 2:
            raise ValueError("scale_tril must be at least two-dimensional, with optional leading batch dimensions")
        df = gradbook.as_tensor(df, dtype=matrix.dtype, device=matrix.device)
        shape = gradbook.broadcast_shapes(matrix.shape[:-2], df.shape)
        event = matrix.shape[-2:]
        if bool(df.le(event[-1] - 1).any()):
            raise ValueError(f"Value of df={df} expected to be greater than ndim - 1 = {event[-1] - 1}.")
        self.df = df.expand(shape)
        setattr(self, name, matrix.expand((*shape, -1, -1)))
        self._event_shape = gradbook.Size(event)
        if bool(self.df.lt(event[-1]).any()):
            warnings.warn(
                "Low df values detected. Singular samples are highly likely to occur for ndim - 1 < df < ndim.",
                stacklevel=2,
            )
        super().__init__(shape, event, validate_args=validate_args)
        if scale_tril is not None:
            self._unbroadcasted_scale_tril = scale_tril
        elif covariance_matrix is not None:
            self._unbroadcasted_scale_tril = gradbook.linalg.cholesky(covariance_matrix)
        else:
            self._unbroadcasted_scale_tril = factor_of_precision(precision_matrix)
        self._make_diagonal()

    def _make_diagonal(self) -> None:
        order = gradbook.arange(self._event_shape[-1], dtype=self.df.dtype, device=self.df.device)
        self._gamma = Gamma(0.5 * (self.df.unsqueeze(-1) - order), 0.5)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same with another batch shape."""
        new = self._get_checked_instance(Wishart, _instance)
        shape = gradbook.Size(batch_shape)
        new._unbroadcasted_scale_tril = self._unbroadcasted_scale_tril
        new.df = self.df.expand(shape)
        for name in ("covariance_matrix", "scale_tril", "precision_matrix"):
            if name in self.__dict__:
                setattr(new, name, getattr(self, name).expand(shape + self.event_shape))
        Distribution.__init__(new, shape, self.event_shape, validate_args=False)
        new._make_diagonal()
        new._validate_args = self._validate_args
        return new

    def _whole(self, matrix: Tensor) -> Tensor:
        return matrix.expand(self._batch_shape + self._event_shape)

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The lower Cholesky factor."""
        return self._whole(self._unbroadcasted_scale_tril)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance of the vectors."""
        factor = self._unbroadcasted_scale_tril
        return self._whole(factor @ factor.mT)

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance."""
        return self._whole(gradbook.cholesky_inverse(self._unbroadcasted_scale_tril))

    @property
    def mean(self) -> Tensor:
        """df times the covariance."""
        return self.df.view((*self._batch_shape, 1, 1)) * self.covariance_matrix

    @property
    def mode(self) -> Tensor:
        """(df - n - 1) times the covariance; nan where that is not positive."""
        factor = self.df - self.covariance_matrix.shape[-1] - 1
        factor = gradbook.where(factor <= 0, float("nan"), factor)
        return factor.view((*self._batch_shape, 1, 1)) * self.covariance_matrix

    @property
    def variance(self) -> Tensor:
        """Of each entry."""
        v = self.covariance_matrix
        diagonal = v.diagonal(dim1=-2, dim2=-1)
        outer = diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2)
        return self.df.view((*self._batch_shape, 1, 1)) * (v.pow(2) + outer)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """By Bartlett's decomposition."""
        shape = self._extended_shape(sample_shape)
        noise = self._gamma.rsample(sample_shape).sqrt().diag_embed(dim1=-2, dim2=-1)
        noise = noise + gradbook.randn(shape, dtype=noise.dtype, device=noise.device).tril(-1)
        root = self._unbroadcasted_scale_tril @ noise
        return root @ root.mT

    def _log_normalizer_of(self, df: Tensor) -> Tensor:
        n = self._event_shape[-1]
        half_log_det = self._unbroadcasted_scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        return -df * half_log_det - 0.5 * df * n * math.log(2) - gradbook.mvlgamma(df / 2, p=n)

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density."""
        if self._validate_args:
            self._validate_sample(value)
        n = self._event_shape[-1]
        inner = gradbook.cholesky_solve(value, self._unbroadcasted_scale_tril)
        trace = inner.diagonal(dim1=-2, dim2=-1).sum(dim=-1)
        more = 0.5 * (self.df - n - 1) * gradbook.linalg.slogdet(value).logabsdet
        return self._log_normalizer_of(self.df) + more - 0.5 * trace

    def entropy(self) -> Tensor:
        """In closed form."""
        n = self._event_shape[-1]
        half_log_det = self._unbroadcasted_scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        order = gradbook.arange(n, dtype=self.df.dtype, device=self.df.device)
        digammas = gradbook.digamma(0.5 * (self.df.unsqueeze(-1) - order)).sum(-1)
        return (
            (n + 1) * half_log_det
            + 0.5 * n * (n + 1) * math.log(2)
            + gradbook.mvlgamma(0.5 * self.df, p=n)
            - 0.5 * (self.df - n - 1) * digammas
            + 0.5 * self.df * n
        )

    @property
    def _natural_params(self) -> tuple[Tensor, Tensor]:
        return 0.5 * self.df, -0.5 * self.precision_matrix

    def _log_normalizer(self, x: Tensor, y: Tensor) -> Tensor:
        n = y.shape[-1]
        scale = -2 * y
        return x * (-gradbook.linalg.slogdet(scale).logabsdet + n * math.log(4)) + gradbook.mvlgamma(x, p=n)
