"""The gradient over the root of the sum of all its squares."""

from __future__ import annotations

from typing import Any

from gradbook import backends
from gradbook.optim.array_optimizer import ArrayOptimizer, check, check_lr, count, counter, zeros_like

__all__ = ["Adagrad"]


class Adagrad(ArrayOptimizer):
    """The gradient divided by the root of the sum of all its squares, as torch.optim.Adagrad. Duchi et al. 2011.

    Raises ValueError for options out of range.
    """

    formula = r"s \leftarrow s + g^2, \quad \theta \leftarrow \theta - \eta_t \, g / (\sqrt s + \epsilon)"

    def __init__(
        self, params: Any, lr: Any = 1e-2, lr_decay: float = 0, weight_decay: float = 0,
        initial_accumulator_value: float = 0, eps: float = 1e-10, foreach: bool | None = None, *,
        maximize: bool = False,
        differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        check_lr(lr)
        check(lr_decay >= 0.0, "lr_decay value", lr_decay)
        check(weight_decay >= 0.0, "weight_decay value", weight_decay)
        check(initial_accumulator_value >= 0.0, "initial_accumulator_value value", initial_accumulator_value)
        check(eps >= 0.0, "epsilon value", eps)
        defaults = dict(
            lr=lr, lr_decay=lr_decay, eps=eps, weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value, foreach=foreach, maximize=maximize,
            differentiable=differentiable, fused=fused,
        )  # fmt: skip
        super().__init__(params, defaults)
        for group in self.param_groups:
            for param in group["params"]:
                self._start(param._array, self.state[param], group)

    def _start(self, array: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        state["step"], state["sum"] = counter(), zeros_like(array)
        state["sum"]._array += options["initial_accumulator_value"]

    def share_memory(self) -> None:
        """Move the sums of squares to memory that other processes see, as torch.optim.Adagrad.share_memory."""
        for state in self.state.values():
            if state:
                state["sum"].share_memory_()

    def update(self, array: Any, grad: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        """One parameter, in place."""
        if not state:
            self._start(array, state, options)
        xp = backends.xp_of(array)
        work, spare = self.scratch(array, 2)
        step = count(state)
        g = self.directed(array, grad, options, spare)
        total = state["sum"]._array
        xp.multiply(g, g, out=work)
        total += work
        xp.sqrt(total, out=work)
        work += options["eps"]
        xp.divide(g, work, out=work)
        work *= options["lr"] / (1 + (step - 1) * options["lr_decay"])
        xp.subtract(array, work, out=array)
