"""Data sets, samplers, collation and the loader: as torch.utils.data, fast path and slow path alike."""

from __future__ import annotations

import collections
import importlib
import multiprocessing
import warnings

import numpy as np
import pytest

import gradbook
from gradbook import events
from gradbook.utils import data

torch = pytest.importorskip("torch")
from torch.utils import data as torch_data  # noqa: E402 (after the skip)

Point = collections.namedtuple("Point", "x y")


def tensors(lib, n=10):
    return lib.arange(n), lib.arange(2 * n).reshape(n, 2).float()


class Squares(data.Dataset):
    """Samples of its own."""

    def __init__(self, n=7):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return i, float(i) ** 2, f"sample {i}", {"a": np.full(2, i, np.float32)}, [i, Point(i, -i)]


class Count(data.IterableDataset):
    """0, 1, … 6."""

    def __iter__(self):
        return iter(range(7))


def plain(value):
    """Tensors as lists, containers by name."""
    if isinstance(value, (gradbook.Tensor, torch.Tensor)):
        return str(value.dtype).rpartition(".")[2], value.tolist()
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *map(plain, value)]
    return value


@pytest.mark.parametrize(
    "options", [{"batch_size": 3}, {"batch_size": 3, "drop_last": True}, {}, {"batch_size": None}, {"batch_size": 20}]
)
def test_batches_are_pytorchs(options):
    mine = list(data.DataLoader(data.TensorDataset(*tensors(gradbook)), **options))
    theirs = list(torch_data.DataLoader(torch_data.TensorDataset(*tensors(torch)), **options))
    assert plain(mine) == plain(theirs)
    assert len(data.DataLoader(data.TensorDataset(*tensors(gradbook)), **options)) == len(mine)


@pytest.mark.parametrize("options", [{"batch_size": 3}, {"batch_size": 3, "drop_last": True}, {"batch_size": None}])
def test_samples_of_any_kind_are_collated_as_in_pytorch(options):
    assert plain(list(data.DataLoader(Squares(), **options))) == plain(
        list(torch_data.DataLoader(Squares(), **options))
    )


@pytest.mark.parametrize("options", [{"batch_size": 3}, {"batch_size": 3, "drop_last": True}, {"batch_size": None}])
def test_streams(options):
    class TorchCount(torch_data.IterableDataset):
        def __iter__(self):
            return iter(range(7))

    assert plain(list(data.DataLoader(Count(), **options))) == plain(
        list(torch_data.DataLoader(TorchCount(), **options))
    )


def test_fast_and_slow_path_agree():
    class Same(data.TensorDataset):
        def __getitem__(self, i):
            return super().__getitem__(i)

    x, y = tensors(gradbook, 23)
    order = [5, 3, 3, 22, -1]
    fast = list(data.DataLoader(data.TensorDataset(x, y), batch_size=2, sampler=order))
    slow = list(data.DataLoader(Same(x, y), batch_size=2, sampler=order))
    assert plain(fast) == plain(slow)
    fast[0][0].zero_()
    assert x.tolist() == list(range(23)), "a batch is a copy"
    subset = data.Subset(data.TensorDataset(x, y), [4, 2, 9])
    assert plain(next(iter(data.DataLoader(subset, batch_size=2)))) == [
        "list",
        ("int64", [4, 2]),
        ("float32", [[8.0, 9.0], [4.0, 5.0]]),
    ]


def test_shuffling_is_a_permutation_that_a_seed_repeats():
    dataset = data.TensorDataset(gradbook.arange(50))
    loader = data.DataLoader(dataset, batch_size=8, shuffle=True)
    gradbook.manual_seed(3)
    first, second = ([i for (x,) in loader for i in x.tolist()] for _ in range(2))
    gradbook.manual_seed(3)
    again = [i for (x,) in loader for i in x.tolist()]
    assert sorted(first) == list(range(50))
    assert first != second
    assert first == again
    own = [
        [x.tolist() for (x,) in data.DataLoader(dataset, shuffle=True, generator=gradbook.Generator().manual_seed(1))]
        for _ in range(2)
    ]
    assert own[0] == own[1]


def test_the_loader_takes_a_type_as_its_parameter():
    assert [batch.tolist() for batch in data.DataLoader[gradbook.Tensor](range(2))] == [[0], [1]]


def test_requires_grad_flows_through_a_batch():
    x = gradbook.ones(4, requires_grad=True)
    (batch,) = next(iter(data.DataLoader(data.TensorDataset(x), batch_size=2)))
    batch.sum().backward()
    assert x.grad.tolist() == [1, 1, 0, 0]


def test_data_sets_of_data_sets():
    a, b = data.TensorDataset(gradbook.arange(3)), data.TensorDataset(gradbook.arange(10, 12))
    joined = a + b
    assert len(joined) == 5
    assert [int(joined[i][0]) for i in (0, 3, -1)] == [0, 10, 11]
    with pytest.raises(ValueError, match="absolute value"):
        joined[-6]
    stacked = data.StackDataset(x=[1, 2], y=[3, 4])
    assert stacked[1] == {"x": 2, "y": 4}
    assert list(data.ChainDataset([Count(), Count()])) == [*range(7), *range(7)]


@pytest.mark.parametrize("lengths", [[3, 7], [0.5, 0.5], [1 / 3, 1 / 3, 1 / 3], [0.25, 0.75]])
def test_random_split(lengths):
    mine = data.random_split(range(10), lengths)
    assert [len(m) for m in mine] == [len(t) for t in torch_data.random_split(range(10), lengths)]
    assert sorted(i for part in mine for i in part) == list(range(10))


def test_samplers():
    assert list(data.SequentialSampler(range(3))) == [0, 1, 2]
    assert list(data.BatchSampler(range(5), 2, False)) == [[0, 1], [2, 3], [4]]
    assert sorted(data.SubsetRandomSampler([7, 8, 9])) == [7, 8, 9]
    drawn = list(data.RandomSampler(range(5), num_samples=12))
    assert len(drawn) == 12
    assert sorted(drawn[:5]) == list(range(5))
    assert set(data.RandomSampler(range(3), replacement=True, num_samples=100)) == {0, 1, 2}
    weighted = list(data.WeightedRandomSampler([0.0, 1.0, 3.0], 2000))
    assert 0 not in weighted
    assert 2.5 < weighted.count(2) / weighted.count(1) < 3.6
    assert sorted(data.WeightedRandomSampler([1.0, 1.0, 1.0], 3, replacement=False)) == [0, 1, 2]


def test_events_and_safe_points():
    said = []

    class Watcher:
        def on_batch(self, phase, loader, index, total):
            said.append((phase, index, total))

        def on_control(self):
            said.append("safe")

    with events.observing(Watcher()):
        list(data.DataLoader(data.TensorDataset(gradbook.arange(3)), batch_size=2))
    assert said == ["safe", ("next", 0, 2), "safe", ("next", 1, 2), "safe", ("end", 2, 2)]


def test_weights_that_no_longer_suffice_come_last_as_in_pytorch():
    for lib in (data, torch_data):
        drawn = list(lib.WeightedRandomSampler([0.0, 3.0, 1.0], 3, replacement=False))
        assert sorted(drawn) == [0, 1, 2]
        assert drawn[-1] == 0
        with pytest.raises(RuntimeError):
            list(lib.WeightedRandomSampler([0.0, 0.0], 1))
    own = [list(data.WeightedRandomSampler([1.0, 2.0], 9, generator=gradbook.Generator())) for _ in range(2)]
    assert own[0] == own[1]


ERRORS = {
    "shuffle and sampler": lambda d: d.DataLoader(range(3), shuffle=True, sampler=range(3)),
    "batch sampler and size": lambda d: d.DataLoader(range(3), batch_size=2, batch_sampler=[[0]]),
    "no batch and drop": lambda d: d.DataLoader(range(3), batch_size=None, drop_last=True),
    "negative size": lambda d: d.DataLoader(range(3), batch_size=-1),
    "negative workers": lambda d: d.DataLoader(range(3), num_workers=-1),
    **{
        f"changing {name}": lambda d, name=name: setattr(d.DataLoader(range(3)), name, 2)
        for name in ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")
    },
    "context without workers": lambda d: d.DataLoader(range(3), multiprocessing_context="spawn"),
    "unknown context": lambda d: d.DataLoader(range(3), num_workers=1, multiprocessing_context="thread"),
    "no context": lambda d: d.DataLoader(range(3), num_workers=1, multiprocessing_context=3),
    "prefetch without workers": lambda d: d.DataLoader(range(3), prefetch_factor=2),
    "negative prefetch": lambda d: d.DataLoader(range(3), num_workers=1, prefetch_factor=-1),
    "persistent without workers": lambda d: d.DataLoader(range(3), persistent_workers=True),
    "negative timeout": lambda d: d.DataLoader(range(3), timeout=-1),
    "no process group": lambda d: d.DistributedSampler(range(3)),
    "rank": lambda d: d.DistributedSampler(range(3), num_replicas=2, rank=2),
    "split sum": lambda d: d.random_split(range(3), [1, 1]),
    "sampler weights": lambda d: d.WeightedRandomSampler([[1.0]], 2),
    "no samples": lambda d: d.WeightedRandomSampler([1.0], 0),
    "collate objects": lambda d: d.default_collate([object()]),
    "collate ragged": lambda d: d.default_collate([[1], [1, 2]]),
    "stack lengths": lambda d: d.StackDataset([1], [1, 2]),
    "concat nothing": lambda d: d.ConcatDataset([]),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_pytorchs(name):
    with pytest.raises(Exception) as theirs:  # noqa: PT011 (whatever PyTorch raises)
        ERRORS[name](torch_data)
    with pytest.raises(theirs.type):
        ERRORS[name](data)


def test_tensors_of_other_lengths_are_refused():
    with pytest.raises(AssertionError, match="Size mismatch"):
        data.TensorDataset(gradbook.ones(3), gradbook.ones(4))


def warned(lib, make):
    """How often a warning says something of the data, by what it says."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        make(lib)
    return [w.category for w in said]


class Liar:
    """Says that it has three samples; has five."""

    def __iter__(self):
        return iter(range(5))

    def __len__(self):
        return 3


def count_too_many(lib):
    loader = lib.DataLoader(type("Stream", (Liar, lib.IterableDataset), {})())
    assert len(loader) == 3
    assert len(list(loader)) == 5


WARNINGS = {
    "more workers than cores": lambda d: d.DataLoader(range(3), num_workers=1000),
    "nothing to pin for": lambda d: list(d.DataLoader(range(3), pin_memory=True)),
    "more samples than announced": count_too_many,
    "an honest loader": lambda d: list(d.DataLoader(range(3), batch_size=2)),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_warnings_are_pytorchs(name):
    assert warned(data, WARNINGS[name]) == warned(torch_data, WARNINGS[name])


@pytest.mark.parametrize("options", [{}, {"drop_last": True}, {"shuffle": False}, {"seed": 3}])
def test_distributed_sampler(options):
    def samplers(lib):
        return [lib.DistributedSampler(range(10), num_replicas=3, rank=rank, **options) for rank in range(3)]

    mine, theirs = samplers(data), samplers(torch_data)
    assert [len(one) for one in mine] == [len(one) for one in theirs] == [len(list(one)) for one in mine]
    everything = sorted(i for one in mine for i in one)
    if "drop_last" in options:
        assert len(set(everything)) == 9
    else:
        assert set(everything) == set(range(10))
    if not options.get("shuffle", True):
        assert [list(one) for one in mine] == [list(one) for one in theirs]
        return
    before = list(mine[0])
    assert before == list(mine[0]), "an order belongs to seed and epoch"
    mine[0].set_epoch(1)
    assert before != list(mine[0])


def test_a_sampler_that_repeats_for_ever_can_be_put_in_afterwards():
    """As timm and YOLO keep their workers alive."""

    class Again:
        def __init__(self, sampler):
            self.sampler = sampler

        def __iter__(self):
            while True:
                yield from iter(self.sampler)

    class Endless(data.DataLoader):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self._DataLoader__initialized = False
            self.batch_sampler = Again(self.batch_sampler)
            self._DataLoader__initialized = True
            self.iterator = super().__iter__()

        def __len__(self):
            return len(self.batch_sampler.sampler)

        def __iter__(self):
            for _ in range(len(self)):
                yield next(self.iterator)

    loader = Endless(range(5), batch_size=2, num_workers=1)
    epochs = [[batch.tolist() for batch in loader] for _ in range(3)]
    assert epochs == [[[0, 1], [2, 3], [4]]] * 3
    del loader
    assert multiprocessing.active_children() == [], "no cycle keeps the workers alive"


@pytest.mark.parametrize("module", ["dataloader", "dataset", "sampler", "distributed", "_utils.collate"])
def test_import_paths_are_pytorchs(module):
    theirs = importlib.import_module(f"torch.utils.data.{module}")
    mine = importlib.import_module(f"gradbook.utils.data.{module}")
    assert mine.__all__
    assert [name for name in mine.__all__ if not hasattr(theirs, name)] == []
    for name in {"dataloader": ["_BaseDataLoaderIter", "_MultiProcessingDataLoaderIter"]}.get(module, []):
        assert getattr(mine, name)


def test_collation_of_a_type_of_ones_own():
    from gradbook.utils.data._utils import collate

    class Box(list):
        pass

    table = {**collate.default_collate_fn_map, Box: lambda batch, *, collate_fn_map=None: ("boxes", len(batch))}
    assert collate.collate([Box([1]), Box([2])], collate_fn_map=table) == ("boxes", 2)
    assert [one.tolist() for one in data.default_collate([Box([1]), Box([2])])] == [[1, 2]]
    collate.default_collate_fn_map[Box] = table[Box]
    try:
        assert data.default_collate([{"a": Box([1])}, {"a": Box([2])}]) == {"a": ("boxes", 2)}
    finally:
        del collate.default_collate_fn_map[Box]
