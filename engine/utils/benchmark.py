"""torch.utils.benchmark: Timer, on timeit."""

from __future__ import annotations

import statistics
import timeit
from dataclasses import dataclass, field
from typing import Any

from gradbook.backends.threads import get_num_threads, set_num_threads

__all__ = ["Measurement", "Timer"]


@dataclass
class Measurement:
    """How long a statement took: `times` in seconds a run, one a repetition of `number_per_run` runs."""

    number_per_run: int
    raw_times: list[float]
    label: str = ""
    times: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self.times = [seconds / self.number_per_run for seconds in self.raw_times]

    @property
    def median(self) -> float:
        """Seconds a run, in the middle."""
        return statistics.median(self.times)

    @property
    def mean(self) -> float:
        """Seconds a run, on average."""
        return statistics.fmean(self.times)

    @property
    def iqr(self) -> float:
        """Seconds between the first quarter and the last."""
        if len(self.times) < 2:
            return 0.0
        first, _, last = statistics.quantiles(self.times, n=4, method="inclusive")
        return last - first

    def __repr__(self) -> str:
        size = f"{len(self.times)} measurements of {self.number_per_run} runs"
        return f"{self.label}\n  {self.median * 1e6:.2f} us\n  {size}"


class Timer:
    """Measure a statement, as torch.utils.benchmark.Timer: with num_threads threads, one unless said otherwise."""

    def __init__(
        self,
        stmt: str = "pass",
        setup: str = "pass",
        global_setup: str = "",
        timer: Any = timeit.default_timer,
        globals: dict[str, Any] | None = None,
        label: str | None = None,
        sub_label: str | None = None,
        description: str | None = None,
        env: str | None = None,
        num_threads: int = 1,
        language: Any = "python",
    ) -> None:
        self._timer = timeit.Timer(stmt, setup, timer, {**(globals or {})})
        self._threads = num_threads
        self._label = " ".join(part for part in (label or stmt, sub_label, description) if part)

    def _run(self, number: int) -> float:
        before = get_num_threads()
        set_num_threads(self._threads)
        try:
            return self._timer.timeit(number)
        finally:
            set_num_threads(before)

    def timeit(self, number: int = 1_000_000) -> Measurement:
        """Run it that often, once warmed up."""
        self._run(max(1, number // 100))
        return Measurement(number, [self._run(number)], self._label)

    def blocked_autorange(self, callback: Any = None, min_run_time: float = 0.2) -> Measurement:
        """Run it in blocks until min_run_time seconds have passed."""
        number = 1
        while (seconds := self._run(number)) < min_run_time / 1000 and number < 1 << 30:
            number *= 10
        times = [seconds]
        while sum(times) < min_run_time:
            times.append(self._run(number))
        return Measurement(number, times, self._label)

    def adaptive_autorange(self, threshold: float = 0.1, *, min_run_time: float = 0.01, **limits: Any) -> Measurement:
        """As blocked_autorange."""
        return self.blocked_autorange(min_run_time=min_run_time)
