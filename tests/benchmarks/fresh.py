"""A workload in a process of its own: what compiling takes with an empty cache and with a full one, and peak memory.

GRADBOOK_COMPILE=wait python -m tests.benchmarks.fresh W5 latency     prints a line of JSON
"""

from __future__ import annotations

import gc
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


def in_a_process(name: str, rival: str, folder: str, threads: int = 1, waits: bool = True) -> dict[str, float]:
    """Build a workload and run it for some steps. -> peak memory and, where it is compiled, how long that took.

    folder: for machine code, and for Python's own, which an installed package has beside its source. waits: a call
    waits until it is compiled; else that happens in the background.
    """
    limits = {key: str(threads) for key in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    own = {
        "GRADBOOK_CACHE": str(Path(folder, "waits" if waits else "background")),
        "GRADBOOK_COMPILE": "wait" if waits else "background",
        "PYTHONPYCACHEPREFIX": str(Path(folder, "bytecode")), "PYTHONDONTWRITEBYTECODE": "",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.fresh", name, rival],
        cwd=ROOT, env={**os.environ, **limits, **own}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{name}, {rival}: {done.stderr.strip().splitlines()[-1:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def compile_latency(name: str) -> dict[str, dict[str, float]]:
    """The same process with no machine code on disk, with what the first one left, and compiling beside the steps."""
    with tempfile.TemporaryDirectory(prefix="gradbook-bench-") as folder:
        found = {state: in_a_process(name, "latency", folder) for state in ("cold", "cached")}
        return {**found, "background": in_a_process(name, "latency", folder, waits=False)}


def peak_mb() -> float:
    """The most memory this process had so far. (What getrusage says on Linux may be the parent's, from before exec.)"""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def run(name: str, rival: str) -> dict[str, float]:
    """What the process does: a step with "torch", "eager" or "compile"; "latency" compiles it too, and is timed."""
    library: Any = importlib.import_module("torch" if rival == "torch" else "gradbook")
    if waits():
        library.manual_seed(0)  # from then on operations wait for their kernels, too
    imported = peak_mb()
    step = WORKLOADS[name].build(library)
    found = {"imported_mb": imported}
    if rival in ("compile", "latency"):
        step = library.compile(step)
    if rival == "latency":
        return {**found, **until_compiled(step)}
    for _ in range(STEPS):
        step()
    return {**found, "peak_mb": peak_mb(), "over_mb": peak_mb() - imported}


def until_compiled(step: Any) -> dict[str, float]:
    """Seconds from the first call to a plan that is ready. The kernels of eager operations are loaded in it, and count.

    Where the calls wait, without their own work; else also stall_seconds: by how much the longest of them was longer
    than a usual one. Nothing looks for cycles meanwhile, as in timeit: when that happens depends on what else there is.
    """
    import gradbook

    gc.disable()
    calls: list[tuple[float, float]] = []
    began = time.perf_counter()
    while not any(step.variants.values()) and time.perf_counter() - began < LIMIT:
        if gradbook.compile.explain(step):  # type: ignore[attr-defined]
            raise RuntimeError(f"not compiled: {gradbook.compile.explain(step)}")  # type: ignore[attr-defined]
        calls.append(timed(step))
    took = time.perf_counter() - began
    wall, cpu = (statistics.median(times) for times in zip(*[timed(step.function) for _ in range(STEPS)], strict=True))
    if not waits():
        return {"compile_seconds": took, "stall_seconds": max(seconds for seconds, _ in calls) - wall}
    return {
        "compile_seconds": took - len(calls) * wall,
        "compile_cpu_seconds": sum(seconds for _, seconds in calls) - len(calls) * cpu,
    }


def waits() -> bool:
    """Whether calls of this process wait until they are compiled."""
    return os.environ["GRADBOOK_COMPILE"] == "wait"


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor."""
    began, worked = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - worked


if __name__ == "__main__":
    print(json.dumps(run(*sys.argv[1:])))
