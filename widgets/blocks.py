"""The computation graph as a tree of blocks: ops inside modules inside modules, in the order of creation.

Every block is an interval of the creation order. Contracting intervals of a topological order never makes a cycle, so
any set of blocks may be folded at any time, also when one module is called again and again.
Same algorithm, same numbers in js/src/blocks.ts; tests/widgets/fixtures hold both to it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any

LEAVES = frozenset(("parameter", "buffer", "constant", "input"))
BOXED_USES = 4  # an input with more uses is drawn as a chip at each use
BOXES = 24  # inputs drawn as boxes
SEGMENT = 100  # ops in one fold of a long stretch without modules
LONG = 200  # children a block may have before it is cut into segments
PERIOD = 16  # longest loop body that is looked for


class Block:
    """One op, one input, or a foldable interval of ops (a call of a module, a repeat, a segment)."""

    __slots__ = tuple(
        "area at chips children cls column compact count first height key kind label last left module nest node opened"
        " parent rank right sig spine x y".split()
    )

    def __init__(self, key: str, kind: str, label: str, parent: Block | None, module: int = -1) -> None:
        self.key, self.kind, self.label, self.parent, self.module = key, kind, label, parent, module
        self.cls, self.count, self.node, self.first, self.last = "", 1, -1, -1, -1
        self.children: list[Block] = []
        self.sig = self.at = self.rank = self.column = self.nest = 0
        self.opened = self.compact = self.spine = False
        self.x = self.y = self.left = self.right = self.height = 0
        self.chips: list[tuple[int, str]] = []
        self.area: Any = None

    @property
    def foldable(self) -> bool:
        """Has it anything inside?"""
        return bool(self.children)

    @property
    def ops(self) -> int:
        """Ops inside."""
        return self.last - self.first + 1 if self.first >= 0 else 0


class Tree:
    """Blocks of one graph: `root`, the op order, the leaf of each node, and which inputs are drawn as boxes."""

    def __init__(self, graph: dict[str, Any]) -> None:
        self.graph = graph
        self.nodes: list[dict[str, Any]] = graph["nodes"]
        self.edges: list[list[int]] = graph["edges"]
        self.order = op_order(self.nodes, self.edges)
        self.root = Block("", "root", "", None)
        self.signatures: dict[str, int] = {}
        self.boxed = boxed_inputs(self.nodes, self.edges)
        self._grow()
        _finish(self)
        for at, node in enumerate(sorted(self.boxed)):
            leaf = Block(f"node {node}", "input", self.nodes[node]["name"] or "input", self.root)
            leaf.node = node
            self.root.children.insert(at, leaf)

    def _grow(self) -> None:
        modules, calls = self.graph["modules"], [0] * len(self.graph["modules"])
        chains: dict[int, list[int]] = {-1: []}
        stack, path = [self.root], [-1]
        for position, node in enumerate(self.order):
            module = self.nodes[node]["module"]
            if module not in chains:
                chains[module] = _ancestors(modules, module)
            chain = chains[module]
            keep = 1
            while keep < len(path) and keep <= len(chain) and path[keep] == chain[keep - 1]:
                keep += 1
            del stack[keep:], path[keep:]
            for inner in chain[keep - 1 :]:
                calls[inner] += 1
                info = modules[inner]
                key = info["path"] if calls[inner] == 1 else f"{info['path']}#{calls[inner]}"
                block = Block(key, "module", info["label"], stack[-1], inner)
                block.cls, block.first, block.last = info["cls"], position, position
                stack[-1].children.append(block)
                stack.append(block)
                path.append(inner)
            leaf = Block(f"node {node}", "op", self.nodes[node]["label"] or self.nodes[node]["op"], stack[-1], module)
            leaf.node, leaf.first, leaf.last = node, position, position
            stack[-1].children.append(leaf)
            for block in stack:
                block.last = position
        self.root.first = 0 if self.order else -1

    def walk(self) -> Iterator[Block]:
        """Every block, parents before children, in order."""
        stack = [self.root]
        while stack:
            block = stack.pop()
            yield block
            stack.extend(reversed(block.children))


def op_order(nodes: list[dict[str, Any]], edges: list[list[int]]) -> list[int]:
    """Op ids so that operands come first: the creation order itself, unless a graph was put together otherwise."""
    ops = [node["id"] for node in nodes if node["kind"] not in LEAVES]
    if all(src < dst for src, dst, _ in edges):
        return ops
    waiting = [0] * len(nodes)
    users: list[list[int]] = [[] for _ in nodes]
    for src, dst, _ in edges:
        waiting[dst] += 1
        users[src].append(dst)
    ready = [node for node, count in enumerate(waiting) if not count]
    order = []
    while ready:
        node = heapq.heappop(ready)
        if nodes[node]["kind"] not in LEAVES:
            order.append(node)
        for user in users[node]:
            waiting[user] -= 1
            if not waiting[user]:
                heapq.heappush(ready, user)
    if len(order) < len(ops):
        raise ValueError(f"layout: the graph has a cycle through {len(ops) - len(order)} of its {len(ops)} ops")
    return order


def boxed_inputs(nodes: list[dict[str, Any]], edges: list[list[int]]) -> set[int]:
    """Inputs drawn as boxes: those with which an op begins that nothing else flows into."""
    fed = {dst for src, dst, _ in edges if nodes[src]["kind"] not in LEAVES}
    uses: dict[int, list[int]] = {}
    for src, dst, _ in edges:
        if nodes[src]["kind"] == "input":
            uses.setdefault(src, []).append(dst)
    boxed = set()
    for node in sorted(uses):
        if len(uses[node]) <= BOXED_USES and any(dst not in fed for dst in uses[node]):
            boxed.add(node)
            fed.update(uses[node])
    return boxed if len(boxed) <= BOXES else {min(boxed)}  # a loop over its data: each is a chip where it goes in


def default_expanded(tree: Tree, at_most: int = 14) -> set[str]:
    """Keys of the blocks that are open at first: the outer ones, as long as no more than `at_most` boxes show."""
    shown = len(tree.root.children)
    opened: set[str] = set()
    level = [block for block in tree.root.children if block.foldable]
    while len(level) == 1 and level[0].kind == "module" and level[0].ops * 2 > len(tree.order):  # the model itself
        opened.add(level[0].key)
        shown += len(level[0].children) - 1
        level = [block for block in level[0].children if block.foldable]
    whole = len(tree.order) <= at_most
    while level:
        following = []
        for block in sorted(level, key=lambda b: not any(child.foldable for child in b.children)):
            more = len(block.children) - 1
            plain = block.kind == "module" and block.count == 1
            if whole or (plain and shown + more <= at_most and (not is_layer(block))):
                opened.add(block.key)
                shown += more
                following += [child for child in block.children if child.foldable]
        level = following
    return opened


def is_layer(block: Block) -> bool:
    """Is it a module whose ops are all its own?"""
    return block.kind == "module" and all(
        child.kind == "op" and child.module == block.module for child in block.children
    )


def _ancestors(modules: list[dict[str, Any]], module: int) -> list[int]:
    chain = []
    while module >= 0:
        if modules[module]["path"]:  # the root module is the picture itself
            chain.append(module)
        module = modules[module]["parent"]
    return chain[::-1]


def _finish(tree: Tree) -> None:
    """Bottom up: name single-op modules, sign each block, fold repeats and long stretches."""
    for block in reversed(list(tree.walk())):
        if block.kind == "op":
            block.sig = _sign_op(tree, block)
            continue
        if block.kind == "module" and len(block.children) == 1 and block.children[0].kind == "op":
            _name_after_module(block)
        _fold_repeats(tree, block)
        _fold_segments(block)
        block.sig = _sign(tree, block)
        if block.children:
            block.node = tree.order[block.last]


def _sign_op(tree: Tree, block: Block) -> int:
    node = tree.nodes[block.node]
    return _intern(tree, f"{node['op']}|{node['shape']}|{node['line']}")


def _sign(tree: Tree, block: Block) -> int:
    return _intern(tree, f"{block.cls}({','.join([str(child.sig) for child in block.children])})")


def _intern(tree: Tree, text: str) -> int:
    return tree.signatures.setdefault(text, len(tree.signatures))


def _name_after_module(block: Block) -> None:
    """A module that is one op is drawn as that op, under the module's name."""
    block.node, block.kind, block.sig, block.children = block.children[0].node, "op", block.children[0].sig, []


def _fold_repeats(tree: Tree, block: Block) -> None:
    """Mark a block made of equal modules `×n`; fold equal stretches of a long list of children."""
    children = block.children
    if len(children) > 1 and all(c.kind == "module" and c.sig == children[0].sig for c in children):
        block.count = len(children)
        return
    if len(children) < 12:
        return
    folded: list[Block] = []
    start = 0
    while start < len(children):
        period, turns = _best_period(children, start)
        if not turns:
            folded.append(children[start])
            start += 1
            continue
        folded.append(_repeat(tree, block, children, start, period, turns))
        start += period * turns
    block.children = folded


def _best_period(children: list[Block], start: int) -> tuple[int, int]:
    """(length of the body, how often it comes) of the longest repetition that begins here; (0, 0) if none does."""
    best = (0, 0)
    sig = children[start].sig
    for period in range(1, min(PERIOD, (len(children) - start) // 3) + 1):
        if children[start + period].sig != sig or children[start + 2 * period].sig != sig:
            continue
        end = start + period
        while end < len(children) and children[end].sig == children[end - period].sig:
            end += 1
        turns = (end - start) // period
        modular = any(child.kind == "module" for child in children[start : start + period])
        enough = turns >= 3 if modular else turns >= 4 and len(children) >= 40
        if enough and turns * period > best[0] * best[1]:
            best = (period, turns)
    return best


def _repeat(tree: Tree, parent: Block, children: list[Block], start: int, period: int, turns: int) -> Block:
    whole = _group(f"rep:{children[start].key}", "repeat", parent, children[start : start + period * turns])
    whole.count, whole.node = turns, tree.order[whole.last]
    if period == 1:
        whole.label, whole.cls = _from_to(children[start], children[start + turns - 1]), children[start].cls
        return whole
    bodies, whole.children = whole.children, []
    for turn in range(turns):
        body = bodies[turn * period : (turn + 1) * period]
        step = _group(f"turn:{body[0].key}", "segment", whole, body)
        step.label, step.node = f"{turn + 1} of {turns}", tree.order[step.last]
        step.sig = _sign(tree, step)
        whole.children.append(step)
    named = [child.label for child in bodies[:period] if child.kind == "module"]
    whole.label = named[0] if named else _from_to(bodies[0], bodies[period - 1])
    _fold_segments(whole)
    return whole


def _fold_segments(block: Block) -> None:
    if len(block.children) <= LONG:
        return
    size = SEGMENT
    while len(block.children) > size * LONG:
        size *= 10
    children, block.children = block.children, []
    for start in range(0, len(children), size):
        part = children[start : start + size]
        segment = _group(f"seg:{part[0].key}", "segment", block, part)
        alike = part[0].kind == "segment"
        segment.label = f"{start + 1} … {start + len(part)}" if alike else _from_to(part[0], part[-1])
        segment.node = part[-1].node
        block.children.append(segment)


def _from_to(first: Block, last: Block) -> str:
    return first.label if first.label == last.label else f"{first.label} … {last.label}"


def _group(key: str, kind: str, parent: Block, children: list[Block]) -> Block:
    block = Block(key, kind, "", parent, parent.module)
    block.children, block.first, block.last = children, children[0].first, children[-1].last
    block.cls = f"{block.ops:,} ops" if kind == "segment" else ""
    for child in children:
        child.parent = block
    return block
