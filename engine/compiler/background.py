"""Plans are made in a thread beside the training: one after the other, and no thread is left when all are made."""

from __future__ import annotations

import atexit
import os
import threading
from collections import deque
from collections.abc import Callable

from gradbook.kernels import jit

__all__ = ["Background", "background"]

WAIT = 5.0  # seconds that the end of Python waits at most, for the module that LLVM is compiling


class Background:
    """Does things in their order, in a thread that lives as long as there are some."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()
        self._change = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None
        self._closed = False

    def do(self, what: Callable[[], None]) -> None:
        """Have something done. What it raises is shown as an exception of a thread."""
        with self._change:
            if self._closed:
                return
            self._waiting.append(what)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="gradbook-compile", daemon=True)
                self._thread.start()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is left to do. -> False if that took too long."""
        with self._change:
            return self._change.wait_for(lambda: self._thread is None, timeout)

    def _work(self) -> None:
        while True:
            with self._change:
                if not self._waiting:
                    self._thread = None
                    self._change.notify_all()
                    return
                what = self._waiting.popleft()
            try:
                what()
            except BaseException:
                with self._change:
                    self._thread = None
                    self._change.notify_all()
                raise
            del what

    def close(self) -> None:
        """Python ends: begin nothing more, and let LLVM finish the module it is at."""
        with self._change:
            self._closed = True
            self._waiting.clear()
            thread = self._thread
        jit.stop(thread)
        if thread is not None:
            thread.join(WAIT)


_background = Background()
atexit.register(lambda: _background.close())


def background() -> Background:
    """The one of this process."""
    return _background


def _new() -> None:
    """A child made by fork has not its parent's thread."""
    global _background
    _background = Background()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new)
