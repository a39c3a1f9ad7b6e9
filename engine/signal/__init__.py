"""Signal processing, as torch.signal: the windows."""

from __future__ import annotations

from gradbook.signal import windows

__all__ = ["windows"]
