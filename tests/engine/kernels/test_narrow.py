"""The row kernels once more with AVX2 only, in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels.host import VARIABLE, host

FILES = ["test_softmax.py", "test_cross_entropy.py", "test_row_norm.py", "test_batch_norm.py", "test_reductions.py",
         "test_moving.py", "test_embedding.py", "test_losses.py", "test_optimizers.py", "test_indexed.py",
         "test_likelihood.py", "test_recurrent.py", "test_attention.py"]  # fmt: skip


def test_row_kernels_with_narrow_vectors() -> None:
    here = host()
    if here is None or here.isa != "avx512":
        pytest.skip("needs AVX-512: elsewhere the other tests are narrow already")
    folder = Path(__file__).parent
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-k", "65 or 1000", *(str(folder / f) for f in FILES)]
    environment = {**os.environ, VARIABLE: "avx2"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder.parents[2])
    assert done.returncode == 0, done.stdout[-3000:]
