"""The loss curves of the still picture: raw band, smoothed line, validation, the run before, named at their ends."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.observe import thin
from gradbook.widgets import numbers
from gradbook.widgets.curves import auto_smoothing, ema, spikes_of
from gradbook.widgets.svg import Svg, coordinate, log_ticks, nice_ticks, polyline, text_width

if TYPE_CHECKING:
    from gradbook.observe import Run
    from gradbook.observe.series import Series

__all__ = ["Curve", "curves_of", "draw_loss", "last_loss"]

TOP, BOTTOM = 20, 20  # above the plot: epochs; below: steps
APART = 15  # px between two labels
SPIKE_POINTS = 6_000  # points looked at for spikes
LONGEST = 12  # characters of a name in a label
Array = np.ndarray
Scale = Callable[[Any], Any]


@dataclass(slots=True)
class Curve:
    """One line of the plot, named at its end with its last value."""

    name: str
    role: str
    steps: Array
    raw: Array
    smooth: Array

    @property
    def last(self) -> float:
        """Last finite value (of an earlier run: smoothed), NaN if there is none."""
        values = self.smooth if self.role == "ghost" else self.raw
        known = values[np.isfinite(values)]
        return float(known[-1]) if len(known) else math.nan

    @property
    def label(self) -> str:
        """`loss 0.412`; where a smoothed line ends, its own value: `loss ≈ 0.412`."""
        name = self.name if len(self.name) <= LONGEST else self.name[: LONGEST - 1] + "…"
        known = self.smooth[np.isfinite(self.smooth)]
        last, mean = numbers.loss(self.last), numbers.loss(float(known[-1])) if len(known) else ""
        return f"{name} {last}" if mean in ("", last) or not math.isfinite(self.raw[-1]) else f"{name} ≈ {mean}"


def curves_of(run: Run) -> list[Curve]:
    """What the plot shows, in drawing order: the run before, training losses (the main one first), validation."""
    found = []
    before = run.ghosts[0].main if run.ghosts else None
    if before is not None and len(before) > 1:
        found.append(_curve(before, "previous", "ghost"))
    series = [one for one in run.series.values() if len(one)]
    losses = sorted((one for one in series if one.role == "train"), key=len, reverse=True)
    held_out = [one for one in series if one.role == "val"]
    return found + [_curve(one, one.name, one.role) for one in (*losses, *held_out)]


def _curve(series: Series, name: str, role: str) -> Curve:
    steps, values = series.snapshot()
    smooth = values.astype(np.float64) if role == "val" else ema(values, auto_smoothing(len(values)))
    return Curve(name, role, steps.astype(np.float64), values, smooth)


def last_loss(run: Run) -> tuple[str, int, float] | None:
    """Name, step and value of the main loss's last point."""
    main = run.main
    return None if main is None or main.last is None else (main.name, int(main.last[0]), float(main.last[1]))


def draw_loss(run: Run, width: int, height: int) -> Svg:
    """The plot, without its frame. width, height in px."""
    svg = Svg()
    curves = curves_of(run)
    labels = [curve.label for curve in curves if math.isfinite(curve.last)]
    left, right = 38, round(max([text_width(label) * 1.05 for label in labels] + [52]) + 16)
    w, h = width - left - right, height - TOP - BOTTOM
    bounds = _bounds(curves)
    if bounds is None:
        for label, part in (("1", 0.25), ("0.1", 0.75)):
            svg.path(f"M{left} {round(TOP + part * h)}h{w}", "ax")
            svg.text(left - 6, round(TOP + part * h) + 4, label, "u e")
        svg.text(left + 9, TOP + h / 2 + 4, "the loss appears here" if not curves else "no finite loss", "u")
        return svg
    low, high, logarithmic = bounds
    own = [curve for curve in curves if curve.role != "ghost"] or curves
    first, last = _extent(own)
    x = _axis(first, last, left, w)
    y = _ordinate(low, high, logarithmic, h)
    _frame(svg, y, x, (left, w, h), bounds, (first, last))
    _epochs(svg, run, x, (first, last), h)
    for curve in curves:
        _line(svg, curve, x, y, (left, w), last, second=curve.role == "train" and curve is not _main(curves))
    _ends(svg, run, curves, x, y, (left + w, h), last)
    _alarms(svg, curves, x, h)
    _spikes(svg, curves, x, y)
    return svg


def _main(curves: Sequence[Curve]) -> Curve | None:
    return next((curve for curve in curves if curve.role == "train"), None)


def _extent(curves: Sequence[Curve]) -> tuple[float, float]:
    first = min(float(curve.steps[0]) for curve in curves)
    last = max(float(curve.steps[-1]) for curve in curves)
    return first, max(last, first + 1)


def _bounds(curves: Sequence[Curve]) -> tuple[float, float, bool] | None:
    """(low, high, logarithmic): logarithmic where everything is positive and spans more than a factor of 8."""
    shown = [np.asarray(c.smooth if c.role == "ghost" else c.raw, np.float64) for c in curves]
    values = np.concatenate(shown) if shown else np.empty(0)
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    low, high = float(values.min()), float(values.max())
    if low > 0 and high / low > 8:
        floor = float(np.quantile(values, 0.002)) / 1.6  # one lucky batch may not squeeze the rest
        low = max(low, floor)
        return low / 1.12, high * 1.12, True
    if low > 0 and low < 0.35 * high:
        low = 0.0
    margin = 0.06 * (high - low) or max(abs(high), 1e-12) * 0.5
    return (low - margin if low else 0.0), high + margin, False


def _axis(first: float, last: float, left: float, width: float) -> Scale:
    return lambda step: left + (np.asarray(step, np.float64) - first) / (last - first) * width


def _ordinate(low: float, high: float, logarithmic: bool, h: float) -> Scale:
    def place(value: Any) -> Any:
        value = np.asarray(value, np.float64)
        if logarithmic:
            part = np.log(np.clip(value, low, high) / low) / math.log(high / low)
        else:
            part = (np.clip(value, low, high) - low) / (high - low)
        return TOP + h * (1 - part)

    return place


def _frame(
    svg: Svg,
    y: Scale,
    x: Scale,
    box: tuple[int, int, int],
    bounds: tuple[float, float, bool],
    steps: tuple[float, float],
) -> None:
    left, w, h = box
    low, high, logarithmic = bounds
    ticks = log_ticks(low, high, 6) if logarithmic else nice_ticks(low, high, 5)
    tenths = all(tick == 0 or 0.1 <= abs(tick) < 10 for tick in ticks)
    for tick in ticks:
        at = round(float(y(tick)))
        svg.path(f"M{left} {at}h{w}", "ax")
        label = f"{tick:.1f}".replace("-", numbers.MINUS) if tenths and tick else numbers.short(tick)
        svg.text(left - 6, at + 4, label, "u e")
    svg.text(left + w, TOP + h + 16, "step", "u e")
    for tick in nice_ticks(*steps, 4):
        along = float(x(tick))
        svg.path(f"M{round(along)} {TOP + h}v4", "a2")
        if along < left + w - 28 - text_width(numbers.count(tick)) / 2:
            svg.text(along, TOP + h + 16, numbers.count(tick), "u m")


def _epochs(svg: Svg, run: Run, x: Scale, steps: tuple[float, float], h: float) -> None:
    marks = [(epoch, step) for epoch, step in list(run.epochs) if steps[0] < step <= steps[1]]
    # 1, 2 or 5 x 10^k, so that at most five are named
    every = next(f * 10**k for k in range(20) for f in (1, 2, 5) if len(marks) < 5 * f * 10**k)
    for epoch, step in [mark for mark in marks if mark[0] % every == 0]:
        at = float(x(step))
        if at + 4 + text_width(f"epoch {epoch}") < float(x(steps[1])) + 60:
            svg.path(f"M{round(at)} {TOP - 2}v{coordinate(h + 2)}", "a2 dot")
            svg.text(at + 3, TOP - 5, f"epoch {epoch}", "s")


def _line(svg: Svg, curve: Curve, x: Scale, y: Scale, box: tuple[int, int], last: float, *, second: bool) -> None:
    inside = curve.steps <= last
    steps, raw, smooth = curve.steps[inside], curve.raw[inside], curve.smooth[inside]
    if not len(steps):
        return
    if curve.role == "val":
        points = list(zip(x(steps).tolist(), y(smooth).tolist(), strict=True))
        svg.path(polyline(points), "vl")
        for px, py in points if len(points) <= 40 else []:
            svg.circle(px, py, 2.75, "vp")
        return
    if curve.role == "train" and not second:
        svg.path(_band(x(steps), y(raw), box), "raw")
    style = "gh" if curve.role == "ghost" else "sm t2" if second else "sm"
    columns = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), box[1] // 2)).round().astype(int))
    svg.path(polyline(zip(x(steps[columns]).tolist(), y(smooth[columns]).tolist(), strict=True)), style)


def _band(px: Array, py: Array, box: tuple[int, int]) -> str:
    """One stroke from lowest to highest in each column of pixels; few points: the plain line."""
    known = np.isfinite(py)
    px, py = px[known], py[known]
    if len(px) <= box[1]:
        return polyline(zip(px.tolist(), py.tolist(), strict=True))
    column = np.floor(px - box[0]).astype(int)
    starts = np.flatnonzero(np.diff(column, prepend=column[0] - 1))
    highest, lowest = np.minimum.reduceat(py, starts), np.maximum.reduceat(py, starts)
    if len(px) < 4 * box[1]:  # few points a column: each stroke reaches back to the point before it, as a line would
        before = py[np.maximum(starts - 1, 0)]
        highest, lowest = np.minimum(highest, before), np.maximum(lowest, before)
    strokes = zip((column[starts] + box[0]).tolist(), highest.tolist(), lowest.tolist(), strict=True)
    return "".join(f"M{c}.5 {coordinate(a)}V{coordinate(max(b, a + 0.7))}" for c, a, b in strokes)


def _ends(
    svg: Svg, run: Run, curves: Sequence[Curve], x: Scale, y: Scale, corner: tuple[int, int], last: float
) -> None:
    """Names with last values at the right end, pushed apart; the end of the main curve says how the run ended."""
    named = [curve for curve in curves if math.isfinite(curve.last)]
    ends = [float(y(_end(curve, last))) for curve in named]
    places = spread(ends, TOP, TOP + corner[1])
    right = corner[0]
    styles = {"ghost": "u", "val": "li", "train": "vi b"}
    for curve, end, at in zip(named, ends, places, strict=True):
        svg.path(f"M{right + 2} {coordinate(end)}L{right + 8} {coordinate(at)}", "lead")
        style = styles[curve.role] if curve is _main(curves) or curve.role != "train" else "vi"
        svg.text(right + 10, at + 4, curve.label, style)
    main = _main(curves)
    if main is None or not math.isfinite(main.last):
        return
    px, py = float(x(main.steps[-1])), float(y(_end(main, last)))
    if run.state == "error":
        svg.path(f"M{coordinate(px - 4)} {coordinate(py - 4)}l8 8m0-8l-8 8", "x")
    elif run.state == "stopped":
        svg.rect(px - 3.5, py - 3.5, 7, 7, "k")
    else:
        svg.circle(px, py, 3, "vd")


def _end(curve: Curve, last: float) -> float:
    """Where the drawn line of a curve ends: its last known smoothed value within the plot."""
    inside = curve.smooth[curve.steps <= last]
    known = inside[np.isfinite(inside)]
    return float(known[-1]) if len(known) else curve.last


def spread(places: Sequence[float], top: float, bottom: float) -> list[float]:
    """Ordinates pushed at least APART px apart, in the same order, kept inside if there is room."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = [places[i] for i in order]
    for _ in range(8 * len(moved)):
        for i in range(1, len(moved)):
            lack = APART - (moved[i] - moved[i - 1])
            if lack > 1e-6:
                moved[i - 1] -= lack / 2
                moved[i] += lack / 2
    if moved:
        shift = max(0.0, top - moved[0]) or min(0.0, bottom - moved[-1])
        moved = [at + shift for at in moved]
    result = [0.0] * len(places)
    for i, at in zip(order, moved, strict=True):
        result[i] = at
    return result


def _alarms(svg: Svg, curves: Sequence[Curve], x: Scale, h: float) -> None:
    """The step at which the main loss stopped being a number."""
    main = _main(curves)
    if main is None:
        return
    bad = np.flatnonzero(~np.isfinite(main.raw))
    if len(bad):
        at = float(x(main.steps[bad[0]]))
        word = "NaN" if np.isnan(main.raw[bad[0]]) else "inf"
        svg.path(f"M{coordinate(at - 5)} {TOP + 12}h10l-5-9z", "w")
        svg.path(f"M{round(at)} {TOP + 14}V{coordinate(TOP + h)}", "gu")
        label = f"{word} at step {numbers.count(float(main.steps[bad[0]]))}"
        left_of = at > float(x(main.steps[-1])) - 60 or at > 200
        svg.text(at - 8 if left_of else at + 8, TOP + 11, label, "er e" if left_of else "er")


def _spikes(svg: Svg, curves: Sequence[Curve], x: Scale, y: Scale) -> None:
    """The largest jumps of the main loss, with their factor."""
    main = _main(curves)
    if main is None:
        return
    taken: list[float] = []
    right = float(x(main.steps[-1]))
    for spike in spikes_of(*thin(main.steps, main.raw, SPIKE_POINTS))[:3]:
        px = float(x(spike.step))
        if any(abs(px - other) < 70 for other in taken):
            continue
        taken.append(px)
        py = max(TOP + 5.0, float(y(spike.value)) - 9)
        svg.path(f"M{coordinate(px - 5)} {coordinate(py + 4)}h10l-5-9z", "w")
        label, flipped = f"spike ×{numbers.number(spike.factor)}", px > right - 60
        svg.text(px - 9 if flipped else px + 9, py + 4, label, "s e k" if flipped else "s k")
