"""The guard is guarded: a kernel that reaches one element too far does die."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels.host import unavailable
from tests.engine.kernels.guarded import guarded, read_only

if not hasattr(os, "fork") or unavailable():
    pytest.skip("needs fork, mprotect and kernels", allow_module_level=True)

REACH = """
import json, os, resource, sys
import numpy as np
from gradbook.kernels.emit import KernelBuilder
from gradbook.kernels.program import call
from tests.engine.kernels.guarded import guarded, read_only

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
build = KernelBuilder("reach")
x, out = build.pointer(0), build.pointer(1)
with build.loop(build.start, build.stop) as i:
    build.store(build.load(x, i), out, i)
address, count = build.address(), 37
ones, spare = np.ones(count, np.float32), np.zeros(count + 2, np.float32)[1:-1]
made = {"end": guarded(ones), "start": guarded(ones, at="start"), "read_only": read_only(ones)}
ends = {}
for at, watched in made.items():
    for first in (-1, 0, 1):
        for way, words in (("read", (watched, spare)), ("write", (spare, watched))):
            child = os.fork()
            if not child:
                call(address, first, first + count, *words)
                os._exit(0)
            ends[f"{at} {first} {way}"] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(json.dumps(ends))
"""


@pytest.fixture(scope="module")
def ends() -> dict[str, int]:
    """How the process of each case ended: a kernel that goes through 37 guarded elements from `first` on."""
    root = str(Path(__file__).resolve().parents[3])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, "-c", REACH], capture_output=True, text=True, env=environment, check=True)
    found: dict[str, int] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("case", ["end 1 read", "end 1 write", "start -1 read", "start -1 write", "read_only 0 write"])
def test_one_element_too_far_kills_the_process(ends: dict[str, int], case: str) -> None:
    assert ends[case] in (-7, -10, -11)  # SIGBUS, or SIGSEGV


@pytest.mark.parametrize("case", ["end 0 read", "end 0 write", "start 0 read", "start 0 write", "read_only 0 read"])
def test_a_kernel_that_stays_inside_lives(ends: dict[str, int], case: str) -> None:
    assert ends[case] == 0


@pytest.mark.parametrize("at", ["end", "start"])
@pytest.mark.parametrize("shape", [(), (1,), (0, 3), (5, 7), (2, 2048), (1, 1025)])
def test_a_guarded_array_is_an_ordinary_copy(shape: tuple[int, ...], at: str) -> None:
    array = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    copy = guarded(array, at=at)
    np.testing.assert_array_equal(copy, array)
    assert copy.shape == shape
    assert copy.dtype == np.float32
    assert copy.flags.c_contiguous
    copy[...] = 3
    assert not np.shares_memory(copy, array)


def test_other_types_and_read_only_ones() -> None:
    indices = guarded([3, 1, 2], np.int64)
    assert indices.dtype == np.int64
    assert indices.tolist() == [3, 1, 2]
    assert read_only(np.arange(5000), np.float64).sum() == 5000 * 4999 / 2
