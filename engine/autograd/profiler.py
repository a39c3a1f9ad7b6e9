"""What ran, how often and how long, as torch.autograd.profiler: collected from the engine's events, op by op.

Forward ops are timed around their computation. A backward rule's time runs from the moment its gradient arrives to the
arrival of the next one. Differs: memory is that of the outputs; there is one device, and no kernel below an op.
"""

from __future__ import annotations

import functools
import json
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from gradbook import events
from gradbook.tensor import Tensor

__all__ = ["Event", "EventList", "FunctionEventAvg", "emit_itt", "emit_nvtx", "profile", "record_function"]


class Event:
    """One call: its name, when it began and how long it took (µs), and what was inside of it."""

    def __init__(self, name: str, start: float, stop: float, shapes: Any = (), where: Any = None) -> None:
        self.name = self.key = name
        self.start, self.stop, self.input_shapes, self.where = start, stop, shapes, where
        self.flops = self.cpu_memory_usage = 0
        self.inside = 0.0  # time of the calls inside, of a record_function
        self.thread = threading.get_ident()
        self.count = 1

    @property
    def cpu_time_total(self) -> float:
        """How long it took, in µs."""
        return (self.stop - self.start) * 1e6

    @property
    def self_cpu_time_total(self) -> float:
        """How long it took without the calls inside, in µs."""
        return max(self.cpu_time_total - self.inside * 1e6, 0.0)

    cpu_time = cpu_time_total

    def __repr__(self) -> str:
        return f"<Event {self.name} cpu_time={self.cpu_time_total:.3f}us input_shapes={list(self.input_shapes)}>"


class FunctionEventAvg:
    """All calls of one name together: `count`, `cpu_time_total`, `self_cpu_time_total`, `cpu_time` (each), in µs."""

    def __init__(self, key: str, calls: list[Event], shapes: Any = ()) -> None:
        self.key, self.count, self.input_shapes = key, len(calls), shapes
        self.cpu_time_total = sum(call.cpu_time_total for call in calls)
        self.self_cpu_time_total = sum(call.self_cpu_time_total for call in calls)
        self.cpu_memory_usage = self.self_cpu_memory_usage = sum(call.cpu_memory_usage for call in calls)
        self.flops = sum(call.flops for call in calls)

    @property
    def cpu_time(self) -> float:
        """Time a call, in µs."""
        return self.cpu_time_total / self.count

    def __repr__(self) -> str:
        return f"<FunctionEventAvg key={self.key} cpu_time={self.cpu_time:.3f}us count={self.count}>"


class EventList(list[Any]):
    """Events or averages, with a table."""

    with_memory = with_flops = False

    def key_averages(self, group_by_input_shape: bool = False, **_: Any) -> EventList:
        """The calls of each name together, in order of first appearance."""
        groups: dict[Any, list[Event]] = {}
        for event in self:
            groups.setdefault((event.name, event.input_shapes if group_by_input_shape else ()), []).append(event)
        made = EventList(FunctionEventAvg(name, calls, shapes) for (name, shapes), calls in groups.items())
        made.with_memory, made.with_flops = self.with_memory, self.with_flops
        return made

    def total_average(self) -> FunctionEventAvg:
        """Everything as one."""
        return FunctionEventAvg("Total", list(self))

    @property
    def self_cpu_time_total(self) -> float:
        """The time of all, in µs."""
        return float(sum(event.self_cpu_time_total for event in self))

    def table(self, sort_by: str | None = None, row_limit: int = 100, max_name_column_width: int = 55, **_: Any) -> str:
        """The list as text. sort_by: an attribute, such as "self_cpu_time_total" or "count", largest first."""
        rows = list(self)
        if sort_by is not None:
            name = sort_by.replace("cuda", "cpu").replace("device", "cpu")
            if rows and not hasattr(rows[0], name):
                raise AttributeError(
                    f"cannot sort by {sort_by!r}; try 'cpu_time_total', 'self_cpu_time_total' or 'count'"
                )
            rows.sort(key=lambda row: getattr(row, name), reverse=True)
        total = self.self_cpu_time_total or 1.0
        heads = ["Name", "Self CPU %", "Self CPU", "CPU total %", "CPU total", "CPU time avg", "# of Calls"]
        heads += ["CPU Mem"] * self.with_memory + ["FLOPs"] * self.with_flops
        lines = [heads]
        for row in rows[:row_limit]:
            cells = [
                _short(row.key, max_name_column_width), f"{100 * row.self_cpu_time_total / total:.2f}%",
                time_text(row.self_cpu_time_total), f"{100 * row.cpu_time_total / total:.2f}%",
                time_text(row.cpu_time_total), time_text(row.cpu_time_total / row.count), str(row.count),
            ]  # fmt: skip
            cells += [memory_text(row.cpu_memory_usage)] * self.with_memory + [f"{row.flops:,}"] * self.with_flops
            lines.append(cells)
        widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
        rule = "  ".join("-" * width for width in widths)
        text = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
        return "\n".join(
            [rule, text[0], rule, *text[1:], rule, f"Self CPU time total: {time_text(self.self_cpu_time_total)}", ""]
        )

    def export_chrome_trace(self, path: Any) -> None:
        """Write the events for chrome://tracing, Perfetto or TensorBoard."""
        first = min((event.start for event in self), default=0.0)
        slices = [
            chrome_slice("cpu_op", event.name, event.start - first, event.stop - event.start, event.thread,
                         {"Input Dims": [list(shape) for shape in event.input_shapes]})
            for event in self
        ]  # fmt: skip
        write_chrome_trace(path, slices)


def chrome_slice(category: str, name: str, start: float, seconds: float, thread: int, args: Any) -> dict[str, Any]:
    """One slice of a Chrome trace; `start` counts from the trace's own beginning, both are in seconds."""
    return {
        "ph": "X", "cat": category, "name": name, "pid": 0, "tid": thread,
        "ts": start * 1e6, "dur": seconds * 1e6, "args": args,
    }  # fmt: skip


def write_chrome_trace(path: Any, events: list[dict[str, Any]], about: dict[str, Any] | None = None) -> None:
    """Write events for chrome://tracing, Perfetto or TensorBoard; `about` stands beside them, under otherData."""
    document = {"schemaVersion": 1, "traceEvents": events} | ({"otherData": about} if about else {})
    Path(path).write_text(json.dumps(document), encoding="utf-8")


def _short(name: str, width: int) -> str:
    return name if len(name) <= width else name[: width - 3] + "..."


def time_text(micros: float) -> str:
    """`1.234ms`, from microseconds."""
    if micros >= 1e6:
        return f"{micros / 1e6:.3f}s"
    return f"{micros / 1e3:.3f}ms" if micros >= 1e3 else f"{micros:.3f}us"


def memory_text(count: float) -> str:
    """`1.50 MB`, from bytes."""
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if count >= size:
            return f"{count / size:.2f} {unit}"
    return f"{count:.0f} b"


class Collector:
    """The listener: makes an Event of each op, each backward rule and each record_function."""

    def __init__(self, shapes: bool, memory: bool, flops: bool) -> None:
        self.events: list[Event] = []
        self.shapes, self.memory, self.flops = shapes, memory, flops
        self.ranges: list[Event] = []
        self.rule: Event | None = None

    def on_op(self, op: Any, operands: Any, params: Any, out: Any, node: Any, where: Any) -> None:
        """An op ran, for events.seconds."""
        now = time.perf_counter()
        event = Event(f"aten::{op.name}", now - events.seconds, now, where=where)
        shapes = tuple(tuple(x.shape) if isinstance(x, Tensor) else () for x in operands)
        if self.shapes:
            event.input_shapes = shapes
        first = out[0] if isinstance(out, tuple) and out else out
        if self.flops and op.flops is not None and isinstance(first, Tensor):
            event.flops = int(op.flops(*shapes, tuple(first.shape)))
        if self.memory and not op.view:
            event.cpu_memory_usage = sum(
                x.nbytes for x in (out if isinstance(out, tuple) else (out,)) if isinstance(x, Tensor)
            )
        self.add(event)

    def on_grad(self, node: Any, grad: Any) -> None:
        """A gradient arrived at a node: its rule runs now, and that of the node before has ended."""
        now = time.perf_counter()
        self.close_rule(now)
        self.rule = Event(node.name(), now, now)

    def on_backward(self, phase: str, root: Any, inputs: Any) -> None:
        """A backward pass begins or ends."""
        self.close_rule(time.perf_counter())

    def close_rule(self, now: float) -> None:
        """The rule that was running ends."""
        if self.rule is not None:
            self.rule.stop = now
            self.add(self.rule)
            self.rule = None

    def add(self, event: Event) -> None:
        """Keep an event, as part of the ranges it is in."""
        self.events.append(event)
        if self.ranges:
            self.ranges[-1].inside += event.stop - event.start


_collectors: list[Collector] = []


class record_function:
    """A name for what runs inside, in every profile: context manager and decorator (torch.profiler.record_function)."""

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name, self.args = name, args

    def __enter__(self) -> record_function:
        self.open = [(collector, Event(self.name, time.perf_counter(), 0.0)) for collector in _collectors]
        for collector, event in self.open:
            collector.ranges.append(event)
        return self

    def __exit__(self, *exc: object) -> None:
        now = time.perf_counter()
        for collector, event in self.open:
            event.stop = now
            if event in collector.ranges:
                collector.ranges.remove(event)
            collector.add(event)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def named(*args: Any, **kwargs: Any) -> Any:
            with record_function(self.name):
                return function(*args, **kwargs)

        return named


class profile:
    """Collects what runs inside, as torch.autograd.profiler.profile: `print(prof.key_averages().table())`.

    Differs: only record_shapes, with_flops and profile_memory change what is collected.
    """

    def __init__(
        self,
        enabled: bool = True,
        *,
        record_shapes: bool = False,
        with_flops: bool = False,
        profile_memory: bool = False,
        use_cuda: bool = False,
        use_device: str | None = None,
        with_stack: bool = False,
        with_modules: bool = False,
        use_kineto: bool = False,
        use_cpu: bool = True,
        experimental_config: Any = None,
        acc_events: bool = False,
        custom_trace_id_callback: Any = None,
        post_processing_timeout_s: float | None = None,
        activity_filters: Any = None,
    ) -> None:
        self.enabled = enabled
        self.collector = Collector(record_shapes, profile_memory, with_flops)

    def __enter__(self) -> profile:
        if self.enabled:
            events.attach(self.collector)
            _collectors.append(self.collector)
        return self

    def __exit__(self, *exc: object) -> None:
        if self.enabled:
            events.detach(self.collector)
            if self.collector in _collectors:
                _collectors.remove(self.collector)

    @property
    def function_events(self) -> EventList:
        """Every call, in order."""
        made = EventList(self.collector.events)
        made.with_memory, made.with_flops = self.collector.memory, self.collector.flops
        return made

    def events(self) -> EventList:
        """Every call, in order."""
        return self.function_events

    def key_averages(self, group_by_input_shape: bool = False, **more: Any) -> EventList:
        """The calls of each name together."""
        return self.function_events.key_averages(group_by_input_shape)

    def total_average(self) -> FunctionEventAvg:
        """Everything as one."""
        return self.function_events.total_average()

    def table(self, sort_by: str | None = None, row_limit: int = 100, **more: Any) -> str:
        """All averages as text."""
        return self.key_averages().table(sort_by, row_limit, **more)

    def export_chrome_trace(self, path: Any) -> None:
        """Write every call for chrome://tracing."""
        self.function_events.export_chrome_trace(path)

    @property
    def self_cpu_time_total(self) -> float:
        """The time of everything, in µs."""
        return self.function_events.self_cpu_time_total

    def __iter__(self) -> Iterable[Any]:
        return iter(self.function_events)

    def __str__(self) -> str:
        return self.table()


class emit_nvtx:
    """Marks for NVIDIA's profilers.

    Differs: there are none; entering raises RuntimeError, where PyTorch without CUDA raises AssertionError.
    """

    def __init__(self, enabled: bool = True, record_shapes: bool = False) -> None:
        self.enabled = enabled

    def __enter__(self) -> emit_nvtx:
        if self.enabled:
            raise RuntimeError("NVTX functions not installed. Use profiler.profile, which works everywhere")
        return self

    def __exit__(self, *exc: object) -> None:
        pass


class emit_itt(emit_nvtx):
    """Marks for Intel's profilers. Differs: there are none; entering raises RuntimeError."""

    def __enter__(self) -> emit_itt:
        if self.enabled:
            raise RuntimeError("ITT functions not installed. Use profiler.profile, which works everywhere")
        return self
