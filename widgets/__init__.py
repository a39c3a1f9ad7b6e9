"""What a run looks like: live in a notebook, as a picture without one, as a page of its own.

    view = LiveView(run); view.show()      under a cell, at once, while the cell goes on
    export_html(run, "run.html")           one file, no network

Importing this also gives `Graph.to_svg` its drawing.
"""

from __future__ import annotations

from typing import Any

from gradbook.observe import graph as _graph
from gradbook.observe import walkthrough as _walkthrough
from gradbook.widgets.coach_report import CoachLesson, CoachReport
from gradbook.widgets.export import export_html, notebook_to_html
from gradbook.widgets.renderer import render_graph
from gradbook.widgets.view import LiveView

__all__ = ["CoachLesson", "CoachReport", "LiveView", "export_html", "notebook_to_html"]

_graph.svg_renderer = render_graph


def _show_walk(walk: Any) -> Any:
    """What displays a walkthrough; what draws it is loaded when one is shown."""
    from gradbook.widgets.walk_still import walk_still

    return walk_still(walk)


_walkthrough.renderer = _show_walk
