"""`gradbook coach train.py`: a script runs as it would alone, and the coach says what is wrong as soon as it knows."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import runpy
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import gradbook
from gradbook import coach
from gradbook.coach.finding import worst_first
from gradbook.kernel_ext.coach_text import counted
from gradbook.observe.source import cell_label

__all__ = ["Script", "as_data"]

INTERRUPTED = 130  # as a shell has it
ERROR, WARNING = ("error",), ("error", "warning")
FAILS = {"error": ERROR, "warning": WARNING, "never": ()}


class Script:
    """A Python file, or with `module` a module's name, that runs as `__main__` with these arguments."""

    def __init__(self, name: str, arguments: Sequence[str] = (), *, module: bool = False) -> None:
        self.name, self.arguments, self.module = name, arguments, module

    def missing(self) -> str:
        """Why it cannot be run; '' if it can."""
        if not self.module:
            return "" if Path(self.name).is_file() else f"cannot read {self.name}: there is no such file"
        try:
            with self._surroundings():
                found = importlib.util.find_spec(self.name) is not None
        except (ImportError, ValueError):
            found = False
        return "" if found else f"there is no module {self.name!r}"

    def run(self, mute: Iterable[str] = (), fail_on: str = "error", json_file: str | None = None,
            as_torch: bool = False) -> int:  # fmt: skip
        """Run it under the coach, which speaks on stderr. -> the exit status.

        That is 1 if the script raises or a finding is as bad as `fail_on` ('error', 'warning' or 'never'), 130 if it
        was interrupted, else what the script exits with. json_file: where the findings are written, '-' for stdout.
        """
        watch = coach.Coach(muted=mute, on_finding=speak)
        with self._surroundings(), gradbook.as_torch() if as_torch else contextlib.nullcontext():
            watch.start()
            error: BaseException | None = None
            try:
                status = self._run()
            except KeyboardInterrupt:
                status = INTERRUPTED
            except Exception as raised:
                status, error = failed(), raised
            report = watch.finish(error)
        if not report.watched and "torch" in sys.modules and sys.modules["torch"] is not gradbook:
            print("No training was seen, and the script uses PyTorch: gradbook coach --as-torch", file=sys.stderr)
        return conclude(report.findings, report.rules, report.muted, self.name, status, fail_on, json_file)

    def _run(self) -> int:
        """-> what it exits with."""
        try:
            if self.module:
                runpy.run_module(self.name, run_name="__main__", alter_sys=True)
            else:
                runpy.run_path(self.name, run_name="__main__")
        except SystemExit as end:
            if end.code is None or isinstance(end.code, int):
                return end.code or 0
            print(end.code, file=sys.stderr)
            return 1
        return 0

    @contextlib.contextmanager
    def _surroundings(self) -> Iterator[None]:
        """sys.argv and sys.path as Python itself sets them for a script."""
        argv, path = sys.argv, sys.path[:]
        sys.argv = [self.name, *self.arguments]
        sys.path.insert(0, "" if self.module else str(Path(self.name).resolve().parent))
        try:
            yield
        finally:
            sys.argv, sys.path[:] = argv, path


def failed() -> int:
    """Print the traceback of the script's exception, without our own frames. -> 1"""
    kind, error, trace = sys.exc_info()
    while trace is not None and trace.tb_frame.f_code.co_filename in (__file__, runpy.__file__, "<frozen runpy>"):
        trace = trace.tb_next
    traceback.print_exception(kind, error, trace)
    return 1


def speak(finding: coach.Finding) -> None:
    """Tell a finding now, after all that the script has printed so far."""
    sys.stdout.flush()
    print(f"gradbook coach: {finding}", file=sys.stderr, flush=True)


def conclude(findings: Sequence[coach.Finding], rules: int, muted: Iterable[str], script: str, status: int,
             fail_on: str, json_file: str | None) -> int:  # fmt: skip
    """Say at the end what was found; of several findings a line each, they may be far above. -> the exit status."""
    findings = worst_first(findings)
    sys.stdout.flush()
    print(f"\ngradbook coach: {counted(findings)}", file=sys.stderr)
    for finding in findings if len(findings) > 1 else ():
        print(f"  {finding.headline}", file=sys.stderr)
    if json_file is not None:
        write(as_data(findings, rules, muted, script), json_file)
    return 1 if any(finding.severity in FAILS[fail_on] for finding in findings) else status


# -- for other tools -------------------------------------------------------------------------------------------------


def as_data(findings: Iterable[coach.Finding], rules: int, muted: Iterable[str], script: str) -> dict[str, Any]:
    """Findings as plain data. Lines count from 1, columns from 0; an edit replaces a stretch of a file by its text.

    In a notebook `cell` is a cell's number, such as '[7]', and `file` the name under which Python knows its code.
    """
    return {
        "gradbook": gradbook.__version__,
        "script": script,
        "rules": rules,
        "muted": sorted(muted),
        "findings": [
            {
                "rule": f.rule, "severity": f.severity, "message": f.message, "file": f.file, "line": f.line or None,
                "cell": label if (label := cell_label(f.file)).startswith("[") else None,
                "source": f.source, "step": f.step,
                "evidence": {name: str(value) for name, value in f.evidence.items()},
                "fixes": [{"code": str(fix), "why": fix.why, "edits": [_edit(edit) for edit in fix.edits]}
                          for fix in f.fixes],
            }
            for f in findings
        ],
    }  # fmt: skip


def _edit(edit: Any) -> dict[str, Any]:
    return {name: getattr(edit, name) for name in ("file", "line", "column", "end_line", "end_column", "text")}


def write(data: dict[str, Any], target: str) -> None:
    """Write data as JSON to a file, or to stdout for '-'; says so where that fails."""
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    if target == "-":
        sys.stdout.write(text)
        return
    try:
        Path(target).write_text(text, encoding="utf-8")
    except OSError as error:
        print(f"gradbook coach: cannot write {target}: {error.strerror}", file=sys.stderr)
