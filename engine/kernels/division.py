"""How a product of given sizes is gone about: by tiles, dot products or whole rows, in how many panels, packed or not.

It is decided by about how many cycles each way takes, on a processor that begins two fused operations a cycle, each of
which takes four, and reads two vectors a cycle; and by limits that were measured (Zen 5, with AVX-512 and with AVX2).
"""

from __future__ import annotations

from typing import NamedTuple

from gradbook.kernels import dots
from gradbook.kernels.layout import A, B, Layout
from gradbook.kernels.packing import AS_IT_IS, COPIED, GATHERED, TRANSPOSED
from gradbook.kernels.product import span
from gradbook.kernels.tile import heights, widest

__all__ = ["DOTS", "HEIGHT", "THIN", "TILES", "Division", "divide"]

HEIGHT = 24  # rows of a unit: a whole number of most tiles
TILES, DOTS, THIN = "tiles", "dots", "thin"
LARGE = 1 << 18  # numbers that are not in the near caches
BROAD = 512  # columns of a thin product that are worth a unit
SHARES = 8  # units that a product is divided into at least, if it is worth while
SMALL = 1 << 19  # multiplications below which it is not
ROWS = 384  # with fewer b is read where it is
WAY = 1024  # numbers after which lines have the same place in a cache: narrow tiles suffer from it
SPREAD = 0.85  # cycles to spread a number over a vector
TO_BEGIN = 20  # cycles between two tiles
TO_ADD_UP = 40  # cycles for the sums of a tile's lanes
NEAR = 8192  # numbers of a that stay in the nearest cache
TO_PACK = {AS_IT_IS: 0.0, COPIED: 0.08, TRANSPOSED: 0.27, GATHERED: 1.5}  # cycles for a number


class Division(NamedTuple):
    """What was decided. way: TILES, DOTS or THIN."""

    way: str
    panels: int
    packing: int


def divide(layout: Layout, lanes: int, thin: bool = True) -> Division:
    """The way of least cost; more panels than it takes, if threads would have nothing to share. thin: may be THIN."""
    packing, vectors = _packing(layout), -(-layout.columns // lanes)
    if span() > 1:  # parts of the widest tiles, the same in any panel
        groups = -(-vectors // widest())
        panels, cost = -(-groups // span()), tiles_cost(layout, vectors, groups)
    else:
        choices = dict.fromkeys(-(-vectors // width) for width in range(widest(), 0, -1))
        cost, panels = min((tiles_cost(layout, vectors, count), count) for count in choices)
        groups = vectors // 2
    if thin and layout.columns >= 2 * lanes and layout.column[B] == 1 and is_thin(layout):
        units = -(-layout.rows // HEIGHT)
        return Division(THIN, max(1, min(SHARES // units, layout.columns // BROAD)), AS_IT_IS)
    along_k = layout.depth == 1 or (layout.column[A] == 1 == layout.row[B])
    packed = TO_PACK[packing] * layout.depth * vectors * lanes
    if along_k and dots_cost(layout, lanes) < cost + packed:
        return Division(DOTS, vectors, packing)
    if layout.rows * layout.columns * layout.depth > SMALL and not layout.batch:
        while panels * -(-layout.rows // HEIGHT) < SHARES and panels < groups:
            panels += 1
    return Division(TILES, panels, packing)


def is_thin(layout: Layout) -> bool:
    """Whether memory, and not arithmetic, is what a product waits for; narrow vectors also lack the rows for a tile."""
    rows, narrow = layout.rows, span() > 1
    if layout.depth * layout.columns >= LARGE:
        return rows <= (8 if narrow else 3)
    return (narrow and min(rows, layout.depth) < 4) or (layout.depth <= 4 and rows * layout.columns >= LARGE)


def _packing(layout: Layout) -> int:
    if layout.columns == 1 or layout.column[B] == 1:
        crowded = span() > 1 and layout.row[B] % WAY == 0 and layout.depth > 1
        return COPIED if layout.rows >= (ROWS // 16 if crowded else ROWS) and layout.columns > 64 else AS_IT_IS
    return TRANSPOSED if layout.row[B] == 1 or layout.depth == 1 else GATHERED


def tiles_cost(layout: Layout, vectors: int, groups: int) -> float:
    """Cycles of all tiles, if the columns are divided into so many groups, each as wide as a tile."""
    total = 0.0
    each, more = divmod(vectors, groups)
    if span() > 1:  # all the widest, but for the last
        each, more = vectors - (groups - 1) * widest(), groups - 1
    for width, count in ((widest() if span() > 1 else each + 1, more), (each, groups - more)):
        left = layout.rows
        for height in heights(width) if count else ():
            tiles, left = divmod(left, height)
            step = max(height * width / 2, SPREAD * height + width / 2, 4)
            total += count * tiles * (layout.depth * step + height * width + TO_BEGIN)
    return total


def dots_cost(layout: Layout, lanes: int) -> float:
    """Cycles of all dot products."""
    total, left = 0.0, layout.rows
    slower = 1.4 if layout.rows * layout.depth > NEAR else 1.0  # a is read again for each tile
    for height in dots.heights():
        tiles, left = divmod(left, height)
        step = max(height * dots.COLUMNS / 2, (height + dots.COLUMNS) / 2)
        total += tiles * (slower * step * -(-layout.depth // lanes) + TO_ADD_UP)
    return total * -(-layout.columns // dots.COLUMNS)
