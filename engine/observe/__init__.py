"""What the outside may see of the engine: graphs, runs, curves, probes, and the mailbox that controls a training."""

from __future__ import annotations

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
from gradbook.observe.tensordiff import TensorChange, TensorDiff
from gradbook.observe.trace import Trace, trace

if TYPE_CHECKING:
    from gradbook.observe.birth import Birth
    from gradbook.observe.breakpoints import Breakpoint, breakpoint, clear_breakpoints
    from gradbook.observe.difference import RunDiff, StepDiff, diff
    from gradbook.observe.provenance import why_nan
    from gradbook.observe.stop import Stop
    from gradbook.observe.timing import timeline
    from gradbook.observe.walkthrough.walk import Walk, walk

__all__ = [
    "STATS",
    "Birth",
    "Breakpoint",
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
    "RunDiff",
    "Series",
    "Snapshot",
    "StepDiff",
    "Stop",
    "StopTraining",
    "TensorChange",
    "TensorDiff",
    "Trace",
    "Walk",
    "breakpoint",
    "clear_breakpoints",
    "current_run",
    "diff",
    "finish_run",
    "log",
    "runs",
    "start_run",
    "thin",
    "timeline",
    "trace",
    "walk",
    "why_nan",
]

_LAZY = {  # what few programs use is imported when it is asked for: name -> module
    "Birth": "birth",
    "Breakpoint": "breakpoints",
    "RunDiff": "difference",
    "StepDiff": "difference",
    "Stop": "stop",
    "Walk": "walkthrough.walk",
    "breakpoint": "breakpoints",
    "clear_breakpoints": "breakpoints",
    "diff": "difference",
    "timeline": "timing",
    "walk": "walkthrough.walk",
    "why_nan": "provenance",
}


def __getattr__(name: str) -> Any:
    """What is rarely used is imported when it is asked for."""
    if name not in _LAZY:
        raise AttributeError(f"module 'gradbook.observe' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"gradbook.observe.{_LAZY[name]}"), name)
