"""How far a program got: the operations up to the failing one, those after it never reached, as one row of stages."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from gradbook.nn import functional
from gradbook.observe.failure.findings import Finding, module_name
from gradbook.observe.failure.operands import Call
from gradbook.observe.failure.shapes import PRODUCTS, Ran
from gradbook.observe.failure.text import called_name, place_of, source_of
from gradbook.observe.failure.trial import Outcome
from gradbook.observe.naming import argument_names
from gradbook.observe.nodes import shape_text
from gradbook.observe.raw import from_nodes, is_parameter
from gradbook.observe.source import locate, span_of
from gradbook.tensor import Tensor

__all__ = ["Stage", "stages"]

MOST = 12  # stages drawn; those in the middle of longer rows are counted
AHEAD = 3  # of them after the failure
SILENT = {"t", "transpose", "alias", "detach", "to", "contiguous"}


@dataclass(frozen=True)
class Stage:
    """One box. `state` is 'ran', 'failed', 'never', or 'more' for those left out; `note` its shape or what is wrong."""

    name: str
    note: str
    state: str
    place: str = ""


def stages(
    call: Call, finding: Finding, control: Outcome | None, after: Outcome | None
) -> tuple[tuple[Stage, ...], str]:
    """The row of stages, and in words how many operations ran."""
    if control is not None:
        ran, total = control.ran, len(after.ran) if after is not None else 0
        rest = _beyond(call, ran, after.ran) if after is not None else []
        before = _grouped(ran)
        first = _input(call, ran, control)
        return _row(call, finding, [*first, *before], _ahead(rest, after)), _count(len(ran), total)
    before = _from_graph(call)
    counted = f"{len(before)} operations led to it" if before else ""
    return _row(call, finding, before, []) if before else (), counted


def _beyond(call: Call, ran: list[Ran], mended: list[Ran]) -> list[Ran]:
    """What ran after the failing operation once it was mended, without its layer or call, and what was put before."""
    rest = mended[len(ran) :]
    if call.module is not None:
        kind = type(call.module)
        at = next((i for i, each in enumerate(rest) if isinstance(each.module, kind)), 0)
        return [each for each in rest[at:] if each.module is not rest[at].module] if rest else []
    same = next((i for i, each in enumerate(rest) if each.op == call.op or {each.op, call.op} <= PRODUCTS), 0)
    return [each for each in rest[same:] if each.where != rest[same].where] if rest else []


def _count(ran: int, total: int) -> str:
    ops = "operation" if ran == 1 else "operations"
    if total > ran:
        return f"{ran} of {total} operations ran; dashed = never reached"
    return f"{ran} {ops} ran"


def _row(call: Call, finding: Finding, before: list[Stage], ahead: list[Stage]) -> tuple[Stage, ...]:
    path = module_name(call) if call.module is not None else ""
    note = f"{finding.sizes[0]} ≠ {finding.sizes[1]}" if finding.sizes else ""
    backward = isinstance(call.node, ast.Call) and getattr(call.node.func, "attr", "") == "backward"
    failed = Stage(
        path or ("backward" if backward else call.op),
        note,
        "failed",
        place_of(call.step.code.co_filename, call.step.line),
    )
    ahead = ahead[:AHEAD] if len(ahead) <= AHEAD else [*ahead[: AHEAD - 1], ahead[-1]]
    room = MOST - 1 - len(ahead)
    if len(before) > room:
        left = len(before) - room + 1
        before = [before[0], Stage(f"{left} more", "", "more"), *before[len(before) - room + 2 :]]
    return (*before, failed, *ahead)


def _grouped(ran: list[Ran]) -> list[Stage]:
    """Operations of one layer, or of one call of the user's, as one stage; simple ones in a row as `relu · pool`."""
    found: list[Stage] = []
    inner: Any = None
    simple = False
    for each in ran:
        place = locate(each.where)
        where = place_of(place.file, place.line) if place is not None else ""
        note = shape_text(each.shape)
        layer = is_layer(each)
        key = id(each.module) if layer else each.where
        learned = layer and next(iter(each.module.parameters()), None) is not None
        said = "" if layer else word(each)
        name = layer_name(each, learned) if layer else said
        if key == inner and found:
            found[-1] = Stage(found[-1].name, note, "ran", where)
        elif each.op in SILENT and said in SILENT:
            continue
        elif simple and not learned and "·" not in found[-1].name and len(found[-1].name) + len(name) < 14:
            found[-1] = Stage(f"{found[-1].name} · {name}", note, "ran", where)
        else:
            found.append(Stage(name, note, "ran", where))
        inner, simple = key, not learned
    return found


def layer_name(ran: Ran, learned: bool) -> str:
    """A layer by its path; a number says little, so its class stands with it, or alone where nothing is learned."""
    kind = type(ran.module).__name__
    last = ran.path.rpartition(".")[2]
    if last.isdigit():
        return f"{ran.path} {kind}" if learned else kind.lower()
    return ran.path if learned else last


def is_layer(ran: Ran) -> bool:
    """True for an operation inside one of the engine's own modules, below the outermost."""
    return ran.module is not None and type(ran.module).__module__.startswith("gradbook.") and bool(ran.path)


def word(ran: Ran) -> str:
    """What the user wrote for an operation: `flatten` where the engine says reshape."""
    node = source_of(ran.where[0].co_filename).at(span_of(ran.where)) if ran.where is not None else None
    if isinstance(node, ast.Call):
        name = called_name(node)
        if hasattr(Tensor, name) or hasattr(functional, name):
            return name
    return "matmul" if ran.op in PRODUCTS else ran.op


def _ahead(rest: list[Ran], after: Outcome | None) -> list[Stage]:
    """The stages of the mended program after the failing one."""
    if after is None or not rest:
        return []
    found = [Stage(s.name, "", "never") for s in _grouped(rest)]
    if after.loss:
        found = [*found[:-1], Stage(after.loss, "", "never")]
    return found


def _input(call: Call, ran: list[Ran], control: Outcome) -> list[Stage]:
    """What went into the first operation."""
    if not ran:
        return [Stage(o.name, shape_text(o.shape), "ran") for o in call.operands[:1]]
    tensors = [o for o in ran[0].operands if isinstance(o, Tensor) and not is_parameter(o)]
    if not tensors:
        return []
    original = control.originals.get(id(tensors[0]))
    known = call.names.of(original) if isinstance(original, Tensor) else ""
    name = known or next(iter(argument_names(ran[0].where)), "") or "input"
    return [Stage(name, shape_text(tensors[0].shape), "ran")]


def _from_graph(call: Call) -> list[Stage]:
    """Without a trial: the operations that the operands' own graphs still know."""
    roots = [operand.tensor for operand in call.operands if operand.tensor._node is not None]
    nodes = [node for node in from_nodes(roots) if node.kind == "op"] if roots else []
    return [Stage(node.op, shape_text(node.shape), "ran") for node in nodes if node.op not in SILENT]
