import itertools
import threading
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook import nn, observe, optim
from gradbook.observe import Graph, GraphNode, History, Moment
from gradbook.observe import sampler as module
from gradbook.observe.history import STATISTICS_WINDOW, bytes_of
from gradbook.observe.moment import ARRAY_BYTES, EXACT, Copies, Part


@pytest.fixture
def whatever_it_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Level full records every step, however short."""
    monkeypatch.setitem(module.SHARE, "full", 1e9)


def graph(nodes: int = 2) -> Graph:
    return Graph(tuple(GraphNode(i, "op", "relu", name=f"n{i}") for i in range(nodes)), ())


def moment(step: int, kilobytes: int = 1, shared: Graph | None = None) -> Moment:
    value = np.full((kilobytes, 256), step, np.float32)
    return Moment(step, shared or graph(), 1, np.zeros((2, 8), np.float32), (value, None), (None, None))


def history(window: int, steps: int, kilobytes: int = 1) -> History:
    found, shared = History(window), graph()
    for step in range(1, steps + 1):
        found.add(moment(step, kilobytes, shared))
        assert found.nbytes <= window
    return found


# -- what is kept ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("whatever_it_costs")
def test_every_node_has_the_value_and_gradient_that_the_loop_itself_saw() -> None:
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
    x, y = gradbook.randn(5, 8), gradbook.randint(0, 2, (5,))
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    truth: dict[int, dict[str, np.ndarray]] = {}
    with observe.start_run(level="full") as run:
        for step in range(1, 21):
            h = model(x)
            loss = nn.functional.cross_entropy(h, y)
            optimizer.zero_grad()
            loss.backward()
            truth[step] = {name: p.detach().numpy().copy() for name, p in model.named_parameters()}
            truth[step] |= {"h": h.detach().numpy().copy(), "loss": np.array(loss.item(), np.float32)}
            truth[step] |= {f"{name} grad": p.grad.numpy().copy() for name, p in model.named_parameters()}
            optimizer.step()
    assert run.history.steps == tuple(range(1, 21))
    for step, seen in truth.items():
        kept = run.history.at(step)
        for name, array in seen.items():
            found = kept.grad(name.removesuffix(" grad")) if name.endswith(" grad") else kept.value(name)
            np.testing.assert_array_equal(found, array, err_msg=f"{name} of step {step}")
    assert run.history[-1].grad("loss") == 1.0
    assert set(run.history[0].values) >= {"h", "loss", "x", "y", "0.weight", "1"}


@pytest.mark.usefixtures("whatever_it_costs")
def test_a_large_array_is_kept_as_a_picture_and_a_sample() -> None:
    w = gradbook.randn(400, 300, requires_grad=True)
    with observe.start_run(level="full") as run:
        loss = (w * 2).sum()
        loss.backward()
    kept = run.history.at(1)
    assert kept.value("w") is None
    detail = kept.detail("w")
    assert detail.full_shape == (400, 300)
    assert detail.thumb.shape == (58, 100)
    np.testing.assert_array_equal(detail.thumb, w.detach().numpy()[::7, ::3])
    assert detail.mean == pytest.approx(w.mean().item(), abs=0.1)
    assert detail.hist_counts.sum() == len(range(0, 60_000, 15))
    assert detail.grad_lo == detail.grad_hi == 2.0
    assert kept.nbytes < 4 * 48 * 1024
    assert kept.value("loss").item() == pytest.approx(loss.item())


@pytest.mark.usefixtures("whatever_it_costs")
def test_what_is_changed_in_place_later_does_not_change_what_was_kept() -> None:
    x = gradbook.arange(4.0).requires_grad_()
    with observe.start_run(level="full") as run:
        y = x * 2
        before = y.detach().numpy().copy()
        loss = y.sum()
        loss.backward()
        y.detach().numpy()[:] = 99
        x.grad.numpy()[:] = 99
    np.testing.assert_array_equal(run.history.at(1).value("y"), before)
    np.testing.assert_array_equal(run.history.at(1).grad("x"), np.full(4, 2.0))
    with pytest.raises(ValueError, match="read-only"):
        run.history.at(1).value("y")[0] = 1


def test_health_keeps_the_values_of_the_last_step_and_of_the_others_statistics_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(module.SHARE, "health", 1e9)
    monkeypatch.setitem(module.PAUSE, "health", 0.0)
    x = gradbook.randn(4, requires_grad=True)
    with observe.start_run(level="health") as run:
        for _ in range(3):
            x.grad = None
            (x * x).sum().backward()
    first, last = run.history[0], run.history[-1]
    assert first.step < last.step
    assert not first.has_values
    assert first.detail("x") is None
    assert first.stats_of("x").grad_norm == pytest.approx(2 * np.linalg.norm(x.detach().numpy()), rel=1e-5)
    np.testing.assert_array_equal(last.value("x"), x.detach().numpy())
    np.testing.assert_allclose(last.grad("x"), 2 * x.detach().numpy(), rtol=1e-6)
    assert run.history.nbytes == sum(moment.nbytes for moment in run.history) + 1200 * len(run.graph.nodes)
    assert run.history.window == STATISTICS_WINDOW


@pytest.mark.usefixtures("whatever_it_costs")
def test_the_step_that_failed_after_its_backward_pass_is_kept_under_its_own_number() -> None:
    w = gradbook.ones(3, requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)

    def train() -> None:
        for step in range(1, 6):
            loss = (w * step).sum()
            optimizer.zero_grad()
            loss.backward()
            if step == 5:
                raise ZeroDivisionError
            optimizer.step()

    run = observe.start_run(level="full")
    with pytest.raises(ZeroDivisionError), run:
        train()
    assert run.history.steps == (1, 2, 3, 4, 5)
    np.testing.assert_array_equal(run.history.at(5).grad("w"), np.full(3, 5.0))


@pytest.mark.usefixtures("whatever_it_costs")
def test_a_graph_that_comes_back_is_the_same_one() -> None:
    w = gradbook.ones(3, requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)
    with observe.start_run(level="full") as run:
        for step in range(1, 13):
            h = w * 2
            if step % 3 == 0:
                h = h.tanh()
            loss = h.sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    versions = {moment.step: moment.version for moment in run.history}
    assert len(set(versions.values())) == 2
    assert {step for step, version in versions.items() if version == versions[3]} == {3, 6, 9, 12}
    assert run.history.at(3).graph is run.history.at(9).graph
    assert run.history.at(1).graph is run.history.at(10).graph
    assert [n.op for n in run.history.at(3).graph.nodes if n.kind == "op"] == ["mul", "tanh", "sum"]


# -- finding -----------------------------------------------------------------------------------------------------------


def test_a_step_is_found_by_its_number_or_the_nearest() -> None:
    kept = History()
    with pytest.raises(KeyError, match="no step has been recorded"):
        kept.nearest(1)
    for step in (3, 8, 20):
        kept.add(moment(step))
    assert kept.at(8).step == 8
    assert [kept.nearest(step).step for step in (0, 5, 6, 14, 15, 99)] == [3, 3, 8, 8, 20, 20]
    assert kept.before(8).step == 3
    assert kept.before(3) is None
    assert [m.step for m in kept] == [3, 8, 20]
    assert (len(kept), kept[-1].step) == (3, 20)
    with pytest.raises(KeyError, match=r"step 9 is not kept; the nearest are 8 and 20: see history.nearest\(9\)"):
        kept.at(9)
    kept.add(moment(20))
    assert len(kept) == 3, "the same step twice"


def test_a_node_is_found_by_its_name_or_its_module() -> None:
    nodes = (
        GraphNode(0, "input", "input", name="x"),
        GraphNode(1, "op", "mul", name="h"),
        GraphNode(2, "op", "relu", name="h", module_path="act"),
    )
    one = Moment(1, Graph(nodes, ()), 1, np.zeros((3, 8), np.float32), (np.ones(1), np.ones(2), np.ones(3)))
    assert one.value("h").shape == (3,), "of several the last"
    assert one.value("act").shape == (3,)
    assert one.value(1).shape == (2,)
    assert one.grad("x") is None
    with pytest.raises(KeyError, match="no node named 'hh'; it has 'h'"):
        one.value("hh")
    with pytest.raises(KeyError, match="nodes 0 to 2, not 3"):
        one.value(3)


# -- the window --------------------------------------------------------------------------------------------------------


def test_the_oldest_thin_out_and_the_first_and_pinned_ones_stay() -> None:
    kept, shared = History(200 << 10), graph()
    for step in range(1, 1001):
        kept.add(moment(step, shared=shared))
        if step == 40:
            kept.pin(40)
    steps = np.array(kept.steps)
    assert {1, 40, 1000} <= set(steps.tolist())
    assert kept.nbytes <= kept.window
    assert len(steps) > 60
    gaps = np.diff(steps)
    assert gaps[-20:].max() < gaps[2:20].max(), "the newer, the denser"
    assert kept.thinned == 1000 - len(steps)
    kept.unpin(40)
    for step in range(1001, 3001):
        kept.add(moment(step, shared=shared))
    assert 40 not in kept.steps


def test_what_it_says_it_takes_is_what_it_takes() -> None:
    tracemalloc.start()
    try:
        kept = history(8 << 20, 3000, kilobytes=4)
        took = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert kept.nbytes <= took * 1.1
    assert took <= kept.window * 1.1


def test_more_may_not_be_pinned_than_half_the_window() -> None:
    kept = history(100 << 10, 60)
    half = [step for step in kept.steps if step % 2]
    for step in half[:20]:
        kept.pin(step)
    with pytest.raises(ValueError, match="more than half"):
        [kept.pin(step) for step in kept.steps]
    with pytest.raises(KeyError, match="not kept"):
        kept.pin(10**6)


def test_one_step_larger_than_the_window_loses_its_values_and_no_more() -> None:
    kept = History(64 << 10)
    kept.add(moment(1))
    kept.add(moment(2, kilobytes=100))
    assert kept.steps == (1, 2)
    assert not kept.at(2).has_values
    assert kept.nbytes <= kept.window


def test_copies_of_one_step_stop_at_an_eighth_of_the_window() -> None:
    copies = Copies(8 << 20, nodes=10_000)
    sample = np.zeros(4096, np.float32)
    for key in range(10_000):
        copies.value(key, np.zeros((200, 200), np.float32), sample)
    assert copies.nbytes <= (1 << 20) + EXACT + ARRAY_BYTES
    kept = next(iter(copies.values.values()))
    assert isinstance(kept, Part)
    assert kept.nbytes < 2048


HOSTILE: dict[str, Callable[[Any, int], Any]] = {
    "many nodes": lambda w, step: sum(((w * k).tanh() for k in range(150)), w).sum(),
    "large values": lambda w, step: (w.reshape(-1, 1) * gradbook.ones(1, 4000)).exp().sum(),
    "another graph each step": lambda w, step: chain(w, step).sum(),
}


def chain(w: Any, step: int) -> Any:
    for _ in range(step):
        w = w * 1.001
    return w


@pytest.mark.usefixtures("whatever_it_costs")
@pytest.mark.parametrize("what", HOSTILE)
def test_the_cap_holds_for_a_run_made_to_break_it(what: str) -> None:
    w = gradbook.randn(200, requires_grad=True)
    optimizer = optim.SGD([w], lr=1e-6)
    with observe.start_run(level="full", window="2MB") as run:
        for step in range(1, 61):
            loss = HOSTILE[what](w, step)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            assert run.history.nbytes <= 2 << 20
    assert run.history.window == 2 << 20
    assert run.history.steps[0] == 1
    assert run.history.steps[-1] == 60
    real = sum(m.nbytes for m in run.history)
    assert real <= run.history.nbytes
    assert run.history[-1].stats.shape == (len(run.history[-1].graph.nodes), 8)


def test_any_thread_may_read_while_one_writes() -> None:
    kept, shared, wrong = History(64 << 10), graph(), []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            if len(kept):
                one = kept.nearest(500)
                if one.value(0)[0, 0] != one.step:
                    wrong.append(one.step)
                steps = kept.steps
                wrong.extend(s for s, t in itertools.pairwise(steps) if s >= t)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for step in range(1, 2000):
            kept.add(moment(step, shared=shared))
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "size"), [("256MB", 256 << 20), ("1gb", 1 << 30), ("1.5 MB", 3 << 19), (1 << 20, 1 << 20)]
)
def test_a_size_is_a_number_or_a_text(text: int | str, size: int) -> None:
    assert bytes_of(text) == size


@pytest.mark.parametrize("text", ["256", "-1MB", "much", "1 TB", "", 0, None])
def test_what_is_no_size_says_what_one_looks_like(text: Any) -> None:
    with pytest.raises(ValueError, match="at least 1 MB, such as 256MB"):
        bytes_of(text)
    with pytest.raises(ValueError, match="at least 1 MB"):
        observe.start_run(level="full", window="12")
