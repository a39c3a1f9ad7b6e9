"""Sixty common operations, forward and backward, eager gradbook against eager PyTorch, one thread each.

python -m tests.benchmarks.ops                       measures all, prints the table
    --quick                                           fewer and shorter blocks
    --only gelu,conv2d  --sizes small,middle,large    what
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

import gradbook
from tests.benchmarks.machine import machine
from tests.benchmarks.operations import OPERATIONS, SIZES, prepared
from tests.benchmarks.timing import Timing, side_by_side

__all__ = ["BAR", "compared", "table"]

BAR = 1.2  # times PyTorch's time that an operation may take
Found = dict[str, dict[str, dict[str, Timing]]]  # by operation, size and rival


def compared(torch: Any, names: list[str], sizes: list[str], **method: Any) -> Found:
    """Time the operations in turns. method: `side_by_side`'s rounds, seconds and budget."""
    before = torch.get_num_threads(), gradbook.get_num_threads()
    found: Found = {}
    try:
        torch.set_num_threads(1)
        gradbook.set_num_threads(1)
        gradbook.manual_seed(0)
        gradbook.randn(64, 64).softmax(-1)  # loads the kernels, as the first operation of some size does in a program
        for name in names:
            found[name] = {}
            for size in sizes:
                rivals = {"torch": prepared(torch, name, size), "gradbook": prepared(gradbook, name, size)}
                found[name][size] = side_by_side(rivals, cpu=True, **method)
                print(f"{name}, {size}: {ratio(found[name][size]):.2f}", file=sys.stderr, flush=True)
    finally:
        torch.set_num_threads(before[0])
        gradbook.set_num_threads(before[1])
    return found


def ratio(times: dict[str, Timing]) -> float:
    """How many times PyTorch's time we take."""
    return times["gradbook"].median / times["torch"].median


def table(found: Found) -> str:
    """A Markdown table: times in µs, and how many times PyTorch's we take; what misses the bar is marked with *."""
    sizes = list(next(iter(found.values())))
    lines = ["| operation | " + " | ".join(f"{size}: PyTorch µs | ours | ratio" for size in sizes) + " |"]
    lines.append("|---" * (1 + 3 * len(sizes)) + "|")
    for name, by_size in found.items():
        cells = [
            f"{times['torch'].median * 1e6:,.1f} | {times['gradbook'].median * 1e6:,.1f} | "
            f"{ratio(times):.2f}{'*' if ratio(times) > BAR else ''}"
            for times in by_size.values()
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Measure and print. -> 0; 2 without PyTorch."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.ops", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default=",".join(OPERATIONS))
    parser.add_argument("--sizes", default=",".join(SIZES))
    chosen = parser.parse_args(arguments)
    try:
        import torch
    except ImportError:
        print("PyTorch is not installed: there is nothing to compare with", file=sys.stderr)
        return 2
    method = {"rounds": 3, "seconds": 0.01} if chosen.quick else {"rounds": 7, "seconds": 0.05}
    names = [name for name in OPERATIONS if name in chosen.only.split(",")] or list(OPERATIONS)
    found = compared(torch, names, chosen.sizes.split(","), **method)
    slow = sum(ratio(times) > BAR for by_size in found.values() for times in by_size.values())
    print(f"Measured on {machine()}, one thread, CPU time, forward and backward.\n\n{table(found)}")
    print(f"\n{slow} of {sum(map(len, found.values()))} take more than {BAR} times PyTorch's time.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
