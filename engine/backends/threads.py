"""How many threads the matrix products of NumPy use.

OpenBLAS starts as many as there are cores and lets them spin while they wait. Beside a browser and a notebook server
that need a core themselves, a product of 80 microseconds then takes milliseconds. So one core stays free.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

__all__ = ["get_num_threads", "set_num_threads", "usable_cores"]

USERS_OWN = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "GOTO_NUM_THREADS")  # whoever sets one of these has decided
SYMBOLS = ("scipy_openblas_set_num_threads64_", "scipy_openblas_set_num_threads", "openblas_set_num_threads")

_threads = 1
_apply: Callable[[int], None] | None = None


def get_num_threads() -> int:
    """How many threads one operation may use. As torch.get_num_threads."""
    return _threads


def set_num_threads(threads: int) -> None:
    """Let one operation use that many threads. As torch.set_num_threads.

    Differs: without a setting it is one less than the cores this process may use, so that the notebook stays quick. It
    acts on OpenBLAS, which comes with NumPy's own wheels; another BLAS keeps its own setting.
    Raises TypeError if it is not an integer, RuntimeError if it is below 1.
    """
    global _threads
    if not isinstance(threads, int) or isinstance(threads, bool):
        raise TypeError(f"set_num_threads: expected an integer, got {type(threads).__name__}")
    if threads < 1:
        raise RuntimeError(f"set_num_threads: expected a positive number of threads, got {threads}")
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
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _start() -> None:
    """Find OpenBLAS, and leave one core free unless the user has decided."""
    global _apply, _threads
    named = next((os.environ[name] for name in USERS_OWN if os.environ.get(name, "").isdigit()), None)
    _apply = _find_openblas()
    if named is not None:
        _threads = max(1, int(named))
    else:
        set_num_threads(max(1, usable_cores() - 1))


_start()
