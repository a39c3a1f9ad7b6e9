"""A quick look at W1 to W8 on one thread; `python -m tests.benchmarks.speed` measures them well."""

from __future__ import annotations

import gradbook
from tests.benchmarks.report import ratio
from tests.benchmarks.speed import measured
from tests.benchmarks.table import Row, milliseconds
from tests.benchmarks.workloads import WORKLOADS


def rows() -> list[Row]:
    """Measure. Without PyTorch there is nothing to compare with."""
    try:
        import torch
    except ImportError:
        return [Row("W1 to W8 against PyTorch", "not measured", "", "PyTorch is not installed")]
    before = torch.get_num_threads(), gradbook.get_num_threads()
    found = []
    try:
        for name, workload in WORKLOADS.items():
            run = measured(workload, torch, 1, rounds=3, seconds=0.05)
            for ours, bar in (("compile", workload.compiled_bar), ("eager", workload.eager_bar)):
                took = milliseconds(run["times"][ours]["median"])
                note = f"{workload.what}; PyTorch {milliseconds(run['times']['torch']['median'])}, one thread each"
                found.append(Row(f"{name}, {ours}", f"{ratio(run, ours):.2f}× ({took})", f"≥ {bar:g}×", note))
    finally:
        torch.set_num_threads(before[0])
        gradbook.set_num_threads(before[1])
    return found
