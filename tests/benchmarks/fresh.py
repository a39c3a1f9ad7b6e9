"""A workload in a process of its own: what compiling takes with an empty cache and with a full one, and peak memory.

python -m tests.benchmarks.fresh W5 compile     prints a line of JSON
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.workloads import WORKLOADS

__all__ = ["compile_latency", "in_a_process"]

STEPS = 8
ROOT = Path(__file__).parents[2]
LIMIT = 120.0  # seconds to wait for a plan


def in_a_process(name: str, rival: str, cache: str, threads: int = 1) -> dict[str, float]:
    """Build a workload and run it for some steps. -> peak memory and, where it is compiled, how long that took."""
    limits = {key: str(threads) for key in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.fresh", name, rival],
        cwd=ROOT, env={**os.environ, **limits, "GRADBOOK_CACHE": cache, "GRADBOOK_COMPILE": "wait"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{name}, {rival}: {done.stderr.strip().splitlines()[-1:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def compile_latency(name: str) -> dict[str, dict[str, float]]:
    """The same process twice: with an empty cache of machine code, and with the one that it left."""
    with tempfile.TemporaryDirectory(prefix="gradbook-bench-") as cache:
        return {state: in_a_process(name, "compile", cache) for state in ("cold", "cached")}


def peak_mb() -> float:
    """The most memory this process had so far. (What getrusage says on Linux may be the parent's, from before exec.)"""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def run(name: str, rival: str) -> dict[str, float]:
    """What the process does: a step with "torch", "eager" or "compile"."""
    library: Any = importlib.import_module("torch" if rival == "torch" else "gradbook")
    library.manual_seed(0)
    imported = peak_mb()
    step = WORKLOADS[name].build(library)
    found = {"imported_mb": imported}
    if rival == "compile":
        step = library.compile(step)
        found |= until_compiled(step)
    for _ in range(STEPS):
        step()
    return {**found, "peak_mb": peak_mb(), "over_mb": peak_mb() - imported}


def until_compiled(step: Callable[[], Any]) -> dict[str, float]:
    """Seconds from the second call, the first that may be compiled, to a plan that is ready; without the step itself.

    stall_seconds is the longest that one of these calls kept the training waiting.
    """
    import gradbook

    began = time.perf_counter()
    step()
    plain = [time.perf_counter() - began]
    began, worked, longest = time.perf_counter(), time.process_time(), 0.0
    while not any(step.variants.values()) and time.perf_counter() - began < LIMIT:  # type: ignore[attr-defined]
        if gradbook.compile.explain(step):  # type: ignore[attr-defined]
            raise RuntimeError(f"not compiled: {gradbook.compile.explain(step)}")  # type: ignore[attr-defined]
        called = time.perf_counter()
        step()
        plain.append(time.perf_counter() - called)
        longest = max(longest, plain[-1])
    usual = statistics.median(plain) if len(plain) > 3 else plain[0]
    return {
        "compile_seconds": time.perf_counter() - began,
        "compile_cpu_seconds": time.process_time() - worked,
        "stall_seconds": max(0.0, longest - usual),
    }


if __name__ == "__main__":
    print(json.dumps(run(*sys.argv[1:])))
