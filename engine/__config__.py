"""What gradbook is built with, as torch.__config__."""

from __future__ import annotations

import sys

import numpy as np

from gradbook import get_num_threads
from gradbook.version import __version__, spoken

__all__ = ["parallel_info", "show"]


def show() -> str:
    """What computes here, in a few lines."""
    blas = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    return (
        f"gradbook {__version__}, which speaks PyTorch {spoken.partition('+')[0]}:\n"
        f"  - Python {sys.version.split()[0]}\n"
        f"  - NumPy {np.__version__}\n"
        f"  - BLAS {blas.get('name', 'unknown')} {blas.get('version', '')}\n"
        f"  - GPU through CuPy, where it is installed\n"
    )


def parallel_info() -> str:
    """How many threads compute."""
    return f"gradbook:\n  get_num_threads() : {get_num_threads()}\n"
