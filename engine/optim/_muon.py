"""Momentum whose matrix is made orthogonal before the step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradbook.optim.array_optimizer import ArrayOptimizer, check_lr, zeros_like
from gradbook.tensor import Tensor

__all__ = ["Muon"]


class Muon(ArrayOptimizer):
    """Momentum whose matrix is made orthogonal before the step, as torch.optim.Muon; for matrices only.

    Raises ValueError for parameters that are no matrices, or options out of range. Jordan 2024.
    Differs: the bfloat16 products of its iteration are rounded in float32: steps agree to 4e-6.
    """

    formula = r"\theta \leftarrow (1 - \eta \lambda) \theta - \eta' \, U V^\top, \quad m = U S V^\top"

    def __init__(
        self, params: Any, lr: Any = 1e-3, weight_decay: float = 0.1, momentum: float = 0.95, nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315), eps: float = 1e-7, ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:  # fmt: skip
        check_lr(lr)
        for name, value in (("momentum", momentum), ("weight decay", weight_decay)):
            if value < 0.0:
                raise ValueError(f"{name} should be >= 0 but is: {value}")
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        defaults = dict(
            lr=lr, weight_decay=weight_decay, momentum=momentum, nesterov=nesterov, ns_coefficients=ns_coefficients,
            eps=eps,
            ns_steps=ns_steps, adjust_lr_fn=adjust_lr_fn,
        )  # fmt: skip
        super().__init__(params, defaults)
        for group in self.param_groups:
            for param in group["params"]:
                if param._array.ndim != 2:
                    raise ValueError(
                        f"Muon only supports 2D parameters whereas we found a parameter with size: {param.size()}"
                    )

    def options(self, group: dict[str, Any]) -> dict[str, Any]:
        """A group's options; a learning rate that is a tensor counts in its own precision, as in PyTorch."""
        lr = group["lr"]
        return {**group, "lr": lr._array.reshape(())[()]} if isinstance(lr, Tensor) else group

    def update(self, array: Any, grad: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        """One parameter, in place."""
        if not state:
            state["momentum_buffer"] = zeros_like(array)
        momentum, lr = options["momentum"], options["lr"]
        buffer = state["momentum_buffer"]._array
        buffer += (grad - buffer) * (1 - momentum)
        direction = grad + (buffer - grad) * momentum if options["nesterov"] else buffer
        rows, columns = array.shape
        if options["adjust_lr_fn"] == "match_rms_adamw":
            rate = lr * 0.2 * math.sqrt(max(rows, columns))
        else:
            rate = lr * math.sqrt(max(1, rows / columns))
        array *= 1 - lr * options["weight_decay"]
        array -= orthogonal(direction, options["ns_coefficients"], options["ns_steps"], options["eps"]) * rate


def orthogonal(matrix: Any, coefficients: tuple[float, float, float], steps: int, eps: float) -> Any:
    """A matrix with its singular values brought near 1 by Newton-Schulz steps in bfloat16.

    As torch.optim.Muon computes it.
    """
    if steps >= 100:
        raise ValueError("Number of steps must be less than 100 for computational efficiency")
    if len(coefficients) != 3:
        raise ValueError("Coefficients must be a tuple of exactly 3 values")
    a, b, c = coefficients
    x = _bf16(matrix)
    tall = matrix.shape[0] > matrix.shape[1]
    x = x.T if tall else x
    x = _bf16(x / max(float(_bf16(np.sqrt((x * x).sum()))), eps))
    for _ in range(steps):
        gram = _bf16(x @ x.T)
        poly = _bf16(b * gram + c * (gram @ gram))
        x = _bf16(a * x + poly @ x)
    return (x.T if tall else x).astype(matrix.dtype)


def _bf16(x: Any) -> Any:
    """Rounded to bfloat16, kept in float32 for NumPy's sake."""
    from gradbook.dtypes import BF16

    return np.asarray(x).astype(BF16).astype(np.float32)
