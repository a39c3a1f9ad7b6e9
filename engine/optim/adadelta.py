"""Steps in proportion to earlier steps."""

from __future__ import annotations

from typing import Any

from gradbook import backends
from gradbook.optim.array_optimizer import ArrayOptimizer, check, check_lr, count, counter, zeros_like

__all__ = ["Adadelta"]


class Adadelta(ArrayOptimizer):
    """Steps in proportion to the root of the running mean of earlier steps, as torch.optim.Adadelta. Zeiler 2012.

    Raises ValueError for options out of range.
    """

    formula = r"\Delta = \sqrt{u + \epsilon} / \sqrt{v + \epsilon} \; g, \quad \theta \leftarrow \theta - \eta \Delta"

    def __init__(
        self, params: Any, lr: Any = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0,
        foreach: bool | None = None, *, capturable: bool = False, maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        check_lr(lr)
        check(0.0 <= rho <= 1.0, "rho value", rho)
        check(eps >= 0.0, "epsilon value", eps)
        check(weight_decay >= 0.0, "weight_decay value", weight_decay)
        defaults = dict(
            lr=lr, rho=rho, eps=eps, weight_decay=weight_decay, maximize=maximize, capturable=capturable,
            foreach=foreach,
            differentiable=differentiable,
        )  # fmt: skip
        super().__init__(params, defaults)

    def update(self, array: Any, grad: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        """One parameter, in place."""
        if not state:
            state["step"], state["square_avg"], state["acc_delta"] = counter(), zeros_like(array), zeros_like(array)
        xp, rho, eps = backends.xp_of(array), options["rho"], options["eps"]
        work, spare, delta = self.scratch(array, 3)
        count(state)
        g = self.directed(array, grad, options, spare)
        square, steps = state["square_avg"]._array, state["acc_delta"]._array
        square *= rho
        xp.multiply(g, g, out=work)
        work *= 1 - rho
        square += work
        xp.add(square, eps, out=work)
        xp.sqrt(work, out=work)
        xp.add(steps, eps, out=delta)
        xp.sqrt(delta, out=delta)
        delta /= work
        delta *= g
        steps *= rho
        xp.multiply(delta, delta, out=work)
        work *= 1 - rho
        steps += work
        delta *= options["lr"]
        xp.subtract(array, delta, out=array)
