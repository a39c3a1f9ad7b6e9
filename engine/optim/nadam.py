"""Adam with momentum that looks one step ahead."""

from __future__ import annotations

from typing import Any

from gradbook import backends
from gradbook.optim.array_optimizer import check, check_betas, check_lr, count, counter
from gradbook.optim.moments import Moments

__all__ = ["NAdam"]


class NAdam(Moments):
    """Adam with Nesterov's momentum, as torch.optim.NAdam. Dozat 2016."""

    formula = (
        r"\theta \leftarrow \theta - \eta \left( \tfrac{(1 - \mu_t) g}{1 - \prod \mu} "
        r"+ \tfrac{\mu_{t+1} m}{1 - \mu_{t+1} \prod \mu} \right) / (\sqrt{\hat v} + \epsilon)"
    )

    def __init__(
        self, params: Any, lr: Any = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, momentum_decay: float = 4e-3, decoupled_weight_decay: bool = False, *,
        foreach: bool | None = None, maximize: bool = False, capturable: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        check_lr(lr)
        check(eps >= 0.0, "epsilon value", eps)
        check_betas(betas)
        check(weight_decay >= 0.0, "weight_decay value", weight_decay)
        check(momentum_decay >= 0.0, "momentum_decay value", momentum_decay)
        defaults = dict(
            lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay,
            decoupled_weight_decay=decoupled_weight_decay, maximize=maximize, foreach=foreach, capturable=capturable,
            differentiable=differentiable,
        )  # fmt: skip
        super().__init__(params, defaults)

    def update(self, array: Any, grad: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        """One parameter, in place."""
        if not state:
            self.start(array, state)
            state["mu_product"] = counter(1.0)
        xp = backends.xp_of(array)
        beta1, beta2 = options["betas"]
        work, spare = self.scratch(array, 2)
        step = count(state)
        g = self.decayed(array, grad, options, spare)
        decay, lr = options["momentum_decay"], options["lr"]
        now = beta1 * (1.0 - 0.5 * 0.96 ** (step * decay))
        following = beta1 * (1.0 - 0.5 * 0.96 ** ((step + 1) * decay))
        state["mu_product"]._array *= now
        product = float(state["mu_product"]._array)
        mean, square = state["exp_avg"]._array, state["exp_avg_sq"]._array
        self.advance(g, mean, square, beta1, beta2, work, xp)
        xp.divide(square, 1 - beta2**step, out=work)
        xp.sqrt(work, out=work)
        work += options["eps"]
        ahead = g * (lr * (1.0 - now) / (1.0 - product)) + mean * (lr * following / (1.0 - product * following))
        ahead /= work
        array -= ahead
