"""Kernels as functions of Python: they run what they are given, again and again, and keep no references."""

from __future__ import annotations

import gc
import sys

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels import program as programs
from gradbook.kernels.emit import FLOAT, KernelBuilder
from gradbook.kernels.program import Kernel, Program


def doubling(x: np.ndarray) -> Program:  # type: ignore[type-arg]
    """A program that doubles an array in place."""
    build = KernelBuilder("doubling")
    pointer = build.pointer(0)
    with build.loop(build.start, build.stop) as i:
        build.store(build.mul(build.load(pointer, i), build.constant(2.0, FLOAT)), pointer, i)
    program = Program()
    program.add(Kernel("doubling", build.address(), len(x)), x)
    return program


def test_it_does_what_the_program_does() -> None:
    x = np.arange(5, dtype=np.float32)
    program = doubling(x)
    run = program.quick()
    assert type(run) is type(len)  # or nothing here is tested
    assert [run() for _ in range(3)] == [None] * 3
    program.run()
    np.testing.assert_array_equal(x, 16 * np.arange(5))


def test_references_stay_what_they_were() -> None:
    program = doubling(np.ones(3, np.float32))
    run = program.quick()
    gc.collect()
    before = sys.getrefcount(None), sys.getrefcount(program)
    for _ in range(1000):
        run()
    assert abs(sys.getrefcount(None) - before[0]) < 100
    assert sys.getrefcount(program) == before[1]


def test_it_takes_no_arguments() -> None:
    with pytest.raises(TypeError):
        doubling(np.ones(3, np.float32)).quick()(1)  # type: ignore[call-arg]


def test_elsewhere_it_is_called_through_ctypes(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_here(*args: int) -> None:
        raise RuntimeError("this is not CPython")

    monkeypatch.setattr(programs, "direct", not_here)
    x = np.ones(3, np.float32)
    doubling(x).quick()()
    assert x.tolist() == [2, 2, 2]
