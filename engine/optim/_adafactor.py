"""Adam whose second moment of a matrix is one row and one column."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.optim.array_optimizer import ArrayOptimizer, check_lr, count, counter, zeros_like

__all__ = ["Adafactor"]


class Adafactor(ArrayOptimizer):
    """Second moments of a matrix kept as one row and one column, as torch.optim.Adafactor. Shazeer and Stern 2018.

    eps: (in the second moment; None: the dtype's), (least step relative to the parameter). Raises ValueError out of
    range.
    """

    formula = (
        r"\hat V = r c^\top / \operatorname{mean}(r), \quad \theta \leftarrow \theta - \alpha \, g / \sqrt{\hat V}"
    )

    def __init__(
        self, params: Any, lr: Any = 1e-2, beta2_decay: float = -0.8, eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0, weight_decay: float = 0.0, *, foreach: bool | None = None, maximize: bool = False,
    ) -> None:  # fmt: skip
        check_lr(lr)
        claims = [
            (beta2_decay <= 0.0, f"beta2_decay should be <= 0 but is: {beta2_decay}"),
            (eps[0] is None or eps[0] >= 0.0, f"epsilon1 should be >= 0 but is: {eps[0]}"),
            (eps[1] >= 0.0, f"epsilon2 should be >= 0 but is: {eps[1]}"),
            (d >= 1.0, f"Clipping threshold d should be >= 1 but is: {d}"),
            (weight_decay >= 0.0, f"weight_decay should be >= 0 but is: {weight_decay}"),
        ]
        for claim, text in claims:
            if not claim:
                raise ValueError(text)
        defaults = dict(
            lr=lr, beta2_decay=beta2_decay, eps=eps, d=d, weight_decay=weight_decay, foreach=foreach, maximize=maximize
        )
        super().__init__(params, defaults)

    def update(self, array: Any, grad: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        """One parameter, in place."""
        xp, lr = backends.xp_of(array), options["lr"]
        if not state:
            state["step"] = counter()
            if array.ndim > 1:
                state["row_var"] = zeros_like(array[..., :1])
                state["col_var"] = zeros_like(array[..., :1, :])
            else:
                state["variance"] = zeros_like(array)
        eps1, eps2 = options["eps"]
        if eps1 is None:
            eps1 = float(np.finfo(array.dtype).eps)
        step = count(state)
        g = -grad if options["maximize"] else grad
        fresh = step ** options["beta2_decay"]
        norm = float(xp.sqrt((array * array).sum()))
        alpha = max(eps2, norm / math.sqrt(array.size)) * min(lr, 1 / math.sqrt(step))
        if options["weight_decay"] != 0:
            array *= 1 - lr * options["weight_decay"]
        square = g * g
        if array.ndim > 1:
            row, column = state["row_var"]._array, state["col_var"]._array
            row += (square.mean(axis=-1, keepdims=True) - row) * fresh
            column += (square.mean(axis=-2, keepdims=True) - column) * fresh
            variance = row @ column / xp.maximum(row.mean(axis=-2, keepdims=True), eps1)
        else:
            kept = state["variance"]._array
            kept += (square - kept) * fresh
            variance = kept
        update = g / xp.sqrt(xp.maximum(variance, eps1 * eps1))
        clip = max(1.0, float(xp.sqrt((update * update).sum())) / (math.sqrt(update.size) * options["d"]))
        update *= alpha / clip
        array -= update
