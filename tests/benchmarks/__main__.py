"""Run every `bench_*.py` here (or those named) and print one table: python -m tests.benchmarks [NAME ...]

A module `bench_NAME.py` has `rows()`, which measures and gives `Row`s. A number never fails
anything. Those in BY_HAND run only when they are named.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from pathlib import Path

from tests.benchmarks.machine import machine
from tests.benchmarks.table import Row, show

FOLDER = Path(__file__).parent
NAMES = sorted(path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py"))
BY_HAND = {"graph_tools"}  # takes minutes, and packages that are not ours: measured only where it is named


def main(names: list[str]) -> int:
    """Measure and print. -> 0; 2 if a name is unknown."""
    unknown = set(names) - set(NAMES)
    if unknown:
        print(f"unknown benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    rows: list[Row] = []
    for name in names or [name for name in NAMES if name not in BY_HAND]:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        try:
            rows += importlib.import_module(f"tests.benchmarks.bench_{name}").rows()
        except Exception as error:  # one that breaks must not hide the others' numbers, nor its own reason
            traceback.print_exc()
            rows.append(Row(name, "failed", "", f"{type(error).__name__}: {error}".split("\n")[0][:60]))
    print(f"\nMeasured on {machine()}.\n\n{show(rows)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
