"""Which transform leads from all numbers to a set: biject_to (one to one) and transform_to (any)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook.distributions import constraints, transforms, vector_transforms

__all__ = ["ConstraintRegistry", "biject_to", "transform_to"]


class ConstraintRegistry:
    """A table from kinds of constraints to functions that make a transform, as torch's; `registry(constraint)`."""

    def __init__(self) -> None:
        self._registry: dict[type, Callable[[Any], Any]] = {}

    def register(self, constraint: Any, factory: Callable[[Any], Any] | None = None) -> Any:
        """Enter a kind of constraint; a decorator without `factory`. Raises TypeError for what is no constraint."""
        if factory is None:
            return lambda made: self.register(constraint, made)
        kind = type(constraint) if isinstance(constraint, constraints.Constraint) else constraint
        if not isinstance(kind, type) or not issubclass(kind, constraints.Constraint):
            raise TypeError(f"Expected constraint to be either a Constraint subclass or instance, but got {constraint}")
        self._registry[kind] = factory
        return factory

    def __call__(self, constraint: Any) -> Any:
        """The transform to a constraint. Raises NotImplementedError for a kind that is not entered."""
        try:
            factory = self._registry[type(constraint)]
        except KeyError:
            raise NotImplementedError(f"Cannot transform {type(constraint).__name__} constraints") from None
        return factory(constraint)


biject_to, transform_to = ConstraintRegistry(), ConstraintRegistry()


def both(*kinds: Any) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Enter a function into both tables."""

    def enter(factory: Callable[[Any], Any]) -> Callable[[Any], Any]:
        for kind in kinds:
            biject_to.register(kind, factory)
            transform_to.register(kind, factory)
        return factory

    return enter


both(constraints.real)(lambda c: transforms.identity_transform)
both(constraints.simplex)(lambda c: vector_transforms.StickBreakingTransform())
transform_to.register(constraints.simplex, lambda c: vector_transforms.SoftmaxTransform())
both(constraints.corr_cholesky)(lambda c: vector_transforms.CorrCholeskyTransform())
transform_to.register(constraints.lower_cholesky, lambda c: vector_transforms.LowerCholeskyTransform())
for _kind in (constraints.positive_definite, constraints.positive_semidefinite):
    transform_to.register(_kind, lambda c: vector_transforms.PositiveDefiniteTransform())


@both(constraints.greater_than, constraints.greater_than_eq)
def _above(constraint: Any) -> Any:
    moved = transforms.AffineTransform(constraint.lower_bound, 1)
    return transforms.ComposeTransform([transforms.ExpTransform(), moved])


@both(constraints.less_than)
def _below(constraint: Any) -> Any:
    moved = transforms.AffineTransform(constraint.upper_bound, -1)
    return transforms.ComposeTransform([transforms.ExpTransform(), moved])


@both(constraints.interval, constraints.half_open_interval)
def _between(constraint: Any) -> Any:
    low, high = constraint.lower_bound, constraint.upper_bound
    if isinstance(low, (int, float)) and low == 0 and isinstance(high, (int, float)) and high == 1:
        return transforms.SigmoidTransform()
    return transforms.ComposeTransform([transforms.SigmoidTransform(), transforms.AffineTransform(low, high - low)])


for _table in (biject_to, transform_to):

    @_table.register(constraints.independent)  # type: ignore[untyped-decorator]  # register is a decorator or a call
    def _arrays(constraint: Any, table: ConstraintRegistry = _table) -> Any:
        base = table(constraint.base_constraint)
        return transforms.IndependentTransform(base, constraint.reinterpreted_batch_ndims)

    @_table.register(constraints.cat)  # type: ignore[untyped-decorator]  # likewise
    def _beside(constraint: Any, table: ConstraintRegistry = _table) -> Any:
        parts = [table(part) for part in constraint.cseq]
        return vector_transforms.CatTransform(parts, constraint.dim, constraint.lengths)

    @_table.register(constraints.stack)  # type: ignore[untyped-decorator]  # likewise
    def _stacked(constraint: Any, table: ConstraintRegistry = _table) -> Any:
        return vector_transforms.StackTransform([table(part) for part in constraint.cseq], constraint.dim)
