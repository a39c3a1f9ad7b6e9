"""What changed from one set of named tensors to another: parameters of two checkpoints, values of two steps."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gradbook.backends import cpu
from gradbook.observe.nodes import shape_text

__all__ = ["TensorChange", "TensorDiff", "compare_tensors", "differing_roots", "flatten"]

BLOCK = 1 << 20  # elements compared at once
ROWS = 60  # of a text
HEADS = ("", "name", "shape", "‖Δ‖", "‖Δ‖/‖a‖", "max |Δ|", "")
NAN = float("nan")
ROOTS = 16  # first parts of names that are tried
DEEPEST = 20  # dictionaries in dictionaries


class TensorChange(NamedTuple):
    """One name: `mark` is '+' (only in the second), '-' (only in the first), '~' (differs) or '=' (the same).

    `norm` is ‖Δ‖, `relative` ‖Δ‖/‖a‖ and `largest` max |Δ|; NaN where there is nothing to subtract. `what` tells of
    shape and dtype, and of what is no tensor, as '3 -> 4'.
    """

    mark: str
    name: str
    shape: tuple[int, ...]
    norm: float = NAN
    relative: float = NAN
    largest: float = NAN
    what: str = ""
    broken: bool = False  # the difference is not finite


@dataclass(frozen=True)
class TensorDiff:
    """A row for each name, in the order of the first and then the second. `diff["fc1.weight"]` is one row."""

    rows: tuple[TensorChange, ...]
    title: str = "tensors"

    @property
    def added(self) -> tuple[str, ...]:
        """Names that only the second has."""
        return self._names("+")

    @property
    def removed(self) -> tuple[str, ...]:
        """Names that only the first has."""
        return self._names("-")

    @property
    def changed(self) -> tuple[str, ...]:
        """Names that both have, with another shape, dtype or value."""
        return self._names("~")

    @property
    def same(self) -> tuple[str, ...]:
        """Names that both have, equal to the bit, NaN for NaN."""
        return self._names("=")

    @property
    def norm(self) -> float:
        """‖Δ‖ of all that can be subtracted together."""
        return float(np.sqrt(np.nansum([row.norm**2 for row in self.rows])))

    def __getitem__(self, name: str) -> TensorChange:
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"{self.title}: there is no {name!r}")

    def __bool__(self) -> bool:
        """True if anything differs."""
        return any(row.mark != "=" for row in self.rows)

    def ordered(self) -> list[TensorChange]:
        """The rows as they matter: removed, added, changed by relative change, the same."""
        order = {"-": 0, "+": 1, "~": 2, "=": 3}
        return sorted(self.rows, key=lambda row: (order[row.mark], -np.nan_to_num(row.relative, nan=np.inf)))

    def table(self) -> Iterator[tuple[str, ...]]:
        """What differs as text, under the heads of HEADS, in order."""
        for row in self.ordered():
            if row.mark != "=":
                numbers = (_number(row.norm), _number(row.relative), _number(row.largest))
                shape = shape_text(row.shape) if row.shape or row.norm == row.norm else ""
                yield row.mark, row.name, shape, *numbers, row.what

    def summary(self) -> str:
        """Counts in one line."""
        counts = ((len(self.added), "added"), (len(self.removed), "removed"), (len(self.changed), "changed"))
        words = ", ".join(f"{count} {word}" for count, word in (*counts, (len(self.same), "the same")))
        return f"{self.title}: {words}" + (f"; ‖Δ‖ {_number(self.norm)}" if self.norm > 0 else "")

    def __str__(self) -> str:
        rows = [HEADS, *self.table()]
        if len(rows) == 1:
            return self.summary()
        shown = rows[: ROWS + 1]
        widths = [max(len(row[i]) for row in shown) for i in range(len(HEADS))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in shown
        ]
        return "\n".join([self.summary(), *lines] + [f"… and {len(rows) - len(shown)} more"] * (len(rows) > len(shown)))

    def __repr__(self) -> str:
        return f"TensorDiff({self.summary()})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _names(self, mark: str) -> tuple[str, ...]:
        return tuple(row.name for row in self.rows if row.mark == mark)


def flatten(state: Any, prefix: str = "", depth: int = 0) -> dict[str, Any]:
    """Tensors, arrays and plain numbers of nested dictionaries and lists by dotted name; the rest is left out."""
    if depth > DEEPEST:
        return {}
    if isinstance(state, Mapping) or isinstance(state, list | tuple):
        items = state.items() if isinstance(state, Mapping) else enumerate(state)
        found: dict[str, Any] = {}
        for key, value in items:
            found |= flatten(value, f"{prefix}.{key}" if prefix else str(key), depth + 1)
        return found
    if prefix and (isinstance(state, bool | int | float | str) or hasattr(state, "shape")):
        return {prefix: state}
    return {}


def compare_tensors(a: Mapping[str, Any], b: Mapping[str, Any], title: str = "tensors") -> TensorDiff:
    """Compare tensors, arrays and plain values by name; on the CPU, a million elements at a time.

    Where no name is in both, a first part such as `module.` or `model.` counts for nothing if names are in both then.
    """
    roots = differing_roots(a, b)
    a, b = (
        {name.removeprefix(root): value for name, value in side.items()}
        for side, root in zip((a, b), roots, strict=True)
    )
    rows = []
    for name in dict.fromkeys([*a, *b]):
        if name not in b:
            rows.append(TensorChange("-", name, _shape_of(a[name]), what=_text(a[name])))
        elif name not in a:
            rows.append(TensorChange("+", name, _shape_of(b[name]), what=_text(b[name])))
        else:
            rows.append(_compare(name, a[name], b[name]))
    return TensorDiff(tuple(rows), title)


def differing_roots(a: Iterable[str], b: Iterable[str]) -> tuple[str, str]:
    """What to take off names of each side so that most are in both, such as ("module.", "") or ("", "model.")."""
    sides = set(a), set(b)
    if sides[0] & sides[1]:
        return "", ""
    best, most = ("", ""), 0
    firsts = [["", *sorted({name.partition(".")[0] + "." for name in names if "." in name})[:ROOTS]] for names in sides]
    for roots in itertools.product(*firsts):
        bare = [{name.removeprefix(root) for name in names} for names, root in zip(sides, roots, strict=True)]
        common = sum("." in name or not all(roots) for name in bare[0] & bare[1])
        if common > most:
            best, most = (roots[0], roots[1]), common
    return best


def _compare(name: str, a: Any, b: Any) -> TensorChange:
    if not (hasattr(a, "shape") and hasattr(b, "shape")):
        same = type(a) is type(b) and (a == b or (a != a and b != b))
        return TensorChange("=" if same else "~", name, (), what="" if same else f"{_text(a)} -> {_text(b)}")
    one, two = _array(a), _array(b)
    what = []
    if one.shape != two.shape:
        what.append(f"shape {shape_text(one.shape)} -> {shape_text(two.shape)}")
    if one.dtype != two.dtype:
        what.append(f"{one.dtype} -> {two.dtype}")
    if one.shape != two.shape or (one.dtype.kind in "OSUV" and str(one.dtype) not in ("bfloat16",)):
        return TensorChange("~", name, two.shape, what=", ".join(what))
    norm, size, largest = _distance(one, two)
    broken = not np.isfinite(norm)
    if broken:  # there is nothing to subtract: say at least what broke
        bad = [np.count_nonzero(~np.isfinite(_wide(array))) for array in (one, two)]
        what.append(f"{bad[0]:,} -> {bad[1]:,} not finite")
    if norm == 0 and not what:
        return TensorChange("=", name, two.shape, 0.0, 0.0, 0.0)
    return TensorChange("~", name, two.shape, norm, norm / size if size else NAN, largest, ", ".join(what), broken)


@np.errstate(all="ignore")
def _distance(a: np.ndarray, b: np.ndarray) -> tuple[float, float, float]:
    """‖b - a‖, ‖a‖ and max |b - a| in double precision; a NaN beside a NaN or an equal infinity is no change."""
    squares = size = largest = 0.0
    one, two = a.reshape(-1), b.reshape(-1)
    for start in range(0, one.size, BLOCK):
        x, y = (_wide(array[start : start + BLOCK]) for array in (one, two))
        change = np.abs(y - x)
        change[(x == y) | ((x != x) & (y != y))] = 0
        known = np.abs(x[np.isfinite(x)])
        squares += float(np.dot(change, change))
        size += float(np.dot(known, known))
        largest = float(np.maximum(largest, change.max(initial=0.0)))  # NaN stays NaN
    return squares**0.5, size**0.5, largest


def _wide(values: np.ndarray) -> np.ndarray:
    return values.astype(np.complex128 if values.dtype.kind == "c" else np.float64)


def _array(tensor: Any) -> np.ndarray:
    array = getattr(tensor, "_array", None)
    if array is None and hasattr(tensor, "detach"):  # a tensor of PyTorch's own
        array = tensor.detach().cpu().numpy()
    array = tensor if array is None else array
    host: np.ndarray = cpu.asarray(array)
    return host


def _shape_of(value: Any) -> tuple[int, ...]:
    return tuple(int(size) for size in getattr(value, "shape", ()))


def _text(value: Any) -> str:
    if hasattr(value, "shape"):
        return str(_array(value).dtype)
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _number(value: float) -> str:
    if value != value:
        return ""
    return f"{value:.3g}" if value == 0 or 1e-3 <= abs(value) < 1e4 else f"{value:.1e}"
