"""Variants that are compared although each goes on with the network that the one before it has trained."""

from __future__ import annotations

import ast
import itertools
from typing import Any

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.lineage import Lineage, Stint
from gradbook.coach.rule import Rule
from gradbook.coach.rules.learning_rates import number

__all__ = ["ID", "IDEA", "RULES", "Sweep", "made_line", "maker"]

ID = "cell-rerun-continues-training"
IDEA = "training goes on from where the network is: what shall be compared must begin with a network of its own"
ENOUGH = 2  # steps of each variant
LEARNT = 0.95  # of the first loss of all: what the first variant has left of it


class Sweep(Rule):
    """A loop tries learning rates, or other options of an optimizer, on one network that is never made anew."""

    id = ID
    severity = "warning"
    idea = IDEA
    threshold = (
        "optimizers made on one line with different options, each of which takes the parameters as the one before has "
        "left them; learning rates that only fall may be a schedule by hand: a hint, unless results are kept for each"
    )

    def begins(self) -> None:
        self.lineage = self.coach.shared(Lineage)
        self.told = False

    def ended(self) -> None:
        chains: dict[Any, list[Stint]] = {}
        for stint in self.lineage.current.values():
            if stint.steps >= ENOUGH and stint.callers and stint.earlier is None:
                chains.setdefault(stint.callers[0], []).append(stint)
        for chain in chains.values():
            if len(chain) > 1 and not self.told:
                self._consider(chain)

    def _consider(self, chain: list[Stint]) -> None:
        follows = [stint for stint in chain[1:] if stint.before in chain]
        options = [name for name in chain[0].options if len({repr(stint.options.get(name)) for stint in chain}) > 1]
        kinds = {stint.kind for stint in chain}
        begun = chain[0].first
        learnt = follows and follows[0].first < LEARNT * begun
        goes_on = all(one.goes_on(begun) for one in follows)
        if len(follows) != len(chain) - 1 or not learnt or not goes_on or not (options or len(kinds) > 1):
            return
        self.told = True
        rates = [stint.options.get("lr", 0.0) for stint in chain]
        falling = options == ["lr"] and len(kinds) == 1 and all(a > b for a, b in itertools.pairwise(rates))
        at = place_of(chain)
        self._speak(chain, at, options[0] if options else "kind", not falling or keeps_results(at))

    def _speak(self, chain: list[Stint], at: code.Place | None, what: str, sure: bool) -> None:
        one, two = chain[0], chain[1]
        said = [two.kind, one.kind] if what == "kind" else [f"{what}={shown(s.options[what])}" for s in (two, one)]
        model, line = maker(self, one)
        evidence = {
            f"{shown(stint.options.get(what, stint.kind))}": f"loss {stint.first:.3g} to {stint.last:.3g}"
            for stint in chain[:6]
        }  # fmt: skip
        fixes = []
        if line is not None and at is not None:
            fixes.append(code.insertion(at, line, f"a new {model} for each"))
            fixes.append(Fix(f"{model}.load_state_dict(start)", (), "or its weights of before the first, a deep copy"))
        self.find(
            f"With {said[0]} {model} begins as {said[1]} has left it: the results cannot be compared.",
            at.at if at is not None else (two.built.where if two.built is not None else None), evidence, fixes,
            severity="" if sure else "hint",
        )  # fmt: skip


def shown(value: Any) -> str:
    """An option's value as it would be written."""
    return number(value) if isinstance(value, float) else str(value)


def place_of(chain: list[Stint]) -> code.Place | None:
    """Where the variants part: the innermost statement round the optimizer's that stands in a loop, else its line."""
    for where in chain[1].callers:
        at = code.place(where)
        if at is not None and at.loop is not None:
            return at
        above = [stint.callers[chain[1].callers.index(where)] for stint in chain if len(stint.callers) > 1]
        if at is not None and len({(id(code_), lasti) for code_, lasti in above}) > 1:
            return at
    return code.place(chain[1].callers[0])


def keeps_results(at: code.Place | None) -> bool:
    """Whether the loop keeps something for each value of its variable: `results[lr] = ...`, `.append((lr, ...))`."""
    loop = at.loop if at is not None else None
    if not isinstance(loop, ast.For):
        return False
    names = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
    for node in ast.walk(loop):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            if mentions(node.targets[0].slice, names):
                return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "append":
            if any(mentions(argument, names) for argument in node.args):
                return True
    return False


def mentions(node: ast.AST, names: set[str]) -> bool:
    """Whether one of these names is in an expression."""
    return any(isinstance(each, ast.Name) and each.id in names for each in ast.walk(node))


def maker(rule: Rule, stint: Stint) -> tuple[str, str | None]:
    """What the user calls the model of an optimizer, and the line that makes it, if that is one line."""
    optimizer_at = code.place(stint.callers[0]) if stint.callers else None
    call = optimizer_at.expression if optimizer_at is not None else None
    name = "model"
    for node in ast.walk(call) if call is not None else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "parameters":
            name = ast.unparse(node.func.value)
    for where in stint.callers:
        at = code.place(where)
        given = at.expression.args if at is not None and isinstance(at.expression, ast.Call) else []
        for each in dict.fromkeys((name, *(argument.id for argument in given if isinstance(argument, ast.Name)))):
            if (line := made_line(at, each)) is not None and (each == name or where is not stint.callers[0]):
                return each, line
    return name, None


def made_line(at: code.Place | None, name: str) -> str | None:
    """The text of the statement that makes what a name holds, in one line."""
    made = code.assignment(at, name)
    if made is None or made.statement is None or not isinstance(made.expression, ast.Call):
        return None
    return " ".join(made.source.segment(made.statement).split())


RULES = (Sweep,)
