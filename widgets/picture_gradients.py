"""The gradient table of the still picture: norm, its course, where it lies on a log axis, update ratio, histograms."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gradbook.widgets import numbers
from gradbook.widgets.curves import evenly
from gradbook.widgets.svg import Svg, coordinate, polyline, text_width

if TYPE_CHECKING:
    from gradbook.observe import Run

__all__ = ["Row", "draw_gradients", "rows_of", "table_height"]

AT_MOST = 14  # rows
HEAD, FOOT = 20, 14
ROW = 25.3
NORM, WEIGHT, RATIO = 0, 1, 2  # columns of the probes
LOWEST, DECADES = -7, 10  # the |grad| axis: 1e-7 … 1e3
RATIO_LOWEST, RATIO_DECADES = -5, 4
NARROW = 106  # px that the |grad| axis needs for its words
ZONES = ((-7, -6), (1, 3))  # vanishing, exploding
REPEATED = re.compile(r"^(.+?)\.(\d+)\.(.+)$")
BINS = 32
Array = np.ndarray


@dataclass(slots=True)
class Row:
    """One line of the table: one parameter, or several folded into one."""

    label: str
    members: list[int] = field(default_factory=list)  # rows of the probes
    repeats: list[list[int]] = field(default_factory=list)  # of a folded row: the members (by place) of each repeat


def rows_of(names: list[str], at_most: int = AT_MOST) -> list[Row]:
    """Rows in the order of the parameters, folded until they fit: numbered repeats, then modules, then the rest.

    `blocks.0.fc.weight … blocks.3.fc.bias` become `blocks ×4`.
    """
    rows = [Row(name, [i]) for i, name in enumerate(names)]
    if len(rows) > at_most:
        rows = _fold(names, _repeat_of)
    depth = max((name.count(".") for name in names), default=0)
    while len(rows) > at_most and depth > 0:
        rows = _fold(names, lambda name: _outer(name, depth))  # noqa: B023  (called at once)
        depth -= 1
    if len(rows) > at_most:
        rest = rows[at_most - 1 :]
        rows = [*rows[: at_most - 1], Row(f"{len(rest)} more", [i for row in rest for i in row.members])]
    paths = [row.label for row in rows]
    for row, path in zip(rows, paths, strict=True):
        row.label = short_name(path, paths) + (f" ×{len(row.repeats)}" if len(row.repeats) > 1 else "")
    return rows


def _outer(name: str, depth: int) -> str:
    return ".".join(name.split(".")[:depth])


def _repeat_of(name: str) -> str:
    match = REPEATED.match(name)
    return match[1] if match and match[1] else name


def _fold(names: list[str], key_of: Callable[[str], str]) -> list[Row]:
    rows: list[Row] = []
    keys: list[str] = []
    for i, name in enumerate(names):
        key = key_of(name)
        if keys and keys[-1] == key:
            rows[-1].members.append(i)
        else:
            keys.append(key)
            rows.append(Row(key, [i]))
    for row in rows:
        if len(row.members) == 1:
            row.label = names[row.members[0]]
            continue
        repeats: dict[str, list[int]] = {}
        for place, i in enumerate(row.members):
            match = REPEATED.match(names[i])
            repeats.setdefault(match[2] if match and match[1] == row.label else names[i], []).append(place)
        row.repeats = list(repeats.values())
    return rows


def short_name(name: str, names: list[str]) -> str:
    """The last two parts of a path, if no other path shares them."""
    tail = ".".join(name.split(".")[-2:])
    return tail if sum(other.endswith(tail) for other in names) <= 1 else name


def table_height(rows: int) -> int:
    """Height of the table in px."""
    return round(HEAD + FOOT + ROW * rows)


@dataclass(slots=True)
class _Columns:
    """Where the columns of the table stand, from the width of the panel."""

    value: float  # right end
    spark: float
    spark_width: float
    norm: float
    norm_width: float
    ratio: float
    ratio_width: float
    histogram: float
    histogram_width: float

    def norm_at(self, value: float) -> float:
        return self.norm + min(max((math.log10(value) - LOWEST) / DECADES, 0), 1) * self.norm_width

    def ratio_at(self, value: float) -> float:
        return self.ratio + min(max((math.log10(value) - RATIO_LOWEST) / RATIO_DECADES, 0), 1) * (self.ratio_width - 4)


def _columns(width: int, rows: list[Row]) -> _Columns:
    names = min(max([text_width(row.label, code=True) + 10 * (len(row.members) > 1) for row in rows] + [78]) + 14, 150)
    histogram, ratio = round(width * 0.165), round(width * 0.155)
    value = names + 38
    at_ratio = width - histogram - ratio - 12
    spark, norm = 40, value + 12 + 40 + 12
    if at_ratio - norm - 14 < NARROW:  # long names: the axis matters more than the course
        spark, norm = 0, value + 14
    return _Columns(value, value + 12, spark, norm, at_ratio - norm - 14, at_ratio, ratio, width - histogram, histogram)


def draw_gradients(run: Run, width: int, rows: list[Row]) -> Svg:
    """The table, without its frame; `rows` as rows_of gave them."""
    svg = Svg()
    probes = run.probes.since(0)
    columns = _columns(width, rows)
    bottom = HEAD + ROW * len(rows)
    _head(svg, columns, bottom, width)
    with np.errstate(all="ignore"):
        for k, row in enumerate(rows):
            y = HEAD + k * ROW
            svg.path(f"M0 {round(y)}h{width}", "ax")
            folded = len(row.members) > 1
            if folded:
                svg.path(f"M1 {coordinate(y + ROW / 2 - 3)}l4 3-4 3z", "k2")
            label = row.label if len(row.label) <= 22 else "…" + row.label[-21:]
            svg.text(10 if folded else 0, y + ROW / 2 + 4, label, "c")
            _measures(svg, columns, y, probes.table[:, row.members], row.repeats)
            _ridges(svg, columns, y, probes.histogram[:, row.members], probes.hist_range[:, row.members])
    svg.path(f"M0 {round(bottom)}h{width}", "ax")
    return svg


def _head(svg: Svg, c: _Columns, bottom: float, width: int) -> None:
    svg.text(0, 11, "parameter", "u")
    svg.text(c.value, 11, "|grad|", "u e")
    svg.text(c.norm, 11, "vanishing", "s")
    svg.text(c.norm + c.norm_width, 11, "exploding", "s e")
    svg.text(c.ratio, 11, "update/weight", "u")
    svg.text(c.histogram, 11, "histogram", "u")
    svg.raw(
        '<pattern id="z" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<path d="M0 0V5" style="stroke:#000;stroke-opacity:.16;stroke-width:.8"/></pattern>'
    )
    for low, high in ZONES:
        x, w = c.norm_at(10.0**low), c.norm_at(10.0**high) - c.norm_at(10.0**low)
        svg.rect(x, HEAD, w, bottom - HEAD, "z")
        svg.rect(x, HEAD, w, bottom - HEAD, "hz")
    svg.path(f"M{round(c.ratio_at(1e-3))} {HEAD}V{coordinate(bottom)}", "gu")
    for power, label, style in ((-6, "1e−6", "m"), (-3, "1e−3", "m"), (0, "1", "m"), (3, "1e3", "e")):
        x = c.norm_at(10.0**power)
        svg.path(f"M{round(x)} {HEAD}V{coordinate(bottom)}", "ax")
        svg.text(x, bottom + 12, label, f"s {style}")
    svg.text(c.ratio_at(1e-3), bottom + 12, "1e−3", "s m")
    svg.text(c.ratio + c.ratio_width, bottom + 12, "0.1", "s e")
    svg.text(c.histogram, bottom + 12, numbers.MINUS, "s")
    svg.text(c.histogram + c.histogram_width / 2, bottom + 12, "0", "s m")
    svg.text(width, bottom + 12, "+", "s e")


def _measures(svg: Svg, c: _Columns, y: float, table: Array, repeats: list[list[int]]) -> None:
    """Norm (of a folded row, the median of its repeats) as number, course and mark; ratio. table: (k, members, 5)."""
    middle = y + ROW / 2
    norms = table[:, :, NORM].astype(np.float64)
    if repeats:
        norms = np.stack([np.sqrt((norms[:, places] ** 2).sum(axis=1)) for places in repeats], axis=1)
    last = _last_rows(norms)
    known = last[np.isfinite(last)]
    if not len(known):
        bad = bool(np.isinf(last).any())
        svg.text(c.value, middle + 4, "inf" if bad else "–", "e er" if bad else "e u")
        return
    svg.text(c.value, middle + 4, numbers.number(float(np.median(known))), "e")
    whole = _medians(norms)
    _spark(svg, c, y, whole)
    positive = whole[np.isfinite(whole) & (whole > 0)]
    if len(positive) > 1:
        low, high = (c.norm_at(float(v)) for v in np.quantile(positive, (0.1, 0.9)))
        svg.path(f"M{coordinate(low)} {coordinate(middle)}H{coordinate(high)}", "gr")
    for value in known[known > 0]:
        svg.circle(c.norm_at(float(value)), middle, 2.25 if repeats else 3, "go" if repeats else "gd")
    ratios = _last_rows(table[:, :, RATIO].astype(np.float64))
    ratio = float(np.nanmedian(ratios)) if np.isfinite(ratios).any() else math.nan
    if ratio > 0:
        x = c.ratio_at(ratio)
        svg.path(f"M{round(c.ratio_at(1e-3))} {coordinate(middle)}H{coordinate(x)}", "a2")
        svg.circle(x, middle, 2.5, "k")


def _medians(values: Array) -> Array:
    """The (lower) median of what is finite in each row, NaN where nothing is. (k, n) -> (k,)."""
    known = np.isfinite(values)
    ordered = np.sort(np.where(known, values, np.nan), axis=1)  # NaN last
    medians: Array = ordered[np.arange(len(values)), np.maximum(known.sum(axis=1) - 1, 0) // 2]
    return medians


def _last_rows(values: Array) -> Array:
    """The newest row that knows anything. (k, n) -> (n,)."""
    some = np.flatnonzero(~np.isnan(values).all(axis=1))
    return values[some[-1]] if len(some) else np.full(values.shape[1], np.nan)


def _spark(svg: Svg, c: _Columns, y: float, norms: Array) -> None:
    """The course of the norm on a log scale of its own, 40 px wide."""
    logs = np.log10(np.where(norms > 0, norms, np.nan))
    logs = logs[evenly(len(logs), 40)]
    known = logs[np.isfinite(logs)]
    if len(known) < 2 or not c.spark_width:
        return
    span = max(float(known.max() - known.min()), 0.5)
    middle = (float(known.max()) + float(known.min())) / 2
    xs = c.spark + np.linspace(0, c.spark_width, len(logs))
    ys = y + ROW / 2 - (logs - middle) / span * (ROW - 11)
    svg.path(polyline(zip(xs.tolist(), ys.tolist(), strict=True)), "gl")


def _ridges(svg: Svg, c: _Columns, y: float, counts: Array, extent: Array) -> None:
    """Gradient histograms of up to three moments, oldest behind, over one common symmetric range."""
    usable = np.flatnonzero((counts.sum(axis=2) > 0).any(axis=1) & (np.nan_to_num(extent) > 0).any(axis=1))
    if not len(usable):
        return
    moments = usable[evenly(len(usable), 3)]
    wide = float(np.nanmax(np.where(np.isfinite(extent[moments]), extent[moments], np.nan)))
    centres = (np.arange(BINS) + 0.5) / BINS * 2 - 1
    ridges = [_ridge(counts[m], extent[m], wide, centres) for m in moments]
    for q, ridge in enumerate(ridges):
        base = y + ROW - 3 - (len(ridges) - 1 - q) * 4
        heights = [0, *np.round(ridge / max(float(ridge.max()), 1e-12) * 24).astype(int).tolist(), 0]
        steps = "".join(f"l1{-d}" if d > 0 else f"l1 {-d}" for d in np.diff(heights[1:-1]).tolist())
        scale = (
            f"translate({coordinate(c.histogram)} {coordinate(base)}) scale({c.histogram_width / (BINS - 1):.2f} .5)"
        )
        opacity = 0.35 + 0.65 * (q + 1) / len(ridges)
        svg.raw(f'<path class="rid" transform="{scale}" opacity="{opacity:.2f}" d="M0 0v{-heights[1]}{steps}V0"/>')


def _ridge(counts: Array, extent: Array, wide: float, centres: Array) -> Array:
    """One density over the common range, of all members. counts: (members, 32)."""
    total = np.zeros(BINS)
    for member, half in zip(counts, extent, strict=True):
        if half > 0 and np.isfinite(half):
            density = member / max(float(member.sum()), 1e-12) / half
            total += np.interp(centres * wide, centres * half, density, left=0, right=0)
    return total
