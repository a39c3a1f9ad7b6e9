"""Tensors that several processes see, and torch.multiprocessing's names."""

from __future__ import annotations

import gc
import importlib
import os
import time

import numpy as np
import pytest

import gradbook
from gradbook import multiprocessing as mp

METHODS = ["fork", pytest.param("spawn", id="spawn")]


@pytest.fixture(autouse=True)
def no_process_stays():
    yield
    assert mp.active_children() == []


def finished(process):
    process.join(100)
    assert process.exitcode == 0


def change(tensor, inbox, outbox):
    tensor.add_(1)
    got = inbox.get()
    got.mul_(2)
    outbox.put(gradbook.arange(3))
    outbox.put(got)
    assert inbox.get() == "done"  # what was sent must be alive until it has been received


@pytest.mark.parametrize("method", METHODS)
def test_changes_in_place_are_seen_on_the_other_side(method):
    context = mp.get_context(method)
    inbox, outbox = context.Queue(), context.Queue()
    argument, sent = gradbook.zeros(2).share_memory_(), gradbook.ones(4, dtype=gradbook.bfloat16)
    process = context.Process(target=change, args=(argument, inbox, outbox))
    process.start()
    inbox.put(sent)
    made, back = outbox.get(timeout=100), outbox.get(timeout=100)
    inbox.put("done")
    finished(process)
    assert argument.tolist() == [1, 1]
    assert made.tolist() == [0, 1, 2]
    assert sent.tolist() == back.tolist() == [2, 2, 2, 2]
    assert back.dtype == gradbook.bfloat16
    back.add_(1)
    assert sent.tolist() == [3, 3, 3, 3], "it is the same memory"


def test_sharing_moves_a_tensor_and_what_it_views():
    whole = gradbook.arange(12.0)
    view = whole.view(3, 4)[1:, ::2]
    assert not whole.is_shared()
    assert view.share_memory_() is view
    assert whole.is_shared()
    view.add_(100)
    assert whole.tolist() == [0, 1, 2, 3, 104, 5, 106, 7, 108, 9, 110, 11]
    assert whole[3:].is_shared()
    assert whole.data.is_shared()
    assert not whole.clone().is_shared()
    again = whole.data_ptr()
    assert whole.share_memory_().data_ptr() == again, "twice is once"
    for odd in (gradbook.zeros(0), gradbook.tensor(3), gradbook.ones(4, 5).t(), gradbook.ones(3).flip(0)):
        before = odd.tolist()
        assert odd.share_memory_().tolist() == before


def test_sharing_keeps_what_autograd_knows():
    weight = gradbook.ones(3, requires_grad=True)
    weight.share_memory_()
    (weight * weight).sum().backward()
    assert weight.grad.tolist() == [2, 2, 2]
    assert weight.is_leaf
    x = gradbook.ones(3)
    x.add_(1)
    version = x._version
    y = (x * gradbook.ones(3, requires_grad=True)).sum()
    x.share_memory_()
    assert x._version == version
    y.backward()


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="counts what /proc shows")
def test_memory_is_given_back():
    def held():
        with open("/proc/self/maps") as file:
            return len(os.listdir("/proc/self/fd")), sum("memfd:gradbook" in line for line in file)

    gc.collect()  # what earlier tests left holds files, too
    before = held()
    tensors = [gradbook.ones(1000).share_memory_() for _ in range(20)]
    assert held()[1] == before[1] + 20
    del tensors
    assert held() == before


def train(model):
    optimizer = gradbook.optim.SGD(model.parameters(), 0.5)
    model(gradbook.ones(1, 3)).sum().backward()
    optimizer.step()


@pytest.mark.parametrize("method", METHODS)
def test_a_model_is_trained_by_another_process(method):
    model = gradbook.nn.Sequential(gradbook.nn.Linear(3, 2), gradbook.nn.BatchNorm1d(2, affine=False).eval())
    assert model.share_memory() is model
    assert all(value.is_shared() for value in model.state_dict().values() if value.numel())
    before = model[0].weight.detach().clone()
    process = mp.get_context(method).Process(target=train, args=(model,))
    process.start()
    finished(process)
    assert np.allclose((before - model[0].weight).detach(), 0.5, atol=1e-5)


def test_adagrads_sums_are_shared():
    weight = gradbook.ones(3, requires_grad=True)
    optimizer = gradbook.optim.Adagrad([weight])
    weight.sum().backward()
    optimizer.step()
    optimizer.share_memory()
    assert optimizer.state[weight]["sum"].is_shared()


def test_a_pool():
    with mp.get_context("fork").Pool(2) as pool:
        found = pool.map(gradbook.sum, [gradbook.full((1000,), i) for i in range(4)])
    assert [x.item() for x in found] == [0, 1000, 2000, 3000]


def change_first(x, view, model):
    x[1] += 5
    assert view[0] == 5
    assert model.again is model.weight


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_tensors_that_share_memory_still_do_on_the_other_side(method):
    x = gradbook.zeros(3).share_memory_()
    model = gradbook.nn.Linear(2, 2)
    model.again = model.weight
    process = mp.get_context(method).Process(target=change_first, args=(x, x[1:], model))
    process.start()
    finished(process)
    assert x.tolist() == [0, 5, 0]


def test_a_parameter_stays_one():
    context = mp.get_context("fork")
    ours, theirs = context.Pipe()
    parameter = gradbook.nn.Parameter(gradbook.ones(2, 3))
    parameter.note = "mine"
    theirs.send([parameter, parameter, gradbook.zeros(0, 2)])
    first, second, empty = ours.recv()
    assert type(first) is gradbook.nn.Parameter
    assert first is second
    assert (first.requires_grad, first.note, empty.shape) == (True, "mine", (0, 2))
    with pytest.raises(RuntimeError, match="non-leaf"):
        theirs.send(parameter * 2)
    ours.close()
    theirs.close()


def note(index, out):
    out[index] = index + 1


def fail(index):
    if index == 1:
        raise ValueError("rank 1 has no data")
    time.sleep(600)


def leave(index):
    os._exit(7) if index == 0 else time.sleep(600)


def kill(index):
    os.kill(os.getpid(), 9) if index == 0 else time.sleep(600)


def test_spawn_runs_a_function_in_each_process():
    out = gradbook.zeros(2).share_memory_()
    assert mp.spawn(note, (out,), nprocs=2) is None
    assert out.tolist() == [1, 2]


def test_one_that_fails_ends_all():
    with pytest.raises(
        mp.ProcessRaisedException, match=r"(?s)Process 1 terminated.*in fail.*rank 1 has no data"
    ) as error:
        mp.start_processes(fail, nprocs=2, start_method="fork")
    assert error.value.error_index == 1
    with pytest.raises(mp.ProcessExitedException, match="exit code 7") as error:
        mp.start_processes(leave, nprocs=2, start_method="fork")
    assert (error.value.exit_code, error.value.signal_name) == (7, None)
    with pytest.raises(mp.ProcessExitedException, match="SIGKILL") as error:
        mp.start_processes(kill, nprocs=2, start_method="fork")
    assert (error.value.error_index, error.value.exit_code, error.value.signal_name) == (0, -9, "SIGKILL")


def test_without_join_one_gets_the_processes():
    out = gradbook.zeros(2).share_memory_()
    context = mp.start_processes(note, (out,), nprocs=2, join=False, start_method="fork")
    assert len(context.pids()) == 2
    while not context.join(timeout=100):
        pass
    assert out.tolist() == [1, 2]


def test_names_are_pytorchs():
    torch_mp = pytest.importorskip("torch.multiprocessing")  # here, so that spawned processes need not import it
    wanted = [*torch_mp.__all__, "spawn", "start_processes", "SpawnContext", "ProcessContext", "ProcessRaisedException"]
    assert [name for name in [*wanted, "ProcessExitedException"] if not hasattr(mp, name)] == []
    assert [name for name in mp.__all__ if not hasattr(torch_mp, name) and name != "ProcessException"] == []
    assert mp is importlib.import_module("gradbook.multiprocessing") is gradbook.multiprocessing
    assert mp.get_all_sharing_strategies() == torch_mp.get_all_sharing_strategies()
    before = mp.get_sharing_strategy()
    mp.set_sharing_strategy("file_system")
    assert mp.get_sharing_strategy() == "file_system"
    mp.set_sharing_strategy(before)
    with pytest.raises(AssertionError):
        mp.set_sharing_strategy("carrier pigeon")
