"""Operations agree with PyTorch also where native kernels compute whatever they can, however small it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradbook.kernels import usable

NAMES = """conv pool norm softmax embedding entropy linear matmul bmm mm attention gelu softplus sigmoid relu elu erf
LSTM GRU RNN Conv Pool Norm Linear Embedding Loss""".split()


@pytest.mark.skipif(not usable(), reason="no kernels for this machine")
def test_operations_agree_also_by_kernels() -> None:
    here = Path(__file__).parent
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    words += [str(here / "test_ops_float.py"), str(here / "test_modules.py")]
    words += ["-k", f"({' or '.join(NAMES)}) and (float32 or nn.)"]
    environment = {**os.environ, "GRADBOOK_KERNELS_EVER": "1"}
    done = subprocess.run(words, env=environment, cwd=here.parents[1], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout
