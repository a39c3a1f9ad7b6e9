"""What runs in a worker process: wait for indices, load the samples, send the batch."""

from __future__ import annotations

import os
import pickle
import queue
import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

import gradbook
from gradbook.utils.data import worker_info
from gradbook.utils.data.channel import Channel
from gradbook.utils.data.fetch import fetcher

__all__ = ["BATCH", "ENDED", "FAILED", "GRACE", "INTERRUPTED", "Failure", "Job", "work"]

BATCH, FAILED, ENDED = "batch", "failed", "ended"
GRACE = 5.0  # seconds that a worker has to finish its sample when the main process has hung up
INTERRUPTED = 128 + signal.SIGINT  # exit code of a worker that an interrupt has ended, as shells have it


@dataclass
class Job:
    """What every worker of a loader is told."""

    dataset: Any
    iterable: bool
    batched: bool
    collate_fn: Callable[[Any], Any]
    drop_last: bool
    num_workers: int
    init_fn: Callable[[int], None] | None
    base_seed: int
    interruptible: bool  # SIGINT was let through in the main process, and shall be here once we are ready


class Failure:
    """An exception on its way to the main process: its type, and its traceback as text."""

    def __init__(self, error: BaseException, where: str) -> None:
        self.kind: Any = type(error)
        self.text = f"Caught {self.kind.__name__} {where}.\nOriginal {''.join(traceback.format_exception(error))}"

    def reraise(self) -> NoReturn:
        """Raise the same type with the text; a RuntimeError where that type cannot be made from a text."""
        text: Any = _Verbatim(self.text) if self.kind is KeyError else self.text
        try:
            error = self.kind(text)
        except Exception:  # a type of the user's, with arguments of its own
            error = RuntimeError(self.text)
        try:
            raise error from None
        finally:
            del error  # an error whose traceback knows it would keep the epoch, and its workers, alive


class _Verbatim(str):
    """A text whose repr is itself: KeyError shows the repr of its argument."""

    def __repr__(self) -> str:
        return str(self)


def work(connection: Any, job: Job, worker_id: int) -> None:
    """The life of a worker. An interrupt ends it silently, with a code of its own: the main process says it."""
    channel = Channel(connection)
    try:
        if job.interruptible:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        _settle(job, worker_id)
        _serve(channel, job, worker_id)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except (BrokenPipeError, ConnectionResetError):
        pass  # nobody waits for this worker any more


def _settle(job: Job, worker_id: int) -> None:
    if sys.platform != "win32":
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a handler that a fork brought along is the main process's
    gradbook.set_num_threads(1)
    seed = job.base_seed + worker_id
    random.seed(seed)
    gradbook.manual_seed(seed)
    np.random.seed(np.random.SeedSequence([job.base_seed, worker_id]).generate_state(4))
    worker_info.current = worker_info.WorkerInfo(worker_id, job.num_workers, seed, job.dataset)


class _Tasks:
    """The main process's wishes, read by a thread: it never waits to say one, and its end is noticed at once."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.epoch = 0
        self.waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while True:
                task = self.channel.recv()
                self.epoch = task[0]
                self.waiting.put(task)
        except (EOFError, OSError):
            self.waiting.put(None)
            time.sleep(GRACE)
            os._exit(1)  # still busy, for nobody
        except BaseException:  # an index that cannot be unpickled here: silence would be a hang
            traceback.print_exc()
            os._exit(1)

    def __iter__(self) -> Any:
        while (task := self.waiting.get()) is not None:
            if task[0] == self.epoch:  # what an older epoch asked for is not wanted any more
                yield task


def _serve(channel: Channel, job: Job, worker_id: int) -> None:
    where = f"in DataLoader worker process {worker_id}"
    tasks = _Tasks(channel)  # before anything that may take long
    broken: Failure | None = None
    try:
        if job.init_fn is not None:
            job.init_fn(worker_id)
    except Exception as error:
        broken = Failure(error, where)
    make: Any = None
    current = -1
    for epoch, index, wanted in tasks:
        if epoch != current:
            current, make = epoch, None
        answer: tuple[str, Any]
        try:
            if make is None and broken is None:
                make = fetcher(job.dataset, job.iterable, job.batched, job.collate_fn, job.drop_last)
            answer = (BATCH, make(wanted)) if broken is None else (FAILED, broken)
        except StopIteration as error:
            answer = (ENDED, None) if job.iterable else (FAILED, Failure(error, where))
        except Exception as error:
            answer = FAILED, Failure(error, where)
        _send(channel, epoch, index, answer, where)
        del answer  # the batch is the main process's now


def _send(channel: Channel, epoch: int, index: int, answer: tuple[str, Any], where: str) -> None:
    """Send an answer; if it cannot be pickled, say that, and if the error's type cannot, its text."""
    try:
        channel.send((epoch, index, *answer))
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:
        failure = answer[1] if answer[0] == FAILED else Failure(error, where)
        if answer[0] == FAILED or not _can_pickle(failure):
            failure.kind = RuntimeError
        channel.send((epoch, index, FAILED, failure))


def _can_pickle(value: Any) -> bool:
    try:
        pickle.dumps(value)
    except Exception:  # whatever the type's own code raises
        return False
    return True
