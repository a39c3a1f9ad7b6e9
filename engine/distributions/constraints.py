"""Where a value may lie: what parameters must satisfy and samples do, as torch.distributions.constraints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradbook
from gradbook import Tensor
from gradbook.distributions.constraint import Constraint, _Dependent, _DependentProperty, _Independent, is_dependent

__all__ = [
    "Constraint", "MixtureSameFamilyConstraint", "boolean", "cat", "corr_cholesky", "dependent", "dependent_property",
    "greater_than", "greater_than_eq", "half_open_interval", "independent", "integer_interval", "interval",
    "is_dependent", "less_than", "lower_cholesky", "lower_triangular", "multinomial", "nonnegative",
    "nonnegative_integer", "one_hot", "positive", "positive_definite", "positive_integer", "positive_semidefinite",
    "real", "real_vector", "simplex", "square", "stack", "symmetric", "unit_interval",
]  # fmt: skip


class MixtureSameFamilyConstraint(Constraint):
    """The values of a mixture: in the set of its components, for each of them."""

    def __init__(self, base_constraint: Constraint) -> None:
        self.base_constraint = base_constraint

    @property
    def is_discrete(self) -> Any:
        """As the components."""
        return self.base_constraint.is_discrete

    @property
    def event_dim(self) -> Any:
        """As the components."""
        return self.base_constraint.event_dim

    def check(self, value: Tensor) -> Tensor:
        """True where every component could give the value."""
        found = self.base_constraint.check(value.unsqueeze(-1 - self.event_dim))
        axes = value.dim() - self.event_dim
        if found.dim() < axes:
            raise ValueError(f"Expected value.dim() >= {axes} but got {value.dim()}")
        return found.reshape((*found.shape[:axes], -1)).all(-1)


class _Bounded(Constraint):
    """Numbers on one side of a bound, or between two."""

    bounds: tuple[str, ...] = ("lower_bound",)

    def __init__(self, *bounds: Any, **named: Any) -> None:
        self._given = (*bounds, *(named[name] for name in self.bounds[len(bounds) :]))
        for name, bound in zip(self.bounds, self._given, strict=True):
            setattr(self, name, bound)

    def __repr__(self) -> str:
        said = ", ".join(f"{name}={bound}" for name, bound in zip(self.bounds, self._given, strict=True))
        return f"{type(self).__name__[1:]}({said})"


class _GreaterThan(_Bounded):
    """Above a bound."""

    def check(self, value: Tensor) -> Tensor:
        """lower_bound < value."""
        return self._given[0] < value


class _GreaterThanEq(_Bounded):
    """A bound, or above it."""

    def check(self, value: Tensor) -> Tensor:
        """lower_bound <= value."""
        return self._given[0] <= value


class _LessThan(_Bounded):
    """Below a bound."""

    bounds = ("upper_bound",)

    def check(self, value: Tensor) -> Tensor:
        """value < upper_bound."""
        return value < self._given[0]


class _Interval(_Bounded):
    """Between two bounds, or one of them."""

    bounds = ("lower_bound", "upper_bound")

    def check(self, value: Tensor) -> Tensor:
        """lower_bound <= value <= upper_bound."""
        low, high = self._given
        return (low <= value) & (value <= high)


class _HalfOpenInterval(_Interval):
    """Between two bounds, or the lower one."""

    def check(self, value: Tensor) -> Tensor:
        """lower_bound <= value < upper_bound."""
        low, high = self._given
        return (low <= value) & (value < high)


class _IntegerInterval(_Interval):
    """Whole numbers between two bounds, which belong to it."""

    is_discrete = True

    def check(self, value: Tensor) -> Tensor:
        """Whole, and lower_bound <= value <= upper_bound."""
        return value.remainder(1).eq(0) & super().check(value)


class _IntegerGreaterThan(_Bounded):
    """Whole numbers from a bound on."""

    is_discrete = True

    def check(self, value: Tensor) -> Tensor:
        """Whole, and lower_bound <= value."""
        return value.remainder(1).eq(0) & (value >= self._given[0])


class _Real(Constraint):
    """All numbers but nan."""

    def check(self, value: Tensor) -> Tensor:
        """Not nan."""
        return value == value


class _Boolean(Constraint):
    """0 and 1."""

    is_discrete = True

    def check(self, value: Tensor) -> Tensor:
        """0 or 1."""
        return (value == 0) | (value == 1)


class _OneHot(Constraint):
    """Vectors with one 1 among zeros."""

    is_discrete = True
    event_dim = 1

    def check(self, value: Tensor) -> Tensor:
        """All 0 or 1, their sum 1."""
        return ((value == 0) | (value == 1)).all(-1) & value.sum(-1).eq(1)


class _Simplex(Constraint):
    """Vectors of nonnegative numbers that sum to 1."""

    event_dim = 1

    def check(self, value: Tensor) -> Tensor:
        """None negative, the sum 1 within 1e-6."""
        return gradbook.all(value >= 0, dim=-1) & ((value.sum(-1) - 1).abs() < 1e-6)


class _Multinomial(Constraint):
    """Counts of outcomes that sum to at most a bound."""

    is_discrete = True
    event_dim = 1

    def __init__(self, upper_bound: Any) -> None:
        self.upper_bound = upper_bound

    def check(self, value: Tensor) -> Tensor:
        """None negative, the sum within the bound."""
        return (value >= 0).all(dim=-1) & (value.sum(dim=-1) <= self.upper_bound)


class _Matrix(Constraint):
    event_dim = 2


class _LowerTriangular(_Matrix):
    """Matrices with zeros above the diagonal."""

    def check(self, value: Tensor) -> Tensor:
        """Equal to its own lower triangle."""
        return _whole(value.tril() == value)


class _LowerCholesky(_LowerTriangular):
    """Lower triangular matrices with a positive diagonal."""

    def check(self, value: Tensor) -> Tensor:
        """Lower triangular, the diagonal positive."""
        return super().check(value) & (value.diagonal(dim1=-2, dim2=-1) > 0).min(-1)[0]


class _CorrCholesky(_Matrix):
    """Cholesky factors of correlation matrices: lower triangular, positive diagonal, rows of length 1."""

    def check(self, value: Tensor) -> Tensor:
        """Within 10 eps a column."""
        tolerance = gradbook.finfo(value.dtype).eps * value.size(-1) * 10
        lengths = gradbook.linalg.norm(value.detach(), dim=-1)
        return _LowerCholesky().check(value) & (lengths - 1).abs().le(tolerance).all(dim=-1)


class _Square(_Matrix):
    """Square matrices."""

    def check(self, value: Tensor) -> Tensor:
        """True for each matrix, if they are square."""
        square = value.shape[-2] == value.shape[-1]
        return gradbook.full(value.shape[:-2], square, dtype=gradbook.bool, device=value.device)


class _Symmetric(_Square):
    """Symmetric matrices."""

    def check(self, value: Tensor) -> Tensor:
        """Equal to the transpose within 1e-6."""
        square = super().check(value)
        return _whole(gradbook.isclose(value, value.mT, atol=1e-6)) if square.all() else square


class _PositiveSemidefinite(_Symmetric):
    """Symmetric matrices without negative eigenvalues."""

    def check(self, value: Tensor) -> Tensor:
        """By their eigenvalues."""
        symmetric = super().check(value)
        if not symmetric.all():
            return symmetric
        return gradbook.linalg.eigvalsh(value).ge(0).all(-1)


class _PositiveDefinite(_Symmetric):
    """Symmetric matrices with positive eigenvalues."""

    def check(self, value: Tensor) -> Tensor:
        """By whether they have a Cholesky factor."""
        symmetric = super().check(value)
        return gradbook.linalg.cholesky_ex(value).info.eq(0) if symmetric.all() else symmetric


def _whole(entries: Tensor) -> Tensor:
    """True where all entries of a matrix are."""
    return entries.reshape((*entries.shape[:-2], -1)).all(-1)


class _Parts(Constraint):
    """Several sets along an axis, one after the other."""

    def __init__(self, cseq: Sequence[Constraint], dim: int = 0) -> None:
        self.cseq, self.dim = list(cseq), dim

    @property
    def is_discrete(self) -> Any:
        """True if any part is."""
        return any(part.is_discrete for part in self.cseq)

    @property
    def event_dim(self) -> Any:
        """The largest of the parts'."""
        return max(part.event_dim for part in self.cseq)


class _Cat(_Parts):
    """Sets of given lengths along an axis."""

    def __init__(self, cseq: Sequence[Constraint], dim: int = 0, lengths: Sequence[int] | None = None) -> None:
        super().__init__(cseq, dim)
        self.lengths = [1] * len(self.cseq) if lengths is None else list(lengths)

    def check(self, value: Tensor) -> Tensor:
        """Each part by its set."""
        found, begin = [], 0
        for part, length in zip(self.cseq, self.lengths, strict=True):
            found.append(part.check(value.narrow(self.dim, begin, length)))
            begin += length
        return gradbook.cat(found, self.dim)


class _Stack(_Parts):
    """One set for each index of an axis."""

    @property
    def event_dim(self) -> Any:
        """The largest of the parts', and the axis itself if it lies within the event."""
        largest = super().event_dim
        return largest + 1 if self.dim + largest < 0 else largest

    def check(self, value: Tensor) -> Tensor:
        """Each index by its set."""
        parts = [value.select(self.dim, i) for i in range(value.size(self.dim))]
        return gradbook.stack([c.check(v) for v, c in zip(parts, self.cseq, strict=True)], self.dim)


dependent = _Dependent()
dependent_property = _DependentProperty
independent = _Independent
boolean = _Boolean()
one_hot = _OneHot()
nonnegative_integer = _IntegerGreaterThan(0)
positive_integer = _IntegerGreaterThan(1)
integer_interval = _IntegerInterval
real = _Real()
real_vector = _Independent(real, 1)
positive = _GreaterThan(0.0)
nonnegative = _GreaterThanEq(0.0)
greater_than = _GreaterThan
greater_than_eq = _GreaterThanEq
less_than = _LessThan
multinomial = _Multinomial
unit_interval = _Interval(0.0, 1.0)
interval = _Interval
half_open_interval = _HalfOpenInterval
simplex = _Simplex()
lower_triangular = _LowerTriangular()
lower_cholesky = _LowerCholesky()
corr_cholesky = _CorrCholesky()
square = _Square()
symmetric = _Symmetric()
positive_semidefinite = _PositiveSemidefinite()
positive_definite = _PositiveDefinite()
cat = _Cat
stack = _Stack
