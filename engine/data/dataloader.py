"""DataLoader: batches of a data set, an epoch at a time; a safe point of training before each batch."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from gradbook import events
from gradbook.backends import cuda
from gradbook.backends.threads import usable_cores
from gradbook.random import Generator
from gradbook.utils.data.collate import default_collate, default_convert
from gradbook.utils.data.dataset import IterableDataset
from gradbook.utils.data.epoch import Epoch, SingleProcessEpoch, count_batches
from gradbook.utils.data.sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler
from gradbook.utils.data.worker_info import get_worker_info

__all__ = ["DataLoader", "default_collate", "default_convert", "get_worker_info"]

FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")

_BaseDataLoaderIter = Epoch  # the names that PyTorch's users know
_SingleProcessDataLoaderIter = SingleProcessEpoch
T_co = TypeVar("T_co", covariant=True)  # what a batch is, for annotations: DataLoader[Tensor]


class _DatasetKind:
    Map = 0
    Iterable = 1


class DataLoader(Generic[T_co]):
    """Batches of a data set, as torch.utils.data.DataLoader: `for x, y in DataLoader(dataset, 32, shuffle=True)`.

    batch_size None gives single samples; sampler or batch_sampler set the order; collate_fn makes a batch of samples.
    num_workers > 0: that many processes load prefetch_factor (2) batches each ahead, in shared memory; an error there
    is raised here, and a process that dies raises RuntimeError. They end with the epoch, unless persistent_workers.
    Raises ValueError for options that exclude each other. Differs: pin_memory is accepted, memory is never pinned.
    Differs: prefetch_factor=0 works as 1; what a notebook defines cannot be sent to a spawned worker, and the
    PicklingError says what to do.
    """

    __initialized = False
    _length_announced: int | None = None
    _iterator: Any = None

    def __init__(
        self, dataset: Any, batch_size: int | None = 1, shuffle: bool | None = None, sampler: Any = None,
        batch_sampler: Any = None, num_workers: int = 0, collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False, drop_last: bool = False, timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None, multiprocessing_context: Any = None,
        generator: Generator | None = None, *, prefetch_factor: int | None = None, persistent_workers: bool = False,
        pin_memory_device: str = "", in_order: bool = True,
    ) -> None:  # fmt: skip
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        if num_workers > 0 and prefetch_factor is None:
            prefetch_factor = 2
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
                sampler = _InfiniteConstantSampler()
            else:
                sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size, self.drop_last = batch_size, drop_last
        self.sampler, self.batch_sampler = sampler, batch_sampler
        self.collate_fn = collate_fn or (default_convert if batch_sampler is None else default_collate)
        self._iterable = iterable
        self._dataset_kind = _DatasetKind.Iterable if iterable else _DatasetKind.Map
        self.__initialized = True
        if events.built:
            events.emit(events.built, self)
        self.check_worker_number_rationality()

    def __setattr__(self, name: str, value: Any) -> None:
        if self.__initialized and name in FIXED:
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    @property
    def multiprocessing_context(self) -> Any:
        """How worker processes start: a context of multiprocessing, set as one or by its name, or None for Python's."""
        return self.__multiprocessing_context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context: Any) -> None:
        self.__multiprocessing_context = None if context is None else _context(context, self.num_workers)

    @property
    def _auto_collation(self) -> bool:
        return self.batch_sampler is not None

    @property
    def _index_sampler(self) -> Any:
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def __len__(self) -> int:
        if self._iterable:
            self._length_announced = len(self.dataset)
        return count_batches(self.dataset, self._index_sampler, self._iterable, self.batch_size, self.drop_last)

    def __iter__(self) -> Epoch:
        if not self.persistent_workers or self.num_workers == 0:
            return self._get_iterator()
        if self._iterator is None or not self._iterator.alive:
            self._iterator = self._get_iterator()
        else:
            self._iterator.restart(self)
        return self._iterator  # type: ignore[no-any-return]

    def _get_iterator(self) -> Epoch:
        if self.pin_memory and not cuda.device_count():
            warnings.warn(
                "DataLoader: 'pin_memory' is set, but no accelerator is found: memory is not pinned.", stacklevel=3
            )
        if self.num_workers == 0:
            return SingleProcessEpoch(self)
        from gradbook.utils.data.processes import WorkersEpoch

        self.check_worker_number_rationality()
        return WorkersEpoch(self)

    def check_worker_number_rationality(self) -> None:
        """Warn if there will be more workers than cores that this process may use."""
        cores = usable_cores()
        if self.num_workers > cores:
            warnings.warn(
                f"This DataLoader will create {self.num_workers} worker processes in total. Our suggested max number "
                f"of worker in current system is {cores}: more take turns on them and can make loading slower.",
                stacklevel=3,
            )


class _InfiniteConstantSampler(Sampler[None]):
    """The sampler of an iterable data set, which has an order of its own."""

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None)


def _context(context: Any, num_workers: int) -> Any:
    if num_workers == 0:
        raise ValueError(
            "multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got "
            "num_workers=0"
        )
    import multiprocessing  # not before somebody asks: it takes its time

    if isinstance(context, str):
        methods = multiprocessing.get_all_start_methods()
        if context not in methods:
            raise ValueError(
                f"multiprocessing_context option should specify a valid start method in {methods}, but got "
                f"multiprocessing_context={context!r}"
            )
        return multiprocessing.get_context(context)
    if not isinstance(context, multiprocessing.context.BaseContext):
        raise TypeError(
            "multiprocessing_context option should be a valid context object or a string specifying the start method, "
            f"but got multiprocessing_context={context!r}"
        )
    return context


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
    if num_workers > 0 and prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError("prefetch_factor option should be non-negative")


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


def __getattr__(name: str) -> Any:
    """The iterator with worker processes, whose module is loaded when it is used."""
    if name == "_MultiProcessingDataLoaderIter":
        from gradbook.utils.data.processes import WorkersEpoch

        return WorkersEpoch
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
