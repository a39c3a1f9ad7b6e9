"""Adam that only touches the rows a batch has seen."""

from __future__ import annotations

import math
from typing import Any

from gradbook import backends
from gradbook.optim.array_optimizer import ArrayOptimizer, check, check_betas, check_lr, zeros_like

__all__ = ["SparseAdam"]


class SparseAdam(ArrayOptimizer):
    """Adam whose moments and parameters stand still where the gradient has nothing, as torch.optim.SparseAdam.

    For embeddings. Raises ValueError for options out of range. Differs: gradients are dense here; a row (an index of
    the first axis) of zeros counts as not seen.
    """

    formula = r"\theta_i \leftarrow \theta_i - \eta \, \hat m_i / (\sqrt{\hat v_i} + \epsilon), \quad g_i \neq 0"

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:  # fmt: skip
        check_lr(lr)
        check(float(lr) > 0.0, "learning rate", lr)
        check(eps > 0.0, "epsilon value", eps)
        check_betas(betas)
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, maximize=maximize))
        groups = enumerate(self.param_groups)
        found = [[i, j] for i, group in groups for j, param in enumerate(group["params"]) if param.is_complex()]
        if found:
            raise ValueError(f"Complex params at indices {found}: SparseAdam does not support complex parameters")

    def update(self, array: Any, grad: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        """One parameter, in place."""
        if not state:
            state["step"], state["exp_avg"], state["exp_avg_sq"] = 0, zeros_like(array), zeros_like(array)
        state["step"] += 1
        xp, step = backends.xp_of(array), state["step"]
        beta1, beta2 = options["betas"]
        rows = grad.any(axis=tuple(range(1, grad.ndim))) if grad.ndim else ...
        g = -grad[rows] if options["maximize"] else grad[rows]
        mean, square = state["exp_avg"]._array, state["exp_avg_sq"]._array
        mean[rows] += (g - mean[rows]) * (1 - beta1)
        square[rows] += (g * g - square[rows]) * (1 - beta2)
        rate = options["lr"] * math.sqrt(1 - beta2**step) / (1 - beta1**step)
        array[rows] -= rate * mean[rows] / (xp.sqrt(square[rows]) + options["eps"])
