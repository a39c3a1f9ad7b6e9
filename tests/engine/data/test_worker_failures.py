"""What goes wrong in a worker is said in the main process, at once, and never a hang."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

import gradbook
from gradbook.utils import data


@pytest.fixture(autouse=True)
def no_process_stays():
    yield
    assert multiprocessing.active_children() == []


class Fails(data.Dataset):
    """Sample 2 does what it is told; the others are their number."""

    def __init__(self, deed):
        self.deed = deed

    def __len__(self):
        return 5

    def __getitem__(self, i):
        return self.deed() if i == 2 else i


class OfTwo(Exception):
    """Cannot be made from a text."""

    def __init__(self, a, b):
        super().__init__(a, b)


def throw(error):
    raise error


def epoch(deed, **options):
    return iter(
        data.DataLoader(Fails(deed), batch_size=None, num_workers=2, collate_fn=lambda sample: sample, **options)
    )


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("no such image"), ValueError),
        (KeyError("no such image"), KeyError),
        (gradbook.errors.ShapeError("no such image"), gradbook.errors.ShapeError),
        (OfTwo("no such image", 2), RuntimeError),
        (UnicodeDecodeError("utf8", b"a", 0, 1, "no such image"), RuntimeError),
        (type("Local", (ArithmeticError,), {})("no such image"), RuntimeError),  # its type cannot be pickled
    ],
)
def test_an_error_comes_with_its_type_and_the_workers_traceback(error, kind):
    batches = epoch(lambda: throw(error))
    assert [next(batches), next(batches)] == [0, 1]
    with pytest.raises(kind) as caught:
        next(batches)
    assert type(caught.value) is kind
    text = str(caught.value)
    assert text.startswith(f"Caught {type(error).__name__} in DataLoader worker process 0.\nOriginal Traceback")
    assert "in __getitem__" in text
    assert "in throw\n    raise error" in text
    assert "no such image" in text
    assert list(batches) == [3, 4], "the other samples are still to be had"


def test_a_batch_that_cannot_be_pickled_is_an_error_not_silence():
    batches = epoch(lambda: lambda: None)
    assert [next(batches), next(batches)] == [0, 1]
    with pytest.raises(Exception, match=r"(?s)in DataLoader worker process 0.*pickle.*lambda"):
        next(batches)
    assert list(batches) == [3, 4]


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        (lambda: os._exit(3), "worker 0 ended with exit code 3"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), r"killed by signal 9 \(SIGKILL\).*memory"),
        (lambda: os.kill(os.getpid(), signal.SIGTERM), r"killed by signal 15 \(SIGTERM\)"),
        (lambda: sys.exit(4), "worker 0 ended with exit code 4"),
    ],
)
def test_a_worker_that_dies_is_named(deed, said):
    batches = epoch(deed)
    pids = [child.pid for child in multiprocessing.active_children()]
    with pytest.raises(
        RuntimeError, match=rf"(?s)DataLoader worker \(pid\(s\) \d+\) exited unexpectedly.*{said}"
    ) as once:
        list(batches)
    assert any(str(pid) in str(once.value) for pid in pids)
    with pytest.raises(RuntimeError, match="exited unexpectedly"):
        next(batches)


def test_a_worker_that_is_killed_while_it_has_nothing_to_do():
    batches = iter(data.DataLoader(range(100), num_workers=2, prefetch_factor=1))
    next(batches)
    victim = batches._workers[1].process
    victim.kill()
    victim.join()
    with pytest.raises(RuntimeError, match=rf"\(pid\(s\) {victim.pid}\) exited unexpectedly"):
        list(batches)


class Unwelcome:
    """Can be pickled, not unpickled."""

    def __reduce__(self):
        return throw, (ValueError("not here"),)


def test_a_batch_that_cannot_be_unpickled_ends_the_epoch():
    batches = epoch(Unwelcome)
    with pytest.raises(ValueError, match="not here"):
        list(batches)
    assert multiprocessing.active_children() == []
    with pytest.raises(RuntimeError, match="could not be received"):
        next(batches)


def test_an_index_that_cannot_be_unpickled_in_the_worker_is_no_hang(capfd):
    with pytest.raises(RuntimeError, match="worker 0 ended with exit code 1"):
        next(iter(data.DataLoader(range(3), sampler=[Unwelcome()], batch_size=None, num_workers=1)))
    assert "ValueError: not here" in capfd.readouterr().err


def test_a_worker_that_dies_in_the_middle_of_a_message():
    from gradbook.utils.data import channel

    ours, theirs = multiprocessing.Pipe(duplex=True)
    theirs._send(b"\x00\x00\x00\x09half")
    theirs.close()
    with pytest.raises(EOFError, match="during message"):
        channel.Channel(ours).recv()


def test_persistent_workers_that_died_are_replaced():
    loader = data.DataLoader(range(6), num_workers=2, persistent_workers=True, batch_size=2)
    assert len(list(loader)) == 3
    loader._iterator._workers[0].process.kill()
    loader._iterator._workers[0].process.join()
    assert [batch.tolist() for batch in loader] == [[0, 1], [2, 3], [4, 5]]


def test_an_error_in_worker_init_fn():
    loader = data.DataLoader(range(4), num_workers=2, worker_init_fn=lambda worker: 1 / worker)
    with pytest.raises(ZeroDivisionError, match="in DataLoader worker process 0"):
        next(iter(loader))


def test_an_error_in_a_streams_iter():
    class Stream(data.IterableDataset):
        def __iter__(self):
            yield 1
            raise OSError("the server is gone")

    batches = iter(data.DataLoader(Stream(), num_workers=1))
    assert next(batches).item() == 1
    with pytest.raises(OSError, match="the server is gone"):
        next(batches)
    assert list(batches) == []


def test_an_error_in_the_sampler_ends_the_workers():
    def order():
        yield 0
        raise LookupError("no more order")

    with pytest.raises(LookupError, match="no more order"):
        iter(data.DataLoader(range(9), sampler=order(), num_workers=2))


def test_a_timeout():
    batches = epoch(lambda: time.sleep(600), timeout=0.5)
    with pytest.raises(RuntimeError, match=r"timed out after 0.5 seconds"):
        list(batches)
    for worker in batches._workers:  # it sleeps; do not wait for it
        worker.process.kill()


def test_what_cannot_be_sent_to_a_spawned_process():
    class Local(data.Dataset):
        def __len__(self):
            return 1

    with pytest.raises(Exception, match="pickle"):
        iter(data.DataLoader(Local(), num_workers=1, multiprocessing_context="spawn"))


def run(program, *args):
    return subprocess.run(
        [sys.executable, *args, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=100
    )


@pytest.mark.parametrize("part", ["dataset=Squares()", "dataset=range(3), collate_fn=collate"])
def test_a_class_of_the_notebook_cannot_be_spawned_and_the_error_says_what_to_do(part):
    done = run(f"""
        from gradbook.utils import data
        class Squares(data.Dataset):
            def __len__(self): return 3
            def __getitem__(self, i): return i
        def collate(samples): return samples
        try:
            next(iter(data.DataLoader({part}, num_workers=1, multiprocessing_context="spawn")))
        except Exception as error:
            print(type(error).__name__, error)
    """)
    assert done.stderr == ""
    assert done.stdout.startswith("PicklingError DataLoader: ")
    for what in (
        "'collate'" if "collate" in part else "'Squares'",
        "__main__",
        "%%writefile",
        "'fork'",
        "num_workers=0",
    ):
        assert what in done.stdout


def test_a_script_without_a_main_guard_is_an_error_not_a_hang(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from gradbook.utils import data\n"
        "list(data.DataLoader(range(3), num_workers=1, multiprocessing_context='spawn'))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=100)
    assert done.returncode == 1
    assert "freeze_support" in done.stderr, "multiprocessing's own advice"
    assert "RuntimeError: DataLoader worker (pid(s) " in done.stderr
