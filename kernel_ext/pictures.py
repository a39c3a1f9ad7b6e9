"""Things a magic gives back: a picture where the front end shows one, text everywhere."""

from __future__ import annotations

import base64
import struct
import zlib
from html import escape
from typing import Any

import numpy as np

from gradbook.observe import Birth, Graph
from gradbook.observe.nodes import shape_text

__all__ = ["BirthPicture", "GraphPicture", "heat_png", "image"]

MOST_LINES, MOST_SOURCES = 200, 12  # of a graph as text: a notebook keeps it with each output
PLUS, MINUS = (0x1F, 0x83, 0xC0), (0xD9, 0x6A, 0x12)  # inks of the signs, seen on white and on black


class GraphPicture:
    """A graph as `%graph` shows it; `graph` is the graph itself."""

    def __init__(self, graph: Graph, depth: int | None = None, direction: str = "TB", theme: str = "auto") -> None:
        self.graph, self.depth, self.direction, self.theme = graph, depth, direction, theme
        self._svg = ""

    def svg(self) -> str:
        """The drawing."""
        import gradbook.widgets  # noqa: F401  (it is what draws)

        if not self._svg:
            self._svg = self.graph.to_svg(direction=self.direction, depth=self.depth, theme=self.theme)
        return self._svg

    def __repr__(self) -> str:
        shown = self.graph if self.depth is None else self.graph.fold(self.depth)
        lines = [f"{repr(self.graph)[6:-1]}"]
        into: dict[int, list[int]] = {}
        for src, dst, _ in shown.edges:
            into.setdefault(dst, []).append(src)
        told = [node for node in shown.nodes if node.kind in ("op", "module")]
        for node in told[:MOST_LINES]:
            found = into.get(node.id, [])
            labels = [shown.nodes[src].label for src in found[:MOST_SOURCES]]
            more = [f"… {len(found) - MOST_SOURCES:,} more"] if len(found) > MOST_SOURCES else []
            sources = ", ".join([*labels, *more])
            name = f"{node.name} = " if node.name and node.kind == "op" else ""
            title = f"{node.name} {node.op}" if node.kind == "module" else node.op
            place = f"   {node.cell} line {node.line}" if node.line is not None else ""
            lines.append(f"  {name}{title}({sources}) -> {shape_text(node.shape)}{place}")
        if len(told) > MOST_LINES:
            lines.append(f"  … {len(told) - MOST_LINES:,} more")
        return "\n".join(lines)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        from gradbook.widgets.graph_view import widget_of

        alt = f"graph with {len(self.graph.nodes)} nodes"
        data = {"text/plain": repr(self), "text/html": image("svg+xml", self.svg().encode(), alt)}
        asked = self.depth is not None or self.direction != "TB"  # one's own choice: it stands still
        return data if asked else data | widget_of(self.graph, self.theme)


class BirthPicture:
    """Where a NaN was born, as `%breakpoint why` shows it: the graph with its way lit, or text; `birth` tells it."""

    def __init__(self, birth: Birth, theme: str = "auto") -> None:
        self.birth, self.theme = birth, theme

    def __repr__(self) -> str:
        return repr(self.birth)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        from gradbook.widgets.graph_view import widget_of

        text = f"<pre>{escape(repr(self))}</pre>"  # a picture of thousands of nodes would say less
        return {"text/plain": repr(self), "text/html": text} | widget_of(self.birth.graph, self.theme, self.birth)


def image(kind: str, data: bytes, alt: str, style: str = "") -> str:
    """An `<img>` that carries its picture: the one form that survives an untrusted notebook."""
    source = base64.b64encode(data).decode()
    style = f"max-width:100%;{style}"
    return f'<img alt="{escape(alt, quote=True)}" style="{style}" src="data:image/{kind};base64,{source}">'


def heat_png(values: np.ndarray) -> bytes:
    """Values as a heat map -> PNG, one pixel a value: float[rows, columns], rows and columns at least 1.

    Blue is positive, orange negative; strength grows as |v|^0.85, 0 is clear, what is not finite red.
    """
    finite = np.isfinite(values)
    size = np.abs(np.where(finite, values, 0.0))
    largest = float(size.max()) or 1.0
    pixels = np.zeros((*values.shape, 4), np.uint8)
    pixels[..., :3] = np.where((np.where(finite, values, 0.0) >= 0)[..., None], PLUS, MINUS)
    pixels[..., 3] = np.round(255 * (size / largest) ** 0.85)
    pixels[~finite] = (0xC0, 0x00, 0x20, 0xFF)
    return _png(pixels)


def _png(pixels: np.ndarray) -> bytes:
    """RGBA uint8[rows, columns, 4] -> PNG."""
    rows, columns, _ = pixels.shape
    raw = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", columns, rows, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
