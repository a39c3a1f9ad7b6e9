"""Streams and events of the GPU, as torch.cuda.Stream and torch.cuda.Event. CuPy's stand behind them."""

from __future__ import annotations

from typing import Any

from gradbook.backends import cuda as backend

__all__ = ["Event", "Stream", "StreamContext", "current_stream", "default_stream", "set_stream", "stream"]


class Stream:
    """A queue of work on a GPU. Raises NoGPUError where there is none."""

    def __init__(self, device: Any = None, priority: int = 0, _raw: Any = None) -> None:
        backend.require()
        self._raw = backend.xp().cuda.Stream(non_blocking=True) if _raw is None else _raw

    @property
    def cuda_stream(self) -> int:
        """The address that CUDA knows it by."""
        return int(self._raw.ptr)

    def synchronize(self) -> None:
        """Wait until it is empty."""
        self._raw.synchronize()

    def query(self) -> bool:
        """True if it is empty."""
        return bool(self._raw.done)

    def wait_event(self, event: Event) -> None:
        """Let what comes next wait for an event."""
        self._raw.wait_event(event._raw)

    def wait_stream(self, stream: Stream) -> None:
        """Let what comes next wait for what another stream has now."""
        self.wait_event(stream.record_event())

    def record_event(self, event: Event | None = None) -> Event:
        """Put an event in the queue. -> it."""
        made = Event() if event is None else event
        made.record(self)
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and self.cuda_stream == other.cuda_stream

    def __hash__(self) -> int:
        return hash(self.cuda_stream)


class Event:
    """A mark in a stream, with its time. Raises NoGPUError where there is no GPU."""

    def __init__(self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False) -> None:
        backend.require()
        self._raw = backend.xp().cuda.Event(block=blocking, disable_timing=not enable_timing)

    def record(self, stream: Stream | None = None) -> None:
        """Put the mark in a stream, or in the current one."""
        self._raw.record(None if stream is None else stream._raw)

    def wait(self, stream: Stream | None = None) -> None:
        """Let a stream, or the current one, wait for the mark."""
        (current_stream() if stream is None else stream).wait_event(self)

    def query(self) -> bool:
        """True if the mark is passed."""
        return bool(self._raw.done)

    def synchronize(self) -> None:
        """Wait for the mark."""
        self._raw.synchronize()

    def elapsed_time(self, end_event: Event) -> float:
        """ms from this mark to another."""
        return float(backend.xp().cuda.get_elapsed_time(self._raw, end_event._raw))


def current_stream(device: Any = None) -> Stream:
    """The stream that work goes to now. Raises NoGPUError where there is no GPU."""
    backend.require()
    return Stream(_raw=backend.xp().cuda.get_current_stream())


def default_stream(device: Any = None) -> Stream:
    """The stream that work goes to unless said otherwise. Raises NoGPUError where there is no GPU."""
    backend.require()
    return Stream(_raw=backend.xp().cuda.Stream.null)


def set_stream(stream: Stream | None) -> None:
    """Send work to a stream from now on; nothing for None."""
    if stream is not None:
        stream._raw.use()


class StreamContext:
    """Work inside goes to a stream, `with torch.cuda.stream(s):`; nothing changes for None."""

    def __init__(self, stream: Stream | None) -> None:
        self.stream = stream

    def __enter__(self) -> None:
        if self.stream is not None:
            self._before = current_stream()
            set_stream(self.stream)

    def __exit__(self, *exc: object) -> None:
        if self.stream is not None:
            set_stream(self._before)


def stream(stream: Stream | None) -> StreamContext:
    """A block whose work goes to a stream."""
    return StreamContext(stream)
