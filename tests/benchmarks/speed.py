"""W1 to W8 against PyTorch: eager, torch.compile, gradbook's eager and gradbook.compile, in turns in one process.

python -m tests.benchmarks.speed                      measures, prints the tables, writes speed.json beside this file
    --only W1,W5  --threads 1,2  --torch-compile      what; PyTorch's compiler needs a C++ compiler
    --rounds 9    --budget 60    --no-processes       clean blocks a rival, seconds a workload; no latency, no memory
    --table                                           prints the tables of the file that is there
    --readme                                          puts its table into README.md
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import gradbook
from tests.benchmarks import report
from tests.benchmarks.fresh import compile_latency, in_a_process
from tests.benchmarks.machine import machine, versions
from tests.benchmarks.timing import side_by_side
from tests.benchmarks.workloads import WORKLOADS, Workload

__all__ = ["compared", "measured"]

FILE = Path(__file__).with_name("speed.json")
README = Path(__file__).parents[2] / "README.md"
STEPS = 5  # whose losses are compared


def compared(workload: Workload, torch: Any) -> dict[str, float]:
    """Train for a few steps with PyTorch, and with gradbook eager and compiled. -> relative difference of the losses.

    Raises AssertionError if one is larger than the workload allows.
    """
    trained = {"torch": workload.build(torch), "eager": workload.build(gradbook)}
    trained["compile"] = gradbook.compile(workload.build(gradbook), options={"wait": True})
    losses = {name: [step().item() for _ in range(STEPS)] for name, step in trained.items()}
    found = {}
    for name in ("eager", "compile"):
        pairs = zip(losses["torch"], losses[name], strict=True)
        found[name] = max(abs(ours - theirs) / abs(theirs) for theirs, ours in pairs)
        if not found[name] <= workload.tolerance:
            raise AssertionError(f"{workload.name}, {name}: losses are {found[name]:.1e} away from PyTorch's")
    return found


def measured(
    workload: Workload, torch: Any, threads: int, *, torch_compile: bool = False, **method: Any
) -> dict[str, Any]:
    """Time of a step with each rival. method: `side_by_side`'s rounds, seconds and budget."""
    torch.set_num_threads(threads)
    gradbook.set_num_threads(threads)
    steps = {"torch": workload.build(torch), "eager": workload.build(gradbook)}
    steps["compile"] = compiled = gradbook.compile(workload.build(gradbook), options={"wait": True})
    found: dict[str, Any] = {"threads": threads, "clock": "CPU time" if threads == 1 else "wall clock"}
    if torch_compile:
        try:
            steps["torch.compile"], found["torch_compile_seconds"] = torch_compiled(workload, torch)
        except Exception as error:  # no C++ compiler, or it cannot: a number less, no reason to end
            found["torch_compile_failed"] = f"{type(error).__name__}: {error}".split("\n")[0]
    times = side_by_side(steps, cpu=threads == 1, **method)
    found["times"] = {name: timing._asdict() for name, timing in times.items()}
    found["left_to_python"] = [f"{place}: {reason}" for reason, place in gradbook.compile.explain(compiled)]  # type: ignore[attr-defined]
    return found


def torch_compiled(workload: Workload, torch: Any) -> tuple[Any, float]:
    """A step whose loss went through torch.compile, and the seconds until its second call had ended."""
    torch.compiler.reset()
    step = workload.build(torch, torch.compile)
    began = time.perf_counter()
    step()
    step()
    return step, time.perf_counter() - began


def processes(name: str) -> dict[str, Any]:
    """What each rival takes in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="gradbook-bench-") as cache:
        in_a_process(name, "compile", cache)  # so that what is measured compiles nothing
        memory = {rival: in_a_process(name, rival, cache) for rival in ("torch", "eager", "compile")}
    return {"memory": memory, "latency": compile_latency(name)}


def everything(asked: argparse.Namespace, torch: Any) -> dict[str, Any]:
    """All that was asked for, as it is written to the file."""
    found: dict[str, Any] = {
        "machine": machine(), "versions": versions(), "date": time.strftime("%Y-%m-%d"), "workloads": {},
    }  # fmt: skip
    for name in asked.only:
        workload = WORKLOADS[name]
        print(f"{name}: {workload.what} …", file=sys.stderr, flush=True)
        row = found["workloads"][name] = {"what": workload.what, "losses": compared(workload, torch), "runs": []}
        for threads in asked.threads:
            method = {"rounds": asked.rounds, "budget": asked.budget}
            row["runs"].append(measured(workload, torch, threads, torch_compile=asked.torch_compile, **method))
            gc.collect()
        if not asked.no_processes:
            row |= processes(name)
    return found


def arguments(words: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.speed", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", type=names, default=list(WORKLOADS))
    parser.add_argument("--threads", type=lambda text: [int(word) for word in text.split(",")], default=[1, 2])
    parser.add_argument("--torch-compile", action="store_true")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--budget", type=float, default=60.0)
    parser.add_argument("--no-processes", action="store_true")
    parser.add_argument("--out", type=Path, default=FILE)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--readme", action="store_true")
    return parser.parse_args(words)


def names(text: str) -> list[str]:
    """`W1,W5`."""
    found = text.split(",")
    if unknown := set(found) - set(WORKLOADS):
        raise argparse.ArgumentTypeError(f"no {', '.join(sorted(unknown))}; there are {', '.join(WORKLOADS)}")
    return found


def main(words: list[str]) -> int:
    """Measure, print, write. -> 0"""
    asked = arguments(words)
    if asked.readme:
        found = json.loads(asked.out.read_text(encoding="utf-8"))
        README.write_text(report.in_readme(README.read_text(encoding="utf-8"), found), encoding="utf-8")
        return 0
    if not asked.table:
        import torch

        asked.out.write_text(json.dumps(everything(asked, torch), indent=1) + "\n", encoding="utf-8")
    print(report.page(json.loads(asked.out.read_text(encoding="utf-8"))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
