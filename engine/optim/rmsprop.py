"""The gradient over the root of a running mean of its square."""

from __future__ import annotations

from typing import Any

from gradbook import backends
from gradbook.optim.array_optimizer import ArrayOptimizer, check, check_lr, count, counter, zeros_like

__all__ = ["RMSprop"]


class RMSprop(ArrayOptimizer):
    """The gradient divided by the root of a running mean of its square, as torch.optim.RMSprop.

    centered subtracts the square of the running mean; momentum as in SGD. Raises ValueError for options out of range.
    """

    formula = (
        r"v \leftarrow \alpha v + (1 - \alpha) g^2, \quad \theta \leftarrow \theta - \eta \, g / (\sqrt v + \epsilon)"
    )

    def __init__(
        self, params: Any, lr: Any = 1e-2, alpha: float = 0.99, eps: float = 1e-8, weight_decay: float = 0,
        momentum: float = 0, centered: bool = False, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        check_lr(lr)
        check(eps >= 0.0, "epsilon value", eps)
        check(momentum >= 0.0, "momentum value", momentum)
        check(weight_decay >= 0.0, "weight_decay value", weight_decay)
        check(alpha >= 0.0, "alpha value", alpha)
        defaults = dict(
            lr=lr, momentum=momentum, alpha=alpha, eps=eps, centered=centered, weight_decay=weight_decay,
            capturable=capturable, foreach=foreach, maximize=maximize, differentiable=differentiable,
        )  # fmt: skip
        super().__init__(params, defaults)

    def update(self, array: Any, grad: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        """One parameter, in place."""
        if not state:
            state["step"], state["square_avg"] = counter(), zeros_like(array)
            if options["momentum"] > 0:
                state["momentum_buffer"] = zeros_like(array)
            if options["centered"]:
                state["grad_avg"] = zeros_like(array)
        xp, alpha = backends.xp_of(array), options["alpha"]
        work, spare = self.scratch(array, 2)
        count(state)
        g = self.directed(array, grad, options, spare)
        square = state["square_avg"]._array
        square *= alpha
        xp.multiply(g, g, out=work)
        work *= 1 - alpha
        square += work
        if options["centered"]:
            mean = state["grad_avg"]._array
            xp.subtract(g, mean, out=work)
            work *= 1 - alpha
            mean += work
            xp.multiply(mean, mean, out=work)
            xp.subtract(square, work, out=work)
            xp.sqrt(work, out=work)
        else:
            xp.sqrt(square, out=work)
        work += options["eps"]
        xp.divide(g, work, out=work)
        if options["momentum"] > 0:
            buffer = state["momentum_buffer"]._array
            buffer *= options["momentum"]
            buffer += work
            xp.multiply(buffer, options["lr"], out=work)
        else:
            work *= options["lr"]
        xp.subtract(array, work, out=array)
