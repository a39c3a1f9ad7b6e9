"""Steps that grow while the gradient keeps its sign."""

from __future__ import annotations

from typing import Any

from gradbook import backends
from gradbook.optim.array_optimizer import ArrayOptimizer, check_lr, count, counter, zeros_like

__all__ = ["Rprop"]


class Rprop(ArrayOptimizer):
    """Only the gradient's sign counts; steps grow while it stays and shrink when it turns, as torch.optim.Rprop.

    For full batches. Raises ValueError for options out of range. Riedmiller and Braun 1993.
    """

    formula = r"\theta \leftarrow \theta - \operatorname{sign}(g) \, s"

    def __init__(
        self, params: Any, lr: Any = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50), *, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        check_lr(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults = dict(
            lr=lr, etas=etas, step_sizes=step_sizes, foreach=foreach, maximize=maximize, differentiable=differentiable,
            capturable=capturable,
        )  # fmt: skip
        super().__init__(params, defaults)

    def update(self, array: Any, grad: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        """One parameter, in place."""
        if not state:
            state["step"], state["prev"], state["step_size"] = counter(), zeros_like(array), zeros_like(array)
            state["step_size"]._array += options["lr"]
        xp = backends.xp_of(array)
        (work,) = self.scratch(array, 1)[:1]
        count(state)
        g = xp.negative(grad) if options["maximize"] else grad.copy()
        before, size = state["prev"]._array, state["step_size"]._array
        shrink, grow = options["etas"]
        xp.multiply(g, before, out=work)
        turned, stayed = work < 0, work > 0
        size *= xp.where(stayed, grow, xp.where(turned, shrink, 1.0)).astype(size.dtype)
        xp.clip(size, *options["step_sizes"], out=size)
        g[turned] = 0
        xp.sign(g, out=work)
        work *= size
        xp.subtract(array, work, out=array)
        before[...] = g
