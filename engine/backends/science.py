"""SciPy on the CPU and its namesakes beside CuPy: rare functions, computed by a well-kept library."""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy as np

from gradbook.errors import MissingExtraError

__all__ = ["science", "transforms"]


def science(xp: Any, module: str, what: str) -> Any:
    """SciPy's submodule (`special`, `linalg`, ...) for arrays of `xp`; loaded at the first call, never at import.

    what: the function that needs it, for the error. Raises MissingExtraError, naming the pip install, if it is absent.
    """
    name = f"scipy.{module}" if xp is np else f"cupyx.scipy.{module}"
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError(f"{what} needs SciPy: pip install 'gradbook[science]'") from error


@functools.cache
def transforms(xp: Any) -> Any:
    """The Fourier transforms for arrays of `xp`: SciPy's on the CPU where it is there (up to 6 times faster)."""
    if xp is not np:
        return xp.fft
    try:
        return science(xp, "fft", "fft")
    except MissingExtraError:
        return xp.fft
