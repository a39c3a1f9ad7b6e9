"""SGD that also averages the parameters."""

from __future__ import annotations

from typing import Any

from gradbook import backends
from gradbook.optim.array_optimizer import ArrayOptimizer, check, check_lr, count, counter, zeros_like
from gradbook.tensor import Tensor

__all__ = ["ASGD"]


class ASGD(ArrayOptimizer):
    """SGD that also averages the parameters (state "ax"), as torch.optim.ASGD. Polyak and Juditsky 1992.

    Raises ValueError for options out of range.
    """

    formula = (
        r"\theta \leftarrow (1 - \lambda \eta_t) \theta - \eta_t g, "
        r"\quad \bar\theta \leftarrow \bar\theta + \mu_t (\theta - \bar\theta)"
    )

    def __init__(
        self, params: Any, lr: Any = 1e-2, lambd: float = 1e-4, alpha: float = 0.75, t0: float = 1e6,
        weight_decay: float = 0, foreach: bool | None = None, maximize: bool = False, differentiable: bool = False,
        capturable: bool = False,
    ) -> None:  # fmt: skip
        check_lr(lr)
        check(weight_decay >= 0.0, "weight_decay value", weight_decay)
        defaults = dict(
            lr=lr, lambd=lambd, alpha=alpha, t0=t0, weight_decay=weight_decay, foreach=foreach, maximize=maximize,
            differentiable=differentiable, capturable=capturable,
        )  # fmt: skip
        super().__init__(params, defaults)

    def update(self, array: Any, grad: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        """One parameter, in place."""
        lr, lambd = options["lr"], options["lambd"]
        if not state:
            state["step"], state["eta"], state["mu"] = counter(), counter(lr), counter(1.0)
            state["ax"] = zeros_like(array)
        work, spare = self.scratch(array, 2)
        step = count(state)
        g = self.directed(array, grad, options, spare)
        eta, mu = _number(state["eta"]), _number(state["mu"])
        array *= 1 - lambd * eta
        backends.xp_of(array).multiply(g, eta, out=work)
        array -= work
        mean = state["ax"]._array
        if mu == 1:
            mean[...] = array
        else:
            mean += (array - mean) * mu
        state["eta"]._array[...] = lr / ((1 + lambd * lr * step) ** options["alpha"])
        state["mu"]._array[...] = 1 / max(1, step - options["t0"])


def _number(value: Tensor) -> float:
    return float(value._array)
