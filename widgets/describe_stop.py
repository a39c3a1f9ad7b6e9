"""Where a breakpoint holds a run, and where its NaN was born, as the browser wants them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gradbook.widgets.wire import plain

if TYPE_CHECKING:
    from gradbook.observe import Birth, Graph, Run, Stop

__all__ = ["describe_birth", "describe_stop"]


def describe_stop(run: Run) -> dict[str, Any] | None:
    """The operation that holds the run, None while none does; `node` is its place in the graph or -1."""
    stop: Stop | None = run.stop
    if stop is None:
        return None
    line = stop.line
    return {
        "number": int(stop.number),
        "reason": plain(stop.reason),
        "phase": stop.phase,
        "op": plain(stop.op),
        "module": plain(stop.module),
        "place": plain(stop.place),
        "line": None if line is None else line.line,
        "source": "" if line is None else plain(line.source),
        "text": plain(stop.sentence),
        "fix": plain(stop.cause.fix) if stop.cause is not None else "",
        "node": stop.index,
    }


def describe_birth(birth: Birth | None, graph: Graph | None) -> dict[str, Any] | None:
    """Where a loss stopped being finite; `path` leads from there to the loss in the graph that is shown."""
    if birth is None:
        return None
    return {
        "kind": birth.kind,
        "text": plain(birth.sentence),
        "place": plain(birth.place),
        "source": plain(birth.graph.nodes[birth.node].source or ""),
        "fix": plain(birth.cause.fix),
        "path": list(_path(birth, graph)) if graph is not None else [],
        "certain": birth.certain,
    }


@lru_cache(maxsize=4)
def _path(birth: Birth, graph: Graph) -> tuple[int, ...]:
    """The way to the loss in a graph, looked for once; every frame asks."""
    return birth.locate(graph)
