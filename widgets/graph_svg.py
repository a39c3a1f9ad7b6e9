"""The computation graph as a static picture: what a saved notebook shows, and Graph.to_svg().

Same coordinates as the live canvas (layout.py), light theme, system fonts, no style sheet, no script.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradbook.observe.uncollected import uncollected
from gradbook.widgets.layout import Options, Tree, default_expanded, layout
from gradbook.widgets.numbers import number
from gradbook.widgets.svg import BRAND, ERROR, GRAD, GRAD_INK, INK, clean
from gradbook.widgets.svg import LINE_2 as LINE
from gradbook.widgets.svg import UI_FONT as UI

DIM, FILL = "#6b6b6b", "#f7f7f7"
CODE = "ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace"
GRAD_NORM = 5  # column of the node statistics
MOST = 600  # boxes in a still picture


@uncollected()
def graph_svg(
    graph: dict[str, Any],
    stats: NDArray[np.float32] | None = None,
    expanded: AbstractSet[str] | None = None,
    error: int | None = None,
    options: Options | None = None,
    marks: Mapping[int, str] | None = None,
) -> str:
    """Draw the graph.

    graph: the wire's graph description. stats: (nodes, 8) or None: gradient norms give the widths of the edges.
    expanded: keys of the open modules, None: chosen by size. error: the node that failed.
    marks: a sign beside each of these nodes, whose modules are open then; one with − is drawn as gone.
    -> SVG text, about 400 bytes a box; of more than 600 boxes only the outer ones are drawn.
    """
    tree = Tree(graph)
    if marks and expanded is None:
        expanded = default_expanded(tree) | _around(graph, marks)
    picture = layout(tree, expanded, options)
    if len(picture["items"]) > MOST:
        picture = layout(tree, None, options)
    return _Drawing(graph, picture, stats, error, marks or {}).svg()


def _around(graph: dict[str, Any], nodes: Iterable[int]) -> set[str]:
    """The paths of the modules that these nodes are in."""
    found: set[str] = set()
    for node in nodes:
        at = graph["nodes"][node]["module"]
        while at >= 0:
            found.add(graph["modules"][at]["path"])
            at = graph["modules"][at]["parent"]
    return found


def flow_width(norm: float) -> float:
    """Px of an edge along which a gradient of that norm flows; 1.5 at 1e-3 and below, 9 at 1 and above."""
    if not norm > 0:
        return 1.5
    return min(9.0, max(1.5, 1.5 + (math.log10(norm) + 3) * 2.5))


class _Drawing:
    def __init__(
        self, graph: dict[str, Any], picture: dict[str, Any], stats: NDArray[np.float32] | None, error: int | None,
        marks: Mapping[int, str],
    ) -> None:  # fmt: skip
        self.graph, self.picture, self.error, self.marks = graph, picture, error, marks
        self.norms = [math.nan] * len(graph["nodes"]) if stats is None else stats[:, GRAD_NORM].tolist()
        self.parts: list[str] = []

    def svg(self) -> str:
        picture, pad = self.picture, 8
        width, height = picture["x1"] - picture["x0"] + 2 * pad, picture["height"] + 2 * pad
        shown = f"graph with {len(self.graph['nodes'])} nodes"
        left = picture["x0"] - pad
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="{left} {-pad} {width} {height}" role="img" aria-label="{shown}">'
            f'<title>{shown}</title><rect x="{left}" y="{-pad}" width="{width}" height="{height}" fill="#fff"/>'
        ]
        self._groups()
        self._wires()
        self._chips()
        self._boxes()
        self._texts()
        self.parts.append("</svg>")
        return "".join(self.parts)

    def _groups(self) -> None:
        self._open(fill=FILL, stroke=LINE)
        for group in self.picture["groups"]:
            ground = "" if group["depth"] % 2 else ' fill="#fff"'
            self._rect(group["x"] + 0.5, group["y"] + 0.5, group["w"] - 1, group["h"] - 1, more=ground)
        self._close()

    def _wires(self) -> None:
        """One path for each width, so that a large graph stays a small file."""
        flows: dict[str, list[str]] = {}
        arrows = []
        for source, arrow, points in self.picture["wires"]:
            norm = self.norms[source]
            node = self.graph["nodes"][source]
            style = f"{flow_width(norm):.0f}" if norm == norm else "" if node["rg"] else "-"
            flows.setdefault(style, []).append(path(points))
            if arrow:
                arrows.append(_arrow(points))
        for style, paths in sorted(flows.items()):
            if style in ("", "-"):
                dash = ' stroke-dasharray="2 2"' if style else ""
                self.parts.append(f'<path d="{"".join(paths)}" fill="none" stroke="#8a8a8a"{dash}/>')
            else:
                band = f'stroke="{GRAD}" stroke-opacity=".55" stroke-width="{style}"'
                self.parts.append(f'<path d="{"".join(paths)}" fill="none" {band}/>')
        self.parts.append(f'<path d="{"".join(arrows)}" fill="{DIM}"/>')

    def _chips(self) -> None:
        leads = []
        self._open(fill="#fff", stroke=LINE)
        for chip in self.picture["chips"]:
            item = self.picture["items"][chip["item"]]
            end = item["x"] - item["w"] // 2 if chip["first"] else chip["x"] + chip["w"] + 6
            leads.append(f"M{chip['x'] + chip['w']} {chip['y'] + 8}H{end}")
            self._rect(chip["x"], chip["y"], chip["w"], 16, 8)
        self._close()
        self.parts.append(f'<path d="{"".join(leads)}" stroke="{LINE}"/>')

    def _boxes(self) -> None:
        self._open(fill="#fff", stroke=DIM)
        for item in self.picture["items"]:
            x, y, w, h = item["x"] - item["w"] // 2, item["y"], item["w"], item["h"]
            for shift in (6, 3) if item["count"] > 1 else ():
                self._rect(x + shift, y + shift, w, h, 2, f' stroke="{LINE}"')
            failed = f' stroke="{ERROR}" stroke-width="3"' if item["node"] == self.error else ""
            gone = self.marks.get(item["node"]) == "−"
            dashed = ' stroke-dasharray="2 2"' if item["kind"] == "input" or gone else ""
            self._rect(x, y, w, h, 2, failed or dashed)
        self._close()
        self._signs()
        triangles, bars = [], []
        for item in self.picture["items"]:
            x, y, base = item["x"] - item["w"] // 2, item["y"], item["y"] + item["h"] - 4
            if item["foldable"]:
                triangles.append(f"M{x + 8} {y + 6}l4 3.5-4 3.5z")
            norms = [self.norms[node] for node in item["bars"]]
            step = min(24.0, 100 / max(1, len(norms)))
            for at, norm in enumerate(norms):
                high = bar_height(norm)
                wide = step - min(4.0, 0.3 * step)
                bars.append(f"M{x + 12 + at * step:.1f} {base}v{-high:.1f}h{wide:.1f}v{high:.1f}z")
        for group in self.picture["groups"]:
            triangles.append(f"M{group['x'] + 8} {group['y'] + 8}h7l-3.5 4z")
        self.parts.append(f'<path d="{"".join(triangles)}" fill="{DIM}"/>')
        self.parts.append(f'<path d="{"".join(bars)}" fill="{GRAD}" fill-opacity=".8"/>')

    def _signs(self) -> None:
        """What is new, gone or changed: a sign in the corner of its box or chip."""
        boxes = [(item["node"], item["x"] - item["w"] // 2, item["y"]) for item in self.picture["items"]]
        chips = [(chip["node"], chip["x"], chip["y"]) for chip in self.picture["chips"]]
        places = [(x, y, self.marks[node]) for node, x, y in (*boxes, *chips) if node in self.marks]
        if places:
            self._open(fill=BRAND)
            self._close([f'<circle cx="{x}" cy="{y}" r="7"/>' for x, y, _ in places])
            self._open(fill="#fff", font_family=UI, font_size="12", font_weight="600", text_anchor="middle")
            self._close([_text(x, y + 4, sign) for x, y, sign in places])

    def _texts(self) -> None:
        names: list[str] = []
        dims: list[str] = []
        shapes: list[str] = []
        norms: list[str] = []
        for item in self.picture["items"]:
            left, right = item["x"] - item["w"] // 2 + 10, item["x"] + item["w"] // 2 - 10
            tall = item["compact"] or item["count"] > 1
            line = item["y"] + (13.5 if tall else item["h"] / 2 + 4)
            bold = ' font-weight="600"' if item["cls"] or item["kind"] == "input" else ""
            if item["right"] or item["compact"] or item["foldable"]:
                names.append(_text(left + (6 if item["foldable"] else 0), line, item["label"], bold))
            else:
                names.append(_text(item["x"], line, item["label"], bold + ' text-anchor="middle"'))
            dims.append(_text(right, line, item["right"]) if item["right"] else "")
            self._read_outs(item, line, shapes, norms)
        first = next(iter(self.picture["items"]), None)
        if first is not None and first["kind"] == "input" and not first["compact"] and norms:
            norms.append(_text(self.picture["norms"], first["y"] + 14, "|grad|", f' fill="{DIM}"'))
        for group in self.picture["groups"]:
            names.append(_text(group["x"] + 22, group["y"] + 15, group["label"], ' font-weight="600"'))
            if group["meta"]:
                shift = 32 + len(group["label"]) * 7
                shapes.append(_text(group["x"] + shift, group["y"] + 15, group["meta"], f' font-family="{UI}"'))
        for chip in self.picture["chips"]:
            shape = f'<tspan fill="{DIM}"> {clean(chip["shape"])}</tspan>' if chip["shape"] else ""
            shapes.append(
                f'<text x="{chip["x"] + 6}" y="{chip["y"] + 11.5}" fill="{INK}">{clean(chip["name"])}{shape}</text>'
            )
        self._open(font_family=UI, font_size="11", fill=INK)
        self._close(names)
        self._open(font_family=UI, font_size="10", fill=DIM, text_anchor="end")
        self._close(dims)
        self._open(font_family=CODE, font_size="10.5", fill=DIM)
        self._close(shapes)
        self._open(font_family=CODE, font_size="10.5", fill=GRAD_INK, text_anchor="end")
        self._close(norms)

    def _read_outs(self, item: dict[str, Any], line: float, shapes: list[str], norms: list[str]) -> None:
        norm = self.norms[item["node"]]
        text = number(norm) if norm == norm and item["kind"] != "input" else ""
        if item["compact"]:
            bottom = item["y"] + 27
            room = 106 - (len(text) * 6 + 4 if text else 0)
            label = item["name"] or item["shape"]
            if len(label) * 6.3 <= room:
                shapes.append(_text(item["x"] - item["w"] // 2 + 8, bottom, label))
            norms.append(_text(item["x"] + item["w"] // 2 - 8, bottom, text) if text else "")
            return
        x = self.picture["shapes"]
        if item["name"]:
            shapes.append(_text(x, line, item["name"], f' fill="{INK}"'))
            x += len(item["name"]) * 6.4 + 8
        if item["shape"]:
            shapes.append(_text(x, line, item["shape"]))
        if text:
            norms.append(_text(self.picture["norms"], line, text))

    def _open(self, **attributes: str) -> None:
        text = " ".join([f'{name.replace("_", "-")}="{value}"' for name, value in attributes.items()])
        self.parts.append(f"<g {text}>")

    def _close(self, content: Sequence[str] = ()) -> None:
        self.parts += [*content, "</g>"]

    def _rect(self, x: float, y: float, w: float, h: float, radius: int = 0, more: str = "") -> None:
        round_ = f' rx="{radius}"' if radius else ""
        self.parts.append(f'<rect x="{x}" y="{y}" width="{w}" height="{h}"{round_}{more}/>')


def bar_height(norm: float) -> float:
    """Px of one repeat's bar: 2 at 1e-3 and below or unknown, 13 at 1 and above."""
    return min(13.0, max(2.0, 2 + (math.log10(norm) + 3) * 3.7)) if norm > 0 else 2.0


def path(points: list[int], radius: int = 5) -> str:
    """Two points of different x: an S-curve; more: straight lines with round corners."""
    x0, y0 = points[:2]
    if len(points) == 4:
        x1, y1 = points[2:]
        if x0 == x1:
            return f"M{x0} {y0}V{y1}"
        middle = (y0 + y1) / 2
        return f"M{x0} {y0}C{x0} {middle:g} {x1} {middle:g} {x1} {y1}"
    text = f"M{x0} {y0}"
    for at in range(2, len(points) - 2, 2):
        ax, ay, bx, by, cx, cy = points[at - 2 : at + 4]
        text += f"L{bx + _toward(bx, ax, radius)} {by + _toward(by, ay, radius)}"
        text += f"Q{bx} {by} {bx + _toward(bx, cx, radius)} {by + _toward(by, cy, radius)}"
    return text + f"L{points[-2]} {points[-1]}"


def _toward(a: int, b: int, radius: int) -> int:
    return max(-radius, min(radius, b - a))


def _arrow(points: list[int]) -> str:
    x, y = points[-2:]
    if points[-3] == y and points[-4] > x:  # comes in from the right
        return f"M{x + 4.5} {y - 3}v6l-4.5-3z"
    return f"M{x - 3} {y - 4.5}h6l-3 4.5z"


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}"{more}>{clean(text)}</text>'
