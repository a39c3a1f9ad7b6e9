"""DataLoader: batches of a data set, an epoch at a time; a safe point of training before each batch."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from gradbook import backends, events
from gradbook.random import Generator
from gradbook.tensor import Tensor
from gradbook.utils.data.collate import default_collate, default_convert
from gradbook.utils.data.dataset import IterableDataset, Subset, TensorDataset
from gradbook.utils.data.sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler

__all__ = ["DataLoader", "get_worker_info"]

FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")
_said: set[str] = set()


def get_worker_info() -> None:
    """None: samples are loaded in the main process, as torch.utils.data.get_worker_info says there."""
    return None


class DataLoader:
    """Batches of a data set, as torch.utils.data.DataLoader: `for x, y in DataLoader(dataset, 32, shuffle=True)`.

    batch_size None gives single samples; sampler or batch_sampler set the order; collate_fn makes a batch of samples.
    Raises ValueError for options that exclude each other. Differs: num_workers > 0 loads in the main process, with one
    warning.
    """

    _made = False

    def __init__(
        self, dataset: Any, batch_size: int | None = 1, shuffle: bool | None = None, sampler: Any = None,
        batch_sampler: Any = None, num_workers: int = 0, collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False, drop_last: bool = False, timeout: float = 0, worker_init_fn: Callable[[int],
        None] | None = None,
        multiprocessing_context: Any = None, generator: Generator | None = None, *, prefetch_factor: int | None = None,
        persistent_workers: bool = False, pin_memory_device: str = "", in_order: bool = True,
    ) -> None:  # fmt: skip
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        iterable = isinstance(dataset, IterableDataset)
        _check_order(iterable, batch_size, shuffle, sampler, batch_sampler, drop_last)
        self.dataset, self.num_workers, self.pin_memory, self.timeout = dataset, num_workers, pin_memory, timeout
        self.worker_init_fn, self.generator, self.prefetch_factor = worker_init_fn, generator, prefetch_factor
        self.persistent_workers, self.pin_memory_device, self.in_order = persistent_workers, pin_memory_device, in_order
        self.multiprocessing_context = multiprocessing_context
        if batch_sampler is not None:
            batch_size, drop_last = None, False
        if sampler is None:
            if iterable:
                sampler = _Endless()
            else:
                sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size, self.drop_last, self.sampler, self.batch_sampler = (
            batch_size,
            drop_last,
            sampler,
            batch_sampler,
        )
        self.collate_fn = collate_fn or (default_convert if batch_sampler is None else default_collate)
        self._iterable = iterable
        self._made = True

    def __setattr__(self, name: str, value: Any) -> None:
        if self._made and name in FIXED:
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    @property
    def _auto_collation(self) -> bool:
        return self.batch_sampler is not None

    @property
    def _index_sampler(self) -> Any:
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def __len__(self) -> int:
        if not self._iterable:
            return len(self._index_sampler)
        length = len(self.dataset)
        if self.batch_size is None:
            return length
        return length // self.batch_size if self.drop_last else -(-length // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        return Epoch(self)

    def check_worker_number_rationality(self) -> None:
        """Nothing to check: there are no worker processes."""


class Epoch:
    """One pass over a loader."""

    def __init__(self, loader: DataLoader) -> None:
        self.loader, self.index = loader, 0
        self.batches = self._batches()
        self.total = len(loader) if _has_length(loader) else None

    def __iter__(self) -> Epoch:
        return self

    def __len__(self) -> int:
        return len(self.loader)

    def __next__(self) -> Any:
        if events.control:
            events.safe_point()
        try:
            batch = next(self.batches)
        except StopIteration:
            if events.batch:
                events.emit(events.batch, "end", self.loader, self.index, self.total)
            raise
        if events.batch:
            events.emit(events.batch, "next", self.loader, self.index, self.total)
        self.index += 1
        return batch

    next = __next__

    def _batches(self) -> Iterator[Any]:
        loader = self.loader
        dataset, collate = loader.dataset, loader.collate_fn
        if loader._iterable:
            yield from self._stream(dataset, collate)
            return
        if loader.batch_sampler is None:
            for i in loader.sampler:
                yield collate(dataset[i])
            return
        direct = whole_batches(dataset) if collate is default_collate else None
        several = getattr(dataset, "__getitems__", None)
        for indices in loader.batch_sampler:
            if direct is not None:
                yield direct(indices)
            elif several:
                yield collate(several(indices))
            else:
                yield collate([dataset[i] for i in indices])

    def _stream(self, dataset: Any, collate: Any) -> Iterator[Any]:
        samples = iter(dataset)
        if self.loader.batch_sampler is None:
            yield from map(collate, samples)
            return
        for indices in self.loader.batch_sampler:
            batch = list(itertools.islice(samples, len(indices)))
            if not batch or (self.loader.drop_last and len(batch) < len(indices)):
                return
            yield collate(batch)
            if len(batch) < len(indices):
                return


def whole_batches(dataset: Any) -> Callable[[list[int]], list[Tensor]] | None:
    """How to take a batch out of plain tensors with one indexing an array; None where samples must come singly."""
    if type(dataset) is Subset:
        inner = whole_batches(dataset.dataset)
        if inner is None:
            return None
        chosen = dataset.indices
        return lambda indices: inner([chosen[i] for i in indices])
    if type(dataset).__getitem__ is not getattr(TensorDataset, "__getitem__", None) or hasattr(dataset, "__getitems__"):
        return None
    if any(type(tensor) is not Tensor or tensor._node is not None for tensor in dataset.tensors):
        return None
    arrays = [tensor._array for tensor in dataset.tensors]

    def batch(indices: list[int]) -> list[Tensor]:
        found = []
        for array in arrays:
            xp = backends.xp_of(array)
            found.append(Tensor._of(array.take(xp.asarray(indices), 0)))
        return found

    return batch


class _Endless(Sampler[None]):
    """The sampler of an iterable data set, which has an order of its own."""

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None)


def _has_length(loader: DataLoader) -> bool:
    try:
        len(loader)
    except (TypeError, NotImplementedError):
        return False
    return True


def _check_workers(num_workers: int, timeout: float, prefetch_factor: int | None, persistent_workers: bool) -> None:
    if num_workers < 0:
        raise ValueError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing.let num_workers > 0 to "
            "enable multiprocessing, "
            "otherwise set prefetch_factor to None."
        )
    if persistent_workers and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")
    if num_workers > 0 and "workers" not in _said:
        _said.add("workers")
        warnings.warn(
            f"DataLoader(num_workers={num_workers}): gradbook loads samples in the main process; "
            "num_workers is accepted and "
            "ignored. This is said once.",
            UserWarning,
            stacklevel=3,
        )


def _check_order(
    iterable: bool, batch_size: Any, shuffle: Any, sampler: Any, batch_sampler: Any, drop_last: bool
) -> None:
    if iterable:
        for name, value in (("shuffle", shuffle or None), ("sampler", sampler), ("batch_sampler", batch_sampler)):
            if value is not None:
                raise ValueError(
                    f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
                )
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
        raise ValueError("batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last")
    if batch_sampler is None and batch_size is None and drop_last:
        raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
