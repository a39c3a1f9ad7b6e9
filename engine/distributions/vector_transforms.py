"""Transforms of vectors and matrices: simplices, Cholesky factors, parts beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradbook
from gradbook import Size, Tensor
from gradbook.distributions import constraints
from gradbook.distributions.transform import FixedTransform, Transform
from gradbook.distributions.utils import tril_matrix_to_vec, vec_to_tril_matrix
from gradbook.nn.functional import logsigmoid, pad, softplus

__all__ = [
    "CatTransform", "CorrCholeskyTransform", "LowerCholeskyTransform", "PositiveDefiniteTransform", "SoftmaxTransform",
    "StackTransform", "StickBreakingTransform",
]  # fmt: skip


class SoftmaxTransform(FixedTransform):
    """y = softmax(x); its inverse, the logarithm, is one of many."""

    domain = constraints.real_vector
    codomain = constraints.simplex

    def _call(self, x: Any) -> Any:
        shares = (x - x.max(-1, True)[0]).exp()
        return shares / shares.sum(-1, True)

    def _inverse(self, y: Any) -> Any:
        return y.log()

    def forward_shape(self, shape: Any) -> Any:
        """The same. Raises ValueError for a single number."""
        return _at_least(shape, 1)

    inverse_shape = forward_shape


class StickBreakingTransform(FixedTransform):
    """k - 1 numbers to k shares: each breaks a part off the rest of a stick."""

    domain = constraints.real_vector
    codomain = constraints.simplex
    bijective = True

    def _call(self, x: Any) -> Any:
        offset = x.shape[-1] + 1 - x.new_ones(x.shape[-1]).cumsum(-1)
        z = _away_from_edges(gradbook.sigmoid(x - offset.log()))
        rest = (1 - z).cumprod(-1)
        return pad(z, [0, 1], value=1) * pad(rest, [1, 0], value=1)

    def _inverse(self, y: Any) -> Any:
        kept = y[..., :-1]
        offset = y.shape[-1] - kept.new_ones(kept.shape[-1]).cumsum(-1)
        rest = gradbook.clamp(1 - kept.cumsum(-1), min=gradbook.finfo(y.dtype).tiny)
        return kept.log() - rest.log() + offset.log()

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """By the parts broken off."""
        offset = x.shape[-1] + 1 - x.new_ones(x.shape[-1]).cumsum(-1)
        x = x - offset.log()
        return (-x + logsigmoid(x) + y[..., :-1].log()).sum(-1)

    def forward_shape(self, shape: Any) -> Any:
        """One more."""
        shape = _at_least(shape, 1)
        return Size((*shape[:-1], shape[-1] + 1))

    def inverse_shape(self, shape: Any) -> Any:
        """One less."""
        shape = _at_least(shape, 1)
        return Size((*shape[:-1], shape[-1] - 1))


class CorrCholeskyTransform(Transform):
    """n (n - 1) / 2 numbers to the Cholesky factor of a correlation matrix: rows of length 1 (Stan's construction)."""

    domain = constraints.real_vector
    codomain = constraints.corr_cholesky
    bijective = True

    def _call(self, x: Any) -> Any:
        x = gradbook.tanh(x)
        eps = gradbook.finfo(x.dtype).eps
        r = vec_to_tril_matrix(x.clamp(min=-1 + eps, max=1 - eps), diag=-1)
        rest = (1 - r**2).sqrt().cumprod(-1)
        r = r + gradbook.eye(r.shape[-1], dtype=r.dtype, device=r.device)
        return r * pad(rest[..., :-1], [1, 0], value=1)

    def _inverse(self, y: Any) -> Any:
        rest = 1 - gradbook.cumsum(y * y, dim=-1)
        before = pad(rest[..., :-1], [1, 0], value=1)
        t = tril_matrix_to_vec(y, diag=-1) / tril_matrix_to_vec(before, diag=-1).sqrt()
        return (t.log1p() - t.neg().log1p()) / 2

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """By the lengths of the rows' rests, and tanh."""
        rest = tril_matrix_to_vec(1 - (y * y).cumsum(dim=-1), diag=-2)
        stick = 0.5 * rest.log().sum(-1)
        tanh = -2 * (x + softplus(-2 * x) - gradbook.log(gradbook.tensor(2.0, dtype=x.dtype))).sum(dim=-1)
        return stick + tanh

    def forward_shape(self, shape: Any) -> Any:
        """(.., n (n - 1) / 2) -> (.., n, n)."""
        shape = _at_least(shape, 1)
        n = round((0.25 + 2 * shape[-1]) ** 0.5 + 0.5)
        if n * (n - 1) // 2 != shape[-1]:
            raise ValueError("Input is not a flattened lower-diagonal number")
        return Size((*shape[:-1], n, n))

    def inverse_shape(self, shape: Any) -> Any:
        """(.., n, n) -> (.., n (n - 1) / 2)."""
        shape = _at_least(shape, 2)
        if shape[-2] != shape[-1]:
            raise ValueError("Input is not square")
        return Size((*shape[:-2], shape[-1] * (shape[-1] - 1) // 2))


class LowerCholeskyTransform(FixedTransform):
    """A square matrix to a lower triangular one with a positive diagonal."""

    domain = constraints.independent(constraints.real, 2)
    codomain: Any = constraints.lower_cholesky

    def _call(self, x: Any) -> Any:
        return x.tril(-1) + x.diagonal(dim1=-2, dim2=-1).exp().diag_embed()

    def _inverse(self, y: Any) -> Any:
        return y.tril(-1) + y.diagonal(dim1=-2, dim2=-1).log().diag_embed()


class PositiveDefiniteTransform(FixedTransform):
    """A square matrix to a positive definite one: the product of a Cholesky factor with its transpose."""

    domain = constraints.independent(constraints.real, 2)
    codomain: Any = constraints.positive_definite

    def _call(self, x: Any) -> Any:
        factor = LowerCholeskyTransform()(x)
        return factor @ factor.mT

    def _inverse(self, y: Any) -> Any:
        return LowerCholeskyTransform().inv(gradbook.linalg.cholesky(y))


class _Parts(Transform):
    """Several transforms along an axis."""

    def __init__(self, tseq: Sequence[Any], dim: int, cache_size: int) -> None:
        if not all(isinstance(t, Transform) for t in tseq):
            raise TypeError("tseq must be transforms")
        super().__init__(cache_size=cache_size)
        self.transforms = [t.with_cache(cache_size) if cache_size else t for t in tseq]
        self.dim = dim

    @property
    def bijective(self) -> Any:
        """True if all are."""
        return all(t.bijective for t in self.transforms)


class CatTransform(_Parts):
    """Transforms of parts of given lengths along an axis."""

    def __init__(
        self, tseq: Sequence[Any], dim: int = 0, lengths: Sequence[int] | None = None, cache_size: int = 0
    ) -> None:
        super().__init__(tseq, dim, cache_size)
        self.lengths = [1] * len(self.transforms) if lengths is None else list(lengths)

    @property
    def event_dim(self) -> int:
        """The largest of theirs."""
        return max(t.event_dim for t in self.transforms)

    @property
    def length(self) -> int:
        """The sum of the lengths."""
        return sum(self.lengths)

    def with_cache(self, cache_size: int = 1) -> Any:
        """The same with another cache size."""
        same = self._cache_size == cache_size
        return self if same else CatTransform(self.transforms, self.dim, self.lengths, cache_size)

    @property
    def domain(self) -> Any:
        """Theirs, beside each other."""
        return constraints.cat([t.domain for t in self.transforms], self.dim, self.lengths)

    @property
    def codomain(self) -> Any:
        """Theirs, beside each other."""
        return constraints.cat([t.codomain for t in self.transforms], self.dim, self.lengths)

    def _cut(self, value: Any) -> list[Any]:
        begins = [sum(self.lengths[:i]) for i in range(len(self.lengths))]
        return [value.narrow(self.dim, b, n) for b, n in zip(begins, self.lengths, strict=True)]

    def _call(self, x: Any) -> Any:
        return gradbook.cat([t(part) for t, part in zip(self.transforms, self._cut(x), strict=True)], dim=self.dim)

    def _inverse(self, y: Any) -> Any:
        return gradbook.cat([t.inv(part) for t, part in zip(self.transforms, self._cut(y), strict=True)], dim=self.dim)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Theirs, beside each other, or summed where the axis belongs to the event."""
        found = []
        for t, part_x, part_y in zip(self.transforms, self._cut(x), self._cut(y), strict=True):
            change = t.log_abs_det_jacobian(part_x, part_y)
            more = self.event_dim - t.event_dim
            found.append(change.reshape((*change.shape[: change.dim() - more], -1)).sum(-1) if more > 0 else change)
        dim = self.dim - x.dim() if self.dim >= 0 else self.dim
        dim += self.event_dim
        return gradbook.cat(found, dim=dim) if dim < 0 else sum(found[1:], found[0])


class StackTransform(_Parts):
    """One transform for each index of an axis."""

    def __init__(self, tseq: Sequence[Any], dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(tseq, dim, cache_size)

    def with_cache(self, cache_size: int = 1) -> Any:
        """The same with another cache size."""
        return self if self._cache_size == cache_size else StackTransform(self.transforms, self.dim, cache_size)

    @property
    def domain(self) -> Any:
        """Theirs."""
        return constraints.stack([t.domain for t in self.transforms], self.dim)

    @property
    def codomain(self) -> Any:
        """Theirs."""
        return constraints.stack([t.codomain for t in self.transforms], self.dim)

    def _cut(self, value: Any) -> list[Tensor]:
        return [value.select(self.dim, i) for i in range(value.size(self.dim))]

    def _call(self, x: Any) -> Any:
        return gradbook.stack([t(part) for t, part in zip(self.transforms, self._cut(x), strict=True)], dim=self.dim)

    def _inverse(self, y: Any) -> Any:
        parts = zip(self.transforms, self._cut(y), strict=True)
        return gradbook.stack([t.inv(part) for t, part in parts], dim=self.dim)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Theirs, beside each other."""
        parts = zip(self.transforms, self._cut(x), self._cut(y), strict=True)
        return gradbook.stack([t.log_abs_det_jacobian(a, b) for t, a, b in parts], dim=self.dim)


def _away_from_edges(probs: Any) -> Any:
    limits = gradbook.finfo(probs.dtype)
    return probs.clamp(min=limits.tiny, max=1.0 - limits.eps)


def _at_least(shape: Any, count: int) -> Any:
    if len(shape) < count:
        raise ValueError("Too few dimensions on input")
    return shape
