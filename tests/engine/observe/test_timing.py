"""Time and memory by op, module and line: what is counted, where it is put, and that the sums add up."""

from __future__ import annotations

import gc
import json
import threading
import time

import pytest

import gradbook
from gradbook import events, nn, observe, optim
from gradbook.observe import overhead, timetable
from gradbook.observe.sites import BACKWARD, MODULE, PASS, STEP, Site
from gradbook.observe.timing import Timeline


class Block(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.fc = nn.Linear(size, size)

    def forward(self, x: gradbook.Tensor) -> gradbook.Tensor:
        return x + self.fc(x).relu()


class Net(nn.Module):
    def __init__(self, size: int = 32) -> None:
        super().__init__()
        self.blocks = nn.Sequential(Block(size), Block(size))
        self.head = nn.Linear(size, 10)

    def forward(self, x: gradbook.Tensor) -> gradbook.Tensor:
        return self.head(self.blocks(x))


def trained(steps: int = 4) -> Timeline:
    model = Net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    x, y = gradbook.randn(16, 32), gradbook.randint(0, 10, (16,))
    with observe.timeline() as t:
        for _ in range(steps):
            loss = nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return t


def by_key(t: Timeline, by: str) -> dict[str, timetable.Row]:
    return {row.key: row for row in t.rows(by)}


def test_a_loop_is_summed_by_op_module_and_line() -> None:
    t = trained(4)
    ops, modules, lines = by_key(t, "op"), by_key(t, "module"), by_key(t, "line")
    assert {name: ops[name].calls for name in ("linear", "relu", "add", "cross_entropy", "SGD.step")} == {
        "linear": 12, "relu": 8, "add": 8, "cross_entropy": 4, "SGD.step": 4,
    }  # fmt: skip
    assert sum(site.backward_calls for site in ops["linear"].sites) == 12
    assert ops["linear"].forward > 0
    assert ops["linear"].backward > 0
    assert ops["linear"].step == 0
    assert ops["SGD.step"].seconds == ops["SGD.step"].step > 0
    assert {"blocks.0", "blocks.0.fc", "blocks.1", "blocks.1.fc", "head"} <= set(modules)
    assert list(modules["blocks.1"].ops) == ["relu", "add"]
    assert modules["blocks.1.fc"].sites[0].cls == "Linear"
    line = Block.forward.__code__.co_firstlineno + 1
    row = lines[f"test_timing.py:{line}"]
    assert row.calls == 4 * 2 * 3
    assert list(row.modules) == ["blocks.0.fc", "blocks.0", "blocks.1.fc", "blocks.1"]
    assert (t.passes, t.steps, t.ops) == (4, 4, 32)


def test_the_sums_add_up() -> None:
    t = trained(6)
    parts = t.forward + t.backward + t.step + t.other + t.watching
    assert parts == pytest.approx(t.wall)
    for by in timetable.BY:
        assert sum(row.seconds for row in t.rows(by)) == pytest.approx(t.forward + t.backward + t.step)
        assert sum(row.held for row in t.rows(by)) == t.peak
    passes = sum(span.seconds for span in t.spans() if span.kind == PASS)
    rules = sum(span.seconds for span in t.spans() if span.kind == BACKWARD)
    assert rules < passes < t.wall
    assert t.backward <= passes  # the watching inside is taken out


def test_what_watching_takes_is_taken_out() -> None:
    """Of a model so small that it is mostly watching. Least of many short runs: those that nobody interrupted."""
    model, x = Net(), gradbook.randn(16, 32)

    def work() -> None:
        for _ in range(3):
            model(x).sum().backward()

    def bare() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    def timed() -> Timeline:
        with observe.timeline({}) as t:
            work()
        return t

    timed()
    unwatched = min(bare() for _ in range(150))
    best = min((timed() for _ in range(150)), key=lambda t: t.wall)
    assert best.wall > 2 * unwatched
    assert 0.5 * unwatched < best.wall - best.watching < 2.5 * unwatched


def test_the_detours_are_measured_once_with_nobody_else_listening(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nosy:
        heard = 0

        def on_op(self, *args: object) -> None:
            self.heard += 1

        on_backward = on_module = on_op

    nosy = Nosy()
    monkeypatch.setattr(overhead, "_known", None)
    with events.observing(nosy), gradbook.no_grad():
        found = overhead.detours()
        assert events.observers == (nosy,)
    assert nosy.heard == 0
    assert overhead.detours() is found
    assert all(0 <= seconds < 1e-3 for seconds in found)
    assert found.rule > 0


def test_nothing_is_kept_alive_and_nobody_listens_after() -> None:
    with observe.timeline() as t:
        w = gradbook.ones(50, 50, requires_grad=True)
        y = (w @ w).exp()
        ref = __import__("weakref").ref(y._array)
        del y
        gc.collect()
        assert ref() is None
    assert not events.observers
    assert t.peak == 2 * 50 * 50 * 4


def test_memory_is_told_by_who_holds_it_at_the_peak() -> None:
    w = gradbook.ones(100, 100, requires_grad=True)
    x = gradbook.ones(100, 100)
    with observe.timeline() as t:
        h = x @ w  # keeps x for w's gradient
        v = h.t()  # a view: no memory of its own
        e = v.exp()  # keeps its output
        with gradbook.no_grad():
            w.add_(1.0)  # in place: nothing new
        loss = e.sum()
        del h, v, e
        size = 100 * 100 * 4
        ops = {site.op: site for site in t.sites}
        assert ops["mm"].made == ops["exp"].made == size
        assert ops["mm"].saved == ops["exp"].saved == size
        assert sum(site.made for name, site in ops.items() if name not in ("mm", "exp", "sum")) == 0
        loss.backward()
    assert 2 * size <= t.peak <= 3 * size


def test_the_peak_is_shared_out_among_those_who_hold_it() -> None:
    x = gradbook.ones(100, requires_grad=True)
    with observe.timeline() as t:
        a = x.exp()
        b = a.tanh()
        c = b + b
        del a, c  # exp keeps its output for backward, nobody keeps that of add
        d = b.cos()
        del d, b
    assert t.peak == 1200
    assert {site.op: site.held for site in t.sites} == {"exp": 400, "tanh": 400, "add": 400, "cos": 0}


def test_memory_of_a_long_loop_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradbook.observe.held.LOG_MOST", 50)
    monkeypatch.setattr("gradbook.observe.sites.Spans.MOST", 100)
    w = gradbook.ones(10, requires_grad=True)
    with observe.timeline() as t:
        big = gradbook.ones(1000, requires_grad=True) * 2  # the peak is early, the log forgets it
        kept = big.exp()
        del big, kept
        for _ in range(400):
            (w * 3).sum().backward()
            assert len(t._held._log) <= 60
            assert len(t.curve or t._live.points) < 2048
    assert len(list(t.spans())) == 100
    assert t.left_out == 2 + 400 * 6 - 100
    assert {site.op: site.held for site in t.sites if site.held} == {"mul": 4004, "exp": 4000}  # 4: the number 2
    assert by_key(t, "op")["sum"].calls == 400  # the table counts them all
    assert len(t.sites) < 10


def test_the_curve_keeps_every_peak() -> None:
    from gradbook.observe.held import Curve

    curve = Curve()
    for i in range(20_000):
        curve.add(float(i), 1e6 if i == 7777 else float(i % 100))
    points = curve.close()
    assert len(points) <= Curve.MOST
    assert (7777.0, 1e6) in points
    assert [when for when, _ in points] == sorted(when for when, _ in points)


def test_without_gradients_and_up_to_an_exception() -> None:
    a, b = gradbook.ones(2, 3), gradbook.ones(4, 5)
    with pytest.raises(RuntimeError, match="matmul"), observe.timeline() as t, gradbook.no_grad():
        (a.exp() @ b).sum()
    assert isinstance(t.error, RuntimeError)
    assert [site.op for site in t.sites if site.calls] == ["exp"]
    assert t.sites[0].saved == 0
    assert "up to ShapeError" in str(t)
    assert not events.observers


def test_a_backward_that_raises_leaves_nothing_open() -> None:
    w = gradbook.ones(3, requires_grad=True)

    def refuse(grad: gradbook.Tensor) -> None:
        raise KeyError("no")

    with observe.timeline() as t:
        h = w * 2
        h.register_hook(refuse)
        with pytest.raises(KeyError):
            h.sum().backward()
        assert not t._stack
        (w * 2).sum().backward()
    assert (t.passes, t._depth) == (2, 0)
    assert by_key(t, "op")["mul"].calls == 2


def test_a_step_that_raises_does_not_swallow_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    w = gradbook.ones(3, requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)
    with observe.timeline() as t:
        with pytest.raises(ZeroDivisionError):
            optimizer.step(lambda: 1 / 0)
        w.sum().backward()
        optimizer.step()
    assert t.steps == 1
    assert sum(span.kind == STEP for span in t.spans()) == 1


def test_recomputed_ops_count_as_backward_where_they_stand() -> None:
    from gradbook.utils.checkpoint import checkpoint

    w = gradbook.ones(20, 20, requires_grad=True)

    def part(x: gradbook.Tensor) -> gradbook.Tensor:
        return (x @ w).tanh()

    with observe.timeline() as t:
        checkpoint(part, w, use_reentrant=False).sum().backward()
    row = by_key(t, "line")[f"test_timing.py:{part.__code__.co_firstlineno + 1}"]
    assert row.calls == 4
    assert row.forward > 0
    assert row.backward > 0
    assert t.forward + t.backward + t.other + t.watching == pytest.approx(t.wall)


def test_a_rule_that_is_differentiated_is_one_rule() -> None:
    x = gradbook.tensor(2.0, requires_grad=True)
    with observe.timeline() as t:
        y = x**3
        (first,) = gradbook.autograd.grad(y, x, create_graph=True)
        (second,) = gradbook.autograd.grad(first, x)
    assert second.item() == 12.0
    assert t.ops == 1  # what the rule of pow computes with is the rule's
    assert t.passes == 2
    assert t.sites[0].backward > 0


def test_two_models_of_one_class_stay_apart() -> None:
    generator, critic = nn.Sequential(nn.Linear(4, 4)), nn.Sequential(nn.Linear(4, 4))
    x = gradbook.ones(2, 4)
    with observe.timeline() as t:
        for model in (generator, critic):
            model(x)
    assert set(by_key(t, "module")) == {"generator (Sequential) 0", "critic (Sequential) 0"}


def test_other_threads_are_not_counted() -> None:
    with observe.timeline() as t:
        thread = threading.Thread(target=lambda: gradbook.ones(3).exp())
        thread.start()
        thread.join()
        gradbook.ones(3).log()
    assert [site.op for site in t.sites] == ["log"]


def test_the_text_says_it_all() -> None:
    t = trained(2)
    text = t.text("line", memory=True)
    head, columns, *body = text.splitlines()
    assert head.count(" = ") == 1
    assert all(word in head for word in ("forward", "backward", "optimizer", "watching took"))
    assert columns.split() == "line op module calls forward backward total % at peak saved made".split()
    assert any("return x + self.fc(x)" in line for line in body)
    assert "most held at once" in body[-1]
    assert "2 more" in t.text("op", most=len(t.rows("op")) - 2)
    with pytest.raises(ValueError, match="'op', 'module', 'line'"):
        t.rows("colour")


def test_the_trace_is_chromes(tmp_path) -> None:
    t = trained(3)
    document = json.loads(t.save(tmp_path / "trace.json").read_text())
    slices = [event for event in document["traceEvents"] if event["ph"] == "X"]
    linear = [event for event in slices if event["name"] == "linear"]
    assert len(linear) == 9
    assert linear[0]["cat"] == "forward"
    assert linear[0]["args"]["module"] == "blocks.0.fc"
    assert linear[0]["args"]["source"] == "return x + self.fc(x).relu()"
    outer = next(event for event in slices if event["cat"] == "module" and event["name"].startswith("blocks.0 "))
    inner = linear[0]
    assert outer["ts"] <= inner["ts"]
    assert inner["ts"] + inner["dur"] <= outer["ts"] + outer["dur"]
    assert any(event["ph"] == "C" and event["args"]["bytes"] == t.peak for event in document["traceEvents"])
    assert sum(span.kind == MODULE for span in t.spans()) == 3 * 7
    assert document["otherData"]["watching_seconds"] == t.watching


def test_nothing_inside_is_an_empty_table() -> None:
    with observe.timeline() as t:
        pass
    assert t.rows() == []
    assert (t.peak, t.forward, t.curve) == (0, 0, [])
    assert t.wall > 0
    assert "Python and the rest" in str(t)


def test_a_site_adds_its_times() -> None:
    assert Site("x", forward=1.0, backward=2.0, step=4.0).seconds == 7.0
