"""Adam and its kin: first and second moments of the gradient, each parameter with a step size of its own."""

from __future__ import annotations

import math
from typing import Any

from gradbook import backends
from gradbook.optim.optimizer import (
    ArrayOptimizer,
    check,
    check_betas,
    check_lr,
    count,
    counter,
    zeros_like,
)
from gradbook.tensor import Tensor

__all__ = ["Adam", "AdamW", "Adamax", "NAdam", "RAdam"]


class Moments(ArrayOptimizer):
    """What they share: running means of the gradient and its square."""

    def start(self, array: Any, state: dict[str, Any], second: str = "exp_avg_sq") -> None:
        """The state before the first step."""
        state["step"] = counter()
        state["exp_avg"] = zeros_like(array)
        state[second] = zeros_like(array)

    def decayed(self, array: Any, grad: Any, options: dict[str, Any], out: Any) -> Any:
        """The gradient after weight decay: on the parameter itself if decoupled, else added to the gradient."""
        if options.get("decoupled_weight_decay"):
            if options["weight_decay"] != 0:
                array *= 1 - options["lr"] * options["weight_decay"]
            return self.directed(array, grad, options, out, decay=False)
        return self.directed(array, grad, options, out)

    def advance(self, g: Any, mean: Any, square: Any, beta1: float, beta2: float, work: Any, xp: Any) -> None:
        """M ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g²."""
        xp.subtract(g, mean, out=work)
        work *= 1 - beta1
        mean += work
        square *= beta2
        xp.multiply(g, g, out=work)
        work *= 1 - beta2
        square += work


class Adam(Moments):
    r"""θ ← θ − lr · m̂ / (√v̂ + eps), m and v running means of the gradient and its square, as torch.optim.Adam.

    amsgrad keeps the largest v seen. Raises ValueError for options out of range. Kingma and Ba 2015.
    """

    formula = r"\theta \leftarrow \theta - \eta \, \hat m / (\sqrt{\hat v} + \epsilon)"

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, amsgrad: bool = False, *, foreach: bool | None = None, maximize: bool = False,
        capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:  # fmt: skip
        if isinstance(lr, Tensor) and foreach and not capturable:
            raise ValueError("lr as a Tensor is not supported for capturable=False and foreach=True")
        check_lr(lr)
        check(eps >= 0.0, "epsilon value", eps)
        check_betas(betas)
        check(weight_decay >= 0.0, "weight_decay value", weight_decay)
        defaults = dict(
            lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad, maximize=maximize, foreach=foreach,
            capturable=capturable, differentiable=differentiable, fused=fused,
            decoupled_weight_decay=decoupled_weight_decay,
        )  # fmt: skip
        super().__init__(params, defaults)

    def update(self, array: Any, grad: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        """One parameter, in place."""
        if not state:
            self.start(array, state)
            if options["amsgrad"]:
                state["max_exp_avg_sq"] = zeros_like(array)
        xp = backends.xp_of(array)
        beta1, beta2 = float(options["betas"][0]), float(options["betas"][1])
        work, spare = self.scratch(array, 2)
        step = count(state)
        g = self.decayed(array, grad, options, spare)
        mean, square = state["exp_avg"]._array, state["exp_avg_sq"]._array
        self.advance(g, mean, square, beta1, beta2, work, xp)
        if options["amsgrad"]:
            largest = state["max_exp_avg_sq"]._array
            square = xp.maximum(largest, square, out=largest)
        root = math.sqrt(1 - beta2**step)
        # lr m̂ / (√v̂ + eps), with both corrections taken out of the arrays
        xp.sqrt(square, out=work)
        work += options["eps"] * root
        xp.divide(mean, work, out=work)
        work *= options["lr"] * root / (1 - beta1**step)
        array -= work


class AdamW(Adam):
    """Adam with weight decay on the parameter itself instead of in the gradient, as torch.optim.AdamW.

    Loshchilov and Hutter 2019. Raises ValueError for options out of range.
    """

    formula = r"\theta \leftarrow (1 - \eta \lambda) \theta - \eta \, \hat m / (\sqrt{\hat v} + \epsilon)"

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False, foreach: bool | None = None,
        capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize, capturable=capturable,
            differentiable=differentiable, fused=fused, decoupled_weight_decay=True,
        )  # fmt: skip


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
