"""What changed from one graph to another."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from gradbook.observe.nodes import GraphNode

if TYPE_CHECKING:
    from gradbook.observe.graph import Graph

__all__ = ["Change", "GraphDiff", "compare"]


@dataclass(frozen=True, slots=True)
class Change:
    """A node that is in both graphs but differs: which node here and there, and what as 'shape: (3,) -> (4,)'."""

    before: int
    after: int
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GraphDiff:
    """Node ids that only the new graph has, that only the old one had, pairs that are equal, and changes."""

    added: tuple[int, ...]
    removed: tuple[int, ...]
    same: tuple[tuple[int, int], ...]
    changed: tuple[Change, ...]

    def __bool__(self) -> bool:
        """True if anything differs."""
        return bool(self.added or self.removed or self.changed)

    def __repr__(self) -> str:
        return (
            f"GraphDiff({len(self.added)} added, {len(self.removed)} removed, "
            f"{len(self.changed)} changed, {len(self.same)} the same)"
        )


def compare(old: Graph, new: Graph) -> GraphDiff:
    """Match the nodes of two graphs in order of computation by operation and module, then look for differences."""
    matcher = SequenceMatcher(None, [_key(n) for n in old.nodes], [_key(n) for n in new.nodes], autojunk=False)
    added: list[int] = []
    removed: list[int] = []
    same: list[tuple[int, int]] = []
    changed: list[Change] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            removed.extend(range(i1, i2))
            added.extend(range(j1, j2))
            continue
        for i, j in zip(range(i1, i2), range(j1, j2), strict=True):
            what = _differences(old.nodes[i], new.nodes[j])
            if what:
                changed.append(Change(i, j, what))
            else:
                same.append((i, j))
    return GraphDiff(tuple(added), tuple(removed), tuple(same), tuple(changed))


def _key(node: GraphNode) -> tuple[str, str, str]:
    return node.kind, node.op, node.name if node.kind == "parameter" else node.module_cls


def _differences(a: GraphNode, b: GraphNode) -> tuple[str, ...]:
    found = []
    for field in ("shape", "dtype", "device", "requires_grad", "module_path", "params"):
        before, after = getattr(a, field), getattr(b, field)
        if before != after:
            found.append(f"{field}: {before} -> {after}")
    return tuple(found)
