"""One core stays free for the notebook, unless the user has said otherwise."""

from __future__ import annotations

import ctypes
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import gradbook
from gradbook.backends import threads as module

LIBRARIES = list(Path(np.__file__).parent.with_name("numpy.libs").glob("libscipy_openblas64_*"))


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """The number of threads that was."""
    before = gradbook.get_num_threads()
    yield
    gradbook.set_num_threads(before)


def started(**env: str) -> int:
    """How many threads a fresh Python uses with these settings."""
    clean = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    program = "import gradbook; print(gradbook.get_num_threads())"
    done = subprocess.run(
        [sys.executable, "-c", program], env={**clean, **env}, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="cores are counted by affinity on Linux")
def test_one_core_stays_free() -> None:
    assert started() == max(1, module.usable_cores() - 1)


def test_what_the_user_has_set_stays() -> None:
    assert started(OMP_NUM_THREADS="3") == 3
    assert started(OPENBLAS_NUM_THREADS="2") == 2


@pytest.mark.skipif(not LIBRARIES, reason="this NumPy brings another BLAS")
def test_it_reaches_openblas() -> None:
    seen = ctypes.CDLL(str(LIBRARIES[0])).scipy_openblas_get_num_threads64_
    for threads in (1, 2):
        gradbook.set_num_threads(threads)
        assert gradbook.get_num_threads() == seen() == threads


@pytest.mark.parametrize(
    ("threads", "error"), [(0, RuntimeError), (-1, RuntimeError), (1.0, TypeError), ("2", TypeError), (True, TypeError)]
)
def test_what_is_no_number_of_threads_is_refused(threads: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="set_num_threads: expected"):
        gradbook.set_num_threads(threads)
    assert gradbook.get_num_threads() >= 1


@pytest.mark.skipif(sys.platform != "linux", reason="control groups are Linux's")
@pytest.mark.parametrize(
    ("files", "groups", "cores"),
    [
        ({"cpu.max": "150000 100000\n"}, "0::/\n", 1.5),
        ({"cpu.max": "max 100000\n"}, "0::/\n", math.inf),
        ({"a/cpu.max": "400000 100000\n", "a/b/cpu.max": "max 100000\n"}, "0::/a/b\n", 4.0),
        ({"cpu/j/cpu.cfs_quota_us": "50000\n", "cpu/j/cpu.cfs_period_us": "100000\n"}, "3:cpu,cpuacct:/j\n", 0.5),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, "3:cpu:/\n", math.inf),
        ({"cpu.max": "nonsense\n"}, "0::/\n", math.inf),
        ({}, None, math.inf),
    ],
)
def test_a_containers_share_of_time_counts(
    tmp_path: Path, files: dict[str, str], groups: str | None, cores: float
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    own = tmp_path / "groups"
    if groups is not None:
        own.write_text(groups)
    assert module._quota(tmp_path, own) == cores
