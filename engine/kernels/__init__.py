"""Native kernels: LLVM IR written by Python, compiled once for this machine, kept on disk.

A kernel is one native function `kernel(words, start, stop)`: `words` holds its arguments, eight bytes each (the address
of an array, or a number), and [start, stop) says which of its units (rows, tiles, blocks of elements) to compute, so
that threads can share the work. A `Program` is a list of kernels that runs in one native call.

    emit.py       words, loops, vectors: what all kernels are written in
    host.py       this machine: its vector width, and what may be used of it
    jit.py        IR -> machine code -> addresses;  store.py keeps the machine code on disk
    program.py    a list of kernels as one call;  team.py the threads that run it, pace.py how many
    expression.py, trace.py, elements.py    formulas of single elements, and how ops become them
    pointwise.py, reduction.py    kernels of such formulas and their sums;  evaluate.py, fused.py how they are written
    transcendental.py, trigonometry.py, powers.py    exp, log, tanh, erf, sin, ... of vectors
    gemm.py, conv.py, rows.py, ...                    one family a file
"""

from __future__ import annotations

import importlib.util
import os
import threading
import warnings
from typing import Any

__all__ = ["locks", "switch_off", "trying", "usable", "why_not"]

_reason: str | None = None  # why there are no kernels in this process; "" if there are, None if nobody asked
trying = threading.RLock()  # held while kernels are tried, and while what makes them is imported
# Held while a child is made by fork: it would have them as another thread held them, and LLVM's own, for ever. Who
# needs several takes them in this order.
locks = [trying]
_held: list[Any] = []


def usable() -> bool:
    """True if native kernels can be used, which are tried on a few numbers the first time.

    Where they should be there but are not, or compute something wrong, one warning says so; everything then runs on
    NumPy. Raises ValueError for a setting of GRADBOOK_KERNELS that is none of its choices.
    """
    if _reason is None:
        with trying:
            if _reason is None:
                _try()
    return not _reason


def why_not() -> str:
    """Why native kernels are not used, in one sentence; "" if they are."""
    usable()
    return _reason or ""


def switch_off(reason: str) -> None:
    """Use no native kernels in this process any more, and warn of it, once. What runs already runs on."""
    global _reason
    with trying:
        if not _reason:
            _reason = reason
            text = f"gradbook: native kernels are switched off, NumPy computes everything: {reason}"
            warnings.warn(text, RuntimeWarning, stacklevel=2)


def _try() -> None:
    global _reason
    from gradbook.kernels.host import setting, unavailable

    missing = unavailable()
    if missing and (setting() == "off" or importlib.util.find_spec("llvmlite") is None):
        _reason = missing  # as the user wants it
        return
    if not missing:
        from gradbook.kernels import selftest

        try:
            missing = selftest.wrong()
        except Exception as error:  # whatever a compiler that is not as expected raises
            missing = f"{type(error).__name__}: {error}"
    if missing:
        switch_off(missing)
    else:
        _reason = ""


def _hold() -> None:
    for lock in locks:  # the list may grow while a lock is waited for
        lock.acquire()
        _held.append(lock)


def _let_go() -> None:
    while _held:
        _held.pop().release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold, after_in_parent=_let_go, after_in_child=_let_go)
