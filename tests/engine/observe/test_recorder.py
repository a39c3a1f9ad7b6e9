from __future__ import annotations

import threading
import time
import warnings

import numpy as np
import pytest

import gradbook
from gradbook import events, nn, observe, optim
from gradbook.observe import sampler as module
from gradbook.observe.recorder import Recorder
from gradbook.utils.checkpoint import checkpoint
from gradbook.utils.data import DataLoader, TensorDataset


def make(n: int = 1):
    gradbook.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, n))
    return model, optim.SGD(model.parameters(), lr=0.1)


def train(model, optimizer, steps: int, *, after=None) -> list[float]:
    x, y = gradbook.randn(16, 4), gradbook.randn(16, 1)
    values = []
    for step in range(steps):
        optimizer.zero_grad()
        mse = ((model(x) - y) ** 2).mean()
        mse.backward()
        optimizer.step()
        values.append(mse.item())
        if after is not None:
            after(step)
    return values


@pytest.fixture
def whatever_it_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Level full records every step, however short."""
    monkeypatch.setitem(module.SHARE, "full", 1e9)


def test_every_step_is_a_point_of_the_loss_under_its_own_name() -> None:
    model, optimizer = make()
    with observe.start_run("first") as run:
        values = train(model, optimizer, 40)
    loss = run.main
    assert loss is run.series["mse"]
    np.testing.assert_array_equal(loss.steps, np.arange(1, 41))
    np.testing.assert_array_equal(loss.values, np.array(values, np.float32))
    assert (run.state, run.step, run.name) == ("finished", 40, "first")
    assert run.series["learning rate"].last == (1, pytest.approx(0.1))
    assert run.series["learning rate"].role == "lr"
    assert run.total_steps is None
    assert run.eta is None


def test_parameters_are_named_by_path_in_the_order_of_use() -> None:
    model, optimizer = make()
    with observe.start_run() as run:
        train(model, optimizer, 3)
    assert [info.name for info in run.parameters] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert [info.shape for info in run.parameters] == [(8, 4), (8,), (1, 8), (1,)]
    assert run.parameters[2].module_path == "2"


def test_a_recorded_step_measures_what_numpy_measures() -> None:
    model, optimizer = make()
    with observe.start_run(level="full") as run:
        before = [p.detach().numpy().copy() for p in model.parameters()]
        train(model, optimizer, 1)
    grads = [p.grad.numpy() for p in model.parameters()]
    after = [p.detach().numpy() for p in model.parameters()]
    table = run.probes.table[-1]
    for row, (old, new, grad) in enumerate(zip(before, after, grads, strict=True)):
        assert table[row, 0] == pytest.approx(np.linalg.norm(grad), rel=1e-4)
        assert table[row, 1] == pytest.approx(np.linalg.norm(old), rel=1e-4)
        assert table[row, 2] * np.linalg.norm(old) == pytest.approx(np.linalg.norm(new - old), rel=1e-3)
        assert table[row, 3] == pytest.approx((grad == 0).mean())
        assert table[row, 4] == pytest.approx(np.abs(grad).max(), rel=1e-6)
        assert run.probes.histogram[-1, row].sum() == grad.size


@pytest.mark.usefixtures("whatever_it_costs")
def test_the_graph_has_values_gradients_and_times() -> None:
    model, optimizer = make()
    with observe.start_run(level="full") as run:
        train(model, optimizer, 3)
    graph, stats = run.graph, run.node_stats
    assert stats.shape == (len(graph.nodes), 8)
    mean = next(node for node in graph.nodes if node.name == "mse")
    assert mean.source == "mse = ((model(x) - y) ** 2).mean()"
    row = run.stats_of(mean.id)
    assert row.value_mean == pytest.approx(row.value_max)
    assert row.grad_norm == pytest.approx(1.0)
    assert row.forward_us > 0
    assert row.backward_us > 0
    assert run.graph_version == 1, "the same computation is the same graph"
    assert {node.name for node in graph.nodes if node.kind == "input"} == {"x", "y"}
    assert run.stats_of(10_000) is None


def test_the_pass_inside_a_checkpoint_is_part_of_the_step() -> None:
    model, optimizer = make()
    with observe.start_run(level="full") as run:
        for _ in range(4):
            x = gradbook.ones(2, 4, requires_grad=True)
            hidden = checkpoint(model, x, use_reentrant=True)
            loss = hidden.sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert run.step == 4
    assert [node.op for node in run.graph.nodes if node.kind == "op"] == ["CheckpointFunction", "sum"]
    made = run.graph.nodes[[node.op for node in run.graph.nodes].index("CheckpointFunction")]
    assert made.source == "hidden = checkpoint(model, x, use_reentrant=True)", "an op of the user's has its line too"
    assert made.name == "hidden"


def test_only_a_few_steps_are_recorded_at_health(monkeypatch: pytest.MonkeyPatch) -> None:
    model, optimizer = make()
    listening = []
    monkeypatch.setitem(module.PAUSE, "health", 60.0)  # a busy machine may need seconds for these steps
    with observe.start_run() as run:
        train(model, optimizer, 300, after=lambda _: listening.append(bool(events.op)))
    assert sum(listening) <= 5, "the first, and those after 3, 15, 63 and 255 steps"
    assert run.probes.total == 5
    monkeypatch.setitem(module.PAUSE, "health", 0.0)
    monkeypatch.setitem(module.SHARE, "health", 1e9)
    with observe.start_run() as run:
        train(model, optimizer, 20)
    assert run.probes.total == 20


def test_a_step_that_is_only_counted_is_told_in_four_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    model, optimizer = make()
    told = []
    emit = events.emit
    monkeypatch.setattr(module.Sampler, "due", lambda self, now: False)
    with observe.start_run() as run:
        train(model, optimizer, 3)
        monkeypatch.setattr(events, "emit", lambda listeners, *args: (told.append(args[:1]), emit(listeners, *args)))
        train(model, optimizer, 2)
        monkeypatch.setattr(events, "emit", emit)
    assert told == [(), ("start",), ("end",), ()] * 2, "zero_grad's safe point, the loss, the step, its safe point"
    assert run.step == 5


def test_a_learning_rate_is_a_point_only_when_it_changes() -> None:
    model, optimizer = make()

    def change(step: int) -> None:
        optimizer.param_groups[0]["lr"] = [0.1, 0.1, 0.05, 0.05 * 1][step % 4]

    with observe.start_run() as run:
        train(model, optimizer, 8, after=change)
    rates = run.series["learning rate"]
    np.testing.assert_allclose(rates.values, np.float32([0.1, 0.05, 0.1, 0.05]))
    np.testing.assert_array_equal(rates.steps, [1, 4, 6, 8])
    assert rates.last == (8, pytest.approx(0.05))


@pytest.mark.usefixtures("whatever_it_costs")
def test_two_losses_are_two_curves_on_the_same_steps() -> None:
    generator, critic = nn.Linear(2, 2), nn.Linear(2, 1)
    optimizer_g, optimizer_d = optim.Adam(generator.parameters(), lr=1e-3), optim.SGD(critic.parameters(), lr=1e-2)
    with observe.start_run(level="full") as run:
        for _ in range(10):
            noise = gradbook.randn(4, 2)
            fake = generator(noise)
            optimizer_d.zero_grad()
            loss_d = critic(fake.detach()).mean() - critic(gradbook.ones(4, 2)).mean()
            loss_d.backward()
            optimizer_d.step()
            optimizer_g.zero_grad()
            loss_g = -critic(fake).mean()
            loss_g.backward()
            optimizer_g.step()
    assert {"loss_d", "loss_g"} <= set(run.series)
    for name in ("loss_d", "loss_g"):
        np.testing.assert_array_equal(run.series[name].steps, np.arange(1, 11))
    assert run.step == 10
    names = {info.name for info in run.parameters}
    assert names == {"generator.weight", "generator.bias", "critic.weight", "critic.bias"}
    last = run.probes.table[-1]
    assert np.isfinite(last[:, 0]).all(), "both models were measured in the last recorded step"


def test_accumulated_gradients_are_one_step() -> None:
    model, optimizer = make()
    x, y = gradbook.randn(8, 4), gradbook.randn(8, 1)
    with observe.start_run() as run:
        for i in range(12):
            loss = ((model(x) - y) ** 2).mean()
            (loss / 4).backward()
            if i % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
    assert run.step == 3
    np.testing.assert_array_equal(run.series["loss"].steps, np.repeat([1, 2, 3], 4))


@pytest.mark.usefixtures("whatever_it_costs")
def test_without_an_optimizer_backward_passes_are_steps() -> None:
    w = gradbook.ones(3, requires_grad=True)
    with observe.start_run(level="full") as run:
        for _ in range(15):
            loss = (w**2).sum()
            loss.backward()
            with gradbook.no_grad():
                w -= 0.1 * w.grad
            w.grad = None
    assert run.step == 15
    np.testing.assert_array_equal(run.series["loss"].steps, np.arange(1, 16))
    assert [info.name for info in run.parameters] == ["w"]
    assert run.probes.total >= 10
    ratio = run.probes.table[:-1, 0, 2]
    np.testing.assert_allclose(ratio, 0.2, rtol=1e-3)


def test_epochs_are_passes_over_the_loader_that_is_trained_on() -> None:
    model, optimizer = make()
    data = TensorDataset(gradbook.randn(20, 4), gradbook.randn(20, 1))
    loader, held_out = DataLoader(data, batch_size=5), DataLoader(data, batch_size=10)
    with observe.start_run() as run:
        for _ in range(3):
            for x, y in loader:
                optimizer.zero_grad()
                loss = ((model(x) - y) ** 2).mean()
                loss.backward()
                optimizer.step()
            with gradbook.no_grad():
                total = sum(((model(x) - y) ** 2).mean().item() for x, y in held_out)
            gradbook.log("val_loss", total / 2)
    assert run.epoch == 3
    assert [epoch for epoch, _ in run.epochs] == [1, 2, 3]
    assert [step for _, step in run.epochs] == [0, 4, 8]
    assert run.series["val_loss"].role == "val"
    np.testing.assert_array_equal(run.series["val_loss"].steps, [4, 8, 12])


@pytest.mark.parametrize(
    ("name", "role"),
    [("val_loss", "val"), ("loss/valid", "val"), ("testAccuracy", "val"), ("test acc", "val"), ("train_loss", "train"),
     ("lr", "lr"), ("accuracy", "other"), ("interval", "other"), ("contest", "other"), ("evaluation", "other")],
)  # fmt: skip
def test_a_logged_curve_has_the_role_its_name_says(name: str, role: str) -> None:
    model, optimizer = make()
    armed = Recorder(cell="[1]").attach()
    try:
        gradbook.log(name, gradbook.tensor(0.5))
        assert observe.runs() == [], "points wait for the training to begin"
        train(model, optimizer, 1)
        gradbook.log(name, 2)
        run = armed.run
    finally:
        armed.detach()
    assert run.series[name].role == role
    np.testing.assert_array_equal(run.series[name].values, [0.5, 2])
    np.testing.assert_array_equal(run.series[name].steps, [0, 1])


def test_what_is_no_number_is_refused() -> None:
    with observe.start_run(), pytest.raises(TypeError, match="one number"):
        gradbook.log("x", "abc")
    gradbook.log("x", "abc")


def test_a_gradient_penalty_is_no_loss() -> None:
    model, optimizer = make()
    with observe.start_run() as run:
        for _ in range(3):
            x = gradbook.randn(5, 4, requires_grad=True)
            out = model(x).sum()
            (slope,) = gradbook.autograd.grad(out, x, create_graph=True)
            loss = (slope**2).mean() + out**2
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert len(run.series["loss"]) == 3
    assert set(run.series) == {"loss", "learning rate"}


def test_pause_step_stop_and_learning_rate_from_another_thread() -> None:
    model, optimizer = make()
    seen: list[str] = []

    def drive() -> None:
        until = time.monotonic() + 20
        while (run := observe.current_run()) is None or run.step < 5:
            assert time.monotonic() < until
            time.sleep(0.001)
        run.control.pause()
        while run.state != "paused":
            time.sleep(0.001)
        at = run.step
        time.sleep(0.05)
        seen.append("held" if run.step == at else "ran on")
        run.control.step()
        while run.step == at or run.state != "paused":
            time.sleep(0.001)
        seen.append(f"{run.step - at} step")
        seen.append(str(run.rate))
        run.control.set_learning_rate(0.025)
        run.control.resume()
        at = run.step
        while run.step < at + 5:
            time.sleep(0.001)
        run.control.stop()

    thread = threading.Thread(target=drive)
    thread.start()
    with pytest.raises(observe.StopTraining), observe.start_run() as run:
        train(model, optimizer, 1_000_000)
    thread.join(10)
    assert seen == ["held", "1 step", "None"]
    assert run.state == "stopped"
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.025)
    assert run.series["learning rate"].last[1] == pytest.approx(0.025)
    assert run.control.paused_time() > 0.05
    assert not events.observers


def test_an_exception_ends_the_run_as_an_error_with_its_line() -> None:
    model, optimizer = make()
    with pytest.raises(ZeroDivisionError), observe.start_run() as run:
        train(model, optimizer, 2, after=lambda step: 1 / (1 - step))
    assert run.state == "error"
    assert run.error["type"] == "ZeroDivisionError"
    assert run.error["line"] > 0
    assert not events.observers


@pytest.mark.usefixtures("whatever_it_costs")
def test_chosen_nodes_show_their_values() -> None:
    model, optimizer = make()
    with observe.start_run(level="full") as run:
        train(model, optimizer, 2)
        relu = next(node for node in run.graph.nodes if node.op == "relu")
        x = next(node for node in run.graph.nodes if node.name == "x")
        weight = next(node for node in run.graph.nodes if node.name == "0.weight")
        noted = run.detail(relu.id)  # the last recorded step has noted every value, asked for or not
        assert noted.step == run.history[-1].step
        assert (noted.thumb >= 0).all()
        assert noted.grad_excerpt.values.shape == (16, 8)
        run.want([relu.id, x.id, weight.id])
        train(model, optimizer, 2)
    detail = run.details[relu.id]
    assert detail.full_shape == (16, 8)
    assert detail.thumb.shape == (16, 8)
    assert (detail.thumb >= 0).all()
    assert detail.grad_counts.sum() == 128
    assert run.details[x.id].full_shape == (16, 4)
    np.testing.assert_allclose(run.details[weight.id].thumb.shape, (8, 4))
    assert run.details[weight.id].grad_counts is not None
    assert run.details[relu.id].step == run.stats_step


@pytest.mark.usefixtures("whatever_it_costs")
def test_another_model_in_the_loop_is_another_graph() -> None:
    model, optimizer = make()
    x = gradbook.randn(3, 4)
    with observe.start_run(level="full") as run:
        for i in range(8):
            out = model(x)
            loss = (out if i < 4 else out.tanh()).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert run.graph_version == 2
    assert "tanh" in {node.op for node in run.graph.nodes}


@pytest.mark.usefixtures("whatever_it_costs")
def test_a_last_smaller_batch_is_not_another_graph() -> None:
    model, optimizer = make()
    with observe.start_run(level="full") as run:
        for size in (8, 8, 8, 3, 8, 8, 3, 8):
            loss = model(gradbook.randn(size, 4)).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert run.graph_version == 1


def test_nan_goes_through_without_a_warning() -> None:
    model, optimizer = make()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with observe.start_run(level="full") as run:
            for _ in range(3):
                optimizer.zero_grad()
                loss = (model(gradbook.randn(2, 4)) * float("nan")).sum()
                loss.backward()
                optimizer.step()
    assert np.isnan(run.main.values).all()
    assert run.graph is not None


def test_a_run_keeps_no_model_alive() -> None:
    import gc
    import weakref

    model, optimizer = make()
    with observe.start_run(level="full") as run:
        train(model, optimizer, 3)
    gone = weakref.ref(model), weakref.ref(optimizer)
    del model, optimizer
    gc.collect()
    assert [ref() for ref in gone] == [None, None]
    assert run.parameters


def test_other_threads_do_not_disturb_the_run() -> None:
    model, optimizer = make()
    other, other_optimizer = make()
    with observe.start_run(level="full") as run:
        train(model, optimizer, 2)
        thread = threading.Thread(target=train, args=(other, other_optimizer, 5))
        thread.start()
        thread.join()
    assert run.step == 2
    assert len(run.main) == 2


def test_an_armed_recorder_costs_little_in_a_cell_that_never_trains() -> None:
    armed = Recorder(cell="[1]").attach()
    try:
        with gradbook.no_grad():
            for _ in range(60_000):
                if not events.op:
                    break
                gradbook.ones(2) + 1
        assert not events.op, "it got tired"
    finally:
        armed.detach()
    assert armed.run is None
    assert observe.runs() == []


def test_it_starts_once_with_graph_and_first_point() -> None:
    seen = []
    model, optimizer = make()
    armed = Recorder(cell="[3]", cell_id="abc", on_start=lambda run: seen.append((run, run.graph.ops)))
    armed.attach()
    try:
        train(model, optimizer, 5)
    finally:
        armed.detach()
    ((run, ops),) = seen
    assert ops > 3
    assert run.cell == "[3]"
    assert run.state == "finished"
    again = Recorder(cell="[4]", cell_id="abc").attach()
    try:
        train(model, optimizer, 2)
    finally:
        again.detach()
    assert again.run is None or again.run.ghosts == (run,)
    assert observe.runs()[-1].ghosts == (run,)


def test_runs_by_hand_in_a_watched_cell_each_begin_anew() -> None:
    seen = []
    armed = Recorder(cell="[3]", cell_id="abc", on_start=seen.append).attach()
    try:
        for name in ("a", "b"):
            with observe.start_run(name, total_steps=3):
                model, optimizer = make()
                train(model, optimizer, 3)
    finally:
        armed.detach()
    assert [(run.name, run.step, run.state) for run in seen] == [("a", 3, "finished"), ("b", 3, "finished")]
    assert seen[0].total_steps == 3


def test_a_snapshot_copies_the_parameters() -> None:
    model, optimizer = make()
    with observe.start_run() as run:
        train(model, optimizer, 2)
        run.control.snapshot()
        train(model, optimizer, 1)
        expected = {name: p.detach().numpy().copy() for name, p in model.named_parameters()}
        train(model, optimizer, 1)
    (taken,) = run.snapshots
    assert set(taken.values) == set(expected)


def test_wrong_levels_are_refused() -> None:
    with pytest.raises(ValueError, match="'health' or 'full'"):
        observe.start_run(level="off")


def test_every_nth_step_can_be_recorded() -> None:
    model, optimizer = make()
    armed = Recorder(cell="[1]", every=5).attach()
    try:
        train(model, optimizer, 21)
        run = armed.run
    finally:
        armed.detach()
    np.testing.assert_array_equal(run.probes.steps, [1, 6, 11, 16, 21])
