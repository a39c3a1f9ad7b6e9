"""Data sets: what has samples, by index or one after the other."""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from gradbook.random import Generator, default_generator
from gradbook.tensor import Tensor

__all__ = [
    "ChainDataset",
    "ConcatDataset",
    "Dataset",
    "IterableDataset",
    "StackDataset",
    "Subset",
    "TensorDataset",
    "random_split",
]

T = TypeVar("T")


class Dataset(Generic[T]):
    """Base of data sets with samples by index, as torch.utils.data.Dataset: write __getitem__ and __len__."""

    def __getitem__(self, index: Any) -> T:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other: Dataset[T]) -> ConcatDataset[T]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T], Iterable[T]):
    """Base of data sets that give one sample after the other, as torch.utils.data.IterableDataset: write __iter__."""

    def __add__(self, other: Dataset[T]) -> Any:
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Sample i is entry i of each tensor, as torch.utils.data.TensorDataset.

    Raises AssertionError for other lengths.
    """

    def __init__(self, *tensors: Tensor) -> None:
        if any(tensors[0].size(0) != tensor.size(0) for tensor in tensors):
            lengths = [tensor.size(0) for tensor in tensors]
            raise AssertionError(f"Size mismatch between tensors: their first axes have the lengths {lengths}")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return int(self.tensors[0].size(0))


class StackDataset(Dataset[Any]):
    """Sample i is sample i of each data set: a tuple, or a dict by name, as torch.utils.data.StackDataset.

    Raises ValueError for data sets of different lengths, or for both positions and names.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args and kwargs:
            raise ValueError(
                "Supported either ``tuple``- (via ``args``) or``dict``- (via ``kwargs``) like "
                "input/output, but both types are given."
            )
        self.datasets: Any = args or kwargs
        each = list(args or kwargs.values())
        if not each:
            raise ValueError("At least one dataset should be passed")
        self._length = len(each[0])
        if any(len(dataset) != self._length for dataset in each):
            raise ValueError(f"Size mismatch between datasets: they have {[len(dataset) for dataset in each]} samples")

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: dataset[index] for name, dataset in self.datasets.items()}
        return tuple(dataset[index] for dataset in self.datasets)

    def __getitems__(self, indices: list[int]) -> list[Any]:
        """Several samples at once: through each data set's own __getitems__, where it has one."""
        named = isinstance(self.datasets, dict)
        columns = [_several(dataset, indices) for dataset in (self.datasets.values() if named else self.datasets)]
        rows = zip(*columns, strict=True)
        return [dict(zip(self.datasets, row, strict=True)) for row in rows] if named else list(rows)

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset[T]):
    """Data sets one after the other, by index, as torch.utils.data.ConcatDataset. Raises AssertionError for none."""

    def __init__(self, datasets: Iterable[Dataset[T]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = self.cumsum(self.datasets)

    @staticmethod
    def cumsum(sequence: Iterable[Any]) -> list[int]:
        """How many samples the first data set has, the first two, …"""
        return list(itertools.accumulate(len(dataset) for dataset in sequence))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> T:
        if index < 0:
            if -index > len(self):
                raise ValueError("absolute value of index should not exceed dataset length")
            index += len(self)
        which = bisect.bisect_right(self.cumulative_sizes, index)
        return self.datasets[which][index - (self.cumulative_sizes[which - 1] if which else 0)]


class ChainDataset(IterableDataset[Any]):
    """Iterable data sets one after the other, as torch.utils.data.ChainDataset."""

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = datasets

    def __iter__(self) -> Iterator[Any]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertionError("ChainDataset only supports IterableDataset")
            yield from dataset

    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self.datasets)


class Subset(Dataset[T]):
    """The samples of a data set at chosen indices, as torch.utils.data.Subset."""

    def __init__(self, dataset: Dataset[T], indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: Any) -> T:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: list[int]) -> list[T]:
        """Several samples at once: through the data set's own __getitems__, where it has one."""
        return _several(self.dataset, [self.indices[i] for i in indices])

    def __len__(self) -> int:
        return len(self.indices)


def _several(dataset: Any, indices: list[int]) -> list[Any]:
    several = getattr(dataset, "__getitems__", None)
    found: list[Any] = several(indices) if callable(several) else [dataset[i] for i in indices]
    if len(found) != len(indices):
        raise ValueError(f"__getitems__ of {type(dataset).__name__}: {len(indices)} indices, {len(found)} samples")
    return found


def random_split(dataset: Dataset[T], lengths: Sequence[float], generator: Generator | None = None) -> list[Subset[T]]:
    """A data set split at random into subsets of the given lengths or fractions, as torch.utils.data.random_split.

    Fractions must add up to 1; what rounding leaves goes to the first ones. Raises ValueError if the lengths do not
    fit.
    """
    from gradbook.ops.random import randperm

    total = len(dataset)  # type: ignore[arg-type]
    parts = list(lengths)
    if math.isclose(sum(parts), 1) and sum(parts) <= 1:
        for i, fraction in enumerate(parts):
            if not 0 <= fraction <= 1:
                raise ValueError(f"Fraction at index {i} is not between 0 and 1")
        parts = [math.floor(total * fraction) for fraction in parts]
        for i in range(int(total - sum(parts))):
            parts[i % len(parts)] += 1
        for i, length in enumerate(parts):
            if length == 0:
                warnings.warn(
                    f"Length of split at index {i} is 0. This might result in an empty dataset.", stacklevel=2
                )
    if sum(parts) != total:
        raise ValueError(
            "Sum of input lengths does not equal the length of the input dataset! The lengths add up "
            f"to {sum(parts)}, the "
            f"data set has {total} samples"
        )
    order = randperm(total, generator=generator or default_generator).tolist()
    ends = itertools.accumulate(int(n) for n in parts)
    return [Subset(dataset, order[end - int(n) : end]) for end, n in zip(ends, parts, strict=True)]
