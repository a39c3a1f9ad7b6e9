"""torch.cuda.amp: the older names of torch.amp on the GPU."""

from __future__ import annotations

from gradbook.cuda.amp.autocast_mode import autocast, custom_bwd, custom_fwd
from gradbook.cuda.amp.grad_scaler import GradScaler

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd"]
