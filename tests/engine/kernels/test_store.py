"""Machine code on disk, when several processes, other versions, full disks and read-only homes are in the way."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from gradbook.kernels.host import unavailable

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)

from gradbook.kernels import jit, store
from gradbook.kernels.emit import FLOAT, KernelBuilder

WORK = """
    import sys
    import numpy as np
    from gradbook.kernels import jit, selftest
    from gradbook.kernels.emit import FLOAT, KernelBuilder
    from gradbook.kernels.program import call

    def scale(times):
        build = KernelBuilder("scale")
        x, out = build.pointer(0), build.pointer(1)
        with build.loop(build.start, build.stop) as i:
            value = build.load(x, i)
            for _ in range(times):
                value = build.mul(value, build.constant(2.0))
            build.store(value, out, i)
        return build.address()

    print("begun", flush=True)
    for times in range(1, 41):
        x, out = np.arange(5, dtype=np.float32), np.zeros(5, np.float32)
        call(scale(times), 0, 5, x, out)
        assert (out == x * 2.0**times).all(), times
    assert selftest.wrong() == "", selftest.wrong()
    print("right")
"""


def start(folder: Path, **env: str) -> subprocess.Popen[str]:
    """A process that compiles some kernels and looks whether they compute what they should."""
    environment = {**os.environ, store.VARIABLE: str(folder), **env}
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WORK)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment,
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> list[str]:
    """What it printed."""
    out, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    assert not error
    return out.split()


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is of Unix")
def test_processes_that_compile_the_same_at_once_and_one_that_dies(tmp_path: Path) -> None:
    running = [start(tmp_path) for _ in range(4)]
    victim = running.pop()
    assert victim.stdout is not None
    assert victim.stdout.readline() == "begun\n"
    time.sleep(0.02)
    victim.send_signal(signal.SIGKILL)
    victim.communicate(timeout=60)
    assert [ended(process) for process in running] == [["begun", "right"]] * 3
    kept = [file for file in (tmp_path / "kernels").iterdir() if not file.name.startswith(".")]
    assert len(kept) > 40
    assert all(store.MAGIC in file.read_bytes()[:64] for file in kept)
    assert ended(start(tmp_path)) == ["begun", "right"]


def test_half_a_file_of_a_process_that_died_is_cleared_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(store.VARIABLE, str(tmp_path))
    store.folder.cache_clear()
    try:
        folder = store.folder()
        assert folder is not None
        (folder / ".left").write_bytes(b"half")
        os.utime(folder / ".left", (time.time() - 2 * store.STALE,) * 2)
        (folder / ".fresh").write_bytes(b"being written")
        store.save("a" * 64, b"code")
        store.prune()
        assert {file.name for file in folder.iterdir()} == {".fresh", "a" * 64}
    finally:
        store.folder.cache_clear()


def test_code_of_another_compiler_or_processor_is_another_file(monkeypatch: pytest.MonkeyPatch) -> None:
    before = jit.key_of("text")
    assert before == jit.key_of("text")
    real = jit._compiler()
    for i in range(len(real)):
        monkeypatch.setattr(jit, "_compiler", lambda i=i: (*real[:i], "other", *real[i + 1 :]))
        assert jit.key_of("text") != before


def test_without_a_place_for_files_all_is_compiled_in_each_process(tmp_path: Path) -> None:
    not_a_folder = tmp_path / "file"
    not_a_folder.write_text("")
    assert ended(start(not_a_folder)) == ["begun", "right"]
    assert not_a_folder.read_text() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="folders of Windows are not read-only")
def test_a_home_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*args: Any, **kwargs: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setenv(store.VARIABLE, str(tmp_path))
    monkeypatch.setattr(Path, "mkdir", refused)
    store.folder.cache_clear()
    try:
        assert store.folder() is None
        assert not store.save("a" * 64, b"code")
        assert store.load("a" * 64) is None
    finally:
        store.folder.cache_clear()


@pytest.mark.parametrize("where", ["mkstemp", "write", "replace"])
def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    def full(*args: Any, **kwargs: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    class Full:
        def __init__(self, handle: int, mode: str) -> None:
            self.handle = handle

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *error: object) -> None:
            os.close(self.handle)

        write = full

    monkeypatch.setenv(store.VARIABLE, str(tmp_path))
    store.folder.cache_clear()
    try:
        folder = store.folder()
        assert folder is not None
        if where == "mkstemp":
            monkeypatch.setattr(store.tempfile, "mkstemp", full)
        else:
            monkeypatch.setattr(store.os, *(("fdopen", Full) if where == "write" else ("replace", full)))
        build = KernelBuilder("copy")
        build.store(build.load(build.pointer(0), build.long(0), FLOAT), build.pointer(1), build.long(0))
        assert jit.address(build.text() + f"; on a disk that is full at {where}\n")
        assert not list(folder.iterdir())
    finally:
        store.folder.cache_clear()
