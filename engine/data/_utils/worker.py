"""Who a worker is, under its name in PyTorch."""

from __future__ import annotations

from gradbook.utils.data.worker_info import WorkerInfo, get_worker_info

__all__ = ["WorkerInfo", "get_worker_info"]
