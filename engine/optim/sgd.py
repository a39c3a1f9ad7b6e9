"""Gradient descent with momentum."""

from __future__ import annotations

from typing import Any

from gradbook import backends
from gradbook.optim.array_optimizer import ArrayOptimizer, check, check_lr
from gradbook.tensor import Tensor

__all__ = ["SGD"]


class SGD(ArrayOptimizer):
    r"""θ ← θ − lr · v with v = momentum · v + (1 − dampening) · (∂L/∂θ + weight_decay · θ), as torch.optim.SGD.

    Without momentum v is the gradient itself; nesterov looks one step ahead. Raises ValueError for options out of
    range.
    """

    formula = r"v \leftarrow \mu v + (1 - d)(\nabla L + \lambda \theta), \quad \theta \leftarrow \theta - \eta v"

    def __init__(
        self, params: Any, lr: Any = 1e-3, momentum: float = 0, dampening: float = 0, weight_decay: float = 0,
        nesterov: bool = False, *, maximize: bool = False, foreach: bool | None = None, differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:  # fmt: skip
        check_lr(lr)
        check(momentum >= 0.0, "momentum value", momentum)
        check(float(weight_decay) >= 0.0, "weight_decay value", weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults = dict(
            lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov,
            maximize=maximize,
            foreach=foreach, differentiable=differentiable, fused=fused,
        )  # fmt: skip
        super().__init__(params, defaults)

    def follow(self, param: Any, grad: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        """One parameter, in Tensor operations."""
        g = -grad if options["maximize"] else grad
        if options["weight_decay"] != 0:
            g = g + param * options["weight_decay"]
        momentum = options["momentum"]
        if momentum != 0:
            buffer = state.get("momentum_buffer")
            # the first buffer is a constant, as in PyTorch
            v = g.detach().clone() if buffer is None else buffer * momentum + g * (1 - options["dampening"])
            state["momentum_buffer"] = v
            g = g + v * momentum if options["nesterov"] else v
        param.sub_(g * options["lr"])

    def update(self, array: Any, grad: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        """One parameter, in place."""
        xp = backends.xp_of(array)
        momentum = options["momentum"]
        work, more = self.scratch(array, 2)
        g = self.directed(array, grad, options, work)
        if momentum:
            buffer = state.get("momentum_buffer")
            if buffer is None:
                buffer = state["momentum_buffer"] = Tensor._of(g.copy())
                v = buffer._array
            else:
                v = buffer._array
                v *= momentum
                fresh = 1 - options["dampening"]
                v += g if fresh == 1 else g * fresh
            if options["nesterov"]:
                xp.multiply(v, momentum, out=more)
                more += g
                v = more
            g = v
        xp.multiply(g, options["lr"], out=work)
        xp.subtract(array, work, out=array)
