"""One tensor, looked at closely: described first, drawn after."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from gradbook.kernel_ext.pictures import heat_png, image
from gradbook.observe.details import Detail, describe, histogram, merged, sample, statistics, thumbnail
from gradbook.observe.naming import Names
from gradbook.observe.nodes import shape_text
from gradbook.observe.raw import is_parameter, kept
from gradbook.observe.source import Location, locate

__all__ = ["Inspection", "Part", "look_at"]

BARS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Part:
    """A value or a gradient in numbers: statistics, 32 histogram counts from `low` to `high`, a picture's values."""

    mean: float
    std: float
    low: float
    high: float
    zeros: float
    bad: int
    counts: np.ndarray
    thumb: np.ndarray


@dataclass(frozen=True)
class Inspection:
    """What `%inspect` found out; displays itself as text or as a small page."""

    title: str
    kind: str
    shape: tuple[int, ...]
    dtype: str
    device: str
    nbytes: int
    origin: str
    value: Part | None
    grad: Part | None
    grad_note: str
    detail: Detail
    node_kind: str
    op: Any | None = None
    place: Location | None = None
    saved: tuple[tuple[str, int], ...] = ()
    theme: str = "auto"

    def __repr__(self) -> str:
        lines = [f"{self.title}: {self.head}"]
        for label, part in (("value", self.value), ("|grad|", self.grad)):
            if part is not None:
                lines.append(f"  {label:7}{_numbers(part)}")
                lines.append(f"         {_bars(part.counts)}  {_number(part.low)} … {_number(part.high)}")
        if self.grad is None:
            lines.append(f"  grad   {self.grad_note}")
        return "\n".join([*lines, f"  from   {self.origin}"])

    @property
    def head(self) -> str:
        """Kind, shape, dtype, device and size in one line."""
        shape = shape_text(self.shape)
        return f"{self.kind} · {shape} · {self.dtype} · {self.device} · {_bytes(self.nbytes)}"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        from gradbook.widgets.still import widget_of

        data = {"text/plain": repr(self), "text/html": self._repr_html_()}
        return data | widget_of(self.packed(), self.theme)

    def packed(self) -> bytes:
        """What the page explores, as one block of bytes."""
        from gradbook.widgets.describe_inspection import describe_inspection

        message = describe_inspection(self.title, self._facts(), self.detail, self.node_kind, self.op, self.place,
                                      self.grad_note)  # fmt: skip
        return message.packed()

    def _facts(self) -> list[tuple[str, str]]:
        shape = shape_text(self.shape)
        facts = [("shape", shape), ("dtype", self.dtype), ("device", self.device), ("memory", _bytes(self.nbytes))]
        facts += [("kind", self.kind)]
        facts += [("from", self.origin)] if self.place is None else []
        if self.saved:
            facts.append(("kept", ", ".join(f"{name} {_bytes(size)}" for name, size in self.saved)))
        return facts

    def _repr_html_(self) -> str:
        dim = "opacity:.65"
        head = f'<b style="font-size:13px">{escape(self.title)}</b> <span style="{dim}">{escape(self.head)}</span>'
        grad = _card("gradient", self.grad) if self.grad is not None else _cell("gradient", escape(self.grad_note))
        cards = (_card("value", self.value) if self.value is not None else "") + grad
        origin = f'<div style="{dim}">{escape(self.origin)}</div>'
        grid = f'<div style="display:flex;flex-wrap:wrap;gap:4px 32px;margin:8px 0">{cards}</div>'
        return f'<div style="font-size:12px;line-height:1.5">{head}{grid}{origin}</div>'


def look_at(tensor: Any, title: str, names: Names, theme: str = "auto") -> Inspection:
    """Describe a tensor: its values, its gradient or why there is none, and where it came from."""
    array, node = tensor._array, tensor._node
    leaf = node is None or node.op.name == "accumulate"
    kind = "parameter" if is_parameter(tensor) else "leaf" if leaf else "result"
    grad = tensor._grad
    if grad is not None:
        note = ""
    elif node is None:
        note = "none: it does not require grad"
    elif leaf:
        note = "none yet: no backward pass has reached it"
    else:
        note = "not kept: call retain_grad() before backward"
    found = names.of(tensor)
    shown = f"{title} ({found})" if found and found != title else title
    return Inspection(
        title=shown,
        kind=f"{kind}, requires grad" if node is not None else kind,
        shape=tuple(array.shape),
        dtype=str(array.dtype),
        device=str(tensor.device),
        nbytes=int(array.nbytes),
        origin=_origin(node, leaf),
        value=_part(array),
        grad=None if grad is None else _part(grad._array),
        grad_note=note,
        detail=_detail(array, grad),
        node_kind="parameter" if kind == "parameter" else "input" if leaf else "op",
        op=None if leaf else node.op,
        place=None if leaf else locate(node.where),
        saved=() if leaf else tuple((name, nbytes) for _, name, nbytes, _ in kept(node)),
        theme=theme,
    )


def _detail(array: Any, grad: Any) -> Detail:
    detail = describe(array, 0)
    return detail if grad is None else merged(detail, describe(grad._array, 0))


def _origin(node: Any, leaf: bool) -> str:
    if leaf:
        return "made directly, by no recorded operation"
    place = locate(node.where)
    module = f" in {node.path}" if node.path else ""
    if place is None:
        return f"{node.op.name}{module} (its line was not recorded)"
    return f"{node.op.name}{module}, {place.cell} line {place.line}: {place.source}"


def _part(array: Any) -> Part | None:
    if not array.size:
        return None
    values = sample(array)
    mean, std, low, high, zeros = statistics(values)
    bad = int(values.size - np.count_nonzero(np.isfinite(values)))
    return Part(mean, std, low, high, zeros, bad, histogram(values, low, high), thumbnail(array))


def _numbers(part: Part) -> str:
    text = f"mean {_number(part.mean)} · std {_number(part.std)} · {_number(part.low)} … {_number(part.high)}"
    text += f" · {part.zeros:.0%} zeros" if part.zeros else ""
    return f"{text} · ▲ {part.bad} not finite" if part.bad else text


def _bars(counts: np.ndarray) -> str:
    top = float(counts.max()) or 1.0
    return "".join(BARS[int(np.ceil(8 * float(count) / top))] for count in counts)


def _card(label: str, part: Part) -> str:
    """Name and numbers, below them the values as a heat map and their histogram."""
    return _cell(label, escape(_numbers(part)) + _pictures(label, part))


def _cell(label: str, content: str) -> str:
    return f'<div style="max-width:460px"><b style="font-weight:600">{label}</b> {content}</div>'


def _pictures(label: str, part: Part) -> str:
    """Heat map and histogram side by side; blue is positive and orange negative in the map, as everywhere."""
    rows, columns = part.thumb.shape
    scale = max(1, min(16, 224 // columns, 120 // rows))
    style = f"width:{columns * scale}px;height:{rows * scale}px;outline:1px solid #8884;image-rendering:pixelated"
    heat = image("png", heat_png(part.thumb), f"picture of the {label}", style)
    alt = f"histogram of the {label}, {_number(part.low)} to {_number(part.high)}"
    row = "display:flex;flex-wrap:wrap;gap:8px 16px;align-items:flex-end;margin:4px 0"
    return f'<div style="{row}">{heat}{image("svg+xml", _histogram(label, part).encode(), alt)}</div>'


def _histogram(label: str, part: Part) -> str:
    """Bars on a line that names both ends, and zero where it lies between them. -> SVG, readable on any ground."""
    colour, top = ("#e07a1f" if label == "gradient" else "#2b8cc4"), float(part.counts.max()) or 1.0
    bars = "".join(
        f'<rect x="{6 * i}" y="{64 - 60 * c / top:.1f}" width="5" height="{60 * c / top:.1f}"/>'
        for i, c in enumerate(part.counts.tolist())
    )
    ends = [(0.0, "start", part.low), (191.0, "end", part.high)]
    if part.low < 0 < part.high:
        zero = -191 * part.low / (part.high - part.low)
        ends += [(zero, "middle", 0.0)] if 48 < zero < 143 else []
    words = "".join(f'<text x="{x:.0f}" y="78" text-anchor="{anchor}">{_number(v)}</text>' for x, anchor, v in ends)
    line = '<path d="M0 64.5h191" stroke="#888"/>'
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 192 82" width="192" height="82" '
        f'fill="{colour}">{bars}{line}'
        f'<g fill="#808080" font-family="system-ui,sans-serif" font-size="10">{words}</g></svg>'
    )


def _number(value: float) -> str:
    """Two significant figures, as in the live view, but a minus that can be copied."""
    if value != value:
        return "unknown"
    size = abs(value)
    if size == 0:
        return "0"
    if not 0.00995 <= size < 995:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{float(f'{value:.2g}'):.{3 if size < 0.0995 else 2 if size < 0.995 else 1 if size < 9.95 else 0}f}"


def _bytes(count: int) -> str:
    for unit in ("B", "KB", "MB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 10 else f"{count:.1f} {unit}"
        count /= 1024  # type: ignore[assignment]
    return f"{count:.1f} GB"
