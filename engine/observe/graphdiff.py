"""What changed from one graph to another, by name: a node is the same one where its name or its place says so."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gradbook.observe.nodes import GraphNode, shape_text
from gradbook.observe.tensordiff import differing_roots

if TYPE_CHECKING:
    from gradbook.observe.graph import Graph

__all__ = ["Change", "GraphDiff", "compare", "title"]

EDITS = 500  # insertions and deletions looked for in order; of more, nodes are paired by what they are alone
FIELDS = ("op", "shape", "dtype", "device", "requires_grad", "module_path", "params", "name")
ROWS = 60  # of a text


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
    old: Graph = field(repr=False, compare=False)
    new: Graph = field(repr=False, compare=False)

    def __bool__(self) -> bool:
        """True if anything differs."""
        return bool(self.added or self.removed or self.changed)

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The nodes that both have, equal or changed, as (old id, new id)."""
        return (*self.same, *((change.before, change.after) for change in self.changed))

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """What differs, in the order of the computation -> ('+', '-' or '~', the node's name, what about it)."""
        found = [(i, "+", title(self.new.nodes[i]), _what(self.new.nodes[i])) for i in self.added]
        found += [(change.after, "~", title(self.new.nodes[change.after]), "; ".join(change.what))
                  for change in self.changed]  # fmt: skip
        found += [(self._place(i), "-", title(self.old.nodes[i]), _what(self.old.nodes[i])) for i in self.removed]
        return iter([row[1:] for row in sorted(found, key=lambda row: row[0])])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _place(self, removed: int) -> int:
        return removed * max(len(self.new.nodes), 1) // max(len(self.old.nodes), 1)

    def __str__(self) -> str:
        rows = list(self.rows())
        width = max((len(row[1]) for row in rows[:ROWS]), default=0)
        lines = [repr(self)[10:-1], *(f"{mark} {name:{width}}  {what}".rstrip() for mark, name, what in rows[:ROWS])]
        return "\n".join(lines + [f"… and {len(rows) - ROWS} more"] * (len(rows) > ROWS))

    def __repr__(self) -> str:
        return (
            f"GraphDiff({len(self.added)} added, {len(self.removed)} removed, "
            f"{len(self.changed)} changed, {len(self.same)} the same)"
        )


def title(node: GraphNode) -> str:
    """What to call a node where no picture shows it: `fc1.weight`, `h (relu)`, `blocks.0.act (relu)`."""
    if node.kind != "op":
        return node.name or node.kind
    name = node.module_path or node.name
    return f"{name} ({node.op})" if name else node.op


def compare(old: Graph, new: Graph) -> GraphDiff:
    """Pair the nodes of two graphs by name, module and order of computation, then look for differences.

    Takes milliseconds for graphs of thousands of nodes that differ in some. Where no parameter's name is in both, a
    first part such as the model's own name counts for nothing if some are in both then.
    """
    whole, (old, new) = (old, new), _without_roots(old, new)
    pairs = _pair(old, new)
    inverse = {i: j for j, i in pairs.items()}
    same: list[tuple[int, int]] = []
    changed: list[Change] = []
    before, after = _operands(old), _operands(new)
    for j, i in sorted(pairs.items()):
        what = (*_differences(old.nodes[i], new.nodes[j]), *_rewired(before[i], after[j], pairs, inverse, old, new))
        if what:
            changed.append(Change(i, j, what))
        else:
            same.append((i, j))
    added = tuple(j for j in range(len(new.nodes)) if j not in pairs)
    removed = tuple(i for i in range(len(old.nodes)) if i not in inverse)
    return GraphDiff(added, removed, tuple(same), tuple(changed), *whole)


def _without_roots(old: Graph, new: Graph) -> tuple[Graph, Graph]:
    """Both graphs with names that can be compared."""
    names = [[node.name for node in graph.nodes if node.kind == "parameter" and node.name] for graph in (old, new)]
    found = [graph if not root else _bare(graph, root)
             for graph, root in zip((old, new), differing_roots(*names), strict=True)]  # fmt: skip
    return found[0], found[1]


def _bare(graph: Graph, root: str) -> Graph:
    def bare(node: GraphNode) -> GraphNode:
        path = f"{node.module_path}.".removeprefix(root)[:-1]
        return replace(node, name=node.name.removeprefix(root), module_path=path)

    return replace(graph, nodes=tuple(map(bare, graph.nodes)))


def _pair(old: Graph, new: Graph) -> dict[int, int]:
    """Which node of the old graph a node of the new one is."""
    pairs: dict[int, int] = {}
    ops = [[i for i, node in enumerate(graph.nodes) if node.kind == "op"] for graph in (old, new)]
    rest = [[i for i, node in enumerate(graph.nodes) if node.kind != "op"] for graph in (old, new)]
    _by_key(pairs, old, new, rest, lambda node: node.name or None)
    keys = [[_key(graph.nodes[i]) for i in ids] for graph, ids in zip((old, new), ops, strict=True)]
    ordered = [(ops[0][a], ops[1][b]) for a, b in _in_order(*keys)]
    pairs |= {j: i for i, j in ordered}
    left = _left(pairs, ops)
    if left[0] and left[1]:
        _by_key(pairs, old, new, left, lambda node: (node.module_path, node.name) if node.name else None)
        _by_key(pairs, old, new, _left(pairs, ops), lambda node: node.module_path or None)
        _in_gaps(pairs, old, new, ops, ordered)
    _by_use(pairs, old, new)
    loose = [
        [i for i in ids if i not in taken] for ids, taken in zip(_left(pairs, rest), _sources(old, new), strict=True)
    ]
    _by_key(pairs, old, new, loose, lambda node: (node.kind, node.shape))  # what no operation takes: a leaf alone
    return pairs


def _sources(*graphs: Graph) -> list[set[int]]:
    return [{src for src, _, _ in graph.edges} for graph in graphs]


def _key(node: GraphNode) -> Hashable:
    return node.op, node.module_path, node.name


def _left(pairs: dict[int, int], ids: Sequence[list[int]]) -> list[list[int]]:
    taken = set(pairs.values())
    return [[i for i in ids[0] if i not in taken], [j for j in ids[1] if j not in pairs]]


def _by_key(pairs: dict[int, int], old: Graph, new: Graph, ids: Sequence[list[int]],
            key: Callable[[GraphNode], Hashable]) -> None:  # fmt: skip
    """Pair nodes whose key is theirs alone in both graphs."""
    found = [_unique((key(graph.nodes[i]), i) for i in some) for graph, some in zip((old, new), ids, strict=True)]
    pairs |= {j: found[0][word] for word, j in found[1].items() if word in found[0]}


def _unique(items: Iterable[tuple[Hashable, int]]) -> dict[Hashable, int]:
    known = [(word, i) for word, i in items if word is not None]
    times = Counter(word for word, _ in known)
    return {word: i for word, i in known if times[word] == 1}


def _in_gaps(pairs: dict[int, int], old: Graph, new: Graph, ops: Sequence[list[int]],
             ordered: list[tuple[int, int]]) -> None:  # fmt: skip
    """Pair what is left between two neighbours that are paired in order: the same operation, the first first."""
    left = _left(pairs, ops)
    gaps: dict[tuple[int, str], list[int]] = defaultdict(list)
    for i, gap in _gap_of(left[0], [i for i, _ in ordered]):
        gaps[gap, old.nodes[i].op].append(i)
    for j, gap in _gap_of(left[1], [j for _, j in ordered]):
        waiting = gaps.get((gap, new.nodes[j].op))
        if waiting:
            pairs[j] = waiting.pop(0)


def _gap_of(ids: list[int], ends: list[int]) -> Iterator[tuple[int, int]]:
    """Each id with the number of ends before it; both ascending."""
    gap = 0
    for i in ids:
        while gap < len(ends) and ends[gap] < i:
            gap += 1
        yield i, gap


def _by_use(pairs: dict[int, int], old: Graph, new: Graph) -> None:
    """Pair values that no name tells apart, or that have another name now, by the operation that takes them."""
    before, after = _operands(old), _operands(new)
    taken = set(pairs.values())
    for j, i in list(pairs.items()):
        for slot, b in after[j].items():
            a = before[i].get(slot)
            if a is None or a in taken or b in pairs or "op" in (old.nodes[a].kind, new.nodes[b].kind):
                continue
            pairs[b] = a
            taken.add(a)


def _operands(graph: Graph) -> list[dict[int, int]]:
    found: list[dict[int, int]] = [{} for _ in graph.nodes]
    for src, dst, slot in graph.edges:
        found[dst][slot] = src
    return found


def _differences(a: GraphNode, b: GraphNode) -> tuple[str, ...]:
    found = []
    for name in FIELDS:
        before, after = getattr(a, name), getattr(b, name)
        if before != after:
            found.append(f"{name}: {_text(before)} -> {_text(after)}")
    if a.kind != b.kind:
        found.append(f"{a.kind} -> {b.kind}")
    return tuple(found)


def _rewired(before: dict[int, int], after: dict[int, int], pairs: dict[int, int], inverse: dict[int, int], old: Graph,
             new: Graph) -> tuple[str, ...]:  # fmt: skip
    """Operands that both graphs have, but not in the same place."""
    if len(before) != len(after):
        return (f"operands: {len(before)} -> {len(after)}",)
    return tuple(
        f"operand {slot}: {title(old.nodes[a])} -> {title(new.nodes[after[slot]])}"
        for slot, a in before.items()
        if slot in after and a in inverse and pairs.get(after[slot], a) != a
    )


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={text}" for name, text in value.items()) or "none"
    return "''" if value == "" else str(value)


def _what(node: GraphNode) -> str:
    return shape_text(node.shape)


# -- two sequences ----------------------------------------------------------------------------------------------------


def _in_order(a: list[Hashable], b: list[Hashable]) -> list[tuple[int, int]]:
    """Pairs of equal items of two sequences -> ascending in both, as many as can be.

    By the greedy method of Myers, "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1, 1986; sequences
    that differ too much for it are paired item by item, the first of a kind with the first of its kind.
    """
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    end = 0
    while end < min(len(a), len(b)) - start and a[-1 - end] == b[-1 - end]:
        end += 1
    middle = _shortest_edit(a[start : len(a) - end], b[start : len(b) - end])
    return [
        *((i, i) for i in range(start)),
        *((start + i, start + j) for i, j in middle),
        *((len(a) - end + i, len(b) - end + i) for i in range(end)),
    ]


def _shortest_edit(a: list[Hashable], b: list[Hashable]) -> list[tuple[int, int]]:
    """Furthest reaching paths of 0, 1, 2, … edits; then back along the one that arrived."""
    n, m = len(a), len(b)
    reach = {1: 0}  # diagonal x - y -> the furthest x on it
    trail: list[dict[int, int]] = []
    for edits in range(min(n + m, EDITS) + 1):
        trail.append(dict(reach))
        for k in range(-edits, edits + 1, 2):
            down = k == -edits or (k != edits and reach[k - 1] < reach[k + 1])
            x = reach[k + 1] if down else reach[k - 1] + 1
            while x < n and x - k < m and x - k >= 0 and a[x] == b[x - k]:
                x += 1
            reach[k] = x
            if x >= n and x - k >= m:
                return _walk_back(trail, n, m)
    return _one_by_one(a, b)


def _walk_back(trail: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for edits in range(len(trail) - 1, -1, -1):
        reach, k = trail[edits], x - y
        down = k == -edits or (k != edits and reach[k - 1] < reach[k + 1])
        before = k + 1 if down else k - 1
        from_x = reach[before] if edits else 0
        from_y = from_x - before if edits else 0
        while x > from_x and y > from_y:
            x, y = x - 1, y - 1
            found.append((x, y))
        x, y = from_x, from_y
    return found[::-1]


def _one_by_one(a: list[Hashable], b: list[Hashable]) -> list[tuple[int, int]]:
    """The n-th of a kind with the n-th of its kind; these pairs need not ascend."""
    places: dict[Hashable, list[int]] = defaultdict(list)
    for i, item in enumerate(a):
        places[item].append(i)
    used: Counter[Hashable] = Counter()
    found = []
    for j, item in enumerate(b):
        if used[item] < len(places[item]):
            found.append((places[item][used[item]], j))
            used[item] += 1
    return found
