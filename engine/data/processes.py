"""A pass over a loader with worker processes: who gets which indices, in which order the batches come, and the end.

The main process has one socket to each worker and no thread. It waits for all sockets and all processes at once, so
that a worker that dies is noticed at once; and no lock is shared that a killed worker could take along.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import pickle
import signal
import sys
import time
import types
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import connection, reduction
from typing import TYPE_CHECKING, Any

from gradbook import events
from gradbook.utils.data.channel import Channel
from gradbook.utils.data.epoch import Epoch
from gradbook.utils.data.worker import ENDED, FAILED, GRACE, INTERRUPTED, Job, work

if TYPE_CHECKING:
    from gradbook.utils.data.dataloader import DataLoader

__all__ = ["WorkersEpoch"]

GLANCE = 0.1  # seconds between two safe points while a watched loop waits for a batch
SOON = 1.0  # seconds until a process that has closed its socket is gone
GONE = (BrokenPipeError, ConnectionResetError, EOFError)
_channels: weakref.WeakSet[Channel] = weakref.WeakSet()  # our ends, which a forked child must not keep open


def _forget_channels() -> None:
    for channel in list(_channels):
        channel.close()
    _channels.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_channels)


class Worker:
    """A worker process as the main process sees it."""

    def __init__(self, context: Any, job: Any, number: int) -> None:
        ours, theirs = context.Pipe(duplex=True)
        self.number = number
        self.channel = Channel(ours)
        _channels.add(self.channel)
        self.process = context.Process(
            target=work, args=(theirs, job, number), name=f"DataLoaderWorker-{number}", daemon=True
        )
        try:
            with _interrupts_later(context):
                self.process.start()
        except BaseException:
            self.channel.close()
            raise
        finally:
            theirs.close()

    def how_it_ended(self) -> str:
        """For an error: which process, and what became of it."""
        self.process.join(SOON)
        code = self.process.exitcode
        who = f"DataLoader worker (pid(s) {self.process.pid}) exited unexpectedly: worker {self.number}"
        if code is not None and code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else "unknown"
            hint = ""
            if name == "SIGKILL":
                hint = ". The system does that when memory runs out: fewer workers or smaller batches need less"
            return f"{who} was killed by signal {-code} ({name}){hint}."
        return (
            f"{who} ended with exit code {code}. What it printed stands above, or in the terminal; with num_workers=0 "
            "the same code runs in the main process, where its error is seen."
        )


class WorkersEpoch(Epoch):
    """Batches that worker processes load ahead; they end with the pass, or with the loader if they persist."""

    length_hint = (
        " Each worker iterates over its own copy of the data set: let __iter__ give only this worker's share "
        "(gradbook.utils.data.get_worker_info), or set it in worker_init_fn."
    )

    def __init__(self, loader: DataLoader[Any]) -> None:
        super().__init__(loader)
        self._epoch = 0
        self._failure: str | None = None
        self._workers: list[Worker] = []
        self._finish = weakref.finalize(self, _end, self._workers, os.getpid())
        self._persistent, self._timeout, self._in_order = loader.persistent_workers, loader.timeout, loader.in_order
        self._ahead = max(1, loader.prefetch_factor or 0)
        context = loader.multiprocessing_context or multiprocessing.get_context()
        method = context.get_start_method()
        job = Job(
            loader.dataset, loader._iterable, loader._auto_collation, loader.collate_fn, loader.drop_last,
            loader.num_workers, loader.worker_init_fn, self._base_seed, _can_block_interrupts(method),
        )  # fmt: skip
        try:
            for number in range(loader.num_workers):
                self._workers.append(Worker(context, job if method == "fork" else _Parcel(job), number))
        except BaseException:
            self._finish()
            raise
        self._prime()

    @property
    def alive(self) -> bool:
        """True while all workers can take another epoch."""
        return self._finish.alive and all(worker.process.is_alive() for worker in self._workers)

    def restart(self, loader: DataLoader[Any]) -> None:
        """The next epoch, with the same processes. What older epochs asked for is dropped."""
        self._epoch += 1
        self._begin(loader)
        self._prime()

    def _prime(self) -> None:
        self._sent = 0
        self._pending: dict[int, Worker] = {}  # asked for, not there yet; in order
        self._arrived: dict[int, tuple[str, Any]] = {}  # there, not handed out yet
        self._active = list(self._workers)  # those whose stream goes on
        self._turn = 0
        try:
            for _ in range(self._ahead * len(self._workers)):
                self._ask()
        except BaseException:  # the sampler's, or an interrupt in the middle of a message
            self._finish()
            raise

    def _ask(self) -> None:
        """Send the next indices to the worker whose turn it is."""
        if not self._active or len(self._pending) + len(self._arrived) >= self._ahead * len(self._workers):
            return
        worker = self._next_worker()
        if worker is None:
            return
        try:
            indices = next(self._indices)
        except StopIteration:
            return
        index, self._sent = self._sent, self._sent + 1
        self._pending[index] = worker
        try:
            worker.channel.send((self._epoch, index, indices))
        except GONE:
            self._give_up(worker)

    def _next_worker(self) -> Worker | None:
        """In turn; where order does not matter, one that has not enough to do."""
        for _ in range(len(self._active)):
            worker = self._active[self._turn % len(self._active)]
            self._turn += 1
            if self._in_order or sum(w is worker for w in self._pending.values()) < self._ahead:
                return worker
        return None

    def _take(self) -> Any:
        if self._failure is not None:
            raise RuntimeError(self._failure)
        try:
            while self._pending or self._arrived:
                index = self._due()
                if index is None:
                    self._receive()
                    continue
                kind, value = self._arrived.pop(index)
                self._ask()
                if kind == FAILED:
                    value.reraise()
                return value
        except KeyboardInterrupt:  # half a message may have been read; and nobody wants to wait for a sample now
            for worker in self._workers:
                worker.process.terminate()
            self._finish()
            raise
        if not self._persistent:
            self._finish()
        raise StopIteration

    def _due(self) -> int | None:
        """The index of the batch to hand out, if it is there."""
        if not self._arrived:
            return None
        if not self._in_order:
            return int(next(iter(self._arrived)))
        first = min(self._arrived)
        if self._pending and next(iter(self._pending)) < first:
            return None
        return int(first)

    def _receive(self) -> None:
        """Wait for one answer at least."""
        busy = {worker.channel.connection: worker for worker in self._pending.values()}
        ends = {worker.process.sentinel: worker for worker in self._workers}
        ready = self._wait([*busy, *ends])
        heard = [busy[one] for one in ready if one in busy]
        for worker in heard:
            try:
                epoch, index, kind, value = worker.channel.recv()
            except GONE:
                self._give_up(worker)
            except Exception as error:  # it cannot be told which batch that was: the order is lost
                self._failure = f"DataLoader: a batch could not be received: {error!r}"
                self._finish()
                raise
            if epoch != self._epoch:
                continue
            self._pending.pop(index, None)
            if kind == ENDED:
                self._retire(worker)
            else:
                self._arrived[index] = kind, value
        if not heard:
            self._give_up(next(ends[one] for one in ready))

    def _wait(self, waitables: list[Any]) -> list[Any]:
        """Those that have something to say. Raises RuntimeError after the loader's timeout."""
        patience = self._timeout or float("inf")
        until = time.monotonic() + patience
        while True:
            rest = until - time.monotonic()
            if rest <= 0:
                raise RuntimeError(f"DataLoader timed out after {self._timeout} seconds")
            watched = bool(events.control) or sys.platform == "win32"  # there, an interrupt does not end a wait
            ready = connection.wait(waitables, min(rest, GLANCE) if watched else None if rest == float("inf") else rest)
            if ready:
                return ready
            events.safe_point()

    def _retire(self, worker: Worker) -> None:
        """The stream of this worker has ended: the others get its turns."""
        if worker in self._active:
            place = self._active.index(worker)
            turn = self._turn % len(self._active)
            self._active.remove(worker)
            self._turn = turn - (place < turn)
        self._ask()

    def _give_up(self, worker: Worker) -> None:
        self._failure = worker.how_it_ended()
        self._finish()
        if worker.process.exitcode == INTERRUPTED:  # ours was lost, as one that comes in a finalizer is
            raise KeyboardInterrupt from None
        raise RuntimeError(self._failure) from None


def _end(workers: list[Worker], owner: int) -> None:
    """Hang up on workers, wait for them, and end those that do not listen."""
    if os.getpid() != owner:
        return  # a fork's copy of the iterator
    for worker in workers:
        worker.channel.hang_up()
    until = time.monotonic() + GRACE
    for worker in workers:
        worker.process.join(max(0.0, until - time.monotonic()))
        if worker.process.is_alive():
            worker.process.terminate()
            worker.process.join(GRACE)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()


def _can_block_interrupts(method: str) -> bool:
    """True if a worker may be started with SIGINT blocked, and has to unblock it."""
    if method == "forkserver" or not hasattr(signal, "pthread_sigmask"):
        return False  # the server would keep the signal blocked for all that it starts
    return signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@contextmanager
def _interrupts_later(context: Any) -> Iterator[None]:
    """A worker that starts is not interrupted before it can end in silence."""
    if not _can_block_interrupts(context.get_start_method()):
        yield
        return
    if context.get_start_method() == "spawn":
        from multiprocessing import resource_tracker  # not on Windows

        resource_tracker.ensure_running()  # spawn needs it, and its start would unblock the signal
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


class _Parcel:
    """A job for processes that start anew: pickled as it is sent, and refused where they could not read it."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def __reduce__(self) -> Any:
        file = io.BytesIO()
        (_NotebookPickler if _is_interactive() else reduction.ForkingPickler)(file, 5).dump(self.job)
        return pickle.loads, (file.getvalue(),)


def _is_interactive() -> bool:
    """True in a notebook or at a prompt: there is no file from which a new process could make __main__."""
    main = sys.modules.get("__main__")
    return getattr(main, "__spec__", None) is None and not hasattr(main, "__file__")


class _NotebookPickler(reduction.ForkingPickler):
    """Refuses what is defined in __main__."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, (type, types.FunctionType)) and obj.__module__ == "__main__":
            raise pickle.PicklingError(
                f"DataLoader: worker processes that are spawned cannot see {obj.__qualname__!r}, which is defined in "
                "this notebook (__main__). Put it into a file (%%writefile my_data.py) and import it, or "
                "use multiprocessing_context='fork' (Linux), or num_workers=0"
            )
        return NotImplemented
