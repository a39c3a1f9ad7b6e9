"""Run -> what the browser is told: plain dicts and little-endian buffers. Pure: a run goes in, a message comes out.

A snapshot says everything and replaces what is there; a frame says what has come since a cursor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.observe import thin
from gradbook.widgets.curves import evenly
from gradbook.widgets.describe_batch import describe_batch
from gradbook.widgets.describe_coach import describe_coach, nodes_of
from gradbook.widgets.describe_detail import choose_details, describe_detail
from gradbook.widgets.describe_graph import compact_graph, describe_graph
from gradbook.widgets.describe_history import choose_moments
from gradbook.widgets.describe_stop import describe_birth, describe_stop
from gradbook.widgets.wire import Message, finite, plain

if TYPE_CHECKING:
    from gradbook.observe import Run

__all__ = ["EMBEDDED", "OVER", "Cursor", "describe_status", "frame", "snapshot", "still_status"]

SERIES_POINTS = 24_000  # points of all curves in one snapshot
EPOCHS = 200  # marks of epochs
FRAME_POINTS = 8_000  # points of one curve in one frame
PROBE_BYTES = 96_000  # probes in one snapshot
GHOST_ID = 1 << 16
GHOST_POINTS = 1_000
COLUMNS, BINS = 5, 32
OVER = ("finished", "stopped", "error")
EMBEDDED = "application/vnd.gradbook.run+json"  # a packed run in an output, only where an export asked for it
Array = np.ndarray


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a view has been told. Sending moves it on; it never goes back."""

    seq: int = 0
    run_id: str = ""
    series: Mapping[str, int] = field(default_factory=dict)  # name -> points told
    epochs: int = 0
    parameters: int = -1  # version of the parameter list told
    rows: int = 0  # parameters in it
    probed: int = 0  # recorded steps told
    graph_version: int = -1
    stats_step: int = -1
    details: Mapping[int, int] = field(default_factory=dict)  # node id -> step told
    coach: tuple[Any, ...] = ()  # what it was told of: findings and muted rules, the graph, what is lit in it
    plain: tuple[Any, ...] = ()  # status, controls and the like, without the clock


def snapshot(run: Run, seq: int = 0, controls: Mapping[str, Any] | None = None) -> tuple[Message, Cursor]:
    """Everything about a run, thinned to stay small. -> the message and the cursor of one who has it."""
    message, cursor = _advance(run, Cursor(seq=seq - 1), controls or _no_controls())
    _ghosts(run, message)
    message.content["kind"] = "snapshot"
    for key, empty in (("coach", None), ("error", None), ("graph", None)):
        message.content.setdefault(key, empty)
    if run.state in OVER:
        keepsakes = [describe_detail(*one, message) for one in choose_details(run).items()]
        if keepsakes:
            message.content["details"] = keepsakes
        choose_moments(run, message)
    return message, cursor


def frame(run: Run, cursor: Cursor, controls: Mapping[str, Any] | None = None) -> tuple[Message | None, Cursor]:
    """What has come since the cursor. -> (message, new cursor); (None, the same cursor) when nothing has."""
    if cursor.run_id != run.id:
        return snapshot(run, cursor.seq + 1, controls)
    message, moved = _advance(run, cursor, controls or _no_controls())
    if len(message.content) <= len(ALWAYS) and moved.plain == cursor.plain:
        return None, cursor
    return message, moved


ALWAYS = ("kind", "seq", "run", "status", "controls", "lr", "level", "panels", "stop", "birth")


def _advance(run: Run, cursor: Cursor, controls: Mapping[str, Any]) -> tuple[Message, Cursor]:
    message = Message({"kind": "frame", "seq": cursor.seq + 1})
    content = message.content
    content["run"] = {"id": run.id, "cell": plain(run.cell), "name": plain(run.name)}
    content["status"] = describe_status(run)
    content["controls"] = dict(controls)
    content["lr"] = {"value": finite(run.learning_rate), "suggested": None}
    content["level"] = run.level
    content["panels"] = None if run.panels is None else list(run.panels)
    error = _error(run)
    if error is not None:
        content["error"] = error
    content["stop"] = describe_stop(run)
    content["birth"] = describe_birth(run.birth, run.graph)
    cursor = replace(cursor, seq=cursor.seq + 1, run_id=run.id, plain=_unclocked(content))
    for part in (_series, _epochs, _parameters, _probes, _graph, _coach, _details):
        cursor = part(run, cursor, message)
    return message, cursor


def describe_status(run: Run) -> dict[str, Any]:
    """Where a run stands; what cannot be known or would be untrue while paused is None."""
    moving = run.state == "running"
    error = run.error or {}
    return {
        "state": run.state,
        "step": int(run.step),
        "epoch": None if run.epoch is None else int(run.epoch),
        "total": None if run.total_steps is None else int(run.total_steps),
        "rate": finite(run.rate) if moving else None,
        "eta": finite(run.eta) if moving else None,
        "seconds": finite(run.seconds) or 0.0,
        "message": plain(run.message or error.get("type", "")),
        "line": error.get("line"),
    }


def still_status() -> dict[str, Any]:
    """The same for what stands still: nothing runs behind it."""
    unknown = dict.fromkeys(("epoch", "total", "rate", "eta", "line"))
    return {"state": "finished", "step": 0, "seconds": 0.0, "message": "", **unknown}


def _unclocked(content: Mapping[str, Any]) -> tuple[Any, ...]:
    """What must have changed for a frame to be worth sending when no data came."""
    status = content["status"]
    still = tuple(status[key] for key in ("state", "step", "epoch", "total", "message"))
    still = (*still, repr(content["stop"]), repr(content["birth"]))
    return (*still, repr(content["controls"]), repr(content["lr"]), content["level"], repr(content.get("error")))


def _error(run: Run) -> dict[str, Any] | None:
    if not run.error:
        return None
    return {
        "type": plain(run.error.get("type")),
        "message": plain(run.error.get("message")),
        "line": run.error.get("line"),
        "node": run.error.get("node"),
    }


def _no_controls() -> dict[str, Any]:
    return {"live": False, "why": ""}


def _series(run: Run, cursor: Cursor, message: Message) -> Cursor:
    curves = tuple(run.series.items())
    share = max(SERIES_POINTS // max(len(curves), 1), 200)
    told, found = dict(cursor.series), []
    for i, (name, series) in enumerate(curves):
        first = name not in told
        fresh = series.since(told.get(name, 0))
        if not len(fresh.steps):
            continue
        reset = first or fresh.reset
        steps, values = thin(fresh.steps, fresh.values, share if reset else FRAME_POINTS)
        found.append(_curve(message, (i, name, series.role), steps, values, reset))
        told[name] = fresh.total
    if found:
        message.content["series"] = found
    return replace(cursor, series=told)


def _ghosts(run: Run, message: Message) -> None:
    """The main curves of the earlier runs of this cell, to stand behind this one."""
    for i, earlier in enumerate(run.ghosts):
        main = earlier.main
        if main is not None and len(main) > 1:
            steps, values = thin(*main.snapshot(), GHOST_POINTS)
            curve = _curve(message, (GHOST_ID + i, main.name, "ghost"), steps, values, True)
            message.content.setdefault("series", []).append(curve)


def _curve(message: Message, head: tuple[int, str, str], steps: Array, values: Array, reset: bool) -> dict[str, Any]:
    return {
        "id": head[0],
        "name": plain(head[1]),
        "role": head[2],
        "steps": message.steps(steps),
        "values": message.floats(values),
        "reset": reset,
    }


def _epochs(run: Run, cursor: Cursor, message: Message) -> Cursor:
    marks = tuple(run.epochs)
    if len(marks) == cursor.epochs:
        return cursor
    every = next(n for n in _round_numbers() if len(marks) <= EPOCHS * n)
    message.content["epochs"] = [[int(epoch), int(step)] for epoch, step in marks if epoch % every == 0]
    return replace(cursor, epochs=len(marks))


def _round_numbers() -> Iterator[int]:
    """1, 2, 5, 10, 20, 50, …: of many epochs, those are told that an axis would name."""
    return (factor * 10**power for power in count() for factor in (1, 2, 5))


def _parameters(run: Run, cursor: Cursor, message: Message) -> Cursor:
    version, rows = run.parameters_version, run.parameters
    if version == cursor.parameters or not rows:
        return cursor
    message.content["params"] = {
        "rows": [
            {
                "name": plain(row.name),
                "shape": [int(dim) for dim in row.shape],
                "numel": int(row.numel),
                "module": plain(row.module_path),
            }
            for row in rows
        ]
    }
    # the browser drops its probes with the old rows
    return replace(cursor, parameters=version, rows=len(rows), probed=0)


def _probes(run: Run, cursor: Cursor, message: Message) -> Cursor:
    fresh = run.probes.since(cursor.probed)
    if not len(fresh.steps) or fresh.table.shape[1] != cursor.rows:
        return cursor
    each = 4 * (cursor.rows * (COLUMNS + BINS + 1) + 1)
    keep = evenly(len(fresh.steps), max(PROBE_BYTES // each, 4))
    message.content["probes"] = {
        "steps": message.steps(fresh.steps[keep]),
        "table": message.floats(fresh.table[keep]),
        "hist": message.floats(fresh.histogram[keep]),
        "range": message.floats(fresh.hist_range[keep]),
    }
    return replace(cursor, probed=fresh.total)


def _graph(run: Run, cursor: Cursor, message: Message) -> Cursor:
    picture = run.picture
    if picture.graph is not None and picture.version != cursor.graph_version:
        message.content |= {"graph": compact_graph(describe_graph(picture.graph)), "graph_version": picture.version}
        # the browser drops statistics and details with the old graph
        cursor = replace(cursor, graph_version=picture.version, stats_step=-1, details={})
    stats = picture.stats
    if stats is not None and picture.step != cursor.stats_step and picture.version == cursor.graph_version:
        message.content["graph_stats"] = {
            "step": int(picture.step),
            "table": message.floats(stats),
            "batch": describe_batch(picture.batch, message),
        }
        cursor = replace(cursor, stats_step=picture.step)
    return cursor


def _coach(run: Run, cursor: Cursor, message: Message) -> Cursor:
    """What the coach says, when it says more, or a rule is muted, or another graph shows what it speaks of."""
    report = run.coach
    if report is None:
        return cursor
    told, graph = (report.version, report.rules, frozenset(report.muted)), run.picture.graph
    if cursor.coach[:2] == (told, cursor.graph_version):
        return cursor
    nodes = nodes_of(report, graph)  # a graph that changes in each step shows them in their places all the same
    if (told, nodes) != (*cursor.coach[:1], *cursor.coach[2:]):
        message.content["coach"] = describe_coach(report, nodes)
    return replace(cursor, coach=(told, cursor.graph_version, nodes))


def _details(run: Run, cursor: Cursor, message: Message) -> Cursor:
    graph = run.graph
    if graph is None or not run.details:
        return cursor
    index = {node.id: i for i, node in enumerate(graph.nodes)}
    fresh = {node: d for node, d in tuple(run.details.items()) if node in index and cursor.details.get(node) != d.step}
    if fresh:
        message.content["details"] = [describe_detail(index[node], detail, message) for node, detail in fresh.items()]
    return replace(cursor, details={**cursor.details, **{node: detail.step for node, detail in fresh.items()}})
