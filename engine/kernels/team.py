"""The threads that run programs together, and how many of them are worth it.

Workers are Python threads inside a native loop: each spins for a moment on a word of memory of its own, its ticket, and
then sleeps on a lock. Who has a program claims those that are awake, gives each its number, runs as number 0 itself,
and waits until all are done. A worker that sleeps is woken, and not waited for longer than it is worth. Nothing of
Python runs between the claim and the end, so an interrupt comes after the program, and one thread leads at a time:
others meanwhile run their programs alone.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import functools
import os
import sys
import threading
import time
from collections.abc import Callable

import numpy as np

from gradbook.kernels import jit
from gradbook.kernels.program import RUN, Program, aligned, with_pauses

__all__ = ["Team", "team"]

LINE = 16  # words (of 8 bytes) between those that different threads write: two cache lines, which are fetched together
BUSY, CLOSED, JOB, ARRIVED, DONE, TICKETS = (LINE * i for i in range(6))  # where in a team's words
ROOM = 64  # workers that there may be
FREE, ASLEEP, CLAIMED = 0, -1, -2  # tickets; above zero: the number under which a worker is to run the job
IDLE = 200e-6  # seconds that a worker spins before it sleeps

# -> how many threads ran the list; 0: another thread leads the team, nothing was run
LEAD = f"""
define i64 @kernel(ptr %team, ptr %list, i64 %count, i64 %wanted, i64 %patience, ptr %yield) {{
entry:
  %taken = cmpxchg ptr %team, i64 0, i64 1 seq_cst seq_cst
  %mine = extractvalue {{i64, i1}} %taken, 1
  %job = getelementptr i64, ptr %team, i64 {JOB}
  %arrived = getelementptr i64, ptr %team, i64 {ARRIVED}
  %done = getelementptr i64, ptr %team, i64 {DONE}
  %tickets = getelementptr i64, ptr %team, i64 {TICKETS}
  %others = sub i64 %wanted, 1
  br i1 %mine, label %claim, label %refused
refused:
  ret i64 0
claim:
  %w = phi i64 [0, %entry], [%w.next, %settled], [%w, %tried]
  %threads = phi i64 [1, %entry], [%threads.next, %settled], [%threads, %tried]
  %left = phi i64 [%patience, %entry], [%left, %settled], [%left.next, %tried]
  %w.more = icmp slt i64 %w, %others
  br i1 %w.more, label %try, label %claimed
try:
  %w.at = mul i64 %w, {LINE}
  %ticket = getelementptr i64, ptr %tickets, i64 %w.at
  %claim.try = cmpxchg ptr %ticket, i64 {FREE}, i64 {CLAIMED} seq_cst seq_cst
  %got = extractvalue {{i64, i1}} %claim.try, 1
  %over = icmp sle i64 %left, 0
  %go.on = or i1 %got, %over
  br i1 %go.on, label %settled, label %patient
patient:
  %left.next = sub i64 %left, 1
  %left.low = and i64 %left.next, 63
  %left.long = icmp eq i64 %left.low, 0
  br i1 %left.long, label %let, label %hold
let:
  %let.ignored = call i32 %yield()
  br label %tried
hold:
  PAUSE
  br label %tried
tried:
  br label %claim
settled:
  %one = zext i1 %got to i64
  %threads.next = add i64 %threads, %one
  %w.next = add i64 %w, 1
  br label %claim
claimed:
  %job1 = getelementptr i64, ptr %job, i64 1
  %job2 = getelementptr i64, ptr %job, i64 2
  store ptr %list, ptr %job
  store i64 %count, ptr %job1
  store i64 %threads, ptr %job2
  store i64 0, ptr %arrived
  store i64 0, ptr %done
  br label %give
give:
  %g = phi i64 [0, %claimed], [%g.next, %given]
  %number = phi i64 [1, %claimed], [%number.next, %given]
  %g.more = icmp slt i64 %g, %others
  br i1 %g.more, label %look, label %start
look:
  %g.at = mul i64 %g, {LINE}
  %g.ticket = getelementptr i64, ptr %tickets, i64 %g.at
  %state = load atomic i64, ptr %g.ticket monotonic, align 8
  %is.claimed = icmp eq i64 %state, {CLAIMED}
  br i1 %is.claimed, label %hand, label %given
hand:
  store atomic i64 %number, ptr %g.ticket release, align 8
  br label %given
given:
  %was = zext i1 %is.claimed to i64
  %number.next = add i64 %number, %was
  %g.next = add i64 %g, 1
  br label %give
start:
  call void @run(ptr %list, i64 %count, i64 0, i64 %threads, ptr %arrived, ptr %yield)
  %awaited = sub i64 %threads, 1
  br label %wait
wait:
  %spins = phi i64 [0, %start], [%spins.next, %again]
  %finished = load atomic i64, ptr %done acquire, align 8
  %all = icmp sge i64 %finished, %awaited
  br i1 %all, label %end, label %spin
spin:
  %spins.next = add i64 %spins, 1
  %low = and i64 %spins.next, 63
  %long = icmp eq i64 %low, 0
  br i1 %long, label %give.way, label %pause
give.way:
  %ignored = call i32 %yield()
  br label %again
pause:
  PAUSE
  br label %again
again:
  br label %wait
end:
  store atomic i64 0, ptr %team release, align 8
  ret i64 %threads
}}
"""

# a worker's loop -> 1 if the team is closed, 0 if nothing came in `spins` rounds: its ticket then says that it sleeps
WORK = f"""
define i64 @kernel(ptr %team, ptr %ticket, i64 %spins, ptr %yield) {{
entry:
  %closed.at = getelementptr i64, ptr %team, i64 {CLOSED}
  %job = getelementptr i64, ptr %team, i64 {JOB}
  %job1 = getelementptr i64, ptr %job, i64 1
  %job2 = getelementptr i64, ptr %job, i64 2
  %arrived = getelementptr i64, ptr %team, i64 {ARRIVED}
  %done = getelementptr i64, ptr %team, i64 {DONE}
  br label %loop
loop:
  %n = phi i64 [0, %entry], [0, %work], [%n.next, %again], [0, %rest]
  %number = load atomic i64, ptr %ticket acquire, align 8
  %given = icmp sgt i64 %number, 0
  br i1 %given, label %work, label %idle
work:
  %list = load ptr, ptr %job
  %count = load i64, ptr %job1
  %threads = load i64, ptr %job2
  call void @run(ptr %list, i64 %count, i64 %number, i64 %threads, ptr %arrived, ptr %yield)
  store atomic i64 {FREE}, ptr %ticket release, align 8
  %before = atomicrmw add ptr %done, i64 1 acq_rel
  br label %loop
idle:
  %n.next = add i64 %n, 1
  %closed = load atomic i64, ptr %closed.at monotonic, align 8
  %is.closed = icmp ne i64 %closed, 0
  %enough = icmp sge i64 %n.next, %spins
  %stop = or i1 %is.closed, %enough
  br i1 %stop, label %rest, label %spin
spin:
  %low = and i64 %n.next, 63
  %long = icmp eq i64 %low, 0
  br i1 %long, label %give.way, label %pause
give.way:
  %ignored = call i32 %yield()
  br label %again
pause:
  PAUSE
  br label %again
again:
  br label %loop
rest:
  %slept = cmpxchg ptr %ticket, i64 {FREE}, i64 {ASLEEP} seq_cst seq_cst
  %asleep = extractvalue {{i64, i1}} %slept, 1
  br i1 %asleep, label %end, label %loop
end:
  %result = zext i1 %is.closed to i64
  ret i64 %result
}}
"""


@functools.cache
def yielding() -> int:
    """The address of the system's function that lets another thread have the core."""
    library = ctypes.CDLL("kernel32" if sys.platform == "win32" else None)
    function = library.SwitchToThread if sys.platform == "win32" else library.sched_yield
    return ctypes.cast(function, ctypes.c_void_p).value or 0


@functools.cache
def leading() -> Callable[[int, int, int, int, int, int], int]:
    """(team, list, its length, threads wanted, patience, yield) -> threads that ran it; without Python's lock."""
    pointer, number = ctypes.c_void_p, ctypes.c_int64
    kind = ctypes.CFUNCTYPE(number, pointer, pointer, number, number, number, pointer)
    return kind(jit.address(with_pauses(RUN + LEAD)))


@functools.cache
def working() -> Callable[[int, int, int, int], int]:
    """(team, ticket, spins, yield): a worker's loop; without the interpreter lock."""
    kind = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)
    return kind(jit.address(with_pauses(RUN + WORK)))


class Team:
    """Threads for programs. They are started when they are first wanted, and belong to one process."""

    def __init__(self) -> None:
        self._words = aligned((TICKETS,), np.int64)
        self._seen = self._words.data  # read faster than an array
        self._at = self._words.ctypes.data
        self._workers: list[threading.Thread] = []
        self._beds: list[threading.Lock] = []  # what a worker sleeps on
        self._starting = threading.Lock()
        self._spins = 0
        self.per_second = 1.0  # turns of a waiting loop
        self.closed = False

    def run(self, program: Program, threads: int, patience: float = 0.0) -> int:
        """Run a program by so many threads, or as many as are awake within `patience` seconds. -> how many"""
        address, count = program.built()
        threads = min(threads, program.threads)  # there is memory for no more
        if threads > 1 and (threads <= len(self._workers) + 1 or self.grow(threads)):
            self.wake(threads)
            ran = leading()(self._at, address, count, threads, int(patience * self.per_second), yielding())
            if ran:
                return ran
        program.run(unlocked=True)
        return 1

    def wake(self, threads: int) -> None:
        """Wake who sleeps of those that a program by so many threads needs."""
        seen = self._seen
        for i in range(threads - 1):
            bed = self._beds[i]
            if seen[TICKETS + LINE * i] == ASLEEP and bed.locked():
                with contextlib.suppress(RuntimeError):  # another thread woke it at the same time
                    bed.release()

    def grow(self, threads: int) -> bool:
        """Start workers until there are `threads` with who calls. -> False if there cannot be so many."""
        if self.closed or not self._starting.acquire(blocking=False):
            return False
        try:
            if not self._workers:
                self._prepare()
            while len(self._workers) + 1 < min(threads, ROOM + 1):
                self._start_one()
        except RuntimeError:  # the system gives no more threads, or Python is about to end
            return False
        finally:
            self._starting.release()
        return threads <= len(self._workers) + 1

    def _prepare(self) -> None:
        """Compile the loops, and see how fast they turn."""
        self._words = aligned((TICKETS + LINE * (ROOM + 1),), np.int64)
        self._seen, self._at = self._words.data, self._words.ctypes.data
        leading()
        turns, ticket, times = 5_000, self._ticket(ROOM), []
        nothing = ctypes.cast(ctypes.pythonapi.Py_IsInitialized, ctypes.c_void_p).value or 0
        for _ in range(8):  # who gives way meanwhile on a busy machine measures its neighbours
            self._words[TICKETS + LINE * ROOM] = FREE
            start = time.perf_counter()
            working()(self._at, ticket, turns, nothing)
            times.append(time.perf_counter() - start)
        self.per_second = turns / max(min(times), 1e-9)
        self._spins = max(1, int(IDLE * self.per_second))
        atexit.register(self.close)

    def _ticket(self, i: int) -> int:
        return self._at + 8 * (TICKETS + LINE * i)

    def _start_one(self) -> None:
        bed = threading.Lock()
        bed.acquire()
        i = len(self._workers)
        worker = threading.Thread(target=self._serve, args=(i, bed), name=f"gradbook-kernels-{i + 1}", daemon=True)
        worker.start()
        self._beds.append(bed)
        self._workers.append(worker)

    def _serve(self, i: int, bed: threading.Lock) -> None:
        """What a worker does all its life."""
        work, ticket, give_way = working(), self._ticket(i), yielding()
        while not work(self._at, ticket, self._spins, give_way):
            bed.acquire()
            self._words[TICKETS + LINE * i] = FREE

    def close(self) -> None:
        """Let all workers end: no thread is inside native code when Python takes it away. Programs then run alone."""
        self.closed = True
        workers, self._workers = self._workers, []
        self._words[CLOSED] = 1
        for worker, bed in zip(workers, self._beds, strict=True):
            with contextlib.suppress(RuntimeError):  # it is awake
                bed.release()
            worker.join(1.0)
        self._beds = []


_team = Team()


def team() -> Team:
    """The team of this process."""
    return _team


def _new_team() -> None:
    """A child made by fork has none of its parent's threads."""
    global _team
    _team = Team()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_team)
