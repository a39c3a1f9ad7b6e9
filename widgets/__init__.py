"""What a run looks like: live in a notebook, as a picture without one, as a page of its own.

    view = LiveView(run); view.show()      under a cell, at once, while the cell goes on
    export_html(run, "run.html")           one file, no network

Importing this also gives `Graph.to_svg` its drawing.
"""

from __future__ import annotations

from gradbook.observe import graph as _graph
from gradbook.widgets.export import export_html, notebook_to_html
from gradbook.widgets.renderer import render_graph
from gradbook.widgets.view import LiveView

__all__ = ["LiveView", "export_html", "notebook_to_html"]

_graph.svg_renderer = render_graph
