"""One pass over a loader, in the main process; the pass with worker processes (processes.py) builds on it."""

from __future__ import annotations

import warnings
import weakref
from typing import TYPE_CHECKING, Any, Self

from gradbook import events
from gradbook.random import default_generator
from gradbook.utils.data.fetch import fetcher

if TYPE_CHECKING:
    from gradbook.utils.data.dataloader import DataLoader

__all__ = ["Epoch", "SingleProcessEpoch", "count_batches"]


def count_batches(dataset: Any, index_sampler: Any, iterable: bool, batch_size: int | None, drop_last: bool) -> int:
    """How many batches a pass has. Raises TypeError if something of it has no length."""
    if not iterable:
        return len(index_sampler)
    length = len(dataset)
    if batch_size is None:
        return length
    return length // batch_size if drop_last else -(-length // batch_size)


class Epoch:
    """Batch after batch of a loader. A safe point of training before each; `events.batch` after each."""

    length_hint = ""  # why there may be more samples than announced

    def __init__(self, loader: DataLoader[Any]) -> None:
        self._begin(loader)
        generator = loader.generator if loader.generator is not None else default_generator
        self._base_seed = int(generator.rng().integers(1 << 62))  # drawn without workers too: the same order of samples

    def _begin(self, loader: DataLoader[Any]) -> None:
        self._loader = weakref.ref(loader)  # it may keep us, and nobody would ever end the workers of such a pair
        self.index = 0
        self._dataset, self._index_sampler = loader.dataset, loader._index_sampler
        self._size = loader.dataset, loader._index_sampler, loader._iterable, loader.batch_size, loader.drop_last
        self._indices = iter(self._index_sampler)
        self._announced: int | None = loader._length_announced

    def __iter__(self) -> Self:
        return self

    def __len__(self) -> int:
        return len(self._index_sampler)

    @property
    def total(self) -> int | None:
        """How many batches there will be, if that can be known."""
        try:
            return count_batches(*self._size)
        except (TypeError, NotImplementedError):
            return None

    def _say(self, phase: str) -> None:
        loader = self._loader()
        known = self._index_sampler if loader is None else loader
        events.emit(events.batch, phase, known, self.index, self.total)

    def __next__(self) -> Any:
        if events.control:
            events.safe_point()
        try:
            batch = self._take()
        except StopIteration:
            if events.batch:
                self._say("end")
            raise
        if events.batch:
            self._say("next")
        self.index += 1
        if self._announced is not None and self.index > self._announced:
            self._warn_of_length(self._announced)
        return batch

    next = __next__

    def _take(self) -> Any:
        raise NotImplementedError

    def _warn_of_length(self, announced: int) -> None:
        warnings.warn(
            f"Length of IterableDataset {self._dataset} was reported to be {announced} (when accessing "
            f"len(dataloader)), but {self.index} samples have been fetched.{self.length_hint}",
            stacklevel=3,
        )


class SingleProcessEpoch(Epoch):
    """The samples are loaded here, when they are asked for."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        super().__init__(loader)
        self._fetch = fetcher(
            loader.dataset, loader._iterable, loader._auto_collation, loader.collate_fn, loader.drop_last
        )

    def _take(self) -> Any:
        return self._fetch(next(self._indices))
