"""This machine, as far as kernels are concerned: its vector width, and what of it may be used.

`GRADBOOK_KERNELS` chooses: "auto" (default), "off", or the widest set of instructions to use: "avx512", "avx2", "neon".
"""

from __future__ import annotations

import functools
import os
from typing import Any, NamedTuple

__all__ = ["Host", "host", "unavailable"]

VARIABLE = "GRADBOOK_KERNELS"
CHOICES = ("auto", "off", "avx512", "avx2", "neon")


class Host(NamedTuple):
    """A processor that kernels can be compiled for."""

    cpu: str  # LLVM's name
    features: str  # LLVM's list: "+avx2,-avx512f,..."
    isa: str  # "avx512", "avx2" or "neon"
    lanes: int  # float32 numbers in a vector register
    registers: int  # vector registers


@functools.cache
def host() -> Host | None:
    """The processor of this process, or None where there are no kernels for it: see `unavailable`."""
    return None if unavailable() else _found()


@functools.cache
def unavailable() -> str:
    """Why kernels cannot be used here, in one sentence; "" if they can.

    Raises ValueError for a setting of GRADBOOK_KERNELS that is none of its choices.
    """
    chosen = setting()
    if chosen == "off":
        return f"{VARIABLE}=off"
    try:
        import llvmlite  # noqa: F401
    except ImportError:
        return "llvmlite is not installed: pip install 'gradbook[fast]'"
    try:
        found = _found()
    except Exception as error:  # one that cannot be loaded, or is not as expected
        return f"llvmlite does not work here: {type(error).__name__}: {error}"
    if found is None:
        return "there are kernels for x86-64 with AVX2 or AVX-512 and for 64-bit ARM with NEON, and this is neither"
    if chosen not in ("auto", found.isa):
        return f"{VARIABLE}={chosen}, but this processor has no {chosen}"
    return ""


def setting() -> str:
    """The choice that GRADBOOK_KERNELS makes. Raises ValueError if it is none."""
    chosen = os.environ.get(VARIABLE, "auto").strip().lower() or "auto"
    if chosen not in CHOICES:
        raise ValueError(f"{VARIABLE} is {chosen!r}; it must be one of {', '.join(CHOICES)}")
    return chosen


@functools.cache
def _found() -> Host | None:
    import llvmlite.binding as llvm

    if not _little_endian_64():
        return None
    features: dict[str, bool] = dict(llvm.get_host_cpu_features())
    cpu, chosen = llvm.get_host_cpu_name(), setting()
    machine = llvm.get_process_triple().split("-")[0]
    if machine in ("aarch64", "arm64"):
        return Host(cpu, _flat(features), "neon", 4, 32)
    if machine != "x86_64" or not (features.get("avx2") and features.get("fma")):
        return None
    wide = all(features.get(name) for name in ("avx512f", "avx512vl", "avx512bw", "avx512dq"))
    if wide and chosen != "avx2":
        return Host(cpu, _flat(features), "avx512", 16, 32)
    return Host(cpu, _flat({name: on and "512" not in name for name, on in features.items()}), "avx2", 8, 16)


def _flat(features: dict[str, Any]) -> str:
    return ",".join(f"{'+' if on else '-'}{name}" for name, on in sorted(features.items()))


def _little_endian_64() -> bool:
    import struct
    import sys

    return sys.byteorder == "little" and struct.calcsize("P") == 8
