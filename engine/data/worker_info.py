"""Who a worker process is; nobody, in the main process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["WorkerInfo", "get_worker_info"]


@dataclass(frozen=True)
class WorkerInfo:
    """A worker of a loader, as torch.utils.data.get_worker_info tells it: its number, their number, seed, its copy."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


current: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """The WorkerInfo of this worker process, as torch.utils.data.get_worker_info; None in the main process."""
    return current
