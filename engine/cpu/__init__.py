"""torch.cpu: the processor, asked as if it were a GPU. One device, always there, nothing to wait for."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any

__all__ = [
    "Event", "Stream", "StreamContext", "current_device", "current_stream", "device_count", "is_available",
    "is_initialized", "set_device", "stream", "synchronize",
]  # fmt: skip


class Stream:
    """The one queue of work."""

    def __init__(self, priority: int = -1) -> None:
        pass

    def wait_stream(self, stream: Any) -> None:
        """Nothing to wait for."""

    def record_event(self) -> Event:
        """-> an event that is passed already."""
        return Event()

    def synchronize(self) -> None:
        """Nothing to wait for."""


class Event:
    """A moment that is passed already."""

    def __init__(self, enable_timing: bool = False) -> None:
        pass

    def query(self) -> bool:
        """True."""
        return True

    def record(self, stream: Any = None) -> None:
        """Nothing is in the queue."""

    def synchronize(self) -> None:
        """Nothing to wait for."""

    def wait(self, stream: Any = None) -> None:
        """Nothing to wait for."""


_stream = Stream()


def is_available() -> bool:
    """True."""
    return True


def is_initialized() -> bool:
    """True."""
    return True


def device_count() -> int:
    """1."""
    return 1


def current_device() -> str:
    """The one device, "cpu"."""
    return "cpu"


def set_device(device: Any) -> None:
    """There is only one."""


def synchronize(device: Any = None) -> None:
    """Nothing to wait for."""


def current_stream(device: Any = None) -> Stream:
    """The one stream."""
    return _stream


@contextlib.contextmanager
def stream(stream: Any) -> Iterator[None]:
    """A block whose work goes to the one stream."""
    yield


StreamContext = stream


def __getattr__(name: str) -> Any:
    """`torch.cpu.amp`, imported when it is named."""
    if name == "amp":
        return importlib.import_module("gradbook.cpu.amp")
    raise AttributeError(f"module 'gradbook.cpu' has no attribute {name!r}")
