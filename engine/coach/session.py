"""The coach in a notebook: one watch over all cells, which knows in each what the earlier ones have built and trained.

    session = Session()
    session.begin_cell("[7]", cell_id, text, namespace)
    ...                                    # the cell runs
    report = session.end_cell(error)       # what is new in this cell

A cell is no whole program: the next one may do what this one has left out. At the end of a cell in which a training
ran, the rules judge that training as they would at the end of a program, and are made anew for the next one; they
inherit what they need to know of it. After any other cell they wait, and say only what no later cell can change.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gradbook.coach.coach import Coach
from gradbook.coach.finding import Finding, Report
from gradbook.observe.source import cell_file

__all__ = ["Cell", "Session", "defined", "parsed"]

TRAINING = 2  # steps in one cell: one may be a trial, or the next cell of a classroom's loop
LOOP = 3  # backward passes in one cell that no step follows
Key = tuple[str, str, int]  # rule, file, line


@dataclass(eq=False)
class Cell:
    """A cell as it ran last."""

    label: str
    id: str
    file: str
    text: str
    number: int  # of all cells that have run, this one counted again each time
    runs: int = 1  # with this text
    before: str | None = None  # the text that it had before this one, if it ran with another
    again: bool = False  # it has run before
    findings: set[Key] = field(default_factory=set)  # that it has brought up

    @functools.cached_property
    def names(self) -> frozenset[str] | None:
        """The variables that it defines; None where that cannot be told."""
        return defined(self.text)


class Session:
    """The coach of one notebook. Cells must not overlap; one that runs another one is still one cell.

    muted: ids of rules that shall be silent, a set that may change at any time. on_finding(finding) is called as soon
    as a rule speaks. A finding is said once for each (rule, file, line), until its cell runs again.
    """

    def __init__(self, muted: Iterable[str] = (), on_finding: Callable[[Finding], None] | None = None) -> None:
        self.muted: set[str] = muted if isinstance(muted, set) else set(muted)
        self.cells: dict[str, Cell] = {}  # by id, in the order in which they first ran
        self.cell: Cell | None = None  # the one that runs
        self.namespace: Mapping[str, Any] = {}
        self._open: dict[Key, Finding] = {}
        self._silent = set(self.muted)  # those that were muted when the rules were made
        self._before = self._passes = 0  # steps and backward passes before the cell
        self._seen = (0, 0, 0)  # what was heard before it
        self._number = 0
        self.coach = Coach(muted=self.muted, on_finding=on_finding)
        self.coach.session = self
        self._begun = False
        self._inner: list[Coach] = []  # watches that the running cell has begun itself
        self._held: list[Finding] = []  # what was found while they watched

    @property
    def findings(self) -> list[Finding]:
        """What is still open: all that was said of cells that have not run again since."""
        return [finding for finding in self._open.values() if finding.rule not in self.muted]

    # -- a cell ------------------------------------------------------------------------------------------------------

    def begin_cell(self, label: str, cell_id: str | None, text: str, namespace: Mapping[str, Any]) -> Report:
        """A cell is about to run: its label such as '[7]', the front end's id of it. -> its report, which will fill."""
        if self.cell is not None:  # the one before has not been ended
            self.end_cell()
        self.namespace = namespace
        self._number += 1
        self.coach.explained.forget()
        file = cell_file(label)
        cell = self._enter(label, cell_id or file or label, file, text)
        coach = self.coach
        if self._silent != self.muted:
            self._silent = set(self.muted)
            (coach.renew if self._begun else coach.enlist)()
        coach.report = coach.new_report()
        self._before, self._passes, self._seen = coach.total, coach.passes, self._heard()
        if not self._begun:
            self._begun = True
            coach.tell("begins")
        coach.tell("cell", cell)
        coach.resume()
        return coach.report

    def _heard(self) -> tuple[int, int, int]:
        """Numbers that grow with what the coach hears."""
        coach = self.coach
        return coach.tape.count, coach.report.watched, len(coach.turn.reads)

    def _enter(self, label: str, cell_id: str, file: str, text: str) -> Cell:
        """Take the cell down. What was said of it as it was, and what it brought up then, is no longer open."""
        known = self.cells.get(cell_id)
        cell = Cell(label, cell_id, file, text, self._number)
        gone, brought = {file} - {""}, set[Key]()  # a copy of a cell has the file of that one
        if known is not None:
            same = known.text == text
            cell.again = True
            cell.runs, cell.before = (known.runs + 1, known.before) if same else (1, known.text)
            gone, brought = gone | {known.file}, known.findings
        for key in [key for key in self._open if key[1] in gone or key in brought]:
            del self._open[key]
        self.cell = self.cells[cell_id] = cell
        return cell

    def end_cell(self, error: BaseException | None = None) -> Report:
        """The cell has ended, with this error or well. -> its findings."""
        coach = self.coach
        coach.pause()
        if self.cell is None:
            return coach.report
        if isinstance(error, Exception):
            coach.fails(error)
        if coach.total - self._before >= TRAINING or coach.passes - self._passes >= LOOP:
            coach.tell("ended")
            coach.renew()
        elif self._seen != self._heard():
            coach.tell("rests")
        held, self._held = self._held, []
        for finding in held:
            coach.take(finding)
        self._inner.clear()
        self.cell = None
        return coach.report

    def give_way(self, inner: Coach) -> None:
        """The cell begins a watch of its own: what that one says, or shall not say, is not said again."""
        self._inner.append(inner)
        inner.built.update(self.coach.built)
        inner.constructed = self.coach.constructed

    def close(self) -> None:
        """The notebook is left: hold nothing any longer."""
        self.coach.pause()
        self.coach.tape.forget()
        self.cell, self.namespace = None, {}
        self.cells.clear()
        self._open.clear()

    # -- findings ----------------------------------------------------------------------------------------------------

    def admits(self, finding: Finding) -> bool:
        """A rule speaks. -> whether it is told of in this cell: of a line of an earlier one it may be known already."""
        key = (finding.rule, finding.file, finding.line)
        if any(not inner.ended for inner in self._inner):
            self._held.append(finding)
            return False
        if any(finding.rule in inner.muted or inner.report.has(finding) for inner in self._inner):
            return False
        if key not in self._open:
            self._open[key] = finding
            if self.cell is not None:
                self.cell.findings.add(key)
        return True

    def new(self, finding: Finding) -> bool:
        """Whether a finding was made for the first time, not one that another cell has brought up before."""
        return self._open.get((finding.rule, finding.file, finding.line)) is finding


def parsed(text: str) -> ast.Module | None:
    """The syntax tree of a cell without its magics; None where it is no Python, or more than that."""
    lines = text.splitlines()
    kept = ["" if line.lstrip().startswith(("%", "!", "?")) else line for line in lines]
    try:
        return ast.parse("\n".join(kept))
    except (SyntaxError, ValueError):
        return ast.Module([], []) if text.lstrip().startswith("%%") else None  # such as %%bash


def defined(text: str) -> frozenset[str] | None:
    """The names that a text gives a value to where it stands: assignments, imports, functions, classes, loops.

    None where that cannot be told.
    """
    tree = parsed(text)
    if tree is None:
        return None
    found: set[str] = set()
    stack: list[ast.AST] = list(tree.body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).split(".")[0])
        if not isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            stack.extend(ast.iter_child_nodes(node))
    return None if "*" in found else frozenset(found)
