"""What the coach says, as the browser and the pictures want it. Pure: a report goes in, plain dicts come out."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from gradbook.observe.failure.text import Edit, apply, source_of
from gradbook.observe.source import cell_label
from gradbook.widgets.describe_lesson import describe_lesson
from gradbook.widgets.wire import plain

if TYPE_CHECKING:
    from gradbook.coach import Finding, Fix, Report
    from gradbook.observe import Graph

__all__ = [
    "FINDINGS", "NODES", "describe_coach", "describe_finding", "describe_findings", "hunks_of", "lesson_of", "nodes_of",
    "said",
]  # fmt: skip

FINDINGS = 20  # that travel
NODES = 64  # to light of one finding
HUNK_BYTES = 8_000  # of a fix: what changes more than that is no change to be looked at in a row of buttons
CONTEXT = 1  # lines that stay, on each side of a change
MAGIC = "get_ipython()."  # how a magic's line reads in the code that ran; in the cell it is another text
Row = list[str]  # [sign, text]: '-' goes, '+' comes, ' ' stays


def describe_coach(report: Report, nodes: Sequence[Sequence[int]] = ()) -> dict[str, Any]:
    """Everything of a report that is shown. nodes: what to light of each finding, as nodes_of has it."""
    findings = report.findings[:FINDINGS]
    described = describe_findings(findings)
    for i, (finding, told) in enumerate(zip(findings, described["findings"], strict=True)):
        told |= {"raised": finding is report.raised, "nodes": [*nodes[i]] if i < len(nodes) else []}
    return {**described, "rules": report.rules, "muted": sorted(report.muted)}


def describe_findings(findings: Sequence[Finding]) -> dict[str, Any]:
    """The same of findings that were picked, all of them."""
    rules = dict.fromkeys(finding.rule for finding in findings)
    lessons = {rule: lesson for rule in rules if (lesson := lesson_of(rule)) is not None}
    return {"rules": 0, "muted": [], "lessons": lessons, "findings": [describe_finding(one) for one in findings]}


def describe_finding(finding: Finding) -> dict[str, Any]:
    """One finding: where, what convinced the rule, and the fixes with their changes."""
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "text": plain(finding.message),
        "evidence": [[plain(name), said(value)] for name, value in finding.evidence.items()],
        "cell": plain(cell_label(finding.file)) if finding.file else "",
        "line": finding.line or None,
        "source": plain(finding.source),
        "step": finding.step or None,
        "nodes": [],
        "fixes": [{"code": plain(fix), "why": plain(fix.why), "hunks": hunks_of(fix)} for fix in finding.fixes],
    }


@functools.cache
def lesson_of(rule: str) -> dict[str, Any] | None:
    """What a rule is about; None for one that is not of the coach's own, or whose example is not installed."""
    from gradbook.coach import RULES, explain

    try:
        return describe_lesson(explain(rule)) if rule in RULES else None
    except FileNotFoundError:  # a finding is worth more than its lesson
        return None


def said(value: Any) -> str:
    """A value of the evidence as it is read: numbers short, sequences without their brackets."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, float):
        return f"{value:.4g}".replace("-", "\N{MINUS SIGN}")
    if isinstance(value, list | tuple) and value and all(isinstance(one, int | float | str) for one in value):
        return plain(("×" if isinstance(value, tuple) and isinstance(value[0], int) else ", ").join(map(said, value)))
    return plain(value)


# -- the change of a fix ---------------------------------------------------------------------------------------------


def hunks_of(fix: Fix) -> list[dict[str, Any]]:
    """What a fix changes in the user's text: whole lines, with one that stays on each side.

    -> [{cell, line, rows: [[sign, text], ...]}], `line` that of the first row; [] for a fix that is to be written by
    hand. A page compares the rows that go or stay with the cell before it writes.
    """
    found = []
    for file in dict.fromkeys(edit.file for edit in fix.edits):
        edits = tuple(edit for edit in fix.edits if edit.file == file)
        before = source_of(file).text
        try:
            after = apply(before, edits)
        except IndexError:  # the file on disk is another one by now
            return []
        found += [{"cell": cell_label(file), **hunk} for hunk in _changes(before, after, edits)]
    return found if sum(len(text) for hunk in found for _, text in hunk["rows"]) <= HUNK_BYTES else []


def _changes(before: str, after: str, edits: tuple[Edit, ...]) -> Iterator[dict[str, Any]]:
    old, new = (text.removesuffix("\n").split("\n") for text in (before, after))
    first = max(min(edit.line for edit in edits) - 1 - CONTEXT, 0)  # the lines before and after need no comparing
    below = max(len(old) - max(edit.end_line for edit in edits) - CONTEXT, 0)
    old, new = old[first : len(old) - below], new[first : len(new) - below]
    for group in difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT):
        rows: list[Row] = []
        for tag, i, i_end, j, j_end in group:
            if tag == "equal":
                rows += [[" ", line] for line in old[i:i_end]]
            else:
                rows += [["-", line] for line in old[i:i_end]] + [["+", line] for line in new[j:j_end]]
        line = first + group[0][1] + 1
        while rows and rows[0][0] == " " and rows[0][1].startswith(MAGIC):
            rows, line = rows[1:], line + 1
        while rows and rows[-1][0] == " " and rows[-1][1].startswith(MAGIC):
            rows = rows[:-1]
        yield {"line": line, "rows": rows}


# -- what to light ---------------------------------------------------------------------------------------------------


class _Index:
    """The nodes of a graph by what findings call them."""

    def __init__(self, graph: Graph) -> None:
        self.named: dict[str, list[int]] = {}  # by a parameter's or a value's name, and by module
        self.ops: dict[str, list[int]] = {}
        self.lines: dict[tuple[str | None, int | None], list[int]] = {}
        for i, node in enumerate(graph.nodes):
            for name in {node.name, *_modules(node.module_path)} - {""}:
                self.named.setdefault(name, []).append(i)
            if node.kind == "op":
                self.ops.setdefault(node.op, []).append(i)
                self.lines.setdefault((node.cell, node.line), []).append(i)

    def find(self, name: str) -> list[int]:
        """The nodes of that name, of the module that is so called, without the model's own name, or of that op."""
        short = name.partition(".")[2]
        return self.named.get(name) or (short and self.named.get(short)) or self.ops.get(name) or []


def _modules(path: str) -> Iterator[str]:
    """`a.b.c` -> a.b.c, a.b, a: what is inside a module belongs to it."""
    while path:
        yield path
        path = path.rpartition(".")[0]


def nodes_of(report: Report, graph: Graph | None) -> tuple[tuple[int, ...], ...]:
    """What to light of each finding that is sent, as places in the graph: what it names, else what its line made."""
    findings = report.findings[:FINDINGS]
    if graph is None or not findings:
        return ()
    index = _Index(graph)
    return tuple(_nodes(finding, index) for finding in findings)


def _nodes(finding: Finding, index: _Index) -> tuple[int, ...]:
    found = [node for name in finding.nodes for node in index.find(name)]
    if not found and finding.line:
        found = index.lines.get((cell_label(finding.file), finding.line), [])
    return tuple(sorted(dict.fromkeys(found))[:NODES])
