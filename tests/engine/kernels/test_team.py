"""Programs run by several threads give what one thread gives, end whatever happens, and leave idle cores alone."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradbook.backends import threads as threads_module
from gradbook.kernels.host import unavailable

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)

from gradbook.kernels import pace as module
from gradbook.kernels import team as team_module
from gradbook.kernels.gemm import matmul
from gradbook.kernels.pace import Paced
from gradbook.kernels.program import Program
from gradbook.kernels.softmax import softmax
from gradbook.kernels.team import ASLEEP, LINE, TICKETS, Team, team

ENOUGH = 0.2  # seconds of patience: on a busy machine, too, threads that were woken take part


def shared(team: Team, program: Program, threads: int) -> None:
    """Run a program by so many threads. One that falls asleep right after it was looked at misses the run."""
    for _ in range(20):
        if team.run(program, threads, ENOUGH) == threads:
            return
    raise AssertionError(f"never run by {threads} threads")


@pytest.fixture
def own_team() -> Iterator[Team]:
    """A team of this test alone."""
    made = Team()
    yield made
    made.close()


def chain_of(layers: int, size: int = 48, seed: int = 0) -> tuple[Program, Any]:
    """A program of products and softmaxes, each of which reads what the one before wrote; and its last result."""
    rng = np.random.default_rng(seed)
    program = Program(threads=8)
    x = rng.standard_normal((size, size)).astype(np.float32)
    for _ in range(layers):
        weight, y, z = (rng.standard_normal((size, size)).astype(np.float32) for _ in range(3))
        matmul(program, y, x, weight)
        softmax(program, z, y)
        x = z
    return program, x


@pytest.mark.parametrize("threads", [2, 3, 5])
def test_a_team_computes_what_one_thread_does(own_team: Team, threads: int) -> None:
    program, out = chain_of(20)
    program.run()
    alone = out.copy()
    for _ in range(30):
        out[...] = 0
        shared(own_team, program, threads)
        np.testing.assert_array_equal(out, alone)


def test_who_sleeps_is_woken_but_not_waited_for(own_team: Team) -> None:
    program, out = chain_of(1)
    shared(own_team, program, 2)
    wait_until(lambda: own_team._words[TICKETS] == ASLEEP)
    own_team._beds[0], bed = threading.Lock(), own_team._beds[0]  # nobody wakes it
    out[...] = 0
    assert own_team.run(program, 2) == 1
    assert out.any()
    own_team._beds[0] = bed
    shared(own_team, program, 2)


def wait_until(what: Callable[[], Any]) -> None:
    for _ in range(5000):
        if what():
            return
        time.sleep(1e-3)
    raise AssertionError("it did not happen within five seconds")


def test_idle_threads_use_no_time(own_team: Team) -> None:
    program, _ = chain_of(1)
    shared(own_team, program, 4)
    wait_until(lambda: all(own_team._words[TICKETS + LINE * i] == ASLEEP for i in range(3)))
    before = time.process_time()
    time.sleep(0.1)
    assert time.process_time() - before < 0.02


def test_neighbours_do_not_change_how_fast_a_waiting_loop_seems_to_turn(
    own_team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    @ctypes.CFUNCTYPE(ctypes.c_int)
    def busy() -> int:  # who gives way gets the core back after a while
        time.sleep(1e-3)
        return 0

    monkeypatch.setattr(team_module, "yielding", lambda: ctypes.cast(busy, ctypes.c_void_p).value)
    own_team._prepare()
    assert own_team.per_second > 1e6  # else threads would fall asleep before anybody could claim them


def test_several_python_threads_at_once(own_team: Team) -> None:
    wrong: list[int] = []

    def work(seed: int) -> None:
        program, out = chain_of(5, seed=seed)
        program.run()
        alone = out.copy()
        for _ in range(100):
            out[...] = 0
            own_team.run(program, 3, 1e-3)
            if not np.array_equal(out, alone):
                wrong.append(seed)

    callers = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not wrong


def test_a_closed_team_runs_alone() -> None:
    program, out = chain_of(2)
    made = Team()
    shared(made, program, 3)
    workers = list(made._workers)
    made.close()
    assert not any(worker.is_alive() for worker in workers)
    out[...] = 0
    assert made.run(program, 3, ENOUGH) == 1
    assert out.any()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_has_a_team_of_its_own() -> None:
    done = run_python("""
        program, out = chain_of(3)
        program.run(); alone = out.copy()
        shared(team(), program, 2)
        child = os.fork()
        out[...] = 0
        shared(team(), program, 2)
        good = bool((out == alone).all())
        if not child:
            os._exit(0 if good else 1)
        print(good, os.waitpid(child, 0)[1])
    """)
    assert done.stdout.split() == ["True", "0"], done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_an_interrupt_comes_after_the_program() -> None:
    program, out = chain_of(300)
    program.run()
    alone = out.copy()
    shared(team(), program, 2)
    started = time.perf_counter()
    program.run()
    took = time.perf_counter() - started
    whole = 0
    for i in range(8):
        out[...] = 0
        with pytest.raises(KeyboardInterrupt):
            interrupted(program, took * i / 8)
        if out.any():  # else the signal came before the program began
            np.testing.assert_array_equal(out, alone)
            whole += 1
        shared(team(), program, 2)
    assert whole


def interrupted(program: Program, after: float) -> None:
    """Run a program with an interrupt some seconds later."""
    killer = threading.Timer(after, os.kill, (os.getpid(), signal.SIGINT))
    killer.start()
    team().run(program, 2, ENOUGH)
    killer.join()
    time.sleep(0.1)


def test_python_ends_while_the_threads_are_awake() -> None:
    done = run_python("""
        program, out = chain_of(50)
        background = threading.Thread(target=lambda: [team().run(program, 2) for _ in range(10**6)], daemon=True)
        background.start()
        time.sleep(0.1)
        print("end")
    """)
    assert (done.returncode, done.stdout.split()) == (0, ["end"]), done.stderr


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter with this file's names."""
    import textwrap

    head = "from tests.engine.kernels.test_team import *\nimport os, threading, time\n"
    root = Path(__file__).parents[3]
    return subprocess.run(
        [sys.executable, "-c", head + textwrap.dedent(code)], capture_output=True, text=True, cwd=root, timeout=60
    )


# -- pacing ----------------------------------------------------------------------------------------------------------


class Clock:
    """A time that only programs move on."""

    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now


class Machine:
    """Stands for a program and for the team: what a run takes by how many threads."""

    threads = 64

    def __init__(self, clock: Clock, took: Callable[[int], float]) -> None:
        self.clock, self.took, self.ran = clock, took, list[int]()

    def run(self, program: Any = None, threads: int = 1, patience: float = 0.0, *, unlocked: bool = False) -> int:
        self.ran.append(threads)
        self.clock.now += self.took(threads)
        return threads

    def quick(self) -> Callable[[], Any]:
        return self.run


@pytest.fixture
def paced(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Paced, Machine]]:
    """Makes a paced program out of what a run takes, on a machine with some cores."""

    def make(took: Callable[[int], float], cores: int = 2) -> tuple[Paced, Machine]:
        clock = Clock()
        machine = Machine(clock, took)
        monkeypatch.setattr(module, "time", clock)
        monkeypatch.setattr(module, "team", lambda: machine)
        monkeypatch.setattr(module, "most_threads", lambda: cores)
        return Paced(machine), machine  # type: ignore[arg-type]

    return make


def runs(program: Paced, machine: Machine, count: int) -> list[int]:
    """By how many threads each of `count` runs was made."""
    machine.ran.clear()
    for _ in range(count):
        program.run()
    return machine.ran.copy()


def test_a_quick_program_is_left_to_one_thread(paced: Any) -> None:
    program, machine = paced(lambda threads: 5e-6)
    assert runs(program, machine, 1000) == [1] * 1000


def test_a_long_one_is_shared_where_that_is_faster(paced: Any) -> None:
    program, machine = paced(lambda threads: 1e-3 / threads, cores=8)
    runs(program, machine, 40)
    shared = runs(program, machine, 1000)
    assert shared.count(8) > 900
    program, machine = paced(lambda threads: 1e-3 * (0.98 if threads > 1 else 1))
    runs(program, machine, 40)
    assert runs(program, machine, 1000).count(1) > 900


def test_comparing_again_costs_little(paced: Any) -> None:
    program, machine = paced(lambda threads: 1e-3 if threads == 2 else 3e-3)
    runs(program, machine, 40)
    before = machine.clock.now
    runs(program, machine, 10_000)
    assert machine.clock.now - before < 10_000 * 1e-3 * 1.03


def test_with_a_neighbour_it_runs_alone_and_comes_back(paced: Any) -> None:
    busy = [False]
    program, machine = paced(lambda threads: (8e-3 if busy[0] else 0.5e-3) if threads == 2 else 1e-3)
    runs(program, machine, 40)
    assert set(runs(program, machine, 50)) == {2}
    busy[0] = True
    runs(program, machine, 12)
    assert set(runs(program, machine, 50)) == {1}
    assert runs(program, machine, 5000).count(2) < 50
    busy[0] = False
    runs(program, machine, 1000)
    assert runs(program, machine, 100).count(2) > 90


def test_the_users_number_of_threads_is_obeyed_at_once(paced: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    program, machine = paced(lambda threads: 1e-3 / threads, cores=4)
    assert 4 in runs(program, machine, 40)
    monkeypatch.setattr(module, "most_threads", lambda: 1)
    assert set(runs(program, machine, 40)) == {1}
    monkeypatch.setattr(module, "most_threads", lambda: 3)
    assert max(runs(program, machine, 40)) == 3


def test_a_quick_programs_place_among_the_steps_is_taken_by_the_program_itself(paced: Any) -> None:
    program, machine = paced(lambda threads: 5e-6)
    program.steps = [program.run]
    runs(program, machine, 10)
    assert program.steps == [machine.run]


def test_without_a_setting_programs_use_all_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads_module, "_decided", False)
    assert threads_module.most_threads() == threads_module.usable_cores()
    monkeypatch.setattr(threads_module, "_threads", threads_module.get_num_threads())
    threads_module.set_num_threads(threads_module.get_num_threads())
    assert threads_module.most_threads() == threads_module.get_num_threads()
