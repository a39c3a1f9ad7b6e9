"""The one thread that talks to the page: few, numbered messages, whatever the training loop does.

A flood of messages silently loses a cell's prints and its end, so the bound holds over all views together.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from typing import Any, Protocol

from gradbook.widgets.wire import Message

__all__ = ["Sender", "Speaker", "sender"]

FRAMES = 20  # a second, over all views
REPLIES = 8  # answers to the page a second; the rest of the bound of 30 is kept for last words
FASTEST = 1 / FRAMES  # seconds between two rounds
SLOWEST = 1.0
RESTING = 0.25  # between two looks while there is nothing new
SHARE = 0.02  # of one core is what sending may cost
LATE = 0.03  # seconds; waking later than this says that the training loop needs the machine
YIELDED = 0.25  # slowest rounds for that reason


class Speaker(Protocol):
    """A view, as the sender sees it."""

    @property
    def busy(self) -> bool:
        """Whether there is, or may soon be, something to say."""
        ...

    def next_message(self) -> Message | None:
        """What is to be said now, told only once; None for nothing."""
        ...

    def deliver(self, message: Message) -> None:
        """Hand a message to the page."""
        ...

    def fail(self, error: Exception) -> None:
        """Hear that sending failed; the view is detached already."""
        ...


class Window:
    """Counts events of the last second. Raises nothing, blocks never."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._times: deque[float] = deque(maxlen=most)

    def allows(self) -> bool:
        """Whether one more event keeps to the bound."""
        return len(self._times) < self.most or time.monotonic() - self._times[0] >= 1.0

    def count(self) -> None:
        """Note one event now."""
        self._times.append(time.monotonic())


class Sender:
    """Collects what views have to say and sends it, at most 20 frames and 30 messages a second in total.

    The thread lives only while a view is busy. Rounds come slower when one costs more than 2 % of a core, when it takes
    long, or when the thread wakes late because the training loop holds the machine.
    """

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._speakers: list[Speaker] = []
        self._replies: dict[tuple[int, str], tuple[Speaker, Message]] = {}
        self._frame_window, self._reply_window = Window(FRAMES), Window(REPLIES)
        self._thread: threading.Thread | None = None
        self._yielding = FASTEST
        self.fastest = FASTEST  # seconds between rounds at best; may be set higher, never lower
        self.interval = FASTEST  # seconds between rounds now
        self.cost = 0.0  # seconds of CPU a round, smoothed
        self._took = 0.0  # seconds the last round took

    @property
    def running(self) -> bool:
        """Whether the thread lives."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    def attach(self, speaker: Speaker) -> None:
        """Listen to a view from now on, and look at it soon. Attaching twice is once."""
        with self._lock:
            if not any(known is speaker for known in self._speakers):
                self._speakers.append(speaker)
            if not self.running:
                self._thread = threading.Thread(target=self._run, name="gradbook-sender", daemon=True)
                self._thread.start()
        self._wake.set()

    def detach(self, speaker: Speaker) -> None:
        """Stop listening to a view. Nothing more is sent for it once this returns."""
        with self._lock:
            self._speakers = [known for known in self._speakers if known is not speaker]
            self._replies = {key: reply for key, reply in self._replies.items() if reply[0] is not speaker}

    def reply(self, speaker: Speaker, content: dict[str, Any]) -> None:
        """Answer the page: at once within the bound, else with the next round, and then only the newest of its kind."""
        message = Message(content)
        with self._lock:
            if self._reply_window.allows():
                self._reply_window.count()
                self._say(speaker, message)
                return
            self._replies[id(speaker), str(content["kind"])] = (speaker, message)
        self.attach(speaker)

    def last(self, speaker: Speaker) -> None:
        """Say what a view has left, in the calling thread, and let it go: its last frame always arrives."""
        with self._lock:
            self._listen_to(speaker)
            self.detach(speaker)

    def _run(self) -> None:
        pause = 0.0
        while True:
            late = self._sleep(pause)
            said = self._round()
            self._adapt(late)
            with self._lock:
                self._speakers = [speaker for speaker in self._speakers if speaker.busy]
                if not self._speakers and not self._replies:
                    if self._thread is threading.current_thread():
                        self._thread = None
                    return
            longer = min(max(pause * 1.5, self.interval), max(RESTING, self.interval))
            pause = self.interval if said else longer

    def _sleep(self, pause: float) -> float:
        """Sleep; news may cut it short, but never below the interval. -> seconds we woke late."""
        shortest = min(pause, self.interval)
        began = time.monotonic()
        time.sleep(shortest)
        late = time.monotonic() - began - shortest
        if pause > shortest:
            self._wake.wait(pause - shortest)
        self._wake.clear()
        return late

    def _round(self) -> bool:
        """Ask every view once. -> whether anything was sent."""
        began, cpu = time.monotonic(), time.thread_time()
        said = False
        with self._lock:
            self._send_replies()
            self._speakers = self._speakers[1:] + self._speakers[:1]  # when the bound bites, it bites in turn
            for speaker in tuple(self._speakers):
                if self._frame_window.allows():
                    said = self._listen_to(speaker) or said
        if said:
            self.cost += 0.2 * (time.thread_time() - cpu - self.cost)
            self._took = time.monotonic() - began
        return said

    def _adapt(self, late: float) -> None:
        slower = self._yielding * (1.3 if late > LATE else 0.9)
        self._yielding = min(max(slower, FASTEST), YIELDED)
        self.interval = min(
            max(FASTEST, self.fastest, self._yielding, self.cost / SHARE, 4 * self._took), max(SLOWEST, self.fastest)
        )

    def _send_replies(self) -> None:
        for key in tuple(self._replies):
            if not self._reply_window.allows():
                return
            self._reply_window.count()
            self._say(*self._replies.pop(key))

    def _listen_to(self, speaker: Speaker) -> bool:
        try:
            message = speaker.next_message()
        except Exception as error:  # whatever a picture does wrong, the training goes on
            self._give_up(speaker, error)
            return False
        if message is None:
            return False
        self._frame_window.count()
        return self._say(speaker, message)

    def _say(self, speaker: Speaker, message: Message) -> bool:
        try:
            speaker.deliver(message)
        except Exception as error:  # a page that went away may not break the cell
            self._give_up(speaker, error)
            return False
        return True

    def _give_up(self, speaker: Speaker, error: Exception) -> None:
        self.detach(speaker)
        speaker.fail(error)


sender = Sender()
if hasattr(os, "register_at_fork"):  # a forked worker owns neither the thread nor the sockets
    os.register_at_fork(after_in_child=sender._reset)
