"""Adam that waits with its second moment until it can be trusted."""

from __future__ import annotations

import math
from typing import Any

from gradbook import backends
from gradbook.optim.array_optimizer import check, check_betas, check_lr, count
from gradbook.optim.moments import Moments

__all__ = ["RAdam"]


class RAdam(Moments):
    """Adam that waits with its second moment until its variance can be estimated, as torch.optim.RAdam.

    Liu et al. 2020.
    """

    formula = r"\theta \leftarrow \theta - \eta \, r_t \, \hat m / (\sqrt{\hat v} + \epsilon)"

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, decoupled_weight_decay: bool = False, *, foreach: bool | None = None,
        maximize: bool = False, capturable: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        check_lr(lr)
        check(eps >= 0.0, "epsilon value", eps)
        check_betas(betas)
        check(weight_decay >= 0.0, "weight_decay value", weight_decay)
        defaults = dict(
            lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, maximize=maximize, foreach=foreach,
            capturable=capturable,
            decoupled_weight_decay=decoupled_weight_decay, differentiable=differentiable,
        )  # fmt: skip
        super().__init__(params, defaults)

    def update(self, array: Any, grad: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        """One parameter, in place."""
        if not state:
            self.start(array, state)
        xp = backends.xp_of(array)
        beta1, beta2 = options["betas"]
        work, spare = self.scratch(array, 2)
        step = count(state)
        g = self.decayed(array, grad, options, spare)
        mean, square = state["exp_avg"]._array, state["exp_avg_sq"]._array
        self.advance(g, mean, square, beta1, beta2, work, xp)
        correction = 1 - beta2**step
        limit = 2 / (1 - beta2) - 1
        length = limit - 2 * step * beta2**step / correction  # of the window that the running mean amounts to
        rate = options["lr"] / (1 - beta1**step)
        if length > 5.0:
            rectified = math.sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length))
            xp.sqrt(square, out=work)
            work += options["eps"]
            xp.divide(mean, work, out=work)
            work *= rate * rectified * math.sqrt(correction)
        else:
            xp.multiply(mean, rate, out=work)
        array -= work
