"""What PyTorch keeps under torch.utils."""

from __future__ import annotations

from gradbook.utils import data

__all__ = ["data"]
