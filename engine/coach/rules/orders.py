"""The order of samples: where it is chosen, and that line with a new order in each epoch."""

from __future__ import annotations

import ast

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.literals import argument, flag_of
from gradbook.observe.failure.text import called_name
from gradbook.observe.source import Where

__all__ = ["permuted", "shuffled"]

WHY = "another order in each epoch"
Line = Where | tuple[str, int]


def shuffled(where: Where | None) -> tuple[Line | None, list[Fix]]:
    """Where a loader's order is chosen: by a sampler, by a setting, else by itself; and it with shuffle=True."""
    at = code.place(where)
    statement = at.statement if at is not None else None
    head = [statement.iter] if isinstance(statement, ast.For) else [statement] if statement is not None else []
    calls = [
        node for part in head for node in ast.walk(part) if isinstance(node, ast.Call) and "oader" in called_name(node)
    ]
    if at is None or not calls:
        return where, [Fix("shuffle=True", (), "where the loader is made")]
    call = at.expression if at.expression in calls else calls[0]
    assert isinstance(call, ast.Call)
    for given in (*argument(call, "sampler"), *argument(call, "batch_sampler")):
        return _sampled(at, given)
    fix = code.with_option(at, call, "shuffle", "True", WHY)
    flags = (flag_of(at, given, False) for given in argument(call, "shuffle", 2) if not isinstance(given, ast.Constant))
    flag = next((flag for flag in flags if flag is not None), None)
    if flag is None:
        return where, [fix]
    return flag.line, [code.replacement(flag.at, flag.node, "True", WHY), fix]


def _sampled(at: code.Place, given: ast.expr) -> tuple[Line | None, list[Fix]]:
    """The line of a sampler, with one that draws at random."""
    at = (code.assignment(at, given.id) if isinstance(given, ast.Name) else None) or at
    for node in ast.walk(at.expression) if at.expression is not None else ():
        if isinstance(node, ast.Call) and called_name(node) == "SequentialSampler":
            name = at.source.segment(node.func).replace("SequentialSampler", "RandomSampler")
            return at.at, [code.replacement(at, node.func, name, WHY)]
    return at.at, [Fix("sampler = RandomSampler(dataset)", (), WHY)]


def permuted(at: code.Place | None) -> list[Fix]:
    """A random order of the rows before the loop, and rows taken by it."""
    node = at.expression if at is not None else None
    if at is None or not isinstance(node, ast.Subscript):
        return [Fix("order = torch.randperm(len(x))", (), "a new order in each epoch; then x[order], y[order]")]
    data, rows = at.source.segment(node.value), at.source.segment(node.slice)
    return [
        code.replacement(at, node.slice, f"order[{rows}]", f"and order = torch.randperm(len({data})) before the loop"),
        Fix(f"order = torch.randperm(len({data}))", (), f"in each epoch; then {data}[order[{rows}]]"),
    ]
