"""Adam with weight decay on the parameter itself."""

from __future__ import annotations

from typing import Any

from gradbook.optim.adam import Adam

__all__ = ["AdamW"]


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
