"""%graph: the computation behind a tensor, a module called on an input, or a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from IPython.core.error import UsageError
from IPython.core.magic import line_magic, magics_class

from gradbook import observe
from gradbook.kernel_ext.arguments import natural, split_options
from gradbook.kernel_ext.magics.base import GradbookMagics
from gradbook.kernel_ext.pictures import GraphPicture
from gradbook.kernel_ext.settings import choice
from gradbook.observe.export import SUFFIXES
from gradbook.observe.graph import build
from gradbook.observe.naming import Names
from gradbook.observe.raw import from_nodes

if TYPE_CHECKING:
    from gradbook.widgets.still import Still

__all__ = ["GraphMagic"]

T = TypeVar("T")
OPTIONS = ("depth", "direction", "diff", "save")


@magics_class
class GraphMagic(GradbookMagics):
    """%graph."""

    @line_magic
    def graph(self, line: str) -> GraphPicture | Still | Path:
        """Show the graph behind a tensor, a module called on an input, or a run; or how it differs from another one.

        %graph EXPR [--depth N] [--direction TB|LR] [--save FILE.svg|pdf|png|html|dot|json]
        %graph EXPR --diff EXPR [--save FILE.svg|html]

        EXPR         loss · model(x) · a run of observe.runs() · a step of run.history · a Graph
        --diff       show what this graph has (+), lacks (−) and has changed (~) against EXPR's; quote what has spaces
        --depth      fold modules deeper than N levels into one node each; 0 folds the most
        --direction  TB: from top to bottom, LR: from left to right
        --save       write it to a file instead; pdf and png need Graphviz's dot
        """
        expression, options = split_options("%graph", line, OPTIONS)
        if "diff" in options:
            return self._diff(expression, options)
        depth = natural("%graph", "depth", options["depth"]) if "depth" in options else None
        direction = choice("%graph --direction", options.get("direction", "TB"), ("TB", "LR"))
        if "save" in options and Path(options["save"]).suffix[1:] not in SUFFIXES:
            raise UsageError(f"%graph --save: {options['save']!r} ends in none of {', '.join(SUFFIXES)}")
        graph = self.graph_of(expression)
        if "save" in options:
            import gradbook.widgets  # noqa: F401  (it is what draws)

            return _told(lambda: graph.save(Path(options["save"]).expanduser(), direction=direction, depth=depth))
        picture = GraphPicture(graph, depth, direction, self.extension.settings.theme)
        _told(picture.svg)
        return picture

    def _diff(self, expression: str, options: dict[str, str]) -> Still | Path:
        """Two graphs as one, with marks."""
        from gradbook.widgets.diff_view import diff_view

        if others := [f"--{name}" for name in ("depth", "direction") if name in options]:
            raise UsageError(f"%graph --diff: {' and '.join(others)} cannot be chosen with it")
        file = Path(options["save"]).expanduser() if "save" in options else None
        if file is not None and file.suffix not in (".svg", ".html"):
            raise UsageError(f"%graph --diff --save: {options['save']!r} ends in neither svg nor html")
        old, new = self.graph_of(expression), self.graph_of(options["diff"])
        still = diff_view(old.diff(new), (expression, options["diff"]), theme=self.extension.settings.theme)
        if file is None:
            return still
        if file.suffix == ".html":
            return still.save(file)
        from gradbook.widgets.export import write_atomically

        return write_atomically(file, still.picture)

    def graph_of(self, expression: str) -> observe.Graph:
        """The graph that an expression means. Raises UsageError if it means none."""
        names = Names([self.shell.user_ns])
        with observe.trace(self.shell.user_ns) as trace:
            value = self.value_of("%graph", expression)
        if isinstance(value, observe.Graph):
            return value
        if isinstance(value, observe.Moment):
            return value.graph
        if isinstance(value, observe.Run):
            if value.graph is None:
                raise UsageError(f"%graph: {value.name!r} has seen no backward pass, so it has no graph yet")
            return value.graph
        if isinstance(value, tuple | list) and value and hasattr(value[0], "_node"):
            value = [item for item in value if hasattr(item, "_node")]
        elif hasattr(value, "_node"):
            value = [value]
        else:
            raise UsageError(
                f"%graph: {expression} is {_kind(value)}; a graph needs a tensor{_advice(expression, value)}"
            )
        graph = build(from_nodes(value, trace.tape), names)
        for run in reversed(observe.runs()):
            if run.graph is not None and graph.ops > 1:
                graph = graph.borrow(run.graph)
        return graph


def _kind(value: Any) -> str:
    return f"a {type(value).__name__}"


def _told(act: Callable[[], T]) -> T:
    """What cannot be drawn here is said without a traceback."""
    try:
        return act()
    except RuntimeError as error:
        raise UsageError(f"%graph: {error}") from None


def _advice(expression: str, value: Any) -> str:
    if hasattr(value, "named_parameters"):
        return f": call the module on an input, as in %graph {expression}(x)"
    return ", a module called on an input, or a run"
