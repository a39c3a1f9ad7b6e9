"""torch.cpu.amp: the older names of torch.amp on the CPU."""

from __future__ import annotations

from typing import Any

from gradbook import amp, dtypes

__all__ = ["GradScaler", "autocast"]


class autocast(amp.autocast):
    """torch.autocast("cpu", ...), under its older name."""

    def __init__(self, enabled: bool = True, dtype: Any = dtypes.bfloat16, cache_enabled: bool = True) -> None:
        super().__init__("cpu", enabled=enabled, dtype=dtype, cache_enabled=cache_enabled)


class GradScaler(amp.GradScaler):
    """torch.amp.GradScaler("cpu", ...), under its older name."""

    def __init__(self, init_scale: float = 2.0**16, *args: Any, **kwargs: Any) -> None:
        super().__init__("cpu", init_scale, *args, **kwargs)
