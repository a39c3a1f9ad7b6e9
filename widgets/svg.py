"""Writing SVG: short numbers, escaped text, the light tokens of the views, axes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

__all__ = ["LIGHT", "LINE", "Svg", "clean", "coordinate", "log_ticks", "nice_ticks", "polyline", "text_width"]

INK, INK_2, LINE, LINE_2 = "#212121", "#707070", "#e0e0e0", "#bdbdbd"
VALUE, VALUE_INK, GRAD, GRAD_INK, VAL, VAL_INK = "#0072b2", "#00629b", "#d55e00", "#b04a00", "#009e73", "#007a59"
BRAND, ERROR, WARN, GHOST = "#1976d2", "#c62828", "#e6b800", "#8a8a8a"

UI_FONT = "system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif"
CODE_FONT = "Menlo,Consolas,'DejaVu Sans Mono',monospace"

RULES = (
    f"text{{fill:{INK};white-space:pre}}.u{{fill:{INK_2}}}.s{{font-size:10px;fill:{INK_2}}}.h{{font-size:12px}}"
    f".b{{font-weight:600}}.n{{font-weight:500;fill:{INK}}}.c{{font-family:{CODE_FONT};font-size:10.5px}}"
    f".e{{text-anchor:end}}.m{{text-anchor:middle}}.vi{{fill:{VALUE_INK}}}.li{{fill:{VAL_INK}}}.er{{fill:{ERROR}}}"
    f".ax{{stroke:{LINE};shape-rendering:crispEdges}}.a2{{stroke:{LINE_2};shape-rendering:crispEdges}}"
    f".dot{{stroke-dasharray:1 3}}.lead{{stroke:{LINE_2}}}.raw{{stroke:{VALUE};opacity:.28}}"
    f".sm{{stroke:{VALUE};stroke-width:1.75;stroke-linejoin:round}}.t2{{stroke-dasharray:5 3}}"
    f".gh{{stroke:{GHOST};opacity:.8}}.vl{{stroke:{VAL}}}.vd{{fill:{VALUE}}}"
    f".vp{{fill:#fff;stroke:{VAL};stroke-width:1.5}}.gl{{stroke:{GRAD}}}.gd{{fill:{GRAD}}}"
    f".gr{{stroke:{GRAD};opacity:.55}}.go{{fill:#fff;stroke:{GRAD}}}"
    f".rid{{fill:#fff;stroke:{GRAD};stroke-width:.8;stroke-linejoin:round;vector-effect:non-scaling-stroke}}"
    f".z{{fill:#000;fill-opacity:.03}}.hz{{fill:url(#z)}}.k{{fill:{INK}}}.k2{{fill:{INK_2}}}.br{{fill:{BRAND}}}"
    f".er2{{fill:{ERROR};fill-opacity:.07}}.wr2{{fill:#fff9df}}.hi{{stroke:{INK}}}"
    f".w{{fill:{WARN};stroke:{INK};stroke-linejoin:round}}"
    f".x{{stroke:{ERROR};stroke-width:2}}.wait{{stroke:{INK_2};stroke-dasharray:2 2}}"
    f".st{{stroke:{INK};stroke-width:1.75}}.gu{{stroke:{INK_2};stroke-dasharray:2 2;shape-rendering:crispEdges}}"
)
# the tokens of the views, light theme; all within .gb, so that nothing else in a page or a picture is touched
LIGHT = f".gb{{font:11px {UI_FONT};fill:none;font-variant-numeric:tabular-nums}}" + "".join(
    f".gb {rule}}}" for rule in RULES.split("}") if rule
)

CONTROL = {code: None for code in range(32) if code not in (9, 10, 13)} | {0xFFFE: None, 0xFFFF: None}


def clean(text: str) -> str:
    """User text for SVG: markup escaped, characters that XML forbids left out."""
    return escape(text.translate(CONTROL).encode("utf-8", "ignore").decode(), {'"': "&quot;"})


def coordinate(value: float) -> str:
    """A coordinate with at most one decimal, as short as it can be written."""
    text = f"{value:.1f}"
    text = text[:-2] if text.endswith(".0") else text
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def polyline(points: Iterable[tuple[float, float]]) -> str:
    """Path data through points, relative and short; a NaN ordinate breaks the line."""
    parts: list[str] = []
    last: tuple[int, int] | None = None  # in tenths, so that rounding does not add up
    for x, y in points:
        if not math.isfinite(y):
            last = None
            continue
        here = (round(10 * x), round(10 * y))
        if last is None:
            parts.append(f"M{coordinate(here[0] / 10)} {coordinate(here[1] / 10)}")
        else:
            dx, dy = coordinate((here[0] - last[0]) / 10), coordinate((here[1] - last[1]) / 10)
            parts.append(f"l{dx}{dy}" if dy.startswith("-") else f"l{dx} {dy}")
        last = here
    return "".join(parts)


def text_width(text: str, *, code: bool = False) -> float:
    """Width of text at 11 px, estimated: good to about a tenth."""
    if code:
        return 6.35 * len(text)
    return sum(3.4 if char in "ilj.,:;|'()[] " else 8.6 if char in "mwMW@×—" else 6.3 for char in text)


class Svg:
    """Collects elements; every text that comes in is escaped here and nowhere else."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def text(self, x: float, y: float, text: str, style: str = "") -> None:
        """One line of text; `style` are class names."""
        self.parts.append(f'<text x="{coordinate(x)}" y="{coordinate(y)}"{_class(style)}>{clean(text)}</text>')

    def words(self, x: float, y: float, words: Sequence[tuple[str, str]], style: str = "") -> None:
        """Words in a row, each with its own class, placed by the reader's font."""
        spans = "".join(f"<tspan{_class(each)}>{clean(text)}</tspan>" for text, each in words)
        self.parts.append(f'<text x="{coordinate(x)}" y="{coordinate(y)}"{_class(style)}>{spans}</text>')

    def path(self, data: str, style: str, extra: str = "") -> None:
        """A path; empty data draws nothing."""
        if data:
            self.parts.append(f'<path{_class(style)} d="{data}"{extra}/>')

    def rect(self, x: float, y: float, width: float, height: float, style: str, extra: str = "") -> None:
        """A rectangle."""
        place = " ".join(
            f'{k}="{coordinate(v)}"' for k, v in zip(("x", "y", "width", "height"), (x, y, width, height), strict=True)
        )
        self.parts.append(f"<rect{_class(style)} {place}{extra}/>")

    def circle(self, x: float, y: float, radius: float, style: str) -> None:
        """A circle."""
        place = f'cx="{coordinate(x)}" cy="{coordinate(y)}" r="{coordinate(radius)}"'
        self.parts.append(f"<circle{_class(style)} {place}/>")

    def raw(self, markup: str) -> None:
        """Markup of our own."""
        self.parts.append(markup)

    def group(self, x: float, y: float, inner: Svg) -> None:
        """Another drawing, moved."""
        move = f' transform="translate({coordinate(x)} {coordinate(y)})"' if x or y else ""
        self.parts.append(f"<g{move}>{''.join(inner.parts)}</g>")

    def document(self, width: float, height: float, title: str, beside: Sequence[str] = ()) -> str:
        """The finished picture on a white ground of its own, so that it is readable on a dark page too.

        beside: whole `<svg>` elements drawn over it, with a style of their own.
        """
        w, h = coordinate(width), coordinate(height)
        head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img">'
        inner = f'width="{coordinate(width - 1)}" height="{coordinate(height - 1)}"'
        ground = f'<rect x=".5" y=".5" {inner} fill="#fff" stroke="{LINE}"/>'
        about = f"<title>{clean(title)}</title><style>{LIGHT}</style>"
        return f'{head}{about}{ground}<g class="gb">{"".join(self.parts)}</g>{"".join(beside)}</svg>'


def _class(style: str) -> str:
    return f' class="{style}"' if style else ""


def nice_ticks(low: float, high: float, about: int) -> list[float]:
    """Round values (1, 2, 5 times a power of ten) within [low, high], about that many; empty if the range is."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return []
    raw = span / max(about, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12) if step > 1e-9 else i * step for i in range(first, last + 1)]


def log_ticks(low: float, high: float, at_most: int) -> list[float]:
    """Round values for a log axis within [low, high]: 1-2-5 in each decade while they fit, else whole decades."""
    exponents = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        ticks = [f * 10.0**e for e in exponents for f in factors if low <= f * 10.0**e <= high]
        if len(ticks) <= at_most:
            return ticks if len(ticks) > 1 else nice_ticks(low, high, 3)
    every = math.ceil(len(ticks) / at_most)
    return ticks[::every]
