"""Workers and their memory are gone: after the loop, a break, an error, an interrupt, the end of the interpreter."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from gradbook.utils import data

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="looks at processes in /proc")
PATIENCE = 60  # seconds until a test gives up; nothing is measured


class Images(data.Dataset):
    """A hundred of 64 KiB."""

    def __len__(self):
        return 100

    def __getitem__(self, i):
        return np.full(16384, i, np.float32)


def loader(**options):
    return data.DataLoader(Images(), num_workers=2, **options)


def pids():
    return sorted(child.pid for child in multiprocessing.active_children())


def running(pid):
    """True unless the process is gone, or a zombie that only waits to be counted."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(done, what):
    until = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < until, what
        time.sleep(0.02)


def test_the_end_of_the_epoch():
    count = 0
    for _ in loader():
        count += 1
        assert len(pids()) == 2
    assert count == 100
    assert pids() == []


def test_a_break():
    for _ in loader():
        break
    assert pids() == []


def test_del():
    epoch = iter(loader())
    next(epoch)
    assert len(pids()) == 2
    del epoch
    assert pids() == []


def test_an_error_in_the_loop():
    def train():
        for _ in loader():
            raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        train()
    gc.collect()
    assert pids() == []


def test_a_copy_in_a_forked_child_ends_nothing():
    epoch = iter(loader())
    next(epoch)
    child = multiprocessing.get_context("fork").Process(target=epoch._finish)
    child.start()
    child.join()
    assert child.exitcode == 0
    assert len(list(epoch)) == 99
    assert pids() == []


PROGRAM = """
    import os, sys, time
    import multiprocessing
    import numpy as np
    from gradbook.utils import data

    class Images(data.Dataset):
        def __len__(self): return 10**6
        def __getitem__(self, i):
            time.sleep({sample})
            return np.full(16384, i, np.float32)

    loader = data.DataLoader(Images(), num_workers=2, persistent_workers={persistent})
    epoch = iter(loader)
    {first}
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    {then}
"""


def start(first="next(epoch)", then="", sample=0, persistent=False):
    """A process with two workers, of a session of its own. -> process, their pids."""
    program = textwrap.dedent(PROGRAM).format(first=first, then=then, sample=sample, persistent=persistent)
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    workers = [int(word) for word in process.stdout.readline().split()]
    assert len(workers) == 2, process.communicate()
    return process, workers


def end_of(process, workers, names):
    """-> what it said to stderr, once it and its workers are gone and no shared memory stays."""
    _, said = process.communicate(timeout=PATIENCE)
    wait_until(lambda: not any(map(running, workers)), "a worker is left")
    assert set(os.listdir("/dev/shm")) <= names
    return said


@pytest.fixture
def names():
    return set(os.listdir("/dev/shm"))


@pytest.mark.parametrize("persistent", [False, True])
def test_the_end_of_the_interpreter(names, persistent):
    process, workers = start(persistent=persistent)
    assert end_of(process, workers, names) == ""
    assert process.returncode == 0


@pytest.mark.parametrize("where", ["for _ in epoch: pass", "next(epoch); time.sleep(600)"])
def test_an_interrupt_of_the_group(names, where):
    process, workers = start(then=where)
    os.killpg(process.pid, signal.SIGINT)
    said = end_of(process, workers, names)
    lost = said.count("Exception ignored in")  # Python says so of one that comes while it frees something
    assert said.count("Traceback") - lost == 1, "one traceback, the main process's: " + said
    assert said.rstrip().endswith("KeyboardInterrupt")


def test_an_interrupt_that_the_main_process_has_lost(names):
    process, workers = start(then="for _ in epoch: pass")
    for worker in workers:
        os.kill(worker, signal.SIGINT)
    assert end_of(process, workers, names).rstrip().endswith("KeyboardInterrupt")


def test_an_interrupt_while_workers_are_slow(names):
    process, workers = start(first="", then="next(epoch)", sample=600)
    os.kill(process.pid, signal.SIGINT)  # the main process only
    assert end_of(process, workers, names).rstrip().endswith("KeyboardInterrupt")


def test_an_interrupt_while_workers_start(names, tmp_path):
    """Their imports take a while: a SIGINT to all then makes no noise of theirs."""
    script = tmp_path / "spawns.py"
    script.write_text(
        "import time\nfrom gradbook.utils import data\n"
        "if __name__ == '__main__':\n"
        "    epoch = iter(data.DataLoader(range(9), num_workers=2, multiprocessing_context='spawn'))\n"
        "    print(*(worker.process.pid for worker in epoch._workers), flush=True)\n"
        "    time.sleep(600)\n"
    )
    process = subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    workers = [int(word) for word in process.stdout.readline().split()]
    assert len(workers) == 2
    os.killpg(process.pid, signal.SIGINT)
    said = end_of(process, workers, names)
    assert said.count("Traceback") == 1, said
    assert said.rstrip().endswith("KeyboardInterrupt")


def test_a_main_process_that_is_killed_takes_its_workers_along(names):
    process, workers = start(then="time.sleep(600)", persistent=True)
    process.kill()
    end_of(process, workers, names)


@pytest.mark.parametrize("where", ["for x in loader: pass", "time.sleep(600)"])
def test_an_interrupt_of_a_notebook_cell(names, where):
    manager = pytest.importorskip("jupyter_client.manager")
    kernel = manager.KernelManager()
    kernel.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = kernel.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        setup, _ = textwrap.dedent(PROGRAM).split("epoch = iter(loader)")
        client.execute(
            setup.format(sample=0, persistent=False)
            + textwrap.dedent(f"""
            for x in loader:
                print(*(child.pid for child in multiprocessing.active_children()), flush=True)
                {where}
        """)
        )
        text = ""
        while text.count("\n") < 1:
            message = client.get_iopub_msg(timeout=PATIENCE)
            assert message["msg_type"] != "error", message["content"]
            text += message["content"].get("text", "") if message["msg_type"] == "stream" else ""
        workers = [int(word) for word in text.split("\n")[0].split()]
        assert len(workers) == 2
        kernel.interrupt_kernel()
        while message["msg_type"] != "error":
            message = client.get_iopub_msg(timeout=PATIENCE)
        assert message["content"]["ename"] == "KeyboardInterrupt"
        wait_until(lambda: not any(map(running, workers)), "a worker is left")
        assert set(os.listdir("/dev/shm")) <= names
        assert kernel.is_alive()
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)
