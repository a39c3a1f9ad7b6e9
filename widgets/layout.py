"""Placed picture of a computation graph: description + open blocks -> boxes, groups, chips and wires in px.

The spine stands at x = 0, y grows from input to loss. A block is laid out by itself, so folding one moves only what is
below it. Same algorithm, same numbers in js/src/layout.ts, so that folding works in a page without a kernel.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from gradbook.observe.nodes import shape_text
from gradbook.widgets.arrange import HALF, LANE, NODE, Area
from gradbook.widgets.blocks import LEAVES, Block, Tree, default_expanded, is_layer
from gradbook.widgets.lanes import OWN, Piece, chip_width, exit_x

__all__ = ["Options", "Tree", "default_expanded", "layout"]

Picture = dict[str, Any]


BARS = 20  # in a `×n` box


class Options(NamedTuple):
    """px left and right of the spine that a table row takes; shapes in chips only where there is room."""

    left: int = 264
    right: int = 208
    chip_shapes: bool = True


def layout(
    graph: dict[str, Any] | Tree, expanded: AbstractSet[str] | None = None, options: Options | None = None
) -> Picture:
    """Place the graph.

    graph: the wire's graph description, or a Tree of it (to be used for several pictures).
    expanded: keys of the open blocks (module paths); None: those that default_expanded() chooses.
    -> {x0, x1, height, shapes, norms, items, groups, chips, wires, links, shown, folded}; px, x from the spine.
    Raises ValueError if the graph has a cycle.
    """
    tree = graph if isinstance(graph, Tree) else Tree(graph)
    return _Layout(tree, default_expanded(tree) if expanded is None else expanded, options or Options()).picture()


class _Layout:
    def __init__(self, tree: Tree, expanded: AbstractSet[str], options: Options) -> None:
        self.tree, self.options = tree, options
        self.opened: list[Block] = []
        self.items: list[Block] = []
        self.shown: list[Block | None] = [None] * len(tree.nodes)
        self.cut: set[int] = set()
        self.first_operand: dict[int, int] = {}
        self._open(expanded)
        self._split_edges()
        for block in self.opened:  # parents first
            block.area.drop(self.cut)
            block.area.rank()
            block.area.assign_lanes(self.cut)
        self._refer_to_cut()
        for block in reversed(self.opened):
            block.area.measure(options.left, options.right)

    def _open(self, expanded: AbstractSet[str]) -> None:
        """Which blocks are open, which are shown, and by which box each node is represented."""
        root, order, shown = self.tree.root, self.tree.order, self.shown
        stack = [root]
        while stack:
            block = stack.pop()
            block.chips = []
            block.opened = block is root or (bool(block.children) and block.key in expanded)
            if block.opened:
                block.area = Area(block)
                self.opened.append(block)
                stack.extend(reversed(block.children))
                continue
            block.area = None
            self.items.append(block)
            if block.kind == "input":
                shown[block.node] = block
            else:
                for position in range(block.first, block.last + 1):
                    shown[order[position]] = block

    def _split_edges(self) -> None:
        """Hand each edge to the blocks it passes, as pieces; edges from parameters become chips."""
        shown = self.shown
        depth = self.depth = {id(self.tree.root): 0}
        for block in self.opened[1:]:
            assert block.parent is not None
            depth[id(block)] = depth[id(block.parent)] + 1
        self.links: dict[tuple[int, int], None] = {}
        self.index = {id(block): at for at, block in enumerate(self.items)}
        for at, (src, dst, _) in enumerate(self.tree.edges):
            a, b = shown[src], shown[dst]
            if b is None or a is b:
                continue
            if a is None:
                self._add_chip(b, src)
                continue
            self.first_operand.setdefault(dst, src)
            self.links[self.index[id(a)], self.index[id(b)]] = None
            up, down = a.parent, b.parent
            assert up is not None
            assert down is not None
            while up is not down:
                if depth[id(up)] >= depth[id(down)]:
                    up.area.pieces.setdefault(Piece(a, src, None), []).append(at)
                    a, up = up, up.parent
                else:
                    down.area.pieces.setdefault(Piece(None, src, b), []).append(at)
                    b, down = down, down.parent
                assert up is not None
                assert down is not None
            bundle = bool(a.children and b.children) and not (
                a.opened or b.opened
            )  # between two folds one wire is enough
            up.area.pieces.setdefault(Piece(a, a.node if bundle else src, b), []).append(at)

    def _add_chip(self, block: Block, node: int) -> None:
        if self.tree.nodes[node]["kind"] not in LEAVES:
            return
        if block.kind == "op":
            block.chips.append((node, self._chip_name(node)))
        elif is_layer(block) and len(block.chips) < 4 and all(known != node for known, _ in block.chips):
            block.chips.append((node, self._chip_name(node)))

    def _chip_name(self, node: int) -> str:
        info = self.tree.nodes[node]
        name = info["name"] or info["label"] or info["kind"]
        return fit(name if info["kind"] == "constant" else name.split(".")[-1], 20)

    def _refer_to_cut(self) -> None:
        """The end of an edge that is not drawn names where it comes from."""
        for edge in sorted(self.cut):
            src, dst, _ = self.tree.edges[edge]
            a, b = self.shown[src], self.shown[dst]
            if a is not None and b is not None and b.kind in ("op", "module"):
                b.chips.append((src, fit(self.tree.nodes[src]["name"] or a.label, 20)))

    # ── the picture ──

    def picture(self) -> Picture:
        self.wires: list[list[Any]] = []
        groups: list[dict[str, Any]] = []
        root = self.tree.root
        places = {id(root): (0, 0)}
        inner = max([0, *[block.area.inner_lanes for block in self.opened if not block.compact]])
        self.shape_x = HALF + 12 + LANE * inner
        for block in self.opened:
            x, y = places[id(block)]
            for child in block.children:
                child.x, child.y = child.x + x, child.y + y
                if child.opened:
                    places[id(child)] = (child.x, child.y)
            if block is not root:
                groups.append(self._group(block, x, y))
            self._draw_wires(block, x, y)
        chips: list[dict[str, Any]] = []
        for at, item in enumerate(self.items):
            self._place_chips(item, at, chips)
        return {
            "x0": -root.left, "x1": root.right, "height": root.height,
            "shapes": self.shape_x, "norms": self.options.right,
            "items": [self._item(item) for item in self.items], "groups": groups, "chips": chips, "wires": self.wires,
            "links": [list(link) for link in self.links],
            "shown": len(self.items), "folded": sum([item.ops for item in self.items if item.children]),
        }  # fmt: skip

    def _item(self, item: Block) -> dict[str, Any]:
        label, right = self._box_texts(item)
        name, shape = self._column_texts(item)
        return {
            "key": item.key, "kind": item.kind, "node": item.node, "module": item.module, "title": item.label,
            "x": item.x, "y": item.y, "w": 2 * HALF, "h": item.height - (6 if item.count > 1 else 0),
            "label": label, "right": right, "cls": item.cls, "name": name, "shape": shape, "count": item.count,
            "ops": item.ops, "foldable": item.foldable, "compact": item.compact,
            "bars": _bars(item) if item.count > 1 else [],
            "parent": item.parent.key if item.parent else "",
        }  # fmt: skip

    def _box_texts(self, item: Block) -> tuple[str, str]:
        """Label and what stands right of it in the box: `×n`, or as much of the class as there is room for."""
        room = 92 if item.foldable or item.cls else 100
        if item.count > 1:
            right = f"×{item.count}"
            return _shorter(item.label, (room - 6 * len(right) - 8) * 10 // 64), right
        label = _shorter(item.label, room * 10 // 64)
        rest = (room - len(label) * 64 // 10) * 10 // 54
        whole = len(item.cls) <= rest
        return label, item.cls if whole else fit(item.cls, rest) if rest > 2 and item.kind != "segment" else ""

    def _column_texts(self, item: Block) -> tuple[str, str]:
        """The user's name of the value, and its shape where it is another than the operand's."""
        node = self.tree.nodes[item.node]
        name = "" if item.kind == "input" else fit(node["name"], 12)
        before = self.first_operand.get(item.node, -1)
        same = before >= 0 and node["shape"] == self.tree.nodes[before]["shape"]
        if item.kind == "op" and not item.cls and same and not item.compact:
            return name, ""
        room = 16 if item.compact else (self.options.right - 44 - self.shape_x) * 10 // 64
        shape = fit(shape_text(node["shape"]), room - (len(name) + 1 if name else 0))
        return name, shape if not shape.endswith("…") or not name else ""

    def _group(self, block: Block, x: int, y: int) -> dict[str, Any]:
        info = self.tree.graph["modules"][block.module] if block.kind == "module" else None
        count = info["parameters"] if info else 0
        what = f"{count:,} parameter{'' if count == 1 else 's'}" if count else block.cls
        meta = " · ".join(filter(None, (f"×{block.count}" if block.count > 1 else "", what)))
        width = block.left + block.right
        label = fit(block.label, min((width - 32) * 10 // 70, 40))
        rest = (width - 40 - len(label) * 7) * 10 // 54
        return {
            "key": block.key, "kind": block.kind, "node": block.node, "module": block.module, "title": block.label,
            "x": x - block.left, "y": y, "w": width, "h": block.height, "label": label,
            "meta": fit(meta, rest) if rest > 3 else "", "cls": block.cls, "count": block.count,
            "nest": block.nest, "depth": self.depth[id(block)],
            "parent": block.parent.key if block.parent else "",
        }  # fmt: skip

    def _place_chips(self, item: Block, at: int, chips: list[dict[str, Any]]) -> None:
        shapes = self.options.chip_shapes and not item.compact
        texts = [(node, name, self._chip_shape(node) if shapes else "") for node, name in item.chips]
        room = self.options.left - HALF - 14
        widths = [chip_width(name, shape) for _, name, shape in texts]
        if not item.compact and sum(widths) + 6 * (len(widths) - 1) > room:
            texts = [(node, name, "") for node, name, _ in texts]
            widths = [chip_width(name, "") for _, name, _ in texts]
        x = item.x - HALF - 14
        height = item.height - 6 if item.count > 1 else item.height
        middle = item.y + (NODE // 2 + 1 if item.count > 1 and not item.compact else height // 2)
        most = 3 if item.compact else len(texts)
        stack = min(most, len(texts))
        for number, ((node, name, shape), width) in enumerate(zip(texts, widths, strict=True)):
            more = len(texts) - number
            y = middle - 8
            if item.compact:
                x, y = item.x - HALF - 8 - width, middle + 18 * number - 9 * stack + 1
            else:
                x -= width
                if x - (40 if more > 1 else 0) < item.x - self.options.left and number > 0:
                    most = number
                    x += width
            if number >= most or (item.compact and number == most - 1 and more > 1):
                name, shape, width, node = f"+{more}", "", chip_width(f"+{more}", ""), -1
                x = item.x - HALF - 8 - width if item.compact else x - width
            chips.append({
                "item": at, "node": node, "x": x, "y": y, "w": width, "name": name, "shape": shape,
                "first": number == 0 or item.compact,
            })  # fmt: skip
            if node < 0:
                break
            x -= 6

    def _chip_shape(self, node: int) -> str:
        shape = self.tree.nodes[node]["shape"]
        return fit(shape_text(shape), 16) if shape else ""

    # ── wires ──

    def _draw_wires(self, block: Block, x: int, y: int) -> None:
        """Polylines from the spine's origin: two points of different x are an S-curve, more have round corners."""
        area, end = block.area, len(block.area.rows)
        far: dict[tuple[Block | None, int], list[Piece]] = {}
        for piece, edges in area.pieces.items():
            if self.cut and all([edge in self.cut for edge in edges]):
                continue
            a, source, b = piece
            top = a.rank if a is not None else -1
            bottom = b.rank if b is not None else end
            if bottom - top > 1:
                far.setdefault((a, source), []).append(piece)
                continue
            start_x = x + area.entries[source] if a is None else exit_x(a, source)
            start_y = y if a is None else a.y + a.height
            row_end = y if a is None else y + area.bottoms[top]
            goal_y = y + block.height if b is None else b.y
            goal_x = x + area.exits[source] if b is None else self._arrival(area, piece, x)
            if start_x != goal_x and start_y < row_end:
                self.wires.append([source, False, [start_x, start_y, start_x, row_end]])
                start_y = row_end
            if start_x != goal_x and a is None:
                goal_y = y + area.tops[0]
            arrow = b is not None and not b.opened
            self.wires.append([source, arrow, [start_x, start_y, goal_x, goal_y]])
            if len(edges) > 1 and a is not None and b is not None and a.kind == b.kind == "op":
                for extra in range(1, min(len(edges), 4)):
                    self.wires.append([source, arrow, [start_x + 16 * extra, start_y, goal_x + 16 * extra, goal_y]])
        for (a, source), pieces in far.items():
            self._draw_lane(area, a, source, sorted(pieces, key=lambda p: p.b.rank if p.b else end), x, y)

    def _arrival(self, area: Area, piece: Piece, x: int) -> int:
        child = piece.b
        assert child is not None
        if child.opened:
            return child.x + int(child.area.entries.get(piece.source, 0))
        return area.arrival_x(piece)

    def _draw_lane(self, area: Area, a: Block | None, source: int, pieces: list[Piece], x: int, y: int) -> None:
        lane = x + area.lane_x[a, source]
        if a is None:
            start = [lane, y]
            if x + area.entries[source] != lane:
                start = [lane, y + area.tops[0]]
                self.wires.append([source, False, [x + area.entries[source], y, *start]])
        elif area.aside(a, area.lanes[a, source]):
            side = a.y + min(a.height, NODE) // 2 + 4
            start = [a.x + HALF, side, lane, side]
        elif area.lanes[a, source].track == OWN:
            start = [lane, a.y + a.height]
        else:
            start = [lane, y + area.tops[a.rank + 1]]
            self._curve_down(source, [exit_x(a, source), a.y + a.height], y + area.bottoms[a.rank], start)
        for piece in pieces:
            b = piece.b
            if b is None:
                self.wires.append([source, False, [*start, lane, y + area.block.height]])
                start = [lane, y + area.block.height]
            elif area.aside(b, area.lanes[a, source]):
                side = b.y + min(b.height, NODE) // 2 - 4
                self.wires.append([source, True, [*start, lane, side, b.x + HALF, side]])
                start = [lane, side]
            else:
                stop = y + area.bottoms[b.rank - 1]
                goal_x = area.lane_end(b, source, area.lanes[a, source])
                if start[-1] != stop:
                    self.wires.append([source, False, [*start, lane, stop]])
                self.wires.append([source, not b.opened, [lane, stop, goal_x, b.y]])
                start = [lane, stop]

    def _curve_down(self, source: int, start: list[int], row_end: int, goal: list[int]) -> None:
        if start[1] < row_end:
            self.wires.append([source, False, [*start, start[0], row_end]])
        self.wires.append([source, False, [start[0], row_end, *goal]])


def _shorter(label: str, characters: int) -> str:
    """A label `first … last` that finds no room is cut after its first part."""
    whole = len(label) <= characters or " … " not in label
    return fit(label if whole else label.split(" … ")[0] + " …", characters)


def fit(text: str, characters: int) -> str:
    """The text, cut with an ellipsis to that many characters."""
    return text if len(text) <= characters else text[: max(0, characters - 1)] + "…"


def _bars(item: Block) -> list[int]:
    """Nodes for the bars of a `×n` box: one a repeat, of many an even choice from the first to the last."""
    turns = item.children
    while len(turns) < item.count and turns[0].children:
        turns = [inner for turn in turns for inner in turn.children]
    last, spaces = len(turns) - 1, min(len(turns), BARS) - 1
    return [turns[(2 * bar * last + spaces) // (2 * spaces) if spaces else 0].node for bar in range(spaces + 1)]
