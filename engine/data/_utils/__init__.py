"""The names that PyTorch keeps under torch.utils.data._utils and its users reach for."""

from __future__ import annotations

from gradbook.utils.data._utils import collate, worker

__all__ = ["collate", "worker"]
