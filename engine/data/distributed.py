"""A sampler for training with several processes that share a data set."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradbook.utils.data.sampler import Sampler

__all__ = ["DistributedSampler"]


class DistributedSampler(Sampler[int]):
    """The indices of process `rank` of num_replicas, as torch.utils.data.distributed.DistributedSampler.

    All get equally many: the first ones come twice, or, with drop_last, the last ones not at all. set_epoch before each
    epoch gives each epoch its own order. Raises ValueError for a rank that there is not, or if either is not given:
    gradbook has no process groups to ask.
    Differs: num_replicas and rank have to be given, as there is no process group.
    """

    def __init__(
        self, dataset: Any, num_replicas: int | None = None, rank: int | None = None, shuffle: bool = True,
        seed: int = 0, drop_last: bool = False,
    ) -> None:  # fmt: skip
        if num_replicas is None or rank is None:
            raise ValueError(
                "DistributedSampler: Default process group has not been initialized; give num_replicas and rank"
            )
        if not 0 <= rank < num_replicas:
            raise ValueError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset, self.num_replicas, self.rank = dataset, num_replicas, rank
        self.shuffle, self.seed, self.drop_last, self.epoch = shuffle, seed, drop_last, 0
        each = len(dataset) / num_replicas
        self.num_samples = math.floor(each) if drop_last else math.ceil(each)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self) -> Iterator[int]:
        n = len(self.dataset)
        rng = np.random.Generator(np.random.PCG64(self.seed + self.epoch))
        order = rng.permutation(n) if self.shuffle else np.arange(n)
        indices = np.resize(order, self.total_size)  # repeats them, or leaves the last ones out
        return iter(indices[self.rank :: self.num_replicas].tolist())

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Which epoch comes: its order is drawn from seed + epoch."""
        self.epoch = epoch
