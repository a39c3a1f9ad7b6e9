"""Adam: first and second moments of the gradient, each parameter with a step size of its own."""

from __future__ import annotations

import math
from typing import Any

from gradbook import backends
from gradbook.optim.array_optimizer import check, check_betas, check_lr, count, zeros_like
from gradbook.optim.moments import Moments
from gradbook.tensor import Tensor

__all__ = ["Adam"]


class Adam(Moments):
    r"""θ ← θ − lr · m̂ / (√v̂ + eps), m and v running means of the gradient and its square, as torch.optim.Adam.

    amsgrad keeps the largest v seen. Raises ValueError for options out of range. Kingma and Ba 2015.
    """

    formula = r"\theta \leftarrow \theta - \eta \, \hat m / (\sqrt{\hat v} + \epsilon)"

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: tuple[Any, Any] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, amsgrad: bool = False, *, foreach: bool | None = None, maximize: bool = False,
        capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:  # fmt: skip
        if isinstance(lr, Tensor) and foreach and not capturable:
            raise ValueError("lr as a Tensor is not supported for capturable=False and foreach=True")
        if isinstance(betas[0], Tensor) != isinstance(betas[1], Tensor):
            raise ValueError("betas must be either both floats or both Tensors")
        if isinstance(betas[0], Tensor) and foreach and not capturable:
            raise ValueError("betas[0] as a Tensor is not supported for capturable=False and foreach=True")
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

    def follow(self, param: Any, grad: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        """One parameter, in Tensor operations."""
        if not state:
            self.start(param._array, state)
            if options["amsgrad"]:
                state["max_exp_avg_sq"] = zeros_like(param._array)
        (beta1, beta2), lr, step = options["betas"], options["lr"], count(state)
        g = -grad if options["maximize"] else grad
        if options["weight_decay"] != 0:
            if options["decoupled_weight_decay"]:
                param.mul_(1 - lr * options["weight_decay"])
            else:
                g = g + param * options["weight_decay"]
        mean = state["exp_avg"] = state["exp_avg"] + (g - state["exp_avg"]) * (1 - beta1)
        square = state["exp_avg_sq"] = state["exp_avg_sq"] * beta2 + g * g * (1 - beta2)
        if options["amsgrad"]:
            square = state["max_exp_avg_sq"] = state["max_exp_avg_sq"].maximum(square)
        root = square.sqrt() / math.sqrt(1 - beta2**step) + options["eps"]
        param.sub_(mean / root * (lr / (1 - beta1**step)))

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
