"""Deep and wide graphs, many steps in flat memory, and several threads at once."""

from __future__ import annotations

import gc
import threading
import tracemalloc

import numpy as np

import gradbook
from gradbook import nn

HUNDRED_THOUSAND = 100_000


def test_a_graph_a_hundred_thousand_ops_wide():
    x = gradbook.ones(1, dtype=gradbook.float64, requires_grad=True)
    parts = [x * 1.0 for _ in range(HUNDRED_THOUSAND)]
    gradbook.cat(parts).sum().backward()
    assert x.grad.item() == HUNDRED_THOUSAND


def test_a_hundred_thousand_leaves():
    leaves = [gradbook.ones(1, requires_grad=True) for _ in range(HUNDRED_THOUSAND)]
    gradbook.cat(leaves).sum().backward()
    assert all(leaf.grad is not None for leaf in leaves[:: HUNDRED_THOUSAND // 100])


def test_a_hundred_thousand_in_place_changes():
    x = gradbook.ones(2, dtype=gradbook.float64, requires_grad=True)
    y = x * 1.0
    for _ in range(HUNDRED_THOUSAND // 10):
        y.mul_(1.0)
    y[0] = 0.0
    y.sum().backward()
    assert x.grad.tolist() == [0, 1]


def train(steps: int, optimizer: type = gradbook.optim.Adam) -> nn.Module:
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    opt = optimizer(model.parameters(), lr=0.01)
    x = gradbook.randn(16, 4)
    for _ in range(steps):
        opt.zero_grad()
        h = model(x)
        h[:, 0].mul_(0.5)
        loss = (h * h).mean()
        loss.backward()
        opt.step()
    return model


def test_ten_thousand_steps_leave_memory_flat():
    train(50)
    gc.collect()
    objects = len(gc.get_objects())
    kept = train(9_000)
    grown = []
    tracemalloc.start()
    try:
        for _ in range(3):  # what is kept is kept each time; a file that another thread is writing is not
            before = tracemalloc.get_traced_memory()[0]
            kept = train(1_000)
            gc.collect()
            grown.append(tracemalloc.get_traced_memory()[0] - before)
    finally:
        tracemalloc.stop()
    assert min(grown) < 50_000, f"{grown} bytes more after 1,000 steps each"
    assert len(gc.get_objects()) - objects < 2_000
    del kept


def test_an_inference_tensor_that_is_gone_costs_nothing_any_more():
    from gradbook.autograd import grad_mode

    gc.collect()
    before = grad_mode.inference_count[0]
    with gradbook.inference_mode():
        kept = [gradbook.ones(2) + 1 for _ in range(10)]
    assert grad_mode.inference_count[0] >= before + 10
    del kept
    gc.collect()
    assert grad_mode.inference_count[0] == before


def in_threads(count: int, work) -> list:
    """What `work(i)` gives on each of several threads at once; an exception of any is raised here."""
    results: list = [None] * count
    errors: list[BaseException] = []

    def run(i: int) -> None:
        try:
            results[i] = work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]
    return results


def test_several_threads_train_at_once_each_as_if_alone():
    def fit(seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        w = gradbook.tensor(rng.normal(size=(3, 3)), requires_grad=True)
        x = gradbook.tensor(rng.normal(size=(5, 3)))
        opt = gradbook.optim.SGD([w], lr=0.1, momentum=0.9)
        for _ in range(200):
            opt.zero_grad()
            y = x @ w
            y[0] = 0.0
            (y * y).mean().backward()
            opt.step()
        return w.detach().numpy().copy()

    together = in_threads(4, fit)
    for seed, found in enumerate(together):
        np.testing.assert_array_equal(found, fit(seed))


def test_grad_modes_are_of_one_thread():
    barrier = threading.Barrier(3)
    scopes = [gradbook.no_grad(), gradbook.enable_grad(), gradbook.inference_mode()]

    def look(i: int) -> tuple[bool, bool, bool]:
        with scopes[i]:
            barrier.wait(30)
            y = gradbook.ones(2, requires_grad=i != 2) * 2
            found = gradbook.is_grad_enabled(), y.requires_grad, y.is_inference()
            barrier.wait(30)
        return found

    assert in_threads(3, look) == [(False, False, False), (True, True, False), (False, False, True)]
    assert gradbook.is_grad_enabled()
    assert not gradbook.is_inference_mode_enabled()
