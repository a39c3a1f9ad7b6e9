"""How many threads the matrix products of NumPy use.

OpenBLAS starts as many as there are cores and lets them spin while they wait. Beside a browser and a notebook server
that need a core themselves, a product of 80 microseconds then takes milliseconds. So one core stays free.
"""

from __future__ import annotations

import ctypes
import functools
import math
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

__all__ = ["get_num_threads", "most_threads", "set_num_threads", "usable_cores"]

USERS_OWN = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "GOTO_NUM_THREADS")  # whoever sets one of these has decided
SYMBOLS = ("scipy_openblas_set_num_threads64_", "scipy_openblas_set_num_threads", "openblas_set_num_threads")

_threads = 1
_decided = False  # somebody set a number of threads
_apply: Callable[[int], None] | None = None


def get_num_threads() -> int:
    """How many threads one operation may use. As torch.get_num_threads."""
    return _threads


def set_num_threads(threads: int) -> None:
    """Let one operation use that many threads. As torch.set_num_threads.

    Differs: without a setting it is one less than the cores this process may use, so that the notebook stays quick. It
    acts on OpenBLAS, which comes with NumPy's own wheels; another BLAS keeps its own setting. What gradbook.compile
    makes may use all cores while nothing is set: its threads sleep between calls, and step back where others work.
    Raises TypeError if it is not an integer, RuntimeError if it is below 1.
    """
    global _decided
    if not isinstance(threads, int) or isinstance(threads, bool):
        raise TypeError(f"set_num_threads: expected an integer, got {type(threads).__name__}")
    if threads < 1:
        raise RuntimeError(f"set_num_threads: expected a positive number of threads, got {threads}")
    _decided = True
    _set(threads)


def most_threads() -> int:
    """How many threads a native program may use: as many as were set, or else all cores that this process may use."""
    return _threads if _decided else usable_cores()


def _set(threads: int) -> None:
    global _threads
    if _apply is not None:
        _apply(threads)
    _threads = threads


def _find_openblas() -> Callable[[int], None] | None:
    """The function of NumPy's own OpenBLAS that sets its threads, or None where NumPy brings another BLAS."""
    numpy_folder = Path(np.__file__).parent
    folders = (numpy_folder.with_name("numpy.libs"), numpy_folder / ".dylibs")
    for library in (path for folder in folders if folder.is_dir() for path in folder.glob("*openblas*")):
        try:
            loaded = ctypes.CDLL(str(library))
        except OSError:  # not for this machine; NumPy did not load it either
            continue
        for symbol in SYMBOLS:
            function = getattr(loaded, symbol, None)
            if function is not None:
                function.argtypes, function.restype = [ctypes.c_int], None
                return function  # type: ignore[no-any-return]  # ctypes has no types
    return None


def usable_cores() -> int:
    """How many cores this process may use: those it is bound to, and no more than its container's share of time."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return max(1, int(min(cores, _quota())))


@functools.cache
def _quota(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> float:
    """Cores' worth of time that the control groups of this process may use; infinity without a limit, or none there."""
    if sys.platform != "linux":
        return math.inf
    found = math.inf
    for folder in _groups(root, own):
        try:
            if (folder / "cpu.max").is_file():
                quota, period = (folder / "cpu.max").read_text().split()
            else:
                quota, period = ((folder / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
            if quota != "max" and float(quota) > 0:
                found = min(found, float(quota) / float(period))
        except (OSError, ValueError):  # no limits here
            continue
    return found


def _groups(root: Path, own: Path) -> Iterator[Path]:
    """The folders of this process's control groups, from the outermost to its own, of both versions."""
    yield from (root, root / "cpu")
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, names, path = line.split(":", 2)
        if not names or "cpu" in names.split(","):
            folder = root / "cpu" if names else root
            for part in Path(path).parts[1:]:
                folder = folder / part
                yield folder


def _start() -> None:
    """Find OpenBLAS, and leave one core free unless the user has decided."""
    global _apply, _decided, _threads
    named = next((os.environ[name] for name in USERS_OWN if os.environ.get(name, "").isdigit()), None)
    _apply = _find_openblas()
    if named is not None:
        _threads, _decided = max(1, int(named)), True
    else:
        _set(max(1, usable_cores() - 1))


_start()
