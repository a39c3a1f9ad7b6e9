"""The birth of a NaN or an infinity, as it is told: what, where, why, the way to the loss, what usually mends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gradbook import backends
from gradbook.observe import finite
from gradbook.observe.causes import Cause, Entry, kind_of
from gradbook.observe.details import Detail
from gradbook.observe.finite import NAN
from gradbook.observe.graph import Graph
from gradbook.observe.source import place_text

__all__ = ["Birth", "held"]


@dataclass(frozen=True, eq=False)
class Birth:
    """Where a number that is not finite was born.

    `phase` is 'forward', 'backward' (in a gradient) or 'value' (a tensor brought it in); `node` its place in `graph`,
    `path` the nodes from there to the loss, `details` its value and its operands' as they were. `certain` is False
    where a value was no longer there to be looked at.
    """

    phase: str
    op: str
    name: str
    cause: Cause
    graph: Graph
    node: int
    path: tuple[int, ...]
    certain: bool = True
    details: Mapping[int, Detail] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """'NaN' or 'Inf'."""
        return self.cause.kind

    @property
    def line(self) -> int | None:
        """The line of the forward, where it is known."""
        return self.graph.nodes[self.node].line

    @property
    def place(self) -> str:
        """'cell [7] line 4 · encoder.0', as far as it is known."""
        node = self.graph.nodes[self.node]
        line = "" if node.line is None else place_text(node.cell or "", node.line)
        return " · ".join(filter(None, (line, node.module_path)))

    @property
    def sentence(self) -> str:
        """What happened and why, in one sentence."""
        return self.cause.sentence

    def locate(self, graph: Graph) -> tuple[int, ...]:
        """The path in another picture of the same computation, () where that is another one."""
        there = self.places(graph)
        found = tuple(there.get(node, -1) for node in self.path)
        return () if -1 in found else found

    def places(self, graph: Graph) -> dict[int, int]:
        """For each node of our graph its place in another picture of the same computation; {} for another one."""
        if graph is self.graph:
            return {i: i for i in range(len(graph.nodes))}
        mine, theirs = ([n for n in g.nodes if n.kind == "op" and n.requires_grad] for g in (self.graph, graph))
        if [(n.op, n.shape) for n in mine] != [(n.op, n.shape) for n in theirs]:
            return {}
        there = {a.id: b.id for a, b in zip(mine, theirs, strict=True)}
        sources = {(edge.dst, edge.slot): edge.src for edge in graph.edges}
        for edge in self.graph.edges:
            source = sources.get((there.get(edge.dst, -1), edge.slot))
            if edge.src not in there and source is not None:
                there[edge.src] = source
        return there

    def borrow(self, other: Graph) -> Birth:
        """With the lines and names of a recorded step of the same computation, where this one was not recorded."""
        there = self.places(other) if self.line is None else {}
        if not there:
            return self
        nodes = list(self.graph.nodes)
        for mine, theirs in there.items():
            nodes[mine] = nodes[mine].placed_as(other.nodes[theirs])
        return replace(self, graph=Graph(tuple(nodes), self.graph.edges, self.graph.modules or other.modules))

    def __repr__(self) -> str:
        node = self.graph.nodes[self.node]
        lines = [f"{self.kind} {'in the gradient, ' if self.phase == 'backward' else ''}born: {self.sentence}."]
        if self.place:
            lines.append(f"  where: {self.place}" + (f"   {node.source}" if node.source else ""))
        lines += [f"  {_entry(entry, self.kind)}" for entry in self.cause.entries if entry.known]
        if len(self.path) > 1:
            way = [self.graph.nodes[i].label for i in self.path]
            way = way if len(way) <= 9 else [*way[:4], f"… {len(way) - 8} more …", *way[-4:]]
            lines.append("  way to the loss: " + " → ".join(way))
        if self.cause.fix:
            lines.append(f"  usual fix: {self.cause.fix}")
        if not self.certain:
            lines.append("  not certain: a value on the way was not kept")
        return "\n".join(lines)


def _entry(entry: Entry, kind: str) -> str:
    values = ", ".join("?" if value is None else f"{value:.6g}" for value in entry.operands)
    return f"{list(entry.at) or ''} {values} → {kind}".strip()


def held(array: Any, title: str, why: str, fix: str) -> Cause:
    """A Cause that says: this tensor holds it."""
    array = backends.all_samples(array)
    bits, count, places = finite.worst(array)
    kind = kind_of(bits)
    entries = tuple(Entry(at, (), float("nan") if bits & NAN else float("inf")) for at in places)
    where = f" at {list(places[0])}" if places and places[0] else ""
    what = f"{title} holds {kind}{where} ({count:,} of {int(array.size):,} values)"
    return Cause(kind, count, int(array.size), entries, what, why, fix)
