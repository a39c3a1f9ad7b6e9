"""`gradbook coach train.py`: a script runs as it would, and the coach says at its end what is wrong."""

from __future__ import annotations

import contextlib
import runpy
import sys
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path

import gradbook
from gradbook import coach

__all__ = ["run"]


def run(script: Path, arguments: Sequence[str] = (), *, mute: Iterable[str] = (), as_torch: bool = False) -> int:
    """Run a Python file as `__main__` under the coach; the report goes to stderr.

    -> 1 if the script raises or the coach finds an error, else what the script exits with.
    """
    before, path = sys.argv, sys.path[:]
    sys.argv = [str(script), *arguments]
    sys.path.insert(0, str(script.resolve().parent))
    status = 0
    try:
        with gradbook.as_torch() if as_torch else contextlib.nullcontext(), coach.watch(mute=mute) as report:
            try:
                runpy.run_path(str(script), run_name="__main__")
            except SystemExit as end:
                status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
                if isinstance(end.code, str):
                    print(end.code, file=sys.stderr)
    except Exception:
        status = failed()
    finally:
        sys.argv, sys.path[:] = before, path
    say(report)
    return 1 if any(finding.severity == "error" for finding in report) else status


def failed() -> int:
    """Print the traceback of the script's exception, without our own frames. -> 1"""
    kind, error, trace = sys.exc_info()
    while trace is not None and trace.tb_frame.f_code.co_filename in (__file__, runpy.__file__, "<frozen runpy>"):
        trace = trace.tb_next
    traceback.print_exception(kind, error, trace)
    return 1


def say(report: coach.Report) -> None:
    """Print the report."""
    print(f"\ngradbook coach: {counted(report)}", file=sys.stderr)
    for finding in report:
        print(finding, file=sys.stderr)
    if not report.watched and "torch" in sys.modules and sys.modules["torch"] is not gradbook:
        print("No training was seen, and the script uses PyTorch: gradbook coach --as-torch", file=sys.stderr)


def counted(report: coach.Report) -> str:
    """`2 errors, 1 warning`, or that there is nothing to say."""
    counts = [(name, sum(finding.severity == name for finding in report)) for name in ("error", "warning", "hint")]
    parts = [f"{count} {name}{'s' * (count != 1)}" for name, count in counts if count]
    return ", ".join(parts) or "nothing to say"
