"""A graph as text for other tools: JSON, Graphviz source, files."""

from __future__ import annotations

import html
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradbook.observe.nodes import GraphNode, shape_text

if TYPE_CHECKING:
    from gradbook.observe.graph import Graph

__all__ = ["SUFFIXES", "save", "to_dot", "to_json"]

SUFFIXES = ("svg", "pdf", "png", "html", "dot", "json")
_COLOURS = {"op": "#0072b2", "module": "#0072b2", "parameter": "#8a6500", "buffer": "#8a8a8a"}
_SHAPES = {"op": "box", "module": "box3d", "parameter": "note", "buffer": "note"}


def to_json(graph: Graph) -> dict[str, Any]:
    """Plain dictionaries and lists, strict JSON: unknown numbers are null."""
    nodes = []
    for node in graph.nodes:
        plain = asdict(node)
        plain["shape"] = list(node.shape)
        if node.stats is not None:
            plain["stats"] = {k: v if v - v == 0 else None for k, v in node.stats._asdict().items()}
        nodes.append(plain)
    return {
        "signature": graph.signature,
        "nodes": nodes,
        "edges": [list(edge) for edge in graph.edges],
        "modules": [info._asdict() for info in graph.modules],
    }


def to_dot(graph: Graph, direction: str = "TB") -> str:
    """Graphviz source, modules as nested clusters. Raises ValueError unless direction is 'TB' or 'LR'."""
    if direction not in ("TB", "LR"):
        raise ValueError(f"to_dot: direction is {direction!r}; it is 'TB' (top to bottom) or 'LR' (left to right)")
    lines = ["digraph gradbook {", f"  rankdir={direction};", '  node [fontname="sans-serif", fontsize=11];']
    by_module: dict[str, list[GraphNode]] = {}
    for node in graph.nodes:
        by_module.setdefault("" if node.kind == "module" else node.module_path, []).append(node)
    classes = {info.path: info.cls for info in graph.modules}
    lines += [_dot_node(node) for node in by_module.get("", [])]
    for top in dict.fromkeys(path.split(".")[0] for path in by_module if path):
        lines += _cluster(top, by_module, classes, 1)
    lines += [f"  n{src} -> n{dst};" for src, dst, _ in graph.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _cluster(path: str, by_module: dict[str, list[GraphNode]], classes: dict[str, str], level: int) -> list[str]:
    pad = "  " * level
    label = _quote(f"{path} ({classes[path]})" if classes.get(path) else path)
    lines = [f"{pad}subgraph {_quote('cluster_' + path)} {{", f"{pad}  label={label}; color={_quote('#8a8a8a')};"]
    lines += [pad + _dot_node(node) for node in by_module.get(path, [])]
    deeper = {
        ".".join(other.split(".")[: path.count(".") + 2]): None for other in by_module if other.startswith(path + ".")
    }
    for child in deeper:
        lines += _cluster(child, by_module, classes, level + 1)
    return [*lines, pad + "}"]


def _dot_node(node: GraphNode) -> str:
    shape = shape_text(node.shape)
    title = node.name if node.kind != "op" or not node.name else f"{node.name} = {node.op}"
    label = _quote(f"{title or node.op}\n{shape}")
    colour = _quote(_COLOURS.get(node.kind, "#009e73"))
    return f"  n{node.id} [label={label}, shape={_SHAPES.get(node.kind, 'ellipse')}, color={colour}];"


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def save(graph: Graph, file: Path, direction: str, depth: int | None) -> Path:
    """Write a graph in the form its ending says.

    Raises ValueError for an ending we do not write, RuntimeError where Graphviz is needed and missing.
    """
    suffix = file.suffix[1:].lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"cannot write a graph as {file.name!r}; the endings are {', '.join(SUFFIXES)}")
    shown = graph if depth is None else graph.fold(depth)
    if suffix == "json":
        file.write_text(json.dumps(to_json(shown), ensure_ascii=False, allow_nan=False), encoding="utf-8")
    elif suffix == "dot":
        file.write_text(to_dot(shown, direction), encoding="utf-8")
    elif suffix in ("svg", "html"):
        svg = graph.to_svg(direction=direction, depth=depth)
        file.write_text(svg if suffix == "svg" else _page(file.stem, svg), encoding="utf-8")
    else:
        file.write_bytes(render(shown, suffix, direction))
    return file


def render(graph: Graph, form: str, direction: str) -> bytes:
    """A drawing by Graphviz. Raises RuntimeError that says what to do where its `dot` is not installed."""
    import graphviz

    try:
        drawn: bytes = graph.to_graphviz(direction=direction).pipe(format=form)
    except graphviz.ExecutableNotFound:
        advice = "install Graphviz (apt install graphviz, brew install graphviz), or save .svg, .html, .dot or .json"
        raise RuntimeError(
            f"a graph as {form}, {direction}, is drawn by Graphviz's dot, which is not there: {advice}"
        ) from None
    return drawn


def _page(title: str, svg: str) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title></head>\n'
        f"<body>{svg}</body></html>\n"
    )
