"""torch.cuda.amp.autocast_mode: torch.autocast("cuda", ...), under its older name.

Differs: no FutureWarning is given.
"""

from __future__ import annotations

from typing import Any

from gradbook import amp, dtypes

__all__ = ["autocast", "custom_bwd", "custom_fwd"]


class autocast(amp.autocast):
    """torch.autocast("cuda", ...), under its older name. Warns, and does nothing, where there is no GPU."""

    def __init__(self, enabled: bool = True, dtype: Any = dtypes.float16, cache_enabled: bool = True) -> None:
        super().__init__("cuda", enabled=enabled, dtype=dtype, cache_enabled=cache_enabled)


def custom_fwd(fwd: Any = None, *, cast_inputs: Any = None) -> Any:
    """torch.amp.custom_fwd(device_type="cuda"), under its older name."""
    return amp.custom_fwd(fwd, device_type="cuda", cast_inputs=cast_inputs)


def custom_bwd(bwd: Any = None) -> Any:
    """torch.amp.custom_bwd(device_type="cuda"), under its older name."""
    return amp.custom_bwd(bwd, device_type="cuda")
