"""Models over several devices, as torch.nn.parallel; on one CPU they call the model and keep PyTorch's names."""

from __future__ import annotations

from gradbook.nn.parallel.data_parallel import DataParallel, data_parallel
from gradbook.nn.parallel.distributed import DistributedDataParallel
from gradbook.nn.parallel.replicas import gather, parallel_apply, replicate, scatter

__all__ = [
    "DataParallel", "DistributedDataParallel", "data_parallel", "gather", "parallel_apply", "replicate", "scatter",
]  # fmt: skip
