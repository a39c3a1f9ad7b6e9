"""An immutable picture of a computation, in the user's own names."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from gradbook.observe import export, naming
from gradbook.observe.fold import fold
from gradbook.observe.graphdiff import GraphDiff, compare
from gradbook.observe.nodes import STATS, GraphEdge, GraphNode, ModuleInfo, NodeStats, Saved
from gradbook.observe.raw import RawNode, from_nodes
from gradbook.observe.source import Location, locate, user_frame
from gradbook.observe.uncollected import uncollected

__all__ = ["STATS", "Graph", "GraphEdge", "GraphNode", "ModuleInfo", "NodeStats", "svg_renderer"]

svg_renderer: Callable[..., str] | None = None  # set by gradbook.widgets: (graph, *, depth, direction, theme) -> SVG


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes in the order of computation, edges, and the modules they belong to. Equal structure: equal `signature`."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    modules: tuple[ModuleInfo, ...] = ()

    @classmethod
    def of(cls, tensor: Any, names: naming.Names | dict[str, Any] | None = None) -> Graph:
        """The computation that led to a tensor, or to several.

        `names` holds the variables whose names to use, such as `locals()`; by default those in sight of the caller.
        Raises TypeError for what is not a tensor. A value that no backward pass can reach is drawn where it was kept.
        """
        roots = list(tensor) if isinstance(tensor, Sequence) else [tensor]
        for root in roots:
            if not hasattr(root, "_node"):
                raise TypeError(f"Graph.of: expected a Tensor or a sequence of them, got {type(root).__name__}")
        if names is None:
            names = naming.Names.in_sight(user_frame())
        elif not isinstance(names, naming.Names):
            names = naming.Names([names])
        return build(from_nodes(roots), names)

    @cached_property
    def signature(self) -> str:
        """Hash of the structure: operations, names of parameters, modules, edges; not shapes, not values."""
        rows = [(n.kind, n.op, n.module_path, n.name if n.kind == "parameter" else "") for n in self.nodes]
        return hashlib.blake2b(repr((rows, self.edges)).encode(), digest_size=8).hexdigest()

    @property
    def ops(self) -> int:
        """Number of operations."""
        return sum(node.kind == "op" for node in self.nodes)

    def diff(self, other: Graph) -> GraphDiff:
        """What `other` has that this graph has not, lacks, and has changed."""
        return compare(self, other)

    def borrow(self, other: Graph) -> Graph:
        """This graph with the places, names and modules that it lacks, taken from `other`, if that did the same.

        The engine notes places only while somebody watches; a graph of the same operations on the same shapes, seen
        when somebody did, knows them. A graph that has any place of its own, or differs, stays as it is.
        """
        mine, theirs = ([node for node in graph.nodes if node.kind == "op"] for graph in (self, other))
        alike = [(n.op, n.shape, n.dtype) for n in mine] == [(n.op, n.shape, n.dtype) for n in theirs]
        if not alike or any(node.line is not None for node in mine):
            return self
        nodes = list(self.nodes)
        for node, known in zip(mine, theirs, strict=True):
            nodes[node.id] = node.placed_as(known)
        return Graph(tuple(nodes), self.edges, self.modules or other.modules)

    def fold(self, depth: int) -> Graph:
        """The same graph with each module deeper than `depth` levels as one node of kind 'module'; 0 folds the most.

        Raises ValueError if depth is negative.
        """
        return Graph(*fold(self.nodes, self.edges, self.modules, depth))

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries and lists: {'signature', 'nodes', 'edges', 'modules'}."""
        return export.to_json(self)

    def to_dot(self, *, direction: str = "TB", depth: int | None = None) -> str:
        """Source for Graphviz, modules as clusters. Raises ValueError unless direction is 'TB' or 'LR'."""
        return export.to_dot(self if depth is None else self.fold(depth), direction)

    def to_graphviz(self, *, direction: str = "TB", depth: int | None = None) -> Any:
        """A `graphviz.Source`, which renders PDF, PNG and SVG where Graphviz's `dot` is installed."""
        import graphviz

        return graphviz.Source(self.to_dot(direction=direction, depth=depth))

    def to_svg(self, *, direction: str = "TB", depth: int | None = None, theme: str = "auto") -> str:
        """A drawing by gradbook's own layout; from left to right, 'LR', by Graphviz's `dot`.

        Raises RuntimeError before `import gradbook.widgets`, and for 'LR' where Graphviz is not installed.
        """
        if direction == "LR":
            return export.render(self if depth is None else self.fold(depth), "svg", direction).decode()
        if svg_renderer is None:
            raise RuntimeError("Graph.to_svg: nothing draws yet; run `import gradbook.widgets` first")
        return svg_renderer(self, depth=depth, direction=direction, theme=theme)

    def save(self, file: str | Path, *, direction: str = "TB", depth: int | None = None) -> Path:
        """Write the graph; the ending chooses the form: svg, html, json, dot, and with Graphviz pdf, png.

        Raises ValueError for another ending.
        """
        return export.save(self, Path(file), direction, depth)

    def __repr__(self) -> str:
        inputs = sum(node.kind in ("input", "buffer", "constant") for node in self.nodes)
        parameters = sum(node.kind == "parameter" for node in self.nodes)
        return f"Graph({self.ops} ops, {parameters} parameters, {inputs} inputs)"


@uncollected()
def build(raw: list[RawNode], names: naming.Names) -> Graph:
    """A Graph of raw nodes in the order of computation; node i of the graph is raw node i."""
    index = {node.key: i for i, node in enumerate(raw)}
    edges = tuple(GraphEdge(index[key], i, slot) for i, node in enumerate(raw) for slot, key in node.inputs)
    classes = {path: type(module).__name__ for path, module in names.module_paths()}
    titles = _titles(raw, names)
    places = _places(raw)
    nodes = tuple(
        _node(i, node, titles[i], classes, names, _saved(node, index), places[i]) for i, node in enumerate(raw)
    )
    if not any(node.kind == "parameter" for node in nodes):  # made by hand: what has a gradient is what learns
        nodes = tuple(replace(n, kind="parameter") if n.kind == "input" and n.requires_grad else n for n in nodes)
    return Graph(nodes, edges, _modules(nodes, names))


def _saved(node: RawNode, index: dict[Any, int]) -> tuple[Saved, ...]:
    return tuple(Saved(name, nbytes, index.get(source, -1)) for name, nbytes, source in node.saved)


def _places(raw: list[RawNode]) -> list[Location | None]:
    """Where each node stands; a line that made a thousand of them is looked up once."""
    known: dict[tuple[int, int], Location | None] = {}
    found: list[Location | None] = []
    for node in raw:
        if node.where is None:
            found.append(None)
            continue
        key = (id(node.where[0]), node.where[1])
        if key not in known:
            known[key] = locate(node.where)
        found.append(known[key])
    return found


def _node(i: int, node: RawNode, name: str, classes: dict[str, str], names: naming.Names,
          saved: tuple[Saved, ...], place: Location | None) -> GraphNode:  # fmt: skip
    kind = node.kind
    if kind == "input" and node.tensor_id is not None:
        kind = "parameter" if node.tensor_id in names.parameters else kind
        kind = "buffer" if node.tensor_id in names.buffers else kind
    path = node.path
    if kind in ("parameter", "buffer"):
        path = name.rpartition(".")[0]
    return GraphNode(
        id=i,
        kind=kind,
        op=node.op,
        name=name,
        module_path=path,
        module_cls=node.module_cls or (classes.get(path, "") if path else ""),
        cell=place.cell if place else None,
        line=place.line if place else None,
        source=place.source if place else None,
        marked=place.marked if place else None,
        shape=node.shape,
        dtype=node.dtype,
        device=node.device,
        requires_grad=node.requires_grad,
        params=node.params,
        seq=node.seq,
        saved=saved,
    )


def _titles(raw: list[RawNode], names: naming.Names) -> list[str]:
    """A name for each node: of a value in sight, as an argument where it is first used, as the target of an `=`."""
    titles = [names.by_id(node.tensor_id, node.array_id) for node in raw]
    uses: dict[Any, tuple[Any, int]] = {}
    inner = set()  # ops whose result goes into another op of the same line's instruction: not what `=` names
    by_key = {node.key: node for node in raw}
    for node in raw:
        for slot, key in node.inputs:
            uses.setdefault(key, (node.where, slot))
            if node.where is not None and by_key[key].where == node.where:
                inner.add(key)
    for i, node in enumerate(raw):
        if titles[i]:
            continue
        if node.kind == "op":
            titles[i] = naming.target_name(node.where) if node.key not in inner else ""
        elif node.key in uses:
            where, slot = uses[node.key]
            arguments = naming.argument_names(where)
            titles[i] = arguments[slot] if slot < len(arguments) else ""
    return titles


def _modules(nodes: tuple[GraphNode, ...], names: naming.Names) -> tuple[ModuleInfo, ...]:
    """Every module on the way to a node, outer ones first."""
    seen: dict[str, str] = {}
    for node in nodes:
        parts = node.module_path.split(".") if node.module_path else []
        for end in range(1, len(parts) + 1):
            seen.setdefault(".".join(parts[:end]), "")
        if node.module_path:
            seen[node.module_path] = seen[node.module_path] or node.module_cls
    found = dict(names.module_paths())
    infos = []
    for path in sorted(seen, key=lambda path: path.count(".")):  # stable: else in the order of the graph
        module = found.get(path)
        count = sum(math.prod(p.shape) for p in module.parameters()) if module is not None else 0
        infos.append(ModuleInfo(path, type(module).__name__ if module is not None else seen[path], count))
    return tuple(infos)
