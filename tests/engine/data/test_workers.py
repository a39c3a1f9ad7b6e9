"""Worker processes: the same batches as without them, by shared memory, reproducible, and gone afterwards."""

from __future__ import annotations

import multiprocessing
import os
import random
import threading

import ml_dtypes
import numpy as np
import pytest

import gradbook
from gradbook import events
from gradbook.utils import data
from tests.engine.data.samples import Squares

torch = pytest.importorskip("torch")
from torch.utils import data as torch_data  # noqa: E402 (after the skip)

LINUX = pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="counts what /proc shows")


@pytest.fixture(autouse=True)
def no_process_stays():
    yield
    assert multiprocessing.active_children() == []


class Shares(data.IterableDataset):
    """0, 1, … n-1, of which each worker has its share."""

    def __init__(self, n=7):
        self.n = n

    def __iter__(self):
        info = data.get_worker_info()
        return iter(range(self.n)) if info is None else iter(range(info.id, self.n, info.num_workers))


class Whole(data.IterableDataset):
    """0 and 1, from each worker."""

    def __iter__(self):
        return iter(range(2))


class TorchShares(torch_data.IterableDataset):
    def __iter__(self):
        info = torch_data.get_worker_info()
        return iter(range(info.id, 7, info.num_workers))


class Draws(data.Dataset):
    """What each kind of random numbers gives."""

    def __len__(self):
        return 6

    def __getitem__(self, i):
        return gradbook.rand(()).item(), random.random(), np.random.rand()


class Where(data.Dataset):
    """Who loads."""

    def __len__(self):
        return 8

    def __getitem__(self, i):
        info = data.get_worker_info()
        return i, os.getpid(), info.id, info.seed, gradbook.get_num_threads(), len(info.dataset), info.num_workers


def plain(value):
    """Tensors as lists, containers by name."""
    if isinstance(value, (gradbook.Tensor, torch.Tensor, np.ndarray)):
        return str(value.dtype).rpartition(".")[2], value.tolist()
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *map(plain, value)]
    return value


OPTIONS = {
    "one by one": {},
    "batches": {"batch_size": 3},
    "the last dropped": {"batch_size": 3, "drop_last": True},
    "no batches": {"batch_size": None},
    "shuffled": {"batch_size": 2, "shuffle": True},
    "own order": {"batch_sampler": [[0, 6], [], [3]], "collate_fn": list},
    "own collation": {"batch_size": 3, "collate_fn": lambda samples: [sample[2] for sample in samples]},
    "far ahead": {"batch_size": 1, "prefetch_factor": 5},
    "pinned": {"batch_size": 3, "pin_memory": False, "pin_memory_device": "cuda"},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_batches_are_those_of_the_main_process(name):
    def epochs(**workers):
        gradbook.manual_seed(5)
        loader = data.DataLoader(Squares(), **{**OPTIONS[name], **workers})
        return [plain(list(loader)), plain(list(loader)), gradbook.rand(1).item()]

    alone = epochs(prefetch_factor=None)
    assert epochs(num_workers=2) == alone


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_other_ways_to_start_a_process(method):
    loader = data.DataLoader(Squares(4), batch_size=2, num_workers=1, multiprocessing_context=method)
    assert loader.multiprocessing_context.get_start_method() == method
    assert plain(list(loader)) == plain(list(data.DataLoader(Squares(4), batch_size=2)))


def test_tensor_data_sets_are_read_whole_in_workers_too():
    x, y = gradbook.arange(2000).reshape(20, 100).float(), gradbook.arange(20)
    dataset = data.Subset(data.TensorDataset(x, y), list(range(19, 3, -1)))
    assert plain(list(data.DataLoader(dataset, 4, num_workers=2))) == plain(list(data.DataLoader(dataset, 4)))


def test_arrays_of_any_dtype_and_strides_arrive_as_they_were():
    big = np.arange(60_000)
    there = {
        "bfloat16": big.astype(ml_dtypes.bfloat16).reshape(3, -1),
        "channels last": big.reshape(30, 40, 50).transpose(2, 0, 1),
        "every other": big[::2],
        "backwards": big[::-1],
        "expanded": np.broadcast_to(np.float32(3), (200, 300)),
        "complex": big.astype(np.complex64),
        "records": np.zeros(9000, [("a", "i4"), ("b", "f8")]),
        "objects": np.array([{1}] * 5000, object),
        "empty": np.empty((0, 3)),
        "scalar": np.float32(2),
        "text": "x" * 100_000,
        "tensor": gradbook.tensor(big.astype(np.float64)).reshape(300, 200).t(),
        "parameter": gradbook.nn.Parameter(gradbook.ones(200, 200)),
    }
    (back,) = data.DataLoader([there], batch_size=None, collate_fn=dict, num_workers=1)
    assert list(back) == list(there)
    for name, value in there.items():
        assert type(back[name]) is type(value), name
        if isinstance(value, gradbook.Tensor):
            assert back[name].requires_grad == value.requires_grad
            assert back[name].stride() == value.stride()
            assert gradbook.equal(back[name], value), name
        else:
            assert np.array_equal(back[name], value), name
            assert getattr(back[name], "dtype", None) == getattr(value, "dtype", None)
    assert back["channels last"].strides == there["channels last"].strides


def test_a_batch_can_be_written_and_trained_on():
    (batch,) = data.DataLoader(data.TensorDataset(gradbook.ones(100, 300)), 100, num_workers=1)
    x = batch[0].requires_grad_()
    (x * 2).sum().backward()
    assert x.grad.unique().tolist() == [2]
    batch[0].detach().mul_(3)
    assert batch[0].sum().item() == 90_000


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def mappings():
    with open("/proc/self/maps") as file:
        return sum("memfd:gradbook" in line for line in file)


class Big(data.Dataset):
    """32 KiB a sample."""

    def __len__(self):
        return 1000

    def __getitem__(self, i):
        return np.full(8192, i, np.float32)


@LINUX
def test_a_thousand_batches_can_be_kept_and_leave_nothing():
    before, names = descriptors(), os.listdir("/dev/shm")
    batches = list(data.DataLoader(Big(), num_workers=2))
    assert descriptors() <= before + 2, "kept batches hold no descriptors"
    assert mappings() >= 1000
    assert [int(batch[0, -1]) for batch in batches] == list(range(1000))
    kept = batches[500][:, 7]
    del batches
    assert mappings() == 1, "a view keeps its memory, and only that"
    assert kept.tolist() == [500]
    del kept
    assert mappings() == 0
    for batch in data.DataLoader(Big(), num_workers=2):
        assert batch.shape == (1, 8192)
        assert mappings() <= 10, "memory is given back as batches go"
    del batch
    assert (mappings(), sorted(os.listdir("/dev/shm"))) == (0, sorted(names))
    assert descriptors() <= before + 2


def test_memory_without_memfd_is_a_file_that_has_no_name(monkeypatch, tmp_path):
    monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert [int(batch[0, -1]) for batch in data.DataLoader(Big(), num_workers=1, sampler=range(50))] == list(range(50))
    assert list(tmp_path.iterdir()) == []


@LINUX
def test_memory_that_cannot_be_mapped_is_read(monkeypatch):
    from gradbook.backends import shared

    def refuse(fd, size):
        raise OSError("no more mappings")

    monkeypatch.setattr(shared, "_map", refuse)
    before = descriptors()
    assert [int(batch[0, -1]) for batch in data.DataLoader(Big(), num_workers=1, sampler=range(50))] == list(range(50))
    assert descriptors() <= before + 2


@LINUX
def test_without_descriptors_a_batch_goes_by_value(monkeypatch):
    from gradbook.backends import shared

    def refuse(*contents, size=0):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(shared, "memory_file", refuse)
    assert [int(batch[0, -1]) for batch in data.DataLoader(Big(), num_workers=1, sampler=range(9))] == list(range(9))
    assert mappings() == 0


def test_no_room_for_descriptors_in_the_main_process_says_so(monkeypatch):
    import socket

    received = socket.recv_fds

    def lose(*args):
        mark, files, flags, address = received(*args)
        for fd in files:
            os.close(fd)
        return mark, [], flags | socket.MSG_CTRUNC, address

    monkeypatch.setattr(socket, "recv_fds", lose)
    with pytest.raises(OSError, match="ulimit -n"):
        next(iter(data.DataLoader(Big(), num_workers=1)))


def test_who_a_worker_is():
    loader = data.DataLoader(Where(), batch_size=2, num_workers=2)
    batches = [[column.tolist() for column in batch] for batch in loader]
    assert [batch[0] for batch in batches] == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert [batch[2] for batch in batches] == [[0, 0], [1, 1], [0, 0], [1, 1]], "in turn"
    assert len({batch[1][0] for batch in batches} | {os.getpid()}) == 3
    assert batches[1][3][0] == batches[0][3][0] + 1, "seed = base seed + number"
    assert {tuple(batch[column]) for batch in batches for column in (4, 5, 6)} == {(1, 1), (8, 8), (2, 2)}
    assert data.get_worker_info() is None
    with pytest.raises(AttributeError):
        data._utils.worker.WorkerInfo(0, 1, 2, None).id = 3


def test_random_numbers_of_workers_differ_and_belong_to_the_seed():
    def epoch(seed=None, generator=None):
        if seed is not None:
            gradbook.manual_seed(seed)
        loader = data.DataLoader(Draws(), batch_size=3, num_workers=2, generator=generator)
        return [column.tolist() for batch in loader for column in batch]

    first = epoch(1)
    assert len({x for column in first for x in column}) == 18, "no number comes twice"
    assert epoch() != first, "the next epoch has others"
    assert epoch(1) == first
    own = gradbook.Generator().manual_seed(3)
    assert epoch(1, own) != epoch(1, own)
    assert epoch(1, own.manual_seed(3)) == epoch(2, gradbook.Generator().manual_seed(3))


@pytest.mark.parametrize("options", [{}, {"batch_size": 2}, {"batch_size": 2, "drop_last": True}, {"batch_size": None}])
@pytest.mark.parametrize("workers", [1, 2])
def test_streams_come_in_pytorchs_order(options, workers):
    options = {**options, "num_workers": workers}
    assert plain(list(data.DataLoader(Shares(), **options))) == plain(
        list(torch_data.DataLoader(TorchShares(), **options))
    )


def test_streams_that_are_not_shared_come_from_each_worker():
    loader = data.DataLoader(Whole(), num_workers=2)
    assert sorted(x.item() for x in loader) == [0, 0, 1, 1]

    def split(worker_id):
        info = data.get_worker_info()
        assert info.id == worker_id
        info.dataset.n = 3 + worker_id

    assert sorted(x.item() for x in data.DataLoader(Shares(), num_workers=2, worker_init_fn=split)) == [0, 1, 2, 3]


def test_a_length_that_is_exceeded_is_warned_of_with_a_hint():
    class Two(Whole):
        def __len__(self):
            return 2

    loader = data.DataLoader(Two(), num_workers=2)
    assert len(loader) == 2
    with pytest.warns(UserWarning, match=r"reported to be 2.*get_worker_info") as said:
        assert len(list(loader)) == 4
    assert len(said) == 2


def test_persistent_workers_are_the_same_processes():
    loader = data.DataLoader(Where(), batch_size=2, num_workers=2, persistent_workers=True)
    pids = [{int(batch[1][0]) for batch in loader} for _ in range(3)]
    assert pids[0] == pids[1] == pids[2]
    assert iter(loader) is iter(loader)
    for _ in range(2):  # an epoch that is abandoned does not spoil the next one
        for batch in loader:
            assert batch[0].tolist() == [0, 1]
            break
    assert [batch[0].tolist() for batch in loader] == [[0, 1], [2, 3], [4, 5], [6, 7]]
    del loader
    assert multiprocessing.active_children() == []


def test_persistent_streams_begin_anew():
    loader = data.DataLoader(Shares(5), num_workers=2, persistent_workers=True)
    assert [[x.item() for x in loader] for _ in range(2)] == [[0, 1, 2, 3, 4]] * 2


class Waits(data.Dataset):
    """Sample 0 waits until it may go on: says the main process, or another sample."""

    def __init__(self, sayer=None):
        self.go, self.sayer = multiprocessing.get_context("fork").Event(), sayer

    def __len__(self):
        return 4

    def __getitem__(self, i):
        if i == 0:
            assert self.go.wait(60)
        if i == self.sayer:
            self.go.set()
        return i


def test_in_order_or_as_they_arrive():
    assert [x.item() for x in data.DataLoader(Waits(3), num_workers=2)] == [0, 1, 2, 3]
    dataset = Waits()
    batches = iter(data.DataLoader(dataset, num_workers=2, in_order=False))
    assert [next(batches).item(), next(batches).item()] == [1, 3]
    dataset.go.set()
    assert [x.item() for x in batches] == [0, 2]


def test_streams_as_they_arrive():
    found = [x.item() for x in data.DataLoader(Shares(50), num_workers=2, in_order=False, prefetch_factor=3)]
    assert sorted(found) == list(range(50))
    assert [x for x in found if x % 2] == list(range(1, 50, 2)), "each worker keeps its own order"


def test_workers_load_ahead_as_far_as_asked():
    asked = []

    class Order(data.Sampler):
        def __iter__(self):
            for i in range(20):
                asked.append(i)
                yield i

        def __len__(self):
            return 20

    epoch = iter(data.DataLoader(Squares(20), sampler=Order(), num_workers=2, prefetch_factor=3))
    assert len(asked) == 6
    next(epoch)
    assert len(asked) == 7
    assert len(epoch) == 20
    del epoch


def test_long_lists_of_indices_and_large_batches_do_not_block_each_other():
    indices = list(range(300_000))
    loader = data.DataLoader(indices, batch_sampler=[indices] * 6, num_workers=1, prefetch_factor=6, collate_fn=list)
    assert [batch[-1] for batch in loader] == [299_999] * 6


def test_loaders_in_threads():
    found = {}

    def run(name):
        found[name] = [x.item() for x in data.DataLoader(range(10), num_workers=1)]

    threads = [threading.Thread(target=run, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {i: list(range(10)) for i in range(3)}


class Computes(data.Dataset):
    """Uses the engine, BLAS and autograd included, and says who listens."""

    def __len__(self):
        return 4

    def __getitem__(self, i):
        x = gradbook.full((300, 300), float(i), requires_grad=True)
        (x @ x).sum().backward()
        return x.grad[0, 0].item(), len(events.observers), len(events.op)


def test_watching_is_for_the_main_process():
    gradbook.ones(500, 500) @ gradbook.ones(500, 500)  # BLAS has its threads when we fork
    said = []

    class Watcher:
        def on_batch(self, phase, loader, index, total):
            said.append((phase, index, total))

        def on_op(self, *args):
            said.append("op")

        def on_control(self):
            if said.count("safe") < 2:
                said.append("safe")

    with events.observing(Watcher()):
        batches = [[column.tolist() for column in b] for b in data.DataLoader(Computes(), batch_size=2, num_workers=2)]
    assert batches == [[[0.0, 600.0], [0, 0], [0, 0]], [[1200.0, 1800.0], [0, 0], [0, 0]]]
    assert [one for one in said if one != "safe"] == [("next", 0, 2), ("next", 1, 2), ("end", 2, 2)]
    assert said[0] == "safe"


def test_a_watched_loop_can_be_stopped_while_it_waits():
    from gradbook.observe.control import StopTraining

    dataset = Waits()
    waited = []

    class Stop:
        def on_control(self):
            waited.append(1)
            if len(waited) == 3:
                raise StopTraining("training was stopped")

    with events.observing(Stop()), pytest.raises(StopTraining):
        next(iter(data.DataLoader(dataset, batch_sampler=[[0]], num_workers=1, collate_fn=list)))
    assert len(waited) == 3
