"""A recorded graph as the browser wants it: indices instead of ids, module tree, formulas as MathML."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gradbook.autograd.op import registry
from gradbook.observe.uncollected import uncollected
from gradbook.widgets.formulas import formulas
from gradbook.widgets.wire import plain

if TYPE_CHECKING:
    from gradbook.observe import Graph

__all__ = ["compact_graph", "describe_graph"]

REMEMBERED = 4  # graphs whose description is kept; describing 2,000 nodes costs milliseconds
_known: list[tuple[Any, dict[str, Any]]] = []
NESTED = frozenset(("shape", "marked", "saved", "params"))  # fields whose values are lists or dictionaries
_compact: list[tuple[dict[str, Any], dict[str, Any]]] = []  # description, the same in columns


def describe_graph(graph: Graph) -> dict[str, Any]:
    """Nodes, edges, module tree, formulas; `id` is a node's place in `nodes`, `module` one in `modules` or -1."""
    for other, description in _known:
        if other is graph:
            return description
    description = _describe(graph)
    _known[:] = [(graph, description), *_known[: REMEMBERED - 1]]
    return description


@uncollected()
def compact_graph(description: dict[str, Any]) -> dict[str, Any]:
    """A description as it travels: columns instead of nodes, each value of a column once; a third of the bytes.

    `columns`: field of a node -> [values, indices]; `edges`: src, dst, slot, src, dst, slot, ...
    """
    for other, compact in _compact:
        if other is description:
            return compact
    nodes = description["nodes"]
    compact = {key: value for key, value in description.items() if key not in ("nodes", "edges")}
    fields = [name for name in nodes[0] if name != "id"] if nodes else []
    compact["columns"] = {name: _column([node[name] for node in nodes], name in NESTED) for name in fields}
    compact["edges"] = [number for edge in description["edges"] for number in edge]
    _compact[:] = [(description, compact), *_compact[: REMEMBERED - 1]]
    return compact


def _column(cells: list[Any], nested: bool) -> list[list[Any]]:
    """[distinct values, for each cell the index of its value]."""
    keys = [repr(cell) for cell in cells] if nested else cells
    places: dict[Any, int] = {}
    values: list[Any] = []
    indices: list[int] = []
    for key, cell in zip(keys, cells, strict=True):
        place = places.get(key)
        if place is None:
            place = places[key] = len(values)
            values.append(cell)
        indices.append(place)
    return [values, indices]


@uncollected()
def _describe(graph: Graph) -> dict[str, Any]:
    modules = _modules(graph)
    place = {module["path"]: i for i, module in enumerate(modules)}
    index = {node.id: i for i, node in enumerate(graph.nodes)}
    ops = {node.op for node in graph.nodes if node.kind == "op"}
    return {
        "signature": graph.signature,
        "ops": sum(node.kind == "op" for node in graph.nodes),
        "nodes": [_node(i, node, place, index) for i, node in enumerate(graph.nodes)],
        "edges": [[index[edge.src], index[edge.dst], edge.slot] for edge in graph.edges],
        "modules": modules,
        "formulas": formulas(registry[name] for name in sorted(ops) if name in registry),
    }


def _node(index: int, node: Any, place: dict[str, int], index_of: dict[int, int]) -> dict[str, Any]:
    name = plain(node.name)
    return {
        "id": index,
        "kind": node.kind,
        "op": node.op,
        "label": _label(node, name),
        "name": name,
        "module": place.get(node.module_path, -1) if node.module_path else -1,
        "shape": [int(dim) for dim in node.shape],
        "dtype": str(node.dtype),
        "device": str(node.device),
        "rg": bool(node.requires_grad),
        "cell": None if node.cell is None else plain(node.cell),
        "line": node.line,
        "source": None if node.source is None else plain(node.source),
        "marked": None if node.marked is None else list(node.marked),
        "saved": [[plain(kept.name), int(kept.nbytes), index_of.get(kept.source, -1)] for kept in node.saved],
        "params": {plain(key): plain(value) for key, value in (node.params or {}).items()},
    }


def _label(node: Any, name: str) -> str:
    """An op's own name, the last part of a path; a number is no path."""
    if node.kind == "op":
        return str(node.op)
    return (name if node.kind == "constant" else name.rpartition(".")[2]) or str(node.kind)


def _modules(graph: Graph) -> list[dict[str, Any]]:
    """Modules in the order of the graph, parents before children; a parent the graph never names is added."""
    known = {module.path: module for module in graph.modules if module.path}
    used = {node.module_path for node in graph.nodes if node.module_path}
    paths = list(dict.fromkeys(parent for path in [*known, *sorted(used)] for parent in _with_parents(path)))
    place = {path: i for i, path in enumerate(paths)}
    return [_module(path, known.get(path), place) for path in paths]


def _module(path: str, info: Any, place: dict[str, int]) -> dict[str, Any]:
    parent, _, label = path.rpartition(".")
    return {
        "path": plain(path),
        "label": plain(label),
        "cls": plain(info.cls) if info else "",
        "parent": place[parent] if parent else -1,
        "parameters": int(info.parameters) if info else 0,
    }


def _with_parents(path: str) -> Iterable[str]:
    parts = path.split(".")
    return (".".join(parts[: i + 1]) for i in range(len(parts)))
