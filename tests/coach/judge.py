"""Runs a program under the coach and compares what it says with what the program's own comments expect.

    loss.backward()  # coach: missing-zero-grad; fix: optimizer.zero_grad()

stands on the line that must change: that rule is expected, there, and one of its first three fixes contains that text.
`# coach-line: rule` marks another line that its author takes for as good an answer.
`# coach-also: rule` at the end of any line names a rule that may speak too (a fault that shows in two ways). A program
without `# coach:` is correct: errors and warnings are false alarms, hints are not, but for those of a rule in
`# coach-not: rule`.
"""

from __future__ import annotations

import contextlib
import io
import linecache
import re
import sys
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradbook
from tests.coach.cells import MARK, Cell, cells_of, run_cells

__all__ = ["PROGRAMS", "ROOT", "UNSEEN", "Expected", "Verdict", "expectations", "judge", "programs"]

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent / "programs"
UNSEEN = Path(__file__).parent / "unseen"  # by authors who had not seen the coach
EXPECTED = re.compile(r"#\s*coach:\s*(?P<rule>[a-z-]+)\s*(?:;\s*fix:\s*(?P<fix>.*\S))?\s*$")
NEVER = re.compile(r"#\s*coach-not:\s*(?P<rules>[a-z, -]+)")
LINE = re.compile(r"#\s*coach-line:\s*(?P<rule>[a-z-]+)")
ALSO = re.compile(r"#\s*coach-also:\s*(?P<rules>[a-z, -]+)")
FIXES = 3  # of a finding that count


@dataclass(frozen=True)
class Expected:
    """A rule that must speak, of which line, with which text in one of its first fixes ('': any)."""

    rule: str
    line: int
    fix: str
    others: frozenset[int] = frozenset()  # lines that are as good


@dataclass
class Verdict:
    """What came of one program: per expected rule whether it spoke, of the right line, with the right fix."""

    name: str
    expected: list[Expected]
    found: dict[str, tuple[bool, bool, bool]] = field(default_factory=dict)  # rule -> (spoke, line, fix)
    false: list[str] = field(default_factory=list)  # rules that spoke and should not have
    spoke: set[str] = field(default_factory=set)  # all rules that spoke, hints included
    loud: set[str] = field(default_factory=set)  # those among them that did more than hint
    report: str = ""

    @property
    def good(self) -> bool:
        """Everything expected was said as it should be, and nothing else."""
        return not self.false and all(all(parts) for parts in self.found.values())


def programs(folder: Path = PROGRAMS) -> list[Path]:
    """All programs of a folder, in order."""
    return sorted(folder.rglob("*.py"))


def expectations(text: str) -> tuple[list[Expected], set[str]]:
    """What a program's comments expect, and which rules may speak too."""
    wanted, also = [], set()
    lines = text.splitlines()
    good = {(mark["rule"], number) for number, line in enumerate(lines, 1) for mark in LINE.finditer(line)}
    for number, line in enumerate(lines, 1):
        if found := EXPECTED.search(line):
            others = frozenset(each for rule, each in good if rule == found["rule"])
            wanted.append(Expected(found["rule"], number, found["fix"] or "", others))
        if more := ALSO.search(line):
            also |= {rule.strip() for rule in more["rules"].split(",")}
    return wanted, also


def judge(path: Path, text: str | None = None, cells: Sequence[Cell] = (), mute: Iterable[str] = ()) -> Verdict:
    """Run a program, or another text in its place, under the coach; as these cells of it, if there are any.

    mute: ids of rules that do not look.
    """
    text = path.read_text() if text is None else text
    wanted, also = expectations(text)
    verdict = Verdict(path.stem, wanted)
    report = run(text, str(path), cells, mute)
    verdict.report, verdict.spoke = str(report), {f.rule for f in report.findings}
    verdict.loud = {f.rule for f in report.findings if f.severity != "hint"}
    for each in wanted:
        said = [f for f in report.findings if f.rule == each.rule]
        here = [f for f in said if f.line == each.line or f.line in each.others]
        right = any(same(each.fix, fix) for f in here or said for fix in f.fixes[:FIXES])
        verdict.found[each.rule] = (bool(said), bool(here), right or not each.fix)
    allowed = also | {each.rule for each in wanted}
    never = {rule.strip() for more in NEVER.finditer(text) for rule in more["rules"].split(",")}
    verdict.false = sorted((verdict.loud | (verdict.spoke & never)) - allowed)
    return verdict


def run(text: str, file: str, cells: Sequence[Cell] = (), mute: Iterable[str] = ()) -> gradbook.coach.Report:
    """Run a program's text under the coach, as if it stood in this file. What it prints and raises is swallowed.

    One that is written in cells (see cells.py) runs as a notebook does, and so does any as the cells that are given.
    """
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space: dict[str, Any] = {"__name__": "__main__", "__file__": file}
    gradbook.manual_seed(0)
    gradbook.random.default_generator.seeded = False  # not by the program
    gradbook.set_default_dtype(gradbook.float32)  # the program before may have chosen another one
    main, words, sys.argv = sys.modules["__main__"], sys.argv, [file]
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), gradbook.enable_grad():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message="gradbook")  # of the coach itself
        report = None
        try:
            if MARK.search(text) or cells:
                return run_cells(cells or cells_of(text), file, space, mute)
            with gradbook.coach.watch(mute=mute) as report:
                exec(compile(text, file, "exec"), space)
        except Exception as error:
            assert report is not None  # a program may raise: that is a finding too
            if isinstance(error, RuntimeWarning) and str(error).startswith("gradbook"):
                raise  # a rule has failed
        finally:
            sys.modules["__main__"], sys.argv = main, words
            space.clear()
    return report


def same(wanted: str, fix: str) -> bool:
    """Whether a fix contains the text that is wanted, blanks, quotes and a line's own mark aside."""

    def plain(code: str) -> str:
        return re.sub(r"\s+", "", EXPECTED.sub("", code)).replace("'", '"')

    return plain(wanted) in plain(
        re.sub(r"# coach(-line)?:.*", "", fix)
    )  # a fix is its whole line, with the comment on it
