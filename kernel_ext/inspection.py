"""One tensor, looked at closely: described first, drawn after."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from gradbook.kernel_ext.pictures import heat_png, image
from gradbook.observe.details import histogram, sample, statistics, thumbnail
from gradbook.observe.naming import Names
from gradbook.observe.raw import is_parameter
from gradbook.observe.source import locate

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
        shape = "×".join(map(str, self.shape)) or "()"
        return f"{self.kind} · {shape} · {self.dtype} · {self.device} · {_bytes(self.nbytes)}"

    def _repr_html_(self) -> str:
        rows = [f"<b>{escape(self.title)}</b> {escape(self.head)}"]
        for label, part in (("value", self.value), ("gradient", self.grad)):
            if part is not None:
                rows.append(f"{label}: {escape(_numbers(part))}<br>{_pictures(label, part)}")
        if self.grad is None:
            rows.append(f"gradient: {escape(self.grad_note)}")
        rows.append(f"from: {escape(self.origin)}")
        return '<div style="font-size:12px;line-height:1.6">' + "".join(f"<div>{row}</div>" for row in rows) + "</div>"


def look_at(tensor: Any, title: str, names: Names) -> Inspection:
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
    )


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
    text += f" · {part.zeros:.0%} zeros"
    return f"{text} · ▲ {part.bad} not finite" if part.bad else text


def _bars(counts: np.ndarray) -> str:
    top = float(counts.max()) or 1.0
    return "".join(BARS[int(np.ceil(8 * float(count) / top))] for count in counts)


def _pictures(label: str, part: Part) -> str:
    """Histogram and heat map side by side."""
    colour = "#d55e00" if label == "gradient" else "#0072b2"
    top = float(part.counts.max()) or 1.0
    bars = "".join(
        f'<rect x="{6 * i}" y="{48 - 48 * c / top:.1f}" width="5" height="{48 * c / top:.1f}"/>'
        for i, c in enumerate(part.counts.tolist())
    )
    size = 'viewBox="0 0 192 48" width="192" height="48"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size} fill="{colour}">{bars}</svg>'
    alt = f"histogram of the {label}, {_number(part.low)} to {_number(part.high)}"
    rows, columns = part.thumb.shape
    scale = max(1, min(16, 240 // columns, 128 // rows))
    style = f"width:{columns * scale}px;height:{rows * scale}px;margin-left:12px;outline:1px solid #8888"
    style += ";image-rendering:pixelated"
    heat = image("png", heat_png(part.thumb, gradient=label == "gradient"), f"picture of the {label}", style)
    return image("svg+xml", svg.encode(), alt) + heat


def _number(value: float) -> str:
    if value != value:
        return "unknown"
    if value == 0 or 0.01 <= abs(value) < 1000:
        return f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}"
    return f"{value:.1e}"


def _bytes(count: int) -> str:
    for unit in ("B", "KB", "MB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 10 else f"{count:.1f} {unit}"
        count /= 1024  # type: ignore[assignment]
    return f"{count:.1f} GB"
