"""What a graph is made of: nodes, edges, modules, and the numbers a node carries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

__all__ = ["STATS", "GraphEdge", "GraphNode", "ModuleInfo", "NodeStats", "Saved", "shape_text"]

STATS = ("value_mean", "value_std", "value_min", "value_max", "zero_fraction", "grad_norm", "forward_us", "backward_us")


def shape_text(shape: Iterable[int]) -> str:
    """`2×3`, or `()` for a scalar."""
    return "×".join(map(str, shape)) or "()"


class NodeStats(NamedTuple):
    """Statistics of one node at one step; NaN where unknown. A NaN mean beside finite extremes: not all are finite."""

    value_mean: float
    value_std: float
    value_min: float
    value_max: float
    zero_fraction: float
    grad_norm: float
    forward_us: float
    backward_us: float


class Saved(NamedTuple):
    """An array that an operation keeps until backward; `source` is the node whose value it is, -1 if it is its own."""

    name: str
    nbytes: int
    source: int


@dataclass(frozen=True, slots=True)
class GraphNode:
    """One operation, or one value that enters the computation.

    `kind` is 'op', 'input', 'parameter', 'buffer', 'constant' or, in a folded graph, 'module'; `name` is the user's, ''
    if there is none; `marked` is the expression within `source`, as (first, end) character.
    """

    id: int
    kind: str
    op: str
    name: str = ""
    module_path: str = ""
    module_cls: str = ""
    cell: str | None = None
    line: int | None = None
    source: str | None = None
    shape: tuple[int, ...] = ()
    dtype: str = ""
    device: str = "cpu"
    requires_grad: bool = False
    params: dict[str, str] = field(default_factory=dict)
    seq: int = 0
    stats: NodeStats | None = None
    marked: tuple[int, int] | None = None
    saved: tuple[Saved, ...] = ()

    @property
    def label(self) -> str:
        """What to call the node in one word: its name, else its operation."""
        return self.name or self.op

    def placed_as(self, known: GraphNode) -> GraphNode:
        """This node with the place and module of another, which did the same; its own name stays, if it has one."""
        return replace(self, name=self.name or known.name, module_path=known.module_path, module_cls=known.module_cls,
                       cell=known.cell, line=known.line, source=known.source, marked=known.marked)  # fmt: skip


class GraphEdge(NamedTuple):
    """A value that goes from node `src` into operand number `slot` of node `dst`."""

    src: int
    dst: int
    slot: int


class ModuleInfo(NamedTuple):
    """A module of the model: path, class and number of parameters, those of its children included."""

    path: str
    cls: str
    parameters: int
