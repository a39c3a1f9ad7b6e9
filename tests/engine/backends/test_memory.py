"""Memory that is freed is there again without the system's help, where glibc serves it."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

CODE = """
import resource, numpy as np
import gradbook

def step():
    arrays = [np.ones(1_000_000, np.float32) for _ in range(10)]

for _ in range(3): step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5): step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="not glibc")
@pytest.mark.parametrize("theirs", [{}, {"MALLOC_TRIM_THRESHOLD_": "131072"}])
def test_freed_memory_is_kept_unless_the_user_says_otherwise(theirs: dict[str, str]) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    done = subprocess.run([sys.executable, "-c", CODE], env={**environment, **theirs}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    faults = int(done.stdout)  # 10 arrays are 9766 pages of 4 KiB
    assert faults > 1000 if theirs else faults < 1000
