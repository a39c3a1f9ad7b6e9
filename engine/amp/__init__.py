"""torch.amp: half precision where it helps, and gradients scaled so that they survive it."""

from __future__ import annotations

from gradbook.amp.autocast_mode import autocast, custom_bwd, custom_fwd, is_autocast_available
from gradbook.amp.grad_scaler import GradScaler

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]
