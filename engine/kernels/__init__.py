"""Native kernels: LLVM IR written by Python, compiled once for this machine, kept on disk.

A kernel is one native function `kernel(words, start, stop)`: `words` holds its arguments, eight bytes each (the address
of an array, or a number), and [start, stop) says which of its units (rows, tiles, blocks of elements) to compute, so
that threads can share the work. A `Program` is a list of kernels that runs in one native call.

    emit.py       words, loops, vectors: what all kernels are written in
    host.py       this machine: its vector width, and what may be used of it
    jit.py        IR -> machine code -> addresses;  store.py keeps the machine code on disk
    program.py    a list of kernels as one call;  team.py the threads that run it
    expression.py, trace.py, elements.py    formulas of single elements, and how ops become them
    pointwise.py, reduction.py    kernels of such formulas and their sums;  evaluate.py, fused.py how they are written
    transcendental.py, trigonometry.py, powers.py    exp, log, tanh, erf, sin, ... of vectors
    gemm.py, conv.py, rows.py, ...                    one family a file
"""

from __future__ import annotations

__all__: list[str] = []
