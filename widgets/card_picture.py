"""An error card as one SVG: for notebooks that nobody trusts, nbconvert, and pages without widgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradbook.widgets.card_drawing import Drawing, draw_operands, draw_stages, fitted
from gradbook.widgets.describe_card import WIDE, titled
from gradbook.widgets.describe_lesson import coloured
from gradbook.widgets.svg import BRAND, ERROR, INK, INK_2, LINE_2, VAL_INK, Svg, text_width

if TYPE_CHECKING:
    from gradbook.observe.failure import Failure

__all__ = ["card_picture"]

WIDTH = 900
LEFT = 16
CODE = 332
STYLE = (
    f".ct{{font-size:13px}}.cs{{font-size:12px}}.k3{{fill:#00701a;font-weight:600}}.s3{{fill:#a31515}}.n3{{fill:#007050}}"
    f".c3{{fill:#4b7a7a}}.fl{{fill:{ERROR};fill-opacity:.07}}.fb{{fill:{ERROR}}}.wv{{stroke:{ERROR}}}"
    f".bx{{fill:#000;fill-opacity:.03;stroke:{INK_2};shape-rendering:crispEdges}}.bw{{stroke:{ERROR}}}"
    f".bad{{stroke:{ERROR};stroke-width:3;shape-rendering:crispEdges}}.hatch{{fill:{ERROR};fill-opacity:.14}}"
    f".cut{{stroke:{ERROR};shape-rendering:crispEdges}}.lead{{stroke:{ERROR};stroke-dasharray:2 2}}"
    f".badge{{stroke:{ERROR};fill:#fff}}.lk{{stroke:{LINE_2};shape-rendering:crispEdges}}"
    f".te{{fill:{ERROR};font-weight:600}}.thin{{font-weight:400}}.t2{{fill:{INK_2}}}.ts{{font-size:10px;fill:{INK_2}}}"
    f".in{{fill:{INK}}}.tb{{font-weight:600}}.ss{{font-size:10px}}.big{{font-size:15px}}.mid{{font-size:13px}}"
    f".pn{{fill:#fff;stroke:{INK_2}}}.pn.x{{stroke:{ERROR};stroke-width:2}}"
    f".pn.n{{stroke:{LINE_2};stroke-dasharray:3 3}}"
    f".pe{{stroke:{INK_2}}}.pe.n{{stroke:{LINE_2};stroke-dasharray:3 3}}.ar{{fill:{INK_2}}}.ar.n{{fill:{LINE_2}}}"
    f".ok{{fill:{VAL_INK}}}.ul{{text-decoration:underline;text-decoration-color:{BRAND}}}"
)


def card_picture(failure: Failure) -> str:
    """The card on white, 900 px wide, as tall as it needs."""
    svg = Svg()
    svg.raw(f"<style>{''.join(f'.gb {rule}}}' for rule in STYLE.split('}') if rule)}</style>")
    y = _head(svg, failure)
    y = _middle(svg, failure, y)
    if failure.stages:
        y = _title(svg, LEFT, WIDTH - 16, y, "how far it got", failure.reached)
        stages = draw_stages(failure.stages, WIDE)
        svg.group(LEFT, y, shapes(stages))
        y = _rule(svg, y + stages.height + 8)
    y = _fixes(svg, failure, y)
    svg.rect(0, 0, 3, y, "fb")
    return svg.document(WIDTH, y, failure.headline.replace("`", ""))


def _head(svg: Svg, failure: Failure) -> float:
    svg.path("M21 15h6l4 4v6l-4 4h-6l-4-4v-6z", "wv")
    svg.path("M21.500 19.500l5 5M26.500 19.500l-5 5", "wv")
    svg.words(44, 27, [(text, "c ct b" if kind else "ct b") for text, kind in titled(failure.headline)], "ct b")
    svg.text(WIDTH - 16, 27, failure.rule, "e t2")
    svg.words(44, 48, [(failure.kind + " ", "te thin"), (fitted(failure.message, 700), "c u")], "cs")
    return _rule(svg, 64)


def _middle(svg: Svg, failure: Failure, y: float) -> float:
    """The code on the left, the operands on the right; the code alone where there are none."""
    top = _title(svg, LEFT, CODE - 8, y, failure.place, "")
    down = top + 4
    most = CODE - 56 if failure.operands else WIDTH - 72
    for line in failure.lines:
        if line.fails:
            svg.rect(3, down - 4, (CODE if failure.operands else WIDTH) - 3, 22, "fl")
            svg.rect(3, down - 4, 2, 22, "fb")
        svg.text(LEFT + 16, down + 11, str(line.number), "e t2")
        text = _cut(line.text, int(most / 6.6))
        spans = coloured(text, line.mark)
        svg.words(LEFT + 28, down + 11, [(t, f"{s[0]}3" if s[:1] in "kscn" and s else "") for t, s in spans], "c")
        if line.mark is not None:
            start, end = (min(at, len(text)) for at in line.mark)
            _wave(svg, LEFT + 28 + 6.35 * start, LEFT + 28 + 6.35 * end, down + 15)
        down += 22
    if failure.operands:
        drawing = draw_operands(failure)
        scale = "the operands, to scale" if drawing.to_scale else "the operands"
        right = _title(svg, CODE + 16, WIDTH - 16, y, scale, failure.relation)
        svg.group(CODE + 16, right, shapes(drawing))
        down = max(down, right + drawing.height)
        svg.path(f"M{CODE} {y}V{down + 8:.0f}", "ax")
    return _rule(svg, down + 8)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _wave(svg: Svg, start: float, end: float, y: float) -> None:
    count = max(1, round((end - start) / 4))
    svg.path(f"M{start:.1f} {y:.1f}" + "".join("q1-1.500 2 0t2 0" for _ in range(count)), "wv")


def _fixes(svg: Svg, failure: Failure, y: float) -> float:
    if not failure.fixes:
        return _title(svg, LEFT, WIDTH - 16, y, "fixes", failure.tried)
    y = _title(svg, LEFT, WIDTH - 16, y, "fixes, best first", failure.tried)
    for number, fix in enumerate(failure.fixes, 1):
        svg.text(LEFT, y + 12, str(number), "t2")
        for i, line in enumerate(fix.lines):
            y += 18 if i else 0
            before, changed, after = _fitting((line.before, line.changed, line.after), 96)
            words = [(before, "c cs"), (changed, "c cs ul"), (after, "c cs"), ("    " + line.place, "t2")]
            svg.words(LEFT + 24, y + 12, [(text, style) for text, style in words if text])
        svg.words(LEFT + 24, y + 30, [(fix.why + " ", "t2"), ("✓ " + fix.check, "ok")], "cs")
        y += 44
    return y + 4


def _fitting(parts: tuple[str, str, str], most: int) -> tuple[str, str, str]:
    """A line in three parts, cut at its end to so many characters."""
    before, changed, after = parts
    before = _cut(before, most)
    changed = _cut(changed, max(most - len(before), 1)) if changed else ""
    return before, changed, _cut(after, max(most - len(before) - len(changed), 1)) if after else ""


def _title(svg: Svg, x: float, right: float, y: float, title: str, remark: str) -> float:
    svg.text(x, y + 18, title, "b")
    svg.text(right, y + 18, fitted(remark, right - x - text_width(title) - 24), "t2 e")
    return y + 28


def _rule(svg: Svg, y: float) -> float:
    svg.path(f"M0 {y:.1f}H{WIDTH}", "ax")
    return y


def shapes(drawing: Drawing) -> Svg:
    """A drawing's shapes as SVG; text is escaped."""
    svg = Svg()
    for kind, *rest in drawing.shapes:
        if kind == "r":
            x, y, width, height, style = rest
            svg.rect(x, y, width, height, style)
        elif kind == "p":
            svg.path(rest[0], rest[1])
        elif kind == "c":
            svg.circle(*rest)
        else:
            x, y, text, style = rest
            svg.text(x, y, text, style.replace("tm", "c"))
    return svg
