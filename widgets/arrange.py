"""The inside of one open block: its children in rows and columns, its long edges in lanes.

Rows are layers (as late as possible for what only feeds in, as early as possible for what hangs off), the longest path
is the spine and stays at x = 0, everything else stands right of it. Same algorithm in js/src/arrange.ts.
"""

from __future__ import annotations

from gradbook.widgets.blocks import Block
from gradbook.widgets.lanes import OWN, Lane, Piece, chip_width, exit_x, free_lane

HALF, NODE, TALL, REPEAT = 60, 19, 33, 39  # half width of a box; heights of a box, one with two lines, one with bars
GAP, BEND, HEAD, FOOT, PAD = 10, 28, 20, 8, 10
LANE, COLUMN = 12, 20
ROW = 8  # boxes side by side at most
LONGEST = 400  # rows an edge may span before it becomes a chip at its end


class Area:
    """What `Block.area` of an open block holds."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.pieces: dict[Piece, list[int]] = {}  # -> indices of graph edges
        self.rows: list[list[Block]] = []
        self.lanes: dict[tuple[Block | None, int], Lane] = {}
        self.entries: dict[int, int] = {}  # value -> x of its port on the upper border
        self.exits: dict[int, int] = {}
        self.bend: list[bool] = []  # gap above each row (and below the last) needs room for curves
        self.tops: list[int] = []
        self.inner_lanes = 0

    # ── rows ──

    def rank(self) -> None:
        """Rows, spine and columns of the children."""
        children = self.block.children
        for at, child in enumerate(children):
            child.at = at
        before: list[list[Block]] = [[] for _ in children]
        after: list[list[Block]] = [[] for _ in children]
        for a, _, b in self.pieces:
            if a is not None and b is not None:
                before[b.at].append(a)
                after[a.at].append(b)
        self._early(children, before)
        self._late(children, before, after)
        last = max(child.rank for child in children) if children else -1
        self.rows = [[] for _ in range(last + 1)]
        for child in children:
            self.rows[child.rank].append(child)
        self.rows = [row for row in self.rows if row]
        for at, row in enumerate(self.rows):
            for child in row:
                child.rank = at
        self._find_spine(children, before)
        self._columns(before, after)
        for row in self.rows:
            for child in row:
                child.compact = self.block.compact or len(row) > 1 or child.column > 0

    def _early(self, children: list[Block], before: list[list[Block]]) -> None:
        """Each child one row below the last of its operands; a full row sends it further down."""
        filled: dict[int, int] = {}
        following: dict[int, int] = {}  # full row -> a later row to look at
        for child in children:
            row = 0
            for operand in before[child.at]:
                if operand.rank >= row:
                    row = operand.rank + 1
            seen = []
            while filled.get(row, 0) >= ROW:
                seen.append(row)
                row = following.get(row, row + 1)
            for full in seen:
                following[full] = row
            filled[row] = filled.get(row, 0) + 1
            child.rank = row

    def _late(self, children: list[Block], before: list[list[Block]], after: list[list[Block]]) -> None:
        """Pull what only feeds in down to its consumer."""
        late = [child.rank for child in children]
        for child in reversed(children):
            if after[child.at]:
                late[child.at] = min([late[user.at] for user in after[child.at]]) - 1
        fed = {id(piece.b) for piece in self.pieces if piece.a is None}
        loose = [False] * len(children)
        for child in children:
            if id(child) in fed:
                continue
            loose[child.at] = late[child.at] > child.rank and all([loose[operand.at] for operand in before[child.at]])
        filled: dict[int, int] = {}
        for child in children:
            filled[child.rank] = filled.get(child.rank, 0) + 1
        for child in reversed(children):
            if not loose[child.at]:
                continue
            row = min([user.rank for user in after[child.at]]) - 1
            while row > child.rank and filled.get(row, 0) >= ROW:
                row -= 1
            filled[child.rank] -= 1
            filled[row] = filled.get(row, 0) + 1
            child.rank = row

    def _find_spine(self, children: list[Block], before: list[list[Block]]) -> None:
        """The path with the most ops; it is drawn straight."""
        length = [0] * len(children)
        came: list[Block | None] = [None] * len(children)
        end: Block | None = None
        for child in children:
            best, child.spine = 0, False
            for operand in before[child.at]:
                if length[operand.at] > best:
                    best, came[child.at] = length[operand.at], operand
            came[child.at] = self._rather_first(before[child.at], came[child.at], came)
            length[child.at] = best + max(1, child.ops)
            if end is None or length[child.at] >= length[end.at]:
                end = child
        while end is not None:
            end.spine = True
            end = came[end.at]

    @staticmethod
    def _rather_first(operands: list[Block], best: Block | None, came: list[Block | None]) -> Block | None:
        """The first operand, where its path is but one row shorter than the best and no part of it (no skip)."""
        if best is None or operands[0] is best or best.rank - operands[0].rank > 1:
            return best
        on_path = best if best.rank == operands[0].rank else came[best.at]
        return best if on_path is operands[0] else operands[0]

    def _columns(self, before: list[list[Block]], after: list[list[Block]]) -> None:
        """Order inside the rows by barycentres, then columns: a branch keeps its column."""
        wide = [row for row in self.rows if len(row) > 1]
        for child in self.block.children:
            child.column = 0
        for row in wide:
            for at, child in enumerate(row):
                child.column = at
        for sweep in range(4):
            near = before if sweep % 2 == 0 else after
            for row in wide if sweep % 2 == 0 else reversed(wide):
                centre = {}
                for child in row:
                    around = near[child.at]
                    mean = sum([other.column for other in around]) / len(around) if around else float(child.column)
                    centre[child.at] = -1.0 if child.spine else mean
                row.sort(key=lambda child: centre[child.at])
                for at, child in enumerate(row):
                    child.column = at
        for row in self.rows:
            self._place_row(row, before)

    def _place_row(self, row: list[Block], before: list[list[Block]]) -> None:
        if len(row) == 1 and row[0].spine:
            row[0].column = 0
            return
        taken = {0} if row[0].spine else set()
        last = 0
        for child in row:
            if child.spine:
                child.column = 0
                continue
            wanted = [other.column for other in before[child.at] if other.column > 0 and not other.spine]
            column = max(wanted[0], last + 1) if wanted else last + 1
            if len(row) == 1 and not wanted:
                column = 0
            while column in taken:
                column += 1
            taken.add(column)
            child.column = last = column
        row.sort(key=lambda child: child.column)

    # ── lanes ──

    def drop(self, cut: set[int]) -> None:
        """Forget the pieces of edges that are not drawn."""
        if cut:
            kept = {piece: edges for piece, edges in self.pieces.items() if not all([edge in cut for edge in edges])}
            self.pieces = kept

    def assign_lanes(self, cut: set[int]) -> None:
        """A lane for each value that passes rows on its way; edges for which none is left are put into `cut`."""
        wanted: dict[tuple[Block | None, int], list[Piece]] = {}
        end = len(self.rows)
        for piece, edges in self.pieces.items():
            if all([edge in cut for edge in edges]):
                continue
            top = piece.a.rank if piece.a is not None else -1
            bottom = piece.b.rank if piece.b is not None else end
            if bottom - top > 1:
                wanted.setdefault((piece.a, piece.source), []).append(piece)
        spans = []
        for (a, source), pieces in wanted.items():
            top = a.rank if a is not None else -1
            stops = sorted([piece.b.rank if piece.b is not None else end for piece in pieces])
            spans.append((stops[-1] - top, top, source, a, stops))
        spans.sort(key=lambda span: span[:3])
        tracks: dict[bool, list[list[tuple[int, int]]]] = {True: [], False: []}
        for length, top, source, a, stops in spans:
            lane = None
            if a is not None and length <= LONGEST and self._free_below(a, stops[-1]):
                lane = Lane(inner=False, track=OWN)
            elif length <= LONGEST:
                inner = self._fits_inside(top, stops)
                lane = free_lane(tracks, inner, top, stops[-1])
            if lane is None:
                cut.update([edge for piece in wanted[a, source] for edge in self.pieces[piece]])
            else:
                self.lanes[a, source] = lane
        self.inner_lanes = len(tracks[True])

    def _free_below(self, a: Block, stop: int) -> bool:
        """Is the way down free of boxes, and of the columns of a table?"""
        if a.opened:
            return False
        return all(
            [
                child.compact and not child.foldable and child.column != a.column
                if a.column < 2
                else not child.foldable and child.column != a.column
                for row in self.rows[a.rank + 1 : stop]
                for child in row
            ]
        )

    def _fits_inside(self, top: int, stops: list[int]) -> bool:
        return all([self._simple_row(row) for row in range(max(0, top + 1), min(stops[-1], len(self.rows)))])

    def _simple_row(self, row: int) -> bool:
        if row >= len(self.rows) or len(self.rows[row]) > 1:
            return False
        return not self.rows[row][0].opened and self.rows[row][0].column == 0

    def aside(self, child: Block, lane: Lane) -> bool:
        """Does an edge on that lane meet the child at its right side (or else in the gap between the rows)?"""
        if child.opened or lane.track == OWN or self.rows[child.rank][-1] is not child:
            return False
        return child.column == 0 if lane.inner else child.compact

    # ── sizes, once those of the children are known ──

    def measure(self, left: int, right: int) -> None:
        """Places of the children from the spine (x) and the upper border (y), ports, and the size of the block."""
        self._size_children(left, right)
        self._place_columns()
        clear = HALF + LANE * (self.inner_lanes + 1) if self.inner_lanes else 0
        self.edges = [max(clear, max([child.x + child.right for child in row])) for row in self.rows]
        self._ports()
        self._mark_bends()
        self._place_rows()
        pad = PAD if self.block.parent is not None else 0
        widest = max([*self.edges, *[x + LANE // 2 for x in self.lane_x.values()]], default=0)
        self.block.left = max([child.left - child.x for child in self.block.children], default=0) + pad
        self.block.right = widest + pad
        self.block.nest = 1 + max([child.nest for child in self.block.children], default=0)

    def _place_rows(self) -> None:
        top = HEAD if self.block.parent is not None else 4
        self.tops = []
        for at, row in enumerate(self.rows):
            top += BEND - GAP if at == 0 and self.bend[0] else 0
            self.tops.append(top)
            for child in row:
                child.y = top
            top += max([child.height for child in row]) + (BEND if self.bend[at + 1] else GAP)
        self.block.height = top - GAP + FOOT
        self.bottoms = [self.tops[at] + max([child.height for child in row]) for at, row in enumerate(self.rows)]

    def _size_children(self, left: int, right: int) -> None:
        for child in self.block.children:
            if child.opened:
                if child.compact:
                    child.left = max(child.left, HALF + PAD)
                    child.right = max(child.right, HALF + PAD)
                continue
            child.nest = 0
            child.height = REPEAT if child.count > 1 else NODE
            child.left, child.right = left, right
            if child.compact:
                widths = [chip_width(name, "") for _, name in child.chips[:3]]
                child.left = HALF + (max(widths) + 8 if widths else 0)
                child.right = HALF + (6 if child.count > 1 else 0)
                child.height += TALL - NODE
                child.height = max(child.height, 18 * len(widths) - 2)

    def _place_columns(self) -> None:
        lefts: dict[int, int] = {}
        rights: dict[int, int] = {}
        for row in self.rows:
            if len(row) == 1 and row[0].column == 0:
                continue
            for child in row:
                lefts[child.column] = max(lefts.get(child.column, 0), child.left)
                rights[child.column] = max(rights.get(child.column, 0), child.right)
        places = {0: 0}
        at, edge = 0, rights.get(0, HALF)
        for column in sorted(rights):
            if column > 0:
                at = edge + COLUMN + lefts[column]
                places[column], edge = at, at + rights[column]
        for child in self.block.children:
            child.x = places[child.column]

    def _ports(self) -> None:
        """Where values come in and leave, and where their lanes are."""
        end = len(self.rows)
        self._place_lanes()
        self.arrivals: dict[int, list[Piece]] = {}
        for piece in self.pieces:
            top = piece.a.rank if piece.a is not None else -1
            if piece.b is not None and piece.b.rank - top == 1:
                self.arrivals.setdefault(piece.b.at, []).append(piece)
        for pieces in self.arrivals.values():
            pieces.sort(key=lambda piece: (0 if piece.a is None or piece.a.spine else 1, piece.a.x if piece.a else 0))
        self.entries, self.exits = {}, {}
        for piece in self.pieces:
            a, source, b = piece
            if a is None and b is not None and b.rank == 0:
                x = self.arrival_x(piece)
                self.entries[source] = min(x, self.entries.get(source, x))
            elif b is None and a is not None:
                x = exit_x(a, source)
                self.exits[source] = x if a.rank == end - 1 else self.lane_x.get((a, source), x)
        for (a, source), x in self.lane_x.items():
            if a is None:
                self.entries.setdefault(source, x)

    def _place_lanes(self) -> None:
        reach: dict[tuple[Block | None, int], int] = {}
        for a, source, b in self.pieces:
            reach[a, source] = max(reach.get((a, source), 0), b.rank if b is not None else len(self.rows))
        self.lane_x: dict[tuple[Block | None, int], int] = {}
        for key, lane in self.lanes.items():
            if key not in reach:
                continue
            a, start = key[0], HALF
            if a is not None and lane.track == OWN:
                start = a.x
            elif not lane.inner:
                start = max(self.edges[a.rank if a is not None else 0 : reach[key] + 1])
            self.lane_x[key] = start + LANE * (lane.track + 1)

    def _mark_bends(self) -> None:
        """Which gaps need room for curves."""
        end = len(self.rows)
        self.bend = [False] * (end + 1)
        for piece in self.pieces:
            a, source, b = piece
            top = a.rank if a is not None else -1
            bottom = b.rank if b is not None else end
            start = self.entries.get(source, 0) if a is None else exit_x(a, source)
            lane = self.lanes.get((a, source)) if bottom - top > 1 else None
            if lane is not None:
                x = self.lane_x[a, source]
                if start != x and (a is None or not self.aside(a, lane) or self._may_open(top, bottom)):
                    self.bend[top + 1] = True
                if b is not None and not self.aside(b, lane) and self.lane_end(b, source, lane) != x:
                    self.bend[bottom] = True
            elif bottom - top == 1 and start != (self.exits[source] if b is None else self.arrival_x(piece)):
                self.bend[bottom] = True

    def _may_open(self, top: int, bottom: int) -> bool:
        """Room is kept for the curve around an open block, so that unfolding moves nothing above it."""
        return any([child.foldable for row in self.rows[top + 1 : bottom] for child in row])

    @staticmethod
    def lane_end(b: Block, source: int, lane: Lane) -> int:
        """Where on the top of its child an edge that comes down a lane ends."""
        if b.opened:
            return b.x + int(b.area.entries.get(source, 0))
        return b.x if lane.track == OWN and b.column == 0 and b.spine else b.x + 16

    def arrival_x(self, piece: Piece) -> int:
        """Where on the top of its child an edge from the row above ends."""
        child = piece.b
        assert child is not None
        if child.opened:
            return child.x + int(child.area.entries.get(piece.source, 0))
        at = self.arrivals[child.at].index(piece)
        return child.x + min(16 * at, 48)
