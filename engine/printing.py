"""How a tensor prints: exactly as torch prints it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradbook import backends, dtypes
from gradbook.tensor import Tensor

__all__ = ["get_printoptions", "printoptions", "set_printoptions"]


@dataclass
class _Options:
    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


options = _Options()
_PROFILES = {
    "default": (4, 1000, 3, 80),
    "short": (2, 1000, 2, 80),
    "full": (4, math.inf, 3, 80),
}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Digits, size from which it is summarised, items at each edge, line width, notation (torch.set_printoptions)."""
    if profile in _PROFILES:
        options.precision, options.threshold, options.edgeitems, options.linewidth = _PROFILES[profile]
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    for name, value in given.items():
        if value is not None:
            setattr(options, name, value)
    options.sci_mode = sci_mode


def get_printoptions() -> dict[str, Any]:
    """The options in force, by name."""
    return dict(vars(options))


@contextlib.contextmanager
def printoptions(**changes: Any) -> Iterator[None]:
    """Other options inside a `with` block, as torch.printoptions."""
    before = get_printoptions()
    set_printoptions(**changes)
    options.sci_mode = changes.get("sci_mode", options.sci_mode)
    try:
        yield
    finally:
        vars(options).update(before)


class Style:
    """One width for all numbers of a tensor: whole numbers, fixed point or scientific, whichever they need."""

    def __init__(self, array: Any) -> None:
        self.floating = array.dtype.kind == "f"
        self.whole, self.scientific, self.width = True, False, 1
        flat = array.reshape(-1)
        if not self.floating:
            self.width = max((len(str(value)) for value in flat.tolist()), default=1)
            return
        finite = flat[np.isfinite(flat) & (flat != 0)].astype(np.float64)
        if not finite.size:
            return
        size = np.abs(finite)
        smallest, largest = float(size.min()), float(size.max())
        self.whole = bool((finite == np.ceil(finite)).all())
        self.scientific = largest / smallest > 1000.0 or largest > 1.0e8 or smallest < 1.0e-4
        if options.sci_mode is not None:
            self.scientific = options.sci_mode
        self.width = max(len(self._number(value)) + (self.whole and not self.scientific) for value in finite.tolist())

    def _number(self, value: float) -> str:
        if self.scientific:
            return f"{value:.{options.precision}e}"
        return f"{value:.0f}" if self.whole else f"{value:.{options.precision}f}"

    def text(self, value: Any) -> str:
        """One number, right-aligned."""
        if self.floating:
            shown = self._number(value)
            if self.whole and not self.scientific and math.isfinite(value):
                shown += "."
        else:
            shown = str(value)
        return shown.rjust(self.width)


class ComplexStyle:
    """Two styles side by side."""

    def __init__(self, array: Any) -> None:
        self.real, self.imag = Style(array.real), Style(array.imag)
        self.width = self.real.width + self.imag.width + 1

    def text(self, value: complex) -> str:
        """One number: 1.0000+2.0000j."""
        imag = self.imag.text(value.imag).lstrip()
        sign = "" if imag[0] in "+-" else "+"
        return f"{self.real.text(value.real)}{sign}{imag}j"


def _row(array: Any, indent: int, style: Any, summarise: bool) -> str:
    per_line = max(1, int((options.linewidth - indent) // (style.width + 2)))
    edge, values = options.edgeitems, array.tolist()
    if summarise and not edge:
        texts = ["..."]
    elif summarise and len(values) > 2 * edge:
        texts = [*map(style.text, values[:edge]), " ...", *map(style.text, values[-edge:])]
    else:
        texts = [style.text(value) for value in values]
    lines = [texts[i : i + per_line] for i in range(0, len(texts), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(", ".join(line) for line in lines) + "]"


def _nested(array: Any, indent: int, style: Any, summarise: bool) -> str:
    if array.ndim == 0:
        text: str = style.text(array.item())
        return text
    if array.ndim == 1:
        return _row(array, indent, style, summarise)
    edge = options.edgeitems
    if summarise and len(array) > 2 * edge:
        parts = [
            *(_nested(array[i], indent + 1, style, summarise) for i in range(edge)),
            "...",
            *(_nested(array[i], indent + 1, style, summarise) for i in range(len(array) - edge, len(array))),
        ]
    else:
        parts = [_nested(part, indent + 1, style, summarise) for part in array]
    result: str = "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(parts) + "]"
    return result


def _edges(array: Any) -> Any:
    """The part of an array that a summary shows: its edges along every axis."""
    edge = options.edgeitems
    for dim, length in enumerate(array.shape):
        if length > 2 * edge:
            pick = np.r_[0:edge, length - edge : length]
            array = np.take(array, pick, axis=dim)
    return array


def tensor_text(tensor: Tensor) -> str:
    """What repr(tensor) shows: the numbers, then what is not obvious about them."""
    kind = type(tensor).__name__
    return _text(tensor, "tensor(" if kind in ("Tensor", "Parameter") else kind + "(")


def _text(tensor: Tensor, prefix: str) -> str:
    array = backends.cpu.asarray(tensor._array)
    if array.dtype == dtypes.BF16 or array.dtype == np.float16:
        array = array.astype(np.float32)
    notes = []
    if tensor.is_cuda:
        notes.append(f"device='{tensor.device}'")
    usual = (dtypes.get_default_dtype(), dtypes.get_default_dtype().to_complex(), dtypes.int64, dtypes.bool_)
    if array.size == 0:
        if array.ndim != 1:
            notes.append(f"size={tuple(array.shape)}")
        if tensor.dtype is not dtypes.get_default_dtype():
            notes.append(f"dtype={tensor.dtype!r}")
        body = "[]"
    else:
        if not options.edgeitems:
            notes.append(f"size={tuple(array.shape)}")
        if tensor.dtype not in usual:
            notes.append(f"dtype={tensor.dtype!r}")
        summarise = array.size > options.threshold
        style = (ComplexStyle if array.dtype.kind == "c" else Style)(_edges(array) if summarise else array)
        body = _nested(array, len(prefix), style, summarise)
    if tensor.grad_fn is not None:
        notes.append(f"grad_fn=<{tensor.grad_fn.name()}>")
    elif tensor.requires_grad:
        notes.append("requires_grad=True")
    return _with_notes(prefix + body, notes, len(prefix))


def _with_notes(text: str, notes: list[str], indent: int) -> str:
    last = len(text) - text.rfind("\n") + 1
    pieces = [text]
    for note in notes:
        if last + len(note) + 2 > options.linewidth:
            pieces.append(",\n" + " " * indent + note)
            last = indent + len(note)
        else:
            pieces.append(", " + note)
            last += len(note) + 2
    return "".join(pieces) + ")"
