"""The profiler counts what ran, and its schedule is PyTorch's."""

from __future__ import annotations

import itertools
import json

import pytest

import gradbook
from gradbook.profiler import ProfilerAction, ProfilerActivity, profile, record_function, schedule

torch = pytest.importorskip("torch")


def work():
    w = gradbook.ones(20, 30, requires_grad=True)
    for _ in range(3):
        (gradbook.ones(10, 20) @ w).exp().sum().backward()


def test_calls_are_counted_by_op_forward_and_backward():
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True, profile_memory=True, with_flops=True) as prof:
        work()
    by_key = {row.key: row for row in prof.key_averages()}
    for key in ("aten::mm", "aten::exp", "aten::sum", "MmBackward0", "ExpBackward0", "SumBackward0"):
        row = by_key[key]
        assert row.count == 3
        assert 0 < row.self_cpu_time_total <= row.cpu_time_total
        assert row.cpu_time == row.cpu_time_total / 3
    assert by_key["aten::mm"].flops == 3 * 2 * 10 * 20 * 30
    assert by_key["aten::exp"].cpu_memory_usage == 3 * 10 * 30 * 4
    shapes = [row.input_shapes for row in prof.key_averages(group_by_input_shape=True) if row.key == "aten::mm"]
    assert shapes == [((10, 20), (20, 30))]
    assert not gradbook.events.observers


def test_ranges_have_their_own_time():
    with profile() as prof:
        with record_function("outer"):
            work()
            with record_function("inner"):
                work()

        @record_function("decorated")
        def again():
            return gradbook.ones(2).exp()

        again()
    by_key = {row.key: row for row in prof.key_averages()}
    assert by_key["outer"].cpu_time_total > by_key["inner"].cpu_time_total > by_key["inner"].self_cpu_time_total >= 0
    assert by_key["outer"].self_cpu_time_total < by_key["outer"].cpu_time_total
    assert by_key["decorated"].count == 1


def test_the_table_and_the_trace(tmp_path):
    with profile(profile_memory=True) as prof:
        work()
    table = prof.key_averages().table(sort_by="self_cpu_time_total", row_limit=3)
    lines = table.splitlines()
    for word in ("Name", "Self CPU", "CPU total", "# of Calls", "CPU Mem"):
        assert word in lines[1]
    assert len(lines[3:-2]) == 3  # between the rules
    assert "Self CPU time total" in lines[-1]
    with pytest.raises(AttributeError, match="cannot sort by"):
        prof.key_averages().table(sort_by="beauty")
    prof.export_chrome_trace(tmp_path / "trace.json")
    trace = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert sum(event["name"] == "aten::exp" for event in trace) == 3
    assert all(event["ph"] == "X" and event["dur"] >= 0 for event in trace)


@pytest.mark.filterwarnings("ignore:Profiler won't be using warmup")
@pytest.mark.parametrize(
    "numbers",
    list(itertools.product((0, 2), (0, 1), (1, 2), (0, 2), (0, 3))),
    ids=lambda numbers: "-".join(map(str, numbers)),
)
def test_the_schedule(numbers):
    given = dict(zip(("wait", "warmup", "active", "repeat", "skip_first"), numbers, strict=True))
    mine, theirs = schedule(**given), torch.profiler.schedule(**given)
    assert [mine(i).name for i in range(20)] == [theirs(i).name for i in range(20)]


def test_cycles(tmp_path):
    seen = []

    def ready(prof):
        seen.append((prof.step_num, sum(row.count for row in prof.key_averages() if row.key == "aten::exp")))

    with profile(schedule=schedule(wait=1, warmup=1, active=2, repeat=2), on_trace_ready=ready) as prof:
        for _ in range(10):
            gradbook.ones(2).exp()
            prof.step()
    assert seen == [(4, 2), (8, 2)]
    with profile(on_trace_ready=gradbook.profiler.tensorboard_trace_handler(str(tmp_path), "me")):
        work()
    (file,) = tmp_path.iterdir()
    assert file.name.startswith("me.")
    assert json.loads(file.read_text())["traceEvents"]


def test_what_is_refused():
    with pytest.raises(AssertionError):
        schedule(wait=-1, warmup=0, active=1)
    with pytest.raises(AssertionError):
        schedule(wait=0, warmup=1, active=1)(-1)
    with pytest.raises(AssertionError):
        profile().key_averages()
    with pytest.warns(UserWarning, match="warmup"):
        assert schedule(wait=0, warmup=0, active=1)(0) is ProfilerAction.RECORD_AND_SAVE


def test_the_older_interface():
    with gradbook.autograd.profiler.profile(record_shapes=True) as prof:
        work()
    assert "aten::mm" in prof.table()
    assert "aten::mm" in str(prof)
    assert prof.total_average().count == len(prof.function_events)
    assert prof.self_cpu_time_total > 0
    with gradbook.autograd.profiler.profile(enabled=False) as off:
        work()
    assert not off.function_events
    for mark in (gradbook.autograd.profiler.emit_nvtx, gradbook.autograd.profiler.emit_itt):
        with pytest.raises(RuntimeError, match="not installed"), mark():
            pass
