"""Adam with the largest gradient in place of the second moment."""

from __future__ import annotations

from typing import Any

from gradbook import backends
from gradbook.optim.array_optimizer import check, check_betas, check_lr, count
from gradbook.optim.moments import Moments

__all__ = ["Adamax"]


class Adamax(Moments):
    """Adam with the largest gradient (infinity norm) in place of the second moment, as torch.optim.Adamax."""

    formula = r"u \leftarrow \max(\beta_2 u, |g|), \quad \theta \leftarrow \theta - \eta \, \hat m / u"

    def __init__(
        self, params: Any, lr: Any = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, foreach: bool | None = None, *, maximize: bool = False, differentiable: bool = False,
        capturable: bool = False,
    ) -> None:  # fmt: skip
        check_lr(lr)
        check(eps >= 0.0, "epsilon value", eps)
        check_betas(betas)
        check(weight_decay >= 0.0, "weight_decay value", weight_decay)
        defaults = dict(
            lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, foreach=foreach, maximize=maximize,
            differentiable=differentiable, capturable=capturable,
        )  # fmt: skip
        super().__init__(params, defaults)

    def update(self, array: Any, grad: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        """One parameter, in place."""
        if not state:
            self.start(array, state, "exp_inf")
        xp = backends.xp_of(array)
        beta1, beta2 = options["betas"]
        work, spare = self.scratch(array, 2)
        step = count(state)
        g = self.directed(array, grad, options, spare)
        mean, largest = state["exp_avg"]._array, state["exp_inf"]._array
        xp.subtract(g, mean, out=work)
        work *= 1 - beta1
        mean += work
        largest *= beta2
        xp.abs(g, out=work)
        work += options["eps"]
        xp.maximum(largest, work, out=largest)
        xp.divide(mean, largest, out=work)
        work *= options["lr"] / (1 - beta1**step)
        array -= work
