"""Freed memory stays with the process for a while.

glibc gives large blocks back to the system as soon as they are freed. Asked for again, each of their pages costs a
fault: a step over arrays of megabytes then spends most of its time on those. So up to a limit freed memory is kept.
"""

from __future__ import annotations

import ctypes
import os
import sys

__all__ = ["keep_freed"]

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # glibc's M_TRIM_THRESHOLD and M_MMAP_THRESHOLD
KEPT = 128 << 20  # bytes at the end of the heap that are not given back
LARGEST = 32 << 20  # bytes of a block that comes from the heap; glibc allows no more
USERS_OWN = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TOP_PAD_", "MALLOC_MMAP_MAX_")


def keep_freed() -> bool:
    """Let the C library keep freed memory, unless the user's environment has settings of its own. -> whether it does"""
    theirs = any(name in os.environ for name in USERS_OWN) or "glibc.malloc" in os.environ.get("GLIBC_TUNABLES", "")
    if sys.platform != "linux" or theirs:
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    return mallopt is not None and bool(mallopt(MMAP_THRESHOLD, LARGEST) and mallopt(TRIM_THRESHOLD, KEPT))
