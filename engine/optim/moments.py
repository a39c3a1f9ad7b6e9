"""What Adam and its kin share: running means of the gradient and of its square."""

from __future__ import annotations

from typing import Any

from gradbook.optim.array_optimizer import ArrayOptimizer, counter, zeros_like

__all__ = ["Moments"]


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
