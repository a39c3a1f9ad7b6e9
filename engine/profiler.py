"""Profiling with a schedule, as torch.profiler, on top of autograd.profiler.

with profile(schedule=schedule(wait=1, warmup=1, active=3), on_trace_ready=handler) as prof:
    for batch in loader:
        train(batch)
        prof.step()
"""

from __future__ import annotations

import enum
import os
import socket
import time
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from gradbook.autograd import profiler as collecting
from gradbook.autograd.profiler import EventList, record_function

__all__ = [
    "ProfilerAction",
    "ProfilerActivity",
    "kineto_available",
    "profile",
    "record_function",
    "schedule",
    "supported_activities",
    "tensorboard_trace_handler",
]


class ProfilerActivity(enum.Enum):
    """What to profile. Differs: whatever is asked for, what runs on the CPU is shown."""

    CPU = 0
    XPU = 1
    CUDA = 3


class ProfilerAction(enum.Enum):
    """What a step of a schedule does."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


def kineto_available() -> bool:
    """False: PyTorch's tracing library is not used."""
    return False


def supported_activities() -> set[ProfilerActivity]:
    """What can be profiled."""
    return {ProfilerActivity.CPU}


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0, skip_first_wait: int = 0
) -> Callable[[int], ProfilerAction]:
    """Which steps are recorded, as torch.profiler.schedule. -> step number -> action.

    After skip_first steps, cycles of `wait` steps of nothing, `warmup` that are not kept and `active` that are;
    `repeat` of them, or without end. skip_first_wait: the first cycle does not wait. Raises AssertionError for unfit
    numbers.
    """
    if min(wait, warmup, repeat, skip_first, skip_first_wait) < 0 or active <= 0:
        raise AssertionError("Invalid profiler schedule arguments")
    if warmup == 0:
        warnings.warn("Profiler won't be using warmup, this can skew profiler results", UserWarning, stacklevel=2)

    def action(step: int) -> ProfilerAction:
        if step < 0:
            raise AssertionError(f"Step must be non-negative. Got {step}.")
        if step < skip_first:
            return ProfilerAction.NONE
        step -= skip_first
        if skip_first_wait:
            step += wait
        cycle = wait + warmup + active
        if repeat > 0 and step // cycle >= repeat:
            return ProfilerAction.NONE
        place = step % cycle
        if place < wait:
            return ProfilerAction.NONE
        if place < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD if place < cycle - 1 else ProfilerAction.RECORD_AND_SAVE

    return action


def tensorboard_trace_handler(
    dir_name: str, worker_name: str | None = None, use_gzip: bool = False
) -> Callable[[Any], None]:
    """An on_trace_ready that writes each trace into a folder, for TensorBoard or chrome://tracing."""

    def save(prof: profile) -> None:
        os.makedirs(dir_name, exist_ok=True)
        worker = worker_name or f"{socket.gethostname()}_{os.getpid()}"
        name = f"{worker}.{time.time_ns()}.pt.trace.json"
        path = os.path.join(dir_name, name)
        prof.export_chrome_trace(path)
        if use_gzip:
            import gzip

            with open(path, "rb") as plain, gzip.open(path + ".gz", "wb") as packed:
                packed.write(plain.read())
            os.remove(path)

    return save


class profile:
    """Records what the engine does, step by step, as torch.profiler.profile.

    schedule: step number -> ProfilerAction; without it everything is recorded. on_trace_ready(prof) is called at the
    end of each cycle. Then key_averages().table(), events() and export_chrome_trace() tell of the last cycle.
    Differs: of the options only record_shapes, profile_memory and with_flops change what is recorded.
    """

    def __init__(
        self,
        *,
        activities: Iterable[Any] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[[Any], Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        with_modules: bool = False,
        experimental_config: Any = None,
        execution_trace_observer: Any = None,
        acc_events: bool = False,
        use_cuda: bool | None = None,
        custom_trace_id_callback: Callable[[], str] | None = None,
        post_processing_timeout_s: float | None = None,
    ) -> None:
        self.activities = set(activities) if activities is not None else supported_activities()
        self.schedule = schedule or (lambda step: ProfilerAction.RECORD)
        self.on_trace_ready = on_trace_ready
        self.options: dict[str, Any] = {
            "record_shapes": record_shapes,
            "profile_memory": profile_memory,
            "with_flops": with_flops,
        }
        self.step_num = 0
        self.profiler: collecting.profile | None = None
        self.on = False

    def start(self) -> None:
        """Begin."""
        self._enter(self.schedule(self.step_num))

    def stop(self) -> None:
        """End: what was recorded is handed over."""
        if self.on:
            self._close()
            if self.on_trace_ready is not None:
                self.on_trace_ready(self)

    def step(self) -> None:
        """The next step begins."""
        before, self.step_num = self.schedule(self.step_num), self.step_num + 1
        if before is ProfilerAction.RECORD_AND_SAVE:
            self.stop()
        self._enter(self.schedule(self.step_num), before)

    def _enter(self, action: ProfilerAction, before: ProfilerAction = ProfilerAction.NONE) -> None:
        recording = action in (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)
        if recording and not self.on:
            self.profiler, self.on = collecting.profile(**self.options), True
            self.profiler.__enter__()
        elif not recording and self.on:
            self._close()

    def _close(self) -> None:
        if self.profiler is not None:
            self.profiler.__exit__(None, None, None)
        self.on = False

    def __enter__(self) -> profile:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _recorded(self) -> collecting.profile:
        if self.profiler is None:
            raise AssertionError("Profiler must be started and have recorded a step before its results are asked for")
        return self.profiler

    def events(self) -> EventList:
        """Every call of the last cycle."""
        return self._recorded().function_events

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0, **more: Any) -> EventList:
        """The calls of each name together."""
        return self._recorded().key_averages(group_by_input_shape)

    def export_chrome_trace(self, path: str) -> None:
        """Write the last cycle for chrome://tracing."""
        self._recorded().export_chrome_trace(path)

    def add_metadata(self, key: str, value: str) -> None:
        """Accepted, and not written anywhere."""

    def toggle_collection_dynamic(self, enable: bool, activities: Iterable[Any]) -> None:
        """Switch recording off or on again."""
        if self.profiler is not None and enable != self.on:
            (self.profiler.__enter__ if enable else self._close)()
            self.on = enable
