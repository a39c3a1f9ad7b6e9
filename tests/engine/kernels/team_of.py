"""A program run as a team of threads would run it, one thread after the other."""

from __future__ import annotations

import ctypes

import numpy as np

from gradbook.kernels.program import ALONE, RECORD, SPLIT, Program

__all__ = ["run_as_team"]

KERNEL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)


def run_as_team(program: Program, threads: int) -> None:
    """Every kernel's units in as many shares as there are threads."""
    address, count = program.built()
    entries = np.ctypeslib.as_array((ctypes.c_int64 * (RECORD * count)).from_address(address)).reshape(count, RECORD)
    for function, words, units, grain, flags in entries.tolist():
        kernel = KERNEL(function)
        for thread in range(threads):
            if flags & SPLIT:
                kernel(words, thread, threads)
            elif flags & ALONE:
                if thread == 0:
                    kernel(words, 0, units)
            else:
                blocks = -(-units // grain)
                start, stop = (min(units, blocks * t // threads * grain) for t in (thread, thread + 1))
                if start < stop:
                    kernel(words, start, stop)
