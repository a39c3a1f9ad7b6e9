"""torch.cuda.amp.grad_scaler: torch.amp.GradScaler("cuda", ...), under its older name."""

from __future__ import annotations

from typing import Any

from gradbook import amp
from gradbook.amp.grad_scaler import OptState

__all__ = ["GradScaler", "OptState"]


class GradScaler(amp.GradScaler):
    """torch.amp.GradScaler("cuda", ...), under its older name. Warns, and does nothing, where there is no GPU."""

    def __init__(self, init_scale: float = 2.0**16, *args: Any, **kwargs: Any) -> None:
        super().__init__("cuda", init_scale, *args, **kwargs)
