"""Numbers that a GPU has not computed yet: taken along now, read once they are there, without making anyone wait."""

from __future__ import annotations

from collections import deque
from typing import Any

from gradbook import backends
from gradbook.observe.series import Series

__all__ = ["Deferred"]


class Deferred:
    """Points of curves whose values still live on a device. The training loop adds; `collect` reads what is ready.

    Each point gets an event on the current stream; a value is copied on a stream of its own after its event is done,
    so that neither the loop nor the device waits.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[Series, int, Any, Any]] = deque()
        self._streams: dict[int, Any] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, series: Series, step: int, array: Any) -> None:
        """Take one device scalar along for `series`."""
        cuda = backends.xp_of(array).cuda
        event = cuda.Event(block=False, disable_timing=True)
        event.record()
        self._waiting.append((series, step, array, event))
        if len(self._waiting) > 4096:  # a loop that runs this far ahead of its device: now somebody has to wait
            self.collect(wait=True)

    def collect(self, wait: bool = False) -> None:
        """Append the points whose values have arrived, in order; with `wait`, all of them."""
        while self._waiting:
            series, step, array, event = self._waiting[0]
            if not event.done:
                if not wait:
                    return
                event.synchronize()
            series.append(step, float(array.get(stream=self._stream(array)).reshape(())))
            self._waiting.popleft()

    def _stream(self, array: Any) -> Any:
        number = array.device.id
        if number not in self._streams:
            self._streams[number] = backends.xp_of(array).cuda.Stream(non_blocking=True)
        return self._streams[number]
