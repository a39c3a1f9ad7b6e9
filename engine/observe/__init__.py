"""What the outside may see of the engine: graphs, runs, curves, probes, and the mailbox that controls a training."""

from typing import TYPE_CHECKING, Any

from gradbook.observe.control import Control, StopTraining
from gradbook.observe.details import Detail
from gradbook.observe.graph import Graph
from gradbook.observe.graphdiff import Change, GraphDiff
from gradbook.observe.history import History
from gradbook.observe.moment import Moment
from gradbook.observe.nodes import STATS, GraphEdge, GraphNode, ModuleInfo, NodeStats
from gradbook.observe.probes import ParameterInfo, ProbeRows, Probes
from gradbook.observe.run import Picture, Run, Snapshot, current_run, runs
from gradbook.observe.series import Fresh, Series, thin
from gradbook.observe.session import finish_run, log, start_run
from gradbook.observe.trace import Trace, trace

if TYPE_CHECKING:
    from gradbook.observe.walkthrough.walk import Walk, walk

__all__ = [
    "STATS",
    "Change",
    "Control",
    "Detail",
    "Fresh",
    "Graph",
    "GraphDiff",
    "GraphEdge",
    "GraphNode",
    "History",
    "ModuleInfo",
    "Moment",
    "NodeStats",
    "ParameterInfo",
    "Picture",
    "ProbeRows",
    "Probes",
    "Run",
    "Series",
    "Snapshot",
    "StopTraining",
    "Trace",
    "Walk",
    "current_run",
    "finish_run",
    "log",
    "runs",
    "start_run",
    "thin",
    "timeline",
    "trace",
    "walk",
]


def __getattr__(name: str) -> Any:
    """What is rarely used is imported when it is asked for."""
    if name == "timeline":
        from gradbook.observe.timing import timeline

        return timeline
    if name in ("Walk", "walk"):
        from gradbook.observe.walkthrough import walk as module

        return getattr(module, name)
    raise AttributeError(f"module 'gradbook.observe' has no attribute {name!r}")
